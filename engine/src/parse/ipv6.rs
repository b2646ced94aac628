//! IPv6 (RFC 8200): header and the chain of extension headers.

use super::{Class, Parsed, TABLE_MAIN, icmp_error, layer4};
use crate::drop_reason::DropReason;
use crate::flow::{FlowKey, Side};
use crate::net::bytes::be16;
use crate::net::ipv6_extension::{extension_bytes, is_extension};
use crate::net::numbers::{self, IPV6_HEADER_BYTES as HEADER_BYTES};

/// Extension headers beyond this many are nobody's legitimate traffic (RFC 9098 lists what routers do with them).
const EXTENSION_HEADERS_MAX: usize = 6;

/// Where the chain ended: the layer 4 protocol, its offset, and whether a fragment header was passed.
pub(super) struct Chain {
    pub(super) protocol: u8,
    pub(super) at: usize,
    pub(super) first_fragment: bool,
}

#[inline]
pub(super) fn parse(frame: &[u8], l3: usize) -> Result<Parsed, DropReason> {
    let packet = frame.get(l3..).unwrap_or_default();
    let Some(header) = packet.first_chunk::<HEADER_BYTES>() else {
        return Err(DropReason::Ipv6HeaderBad);
    };
    if header[0] >> 4 != 6 {
        return Err(DropReason::Ipv6HeaderBad);
    }
    let total = HEADER_BYTES + usize::from(u16::from_be_bytes([header[4], header[5]]));
    if total > packet.len() {
        return Err(DropReason::IpLengthBad);
    }
    let (source, destination) = addresses(header);
    let chain = match header[6] {
        next @ (numbers::PROTOCOL_TCP | numbers::PROTOCOL_UDP | numbers::PROTOCOL_ICMPV6) => {
            Chain { protocol: next, at: HEADER_BYTES, first_fragment: false }
        }
        next => walk(&packet[..total], next)?,
    };
    let payload = packet.get(chain.at..total).unwrap_or_default();
    let mut parsed = Parsed {
        class: Class::Flow,
        v6: true,
        first_fragment: chain.first_fragment,
        protocol: chain.protocol,
        ttl: header[7],
        l3: l3 as u16,
        l4: (l3 + chain.at) as u16,
        end: (l3 + total) as u16,
        key: FlowKey::default(),
        side: Side::Low,
    };
    match layer4::ports(payload, chain.protocol, true, chain.first_fragment)? {
        layer4::Ports::Flow(ports) => {
            let (from, to) = ((ports >> 16) as u16, ports as u16);
            (parsed.key, parsed.side) =
                FlowKey::ipv6(source, destination, from, to, chain.protocol, TABLE_MAIN);
        }
        layer4::Ports::IcmpError => {
            parsed.class = Class::IcmpError;
            (parsed.key, parsed.side) = icmp_error::quoted_ipv6(payload, destination)?;
        }
        layer4::Ports::Nd => parsed.class = Class::Nd,
    }
    Ok(parsed)
}

/// Source and destination of a fixed header.
#[inline]
pub(super) fn addresses(header: &[u8; HEADER_BYTES]) -> (u128, u128) {
    let (words, _) = header[8..].as_chunks::<16>();
    match words {
        [source, destination] => (u128::from_be_bytes(*source), u128::from_be_bytes(*destination)),
        _ => (0, 0),
    }
}

/// Walks the extension headers of `packet` (fixed header included), the first of which is `next`.
#[cold]
pub(super) fn walk(packet: &[u8], mut next: u8) -> Result<Chain, DropReason> {
    const BAD: DropReason = DropReason::Ipv6ExtensionBad;
    let mut at = HEADER_BYTES;
    let mut first_fragment = false;
    for position in 0..=EXTENSION_HEADERS_MAX {
        match next {
            // RFC 8200 section 4.1: it stands first or nowhere.
            numbers::PROTOCOL_HOP_BY_HOP if position > 0 => return Err(BAD),
            numbers::PROTOCOL_NONE => return Err(BAD),
            protocol if !is_extension(protocol) => return Ok(Chain { protocol, at, first_fragment }),
            _ => {}
        }
        let length = extension_bytes(next, packet, at).ok_or(BAD)?;
        let header = packet.get(at..at + length).ok_or(BAD)?;
        match next {
            // RFC 5095: type 0 is dead; with no segments left the header is history and harmless.
            numbers::PROTOCOL_ROUTING if header[3] != 0 => return Err(DropReason::Ipv6RoutingHeader),
            numbers::PROTOCOL_FRAGMENT => {
                let field = be16(header, 2).ok_or(BAD)?;
                if first_fragment {
                    return Err(DropReason::FragmentBad);
                }
                match (field >> 3, field & 1) {
                    (0, 0) => return Err(DropReason::FragmentAtomic),
                    (0, _) => first_fragment = true,
                    _ => return Err(DropReason::FragmentNonFirst),
                }
            }
            _ => {}
        }
        next = header[0];
        at += length;
    }
    Err(BAD)
}
