//! One stream: everything the peer is told of one shard.

use core::time::Duration;
use std::collections::VecDeque;

use holdfast_engine::time::Instant;

use super::batch::Batch;
use super::bulk::Bulk;
use super::flush::Flush;
use super::in_flight::{Datagram, Fate, InFlight};
use super::pacing::Pacing;
use super::shadow::Shadows;
use crate::replication::codec::Ack;
use crate::status::{ReplicationCounters, StreamStatus};
use crate::tables::{SessionName, Tables};

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) shard: u8,
    pub(super) epoch: u64,
    /// Number of the next datagram.
    pub(super) next: u64,
    /// What the peer said last.
    applied: u64,
    /// Changed slots that were taken and not yet told of.
    pub(super) batch: Batch,
    /// Whether the change set was empty when it was last asked.
    pub(super) is_drained: bool,
    /// Removals that were lost.
    pub(super) removals: VecDeque<SessionName>,
    pub(super) shadows: Shadows,
    pub(super) bulk: Bulk,
    pub(super) in_flight: InFlight,
    pub(super) pacing: Pacing,
    pub(super) flush: Flush,
    /// When the last datagram of live changes went.
    pub(super) live_sent_at: Option<Instant>,
    /// Datagrams of live changes since the last one of the complete copy.
    pub(super) live_in_a_row: u32,
    /// Since when the oldest lost content waits, until it is all sent again.
    pub(super) lost_since: Option<Instant>,
    /// A call of `fill` stopped before it had looked at everything it may look at.
    pub(super) has_more: bool,
}

impl Stream {
    pub(super) fn new(shard: u8, slots: u32) -> Stream {
        Stream {
            shard,
            epoch: 0,
            next: 1,
            applied: 0,
            batch: Batch::default(),
            is_drained: false,
            removals: VecDeque::new(),
            shadows: Shadows::new(slots),
            bulk: Bulk::new(slots),
            in_flight: InFlight::default(),
            pacing: Pacing::new(),
            flush: Flush::Idle,
            live_sent_at: None,
            live_in_a_row: 0,
            lost_since: None,
            has_more: false,
        }
    }

    /// Begins an epoch; 0 ends the last one. Changes that wait are forgotten: the walk comes to them.
    pub(super) fn start(&mut self, epoch: u64, used_slots: u32) {
        self.epoch = epoch;
        (self.next, self.applied) = (1, 0);
        self.batch.clear();
        self.is_drained = false;
        self.removals.clear();
        self.shadows.clear();
        self.bulk.start(used_slots);
        self.in_flight.clear();
        self.pacing = Pacing::new();
        (self.live_sent_at, self.lost_since, self.has_more) = (None, None, true);
        if self.flush != Flush::Idle {
            self.flush.begin();
        }
    }

    /// Number of the newest datagram sent, 0 for none.
    pub(super) fn position(&self) -> u64 {
        self.next - 1
    }

    /// Whether everything that was seen to change is in datagrams.
    pub(super) fn is_sent(&self) -> bool {
        self.is_drained && self.batch.is_empty() && self.removals.is_empty()
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.is_sent() && self.in_flight.is_empty() && self.bulk.is_complete()
    }

    /// Takes an acknowledgement of this epoch; `false` when it speaks of datagrams that were never sent.
    pub(super) fn handle_ack(
        &mut self,
        now: Instant,
        ack: &Ack,
        tables: &mut impl Tables,
        counters: &mut ReplicationCounters,
    ) -> bool {
        if ack.newest >= self.next || ack.applied >= self.next {
            return false;
        }
        self.applied = self.applied.max(ack.applied);
        let (arrivals, newest_sent_at) = self.in_flight.note_arrivals(ack);
        if let Some(sent_at) = newest_sent_at {
            self.pacing.measured(now.since(sent_at));
        }
        (0..arrivals).for_each(|_| self.pacing.arrived());
        let mut in_flight = core::mem::take(&mut self.in_flight);
        in_flight.settle_applied(ack.applied, |datagram, fate| {
            if fate == Fate::Lost {
                self.pacing.lost(datagram.sequence, self.next);
            }
            self.settle(datagram, fate, tables, counters);
        });
        self.in_flight = in_flight;
        true
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        tables: &mut impl Tables,
        counters: &mut ReplicationCounters,
    ) {
        let timeout = self.pacing.timeout();
        let is_due = |sent_at: Instant| sent_at + timeout <= now;
        if !self.in_flight.oldest_unheard().is_some_and(is_due) {
            return;
        }
        self.pacing.timed_out(self.next);
        let before = Instant(now.0.saturating_sub(timeout.as_nanos() as u64));
        let mut in_flight = core::mem::take(&mut self.in_flight);
        in_flight.settle_unheard(before, |datagram, fate| self.settle(datagram, fate, tables, counters));
        self.in_flight = in_flight;
    }

    pub(super) fn reconnected(&mut self) {
        self.pacing.reconnected();
    }

    pub(super) fn wake(&self) -> Option<Instant> {
        let bulk = self.has_more || (self.bulk.has_work() && self.pacing.allows_bulk(self.in_flight.way()));
        if bulk && self.in_flight.has_span() {
            return Some(Instant(0));
        }
        let unheard = self.in_flight.oldest_unheard().map(|sent_at| sent_at + self.pacing.timeout());
        self.live_at().into_iter().chain(unheard).min()
    }

    /// What a datagram told is there, or must be told again.
    fn settle(
        &mut self,
        datagram: &Datagram,
        fate: Fate,
        tables: &mut impl Tables,
        counters: &mut ReplicationCounters,
    ) {
        if datagram.counts {
            self.bulk.datagram_done();
        }
        if fate == Fate::Applied {
            return;
        }
        counters.datagrams_lost += 1;
        counters.records_resent += datagram.records();
        self.flush.lost(datagram.sequence);
        self.lost_since = Some(self.lost_since.map_or(datagram.waits_since, |t| t.min(datagram.waits_since)));
        for &slot in &datagram.slots {
            if datagram.counts {
                self.bulk.lost(slot);
            }
            if !datagram.is_bulk {
                tables.mark_changed(self.shard, slot);
                self.is_drained = false;
            }
        }
        self.removals.extend(&datagram.removals);
    }

    /// Changes taken and not sent, and records on their way.
    pub(super) fn pending_records(&self) -> u64 {
        (self.batch.len() + self.removals.len()) as u64 + self.in_flight.records()
    }

    /// Age of the oldest thing told that the peer does not hold yet.
    pub(super) fn oldest_age(&self, now: Instant) -> Duration {
        let since = self.in_flight.oldest_content().into_iter().chain(self.lost_since).min();
        since.map_or(Duration::ZERO, |since| now.since(since))
    }

    pub(super) fn status(&self) -> StreamStatus {
        StreamStatus {
            sent: self.position(),
            acknowledged: self.applied,
            in_flight: self.in_flight.len(),
            applied: 0,
        }
    }
}
