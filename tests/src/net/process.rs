//! Child processes that cannot outlive the test that started them.
//!
//! Three nets, one below the other: [`Guarded`] ends its child when dropped (also during a panic); every child in
//! a namespace runs under `setpriv --pdeathsig KILL`, so that the kernel ends it when the test is killed; and the
//! next lab sweeps what namespaces of dead tests still hold (see `namespace`).

use super::error::{IoContext, LabError, LabResult};
use super::wait::{Look, Stopwatch, shielded, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a child may take to end after SIGTERM before it gets SIGKILL.
const GRACE: Duration = Duration::from_secs(3);

/// What a finished command left behind.
#[derive(Debug)]
pub struct Finished {
    /// The command line, for messages.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output, lossily decoded.
    pub stdout: String,
    /// Standard error, lossily decoded.
    pub stderr: String,
}

impl Finished {
    /// Itself when the command succeeded, else [`LabError::Command`].
    pub fn success(self) -> LabResult<Finished> {
        if self.status.success() {
            return Ok(self);
        }
        let output = format!("{}{}", self.stderr, self.stdout);
        Err(LabError::Command { command: self.command, status: self.status, output })
    }
}

/// The command line as a user would type it, for messages.
pub fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs `command` to its end with nothing on standard input; kills it after `limit`.
pub fn run(command: &mut Command, limit: Duration) -> LabResult<Finished> {
    let line = describe(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = KillOnDrop(command.spawn().doing(format!("starting `{line}`"))?);
    let stdout = read_all(child.0.stdout.take());
    let stderr = read_all(child.0.stderr.take());
    let ended = wait_until(&line, limit, || match child.0.try_wait().doing(&*line)? {
        Some(status) => Ok(Look::Done(status)),
        None => Ok(Look::NotYet("running".into())),
    });
    drop(child);
    let status = match ended {
        Err(LabError::Deadline { .. }) => return Err(LabError::CommandDeadline { command: line, limit }),
        other => other?,
    };
    // A reader thread cannot panic: it only reads.
    let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
    Ok(Finished { command: line, status, stdout, stderr })
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A pipe that breaks midway still leaves what came before.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Ends its child when dropped, at once.
#[derive(Debug)]
pub(super) struct KillOnDrop(pub(super) Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// A running child with its output in a file; ended when dropped.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    line: String,
    log: PathBuf,
}

impl Guarded {
    /// Starts `command` with its standard output and error going to `log`.
    pub fn spawn(command: &mut Command, log: &Path) -> LabResult<Guarded> {
        let line = describe(command);
        let out = File::create(log).doing(format!("creating {}", log.display()))?;
        let err = out.try_clone().doing("duplicating a file handle")?;
        // In a process group of its own: Ctrl-C in a terminal is for us, who end the children in order.
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .doing(format!("starting `{line}`"))?;
        Ok(Guarded { child, line, log: log.to_owned() })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed so far.
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> LabResult<Option<ExitStatus>> {
        self.child.try_wait().doing(format!("waiting for `{}`", self.line))
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self, limit: Duration) -> LabResult<ExitStatus> {
        let line = self.line.clone();
        wait_until(&format!("`{line}` to end"), limit, || match self.exited()? {
            Some(status) => Ok(Look::Done(status)),
            None => Ok(Look::NotYet("running".into())),
        })
    }

    /// Sends a signal. The child has not been waited for, so the pid is still its own.
    pub fn signal(&mut self, signal: Signal) -> LabResult {
        if self.exited()?.is_some() {
            return Ok(());
        }
        kill(Pid::from_raw(self.child.id() as i32), signal).doing(format!("{signal} to `{}`", self.line))
    }

    /// SIGTERM, then waits at most `limit`; returns the status and how long the end took.
    pub fn terminate(&mut self, limit: Duration) -> LabResult<(ExitStatus, Duration)> {
        let clock = Stopwatch::start();
        self.signal(Signal::SIGTERM)?;
        let status = self.wait(limit)?;
        Ok((status, clock.elapsed()))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if shielded(|| self.terminate(GRACE)).is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_carries_what_it_said() {
        let finished = run(Command::new("sh").args(["-c", "echo lost >&2; exit 3"]), Duration::from_secs(10));
        match finished.and_then(Finished::success) {
            Err(LabError::Command { status, output, .. }) => {
                assert_eq!(status.code(), Some(3));
                assert_eq!(output, "lost\n");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_command_that_hangs_is_killed_at_its_deadline() {
        let clock = Stopwatch::start();
        let finished = run(Command::new("sleep").arg("600"), Duration::from_millis(50));
        assert!(matches!(finished, Err(LabError::CommandDeadline { .. })), "{finished:?}");
        assert!(clock.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn dropping_a_guarded_child_ends_it() {
        let dir = tempfile::tempdir().unwrap();
        let child = Guarded::spawn(Command::new("sleep").arg("600"), &dir.path().join("log")).unwrap();
        let proc = PathBuf::from(format!("/proc/{}", child.pid()));
        assert!(proc.exists());
        drop(child);
        assert!(!proc.exists());
    }
}
