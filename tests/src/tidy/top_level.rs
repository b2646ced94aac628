//! The top level of the repository holds what the architecture lists and nothing else.

use super::{Finding, Tree};

const ALLOWED: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "bench",
    "bindings",
    "engine",
    "ha",
    "scripts",
    "tests",
];

/// Every name that does not belong there. Dot-files may stay; so may cargo's output, which git ignores.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let is_allowed = |name: &str| {
        ALLOWED.contains(&name) || name.starts_with('.') || name == "target" || name.starts_with("target-")
    };
    let strangers = tree.top_level.iter().filter(|name| !is_allowed(name));
    let found = strangers.map(|name| Finding {
        path: name.clone(),
        line: 0,
        message: "does not belong at the top level: documents live beside what they describe".into(),
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_found() {
        let top_level = ["Cargo.toml", ".gitignore", "docs", "target"].map(str::to_owned).to_vec();
        let findings = check(&Tree { files: Vec::new(), top_level });
        assert_eq!(findings.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["docs"]);
    }
}
