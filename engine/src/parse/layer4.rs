//! The ports, or what stands in for them, of a layer 4 header.

use crate::drop_reason::DropReason;
use crate::net::bytes::be16;
use crate::net::numbers::{self, ICMP_HEADER_BYTES, TCP_HEADER_BYTES, UDP_HEADER_BYTES};

/// What identifies the flow at layer 4.
pub(super) enum Ports {
    /// Source and destination port; the identifier twice for ICMP queries; zeroes for other protocols.
    Flow(u16, u16),
    /// An ICMP error: its flow is inside the quote.
    IcmpError,
    /// Neighbour discovery.
    Nd,
}

#[inline]
pub(super) fn ports(payload: &[u8], protocol: u8, first_fragment: bool) -> Result<Ports, DropReason> {
    const BAD: DropReason = DropReason::L4HeaderBad;
    let short = if first_fragment { DropReason::FragmentBad } else { BAD };
    match protocol {
        numbers::PROTOCOL_TCP => {
            let header = payload.first_chunk::<TCP_HEADER_BYTES>().ok_or(short)?;
            nonzero(u16::from_be_bytes([header[0], header[1]]), u16::from_be_bytes([header[2], header[3]]))
        }
        numbers::PROTOCOL_UDP => {
            let header = payload.first_chunk::<UDP_HEADER_BYTES>().ok_or(short)?;
            let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
            if length < UDP_HEADER_BYTES || (length > payload.len() && !first_fragment) {
                return Err(BAD);
            }
            nonzero(u16::from_be_bytes([header[0], header[1]]), u16::from_be_bytes([header[2], header[3]]))
        }
        numbers::PROTOCOL_ICMP => icmp(payload.first_chunk().ok_or(short)?),
        numbers::PROTOCOL_ICMPV6 => icmpv6(payload.first_chunk().ok_or(short)?),
        _ => Ok(Ports::Flow(0, 0)),
    }
}

#[inline]
fn nonzero(source: u16, destination: u16) -> Result<Ports, DropReason> {
    if source == 0 || destination == 0 {
        return Err(DropReason::PortZero);
    }
    Ok(Ports::Flow(source, destination))
}

/// RFC 792 types: 8/0 echo, 13/14 timestamp; 3, 4, 11, 12 are errors; nothing else crosses a firewall.
fn icmp(header: &[u8; ICMP_HEADER_BYTES]) -> Result<Ports, DropReason> {
    match header[0] {
        0 | 8 | 13 | 14 => query(header),
        3 | 4 | 11 | 12 => Ok(Ports::IcmpError),
        _ => Err(DropReason::IcmpTypeDenied),
    }
}

/// RFC 4443: 128/129 echo; below 128 are errors; 133–137 neighbour discovery (RFC 4861); MLD and the rest stay
/// on their link.
fn icmpv6(header: &[u8; ICMP_HEADER_BYTES]) -> Result<Ports, DropReason> {
    match header[0] {
        128 | 129 => query(header),
        1..=4 => Ok(Ports::IcmpError),
        133..=137 => Ok(Ports::Nd),
        _ => Err(DropReason::IcmpTypeDenied),
    }
}

fn query(header: &[u8; ICMP_HEADER_BYTES]) -> Result<Ports, DropReason> {
    let id = be16(header, 4).unwrap_or_default();
    Ok(Ports::Flow(id, id))
}
