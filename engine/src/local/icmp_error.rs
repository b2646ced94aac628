//! ICMP errors for both families (RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 4.3.2, RFC 4443).

use core::net::IpAddr;

use super::offending::{AnswerMacs, IpPacket, NotAnswered, Offending};
use crate::net::build::{Ethernet, Ipv4, Ipv6, finish_icmp, finish_icmpv6, icmp_header};
use crate::net::bytes::put;
use crate::net::numbers::{
    ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ICMP_HEADER_BYTES, ICMP_TIME_EXCEEDED,
    ICMP_UNREACHABLE, ICMPV6_INFORMATIONAL_FIRST, ICMPV6_PACKET_TOO_BIG, ICMPV6_TIME_EXCEEDED,
    ICMPV6_UNREACHABLE, IPV4_HEADER_BYTES, IPV6_HEADER_BYTES, LOCAL_TTL, ND_REDIRECT, PROTOCOL_ICMP,
    PROTOCOL_ICMPV6,
};

/// Largest ICMP error packet: RFC 1812 section 4.3.2.3.
const IPV4_ERROR_BYTES_MAX: usize = 576;
/// Largest ICMPv6 error packet: the minimum MTU, RFC 4443 section 2.4(c).
const IPV6_ERROR_BYTES_MAX: usize = 1280;
/// Largest frame [`write_icmp_error`] makes.
pub const ERROR_FRAME_BYTES_MAX: usize = ETHERNET_HEADER_BYTES + IPV6_ERROR_BYTES_MAX;
/// Type of service of IPv4 errors: precedence 6, internetwork control (RFC 1812 section 5.3.3).
const TOS_INTERNETWORK_CONTROL: u8 = 0xc0;

/// What went wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpError {
    /// TTL or hop limit ended here.
    TimeExceeded,
    /// Larger than the next link takes: "fragmentation needed and DF set" (RFC 1191), or "packet too big".
    TooBig {
        /// What the next link takes, in bytes of IP packet.
        mtu: u16,
    },
    /// No route.
    NetUnreachable,
    /// The neighbour did not answer.
    HostUnreachable,
    /// Nobody listens; also what `reject` says to UDP.
    PortUnreachable,
    /// Policy forbids it.
    AdminProhibited,
}

impl IcmpError {
    /// Type, code and the four bytes after the checksum in ICMP.
    const fn in_v4(self) -> (u8, u8, [u8; 4]) {
        match self {
            IcmpError::TimeExceeded => (ICMP_TIME_EXCEEDED, 0, [0; 4]),
            IcmpError::TooBig { mtu } => {
                let [high, low] = mtu.to_be_bytes();
                (ICMP_UNREACHABLE, 4, [0, 0, high, low])
            }
            IcmpError::NetUnreachable => (ICMP_UNREACHABLE, 0, [0; 4]),
            IcmpError::HostUnreachable => (ICMP_UNREACHABLE, 1, [0; 4]),
            IcmpError::PortUnreachable => (ICMP_UNREACHABLE, 3, [0; 4]),
            IcmpError::AdminProhibited => (ICMP_UNREACHABLE, 13, [0; 4]),
        }
    }

    /// Type, code and the four bytes after the checksum in ICMPv6.
    const fn in_v6(self) -> (u8, u8, [u8; 4]) {
        match self {
            IcmpError::TimeExceeded => (ICMPV6_TIME_EXCEEDED, 0, [0; 4]),
            IcmpError::TooBig { mtu } => {
                let [high, low] = mtu.to_be_bytes();
                (ICMPV6_PACKET_TOO_BIG, 0, [0, 0, high, low])
            }
            IcmpError::NetUnreachable => (ICMPV6_UNREACHABLE, 0, [0; 4]),
            IcmpError::HostUnreachable => (ICMPV6_UNREACHABLE, 3, [0; 4]),
            IcmpError::PortUnreachable => (ICMPV6_UNREACHABLE, 4, [0; 4]),
            IcmpError::AdminProhibited => (ICMPV6_UNREACHABLE, 1, [0; 4]),
        }
    }
}

