//! Owner against reader under loom: every interleaving with up to [`PREEMPTIONS_MAX`] preemptions, and every
//! stale value the memory model lets a relaxed load return.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p holdfast-engine --release --lib session::loom`
//!
//! The models are as small as they can be: two buckets, at most two slots, two or three operations of the owner.
//! A reader that gives up as [`Contended`] has learned nothing, which is allowed; each model therefore also
//! counts that definite answers of each expected kind came up, or it would prove nothing.

use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use loom::model::Builder;
use loom::thread;

use super::{
    Admission, Contended, Counter, Direction, NextHopRef, SessionHandle, SessionReader, SessionState,
    SessionTable, Snapshot, TableConfig,
};
use crate::flow::{FlowHash, FlowKey, HashKey};
use crate::interface::ZoneId;
use crate::replication::Birth;
use crate::time::Tick;

const PREEMPTIONS_MAX: usize = 3;

/// Every key has it: one tag, one pair of buckets.
const HASH: FlowHash = FlowHash(0x0123_4567_89ab_cdef);

/// Outcomes that came up in some execution, bit per outcome.
#[derive(Clone, Default)]
struct Seen(Arc<AtomicU32>);

impl Seen {
    fn note(&self, outcome: u32) {
        self.0.fetch_or(1 << outcome, Ordering::Relaxed);
    }

    fn assert_all(&self, outcomes: u32) {
        let seen = self.0.load(Ordering::Relaxed);
        assert_eq!(seen & outcomes, outcomes, "some outcome never came up: {seen:#b}");
    }
}

/// Runs the owner's `write` against a reader's `read`, on a table that `prepare` filled.
fn check(
    prepare: impl Fn(&mut SessionTable) + Send + Sync + 'static,
    write: impl Fn(&mut SessionTable) + Send + Sync + 'static,
    read: impl Fn(&SessionReader) + Send + Sync + Clone + 'static,
) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.max_branches = 10_000;
    builder.check(move || {
        let config = TableConfig { sessions_max: 2, hash_key: HashKey::FIXED, touch_at_start: false };
        let mut table = SessionTable::new(config).unwrap();
        prepare(&mut table);
        let (reader, read) = (table.reader(), read.clone());
        let beside = thread::spawn(move || read(&reader));
        write(&mut table);
        beside.join().unwrap();
    });
}

/// Key `n`; IPv6, so that only the side row tells keys apart.
fn key(n: u64) -> FlowKey {
    FlowKey { head: 1, tail: 1 << 63 | 17 << 32, v6: [7, n, 0, n] }
}

/// A state whose first and last words say `n`.
fn state(n: u32) -> SessionState {
    SessionState {
        peers: [super::TcpPeer { end: n, max_end: n, max_window_bytes: 0 }, Default::default()],
        next_hop: [NextHopRef(n), NextHopRef(n)],
        zone: [ZoneId(n as u8); 2],
        ..Default::default()
    }
}

fn insert(table: &mut SessionTable, n: u64) -> SessionHandle {
    let admission = Admission { rule: n as u32, now: Tick(1), birth: Birth(n as u32) };
    table.insert(&key(n), HASH, &state(n as u32), admission, Tick(9)).unwrap()
}

fn move_over(table: &SessionTable, slot: u32) {
    let position = table.storage.cold(slot).position();
    assert!(table.storage.relocate(position / 8, position % 8));
}

fn assert_whole(session: &Snapshot, n: u64) {
    assert_eq!((session.key, session.state, session.details.rule), (key(n), state(n as u32), n as u32));
}

#[test]
fn a_session_is_found_while_it_moves_there_and_back() {
    let seen = Seen::default();
    let note = seen.clone();
    check(
        |table| {
            insert(table, 1);
        },
        |table| {
            move_over(table, 0);
            move_over(table, 0);
        },
        move |reader| match reader.lookup_hashed(&key(1), HASH) {
            Ok(session) => {
                assert_whole(&session.expect("the session was there all the time"), 1);
                note.note(0);
            }
            Err(Contended) => note.note(1),
        },
    );
    seen.assert_all(0b1);
}

