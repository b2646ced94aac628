//! IPv4 (RFC 791): header, options, fragments.

use super::{Class, Parsed, TABLE_MAIN, icmp_error, layer4};
use crate::drop_reason::DropReason;
use crate::flow::FlowKey;
use crate::net::numbers::IPV4_HEADER_BYTES as HEADER_BYTES;

const FRAGMENT_MORE: u16 = 0x2000;
const FRAGMENT_OFFSET: u16 = 0x1fff;

const OPTION_END: u8 = 0;
const OPTION_NOP: u8 = 1;
const OPTION_LOOSE_SOURCE_ROUTE: u8 = 131;
const OPTION_STRICT_SOURCE_ROUTE: u8 = 137;

#[inline]
pub(super) fn parse(frame: &[u8], l3: usize) -> Result<Parsed, DropReason> {
    let packet = frame.get(l3..).unwrap_or_default();
    let Some(header) = packet.first_chunk::<HEADER_BYTES>() else {
        return Err(DropReason::Ipv4HeaderBad);
    };
    let header_bytes = usize::from(header[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[0] >> 4 != 4 || header_bytes < HEADER_BYTES {
        return Err(DropReason::Ipv4HeaderBad);
    }
    if total < header_bytes || total > packet.len() {
        return Err(DropReason::IpLengthBad);
    }
    if header_bytes == HEADER_BYTES {
        if sum20(header) != 0xffff {
            return Err(DropReason::Ipv4ChecksumBad);
        }
    } else {
        options(&packet[..header_bytes])?;
    }
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    let first_fragment = fragment & (FRAGMENT_MORE | FRAGMENT_OFFSET) != 0;
    if fragment & FRAGMENT_OFFSET != 0 {
        return Err(DropReason::FragmentNonFirst);
    }
    let protocol = header[9];
    let source = u32::from_be_bytes([header[12], header[13], header[14], header[15]]);
    let destination = u32::from_be_bytes([header[16], header[17], header[18], header[19]]);
    let payload = &packet[header_bytes..total];
    let mut parsed = Parsed {
        class: Class::Flow,
        v6: false,
        first_fragment,
        protocol,
        ttl: header[8],
        l3: l3 as u16,
        l4: (l3 + header_bytes) as u16,
        end: (l3 + total) as u16,
        key: FlowKey::default(),
        side: crate::flow::Side::Low,
    };
    match layer4::ports(payload, protocol, first_fragment)? {
        layer4::Ports::Flow(from, to) => {
            (parsed.key, parsed.side) = FlowKey::ipv4(source, destination, from, to, protocol, TABLE_MAIN);
        }
        layer4::Ports::IcmpError => {
            parsed.class = Class::IcmpError;
            (parsed.key, parsed.side) = icmp_error::quoted_ipv4(payload, destination)?;
        }
        // An ICMPv6 type inside IPv4 is just an unknown protocol number; `ports` never says so for ICMP.
        layer4::Ports::Nd => return Err(DropReason::IcmpTypeDenied),
    }
    Ok(parsed)
}

/// One's-complement sum of a 20-byte header, folded; 0xffff when its checksum is right.
#[inline]
fn sum20(header: &[u8; HEADER_BYTES]) -> u16 {
    // Five 32-bit words in native order: the sum is the same up to a byte swap, and 0xffff swaps to itself.
    let mut sum = 0u64;
    let (words, _) = header.as_chunks::<4>();
    for word in words {
        sum += u64::from(u32::from_ne_bytes(*word));
    }
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    sum as u16
}

/// Checks a header with options: its checksum, and that no option asks for source routing (RFC 7126).
#[cold]
fn options(header: &[u8]) -> Result<(), DropReason> {
    let mut sum: u32 = header.chunks_exact(2).map(|c| u32::from(u16::from_be_bytes([c[0], c[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    if sum != 0xffff {
        return Err(DropReason::Ipv4ChecksumBad);
    }
    let mut rest = &header[HEADER_BYTES..];
    while let [kind, tail @ ..] = rest {
        match *kind {
            OPTION_END => return Ok(()),
            OPTION_NOP => rest = tail,
            OPTION_LOOSE_SOURCE_ROUTE | OPTION_STRICT_SOURCE_ROUTE => {
                return Err(DropReason::Ipv4SourceRoute);
            }
            _ => match tail.first() {
                Some(&length) if length >= 2 && usize::from(length) <= rest.len() => {
                    rest = &rest[usize::from(length)..];
                }
                _ => return Err(DropReason::Ipv4OptionsBad),
            },
        }
    }
    Ok(())
}
