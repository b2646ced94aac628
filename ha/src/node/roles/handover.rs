//! A planned hand-over: workers offer what waits for the next refresh, everything is sent and acknowledged (or
//! [`FLUSH_MAX`] passes), every group sends its Resign, and [`RESIGN_LEAD`] later the heartbeat says "go". This box goes
//! on forwarding and replicating until the peer says that it is active; then it lingers for frames still under way,
//! then it is standby.

use core::time::Duration;

use holdfast_engine::replication::FromHa;
use holdfast_engine::role::Role;
use holdfast_engine::time::Instant;

use crate::hsrp::{Group, Input as GroupInput};
use crate::node::{CommandError, Node};
use crate::status::{BoxRole, SyncState};
use crate::tables::Tables;

/// Longest wait for the peer to acknowledge what a hand-over flushes.
pub(super) const FLUSH_MAX: Duration = Duration::from_millis(250);
/// Longest wait for the peer to take over, before this box keeps the role after all.
pub(super) const HANDOVER_MAX: Duration = Duration::from_secs(1);
/// How long frames that were under way are still forwarded after a hand-over.
pub(super) const LINGER: Duration = Duration::from_millis(250);
/// Time between the Resigns of a hand-over and the word to the peer. A Resign comes from the virtual MAC: if it left
/// after the peer's gratuitous ARP, switches would send frames for that MAC to this box again.
pub(super) const RESIGN_LEAD: Duration = Duration::from_millis(5);

impl Node {
    /// Begins a planned hand-over.
    ///
    /// # Errors
    /// Why it cannot be done without losing sessions.
    pub(in crate::node) fn begin_handover(
        &mut self,
        now: Instant,
        why: &'static str,
        tables: &mut impl Tables,
    ) -> Result<(), CommandError> {
        match self.roles.role {
            BoxRole::Active => {}
            BoxRole::TakingOver | BoxRole::HandingOver | BoxRole::Lingering => {
                return Err(CommandError::Busy);
            }
            BoxRole::Init | BoxRole::Standby => return Err(CommandError::NotActive),
        }
        let peer = self.peer.candidate(now, self.config.dead_after).ok_or(CommandError::NoPeer)?;
        if peer.sync != SyncState::Hot {
            return Err(CommandError::PeerNotHot);
        }
        if peer.health < self.own_candidate(now, tables).health {
            return Err(CommandError::PeerUnfit);
        }
        self.broadcasts.push(FromHa::FlushRefresh, tables);
        self.roles.flushes += 1;
        self.roles.flush_begun = false;
        self.roles.resigned_at = None;
        self.roles.flushed = false;
        self.set_role(now, BoxRole::HandingOver, why);
        Ok(())
    }

    pub(super) fn go_on_handing_over(&mut self, now: Instant, tables: &mut impl Tables) {
        let waited = now.since(self.roles.since);
        if self.roles.flushed {
            // The word arrived, or the Resigns did, and then the HA link went away.
            if !self.peer.is_alive(now, self.config.dead_after) && self.hears_peer_everywhere() {
                return self.linger(now, "the peer is heard to be active on every interface", tables);
            }
            if waited >= HANDOVER_MAX {
                self.keep_role(now, "the peer did not take over");
            }
            // Nobody waits for this box's hellos any more, and in some states it sends none.
            return self.renew_lease(now);
        }
        if !self.roles.flush_begun && self.broadcasts.is_empty() && tables.flushes() >= self.roles.flushes {
            self.roles.flush_begun = true;
            self.sender.begin_flush();
        }
        let flushed = self.roles.flush_begun && self.sender.is_flushed() || waited >= FLUSH_MAX;
        match self.roles.resigned_at {
            None if flushed => {
                self.roles.resigned_at = Some(now);
                self.members
                    .each_group(|group| group.handle(now, GroupInput::Demote { why: "handing over" }));
            }
            Some(at) if now.since(at) >= RESIGN_LEAD => {
                self.roles.flushed = true;
                self.beat.soon();
            }
            _ => {}
        }
    }

    /// Whether the peer is heard as the active router on every running member with a group. On all of them: one recorded
    /// packet must not do.
    pub(super) fn hears_peer_everywhere(&self) -> bool {
        let mut groups = self.members.all.iter().filter(|m| m.is_running()).filter_map(|m| m.group.as_ref());
        let hears =
            |group: &Group| group.active_router().is_some_and(|active| self.peer.owns(active.address));
        groups.clone().count() > 0 && groups.all(hears)
    }

    /// The peer did not come; its heartbeat may say why. This box never stopped forwarding.
    pub(super) fn keep_role(&mut self, now: Instant, why: &'static str) {
        self.roles.flushed = false;
        self.set_role(now, BoxRole::Active, why);
    }

    /// Handed over: frames under way are still forwarded.
    pub(super) fn linger(&mut self, now: Instant, why: &'static str, tables: &mut impl Tables) {
        self.roles.lease_until = now + LINGER;
        self.leave(now, why, Role::Lingering, BoxRole::Lingering, tables);
    }
}
