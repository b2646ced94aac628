//! What a box is told: one immutable snapshot shared by its workers.

use core::net::IpAddr;

use hashbrown::HashMap;

use crate::interface::{Interface, Mac, PortId};
use crate::neighbour::NeighboursConfig;
use crate::policy::RuleSet;
use crate::route::RouteTable;
use crate::track::{TcpConfig, Timeouts};

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

/// Limits on the box's own answers, per worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimits {
    /// ICMP errors and TCP resets a second.
    pub errors_per_second_max: u32,
    /// Errors that may leave at once after a quiet time.
    pub errors_burst: u32,
    /// Echo replies a second.
    pub echo_replies_per_second_max: u32,
    /// Echo replies that may leave at once.
    pub echo_replies_burst: u32,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        AnswerLimits {
            errors_per_second_max: 1_000,
            errors_burst: 50,
            echo_replies_per_second_max: 10_000,
            echo_replies_burst: 1_000,
        }
    }
}

/// The snapshot.
pub struct EngineConfig {
    /// Number of workers, at least 1.
    pub workers: u8,
    /// Interfaces, in port order.
    pub interfaces: Vec<Interface>,
    /// Connected and static routes.
    pub routes: RouteTable,
    /// Policy.
    pub rules: RuleSet,
    /// TCP tracker.
    pub tcp: TcpConfig,
    /// Idle times.
    pub timeouts: Timeouts,
    /// Neighbour table limits.
    pub neighbours: NeighboursConfig,
    /// Neighbours from the configuration.
    pub static_neighbours: Vec<StaticNeighbour>,
    /// Limits on the box's own answers.
    pub answers: AnswerLimits,
    /// Drop first packets whose source routes to another interface (RFC 3704 strict mode).
    pub reverse_path_check: bool,
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
            tcp: TcpConfig::default(),
            timeouts: Timeouts::default(),
            neighbours: NeighboursConfig::default(),
            static_neighbours: Vec::new(),
            answers: AnswerLimits::default(),
            reverse_path_check: true,
            own,
        }
    }

    /// Whether `address` is one of the box's own.
    #[inline]
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.own.contains_key(&address)
    }

    /// The interface of a port.
    #[inline]
    pub fn interface(&self, port: PortId) -> Option<&Interface> {
        self.interfaces.get(usize::from(port.0))
    }
}
