//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  holdfast check fw-a.toml                 Is the configuration right? Errors name line and key.
  holdfast run fw-a.toml                   Run a box in the foreground, as a service manager does.
  holdfast run fw-a.toml --console         The same, with a prompt on this terminal.
  holdfast keygen pair.key                 The key of a pair's HA link, to be copied to both boxes.
  holdfast console                         A prompt on the box that runs here.
  holdfast console -c 'show ip inspect sessions | json'
  holdfast console -s /run/holdfast/fw-a.sock < commands.txt

Exit status: 0 done, 1 failed while running, 2 wrong usage or configuration.";

/// Holdfast: a stateful firewall on DPDK.
#[derive(Debug, Parser)]
#[command(name = "holdfast", after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The programs in the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a box in the foreground
    ///
    /// The box runs until SIGTERM or SIGINT. Logs go to standard error; RUST_LOG sets their level.
    Run {
        /// The box's configuration, a TOML file
        config: PathBuf,
        /// Attach a prompt to this terminal; leaving it stops the box
        #[arg(long)]
        console: bool,
        /// Arguments passed to DPDK's EAL as they are
        #[arg(last = true, value_name = "EAL ARGS")]
        eal_args: Vec<String>,
    },
    /// Attach a prompt to a running box, or run commands on it
    ///
    /// Without -c, commands come from the terminal, or line by line from standard input when that is no terminal. The
    /// first command that fails ends the run with exit status 1.
    Console {
        /// The box's control socket; may be left out while only one box runs here
        #[arg(short, long)]
        socket: Option<PathBuf>,
        /// Run this command and exit; may be given several times
        #[arg(short, long = "command", value_name = "COMMAND")]
        commands: Vec<String>,
    },
    /// Check a configuration without running it
    Check {
        /// The box's configuration, a TOML file
        config: PathBuf,
    },
    /// Write a fresh 32-byte HA key, mode 0600
    Keygen {
        /// The file to create; it must not exist
        file: PathBuf,
    },
    /// Print a completion script for a shell
    ///
    /// For bash: holdfast completions bash > /etc/bash_completion.d/holdfast
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// The whole grammar of the command line; `dpdk` is the version of DPDK for `--version`.
pub fn command(dpdk: &str) -> clap::Command {
    Cli::command().version(format!("{} ({dpdk})", env!("CARGO_PKG_VERSION")))
}

/// Reads `arguments`, the program's name first. Wrong usage, `--help` and `--version` come back as clap's error,
/// whose `exit` prints it and ends the process with the right status.
pub fn parse(arguments: impl IntoIterator<Item = OsString>, dpdk: &str) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command(dpdk).try_get_matches_from(arguments)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        parse(line.split(' ').map(OsString::from), "DPDK 22.11")
    }

    #[test]
    fn the_grammar_is_sound() {
        command("DPDK 22.11").debug_assert();
    }

    #[test]
    fn eal_arguments_come_after_two_dashes() {
        let cli = read("holdfast run a.toml --console -- --no-pci -l 1").expect("right");
        let Command::Run { config, console, eal_args } = cli.command else { panic!("{cli:?}") };
        assert_eq!((config, console), (PathBuf::from("a.toml"), true));
        assert_eq!(eal_args, ["--no-pci", "-l", "1"]);
        assert!(read("holdfast run a.toml --no-pci").is_err());
    }

    #[test]
    fn commands_repeat() {
        let cli = read("holdfast console -s x -c a -c b").expect("right");
        let Command::Console { socket, commands } = cli.command else { panic!("{cli:?}") };
        assert_eq!((socket, commands), (Some("x".into()), vec!["a".into(), "b".into()]));
    }

    #[test]
    fn wrong_usage_is_status_2_and_help_0() {
        assert_eq!(read("holdfast run").expect_err("no file").exit_code(), 2);
        assert_eq!(read("holdfast --help").expect_err("help").exit_code(), 0);
        assert!(read("holdfast --version").expect_err("version").to_string().contains("DPDK 22.11"));
    }
}
