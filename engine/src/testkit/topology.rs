//! The box of the laboratory: three ports, a host behind each, and what may be different from test to test.

use core::net::IpAddr;

use super::frame::ip;
use crate::config::{EngineConfig, StaticNeighbour};
use crate::interface::{Interface, InterfaceAddress, Mac, PortId, ZoneId};
use crate::policy::{Action, Rule, RuleSet};
use crate::replication::HaId;
use crate::route::{RouteTable, StaticRoute};

pub(crate) const INSIDE: PortId = PortId(0);
pub(crate) const OUTSIDE: PortId = PortId(1);
pub(crate) const DMZ: PortId = PortId(2);
pub(crate) const PORTS: [PortId; 3] = [INSIDE, OUTSIDE, DMZ];

/// Hosts: one behind each port. The box is `.1` and `::1` on every network.
pub(crate) const CLIENT: &str = "10.0.1.10";
pub(crate) const SERVER: &str = "10.0.2.20";
pub(crate) const MAIL: &str = "10.0.3.30";
pub(crate) const CLIENT6: &str = "fd00:1::10";
pub(crate) const SERVER6: &str = "fd00:2::20";
pub(crate) const MAIL6: &str = "fd00:3::30";
const HOSTS: [(PortId, &str); 6] =
    [(INSIDE, CLIENT), (OUTSIDE, SERVER), (DMZ, MAIL), (INSIDE, CLIENT6), (OUTSIDE, SERVER6), (DMZ, MAIL6)];

/// Zone of a port: one each, from 1.
pub(crate) const fn zone(port: PortId) -> ZoneId {
    ZoneId(port.0 + 1)
}

/// MAC of the box on a port.
pub(crate) const fn box_mac(port: PortId) -> Mac {
    Mac([2, 0, 0, 0, 0, port.0 + 1])
}

/// MAC of whoever is behind a port.
pub(crate) const fn host_mac(port: PortId) -> Mac {
    Mac([2, 0xaa, 0, 0, 0, port.0 + 1])
}

pub(crate) fn box_address(port: PortId, v6: bool) -> IpAddr {
    let network = port.0 + 1;
    if v6 { ip(&format!("fd00:{network}::1")) } else { ip(&format!("10.0.{network}.1")) }
}

/// A rule from one port's zone to another's.
pub(crate) fn rule(from: PortId, to: PortId, action: Action) -> Rule {
    Rule { from: Some(zone(from)), to: Some(zone(to)), ..Rule::any(action) }
}

/// What a box is built from.
pub(crate) struct Setup {
    pub(crate) workers: u8,
    pub(crate) vlans: [Option<u16>; 3],
    pub(crate) mtus: [u16; 3],
    pub(crate) rules: Vec<Rule>,
    pub(crate) routes: Vec<StaticRoute>,
    /// The hosts' MACs are in the configuration; else the box has to ask.
    pub(crate) hosts_known: bool,
    /// Of each worker.
    pub(crate) sessions_max: u32,
    /// Worker 1 and up transmit through worker 0.
    pub(crate) one_tx_queue: bool,
    /// Last changes to what the engine is told.
    pub(crate) tune: fn(&mut EngineConfig),
}

impl Default for Setup {
    /// One worker; inside may talk to everybody, nobody else may begin anything.
    fn default() -> Setup {
        Setup {
            workers: 1,
            vlans: [None; 3],
            mtus: [1500; 3],
            rules: vec![rule(INSIDE, OUTSIDE, Action::Inspect), rule(INSIDE, DMZ, Action::Inspect)],
            routes: Vec::new(),
            hosts_known: true,
            sessions_max: 64,
            one_tx_queue: false,
            tune: |_| {},
        }
    }
}

impl Setup {
    /// What the engine is told.
    pub(crate) fn config(&self) -> EngineConfig {
        let interfaces: Vec<Interface> = PORTS.iter().map(|&port| interface(port, self)).collect();
        let routes = RouteTable::new(&interfaces, &self.routes).unwrap();
        let rules = RuleSet::linear(self.rules.clone()).unwrap();
        let mut config = EngineConfig::new(interfaces, routes, rules);
        config.workers = self.workers;
        if self.hosts_known {
            let known =
                |&(port, address)| StaticNeighbour { port, address: ip(address), mac: host_mac(port) };
            config.static_neighbours = HOSTS.iter().map(known).collect();
        }
        (self.tune)(&mut config);
        config
    }
}

fn interface(port: PortId, setup: &Setup) -> Interface {
    let at = usize::from(port.0);
    Interface {
        port,
        name: format!("port{at}"),
        mac: box_mac(port),
        mtu: setup.mtus[at],
        vlan: setup.vlans[at],
        zone: zone(port),
        ha_id: Some(HaId(u16::from(port.0) + 101)),
        addresses: vec![
            InterfaceAddress { address: box_address(port, false), prefix_len: 24 },
            InterfaceAddress { address: box_address(port, true), prefix_len: 64 },
        ],
    }
}
