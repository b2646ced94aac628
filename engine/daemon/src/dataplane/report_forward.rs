//! What the console tells of forwarding: testpmd's words.

use std::sync::atomic::Ordering;

use holdfast_engine::drop_reason::DropCounters;
use holdfast_engine::interface::PortId;
use holdfast_engine::worker::{ForwardMode, paired_port};

use super::appliance::Appliance;
use crate::console::ControlError;
use crate::report;

impl Appliance {
    /// `show fwd stats all`.
    pub(super) fn report_forward_stats(&self) -> Result<report::ForwardStats, ControlError> {
        let counters = self.counters()?;
        let mut drops = DropCounters::default();
        counters.iter().for_each(|c| drops.add(&c.drops));
        let ports: Vec<report::PortForwardStats> = (0..self.port_count())
            .map(|number| {
                let at = usize::from(number);
                let missed = self.ports[at].control.stats().map(|s| s.rx_missed + s.rx_no_mbuf).unwrap_or(0);
                let received: u64 = counters.iter().map(|c| c.received[at].packets).sum();
                let sent: u64 = counters.iter().map(|c| c.sent[at].packets).sum();
                let refused: u64 = counters.iter().map(|c| c.sent[at].refused).sum();
                report::PortForwardStats {
                    port: number,
                    rx_packets: received,
                    rx_dropped: missed,
                    rx_total: received + missed,
                    tx_packets: sent,
                    tx_dropped: refused,
                    tx_total: sent + refused,
                }
            })
            .collect();
        let workers = counters
            .iter()
            .zip(&self.workers)
            .zip(&self.readers)
            .enumerate()
            .map(|(index, ((c, handle), reader))| report::WorkerForwardStats {
                worker: index as u16,
                lcore: handle.lcore,
                rx_packets: c.received.iter().map(|r| r.packets).sum(),
                tx_packets: c.sent.iter().map(|s| s.packets).sum(),
                dropped: c.drops.iter().map(|(_, count)| count).sum(),
                steered_out: c.inspect.steered_out,
                steered_in: c.inspect.steered_in,
                polls: c.polls,
                empty_polls: c.idle_polls,
                sleeps: handle.shared.sleeps.load(Ordering::Relaxed),
                sessions: reader.len().into(),
            })
            .collect();
        Ok(report::ForwardStats {
            mode: self.mode,
            forwarding: self.forwarding,
            total: report::ForwardStats::sum(&ports),
            ports,
            workers,
            drops: drops
                .iter()
                .filter(|(_, packets)| *packets > 0)
                .map(|(reason, packets)| report::DropCount { reason: reason.name(), packets })
                .collect(),
        })
    }

    /// `show config fwd`.
    pub(super) fn report_config_fwd(&self) -> report::ConfigFwd {
        let ports = self.port_count();
        let routed = self.mode == ForwardMode::Firewall;
        let mut streams = Vec::new();
        for (index, handle) in (0u16..).zip(&self.workers) {
            for (rx_port, port) in (0..ports).zip(&self.ports) {
                if index >= port.rx_queues {
                    continue;
                }
                streams.push(report::Stream {
                    worker: index,
                    lcore: handle.lcore,
                    rx_port,
                    rx_queue: index,
                    tx_port: (!routed).then(|| paired_port(PortId(rx_port), usize::from(ports)).0),
                    tx_queue: index % port.tx_queues.max(1),
                });
            }
        }
        report::ConfigFwd {
            mode: self.mode,
            forwarding: self.forwarding,
            ports: ports.into(),
            cores: self.workers.len() as u16,
            streams,
        }
    }

    /// `show config rxtx`.
    pub(super) fn report_config_rxtx(&self) -> report::ConfigRxtx {
        let ports = (0..)
            .zip(&self.ports)
            .map(|(port, entry)| {
                let settings = entry.control.settings();
                report::PortQueueConfig {
                    port,
                    rx_queues: entry.rx_queues,
                    tx_queues: entry.tx_queues,
                    rx_descriptors: settings.rx_descriptors,
                    tx_descriptors: settings.tx_descriptors,
                }
            })
            .collect();
        report::ConfigRxtx { mode: self.mode, burst: self.burst, cores: self.workers.len() as u16, ports }
    }

    /// `show config cores`.
    pub(super) fn report_config_cores(&self) -> report::ConfigCores {
        let cores = (0..)
            .zip(&self.workers)
            .map(|(worker, handle)| report::CoreConfig {
                lcore: handle.lcore,
                role: report::CoreRole::Worker,
                worker: Some(worker),
            })
            .collect();
        report::ConfigCores { cores }
    }
}
