//! Key paths, and where in the file they lead.

use core::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigErrorKind;
use super::reader::{Problems, quote};

/// One step of a key path.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// A key of a table.
    Key(&'static str),
    /// An element of an array, from 0.
    Element(usize),
}

impl From<&'static str> for Step {
    fn from(key: &'static str) -> Step {
        Step::Key(key)
    }
}

impl From<usize> for Step {
    fn from(element: usize) -> Step {
        Step::Element(element)
    }
}

/// A key path from its steps.
macro_rules! key_path {
    ($($step:expr),+) => { &[$($crate::config::places::Step::from($step)),+] };
}
pub(super) use key_path;

/// Finds values in the document again by their key path, so that the configuration itself carries no positions.
pub(super) struct Places<'a, 'i, 't> {
    document: &'a DeTable<'i>,
    problems: &'a Problems<'t>,
}

impl<'a, 'i, 't> Places<'a, 'i, 't> {
    pub(super) fn new(document: &'a DeTable<'i>, problems: &'a Problems<'t>) -> Self {
        Places { document, problems }
    }

    /// Where `path` leads, or as far as the file has it, and the value there.
    fn locate(&self, path: &[Step]) -> (Range<usize>, Option<&Spanned<DeValue<'i>>>) {
        let mut span = 0..0;
        let mut here: Option<&Spanned<DeValue<'i>>> = None;
        for (depth, step) in path.iter().enumerate() {
            let next = match (step, here.map(Spanned::get_ref)) {
                (Step::Key(key), None) if depth == 0 => find(self.document, key),
                (Step::Key(key), Some(DeValue::Table(table))) => find(table, key),
                (Step::Element(i), Some(DeValue::Array(array))) => array.get(*i),
                // A single value may stand for an array of one.
                (Step::Element(0), Some(_)) => here,
                _ => None,
            };
            let Some(value) = next else { return (span, None) };
            span = value.span();
            here = Some(value);
        }
        (span, here)
    }

    fn push(&self, path: &[Step], kind: impl FnOnce(String) -> ConfigErrorKind) {
        let (span, value) = self.locate(path);
        let found = value.map_or_else(|| "its default".to_owned(), |value| quote(value.get_ref()));
        let mut key = String::new();
        for step in path {
            match step {
                Step::Key(name) if key.is_empty() => key.push_str(name),
                Step::Key(name) => key.push_str(&format!(".{name}")),
                Step::Element(i) => key.push_str(&format!("[{}]", i + 1)),
            }
        }
        self.problems.push(span, key, kind(found));
    }

    /// The value at `path` is not what it should be.
    pub(super) fn expected(&self, path: &[Step], expected: impl Into<String>) {
        self.push(path, |found| ConfigErrorKind::Unexpected { found, expected: expected.into() });
    }

    /// There should be a value at `path`, and there is none.
    pub(super) fn missing(&self, path: &[Step], expected: impl Into<String>) {
        self.push(path, |_| ConfigErrorKind::Missing { expected: expected.into() });
    }

    /// The value at `path` collides with another.
    pub(super) fn conflict(&self, path: &[Step], conflict: impl Into<String>) {
        self.push(path, |found| ConfigErrorKind::Conflict { found, conflict: conflict.into() });
    }
}

fn find<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}
