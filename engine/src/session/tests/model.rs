//! The table against a hash map that is obviously right.

use hashbrown::HashMap;
use proptest::prelude::*;

use super::super::{
    Counter, Direction, InsertError, LOOKUP_KEYS_MAX, SessionDetails, SessionHandle, SessionState, Snapshot,
};
use super::{admission, assert_index_consistent, key, table};
use crate::flow::{FlowHash, FlowKey, HashKey};
use crate::replication::Birth;
use crate::time::Tick;

const KEYS: u32 = 60;
const CAPACITY: u32 = 40;

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32),
    Remove(u32),
    /// A packet with this idle timeout: refreshes, stores, counts.
    Packet(u32, u32, bool),
    /// Shortens the timeout and tells the wheel.
    Shorten(u32, u32),
    /// Lets time pass and expires with this budget.
    Pass(u32, usize),
    /// Uses a handle of a session that was removed.
    Stale(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let timeout = || prop_oneof![0u32..5, 200u32..600, 60_000u32..70_000];
    prop_oneof![
        8 => (0..KEYS, timeout()).prop_map(|(k, t)| Step::Insert(k, t)),
        2 => (0..KEYS).prop_map(Step::Remove),
        4 => (0..KEYS, timeout(), any::<bool>()).prop_map(|(k, t, r)| Step::Packet(k, t, r)),
        2 => (0..KEYS, 0u32..5).prop_map(|(k, t)| Step::Shorten(k, t)),
        2 => (timeout(), prop_oneof![0usize..4, Just(1000)]).prop_map(|(t, n)| Step::Pass(t, n)),
        1 => any::<usize>().prop_map(Step::Stale),
    ]
}

/// The deadline as this test's policy has it: `max_end` of the initiator stands for the timeout.
fn deadline(state: &SessionState) -> Tick {
    state.last_seen.after(state.peers[0].max_end)
}

fn state(now: Tick, timeout: u32, k: u32) -> SessionState {
    let mut state = SessionState { last_seen: now, ..Default::default() };
    state.peers[0].max_end = timeout;
    state.peers[1].end = k;
    state
}

/// How keys get their hashes: properly, or from so few values that buckets overflow and tags collide.
#[derive(Clone, Copy, Debug)]
enum Hashing {
    Keyed,
    Few(u32),
    /// Different buckets, one tag.
    OneTag,
}

