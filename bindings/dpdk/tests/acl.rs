//! The compiled classifier against a linear scan of the same rules.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use common::eal_with;
use dpdk::acl::{Acl, AclBuilder, AclError, AclKey, AclRule, Masked, Prefix};
use proptest::prelude::*;

const MEGABYTES: u32 = 512;

/// A key in the clear, which `AclKey` does not give back.
#[derive(Clone, Copy, Debug)]
struct Packet {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    ports: (u16, u16),
    zones: (u8, u8),
}

impl Packet {
    fn key(&self) -> AclKey {
        match (self.source, self.destination) {
            (IpAddr::V4(s), IpAddr::V4(d)) => AclKey::v4(s, d, self.protocol, self.ports, self.zones),
            (IpAddr::V6(s), IpAddr::V6(d)) => AclKey::v6(s, d, self.protocol, self.ports, self.zones),
            mixed => panic!("{mixed:?}"),
        }
    }
}

fn holds(prefix: Prefix, address: IpAddr) -> bool {
    let same = |differs: u128, width: u32| {
        let bits = u32::from(prefix.bits);
        bits == 0 || differs >> (width - bits) == 0
    };
    match (prefix.address, address) {
        (IpAddr::V4(p), IpAddr::V4(a)) => same((p.to_bits() ^ a.to_bits()).into(), 32),
        (IpAddr::V6(p), IpAddr::V6(a)) => same(p.to_bits() ^ a.to_bits(), 128),
        _ => false,
    }
}

/// The model: every rule looked at, the highest priority kept.
fn scan(rules: &[AclRule], packet: &Packet) -> u32 {
    rules
        .iter()
        .filter(|rule| {
            rule.protocol.matches(packet.protocol)
                && holds(rule.source, packet.source)
                && holds(rule.destination, packet.destination)
                && rule.source_ports.contains(&packet.ports.0)
                && rule.destination_ports.contains(&packet.ports.1)
                && rule.from.matches(packet.zones.0)
                && rule.to.matches(packet.zones.1)
        })
        .max_by_key(|rule| rule.priority)
        .map_or(0, |rule| rule.userdata.get())
}

fn build(rules: &[AclRule]) -> Acl {
    let mut builder = AclBuilder::new(eal_with(MEGABYTES), rules.len() as u32);
    rules.iter().for_each(|rule| builder.add(rule).unwrap());
    builder.build().unwrap()
}

fn classify(acl: &Acl, packets: &[Packet]) -> Vec<u32> {
    let keys: Vec<AclKey> = packets.iter().map(Packet::key).collect();
    let mut out = vec![u32::MAX; keys.len()];
    acl.classify(&keys, &mut out);
    out
}

// A small world, so that rules and packets meet: few addresses, ports, zones, and every length of prefix.

fn address(ipv6: bool) -> impl Strategy<Value = IpAddr> {
    (0..4u128, 0..4u128, 0..4u128).prop_map(move |(high, middle, low)| {
        if ipv6 {
            Ipv6Addr::from_bits(high << 125 | middle << 63 | low).into()
        } else {
            Ipv4Addr::from_bits((high << 29 | middle << 15 | low) as u32).into()
        }
    })
}

fn prefix(ipv6: bool) -> impl Strategy<Value = Prefix> {
    let bits = if ipv6 { 0..=128u8 } else { 0..=32u8 };
    (address(ipv6), prop_oneof![bits, Just(0)]).prop_map(|(address, bits)| Prefix { address, bits })
}

fn ports() -> impl Strategy<Value = RangeInclusive<u16>> {
    let edge = || prop_oneof![Just(0), Just(1), Just(80), Just(255), Just(256), Just(8080), Just(u16::MAX)];
    prop_oneof![
        2 => Just(0..=u16::MAX),
        1 => edge().prop_map(|port| port..=port),
        2 => (edge(), edge()).prop_map(|(a, b)| a.min(b)..=a.max(b)),
    ]
}

fn masked() -> impl Strategy<Value = Masked> {
    prop_oneof![
        Just(Masked::ANY),
        (0..4u8).prop_map(Masked::exactly),
        (0..4u8, 0..4u8).prop_map(|(value, mask)| Masked { value, mask })
    ]
}

prop_compose! {
    fn rule()(ipv6 in any::<bool>())(
        source in prefix(ipv6), destination in prefix(ipv6),
        source_ports in ports(), destination_ports in ports(),
        protocol in masked(), from in masked(), to in masked(),
    ) -> AclRule {
        // The caller numbers them: priorities differ, so that there is one answer.
        AclRule { protocol, source, destination, source_ports, destination_ports, from, to,
            priority: 1, userdata: NonZeroU32::MIN }
    }
}

prop_compose! {
    fn packet()(ipv6 in any::<bool>())(
        source in address(ipv6), destination in address(ipv6), protocol in 0..4u8,
        ports in (prop_oneof![Just(0u16), Just(80), Just(256), any::<u16>()],
                  prop_oneof![Just(1u16), Just(255), Just(8080), Just(u16::MAX), any::<u16>()]),
        zones in (0..4u8, 0..4u8),
    ) -> Packet {
        Packet { source, destination, protocol, ports, zones }
    }
}

