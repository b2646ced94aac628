//! Rules as the 5-tuple terms that a packet classification library takes.
//!
//! A rule holds lists; a term holds one prefix, one port range and at most one protocol. A rule becomes the cross
//! product of its lists, once for each address family it can match and, if it asks for ports, once for each
//! protocol that has them. The product is bounded: a rule with a thousand sources, destinations and ports is a
//! mistake that must be named, not a compiler that runs out of memory.

use core::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::interface::ZoneId;

use super::classifier::PolicyKey;
use super::rule::{PROTOCOLS_WITH_PORTS, Rule, RuleIndex};

/// Most terms a rule set may expand to.
pub const TERMS_MAX: usize = 262_144;

/// One simple condition. Both prefixes are of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The rule it comes from.
    pub rule: RuleIndex,
    /// Higher wins, at least 1, the same for all terms of a rule: number of rules less the rule's index.
    pub priority: u32,
    /// Zone the packet comes from; `None` is any.
    pub from: Option<ZoneId>,
    /// Zone the packet goes to; `None` is any.
    pub to: Option<ZoneId>,
    /// IP protocol number; `None` is any, and then both port ranges are whole.
    pub protocol: Option<u8>,
    /// Source prefix, host bits zero.
    pub source: IpNet,
    /// Destination prefix, host bits zero.
    pub destination: IpNet,
    /// Source ports.
    pub source_ports: RangeInclusive<u16>,
    /// Destination ports.
    pub destination_ports: RangeInclusive<u16>,
}

impl Term {
    /// Whether the term matches `key`.
    pub fn matches(&self, key: &PolicyKey) -> bool {
        self.from.is_none_or(|zone| zone == key.from)
            && self.to.is_none_or(|zone| zone == key.to)
            && self.protocol.is_none_or(|p| p == key.protocol)
            && self.source.contains(&key.source)
            && self.destination.contains(&key.destination)
            && self.source_ports.contains(&key.source_port)
            && self.destination_ports.contains(&key.destination_port)
    }
}

/// Why rules cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// Too many terms.
    #[error("rule {} brings the rules to more than {terms_max} terms (this rule alone: {terms})", .rule.0 + 1)]
    TermsMax {
        /// The rule that goes over the limit.
        rule: RuleIndex,
        /// Terms of this rule.
        terms: usize,
        /// The limit.
        terms_max: usize,
    },
}

/// Expands `rules` into at most `terms_max` terms, in rule order. A rule that can match nothing (IPv4 sources with
/// IPv6 destinations, ports of a protocol without ports, an empty port range) has no terms.
///
/// # Errors
/// `TermsMax` names the first rule that goes over the limit; nothing of its size was allocated.
pub fn expand(rules: &[Rule], terms_max: usize) -> Result<Vec<Term>, ExpandError> {
    const ALL_PORTS: [RangeInclusive<u16>; 1] = [0..=u16::MAX];
    let mut terms: Vec<Term> = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let rule_index = RuleIndex(index as u32);
        let protocols = protocols(rule);
        let ports = |list: &[RangeInclusive<u16>]| -> Vec<RangeInclusive<u16>> {
            let whole = if list.is_empty() { &ALL_PORTS[..] } else { list };
            whole.iter().filter(|range| !range.is_empty()).cloned().collect()
        };
        let (source_ports, destination_ports) = (ports(&rule.source_ports), ports(&rule.destination_ports));
        let families = [false, true].map(|v6| (family(&rule.sources, v6), family(&rule.destinations, v6)));
        let pairs = families.iter().fold(0usize, |sum, (sources, destinations)| {
            sum.saturating_add(sources.len().saturating_mul(destinations.len()))
        });
        let size = [protocols.len(), source_ports.len(), destination_ports.len()]
            .iter()
            .fold(pairs, |product, &n| product.saturating_mul(n));
        if size > terms_max - terms.len() {
            return Err(ExpandError::TermsMax { rule: rule_index, terms: size, terms_max });
        }
        for (sources, destinations) in &families {
            for &source in sources {
                for &destination in destinations {
                    for &protocol in &protocols {
                        for from_ports in &source_ports {
                            terms.extend(destination_ports.iter().map(|to_ports| Term {
                                rule: rule_index,
                                priority: (rules.len() - index) as u32,
                                from: rule.from,
                                to: rule.to,
                                protocol,
                                source,
                                destination,
                                source_ports: from_ports.clone(),
                                destination_ports: to_ports.clone(),
                            }));
                        }
                    }
                }
            }
        }
    }
    Ok(terms)
}

fn protocols(rule: &Rule) -> Vec<Option<u8>> {
    match rule.protocol {
        None if rule.has_ports() => PROTOCOLS_WITH_PORTS.iter().copied().map(Some).collect(),
        Some(p) if rule.has_ports() && !PROTOCOLS_WITH_PORTS.contains(&p) => Vec::new(),
        protocol => vec![protocol],
    }
}

