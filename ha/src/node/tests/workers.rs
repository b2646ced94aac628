//! A box's workers and their tables, as the engine has them: one table of live sessions, told to the HA core while the
//! box is active, filled by it while the box is standby.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use holdfast_engine::flow::{FlowKey, OwnerMap};
use holdfast_engine::replication::{FromHa, SessionRecord};
use holdfast_engine::role::Role;

use crate::replication::tests::fake::{Words, words};
use crate::replication::tests::session;
use crate::tables::{Slot, TableDigest, Tables};

/// Polls between two refreshes.
const REFRESH_POLLS: u64 = 200;

#[derive(Debug, Default)]
struct Worker {
    slots: Vec<Option<SessionRecord>>,
    used: u32,
    changed: BTreeSet<u32>,
    /// Saw traffic, and was not told of since.
    noted: BTreeSet<u32>,
    taken: u32,
    inbox: VecDeque<FromHa>,
    role: Role,
    generation: u32,
    copies_ended: u32,
    flushes: u32,
    polls: u64,
    /// Does nothing.
    stalled: bool,
    /// Slots that a copy has named so far, while one is under way.
    confirmed: Option<BTreeSet<u32>>,
}

/// All workers of a box.
#[derive(Debug)]
pub(super) struct Workers {
    owners: OwnerMap,
    workers: Vec<Worker>,
    room: usize,
    /// Messages a worker carries out in a poll.
    pub(super) budget: usize,
    births: u32,
    places: BTreeMap<Words, (u8, u32)>,
    digest: TableDigest,
    /// What must never happen, and did.
    pub(super) violations: Vec<String>,
}

impl Workers {
    /// `births` begins where no other start of a box gives any.
    pub(super) fn new(workers: u8, slots: u32, room: usize, births: u32) -> Workers {
        let worker = || Worker { slots: vec![None; slots as usize], ..Worker::default() };
        Workers {
            owners: OwnerMap::new(workers),
            workers: (0..workers).map(|_| worker()).collect(),
            room,
            budget: 64,
            births,
            places: BTreeMap::new(),
            digest: TableDigest::default(),
            violations: Vec::new(),
        }
    }

    pub(super) fn count(&self) -> u8 {
        self.workers.len() as u8
    }

    pub(super) fn stall(&mut self, worker: u8, stalled: bool) {
        self.workers[usize::from(worker)].stalled = stalled;
    }

    /// Whether every worker is in the role; a stalled one is in none.
    pub(super) fn all_are(&self, role: Role) -> bool {
        self.workers.iter().all(|worker| worker.role == role && !worker.stalled)
    }

    /// Whether any worker that runs is in the role.
    pub(super) fn any_is(&self, role: Role) -> bool {
        self.workers.iter().any(|worker| worker.role == role && !worker.stalled)
    }

    /// All live sessions.
    pub(super) fn live(&self) -> BTreeMap<Words, SessionRecord> {
        let held = self.workers.iter().flat_map(|worker| worker.slots.iter().flatten());
        held.map(|record| (words(&record.key), *record)).collect()
    }

    pub(super) fn holds(&self, key: &FlowKey) -> Option<SessionRecord> {
        let &(owner, slot) = self.places.get(&words(key))?;
        self.workers[usize::from(owner)].slots[slot as usize]
    }

    /// A session begins; `false` when the flow has one, or its worker does not let any begin.
    pub(super) fn begin(&mut self, key: FlowKey) -> bool {
        let owner = self.owners.owner(&key);
        let worker = &self.workers[usize::from(owner)];
        if worker.role != Role::Active || worker.stalled || self.places.contains_key(&words(&key)) {
            return false;
        }
        self.births += 1;
        let record = session(key, self.births, 1);
        let Some(slot) = self.insert(record) else { return false };
        self.workers[usize::from(owner)].changed.insert(slot);
        true
    }

    /// A packet of a session, which is told of with the next refresh.
    pub(super) fn touch(&mut self, key: &FlowKey) {
        let Some(&(owner, slot)) = self.places.get(&words(key)) else { return };
        let worker = &mut self.workers[usize::from(owner)];
        if let Some(held) = worker.slots[slot as usize].as_mut()
            && worker.role.forwards()
            && !worker.stalled
        {
            *held = session(held.key, held.birth.0, held.counters[0].packets + 1);
            if worker.role == Role::Active {
                worker.noted.insert(slot);
            }
        }
    }

    pub(super) fn end(&mut self, key: &FlowKey) {
        let Some(&(owner, _)) = self.places.get(&words(key)) else { return };
        let worker = &self.workers[usize::from(owner)];
        if worker.role == Role::Active && !worker.stalled {
            let slot = self.remove(key);
            self.workers[usize::from(owner)].changed.extend(slot);
        }
    }

    /// Every worker tells of the traffic it noted, as with a refresh.
    pub(super) fn refresh(&mut self) {
        self.workers.iter_mut().for_each(|worker| worker.changed.append(&mut worker.noted));
    }

    /// Every worker that runs polls once.
    pub(super) fn poll(&mut self) {
        for at in 0..self.workers.len() {
            if self.workers[at].stalled {
                continue;
            }
            self.workers[at].polls += 1;
            for _ in 0..self.budget {
                let Some(message) = self.workers[at].inbox.pop_front() else { break };
                self.carry_out(at, message);
            }
            let worker = &mut self.workers[at];
            if worker.polls.is_multiple_of(REFRESH_POLLS) {
                worker.changed.append(&mut worker.noted);
            }
        }
    }

