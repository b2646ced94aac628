//! Two boxes and what lies between them.

use std::collections::BTreeMap;

use holdfast_engine::flow::FlowKey;
use holdfast_engine::time::Instant;

use super::boxes::{Box, Left, node_config};
use super::oracle::Oracle;
use super::*;
use crate::hsrp::tests::lan::Frame;
use crate::hsrp::{Group, GroupConfig, GroupEvent, Input as GroupInput};
use crate::node::{Command, CommandError, NodeConfig, NodeEvent};
use crate::replication::tests::link::{Badness, Link};
use crate::replication::tests::{Rng, key};
use crate::status::{BoxRole, SyncState};

/// How long a frame is on its way.
const LAN_DELAY: Duration = Duration::from_micros(200);

/// A router of another make, on one segment.
pub(super) struct Foreign {
    pub(super) segment: u8,
    pub(super) group: Group,
    pub(super) runs: bool,
}

/// What a world is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) seed: u64,
    pub(super) segments: u8,
    pub(super) workers: [u8; 2],
    pub(super) slots: u32,
    pub(super) room: usize,
    pub(super) badness: Badness,
    /// Longest time between two rounds, in microseconds; the shortest is 200.
    pub(super) round_us_max: u64,
}

impl Setup {
    pub(super) const PLAIN: Setup = Setup {
        seed: 1,
        segments: 2,
        workers: [2, 2],
        slots: 400,
        room: 1024,
        badness: Badness::NONE,
        round_us_max: 1_000,
    };
}

/// A frame that a box sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Instant,
    pub(super) from: usize,
    pub(super) segment: u8,
    pub(super) frame: Frame,
}

/// An HSRP packet on its way.
struct Packet {
    from: usize,
    segment: u8,
    source: Ipv4Addr,
    payload: Vec<u8>,
}

/// The pair.
pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) now: Instant,
    pub(super) rng: Rng,
    pub(super) boxes: [Box; 2],
    /// From box 0, and from box 1.
    pub(super) ha: [Link; 2],
    /// Frames of a box (2: foreign routers) on a segment vanish.
    pub(super) lan_cut: BTreeMap<(usize, u8), bool>,
    pub(super) foreign: Vec<Foreign>,
    pub(super) sent: Vec<Sent>,
    /// By time of arrival.
    under_way: BTreeMap<(Instant, u64), Packet>,
    count: u64,
    oracle: Oracle,
    /// Sessions come, change and go, on average so many of them in a thousand rounds.
    pub(super) traffic: u64,
    pub(super) flows: u64,
    boots: u64,
    /// Since when no box forwards; the longest such time since it was last reset.
    gap_since: Option<Instant>,
    pub(super) longest_gap: Duration,
}

impl World {
    pub(super) fn new(setup: Setup) -> World {
        World::with(setup, |_, _| {})
    }

    /// With changes to the boxes' configurations.
    pub(super) fn with(setup: Setup, change: impl Fn(usize, &mut NodeConfig)) -> World {
        let now = Instant(1_000_000_000);
        let make = |index: usize| {
            let mut config = node_config(index, setup.segments);
            change(index, &mut config);
            Box::new(config, setup.workers[index], setup.slots, setup.room, now)
        };
        World {
            now,
            rng: Rng(setup.seed),
            boxes: [make(0), make(1)],
            ha: [0x1111, 0x2222].map(|salt| Link::new(setup.badness, setup.seed ^ salt)),
            lan_cut: BTreeMap::new(),
            foreign: Vec::new(),
            sent: Vec::new(),
            under_way: BTreeMap::new(),
            count: 0,
            oracle: Oracle::default(),
            traffic: 0,
            flows: u64::from(setup.slots),
            boots: 10,
            gap_since: None,
            longest_gap: Duration::ZERO,
            setup,
        }
    }

    /// Box 0 active with `sessions`, box 1 hot.
    pub(super) fn settled(setup: Setup, sessions: u32) -> World {
        World::settled_with(setup, sessions, |_, _| {})
    }

