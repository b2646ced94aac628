//! testpmd's `show fwd stats all` and `show config fwd|rxtx|cores`.

use holdfast_engine::worker::ForwardMode;
use serde::Serialize;

use super::Report;
use super::layout::{self, put};

/// A drop reason that has counted something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DropCount {
    /// Name of the reason (`DropReason::name`).
    pub reason: &'static str,
    /// Packets.
    pub packets: u64,
}

/// What the workers together did on one port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortForwardStats {
    /// Port number.
    pub port: u8,
    /// Packets received by workers.
    pub rx_packets: u64,
    /// Packets the device lost for want of a descriptor or a buffer, before any worker saw them.
    pub rx_dropped: u64,
    /// Packets received by workers and lost by the device before.
    pub rx_total: u64,
    /// Packets the port accepted for sending.
    pub tx_packets: u64,
    /// Packets the port refused because its queue was full.
    pub tx_dropped: u64,
    /// Packets offered to the port.
    pub tx_total: u64,
}

/// What one worker did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerForwardStats {
    /// Worker index, from 0.
    pub worker: u16,
    /// Its lcore.
    pub lcore: u16,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Packets dropped.
    pub dropped: u64,
    /// Packets handed to the owner of their session.
    pub steered_out: u64,
    /// Packets received from other workers.
    pub steered_in: u64,
    /// Polls of all ports.
    pub polls: u64,
    /// Polls that found nothing.
    pub empty_polls: u64,
    /// Times the worker slept (`poll = "adaptive"`).
    pub sleeps: u64,
    /// Live sessions it owns.
    pub sessions: u64,
}

/// `show fwd stats all`, since the last `clear fwd stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForwardStats {
    /// Forwarding mode, by its word.
    #[serde(serialize_with = "layout::forward_mode")]
    pub mode: ForwardMode,
    /// Forwarding is started.
    pub forwarding: bool,
    /// Ports in order of their numbers.
    pub ports: Vec<PortForwardStats>,
    /// Sum over the ports; its `port` is not shown.
    #[serde(serialize_with = "totals")]
    pub total: PortForwardStats,
    /// Workers in order.
    pub workers: Vec<WorkerForwardStats>,
    /// Reasons that have counted something, in the order of `DropReason::ALL`.
    pub drops: Vec<DropCount>,
}

impl ForwardStats {
    /// Sum of `ports`.
    pub fn sum(ports: &[PortForwardStats]) -> PortForwardStats {
        ports.iter().fold(PortForwardStats::default(), |sum, p| PortForwardStats {
            port: 0,
            rx_packets: sum.rx_packets + p.rx_packets,
            rx_dropped: sum.rx_dropped + p.rx_dropped,
            rx_total: sum.rx_total + p.rx_total,
            tx_packets: sum.tx_packets + p.tx_packets,
            tx_dropped: sum.tx_dropped + p.tx_dropped,
            tx_total: sum.tx_total + p.tx_total,
        })
    }
}

/// The sum belongs to no port, so its JSON has no `port`.
fn totals<S: serde::Serializer>(total: &PortForwardStats, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct as _;
    let mut object = serializer.serialize_struct("total", 6)?;
    object.serialize_field("rx_packets", &total.rx_packets)?;
    object.serialize_field("rx_dropped", &total.rx_dropped)?;
    object.serialize_field("rx_total", &total.rx_total)?;
    object.serialize_field("tx_packets", &total.tx_packets)?;
    object.serialize_field("tx_dropped", &total.tx_dropped)?;
    object.serialize_field("tx_total", &total.tx_total)?;
    object.end()
}

fn put_counts(out: &mut String, p: &PortForwardStats) {
    put!(
        out,
        "  RX-packets: {:<14} RX-dropped: {:<13} RX-total: {}\n  TX-packets: {:<14} TX-dropped: {:<13} TX-total: {}\n",
        p.rx_packets,
        p.rx_dropped,
        p.rx_total,
        p.tx_packets,
        p.tx_dropped,
        p.tx_total
    );
}

