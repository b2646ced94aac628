//! Carrying out what is decided: taking over, handing over, giving up. Every step is in an order that loses nothing.
//!
//! *Takeover*: no more records are taken; every worker is told to be active through the ring that the records went
//! through, so it has installed all of them by then; when all workers have said so, the groups become active, which
//! sends the gratuitous ARP, then the hello.
//!
//! *Hand-over*: workers offer what waits for the next refresh, everything is sent and acknowledged (or
//! [`FLUSH_MAX`] passes), every group sends its Resign, and [`RESIGN_LEAD`] later the heartbeat says "go". This box goes
//! on forwarding and replicating until the peer says that it is active; then it lingers for frames still under way,
//! then it is standby. The peer announces itself several times meanwhile.
//!
//! *The lease*: workers act on an active role only for the hold time after the last hello. The peer cannot have seen
//! this box silent for its hold time before that is over, so a box that was stopped and wakes up never forwards beside
//! its successor.

use core::time::Duration;

use holdfast_engine::replication::{FromHa, RoleOrder};
use holdfast_engine::role::Role;
use holdfast_engine::time::Instant;

use super::{CommandError, DebugTopic, Node, NodeEvent};
use crate::hsrp::{Group, GroupEvent, Input as GroupInput, TakeoverWhy};
use crate::role::{Candidate, Decision, Health, Heard, View, decide};
use crate::status::{BoxRole, GroupState, LinkState, SyncState};
use crate::tables::Tables;

/// Longest wait for room in the workers' rings for what has arrived before a takeover.
const DRAIN_MAX: Duration = Duration::from_millis(20);
/// Longest wait for workers to carry out a role before the addresses move all the same.
const ORDER_MAX: Duration = Duration::from_millis(50);
/// Longest wait for the peer to acknowledge what a hand-over flushes.
const FLUSH_MAX: Duration = Duration::from_millis(250);
/// Longest wait for the peer to take over, before this box keeps the role after all.
const HANDOVER_MAX: Duration = Duration::from_secs(1);
/// How long frames that were under way are still forwarded after a hand-over.
const LINGER: Duration = Duration::from_millis(250);
/// Time between the Resigns of a hand-over and the word to the peer. A Resign comes from the virtual MAC: if it left
/// after the peer's gratuitous ARP, switches would send frames for that MAC to this box again.
const RESIGN_LEAD: Duration = Duration::from_millis(5);
/// When a takeover is announced once more: whatever the former active still sent from the virtual MAC (a Resign, an
/// answer to an ARP request) is undone while it lingers.
const ANNOUNCE_AGAIN: [Duration; 3] =
    [Duration::from_millis(20), Duration::from_millis(60), Duration::from_millis(150)];
/// An HSRP conflict with the peer is obeyed only when the HA link could not settle it for this long.
const CONFLICT_WAIT: Duration = Duration::from_millis(500);
/// While both boxes are active, the one that stays tells the hosts this often.
const INSIST_INTERVAL: Duration = Duration::from_secs(1);
/// A node that is not called for this part of the hold time was stopped.
const STOP_DIVISOR: u32 = 8;
/// And for no less than this: threads are kept waiting for so long every now and then.
const STOP_MIN: Duration = Duration::from_millis(10);
/// Silence counts only this part of the hold time after that; a hello comes at least three times in one.
const WAKING_DIVISOR: u32 = 3;
/// A worker that has not polled for this part of the hold time is stalled.
const STALL_DIVISOR: u32 = 2;

