//! Demonstrations: a pair of boxes and what outlives a failure, or a single box at work.

mod pair;
mod single;
mod steps;
mod summary;

pub use pair::run as pair;
pub use single::run as single;

use holdfast_tests::net::error::IoContext;
use holdfast_tests::net::{Console, LabError, LabResult, wait};
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

/// A prompt on a box's console until the user leaves it; without a terminal, until the program is told to end. Whether
/// the user left: a prompt also ends when its box does.
fn prompt(console: &Console) -> LabResult<bool> {
    if std::io::stdin().is_terminal() {
        Ok(console.attach().status().doing("running the console")?.success())
    } else {
        // Nothing but an interruption ends this wait.
        wait::wait_until("Ctrl-C", Duration::MAX, || Ok(wait::Look::NotYet("running".into())))
    }
}

/// Reads an example's configuration.
fn read(file: &Path) -> LabResult<toml::Table> {
    let text = std::fs::read_to_string(file).doing(format!("reading {}", file.display()))?;
    text.parse().map_err(|error: toml::de::Error| LabError::Missing {
        what: format!("TOML in {}", file.display()),
        text: error.to_string(),
    })
}
