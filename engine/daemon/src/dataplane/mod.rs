//! The box itself: EAL, ports, worker threads, and the control thread that owns them.
//!
//! | file | what it is |
//! | --- | --- |
//! | `start.rs` | from a configuration to a running box |
//! | `assemble.rs`, `classifier.rs`, `fib.rs` | the configuration in the engine's words, rules and routes in DPDK's tables |
//! | `eal_args.rs`, `ports.rs` | memory and cores, the pool and the devices |
//! | `packet.rs` | mbufs and queues behind the engine's traits |
//! | `worker_thread.rs`, `idle.rs` | a worker's thread: core, clock, sleep, requests |
//! | `control_loop.rs` | the control thread: console requests, link state, signals |
//! | `appliance.rs`, `control.rs`, `report_*.rs`, `rate.rs` | what the console asks of a running box |
//! | `ha/` | the HA core of a box of a pair |
//! | `error.rs` | why a box does not start, or ends |
//! | `events.rs` | what workers tell: audit trail, logged rules, verbose packets |

mod appliance;
mod assemble;
mod classifier;
mod control;
mod control_loop;
mod eal_args;
mod error;
mod events;
mod fib;
mod ha;
mod idle;
mod packet;
mod ports;
mod rate;
mod report_forward;
mod report_ha;
mod report_ports;
mod report_sessions;
mod report_tables;
mod start;
mod worker_thread;

use std::path::Path;

pub use error::RunError;

use crate::config::Config;

/// Runs a box until SIGTERM or SIGINT, or until the attached console's user quits. `config` was read from `file`;
/// `eal_args` are passed to EAL as they are; with `console` a prompt is attached to the terminal.
///
/// # Errors
/// Why the box did not start; no port was touched unless the error is about one.
pub fn run(config: Config, file: &Path, eal_args: Vec<String>, console: bool) -> Result<(), RunError> {
    let log = crate::logging::init(&config.log)?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    // The socket first: a second instance is told so before anything else happens.
    let (server, requests) = crate::socket::serve(&config.control_socket)?;
    let stop = control_loop::stop_on_signals()?;
    let eal = eal_args::start(&config, eal_args)?;
    let appliance = start::start(&eal, config, file, log)?;
    control_loop::run(appliance, server, requests, &stop, console)
}

/// Version of the DPDK that is loaded.
pub fn dpdk_version() -> String {
    dpdk::eal::version()
}
