//! One rule and the hash of its content.

use core::net::IpAddr;
use core::ops::RangeInclusive;

use ipnet::IpNet;

use crate::interface::ZoneId;
use crate::net::numbers::{PROTOCOL_TCP, PROTOCOL_UDP};

use super::classifier::PolicyKey;

/// Place of a rule in its [`super::RuleSet`], from 0; lower goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub u32);

/// Names a rule by what it says, not by where it stands: a session carries the hash of the rule that admitted it,
/// and both boxes of a pair, and a box after a reload, find the rule again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RuleHash(pub u64);

/// What to do with a session's first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Action {
    /// Admit a session; its packets follow in both directions.
    Inspect = 0,
    /// Forward this packet without a session.
    Pass = 1,
    /// Drop silently.
    Drop = 2,
    /// Drop and tell the sender, by RST or ICMP.
    Reject = 3,
}

/// One rule. Empty lists and `None` match anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Zone the packet comes from.
    pub from: Option<ZoneId>,
    /// Zone the packet goes to.
    pub to: Option<ZoneId>,
    /// What to do.
    pub action: Action,
    /// IP protocol number.
    pub protocol: Option<u8>,
    /// Source prefixes, whose host bits do not count; one must contain the source.
    pub sources: Vec<IpNet>,
    /// Destination prefixes, whose host bits do not count; one must contain the destination.
    pub destinations: Vec<IpNet>,
    /// Source ports; a rule with ports matches only TCP and UDP.
    pub source_ports: Vec<RangeInclusive<u16>>,
    /// Destination ports; a rule with ports matches only TCP and UDP.
    pub destination_ports: Vec<RangeInclusive<u16>>,
    /// Log each session; no part of the hash.
    pub log: bool,
}

/// Protocols whose ports a rule may ask for. Keys of other protocols have something else in the port fields.
pub(super) const PROTOCOLS_WITH_PORTS: [u8; 2] = [PROTOCOL_TCP, PROTOCOL_UDP];

impl Rule {
    /// A rule that matches everything.
    pub const fn any(action: Action) -> Rule {
        Rule {
            from: None,
            to: None,
            action,
            protocol: None,
            sources: Vec::new(),
            destinations: Vec::new(),
            source_ports: Vec::new(),
            destination_ports: Vec::new(),
            log: false,
        }
    }

    /// Whether the rule asks for ports.
    pub fn has_ports(&self) -> bool {
        !self.source_ports.is_empty() || !self.destination_ports.is_empty()
    }

    /// Whether the rule matches `key`: the definition every classifier must agree with.
    pub fn matches(&self, key: &PolicyKey) -> bool {
        let address = |prefixes: &[IpNet], address: IpAddr| {
            prefixes.is_empty() || prefixes.iter().any(|net| net.contains(&address))
        };
        let port = |ranges: &[RangeInclusive<u16>], port: u16| {
            ranges.is_empty() || ranges.iter().any(|r| r.contains(&port))
        };
        self.from.is_none_or(|zone| zone == key.from)
            && self.to.is_none_or(|zone| zone == key.to)
            && self.protocol.is_none_or(|p| p == key.protocol)
            && (!self.has_ports() || PROTOCOLS_WITH_PORTS.contains(&key.protocol))
            && address(&self.sources, key.source)
            && address(&self.destinations, key.destination)
            && port(&self.source_ports, key.source_port)
            && port(&self.destination_ports, key.destination_port)
    }

    /// Hash of what the rule admits and does. The lists are sets: order and repetition do not count. Zones count
    /// by number, so numbers must be given to zone names in an order that does not depend on the machine.
    pub fn hash(&self) -> RuleHash {
        let mut hash = Fnv1a::new();
        for zone in [self.from, self.to] {
            hash.option(zone.map(|z| z.0));
        }
        hash.byte(self.action as u8);
        hash.option(self.protocol);
        for prefixes in [&self.sources, &self.destinations] {
            let mut prefixes: Vec<IpNet> = prefixes.iter().map(IpNet::trunc).collect();
            prefixes.sort_unstable();
            prefixes.dedup();
            hash.length(prefixes.len());
            for prefix in prefixes {
                match prefix.addr() {
                    IpAddr::V4(v4) => hash.bytes(&v4.octets(), 4),
                    IpAddr::V6(v6) => hash.bytes(&v6.octets(), 6),
                }
                hash.byte(prefix.prefix_len());
            }
        }
        for ranges in [&self.source_ports, &self.destination_ports] {
            let mut ranges: Vec<_> = ranges.iter().map(|r| (*r.start(), *r.end())).collect();
            ranges.sort_unstable();
            ranges.dedup();
            hash.length(ranges.len());
            for (first, last) in ranges {
                hash.bytes(&first.to_be_bytes(), 2);
                hash.bytes(&last.to_be_bytes(), 2);
            }
        }
        hash.finish()
    }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo). Rules are the operator's own, so collisions need not be hard to
