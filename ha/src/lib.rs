//! The pair: which of two boxes forwards, and how the other one comes to hold every live session.
//!
//! State machines without I/O, without a clock, without threads. Time comes in as an argument; the daemon and the
//! simulator drive the same code. One vocabulary everywhere:
//!
//! - `handle(now, input)` takes one input (`handle_…` where a machine has few);
//! - `poll_transmit` and `poll_event` are then drained to `None`;
//! - `wake()` says when the machine wants to be called again even if nothing happens.
//!
//! The parts ([`hsrp::Group`], [`link::Link`]) are drained before their next input; queues of theirs are a few places
//! long. The whole ([`node::Node`]) takes all inputs that have arrived, then [`node::Input::Timeout`], and is drained
//! after that: it decides nothing while something it should know of still waits to be handled.
//!
//! Only `runtime` does I/O: the socket, and the file with the key.
#![forbid(unsafe_code)]

pub mod engine_tables;
pub mod heartbeat;
pub mod hsrp;
pub mod link;
pub mod node;
pub mod replication;
pub mod role;
pub mod runtime;
pub mod status;
pub mod tables;