impl Report for ForwardStats {
    fn write_text(&self, out: &mut String) {
        for p in &self.ports {
            let bar = "-".repeat(22);
            put!(out, "\n  {bar} Forward statistics for port {:<2} {bar}\n", p.port);
            put_counts(out, p);
            put!(out, "  {}\n", "-".repeat(76));
        }
        put!(out, "\n  +++++++++++++++ Accumulated forward statistics for all ports+++++++++++++++\n");
        put_counts(out, &self.total);
        put!(out, "  {}\n", "+".repeat(76));
        for w in &self.workers {
            put!(out, "\n  Worker {} on lcore {}: {} sessions\n", w.worker, w.lcore, w.sessions);
            put!(
                out,
                "  RX-packets: {:<14} TX-packets: {:<14} dropped: {}\n",
                w.rx_packets,
                w.tx_packets,
                w.dropped
            );
            put!(
                out,
                "  Steered in: {:<14} Steered out: {:<13} polls: {} ({} empty), sleeps: {}\n",
                w.steered_in,
                w.steered_out,
                w.polls,
                w.empty_polls,
                w.sleeps
            );
        }
        if !self.drops.is_empty() {
            put!(out, "\n  Drop reasons\n");
            for d in &self.drops {
                put!(out, "  {:<28} {:>16}\n", d.reason, d.packets);
            }
        }
    }
}

/// One receive queue and where its packets go in the paired modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stream {
    /// Worker index.
    pub worker: u16,
    /// Worker's lcore.
    pub lcore: u16,
    /// Port received from.
    pub rx_port: u8,
    /// Queue received from.
    pub rx_queue: u16,
    /// Port sent to; `null` in firewall mode, where routing decides.
    pub tx_port: Option<u8>,
    /// Queue sent to.
    pub tx_queue: u16,
}

/// `show config fwd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigFwd {
    /// Forwarding mode, by its word.
    #[serde(serialize_with = "layout::forward_mode")]
    pub mode: ForwardMode,
    /// Forwarding is started.
    pub forwarding: bool,
    /// Number of ports.
    pub ports: u16,
    /// Number of workers.
    pub cores: u16,
    /// Queues and where they go, worker by worker.
    pub streams: Vec<Stream>,
}

impl Report for ConfigFwd {
    fn write_text(&self, out: &mut String) {
        put!(
            out,
            "{} packet forwarding - ports={} - cores={} - streams={} - {}\n",
            self.mode.name(),
            self.ports,
            self.cores,
            self.streams.len(),
            if self.forwarding { "started" } else { "stopped" }
        );
        let mut worker = None;
        for s in &self.streams {
            if worker != Some(s.worker) {
                worker = Some(s.worker);
                let streams = self.streams.iter().filter(|other| other.worker == s.worker).count();
                put!(out, "Logical Core {} forwards packets on {streams} streams:\n", s.lcore);
            }
            put!(out, "  RX P={}/Q={} -> TX ", s.rx_port, s.rx_queue);
            match s.tx_port {
                Some(port) => put!(out, "P={port}/Q={}\n", s.tx_queue),
                None => put!(out, "routed/Q={}\n", s.tx_queue),
            }
        }
    }
}

/// Queues of one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PortQueueConfig {
    /// Port number.
    pub port: u8,
    /// Receive queues.
    pub rx_queues: u16,
    /// Transmit queues.
    pub tx_queues: u16,
    /// Descriptors of each receive queue.
    pub rx_descriptors: u16,
    /// Descriptors of each transmit queue.
    pub tx_descriptors: u16,
}

/// `show config rxtx`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigRxtx {
    /// Forwarding mode, by its word.
    #[serde(serialize_with = "layout::forward_mode")]
    pub mode: ForwardMode,
    /// Packets a burst.
    pub burst: u16,
    /// Number of workers.
    pub cores: u16,
    /// Ports in order of their numbers.
    pub ports: Vec<PortQueueConfig>,
}

impl Report for ConfigRxtx {
    fn write_text(&self, out: &mut String) {
        put!(out, "  {} packet forwarding packets/burst={}\n", self.mode.name(), self.burst);
        put!(out, "  nb forwarding cores={} - nb forwarding ports={}\n", self.cores, self.ports.len());
        for p in &self.ports {
            put!(
                out,
                "  port {}: RX queue number: {} Tx queue number: {}\n",
                p.port,
                p.rx_queues,
                p.tx_queues
            );
            put!(out, "    RX desc={} - TX desc={}\n", p.rx_descriptors, p.tx_descriptors);
        }
    }
}

/// What an lcore is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CoreRole {
    /// Runs a worker.
    Worker,
    /// Runs the control thread (and the HA core where there is one).
    Control,
}

/// One lcore in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CoreConfig {
    /// The lcore.
    pub lcore: u16,
    /// What it is for.
    pub role: CoreRole,
    /// Worker index; `null` for the control thread.
    pub worker: Option<u16>,
}

/// `show config cores`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigCores {
    /// Lcores in order.
    pub cores: Vec<CoreConfig>,
}

impl Report for ConfigCores {
    fn write_text(&self, out: &mut String) {
        put!(out, "List of forwarding lcores:");
        for core in self.cores.iter().filter(|core| core.role == CoreRole::Worker) {
            put!(out, " {:2}", core.lcore);
        }
        put!(out, "\n");
    }
}
