//! What the sender says, message by message.

use core::time::Duration;

use holdfast_engine::time::Instant;

use super::fake::FakeTables;
use super::key;
use crate::replication::Sender;
use crate::replication::codec::{
    Ack, ArrivedBitmap, Decoded, MessageHeader, RECORDS_MAX, Record, write_acks,
};
use crate::replication::sender::MESSAGE_BYTES_MIN;
use crate::tables::Tables;

const EPOCH: u64 = 5;

/// A sender whose copy of nothing is complete.
struct Bench {
    now: Instant,
    tables: FakeTables,
    sender: Sender,
}

impl Bench {
    fn new(workers: u8, slots: u32) -> Bench {
        let tables = FakeTables::new(workers, slots, 1024);
        let mut sender = Sender::new(&tables);
        sender.start_epoch(EPOCH, &tables);
        Bench { now: Instant(1_000_000_000), tables, sender }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.sender.handle_timeout(self.now, &mut self.tables);
    }

    /// The next message: what it says, and its records.
    fn fill(&mut self) -> Option<(MessageHeader, Vec<Record>)> {
        let mut message = Vec::new();
        if !self.sender.fill(self.now, &mut self.tables, 1400, &mut message) {
            assert!(message.is_empty());
            return None;
        }
        let (header, records) = MessageHeader::read(&message).unwrap();
        let known = records.map(|record| match record {
            Decoded::Known(record) => record,
            other => panic!("{other:?}"),
        });
        Some((header, known.collect()))
    }

    /// As [`Bench::fill`], after the time that changes wait for company.
    fn next(&mut self) -> Option<(MessageHeader, Vec<Record>)> {
        self.pass(Duration::from_micros(100));
        self.fill()
    }

    /// The peer applied everything up to `applied`, and only `arrived` of it ever arrived.
    fn ack(&mut self, stream: u8, applied: u64, newest: u64, arrived: &[u64]) {
        let mut bitmap = ArrivedBitmap::default();
        arrived.iter().for_each(|sequence| bitmap.insert(newest - sequence));
        let mut message = Vec::new();
        write_acks(&mut message, EPOCH, &[Ack { stream, applied, newest, arrived: bitmap }]);
        self.sender.handle_acks(self.now, &message, &mut self.tables);
    }
}

fn is_session(record: &Record, n: u32, packets: u64) -> bool {
    matches!(record, Record::Session(s) if s.key == key(n) && s.counters[0].packets == packets)
}

fn is_removal(record: &Record, n: u32, of: u32) -> bool {
    matches!(record, Record::Removal { key: k, birth } if *k == key(n) && birth.0 == of)
}

#[test]
fn nothing_is_said_without_an_epoch() {
    let mut bench = Bench::new(1, 10);
    bench.tables.begin(key(1), 0);
    bench.sender.stop();
    assert!(bench.next().is_none() && bench.sender.wake().is_none() && !bench.sender.bulk_complete());
    bench.sender.start_epoch(0, &bench.tables);
    assert!(bench.next().is_none());
}

#[test]
fn a_session_that_lived_between_two_looks_costs_nothing() {
    let mut bench = Bench::new(1, 10);
    for n in 0..5 {
        bench.tables.begin(key(n), 0);
        bench.tables.change(&key(n));
        bench.tables.end(&key(n));
    }
    assert!(bench.next().is_none());
    assert_eq!(bench.sender.counters().datagrams_sent, 0);
    assert!(bench.sender.is_quiet());
}

#[test]
fn begin_change_and_end_are_told_in_order() {
    let mut bench = Bench::new(1, 10);
    bench.tables.begin(key(1), 0);
    let (header, records) = bench.next().unwrap();
    assert_eq!((header.epoch, header.sequence, header.stream, header.bulk), (EPOCH, 1, 0, false));
    assert!(is_session(&records[0], 1, 1) && records.len() == 1);
    bench.tables.change(&key(1));
    let (header, records) = bench.next().unwrap();
    assert!(header.sequence == 2 && is_session(&records[0], 1, 2) && records.len() == 1);
    bench.tables.end(&key(1));
    let (header, records) = bench.next().unwrap();
    assert!(header.sequence == 3 && is_removal(&records[0], 1, 1) && records.len() == 1);
    assert!(bench.next().is_none());
}

#[test]
fn a_slot_that_was_used_again_tells_of_both() {
    for again in [1, 2] {
        let mut bench = Bench::new(1, 1);
        bench.tables.begin(key(1), 0);
        bench.next().unwrap();
        bench.tables.end(&key(1));
        bench.tables.begin(key(again), 0);
        let (_, records) = bench.next().unwrap();
        assert!(is_removal(&records[0], 1, 1) && is_session(&records[1], again, 1) && records.len() == 2);
    }
}

