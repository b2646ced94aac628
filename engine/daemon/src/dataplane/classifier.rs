//! The engine's rules in DPDK's ACL library.

use core::net::IpAddr;
use core::num::NonZeroU32;
use std::sync::Arc;

use dpdk::acl::{Acl, AclBuilder, AclKey, AclRule, Masked, Prefix};
use dpdk::eal::EalRef;
use holdfast_engine::policy::{Classifier, PolicyKey, Rule, RuleIndex, TERMS_MAX, Term, expand};

use super::error::RunError;

/// Keys classified in one call.
const CHUNK_KEYS: usize = 32;

/// First match over compiled tries: cost grows with the rules' variety, not with their number.
pub struct AclClassifier {
    acl: Acl,
}

impl AclClassifier {
    /// Compiles `rules`.
    ///
    /// # Errors
    /// Rules that expand too far, or DPDK's memory is short.
    pub fn shared(eal: &EalRef, rules: &[Rule]) -> Result<Arc<dyn Classifier>, RunError> {
        let terms = expand(rules, TERMS_MAX)?;
        let mut builder = AclBuilder::new(eal, terms.len().max(1) as u32);
        for term in &terms {
            builder.add(&acl_rule(term))?;
        }
        Ok(Arc::new(AclClassifier { acl: builder.build()? }))
    }
}

fn acl_rule(term: &Term) -> AclRule {
    let masked = |value: Option<u8>| value.map_or(Masked::ANY, Masked::exactly);
    let prefix = |net: &ipnet::IpNet| Prefix { address: net.addr(), bits: net.prefix_len() };
    AclRule {
        protocol: masked(term.protocol),
        source: prefix(&term.source),
        destination: prefix(&term.destination),
        source_ports: term.source_ports.clone(),
        destination_ports: term.destination_ports.clone(),
        from: masked(term.from.map(|zone| zone.0)),
        to: masked(term.to.map(|zone| zone.0)),
        priority: term.priority,
        // The rule's place counted from 1, since 0 means that nothing matched.
        userdata: NonZeroU32::MIN.saturating_add(term.rule.0),
    }
}

fn acl_key(key: &PolicyKey) -> Option<AclKey> {
    let (ports, zones) = ((key.source_port, key.destination_port), (key.from.0, key.to.0));
    match (key.source, key.destination) {
        (IpAddr::V4(s), IpAddr::V4(d)) => Some(AclKey::v4(s, d, key.protocol, ports, zones)),
        (IpAddr::V6(s), IpAddr::V6(d)) => Some(AclKey::v6(s, d, key.protocol, ports, zones)),
        _ => None,
    }
}

impl Classifier for AclClassifier {
    fn classify(&self, keys: &[PolicyKey], out: &mut [Option<RuleIndex>]) {
        for (keys, out) in keys.chunks(CHUNK_KEYS).zip(out.chunks_mut(CHUNK_KEYS)) {
            for (key, out) in keys.iter().zip(out) {
                let mut found = [0];
                if let Some(key) = acl_key(key) {
                    self.acl.classify(&[key], &mut found);
                }
                *out = found[0].checked_sub(1).map(RuleIndex);
            }
        }
    }
}
