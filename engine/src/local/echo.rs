//! Echo requests to the box, turned into their replies where they lie (RFC 792, RFC 4443 section 4).

use crate::drop_reason::DropReason;
use crate::interface::Mac;
use crate::net::address::is_unicast;
use crate::net::bytes::{self, put};
use crate::net::checksum::{self, Sum};
use crate::net::numbers::{
    ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_HEADER_BYTES, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST,
    IPV4_HEADER_BYTES, IPV6_HEADER_BYTES, LOCAL_TTL, PROTOCOL_ICMP, PROTOCOL_ICMPV6,
};

use super::offending::IpPacket;

/// Turns the echo request whose IP header begins at `l3` into its reply: addresses of both layers change places,
/// so that a request to a virtual MAC is answered from it. Returns the length of the reply's frame, which is that
/// of the request without padding.
///
/// Only whole requests without IP options to a unicast address are answered. The caller has made sure that the
/// address is ours.
///
/// # Errors
/// The reason to count; the frame is as it was.
pub fn echo_reply(frame: &mut [u8], l3: usize) -> Result<usize, DropReason> {
    let request = frame.get(l3..).and_then(IpPacket::parse).ok_or(DropReason::L4HeaderBad)?;
    let v4 = request.source.is_ipv4();
    let (protocol, kinds, header_bytes) = if v4 {
        (PROTOCOL_ICMP, (ICMP_ECHO_REQUEST, ICMP_ECHO_REPLY), IPV4_HEADER_BYTES)
    } else {
        (PROTOCOL_ICMPV6, (ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY), IPV6_HEADER_BYTES)
    };
    if request.fragment {
        return Err(DropReason::FragmentNonFirst);
    }
    let message = request.payload;
    let bare = request.whole.len() == header_bytes + message.len();
    if request.protocol != protocol || !bare {
        return Err(DropReason::LocalUnserved);
    }
    if message.len() != request.payload_bytes || message.len() < ICMP_HEADER_BYTES {
        return Err(DropReason::L4HeaderBad);
    }
    if message[0] != kinds.0 || message[1] != 0 {
        return Err(DropReason::LocalUnserved);
    }
    let asked_mac = bytes::mac(frame, 0).ok_or(DropReason::EthernetTruncated)?;
    if asked_mac.is_multicast() || !is_unicast(request.destination) {
        return Err(DropReason::MulticastUnserved);
    }
    if !is_unicast(request.source) {
        return Err(DropReason::Martian);
    }
    let pseudo = if v4 {
        Sum::ZERO
    } else {
        Sum::pseudo(request.source, request.destination, protocol, message.len())
            .ok_or(DropReason::L4HeaderBad)?
    };
    if !checksum::is_valid(pseudo, message) {
        return Err(DropReason::L4ChecksumBad);
    }
    // The pseudo-header's sum does not care which address is which, so only the type changes the checksum.
    let old = bytes::be16(message, 2).ok_or(DropReason::L4HeaderBad)?;
    let sum = checksum::updated(old, u16::from(kinds.0) << 8, u16::from(kinds.1) << 8);
    let frame_bytes = l3 + header_bytes + message.len();
    rewrite(frame, l3, header_bytes, kinds.1, sum, asked_mac).ok_or(DropReason::EthernetTruncated)?;
    Ok(frame_bytes)
}

/// Everything has been checked: change places, set TTL, type and checksums.
fn rewrite(
    frame: &mut [u8],
    l3: usize,
    header_bytes: usize,
    kind: u8,
    sum: u16,
    asked_mac: Mac,
) -> Option<()> {
    let asker_mac = bytes::mac(frame, 6)?;
    put(frame, 0, &asker_mac.0)?;
    put(frame, 6, &asked_mac.0)?;
    let (header, message) = frame.get_mut(l3..)?.split_at_mut_checked(header_bytes)?;
    put(message, 0, &[kind])?;
    put(message, 2, &sum.to_be_bytes())?;
    if header_bytes == IPV4_HEADER_BYTES {
        let (source, destination) = (bytes::ipv4(header, 12)?, bytes::ipv4(header, 16)?);
        put(header, 12, &destination.octets())?;
        put(header, 16, &source.octets())?;
        put(header, 8, &[LOCAL_TTL])?;
        let sum = checksum::ipv4_header(header);
        put(header, 10, &sum.to_be_bytes())
    } else {
        let (source, destination) = (bytes::ipv6(header, 8)?, bytes::ipv6(header, 24)?);
        put(header, 8, &destination.octets())?;
        put(header, 24, &source.octets())?;
        put(header, 7, &[LOCAL_TTL])
    }
}
