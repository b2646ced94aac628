//! The rules in force, compiled.

use std::sync::Arc;

use hashbrown::HashMap;

use super::classifier::{Classifier, LinearClassifier, PolicyKey};
use super::rule::{Rule, RuleHash, RuleIndex};

/// Most rules a box may have.
pub const RULES_MAX: usize = 10_000;

/// Why rules cannot be put in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleSetError {
    /// Too many rules.
    #[error("{rules} rules are more than the {RULES_MAX} a box may have")]
    RulesMax {
        /// How many there are.
        rules: usize,
    },
}

/// An immutable set of rules with its classifier. A new configuration is a new set; workers hold it by `Arc`. Hit
/// counters are the workers' own, indexed by [`RuleIndex`].
#[derive(Clone)]
pub struct RuleSet {
    rules: Box<[Rule]>,
    hashes: Box<[RuleHash]>,
    by_hash: HashMap<RuleHash, RuleIndex>,
    classifier: Arc<dyn Classifier>,
}

impl RuleSet {
    /// Rules with a classifier that was compiled from exactly these rules.
    ///
    /// # Errors
    /// `RulesMax`.
    pub fn new(rules: Vec<Rule>, classifier: Arc<dyn Classifier>) -> Result<RuleSet, RuleSetError> {
        if rules.len() > RULES_MAX {
            return Err(RuleSetError::RulesMax { rules: rules.len() });
        }
        let hashes: Box<[RuleHash]> = rules.iter().map(Rule::hash).collect();
        let mut by_hash = HashMap::with_capacity(rules.len());
        for (index, &hash) in hashes.iter().enumerate() {
            // Of rules that say the same only the first can ever match.
            by_hash.entry(hash).or_insert(RuleIndex(index as u32));
        }
        Ok(RuleSet { rules: rules.into(), hashes, by_hash, classifier })
    }

    /// Rules with the linear classifier.
    ///
    /// # Errors
    /// `RulesMax`.
    pub fn linear(rules: Vec<Rule>) -> Result<RuleSet, RuleSetError> {
        let classifier = Arc::new(LinearClassifier::new(&rules));
        RuleSet::new(rules, classifier)
    }

    /// Writes to `out[i]` the first rule that matches `keys[i]`; see [`Classifier::classify`].
    #[inline]
    pub fn classify(&self, keys: &[PolicyKey], out: &mut [Option<RuleIndex>]) {
        self.classifier.classify(keys, out);
    }

    /// All rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A rule and its hash; `None` for an index of another set.
    #[inline]
    pub fn get(&self, index: RuleIndex) -> Option<(&Rule, RuleHash)> {
        let at = index.0 as usize;
        Some((self.rules.get(at)?, *self.hashes.get(at)?))
    }

    /// Where the rule with this hash stands now; `None` when no rule says that any more.
    pub fn find(&self, hash: RuleHash) -> Option<RuleIndex> {
        self.by_hash.get(&hash).copied()
    }
}

impl core::fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RuleSet").field("rules", &self.rules).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::*;
    use crate::interface::ZoneId;

    fn key(from: u8) -> PolicyKey {
        PolicyKey {
            from: ZoneId(from),
            to: ZoneId(9),
            source: "192.0.2.1".parse().unwrap(),
            destination: "198.51.100.1".parse().unwrap(),
            source_port: 5000,
            destination_port: 443,
            protocol: 6,
        }
    }

    #[test]
    fn first_match_wins_and_rules_are_found_again_by_hash() {
        let inside = Rule { from: Some(ZoneId(1)), ..Rule::any(Action::Inspect) };
        let all_from_one = Rule { from: Some(ZoneId(1)), ..Rule::any(Action::Drop) };
        let two = Rule { from: Some(ZoneId(2)), ..Rule::any(Action::Reject) };
        let old = RuleSet::linear(vec![inside.clone(), all_from_one, two.clone()]).unwrap();
        let mut out = [Some(RuleIndex(77)); 3];
        old.classify(&[key(2), key(3), key(1)], &mut out);
        assert_eq!(out, [Some(RuleIndex(2)), None, Some(RuleIndex(0))]);

        let (rule, hash) = old.get(RuleIndex(2)).unwrap();
        assert_eq!((rule, hash), (&two, two.hash()));
        let new = RuleSet::linear(vec![two.clone(), two]).unwrap();
        assert_eq!(new.find(hash), Some(RuleIndex(0)), "the rule moved");
        assert_eq!(new.find(inside.hash()), None, "the rule is gone");
        assert!(new.get(RuleIndex(2)).is_none());
    }

    #[test]
    fn there_is_a_limit() {
        let rules = vec![Rule::any(Action::Drop); RULES_MAX + 1];
        let error = RuleSet::linear(rules).unwrap_err();
        assert_eq!(error, RuleSetError::RulesMax { rules: RULES_MAX + 1 });
    }
}
