//! The engine's routes in DPDK's FIB.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dpdk::eal::EalRef;
use dpdk::fib::{Fib4, Fib6, FibError, FibKind};
use holdfast_engine::route::{Fib, Route};

/// From this many routes of a family on, look-ups get the 64 MiB table; below, the tree is as fast and costs
/// nothing.
const TABLE_ROUTES_MIN: usize = 4096;

/// IPv4 and IPv6 routes, values being indices into the engine's table.
pub struct DpdkFib {
    v4: Fib4,
    v6: Fib6,
}

impl DpdkFib {
    /// A FIB over `routes`.
    ///
    /// # Errors
    /// When DPDK's memory is short.
    pub fn boxed(eal: &EalRef, routes: &[Route]) -> Result<Box<dyn Fib>, FibError> {
        let count = |v6: bool| routes.iter().filter(|r| r.prefix.addr().is_ipv6() == v6).count();
        let (v4_routes, v6_routes) = (count(false), count(true));
        let mut fib = DpdkFib {
            v4: Fib4::new(eal, kind(v4_routes), v4_routes.max(1) as u32)?,
            v6: Fib6::new(eal, kind(v6_routes), v6_routes.max(1) as u32)?,
        };
        for (index, route) in (0..).zip(routes) {
            let bits = route.prefix.prefix_len();
            match route.prefix.network() {
                IpAddr::V4(net) => fib.v4.add(net, bits, index)?,
                IpAddr::V6(net) => fib.v6.add(net, bits, index)?,
            }
        }
        Ok(Box::new(fib))
    }
}

fn kind(routes: usize) -> FibKind {
    if routes < TABLE_ROUTES_MIN {
        FibKind::Rib
    } else {
        FibKind::Table { tbl8_groups: (routes as u32).next_multiple_of(64) }
    }
}

impl Fib for DpdkFib {
    fn lookup4(&self, destination: u32) -> Option<u32> {
        self.v4.lookup(Ipv4Addr::from_bits(destination))
    }

    fn lookup6(&self, destination: u128) -> Option<u32> {
        self.v6.lookup(Ipv6Addr::from_bits(destination))
    }
}
