//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::fwd::Mode;
use crate::traffic::{Family, SESSIONS_MAX, Transport};

const EXAMPLES: &str = "\
Examples:
  holdfast-bench fwd                                   64 k and 1 M TCP sessions, 64-byte frames, all modes
  holdfast-bench fwd --sessions 65536 --mode firewall --seconds 2 --trials 1
  holdfast-bench fwd --family 6 --protocol udp --json out.json
  holdfast-bench table --sessions 65536,1000000,16000000

Build with `cargo build --release -p holdfast -p holdfast-bench`. bench/README.md explains the method.
Exit status: 0 done, 1 no result, 2 wrong usage.";

/// Measures Holdfast on one machine, without a network card.
#[derive(Debug, Parser)]
#[command(name = "holdfast-bench", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What to measure.
    #[command(subcommand)]
    pub command: Command,
}

/// The benchmarks.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Packets a second through one worker
    ///
    /// A real box (`holdfast run`) is fed with established sessions' packets, both directions, from two pcap
    /// files that its ports replay for ever. Modes take turns, so that all see the same disturbances.
    Fwd(FwdArgs),
    /// Nanoseconds and bytes of the session table, in process
    ///
    /// Look-ups (hits and misses, by bursts of 32), inserts, removals and expiry, with hashbrown beside it.
    Table(TableArgs),
    /// Fill one table and print the bytes it took; what `table` runs in processes of their own
    #[command(hide = true)]
    Resident(ResidentArgs),
}

/// Arguments of `fwd`.
#[derive(Clone, Debug, Args)]
pub struct FwdArgs {
    /// Established sessions
    #[arg(long, value_delimiter = ',', default_values_t = [65_536, 1_000_000],
          value_parser = clap::value_parser!(u32).range(1..=i64::from(SESSIONS_MAX)))]
    pub sessions: Vec<u32>,
    /// Bytes of a frame, its check sequence included; IPv6 TCP takes at least 78
    #[arg(long, value_delimiter = ',', default_values_t = [64], value_parser = clap::value_parser!(u16).range(64..=1518))]
    pub size: Vec<u16>,
    /// Length of one trial
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,
    /// Trials of each mode; the median is reported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub trials: u32,
    /// What the box does with packets
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Mode::Io, Mode::FiveTupleSwap, Mode::Firewall])]
    pub mode: Vec<Mode>,
    /// Internet protocol version
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Family::V4])]
    pub family: Vec<Family>,
    /// Transport protocol
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Transport::Tcp])]
    pub protocol: Vec<Transport>,
    /// Packets a burst
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub burst: u16,
    /// Core of the box's worker; the last one by default
    #[arg(long)]
    pub lcore: Option<u16>,
    /// Seed of the traffic
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The box's program; the one beside this program by default
    #[arg(long, value_name = "PATH")]
    pub holdfast: Option<PathBuf>,
    /// Write the report as JSON; `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Arguments of `table`.
#[derive(Clone, Debug, Args)]
pub struct TableArgs {
    /// Sessions in the table, which is made for exactly as many
    #[arg(long, value_delimiter = ',', default_values_t = [65_536, 1_000_000],
          value_parser = clap::value_parser!(u32).range(1..=64_000_000))]
    pub sessions: Vec<u32>,
    /// Trials; the median is reported
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub trials: u32,
    /// Seed of the flows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write the report as JSON; `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Arguments of `resident`.
#[derive(Clone, Debug, Args)]
pub struct ResidentArgs {
    /// Whose table
    #[arg(long)]
    pub system: String,
    /// Sessions in it
    #[arg(long)]
    pub sessions: u32,
    /// Seed of the flows
    #[arg(long)]
    pub seed: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn lists_are_separated_by_commas_and_bounded() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["holdfast-bench", "fwd"], args].concat());
        let Ok(Cli { command: Command::Fwd(fwd) }) =
            parse(&["--sessions", "1,4000000", "--mode", "5tswap,firewall"])
        else {
            panic!("a valid line");
        };
        assert_eq!((fwd.sessions, fwd.mode), (vec![1, 4_000_000], vec![Mode::FiveTupleSwap, Mode::Firewall]));
        for bad in [["--sessions", "0"], ["--sessions", "4000001"], ["--size", "63"], ["--mode", "mac"]] {
            assert!(parse(&bad).is_err(), "{bad:?}");
        }
    }
}
