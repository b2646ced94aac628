//! The ports, or what stands in for them, of a layer 4 header.

use crate::drop_reason::DropReason;
use crate::net::bytes::be16;
use crate::net::icmp::{IcmpClass, classify_v4, classify_v6};
use crate::net::numbers::{self, ICMP_HEADER_BYTES, TCP_HEADER_BYTES, UDP_HEADER_BYTES};

/// What identifies the flow at layer 4.
pub(super) enum Ports {
    /// Source port in the upper half, destination port in the lower, as they come off the wire in one load; the
    /// identifier twice for ICMP queries; zero for other protocols.
    Flow(u32),
    /// An ICMP error: its flow is inside the quote.
    IcmpError,
    /// Neighbour discovery.
    Nd,
}

// Called per packet from two places and left out of line by the compiler, it hands its answer back through memory in
// halves that the caller reads as one: a failed store forward for every packet.
#[inline(always)]
pub(super) fn ports(
    payload: &[u8],
    protocol: u8,
    v6: bool,
    first_fragment: bool,
) -> Result<Ports, DropReason> {
    const BAD: DropReason = DropReason::L4HeaderBad;
    let short = if first_fragment { DropReason::FragmentBad } else { BAD };
    match protocol {
        numbers::PROTOCOL_TCP => {
            let header = payload.first_chunk::<TCP_HEADER_BYTES>().ok_or(short)?;
            nonzero(u32::from_be_bytes([header[0], header[1], header[2], header[3]]))
        }
        numbers::PROTOCOL_UDP => {
            let header = payload.first_chunk::<UDP_HEADER_BYTES>().ok_or(short)?;
            let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
            if length < UDP_HEADER_BYTES || (length > payload.len() && !first_fragment) {
                return Err(BAD);
            }
            nonzero(u32::from_be_bytes([header[0], header[1], header[2], header[3]]))
        }
        numbers::PROTOCOL_ICMP if !v6 => {
            let header = payload.first_chunk().ok_or(short)?;
            icmp(classify_v4(header[0]), header)
        }
        numbers::PROTOCOL_ICMPV6 if v6 => {
            let header = payload.first_chunk().ok_or(short)?;
            icmp(classify_v6(header[0]), header)
        }
        // The other family's ICMP: nobody's legitimate traffic.
        numbers::PROTOCOL_ICMP | numbers::PROTOCOL_ICMPV6 => Err(DropReason::IcmpTypeDenied),
        _ => Ok(Ports::Flow(0)),
    }
}

#[inline]
fn nonzero(ports: u32) -> Result<Ports, DropReason> {
    if ports >> 16 == 0 || ports as u16 == 0 {
        return Err(DropReason::PortZero);
    }
    Ok(Ports::Flow(ports))
}

fn icmp(class: IcmpClass, header: &[u8; ICMP_HEADER_BYTES]) -> Result<Ports, DropReason> {
    match class {
        IcmpClass::Request(_) | IcmpClass::Reply(_) => query(header),
        IcmpClass::Error => Ok(Ports::IcmpError),
        IcmpClass::NeighbourDiscovery => Ok(Ports::Nd),
        IcmpClass::Denied => Err(DropReason::IcmpTypeDenied),
    }
}

fn query(header: &[u8; ICMP_HEADER_BYTES]) -> Result<Ports, DropReason> {
    let id = u32::from(be16(header, 4).unwrap_or_default());
    Ok(Ports::Flow(id << 16 | id))
}
