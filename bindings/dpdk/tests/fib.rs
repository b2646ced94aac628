//! Longest prefix match against a linear scan, both families, both kinds.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use std::net::{Ipv4Addr, Ipv6Addr};

use common::eal_with;
use dpdk::error::Errno;
use dpdk::fib::{Fib4, Fib6, FibError, FibKind, NEXT_HOP_MAX};
use proptest::prelude::*;

/// A table of the fast kind takes 64 MiB, and tests of one process run at once.
const MEGABYTES: u32 = 768;
const ROUTES_MAX: u32 = 256;
const TABLE: FibKind = FibKind::Table { tbl8_groups: 512 };

#[derive(Clone, Copy, Debug)]
enum Change {
    Add { address: u128, bits: u8, next_hop: u32 },
    Delete { place: usize },
}

/// The model: every route looked at, the longest kept.
#[derive(Default)]
struct Routes(Vec<(u128, u8, u32)>);

impl Routes {
    /// Addresses are the top bits of a 128-bit number, in both families.
    fn mask(bits: u8) -> u128 {
        if bits == 0 { 0 } else { u128::MAX << (128 - bits) }
    }

    fn add(&mut self, address: u128, bits: u8, next_hop: u32) {
        let prefix = address & Self::mask(bits);
        self.0.retain(|&(p, b, _)| (p, b) != (prefix, bits));
        self.0.push((prefix, bits, next_hop));
    }

    fn lookup(&self, address: u128) -> Option<u32> {
        let holds = |&&(prefix, bits, _): &&(u128, u8, u32)| address & Self::mask(bits) == prefix;
        self.0.iter().filter(holds).max_by_key(|&&(_, bits, _)| bits).map(|&(.., next_hop)| next_hop)
    }
}

/// Few values in each part, so that prefixes nest, meet at byte borders, and share groups.
fn address() -> impl Strategy<Value = u128> {
    let part = || prop_oneof![Just(0u128), Just(1), Just(0x80), Just(0xff)];
    prop_oneof![
        4 => prop::collection::vec(part(), 16).prop_map(|parts| parts.iter().fold(0, |all, part| all << 8 | part)),
        1 => Just(u128::MAX),
        1 => Just(0),
    ]
}

fn change(bits_max: u8) -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (address(), prop_oneof![0..=bits_max, 0..=4u8], 0..=NEXT_HOP_MAX)
            .prop_map(|(address, bits, next_hop)| Change::Add { address, bits, next_hop }),
        1 => any::<usize>().prop_map(|place| Change::Delete { place }),
    ]
}

fn v4(address: u128) -> Ipv4Addr {
    Ipv4Addr::from_bits((address >> 96) as u32)
}

