//! [`Tables`] over the engine's workers.

use core::sync::atomic::{AtomicU64, Ordering};

use holdfast_engine::flow::{FlowKey, OwnerMap};
use holdfast_engine::replication::{FromHa, HaShardEnds, ToHa, WorkerStatus};

use crate::status::InstallCounters;
use crate::tables::{SHARDS_MAX, Slot, TableDigest, Tables};

/// Messages in a ring that records leave room for: orders and hellos go in however many records come.
const OWN_MESSAGES_RESERVED: usize = 64;

/// The ends of all workers, by number.
pub struct EngineTables {
    shards: Vec<HaShardEnds>,
    owners: OwnerMap,
    /// Whose HSRP packets are asked for next.
    next: usize,
}

impl EngineTables {
    /// Over the ends of the workers, in their order; at most [`SHARDS_MAX`]; those beyond take no part.
    pub fn new(shards: Vec<HaShardEnds>) -> EngineTables {
        let workers = u8::try_from(shards.len()).unwrap_or(u8::MAX);
        debug_assert!(workers <= SHARDS_MAX, "the configuration's check refuses more");
        EngineTables { shards, owners: OwnerMap::new(workers), next: 0 }
    }

    /// An HSRP packet that a worker received; drain to `None`. Workers take turns.
    pub fn receive(&mut self) -> Option<ToHa> {
        for _ in 0..self.shards.len() {
            self.next = (self.next + 1) % self.shards.len();
            if let Some(message) = self.shards.get_mut(self.next).and_then(HaShardEnds::receive) {
                return Some(message);
            }
        }
        None
    }

    /// A worker's ends; `None` for a number of no worker.
    pub fn shard(&self, worker: u8) -> Option<&HaShardEnds> {
        self.shards.get(usize::from(worker))
    }

    fn shard_mut(&mut self, worker: u8) -> Option<&mut HaShardEnds> {
        self.shards.get_mut(usize::from(worker))
    }

    /// The lowest of the workers' numbers; 0 without workers.
    fn lowest(&self, number: impl Fn(&WorkerStatus) -> u32) -> u32 {
        self.shards.iter().map(|shard| number(shard.status())).min().unwrap_or(0)
    }
}

impl Tables for EngineTables {
    fn shards(&self) -> u8 {
        self.owners.workers().min(self.shards.len() as u8)
    }

    fn slots(&self, shard: u8) -> u32 {
        self.shard(shard).map_or(0, HaShardEnds::slots)
    }

    fn used_slots(&self, shard: u8) -> u32 {
        self.shard(shard).map_or(0, HaShardEnds::used_slots)
    }

    fn take_changed(&mut self, shard: u8) -> Option<u32> {
        self.shard_mut(shard)?.take_changed()
    }

    fn mark_changed(&mut self, shard: u8, slot: u32) {
        if let Some(shard) = self.shard(shard) {
            shard.mark_changed(slot);
        }
    }

    fn read(&self, shard: u8, slot: u32) -> Slot {
        match self.shard(shard).map(|shard| shard.read(slot)) {
            Some(Ok(Some(record))) => Slot::Filled(record),
            Some(Ok(None)) | None => Slot::Empty,
            Some(Err(_)) => Slot::Busy,
        }
    }

    fn prefetch(&self, shard: u8, slot: u32) {
        if let Some(shard) = self.shard(shard) {
            shard.prefetch(slot);
        }
    }

    fn owner(&self, key: &FlowKey) -> u8 {
        self.owners.owner(key)
    }

    fn room(&mut self, worker: u8) -> usize {
        self.shard_mut(worker).map_or(0, HaShardEnds::room).saturating_sub(OWN_MESSAGES_RESERVED)
    }

    fn send(&mut self, worker: u8, message: FromHa) -> Result<(), FromHa> {
        match self.shard_mut(worker) {
            Some(shard) => shard.send(message),
            None => Err(message),
        }
    }

    fn digest(&self) -> TableDigest {
        self.shards.iter().map(HaShardEnds::status).fold(TableDigest::default(), |sum, status| TableDigest {
            sessions: sum.sessions + u64::from(status.sessions.load(Ordering::Relaxed)),
            sum: sum.sum.wrapping_add(status.digest.load(Ordering::Relaxed)),
        })
    }

    fn all_applied(&mut self) -> bool {
        self.shards.iter().all(HaShardEnds::all_applied)
    }

    fn role_generation(&self) -> u32 {
        self.lowest(WorkerStatus::role_generation)
    }

    fn copies_ended(&self) -> u32 {
        self.lowest(WorkerStatus::copies_ended)
    }

    fn flushes(&self) -> u32 {
        self.lowest(WorkerStatus::flushes)
    }

