//! A box's tables without workers: slots, change bits, bounded inboxes, and a watch on what must never happen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use holdfast_engine::flow::{FlowKey, OwnerMap};
use holdfast_engine::replication::{FromHa, SessionRecord};

use super::session;
use crate::tables::{Slot, TableDigest, Tables};

/// A key that can be sorted.
pub(crate) type Words = (u64, u64, [u64; 4]);

pub(crate) fn words(key: &FlowKey) -> Words {
    (key.tail, key.head, key.v6)
}

#[derive(Debug, Default)]
struct Shard {
    slots: Vec<Option<SessionRecord>>,
    used: u32,
    changed: BTreeSet<u32>,
    /// The last slot taken; changes are taken in turn.
    taken: u32,
    busy: BTreeSet<u32>,
    inbox: VecDeque<FromHa>,
}

/// One box.
#[derive(Debug)]
pub(super) struct FakeTables {
    owners: OwnerMap,
    shards: Vec<Shard>,
    room: usize,
    births: u32,
    /// Where each live session of the own workers is.
    places: BTreeMap<Words, (u8, u32)>,
    /// Sessions installed by the peer.
    pub(super) installed: BTreeMap<Words, SessionRecord>,
    /// Sessions a copy has named so far, while one is under way.
    named: Option<BTreeSet<Words>>,
    /// Sessions whose removal was carried out.
    removed: BTreeSet<(Words, u32)>,
    /// What must never happen, and did.
    pub(super) violations: Vec<String>,
    pub(super) installs: u64,
}

impl FakeTables {
    pub(super) fn new(workers: u8, slots: u32, room: usize) -> FakeTables {
        let shard = || Shard { slots: vec![None; slots as usize], ..Shard::default() };
        FakeTables {
            owners: OwnerMap::new(workers),
            shards: (0..workers).map(|_| shard()).collect(),
            room,
            births: 0,
            places: BTreeMap::new(),
            installed: BTreeMap::new(),
            named: None,
            removed: BTreeSet::new(),
            violations: Vec::new(),
            installs: 0,
        }
    }

    /// Begins a session in the `nth` free slot; `None` when the key has one, or there is no slot.
    pub(super) fn begin(&mut self, key: FlowKey, nth: u64) -> Option<(u8, u32)> {
        let owner = self.owners.owner(&key);
        if self.places.contains_key(&words(&key)) {
            return None;
        }
        let shard = &mut self.shards[usize::from(owner)];
        let free: Vec<usize> = (0..shard.slots.len()).filter(|&at| shard.slots[at].is_none()).collect();
        let slot = *free.get((nth % free.len().max(1) as u64) as usize)? as u32;
        self.births += 1;
        shard.slots[slot as usize] = Some(session(key, self.births, 1));
        shard.used = shard.used.max(slot + 1);
        shard.changed.insert(slot);
        self.places.insert(words(&key), (owner, slot));
        Some((owner, slot))
    }

    /// A packet of the session.
    pub(super) fn change(&mut self, key: &FlowKey) {
        if let Some(&(owner, slot)) = self.places.get(&words(key)) {
            let shard = &mut self.shards[usize::from(owner)];
            let held = shard.slots[slot as usize].as_mut().unwrap();
            *held = session(held.key, held.birth.0, held.counters[0].packets + 1);
            shard.changed.insert(slot);
        }
    }

    pub(super) fn end(&mut self, key: &FlowKey) {
        if let Some((owner, slot)) = self.places.remove(&words(key)) {
            let shard = &mut self.shards[usize::from(owner)];
            shard.slots[slot as usize] = None;
            shard.changed.insert(slot);
        }
    }

    /// Has a slot read as busy, or no longer.
    pub(super) fn set_busy(&mut self, shard: u8, slot: u32, busy: bool) {
        let slots = &mut self.shards[usize::from(shard)].busy;
        if busy {
            slots.insert(slot)
        } else {
            slots.remove(&slot)
        };
    }

    pub(super) fn clear_busy(&mut self) {
        self.shards.iter_mut().for_each(|shard| shard.busy.clear());
    }

    /// The sessions of the own workers.
    pub(super) fn live(&self) -> BTreeMap<Words, SessionRecord> {
        let held = self.shards.iter().flat_map(|shard| shard.slots.iter().flatten());
        held.map(|record| (words(&record.key), *record)).collect()
    }

