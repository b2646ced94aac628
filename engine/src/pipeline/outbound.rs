//! What the HA core hears of this shard's sessions. A shard without an HA core has no `replica` and pays one test where a
//! session begins, changes its state or ends, and none per packet.
//!
//! A change is told by its slot, after the table has it: the HA core reads the rest there. Beginnings, ends and changes of
//! the tracker's state are told at once; traffic is noted and told every few ticks (`replication::refresh`). Only an
//! active box tells: the sessions of a standby are the peer's, and telling them would be an echo.

use super::Shard;
use crate::io::PacketBuf;
use crate::replication::{Birth, Digest, Replica, RoleOrder, WorkerStatus};
use crate::role::Role;
use crate::session::{SessionHandle, SessionState, Snapshot};
use crate::time::{Instant, Tick};
use crate::track::Transition;

impl<P: PacketBuf> Shard<P> {
    /// Carries out a role order. Who becomes active gives every session its whole timeout again: idle times may be
    /// as old as the refresh interval, and it is this box that was not there to see the traffic.
    pub(super) fn carry_out_role(&mut self, order: RoleOrder, now: Instant) {
        if order.role.is_active() && !self.role().is_active() {
            self.takeover = now.tick();
        }
        self.set_role(order.role, now);
        let Some(replica) = &mut self.replica else { return };
        replica.tells = order.role.is_active();
        if replica.tells {
            // The table is the truth from now on, however much of a copy was still to come.
            replica.copying = false;
        }
        WorkerStatus::tell(&replica.status.role_generation, order.generation);
    }

    /// Joins a pair: tells the HA core of changes from now on, and is standby until told otherwise.
    pub(crate) fn attach_replica(&mut self, mut replica: Replica) {
        self.table.walk(0, u32::MAX, |session| {
            replica.digest.add(&session.key, session.details.birth, session.state.tracker);
        });
        self.replica = Some(Box::new(replica));
        self.set_role(Role::Standby, Instant::default());
    }

    /// When a session ends if nothing more comes, on the clock of a box that took over at `takeover`.
    #[inline]
    pub(super) fn deadline(&self, protocol: u8, state: &SessionState) -> Tick {
        deadline(&self.config.timeouts, self.takeover, protocol, state)
    }

    /// A session began here and stands in the table.
    pub(super) fn tell_began(&mut self, handle: SessionHandle, birth: Birth, tracker: u8) {
        let Some(replica) = &mut self.replica else { return };
        replica.digest.add(&self.table.key_of(handle.index), birth, tracker);
        if replica.tells {
            replica.changes.mark(handle.index);
        }
    }

    /// A packet changed more of a session than its windows and counters, or moved `last_seen`; the table has it.
    #[inline]
    pub(super) fn tell_changed(
        &mut self,
        handle: SessionHandle,
        tracker: u8,
        before: u8,
        transition: Transition,
    ) {
        let Some(replica) = &mut self.replica else { return };
        if tracker == before && transition == Transition::None {
            // Whatever the role: if a lingering box is active again within this tick, the session's next packets make
            // no note.
            replica.refresh.note(handle.index);
        } else {
            self.tell_transition(handle, tracker, before, transition);
        }
    }

    #[cold]
    fn tell_transition(&mut self, handle: SessionHandle, tracker: u8, before: u8, transition: Transition) {
        let Some(replica) = &mut self.replica else { return };
        let (key, old) = (self.table.key_of(handle.index), self.table.birth(handle.index));
        let birth = if transition == Transition::Restarted {
            // Another connection as far as the peer is concerned: its numbers have nothing to do with the old ones,
            // and nothing it merged could be right. The new state is in the table already, so that no reader
            // sees the old one under the new birth.
            let birth = self.births.give();
            self.table.set_birth(handle, birth);
            birth
        } else {
            old
        };
        replica.digest.remove(&key, old, before);
        replica.digest.add(&key, birth, tracker);
        if replica.tells {
            replica.changes.mark(handle.index);
        }
    }

    /// Live sessions, and their digest; that of a shard without an HA core is not kept.
    #[inline]
    pub(crate) fn digest(&self) -> (u32, Digest) {
        (self.table.len(), self.replica.as_ref().map_or(Digest::default(), |replica| replica.digest))
    }

    /// A session is gone from the table.
    pub(super) fn tell_ended(&mut self, session: &Snapshot) {
        let Some(replica) = &mut self.replica else { return };
        replica.digest.remove(&session.key, session.details.birth, session.state.tracker);
        if replica.tells {
            replica.changes.mark(session.handle.index);
        }
    }

    /// The first poll of a new tick, before its packets.
    pub(crate) fn turn_refresh(&mut self, now: Tick) {
        if let Some(replica) = &mut self.replica
            && replica.tells
        {
            replica.refresh.turn(now, self.table.used_slots());
        }
    }

    /// Tells a slice of the noted sessions; whether there is more to do.
    #[inline]
    pub(crate) fn tell_refresh(&mut self) -> bool {
        let Some(replica) = &mut self.replica else { return false };
        if !replica.tells || !replica.refresh.is_telling() {
            return false;
        }
        replica.refresh.slice(&replica.changes);
        replica.refresh.is_telling()
    }
}

/// Last seen, or taken over if that was later, plus the timeout that applies.
#[inline]
pub(super) fn deadline(
    timeouts: &crate::track::Timeouts,
    takeover: Tick,
    protocol: u8,
    state: &SessionState,
) -> Tick {
    state.last_seen.max(takeover).after(timeouts.timeout_ticks(protocol, state))
}
