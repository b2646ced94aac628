//! Carrying out what is decided. Every step is in an order that loses nothing.
//!
//! | file | what it is |
//! | --- | --- |
//! | `view.rs` | what the decision is made of: both boxes as candidates, what the groups report |
//! | `takeover.rs` | standby → taking over → active |
//! | `handover.rs` | active → handing over → lingering → standby |
//! | `lease.rs` | until when workers may act on an active role; a box that was stopped |
//! | `workers.rs` | whether the workers poll |

mod handover;
mod lease;
mod takeover;
mod view;
mod workers;

use holdfast_engine::replication::{FromHa, RoleOrder};
use holdfast_engine::role::Role;
use holdfast_engine::time::Instant;

use super::{Node, NodeEvent};
use crate::hsrp::Input as GroupInput;
use crate::role::{Decision, decide};
use crate::status::{BoxRole, GroupState};
use crate::tables::Tables;
use handover::{FLUSH_MAX, HANDOVER_MAX, LINGER, RESIGN_LEAD};
use takeover::{ANNOUNCE_AGAIN, DRAIN_MAX, ORDER_MAX};

/// Which of the steps of becoming active or standby the box is in.
pub(super) struct Roles {
    pub(super) role: BoxRole,
    pub(super) why: &'static str,
    pub(super) since: Instant,
    pub(super) takeovers: u32,
    pub(super) term: u64,
    pub(super) lease_until: Instant,
    /// The same before the last frame.
    pub(super) lease_before: Instant,
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
            lease_before: Instant::default(),
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

    /// Every running group is in the state that the box's role asks for.
    fn align_groups(&mut self, now: Instant) {
        let role = match self.roles.role {
            // Until it resigns.
            BoxRole::HandingOver if self.roles.resigned_at.is_none() => BoxRole::Active,
            role => role,
        };
        self.members.each_group(|group| match (role, group.state()) {
            (BoxRole::Active, GroupState::Active) => {}
            (BoxRole::Active, _) => group.handle(now, GroupInput::Promote { why: "the box is active" }),
            (BoxRole::Init | BoxRole::Standby | BoxRole::Lingering, GroupState::Active) => {
                group.handle(now, GroupInput::Demote { why: "the box is not active" });
            }
            _ => {}
        });
    }

    /// Whether every worker has carried out the last order.
    pub(super) fn is_obeyed(&self, tables: &impl Tables) -> bool {
        self.broadcasts.is_empty() && tables.role_generation() >= self.roles.generation
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

    /// The box ends: the peer is told before it would notice.
    pub(super) fn shut_down(&mut self, now: Instant, tables: &mut impl Tables) {
        self.roles.ending = true;
        if self.roles.role.replicates() || self.roles.role == BoxRole::TakingOver {
            self.give_up(now, "the box is shut down", tables);
        }
    }
}
