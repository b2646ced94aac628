//! The packet that an ICMP error quotes (RFC 792, RFC 4443 section 3): which flow does it belong to?
//!
//! The error goes to whoever sent the quoted packet; an error addressed to anybody else is forged. Quotes may be
//! cut after 8 bytes of layer 4, and their length fields speak of the whole packet.

use super::{TABLE_MAIN, ipv6};
use crate::drop_reason::DropReason;
use crate::flow::{FlowKey, Side};
use crate::net::bytes::be16;
use crate::net::icmp::{IcmpClass, classify_v4, classify_v6};
use crate::net::numbers::{self, IPV4_HEADER_BYTES, IPV6_HEADER_BYTES};

/// Bytes of the ICMP header in front of the quote.
const QUOTE_OFFSET: usize = 8;
/// Bytes of layer 4 that every quote carries.
const QUOTED_L4_BYTES_MIN: usize = 8;

/// The layer 4 bytes quoted by an ICMP or ICMPv6 error, as far as they go; `None` when the quote is malformed.
pub fn quoted_layer4(icmp: &[u8], v6: bool) -> Option<&[u8]> {
    let quote = icmp.get(QUOTE_OFFSET..)?;
    if v6 {
        let next = *quote.get(6)?;
        let chain = ipv6::walk(quote, next).ok()?;
        return quote.get(chain.at..);
    }
    quote.get(usize::from(quote.first()? & 15) * 4..)
}

/// Key and sender of the packet quoted by the ICMP message `icmp`, which was sent to `destination`.
pub(super) fn quoted_ipv4(icmp: &[u8], destination: u32) -> Result<(FlowKey, Side), DropReason> {
    const BAD: DropReason = DropReason::IcmpErrorBad;
    let quote = icmp.get(QUOTE_OFFSET..).ok_or(BAD)?;
    let header = quote.first_chunk::<IPV4_HEADER_BYTES>().ok_or(BAD)?;
    let header_bytes = usize::from(header[0] & 15) * 4;
    let later_fragment = u16::from_be_bytes([header[6], header[7]]) & 0x1fff != 0;
    if header[0] >> 4 != 4 || header_bytes < IPV4_HEADER_BYTES || later_fragment {
        return Err(BAD);
    }
    let from = u32::from_be_bytes([header[12], header[13], header[14], header[15]]);
    let to = u32::from_be_bytes([header[16], header[17], header[18], header[19]]);
    if from != destination {
        return Err(BAD);
    }
    let (source_port, destination_port) = quoted_ports(quote.get(header_bytes..).ok_or(BAD)?, header[9])?;
    Ok(FlowKey::ipv4(from, to, source_port, destination_port, header[9], TABLE_MAIN))
}

/// The same for ICMPv6.
pub(super) fn quoted_ipv6(icmp: &[u8], destination: u128) -> Result<(FlowKey, Side), DropReason> {
    const BAD: DropReason = DropReason::IcmpErrorBad;
    let quote = icmp.get(QUOTE_OFFSET..).ok_or(BAD)?;
    let header = quote.first_chunk::<IPV6_HEADER_BYTES>().ok_or(BAD)?;
    if header[0] >> 4 != 6 {
        return Err(BAD);
    }
    let (from, to) = ipv6::addresses(header);
    if from != destination {
        return Err(BAD);
    }
    let chain = ipv6::walk(quote, header[6]).map_err(|_| BAD)?;
    let (source_port, destination_port) = quoted_ports(quote.get(chain.at..).ok_or(BAD)?, chain.protocol)?;
    Ok(FlowKey::ipv6(from, to, source_port, destination_port, chain.protocol, TABLE_MAIN))
}

fn quoted_ports(l4: &[u8], protocol: u8) -> Result<(u16, u16), DropReason> {
    const BAD: DropReason = DropReason::IcmpErrorBad;
    let header = l4.first_chunk::<QUOTED_L4_BYTES_MIN>().ok_or(BAD)?;
    match protocol {
        numbers::PROTOCOL_TCP | numbers::PROTOCOL_UDP => {
            Ok((be16(header, 0).ok_or(BAD)?, be16(header, 2).ok_or(BAD)?))
        }
        numbers::PROTOCOL_ICMP => query(classify_v4(header[0]), header),
        numbers::PROTOCOL_ICMPV6 => query(classify_v6(header[0]), header),
        _ => Ok((0, 0)),
    }
}

/// Both ports of a quoted query. RFC 1122 section 3.2.2, RFC 4443 section 2.4(e): never an error about an error.
fn query(class: IcmpClass, header: &[u8; QUOTED_L4_BYTES_MIN]) -> Result<(u16, u16), DropReason> {
    const BAD: DropReason = DropReason::IcmpErrorBad;
    match class {
        IcmpClass::Request(_) | IcmpClass::Reply(_) => {
            let id = be16(header, 4).ok_or(BAD)?;
            Ok((id, id))
        }
        IcmpClass::Error | IcmpClass::NeighbourDiscovery | IcmpClass::Denied => Err(BAD),
    }
}
