//! Readers on real cores beside a writer that never waits. Loom tries few operations in every order; this tries
//! very many in some.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::{NextHopRef, SessionReader, SessionState, SessionTable, TcpPeer};
use super::{admission, assert_index_consistent, key, table};
use crate::interface::ZoneId;
use crate::time::Tick;

/// Keys that stay from beginning to end, and keys that come and go and push them around.
const STAYING: u32 = 40;
const COMING_AND_GOING: u32 = 40;
const ROUNDS: u32 = if cfg!(miri) { 3 } else { 3000 };

/// A state every word of which says `n`, for session `k`.
fn state(k: u32, n: u32) -> SessionState {
    let peer = TcpPeer { end: n, max_end: n ^ k, max_window_bytes: n };
    SessionState {
        peers: [peer, peer],
        last_seen: Tick(n),
        next_hop: [NextHopRef(n & 0xffff), NextHopRef(k)],
        zone: [ZoneId(n as u8), ZoneId(k as u8)],
        ..Default::default()
    }
}

fn insert(table: &mut SessionTable, k: u32) {
    let hash = table.hash(&key(k));
    table.insert(&key(k), hash, &state(k, 0), admission(k), Tick(u32::MAX)).unwrap();
}

#[test]
fn readers_never_see_torn_wrong_or_missing_sessions() {
    let mut table = table(STAYING + COMING_AND_GOING);
    (0..STAYING).for_each(|k| insert(&mut table, k));
    let done = AtomicBool::new(false);
    let read = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            let (reader, done, read) = (table.reader(), &done, &read);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    check_all(&reader);
                    read.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        for round in 1..=ROUNDS {
            disturb(&mut table, round);
        }
        // A reader that failed an assertion has finished; its panic comes out at the end of the scope.
        while read.load(Ordering::Relaxed) == 0 && !readers.iter().any(|reader| reader.is_finished()) {
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(table.len(), STAYING);
    assert_index_consistent(&table);
}

/// One round of everything an owner does.
fn disturb(table: &mut SessionTable, round: u32) {
    for k in STAYING..STAYING + COMING_AND_GOING {
        insert(table, k);
    }
    for k in 0..STAYING + COMING_AND_GOING {
        let handle = table.lookup(&key(k), table.hash(&key(k))).unwrap();
        table.store(handle.index, &state(k, round));
        // Entries wander between their buckets, as when inserts push them.
        for bucket in 0..table.storage.geometry.buckets() {
            table.storage.relocate(bucket, round % 8);
        }
        if k >= STAYING {
            table.remove(handle).unwrap();
        }
    }
}

/// Looks every key up and walks the table; whatever is read must be one session's state from one moment.
fn check_all(reader: &SessionReader) {
    for k in 0..STAYING + COMING_AND_GOING {
        let Ok(session) = reader.lookup(&key(k)) else { continue };
        assert!(session.is_some() || k >= STAYING, "key {k} was there all the time");
        if let Some(session) = session {
            assert_eq!((session.key, session.details.rule), (key(k), k));
            assert_eq!(session.state, state(k, session.state.last_seen.0));
        }
    }
    reader.walk(0, u32::MAX, |session| {
        let k = session.details.rule;
        assert_eq!((session.key, session.state), (key(k), state(k, session.state.last_seen.0)));
    });
}
