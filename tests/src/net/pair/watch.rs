//! What the hosts must not notice: resets, and a gateway that changes its MAC address.

use super::inject::nft;
use super::lab::{PairLab, VIRTUAL_INSIDE, VIRTUAL_OUTSIDE};
use crate::net::error::{LabError, LabResult};
use crate::net::namespace::{Namespace, TOOL_LIMIT};
use crate::net::process::Guarded;
use crate::net::wait::{Look, wait_until};
use serde_json::Value;
use std::net::Ipv4Addr;
use std::time::Duration;

const TABLE: &str = "holdfast_lab_resets";

/// Counts TCP segments with RST that arrive at or leave either host.
#[derive(Debug)]
pub struct ResetCounters;

impl ResetCounters {
    /// Starts counting at zero.
    pub fn start(lab: &PairLab) -> LabResult<ResetCounters> {
        for host in [&lab.client, &lab.server] {
            let chain = |name: &str, hook: &str| {
                format!(
                    "chain {name} {{\ntype filter hook {hook} priority -300\n\
                     tcp flags rst counter name resets\n}}\n"
                )
            };
            nft(
                host,
                &format!(
                    "table inet {TABLE}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\ncounter resets {{\n}}\n\
                     {}{}}}\n",
                    chain("arriving", "prerouting"),
                    chain("leaving", "output")
                ),
            )?;
        }
        Ok(ResetCounters)
    }

    /// Segments counted so far on both hosts.
    pub fn count(&self, lab: &PairLab) -> LabResult<u64> {
        let mut sum = 0;
        for host in [&lab.client, &lab.server] {
            let line = ["nft", "-j", "list", "counter", "inet", TABLE, "resets"];
            let text = host.run(&line, TOOL_LIMIT)?.success()?.stdout;
            let report: Value = serde_json::from_str(&text).map_err(|source| LabError::Json {
                command: line.join(" "),
                source,
                text: text.clone(),
            })?;
            let objects = report["nftables"].as_array().into_iter().flatten();
            let packets = objects.filter_map(|o| o["counter"]["packets"].as_u64()).next();
            sum += packets.ok_or(LabError::Missing { what: "counter".into(), text })?;
        }
        Ok(sum)
    }
}

/// Watches the entries of the virtual addresses in both hosts' neighbour caches.
#[derive(Debug)]
pub struct NeighbourWatch {
    monitors: Vec<Guarded>,
    before: Vec<String>,
}

/// Time `ip monitor` may take to begin, and an entry to be there.
const LIMIT: Duration = Duration::from_secs(10);

fn hosts(lab: &PairLab) -> [(&Namespace, Ipv4Addr); 2] {
    [(&lab.client, VIRTUAL_INSIDE), (&lab.server, VIRTUAL_OUTSIDE)]
}

/// The MAC address a host has for `address`.
fn mac_of(host: &Namespace, address: Ipv4Addr) -> LabResult<Option<String>> {
    let text = host.ip(["neigh", "show", &address.to_string()])?.stdout;
    Ok(mac_in(&text).map(str::to_owned))
}

fn mac_in(line: &str) -> Option<&str> {
    line.split_once(" lladdr ")?.1.split_whitespace().next()
}

impl NeighbourWatch {
    /// Writes down the entries as they are and watches from now on. There must have been traffic.
    pub fn start(lab: &PairLab) -> LabResult<NeighbourWatch> {
        let (mut monitors, mut before) = (Vec::new(), Vec::new());
        for (host, address) in hosts(lab) {
            before.push(wait_until(&format!("{address} in {}", host.name()), LIMIT, || {
                Ok(mac_of(host, address)?.map_or(Look::NotYet("none".into()), Look::Done))
            })?);
            let mut command = host.command("ip");
            command.args(["monitor", "neigh"]);
            monitors
                .push(Guarded::spawn(&mut command, &lab.dir().join(format!("neigh-{}.log", host.name())))?);
        }
        Ok(NeighbourWatch { monitors, before })
    }

    /// What changed: entries that differ now, and entries that differed in between.
    pub fn finish(mut self, lab: &PairLab) -> LabResult<Vec<String>> {
        let mut changes = Vec::new();
        for (((host, address), before), monitor) in
            hosts(lab).into_iter().zip(&self.before).zip(&mut self.monitors)
        {
            monitor.terminate(LIMIT)?;
            let after = mac_of(host, address)?;
            if after.as_deref() != Some(before) {
                changes.push(format!("{address}: {before}, now {after:?}"));
            }
            changes.extend(strange_lines(&monitor.log(), address, before));
        }
        Ok(changes)
    }
}

/// Lines of `ip monitor neigh` that give `address` another MAC than `expected`, or none.
fn strange_lines(log: &str, address: Ipv4Addr, expected: &str) -> Vec<String> {
    let about = format!("{address} ");
    let lines = log.lines().filter(|line| line.starts_with(&about) || line.contains(&format!(" {about}")));
    lines.filter(|line| mac_in(line) != Some(expected)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_mac_and_a_failed_entry_are_changes() {
        let mac = "00:00:0c:9f:f0:01";
        let log = format!(
            "10.0.1.1 dev eth0 lladdr {mac} REACHABLE\n10.0.1.1 dev eth0 lladdr {mac} STALE\n\
             10.0.1.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE\n10.0.1.1 dev eth0 FAILED\n\
             Deleted 10.0.1.1 dev eth0 lladdr {mac} STALE\n10.0.1.11 dev eth0 FAILED\n"
        );
        let strange = strange_lines(&log, VIRTUAL_INSIDE, mac);
        assert_eq!(strange.len(), 2, "{strange:?}");
    }
}
