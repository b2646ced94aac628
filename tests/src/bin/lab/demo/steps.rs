//! Steps of a demonstration: each says what it does, does it, and says whether it held.

use holdfast_tests::net::{LabError, LabResult};
use std::io::Write;
use std::process::ExitCode;

/// Runs steps and keeps the count of those that did not hold.
#[derive(Default)]
pub struct Steps {
    failed: usize,
}

impl Steps {
    /// A step whose result the rest needs: its error ends the demonstration.
    pub fn setting_up<T>(&mut self, what: &str, work: impl FnOnce() -> LabResult<T>) -> LabResult<T> {
        announce(what);
        let made = work();
        println!("{}", if made.is_ok() { "ok" } else { "FAILED" });
        made
    }

    /// A step that holds or not; a lab error counts as not, an interruption ends everything.
    pub fn step(&mut self, what: &str, work: impl FnOnce() -> LabResult<(bool, String)>) -> LabResult {
        announce(what);
        match work() {
            Ok((true, figure)) => println!("ok      {figure}"),
            Ok((false, figure)) => {
                self.failed += 1;
                println!("FAILED  {figure}");
            }
            Err(LabError::Interrupted) => return Err(LabError::Interrupted),
            Err(error) => {
                self.failed += 1;
                println!("FAILED  {error}");
            }
        }
        Ok(())
    }

    pub fn verdict(&self) -> ExitCode {
        if self.failed == 0 {
            println!("\nEverything held.");
            return ExitCode::SUCCESS;
        }
        println!("\n{} steps did not hold.", self.failed);
        ExitCode::FAILURE
    }
}

fn announce(what: &str) {
    print!("  {what:.<52} ");
    // A line that is not shown in time is a cosmetic loss.
    let _ = std::io::stdout().flush();
}
