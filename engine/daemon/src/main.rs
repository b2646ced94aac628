//! The `holdfast` program: reads the command line and hands over to the library.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use holdfast::cli::{self, Command};
use holdfast::config::Config;
use holdfast::dataplane;
use holdfast::keygen::keygen;
use holdfast::socket::{ClientError, Connection, Outcome, Runner, discover, interactive};

/// Something failed while running.
const FAILED: u8 = 1;
/// The usage or the configuration is wrong; clap uses the same.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let dpdk = dataplane::dpdk_version();
    let cli = match cli::parse(std::env::args_os(), &dpdk) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match cli.command {
        Command::Run { config, console, eal_args } => run(&config, eal_args, console),
        Command::Console { socket, commands } => match console(socket.as_deref(), commands) {
            Ok(Outcome::Failed) => ExitCode::from(FAILED),
            Ok(Outcome::Done | Outcome::Quit) => ExitCode::SUCCESS,
            Err(error) => complain(&error, FAILED),
        },
        Command::Check { config } => check(&config),
        Command::Keygen { file } => match keygen(&file) {
            Ok(()) => {
                // Nobody may be reading; the exit status says the same.
                let _ = writeln!(
                    io::stdout(),
                    "{}: a new key; copy it to the other box (mode 0600), and name it in [ha] key_file on both",
                    file.display()
                );
                ExitCode::SUCCESS
            }
            Err(error) => complain(&error, FAILED),
        },
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut cli::command(&dpdk), "holdfast", &mut script);
            match io::stdout().write_all(&script) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(&error, FAILED),
            }
        }
    }
}

fn complain(error: &dyn std::error::Error, status: u8) -> ExitCode {
    eprintln!("holdfast: {error}");
    ExitCode::from(status)
}

fn run(file: &Path, eal_args: Vec<String>, console: bool) -> ExitCode {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(WRONG);
        }
    };
    match dataplane::run(config, file, eal_args, console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, FAILED),
    }
}

fn check(file: &Path) -> ExitCode {
    match Config::load(file) {
        Ok(config) => {
            for warning in config.warnings() {
                eprintln!("{}: warning: {warning}", file.display());
            }
            // Nobody may be reading; the exit status says the same.
            let _ = writeln!(
                io::stdout(),
                "{}: right: box \"{}\", {}, {}, {}{}",
                file.display(),
                config.name,
                counted(config.interfaces.len(), "interface"),
                counted(config.routes.len(), "route"),
                counted(config.rules.len(), "rule"),
                pair_part(&config)
            );
            ExitCode::SUCCESS
        }
        Err(errors) => {
            eprintln!("{errors}");
            ExitCode::from(WRONG)
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// What `check` says of the pair; the other box is what a file cannot be checked against.
fn pair_part(config: &Config) -> String {
    let groups = counted(config.standby.len(), "HSRP group");
    match &config.ha {
        Some(ha) => format!(", {groups}, peer {}", ha.peer),
        None if config.standby.is_empty() => String::new(),
        None => format!(", {groups}"),
    }
}

fn console(socket: Option<&Path>, commands: Vec<String>) -> Result<Outcome, ClientError> {
    let path = socket.map_or_else(discover, |path| Ok(path.to_owned()))?;
    let mut connection = Connection::open(&path)?;
    if commands.is_empty() && io::stdin().is_terminal() {
        return interactive(&mut connection).map(|()| Outcome::Done);
    }
    let (mut output, mut errors) = (io::stdout(), io::stderr());
    let mut runner = Runner::new(&mut connection, &mut output, &mut errors);
    if commands.is_empty() {
        runner.run(io::stdin().lines())
    } else {
        runner.run(commands.into_iter().map(Ok))
    }
}
