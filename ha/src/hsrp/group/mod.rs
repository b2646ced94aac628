//! One group on one interface.

mod decision;
mod receive;
mod report;
mod transmit;

use core::net::Ipv4Addr;

use holdfast_engine::interface::Mac;
use holdfast_engine::time::Instant;

use super::announcements::{Announcements, FRAMES_PER_ADDRESS};
use super::event::{Event, Rank};
use super::notices::Notices;
use super::outbox::Outbox;
use super::state::{Action, Cell, cell};
use super::timers::{TIMER_MIN, Timers, Times, next_hello};
use super::wire::Packet;
use super::{GroupConfig, GroupEvent, Input, OtherRouter, learn};
use crate::status::GroupState;
use report::Statistics;

/// One HSRP group on one interface. See the [module](crate::hsrp) for how it is driven.
#[derive(Debug)]
pub struct Group {
    config: GroupConfig,
    /// In force: as configured, less what tracking takes off.
    priority: u8,
    state: GroupState,
    /// As configured, or learned.
    virtual_addresses: Vec<Ipv4Addr>,
    /// In force: as configured, or learned.
    times: Times,
    timers: Timers,
    /// Another router that is active; while this one is, its rival after a split.
    active: Option<OtherRouter>,
    /// Nobody active was heard for the hold time.
    silent: bool,
    standby: Option<OtherRouter>,
    announcements: Announcements,
    outbox: Outbox,
    notices: Notices,
    statistics: Statistics,
}

/// Whether hellos are sent in a state.
const fn speaks(state: GroupState) -> bool {
    matches!(state, GroupState::Speak | GroupState::Standby | GroupState::Active)
}

impl Group {
    /// A group that is not running yet: [`Input::Up`] starts it.
    pub fn new(config: GroupConfig, now: Instant) -> Group {
        Group {
            priority: config.priority,
            state: GroupState::Initial,
            virtual_addresses: config.virtual_addresses.clone(),
            times: Group::configured_times(&config),
            timers: Timers::default(),
            active: None,
            silent: false,
            standby: None,
            announcements: Announcements::default(),
            outbox: Outbox::default(),
            notices: Notices::new(),
            statistics: Statistics::new(now),
            config,
        }
    }

