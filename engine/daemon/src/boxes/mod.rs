//! The box itself: EAL, ports, worker threads, and the control thread that owns them.

use std::path::Path;

use crate::config::Config;

/// Why a box did not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// This build has no data plane.
    #[error("data plane not linked")]
    NotLinked,
}

/// Runs a box until it is told to stop. `config` was read from `file`; `eal_args` are passed to EAL as they are; with `console` a prompt is
/// attached to the terminal ([`crate::socket::attach`]).
pub fn run(_config: Config, _file: &Path, _eal_args: Vec<String>, _console: bool) -> Result<(), RunError> {
    Err(RunError::NotLinked)
}

/// Version of the DPDK that is loaded.
pub fn dpdk_version() -> String {
    "DPDK not linked".to_owned()
}
