//! testpmd's `show port info|stats|xstats|summary`.

use holdfast_engine::interface::Mac;
use serde::Serialize;

use super::Report;
use super::layout::{self, put, word};

/// Link of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LinkReport {
    /// Whether the link is up.
    pub up: bool,
    /// Speed in Mbit/s; 0 when the driver does not know.
    pub speed_mbps: u32,
    /// Full duplex.
    pub full_duplex: bool,
    /// Speed was negotiated.
    pub autoneg: bool,
}

impl LinkReport {
    fn status(&self) -> &'static str {
        word(self.up, "up", "down")
    }
}

/// What a port is and how it is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortInfo {
    /// Port number.
    pub port: u8,
    /// Interface name from the configuration.
    pub interface: String,
    /// Device name in DPDK, for example `net_af_packet0` or a PCI address.
    pub device: String,
    /// Driver name.
    pub driver: String,
    /// Own MAC address.
    #[serde(serialize_with = "layout::mac")]
    pub mac: Mac,
    /// NUMA socket; −1 when the device has none.
    pub socket: i32,
    /// Link.
    pub link: LinkReport,
    /// Largest IP packet in bytes.
    pub mtu: u16,
    /// Promiscuous mode is on.
    pub promiscuous: bool,
    /// The port is started.
    pub started: bool,
    /// Receive queues in use.
    pub rx_queues: u16,
    /// Most receive queues the driver offers.
    pub rx_queues_max: u16,
    /// Transmit queues in use.
    pub tx_queues: u16,
    /// Most transmit queues the driver offers.
    pub tx_queues_max: u16,
    /// Descriptors of each receive queue.
    pub rx_descriptors: u16,
    /// Descriptors of each transmit queue.
    pub tx_descriptors: u16,
    /// MAC addresses the port can filter on.
    pub mac_addresses_max: u32,
    /// Packets are spread over the receive queues by the device (RSS); otherwise the workers do it.
    pub rss: bool,
}

/// `show port info all|N`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortInfos {
    /// Ports in order of their numbers.
    pub ports: Vec<PortInfo>,
}

impl Report for PortInfos {
    fn write_text(&self, out: &mut String) {
        for p in &self.ports {
            put!(out, "\n********************* Infos for port {:<2} *********************\n", p.port);
            put!(out, "Interface: {}\n", p.interface);
            put!(out, "MAC address: {}\n", p.mac);
            put!(out, "Device name: {}\n", p.device);
            put!(out, "Driver name: {}\n", p.driver);
            put!(out, "Connect to socket: {}\n", p.socket);
            put!(out, "Port status: {}\n", word(p.started, "started", "stopped"));
            put!(out, "Link status: {}\n", p.link.status());
            put!(out, "Link speed: {}\n", layout::link_speed(p.link.speed_mbps));
            put!(out, "Link duplex: {}\n", word(p.link.full_duplex, "full-duplex", "half-duplex"));
            put!(out, "Autoneg status: {}\n", word(p.link.autoneg, "On", "Off"));
            put!(out, "MTU: {}\n", p.mtu);
            put!(out, "Promiscuous mode: {}\n", word(p.promiscuous, "enabled", "disabled"));
            put!(out, "Maximum number of MAC addresses: {}\n", p.mac_addresses_max);
            put!(out, "RSS: {}\n", word(p.rss, "by the device", "none, the workers steer"));
            put!(out, "Current number of RX queues: {}\n", p.rx_queues);
            put!(out, "Max possible RX queues: {}\n", p.rx_queues_max);
            put!(out, "Number of RXDs per queue: {}\n", p.rx_descriptors);
            put!(out, "Current number of TX queues: {}\n", p.tx_queues);
            put!(out, "Max possible TX queues: {}\n", p.tx_queues_max);
            put!(out, "Number of TXDs per queue: {}\n", p.tx_descriptors);
        }
    }
}

/// `show port summary all|N`: the same structs, one line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PortSummaries(pub PortInfos);

impl Report for PortSummaries {
    fn write_text(&self, out: &mut String) {
        put!(out, "Number of available ports: {}\n", self.0.ports.len());
        put!(
            out,
            "{:<4} {:<17} {:<16} {:<16} {:<8} {}\n",
            "Port",
            "MAC Address",
            "Name",
            "Driver",
            "Status",
            "Link"
        );
        for p in &self.0.ports {
            let speed = layout::link_speed(p.link.speed_mbps);
            // `Mac` prints itself without regard to a width, so it becomes a string first.
            let mac = p.mac.to_string();
            put!(
                out,
                "{:<4} {:<17} {:<16} {:<16} {:<8} {}\n",
                p.port,
                mac,
                p.device,
                p.driver,
                p.link.status(),
                speed
            );
        }
    }
}

/// Counters of a port as the device keeps them (`rte_eth_stats`), since the last `clear port stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortStats {
    /// Port number.
    pub port: u8,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets lost by the device because no descriptor was free.
    pub rx_missed: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received with errors.
    pub rx_errors: u64,
    /// Receive buffers that could not be allocated.
    pub rx_nombuf: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Packets not sent because of errors.
    pub tx_errors: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets a second received since the last `show port stats` of this port.
    pub rx_pps: u64,
    /// Bits a second received since then.
    pub rx_bps: u64,
    /// Packets a second sent since then.
    pub tx_pps: u64,
    /// Bits a second sent since then.
    pub tx_bps: u64,
}

/// `show port stats all|N`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortStatsReport {
    /// Ports in order of their numbers.
    pub ports: Vec<PortStats>,
}

impl Report for PortStatsReport {
    fn write_text(&self, out: &mut String) {
        let (bar, line) = ("########################", "#".repeat(76));
        for p in &self.ports {
            put!(out, "\n  {bar} NIC statistics for port {:<2} {bar}\n", p.port);
            put!(
                out,
                "  RX-packets: {:<10} RX-missed: {:<10} RX-bytes:  {}\n",
                p.rx_packets,
                p.rx_missed,
                p.rx_bytes
            );
            put!(out, "  RX-errors: {}\n", p.rx_errors);
            put!(out, "  RX-nombuf:  {}\n", p.rx_nombuf);
            put!(
                out,
                "  TX-packets: {:<10} TX-errors: {:<10} TX-bytes:  {}\n",
                p.tx_packets,
                p.tx_errors,
                p.tx_bytes
            );
            put!(out, "\n  Throughput (since last show)\n");
            put!(out, "  Rx-pps: {:>12}          Rx-bps: {:>12}\n", p.rx_pps, p.rx_bps);
            put!(out, "  Tx-pps: {:>12}          Tx-bps: {:>12}\n", p.tx_pps, p.tx_bps);
            put!(out, "  {line}\n");
        }
    }
}

/// One counter of a driver's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Xstat {
    /// The driver's name for it.
    pub name: String,
    /// Its value.
    pub value: u64,
}

/// The extended counters of one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortXstats {
    /// Port number.
    pub port: u8,
    /// Counters in the driver's order.
    pub xstats: Vec<Xstat>,
}

/// `show port xstats all|N`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortXstatsReport {
    /// Ports in order of their numbers.
    pub ports: Vec<PortXstats>,
}

impl Report for PortXstatsReport {
    fn write_text(&self, out: &mut String) {
        for p in &self.ports {
            put!(out, "###### NIC extended statistics for port {}\n", p.port);
            for x in &p.xstats {
                put!(out, "{}: {}\n", x.name, x.value);
            }
        }
    }
}
