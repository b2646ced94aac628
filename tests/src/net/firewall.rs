//! One running `holdfast run` in a lab's box namespace.

use super::config::BoxConfig;
use super::console::Console;
use super::error::{IoContext, LabError, LabResult};
use super::lab::Lab;
use super::namespace::Namespace;
use super::process::{Finished, Guarded, run};
use super::wait::{Look, wait_until};
use nix::sys::signal::Signal;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// Time a box may take from its start until its console answers: EAL, memory, ports, on a loaded machine.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Lines of the box's log shown when a test is over.
const LOG_LINES_SHOWN: usize = 60;

/// Where the binary under test is: `HOLDFAST_BIN`, else beside this test's own profile, else the profiles that
/// scripts/test and scripts/demo build.
pub fn binary() -> LabResult<PathBuf> {
    let mut looked = Vec::new();
    match std::env::var_os("HOLDFAST_BIN") {
        Some(path) => looked.push(PathBuf::from(path)),
        None => {
            let own = std::env::current_exe().doing("finding the test's own path")?;
            // target/<profile>/deps/e2e-<hash>, or target/<profile>/holdfast-lab.
            for dir in own.ancestors().skip(1).take(2) {
                looked.push(dir.join("holdfast"));
            }
            if let Some(target) = own.ancestors().find(|a| a.join("CACHEDIR.TAG").exists()) {
                looked
                    .extend(["ci", "release", "debug"].map(|profile| target.join(profile).join("holdfast")));
            }
        }
    }
    match looked.iter().find(|path| path.is_file()) {
        Some(found) => Ok(found.clone()),
        None => Err(LabError::NoBinary { looked }),
    }
}

/// A running box. Dropping it stops it and prints the end of its log, which the test runner shows when the test
/// failed.
#[derive(Debug)]
pub struct Firewall {
    process: Guarded,
    console: Console,
    socket: PathBuf,
    label: String,
    quiet: bool,
}

impl Firewall {
    /// Writes `config`, starts the box, waits until its console answers.
    pub fn start(lab: &Lab, config: &BoxConfig) -> LabResult<Firewall> {
        let socket = lab.dir().join("control.sock");
        let file = lab.dir().join("box.toml");
        std::fs::write(&file, config.to_toml(&socket)).doing("writing the configuration")?;
        Firewall::start_file(lab, &file, &socket)
    }

    /// Starts the box with a configuration file that names `socket`, and waits until its console answers.
    pub fn start_file(lab: &Lab, file: &Path, socket: &Path) -> LabResult<Firewall> {
        let mut firewall =
            Firewall::launch(&lab.firewall, "the box", file, socket, &lab.dir().join("box.log"))?;
        firewall.wait_ready()?;
        Ok(firewall)
    }

    /// Starts a box in `namespace` and does not wait for it; `label` names it in messages.
    pub fn launch(
        namespace: &Namespace,
        label: &str,
        file: &Path,
        socket: &Path,
        log: &Path,
    ) -> LabResult<Firewall> {
        let binary = binary()?;
        let mut command = namespace.command(&binary);
        command.arg("run").arg(file);
        let process = Guarded::spawn(&mut command, log)?;
        let console = Console::new(&binary, socket);
        Ok(Firewall { process, console, socket: socket.to_owned(), label: label.to_owned(), quiet: false })
    }

    /// Waits until the console answers.
    pub fn wait_ready(&mut self) -> LabResult {
        wait_until(&format!("the control socket of {}", self.label), START_LIMIT, || {
            if let Some(status) = self.process.exited()? {
                return Err(LabError::BoxEnded { status, log: tail(&self.process.log()) });
            }
            Ok(match UnixStream::connect(&self.socket) {
                Ok(_) => Look::Done(()),
                Err(error) => Look::NotYet(error.to_string()),
            })
        })?;
        // The socket may be there a moment before the ports are: an answered command is what counts.
        self.console.text("show version").map(drop)
    }

    /// Its console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Keeps the log to itself when dropped.
    pub fn quiet(mut self) -> Firewall {
        self.keep_quiet();
        self
    }

    /// The same, for a box in use.
    pub fn keep_quiet(&mut self) {
        self.quiet = true;
    }

    /// Fails with the box's log when the box is not running any more.
    pub fn assert_alive(&mut self) -> LabResult {
        match self.process.exited()? {
            None => Ok(()),
            Some(status) => Err(LabError::BoxEnded { status, log: tail(&self.process.log()) }),
        }
    }

    /// Sends a signal and does not wait.
    pub fn signal(&mut self, signal: Signal) -> LabResult {
        self.process.signal(signal)
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self, limit: Duration) -> LabResult<ExitStatus> {
        self.process.wait(limit)
    }

    /// SIGKILL: the box gets no chance to tidy up.
    pub fn kill(&mut self) -> LabResult {
        self.process.signal(Signal::SIGKILL)?;
        self.process.wait(START_LIMIT).map(drop)
    }

    /// SIGTERM; returns the exit status and the time it took.
    pub fn stop(&mut self, limit: Duration) -> LabResult<(ExitStatus, Duration)> {
        self.process.terminate(limit)
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        if !self.quiet {
            eprintln!("---- the log of {} ends:\n{}\n----", self.label, tail(&self.process.log()));
        }
    }
}

/// Runs `holdfast` with `args` in the box namespace to its end: for configurations that must be refused.
pub fn run_to_end(lab: &Lab, args: &[&str]) -> LabResult<Finished> {
    run(lab.firewall.command(binary()?).args(args), START_LIMIT)
}

/// Runs `holdfast` with `args` where the test itself is.
pub fn run_here(args: &[&str]) -> LabResult<Finished> {
    run(Command::new(binary()?).args(args), START_LIMIT)
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
