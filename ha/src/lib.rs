//! The pair: which of two boxes forwards, and how the other one comes to hold every live session.
//!
//! State machines without I/O, without a clock, without threads. Time comes in as an argument; the daemon and the
//! simulator drive the same code. One vocabulary everywhere:
//!
//! - `handle(now, input)` takes one input;
//! - `poll_transmit` and `poll_event` are then drained to `None` before the next input;
//! - `wake()` says when the machine wants to be called again even if nothing happens.
//!
//! Only `runtime` holds sockets.
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
