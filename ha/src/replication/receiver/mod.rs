//! The receiving side: messages become orders to this box's workers, and acknowledgements.
//!
//! | file | what it is |
//! | --- | --- |
//! | `stream.rs` | one stream: what is next, what waits, what is done without |
//! | `reorder.rs` | messages that came before their predecessors, or found no room |
//! | `apply.rs` | one message: decode, look for room, hand on |
//! | `ack.rs` | when to tell the sender, and what |

mod ack;
mod apply;
mod reorder;
mod stream;

use holdfast_engine::time::Instant;

use super::STREAMS_MAX;
use super::codec::{ACK_STREAMS_MAX, Ack, MessageHeader, write_acks};
use crate::status::ReplicationCounters;
use crate::tables::Tables;
use apply::Applier;
use stream::Stream;

/// Longest message: a jumbo frame's.
pub const MESSAGE_BYTES_MAX: usize = 9216;

/// Hands the peer's sessions to the workers here. Ignores everything until [`Receiver::begin_epoch`].
///
/// A message is handed on whole or not at all. While a worker's ring has no room, its stream waits, up to the
/// reorder buffer's limit; what comes beyond that is refused, and the sender repeats it.
#[derive(Debug)]
pub struct Receiver {
    epoch: u64,
    /// By number; grows to the sender's.
    streams: Vec<Stream>,
    applier: Applier,
    counters: ReplicationCounters,
}

impl Receiver {
    /// A receiver for this box's workers.
    pub fn new(tables: &impl Tables) -> Receiver {
        Receiver {
            epoch: 0,
            streams: Vec::new(),
            applier: Applier::new(tables.shards()),
            counters: ReplicationCounters::default(),
        }
    }

    /// Takes records of this epoch from now on, and of no other; 0 is none. What waits of the last one is dropped.
    /// The workers must have been told `FromHa::CopyBegins` before the first record.
    pub fn begin_epoch(&mut self, epoch: u64) {
        if epoch != self.epoch {
            self.epoch = epoch;
            self.streams.clear();
        }
    }

    /// Takes a records message.
    pub fn handle_records(&mut self, now: Instant, message: &[u8], tables: &mut impl Tables) {
        self.counters.datagrams_received += 1;
        let (header, records) = match MessageHeader::read(message) {
            Ok(read) if usize::from(read.0.stream) < STREAMS_MAX && message.len() <= MESSAGE_BYTES_MAX => {
                read
            }
            _ => {
                self.counters.malformed += 1;
                return;
            }
        };
        if header.epoch != self.epoch {
            self.counters.outdated += 1;
            return;
        }
        let at = usize::from(header.stream);
        while self.streams.len() <= at {
            self.streams.push(Stream::default());
        }
        if let Some(stream) = self.streams.get_mut(at) {
            let mut apply = self.applier.with(tables, &mut self.counters);
            stream.handle(now, header.sequence, message, records, &mut apply);
        }
    }

    /// Does without what is missing for too long, and tries again what found no room.
    pub fn handle_timeout(&mut self, now: Instant, tables: &mut impl Tables) {
        let mut apply = self.applier.with(tables, &mut self.counters);
        for stream in &mut self.streams {
            stream.handle_timeout(now, &mut apply);
        }
    }

    /// Appends an acknowledgements message, if one is due.
    pub fn poll_acks(&mut self, now: Instant, message: &mut Vec<u8>) -> bool {
        let mut acks = [Ack::default(); ACK_STREAMS_MAX];
        let mut count = 0;
        let due = self.streams.iter_mut().enumerate().filter(|(_, stream)| stream.ack_is_due(now));
        for (place, (at, stream)) in acks.iter_mut().zip(due) {
            *place = stream.acknowledge(now, at as u8);
            count += 1;
        }
        if count > 0 {
            write_acks(message, self.epoch, acks.get(..count).unwrap_or_default());
        }
        count > 0
    }

    /// When to call [`Receiver::handle_timeout`] and [`Receiver::poll_acks`] again.
    pub fn wake(&self) -> Option<Instant> {
        self.streams.iter().filter_map(Stream::wake).min()
    }

    /// By stream: everything up to this number is in the workers' rings, or was done without.
    pub fn applied(&self) -> Vec<u64> {
        self.streams.iter().map(Stream::applied).collect()
    }

    /// Whether each stream has come to the sender's position.
    pub fn is_complete_up_to(&self, positions: &[u64]) -> bool {
        let applied = self.streams.iter().map(Stream::applied).chain(core::iter::repeat(0));
        positions.iter().zip(applied).all(|(&position, applied)| applied >= position)
    }

    /// Messages that wait for their predecessors or for room in a worker's ring.
    pub fn waiting_datagrams(&self) -> usize {
        self.streams.iter().map(Stream::waiting).sum()
    }

    /// Counters of this direction; those of the other are 0.
    pub fn counters(&self) -> &ReplicationCounters {
        &self.counters
    }
}
