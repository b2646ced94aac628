//! IPv4 (RFC 791): header, options, fragments.

use super::{Class, Parsed, TABLE_MAIN, icmp_error, layer4};
use crate::drop_reason::DropReason;
use crate::flow::{FlowKey, Side};
use crate::net::checksum::ipv4_header_is_valid;
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
        if !ipv4_header_is_valid(header) {
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
        side: Side::Low,
    };
    match layer4::ports(payload, protocol, false, first_fragment)? {
        layer4::Ports::Flow(ports) => {
            let (from, to) = ((ports >> 16) as u16, ports as u16);
            (parsed.key, parsed.side) = FlowKey::ipv4(source, destination, from, to, protocol, TABLE_MAIN);
        }
        layer4::Ports::IcmpError => {
            parsed.class = Class::IcmpError;
            (parsed.key, parsed.side) = icmp_error::quoted_ipv4(payload, destination)?;
        }
        // Only ICMPv6 has it.
        layer4::Ports::Nd => return Err(DropReason::IcmpTypeDenied),
    }
    Ok(parsed)
}

/// Checks a header with options: its checksum, and that no option asks for source routing (RFC 7126).
#[cold]
fn options(header: &[u8]) -> Result<(), DropReason> {
    if !ipv4_header_is_valid(header) {
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
