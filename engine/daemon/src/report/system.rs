//! `show version`, `show running-config`, `show logging`.

use core::time::Duration;

use serde::Serialize;

use super::Report;
use super::layout::{self, ios_age, put};

/// `show version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Version of Holdfast.
    pub holdfast: String,
    /// Version of DPDK that is loaded, for example `DPDK 22.11.6`.
    pub dpdk: String,
    /// The box's name from the configuration.
    pub name: String,
    /// Configuration file.
    pub config_file: String,
    /// Process id.
    pub pid: u32,
    /// Time since the start, in seconds.
    #[serde(rename = "uptime_s", serialize_with = "layout::seconds")]
    pub uptime: Duration,
}

impl Report for Version {
    fn write_text(&self, out: &mut String) {
        put!(out, "Holdfast Software, Version {}, {}\n", self.holdfast, self.dpdk);
        put!(out, "{} uptime is {}\n", self.name, ios_age(self.uptime));
        put!(out, "Configuration file is \"{}\", process {}\n", self.config_file, self.pid);
    }
}

/// `show running-config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunningConfig {
    /// The configuration as TOML with every default written out and secrets masked.
    pub toml: String,
}

impl Report for RunningConfig {
    fn write_text(&self, out: &mut String) {
        out.push_str(&self.toml);
    }
}

/// `show logging`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logging {
    /// The newest lines, oldest first.
    pub lines: Vec<String>,
    /// Lines that have left the buffer because it was full.
    pub dropped: u64,
    /// Lines the buffer holds at most.
    pub lines_max: u64,
}

impl Report for Logging {
    fn write_text(&self, out: &mut String) {
        put!(
            out,
            "Log Buffer ({} lines, {} in use, {} dropped):\n\n",
            self.lines_max,
            self.lines.len(),
            self.dropped
        );
        for line in &self.lines {
            put!(out, "{line}\n");
        }
    }
}
