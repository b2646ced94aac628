//! What a box is told: one immutable snapshot shared by its workers.

use core::net::IpAddr;

use hashbrown::HashMap;

use crate::interface::{Interface, Mac, PortId};
use crate::local::LocalLimits;
use crate::neighbour::NeighboursConfig;
use crate::policy::RuleSet;
use crate::route::RouteTable;
use crate::track::{Timeouts, TrackConfig};

/// A neighbour from the configuration, never asked for and never aged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticNeighbour {
    /// Its port.
    pub port: PortId,
    /// Its IP address.
    pub address: IpAddr,
    /// Its MAC.
    pub mac: Mac,
}

/// The virtual router of one port: what the pair's active box answers for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualRouter {
    /// Its port, which has no other one.
    pub port: PortId,
    /// The group's virtual MAC.
    pub mac: Mac,
    /// Virtual addresses of the group.
    pub addresses: Vec<IpAddr>,
    /// HSRP version of the group, 1 or 2. Packets of both are received.
    pub hsrp_version: u8,
}

/// Everything the workers share and nobody changes; a new configuration is a new snapshot.
pub struct EngineConfig {
    /// Number of workers, at least 1.
    pub workers: u8,
    /// Interfaces, in port order.
    pub interfaces: Vec<Interface>,
    /// Connected and static routes.
    pub routes: RouteTable,
    /// Policy, compiled.
    pub rules: RuleSet,
    /// What the trackers let pass.
    pub track: TrackConfig,
    /// Idle times.
    pub timeouts: Timeouts,
    /// Neighbour table limits.
    pub neighbours: NeighboursConfig,
    /// Neighbours from the configuration.
    pub static_neighbours: Vec<StaticNeighbour>,
    /// Limits on each worker's answers in the box's name, over each port.
    pub answers: LocalLimits,
    /// By port: drop first packets whose source routes to another interface (RFC 3704 strict mode).
    pub reverse_path_checks: Vec<bool>,
    /// What the active box of a pair answers for; empty on a single firewall.
    pub virtual_routers: Vec<VirtualRouter>,
    /// Log begin and end of every session.
    pub audit_trail: bool,
    /// The box's own addresses and the ports they are on, link-local ones included.
    own: HashMap<IpAddr, PortId>,
}

impl EngineConfig {
    /// A snapshot with defaults for everything but what the box cannot be without.
    pub fn new(interfaces: Vec<Interface>, routes: RouteTable, rules: RuleSet) -> EngineConfig {
        let own = interfaces
            .iter()
            .flat_map(|i| {
                let link_local = i.has_ipv6().then(|| IpAddr::V6(i.mac.link_local()));
                i.addresses.iter().map(|a| a.address).chain(link_local).map(|a| (a, i.port))
            })
            .collect();
        EngineConfig {
            workers: 1,
            interfaces,
            routes,
            rules,
            track: TrackConfig::default(),
            timeouts: Timeouts::default(),
            neighbours: NeighboursConfig::default(),
            static_neighbours: Vec::new(),
            answers: LocalLimits::default(),
            reverse_path_checks: Vec::new(),
            virtual_routers: Vec::new(),
            audit_trail: false,
            own,
        }
    }

    /// Whether `address` is one of the box's own.
    #[inline]
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.own.contains_key(&address)
    }

    /// Whether a port's first packets must come from where their source routes to; on unless said otherwise.
    pub fn reverse_path_check(&self, port: PortId) -> bool {
        self.reverse_path_checks.get(usize::from(port.0)).copied().unwrap_or(true)
    }

    /// The interface of a port.
    #[inline]
    pub fn interface(&self, port: PortId) -> Option<&Interface> {
        self.interfaces.get(usize::from(port.0))
    }
}
