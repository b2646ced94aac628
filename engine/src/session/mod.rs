//! Sessions: the table that holds them, the wheel that ages them.

mod state;

pub use state::{Direction, NextHopRef, SessionFlags, SessionState, TcpPeer};

/// Names one session for as long as it lives: a slot and the generation that slot had when it was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionHandle {
    /// Slot in its shard.
    pub index: u32,
    /// Generation of the slot; a mismatch means the session is gone.
    pub generation: u32,
}
