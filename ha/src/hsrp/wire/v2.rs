//! Version 2 for IPv4: TLVs. Group state (40 bytes): `version 2 | opcode | state | IP version | group u16 |
//! identifier[6] | priority u32 | hello ms u32 | hold ms u32 | virtual address[16]`.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::net::bytes::{be16, be32, ipv4, mac};

use super::opcode::{state_from_number, state_number};
use super::tlv::{GROUP_STATE, INTERFACE_STATE, TEXT, Tlv, collect_authentication};
use super::{Advertise, Message, Opcode, Packet, ParseError, Parsed, Seen, TEXT_BYTES};
use crate::hsrp::{Authentication, Version};
use crate::status::GroupState;

const GROUP_STATE_LENGTH: u8 = 40;
const INTERFACE_STATE_LENGTH: usize = 4;
const VERSION_FIELD: u8 = 2;
const IPV4: u8 = 4;
/// Bytes of the address field that IPv4 leaves zero.
const ADDRESS_PADDING_BYTES: usize = 12;

pub(super) fn parse(payload: &[u8]) -> Result<Message, ParseError> {
    let (mut group, mut interface, mut seen) = (None, None, Seen::None);
    let mut at = 0;
    while let Some((tlv, next)) = Tlv::read(payload, at)? {
        at = next;
        match tlv.kind {
            GROUP_STATE if group.is_some() => return Err(ParseError::TlvTwice { kind: tlv.kind }),
            GROUP_STATE => group = Some(tlv),
            INTERFACE_STATE => interface = Some(parse_interface(&tlv)?),
            _ => collect_authentication(&mut seen, &tlv)?,
        }
    }
    match (group, interface) {
        (Some(tlv), _) => {
            let value = tlv.sized::<{ GROUP_STATE_LENGTH as usize }>()?;
            if value[1] == Opcode::ADVERTISE {
                return Ok(Message::Advertise(interface.unwrap_or(NO_COUNTS)));
            }
            Ok(Message::Group(Parsed { packet: parse_group(value)?, seen }))
        }
        (None, Some(interface)) => Ok(Message::Advertise(interface)),
        (None, None) => Err(ParseError::NoState),
    }
}

const NO_COUNTS: Advertise = Advertise { version: Version::V2, active_groups: 0, passive_groups: 0 };

fn parse_interface(tlv: &Tlv<'_>) -> Result<Advertise, ParseError> {
    let [a, b, c, d] = *tlv.sized::<INTERFACE_STATE_LENGTH>()?;
    let (active, passive) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Ok(Advertise { version: Version::V2, active_groups: active, passive_groups: passive })
}

fn parse_group(value: &[u8; GROUP_STATE_LENGTH as usize]) -> Result<Packet, ParseError> {
    let [version, opcode, state, ip_version, ..] = *value;
    if version != VERSION_FIELD {
        return Err(ParseError::Version(version));
    }
    if ip_version != IPV4 {
        return Err(ParseError::IpVersion(ip_version));
    }
    let opcode = Opcode::from_number(opcode).ok_or(ParseError::Opcode(opcode))?;
    let known_state = state_from_number(Version::V2, state);
    if opcode == Opcode::Hello && known_state.is_none() {
        return Err(ParseError::State(state));
    }
    let group = be16(value, 4).unwrap_or(u16::MAX);
    if group > Version::V2.group_max() {
        return Err(ParseError::Group(group));
    }
    let priority = be32(value, 12).unwrap_or(u32::MAX);
    let milliseconds = |at| Duration::from_millis(u64::from(be32(value, at).unwrap_or(0)));
    Ok(Packet {
        version: Version::V2,
        opcode,
        state: known_state,
        group,
        priority: u8::try_from(priority).map_err(|_| ParseError::Priority(priority))?,
        hello: milliseconds(16),
        hold: milliseconds(20),
        virtual_address: ipv4(value, 24).unwrap_or(Ipv4Addr::UNSPECIFIED),
        identifier: mac(value, 6),
    })
}

/// Milliseconds for a field, rounded up.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

pub(super) fn write(packet: &Packet, authentication: &Authentication, out: &mut Vec<u8>) {
    let state = state_number(Version::V2, packet.state.unwrap_or(GroupState::Initial));
    out.extend([GROUP_STATE, GROUP_STATE_LENGTH]);
    out.extend([VERSION_FIELD, packet.opcode.number(), state, IPV4]);
    out.extend(packet.group.to_be_bytes());
    out.extend(packet.identifier.unwrap_or_default().0);
    out.extend(u32::from(packet.priority).to_be_bytes());
    out.extend(milliseconds(packet.hello).to_be_bytes());
    out.extend(milliseconds(packet.hold).to_be_bytes());
    out.extend(packet.virtual_address.octets());
    out.extend([0; ADDRESS_PADDING_BYTES]);
    if let Some(text) = authentication.text() {
        out.extend([TEXT, TEXT_BYTES as u8]);
        out.extend(text);
    }
}
