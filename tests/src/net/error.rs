//! What can go wrong in the lab itself, as opposed to what a test asserts.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Result of everything in the lab; tests return it too.
pub type LabResult<T = ()> = Result<T, LabError>;

/// Why the lab could not do what it was asked to.
#[derive(thiserror::Error)]
pub enum LabError {
    /// Namespaces need root.
    #[error("the end-to-end tests make network namespaces: run them as root (scripts/test does)")]
    NotRoot,
    /// No `holdfast` binary where one was looked for.
    #[error("no holdfast binary among {looked:?}: run scripts/test, or build it and set HOLDFAST_BIN")]
    NoBinary {
        /// Paths tried, in order.
        looked: Vec<PathBuf>,
    },
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Its answer.
        source: std::io::Error,
    },
    /// A command ran and failed.
    #[error("`{command}`: {status}\n{output}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it printed, standard error first.
        output: String,
    },
    /// A command was still running at its deadline and was killed.
    #[error("`{command}` still ran after {limit:?}")]
    CommandDeadline {
        /// The command line.
        command: String,
        /// The time it had.
        limit: Duration,
    },
    /// A condition did not come true in time.
    #[error("waited {limit:?} for {what}; last seen: {last}")]
    Deadline {
        /// The condition.
        what: String,
        /// The time it had.
        limit: Duration,
        /// The last thing observed.
        last: String,
    },
    /// The box ended by itself.
    #[error("the box ended with {status}; its log ends:\n{log}")]
    BoxEnded {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// Output that should have been JSON was not.
    #[error("`{command}` printed no JSON: {source}\n{text}")]
    Json {
        /// The command.
        command: String,
        /// The parser's complaint.
        source: serde_json::Error,
        /// What was printed.
        text: String,
    },
    /// A value that should have been in some output was not there.
    #[error("no {what} in: {text}")]
    Missing {
        /// What was looked for.
        what: String,
        /// Where.
        text: String,
    },
    /// The user pressed Ctrl-C (or a SIGTERM came).
    #[error("interrupted")]
    Interrupted,
}

/// A test that returns an error shows it in this form: logs and output with their lines, not escaped.
impl fmt::Debug for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Names what was being done when the operating system refused.
pub trait IoContext<T> {
    /// Turns an I/O error into [`LabError::Io`].
    fn doing(self, what: impl Into<String>) -> LabResult<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn doing(self, what: impl Into<String>) -> LabResult<T> {
        self.map_err(|source| LabError::Io { what: what.into(), source })
    }
}

impl<T> IoContext<T> for nix::Result<T> {
    fn doing(self, what: impl Into<String>) -> LabResult<T> {
        self.map_err(|errno| LabError::Io { what: what.into(), source: errno.into() })
    }
}
