//! The sending side: which changes the peer lacks, and the messages that tell it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `stream.rs` | one stream: what it knows, acknowledgements, losses |
//! | `fill.rs` | the next message of a stream |
//! | `batch.rs` | changed slots at hand |
//! | `shadow.rs` | what the peer was told of each slot |
//! | `bulk.rs`, `slot_set.rs` | the complete copy |
//! | `in_flight.rs`, `pacing.rs` | what is on its way, and how much may be |
//! | `flush.rs` | when all that had changed is there |

mod batch;
mod bulk;
mod fill;
mod flush;
mod in_flight;
mod pacing;
mod shadow;
mod slot_set;
mod stream;

use core::time::Duration;

use holdfast_engine::time::Instant;

use super::STREAMS_MAX;
use super::codec::{RECORDS_HEADER_BYTES, REMOVAL_BYTES_MAX, SESSION_BYTES_MAX, read_acks};
use crate::status::{ReplicationCounters, StreamStatus};
use crate::tables::Tables;
use stream::Stream;

/// Smallest message in which any record fits, bytes; with less nothing is sent.
pub const MESSAGE_BYTES_MIN: usize = RECORDS_HEADER_BYTES + REMOVAL_BYTES_MAX + SESSION_BYTES_MAX;

/// Tells the peer of every change here. Idle until [`Sender::start_epoch`].
///
/// Memory is fixed: about 25 bytes a slot, 32 more for a slot whose session is IPv6, and at most
/// `SPAN_DATAGRAMS_MAX` datagrams' worth of slot numbers and names a stream.
#[derive(Debug)]
pub struct Sender {
    epoch: u64,
    streams: Vec<Stream>,
    /// The stream whose turn it is.
    turn: usize,
    /// Sessions that were there when the epoch began.
    bulk_expected: u64,
    counters: ReplicationCounters,
}

impl Sender {
    /// A sender for these tables; shards beyond [`STREAMS_MAX`] are not replicated.
    pub fn new(tables: &impl Tables) -> Sender {
        let shards = tables.shards().min(STREAMS_MAX as u8);
        Sender {
            epoch: 0,
            streams: (0..shards).map(|shard| Stream::new(shard, tables.slots(shard))).collect(),
            turn: 0,
            bulk_expected: 0,
            counters: ReplicationCounters::default(),
        }
    }

    /// Begins a complete copy in the epoch that the standby named; 0 is none. Everything sent before is forgotten.
    pub fn start_epoch(&mut self, epoch: u64, tables: &impl Tables) {
        if epoch == 0 {
            return self.stop();
        }
        self.epoch = epoch;
        self.bulk_expected = tables.digest().sessions;
        for stream in &mut self.streams {
            stream.start(epoch, tables.used_slots(stream.shard));
        }
    }

    /// Sends nothing more, until the next epoch begins.
    pub fn stop(&mut self) {
        self.epoch = 0;
        self.streams.iter_mut().for_each(|stream| stream.start(0, 0));
    }

    /// Appends the next records message to `message`, which will not hold more than `payload_max` bytes in all.
    /// `false`, and nothing appended, when there is nothing to send now.
    ///
    /// A change wakes nobody: call this at least as often as changes are to be looked for.
    pub fn fill(
        &mut self,
        now: Instant,
        tables: &mut impl Tables,
        payload_max: usize,
        message: &mut Vec<u8>,
    ) -> bool {
        if self.epoch == 0 || payload_max.saturating_sub(message.len()) < MESSAGE_BYTES_MIN {
            return false;
        }
        for _ in 0..self.streams.len() {
            let at = self.turn;
            self.turn = (at + 1) % self.streams.len();
            if let Some(stream) = self.streams.get_mut(at)
                && stream.fill(now, tables, payload_max, message, &mut self.counters)
            {
                return true;
            }
        }
        false
    }

    /// Takes an acknowledgements message.
    pub fn handle_acks(&mut self, now: Instant, message: &[u8], tables: &mut impl Tables) {
        let Ok((epoch, acks)) = read_acks(message) else {
            self.counters.malformed += 1;
            return;
        };
        if epoch != self.epoch || epoch == 0 {
            self.counters.outdated += 1;
            return;
        }
        for ack in acks {
            let is_sound = ack.is_ok_and(|ack| {
                let stream = self.streams.get_mut(usize::from(ack.stream));
                stream.is_some_and(|stream| stream.handle_ack(now, &ack, tables, &mut self.counters))
            });
            if !is_sound {
                self.counters.malformed += 1;
                return;
            }
        }
    }

    /// Gives up datagrams that nobody reported on, and looks whether something changed.
    pub fn handle_timeout(&mut self, now: Instant, tables: &mut impl Tables) {
        if self.epoch == 0 {
            return;
        }
        for stream in &mut self.streams {
            stream.handle_timeout(now, tables, &mut self.counters);
            stream.take_changes(tables);
        }
    }

    /// When to call [`Sender::fill`] and [`Sender::handle_timeout`] again, as far as is known without a change;
    /// `Instant(0)` is at once.
    pub fn wake(&self) -> Option<Instant> {
        if self.epoch == 0 {
            return None;
        }
        self.streams.iter().filter_map(Stream::wake).min()
    }

    /// Sessions of the complete copy that were sent, and that are expected in all.
    pub fn bulk_progress(&self) -> (u64, u64) {
        let sent = self.streams.iter().map(|stream| stream.bulk.sent()).sum();
        (sent, self.bulk_expected.max(sent))
    }

    /// Whether the peer holds everything that was there when the epoch began, and still is.
    pub fn bulk_complete(&self) -> bool {
        self.epoch != 0 && self.streams.iter().all(|stream| stream.bulk.is_complete())
    }

    /// By stream: number of the newest datagram sent, 0 for none.
    pub fn positions(&self) -> Vec<u64> {
        self.streams.iter().map(Stream::position).collect()
    }

    /// Whether no change waits, as of the last call of `fill` or `handle_timeout`, nothing is on its way, and the copy is complete.
    pub fn is_quiet(&self) -> bool {
        self.streams.iter().all(Stream::is_quiet)
    }

    /// The peer is heard again: what was on its way when the link broke is given up now, not when the time-out has come
    /// that grew with the silence.
    pub fn reconnected(&mut self) {
        self.streams.iter_mut().for_each(Stream::reconnected);
    }

    /// Asks for [`Sender::is_flushed`] to tell when the peer holds everything that has changed by now.
    pub fn begin_flush(&mut self) {
        self.streams.iter_mut().for_each(|stream| stream.flush.begin());
    }

    /// Whether the peer holds everything that had changed when [`Sender::begin_flush`] was called.
    pub fn is_flushed(&self) -> bool {
        self.epoch != 0 && self.streams.iter().all(|stream| stream.flush.is_done(stream.in_flight.oldest()))
    }

    /// Changes at hand that were not sent, and records that the peer does not hold yet.
    pub fn pending_records(&self) -> u64 {
        self.streams.iter().map(Stream::pending_records).sum()
    }

    /// Age of the oldest record that was sent and that the peer does not hold yet.
    pub fn oldest_unacknowledged_age(&self, now: Instant) -> Duration {
        self.streams.iter().map(|stream| stream.oldest_age(now)).max().unwrap_or_default()
    }

    /// Counters of this direction; those of the other are 0.
    pub fn counters(&self) -> &ReplicationCounters {
        &self.counters
    }

    /// The streams; `applied` is 0.
    pub fn streams(&self) -> Vec<StreamStatus> {
        self.streams.iter().map(Stream::status).collect()
    }
}
