//! IOS's `show ip route` and `show ipv6 route`.

use core::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use super::Report;
use super::layout::put;

/// Where a route comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteKind {
    /// The network of an interface's address.
    Connected,
    /// The box's own address.
    Local,
    /// From the configuration.
    Static,
}

impl RouteKind {
    const fn code(self) -> char {
        match self {
            RouteKind::Connected => 'C',
            RouteKind::Local => 'L',
            RouteKind::Static => 'S',
        }
    }
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteReport {
    /// Destination.
    pub prefix: IpNet,
    /// Where it comes from.
    pub kind: RouteKind,
    /// Next hop; `null` when directly connected or blackhole.
    pub via: Option<IpAddr>,
    /// Outgoing interface; `null` for a blackhole.
    pub interface: Option<String>,
    /// Packets to it drop.
    pub blackhole: bool,
}

/// Which routes a command shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteFamily {
    /// `show ip route`.
    V4,
    /// `show ipv6 route`.
    V6,
}

/// `show ip route` and `show ipv6 route`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteTable {
    /// Routes of one family in order of prefix.
    pub routes: Vec<RouteReport>,
}

impl Report for RouteTable {
    fn write_text(&self, out: &mut String) {
        put!(out, "Codes: C - connected, S - static, L - local, * - candidate default\n\n");
        let default = self.routes.iter().find(|r| r.prefix.prefix_len() == 0);
        match default.and_then(|r| r.via.map(|via| (via, r.prefix))) {
            Some((via, prefix)) => {
                put!(out, "Gateway of last resort is {via} to network {}\n\n", prefix.network());
            }
            None => put!(out, "Gateway of last resort is not set\n\n"),
        }
        for r in &self.routes {
            let star = if r.prefix.prefix_len() == 0 { '*' } else { ' ' };
            put!(out, "{}{star}    {} ", r.kind.code(), r.prefix);
            match (r.via, &r.interface, r.blackhole) {
                (_, _, true) => put!(out, "is directly connected, Null0\n"),
                (Some(via), Some(interface), _) => put!(out, "[1/0] via {via}, {interface}\n"),
                (Some(via), None, _) => put!(out, "[1/0] via {via}\n"),
                (None, Some(interface), _) => put!(out, "is directly connected, {interface}\n"),
                (None, None, false) => put!(out, "is unresolved\n"),
            }
        }
    }
}
