//! Small files: around 150–250 lines; beyond 600 a smell that is listed, beyond 1,000 an error.

use super::{Finding, Tree};

/// Lines from which a file is listed as a smell.
pub const SMELL_LINES: usize = 600;

/// Lines beyond which the check fails.
pub const MAX_LINES: usize = 1_000;

/// Whether the rule is about this file: code people write and read.
fn is_code(path: &str) -> bool {
    let by_ending = [".rs", ".c", ".h", ".py", ".sh", ".toml"].iter().any(|ending| path.ends_with(ending));
    by_ending || path.starts_with("scripts/")
}

fn longer_than(tree: &Tree, lines_max: usize) -> Vec<Finding> {
    let files = tree.files.iter().filter(|f| is_code(&f.path));
    let long = files.filter_map(|f| {
        let lines = f.text.lines().count();
        (lines > lines_max).then(|| Finding {
            path: f.path.clone(),
            line: lines,
            message: format!("{lines} lines; {lines_max} are the limit: split it by noun"),
        })
    });
    long.collect()
}

/// Files beyond [`SMELL_LINES`]: printed, not an error.
pub fn smells(tree: &Tree) -> Vec<Finding> {
    longer_than(tree, SMELL_LINES)
}

/// Files beyond [`MAX_LINES`].
pub fn check(tree: &Tree) -> Vec<Finding> {
    longer_than(tree, MAX_LINES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_too_many_is_found() {
        let (fits, long) = ("\n".repeat(MAX_LINES), "\n".repeat(MAX_LINES + 1));
        let tree = Tree::of(&[("a.rs", &fits), ("b.rs", &long), ("README.md", &long)]);
        let findings = check(&tree);
        assert_eq!(findings.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["b.rs"]);
        assert_eq!(smells(&tree).len(), 2);
    }
}
