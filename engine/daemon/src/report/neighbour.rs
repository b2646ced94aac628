//! IOS's `show arp` and `show ipv6 neighbors`.

use core::net::IpAddr;
use core::time::Duration;

use holdfast_engine::interface::Mac;
use serde::Serialize;

use super::Report;
use super::layout::{self, ios_mac, put};

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NeighbourKind {
    /// Learned.
    Dynamic,
    /// From the configuration.
    Static,
    /// An address of the box itself.
    Own,
}

/// Reachability, in the words of RFC 4861 section 7.3.2, of which the engine has no DELAY; ARP entries use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum NeighbourState {
    /// Asked, no answer yet.
    Incomplete,
    /// Confirmed lately.
    Reachable,
    /// Usable, to be confirmed when used.
    Stale,
    /// Being probed.
    Probe,
    /// Asked in vain; packets to it drop.
    Failed,
}

impl NeighbourState {
    /// IOS's short form.
    const fn ios(self) -> &'static str {
        match self {
            NeighbourState::Incomplete => "INCMP",
            NeighbourState::Reachable => "REACH",
            NeighbourState::Stale => "STALE",
            NeighbourState::Probe => "PROBE",
            NeighbourState::Failed => "FAIL",
        }
    }
}

/// One neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NeighbourReport {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC; `null` while unresolved.
    #[serde(serialize_with = "layout::optional_mac")]
    pub mac: Option<Mac>,
    /// Interface name.
    pub interface: String,
    /// Where it comes from.
    pub kind: NeighbourKind,
    /// Reachability.
    pub state: NeighbourState,
    /// Time since it was last confirmed, in seconds; `null` for static and own entries.
    #[serde(rename = "age_s", serialize_with = "layout::optional_seconds")]
    pub age: Option<Duration>,
    /// Packets that wait for the answer.
    pub waiting: u32,
}

impl NeighbourReport {
    fn age_minutes(&self) -> String {
        self.age.map_or_else(|| "-".to_owned(), |age| (age.as_secs() / 60).to_string())
    }
}

/// `show arp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArpTable {
    /// Entries in order of address.
    pub neighbours: Vec<NeighbourReport>,
}

impl Report for ArpTable {
    fn write_text(&self, out: &mut String) {
        put!(
            out,
            "{:<10}{:<17}{:>9}  {:<16}{:<7}{}\n",
            "Protocol",
            "Address",
            "Age (min)",
            "Hardware Addr",
            "Type",
            "Interface"
        );
        for n in &self.neighbours {
            let mac = n.mac.map_or_else(|| "Incomplete".to_owned(), ios_mac);
            let address = n.address.to_string();
            put!(
                out,
                "{:<10}{:<17}{:>9}  {:<16}{:<7}{}\n",
                "Internet",
                address,
                n.age_minutes(),
                mac,
                "ARPA",
                n.interface
            );
        }
    }
}

/// `show ipv6 neighbors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ipv6Neighbors {
    /// Entries in order of address.
    pub neighbours: Vec<NeighbourReport>,
}

impl Report for Ipv6Neighbors {
    fn write_text(&self, out: &mut String) {
        put!(
            out,
            "{:<40}{:>4} {:<15}{:<6}{}\n",
            "IPv6 Address",
            "Age",
            "Link-layer Addr",
            " State",
            " Interface"
        );
        for n in &self.neighbours {
            let mac = n.mac.map_or_else(|| "-".to_owned(), ios_mac);
            let address = n.address.to_string();
            put!(
                out,
                "{:<40}{:>4} {:<15} {:<6}{}\n",
                address,
                n.age_minutes(),
                mac,
                n.state.ios(),
                n.interface
            );
        }
    }
}
