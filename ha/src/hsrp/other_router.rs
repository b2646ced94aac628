//! A router of the group as its hellos tell it.

use core::net::Ipv4Addr;

use holdfast_engine::time::Instant;

use super::event::Rank;

/// Another router of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherRouter {
    /// Its interface address.
    pub address: Ipv4Addr,
    /// Its priority.
    pub priority: u8,
    /// Since when it is heard in its state without a gap.
    pub since: Instant,
    /// When it was last.
    pub last: Instant,
}

impl OtherRouter {
    /// One heard just now for the first time.
    pub(super) const fn first(rank: Rank, now: Instant) -> OtherRouter {
        OtherRouter { address: rank.address, priority: rank.priority, since: now, last: now }
    }

    /// Its place in an election.
    pub const fn rank(&self) -> Rank {
        Rank { priority: self.priority, address: self.address }
    }
}