/// Writes the whole frame of an ICMP error about `offending`, from our address `source`, into `out`; returns its
/// length, at most [`ERROR_FRAME_BYTES_MAX`]. It quotes as much of the packet as fits 576 bytes in IPv4 and 1280
/// in IPv6.
///
/// # Errors
/// Why there must be no error, or cannot.
pub fn write_icmp_error(
    error: IcmpError,
    macs: AnswerMacs,
    source: IpAddr,
    offending: &Offending<'_>,
    out: &mut [u8],
) -> Result<usize, NotAnswered> {
    let packet = IpPacket::parse(offending.packet).ok_or(NotAnswered::Malformed)?;
    if packet.later_fragment {
        return Err(NotAnswered::Fragment);
    }
    // RFC 4443 section 2.4(e.3): path MTU discovery works for multicast, too.
    let group_allowed = packet.source.is_ipv6() && matches!(error, IcmpError::TooBig { .. });
    packet.is_answerable(offending.link_group, group_allowed)?;
    if is_icmp_error(&packet) {
        return Err(NotAnswered::IsError);
    }
    if source.is_ipv4() != packet.source.is_ipv4() {
        return Err(NotAnswered::NoSource);
    }
    write(error, macs, source, &packet, out).ok_or(NotAnswered::NoRoom)
}

/// Whether the packet is an ICMP error, or might be: RFC 1122 forbids errors about errors. Of ICMPv4 only the
/// types known to be queries and replies get one; in ICMPv6 the numbers tell, and redirects count as errors.
fn is_icmp_error(packet: &IpPacket<'_>) -> bool {
    const ICMP_QUERIES: [u8; 10] = [0, 8, 9, 10, 13, 14, 15, 16, 17, 18];
    let kind = packet.payload.first();
    match packet.protocol {
        PROTOCOL_ICMP if packet.source.is_ipv4() => !kind.is_some_and(|kind| ICMP_QUERIES.contains(kind)),
        PROTOCOL_ICMPV6 if packet.source.is_ipv6() => {
            !kind.is_some_and(|&kind| kind >= ICMPV6_INFORMATIONAL_FIRST && kind != ND_REDIRECT)
        }
        _ => false,
    }
}

fn write(
    error: IcmpError,
    macs: AnswerMacs,
    source: IpAddr,
    packet: &IpPacket<'_>,
    out: &mut [u8],
) -> Option<usize> {
    let quote_bytes_max = match source {
        IpAddr::V4(_) => IPV4_ERROR_BYTES_MAX - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES,
        IpAddr::V6(_) => IPV6_ERROR_BYTES_MAX - IPV6_HEADER_BYTES - ICMP_HEADER_BYTES,
    };
    let quote = packet.whole.get(..quote_bytes_max).unwrap_or(packet.whole);
    let payload_bytes = ICMP_HEADER_BYTES + quote.len();
    let ethertype = if source.is_ipv4() { ETHERTYPE_IPV4 } else { ETHERTYPE_IPV6 };
    let mut at = Ethernet { destination: macs.destination, source: macs.source, ethertype }.write(out)?;
    let (kind, code, rest) = match (source, packet.source) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let header = Ipv4 {
                tos: TOS_INTERNETWORK_CONTROL,
                ttl: LOCAL_TTL,
                protocol: PROTOCOL_ICMP,
                source,
                destination,
                payload_bytes,
            };
            at += header.write(out.get_mut(at..)?)?;
            error.in_v4()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let header = Ipv6 {
                traffic_class: 0,
                hop_limit: LOCAL_TTL,
                next_header: PROTOCOL_ICMPV6,
                source,
                destination,
                payload_bytes,
            };
            at += header.write(out.get_mut(at..)?)?;
            error.in_v6()
        }
        _ => return None,
    };
    let message = out.get_mut(at..)?.get_mut(..payload_bytes)?;
    icmp_header(message, kind, code, rest)?;
    put(message, ICMP_HEADER_BYTES, quote)?;
    match (source, packet.source) {
        (IpAddr::V6(source), IpAddr::V6(destination)) => finish_icmpv6(source, destination, message)?,
        _ => finish_icmp(message)?,
    }
    Some(at + payload_bytes)
}