/// Priorities in a scattered order, userdata by place.
fn numbered(mut rules: Vec<AclRule>) -> Vec<AclRule> {
    let count = rules.len() as u32;
    for (place, rule) in (0..).zip(&mut rules) {
        // 7919 is prime and greater than `count`, so this visits every priority once.
        rule.priority = 1 + place * 7919 % count;
        rule.userdata = NonZeroU32::new(place + 1).unwrap();
    }
    rules
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn answers_as_a_linear_scan_does(
        rules in prop::collection::vec(rule(), 0..40),
        packets in prop::collection::vec(packet(), 1..200),
    ) {
        let rules = numbered(rules);
        let acl = build(&rules);
        let expected: Vec<u32> = packets.iter().map(|packet| scan(&rules, packet)).collect();
        prop_assert_eq!(classify(&acl, &packets), expected);
    }
}

/// The shape of a large site's policy: hosts and networks, single ports and ranges, a default at the end.
fn policy(count: u32) -> Vec<AclRule> {
    let any = Prefix { address: Ipv4Addr::UNSPECIFIED.into(), bits: 0 };
    (0..count)
        .map(|n| {
            let mixed = n.wrapping_mul(2_654_435_761);
            let network = Ipv4Addr::from_bits(10 << 24 | (mixed & 0x00ff_ff00)).into();
            let host = Ipv4Addr::from_bits(172 << 24 | 16 << 16 | (mixed >> 12 & 0xffff)).into();
            let port = (mixed >> 16) as u16 | 1;
            AclRule {
                protocol: Masked::exactly(if n % 3 == 0 { 17 } else { 6 }),
                source: if n % 5 == 0 { any } else { Prefix { address: network, bits: 24 } },
                destination: Prefix { address: host, bits: 32 },
                source_ports: 0..=u16::MAX,
                destination_ports: if n % 10 == 0 { port..=port.saturating_add(9) } else { port..=port },
                from: Masked::exactly((n % 3) as u8),
                to: Masked::exactly((n % 2) as u8 + 3),
                priority: count - n,
                userdata: NonZeroU32::new(n + 1).unwrap(),
            }
        })
        .collect()
}

#[test]
fn thousands_of_rules_compile_and_answer() {
    let rules = policy(5000);
    let acl = build(&rules);
    let packets: Vec<Packet> = rules
        .iter()
        .step_by(7)
        .flat_map(|rule| {
            let hit = Packet {
                source: rule.source.address,
                destination: rule.destination.address,
                protocol: rule.protocol.value,
                ports: (40_000, *rule.destination_ports.start()),
                zones: (rule.from.value, rule.to.value),
            };
            [hit, Packet { ports: (40_000, 2), ..hit }, Packet { zones: (9, 9), ..hit }]
        })
        .collect();
    let expected: Vec<u32> = packets.iter().map(|packet| scan(&rules, packet)).collect();
    assert!(expected.iter().filter(|&&found| found != 0).count() >= 700);
    assert_eq!(classify(&acl, &packets), expected);
}

#[test]
fn many_threads_read_one_classifier() {
    let rules = policy(200);
    let acl = build(&rules);
    let packets: Vec<Packet> = (0..500u32)
        .map(|n| Packet {
            source: Ipv4Addr::new(10, 0, 0, 1).into(),
            destination: rules[n as usize % 200].destination.address,
            protocol: 17,
            ports: (1, *rules[n as usize % 200].destination_ports.end()),
            zones: ((n % 3) as u8, (n % 2) as u8 + 3),
        })
        .collect();
    let expected: Vec<u32> = packets.iter().map(|packet| scan(&rules, packet)).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..20).for_each(|_| assert_eq!(classify(&acl, &packets), expected)));
        }
    });
}

#[test]
fn no_rules_match_nothing_and_short_slices_bound_the_work() {
    let packet = Packet {
        source: Ipv4Addr::LOCALHOST.into(),
        destination: Ipv4Addr::LOCALHOST.into(),
        protocol: 6,
        ports: (1, 2),
        zones: (0, 0),
    };
    assert_eq!(classify(&build(&[]), &[packet; 3]), [0; 3]);
    let acl = build(&policy(10));
    let mut out = [7; 2];
    acl.classify(&[packet.key(); 5], &mut out);
    assert_eq!(out, [0, 0]);
    let mut out = [7; 2];
    acl.classify(&[packet.key()], &mut out);
    assert_eq!(out[0], 0);
}

#[test]
fn rules_that_make_no_sense_are_refused_with_a_reason() {
    let good = policy(1).remove(0);
    let refuse = |change: fn(&mut AclRule)| {
        let mut rule = good.clone();
        change(&mut rule);
        AclBuilder::new(eal_with(MEGABYTES), 1).add(&rule).unwrap_err()
    };
    assert!(matches!(refuse(|r| r.source.address = Ipv6Addr::LOCALHOST.into()), AclError::Family { .. }));
    assert!(matches!(refuse(|r| r.source.bits = 33), AclError::PrefixLength { .. }));
    #[expect(clippy::reversed_empty_ranges, reason = "what is being refused")]
    let error = refuse(|r| r.source_ports = 2..=1);
    assert_eq!(error.to_string(), "rule 1: ports 2-1 are no range");
    assert!(matches!(refuse(|r| r.priority = 0), AclError::Priority { priority: 0, .. }));
    assert!(matches!(refuse(|r| r.priority = AclRule::PRIORITY_MAX + 1), AclError::Priority { .. }));
    let mut builder = AclBuilder::new(eal_with(MEGABYTES), 1);
    builder.add(&good).unwrap();
    assert_eq!(builder.add(&good).unwrap_err(), AclError::Full { rules_max: 1 });

    let mut highest = good.clone();
    highest.priority = AclRule::PRIORITY_MAX;
    build(&[highest]);
}
