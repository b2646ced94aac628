//! Pools and mbufs.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{eal, pool};
use dpdk::mbuf::{RxChecksum, free_bulk};
use dpdk::pool::{Pool, PoolError, headroom_bytes};

#[test]
fn a_fresh_mbuf_is_empty_and_ours() {
    let pool = pool("fresh");
    let mbuf = pool.alloc().unwrap();
    assert_eq!((mbuf.len(), mbuf.segments(), mbuf.is_contiguous()), (0, 1, true));
    assert_eq!(mbuf.headroom(), usize::from(headroom_bytes()));
    assert_eq!(mbuf.tailroom(), 2048);
    assert_eq!((mbuf.rx_checksum(), mbuf.rss_hash(), mbuf.port_id()), (RxChecksum::Unknown, None, u16::MAX));
    assert_eq!(pool.in_use(), 1);
    drop(mbuf);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn frames_grow_and_shrink_at_both_ends_within_their_room() {
    let pool = pool("ends");
    let mut mbuf = pool.alloc().unwrap();
    mbuf.append(100).unwrap().copy_from_slice(&[7; 100]);
    assert_eq!(mbuf.append(4).unwrap().len(), 104, "append returns the whole frame");
    mbuf.truncate(200);
    assert_eq!(mbuf.len(), 104);
    mbuf.truncate(100);
    assert_eq!(mbuf.data(), [7; 100]);

    mbuf.prepend(2).unwrap()[..2].copy_from_slice(&[1, 2]);
    assert_eq!(mbuf.data()[..3], [1, 2, 7]);
    assert!(mbuf.prepend(mbuf.headroom() + 1).is_none());
    assert!(mbuf.prepend(usize::MAX - 200).is_none());
    assert!(mbuf.advance(3));
    assert!(!mbuf.advance(100));
    assert_eq!(mbuf.data(), [7; 99]);

    assert!(mbuf.append(mbuf.tailroom() + 1).is_none());
    assert!(mbuf.append(usize::MAX).is_none());
    assert_eq!(mbuf.len(), 99, "what was refused changed nothing");
    let room = mbuf.tailroom();
    assert_eq!(mbuf.append(room).unwrap().len(), 99 + room);
    assert_eq!(mbuf.tailroom(), 0);
    mbuf.truncate(0);
    assert_eq!((mbuf.len(), mbuf.data().len()), (0, 0));
    assert!(mbuf.linearize());
}

#[test]
fn a_pool_gives_what_it_has_and_no_more() {
    let pool = Pool::new(eal(), "exhaust", 31, 0, 256).unwrap();
    assert_eq!(
        (pool.size(), pool.available(), pool.data_room_bytes(), pool.name()),
        (31, 31, 256, "exhaust")
    );
    let mut out = Vec::with_capacity(64);
    assert_eq!(pool.alloc_bulk(&mut out, 32), 0, "all or none");
    assert_eq!(pool.alloc_bulk(&mut out, 30), 30);
    assert_eq!(pool.alloc_bulk(&mut out, 0), 0);
    let last = pool.alloc().unwrap();
    assert!(pool.alloc().is_none());
    assert_eq!((pool.available(), pool.in_use()), (0, 31));
    drop(last);
    free_bulk(&mut out);
    free_bulk(&mut out);
    assert_eq!((out.len(), out.capacity(), pool.in_use()), (0, 64, 0));

    let mut small = Vec::with_capacity(4);
    assert_eq!(pool.alloc_bulk(&mut small, 5), 0, "never grows the vector");
    assert_eq!(pool.alloc_bulk(&mut small, 4), 4);
    assert_eq!(small.capacity(), 4);
    drop(small);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn mbufs_may_end_on_any_thread() {
    let pool = pool("threads");
    let mut frames = Vec::with_capacity(256);
    assert_eq!(pool.alloc_bulk(&mut frames, 256), 256);
    let other = frames.split_off(128);
    let here = std::thread::spawn(move || drop(other));
    drop(frames);
    here.join().unwrap();
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn bad_pools_are_refused_with_a_reason() {
    let new =
        |name: &str, mbufs, cache, room| Pool::new(eal(), name, mbufs, cache, room).map(drop).unwrap_err();
    assert!(matches!(new("", 31, 0, 256), PoolError::Name { .. }));
    assert!(matches!(new("a\0b", 31, 0, 256), PoolError::Name { .. }));
    assert!(matches!(new(&"n".repeat(25), 31, 0, 256), PoolError::Name { .. }));
    assert_eq!(new("cache", 300, 201, 256), PoolError::Cache { cache: 201, mbufs: 300, limit: 200 });
    assert!(matches!(new("cache", 100_000, 513, 256), PoolError::Cache { limit: 512, .. }));
    assert!(matches!(new("room", 31, 0, u16::MAX - 127), PoolError::DataRoom { limit: 65407, .. }));
    let too_big = new("memory", 1 << 24, 0, 2048);
    assert!(too_big.to_string().contains("\"memory\" of 16777216 mbufs"), "{too_big}");

    let longest = "n".repeat(24);
    drop(Pool::new(eal(), &longest, 31, 0, 256).unwrap());
}
