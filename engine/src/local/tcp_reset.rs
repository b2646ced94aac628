//! The reset that `reject` sends for a TCP segment, as if the port were closed (RFC 9293 section 3.10.7.1).

use core::net::IpAddr;

use super::offending::{AnswerMacs, IpPacket, NotAnswered, Offending};
use crate::net::build::{Ethernet, Ipv4, Ipv6, Tcp};
use crate::net::bytes;
use crate::net::checksum::Sum;
use crate::net::numbers::{
    ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_IPV6, IPV6_HEADER_BYTES, LOCAL_TTL, PROTOCOL_TCP,
    TCP_HEADER_BYTES,
};
use crate::track::tcp::TcpFlags;

/// Largest frame [`write_tcp_reset`] makes.
pub const RESET_FRAME_BYTES_MAX: usize = ETHERNET_HEADER_BYTES + IPV6_HEADER_BYTES + TCP_HEADER_BYTES;

/// Writes the whole frame of the reset that answers `offending`, in the name of its destination; returns its
/// length, at most [`RESET_FRAME_BYTES_MAX`]. The caller has verified the segment's checksum.
///
/// # Errors
/// Why there must be no reset, or cannot.
pub fn write_tcp_reset(
    macs: AnswerMacs,
    offending: &Offending<'_>,
    out: &mut [u8],
) -> Result<usize, NotAnswered> {
    let packet = IpPacket::parse(offending.packet).ok_or(NotAnswered::Malformed)?;
    if packet.fragment {
        return Err(NotAnswered::Fragment);
    }
    packet.is_answerable(offending.link_group, false)?;
    if packet.protocol != PROTOCOL_TCP {
        return Err(NotAnswered::NoReset);
    }
    let reset = reset_for(&packet).ok_or(NotAnswered::Malformed)?.ok_or(NotAnswered::NoReset)?;
    write(macs, &packet, &reset, out).ok_or(NotAnswered::NoRoom)
}

/// The reset for a segment: `None` when it is malformed, `Some(None)` when it is a reset itself.
fn reset_for(packet: &IpPacket<'_>) -> Option<Option<Tcp>> {
    let segment = packet.payload;
    let header_bytes = usize::from(segment.get(12)? >> 4) * 4;
    let flags = TcpFlags(*segment.get(13)?);
    if header_bytes < TCP_HEADER_BYTES || segment.len() < TCP_HEADER_BYTES {
        return None;
    }
    let data_bytes = packet.payload_bytes.checked_sub(header_bytes)?;
    if flags.contains(TcpFlags::RST) {
        return Some(None);
    }
    let (source_port, destination_port) = (bytes::be16(segment, 2)?, bytes::be16(segment, 0)?);
    let (sequence, acknowledgement, flags) = if flags.contains(TcpFlags::ACK) {
        (bytes::be32(segment, 8)?, 0, TcpFlags::RST.0)
    } else {
        // SYN and FIN each take a place in the sequence space.
        let controls = u32::from(flags.contains(TcpFlags::SYN)) + u32::from(flags.contains(TcpFlags::FIN));
        let next = bytes::be32(segment, 4)?.wrapping_add(data_bytes as u32).wrapping_add(controls);
        (0, next, TcpFlags::RST.0 | TcpFlags::ACK.0)
    };
    Some(Some(Tcp { source_port, destination_port, sequence, acknowledgement, flags }))
}

fn write(macs: AnswerMacs, packet: &IpPacket<'_>, reset: &Tcp, out: &mut [u8]) -> Option<usize> {
    let (source, destination) = (packet.destination, packet.source);
    let ethertype = if source.is_ipv4() { ETHERTYPE_IPV4 } else { ETHERTYPE_IPV6 };
    let mut at = Ethernet { destination: macs.destination, source: macs.source, ethertype }.write(out)?;
    at += match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => Ipv4 {
            tos: 0,
            ttl: LOCAL_TTL,
            protocol: PROTOCOL_TCP,
            source,
            destination,
            payload_bytes: TCP_HEADER_BYTES,
        }
        .write(out.get_mut(at..)?)?,
        (IpAddr::V6(source), IpAddr::V6(destination)) => Ipv6 {
            traffic_class: 0,
            hop_limit: LOCAL_TTL,
            next_header: PROTOCOL_TCP,
            source,
            destination,
            payload_bytes: TCP_HEADER_BYTES,
        }
        .write(out.get_mut(at..)?)?,
        _ => return None,
    };
    let pseudo = Sum::pseudo(source, destination, PROTOCOL_TCP, TCP_HEADER_BYTES)?;
    Some(at + reset.write(pseudo, out.get_mut(at..)?)?)
}
