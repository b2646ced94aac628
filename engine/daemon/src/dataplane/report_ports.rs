//! What the console tells of ports and interfaces.

use dpdk::port::PortError;
use dpdk::stats::PortStats;
use holdfast_engine::interface::Mac;

use super::appliance::{Appliance, BoxPort};
use crate::console::{ControlError, Ports};
use crate::report;

impl Appliance {
    /// `show port info`.
    pub(super) fn report_port_info(&self, ports: Ports) -> Result<report::PortInfos, ControlError> {
        let ports = ports.of(self.port_count())?.map(|number| self.port_info_of(number)).collect::<Result<_, _>>()?;
        Ok(report::PortInfos { ports })
    }

    fn port_info_of(&self, number: u8) -> Result<report::PortInfo, ControlError> {
        let port = self.port(number)?;
        let info = port.control.info().map_err(|e| device_error(number, "tell about itself", &e))?;
        let settings = port.control.settings();
        Ok(report::PortInfo {
            port: number,
            interface: port.name.clone(),
            device: info.device,
            driver: info.driver,
            mac: Mac(info.mac),
            socket: info.socket.map_or(-1, |s| s as i32),
            link: link_of(port),
            mtu: settings.mtu,
            promiscuous: info.promiscuous,
            started: port.control.is_started(),
            rx_queues: port.rx_queues,
            rx_queues_max: info.max_rx_queues,
            tx_queues: port.tx_queues,
            tx_queues_max: info.max_tx_queues,
            rx_descriptors: settings.rx_descriptors,
            tx_descriptors: settings.tx_descriptors,
            mac_addresses_max: info.max_mac_addresses,
            rss: settings.rss,
        })
    }

    /// `show port stats`.
    pub(super) fn report_port_stats(&mut self, ports: Ports) -> Result<report::PortStatsReport, ControlError> {
        let now = self.now();
        let mut rows = Vec::new();
        for number in ports.of(self.port_count())? {
            let stats = self.stats_of(number)?;
            let ports = self.port_count();
            let Some(port) = self.ports.get_mut(usize::from(number)) else {
                return Err(ControlError::NoSuchPort { port: number, ports });
            };
            let before = port.last_stats.replace((now, stats));
            let rate = |of: fn(&PortStats) -> u64| match &before {
                Some((then, old)) => {
                    let nanos = now.since(*then).as_nanos().max(1);
                    (u128::from(of(&stats).saturating_sub(of(old))) * 1_000_000_000 / nanos) as u64
                }
                None => 0,
            };
            rows.push(report::PortStats {
                port: number,
                rx_packets: stats.rx_packets,
                rx_missed: stats.rx_missed,
                rx_bytes: stats.rx_bytes,
                rx_errors: stats.rx_errors,
                rx_nombuf: stats.rx_no_mbuf,
                tx_packets: stats.tx_packets,
                tx_errors: stats.tx_errors,
                tx_bytes: stats.tx_bytes,
                rx_pps: rate(|s| s.rx_packets),
                rx_bps: rate(|s| s.rx_bytes).saturating_mul(8),
                tx_pps: rate(|s| s.tx_packets),
                tx_bps: rate(|s| s.tx_bytes).saturating_mul(8),
            });
        }
        Ok(report::PortStatsReport { ports: rows })
    }

    /// `show port xstats`.
    pub(super) fn report_port_xstats(&self, ports: Ports) -> Result<report::PortXstatsReport, ControlError> {
        let mut rows = Vec::new();
        for number in ports.of(self.port_count())? {
            let counters = self.port(number)?.control.xstats();
            let counters = counters.map_err(|e| device_error(number, "tell its extended counters", &e))?;
            let xstats = counters.into_iter().map(|(name, value)| report::Xstat { name, value }).collect();
            rows.push(report::PortXstats { port: number, xstats });
        }
        Ok(report::PortXstatsReport { ports: rows })
    }

    /// `show interfaces`.
    pub(super) fn report_interfaces(&self) -> Result<report::Interfaces, ControlError> {
        let mut interfaces = Vec::new();
        for (number, interface) in (0..).zip(&self.engine.interfaces) {
            let port = self.port(number)?;
            let link = link_of(port);
            let stats = port.control.stats().unwrap_or_default();
            interfaces.push(report::InterfaceReport {
                name: interface.name.clone(),
                port: number,
                zone: self.zone_name(interface.zone),
                started: port.control.is_started(),
                link_up: link.up,
                speed_mbps: link.speed_mbps,
                driver: port.control.info().map(|i| i.driver).unwrap_or_default(),
                mac: interface.mac,
                addresses: interface
                    .addresses
                    .iter()
                    .filter_map(|a| ipnet::IpNet::new(a.address, a.prefix_len).ok())
                    .collect(),
                mtu: interface.mtu,
                counters: report::Counters {
                    rx_packets: stats.rx_packets,
                    rx_bytes: stats.rx_bytes,
                    rx_errors: stats.rx_errors,
                    rx_missed: stats.rx_missed,
                    tx_packets: stats.tx_packets,
                    tx_bytes: stats.tx_bytes,
                    tx_errors: stats.tx_errors,
                },
            });
        }
        Ok(report::Interfaces { interfaces })
    }

    fn stats_of(&self, number: u8) -> Result<PortStats, ControlError> {
        self.port(number)?.control.stats().map_err(|e| device_error(number, "tell its counters", &e))
    }

    /// The port with this number.
    pub(super) fn port(&self, number: u8) -> Result<&BoxPort, ControlError> {
        self.ports
            .get(usize::from(number))
            .ok_or(ControlError::NoSuchPort { port: number, ports: self.port_count() })
    }
}

fn device_error(port: u8, operation: &'static str, error: &PortError) -> ControlError {
    ControlError::Device { port, operation, reason: error.to_string() }
}

fn link_of(port: &BoxPort) -> report::LinkReport {
    let link = if port.removed { None } else { port.control.link().ok() }.unwrap_or_default();
    report::LinkReport {
        up: link.up,
        speed_mbps: link.speed_mbps.unwrap_or(0),
        full_duplex: link.full_duplex,
        autoneg: link.negotiated,
    }
}
