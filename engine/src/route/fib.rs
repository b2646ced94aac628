//! Longest-prefix match, behind a trait so that the daemon can use DPDK's.

use core::net::IpAddr;

use hashbrown::HashMap;
use ipnet::IpNet;

use super::Route;

/// Longest-prefix match from a destination to the index of a route.
pub trait Fib: Send + Sync {
    /// Index of the route with the longest prefix that contains this IPv4 address.
    fn lookup4(&self, destination: u32) -> Option<u32>;
    /// Index of the route with the longest prefix that contains this IPv6 address.
    fn lookup6(&self, destination: u128) -> Option<u32>;
}

/// Looks at every prefix: slow and obviously right, the model others are tested against.
#[derive(Clone, Debug)]
pub struct LinearFib {
    prefixes: Vec<IpNet>,
}

impl LinearFib {
    /// Over the routes of a table.
    pub fn new(routes: &[Route]) -> LinearFib {
        LinearFib { prefixes: routes.iter().map(|route| route.prefix).collect() }
    }

    fn lookup(&self, destination: IpAddr) -> Option<u32> {
        let matching = self.prefixes.iter().enumerate().filter(|(_, net)| net.contains(&destination));
        matching.max_by_key(|(_, net)| net.prefix_len()).map(|(index, _)| index as u32)
    }
}

impl Fib for LinearFib {
    fn lookup4(&self, destination: u32) -> Option<u32> {
        self.lookup(core::net::Ipv4Addr::from_bits(destination).into())
    }

    fn lookup6(&self, destination: u128) -> Option<u32> {
        self.lookup(core::net::Ipv6Addr::from_bits(destination).into())
    }
}

/// One hash map for each prefix length in use, longest first: as many look-ups as there are lengths, which in a
/// firewall's table are few, and nothing that depends on the number of routes.
#[derive(Clone, Debug, Default)]
pub struct HashFib {
    v4: Vec<(u32, HashMap<u32, u32>)>,
    v6: Vec<(u128, HashMap<u128, u32>)>,
}

impl HashFib {
    /// Over the routes of a table, whose prefixes differ.
    pub fn new(routes: &[Route]) -> HashFib {
        let mut fib = HashFib::default();
        let mut by_length: Vec<(u32, IpNet)> = (0..).zip(routes.iter().map(|route| route.prefix)).collect();
        by_length.sort_by_key(|(_, net)| core::cmp::Reverse(net.prefix_len()));
        for (index, net) in by_length {
            match net {
                IpNet::V4(net) => {
                    let mask = net.netmask().to_bits();
                    insert(&mut fib.v4, mask, net.network().to_bits(), index);
                }
                IpNet::V6(net) => {
                    let mask = net.netmask().to_bits();
                    insert(&mut fib.v6, mask, net.network().to_bits(), index);
                }
            }
        }
        fib
    }
}

/// Adds a prefix to the map of its mask, which is the last one or a new one.
fn insert<A: Copy + Eq + core::hash::Hash>(
    lengths: &mut Vec<(A, HashMap<A, u32>)>,
    mask: A,
    net: A,
    index: u32,
) {
    match lengths.last_mut() {
        Some((last, map)) if *last == mask => {
            map.insert(net, index);
        }
        _ => lengths.push((mask, HashMap::from_iter([(net, index)]))),
    }
}

impl Fib for HashFib {
    fn lookup4(&self, destination: u32) -> Option<u32> {
        self.v4.iter().find_map(|(mask, map)| map.get(&(destination & mask)).copied())
    }

    fn lookup6(&self, destination: u128) -> Option<u32> {
        self.v6.iter().find_map(|(mask, map)| map.get(&(destination & mask)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::RouteKind;
    use core::net::{Ipv4Addr, Ipv6Addr};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Routes crowded into few bits, so that they nest and destinations hit them.
    fn routes() -> impl Strategy<Value = Vec<Route>> {
        let v4 = (any::<u32>(), 0u8..=32).prop_map(|(bits, len)| {
            IpNet::new(Ipv4Addr::from_bits(crowd(bits)).into(), len).unwrap().trunc()
        });
        let v6 = (any::<u32>(), 0u8..=128).prop_map(|(bits, len)| {
            IpNet::new(Ipv6Addr::from_bits(crowd6(bits)).into(), len).unwrap().trunc()
        });
        prop::collection::vec(prop_oneof![v4, v6], 0..60).prop_map(|nets| {
            let nets: BTreeSet<IpNet> = nets.into_iter().collect();
            nets.into_iter().map(|prefix| Route { prefix, kind: RouteKind::Blackhole }).collect()
        })
    }

    fn crowd(bits: u32) -> u32 {
        bits & 0xc030_0c03
    }

    fn crowd6(bits: u32) -> u128 {
        u128::from(bits & 0xff) << 120 | u128::from(bits >> 8 & 3) << 64 | u128::from(bits >> 10 & 7)
    }

    proptest! {
        #[test]
        fn hash_equals_scan(routes in routes(), destinations: Vec<u32>) {
            let (hash, linear) = (HashFib::new(&routes), LinearFib::new(&routes));
            for d in destinations {
                prop_assert_eq!(hash.lookup4(crowd(d)), linear.lookup4(crowd(d)));
                prop_assert_eq!(hash.lookup4(d), linear.lookup4(d));
                prop_assert_eq!(hash.lookup6(crowd6(d)), linear.lookup6(crowd6(d)));
            }
        }
    }
}
