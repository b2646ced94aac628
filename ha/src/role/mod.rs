//! One decision for the whole box: who of the two is active.
//!
//! HSRP decides for each interface by itself; a firewall that is active inside and standby outside forwards nothing.
//! So the groups only report what the table in RFC 2281 would have them do, and [`decide`] says what the box does:
//! all groups together, or none.
//!
//! What is believed, in this order:
//!
//! 1. *The peer's heartbeat*, authenticated and newest: while it arrives, the peer is alive, and what it says of its
//!    role, health and term is what counts. HSRP packets (which can be replayed) then move nothing between the two.
//! 2. *Silence everywhere*: no heartbeat, and no active router heard on any member whose link is up for its hold
//!    time. Then the peer is dead. Silence of the heartbeat alone moves nothing, nor does silence on some members.
//! 3. *HSRP's own rules*, towards routers that are not the peer, and towards the peer when the HA link is gone.

mod decide;
#[cfg(test)]
mod tests;

pub use decide::decide;

use crate::heartbeat::Handover;
use crate::status::{BoxRole, SyncState};

/// What one box is worth as the active one. Compared field by field: what comes first decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Health {
    /// Every worker polls.
    pub workers: bool,
    /// Members whose link is up, and the delay after it came up is over.
    pub members_up: usize,
}

/// One of the two boxes, as the decision sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Role.
    pub role: BoxRole,
    /// Term.
    pub term: u64,
    /// How complete its sessions are while it is standby; the other one's while it is active.
    pub sync: SyncState,
    /// Health.
    pub health: Health,
    /// Lowest priority of its groups.
    pub priority: u8,
    /// Breaks the last tie; the two boxes must have different ones.
    pub address: u32,
    /// It wants the active role.
    pub wants_role: bool,
    /// It has flushed everything and gives the role away.
    pub handover: Handover,
    /// Sessions it holds.
    pub sessions: u64,
}

impl Candidate {
    /// Whether it has the active role, or is about to.
    pub fn holds_role(&self) -> bool {
        self.role.holds_role()
    }

    /// Whether this box keeps the role when both have it. Terms first: the later takeover was for a reason. Then who
    /// carries far more, then HSRP's order. Never both, never neither: addresses differ.
    pub fn keeps_role_against(&self, other: &Candidate) -> bool {
        if self.term != other.term {
            return self.term > other.term;
        }
        // Each knows the other's sessions as they were a moment ago: only a clear difference is the same for both.
        if self.sessions / 2 > other.sessions || other.sessions / 2 > self.sessions {
            return self.sessions > other.sessions;
        }
        (self.priority, self.address) > (other.priority, other.address)
    }

    /// Whether this box should rather become active when neither is: health, then whose sessions are worth more, then
    /// HSRP's order.
    pub fn is_better_than(&self, other: &Candidate) -> bool {
        let complete = |c: &Candidate| c.sync == SyncState::Hot;
        (self.health, complete(self), self.priority, self.address)
            > (other.health, complete(other), other.priority, other.address)
    }
}

/// What HSRP's packets say on the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// No member whose link is up has heard an active router for its hold time; one that resigned, or that is the peer and
    /// says otherwise in its heartbeat, does not count.
    pub silent: bool,
    /// A group is next in line, and its time has come (active timer, Resign).
    pub due: bool,
    /// A group preempts: the active router it hears has a lower priority.
    pub preempts: bool,
    /// A router that is not the peer is active on a member.
    pub foreign: bool,
    /// Another router is standby on a member.
    pub others: bool,
    /// A group hears a better active router that is not the peer, or a Coup of one.
    pub outranked: bool,
    /// A group hears the peer as the better active router, and has for long enough that the HA link could have said
    /// more.
    pub outranked_by_peer: bool,
}

/// Everything the decision depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// This box.
    pub own: Candidate,
    /// The peer, while its heartbeat arrives.
    pub peer: Option<Candidate>,
    /// The peer's last heartbeat, however old, said that it has the role.
    pub peer_was_active: bool,
    /// The peer had the role in its last heartbeat but one, or before it was started anew.
    pub peer_left: bool,
    /// Neither box has had the role for longer than an election takes.
    pub vacant_too_long: bool,
    /// HSRP.
    pub heard: Heard,
    /// The box may preempt: configured, complete, and the delays are over.
    pub may_preempt: bool,
    /// The box gave the role up a moment ago, for others to take it.
    pub gave_up: bool,
    /// A member's link went down, or a worker stalled, since the last decision.
    pub degraded: bool,
}

/// What the box does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Stay,
    /// Become active.
    TakeOver(&'static str),
    /// Leave the active role at once, with a Resign on every group unless a hand-over has sent it already; after a
    /// hand-over, linger.
    GiveUp(&'static str),
    /// Flush, then give the role to the peer.
    HandOver(&'static str),
    /// Do not hand over after all.
    Keep(&'static str),
    /// Both are active, and this box is the one that stays: tell the hosts again.
    Insist(&'static str),
}
