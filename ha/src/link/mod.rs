//! The HA link: one authenticated, encrypted, replay-proof datagram channel between the two boxes.
//!
//! [`Link`] is a state machine without a socket; `runtime` holds the socket. It shakes hands with a pre-shared key
//! (Noise, `noise.rs`), agrees on a protocol version (`hello.rs`), seals and opens datagrams (`session.rs`), tells
//! replays (`window.rs`), replaces keys without a gap, and finds out how large datagrams may be (`path.rs`).
//!
//! # Sessions
//!
//! The box whose address is the lower one is the initiator, always.
//!
//! ```text
//! initiator                                     responder
//!     | ------- Initiation, old or no challenge ---> |  sealed under our key? fresh?
//!     | <------ Challenge -------------------------- |  no: nothing is kept, nothing is computed
//!     | ------- Initiation, that challenge --------> |  yes: session pending, another challenge
//!     | <------ Response, next challenge ----------- |
//! current                                            |
//!     | ------- Transport (ping, or data) ---------> |  authentic: pending becomes current
//! ```
//!
//! The responder uses a new session only when the first authentic datagram came under it, and both still believe the
//! old one for a moment, so rekeying loses nothing; and nothing but a peer that holds the key and computed its part
//! anew replaces a session that works. A box that restarts is back after two round trips: the initiator by its first
//! initiation, the responder by sending its challenge unasked.
//!
//! # What others can do
//!
//! Whoever has no key can make counters move, and raise the alarm of a wrong key while there is no session. A datagram
//! of theirs costs one look or one hash. Whoever records and replays can do the same, make the initiator send a
//! ping, and make it start a handshake a little earlier while the link is down anyway.

mod config;
mod control;
mod handshake;
mod hello;
mod initiator;
mod machine;
mod noise;
mod path;
mod random;
mod responder;
mod retry;
mod session;
mod sessions;
#[cfg(test)]
mod tests;
mod transport;
mod window;
mod wire;

pub use config::{LinkConfig, LinkEvent, Received, Rekey, SealError};
pub use hello::NAME_BYTES_MAX;
pub use machine::Link;
pub use noise::KEY_BYTES;
pub use path::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN};
pub use random::Random;