#[test]
fn a_session_is_found_while_others_come_and_go() {
    let seen = Seen::default();
    let note = seen.clone();
    check(
        |table| {
            // The neighbour comes first, so that the owner's changes are in front of the reader's key.
            insert(table, 2);
            insert(table, 1);
        },
        |table| {
            let neighbour = table.lookup(&key(2), HASH).unwrap();
            table.remove(neighbour).unwrap();
            insert(table, 3);
        },
        move |reader| match reader.lookup_hashed(&key(1), HASH) {
            Ok(session) => {
                assert_whole(&session.expect("the session was there all the time"), 1);
                note.note(0);
            }
            Err(Contended) => note.note(1),
        },
    );
    seen.assert_all(0b1);
}

#[test]
fn a_removed_session_is_whole_or_gone() {
    let seen = Seen::default();
    let note = seen.clone();
    check(
        |table| {
            insert(table, 1);
        },
        |table| {
            table.remove(SessionHandle { index: 0, generation: 1 }).unwrap();
        },
        move |reader| match reader.lookup_hashed(&key(1), HASH) {
            Ok(Some(session)) => {
                assert_whole(&session, 1);
                note.note(0);
            }
            Ok(None) => note.note(1),
            Err(Contended) => {}
        },
    );
    seen.assert_all(0b11);
}

/// The worst a stale bucket can do: it leads to a slot that has changed hands. The bucket is left as it is here,
/// and keys are IPv4: an owner that also changes it gives the reader more ways to notice, and the model more
/// steps than it can finish.
#[test]
fn a_slot_that_changes_hands_is_never_taken_for_the_old_session() {
    let key = |n: u64| FlowKey { head: n, tail: 17 << 32, v6: [0; 4] };
    let seen = Seen::default();
    let note = seen.clone();
    check(
        move |table| {
            let admission = Admission { rule: 1, now: Tick(1), birth: Birth(1) };
            table.insert(&key(1), HASH, &state(1), admission, Tick(9)).unwrap();
        },
        move |table| {
            let entry = table.storage.entry(0);
            entry.free();
            entry.fill(&key(2), &state(2), || {});
        },
        move |reader| match reader.lookup_hashed(&key(1), HASH) {
            Ok(Some(session)) => {
                assert_eq!((session.key, session.state), (key(1), state(1)));
                assert_eq!(session.handle, SessionHandle { index: 0, generation: 1 });
                note.note(0);
            }
            Ok(None) => note.note(1),
            Err(Contended) => {}
        },
    );
    seen.assert_all(0b11);
}

#[test]
fn a_new_session_is_whole_or_not_there() {
    let seen = Seen::default();
    let note = seen.clone();
    check(
        |_| {},
        |table| {
            insert(table, 1);
        },
        move |reader| match reader.lookup_hashed(&key(1), HASH) {
            Ok(Some(session)) => {
                assert_whole(&session, 1);
                note.note(0);
            }
            Ok(None) => note.note(1),
            Err(Contended) => {}
        },
    );
    seen.assert_all(0b11);
}

#[test]
fn a_state_is_read_whole() {
    let seen = Seen::default();
    let note = seen.clone();
    check(
        |table| {
            insert(table, 1);
        },
        |table| {
            table.store(0, &state(2));
            table.store(0, &state(3));
        },
        move |reader| {
            if let Ok(session) = reader.snapshot(0) {
                let session = session.expect("the session was there all the time");
                let n = session.state.peers[0].end;
                assert_eq!(session.state, state(n));
                note.note(n);
            }
        },
    );
    seen.assert_all(0b1110);
}

#[test]
fn a_counter_that_carries_is_read_whole() {
    const BEFORE: Counter = Counter { packets: 65_535, bytes: 0 };
    let seen = Seen::default();
    let note = seen.clone();
    check(
        |table| {
            insert(table, 1);
            table.storage.cold(0).set_counter(Direction::Reply, BEFORE);
        },
        |table| table.count(0, Direction::Reply, 10),
        move |reader| {
            if let Ok(session) = reader.snapshot(0) {
                let counter = session.expect("the session was there all the time").details.counters[1];
                assert!(
                    counter == BEFORE || counter == Counter { packets: 65_536, bytes: 10 },
                    "{counter:?}"
                );
                note.note(u32::from(counter != BEFORE));
            }
        },
    );
    seen.assert_all(0b11);
}
