//! The route table: what the configuration says, checked, and the decision for a destination.

use core::net::IpAddr;

use ipnet::IpNet;

use super::check::{checked, interface_routes, never_routed};
use super::error::RouteError;
use super::fib::{Fib, HashFib};
use super::on_link::is_network_or_broadcast;
use crate::drop_reason::DropReason;
use crate::interface::{Interface, PortId};

/// Most routes of a table, connected and local ones included.
pub const ROUTES_MAX: usize = 65_536;

/// Where a configured route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a gateway on a connected network.
    Via {
        /// The gateway.
        gateway: IpAddr,
        /// Its port; only a link-local gateway needs it, since that address says not which link.
        port: Option<PortId>,
    },
    /// Nowhere: drop.
    Blackhole,
}

/// A configured route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticRoute {
    /// Destinations.
    pub prefix: IpNet,
    /// Where they go.
    pub target: Target,
}

/// What a route in the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    /// The network of an interface.
    Connected {
        /// Its port.
        port: PortId,
    },
    /// An address of the box itself.
    Local {
        /// The port whose address it is.
        port: PortId,
    },
    /// Configured, through a gateway.
    Static {
        /// The gateway.
        gateway: IpAddr,
        /// The port it is on.
        port: PortId,
    },
    /// Configured, to nowhere.
    Blackhole,
}

/// A route in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Destinations; no host bits set.
    pub prefix: IpNet,
    /// What becomes of them.
    pub kind: RouteKind,
}

impl Route {
    /// The gateway, if there is one.
    pub fn gateway(&self) -> Option<IpAddr> {
        match self.kind {
            RouteKind::Static { gateway, .. } => Some(gateway),
            _ => None,
        }
    }

    /// The port, unless the route leads nowhere.
    pub fn port(&self) -> Option<PortId> {
        match self.kind {
            RouteKind::Connected { port } | RouteKind::Local { port } | RouteKind::Static { port, .. } => {
                Some(port)
            }
            RouteKind::Blackhole => None,
        }
    }
}

/// Where a packet goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Egress {
    /// Out of which port.
    pub port: PortId,
    /// To which neighbour there: the gateway, or the destination itself.
    pub next_hop: IpAddr,
}

/// What the table says of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Forward it.
    Forward(Egress),
    /// It is an address of the box itself, on this port.
    Local(PortId),
    /// Drop it.
    Drop(DropReason),
}

/// All routes, with the look-up over them.
pub struct RouteTable {
    routes: Vec<Route>,
    fib: Box<dyn Fib>,
}

impl core::fmt::Debug for RouteTable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RouteTable").field("routes", &self.routes).finish_non_exhaustive()
    }
}

impl RouteTable {
    /// Connected and local routes of `interfaces` and the configured ones, with a [`HashFib`].
    ///
    /// # Errors
    /// The first thing that is wrong, interfaces before routes, in their order.
    pub fn new(interfaces: &[Interface], configured: &[StaticRoute]) -> Result<RouteTable, RouteError> {
        let mut routes = interface_routes(interfaces)?;
        for route in configured {
            routes.push(checked(interfaces, route)?);
        }
        if routes.len() > ROUTES_MAX {
            return Err(RouteError::TooMany { count: routes.len() });
        }
        routes.sort_by_key(|route| route.prefix);
        if let Some(pair) = routes.windows(2).find(|pair| pair[0].prefix == pair[1].prefix) {
            return Err(RouteError::DuplicatePrefix { prefix: pair[0].prefix });
        }
        let fib = Box::new(HashFib::new(&routes));
        Ok(RouteTable { routes, fib })
    }

    /// With another look-up, which `build` makes over [`RouteTable::routes`]; its values are indices into them.
    ///
    /// # Errors
    /// What `build` returns.
    pub fn with_fib<E>(
        mut self,
        build: impl FnOnce(&[Route]) -> Result<Box<dyn Fib>, E>,
    ) -> Result<RouteTable, E> {
        self.fib = build(&self.routes)?;
        Ok(self)
    }

    /// Every route, ordered by prefix, IPv4 first: `show ip route`.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// What to do with packets to `destination`.
    pub fn decide(&self, destination: IpAddr) -> Decision {
        if let Some(reason) = never_routed(destination) {
            return Decision::Drop(reason);
        }
        let index = match destination {
            IpAddr::V4(v4) => self.fib.lookup4(v4.to_bits()),
            IpAddr::V6(v6) => self.fib.lookup6(v6.to_bits()),
        };
        let Some(route) = index.and_then(|index| self.routes.get(index as usize)) else {
            return Decision::Drop(DropReason::NoRoute);
        };
        match route.kind {
            // RFC 2644: directed broadcasts are not forwarded.
            RouteKind::Connected { .. } if is_network_or_broadcast(&route.prefix, destination) => {
                Decision::Drop(DropReason::MulticastUnserved)
            }
            RouteKind::Connected { port } => Decision::Forward(Egress { port, next_hop: destination }),
            RouteKind::Static { gateway, port } => Decision::Forward(Egress { port, next_hop: gateway }),
            RouteKind::Local { port } => Decision::Local(port),
            RouteKind::Blackhole => Decision::Drop(DropReason::Blackhole),
        }
    }

    /// Where to forward packets to `destination`.
    ///
    /// # Errors
    /// Why not; [`DropReason::LocalUnserved`] for the box's own addresses, which callers filter out before.
    pub fn lookup(&self, destination: IpAddr) -> Result<Egress, DropReason> {
        match self.decide(destination) {
            Decision::Forward(egress) => Ok(egress),
            Decision::Local(_) => Err(DropReason::LocalUnserved),
            Decision::Drop(reason) => Err(reason),
        }
    }
}
