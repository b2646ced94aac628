//! IOS's `show interfaces [brief]`.

use holdfast_engine::interface::Mac;
use ipnet::IpNet;
use serde::Serialize;

use super::Report;
use super::layout::{self, ios_mac, put, word};

/// Packets and bytes both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Packets received.
    pub rx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received with errors.
    pub rx_errors: u64,
    /// Packets the device lost for want of a descriptor or a buffer.
    pub rx_missed: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets not sent because of errors.
    pub tx_errors: u64,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InterfaceReport {
    /// Name from the configuration.
    pub name: String,
    /// Port number.
    pub port: u8,
    /// Zone.
    pub zone: String,
    /// The port is started.
    pub started: bool,
    /// The link is up.
    pub link_up: bool,
    /// Link speed in Mbit/s; 0 when the driver does not know.
    pub speed_mbps: u32,
    /// Driver name.
    pub driver: String,
    /// Own MAC address.
    #[serde(serialize_with = "layout::mac")]
    pub mac: Mac,
    /// Addresses with the length of their network's prefix.
    pub addresses: Vec<IpNet>,
    /// Largest IP packet in bytes.
    pub mtu: u16,
    /// Counters since the last `clear port stats`.
    pub counters: Counters,
}

impl InterfaceReport {
    fn status(&self) -> &'static str {
        word(self.started, "up", "administratively down")
    }

    fn protocol(&self) -> &'static str {
        word(self.started && self.link_up, "up", "down")
    }
}

/// `show interfaces`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interfaces {
    /// Interfaces in order of their ports.
    pub interfaces: Vec<InterfaceReport>,
}

impl Report for Interfaces {
    fn write_text(&self, out: &mut String) {
        for i in &self.interfaces {
            let c = &i.counters;
            put!(out, "{} is {}, line protocol is {}\n", i.name, i.status(), i.protocol());
            put!(out, "  Hardware is {}, address is {}, port {}\n", i.driver, ios_mac(i.mac), i.port);
            for address in &i.addresses {
                put!(out, "  Internet address is {address}\n");
            }
            put!(out, "  Zone is {}\n", i.zone);
            put!(out, "  MTU {} bytes, BW {} Kbit/sec\n", i.mtu, u64::from(i.speed_mbps) * 1000);
            put!(out, "     {} packets input, {} bytes\n", c.rx_packets, c.rx_bytes);
            put!(out, "     {} input errors, {} missed\n", c.rx_errors, c.rx_missed);
            put!(out, "     {} packets output, {} bytes\n", c.tx_packets, c.tx_bytes);
            put!(out, "     {} output errors\n", c.tx_errors);
        }
    }
}

/// `show interfaces brief`: the same JSON, one line of text an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct InterfacesBrief(pub Interfaces);

impl Report for InterfacesBrief {
    fn write_text(&self, out: &mut String) {
        put!(out, "{:<22} {:<24} {:<22} {}\n", "Interface", "IP-Address", "Status", "Protocol");
        for i in &self.0.interfaces {
            let mut row = |address: String| {
                put!(out, "{:<22} {:<24} {:<22} {}\n", i.name, address, i.status(), i.protocol());
            };
            if i.addresses.is_empty() {
                row("unassigned".to_owned());
            }
            i.addresses.iter().for_each(|address| row(address.to_string()));
        }
    }
}
