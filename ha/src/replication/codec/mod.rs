//! The wire form. All numbers are big-endian; a *varint* is LEB128: seven bits a byte, low ones first, bit 7 set on
//! all but the last byte.
//!
//! # Records message
//!
//! | bytes | field |
//! | ---: | --- |
//! | 1 | flags: 1 part of the complete copy; others are of a newer version and ignored |
//! | 1 | stream: the sender's shard |
//! | 2 | number of records, at most [`RECORDS_MAX`] |
//! | 8 | epoch, never 0 |
//! | 8 | sequence number in the stream, from 1 |
//! | … | records |
//!
//! # Record
//!
//! | bytes | field |
//! | ---: | --- |
//! | 1 | type: 1 session, 2 removal |
//! | 1 | version: major in the upper four bits, minor in the lower |
//! | 2 | length of the body |
//! | … | body |
//!
//! A receiver skips a record whose type or major version it does not know, and counts it. A newer minor version only
//! appends to the body, and what is appended is ignored.
//!
//! # Session, type 1, version 1.0
//!
//! | bytes | field |
//! | ---: | --- |
//! | 1 | flags: 1 IPv6, 2 the initiator is the high end, 4 the senders' state follows |
//! | 1 · 1 · 1 | IP protocol · table id · tracker state |
//! | 2 · 2 | port of the low end, of the high end |
//! | 4 or 16, twice | address of the low end, of the high end |
//! | 4 | birth, never 0 |
//! | 8 | rule hash |
//! | 2 · 2 | `ha_id` by direction |
//! | 1 | session flags: 1 window scaling, 2 DNS, 4 scale offered, 8 fast open |
//! | 1 | window scale of each sender, the initiator's in the upper four bits |
//! | 12, twice | if announced: `end` 4, `max_end` 4, `max_window_bytes` 4; zero otherwise |
//! | varint · varint | ticks idle, ticks of age |
//! | varint, four times | packets and bytes of the first direction, then of the second |
//!
//! An established IPv4 TCP session that carried some megabytes takes 70 to 80 bytes, header included; IPv6
//! takes 24 more. The tracker state is the engine's number for it, which is therefore part of the format.
//!
//! # Removal, type 2, version 1.0
//!
//! | bytes | field |
//! | ---: | --- |
//! | 1 | flags: 1 IPv6 |
//! | 1 · 1 | IP protocol · table id |
//! | 2 · 2 | ports |
//! | 4 or 16, twice | addresses |
//! | 4 | birth |
//!
//! # Acknowledgements message
//!
//! | bytes | field |
//! | ---: | --- |
//! | 8 | epoch |
//! | 1 | number of streams that follow |
//! | 49 each | stream 1 · applied 8 · newest 8 · bitmap 32 |
//!
//! `applied`: every datagram up to it was handed to the workers, or done without for good. `newest`: the highest
//! number that arrived. Bit *i* of the bitmap (bit *i* mod 8 of byte *i* / 8) says whether `newest` − *i* arrived.
//! What arrived will be applied, what is missing above `applied` may still be; what is missing up to it never
//! will.

mod acks;
mod bytes;
mod key;
mod message;
mod record;
mod session;

#[cfg(test)]
mod tests;

pub use acks::{ACK_BITMAP_DATAGRAMS, ACK_STREAMS_MAX, Ack, ArrivedBitmap, read_acks, write_acks};
pub use message::{MessageHeader, RECORDS_HEADER_BYTES, RecordsWriter};
pub use record::{Decoded, RECORDS_MAX, REMOVAL_BYTES_MAX, Record, RecordIter, SESSION_BYTES_MAX};

/// Bytes from the peer that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// It ends too early.
    #[error("the {0} ends too early")]
    Truncated(&'static str),
    /// A field has a value that no version gives it.
    #[error("the {0} has no meaning")]
    Value(&'static str),
}
