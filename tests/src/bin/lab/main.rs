//! `holdfast-lab`: the lab of the end-to-end tests for people: a demonstration, a measurement, and the broom.
//! scripts/demo and scripts/measure call it.

mod bulk;
mod demo;
mod measure;

use clap::{Parser, Subcommand};
use holdfast_tests::net::namespace::sweep;
use holdfast_tests::net::{LabError, LabResult, wait};
use std::path::PathBuf;
use std::process::ExitCode;

/// Client, Holdfast box and server in network namespaces on this machine.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show a pair at work: a download that outlives kill -9 of the active box, its return, a planned switchover.
    Demo {
        /// Configuration of the first box; its interfaces must be called `inside` and `outside`.
        config_a: PathBuf,
        /// Configuration of the second box.
        config_b: PathBuf,
        /// Leave everything running at the end, with a console prompt.
        #[arg(long)]
        stay: bool,
    },
    /// Show a single box at work: traffic both ways, a download, a refused connection, the sessions.
    DemoSingle {
        /// Configuration of the box; its interfaces must be the veths `inside` and `outside`.
        config: PathBuf,
        /// Leave everything running at the end, with a console prompt.
        #[arg(long)]
        stay: bool,
    },
    /// Measure throughput and round-trip time through the box, beside the kernel's plain routing as control.
    Measure {
        /// Seconds each figure is measured for.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
        seconds: u32,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Measure how long a standby that joins takes to get every session, and what live traffic notices of it.
    Bulk {
        /// Sessions on the active box.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=8_000_000))]
        sessions: u32,
        /// Packets a second of the live streams, in each direction.
        #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        rate: u32,
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Remove what labs of killed processes left behind.
    Sweep,
}

fn main() -> ExitCode {
    match run(&Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("holdfast-lab: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> LabResult<ExitCode> {
    watch_signals()?;
    match command {
        Command::Demo { config_a, config_b, stay } => demo::pair([config_a, config_b], *stay),
        Command::DemoSingle { config, stay } => demo::single(config, *stay),
        Command::Bulk { sessions, rate, json } => bulk::run(*sessions, *rate, *json),
        Command::Measure { seconds, json } => measure::run(*seconds, *json).map(|()| ExitCode::SUCCESS),
        Command::Sweep => {
            let swept = sweep()?;
            if swept > 0 {
                println!("{swept} namespaces and directories of killed labs removed");
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Ctrl-C and SIGTERM end every wait, so that the lab comes down by its own destructors.
fn watch_signals() -> LabResult {
    let signals = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
    let mut signals = signal_hook::iterator::Signals::new(signals)
        .map_err(|source| LabError::Io { what: "watching for signals".into(), source })?;
    std::thread::spawn(move || signals.forever().for_each(|_| wait::interrupt()));
    Ok(())
}
