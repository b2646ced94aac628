//! Taking over: no more records are taken; every worker is told to be active through the ring that the records went
//! through, so it has installed all of them by then; when all workers have said so, the groups become active, which
//! sends the gratuitous ARP, then the hello. While the former active lingers, the new one announces itself again.

use core::time::Duration;

use holdfast_engine::role::Role;
use holdfast_engine::time::Instant;

use crate::hsrp::Input as GroupInput;
use crate::node::{DebugTopic, Node};
use crate::status::BoxRole;
use crate::tables::Tables;

/// Longest wait for room in the workers' rings for what has arrived before a takeover.
pub(super) const DRAIN_MAX: Duration = Duration::from_millis(20);
/// Longest wait for workers to carry out a role before the addresses move all the same.
pub(super) const ORDER_MAX: Duration = Duration::from_millis(50);
/// When a takeover is announced once more: whatever the former active still sent from the virtual MAC (a Resign, an
/// answer to an ARP request) is undone while it lingers.
pub(super) const ANNOUNCE_AGAIN: [Duration; 3] =
    [Duration::from_millis(20), Duration::from_millis(60), Duration::from_millis(150)];
/// While both boxes are active, the one that stays tells the hosts this often.
const INSIST_INTERVAL: Duration = Duration::from_secs(1);

impl Node {
    pub(super) fn begin_takeover(&mut self, now: Instant, why: &'static str, tables: &mut impl Tables) {
        let peer_term = self.peer.heartbeat.as_ref().map_or(0, |h| h.term);
        self.roles.term = self.roles.term.max(peer_term).saturating_add(1);
        self.roles.takeovers += 1;
        self.roles.lease_until = now + self.config.hold();
        self.peer.left_role_at = None;
        (self.roles.due_at, self.roles.preempts_at, self.roles.conflict) = (None, None, None);
        self.roles.drained = false;
        self.set_role(now, BoxRole::TakingOver, why);
        self.go_on_taking_over(now, tables);
    }

    pub(super) fn go_on_taking_over(&mut self, now: Instant, tables: &mut impl Tables) {
        let waited = now.since(self.roles.since);
        if !self.roles.drained {
            if !self.drain_records(now, tables) && waited < DRAIN_MAX {
                return;
            }
            // What found no room by now would come to workers that have gone on without it.
            self.receiver.begin_epoch(0);
            self.roles.drained = true;
            self.order_role(Role::Active, tables);
        }
        if self.is_obeyed(tables) || waited >= DRAIN_MAX + ORDER_MAX {
            let why = self.roles.why;
            self.members.each_group(|group| group.handle(now, GroupInput::Promote { why }));
            self.set_role(now, BoxRole::Active, why);
        }
    }

    /// Says once more who has the virtual addresses.
    pub(super) fn announce_again(&mut self, now: Instant) {
        let due = ANNOUNCE_AGAIN.get(self.roles.announced);
        if due.is_some_and(|after| now.since(self.roles.since) >= *after) {
            self.roles.announced += 1;
            self.members.each_group(|group| group.announce(now));
        }
    }

    /// Both boxes were active and this one stays: hosts may have heard the other's gratuitous ARP last.
    pub(in crate::node) fn insist(&mut self, now: Instant, why: &'static str) {
        if self.roles.insisted_at.is_none_or(|at| now.since(at) >= INSIST_INTERVAL) {
            self.roles.insisted_at = Some(now);
            self.members.each_group(|group| group.announce(now));
            self.debug(DebugTopic::Redundancy, || why.to_owned());
        }
    }
}
