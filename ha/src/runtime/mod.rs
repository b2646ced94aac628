//! The HA core's contact with the system: its socket and its key. Nothing else in this crate does I/O.

mod key_file;
mod socket;
#[cfg(test)]
mod tests;

pub use key_file::{KeyFileError, read_key};
pub use socket::{BATCH_DATAGRAMS, DATAGRAM_BYTES_MAX, HaSocket, ReceivedBatch, SentBatch, SocketError};
