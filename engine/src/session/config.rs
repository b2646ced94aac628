//! What a table is made from, what it refuses, and the figures it gives about itself.

use super::bucket::SESSIONS_LIMIT;
use crate::flow::HashKey;
use crate::replication::Birth;
use crate::time::Tick;

/// Most sessions one shard can be configured for.
pub const SESSIONS_MAX_LIMIT: u32 = SESSIONS_LIMIT;

/// Size and seed of one shard's table.
#[derive(Clone, Copy, Debug)]
pub struct TableConfig {
    /// Capacity in sessions, 1 to [`SESSIONS_MAX_LIMIT`]. Allocated at start.
    pub sessions_max: u32,
    /// This boot's hash key. The owner passes hashes in; readers who know only a key compute them with this.
    pub hash_key: HashKey,
    /// Touch all memory (but the IPv6 side rows) at start, so that no packet waits for a page to be cleared.
    pub touch_at_start: bool,
}

/// Why there is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The capacity is not one a table can have.
    #[error("a table holds 1 to {SESSIONS_MAX_LIMIT} sessions, not {0}")]
    SessionsMax(u32),
    /// The system has no memory for that capacity.
    #[error("no memory for a table of {0} sessions")]
    Memory(u32),
}

/// Why a session was not inserted. Nothing was changed that a look-up could notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// `sessions_max` sessions are live.
    #[error("the session table is full")]
    Full,
    /// There are free slots, but the index found no room for this hash. Chance does not do that; many keys with
    /// the same hash do.
    #[error("no room in the index for this session's hash")]
    Crowded,
}

/// Who let a session in, when, and which session of its key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The rule, by whatever 32-bit name policy uses.
    pub rule: u32,
    /// Time of admission.
    pub now: Tick,
    /// Which session of its key.
    pub birth: Birth,
}

/// Memory of one table. Reserved at start; the kernel provides pages as they are touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBytes {
    /// Buckets of the index.
    pub index: u64,
    /// Hot lines.
    pub entries: u64,
    /// Cold rows, with wheel links, counters and the list of free slots.
    pub cold: u64,
    /// List heads of the wheel.
    pub wheel: u64,
    /// Side rows with IPv6 addresses; only those of IPv6 sessions are ever touched.
    pub ipv6: u64,
}

impl MemoryBytes {
    /// What a table with IPv4 sessions only can come to use.
    pub fn ipv4_only(&self) -> u64 {
        self.index + self.entries + self.cold + self.wheel
    }

    /// Everything.
    pub fn total(&self) -> u64 {
        self.ipv4_only() + self.ipv6
    }
}

/// What became of inserts, since start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct IndexCounters {
    /// Refused with [`InsertError::Full`].
    pub full: u64,
    /// Refused with [`InsertError::Crowded`].
    pub crowded: u64,
}