#[test]
fn an_elephant_costs_a_record_a_mark_at_most() {
    let mut bench = Bench::new(1, 10);
    bench.tables.begin(key(1), 0);
    let mut marks = 1;
    for round in 0..1000 {
        // Four marks between two looks are one.
        (0..4).for_each(|_| bench.tables.change(&key(1)));
        marks += 1;
        while bench.next().is_some() {}
        bench.ack(0, round + 1, round + 1, &[round + 1]);
    }
    let sent = bench.sender.counters().records_sent;
    assert!(sent <= marks && sent > 900, "{sent}");
}

#[test]
fn few_changes_wait_for_company_and_many_do_not() {
    let mut bench = Bench::new(1, 100);
    bench.tables.begin(key(0), 0);
    assert!(bench.fill().is_some(), "the first goes at once");
    bench.tables.begin(key(1), 0);
    assert!(bench.fill().is_none());
    bench.sender.handle_timeout(bench.now, &mut bench.tables);
    assert_eq!(bench.sender.wake(), Some(bench.now + Duration::from_micros(100)));
    (2..20).for_each(|n| _ = bench.tables.begin(key(n), 0));
    assert!(bench.fill().is_some());
}

#[test]
fn a_loss_is_told_as_it_is_by_then() {
    let mut bench = Bench::new(1, 10);
    (0..3).for_each(|n| _ = bench.tables.begin(key(n), 0));
    bench.next().unwrap();
    bench.tables.end(&key(2));
    bench.next().unwrap();
    // Lost: the sessions (1) and the removal (2). Session 1 changes meanwhile, session 0 ends.
    bench.tables.change(&key(1));
    bench.tables.end(&key(0));
    bench.ack(0, 2, 2, &[]);
    let (_, records) = bench.next().unwrap();
    assert!(is_removal(&records[0], 2, 3), "{records:?}");
    assert!(records.iter().any(|r| is_removal(r, 0, 1)) && records.iter().any(|r| is_session(r, 1, 2)));
    assert_eq!(records.len(), 3);
    let counters = bench.sender.counters();
    assert_eq!((counters.datagrams_lost, counters.records_resent), (2, 4));
}

#[test]
fn what_is_missing_above_applied_is_not_lost_yet() {
    let mut bench = Bench::new(1, 10);
    for n in 0..3 {
        bench.tables.begin(key(n), 0);
        bench.next().unwrap();
    }
    bench.ack(0, 0, 3, &[3]);
    assert!(bench.next().is_none() && bench.sender.counters().datagrams_lost == 0);
    assert_eq!(bench.sender.pending_records(), 3);
    bench.ack(0, 3, 3, &[2, 3]);
    let (header, records) = bench.next().unwrap();
    assert!(header.sequence == 4 && is_session(&records[0], 0, 1) && records.len() == 1);
    // An old acknowledgement comes late and changes nothing.
    bench.ack(0, 0, 3, &[3]);
    bench.ack(0, 4, 4, &[2, 3, 4]);
    assert!(bench.next().is_none() && bench.sender.is_quiet());
}

#[test]
fn silence_has_everything_told_again_ever_more_slowly() {
    let mut bench = Bench::new(1, 10);
    bench.tables.begin(key(0), 0);
    bench.next().unwrap();
    bench.pass(Duration::from_millis(19));
    assert!(bench.fill().is_none());
    let mut times = Vec::new();
    for _ in 0..40_000 {
        bench.pass(Duration::from_micros(500));
        if bench.fill().is_some() {
            times.push(bench.now);
        }
    }
    let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[0] >= Duration::from_millis(40) && gaps.is_sorted(), "{gaps:?}");
    let last = *gaps.last().unwrap();
    assert!(last >= Duration::from_secs(1) && last < Duration::from_millis(1100), "{gaps:?}");
    assert!(bench.sender.oldest_unacknowledged_age(bench.now) > Duration::from_secs(20));
}

#[test]
fn acknowledgements_of_what_was_never_sent_change_nothing() {
    let mut bench = Bench::new(1, 10);
    bench.tables.begin(key(0), 0);
    bench.next().unwrap();
    bench.ack(0, 1, 2, &[1, 2]);
    bench.ack(0, u64::MAX, u64::MAX, &[]);
    bench.ack(9, 1, 1, &[1]);
    bench.sender.handle_acks(bench.now, &[1, 2, 3], &mut bench.tables);
    assert_eq!(bench.sender.counters().malformed, 4);
    let mut other = Vec::new();
    write_acks(&mut other, EPOCH + 1, &[Ack { applied: 1, newest: 1, ..Ack::default() }]);
    bench.sender.handle_acks(bench.now, &other, &mut bench.tables);
    assert_eq!(bench.sender.counters().outdated, 1);
    assert!(!bench.sender.is_quiet() && bench.sender.pending_records() == 1);
}

