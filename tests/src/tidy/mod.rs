//! Style rules as tests (TigerBeetle's `tidy`): what the compiler and clippy do not know about this repository.
//!
//! A rule is a function from the [`Tree`] to [`Finding`]s. Rules over Rust code work on tokens, not on lines:
//! comments and string literals never match, and test code (`#[test]`, `#[cfg(test)]`, `tests/` folders) is set
//! aside by `tokens::production`. Each rule has a test beside it that shows it failing on a bad sample;
//! `tests/tests/tidy.rs` runs them all over the repository.

pub mod calls;
pub mod drop_reasons;
pub mod iteration;
pub mod layering;
pub mod length;
pub mod paths;
pub mod tokens;
pub mod top_level;
mod tree;

pub use tree::{SourceFile, Tree, TreeError};

use std::fmt;

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the repository's root.
    pub path: String,
    /// Line, from 1; 0 when the finding is about the whole file.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Formats findings one a line, for an assertion's message.
pub fn report(findings: &[Finding]) -> String {
    findings.iter().map(|f| format!("{f}\n")).collect()
}
