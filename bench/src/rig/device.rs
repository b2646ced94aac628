//! One box: started, watched, ended.
//!
//! It runs in a process group of its own, so that Ctrl-C reaches only us, who end it in order; and under
//! `setpriv --pdeathsig`, so that the kernel ends it should we be killed: a busy box nobody owns would take a core
//! for ever.

use core::time::Duration;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::config::{BoxConfig, PORT_MACS, mac_text};
use super::console::Console;
use super::counters::{ForwardStats, InspectStatistics, PortInfos, Version};
use crate::clock::{Interruption, Stopwatch, nap};
use crate::error::BenchError;

/// Pause between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// From start to an answer: a gigabyte of buffers takes about a second on a quiet machine.
const START_LIMIT: Duration = Duration::from_secs(180);
/// After SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// For the sessions to be established, however many.
const ESTABLISH_BASE: Duration = Duration::from_secs(30);
/// Sessions a second that even a loaded machine establishes.
const ESTABLISH_RATE: u32 = 20_000;
/// Lines of a box's log shown with an error.
const LOG_LINES_SHOWN: usize = 20;

/// A running box; ended when dropped.
#[derive(Debug)]
pub struct Device {
    child: Child,
    console: Console,
    log: PathBuf,
    lcore: u16,
    interruption: Interruption,
}

impl Device {
    /// Starts `binary` with `config` written into `folder`, and waits until it answers.
    ///
    /// # Errors
    /// [`BenchError::BoxEnded`] with its log, [`BenchError::Deadline`], [`BenchError::Mac`].
    pub fn start(
        binary: &Path,
        config: &BoxConfig<'_>,
        folder: &Path,
        interruption: &Interruption,
    ) -> Result<Device, BenchError> {
        let (file, log) = (folder.join("box.toml"), folder.join("box.log"));
        fs::write(&file, config.to_toml()).map_err(BenchError::system("writing the box's configuration"))?;
        let output = File::create(&log).map_err(BenchError::system("creating the box's log"))?;
        let errors = output.try_clone().map_err(BenchError::system("creating the box's log"))?;
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(binary)
            .arg("run")
            .arg(&file)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(BenchError::system("starting the box with setpriv (package util-linux)"))?;
        let console = match answering(&mut child, config.socket, &log, interruption) {
            Ok(console) => console,
            Err(error) => {
                end(&mut child);
                return Err(error);
            }
        };
        let mut device =
            Device { child, console, log, lcore: config.lcore, interruption: interruption.clone() };
        device.check_macs()?;
        Ok(device)
    }

    /// The frames were made for known addresses; a driver that chooses others would have them all dropped.
    fn check_macs(&mut self) -> Result<(), BenchError> {
        let infos: PortInfos = self.console.show("show port info all")?;
        for (port, (info, expected)) in infos.ports.iter().zip(&PORT_MACS.ports).enumerate() {
            let expected = mac_text(expected);
            if info.mac != expected {
                return Err(BenchError::Mac { port, found: info.mac.clone(), expected });
            }
        }
        Ok(())
    }

    /// Waits until exactly `sessions` sessions are established and none is half-open, then stops the ports whose
    /// frames began them.
    ///
    /// # Errors
    /// [`BenchError::Deadline`] with what there was instead.
    pub fn establish(&mut self, sessions: u32) -> Result<(), BenchError> {
        let limit = ESTABLISH_BASE + Duration::from_secs(u64::from(sessions / ESTABLISH_RATE));
        let watch = Stopwatch::start();
        loop {
            let now = self.inspect_statistics()?.current;
            if now.established == u64::from(sessions) && now.half_open == 0 {
                break;
            }
            if watch.elapsed() > limit {
                let stats: ForwardStats = self.console.show("show fwd stats all")?;
                return Err(BenchError::Deadline {
                    what: "establishing the sessions",
                    limit,
                    seen: format!("{now:?}, drops {:?}", stats.drops),
                    log: tail(&self.log),
                });
            }
            self.interruption.pause(POLL_INTERVAL)?;
        }
        self.console.run("port stop 2")?;
        self.console.run("port stop 3").map(drop)
    }

    /// Puts the box in another forwarding mode.
    ///
    /// # Errors
    /// Those of the console.
    pub fn set_mode(&mut self, mode: &str) -> Result<(), BenchError> {
        self.console.run("stop")?;
        self.console.run(&format!("set fwd {mode}"))?;
        self.console.run("start").map(drop)
    }

    /// Counters of forwarding.
    ///
    /// # Errors
    /// Those of the console.
    pub fn forward_stats(&mut self) -> Result<ForwardStats, BenchError> {
        self.console.show("show fwd stats all")
    }

    /// Counters of inspection.
    ///
    /// # Errors
    /// Those of the console.
    pub fn inspect_statistics(&mut self) -> Result<InspectStatistics, BenchError> {
        self.console.show("show ip inspect statistics")
    }

    /// DPDK's version.
    ///
    /// # Errors
    /// Those of the console.
    pub fn dpdk_version(&mut self) -> Result<String, BenchError> {
        self.console.show("show version").map(|version: Version| version.dpdk)
    }

    /// Time its worker has spent on a core so far; `None` where the kernel does not tell.
    pub fn worker_cpu_time(&self) -> Option<Duration> {
        let name = format!("worker-{}", self.lcore);
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let named = |task: &PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|c| c.trim() == name);
        let task = tasks.flatten().map(|task| task.path()).find(named)?;
        let schedstat = fs::read_to_string(task.join("schedstat")).ok()?;
        Some(Duration::from_nanos(schedstat.split_whitespace().next()?.parse().ok()?))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Waits until the box answers on its socket.
fn answering(
    child: &mut Child,
    socket: &Path,
    log: &Path,
    interruption: &Interruption,
) -> Result<Console, BenchError> {
    let watch = Stopwatch::start();
    loop {
        if let Some(status) = child.try_wait().map_err(BenchError::system("waiting for the box"))? {
            return Err(BenchError::BoxEnded { status, log: tail(log) });
        }
        let seen = match Console::open(socket) {
            // The socket may be there a moment before the ports are; an answered command is what counts.
            Ok(mut console) => match console.run("show version") {
                Ok(_) => return Ok(console),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        if watch.elapsed() > START_LIMIT {
            let what = "the box's start";
            return Err(BenchError::Deadline { what, limit: START_LIMIT, seen, log: tail(log) });
        }
        interruption.pause(POLL_INTERVAL)?;
    }
}

/// SIGTERM, then SIGKILL. The child has not been waited for, so that the process id is still its own.
fn end(child: &mut Child) {
    if let Ok(Some(_)) = child.try_wait() {
        return;
    }
    // A child that is gone by now is what was wanted.
    let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
    let watch = Stopwatch::start();
    while watch.elapsed() < STOP_LIMIT {
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        nap(POLL_INTERVAL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
