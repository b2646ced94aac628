//! iperf3, read through its JSON.

use super::error::{LabError, LabResult};
use super::namespace::Namespace;
use super::process::Guarded;
use serde_json::Value;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

/// iperf3's usual port.
pub const PORT: u16 = 5201;

/// Starts a server that serves one test after another until dropped.
pub fn serve(namespace: &Namespace, dir: &Path) -> LabResult<Guarded> {
    let mut command = namespace.command("iperf3");
    command.args(["--server", "--port", &PORT.to_string()]);
    let server = Guarded::spawn(&mut command, &dir.join("iperf3.log"))?;
    namespace.wait_for_listener(PORT)?;
    Ok(server)
}

/// What one run moved.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    /// What arrived, in bits a second.
    pub bits_per_second: f64,
    /// What arrived, in bytes.
    pub bytes: u64,
    /// TCP segments sent again; 0 for UDP.
    pub retransmits: u64,
    /// UDP datagrams lost, in percent; 0 for TCP.
    pub lost_percent: f64,
}

/// Runs a client for `seconds` with `extra` options (`-R`: the server sends; `-u -b 50M`: UDP).
pub fn measure(from: &Namespace, to: IpAddr, seconds: u32, extra: &[&str]) -> LabResult<Moved> {
    let (target, port, seconds_text) = (to.to_string(), PORT.to_string(), seconds.to_string());
    let mut line = vec!["iperf3", "--json", "--client", &target, "--port", &port, "--time", &seconds_text];
    line.extend(["--connect-timeout", "5000"]);
    line.extend(extra);
    let finished = from.run(&line, Duration::from_secs(30 + u64::from(seconds)))?;
    let report: Value = serde_json::from_str(&finished.stdout).map_err(|source| LabError::Json {
        command: finished.command.clone(),
        source,
        text: format!("{}{}", finished.stdout, finished.stderr),
    })?;
    // iperf3 exits 1 and says why inside the JSON.
    finished.success()?;
    moved(&report)
}

fn moved(report: &Value) -> LabResult<Moved> {
    let end = &report["end"];
    // TCP has sum_sent and sum_received; UDP has one sum, as the receiver saw it.
    let (received, sent) = match &end["sum_received"] {
        Value::Null => (&end["sum"], &end["sum"]),
        received => (received, &end["sum_sent"]),
    };
    let missing = |what: &str| LabError::Missing { what: what.to_owned(), text: end.to_string() };
    Ok(Moved {
        bits_per_second: received["bits_per_second"].as_f64().ok_or_else(|| missing("bits_per_second"))?,
        bytes: received["bytes"].as_u64().ok_or_else(|| missing("bytes"))?,
        retransmits: sent["retransmits"].as_u64().unwrap_or(0),
        lost_percent: end["sum"]["lost_percent"].as_f64().unwrap_or(0.0),
    })
}