#[test]
fn a_busy_slot_is_asked_again_and_holds_nobody_up() {
    let mut bench = Bench::new(1, 10);
    let (shard, slot) = bench.tables.begin(key(0), 0).unwrap();
    bench.tables.begin(key(1), 0);
    bench.tables.set_busy(shard, slot, true);
    let (_, records) = bench.next().unwrap();
    assert!(is_session(&records[0], 1, 1) && records.len() == 1);
    assert!(bench.next().is_none() && !bench.sender.is_quiet());
    bench.tables.clear_busy();
    let (_, records) = bench.next().unwrap();
    assert!(is_session(&records[0], 0, 1) && records.len() == 1);
}

#[test]
fn a_busy_slot_keeps_the_copy_open() {
    let mut bench = Bench::new(1, 10);
    let (shard, slot) = bench.tables.begin(key(0), 0).unwrap();
    bench.tables.begin(key(1), 0);
    bench.tables.set_busy(shard, slot, true);
    bench.sender.start_epoch(EPOCH, &bench.tables);
    assert!(bench.next().unwrap().0.bulk);
    bench.ack(0, 1, 1, &[1]);
    assert!(bench.next().is_none() && !bench.sender.bulk_complete());
    bench.tables.clear_busy();
    let (header, records) = bench.next().unwrap();
    assert!(header.bulk && is_session(&records[0], 0, 1) && records.len() == 1);
    assert!(!bench.sender.bulk_complete(), "not acknowledged");
    bench.ack(0, 2, 2, &[1, 2]);
    assert!(bench.sender.bulk_complete() && bench.sender.bulk_progress() == (2, 2));
}

#[test]
fn a_lost_part_of_the_copy_keeps_it_open() {
    let mut bench = Bench::new(1, 10);
    (0..4).for_each(|n| _ = bench.tables.begin(key(n), 0));
    bench.sender.start_epoch(EPOCH, &bench.tables);
    let (header, records) = bench.next().unwrap();
    assert!(header.bulk && records.len() == 4);
    assert!(!bench.sender.bulk_complete() && bench.sender.bulk_progress() == (4, 4));
    bench.tables.end(&key(3));
    let (header, records) = bench.next().unwrap();
    assert!(!header.bulk && is_removal(&records[0], 3, 4));
    bench.ack(0, 2, 2, &[2]);
    assert!(!bench.sender.bulk_complete() && bench.sender.bulk_progress().0 == 0);
    let (header, records) = bench.next().unwrap();
    assert!(header.bulk && records.len() == 3, "{records:?}");
    bench.ack(0, 3, 3, &[2, 3]);
    assert!(bench.sender.bulk_complete() && bench.sender.is_quiet());
}

#[test]
fn arrival_alone_completes_no_copy() {
    let mut bench = Bench::new(1, 10);
    bench.tables.begin(key(0), 0);
    bench.sender.start_epoch(EPOCH, &bench.tables);
    bench.next().unwrap();
    bench.sender.begin_flush();
    bench.pass(Duration::ZERO);
    bench.ack(0, 0, 1, &[1]);
    assert!(!bench.sender.bulk_complete() && !bench.sender.is_flushed() && !bench.sender.is_quiet());
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.sender.counters().datagrams_lost, 0, "it waits at the peer; it is not lost");
    bench.ack(0, 1, 1, &[1]);
    assert!(bench.sender.bulk_complete() && bench.sender.is_flushed() && bench.sender.is_quiet());
}

#[test]
fn a_copy_of_nothing_is_complete_at_once() {
    assert!(Bench::new(3, 10).sender.bulk_complete());
}

#[test]
fn a_new_epoch_owes_nothing_of_the_last() {
    let mut bench = Bench::new(1, 10);
    (0..3).for_each(|n| _ = bench.tables.begin(key(n), 0));
    bench.next().unwrap();
    bench.tables.end(&key(0));
    bench.next().unwrap();
    bench.tables.end(&key(1));
    bench.sender.start_epoch(EPOCH + 1, &bench.tables);
    // Neither the removal on its way nor the one never sent: the copy's end clears what it does not name.
    let (header, records) = bench.next().unwrap();
    assert_eq!((header.epoch, header.sequence, header.bulk), (EPOCH + 1, 1, true));
    assert!(is_session(&records[0], 2, 1) && records.len() == 1, "{records:?}");
    assert!(bench.next().is_none());
    bench.ack(0, 1, 1, &[1]);
    assert_eq!(bench.sender.counters().outdated, 1, "an acknowledgement of the old epoch");
    assert!(!bench.sender.bulk_complete());
}