    fn polls(&self, worker: u8) -> u64 {
        self.shard(worker).map_or(0, |shard| shard.status().polls.load(Ordering::Relaxed))
    }

    fn installs(&self) -> InstallCounters {
        let sum = |counter: fn(&WorkerStatus) -> &AtomicU64| {
            self.shards.iter().map(|shard| counter(shard.status()).load(Ordering::Relaxed)).sum()
        };
        InstallCounters {
            installed: sum(|s| &s.installed),
            merged: sum(|s| &s.merged),
            removed: sum(|s| &s.removed),
            rule_reevaluated: sum(|s| &s.rule_reevaluated),
            refused_by_policy: sum(|s| &s.refused_by_policy),
            refused_unsound: sum(|s| &s.refused_unsound),
            refused_full: sum(|s| &s.refused_full),
            hsrp_lost: sum(|s| &s.hsrp_lost),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use holdfast_engine::config::EngineConfig;
    use holdfast_engine::flow::HashKey;
    use holdfast_engine::policy::RuleSet;
    use holdfast_engine::replication::{Birth, FROM_HA_RING_MESSAGES, RecordContext, ha_ends};
    use holdfast_engine::route::RouteTable;
    use holdfast_engine::session::{Admission, SessionState, SessionTable, TableConfig};
    use holdfast_engine::time::Tick;

    use super::*;

    /// Two tables without workers: what an HA core sees of them.
    fn tables() -> (Vec<SessionTable>, EngineTables) {
        let routes = RouteTable::new(&[], &[]).unwrap();
        let config = EngineConfig::new(Vec::new(), routes, RuleSet::linear(Vec::new()).unwrap());
        let table = TableConfig { sessions_max: 100, hash_key: HashKey::FIXED, touch_at_start: false };
        let sessions: Vec<SessionTable> = (0..2).map(|_| SessionTable::new(table).unwrap()).collect();
        let shards = sessions
            .iter()
            .map(|t| ha_ends(t.reader(), RecordContext::new(&config), Duration::from_millis(250)).1)
            .collect();
        (sessions, EngineTables::new(shards))
    }

    #[test]
    fn slots_are_read_and_marks_come_up() {
        let (mut sessions, mut tables) = tables();
        assert_eq!((tables.shards(), tables.slots(1), tables.used_slots(1), tables.slots(2)), (2, 100, 0, 0));
        let (key, _) = FlowKey::ipv4(1, 2, 3, 4, 17, 0);
        let admission = Admission { rule: 0, now: Tick(1), birth: Birth(7) };
        let hash = sessions[1].hash(&key);
        let state = SessionState { tracker: 1, ..SessionState::default() };
        let handle = sessions[1].insert(&key, hash, &state, admission, Tick(9)).unwrap();
        tables.mark_changed(1, handle.index);
        tables.mark_changed(2, 0);
        assert_eq!((tables.take_changed(0), tables.take_changed(2)), (None, None));
        assert_eq!((tables.take_changed(1), tables.take_changed(1)), (Some(handle.index), None));
        tables.prefetch(1, 7);
        let Slot::Filled(record) = tables.read(1, handle.index) else { panic!("it is there") };
        assert_eq!((record.key, record.birth, record.tracker), (key, Birth(7), 1));
        sessions[1].remove(handle).unwrap();
        assert_eq!(
            (tables.read(1, handle.index), tables.read(1, 1000), tables.read(9, 0)),
            (Slot::Empty, Slot::Empty, Slot::Empty)
        );
    }

    #[test]
    fn a_full_ring_gives_back_and_nothing_is_applied_while_no_worker_polls() {
        let (_sessions, mut tables) = tables();
        assert!(tables.all_applied());
        assert_eq!(tables.room(0), FROM_HA_RING_MESSAGES - OWN_MESSAGES_RESERVED);
        for sent in 0..FROM_HA_RING_MESSAGES {
            assert_eq!(tables.room(0) > 0, sent < FROM_HA_RING_MESSAGES - OWN_MESSAGES_RESERVED);
            tables.send(0, FromHa::FlushRefresh).unwrap();
        }
        assert_eq!(tables.send(0, FromHa::CopyBegins), Err(FromHa::CopyBegins));
        assert_eq!(tables.send(7, FromHa::CopyBegins), Err(FromHa::CopyBegins));
        let room = FROM_HA_RING_MESSAGES - OWN_MESSAGES_RESERVED;
        assert_eq!((tables.room(0), tables.room(1), tables.all_applied()), (0, room, false));
        assert_eq!((tables.role_generation(), tables.copies_ended(), tables.flushes()), (0, 0, 0));
        assert_eq!(tables.receive(), None);
    }
}
