//! A heartbeat in bytes, big-endian.
//!
//! | bytes | field |
//! | ---: | --- |
//! | 8 | number |
//! | 8 · 8 · 8 | sent at, echoed time stamp (0 for none), nanoseconds since it was heard |
//! | 8 | term |
//! | 1 · 1 · 1 · 1 | role · sync · flags (1 workers healthy, 2 wants the role, 4 hand-over: go, 8 copy complete, 16 quiet) · priority |
//! | 8 · 8 | policy hash, inspection hash |
//! | 8 | wanted epoch |
//! | 8 · 8 · 8 | the sender's copy: epoch, sent, expected |
//! | 8 · 8 | sessions, digest |
//! | 1, then 8 each | streams, and the newest sequence number of each |
//! | 1, then 14 each | members: `ha_id` 2, flags 1 (1 link up, 2 has a group), HSRP version 1, group 2, address 4, virtual address 4 |
//!
//! What follows is of a newer version and skipped.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::replication::HaId;
use holdfast_engine::time::Instant;

use super::{ConfigHashes, CopyProgress, Handover, Heartbeat, MEMBERS_MAX, Member};
use crate::status::{BoxRole, SyncState};
use crate::tables::{SHARDS_MAX, TableDigest};

/// Streams a heartbeat names at most: one for each worker.
const STREAMS_MAX: usize = SHARDS_MAX as usize;
const MEMBER_BYTES: usize = 14;
const FIXED_BYTES: usize = 110;
/// Longest heartbeat.
pub const HEARTBEAT_BYTES_MAX: usize = FIXED_BYTES + STREAMS_MAX * 8 + MEMBERS_MAX * MEMBER_BYTES;

const WORKERS_HEALTHY: u8 = 1;
const WANTS_ROLE: u8 = 1 << 1;
const HANDOVER_GO: u8 = 1 << 2;
const COPY_COMPLETE: u8 = 1 << 3;
const QUIET: u8 = 1 << 4;

const LINK_UP: u8 = 1;
const HAS_GROUP: u8 = 1 << 1;

/// Bytes that are no heartbeat, though they came from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeartbeatError {
    /// It ends too early.
    #[error("the heartbeat ends after {0} bytes")]
    Truncated(usize),
    /// A field has a value that no version gives it.
    #[error("the heartbeat's {0} has no meaning")]
    Value(&'static str),
}

const SYNCS: [SyncState; 3] = [SyncState::Cold, SyncState::Bulk, SyncState::Hot];

fn code<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter().position(|one| one == value).unwrap_or(0) as u8
}

impl Heartbeat {
    /// Appends the heartbeat to `out`. Streams and members beyond the limits are left out.
    pub fn write(&self, out: &mut Vec<u8>) {
        let flags = flag(self.workers_healthy, WORKERS_HEALTHY)
            | flag(self.wants_role, WANTS_ROLE)
            | flag(self.handover == Handover::Go, HANDOVER_GO)
            | flag(self.copy.complete, COPY_COMPLETE)
            | flag(self.quiet, QUIET);
        let (echo, held) = self.echo.unwrap_or_default();
        let mut put = |value: u64| out.extend(value.to_be_bytes());
        [self.number, self.sent_at.0, echo.0, held.as_nanos() as u64, self.term]
            .into_iter()
            .for_each(&mut put);
        out.extend([code(&BoxRole::ALL, &self.role), code(&SYNCS, &self.sync), flags, self.priority]);
        let mut put = |value: u64| out.extend(value.to_be_bytes());
        [self.hashes.policy, self.hashes.inspect, self.wanted_epoch].into_iter().for_each(&mut put);
        [self.copy.epoch, self.copy.sent, self.copy.expected].into_iter().for_each(&mut put);
        [self.digest.sessions, self.digest.sum].into_iter().for_each(&mut put);
        let streams = self.positions.len().min(STREAMS_MAX);
        out.push(streams as u8);
        self.positions[..streams].iter().for_each(|position| out.extend(position.to_be_bytes()));
        let members = self.members.len().min(MEMBERS_MAX);
        out.push(members as u8);
        self.members[..members].iter().for_each(|member| write_member(member, out));
    }

