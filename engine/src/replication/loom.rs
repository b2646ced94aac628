//! The change set under loom: a worker that changes entries and marks them against a HA core that takes and reads.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p holdfast-engine --release --lib replication::loom`

use std::sync::Arc;

use loom::model::Builder;
use loom::thread;

use super::change_set::{ChangeSet, ChangeTaker};
use crate::session::sync::{AtomicU64, Ordering};

const PREEMPTIONS_MAX: usize = 3;

/// What stands in the table: one word an entry, without any order of its own.
type Entries = Arc<[AtomicU64; 2]>;

/// The worker writes 1, 2, … into the entries of `changes` in that order and marks `slots[entry]` after each. The HA
/// core takes meanwhile, `takes` times, and marks what it took again `again` times, as it does with what was lost on
/// the way to the peer; then it takes what is left. It must have read the last value of every entry.
fn check(set_slots: u32, slots: [u32; 2], changes: &'static [usize], takes: usize, again: usize) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.max_branches = 10_000;
    builder.check(move || {
        let (set, mut taker) = ChangeSet::new(set_slots);
        let entries: Entries = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let worker = {
            let entries = Arc::clone(&entries);
            thread::spawn(move || {
                for (value, &entry) in (1..).zip(changes) {
                    entries[entry].store(value, Ordering::Relaxed);
                    set.mark(slots[entry]);
                }
            })
        };
        let mut read = [0; 2];
        let mut look = |taker: &mut ChangeTaker| {
            let slot = taker.take()?;
            let entry = slots.iter().position(|&s| s == slot).expect("nobody marked this slot");
            read[entry] = entries[entry].load(Ordering::Relaxed);
            Some(slot)
        };
        let mut again = again;
        for _ in 0..takes {
            if let Some(slot) = look(&mut taker)
                && again > 0
            {
                again -= 1;
                taker.set().mark(slot);
            }
        }
        worker.join().unwrap();
        while look(&mut taker).is_some() {}
        for entry in [0, 1] {
            let last = (1..).zip(changes).filter(|&(_, &e)| e == entry).map(|(v, _)| v).last().unwrap_or(0);
            assert_eq!(read[entry], last, "a change of entry {entry} was lost");
        }
    });
}

#[test]
fn one_slot_that_changes_again_and_again() {
    check(64, [3, 4], &[0, 0, 0], 2, 0);
}

#[test]
fn two_slots_of_one_word() {
    check(65, [3, 4], &[0, 1, 0], 2, 0);
}

#[test]
fn two_slots_of_two_words() {
    check(65, [3, 64], &[0, 1, 0], 2, 0);
}

#[test]
fn three_levels() {
    check(4097, [3, 4096], &[0, 1], 2, 0);
}

#[test]
fn the_taker_marks_again_what_was_lost() {
    check(65, [3, 4], &[0, 1], 2, 1);
}
