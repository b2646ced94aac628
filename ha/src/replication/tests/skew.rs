//! Two versions: what a newer box says, an older one takes as far as it understands.

use holdfast_engine::time::Instant;

use super::fake::{FakeTables, words};
use super::{key, session};
use crate::replication::Receiver;
use crate::replication::codec::Record;

/// A records message of a newer box: every session carries fields unknown here, and kinds unknown here stand between.
fn from_a_newer_box(sequence: u64) -> Vec<u8> {
    // A flag of the future.
    let mut message = vec![0x80, 0, 0, 5];
    message.extend(1u64.to_be_bytes());
    message.extend(sequence.to_be_bytes());
    message.extend([77, 0x10, 0, 5, 1, 2, 3, 4, 5]);
    for n in 0..3 {
        let mut record = Vec::new();
        Record::Session(session(key(n), 1, sequence)).write(&mut record);
        record[1] = 0x13;
        let length = u16::from_be_bytes([record[2], record[3]]) + 6;
        record[2..4].copy_from_slice(&length.to_be_bytes());
        record.extend([0xf0; 6]);
        message.extend(record);
    }
    // A major version of the future, of a kind known here.
    message.extend([2, 0x20, 0, 1, 0]);
    message.extend(*b"and something behind the records");
    message
}

#[test]
fn an_older_box_takes_what_it_knows() {
    let mut tables = FakeTables::new(3, 1, 300);
    let mut receiver = Receiver::new(&tables);
    receiver.begin_epoch(1);
    for sequence in 1..=4 {
        receiver.handle_records(Instant(1), &from_a_newer_box(sequence), &mut tables);
    }
    tables.work_all();
    for n in 0..3 {
        assert_eq!(tables.installed.get(&words(&key(n))), Some(&session(key(n), 1, 4)));
    }
    let counters = receiver.counters();
    assert_eq!((counters.unknown_records, counters.malformed, counters.records_received), (8, 0, 12));
    assert_eq!(receiver.applied(), [4]);
}
