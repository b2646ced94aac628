//! Finding the first rule that matches.

use core::net::IpAddr;

use crate::interface::ZoneId;

use super::rule::{Rule, RuleIndex};

/// What policy looks at: a session's first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PolicyKey {
    /// Zone the packet came from.
    pub from: ZoneId,
    /// Zone it is routed to.
    pub to: ZoneId,
    /// Source address.
    pub source: IpAddr,
    /// Destination address, of the same family.
    pub destination: IpAddr,
    /// Source port; only looked at for TCP and UDP.
    pub source_port: u16,
    /// Destination port; only looked at for TCP and UDP.
    pub destination_port: u16,
    /// IP protocol number.
    pub protocol: u8,
}

/// Finds the first matching rule of each key. Compiled once, then shared by all workers.
pub trait Classifier: Send + Sync {
    /// Writes to `out[i]` the first rule that matches `keys[i]`, `None` if there is none. Both slices have the same
    /// length; if not, only the common part is looked at.
    fn classify(&self, keys: &[PolicyKey], out: &mut [Option<RuleIndex>]);
}

/// Asks one rule after the other. Right by inspection, the measure for all others, and quick enough for a few
/// dozen rules.
#[derive(Clone, Debug)]
pub struct LinearClassifier {
    rules: Box<[Rule]>,
}

impl LinearClassifier {
    /// A classifier for `rules`.
    pub fn new(rules: &[Rule]) -> LinearClassifier {
        LinearClassifier { rules: rules.into() }
    }
}

impl Classifier for LinearClassifier {
    fn classify(&self, keys: &[PolicyKey], out: &mut [Option<RuleIndex>]) {
        for (key, slot) in keys.iter().zip(out) {
            let first = self.rules.iter().position(|rule| rule.matches(key));
            *slot = first.map(|index| RuleIndex(index as u32));
        }
    }
}
