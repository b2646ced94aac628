//! The running box's console, through the same program a user types into.

use super::error::{LabError, LabResult};
use super::process::{Finished, run};
use super::wait::{Look, wait_until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Time one console command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);

/// A way to the console of one box.
#[derive(Clone, Debug)]
pub struct Console {
    binary: PathBuf,
    socket: PathBuf,
}

impl Console {
    /// The console behind `socket`, reached with `binary`.
    pub fn new(binary: &Path, socket: &Path) -> Console {
        Console { binary: binary.to_owned(), socket: socket.to_owned() }
    }

    /// A command that attaches to the box; the caller adds `-c` or a terminal.
    pub fn attach(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("console").arg("-s").arg(&self.socket);
        command
    }

    /// Runs `line` and returns how that ended, also when it failed.
    pub fn try_run(&self, line: &str) -> LabResult<Finished> {
        run(self.attach().args(["-c", line]), COMMAND_LIMIT)
    }

    /// What `line` prints. Errors when the command fails.
    pub fn text(&self, line: &str) -> LabResult<String> {
        Ok(self.try_run(line)?.success()?.stdout)
    }

    /// What `line | json` prints, parsed.
    pub fn json(&self, line: &str) -> LabResult<Value> {
        let command = format!("{line} | json");
        let text = self.text(&command)?;
        serde_json::from_str(&text).map_err(|source| LabError::Json { command, source, text })
    }

    /// Asks for `line | json` until `find` sees in it what the test waits for.
    pub fn wait_for<T>(
        &self,
        what: &str,
        line: &str,
        limit: Duration,
        mut find: impl FnMut(&Value) -> Option<T>,
    ) -> LabResult<T> {
        wait_until(what, limit, || {
            let seen = self.json(line)?;
            Ok(match find(&seen) {
                Some(found) => Look::Done(found),
                None => Look::NotYet(seen.to_string()),
            })
        })
    }
}