    pub(super) fn tell_all(&mut self, message: FromHa) {
        self.shards.iter_mut().for_each(|shard| shard.inbox.push_back(message));
    }

    pub(super) fn waiting(&self, worker: u8) -> usize {
        self.shards[usize::from(worker)].inbox.len()
    }

    /// Has a worker carry out at most `messages`.
    pub(super) fn work(&mut self, worker: u8, messages: usize) {
        for _ in 0..messages {
            let Some(message) = self.shards[usize::from(worker)].inbox.pop_front() else { return };
            match message {
                FromHa::Install(record) => self.install(worker, record),
                FromHa::Remove { key, birth } => {
                    self.removed.insert((words(&key), birth.0));
                    if self.installed.get(&words(&key)).is_some_and(|held| held.birth == birth) {
                        self.installed.remove(&words(&key));
                    }
                }
                // One worker speaks for all: what the copy named is known when the last has ended it.
                FromHa::CopyBegins if worker == 0 => self.named = Some(BTreeSet::new()),
                FromHa::CopyEnds if worker == 0 => {
                    (1..self.shards.len() as u8).for_each(|other| self.work(other, usize::MAX));
                    if let Some(named) = self.named.take() {
                        self.installed.retain(|words, _| named.contains(words));
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn work_all(&mut self) {
        (0..self.shards.len() as u8).for_each(|worker| self.work(worker, usize::MAX));
    }

    fn install(&mut self, worker: u8, record: SessionRecord) {
        self.installs += 1;
        let words = words(&record.key);
        if self.owners.owner(&record.key) != worker {
            self.violations.push(format!("worker {worker} got another's {:?}", record.key));
        }
        if self.removed.contains(&(words, record.birth.0)) {
            self.violations.push(format!("came back: {:?} {:?}", record.key, record.birth));
        }
        if let Some(held) = self.installed.get(&words) {
            if held.birth == record.birth && held.counters[0].packets > record.counters[0].packets {
                self.violations.push(format!("stale: {:?} over {:?}", record.counters[0], held.counters[0]));
            }
            if held.birth.0 > record.birth.0 {
                self.violations.push(format!("{:?} overwrites {:?}", record.birth, held.birth));
            }
        }
        if let Some(named) = &mut self.named {
            named.insert(words);
        }
        self.installed.insert(words, record);
    }
}

impl Tables for FakeTables {
    fn shards(&self) -> u8 {
        self.shards.len() as u8
    }
    fn slots(&self, shard: u8) -> u32 {
        self.shards[usize::from(shard)].slots.len() as u32
    }
    fn used_slots(&self, shard: u8) -> u32 {
        self.shards[usize::from(shard)].used
    }
    fn take_changed(&mut self, shard: u8) -> Option<u32> {
        let shard = &mut self.shards[usize::from(shard)];
        let after = shard.changed.range(shard.taken + 1..).next().or_else(|| shard.changed.first());
        shard.taken = *after?;
        shard.changed.remove(&shard.taken);
        Some(shard.taken)
    }
    fn mark_changed(&mut self, shard: u8, slot: u32) {
        self.shards[usize::from(shard)].changed.insert(slot);
    }
    fn read(&self, shard: u8, slot: u32) -> Slot {
        let shard = &self.shards[usize::from(shard)];
        if shard.busy.contains(&slot) {
            return Slot::Busy;
        }
        shard.slots[slot as usize].map_or(Slot::Empty, Slot::Filled)
    }
    fn owner(&self, key: &FlowKey) -> u8 {
        self.owners.owner(key)
    }
    fn room(&mut self, worker: u8) -> usize {
        self.room.saturating_sub(self.waiting(worker))
    }
    fn send(&mut self, worker: u8, message: FromHa) -> Result<(), FromHa> {
        if self.room(worker) == 0 {
            return Err(message);
        }
        self.shards[usize::from(worker)].inbox.push_back(message);
        Ok(())
    }
    fn digest(&self) -> TableDigest {
        TableDigest { sessions: self.places.len() as u64, sum: 0 }
    }
    fn all_applied(&mut self) -> bool {
        self.shards.iter().all(|shard| shard.inbox.is_empty())
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