macro_rules! agrees {
    ($fib:ident, $kind:expr, $changes:expr, $probes:expr, $to:expr) => {{
        let mut fib = $fib::new(eal_with(MEGABYTES), $kind, ROUTES_MAX).unwrap();
        let mut model = Routes::default();
        for change in $changes {
            match change {
                Change::Add { address, bits, next_hop } => {
                    fib.add($to(address), bits, next_hop).unwrap();
                    model.add(address, bits, next_hop);
                }
                Change::Delete { place } if !model.0.is_empty() => {
                    let (prefix, bits, _) = model.0.remove(place % model.0.len());
                    fib.delete($to(prefix), bits).unwrap();
                }
                Change::Delete { .. } => {}
            }
        }
        // Every route's first and last address, beside the random ones.
        let edges = model.0.iter().flat_map(|&(prefix, bits, _)| [prefix, prefix | !Routes::mask(bits)]);
        let probes: Vec<u128> = edges.chain($probes.iter().copied()).collect();
        let expected: Vec<Option<u32>> = probes.iter().map(|&address| model.lookup(address)).collect();
        let mut found = vec![None; probes.len()];
        let addresses: Vec<_> = probes.iter().map(|&address| $to(address)).collect();
        fib.lookup_bulk(&addresses, &mut found);
        prop_assert_eq!(&found, &expected);
        let first = addresses[0];
        prop_assert_eq!(fib.lookup(first), expected[0]);
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn ipv4_agrees_with_a_scan(
        changes in prop::collection::vec(change(32), 0..60),
        probes in prop::collection::vec(address(), 1..150),
    ) {
        // A bit below the 32 an IPv4 address has would be one the model sees and the table does not.
        let top = |address: u128| address >> 96 << 96;
        let changes: Vec<Change> = changes.into_iter().map(|change| match change {
            Change::Add { address, bits, next_hop } => Change::Add { address: top(address), bits, next_hop },
            delete => delete,
        }).collect();
        for kind in [FibKind::Rib, TABLE] {
            agrees!(Fib4, kind, changes.clone(), probes, v4);
        }
    }

    #[test]
    fn ipv6_agrees_with_a_scan(
        changes in prop::collection::vec(change(128), 0..60),
        probes in prop::collection::vec(address(), 1..150),
    ) {
        for kind in [FibKind::Rib, TABLE] {
            agrees!(Fib6, kind, changes.clone(), probes, Ipv6Addr::from_bits);
        }
    }
}

#[test]
fn routes_and_tables_out_of_bounds_are_refused() {
    let eal = eal_with(MEGABYTES);
    let mut fib = Fib4::new(eal, FibKind::Rib, 4).unwrap();
    let ten = Ipv4Addr::new(10, 0, 0, 0);
    assert_eq!(fib.add(ten, 33, 1), Err(FibError::PrefixLength { bits: 33, max: 32 }));
    assert_eq!(fib.add(ten, 8, NEXT_HOP_MAX + 1), Err(FibError::NextHop(NEXT_HOP_MAX + 1)));
    assert_eq!(fib.delete(ten, 8), Err(FibError::NoRoute));
    fib.add(ten, 8, NEXT_HOP_MAX).unwrap();
    assert_eq!(fib.lookup(Ipv4Addr::new(10, 1, 2, 3)), Some(NEXT_HOP_MAX));
    assert_eq!(fib.lookup(Ipv4Addr::new(11, 1, 2, 3)), None);
    fib.add(ten, 8, 0).unwrap();
    assert_eq!(fib.lookup(Ipv4Addr::new(10, 1, 2, 3)), Some(0), "replaced");
    for net in [11, 12, 13] {
        fib.add(Ipv4Addr::new(net, 0, 0, 0), 8, 1).unwrap();
    }
    assert_eq!(fib.add(Ipv4Addr::new(14, 0, 0, 0), 8, 1), Err(FibError::Full { routes_max: 4 }));
    fib.add(ten, 8, 2).unwrap();
    assert_eq!((fib.len(), fib.lookup(Ipv4Addr::new(14, 0, 0, 1))), (4, None));

    let mut fib = Fib6::new(eal, FibKind::Rib, 4).unwrap();
    assert_eq!(fib.add(Ipv6Addr::LOCALHOST, 129, 1), Err(FibError::PrefixLength { bits: 129, max: 128 }));
    assert_eq!(fib.delete(Ipv6Addr::LOCALHOST, 128), Err(FibError::NoRoute));

    let huge = FibKind::Table { tbl8_groups: 1 << 23 };
    assert!(matches!(Fib4::new(eal, huge, 4), Err(FibError::Driver { doing: "making a table", .. })));
}

#[test]
fn groups_run_out_and_come_back() {
    let mut fib = Fib4::new(eal_with(MEGABYTES), FibKind::Table { tbl8_groups: 64 }, ROUTES_MAX).unwrap();
    let host = |net: u8| Ipv4Addr::new(192, 0, net, 1);
    // Each host is alone in its /24, and so takes a group.
    let added: Vec<_> = (0..=64).map(|net| fib.add(host(net), 32, net.into())).collect();
    let full = FibError::Driver { doing: "adding a route", errno: Errno(libc::ENOSPC) };
    assert!(added[..64].iter().all(Result::is_ok), "{added:?}");
    assert_eq!(added[64], Err(full));
    assert_eq!((fib.lookup(host(63)), fib.lookup(host(64))), (Some(63), None));
    fib.delete(host(63), 32).unwrap();
    fib.add(host(64), 32, 2).unwrap();
    assert_eq!((fib.lookup(host(63)), fib.lookup(host(64))), (None, Some(2)));
}

/// rte_fib by itself answers 13 to everything here; see the module's documentation.
#[test]
fn a_route_around_others_at_the_end_of_the_address_space_overwrites_nothing() {
    for shorter in [0u8, 1] {
        let mut fib = Fib4::new(eal_with(MEGABYTES), TABLE, ROUTES_MAX).unwrap();
        fib.add(Ipv4Addr::new(1, 2, 3, 0), 24, 7).unwrap();
        fib.add(Ipv4Addr::new(0, 0, 0, 0), 1, 10).unwrap();
        fib.add(Ipv4Addr::new(128, 0, 0, 0), 1 + shorter, 11).unwrap();
        fib.add(Ipv4Addr::new(192, 0, 0, 0), 1 + shorter, 12).unwrap();
        let answers = |fib: &Fib4| {
            [[1, 2, 3, 4], [2, 2, 3, 4], [128, 1, 1, 1], [255, 255, 255, 254]]
                .map(|address| fib.lookup(Ipv4Addr::from(address)))
        };
        let before = answers(&fib);
        fib.add(Ipv4Addr::new(128, 0, 0, 0), shorter, 13).unwrap();
        assert_eq!(answers(&fib), before);
        fib.delete(Ipv4Addr::new(128, 0, 0, 0), shorter).unwrap();
        assert_eq!(answers(&fib), before);
    }
}

#[test]
fn many_threads_read_one_table() {
    let mut fib = Fib4::new(eal_with(MEGABYTES), FibKind::Rib, ROUTES_MAX).unwrap();
    for net in 0..=255u8 {
        fib.add(Ipv4Addr::new(10, net, 0, 0), 16, net.into()).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for net in 0..=255u8 {
                    assert_eq!(fib.lookup(Ipv4Addr::new(10, net, 3, 4)), Some(net.into()));
                }
            });
        }
    });
}

#[test]
fn a_default_route_after_a_longer_one_at_its_beginning_is_there() {
    for kind in [FibKind::Rib, TABLE] {
        let mut fib = Fib4::new(eal_with(MEGABYTES), kind, ROUTES_MAX).unwrap();
        fib.add(Ipv4Addr::UNSPECIFIED, 25, 1).unwrap();
        fib.add(Ipv4Addr::UNSPECIFIED, 0, 2).unwrap();
        assert_eq!(fib.lookup(Ipv4Addr::new(100, 1, 1, 1)), Some(2), "{kind:?}");
        assert_eq!(fib.lookup(Ipv4Addr::new(0, 0, 0, 3)), Some(1), "{kind:?}");
    }
}