/// make, only rare: less than one in 10^11 for ten thousand rules.
struct Fnv1a(u64);

impl Fnv1a {
    const fn new() -> Fnv1a {
        Fnv1a(0xcbf2_9ce4_8422_2325)
    }

    const fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
    }

    /// Bytes behind a tag that keeps encodings of different kinds apart.
    fn bytes(&mut self, bytes: &[u8], tag: u8) {
        self.byte(tag);
        bytes.iter().for_each(|&b| self.byte(b));
    }

    fn option(&mut self, value: Option<u8>) {
        self.byte(u8::from(value.is_some()));
        self.byte(value.unwrap_or(0));
    }

    fn length(&mut self, length: usize) {
        self.bytes(&(length as u64).to_be_bytes(), 0xff);
    }

    const fn finish(self) -> RuleHash {
        RuleHash(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::numbers::PROTOCOL_ICMP;

    fn prefixes(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    #[test]
    fn fnv1a_test_vectors() {
        let hash = |text: &str| {
            let mut hash = Fnv1a::new();
            text.bytes().for_each(|b| hash.byte(b));
            hash.0
        };
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn lists_hash_as_sets_and_neither_host_bits_nor_log_count() {
        let base = Rule {
            sources: prefixes(&["10.0.0.0/8", "2001:db8::/32"]),
            destination_ports: vec![80..=80, 443..=443],
            ..Rule::any(Action::Inspect)
        };
        let same = Rule {
            sources: prefixes(&["2001:db8::1/32", "10.0.0.0/8", "10.0.0.0/8"]),
            destination_ports: vec![443..=443, 80..=80],
            log: true,
            ..Rule::any(Action::Inspect)
        };
        assert_eq!(base.hash(), same.hash());
    }

    #[test]
    fn every_field_counts() {
        let base = Rule::any(Action::Inspect);
        let ten = prefixes(&["10.0.0.0/8"]);
        let mut rules = vec![
            base.clone(),
            Rule { from: Some(ZoneId(0)), ..base.clone() },
            Rule { from: Some(ZoneId(1)), ..base.clone() },
            Rule { to: Some(ZoneId(1)), ..base.clone() },
            Rule { action: Action::Pass, ..base.clone() },
            Rule { protocol: Some(0), ..base.clone() },
            Rule { protocol: Some(6), ..base.clone() },
            Rule { sources: ten.clone(), ..base.clone() },
            Rule { sources: prefixes(&["10.0.0.0/9"]), ..base.clone() },
            Rule { destinations: ten, ..base.clone() },
            Rule { source_ports: vec![80..=80], ..base.clone() },
            Rule { destination_ports: vec![80..=80], ..base.clone() },
            Rule { destination_ports: vec![80..=81], ..base.clone() },
            Rule { sources: prefixes(&["0.0.0.0/0"]), ..base.clone() },
            Rule { sources: prefixes(&["::/0"]), ..base },
        ];
        let count = rules.len();
        rules.sort_by_key(Rule::hash);
        rules.dedup_by_key(|r| r.hash());
        assert_eq!(rules.len(), count);
    }

    /// The hash is stored in sessions and sent to the peer: a change of the encoding is a change of the protocol.
    #[test]
    fn the_encoding_is_fixed() {
        let rule = Rule {
            from: Some(ZoneId(1)),
            to: Some(ZoneId(2)),
            protocol: Some(6),
            sources: prefixes(&["10.0.0.0/8"]),
            destination_ports: vec![80..=80],
            ..Rule::any(Action::Inspect)
        };
        assert_eq!(rule.hash(), RuleHash(0x8ef6_96d3_3e65_73d7));
    }

    #[test]
    fn ports_match_only_where_there_are_ports() {
        let rule = Rule { destination_ports: vec![7..=7], ..Rule::any(Action::Inspect) };
        let mut key = PolicyKey {
            from: ZoneId(1),
            to: ZoneId(2),
            source: "10.0.0.1".parse().unwrap(),
            destination: "10.0.0.2".parse().unwrap(),
            source_port: 7,
            destination_port: 7,
            protocol: PROTOCOL_UDP,
        };
        assert!(rule.matches(&key));
        key.protocol = PROTOCOL_ICMP;
        assert!(!rule.matches(&key), "an ICMP identifier is not a port");
    }
}
