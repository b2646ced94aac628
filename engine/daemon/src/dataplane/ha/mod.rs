//! The HA core: the thread that drives `holdfast_ha::node::Node`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `thread.rs` | the thread: lcore, sleep, end; what the control thread asks of it |
//! | `round.rs` | one round of its loop |
//! | `build.rs` | from a configuration to a running HA core |
//! | `frames.rs` | hellos and gratuitous ARP out of the ports |
//! | `config.rs` | the configuration in the node's words |
//! | `log.rs` | the node's events in the log |

mod build;
mod config;
mod frames;
mod log;
mod round;
mod thread;

pub use build::{HaParts, spawn};
pub use config::{needed, virtual_routers};
pub use frames::HaPort;
pub use thread::HaHandle;