/// Which of the steps of becoming active or standby the box is in.
pub(super) struct Roles {
    pub(super) role: BoxRole,
    pub(super) why: &'static str,
    pub(super) since: Instant,
    pub(super) takeovers: u32,
    pub(super) term: u64,
    pub(super) lease_until: Instant,
    /// Hand-over: everything is flushed.
    pub(super) flushed: bool,
    /// Takeover: what had arrived is with the workers, and they are told to be active.
    drained: bool,
    /// A member or worker failed since the last decision.
    pub(super) degraded: bool,
    /// When the box last gave the role up to somebody who cannot tell whether he takes it.
    gave_up_at: Option<Instant>,
    /// When the box was last found to have been stopped for a while.
    woke_at: Option<Instant>,
    /// The box is going to end.
    ending: bool,
    generation: u32,
    /// Hand-over: flushes ordered of the workers; they have done so, and the rest is being sent.
    flushes: u32,
    flush_begun: bool,
    /// Hand-over: when the groups sent their Resigns.
    resigned_at: Option<Instant>,
    /// How many of [`ANNOUNCE_AGAIN`] are done since this box became active.
    announced: usize,
    /// Neither box has had the role since then.
    vacant_since: Option<Instant>,
    due_at: Option<Instant>,
    preempts_at: Option<Instant>,
    outranked: bool,
    conflict: Option<(Instant, Instant)>,
    insisted_at: Option<Instant>,
    /// Polls of each worker, and when they last changed.
    polls: Vec<(u64, Instant)>,
    watched_at: Instant,
    pub(super) workers_healthy: bool,
}

impl Roles {
    pub(super) fn new(now: Instant) -> Roles {
        Roles {
            role: BoxRole::Init,
            why: "started",
            since: now,
            takeovers: 0,
            term: 0,
            lease_until: Instant::default(),
            flushed: false,
            drained: false,
            degraded: false,
            gave_up_at: None,
            woke_at: None,
            ending: false,
            generation: 0,
            flushes: 0,
            flush_begun: false,
            resigned_at: None,
            announced: 0,
            vacant_since: None,
            due_at: None,
            preempts_at: None,
            outranked: false,
            conflict: None,
            insisted_at: None,
            polls: Vec::new(),
            watched_at: now,
            workers_healthy: true,
        }
    }

    /// Whether this box's sessions are the ones that count.
    pub(super) fn replicates(&self) -> bool {
        matches!(self.role, BoxRole::Active | BoxRole::HandingOver)
    }

    /// When the next step is due at the latest.
    pub(super) fn wake(&self) -> Option<Instant> {
        match self.role {
            BoxRole::TakingOver => Some(self.since + DRAIN_MAX + ORDER_MAX),
            BoxRole::HandingOver => Some(match self.resigned_at {
                _ if self.flushed => self.since + HANDOVER_MAX,
                Some(at) => at + RESIGN_LEAD,
                None => self.since + FLUSH_MAX,
            }),
            BoxRole::Lingering => Some(self.since + LINGER),
            BoxRole::Active => ANNOUNCE_AGAIN.get(self.announced).map(|after| self.since + *after),
            BoxRole::Init | BoxRole::Standby => None,
        }
    }
}

impl Node {
    /// Takes what the groups report; remembers what the next decision needs.
    pub(super) fn take_group_events(&mut self, now: Instant) {
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

    /// Decides, and goes on with what was decided before.
    pub(super) fn step_roles(&mut self, now: Instant, tables: &mut impl Tables) {
        let view = self.view(now, tables);
        let decision = decide(&view);
        self.roles.degraded = false;
        self.roles.outranked = false;
        match decision {
            Decision::Stay => {}
            Decision::TakeOver(_) if self.roles.ending => {}
            Decision::TakeOver(why) => self.begin_takeover(now, why, tables),
            Decision::HandOver(why) => drop(self.begin_handover(now, why, tables)),
            Decision::Keep(why) => self.keep_role(now, why),
            Decision::GiveUp(why) if self.roles.role == BoxRole::HandingOver => self.linger(now, why, tables),
            Decision::GiveUp(why) => self.give_up(now, why, tables),
            Decision::Insist(why) => self.insist(now, why),
        }
        match self.roles.role {
            BoxRole::TakingOver => self.go_on_taking_over(now, tables),
            BoxRole::HandingOver => self.go_on_handing_over(now, tables),
            BoxRole::Active => self.announce_again(now),
            BoxRole::Lingering if now.since(self.roles.since) >= LINGER => {
                self.order_role(Role::Standby, tables);
                self.set_role(now, BoxRole::Standby, "handed over to the peer");
            }
            BoxRole::Init if self.members.up() > 0 => {
                self.set_role(now, BoxRole::Standby, "an interface is up");
            }
            BoxRole::Standby if self.members.up() == 0 => {
                self.set_role(now, BoxRole::Init, "no interface is up");
            }
            _ => {}
        }
        self.align_groups(now);
    }

    /// This box as a candidate.
    pub(super) fn own_candidate(&self, now: Instant, tables: &impl Tables) -> Candidate {
        let health = Health { workers: self.roles.workers_healthy, members_up: self.members.up() };
        let priority = self.members.priority();
        let peer = self.peer.candidate(now, self.config.dead_after, 0);
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
            address: self.members.address(),
            wants_role,
            handover: self.handover_flag(),
            sessions: tables.digest().sessions,
        }
    }

