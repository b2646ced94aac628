//! Walks a parsed TOML document and gathers everything that is wrong with it.

use core::cell::RefCell;
use core::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, ConfigErrorKind};

/// What a reader of one value answers when it is not what it should be: what was expected instead.
pub(super) type Expected = String;

/// Errors found so far, with the text they are about.
pub(super) struct Problems<'t> {
    text: &'t str,
    found: RefCell<Vec<ConfigError>>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Problems { text, found: RefCell::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        let mut errors = self.found.into_inner();
        errors.sort_by_key(|error| (error.line, error.column));
        errors
    }

    pub(super) fn syntax(&self, error: &toml::de::Error) {
        let span = error.span().unwrap_or(0..0);
        self.push(span, String::new(), ConfigErrorKind::Syntax(error.message().to_owned()));
    }

    /// Notes an error about the bytes of `span`; a span over several lines is marked in its first line only.
    pub(super) fn push(&self, span: Range<usize>, key: String, kind: ConfigErrorKind) {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let text = self.text[line_start..].lines().next().unwrap_or_default();
        let column = self.text.get(line_start..start).map_or(0, |prefix| prefix.chars().count());
        let room = text.chars().count().saturating_sub(column).max(1);
        let width = self.text.get(span).map_or(1, |marked| marked.chars().count()).clamp(1, room);
        self.found.borrow_mut().push(ConfigError {
            line: before.matches('\n').count() + 1,
            column: column + 1,
            width,
            key,
            kind,
            text: text.to_owned(),
        });
    }
}

/// A value as a message quotes it.
pub(super) fn quote(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// One table of the document, read key by key.
pub(super) struct Section<'a, 'i, 't> {
    table: &'a DeTable<'i>,
    span: Range<usize>,
    path: String,
    problems: &'a Problems<'t>,
}

impl<'a, 'i, 't> Section<'a, 'i, 't> {
    /// The whole document.
    pub(super) fn root(document: &'a Spanned<DeTable<'i>>, problems: &'a Problems<'t>) -> Self {
        Section { table: document.get_ref(), span: 0..0, path: String::new(), problems }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn find(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Complains about every key that is not in `known`.
    pub(super) fn only(&self, known: &'static [&'static str]) {
        for (name, _) in self.table.iter().filter(|(name, _)| !known.contains(&name.get_ref().as_ref())) {
            let similarity = |key: &str| strsim::jaro_winkler(key, name.get_ref());
            let similar = known
                .iter()
                .copied()
                .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
                .filter(|key| similarity(key) > 0.8);
            let kind = ConfigErrorKind::UnknownKey { similar, known };
            self.problems.push(name.span(), self.key(name.get_ref()), kind);
        }
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Complains that something should be in this table.
    pub(super) fn missing(&self, key: &str, expected: &str) {
        let kind = ConfigErrorKind::Missing { expected: expected.to_owned() };
        self.problems.push(self.span.clone(), self.key(key), kind);
    }

    fn value<T>(
        &self,
        value: &Spanned<DeValue<'i>>,
        path: String,
        read: impl Fn(&DeValue<'i>) -> Result<T, Expected>,
    ) -> Option<T> {
        read(value.get_ref())
            .map_err(|expected| {
                let found = quote(value.get_ref());
                self.problems.push(value.span(), path, ConfigErrorKind::Unexpected { found, expected });
            })
            .ok()
    }

    /// The value of `key`; `None` when it is absent or wrong.
    pub(super) fn optional<T>(
        &self,
        key: &str,
        read: impl Fn(&DeValue<'i>) -> Result<T, Expected>,
    ) -> Option<T> {
        self.value(self.find(key)?, self.key(key), read)
    }

    /// The value of a key that must be there. `stand_in` takes its place while the document is wrong anyway.
    pub(super) fn required<T>(
        &self,
        key: &str,
        expected: &str,
        stand_in: T,
        read: impl Fn(&DeValue<'i>) -> Result<T, Expected>,
    ) -> T {
        if !self.has(key) {
            self.missing(key, expected);
        }
        self.optional(key, read).unwrap_or(stand_in)
    }

    /// The elements of an array; a single value counts as an array of one. Empty when the key is absent.
    pub(super) fn list<T>(&self, key: &str, read: impl Fn(&DeValue<'i>) -> Result<T, Expected>) -> Vec<T> {
        let Some(value) = self.find(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(elements) => elements
                .iter()
                .enumerate()
                .filter_map(|(i, element)| {
                    self.value(element, format!("{}[{}]", self.key(key), i + 1), &read)
                })
                .collect(),
            _ => self.value(value, self.key(key), read).into_iter().collect(),
        }
    }

    /// The table under `key`.
    pub(super) fn table(&self, key: &str) -> Option<Section<'a, 'i, 't>> {
        self.table_of(key, "a table")
    }

    /// The table under `key`; `expected` is what the user reads when something else stands there.
    pub(super) fn table_of(&self, key: &str, expected: &str) -> Option<Section<'a, 'i, 't>> {
        let value = self.find(key)?;
        self.section(value, self.key(key), expected)
    }

    /// The table under `key`, without complaint when something else stands there.
    pub(super) fn table_if_any(&self, key: &str) -> Option<Section<'a, 'i, 't>> {
        self.find(key).filter(|value| value.get_ref().is_table()).and_then(|_| self.table(key))
    }

    /// The tables of `[[key]]`, or of a list of tables.
    pub(super) fn tables(&self, key: &str) -> Vec<Section<'a, 'i, 't>> {
        let Some(value) = self.find(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(elements) => elements
                .iter()
                .enumerate()
                .filter_map(|(i, element)| {
                    self.section(element, format!("{}[{}]", self.key(key), i + 1), "a table")
                })
                .collect(),
            _ => {
                let expected = match self.path.is_empty() {
                    true => format!("tables headed [[{key}]]"),
                    false => "a list of tables".to_owned(),
                };
                self.section_error(value, self.key(key), expected);
                Vec::new()
            }
        }
    }

    fn section(
        &self,
        value: &'a Spanned<DeValue<'i>>,
        path: String,
        expected: &str,
    ) -> Option<Section<'a, 'i, 't>> {
        match value.get_ref() {
            DeValue::Table(table) => {
                Some(Section { table, span: value.span(), path, problems: self.problems })
            }
            _ => {
                self.section_error(value, path, expected.to_owned());
                None
            }
        }
    }

    fn section_error(&self, value: &Spanned<DeValue<'i>>, path: String, expected: Expected) {
        let found = quote(value.get_ref());
        self.problems.push(value.span(), path, ConfigErrorKind::Unexpected { found, expected });
    }
}
