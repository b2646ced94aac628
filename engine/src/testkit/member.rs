//! A box of a pair in memory: a [`Lab`] whose workers have an HA core, which is the test.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;

use super::lab::Lab;
use super::topology::Setup;
use crate::flow::{FlowKey, OwnerMap};
use crate::interface::PortId;
use crate::replication::{
    Birth, FromHa, HaShardEnds, RecordContext, RoleOrder, SessionRecord, WorkerStatus, ha_ends,
};
use crate::role::Role;
use crate::session::{Counter, SessionFlags, SessionState, Snapshot, TcpPeer};

/// Two ticks, as configured by default.
pub(crate) const UPDATE_INTERVAL: Duration = Duration::from_millis(250);

pub(crate) struct Member {
    pub(crate) lab: Lab,
    pub(crate) ends: Vec<HaShardEnds>,
    owners: OwnerMap,
    /// By worker and slot: what was last told of it.
    shadows: Vec<BTreeMap<u32, (FlowKey, Birth)>>,
    orders: u32,
}

/// What two boxes have in common of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    key: FlowKey,
    birth: Birth,
    tracker: u8,
    peers: [TcpPeer; 2],
    scale: [u8; 2],
    flags: u16,
    zone: [crate::interface::ZoneId; 2],
    counters: [Counter; 2],
    rule: u32,
}

impl Shared {
    pub(crate) fn of(session: &Snapshot) -> Shared {
        let (state, details) = (&session.state, &session.details);
        let travels = SessionRecord::FLAGS.0 | SessionFlags::INITIATOR_HIGH.0;
        Shared {
            key: session.key,
            birth: details.birth,
            tracker: state.tracker,
            peers: state.peers,
            scale: state.scale,
            flags: state.flags.0 & travels,
            zone: state.zone,
            counters: details.counters,
            rule: details.rule,
        }
    }
}

impl Member {
    /// A box in its first role, standby.
    pub(crate) fn new(setup: Setup) -> Member {
        let (context, workers) = (RecordContext::new(&setup.config()), setup.workers);
        let mut lab = Lab::new(setup);
        let attach = |worker: &mut crate::worker::Worker<_>| {
            let (theirs, ours) = ha_ends(worker.shard().reader(), context.clone(), UPDATE_INTERVAL);
            worker.attach_ha(theirs);
            ours
        };
        let ends = lab.workers.iter_mut().map(attach).collect();
        let shadows = vec![BTreeMap::new(); usize::from(workers)];
        Member { lab, ends, owners: OwnerMap::new(workers), shadows, orders: 0 }
    }

    /// An active box and its standby, whose clock is another one.
    pub(crate) fn pair(active: Setup, standby: Setup) -> (Member, Member) {
        let (mut active, mut standby) = (Member::new(active), Member::new(standby));
        active.order(Role::Active);
        standby.lab.now = standby.lab.now + Duration::from_secs(100_000);
        standby.lab.settle();
        (active, standby)
    }

    /// Every worker is told its role, and takes it on.
    pub(crate) fn order(&mut self, role: Role) {
        self.orders += 1;
        self.tell(FromHa::Role(RoleOrder { role, generation: self.orders }));
        self.lab.settle();
        assert!(self.ends.iter().all(|e| e.all_applied() && e.status().role_generation() == self.orders));
    }

    /// Puts a message into the ring of every worker.
    pub(crate) fn tell(&mut self, message: FromHa) {
        for end in &mut self.ends {
            end.send(message).unwrap();
        }
    }

    /// Puts a message about a key into its owner's ring, and has it carried out if the ring is full.
    pub(crate) fn tell_owner(&mut self, key: &FlowKey, message: FromHa) {
        let owner = usize::from(self.owners.owner(key));
        if self.ends[owner].room() == 0 {
            self.lab.settle();
        }
        self.ends[owner].send(message).unwrap();
    }

    /// Installs a record and has it carried out.
    pub(crate) fn install(&mut self, record: SessionRecord) {
        self.tell_owner(&record.key, FromHa::Install(record));
        self.lab.settle();
    }

    /// Takes what changed, as the messages that tell the peer.
    pub(crate) fn changes(&mut self) -> Vec<FromHa> {
        let mut changes = Vec::new();
        for (end, shadow) in self.ends.iter_mut().zip(&mut self.shadows) {
            while let Some(slot) = end.take_changed() {
                let record = end.read(slot).unwrap();
                let name = record.map(|r| (r.key, r.birth));
                if let Some(old) = shadow.remove(&slot).filter(|&old| Some(old) != name) {
                    changes.push(FromHa::Remove { key: old.0, birth: old.1 });
                }
                if let Some(record) = record {
                    shadow.insert(slot, (record.key, record.birth));
                    changes.push(FromHa::Install(record));
                }
            }
        }
        changes
    }

    /// Tells `peer` what changed; how many messages it took.
    pub(crate) fn replicate(&mut self, peer: &mut Member) -> usize {
        let changes = self.changes();
        for message in &changes {
            let key = match message {
                FromHa::Install(record) => record.key,
                FromHa::Remove { key, .. } => *key,
                other => panic!("{other:?} is no change"),
            };
            peer.tell_owner(&key, *message);
        }
        peer.lab.settle();
        changes.len()
    }

    /// A record of every session.
    pub(crate) fn records(&self) -> Vec<SessionRecord> {
        let of = |end: &HaShardEnds| {
            (0..end.used_slots()).filter_map(|slot| end.read(slot).unwrap()).collect::<Vec<_>>()
        };
        self.ends.iter().flat_map(of).collect()
    }

    /// What there is to have in common, in the order of births.
    pub(crate) fn shared(&self) -> Vec<Shared> {
        let mut all: Vec<Shared> = self.lab.sessions().iter().map(Shared::of).collect();
        all.sort_by_key(|s| (s.key.tail, s.key.head, s.key.v6));
        all
    }

    /// Count and digest over all workers, as published.
    pub(crate) fn digest(&self) -> (u64, u64) {
        let load = |e: &HaShardEnds| {
            let status = e.status();
            (u64::from(status.sessions.load(Ordering::Relaxed)), status.digest.load(Ordering::Relaxed))
        };
        self.ends.iter().map(load).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1.wrapping_add(one.1)))
    }

    /// A counter of the status, over all workers.
    pub(crate) fn count(&self, counter: impl Fn(&WorkerStatus) -> &AtomicU64) -> u64 {
        self.ends.iter().map(|e| counter(e.status()).load(Ordering::Relaxed)).sum()
    }

    /// The only session's state.
    #[track_caller]
    pub(crate) fn only(&self) -> SessionState {
        let sessions = self.lab.sessions();
        assert_eq!(sessions.len(), 1, "{sessions:?}");
        sessions[0].state
    }

    /// What the workers sent, frame by frame.
    pub(crate) fn frames(&mut self) -> Vec<(PortId, Vec<u8>)> {
        self.lab.frames()
    }
}
