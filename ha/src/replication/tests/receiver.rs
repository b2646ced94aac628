//! What the receiver does with messages, and when it says so.

use core::time::Duration;

use holdfast_engine::replication::Birth;
use holdfast_engine::time::Instant;

use super::fake::{FakeTables, words};
use super::{key, session};
use crate::replication::Receiver;
use crate::replication::codec::{Ack, MessageHeader, Record, RecordsWriter, read_acks};
use crate::replication::receiver::MESSAGE_BYTES_MAX;

const EPOCH: u64 = 5;
/// What a gap may last.
const GAP: Duration = Duration::from_millis(3);

struct Bench {
    now: Instant,
    tables: FakeTables,
    receiver: Receiver,
}

fn message(epoch: u64, stream: u8, sequence: u64, records: &[Record]) -> Vec<u8> {
    let mut message = Vec::new();
    let header = MessageHeader { bulk: false, stream, epoch, sequence };
    let mut writer = RecordsWriter::begin(&mut message, MESSAGE_BYTES_MAX, &header);
    records.iter().for_each(|record| assert!(writer.push(record)));
    writer.finish();
    message
}

fn upsert(n: u32, birth: u32, packets: u64) -> Record {
    Record::Session(session(key(n), birth, packets))
}

/// Of sessions that are not there: small, and only room counts.
fn removal(n: u32) -> Record {
    Record::Removal { key: key(n), birth: Birth(1) }
}

impl Bench {
    fn new(workers: u8, room: usize) -> Bench {
        let tables = FakeTables::new(workers, 1, room);
        let mut receiver = Receiver::new(&tables);
        receiver.begin_epoch(EPOCH);
        Bench { now: Instant(1_000_000_000), tables, receiver }
    }

    fn handle(&mut self, message: &[u8]) {
        self.receiver.handle_records(self.now, message, &mut self.tables);
    }

    /// Message `sequence` of stream 0, with that many packets of session 1.
    fn take(&mut self, sequence: u64) {
        self.handle(&message(EPOCH, 0, sequence, &[upsert(1, 1, sequence)]));
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.receiver.handle_timeout(self.now, &mut self.tables);
    }

    fn acks(&mut self) -> Option<Vec<Ack>> {
        let mut out = Vec::new();
        if !self.receiver.poll_acks(self.now, &mut out) {
            assert!(out.is_empty());
            return None;
        }
        let (epoch, acks) = read_acks(&out).unwrap();
        assert_eq!(epoch, EPOCH);
        Some(acks.map(Result::unwrap).collect())
    }

    /// Packets of session 1 as the workers have it.
    fn packets(&mut self) -> u64 {
        self.tables.work_all();
        assert!(self.tables.violations.is_empty(), "{:?}", self.tables.violations);
        self.tables.installed.get(&words(&key(1))).map_or(0, |held| held.counters[0].packets)
    }
}

#[test]
fn what_is_in_order_is_applied_at_once() {
    let mut bench = Bench::new(1, 300);
    for sequence in 1..=5 {
        bench.take(sequence);
        assert_eq!(bench.packets(), sequence);
    }
    assert!(bench.receiver.is_complete_up_to(&[5]) && !bench.receiver.is_complete_up_to(&[6]));
    assert!(bench.receiver.is_complete_up_to(&[5, 0]) && !bench.receiver.is_complete_up_to(&[5, 1]));
    assert_eq!(bench.receiver.counters().records_received, 5);
}

#[test]
fn what_comes_early_waits_for_its_predecessors() {
    let mut bench = Bench::new(1, 300);
    for sequence in [3, 2, 5] {
        bench.take(sequence);
        assert_eq!(bench.packets(), 0);
    }
    bench.take(1);
    assert_eq!((bench.packets(), bench.receiver.applied()), (3, vec![3]));
    bench.take(4);
    assert_eq!((bench.packets(), bench.receiver.applied()), (5, vec![5]));
    assert_eq!((bench.receiver.waiting_datagrams(), bench.tables.installs), (0, 5));
}

