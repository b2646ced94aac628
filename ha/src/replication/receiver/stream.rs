//! One of the peer's streams.

use core::time::Duration;

use holdfast_engine::time::Instant;

use super::ack::AckTimer;
use super::apply::{Applied, Apply};
use super::reorder::Reorder;
use crate::replication::codec::{ACK_BITMAP_DATAGRAMS, Ack, ArrivedBitmap, MessageHeader, RecordIter};
use crate::tables::Tables;

/// How long a successor waits for a missing datagram: far longer than a link of the pair's own reorders.
const GAP_MAX: Duration = Duration::from_millis(3);
/// Time between looks for room in a worker's ring.
const ROOM_RETRY: Duration = Duration::from_micros(500);

#[derive(Debug, Default)]
pub(super) struct Stream {
    applied: u64,
    /// Highest number that arrived.
    newest: u64,
    arrived: ArrivedBitmap,
    reorder: Reorder,
    acks: AckTimer,
    /// When to look for room again; `None` unless the next message is here and found none.
    retry_at: Option<Instant>,
}

impl Stream {
    pub(super) fn applied(&self) -> u64 {
        self.applied
    }

    pub(super) fn waiting(&self) -> usize {
        self.reorder.len()
    }

    fn has_arrived(&self, sequence: u64) -> bool {
        self.newest.checked_sub(sequence).is_some_and(|back| self.arrived.contains(back))
    }

    fn mark_arrived(&mut self, sequence: u64) {
        if let Some(ahead) = sequence.checked_sub(self.newest) {
            self.arrived.advance(ahead);
            self.newest = sequence;
        }
        self.arrived.insert(self.newest - sequence);
    }

    /// Takes a message that was read as far as its records.
    pub(super) fn handle(
        &mut self,
        now: Instant,
        sequence: u64,
        message: &[u8],
        records: RecordIter<'_>,
        apply: &mut Apply<'_, impl Tables>,
    ) {
        self.acks.note(now);
        if self.has_arrived(sequence) {
            apply.counters.duplicates += 1;
            return;
        }
        if sequence <= self.applied || self.newest.saturating_sub(sequence) >= ACK_BITMAP_DATAGRAMS {
            apply.counters.late += 1;
            return;
        }
        if sequence == self.applied + 1 && apply.apply(records.clone()) == Applied::Whole {
            self.applied = sequence;
            self.mark_arrived(sequence);
            return self.drain(now, apply);
        }
        if self.reorder.is_full() && !self.is_first_here() {
            // What is missing has had its chance: as many successors are here as can be kept.
            self.skip_before(sequence);
            self.acks.hurry(now);
            if self.applied + 1 == sequence && apply.apply(records) == Applied::Whole {
                self.applied = sequence;
                self.mark_arrived(sequence);
                return self.drain(now, apply);
            }
            self.drain(now, apply);
        }
        if self.reorder.is_full() {
            apply.counters.no_room += 1;
            return;
        }
        self.reorder.insert(now, sequence, message);
        self.mark_arrived(sequence);
        self.drain(now, apply);
    }

    /// Whether the next message in order is here, and waits for room.
    fn is_first_here(&self) -> bool {
        self.reorder.first().is_some_and(|held| held.sequence == self.applied + 1)
    }

    /// Does without everything before the first message that is here: the first that waits, or `sequence`.
    fn skip_before(&mut self, sequence: u64) {
        let first = self.reorder.first().map_or(sequence, |held| held.sequence.min(sequence));
        self.applied = self.applied.max(first.saturating_sub(1));
    }

    /// Applies what waits, as far as it follows without a gap and finds room.
    fn drain(&mut self, now: Instant, apply: &mut Apply<'_, impl Tables>) {
        self.retry_at = None;
        while self.is_first_here() {
            let Some(held) = self.reorder.first() else { break };
            let applied = match MessageHeader::read(&held.message) {
                Ok((_, records)) => apply.apply(records),
                Err(_) => Applied::Whole,
            };
            if applied == Applied::NoRoom {
                self.retry_at = Some(now + ROOM_RETRY);
                return;
            }
            self.applied += 1;
            self.reorder.remove_first();
            self.acks.hurry(now);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, apply: &mut Apply<'_, impl Tables>) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.drain(now, apply);
        }
        while self.gap_ends_at().is_some_and(|at| at <= now) {
            self.skip_before(u64::MAX);
            self.acks.hurry(now);
            self.drain(now, apply);
        }
    }

    /// When what is missing before the first message that waits is done without.
    fn gap_ends_at(&self) -> Option<Instant> {
        let held = self.reorder.first()?;
        (held.sequence != self.applied + 1).then(|| held.arrived_at + GAP_MAX)
    }

    pub(super) fn ack_is_due(&self, now: Instant) -> bool {
        self.acks.is_due(now)
    }

    pub(super) fn acknowledge(&mut self, now: Instant, stream: u8) -> Ack {
        self.acks.sent(now);
        Ack { stream, applied: self.applied, newest: self.newest, arrived: self.arrived }
    }

    pub(super) fn wake(&self) -> Option<Instant> {
        [self.acks.wake(), self.retry_at, self.gap_ends_at()].into_iter().flatten().min()
    }
}
