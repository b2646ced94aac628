//! Trials of both tables at each size, and the report. Times are those of this thread on its core, so that others on
//! the machine disturb only caches.

use core::time::Duration;

use holdfast_engine::flow::FlowKey;
use holdfast_engine::session::SessionTable;
use indicatif::ProgressBar;
use serde::Serialize;

use super::subject::{Hashbrown, Subject};
use super::{Operation, memory, resident};
use crate::cli::TableArgs;
use crate::clock::{CoreTime, Interruption};
use crate::error::BenchError;
use crate::progress;
use crate::report::{
    Column, Figure, Machine, Report, SCHEMA, commit, flat, memory_available_mb, print_table, round,
};
use crate::traffic::{Family, Flows, Plan, Transport};

/// Look-ups of one trial, at least.
const LOOK_UPS_MIN: usize = 2_000_000;
/// Bytes a session takes while both tables are measured in turn: the larger table, and three lists of keys.
const BYTES_PER_SESSION: u64 = 512 + 3 * 48;

const COLUMNS: &[Column] = &[
    Column::plain("system", "table"),
    Column::plain("sessions", "sessions"),
    Column::plain("operation", "operation"),
    Column::figure("ns", "ns", 1),
    Column::figure("min", "min", 1),
    Column::figure("max", "max", 1),
    Column::figure("bytes_per_session", "bytes/session", 1),
    Column::figure("rss_bytes_per_session", "resident", 1),
];

/// One operation on one table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct TableResult {
    /// Whose table.
    system: &'static str,
    /// What was timed.
    operation: Operation,
    /// Sessions in it.
    sessions: u32,
    /// Nanoseconds an operation: the median.
    ns: f64,
    /// Extremes of `ns`, and the number of trials.
    #[serde(flatten)]
    figure: Figure,
    /// Bytes reserved, by the number of sessions.
    bytes_per_session: f64,
    /// Bytes by which a process grew that made and filled such a table, by the number of sessions.
    rss_bytes_per_session: f64,
}

/// The keys of one size: as they are inserted, the same in another order, and as many others.
struct Keys {
    inserted: Vec<FlowKey>,
    shuffled: Vec<FlowKey>,
    absent: Vec<FlowKey>,
}

/// Runs `table` and reports.
///
/// # Errors
/// The first thing that went wrong; nothing is reported then.
pub fn run(args: &TableArgs, interruption: &Interruption) -> Result<(), BenchError> {
    for &sessions in &args.sessions {
        let needed_mb = (u64::from(sessions) * BYTES_PER_SESSION).div_ceil(1 << 20);
        let available_mb = memory_available_mb();
        if needed_mb > available_mb {
            return Err(BenchError::Memory { sessions, needed_mb, available_mb });
        }
    }
    let machine = Machine::survey();
    let bar = progress::bar(1 + 2 * args.sessions.len() as u64 * u64::from(args.trials));
    bar.set_message("one cache line");
    let control = vec![flat(&memory::measure(args.seed))?];
    bar.inc(1);
    let mut results = Vec::new();
    for &sessions in &args.sessions {
        bar.set_message(format!("{sessions} sessions: making keys"));
        let keys = keys(sessions, args.seed);
        results.extend(measure::<SessionTable>(&keys, args, &bar, interruption)?);
        results.extend(measure::<Hashbrown>(&keys, args, &bar, interruption)?);
    }
    bar.finish_and_clear();
    let rows = results.iter().map(flat).collect::<Result<Vec<_>, _>>()?;
    print_table(COLUMNS, &rows);
    if let Some(memory) = control.first() {
        println!(
            "one random cache line: {} ns waited for, {} ns overlapped",
            memory["ns_waited"], memory["ns_overlapped"]
        );
    }
    let report = Report { schema: SCHEMA, id: "table", machine, commit: commit(), control, results: rows };
    args.json.as_deref().map_or(Ok(()), |path| report.write_json(path))
}

/// The flows whose keys are used.
pub fn flows(sessions: u32, seed: u64) -> Flows {
    Flows::new(&Plan { sessions, frame_bytes: 64, family: Family::V4, transport: Transport::Tcp, seed })
}