    fn view(&mut self, now: Instant, tables: &impl Tables) -> View {
        let own = self.own_candidate(now, tables);
        let address = self.peer.heartbeat.as_ref().map_or(0, |h| {
            h.members.iter().map(|m| m.address.to_bits()).filter(|&a| a != 0).min().unwrap_or(0)
        });
        let peer = self.peer.candidate(now, self.config.dead_after, address);
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
        let link_is_up = self.link.as_ref().is_some_and(|link| link.state() == LinkState::Up);
        let conflict = self.roles.conflict.is_some_and(|(since, last)| {
            now.since(last) <= hold && now.since(since) >= CONFLICT_WAIT && !link_is_up
        });
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
                    || self.sync.state == SyncState::Hot
                    || self.peer.heartbeat.is_none()
                    || peer_idles),
            gave_up: self.roles.gave_up_at.is_some_and(|at| now.since(at) <= hold * 2),
            degraded: self.roles.degraded,
        }
    }

    fn begin_takeover(&mut self, now: Instant, why: &'static str, tables: &mut impl Tables) {
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

    fn go_on_taking_over(&mut self, now: Instant, tables: &mut impl Tables) {
        let waited = now.since(self.roles.since);
        if !self.roles.drained {
            if !self.drain_records(now, tables) && waited < DRAIN_MAX {
                return;
            }
            self.roles.drained = true;
            self.order_role(Role::Active, tables);
        }
        let obeyed = self.broadcasts.is_empty() && tables.role_generation() >= self.roles.generation;
        if obeyed || waited >= DRAIN_MAX + ORDER_MAX {
            let why = self.roles.why;
            self.members.each_group(|group| group.handle(now, GroupInput::Promote { why }));
            self.set_role(now, BoxRole::Active, why);
        }
    }

    /// Says once more who has the virtual addresses.
    fn announce_again(&mut self, now: Instant) {
        let due = ANNOUNCE_AGAIN.get(self.roles.announced);
        if due.is_some_and(|after| now.since(self.roles.since) >= *after) {
            self.roles.announced += 1;
            self.members.each_group(|group| group.announce(now));
        }
    }

    /// Begins a planned hand-over.
    ///
    /// # Errors
    /// Why it cannot be done without losing sessions.
    pub(super) fn begin_handover(
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
        let peer = self.peer.candidate(now, self.config.dead_after, 0).ok_or(CommandError::NoPeer)?;
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

    fn go_on_handing_over(&mut self, now: Instant, tables: &mut impl Tables) {
        let waited = now.since(self.roles.since);
        if self.roles.flushed {
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

    /// The peer did not come; its heartbeat may say why. This box never stopped forwarding.
    fn keep_role(&mut self, now: Instant, why: &'static str) {
        self.roles.flushed = false;
        self.set_role(now, BoxRole::Active, why);
    }

    /// Handed over: frames under way are still forwarded.
    fn linger(&mut self, now: Instant, why: &'static str, tables: &mut impl Tables) {
        self.roles.lease_until = now + LINGER;
        self.leave(now, why, Role::Lingering, BoxRole::Lingering, tables);
    }

    /// Leaves the active role at once.
    fn give_up(&mut self, now: Instant, why: &'static str, tables: &mut impl Tables) {
        if !self.peer.is_alive(now, self.config.dead_after) {
            self.roles.gave_up_at = Some(now);
        }
        self.leave(now, why, Role::Standby, BoxRole::Standby, tables);
    }

    fn leave(
        &mut self,
        now: Instant,
        why: &'static str,
        order: Role,
        role: BoxRole,
        tables: &mut impl Tables,
    ) {
        self.roles.flushed = false;
        self.stop_giving_records();
        self.order_role(order, tables);
        self.members.each_group(|group| group.handle(now, GroupInput::Demote { why }));
        (self.roles.due_at, self.roles.conflict) = (None, None);
        self.set_role(now, role, why);
    }

    /// The box was not running for longer than its lease: somebody else may be active. Nothing is said in the old
    /// role, not even a Resign.
    pub(super) fn notice_pause(&mut self, now: Instant, tables: &mut impl Tables) {
        let has_role =
            matches!(self.roles.role, BoxRole::Active | BoxRole::TakingOver | BoxRole::HandingOver);
        if has_role && now > self.roles.lease_until {
            self.leave(
                now,
                "the box was not running for its hold time",
                Role::Standby,
                BoxRole::Standby,
                tables,
            );
            self.members.each_group(Group::discard_transmits);
        }
    }

    /// A hello went out: workers may act on the role for another hold time.
    pub(super) fn renew_lease(&mut self, now: Instant) {
        if matches!(self.roles.role, BoxRole::Active | BoxRole::TakingOver | BoxRole::HandingOver) {
            self.roles.lease_until = now + self.config.hold();
        }
    }

    /// Both boxes were active and this one stays: hosts may have heard the other's gratuitous ARP last.
    fn insist(&mut self, now: Instant, why: &'static str) {
        if self.roles.insisted_at.is_none_or(|at| now.since(at) >= INSIST_INTERVAL) {
            self.roles.insisted_at = Some(now);
            self.members.each_group(|group| group.announce(now));
            self.debug(DebugTopic::Redundancy, || why.to_owned());
        }
    }

    /// Every running group is in the state that the box's role asks for.
    fn align_groups(&mut self, now: Instant) {
        let role = self.roles.role;
        self.members.each_group(|group| match (role, group.state()) {
            (BoxRole::Active, GroupState::Active) => {}
            (BoxRole::Active, _) => group.handle(now, GroupInput::Promote { why: "the box is active" }),
            (BoxRole::Init | BoxRole::Standby | BoxRole::Lingering, GroupState::Active) => {
                group.handle(now, GroupInput::Demote { why: "the box is not active" });
            }
            _ => {}
        });
    }

    pub(super) fn order_role(&mut self, role: Role, tables: &mut impl Tables) {
        self.roles.generation += 1;
        let order = RoleOrder { role, generation: self.roles.generation };
        self.broadcasts.push(FromHa::Role(order), tables);
    }

    fn set_role(&mut self, now: Instant, new: BoxRole, why: &'static str) {
        let old = core::mem::replace(&mut self.roles.role, new);
        (self.roles.why, self.roles.since) = (why, now);
        if new == BoxRole::Active && old == BoxRole::TakingOver {
            self.roles.announced = 0;
            self.roles.vacant_since = None;
        }
        let term = self.roles.term;
        self.beat.soon();
        self.tell(NodeEvent::Role { old, new, why, term });
    }

    /// Looks whether every worker still polls.
    pub(super) fn watch_workers(&mut self, now: Instant, tables: &impl Tables) {
        let stall = self.config.hold() / STALL_DIVISOR;
        let workers = usize::from(tables.shards());
        self.roles.polls.resize(workers, (0, now));
        // Who was stopped itself, with all its workers perhaps, has seen nothing of how they did.
        let was_stopped =
            now.since(self.roles.watched_at) >= (self.config.hold() / STOP_DIVISOR).max(STOP_MIN);
        self.roles.watched_at = now;
        if was_stopped {
            self.roles.woke_at = Some(now);
        }
        let mut healthy = true;
        for (worker, (polls, at)) in self.roles.polls.iter_mut().enumerate() {
            let seen = tables.polls(worker as u8);
            if seen != *polls || was_stopped {
                (*polls, *at) = (seen, now);
            }
            healthy &= now.since(*at) < stall;
        }
        if self.roles.workers_healthy != healthy {
            self.roles.workers_healthy = healthy;
            self.roles.degraded |= !healthy;
            self.beat.soon();
        }
    }

    /// The box ends: the peer is told before it would notice.
    pub(super) fn shut_down(&mut self, now: Instant, tables: &mut impl Tables) {
        self.roles.ending = true;
        if self.roles.replicates() || self.roles.role == BoxRole::TakingOver {
            self.give_up(now, "the box is shut down", tables);
        }
    }
}
