//! Work for a profiler: both machines at their most, over tables that cost next to nothing. No clock runs here;
//! measure from outside, e.g.
//! `perf stat cargo test --release -p holdfast-ha replication::tests::speed -- --ignored --exact …`.

use core::hint::black_box;

use holdfast_engine::flow::FlowKey;
use holdfast_engine::replication::{FromHa, SessionRecord};
use holdfast_engine::time::Instant;

use super::link::SPACING;
use super::{Rng, key, session};
use crate::replication::{Receiver, Sender};
use crate::tables::{Slot, TableDigest, Tables};

const SESSIONS: u32 = 1 << 20;
const CHANGES: u64 = 20_000_000;

struct CheapTables {
    slots: Vec<SessionRecord>,
    changed: Vec<u32>,
    received: u64,
}

impl CheapTables {
    fn new(slots: u32) -> CheapTables {
        let slots = (0..slots).map(|n| session(key(n), n + 1, 1000)).collect();
        CheapTables { slots, changed: Vec::new(), received: 0 }
    }
}

impl Tables for CheapTables {
    fn shards(&self) -> u8 {
        1
    }
    fn slots(&self, _shard: u8) -> u32 {
        self.slots.len() as u32
    }
    fn used_slots(&self, _shard: u8) -> u32 {
        self.slots.len() as u32
    }
    fn take_changed(&mut self, _shard: u8) -> Option<u32> {
        self.changed.pop()
    }
    fn mark_changed(&mut self, _shard: u8, slot: u32) {
        self.changed.push(slot);
    }
    fn read(&self, _shard: u8, slot: u32) -> Slot {
        Slot::Filled(self.slots[slot as usize])
    }
    fn prefetch(&self, _shard: u8, slot: u32) {
        // Nobody waits for these two loads, one a cache line.
        let record = &self.slots[slot as usize];
        black_box((record.birth, record.counters[1].bytes));
    }
    fn owner(&self, _key: &FlowKey) -> u8 {
        0
    }
    fn room(&mut self, _worker: u8) -> usize {
        usize::MAX
    }
    fn send(&mut self, _worker: u8, message: FromHa) -> Result<(), FromHa> {
        black_box(&message);
        self.received += 1;
        Ok(())
    }
    fn digest(&self) -> TableDigest {
        TableDigest { sessions: self.slots.len() as u64, sum: 0 }
    }
    fn all_applied(&mut self) -> bool {
        true
    }
    fn role_generation(&self) -> u32 {
        0
    }
    fn copies_ended(&self) -> u32 {
        0
    }
    fn flushes(&self) -> u32 {
        0
    }
    fn polls(&self, _worker: u8) -> u64 {
        0
    }
}

/// One datagram there and, when due, one back; returns whether there was one.
fn exchange(
    now: Instant,
    sender: &mut Sender,
    receiver: &mut Receiver,
    active: &mut CheapTables,
    standby: &mut CheapTables,
    buffer: &mut Vec<u8>,
) -> bool {
    buffer.clear();
    let sent = sender.fill(now, active, 1400, buffer);
    if sent {
        receiver.handle_records(now, buffer, standby);
    }
    buffer.clear();
    if receiver.poll_acks(now, buffer) {
        sender.handle_acks(now, buffer, active);
    }
    sent
}

/// Complete copies until as many records went as the other one sends.
#[test]
#[ignore = "work for a profiler"]
fn bulk() {
    let (mut active, mut standby) = (CheapTables::new(SESSIONS), CheapTables::new(1));
    let (mut sender, mut receiver) = (Sender::new(&active), Receiver::new(&standby));
    let (mut now, mut buffer, mut epoch) = (Instant(1), Vec::with_capacity(2000), 0);
    while standby.received < CHANGES {
        epoch += 1;
        sender.start_epoch(epoch, &active);
        receiver.begin_epoch(epoch);
        while !sender.bulk_complete() {
            now = now + SPACING;
            exchange(now, &mut sender, &mut receiver, &mut active, &mut standby, &mut buffer);
        }
    }
    assert_eq!(sender.counters().records_sent, standby.received);
}

/// Changes of random sessions of a million.
#[test]
#[ignore = "work for a profiler"]
fn live() {
    let (mut active, mut standby) = (CheapTables::new(SESSIONS), CheapTables::new(1));
    let (mut sender, mut receiver) = (Sender::new(&active), Receiver::new(&standby));
    let (mut now, mut buffer, mut rng) = (Instant(1), Vec::with_capacity(2000), Rng(1));
    sender.start_epoch(1, &active);
    receiver.begin_epoch(1);
    while standby.received < CHANGES {
        now = now + SPACING;
        if active.changed.is_empty() {
            active.changed.extend((0..256).map(|_| rng.below(SESSIONS.into()) as u32));
        }
        exchange(now, &mut sender, &mut receiver, &mut active, &mut standby, &mut buffer);
    }
    assert_eq!(sender.counters().datagrams_lost, 0);
}

/// The tables alone: what of the above is not the protocol's.
#[test]
#[ignore = "work for a profiler"]
fn tables() {
    let active = CheapTables::new(SESSIONS);
    let mut rng = Rng(1);
    (0..CHANGES).for_each(|_| _ = black_box(active.read(0, rng.below(SESSIONS.into()) as u32)));
}