fn keys(sessions: u32, seed: u64) -> Keys {
    let flows = flows(sessions, seed);
    let of = |number: u32| flows.get(number).key(Transport::Tcp);
    Keys {
        inserted: flows.shuffled(1).into_iter().filter_map(of).collect(),
        shuffled: flows.shuffled(2).into_iter().filter_map(of).collect(),
        absent: flows.shuffled(3).into_iter().filter_map(|number| of(number + sessions)).collect(),
    }
}

/// All trials of one table.
fn measure<S: Subject>(
    keys: &Keys,
    TableArgs { trials, seed, .. }: &TableArgs,
    bar: &ProgressBar,
    interruption: &Interruption,
) -> Result<Vec<TableResult>, BenchError> {
    let sessions = keys.inserted.len() as u32;
    let rss = resident::measure(S::SYSTEM, sessions, *seed)?;
    let mut table = S::new(sessions).map_err(|source| BenchError::Table { sessions, source })?;
    // The first filling makes the kernel provide the memory, and is not timed.
    table.insert(&keys.inserted);
    table.expire();
    let mut times: [Vec<f64>; Operation::ALL.len()] = Default::default();
    for trial in 1..=*trials {
        bar.set_message(format!("{sessions} sessions: {} ({trial})", S::SYSTEM));
        interruption.check()?;
        for (operation, times) in Operation::ALL.into_iter().zip(&mut times) {
            times.push(time(&mut table, operation, keys)?);
        }
        bar.inc(1);
    }
    let each = |bytes: u64| round(bytes as f64 / f64::from(sessions));
    let reserved = each(table.reserved_bytes());
    let result = |(operation, times): (Operation, &Vec<f64>)| {
        let figure = Figure::of(times);
        TableResult {
            system: S::SYSTEM,
            operation,
            sessions,
            ns: figure.median,
            figure,
            bytes_per_session: reserved,
            rss_bytes_per_session: each(rss),
        }
    };
    Ok(Operation::ALL.into_iter().zip(&times).map(result).collect())
}

/// Nanoseconds one operation takes. The table is empty before `Insert` and full after; `Remove` and `Expire` empty
/// it, and the latter fills it first.
fn time(table: &mut impl Subject, operation: Operation, keys: &Keys) -> Result<f64, BenchError> {
    let count = keys.inserted.len();
    let rounds = LOOK_UPS_MIN.div_ceil(count);
    let (expected, done, time) = match operation {
        Operation::Insert => {
            let (done, time) = timed(|| table.insert(&keys.inserted));
            (count, done, time)
        }
        Operation::LookUpHit => {
            let (done, time) = timed(|| (0..rounds).map(|_| table.look_up(&keys.shuffled)).sum());
            (count * rounds, done, time)
        }
        Operation::LookUpMiss => {
            let (found, time) = timed(|| (0..rounds).map(|_| table.look_up(&keys.absent)).sum::<u64>());
            (count * rounds, (count * rounds) as u64 - found, time)
        }
        Operation::Remove => {
            let (done, time) = timed(|| table.remove(&keys.shuffled));
            (count, done, time)
        }
        Operation::Expire => {
            table.insert(&keys.inserted);
            let (done, time) = timed(|| table.expire());
            (count, done, time)
        }
    };
    if done != expected as u64 {
        return Err(BenchError::Operations { operation: operation.name(), done, expected: expected as u64 });
    }
    Ok(time.as_nanos() as f64 / expected as f64)
}

fn timed(work: impl FnOnce() -> u64) -> (u64, Duration) {
    let watch = CoreTime::start();
    let done = work();
    (done, watch.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_timed_and_checked() {
        let keys = keys(3_000, 1);
        let mut table = <SessionTable as Subject>::new(3_000).unwrap();
        for operation in Operation::ALL {
            assert!(time(&mut table, operation, &keys).unwrap() > 0.0, "{operation:?}");
        }
        let error = time(&mut table, Operation::LookUpHit, &keys).unwrap_err();
        assert!(
            matches!(error, BenchError::Operations { done: 0, .. }),
            "an empty table has no hits: {error}"
        );
    }

    #[test]
    fn keys_are_distinct() {
        let keys = keys(10_000, 1);
        let all: hashbrown::HashSet<FlowKey> = keys.inserted.iter().chain(&keys.absent).copied().collect();
        assert_eq!(all.len(), 20_000);
        assert_ne!(keys.inserted, keys.shuffled);
        assert!(keys.shuffled.iter().all(|key| all.contains(key)));
    }
}
