//! The bodies of the two kinds of records.

use holdfast_engine::flow::{FlowKey, Side};
use holdfast_engine::policy::RuleHash;
use holdfast_engine::replication::{Birth, HaId, SessionRecord};
use holdfast_engine::session::{Counter, SessionFlags, TcpPeer};

use super::CodecError;
use super::bytes::{Bytes, put_varint};
use super::key::{KeyHead, put_ends, read_ends};

const IS_V6: u8 = 1;
const INITIATOR_HIGH: u8 = 1 << 1;
const HAS_PEERS: u8 = 1 << 2;

/// Largest shift of a window scale (RFC 7323 section 2.3).
const SCALE_MAX: u8 = 14;

/// The engine's flags and their bits on the wire, which stay when the engine's change.
const FLAGS: [(SessionFlags, u8); 4] = [
    (SessionFlags::WINDOW_SCALING, 1),
    (SessionFlags::DNS, 1 << 1),
    (SessionFlags::SCALE_OFFERED, 1 << 2),
    (SessionFlags::FAST_OPEN, 1 << 3),
];

pub(super) fn put_session(out: &mut Vec<u8>, record: &SessionRecord) {
    let key = &record.key;
    let has_peers = record.peers != [TcpPeer::default(); 2];
    let flags = (u8::from(key.is_v6()) * IS_V6)
        | (u8::from(record.initiator == Side::High) * INITIATOR_HIGH)
        | (u8::from(has_peers) * HAS_PEERS);
    out.extend_from_slice(&[flags, key.protocol(), key.table(), record.tracker]);
    put_ends(out, key);
    out.extend_from_slice(&record.birth.0.to_be_bytes());
    out.extend_from_slice(&record.rule.0.to_be_bytes());
    let [there, back] = record.ha_ids;
    out.extend_from_slice(&there.0.to_be_bytes());
    out.extend_from_slice(&back.0.to_be_bytes());
    let flags =
        FLAGS.iter().filter(|(flag, _)| record.flags.contains(*flag)).fold(0, |all, (_, bit)| all | bit);
    out.push(flags);
    let [first, second] = record.scale.map(|scale| scale.min(SCALE_MAX));
    out.push((first << 4) | second);
    if has_peers {
        for peer in &record.peers {
            out.extend_from_slice(&peer.end.to_be_bytes());
            out.extend_from_slice(&peer.max_end.to_be_bytes());
            out.extend_from_slice(&peer.max_window_bytes.to_be_bytes());
        }
    }
    put_varint(out, record.idle_ticks.into());
    put_varint(out, record.age_ticks.into());
    for counter in &record.counters {
        put_varint(out, counter.packets);
        put_varint(out, counter.bytes);
    }
}

pub(super) fn read_session(body: &[u8]) -> Result<SessionRecord, CodecError> {
    let mut bytes = Bytes::new(body, "session record");
    let flags = bytes.u8()?;
    let head = KeyHead { is_v6: flags & IS_V6 != 0, protocol: bytes.u8()?, table: bytes.u8()? };
    let tracker = bytes.u8()?;
    let key = read_ends(&mut bytes, head)?;
    let birth = read_birth(&mut bytes)?;
    let rule = RuleHash(bytes.u64()?);
    let ha_ids = [HaId(bytes.u16()?), HaId(bytes.u16()?)];
    let wire_flags = bytes.u8()?;
    let session_flags =
        FLAGS.iter().fold(SessionFlags::default(), |all, (flag, bit)| all.with(*flag, wire_flags & bit != 0));
    let scales = bytes.u8()?;
    let scale = [scales >> 4, scales & 0x0f];
    if scale.iter().any(|&scale| scale > SCALE_MAX) {
        return Err(CodecError::Value("window scale"));
    }
    let mut peers = [TcpPeer::default(); 2];
    if flags & HAS_PEERS != 0 {
        for peer in &mut peers {
            *peer = TcpPeer { end: bytes.u32()?, max_end: bytes.u32()?, max_window_bytes: bytes.u32()? };
        }
    }
    let (idle_ticks, age_ticks) = (read_ticks(&mut bytes)?, read_ticks(&mut bytes)?);
    let mut counters = [Counter::default(); 2];
    for counter in &mut counters {
        *counter = Counter { packets: bytes.varint()?, bytes: bytes.varint()? };
    }
    Ok(SessionRecord {
        key,
        initiator: if flags & INITIATOR_HIGH != 0 { Side::High } else { Side::Low },
        birth,
        rule,
        ha_ids,
        tracker,
        flags: session_flags,
        scale,
        peers,
        idle_ticks,
        age_ticks,
        counters,
    })
}

fn read_birth(bytes: &mut Bytes<'_>) -> Result<Birth, CodecError> {
    match bytes.u32()? {
        0 => Err(CodecError::Value("birth")),
        birth => Ok(Birth(birth)),
    }
}

fn read_ticks(bytes: &mut Bytes<'_>) -> Result<u32, CodecError> {
    u32::try_from(bytes.varint()?).map_err(|_| CodecError::Value("number of ticks"))
}

pub(super) fn put_removal(out: &mut Vec<u8>, key: &FlowKey, birth: Birth) {
    out.extend_from_slice(&[u8::from(key.is_v6()) * IS_V6, key.protocol(), key.table()]);
    put_ends(out, key);
    out.extend_from_slice(&birth.0.to_be_bytes());
}

pub(super) fn read_removal(body: &[u8]) -> Result<(FlowKey, Birth), CodecError> {
    let mut bytes = Bytes::new(body, "removal");
    let head = KeyHead { is_v6: bytes.u8()? & IS_V6 != 0, protocol: bytes.u8()?, table: bytes.u8()? };
    let key = read_ends(&mut bytes, head)?;
    Ok((key, read_birth(&mut bytes)?))
}
