//! Configuration errors as users read them: file, line, column, key, what was found, what was expected.

use core::fmt;
use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigErrors {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is larger than any configuration.
    #[error("{}: {bytes} bytes are more than a configuration may have ({} bytes)", path.display(), super::CONFIG_BYTES_MAX)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The file is no text.
    #[error("{}: byte {at} is not UTF-8, which TOML must be", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset of the first wrong byte.
        at: usize,
    },
    /// The file says something wrong; every error that could be found at once.
    #[error("{}", Listing(path, errors))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// In the order of the file.
        errors: Vec<ConfigError>,
    },
}

impl ConfigErrors {
    /// The errors inside the file; none when it could not be read.
    pub fn errors(&self) -> &[ConfigError] {
        match self {
            ConfigErrors::Invalid { errors, .. } => errors,
            _ => &[],
        }
    }
}

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters that are wrong, at least 1.
    pub width: usize,
    /// Key path, elements of arrays counted from 1: `interface[2].addresses[1]`. Empty when TOML itself is wrong.
    pub key: String,
    /// What is wrong.
    pub kind: ConfigErrorKind,
    /// The whole line.
    pub text: String,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigErrorKind {
    /// Not TOML.
    #[error("{0}")]
    Syntax(String),
    /// No such key here.
    #[error("unknown key{}", did_you_mean(.similar, .known))]
    UnknownKey {
        /// The known key that looks most like it, if any does.
        similar: Option<&'static str>,
        /// Every key known here.
        known: &'static [&'static str],
    },
    /// A key that must be there is not.
    #[error("missing, expected {expected}")]
    Missing {
        /// What should be there.
        expected: String,
    },
    /// A value of the wrong type, form or size.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// The value as it stands in the file.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A value that repeats or contradicts another.
    #[error("found {found}, but {conflict}")]
    Conflict {
        /// The value as it stands in the file.
        found: String,
        /// What it collides with.
        conflict: String,
    },
}

fn did_you_mean(similar: &Option<&'static str>, known: &[&str]) -> String {
    match similar {
        Some(similar) => format!("; did you mean `{similar}`?"),
        None => format!("; expected one of {}", known.join(", ")),
    }
}

struct Listing<'a>(&'a PathBuf, &'a [ConfigError]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.1.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            let key = if error.key.is_empty() { String::new() } else { format!("{}: ", error.key) };
            write!(
                f,
                "{separator}{}:{}:{}: {key}{}",
                self.0.display(),
                error.line,
                error.column,
                error.kind
            )?;
            let (number, blank) = (error.line.to_string(), "");
            let gutter = number.len();
            write!(f, "\n  {number} | {}", error.text)?;
            let indent = error.column - 1;
            write!(f, "\n  {blank:gutter$} | {blank:indent$}{}", "^".repeat(error.width))?;
        }
        Ok(())
    }
}
