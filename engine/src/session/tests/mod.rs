//! Tests of the table as a whole.

mod capacity;
mod model;
mod threads;

use super::bucket::LANES;
use super::{Admission, SessionTable, TableConfig};
use crate::flow::{FlowKey, HashKey};
use crate::replication::Birth;
use crate::time::Tick;

fn table(sessions_max: u32) -> SessionTable {
    SessionTable::new(TableConfig { sessions_max, hash_key: HashKey::FIXED, touch_at_start: false }).unwrap()
}

fn admission(rule: u32) -> Admission {
    Admission { rule, now: Tick(1), birth: Birth(rule + 1) }
}

/// Key number `n`; every third one IPv6, and all of those with the same fold of their addresses.
fn key(n: u32) -> FlowKey {
    if n % 3 == 2 {
        let mut key = FlowKey::ipv6(0x2001_0db8 << 96 | 1, 0x2001_0db8 << 96 | 2, 1, 2, 17, 0).0;
        key.v6[1] ^= u64::from(n);
        key.v6[3] ^= u64::from(n).rotate_right(29);
        key
    } else {
        FlowKey::ipv4(0x0a00_0000 | n >> 12, 0x0a80_0001, (n & 0xfff) as u16 + 1024, 443, 6, 0).0
    }
}

/// Every lane names a live session that knows its position, every live session has one lane, and each bucket's
/// overflow is the number of its entries that live elsewhere.
fn assert_index_consistent(table: &SessionTable) {
    let storage = &*table.storage;
    let buckets = storage.geometry.buckets();
    let mut overflow = vec![0; buckets as usize];
    let mut lanes = 0;
    for number in 0..buckets {
        for (at, lane) in (0..LANES).filter_map(|at| Some((at, storage.bucket(number).lane(at)?))) {
            assert!(storage.entry(lane.slot).peek().is_filled());
            assert_eq!(storage.cold(lane.slot).position(), number * LANES + at);
            if lane.secondary {
                overflow[storage.geometry.other(number, lane.tag) as usize] += 1;
            }
            lanes += 1;
        }
    }
    assert_eq!(lanes, table.len());
    assert!((0..buckets).all(|number| storage.bucket(number).overflow() == overflow[number as usize]));
}

#[test]
fn ipv6_test_keys_differ_only_beyond_the_fold() {
    let (a, b) = (key(2), key(5));
    assert_eq!((a.head, a.tail), (b.head, b.tail));
    assert_ne!(a.v6, b.v6);
}
