//! Network namespaces with names that tell whose they are: `hf-<pid>-<n>-<role>`.
//!
//! Tests run beside each other, so every name carries the pid of its test and a counter. A test that was killed
//! leaves namespaces behind; the pid in the name says that nobody owns them any more, and the next lab removes
//! them together with what still runs inside.

use super::error::{IoContext, LabError, LabResult};
use super::process::{Finished, run};
use super::wait::{Look, shielded, wait_until};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time any one `ip`, `ethtool` or `sysctl` may take.
pub const TOOL_LIMIT: Duration = Duration::from_secs(20);

const PREFIX: &str = "hf-";
const NETNS_DIR: &str = "/run/netns";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A lab's name, `hf-<pid>-<n>`; also the prefix of its namespaces and the name of its directory.
pub fn unique_name() -> String {
    format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The pid in a name made by [`unique_name`], whatever follows it.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

/// Removes what labs of dead processes left: processes, namespaces (with them the veth pairs), directories.
/// Returns how many namespaces and directories went.
pub fn sweep() -> LabResult<usize> {
    let mut swept = 0;
    for name in names_in(Path::new(NETNS_DIR)) {
        if abandoned(&name) {
            kill_inside(&name)?;
            // Two tests may sweep at once; the second finds the namespace gone.
            swept += usize::from(ip(["netns", "delete", &name]).is_ok());
        }
    }
    for name in names_in(&std::env::temp_dir()) {
        if abandoned(&name) {
            swept += usize::from(fs::remove_dir_all(std::env::temp_dir().join(name)).is_ok());
        }
    }
    Ok(swept)
}

fn abandoned(name: &str) -> bool {
    owner(name).is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists())
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

fn kill_inside(namespace: &str) -> LabResult {
    let Ok(listed) = ip(["netns", "pids", namespace]) else { return Ok(()) };
    for pid in listed.stdout.split_whitespace().filter_map(|p| p.parse().ok()) {
        // Gone between the listing and now is as good.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
    Ok(())
}

/// Runs `ip` with `args` in the namespace the test itself is in.
pub fn ip<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> LabResult<Finished> {
    run(Command::new("ip").args(args), TOOL_LIMIT)?.success()
}

/// One network namespace; deleted when dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Creates `<lab>-<role>` with its loopback up and IPv6 duplicate address detection off.
    pub fn create(lab: &str, role: &str) -> LabResult<Namespace> {
        let name = format!("{lab}-{role}");
        ip(["netns", "add", &name])?;
        let namespace = Namespace { name };
        namespace.ip(["link", "set", "lo", "up"])?;
        namespace.sysctl("net.ipv6.conf.all.accept_dad", "0")?;
        namespace.sysctl("net.ipv6.conf.default.accept_dad", "0")?;
        Ok(namespace)
    }

    /// Its name, as `ip netns` shows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip` inside.
    pub fn ip<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> LabResult<Finished> {
        run(Command::new("ip").arg("-n").arg(&self.name).args(args), TOOL_LIMIT)?.success()
    }

    /// A command that will run inside, and die with the thread that starts it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, "setpriv", "--pdeathsig", "KILL"]).arg(program);
        command
    }

    /// Runs a command line inside to its end, whatever its exit status.
    pub fn run(&self, line: &[&str], limit: Duration) -> LabResult<Finished> {
        let (program, args) = line.split_first().unwrap_or((&"true", &[]));
        run(self.command(program).args(args), limit)
    }

    /// Writes a kernel variable of this namespace, named with dots.
    pub fn sysctl(&self, name: &str, value: &str) -> LabResult {
        let path = PathBuf::from("/proc/sys").join(name.replace('.', "/"));
        self.enter(|| fs::write(&path, value))?.doing(format!("{name} = {value}"))
    }

    /// Runs `work` on a thread of its own inside the namespace and waits for it: plain `std::net` sockets made
    /// there belong to the namespace for ever.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> LabResult<T> {
        let path = self.path();
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || switch_to(&path).map(|()| work()));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// As [`Namespace::enter`], but does not wait.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<LabResult<T>> {
        let path = self.path();
        std::thread::spawn(move || switch_to(&path).map(|()| work()))
    }

    /// Waits until something inside listens on TCP `port`, IPv4 or IPv6.
    pub fn wait_for_listener(&self, port: u16) -> LabResult {
        wait_until(&format!("a listener on port {port}"), TOOL_LIMIT, || {
            let tables = self.enter(|| {
                // /proc/net would be the namespace of the process's first thread.
                ["tcp", "tcp6"]
                    .map(|t| fs::read_to_string(format!("/proc/thread-self/net/{t}")).unwrap_or_default())
            })?;
            let listening = tables.iter().any(|table| listens(table, port));
            Ok(if listening { Look::Done(()) } else { Look::NotYet("none".into()) })
        })
    }

    fn path(&self) -> PathBuf {
        Path::new(NETNS_DIR).join(&self.name)
    }
}

/// Whether a `/proc/net/tcp` table has a socket in state LISTEN (0A) on local `port`.
fn listens(table: &str, port: u16) -> bool {
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next().unwrap_or_default();
        let state = fields.nth(1).unwrap_or_default();
        state == "0A" && local.ends_with(&format!(":{port:04X}"))
    })
}

fn switch_to(path: &Path) -> LabResult {
    let file = File::open(path).doing(format!("opening {}", path.display()))?;
    setns(file, CloneFlags::CLONE_NEWNET).doing(format!("entering {}", path.display()))
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Err(error) = shielded(|| ip(["netns", "delete", &self.name])) {
            eprintln!("namespace {} stays behind: {error}", self.name);
        }
    }
}

/// Fails early, and with a sentence, when the caller cannot make namespaces.
pub fn require_root() -> LabResult {
    if nix::unistd::geteuid().is_root() { Ok(()) } else { Err(LabError::NotRoot) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_in_the_name() {
        assert_eq!(owner(&format!("{}-client", unique_name())), Some(std::process::id()));
        assert_eq!(owner("hf-123"), Some(123));
        assert_eq!(owner("somebody-123"), None);
        assert_eq!(owner("hf-x-1"), None);
    }

    #[test]
    fn a_listener_is_recognised_by_port_and_state() {
        let table = "  sl  local_address rem_address   st\n   0: 00000000:1451 00000000:0000 0A 0\n   1: 0100007F:0050 00000000:0000 01 0\n";
        assert!(listens(table, 0x1451));
        assert!(!listens(table, 0x50), "established is not listening");
        assert!(!listens(table, 0x145), "no prefix match");
    }
}
