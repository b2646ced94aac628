//! What can go wrong, in words that say what to do.

use core::time::Duration;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The box's program is not where it was looked for.
    #[error(
        "no `holdfast` at {}: build it with `cargo build --release -p holdfast`, or name it with --holdfast",
        list(looked)
    )]
    NoBinary {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// The machine has less memory than the run needs.
    #[error(
        "{sessions} sessions need {needed_mb} MB (a buffer for each of their frames, and the box) and {available_mb} MB \
         are available; try fewer --sessions"
    )]
    Memory {
        /// Asked for.
        sessions: u32,
        /// Needed, in megabytes.
        needed_mb: u64,
        /// There, in megabytes.
        available_mb: u64,
    },
    /// A pcap file could not be written.
    #[error("writing {}: {reason}", path.display())]
    Pcap {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file, a process, a socket.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The box ended when it should have run.
    #[error("the box ended with {status}; its log ends:\n{log}")]
    BoxEnded {
        /// How.
        status: ExitStatus,
        /// Last lines of its log.
        log: String,
    },
    /// Something did not happen in time.
    #[error("{what} took more than {} s; last seen: {seen}\nthe box's log ends:\n{log}", limit.as_secs())]
    Deadline {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        limit: Duration,
        /// What there was instead.
        seen: String,
        /// Last lines of the box's log.
        log: String,
    },
    /// The box refused a command.
    #[error("`{command}`: {answer}")]
    Refused {
        /// The command.
        command: String,
        /// What the box said.
        answer: String,
    },
    /// The box answered what is not the documented form.
    #[error("`{command}` was answered in a form this program does not know: {reason}")]
    Answer {
        /// The command.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A driver gave a port another address than the frames were made for.
    #[error("port {port} has the address {found}, and the frames were made for {expected}")]
    Mac {
        /// The port.
        port: usize,
        /// Its address.
        found: String,
        /// The one expected.
        expected: String,
    },
    /// Packets were dropped while measuring: the figure would not be what it says.
    #[error(
        "{mode}: {dropped} of {received} packets were dropped ({:.3} %, at most {limit_percent} % are tolerated): {reasons}",
        *dropped as f64 * 100.0 / (*received).max(1) as f64
    )]
    Drops {
        /// Forwarding mode.
        mode: &'static str,
        /// Packets dropped.
        dropped: u64,
        /// Packets received.
        received: u64,
        /// What is tolerated.
        limit_percent: f64,
        /// Names and counts of the reasons.
        reasons: String,
    },
    /// Sessions came or went while measuring.
    #[error("{expected} sessions were established before the trials and {found} after them")]
    Sessions {
        /// Before.
        expected: u64,
        /// After.
        found: u64,
    },
    /// The engine refused a session table.
    #[error("a table of {sessions} sessions: {source}")]
    Table {
        /// Asked for.
        sessions: u32,
        /// Why.
        source: holdfast_engine::session::TableError,
    },
    /// An operation of the table under test did something else than it should.
    #[error("{operation}: {done} of {expected} succeeded; the figure would not be what it says")]
    Operations {
        /// The operation.
        operation: &'static str,
        /// How often it did what it should.
        done: u64,
        /// How often it should have.
        expected: u64,
    },
    /// SIGINT or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

impl BenchError {
    /// Adapter for I/O results: what was being done, and what the system said.
    pub fn system(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> BenchError {
        let doing = doing.into();
        move |source| BenchError::System { doing, source }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
