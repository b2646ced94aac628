//! The box's sessions as the HA core sees them: the workers' tables to read, the workers' rings to write to.

use holdfast_engine::flow::FlowKey;
use holdfast_engine::replication::{Birth, FromHa, SessionRecord};

use crate::status::InstallCounters;

/// Workers of a box of a pair at most: a heartbeat names a stream for each, and a set of them is one word.
pub const SHARDS_MAX: u8 = 64;

/// What a slot of a worker's table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A session.
    Filled(SessionRecord),
    /// None.
    Empty,
    /// The owner was in the middle of a write each time it was looked at; ask again later.
    Busy,
}

/// Count and digest of a set of sessions; equal sets have equal ones, whatever order and workers they came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TableDigest {
    /// Sessions.
    pub sessions: u64,
    /// Wrapping sum of a hash of each one's key, birth and tracker state.
    pub sum: u64,
}

/// The workers' tables and rings. A shard is a worker's part; both have the same number.
pub trait Tables {
    /// Number of workers, at most [`SHARDS_MAX`].
    fn shards(&self) -> u8;
    /// Slots of a shard's table; slot numbers are below it.
    fn slots(&self, shard: u8) -> u32;
    /// Slots of a shard that were ever used; a walk of the table ends there.
    fn used_slots(&self, shard: u8) -> u32;
    /// Takes the number of a slot whose session began, changed or ended since it was last taken; `None` when there
    /// is none now. What [`Tables::read`] says afterwards is at least as new as the change.
    fn take_changed(&mut self, shard: u8) -> Option<u32>;
    /// Has a slot come up as changed again.
    fn mark_changed(&mut self, shard: u8, slot: u32);
    /// What a slot holds now.
    fn read(&self, shard: u8, slot: u32) -> Slot;
    /// Hints that a slot will be read soon.
    fn prefetch(&self, shard: u8, slot: u32) {
        let _ = (shard, slot);
    }
    /// The worker that owns a flow on this box.
    fn owner(&self, key: &FlowKey) -> u8;
    /// Records that fit into a worker's ring for certain, what is kept free for orders and hellos not counted. An empty ring has room for
    /// [`RECORDS_MAX`](crate::replication::codec::RECORDS_MAX) at least, and may have for far more.
    fn room(&mut self, worker: u8) -> usize;
    /// Puts a message into a worker's ring; gives it back when the ring is full.
    #[expect(clippy::result_large_err, reason = "as rtrb does; the caller often has it on its stack anyway")]
    fn send(&mut self, worker: u8, message: FromHa) -> Result<(), FromHa>;
    /// Count and digest of all sessions here; exact when no worker is changing any.
    fn digest(&self) -> TableDigest;
    /// Whether every worker has taken everything out of its ring.
    fn all_applied(&mut self) -> bool;
    /// The lowest role order number that every worker has carried out.
    fn role_generation(&self) -> u32;
    /// The lowest number of complete copies whose end every worker has carried out.
    fn copies_ended(&self) -> u32;
    /// The lowest number of refresh flushes that every worker has carried out.
    fn flushes(&self) -> u32;
    /// Polls of a worker; one that stands still is stalled.
    fn polls(&self, worker: u8) -> u64;
    /// What the workers did with records, summed.
    fn installs(&self) -> InstallCounters {
        InstallCounters::default()
    }
}

/// A session's name across the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionName {
    /// Its key.
    pub key: FlowKey,
    /// Which session of the key.
    pub birth: Birth,
}
