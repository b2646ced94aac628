//! What a run reports: JSON for programs, a table for people.
//!
//! One report is one object: `schema`, `id`, `machine`, `commit`, `control`, `results`. `control` and `results` are lists of
//! flat objects. In each, the first keys are the parameters; then comes the headline figure as the median of the
//! trials, with `min`, `max` and `trials` (how many) beside it; then whatever follows from it.

mod figure;
mod machine;
mod text;

pub use figure::{Figure, round};
pub use machine::{Machine, commit, memory_available_mb};
pub use text::{Column, print_table};

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::error::BenchError;

/// Version of the reports' form: raised when a key changes its meaning.
pub const SCHEMA: u32 = 1;

/// One run of one benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The subcommand.
    pub id: &'static str,
    /// Where it ran.
    pub machine: Machine,
    /// Commit of the repository it was started in, with `-dirty` behind it when files were changed.
    pub commit: String,
    /// The same run without what is measured.
    pub control: Vec<Value>,
    /// What was measured.
    pub results: Vec<Value>,
}

impl Report {
    /// Writes the report as JSON to `path`, or to standard output for `-`.
    ///
    /// # Errors
    /// [`BenchError::System`] when it cannot be written.
    pub fn write_json(&self, path: &Path) -> Result<(), BenchError> {
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from);
        let text = text.map_err(BenchError::system("making the report's JSON"))?;
        if path == Path::new("-") {
            println!("{text}");
            return Ok(());
        }
        fs::write(path, text + "\n").map_err(BenchError::system(format!("writing {}", path.display())))
    }
}

/// A result of flat keys as a JSON object.
///
/// # Errors
/// [`BenchError::System`] for a value JSON does not have.
pub fn flat(result: &impl Serialize) -> Result<Value, BenchError> {
    serde_json::to_value(result)
        .map_err(std::io::Error::from)
        .map_err(BenchError::system("making the report's JSON"))
}