    fn configured_times(config: &GroupConfig) -> Times {
        Times { hello: config.hello.max(TIMER_MIN), hold: config.hold.max(TIMER_MIN) }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Packet { source, payload } => self.receive(now, source, payload),
            Input::Up if self.virtual_addresses.is_empty() => self.step(now, Event::UpUnaddressed),
            Input::Up => self.step(now, Event::UpAddressed),
            Input::Down => self.step(now, Event::Down),
            Input::Timeout => self.run_timers(now),
            Input::Promote { why } => self.promote(now, why),
            Input::Demote { why } => self.demote(now, why),
            Input::SetPriority(priority) => self.priority = priority,
        }
    }

    /// When [`Input::Timeout`] is due; `None` when nothing is to come.
    pub fn wake(&self) -> Option<Instant> {
        [self.timers.next(), self.announcements.next()].into_iter().flatten().min()
    }

    /// Begins the series of gratuitous ARPs again: who won after a split does, since the loser sent some too. Only
    /// while active.
    pub fn announce(&mut self, now: Instant) {
        if self.state == GroupState::Active {
            self.announcements.start(now);
            self.announce_if_due(now);
        }
    }

    fn announce_if_due(&mut self, now: Instant) {
        if self.announcements.take_due(now) {
            self.outbox.announce(self.virtual_addresses.len(), FRAMES_PER_ADDRESS);
        }
    }

    /// Takes every timer that has run out once. The standby timer goes first: when both run out together, the box that
    /// is alone goes from Speak to Standby and on, instead of waiting another hold time.
    fn run_timers(&mut self, now: Instant) {
        if Timers::take_due(&mut self.timers.standby, now) {
            self.standby = None;
            self.step(now, Event::StandbyTimer);
        }
        if Timers::take_due(&mut self.timers.active, now) {
            self.note_silence();
            self.step(now, Event::ActiveTimer);
        }
        self.forget_silent_rival(now);
        if let Some(due) = self.timers.hello.take_if(|at| *at <= now) {
            self.step(now, Event::HelloTimer);
            self.timers.hello = Some(next_hello(due, now, self.times.hello));
        }
        self.announce_if_due(now);
    }

    fn note_silence(&mut self) {
        if self.state != GroupState::Active && !self.silent {
            self.silent = true;
            self.notices.push(GroupEvent::ActiveSilent { last: self.active.map(|heard| heard.address) });
        }
    }

    /// While active there is no active timer, so a rival is looked at here.
    fn forget_silent_rival(&mut self, now: Instant) {
        if self.state == GroupState::Active {
            self.active = self.active.filter(|rival| rival.last + self.times.hold > now);
        }
    }

    /// One event without a packet.
    fn step(&mut self, now: Instant, event: Event) {
        self.step_with(now, event, None);
    }

    /// One event, and the packet that it came with. Cells that enter or leave Active are the box's to decide, except when
    /// the interface is gone.
    fn step_with(&mut self, now: Instant, event: Event, packet: Option<(&Packet, Rank)>) {
        if matches!(event, Event::LowerActive | Event::LowerActivePreempt) {
            // Learned from whoever was active before, or from a packet of long ago.
            self.forget_learned_times(now);
        }
        let cell = cell(self.state, event);
        let moves = (self.state == GroupState::Active) != (cell.next == GroupState::Active);
        if moves && event != Event::Down {
            self.ask(now, event, packet.map(|(_, rank)| rank));
            return;
        }
        if self.state == GroupState::Active && matches!(event, Event::LowerActive | Event::LowerActivePreempt)
        {
            // The rival announced itself too; caches and switches must come back.
            self.announcements.restart(now);
            self.announce_if_due(now);
        }
        self.carry_out(now, cell, cell.next, cell.why, packet.map(|(packet, _)| packet));
    }

    fn carry_out(
        &mut self,
        now: Instant,
        cell: &Cell,
        next: GroupState,
        why: &'static str,
        packet: Option<&Packet>,
    ) {
        for action in cell.actions {
            match action {
                Action::StartActiveTimer => self.start_active_timer(now),
                Action::StartStandbyTimer => self.timers.standby = Some(now + self.times.hold),
                Action::StopActiveTimer => self.timers.active = None,
                Action::StopStandbyTimer => self.timers.standby = None,
                Action::Learn => self.learn(now, packet),
                Action::SendHello => self.outbox.hello(),
                Action::SendCoup => self.outbox.coup(self.state),
                Action::SendResign => self.outbox.resign(),
                Action::Announce => self.announcements.start(now),
            }
        }
        if next != self.state {
            self.change(now, next, why);
        }
    }

    fn start_active_timer(&mut self, now: Instant) {
        self.timers.active = Some(now + self.times.hold);
    }

    fn learn(&mut self, now: Instant, packet: Option<&Packet>) {
        let Some(packet) = packet else { return };
        self.use_times(now, learn::times(packet, Group::configured_times(&self.config)));
        if self.config.virtual_addresses.is_empty() && self.is_usable(packet.virtual_address) {
            self.virtual_addresses.clear();
            self.virtual_addresses.push(packet.virtual_address);
        }
    }

    /// An active router of lower priority teaches no timers, and what others taught before it does not hold for it.
    fn forget_learned_times(&mut self, now: Instant) {
        self.use_times(now, Group::configured_times(&self.config));
    }

    fn use_times(&mut self, now: Instant, times: Times) {
        self.times = times;
        self.timers.hello = self.timers.hello.map(|at| at.min(now + times.hello));
    }

    fn is_usable(&self, virtual_address: Ipv4Addr) -> bool {
        learn::is_host(virtual_address) && virtual_address != self.config.address
    }

    /// Changes the state, and what follows from it whatever the reason.
    fn change(&mut self, now: Instant, new: GroupState, why: &'static str) {
        let old = core::mem::replace(&mut self.state, new);
        self.statistics.changed(now, why);
        self.notices.push(GroupEvent::StateChanged { old, new, why });
        if old == GroupState::Active {
            self.announcements.stop();
            self.outbox.forget_active();
        }
        match new {
            GroupState::Active => self.enter_active(now),
            GroupState::Initial => self.forget_everybody(),
            _ => {}
        }
        self.timers.hello = match (speaks(old), new) {
            // The Hello that says so is queued already.
            (_, GroupState::Active) => Some(now + self.times.hello),
            (false, GroupState::Speak | GroupState::Standby) => Some(now),
            (true, GroupState::Speak | GroupState::Standby) => self.timers.hello,
            (_, GroupState::Initial | GroupState::Learn | GroupState::Listen) => None,
        };
        if !speaks(new) {
            self.outbox.forget_hello();
        }
    }

    /// An active router uses its own timers, and waits for no other one.
    fn enter_active(&mut self, now: Instant) {
        self.times = Group::configured_times(&self.config);
        self.silent = false;
        self.timers.active = None;
        self.timers.standby = self.standby.map(|_| now + self.times.hold);
        self.outbox.forget_resign();
        self.announce_if_due(now);
    }

    fn forget_everybody(&mut self) {
        self.times = Group::configured_times(&self.config);
        self.virtual_addresses.clone_from(&self.config.virtual_addresses);
        self.active = None;
        self.standby = None;
        self.silent = false;
    }

    /// This router's place in an election.
    pub fn rank(&self) -> Rank {
        Rank { priority: self.priority, address: self.config.address }
    }

    /// The MAC that answers for the virtual addresses.
    pub fn virtual_mac(&self) -> Mac {
        self.config.version.virtual_mac(self.config.group)
    }
}
