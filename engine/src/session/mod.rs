//! Sessions: the table that holds them, the wheel that ages them.
//!
//! | file | what it is |
//! | --- | --- |
//! | `table.rs` | the table as its owner uses it; the essay on the whole design |
//! | `config.rs` | its size, its errors, its figures |
//! | `burst.rs`, `aging.rs` | its look-ups by burst; its expiry |
//! | `reader.rs` | the table as everybody else sees it, lock-free |
//! | `state.rs`, `entry.rs`, `cold.rs` | a session: decoded, its hot line, its cold row |
//! | `index.rs`, `bucket.rs` | from key to slot |
//! | `wheel.rs` | from tick to slots |
//! | `storage.rs`, `memory.rs`, `sync.rs` | the shared arrays, their allocation, their atomics |

mod aging;
mod bucket;
mod burst;
mod cold;
mod config;
mod entry;
mod index;
mod memory;
mod reader;
mod state;
mod storage;
pub(crate) mod sync;
mod table;
mod wheel;

#[cfg(test)]
#[cfg(loom)]
mod loom;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;

pub use burst::{Candidate, LOOKUP_KEYS_MAX, PREFETCH_KEYS};
pub use cold::Counter;
pub use config::{
    Admission, IndexCounters, InsertError, MemoryBytes, SESSIONS_MAX_LIMIT, TableConfig, TableError,
};
pub use reader::{SessionReader, Walk};
pub use state::{Direction, NextHopRef, STATE_WORDS, SessionFlags, SessionState, Stored, TcpPeer};
pub use storage::Contended;
pub use table::SessionTable;

use crate::flow::FlowKey;
use crate::replication::Birth;
use crate::time::Tick;

/// Names one session for as long as it lives: a slot and the generation that slot had when it was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionHandle {
    /// Slot in its shard.
    pub index: u32,
    /// Generation of the slot; a mismatch means the session is gone.
    pub generation: u32,
}

/// What is known of a session beside its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SessionDetails {
    /// Rule that admitted it, as given in [`Admission`].
    pub rule: u32,
    /// When it was admitted.
    pub created: Tick,
    /// What it carried, indexed by [`Direction`]; saturates at 2^40 packets and 2^56 bytes.
    pub counters: [Counter; 2],
    /// Which session of its key, as given in [`Admission`].
    pub birth: Birth,
}

/// A copy of one session, all of it from the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name; already stale when the session was just removed.
    pub handle: SessionHandle,
    /// Its key.
    pub key: FlowKey,
    /// Its hot part.
    pub state: SessionState,
    /// The rest.
    pub details: SessionDetails,
}