    pub(super) fn settled_with(
        setup: Setup,
        sessions: u32,
        change: impl Fn(usize, &mut NodeConfig),
    ) -> World {
        let mut world = World::with(setup, change);
        world.run_until(ms(3_000), |w| w.boxes[0].role() == BoxRole::Active);
        world.begin(0..sessions);
        world.run_until(ms(3_000), |w| w.is_hot(1));
        world.run(ms(1_000));
        world.assert_equal();
        world.forget();
        world
    }

    /// What happened so far does not count.
    pub(super) fn forget(&mut self) {
        self.sent.clear();
        self.boxes.iter_mut().for_each(|b| b.events.clear());
        self.gap_since = None;
        self.longest_gap = Duration::ZERO;
    }

    // ---- faults ----

    /// The box is without power.
    pub(super) fn kill(&mut self, index: usize) {
        let killed = &mut self.boxes[index];
        killed.runs = false;
        killed.socket.clear();
        killed.ring.clear();
    }

    /// The box's process is stopped: its HA core and its workers.
    pub(super) fn pause(&mut self, index: usize) {
        self.boxes[index].paused = true;
    }

    /// It goes on; the workers no sooner than the HA core.
    pub(super) fn resume(&mut self, index: usize) {
        self.boxes[index].woke |= self.boxes[index].paused;
        self.boxes[index].paused = false;
    }

    /// The box starts anew, with an empty table.
    pub(super) fn restart(&mut self, index: usize) {
        self.boots += 1;
        let old = &self.boxes[index];
        let (mut config, links) = (old.config.clone(), old.links.clone());
        config.boot = self.boots;
        if let Some(link) = &mut config.link {
            link.boot = self.boots;
            link.random = crate::link::Random::Seeded(self.setup.seed ^ self.boots << 20);
        }
        let Setup { workers, slots, room, .. } = self.setup;
        let events = core::mem::take(&mut self.boxes[index].events);
        self.boxes[index] = Box::new(config, workers[index], slots, room, self.now);
        (self.boxes[index].links, self.boxes[index].events) = (links, events);
    }

    pub(super) fn cut_ha(&mut self, cut: bool) {
        self.ha.iter_mut().for_each(|link| link.is_cut = cut);
    }

    /// Frames of a box no longer reach anybody on a segment, or do again.
    pub(super) fn cut_lan(&mut self, from: usize, segment: u8, cut: bool) {
        self.lan_cut.insert((from, segment), cut);
    }

    pub(super) fn cut_all_lans(&mut self, cut: bool) {
        (0..self.setup.segments).for_each(|segment| (0..2).for_each(|from| self.cut_lan(from, segment, cut)));
    }

    pub(super) fn add_foreign(&mut self, segment: u8, config: GroupConfig) {
        let mut group = Group::new(config, self.now);
        group.handle(self.now, GroupInput::Up);
        self.foreign.push(Foreign { segment, group, runs: true });
    }

    /// Brings an HSRP packet to a box, whoever it claims to be from.
    pub(super) fn inject(&mut self, to: usize, port: u8, source: Ipv4Addr, payload: &[u8]) {
        self.boxes[to].arrive_hsrp(port, source, payload.to_vec());
    }

    pub(super) fn command(&mut self, index: usize, command: Command) -> Result<(), CommandError> {
        let Box { node, workers, .. } = &mut self.boxes[index];
        node.command(self.now, command, workers)
    }

    // ---- sessions ----

    /// The flows' sessions begin at whichever box forwards.
    pub(super) fn begin(&mut self, flows: core::ops::Range<u32>) {
        for flow in flows {
            assert!(self.packet(&key(flow)), "nobody forwards flow {flow}");
        }
    }