    fn carry_out(&mut self, at: usize, message: FromHa) {
        let active = self.workers[at].role == Role::Active;
        if active && !matches!(message, FromHa::Role(_) | FromHa::FlushRefresh) {
            self.violations.push(format!("active worker {at} got {message:?}"));
        }
        match message {
            FromHa::Install(record) => self.install(at, record),
            FromHa::Remove { key, birth } => {
                if self.holds(&key).is_some_and(|held| held.birth == birth) {
                    self.remove(&key);
                }
            }
            FromHa::CopyBegins => self.workers[at].confirmed = Some(BTreeSet::new()),
            FromHa::CopyEnds => self.sweep(at),
            FromHa::Role(order) => {
                let worker = &mut self.workers[at];
                if order.generation != worker.generation + 1 {
                    self.violations.push(format!("worker {at}: {order:?} after {}", worker.generation));
                }
                (worker.role, worker.generation) = (order.role, order.generation);
                if order.role.is_active() {
                    worker.confirmed = None;
                } else {
                    worker.noted.clear();
                }
            }
            FromHa::FlushRefresh => {
                let worker = &mut self.workers[at];
                worker.changed.append(&mut worker.noted);
                worker.flushes += 1;
            }
            FromHa::Transmit { .. } => {}
        }
    }

    fn install(&mut self, at: usize, record: SessionRecord) {
        if usize::from(self.owners.owner(&record.key)) != at {
            self.violations.push(format!("worker {at} got another's {:?}", record.key));
        }
        let slot = match self.places.get(&words(&record.key)) {
            Some(&(_, slot))
                if self.workers[at].slots[slot as usize].is_some_and(|h| h.birth == record.birth) =>
            {
                let held = self.workers[at].slots[slot as usize].as_mut();
                if let Some(held) = held.filter(|h| h.counters[0].packets < record.counters[0].packets) {
                    *held = record;
                }
                Some(slot)
            }
            Some(_) => {
                self.remove(&record.key);
                self.insert(record)
            }
            None => self.insert(record),
        };
        if let (Some(confirmed), Some(slot)) = (&mut self.workers[at].confirmed, slot) {
            confirmed.insert(slot);
        }
    }

    fn sweep(&mut self, at: usize) {
        if let Some(confirmed) = self.workers[at].confirmed.take() {
            let slots = (0..).zip(&self.workers[at].slots);
            let missing = slots.filter(|(slot, _)| !confirmed.contains(slot)).filter_map(|(_, held)| *held);
            for record in missing.collect::<Vec<_>>() {
                self.remove(&record.key);
            }
        }
        self.workers[at].copies_ended += 1;
    }

    fn insert(&mut self, record: SessionRecord) -> Option<u32> {
        let owner = self.owners.owner(&record.key);
        let worker = &mut self.workers[usize::from(owner)];
        let slot = worker.slots.iter().position(Option::is_none)? as u32;
        worker.slots[slot as usize] = Some(record);
        worker.used = worker.used.max(slot + 1);
        self.places.insert(words(&record.key), (owner, slot));
        self.digest.sessions += 1;
        self.digest.sum = self.digest.sum.wrapping_add(hash(&record));
        Some(slot)
    }

    fn remove(&mut self, key: &FlowKey) -> Option<u32> {
        let (owner, slot) = self.places.remove(&words(key))?;
        if let Some(record) = self.workers[usize::from(owner)].slots[slot as usize].take() {
            self.digest.sessions -= 1;
            self.digest.sum = self.digest.sum.wrapping_sub(hash(&record));
        }
        Some(slot)
    }

    fn lowest(&self, number: impl Fn(&Worker) -> u32) -> u32 {
        self.workers.iter().map(number).min().unwrap_or(0)
    }
}

fn hash(record: &SessionRecord) -> u64 {
    (record.key.tail ^ record.key.head.rotate_left(17) ^ record.key.v6[0])
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(u64::from(record.birth.0))
        .wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Tables for Workers {
    fn shards(&self) -> u8 {
        self.count()
    }
    fn slots(&self, shard: u8) -> u32 {
        self.workers[usize::from(shard)].slots.len() as u32
    }
    fn used_slots(&self, shard: u8) -> u32 {
        self.workers[usize::from(shard)].used
    }
    fn take_changed(&mut self, shard: u8) -> Option<u32> {
        let worker = &mut self.workers[usize::from(shard)];
        let after = worker.changed.range(worker.taken + 1..).next().or_else(|| worker.changed.first());
        worker.taken = *after?;
        worker.changed.remove(&worker.taken);
        Some(worker.taken)
    }
    fn mark_changed(&mut self, shard: u8, slot: u32) {
        self.workers[usize::from(shard)].changed.insert(slot);
    }
    fn read(&self, shard: u8, slot: u32) -> Slot {
        self.workers[usize::from(shard)].slots[slot as usize].map_or(Slot::Empty, Slot::Filled)
    }
    fn owner(&self, key: &FlowKey) -> u8 {
        self.owners.owner(key)
    }
    fn room(&mut self, worker: u8) -> usize {
        self.room.saturating_sub(self.workers[usize::from(worker)].inbox.len())
    }
    fn send(&mut self, worker: u8, message: FromHa) -> Result<(), FromHa> {
        if self.room(worker) == 0 {
            return Err(message);
        }
        self.workers[usize::from(worker)].inbox.push_back(message);
        Ok(())
    }
    fn digest(&self) -> TableDigest {
        self.digest
    }
    fn all_applied(&mut self) -> bool {
        self.workers.iter().all(|worker| worker.inbox.is_empty())
    }
    fn role_generation(&self) -> u32 {
        self.lowest(|worker| worker.generation)
    }
    fn copies_ended(&self) -> u32 {
        self.lowest(|worker| worker.copies_ended)
    }
    fn flushes(&self) -> u32 {
        self.lowest(|worker| worker.flushes)
    }
    fn polls(&self, worker: u8) -> u64 {
        self.workers[usize::from(worker)].polls
    }
}
