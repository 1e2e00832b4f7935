//! How wide the columns of a table are. Chinese characters are twice as wide as Latin ones.

use super::{Table, Value};

/// The narrowest and the widest column, in Latin characters; longer text is wrapped.
const NARROWEST: usize = 6;
const WIDEST: usize = 40;
/// Room on both sides of the text, and for the bold of the header.
const MARGIN: usize = 2;
/// How many rows are measured; those below are taken to be like them.
const ROWS_MEASURED: usize = 1_000;

/// The number of columns that header and rows have.
pub(super) fn columns(table: &Table) -> usize {
    table.rows.iter().map(Vec::len).max().unwrap_or(0).max(table.header.len())
}

/// The width of each column, in Latin characters. A merged value does not count: it has several columns or rows.
pub(super) fn widths(table: &Table) -> Vec<f64> {
    let mut widest: Vec<usize> = table.header.iter().map(|name| width(name)).collect();
    widest.resize(columns(table), 0);
    for (row, values) in table.rows.iter().take(ROWS_MEASURED).enumerate() {
        for (col, value) in values.iter().enumerate() {
            let spans = |merge: &crate::Merge| {
                (merge.first_row, merge.first_col) == (row, col) && merge.first_col < merge.last_col
            };
            let width = match value {
                Value::Text(text) if !table.merges.iter().any(spans) => width(text),
                Value::Number(number) => width(&number.to_string()),
                Value::Percent(_) => "100.0%".len(),
                Value::Text(_) | Value::Empty => 0,
            };
            widest[col] = widest[col].max(width);
        }
    }
    widest.into_iter().map(|width| (width + MARGIN).clamp(NARROWEST, WIDEST) as f64).collect()
}

/// The width of the longest line.
fn width(text: &str) -> usize {
    text.lines().map(|line| line.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()).max().unwrap_or(0)
}

/// From Hangul on nearly all characters are wide; what is not is rare here.
fn is_wide(c: char) -> bool {
    c >= '\u{1100}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_its_longest_line_within_bounds() {
        let rows = [("姓名", 6), ("三年级音乐课", 14), ("abcdefgh", 10), ("第一行很长很长\n二", 16), ("", 6)];
        for (text, expected) in rows {
            let table = Table { rows: vec![vec![text.into()]], ..Table::default() };
            assert_eq!(widths(&table), [expected as f64], "{text}");
        }
        let table = Table { header: vec!["字".repeat(99)], ..Table::default() };
        assert_eq!(widths(&table), [40.0]);
    }
}