    /// A packet of a flow comes to whoever forwards; whether it has a session now.
    pub(super) fn packet(&mut self, flow: &FlowKey) -> bool {
        let now = self.now;
        let Some(at) = self.boxes.iter().position(|b| b.forwards(now)) else { return false };
        let workers = &mut self.boxes[at].workers;
        if workers.holds(flow).is_some() {
            workers.touch(flow);
            return true;
        }
        workers.begin(*flow)
    }

    fn live_traffic(&mut self) {
        let mut events = self.traffic;
        while events > 0 && self.rng.permille(events) {
            events = events.saturating_sub(1_000);
            let flow = key(self.rng.below(self.flows) as u32);
            if self.rng.permille(250) {
                let now = self.now;
                if let Some(b) = self.boxes.iter_mut().find(|b| b.forwards(now)) {
                    b.workers.end(&flow);
                }
            } else {
                self.packet(&flow);
            }
        }
    }

    // ---- time ----

    /// One round of everything.
    pub(super) fn step(&mut self) {
        let pause = 200 + self.rng.below(self.setup.round_us_max.saturating_sub(200) + 1);
        self.now = self.now + Duration::from_micros(pause);
        self.live_traffic();
        self.deliver();
        let mut left = Vec::new();
        for index in 0..2 {
            self.boxes[index].round(self.now, &mut left);
            for left in left.drain(..) {
                self.carry(index, left);
            }
        }
        self.step_foreign();
        self.note_gap();
        let mut oracle = core::mem::take(&mut self.oracle);
        let verdict = oracle.look(self);
        self.oracle = oracle;
        if let Err(what) = verdict {
            self.fail(&what);
        }
    }

    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    /// Runs until `done`; how long that took.
    pub(super) fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&World) -> bool) -> Duration {
        let begun = self.now;
        while !done(self) {
            if self.now.since(begun) > limit {
                self.fail(&format!("did not happen within {limit:?}"));
            }
            self.step();
        }
        self.now.since(begun)
    }

    fn deliver(&mut self) {
        while let Some(first) = self.under_way.first_entry().filter(|first| first.key().0 <= self.now) {
            let Packet { from, segment, source, payload } = first.remove();
            for to in (0..2).filter(|to| *to != from) {
                self.boxes[to].arrive_hsrp(segment, source, payload.clone());
            }
            if from != 2 {
                for router in self.foreign.iter_mut().filter(|f| f.segment == segment && f.runs) {
                    router.group.handle(self.now, GroupInput::Packet { source, payload: &payload });
                }
            }
        }
        for from in 0..2 {
            while let Some(datagram) = self.ha[from].receive(self.now) {
                self.boxes[1 - from].arrive_datagram(datagram);
            }
        }
    }

    fn carry(&mut self, from: usize, left: Left) {
        match left {
            Left::Datagram(datagram) => self.ha[from].send(self.now, &datagram),
            Left::Frame(segment, frame) => {
                let frame = Frame::read(&frame);
                self.sent.push(Sent { at: self.now, from, segment, frame: frame.clone() });
                self.send_frame(from, segment, frame);
            }
        }
    }

    fn send_frame(&mut self, from: usize, segment: u8, frame: Frame) {
        let Frame::Hsrp { source, payload, .. } = frame else { return };
        if !self.lan_cut.get(&(from, segment)).copied().unwrap_or(false) {
            self.count += 1;
            let packet = Packet { from, segment, source, payload };
            self.under_way.insert((self.now + LAN_DELAY, self.count), packet);
        }
    }

    fn step_foreign(&mut self) {
        let mut frames = Vec::new();
        for router in self.foreign.iter_mut().filter(|f| f.runs) {
            let group = &mut router.group;
            if group.wake().is_some_and(|at| at <= self.now) {
                group.handle(self.now, GroupInput::Timeout);
            }
            while let Some(event) = group.poll_event() {
                match event {
                    GroupEvent::TakeoverDue { why } => {
                        group.handle(self.now, GroupInput::Promote { why: why.as_str() });
                    }
                    GroupEvent::YieldDue { why, .. } => {
                        group.handle(self.now, GroupInput::Demote { why: why.as_str() });
                    }
                    _ => {}
                }
            }
            let mut buffer = Vec::new();
            while group.poll_transmit(self.now, &mut buffer) {
                frames.push((router.segment, Frame::read(&buffer)));
            }
        }
        frames.into_iter().for_each(|(segment, frame)| self.send_frame(2, segment, frame));
    }

    fn note_gap(&mut self) {
        if self.boxes.iter().any(|b| b.forwards(self.now)) {
            self.gap_since = None;
        } else {
            let since = *self.gap_since.get_or_insert(self.now);
            self.longest_gap = self.longest_gap.max(self.now.since(since));
        }
    }

    // ---- questions ----

    pub(super) fn roles(&self) -> [BoxRole; 2] {
        [self.boxes[0].role(), self.boxes[1].role()]
    }

    pub(super) fn is_active(&self, index: usize) -> bool {
        self.boxes[index].runs
            && self.boxes[index].role() == BoxRole::Active
            && self.boxes[index].forwards(self.now)
    }

    pub(super) fn is_hot(&self, index: usize) -> bool {
        let b = &self.boxes[index];
        b.role() == BoxRole::Standby && b.node.sync.state == SyncState::Hot
    }

    /// Changes of a box's role since the last [`World::forget`]: to what, when.
    pub(super) fn changes(&self, index: usize) -> Vec<(Instant, BoxRole)> {
        let changes = self.boxes[index].events.iter().filter_map(|(at, event)| match event {
            NodeEvent::Role { new, .. } => Some((*at, *new)),
            _ => None,
        });
        changes.collect()
    }

    /// When a box came into a role the last time.
    pub(super) fn entered(&self, index: usize, role: BoxRole) -> Option<Instant> {
        self.changes(index).iter().rev().find(|(_, new)| *new == role).map(|(at, _)| *at)
    }

    pub(super) fn assert_no_change_of(&self, index: usize) {
        if !self.changes(index).is_empty() {
            self.fail("its role changed");
        }
    }

    pub(super) fn assert_no_change(&self) {
        if (0..2).any(|index| !self.changes(index).is_empty()) {
            self.fail("a role changed");
        }
    }

    /// Both tables hold the same.
    pub(super) fn assert_equal(&self) {
        let [one, two] = [0, 1].map(|index| self.boxes[index].workers.live());
        let missing = one.keys().filter(|words| !two.contains_key(*words)).count();
        let left = two.keys().filter(|words| !one.contains_key(*words)).count();
        if one != two {
            self.fail(&format!(
                "{} and {} sessions; {missing} only in the first, {left} only in the second",
                one.len(),
                two.len()
            ));
        }
    }

    /// Both tables hold the same sessions; a box that was active in a split may have counted more packets of one.
    pub(super) fn assert_same_sessions(&self) {
        let [one, two] = [0, 1].map(|index| {
            let live = self.boxes[index].workers.live();
            live.into_iter().map(|(words, record)| (words, record.birth)).collect::<BTreeMap<_, _>>()
        });
        if one != two {
            let differ = one.iter().filter(|(words, birth)| two.get(*words) != Some(birth)).count();
            self.fail(&format!("{} and {} sessions; {differ} differ", one.len(), two.len()));
        }
    }

    /// Panics with what happened.
    pub(super) fn fail(&self, what: &str) -> ! {
        let mut told: Vec<_> = (0..2)
            .flat_map(|index| self.boxes[index].events.iter().map(move |(at, e)| (*at, index, e)))
            .collect();
        told.sort_by_key(|(at, index, _)| (*at, *index));
        for (at, index, event) in told.iter().skip(told.len().saturating_sub(80)) {
            eprintln!("{:10.3} ms box {index} {event:?}", at.0 as f64 / 1e6);
        }
        let now = self.now.0 as f64 / 1e6;
        panic!("seed {} at {now:.3} ms, {:?}: {what}", self.setup.seed, self.roles());
    }
}
