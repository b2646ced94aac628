//! One box of the pair: its namespace, its process while it runs, and what it says about itself.

use super::state::{Redundancy, SessionSet, Standby};
use super::switch::Which;
use crate::net::console::Console;
use crate::net::error::{LabError, LabResult};
use crate::net::firewall::Firewall;
use crate::net::namespace::Namespace;
use crate::net::wait::{Look, wait_until};
use nix::sys::signal::Signal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time a change of role may take before a test calls it stuck.
pub const ROLE_LIMIT: Duration = Duration::from_secs(20);

/// Time a standby may take from its start until it is hot.
pub const HOT_LIMIT: Duration = Duration::from_secs(40);

/// Time a box may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// One box.
#[derive(Debug)]
pub struct PairBox {
    process: Option<Firewall>,
    /// Which of the two.
    pub which: Which,
    /// Where it runs.
    pub namespace: Namespace,
    /// Keeps its logs to itself when it ends.
    pub quiet: bool,
    dir: PathBuf,
    socket: PathBuf,
    file: PathBuf,
    starts: u32,
}

impl PairBox {
    pub(super) fn new(which: Which, namespace: Namespace, dir: &Path) -> PairBox {
        let name = which.box_name();
        PairBox {
            process: None,
            which,
            namespace,
            quiet: false,
            dir: dir.to_owned(),
            socket: dir.join(format!("{name}.sock")),
            file: dir.join(format!("{name}.toml")),
            starts: 0,
        }
    }

    /// Its control socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its configuration file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Starts it and waits until its console answers.
    pub fn start(&mut self) -> LabResult {
        self.launch()?;
        self.firewall()?.wait_ready()
    }

    /// Starts it and does not wait.
    pub fn launch(&mut self) -> LabResult {
        // The last one is over before the next begins: they have one name and one set of devices.
        self.process = None;
        self.starts += 1;
        let log = self.dir.join(format!("{}-{}.log", self.which.box_name(), self.starts));
        let label = format!("{} (start {})", self.which.box_name(), self.starts);
        let mut firewall = Firewall::launch(&self.namespace, &label, &self.file, &self.socket, &log)?;
        if self.quiet {
            firewall.keep_quiet();
        }
        self.process = Some(firewall);
        Ok(())
    }

    /// Its process. Errors when it was never started.
    pub fn firewall(&mut self) -> LabResult<&mut Firewall> {
        let missing = || LabError::Missing { what: "process".into(), text: self.which.box_name().to_owned() };
        self.process.as_mut().ok_or_else(missing)
    }

    /// SIGKILL, the failure that gives no warning.
    pub fn kill(&mut self) -> LabResult {
        self.firewall()?.kill()
    }

    /// SIGTERM and the end.
    pub fn stop(&mut self) -> LabResult {
        self.firewall()?.stop(STOP_LIMIT).map(drop)
    }

    /// SIGSTOP: the process is there and does nothing.
    pub fn pause(&mut self) -> LabResult {
        self.firewall()?.signal(Signal::SIGSTOP)
    }

    /// SIGCONT: it goes on where it was.
    pub fn resume(&mut self) -> LabResult {
        self.firewall()?.signal(Signal::SIGCONT)
    }

    /// Fails when it is not running any more.
    pub fn assert_alive(&mut self) -> LabResult {
        self.firewall()?.assert_alive()
    }

    /// Its console.
    pub fn console(&self) -> LabResult<&Console> {
        let missing = || LabError::Missing { what: "process".into(), text: self.which.box_name().to_owned() };
        self.process.as_ref().map(Firewall::console).ok_or_else(missing)
    }

    /// Everything it has logged since its last start.
    pub fn log(&self) -> String {
        self.process.as_ref().map(Firewall::log).unwrap_or_default()
    }

    /// `show redundancy states`.
    pub fn redundancy(&self) -> LabResult<Redundancy> {
        Redundancy::read(self.console()?)
    }

    /// `show standby`.
    pub fn standby(&self) -> LabResult<Standby> {
        Standby::read(self.console()?)
    }

    /// Its sessions, as far as both boxes must agree on them.
    pub fn session_set(&self) -> LabResult<SessionSet> {
        Ok(SessionSet::of(&self.console()?.sessions()?))
    }

    /// Waits for `redundancy` to be as `wanted` says.
    pub fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&Redundancy) -> bool,
    ) -> LabResult<Redundancy> {
        wait_until(&format!("{} to be {what}", self.which.box_name()), limit, || {
            let seen = self.redundancy()?;
            Ok(if wanted(&seen) { Look::Done(seen) } else { Look::NotYet(format!("{seen:?}")) })
        })
    }

    /// Waits for a role: `active`, `standby`, ….
    pub fn wait_role(&self, role: &str) -> LabResult {
        self.wait_for(role, ROLE_LIMIT, |seen| seen.role == role).map(drop)
    }

    /// Waits until this standby holds everything that its peer holds.
    pub fn wait_hot(&self) -> LabResult {
        self.wait_for("hot", HOT_LIMIT, |seen| seen.role == "standby" && seen.sync == "hot").map(drop)
    }

    /// Waits for an alarm that contains one of `words`, in the console and in the log.
    pub fn wait_alarm(&self, words: &[&str], limit: Duration) -> LabResult<Redundancy> {
        let named = |text: &str| words.iter().any(|word| text.to_lowercase().contains(word));
        let seen = self.wait_for(&format!("alarmed about {words:?}"), limit, |seen| {
            seen.alarms.iter().any(|alarm| named(alarm))
        })?;
        wait_until(&format!("{words:?} in the log of {}", self.which.box_name()), limit, || {
            let log = self.log();
            let warned =
                log.lines().any(|line| (line.contains("WARN") || line.contains("ERROR")) && named(line));
            Ok(if warned { Look::Done(()) } else { Look::NotYet(log) })
        })?;
        Ok(seen)
    }
}
