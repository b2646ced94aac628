//! An active box, a standby, and the link between them, driven step by step.

use core::time::Duration;

use holdfast_engine::replication::FromHa;
use holdfast_engine::time::Instant;

use super::fake::FakeTables;
use super::link::{Badness, Link, SPACING};
use super::{Rng, key};
use crate::replication::{Receiver, Sender};

/// What a world is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) seed: u64,
    pub(super) workers: (u8, u8),
    pub(super) slots: u32,
    /// Flows that sessions are drawn from.
    pub(super) flows: u64,
    /// Room of a standby worker's ring, and messages it carries out in a step.
    pub(super) room: usize,
    pub(super) work: usize,
    pub(super) link: Badness,
    pub(super) payload: usize,
}

impl Setup {
    pub(super) const PLAIN: Setup = Setup {
        seed: 1,
        workers: (1, 1),
        slots: 100,
        flows: 80,
        room: 1024,
        work: 1024,
        link: Badness::NONE,
        payload: 1400,
    };
}

/// The pair.
#[derive(Debug)]
pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) now: Instant,
    pub(super) rng: Rng,
    pub(super) active: FakeTables,
    pub(super) standby: FakeTables,
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
    pub(super) there: Link,
    pub(super) back: Link,
    copying: bool,
    /// Most records that were on their way or at hand.
    pub(super) pending_max: u64,
}

impl World {
    pub(super) fn new(setup: Setup) -> World {
        let active = FakeTables::new(setup.workers.0, setup.slots, setup.room);
        let standby = FakeTables::new(setup.workers.1, setup.slots, setup.room);
        World {
            now: Instant(1_000_000_000),
            rng: Rng(setup.seed),
            sender: Sender::new(&active),
            receiver: Receiver::new(&standby),
            there: Link::new(setup.link, setup.seed ^ 0x1111),
            back: Link::new(setup.link, setup.seed ^ 0x2222),
            active,
            standby,
            copying: false,
            pending_max: 0,
            setup,
        }
    }

    /// The standby asks for a copy.
    pub(super) fn copy(&mut self, epoch: u64) {
        self.standby.tell_all(FromHa::CopyBegins);
        self.receiver.begin_epoch(epoch);
        self.sender.start_epoch(epoch, &self.active);
        self.copying = true;
    }

    /// Something happens to a few sessions.
    pub(super) fn live_traffic(&mut self, events: u64) {
        for _ in 0..events {
            let flow = key(self.rng.below(self.setup.flows) as u32);
            match self.rng.below(10) {
                0..=3 => {
                    let nth = self.rng.next();
                    if let Some((shard, slot)) = self.active.begin(flow, nth)
                        && self.rng.permille(100)
                    {
                        self.active.set_busy(shard, slot, true);
                    }
                }
                4..=6 => self.active.change(&flow),
                7 => self.active.end(&flow),
                8 => {
                    // The same flow again at once, mostly in another slot.
                    self.active.end(&flow);
                    let nth = self.rng.next();
                    self.active.begin(flow, nth);
                }
                _ => self.active.clear_busy(),
            }
        }
    }

    /// [`SPACING`] passes.
    pub(super) fn step(&mut self) {
        self.now = self.now + SPACING;
        self.sender.handle_timeout(self.now, &mut self.active);
        let mut message = Vec::new();
        if self.sender.fill(self.now, &mut self.active, self.setup.payload, &mut message) {
            assert!(message.len() <= self.setup.payload);
            self.there.send(self.now, &message);
        }
        while let Some(message) = self.there.receive(self.now) {
            self.receiver.handle_records(self.now, &message, &mut self.standby);
        }
        self.receiver.handle_timeout(self.now, &mut self.standby);
        let mut acks = Vec::new();
        while self.receiver.poll_acks(self.now, &mut acks) {
            self.back.send(self.now, &acks);
            acks.clear();
        }
        while let Some(acks) = self.back.receive(self.now) {
            self.sender.handle_acks(self.now, &acks, &mut self.active);
        }
        for worker in 0..self.setup.workers.1 {
            self.standby.work(worker, self.setup.work);
        }
        if self.copying && self.sender.bulk_complete() {
            self.copying = false;
            self.standby.tell_all(FromHa::CopyEnds);
        }
        self.pending_max = self.pending_max.max(self.sender.pending_records());
    }

    pub(super) fn steps(&mut self, steps: u64) {
        (0..steps).for_each(|_| self.step());
    }

    /// Steps until nothing is left to be said; panics when that takes longer than `limit`.
    pub(super) fn settle(&mut self, limit: Duration) {
        self.active.clear_busy();
        let end = self.now + limit;
        self.step();
        while !self.sender.is_quiet() {
            assert!(self.now < end, "never quiet: {:?} {:?}", self.sender.streams(), self.sender.counters());
            self.step();
        }
        self.standby.work_all();
    }

    /// The standby has what the active has, and nothing forbidden happened on the way.
    pub(super) fn assert_equal(&self) {
        assert_eq!(self.standby.violations, Vec::<String>::new());
        let (live, installed) = (self.active.live(), &self.standby.installed);
        let missing: Vec<_> = live.iter().filter(|(words, _)| !installed.contains_key(*words)).collect();
        let left: Vec<_> = installed.iter().filter(|(words, _)| !live.contains_key(*words)).collect();
        assert!(missing.is_empty() && left.is_empty(), "missing {missing:?}, left over {left:?}");
        assert_eq!(&live, installed);
    }
}