    /// Reads a heartbeat.
    ///
    /// # Errors
    /// Bytes that end too early or have no meaning.
    pub fn read(bytes: &[u8]) -> Result<Heartbeat, HeartbeatError> {
        let mut from = Reader { bytes, at: 0 };
        let number = from.u64()?;
        let sent_at = Instant(from.u64()?);
        let (echoed, held) = (from.u64()?, Duration::from_nanos(from.u64()?));
        let term = from.u64()?;
        let [role, sync, flags, priority] = from.array()?;
        let has = |bit: u8| flags & bit != 0;
        let hashes = ConfigHashes { policy: from.u64()?, inspect: from.u64()? };
        let wanted_epoch = from.u64()?;
        let copy = CopyProgress {
            epoch: from.u64()?,
            sent: from.u64()?,
            expected: from.u64()?,
            complete: has(COPY_COMPLETE),
        };
        let digest = TableDigest { sessions: from.u64()?, sum: from.u64()? };
        let [streams] = from.array()?;
        if usize::from(streams) > STREAMS_MAX {
            return Err(HeartbeatError::Value("number of streams"));
        }
        let positions = (0..streams).map(|_| from.u64()).collect::<Result<_, _>>()?;
        let [members] = from.array()?;
        if usize::from(members) > MEMBERS_MAX {
            return Err(HeartbeatError::Value("number of members"));
        }
        let members = (0..members).map(|_| read_member(&mut from)).collect::<Result<_, _>>()?;
        Ok(Heartbeat {
            number,
            sent_at,
            echo: (echoed != 0).then_some((Instant(echoed), held)),
            term,
            role: *BoxRole::ALL.get(usize::from(role)).ok_or(HeartbeatError::Value("role"))?,
            sync: *SYNCS.get(usize::from(sync)).ok_or(HeartbeatError::Value("sync state"))?,
            workers_healthy: has(WORKERS_HEALTHY),
            wants_role: has(WANTS_ROLE),
            handover: if has(HANDOVER_GO) { Handover::Go } else { Handover::None },
            priority,
            hashes,
            wanted_epoch,
            copy,
            positions,
            digest,
            quiet: has(QUIET),
            members,
        })
    }
}

const fn flag(on: bool, bit: u8) -> u8 {
    if on { bit } else { 0 }
}

fn write_member(member: &Member, out: &mut Vec<u8>) {
    let flags = flag(member.link_up, LINK_UP) | flag(member.group.is_some(), HAS_GROUP);
    let (version, group) = member.group.unwrap_or_default();
    out.extend(member.ha_id.0.to_be_bytes());
    out.extend([flags, version]);
    out.extend(group.to_be_bytes());
    out.extend(member.address.octets());
    out.extend(member.virtual_address.octets());
}

fn read_member(from: &mut Reader<'_>) -> Result<Member, HeartbeatError> {
    let [h0, h1, flags, version, g0, g1] = from.array()?;
    Ok(Member {
        ha_id: HaId(u16::from_be_bytes([h0, h1])),
        link_up: flags & LINK_UP != 0,
        group: (flags & HAS_GROUP != 0).then_some((version, u16::from_be_bytes([g0, g1]))),
        address: Ipv4Addr::from(from.array::<4>()?),
        virtual_address: Ipv4Addr::from(from.array::<4>()?),
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], HeartbeatError> {
        let chunk = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        self.at += N;
        chunk.copied().ok_or(HeartbeatError::Truncated(self.bytes.len()))
    }

    fn u64(&mut self) -> Result<u64, HeartbeatError> {
        self.array().map(u64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn full() -> Heartbeat {
        let member = |n: u8| Member {
            ha_id: HaId(n.into()),
            link_up: n.is_multiple_of(2),
            address: Ipv4Addr::new(10, 0, n, 2),
            group: (n != 3).then_some((2, 4095)),
            virtual_address: Ipv4Addr::new(10, 0, n, 1),
        };
        Heartbeat {
            number: 7,
            sent_at: Instant(1),
            echo: Some((Instant(2), Duration::from_nanos(3))),
            term: 4,
            role: BoxRole::HandingOver,
            sync: SyncState::Hot,
            workers_healthy: true,
            wants_role: true,
            handover: Handover::Go,
            priority: 110,
            hashes: ConfigHashes { policy: 5, inspect: 6 },
            wanted_epoch: 8,
            copy: CopyProgress { epoch: 9, complete: true, sent: 10, expected: 11 },
            positions: vec![12; STREAMS_MAX],
            digest: TableDigest { sessions: 13, sum: 14 },
            quiet: true,
            members: (0..MEMBERS_MAX as u8).map(member).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for heartbeat in [full(), Heartbeat::default()] {
            let mut bytes = Vec::new();
            heartbeat.write(&mut bytes);
            assert_eq!(Heartbeat::read(&bytes), Ok(heartbeat.clone()));
            bytes.extend([1, 2, 3]);
            assert_eq!(Heartbeat::read(&bytes), Ok(heartbeat), "what a newer version appends is skipped");
        }
    }

    #[test]
    fn the_longest_is_as_long_as_said_and_none_shorter_is_read() {
        let mut bytes = Vec::new();
        full().write(&mut bytes);
        assert_eq!(bytes.len(), HEARTBEAT_BYTES_MAX);
        for length in 0..bytes.len() {
            assert_eq!(Heartbeat::read(&bytes[..length]), Err(HeartbeatError::Truncated(length)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Heartbeat::read(&bytes);
        }
    }
}
