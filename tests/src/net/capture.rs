//! What was really on the wire: tcpdump writes it, tshark reads it.

use super::error::{LabError, LabResult};
use super::namespace::Namespace;
use super::process::{Guarded, run};
use super::wait::{Look, wait_until};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A running capture on one interface.
#[derive(Debug)]
pub struct Capture {
    process: Guarded,
    file: PathBuf,
}

impl Capture {
    /// Captures on `interface` what `filter` (pcap syntax) selects, and returns once it is listening.
    pub fn start(namespace: &Namespace, interface: &str, filter: &str, dir: &Path) -> LabResult<Capture> {
        let file = dir.join(format!("{}-{interface}.pcap", namespace.name()));
        let mut command = namespace.command("tcpdump");
        // Root keeps its identity (-Z) so that the file may be written; each packet goes to the file at once, so
        // that none is lost in a buffer at the end.
        command
            .args(["-i", interface, "--immediate-mode", "-U", "-s", "0", "-Z", "root", "-w"])
            .arg(&file)
            .arg(filter);
        let process = Guarded::spawn(&mut command, &file.with_extension("log"))?;
        wait_until("tcpdump to listen", LIMIT, || {
            let log = process.log();
            Ok(if log.contains("listening on") { Look::Done(()) } else { Look::NotYet(log) })
        })?;
        Ok(Capture { process, file })
    }

    /// Stops capturing and returns, for each captured packet that `display_filter` (Wireshark syntax) selects,
    /// the values of `fields`. Captures are read until one is there: the kernel hands packets over in batches.
    pub fn finish(mut self, display_filter: &str, fields: &[&str]) -> LabResult<Vec<Vec<String>>> {
        let found = wait_until(&format!("a captured packet: {display_filter}"), LIMIT, || {
            let rows = self.read(display_filter, fields)?;
            Ok(if rows.is_empty() { Look::NotYet("none".into()) } else { Look::Done(()) })
        });
        self.process.terminate(LIMIT)?;
        match found {
            Ok(()) | Err(LabError::Deadline { .. }) => self.read(display_filter, fields),
            Err(other) => Err(other),
        }
    }

    /// Stops capturing and returns the file, whatever is in it.
    pub fn stop(mut self) -> LabResult<PathBuf> {
        self.process.terminate(LIMIT)?;
        Ok(self.file)
    }

    fn read(&self, display_filter: &str, fields: &[&str]) -> LabResult<Vec<Vec<String>>> {
        let mut tshark = Command::new("tshark");
        tshark.args(["-n", "-T", "fields", "-Y", display_filter, "-r"]).arg(&self.file);
        for field in fields {
            tshark.args(["-e", field]);
        }
        // A capture still being written may end in half a packet; tshark prints the rest and exits 2.
        let finished = run(&mut tshark, LIMIT)?;
        Ok(finished.stdout.lines().map(|l| l.split('\t').map(str::to_owned).collect()).collect())
    }
}
