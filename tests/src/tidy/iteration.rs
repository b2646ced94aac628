//! No iteration over hash maps in the engine and in HA: its order differs from run to run, and the same seed must
//! give the same run.
//!
//! Tokens know no types, so the rule works by name within a file: whatever is declared there as a `HashMap` or
//! `HashSet` must not be iterated there. Looking up, inserting and removing are fine; so is `retain`, whose order
//! shows only in the side effects of its closure.

use super::tokens::{Token, find, production};
use super::{Finding, SourceFile, Tree};
use std::collections::BTreeSet;

/// Crates whose behaviour must not depend on such an order.
const DETERMINISTIC: &[&str] = &["engine/src/", "ha/src/"];

const ITERATIONS: &[&str] =
    &["iter", "iter_mut", "keys", "values", "values_mut", "drain", "into_iter", "into_keys", "into_values"];

/// Every iteration over something that the same file declares to be a hash map or set.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.rust().filter(|f| DETERMINISTIC.iter().any(|prefix| f.path.starts_with(prefix)));
    files.flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let tokens = production(file);
    let mut findings = Vec::new();
    for name in hashed_names(&tokens) {
        let calls = ITERATIONS.iter().flat_map(|call| {
            let pattern = format!("{name} . {call} (");
            find(&tokens, &pattern).collect::<Vec<_>>()
        });
        for at in calls.chain(loops_over(&tokens, &name)) {
            findings.push(Finding {
                path: file.path.clone(),
                line: tokens[at].line,
                message: format!("iterates over the hash map `{name}`, whose order differs from run to run"),
            });
        }
    }
    findings
}

/// Names before a `:` or `=` whose type or constructor is a hash map or set.
fn hashed_names(tokens: &[Token]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for at in (0..tokens.len()).filter(|&at| matches!(tokens[at].text.as_str(), "HashMap" | "HashSet")) {
        // Walk back over the path, references and `mut` to the `:` of a declaration or the `=` of a `let`.
        let mut back = at;
        while back > 0 && is_path_part(tokens, back - 1) {
            back -= 1;
        }
        if back >= 2 && matches!(tokens[back - 1].text.as_str(), ":" | "=") {
            names.insert(tokens[back - 2].text.clone());
        }
    }
    names
}

/// Whether the token may stand between a declaration's `:` and the type's last word.
fn is_path_part(tokens: &[Token], at: usize) -> bool {
    match tokens[at].text.as_str() {
        "&" | "mut" | "std" | "collections" | "hashbrown" => true,
        // A path separator is two colons; a single one is the declaration's.
        ":" => {
            let is = |i: usize| tokens.get(i).is_some_and(|t| t.text == ":");
            is(at + 1) || (at > 0 && is(at - 1))
        }
        _ => false,
    }
}

/// `for … in [&] [mut] [self .] name {`.
fn loops_over<'a>(tokens: &'a [Token], name: &'a str) -> impl Iterator<Item = usize> + 'a {
    (1..tokens.len().saturating_sub(1)).filter(move |&at| {
        if tokens[at].text != name || tokens[at + 1].text != "{" {
            return false;
        }
        let mut before = tokens[..at].iter().rev().map(|t| t.text.as_str());
        before.find(|t| !matches!(*t, "&" | "mut" | "self" | ".")) == Some("in")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Tree::of(&[("engine/src/a.rs", text)])).iter().map(|f| f.line).collect()
    }

    #[test]
    fn iterating_a_field_or_a_local_is_found() {
        assert_eq!(lines("struct S { m: HashMap<u8, u8> }\nfn f(s: S) { s.m.keys(); }"), [2]);
        assert_eq!(lines("struct S { m: hashbrown::HashSet<u8> }\nfn f(s: S) { for x in &s.m {} }"), [0; 0]);
        assert_eq!(lines("fn f() { let mut m = std::collections::HashMap::new();\n m.iter_mut(); }"), [2]);
        assert_eq!(lines("fn f(m: &HashMap<u8, u8>) {\n for (k, v) in m {}\n }"), [2]);
        assert_eq!(
            lines("struct S { m: HashSet<u8> } impl S { fn f(&self) {\n for x in &self.m {} } }"),
            [2]
        );
    }

    #[test]
    fn looking_up_and_ordered_maps_are_fine() {
        assert_eq!(
            lines("struct S { m: HashMap<u8, u8> } fn f(s: S) { s.m.get(&1); s.m.retain(|_, _| true); }"),
            [0; 0]
        );
        assert_eq!(lines("struct S { m: BTreeMap<u8, u8> } fn f(s: S) { s.m.keys(); }"), [0; 0]);
    }
}
