//! The heartbeat: the whole state of a box in one datagram, sent every `heartbeat` and at once when it changed.
//!
//! Nothing of the control plane is a message that could be lost, repeated or overtaken: what a box wants of its peer
//! (a complete copy, the active role) and what it has done (handed over, finished a copy) stands in every heartbeat
//! until it no longer holds. Only the newest heartbeat counts; [`Heartbeat::number`] tells which that is.

mod codec;
mod member;

pub use codec::{HEARTBEAT_BYTES_MAX, HeartbeatError};
pub use member::{MEMBERS_MAX, Member};

use core::time::Duration;

use holdfast_engine::time::Instant;

use crate::status::{BoxRole, SyncState};
use crate::tables::TableDigest;

/// What an active box says about giving its role to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Handover {
    /// It keeps the role.
    #[default]
    None,
    /// Everything is flushed: the peer is to take over now.
    Go,
}

/// A complete copy as its sender sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CopyProgress {
    /// The epoch the sender's streams are in; 0 for none.
    pub epoch: u64,
    /// Whether every session that was there has been sent and acknowledged.
    pub complete: bool,
    /// Sessions sent so far.
    pub sent: u64,
    /// Sessions expected in all.
    pub expected: u64,
}

/// Hashes of what both boxes of a pair must have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ConfigHashes {
    /// The rules, in order.
    pub policy: u64,
    /// Time-outs and limits of inspection.
    pub inspect: u64,
}

/// Everything one box tells the other about itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Heartbeat {
    /// Counts the sender's heartbeats since its boot.
    pub number: u64,
    /// Time stamp of the sender, for the round-trip time: comes back in `echo`.
    pub sent_at: Instant,
    /// The newest `sent_at` heard from the receiver, and how long ago that was.
    pub echo: Option<(Instant, Duration)>,
    /// Term: counts takeovers, the same in both boxes when all is well.
    pub term: u64,
    /// Role.
    pub role: BoxRole,
    /// How complete the sender's sessions are while it is standby; the receiver's, as the sender knows them, while it
    /// is active.
    pub sync: SyncState,
    /// Every worker polls.
    pub workers_healthy: bool,
    /// The sender wants the active role (preemption).
    pub wants_role: bool,
    /// What an active sender says about handing over.
    pub handover: Handover,
    /// Lowest priority of its groups, tracking included.
    pub priority: u8,
    /// What must be equal.
    pub hashes: ConfigHashes,
    /// The epoch in which the sender wants a complete copy; 0 for none.
    pub wanted_epoch: u64,
    /// The copy the sender is giving.
    pub copy: CopyProgress,
    /// Newest sequence number of each of the sender's streams.
    pub positions: Vec<u64>,
    /// The sender's sessions.
    pub digest: TableDigest,
    /// Nothing is waiting to be sent or acknowledged, so that `digest` is what the receiver must have.
    pub quiet: bool,
    /// Member interfaces.
    pub members: Vec<Member>,
}

impl Heartbeat {
    /// Members that count as up.
    pub fn members_up(&self) -> usize {
        self.members.iter().filter(|member| member.link_up).count()
    }

    /// Lowest address of its members, 0 when none has one: breaks ties between boxes.
    pub fn lowest_address(&self) -> u32 {
        let addresses = self.members.iter().map(|member| member.address.to_bits());
        addresses.filter(|&address| address != 0).min().unwrap_or(0)
    }
}
