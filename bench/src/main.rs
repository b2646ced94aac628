//! The Holdfast benchmark. See bench/README.md for the method and `--help` for the commands.

mod cli;
mod clock;
mod error;
mod fwd;
mod progress;
mod report;
mod rig;
mod table;
mod traffic;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use clock::Interruption;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = Interruption::listen().and_then(|interruption| match &cli.command {
        Command::Fwd(args) => fwd::run(args, &interruption),
        Command::Table(args) => table::run(args, &interruption),
        Command::Resident(args) => table::resident::run(args),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdfast-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
