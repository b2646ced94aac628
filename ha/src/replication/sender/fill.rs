//! Making the next message of a stream.

use core::time::Duration;

use holdfast_engine::time::Instant;

use super::batch::{BATCH_SLOTS, Batch};
use super::in_flight::Datagram;
use super::stream::Stream;
use crate::replication::codec::{MessageHeader, Record, RecordsWriter};
use crate::status::ReplicationCounters;
use crate::tables::{SessionName, Slot, Tables};

/// How long a change waits for others to share its datagram, when one has just gone.
pub(super) const LIVE_INTERVAL: Duration = Duration::from_micros(100);
/// Datagrams of live changes that go while one of the complete copy waits.
const LIVE_IN_A_ROW_MAX: u32 = 3;
/// Changed slots at hand, from which on there is no waiting: about a datagram of 1,400 bytes.
const LIVE_SLOTS_AT_ONCE: usize = 16;
/// Slots that one call looks at for one message at most: tens of microseconds.
const SLOTS_PER_CALL_MAX: usize = 1024;

/// What came of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// A record of its session is in the message.
    Session,
    /// It holds nothing; if the peer was told otherwise, a removal is in the message.
    Nothing,
    /// It could not be read just now.
    Busy,
    /// The message is full.
    Full,
}

impl Stream {
    /// Appends the next message, if there is something to say and pacing allows. `message` will not hold more than
    /// `bytes_max` bytes.
    pub(super) fn fill(
        &mut self,
        now: Instant,
        tables: &mut impl Tables,
        bytes_max: usize,
        message: &mut Vec<u8>,
        counters: &mut ReplicationCounters,
    ) -> bool {
        self.has_more = false;
        if !self.in_flight.has_span() {
            return false;
        }
        self.take_changes(tables);
        let copies = self.bulk.has_work() && self.pacing.allows_bulk(self.in_flight.way());
        let is_bulk_due = copies && self.live_in_a_row >= LIVE_IN_A_ROW_MAX;
        if !is_bulk_due && self.live_at().is_some_and(|at| at <= now) {
            let datagram = self.in_flight.blank(self.next, now, false);
            if self.send(now, datagram, bytes_max, message, counters, |stream, datagram, writer| {
                stream.write_live(datagram, writer, tables);
            }) {
                self.live_sent_at = Some(now);
                self.live_in_a_row = self.live_in_a_row.saturating_add(1);
                return true;
            }
        }
        if copies {
            self.live_in_a_row = 0;
            let datagram = self.in_flight.blank(self.next, now, true);
            return self.send(now, datagram, bytes_max, message, counters, |stream, datagram, writer| {
                stream.write_bulk(datagram, writer, tables);
            });
        }
        false
    }

    /// Tops the batch up, and notes when nothing is left to take.
    pub(super) fn take_changes(&mut self, tables: &mut impl Tables) {
        self.is_drained = self.batch.top_up(self.shard, &self.bulk, tables);
        self.has_more |= !self.is_drained && self.batch.is_empty();
        self.note_sent();
    }

    /// Notes when nothing that changed or was lost is left to be sent.
    fn note_sent(&mut self) {
        if self.is_sent() {
            self.flush.drained(self.position());
            self.lost_since = None;
        }
    }

    /// When the next datagram of live changes may go, `Instant(0)` for at once; `None` when there are none, or too
    /// much is on its way.
    pub(super) fn live_at(&self) -> Option<Instant> {
        if self.batch.is_empty() && self.removals.is_empty() {
            return None;
        }
        if !self.in_flight.has_span() || !self.pacing.allows_live(self.in_flight.way(), self.bulk.has_work())
        {
            return None;
        }
        let at_once =
            self.batch.len() >= LIVE_SLOTS_AT_ONCE || !self.removals.is_empty() || self.flush.is_urgent();
        match self.live_sent_at {
            Some(sent_at) if !at_once => Some(sent_at + LIVE_INTERVAL),
            _ => Some(Instant(0)),
        }
    }