/// The prefixes of one family; an empty list stands for all of it.
fn family(prefixes: &[IpNet], v6: bool) -> Vec<IpNet> {
    if prefixes.is_empty() {
        // The default of both is /0.
        return vec![if v6 { Ipv6Net::default().into() } else { Ipv4Net::default().into() }];
    }
    prefixes.iter().map(IpNet::trunc).filter(|net| net.addr().is_ipv6() == v6).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rule::Action;
    use super::super::{Classifier, LinearClassifier};
    use super::*;
    use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use proptest::prelude::*;

    /// Few distinct values, so that rules and keys meet often.
    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            (0u32..16).prop_map(|n| IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 | n << 20 | n))),
            (0u128..16).prop_map(|n| IpAddr::from(Ipv6Addr::from_bits(0xfd << 120 | n << 64 | n))),
        ]
    }

    fn prefix() -> impl Strategy<Value = IpNet> {
        (address(), 0u8..=32)
            .prop_map(|(address, n)| IpNet::new(address, if address.is_ipv4() { n } else { n * 4 }).unwrap())
    }

    fn ports() -> impl Strategy<Value = Vec<RangeInclusive<u16>>> {
        let edge = || prop::sample::select(vec![0u16, 1, 53, 80, 443, 1023, 65_535]);
        prop::collection::vec((edge(), edge()).prop_map(|(a, b)| a..=b), 0..3)
    }

    fn protocol() -> impl Strategy<Value = u8> {
        prop::sample::select(vec![1u8, 6, 17, 47])
    }

    fn zone() -> impl Strategy<Value = ZoneId> {
        (1u8..3).prop_map(ZoneId)
    }

    fn rule() -> impl Strategy<Value = Rule> {
        let lists = || prop::collection::vec(prefix(), 0..3);
        let zones = (prop::option::of(zone()), prop::option::of(zone()));
        (zones, prop::option::of(protocol()), lists(), lists(), ports(), ports()).prop_map(
            |((from, to), protocol, sources, destinations, source_ports, destination_ports)| Rule {
                from,
                to,
                protocol,
                sources,
                destinations,
                source_ports,
                destination_ports,
                ..Rule::any(Action::Inspect)
            },
        )
    }

    fn key() -> impl Strategy<Value = PolicyKey> {
        let port = || prop::sample::select(vec![0u16, 1, 52, 53, 80, 443, 1024, 65_535]);
        (zone(), zone(), address(), address(), port(), port(), protocol()).prop_map(
            |(from, to, source, destination, source_port, destination_port, protocol)| PolicyKey {
                from,
                to,
                source,
                destination,
                source_port,
                destination_port,
                protocol,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn highest_matching_term_is_the_first_matching_rule(
            rules in prop::collection::vec(rule(), 0..12), keys in prop::collection::vec(key(), 1..40),
        ) {
            let terms = expand(&rules, TERMS_MAX).unwrap();
            let mut linear = vec![None; keys.len()];
            LinearClassifier::new(&rules).classify(&keys, &mut linear);
            for (key, expected) in keys.iter().zip(linear) {
                // The library wants one family throughout.
                if key.source.is_ipv4() != key.destination.is_ipv4() { continue; }
                let matching = terms.iter().filter(|term| term.matches(key));
                let best = matching.max_by_key(|term| term.priority).map(|term| term.rule);
                prop_assert_eq!(best, expected);
            }
        }
    }

    #[test]
    fn a_rule_that_can_match_nothing_has_no_terms() {
        let v4 = || vec!["10.0.0.0/8".parse().unwrap()];
        let v6 = || vec!["fd00::/8".parse().unwrap()];
        let any = Rule::any(Action::Inspect);
        let gre_with_ports = Rule { protocol: Some(47), source_ports: vec![1..=2], ..any.clone() };
        let mixed = Rule { sources: v4(), destinations: v6(), ..any.clone() };
        assert_eq!(expand(&[gre_with_ports, mixed], TERMS_MAX), Ok(vec![]));
        assert_eq!(expand(&[any], TERMS_MAX).unwrap().len(), 2, "one for each family");
    }

    #[test]
    fn the_limit_is_exact_and_names_the_rule() {
        let two = Rule::any(Action::Drop);
        assert_eq!(expand(&[two.clone(), two.clone()], 4).unwrap().len(), 4);
        let error = expand(&[two.clone(), two.clone()], 3).unwrap_err();
        assert_eq!(error, ExpandError::TermsMax { rule: RuleIndex(1), terms: 2, terms_max: 3 });
        assert_eq!(error.to_string(), "rule 2 brings the rules to more than 3 terms (this rule alone: 2)");
        let many: Vec<IpNet> = (0..5000u32).map(|n| IpAddr::from(Ipv4Addr::from_bits(n)).into()).collect();
        let product = Rule { sources: many.clone(), destinations: many, ..two };
        let error = expand(&[product], TERMS_MAX).unwrap_err();
        assert_eq!(
            error,
            ExpandError::TermsMax { rule: RuleIndex(0), terms: 25_000_000, terms_max: TERMS_MAX }
        );
    }
}
