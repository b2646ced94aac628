//! Nothing of one machine in the repository: no home directories, no caches, no private registries.

use super::{Finding, SourceFile, Tree};

/// Beginnings of paths that exist on somebody's machine only. Split, so that this file does not match itself.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!(".cargo/", "registry"),
    concat!(".cache/", "pip"),
];

/// Where every crate in the lock file comes from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every machine's path in any text file, and every dependency from elsewhere than crates.io.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for (number, line) in file.text.lines().enumerate() {
            if let Some(path) = MACHINE_PATHS.iter().find(|path| mentions(line, path)) {
                findings.push(finding(file, number, format!("`{path}…` exists on one machine only")));
            }
            if file.path == "Cargo.lock" && is_foreign_source(line) {
                findings.push(finding(file, number, "dependencies come from crates.io only".into()));
            }
        }
    }
    findings
}

fn finding(file: &SourceFile, number: usize, message: String) -> Finding {
    Finding { path: file.path.clone(), line: number + 1, message }
}

/// Whether `line` has `path` where a path begins: `network/work/` is somebody's folder, not the machine's.
fn mentions(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !path.starts_with('/')
            || !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}'))
    })
}

fn is_foreign_source(line: &str) -> bool {
    line.strip_prefix("source = \"").is_some_and(|source| source.trim_end_matches('"') != CRATES_IO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_found_and_other_paths_are_not() {
        let bad = format!("see {}me/notes\n", "/wo".to_owned() + "rk/");
        let tree =
            Tree::of(&[("README.md", &bad), ("a.sh", "cd network/work/x; ls /run/holdfast ./work/y\n")]);
        let found: Vec<(String, usize)> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        assert_eq!(found, [("README.md".to_owned(), 1)]);
    }

    #[test]
    fn a_foreign_registry_is_found() {
        let lock = format!("source = \"{CRATES_IO}\"\nsource = \"sparse+https://mirror.example/\"\n");
        let found: Vec<usize> = check(&Tree::of(&[("Cargo.lock", &lock)])).iter().map(|f| f.line).collect();
        assert_eq!(found, [2]);
    }
}
