//! Version 1 (RFC 2281 section 5.1): `version 0 | opcode | state | hello | hold | priority | group | reserved |
//! text[8] | virtual address`, then TLVs, of which only MD5 is known.
//!
//! Timers are whole seconds here. With timers below a second, or fractions, what is written is rounded up to the next
//! second: hello 250 ms, hold 800 ms is written as 1 and 1, never as 0, which a receiver could take for "at once".
//! Such values are not for learning (see [`learn`](crate::hsrp::learn)).

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::net::bytes::{array, be16, ipv4};

use super::opcode::{state_from_number, state_number};
use super::tlv::{Tlv, collect_authentication};
use super::{Advertise, Message, Opcode, Packet, ParseError, Parsed, Seen, TEXT_BYTES};
use crate::hsrp::{Authentication, Version};
use crate::status::GroupState;

/// Bytes of the fixed part.
const FIXED_BYTES: usize = 20;
const TEXT_AT: usize = 8;
const ADDRESS_AT: usize = 16;

/// Bytes of an advertisement.
const ADVERTISE_BYTES: usize = 16;
const ADVERTISE_TYPE_INTERFACE: u16 = 1;
const ADVERTISE_LENGTH: u16 = 10;

pub(super) fn parse(payload: &[u8]) -> Result<Message, ParseError> {
    if payload.get(1) == Some(&Opcode::ADVERTISE) {
        return parse_advertise(payload).map(Message::Advertise);
    }
    let short = ParseError::Short { needed: FIXED_BYTES, got: payload.len() };
    let fixed = payload.first_chunk::<FIXED_BYTES>().ok_or(short)?;
    let [version, opcode, state, hello, hold, priority, group, ..] = *fixed;
    if version != 0 {
        return Err(ParseError::Version(version));
    }
    let opcode = Opcode::from_number(opcode).ok_or(ParseError::Opcode(opcode))?;
    let known_state = state_from_number(Version::V1, state);
    if opcode == Opcode::Hello && known_state.is_none() {
        return Err(ParseError::State(state));
    }
    let packet = Packet {
        version: Version::V1,
        opcode,
        state: known_state,
        group: u16::from(group),
        priority,
        hello: Duration::from_secs(u64::from(hello)),
        hold: Duration::from_secs(u64::from(hold)),
        virtual_address: ipv4(fixed, ADDRESS_AT).unwrap_or(Ipv4Addr::UNSPECIFIED),
        identifier: None,
    };
    // The text is always there; an MD5 TLV takes its place.
    let mut seen = Seen::None;
    let mut at = FIXED_BYTES;
    while let Some((tlv, next)) = Tlv::read(payload, at)? {
        collect_authentication(&mut seen, &tlv)?;
        at = next;
    }
    if !matches!(seen, Seen::Md5(_)) {
        seen = Seen::Text(array::<TEXT_BYTES>(fixed, TEXT_AT).ok_or(short)?);
    }
    Ok(Message::Group(Parsed { packet, seen }))
}

fn parse_advertise(payload: &[u8]) -> Result<Advertise, ParseError> {
    let short = ParseError::Short { needed: ADVERTISE_BYTES, got: payload.len() };
    let fixed = payload.first_chunk::<ADVERTISE_BYTES>().ok_or(short)?;
    let field = |at| be16(fixed, at).ok_or(short);
    let (kind, length) = (field(2)?, field(4)?);
    if (kind, length) != (ADVERTISE_TYPE_INTERFACE, ADVERTISE_LENGTH) {
        return Err(ParseError::Advertisement { kind, length });
    }
    Ok(Advertise { version: Version::V1, active_groups: field(8)?, passive_groups: field(10)? })
}

/// Seconds for a field, rounded up and cut off at 255.
fn seconds(time: Duration) -> u8 {
    let rounded = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    u8::try_from(rounded).unwrap_or(u8::MAX)
}

pub(super) fn write(packet: &Packet, authentication: &Authentication, out: &mut Vec<u8>) {
    let state = state_number(Version::V1, packet.state.unwrap_or(GroupState::Initial));
    let [_, group] = packet.group.to_be_bytes();
    let (hello, hold) = (seconds(packet.hello), seconds(packet.hold));
    out.extend([0, packet.opcode.number(), state, hello, hold, packet.priority, group, 0]);
    out.extend(authentication.text().unwrap_or_default());
    out.extend(packet.virtual_address.octets());
}
