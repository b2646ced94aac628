//! The HA core: the thread that drives `holdfast_ha::node::Node`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `thread.rs` | the thread: core, clock, sleep, requests; one round of its loop |
//! | `frames.rs` | hellos and gratuitous ARP out of the ports |
//! | `config.rs` | the configuration in the node's words |
//! | `log.rs` | the node's events in the log |

mod config;
mod frames;
mod log;
mod thread;

pub use config::{key, needed, node_config};
pub use frames::{HaPort, HaPorts};
pub use thread::{HaCore, HaHandle, spawn};
