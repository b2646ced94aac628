//! What the decision is made of: both boxes as candidates, and what the groups report.

use core::time::Duration;

use holdfast_engine::time::Instant;

use crate::hsrp::{GroupEvent, TakeoverWhy};
use crate::node::{Node, NodeEvent};
use crate::role::{Candidate, Health, Heard, View};
use crate::status::{BoxRole, SyncState};
use crate::tables::Tables;

/// An HSRP conflict with the peer is obeyed only when no heartbeat could settle it for this long.
const CONFLICT_WAIT: Duration = Duration::from_millis(500);
/// Silence counts only this part of the hold time after that; a hello comes at least three times in one.
const WAKING_DIVISOR: u32 = 3;

impl Node {
    /// Takes what the groups report; remembers what the next decision needs.
    pub(in crate::node) fn take_group_events(&mut self, now: Instant) {
        while let Some((at, event)) = self.members.poll_event() {
            let Some(member) = self.members.all.get_mut(at) else { continue };
            member.note(&event);
            let port = member.config.port;
            let group = member.config.group.as_ref().map_or(0, |g| g.group);
            match event {
                GroupEvent::TakeoverDue { why: TakeoverWhy::Preempt } => self.roles.preempts_at = Some(now),
                GroupEvent::TakeoverDue { .. } => self.roles.due_at = Some(now),
                GroupEvent::YieldDue { source, .. } if self.peer.owns(source) => {
                    let since = match self.roles.conflict {
                        Some((since, last)) if now.since(last) < CONFLICT_WAIT * 2 => since,
                        _ => now,
                    };
                    self.roles.conflict = Some((since, now));
                }
                GroupEvent::YieldDue { .. } => self.roles.outranked = true,
                GroupEvent::StateChanged { old, new, why } => {
                    self.tell(NodeEvent::Group { port, group, old, new, why });
                }
                GroupEvent::AuthenticationFailed { source } => {
                    self.alarms.authentication_failed(now, port, source);
                    self.tell(NodeEvent::AuthenticationFailed { port, source });
                }
                GroupEvent::DuplicateAddress { source } => {
                    self.alarms.duplicate_address(now, port);
                    self.tell(NodeEvent::DuplicateAddress { port, address: source.into() });
                }
                other => self.alarms.group_event(now, port, &other),
            }
        }
    }

    /// This box as a candidate.
    pub(in crate::node) fn own_candidate(&self, now: Instant, tables: &impl Tables) -> Candidate {
        let health = Health { workers: self.roles.workers_healthy, members_up: self.members.up() };
        let priority = self.members.priority();
        let peer = self.peer.candidate(now, self.config.dead_after);
        let better = peer.is_some_and(|p| p.holds_role() && priority > p.priority && health >= p.health);
        let wants_role = self.roles.role == BoxRole::Standby
            && better
            && self.sync.state == SyncState::Hot
            && self.members.preempts(now, self.started_at);
        Candidate {
            role: self.roles.role,
            term: self.roles.term,
            sync: self.sync.state,
            health,
            priority,
            address: self.members.lowest_address(),
            wants_role,
            handover: self.handover_flag(),
            sessions: tables.digest().sessions,
        }
    }

    pub(super) fn view(&mut self, now: Instant, tables: &impl Tables) -> View {
        let own = self.own_candidate(now, tables);
        let peer = self.peer.candidate(now, self.config.dead_after);
        let hold = self.config.hold_max();
        if own.holds_role() || peer.is_some_and(|p| p.holds_role()) {
            self.roles.vacant_since = None;
        } else if self.roles.vacant_since.is_none() {
            self.roles.vacant_since = Some(now);
        }
        let recently = |at: Option<Instant>| at.is_some_and(|at| now.since(at) <= hold);
        let peer_left = self.peer.left_role_at.is_some_and(|at| now.since(at) <= hold * 3);
        let peer_idles = peer.is_some_and(|p| !p.holds_role());
        let running = || self.members.all.iter().filter(|m| m.is_running());
        let groups = || running().filter_map(|m| m.group.as_ref());
        // What the peer's heartbeat says of its role is newer than its last hello. And who was stopped has to listen first.
        let just_woke = self.roles.woke_at.is_some_and(|at| now.since(at) <= hold / WAKING_DIVISOR);
        let silent = !just_woke
            && running().all(|member| {
                let Some(group) = &member.group else { return true };
                let gone = match group.active_router() {
                    Some(active) => self.peer.owns(active.address),
                    None => peer_left,
                };
                member.is_silent(now) || peer_idles && gone
            });
        let foreign = groups().any(|group| group.active_router().is_some_and(|a| !self.peer.owns(a.address)));
        let unheard = now.since(self.peer.heard_at) >= CONFLICT_WAIT;
        // A peer that is active says so on every interface; a recorded hello on one must not end a box that is alone.
        let conflict = self.roles.conflict.is_some_and(|(since, last)| {
            now.since(last) <= hold && now.since(since) >= CONFLICT_WAIT && unheard
        }) && self.hears_peer_everywhere();
        View {
            own,
            peer,
            // Its last words: it was active, and said nothing of leaving.
            peer_was_active: self.peer.held_role(),
            peer_left,
            vacant_too_long: self.roles.vacant_since.is_some_and(|since| now.since(since) > hold * 3),
            heard: Heard {
                silent,
                due: recently(self.roles.due_at),
                preempts: recently(self.roles.preempts_at),
                foreign,
                others: groups().any(|group| group.standby_router().is_some()),
                outranked: self.roles.outranked,
                outranked_by_peer: conflict,
            },
            may_preempt: self.members.preempts(now, self.started_at)
                && (self.link.is_none()
                    || !self.members.preempts_in_sync()
                    || self.sync.state == SyncState::Hot
                    || self.peer.heartbeat.is_none()
                    || peer_idles),
            gave_up: self.roles.gave_up_at.is_some_and(|at| now.since(at) <= hold * 2),
            degraded: self.roles.degraded,
        }
    }
}