impl Hashing {
    fn hash(self, key: &FlowKey, k: u32) -> FlowHash {
        let keyed = key.hash(&HashKey::FIXED).0;
        FlowHash(match self {
            Hashing::Keyed => keyed,
            Hashing::Few(n) => u64::from(k % n).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            Hashing::OneTag => keyed & !0xffff | 7,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1000 }))]

    #[test]
    fn behaves_like_a_map(
        hashing in prop_oneof![Just(Hashing::Keyed), (1u32..6).prop_map(Hashing::Few), Just(Hashing::OneTag)],
        steps in prop::collection::vec(step(), 1..250),
    ) {
        let mut table = table(CAPACITY);
        let reader = table.reader();
        let mut model: HashMap<u32, Snapshot> = HashMap::new();
        let mut gone: Vec<SessionHandle> = Vec::new();
        let mut now = Tick(1);
        let hash = |k: u32| hashing.hash(&key(k), k);
        for step in steps {
            match step {
                Step::Insert(k, timeout) if !model.contains_key(&k) => {
                    let state = state(now, timeout, k);
                    match table.insert(&key(k), hash(k), &state, admission(k), deadline(&state)) {
                        Ok(handle) => {
                            let birth = Birth(k + 1);
                            let details = SessionDetails { rule: k, created: Tick(1), birth, ..Default::default() };
                            model.insert(k, Snapshot { handle, key: key(k), state, details });
                        }
                        Err(InsertError::Full) => prop_assert_eq!(model.len() as u32, CAPACITY),
                        // Two buckets of eight lanes are full, and so are those they could overflow into.
                        Err(InsertError::Crowded) => prop_assert!(model.len() >= 16),
                    }
                }
                Step::Remove(k) => {
                    let removed = table.lookup(&key(k), hash(k)).and_then(|handle| table.remove(handle));
                    gone.extend(removed.map(|session| session.handle));
                    prop_assert_eq!(removed, model.remove(&k));
                }
                Step::Packet(k, timeout, reply) => {
                    let handle = table.lookup(&key(k), hash(k));
                    prop_assert_eq!(handle, model.get(&k).map(|session| session.handle));
                    let (Some(handle), Some(session)) = (handle, model.get_mut(&k)) else { continue };
                    // Packets only ever move a deadline on; shortening is the other step.
                    let newer = state(now, timeout, k);
                    if deadline(&newer) >= deadline(&session.state) {
                        session.state = newer;
                        table.store(handle.index, &newer);
                    }
                    let direction = if reply { Direction::Reply } else { Direction::Original };
                    table.count(handle.index, direction, timeout);
                    let Counter { packets, bytes } = &mut session.details.counters[direction as usize];
                    (*packets, *bytes) = (*packets + 1, *bytes + u64::from(timeout));
                    prop_assert!(table.set_birth(handle, Birth(timeout)));
                    session.details.birth = Birth(timeout);
                }
                Step::Shorten(k, timeout) => {
                    let Some(session) = model.get_mut(&k) else { continue };
                    session.state = state(now, timeout, k);
                    table.store(session.handle.index, &session.state);
                    prop_assert!(table.rearm(session.handle, deadline(&session.state)));
                }
                Step::Pass(ticks, budget) => {
                    now = now.after(ticks);
                    let mut removed = Vec::new();
                    let looked = table.expire(now, budget, |_, state| deadline(state), |s| removed.push(s));
                    prop_assert!(looked <= budget && removed.len() <= looked);
                    for session in removed {
                        prop_assert!(deadline(&session.state) <= now);
                        let k = session.state.peers[1].end;
                        prop_assert_eq!(model.remove(&k), Some(session));
                        gone.push(session.handle);
                    }
                    if looked < budget {
                        prop_assert!(model.values().all(|session| deadline(&session.state) > now));
                    }
                }
                Step::Stale(pick) if !gone.is_empty() => {
                    let handle = gone[pick % gone.len()];
                    prop_assert!(!table.is_live(handle) && table.snapshot(handle).is_none());
                    prop_assert_eq!(table.remove(handle), None);
                    prop_assert!(!table.rearm(handle, Tick(0)) && !table.set_rule(handle, 1));
                    prop_assert_eq!(reader.get(handle), Ok(None));
                }
                Step::Insert(..) | Step::Stale(_) => {}
            }
            prop_assert_eq!(table.len() as usize, model.len());
        }

        assert_index_consistent(&table);
        // Whatever happened, every way of asking gives the model's answer for every key.
        let keys: Vec<FlowKey> = (0..KEYS).map(key).collect();
        let hashes: Vec<FlowHash> = (0..KEYS).map(hash).collect();
        for part in [1, 7, LOOKUP_KEYS_MAX] {
            let mut found = vec![None; keys.len()];
            for ((keys, hashes), found) in keys.chunks(part).zip(hashes.chunks(part)).zip(found.chunks_mut(part)) {
                table.lookup_burst(keys, hashes, found, true);
            }
            for k in 0..KEYS {
                prop_assert_eq!(found[k as usize], model.get(&k).map(|session| session.handle));
            }
        }
        for k in 0..KEYS {
            let expected = model.get(&k).copied();
            prop_assert_eq!(reader.lookup_hashed(&key(k), hash(k)), Ok(expected));
            if let Some(session) = expected {
                prop_assert_eq!(table.snapshot(session.handle), Some(session));
                prop_assert_eq!(reader.get(session.handle), Ok(Some(session)));
                prop_assert_eq!(table.key_of(session.handle.index), key(k));
            }
        }
        let (mut walked, mut cursor) = (Vec::new(), Some(0));
        while let Some(from) = cursor {
            cursor = table.walk(from, 3, |session| walked.push(*session));
        }
        let (mut read, mut cursor) = (Vec::new(), Some(0));
        while let Some(from) = cursor {
            cursor = reader.walk(from, 5, |session| read.push(*session)).next;
        }
        prop_assert_eq!(&walked, &read);
        prop_assert_eq!(walked.len(), model.len());
        prop_assert!(walked.iter().all(|session| model.get(&session.state.peers[1].end) == Some(session)));
        prop_assert_eq!(reader.len(), table.len());
    }
}
