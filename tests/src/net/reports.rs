//! The console's JSON, as far as tests look into it. The daemon's `report` folder defines the keys.

use super::console::Console;
use super::error::{LabError, LabResult};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One live session.
#[derive(Clone, Debug, Deserialize)]
pub struct Session {
    /// Its number, hexadecimal.
    pub id: String,
    /// Initiator.
    pub source: IpAddr,
    /// Initiator's port or ICMP identifier.
    pub source_port: u16,
    /// Responder.
    pub destination: IpAddr,
    /// Responder's port or ICMP identifier.
    pub destination_port: u16,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, ….
    pub protocol: String,
    /// `SIS_OPENING`, `SIS_OPEN`, `SIS_CLOSING`, `SIS_CLOSED`.
    pub state: String,
    /// Owning worker.
    pub worker: u16,
    /// Packets from the initiator, from the responder.
    pub packets: [u64; 2],
}

/// `show ip inspect sessions`.
#[derive(Clone, Debug, Deserialize)]
pub struct Sessions {
    /// The listed ones.
    pub sessions: Vec<Session>,
    /// Live ones in all.
    pub total: u64,
}

impl Sessions {
    /// Those of one protocol.
    pub fn of(&self, protocol: &str) -> Vec<&Session> {
        self.sessions.iter().filter(|s| s.protocol == protocol).collect()
    }
}

/// One worker in `show fwd stats all`.
#[derive(Clone, Debug, Deserialize)]
pub struct WorkerStats {
    /// Index.
    pub worker: u16,
    /// Packets handed to the owner of their session.
    pub steered_out: u64,
    /// Packets taken over from other workers.
    pub steered_in: u64,
    /// Live sessions it owns.
    pub sessions: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct DropCount {
    reason: String,
    packets: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct ForwardStats {
    workers: Vec<WorkerStats>,
    drops: Vec<DropCount>,
}

/// One port in `show port info all`.
#[derive(Clone, Debug, Deserialize)]
pub struct Port {
    /// Interface name.
    pub interface: String,
    /// Own MAC address.
    pub mac: String,
    /// Link.
    pub link: Link,
}

/// A port's link.
#[derive(Clone, Debug, Deserialize)]
pub struct Link {
    /// Up or not.
    pub up: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct PortInfos {
    ports: Vec<Port>,
}

/// Drop counters by reason; a reason that has counted nothing is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drops(BTreeMap<String, u64>);

impl Drops {
    /// Packets dropped under `reason`.
    pub fn of(&self, reason: &str) -> u64 {
        self.0.get(reason).copied().unwrap_or(0)
    }

    /// What was counted since `earlier`, reasons without change left out.
    pub fn since(&self, earlier: &Drops) -> Drops {
        let grown = self.0.iter().map(|(reason, n)| (reason.clone(), n.saturating_sub(earlier.of(reason))));
        Drops(grown.filter(|(_, n)| *n > 0).collect())
    }

    /// Packets dropped in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

impl Console {
    fn read<T: DeserializeOwned>(&self, line: &str) -> LabResult<T> {
        let value = self.json(line)?;
        let text = value.to_string();
        serde_json::from_value(value).map_err(|source| LabError::Json {
            command: line.to_owned(),
            source,
            text,
        })
    }

    /// Live sessions.
    pub fn sessions(&self) -> LabResult<Sessions> {
        self.read("show ip inspect sessions")
    }

    /// Drop counters.
    pub fn drops(&self) -> LabResult<Drops> {
        let stats: ForwardStats = self.read("show fwd stats all")?;
        Ok(Drops(stats.drops.into_iter().map(|d| (d.reason, d.packets)).collect()))
    }

    /// Workers' counters.
    pub fn workers(&self) -> LabResult<Vec<WorkerStats>> {
        self.read("show fwd stats all").map(|stats: ForwardStats| stats.workers)
    }

    /// The port of interface `name`.
    pub fn port(&self, name: &str) -> LabResult<Port> {
        let infos: PortInfos = self.read("show port info all")?;
        let text = format!("{infos:?}");
        let port = infos.ports.into_iter().find(|p| p.interface == name);
        port.ok_or_else(|| LabError::Missing { what: format!("port of interface {name}"), text })
    }

    /// Lets the box's clock jump ahead by `duration` (as typed: `31s`).
    pub fn advance_clock(&self, duration: &str) -> LabResult {
        self.text(&format!("debug clock advance {duration}")).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_per_reason() {
        let drops = |pairs: &[(&str, u64)]| Drops(pairs.iter().map(|(r, n)| ((*r).to_owned(), *n)).collect());
        let (before, after) =
            (drops(&[("land", 1), ("martian", 2)]), drops(&[("land", 4), ("martian", 2), ("x", 5)]));
        let grown = after.since(&before);
        assert_eq!(grown, drops(&[("land", 3), ("x", 5)]));
        assert_eq!((grown.of("martian"), grown.total()), (0, 8));
    }
}
