//! The box under test: a `holdfast run` of its own, on ports that need no network card.
//!
//! | file | what it is |
//! | --- | --- |
//! | `binary.rs` | where the program is |
//! | `config.rs` | the configuration it gets, and the memory that takes |
//! | `console.rs` | asking it |
//! | `counters.rs` | what it answers, as far as the bench reads it |
//! | `device.rs` | starting, watching and ending it |

mod binary;
mod config;
mod console;
mod counters;
mod device;

pub use binary::{find_binary, version};
pub use config::{BoxConfig, Memory, PORT_MACS};

pub use device::Device;