    /// Writes a message with what `write` puts into it, and keeps account; `false` when that was nothing.
    fn send(
        &mut self,
        now: Instant,
        mut datagram: Datagram,
        bytes_max: usize,
        message: &mut Vec<u8>,
        counters: &mut ReplicationCounters,
        write: impl FnOnce(&mut Stream, &mut Datagram, &mut RecordsWriter<'_>),
    ) -> bool {
        let header = MessageHeader {
            bulk: datagram.is_bulk,
            stream: self.shard,
            epoch: self.epoch,
            sequence: datagram.sequence,
        };
        let mut writer = RecordsWriter::begin(message, bytes_max, &header);
        datagram.waits_since = self.lost_since.map_or(now, |since| since.min(now));
        write(self, &mut datagram, &mut writer);
        let records = writer.finish();
        debug_assert_eq!(u64::from(records), datagram.records());
        if records == 0 {
            self.in_flight.give_back(datagram);
        } else {
            counters.datagrams_sent += 1;
            counters.records_sent += datagram.slots.len() as u64;
            counters.removals_sent += datagram.removals.len() as u64;
            if datagram.counts {
                self.bulk.datagram_sent();
            }
            self.in_flight.push(datagram);
            self.next += 1;
        }
        self.note_sent();
        records > 0
    }

    /// Lost removals first: so there are never more of them than were once on their way together.
    fn write_live(
        &mut self,
        datagram: &mut Datagram,
        writer: &mut RecordsWriter<'_>,
        tables: &mut impl Tables,
    ) {
        while let Some(&name) = self.removals.front() {
            if !writer.push(&removal(&name)) {
                return;
            }
            datagram.removals.push(name);
            self.removals.pop_front();
        }
        for _ in 0..SLOTS_PER_CALL_MAX / BATCH_SLOTS {
            let mut batch = core::mem::take(&mut self.batch);
            let (consumed, has_busy) = self.tell(batch.slots(), datagram, writer, tables);
            batch.consume(consumed);
            self.batch = batch;
            if has_busy {
                // Asked again later, not over and over now.
                self.is_drained = false;
                return;
            }
            if !self.batch.is_empty() || self.is_drained {
                return;
            }
            self.is_drained = self.batch.top_up(self.shard, &self.bulk, tables);
        }
        self.has_more = true;
    }

    fn write_bulk(
        &mut self,
        datagram: &mut Datagram,
        writer: &mut RecordsWriter<'_>,
        tables: &mut impl Tables,
    ) {
        for _ in 0..SLOTS_PER_CALL_MAX / BATCH_SLOTS {
            let mut batch = Batch::default();
            for _ in 0..(self.bulk.slots_to_do() as usize).min(BATCH_SLOTS) {
                if let Some(slot) = self.bulk.next() {
                    tables.prefetch(self.shard, slot);
                    batch.push(slot);
                }
            }
            let (consumed, has_busy) = self.tell(batch.slots(), datagram, writer, tables);
            batch.consume(consumed);
            if let Some(&slot) = batch.slots().first() {
                self.bulk.step_back_to(slot);
                return;
            }
            if has_busy || !self.bulk.has_work() {
                self.has_more = self.bulk.has_work();
                return;
            }
        }
        self.has_more = true;
    }

    /// Tells of slots until the message is full: how many were told of, and whether some could not be read (those
    /// count as changed again).
    fn tell(
        &mut self,
        slots: &[u32],
        datagram: &mut Datagram,
        writer: &mut RecordsWriter<'_>,
        tables: &mut impl Tables,
    ) -> (usize, bool) {
        let mut has_busy = false;
        self.shadows.touch(slots);
        for (at, &slot) in slots.iter().enumerate() {
            match self.tell_slot(slot, datagram, writer, tables) {
                Told::Session => datagram.counts |= self.bulk.tell(slot),
                Told::Nothing => self.bulk.skip(slot),
                Told::Busy => {
                    has_busy = true;
                    if !datagram.is_bulk {
                        tables.mark_changed(self.shard, slot);
                    }
                }
                Told::Full => return (at, has_busy),
            }
        }
        (slots.len(), has_busy)
    }

    fn tell_slot(
        &mut self,
        slot: u32,
        datagram: &mut Datagram,
        writer: &mut RecordsWriter<'_>,
        tables: &impl Tables,
    ) -> Told {
        let record = match tables.read(self.shard, slot) {
            Slot::Filled(record) => Some(record),
            Slot::Empty => None,
            Slot::Busy => return Told::Busy,
        };
        let name = record.map(|record| SessionName { key: record.key, birth: record.birth });
        let told = self.shadows.get(slot);
        if let Some(old) = told.filter(|old| Some(*old) != name) {
            if !writer.push(&removal(&old)) {
                return Told::Full;
            }
            datagram.removals.push(old);
            self.shadows.remove(slot);
        }
        let (Some(record), Some(name)) = (record, name) else { return Told::Nothing };
        if !writer.push(&Record::Session(record)) {
            return Told::Full;
        }
        datagram.slots.push(slot);
        if told != Some(name) {
            self.shadows.set(slot, &name);
        }
        Told::Session
    }
}

fn removal(name: &SessionName) -> Record {
    Record::Removal { key: name.key, birth: name.birth }
}