#[test]
fn a_flush_waits_for_what_had_changed_and_for_no_more() {
    let mut bench = Bench::new(1, 100);
    bench.tables.begin(key(0), 0);
    bench.sender.begin_flush();
    assert!(!bench.sender.is_flushed());
    bench.next().unwrap();
    assert!(!bench.sender.is_flushed());
    bench.tables.begin(key(1), 0);
    bench.next().unwrap();
    bench.ack(0, 1, 2, &[1]);
    assert!(bench.sender.is_flushed(), "what came later does not count");
}

#[test]
fn a_flush_waits_for_what_was_lost() {
    let mut bench = Bench::new(1, 100);
    bench.tables.begin(key(0), 0);
    bench.next().unwrap();
    bench.sender.begin_flush();
    bench.pass(Duration::from_millis(1));
    bench.ack(0, 1, 1, &[]);
    assert!(!bench.sender.is_flushed());
    bench.next().unwrap();
    assert!(!bench.sender.is_flushed());
    bench.ack(0, 2, 2, &[2]);
    assert!(bench.sender.is_flushed());
}

#[test]
fn a_flush_does_not_wait_for_company() {
    let mut bench = Bench::new(1, 100);
    bench.tables.begin(key(0), 0);
    bench.fill().unwrap();
    bench.tables.begin(key(1), 0);
    assert!(bench.fill().is_none());
    bench.sender.begin_flush();
    assert!(bench.fill().is_some());
}

#[test]
fn streams_take_turns() {
    let mut bench = Bench::new(3, 1000);
    (0..2000).for_each(|n| _ = bench.tables.begin(key(n), 0));
    let streams: Vec<u8> = (0..9).map(|_| bench.fill().unwrap().0.stream).collect();
    assert_eq!(streams, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    assert_eq!(bench.sender.positions(), [3, 3, 3]);
}

#[test]
fn messages_keep_to_the_limits() {
    let mut bench = Bench::new(1, 2000);
    (0..2000).for_each(|n| _ = bench.tables.begin(key(n), 0));
    for bytes_max in [MESSAGE_BYTES_MIN + 1, 300, 508, 1400, 9000, 100_000] {
        let mut message = vec![2];
        assert!(bench.sender.fill(bench.now, &mut bench.tables, bytes_max, &mut message));
        assert!(message.len() <= bytes_max && message[0] == 2);
        let (_, records) = MessageHeader::read(&message[1..]).unwrap();
        assert!(records.count() <= usize::from(RECORDS_MAX));
    }
    let mut message = vec![2];
    assert!(!bench.sender.fill(bench.now, &mut bench.tables, MESSAGE_BYTES_MIN, &mut message));
    assert_eq!(message, [2]);
}

#[test]
fn a_message_too_small_for_the_next_record_loses_nothing() {
    let mut bench = Bench::new(1, 4);
    (0..4).for_each(|n| _ = bench.tables.begin(key(n), 0));
    while bench.next().is_some() {}
    (0..4).for_each(|n| bench.tables.end(&key(n)));
    (10..14).for_each(|n| _ = bench.tables.begin(key(n), 0));
    let mut seen = Vec::new();
    let mut message = Vec::new();
    for _ in 0..20 {
        bench.pass(Duration::from_micros(100));
        if bench.sender.fill(bench.now, &mut bench.tables, MESSAGE_BYTES_MIN, &mut message) {
            seen.extend(MessageHeader::read(&message).unwrap().1);
            message.clear();
        }
    }
    let removals = seen.iter().filter(|r| matches!(r, Decoded::Known(Record::Removal { .. }))).count();
    assert_eq!((removals, seen.len()), (4, 8), "{seen:?}");
}

#[test]
fn a_walk_over_nothing_is_cut_into_slices() {
    let mut bench = Bench::new(1, 50_000);
    (0..40).for_each(|n| _ = bench.tables.begin(key(n), u64::from(n) * 1200));
    bench.sender.start_epoch(EPOCH, &bench.tables);
    let (mut calls, mut idle) = (0, 0);
    while !bench.sender.is_quiet() {
        match bench.next() {
            Some((header, _)) => bench.ack(0, header.sequence, header.sequence, &[header.sequence]),
            None => idle += 1,
        }
        if bench.sender.bulk_progress().0 < 40 {
            assert_eq!(bench.sender.wake(), Some(Instant(0)));
        }
        calls += 1;
        assert!(calls < 100);
    }
    assert!(calls >= 45, "{calls} calls, {idle} of them idle");
    assert_eq!(bench.tables.used_slots(0).div_ceil(1024).min(45), 45);
}