#[test]
fn a_gap_is_waited_for_and_then_done_without() {
    let mut bench = Bench::new(1, 300);
    bench.take(2);
    bench.acks();
    assert!(bench.receiver.wake().unwrap() <= bench.now + GAP);
    bench.pass(GAP - Duration::from_nanos(1));
    assert_eq!(bench.packets(), 0);
    bench.acks();
    bench.pass(Duration::from_nanos(1));
    assert_eq!(bench.packets(), 2);
    let ack = bench.acks().unwrap()[0];
    assert!(ack.applied == 2 && ack.has(2) && !ack.has(1), "{ack:?}");
    bench.take(1);
    assert_eq!((bench.packets(), bench.receiver.counters().late), (2, 1));
}

#[test]
fn several_gaps_end_one_after_the_other() {
    let mut bench = Bench::new(1, 300);
    bench.take(2);
    bench.pass(GAP / 2);
    bench.take(5);
    bench.pass(GAP / 2);
    assert_eq!(bench.receiver.applied(), [2]);
    bench.pass(GAP / 2);
    assert_eq!((bench.receiver.applied(), bench.packets()), (vec![5], 5));
}

#[test]
fn many_successors_end_the_wait() {
    let mut bench = Bench::new(1, 300);
    (2..66).for_each(|sequence| bench.take(sequence));
    assert_eq!((bench.packets(), bench.receiver.waiting_datagrams()), (0, 64));
    bench.take(66);
    assert_eq!((bench.packets(), bench.receiver.waiting_datagrams()), (66, 0));
    assert!(bench.acks().unwrap()[0].applied == 66);
    // The one that comes when all places are taken may itself be the first.
    (69..133).for_each(|sequence| bench.take(sequence));
    bench.take(68);
    assert_eq!((bench.packets(), bench.receiver.applied()), (132, vec![132]));
    assert_eq!(bench.receiver.counters().late, 0);
}

#[test]
fn what_comes_twice_counts_once() {
    let mut bench = Bench::new(1, 300);
    for sequence in [1, 1, 3, 3, 2, 3, 1] {
        bench.take(sequence);
    }
    assert_eq!((bench.packets(), bench.tables.installs), (3, 3));
    assert_eq!(bench.receiver.counters().duplicates, 4);
}

#[test]
fn a_message_without_room_waits_whole() {
    let mut bench = Bench::new(1, 256);
    let records: Vec<Record> = (0..200).map(removal).collect();
    bench.handle(&message(EPOCH, 0, 1, &records[..100]));
    bench.handle(&message(EPOCH, 0, 2, &records));
    assert_eq!((bench.tables.waiting(0), bench.receiver.applied()), (100, vec![1]));
    let ack = bench.acks().unwrap_or_else(|| {
        bench.pass(Duration::from_millis(1));
        bench.acks().unwrap()
    })[0];
    assert!(ack.applied == 1 && ack.has(2), "it waits here: {ack:?}");
    bench.tables.work(0, 43);
    bench.pass(Duration::from_millis(1));
    assert_eq!((bench.tables.waiting(0), bench.receiver.applied()), (57, vec![1]));
    bench.tables.work(0, 1);
    bench.pass(Duration::from_millis(1));
    assert_eq!((bench.tables.waiting(0), bench.receiver.applied()), (256, vec![2]));
    assert!(bench.acks().unwrap()[0].applied == 2);
}

#[test]
fn without_room_for_long_the_rest_is_refused_and_nothing_is_lost_silently() {
    let mut bench = Bench::new(1, 256);
    let full: Vec<Record> = (0..256).map(removal).collect();
    bench.handle(&message(EPOCH, 0, 1, &full[..250]));
    let ten = |sequence| message(EPOCH, 0, sequence, &full[..10]);
    (2..=70).for_each(|sequence| bench.handle(&ten(sequence)));
    assert_eq!((bench.receiver.waiting_datagrams(), bench.receiver.counters().no_room), (64, 5));
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.receiver.applied(), [1], "nothing is done without for want of room");
    let ack = bench.acks().unwrap()[0];
    assert!(ack.has(65) && !ack.has(66) && !ack.has(70) && ack.applied == 1, "{ack:?}");
    for _ in 0..10 {
        bench.tables.work_all();
        bench.pass(Duration::from_millis(1));
    }
    assert_eq!(bench.receiver.applied(), [65]);
    bench.handle(&ten(71));
    bench.pass(GAP);
    let ack = bench.acks().unwrap()[0];
    assert!(ack.applied == 71 && ack.has(71) && (66..=70).all(|sequence| !ack.has(sequence)));
}

