//! Results as a table on the terminal, in the form that Markdown takes too.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde_json::Value;

/// One column: a key of the results, and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Key of the flat objects.
    pub key: &'static str,
    /// Its heading, with the unit.
    pub heading: &'static str,
    /// Decimals of a number; `None` for words and whole numbers.
    pub decimals: Option<usize>,
}

impl Column {
    /// A parameter.
    pub const fn plain(key: &'static str, heading: &'static str) -> Column {
        Column { key, heading, decimals: None }
    }

    /// A figure.
    pub const fn figure(key: &'static str, heading: &'static str, decimals: usize) -> Column {
        Column { key, heading, decimals: Some(decimals) }
    }
}

/// Prints `results`, one a row. What a result does not have stays empty.
pub fn print_table(columns: &[Column], results: &[Value]) {
    println!("{}", table(columns, results));
}

fn table(columns: &[Column], results: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(columns.iter().map(|column| column.heading));
    for result in results {
        table.add_row(columns.iter().map(|column| cell(column, &result[column.key])));
    }
    for (number, column) in columns.iter().enumerate() {
        if let (Some(_), Some(column)) = (column.decimals, table.column_mut(number)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn cell(column: &Column, value: &Value) -> String {
    match (value, column.decimals) {
        (Value::Null, _) => String::new(),
        (Value::String(word), _) => word.clone(),
        (value, Some(decimals)) => {
            value.as_f64().map_or_else(String::new, |number| format!("{number:.decimals$}"))
        }
        (value, None) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_rounded_and_missing_keys_are_empty() {
        let columns = [Column::plain("mode", "mode"), Column::figure("mpps", "Mpps", 2)];
        let results =
            [serde_json::json!({"mode": "io", "mpps": 1.239}), serde_json::json!({"mode": "5tswap"})];
        let text = table(&columns, &results).to_string();
        assert!(text.contains("1.24") && text.contains("5tswap") && !text.contains("null"), "{text}");
    }
}
