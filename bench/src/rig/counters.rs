//! What a box tells of itself, as far as the bench reads it. Keys are documented in engine/daemon/README.md.

use serde::Deserialize;

use crate::traffic::Family;

/// `show fwd stats all`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ForwardStats {
    /// Workers in order.
    pub workers: Vec<WorkerStats>,
    /// Reasons that have counted something.
    pub drops: Vec<DropCount>,
}

/// One worker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct WorkerStats {
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Packets dropped.
    pub dropped: u64,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DropCount {
    /// Its name.
    pub reason: String,
    /// Packets.
    pub packets: u64,
}

/// What happened between two readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Packets received.
    pub received: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets dropped.
    pub dropped: u64,
    /// What for.
    pub reasons: Vec<DropCount>,
}

impl ForwardStats {
    fn sum(&self, field: impl Fn(&WorkerStats) -> u64) -> u64 {
        self.workers.iter().map(field).sum()
    }

    /// What happened since `earlier`, all workers together.
    pub fn since(&self, earlier: &ForwardStats) -> Traffic {
        let before =
            |reason: &str| earlier.drops.iter().find(|d| d.reason == reason).map_or(0, |d| d.packets);
        let grown = |d: &DropCount| {
            let packets = d.packets.saturating_sub(before(&d.reason));
            (packets > 0).then(|| DropCount { reason: d.reason.clone(), packets })
        };
        let difference = |field: fn(&WorkerStats) -> u64| self.sum(field).saturating_sub(earlier.sum(field));
        Traffic {
            received: difference(|w| w.rx_packets),
            sent: difference(|w| w.tx_packets),
            dropped: difference(|w| w.dropped),
            reasons: self.drops.iter().filter_map(grown).collect(),
        }
    }
}

/// `show ip inspect statistics`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct InspectStatistics {
    /// Sessions live now.
    pub current: SessionCounts,
    /// Sessions the table can hold.
    pub sessions_max: u64,
    /// Bytes of memory one session takes when the table is full, without IPv6 addresses.
    pub bytes_per_session: f64,
    /// Memory for IPv6 addresses.
    pub table_ipv6_bytes: u64,
}

impl InspectStatistics {
    /// Bytes of memory one session of `family` takes when the table is full.
    pub fn session_bytes(&self, family: Family) -> f64 {
        match family {
            Family::V4 => self.bytes_per_session,
            Family::V6 => {
                self.bytes_per_session + self.table_ipv6_bytes as f64 / self.sessions_max.max(1) as f64
            }
        }
    }
}

/// Sessions by phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct SessionCounts {
    /// Established.
    pub established: u64,
    /// Half-open.
    pub half_open: u64,
    /// Closing or closed.
    pub terminating: u64,
}

/// `show port info all`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PortInfos {
    /// Ports in order.
    pub ports: Vec<PortInfo>,
}

/// One port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PortInfo {
    /// Its MAC address.
    pub mac: String,
}

/// `show version`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// Of DPDK.
    pub dpdk: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_only_what_grew() {
        let stats = |rx, dropped, reasons: &[(&str, u64)]| ForwardStats {
            workers: vec![WorkerStats { rx_packets: rx, tx_packets: rx - dropped, dropped }],
            drops: reasons.iter().map(|&(r, packets)| DropCount { reason: r.into(), packets }).collect(),
        };
        let (before, after) = (stats(100, 10, &[("a", 10)]), stats(1100, 13, &[("a", 10), ("b", 3)]));
        let traffic = after.since(&before);
        assert_eq!((traffic.received, traffic.sent, traffic.dropped), (1000, 997, 3));
        assert_eq!(traffic.reasons, [DropCount { reason: "b".into(), packets: 3 }]);
    }

    #[test]
    fn ipv6_sessions_take_their_addresses_too() {
        let text = r#"{"current": {"established": 1, "half_open": 0, "terminating": 0}, "sessions_max": 10,
                       "bytes_per_session": 124.5, "table_ipv6_bytes": 320, "and": "others"}"#;
        let statistics: InspectStatistics = serde_json::from_str(text).unwrap();
        assert_eq!(
            (statistics.session_bytes(Family::V4), statistics.session_bytes(Family::V6)),
            (124.5, 156.5)
        );
    }
}