#[test]
fn one_stream_without_room_holds_no_other_up() {
    let mut bench = Bench::new(2, 256);
    let of = |bench: &FakeTables, worker: u8| -> Vec<Record> {
        use crate::tables::Tables;
        (0..2000).filter(|&n| bench.owner(&key(n)) == worker).take(200).map(removal).collect()
    };
    let (zero, one) = (of(&bench.tables, 0), of(&bench.tables, 1));
    bench.handle(&message(EPOCH, 0, 1, &zero));
    bench.handle(&message(EPOCH, 0, 2, &zero));
    bench.handle(&message(EPOCH, 1, 1, &one));
    assert_eq!(bench.receiver.applied(), [1, 1]);
}

#[test]
fn acknowledgements_come_soon_or_after_a_few() {
    let mut bench = Bench::new(1, 300);
    bench.take(1);
    assert!(bench.acks().is_none());
    let due = bench.receiver.wake().unwrap();
    assert!(due <= bench.now + Duration::from_millis(1));
    bench.now = due;
    let ack = bench.acks().unwrap()[0];
    assert_eq!((ack.stream, ack.applied, ack.newest), (0, 1, 1));
    assert!(bench.acks().is_none());
    (2..5).for_each(|sequence| bench.take(sequence));
    assert!(bench.acks().is_none());
    bench.take(5);
    assert_eq!(bench.acks().unwrap()[0].applied, 5);
    // And again later, since that one may have been lost.
    bench.pass(Duration::from_millis(50));
    assert_eq!(bench.acks().unwrap()[0].applied, 5);
}

#[test]
fn many_streams_are_acknowledged_in_several_messages() {
    let mut bench = Bench::new(1, 300);
    (0..40).for_each(|stream| bench.handle(&message(EPOCH, stream, 1, &[upsert(stream.into(), 1, 1)])));
    bench.pass(Duration::from_millis(1));
    let mut streams = Vec::new();
    while let Some(acks) = bench.acks() {
        streams.extend(acks.iter().map(|ack| ack.stream));
    }
    assert_eq!(streams, (0..40).collect::<Vec<u8>>());
}

#[test]
fn another_epoch_is_none_of_ours() {
    let mut bench = Bench::new(1, 300);
    bench.take(1);
    bench.take(3);
    bench.handle(&message(EPOCH - 1, 0, 2, &[upsert(1, 1, 100)]));
    bench.handle(&message(EPOCH + 1, 0, 2, &[upsert(1, 1, 100)]));
    assert_eq!((bench.packets(), bench.receiver.counters().outdated), (1, 2));
    bench.receiver.begin_epoch(EPOCH);
    assert_eq!(bench.receiver.applied(), [1], "the same epoch is not begun again");
    bench.receiver.begin_epoch(EPOCH + 1);
    assert!(bench.receiver.applied().is_empty() && bench.receiver.waiting_datagrams() == 0);
    bench.handle(&message(EPOCH + 1, 0, 1, &[upsert(1, 2, 1)]));
    assert_eq!((bench.packets(), bench.receiver.applied()), (1, vec![1]));
    bench.receiver.begin_epoch(0);
    bench.take(2);
    assert_eq!(bench.packets(), 1);
}

#[test]
fn senseless_messages_are_counted_and_hold_nobody_up() {
    let mut bench = Bench::new(1, 300);
    let mut broken = message(EPOCH, 0, 1, &[upsert(1, 1, 7), upsert(2, 1, 7)]);
    let end = broken.len();
    broken.truncate(end - 3);
    bench.handle(&broken);
    assert_eq!((bench.receiver.applied(), bench.packets()), (vec![1], 7));
    bench.handle(&[]);
    bench.handle(&message(EPOCH, 64, 1, &[]));
    let mut long = message(EPOCH, 0, 2, &[upsert(1, 1, 8)]);
    long.resize(MESSAGE_BYTES_MAX + 1, 0);
    bench.handle(&long);
    assert_eq!((bench.receiver.counters().malformed, bench.receiver.applied()), (4, vec![1]));
}

#[test]
fn numbers_at_the_end_of_the_world_overflow_nothing() {
    let mut bench = Bench::new(1, 300);
    for sequence in [u64::MAX - 1, u64::MAX - 2, u64::MAX, 1, 2] {
        bench.take(sequence);
        bench.pass(GAP);
        bench.acks();
    }
    assert_eq!(bench.receiver.applied(), [u64::MAX - 1]);
}
