//! Where a run took place.

use std::fs;
use std::process::Command;

use serde::Serialize;

/// The machine, as far as it explains figures.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Model name of the processor, as the kernel gives it.
    pub cpu: String,
    /// Its cores, as many as this process may use.
    pub cores: usize,
    /// Its clock, in MHz, at the moment of asking.
    pub cpu_mhz: f64,
    /// Memory in megabytes.
    pub memory_mb: u64,
    /// Free hugepages of 2 MiB, in megabytes: a box uses them when there are enough for all its buffers.
    pub hugepages_free_mb: u64,
    /// Transparent huge pages: `always`, `madvise` or `never`.
    pub transparent_hugepages: String,
    /// Kernel release.
    pub kernel: String,
    /// Load average of the last minute at the start: with more than one runnable thread a core, figures suffer.
    pub load: f64,
    /// DPDK's version; `null` where no DPDK took part.
    pub dpdk: Option<String>,
    /// `holdfast --version`; `null` where no box took part.
    pub holdfast: Option<String>,
}

impl Machine {
    /// Looks around; what is not there to read is empty or zero.
    pub fn survey() -> Machine {
        let cpuinfo = read("/proc/cpuinfo");
        let meminfo = read("/proc/meminfo");
        Machine {
            cpu: value_of(&cpuinfo, "model name").unwrap_or_default().to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu_mhz: value_of(&cpuinfo, "cpu MHz").and_then(|mhz| mhz.parse().ok()).unwrap_or_default(),
            memory_mb: kilobytes(&meminfo, "MemTotal") / 1024,
            hugepages_free_mb: 2 * value_of(&meminfo, "HugePages_Free")
                .and_then(|n| n.parse().ok())
                .unwrap_or(0),
            transparent_hugepages: chosen(&read("/sys/kernel/mm/transparent_hugepage/enabled")),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: read("/proc/loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or_default(),
            dpdk: None,
            holdfast: None,
        }
    }
}

/// Memory the kernel can give without swapping, in megabytes.
pub fn memory_available_mb() -> u64 {
    kilobytes(&read("/proc/meminfo"), "MemAvailable") / 1024
}

/// Commit of the repository around the current folder; `unknown` outside of one.
pub fn commit() -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    if changed { commit + "-dirty" } else { commit }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value behind the first line `key : value`.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then_some(value.trim())
    })
}

fn kilobytes(meminfo: &str, key: &str) -> u64 {
    value_of(meminfo, key).and_then(|v| v.split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// The word in brackets, which is how the kernel marks the choice in force.
fn chosen(text: &str) -> String {
    text.split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or_else(String::new, |(word, _)| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_files_are_read_by_key() {
        let meminfo = "MemTotal:       24576000 kB\nMemAvailable:   1024 kB\nHugePages_Free:       12\n";
        assert_eq!((kilobytes(meminfo, "MemTotal"), kilobytes(meminfo, "MemAvailable")), (24_576_000, 1024));
        assert_eq!(kilobytes(meminfo, "Mem"), 0, "a prefix is another key");
        assert_eq!(value_of("model name\t: Some CPU @ 2.3GHz\n", "model name"), Some("Some CPU @ 2.3GHz"));
        assert_eq!(chosen("always [madvise] never\n"), "madvise");
    }
}
