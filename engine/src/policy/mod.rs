//! Policy: which new sessions are admitted.
//!
//! Rules are ordered and the first that matches decides; no match drops. A [`RuleSet`] holds the rules with their
//! content hashes and a compiled [`Classifier`]. Here is only the obviously right one, a linear scan; a fast one
//! (DPDK's ACL library) is built elsewhere from the rules' expansion into [`Term`]s and must agree with it.

mod classifier;
mod expand;
mod rule;
mod ruleset;

pub use classifier::{Classifier, LinearClassifier, PolicyKey};
pub use expand::{ExpandError, TERMS_MAX, Term, expand};
pub use rule::{Action, Rule, RuleHash, RuleIndex};
pub use ruleset::{RULES_MAX, RuleSet, RuleSetError};
