//! Memory a full table really takes: that of a process that does nothing else.
//!
//! In a process that has measured before, the allocator hands out memory it already has, and the growth would be
//! too small.

use std::fs;
use std::process::Command;

use holdfast_engine::session::SessionTable;

use super::run::flows;
use super::subject::{Hashbrown, Subject};
use crate::cli::ResidentArgs;
use crate::error::BenchError;
use crate::traffic::Transport;

/// Keys made and inserted at a time.
const SLICE_KEYS: u32 = 1_024;

/// Runs this program again to fill a table of `system`, and returns the bytes by which it grew.
///
/// # Errors
/// [`BenchError::System`] when it cannot be run, [`BenchError::Answer`] when it prints no number.
pub fn measure(system: &str, sessions: u32, seed: u64) -> Result<u64, BenchError> {
    let own = std::env::current_exe().map_err(BenchError::system("finding this program's own path"))?;
    let output = Command::new(own)
        .args([
            "resident",
            "--system",
            system,
            "--sessions",
            &sessions.to_string(),
            "--seed",
            &seed.to_string(),
        ])
        .output()
        .map_err(BenchError::system("running this program again"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| BenchError::Answer {
        command: format!("holdfast-bench resident --system {system}"),
        reason: format!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    })
}

/// The other end of [`measure`]: fills one table and prints the growth.
///
/// # Errors
/// [`BenchError::Table`], [`BenchError::Operations`].
pub fn run(args: &ResidentArgs) -> Result<(), BenchError> {
    let growth = match args.system.as_str() {
        <Hashbrown as Subject>::SYSTEM => growth::<Hashbrown>(args),
        _ => growth::<SessionTable>(args),
    };
    growth.map(|bytes| println!("{bytes}"))
}

fn growth<S: Subject>(args: &ResidentArgs) -> Result<u64, BenchError> {
    let sessions = args.sessions;
    let flows = flows(sessions, args.seed);
    let mut keys = Vec::with_capacity(SLICE_KEYS as usize);
    let before = resident_bytes();
    let mut table = S::new(sessions).map_err(|source| BenchError::Table { sessions, source })?;
    let mut done = 0;
    for first in (0..sessions).step_by(SLICE_KEYS as usize) {
        keys.clear();
        let slice = first..sessions.min(first + SLICE_KEYS);
        keys.extend(slice.filter_map(|number| flows.get(number).key(Transport::Tcp)));
        done += table.insert(&keys);
    }
    let after = resident_bytes();
    if done != u64::from(sessions) {
        return Err(BenchError::Operations { operation: "insert", done, expected: sessions.into() });
    }
    Ok(after.saturating_sub(before))
}

/// Memory of this process that is in use. The kernel counts pages for this file; what it keeps at hand for
/// /proc/self/status may be some megabytes behind.
fn resident_bytes() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_is_resident() {
        let sessions = 200_000;
        let growth = |args| (growth::<SessionTable>(&args).unwrap(), growth::<Hashbrown>(&args).unwrap());
        let (ours, hashbrown) = growth(ResidentArgs { system: String::new(), sessions, seed: 1 });
        // Other tests of this process allocate meanwhile, so only the order of magnitude is certain.
        assert!((50..1_000).contains(&(ours / u64::from(sessions))), "{ours}");
        assert!((50..2_000).contains(&(hashbrown / u64::from(sessions))), "{hashbrown}");
    }
}
