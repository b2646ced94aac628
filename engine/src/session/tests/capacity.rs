//! The table at its limits: what fits, what it costs, what happens to one more.

use super::super::bucket::{LANES, Tag};
use super::super::{InsertError, SESSIONS_MAX_LIMIT, SessionState, SessionTable, TableConfig, TableError};
use super::{admission, assert_index_consistent, key, table};
use crate::flow::{FlowHash, FlowKey, HashKey};
use crate::time::Tick;

fn flow(n: u32) -> FlowKey {
    FlowKey::ipv4(0x0a00_0000 + n / 50_000, 0xc0a8_0001, (n % 50_000) as u16 + 1024, 443, 6, 0).0
}

fn fill(table: &mut SessionTable) {
    for n in 0..table.capacity() {
        let state = SessionState { last_seen: Tick(n), ..Default::default() };
        let hash = table.hash(&flow(n));
        table.insert(&flow(n), hash, &state, admission(n), Tick(300)).unwrap();
    }
}

fn assert_holds_all(table: &SessionTable) {
    for n in 0..table.capacity() {
        let handle = table.lookup(&flow(n), table.hash(&flow(n))).unwrap();
        assert_eq!(table.load(handle.index).last_seen, Tick(n));
    }
}

#[test]
fn a_million_fit_and_one_more_does_not() {
    let mut table = table(1_000_000);
    fill(&mut table);
    assert_eq!(table.len(), 1_000_000);
    let one_more = flow(1_000_000);
    let hash = table.hash(&one_more);
    let refused = table.insert(&one_more, hash, &SessionState::default(), admission(0), Tick(300));
    assert_eq!(refused, Err(InsertError::Full));
    assert_eq!(table.lookup(&one_more, hash), None);
    assert_eq!((table.index_counters().full, table.index_counters().crowded), (1, 0));
    assert_holds_all(&table);

    // All of them expire in the same tick, and no call looks at more than its budget.
    const BUDGET: usize = 64;
    let (mut gone, mut calls) = (0u32, 0u32);
    while !table.is_empty() {
        let looked = table.expire(Tick(300), BUDGET, |_, _| Tick(300), |_| gone += 1);
        calls += 1;
        assert!(looked <= BUDGET && gone <= calls * BUDGET as u32);
    }
    assert_eq!((gone, calls), (1_000_000, 1_000_000u32.div_ceil(BUDGET as u32)));
    fill(&mut table);
    assert_holds_all(&table);
}

#[test]
fn every_small_capacity_can_be_filled() {
    for sessions_max in (1..200).chain([1000, 4096, 10_007]) {
        let mut table = table(sessions_max);
        fill(&mut table);
        assert_holds_all(&table);
        assert_index_consistent(&table);
    }
}

#[test]
fn at_most_128_bytes_an_ipv4_session() {
    let memory = table(1_000_000).memory_bytes();
    assert!(memory.ipv4_only() <= 128 * 1_000_000, "{memory:?}");
    assert_eq!(memory.total() - memory.ipv4_only(), 32 * 1_000_000);
}

#[test]
fn keys_with_one_hash_fill_two_buckets_and_harm_nobody_else() {
    let mut table = table(1000);
    for n in 0..900 {
        let hash = table.hash(&key(n));
        table.insert(&key(n), hash, &SessionState::default(), admission(n), Tick(10)).unwrap();
    }
    let attack = |n: u32| FlowKey::ipv4(0x0b00_0000 + n, 1, 1, 2, 17, 0).0;
    let hash = FlowHash(0x1234_5678_9abc_def0);
    let mut admitted = 0;
    for n in 0..100 {
        match table.insert(&attack(n), hash, &SessionState::default(), admission(n), Tick(10)) {
            Ok(_) => admitted += 1,
            Err(error) => assert_eq!(error, InsertError::Crowded),
        }
    }
    // What stood in the two buckets made room, so all sixteen lanes are theirs.
    assert_eq!((admitted, table.index_counters().crowded), (16, 84));
    assert!((0..900).all(|n| table.lookup(&key(n), table.hash(&key(n))).is_some()));
    assert_index_consistent(&table);
    assert_eq!((0..100).filter(|&n| table.lookup(&attack(n), hash).is_some()).count(), 16);
}

/// Keys whose buckets all lie among the same six crowd those far beyond what a table with room elsewhere ever
/// sees: searches get long and paths come back to where they were.
#[test]
fn keys_are_refused_only_when_no_move_makes_room() {
    const BUCKETS: u32 = 6;
    for seed in 0..40 {
        let mut table = table(100);
        let geometry = table.storage.geometry;
        let mut admitted = Vec::new();
        let mut crowded = 0;
        for n in 0.. {
            let hash = FlowHash(flow(seed << 20 | n).hash(&HashKey::FIXED).0 >> 2);
            let (primary, tag) = geometry.primary(hash);
            if primary >= BUCKETS || geometry.other(primary, tag) >= BUCKETS {
                continue;
            }
            match table.insert(&flow(n), hash, &SessionState::default(), admission(n), Tick(10)) {
                Ok(_) => admitted.push((flow(n), hash)),
                Err(error) => {
                    assert_eq!(error, InsertError::Crowded);
                    assert_no_room(&table, primary, tag);
                    crowded += 1;
                }
            }
            assert_index_consistent(&table);
            assert!(admitted.iter().all(|&(key, hash)| table.lookup(&key, hash).is_some()));
            if crowded == 10 {
                break;
            }
        }
        assert!(
            admitted.len() as u32 >= BUCKETS * LANES * 9 / 10,
            "{} of {}",
            admitted.len(),
            BUCKETS * LANES
        );
    }
}

/// Whatever could be moved, and whatever could be moved to make room for that, and so on: all of it is full.
fn assert_no_room(table: &SessionTable, primary: u32, tag: Tag) {
    let storage = &*table.storage;
    let mut reachable = vec![primary, storage.geometry.other(primary, tag)];
    let mut at = 0;
    while let Some(&number) = reachable.get(at) {
        assert_eq!(storage.bucket(number).free_lane(), None);
        for lane in (0..LANES).filter_map(|lane| storage.bucket(number).lane(lane)) {
            let other = storage.geometry.other(number, lane.tag);
            if !reachable.contains(&other) {
                reachable.push(other);
            }
        }
        at += 1;
    }
}

#[test]
fn impossible_capacities_are_refused() {
    for sessions_max in [0, SESSIONS_MAX_LIMIT + 1, u32::MAX] {
        let config = TableConfig { sessions_max, hash_key: HashKey::FIXED, touch_at_start: false };
        assert_eq!(SessionTable::new(config).err(), Some(TableError::SessionsMax(sessions_max)));
    }
}
