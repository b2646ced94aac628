//! Replication: how every live session comes to be on the standby, and stays as new as it is here.
//!
//! Two state machines that know no socket and no clock. [`Sender`] looks at the workers' tables ([`Tables`]) and
//! writes messages; [`Receiver`] reads them and hands records to the workers of its own box. The number of workers
//! of the two boxes has nothing to do with each other: a record names no slot and no worker.
//!
//! # What makes it right
//!
//! - **Every record is whole.** A receiver never lacks what came before.
//! - **One stream per shard of the sender, applied in order.** A session's records all travel in one stream, so an
//!   older one never overwrites a newer one, and no record comes after the removal of its session. What arrives
//!   after its successors were applied is dropped.
//! - **A loss is not repeated but looked at again.** The sender keeps, for each datagram on its way, which slots it
//!   told of. When the peer says that it did without one, those slots count as changed, and what goes out is
//!   what they hold by then. Only removals are kept in words, since there is nothing left to look at.
//! - **A shadow per slot** says what the peer was last told about it. A slot that holds something else, or nothing,
//!   costs a removal first; a session that came and went between two looks costs nothing.
//! - **An epoch per complete copy.** The standby names one when it joins; the sender forgets its shadows, counts
//!   from 1 again and walks every slot. Whatever belongs to another epoch is ignored. A break of the link needs no
//!   new epoch: what was lost is told again, and nothing else.
//!
//! | folder | what it is |
//! | --- | --- |
//! | `codec/` | the wire form of records, messages and acknowledgements |
//! | `sender/` | changes, losses and the complete copy become messages |
//! | `receiver/` | messages become orders to workers, and acknowledgements |
//!
//! [`Tables`]: crate::tables::Tables

pub mod codec;
mod receiver;
mod sender;

#[cfg(test)]
pub(crate) mod tests;

pub use receiver::Receiver;
pub use sender::Sender;

use crate::status::{ReplicationCounters, StreamStatus};

/// Streams at most, and so workers of a sending box.
pub const STREAMS_MAX: usize = crate::tables::SHARDS_MAX as usize;

/// Sequence numbers that a stream has on its way at most, from the oldest that the peer has not applied to the
/// newest: what an acknowledgement's bitmap covers.
pub const SPAN_DATAGRAMS_MAX: u64 = codec::ACK_BITMAP_DATAGRAMS;

/// Counters of both directions together.
pub fn counters(sender: &Sender, receiver: &Receiver) -> ReplicationCounters {
    let (s, r) = (sender.counters(), receiver.counters());
    ReplicationCounters {
        records_sent: s.records_sent,
        removals_sent: s.removals_sent,
        records_resent: s.records_resent,
        datagrams_sent: s.datagrams_sent,
        datagrams_lost: s.datagrams_lost,
        records_received: r.records_received,
        removals_received: r.removals_received,
        datagrams_received: r.datagrams_received,
        duplicates: r.duplicates,
        late: r.late,
        no_room: r.no_room,
        unknown_records: r.unknown_records,
        malformed: s.malformed + r.malformed,
        outdated: s.outdated + r.outdated,
    }
}

/// Streams of both directions, by number.
pub fn streams(sender: &Sender, receiver: &Receiver) -> Vec<StreamStatus> {
    let mut streams = sender.streams();
    let applied = receiver.applied();
    streams.resize(streams.len().max(applied.len()), StreamStatus::default());
    for (stream, applied) in streams.iter_mut().zip(applied) {
        stream.applied = applied;
    }
    streams
}
