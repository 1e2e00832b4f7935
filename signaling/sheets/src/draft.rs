//! A sheet while it is being read: the one place where cells are stored, and where they are counted first.

use std::borrow::Cow;

use crate::error::ReadError;
use crate::limits;
use crate::sheet::{Cell, Merge, Sheet};
use crate::xlsx::address;

/// What all sheets of one file have taken so far.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    cells: usize,
    positions: usize,
    text_bytes: usize,
    merges: usize,
    merged_cells: usize,
}

/// One sheet being filled.
pub(crate) struct Draft<'a> {
    totals: &'a mut Totals,
    sheet: Sheet,
    merges: Vec<Merge>,
    /// Rows and columns up to the farthest cell with text, those beyond the limits included.
    tallest: usize,
    widest: usize,
}

/// What is kept of a sheet's name; Excel allows 31 characters.
const NAME_CHARS: usize = 100;

impl Totals {
    /// Counts text that a cell shows.
    pub(crate) fn add_text(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.text_bytes = self.text_bytes.saturating_add(bytes);
        if self.text_bytes > limits::TEXT_BYTES { Err(ReadError::TooMuchText) } else { Ok(()) }
    }
}

impl<'a> Draft<'a> {
    /// An empty sheet.
    pub(crate) fn new(totals: &'a mut Totals, name: &str, hidden: bool) -> Self {
        let name = tidy(name).chars().take(NAME_CHARS).collect();
        let sheet = Sheet { name, hidden, rows: Vec::new() };
        Self { totals, sheet, merges: Vec::new(), tallest: 0, widest: 0 }
    }

    /// Puts text into a cell, counted from 0. A blank one takes nothing, wherever it is.
    pub(crate) fn put(&mut self, row: usize, col: usize, text: &str) -> Result<(), ReadError> {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        self.tallest = self.tallest.max(row.saturating_add(1));
        self.widest = self.widest.max(col.saturating_add(1));
        if row >= limits::ROWS || col >= limits::COLUMNS {
            // Not stored; reading goes on, because the error says how far the sheet goes.
            return Ok(());
        }
        let chars = text.chars().count();
        if chars > limits::CELL_CHARS {
            let sheet = self.sheet.name.clone();
            return Err(ReadError::CellTooLong { sheet, row: row + 1, column: col + 1, chars });
        }
        self.totals.cells += 1;
        if self.totals.cells > limits::CELLS {
            return Err(ReadError::TooManyCells);
        }
        self.totals.add_text(text.len())?;
        self.reach(row, col)?.text = text.into_owned();
        Ok(())
    }

    /// Notes a merged range; it is laid over the cells when all are known.
    pub(crate) fn merge(&mut self, merge: Merge) -> Result<(), ReadError> {
        self.totals.merges += 1;
        if self.totals.merges > limits::MERGES {
            return Err(ReadError::TooManyMerges { sheet: self.sheet.name.clone() });
        }
        self.merges.push(merge);
        Ok(())
    }

    /// The sheet, if it keeps to the limits.
    pub(crate) fn finish(mut self) -> Result<Sheet, ReadError> {
        let sheet = self.sheet.name.clone();
        if self.widest > limits::COLUMNS {
            return Err(ReadError::TooManyColumns { sheet, columns: self.widest });
        }
        if self.tallest > limits::ROWS {
            return Err(ReadError::TooManyRows { sheet, rows: self.tallest });
        }
        for merge in std::mem::take(&mut self.merges) {
            if merge.size() != (1, 1) {
                self.lay(merge)?;
            }
        }
        Ok(self.sheet)
    }

    fn lay(&mut self, merge: Merge) -> Result<(), ReadError> {
        let text = self.sheet.cell(merge.first_row, merge.first_col).to_owned();
        if text.is_empty() {
            return self.lay_blank(merge);
        }
        let (rows, cols) = merge.size();
        let covered = rows.saturating_mul(cols);
        if merge.last_row >= limits::ROWS || merge.last_col >= limits::COLUMNS || covered > limits::MERGED_CELLS {
            let range = address::range(&merge);
            return Err(ReadError::MergeTooLarge { sheet: self.sheet.name.clone(), range });
        }
        self.cover(covered)?;
        self.totals.add_text(text.len() * (covered - 1))?;
        for row in merge.first_row..=merge.last_row {
            for col in merge.first_col..=merge.last_col {
                let cell = self.reach(row, col)?;
                // Ranges of a sound file do not overlap; in another one the first keeps the cell.
                if cell.merged.is_none() {
                    *cell = Cell { text: text.clone(), merged: Some(merge) };
                }
            }
        }
        Ok(())
    }

    /// A range without text hides what its cells hold, but makes no cells: it may be as large as it likes.
    fn lay_blank(&mut self, merge: Merge) -> Result<(), ReadError> {
        let end = self.sheet.rows.len().min(merge.last_row.saturating_add(1));
        for row in merge.first_row..end {
            let cells = &mut self.sheet.rows[row];
            let end = cells.len().min(merge.last_col.saturating_add(1));
            let covered = cells.get_mut(merge.first_col..end).unwrap_or_default();
            let count = covered.len();
            for cell in covered.iter_mut().filter(|cell| cell.merged.is_none()) {
                *cell = Cell { text: String::new(), merged: Some(merge) };
            }
            self.cover(count + 1)?;
        }
        Ok(())
    }

    fn cover(&mut self, cells: usize) -> Result<(), ReadError> {
        self.totals.merged_cells = self.totals.merged_cells.saturating_add(cells);
        if self.totals.merged_cells > limits::MERGED_CELLS {
            return Err(ReadError::TooManyMerges { sheet: self.sheet.name.clone() });
        }
        Ok(())
    }

    /// The cell at a position within the limits, made if need be.
    fn reach(&mut self, row: usize, col: usize) -> Result<&mut Cell, ReadError> {
        if self.sheet.rows.len() <= row {
            self.sheet.rows.resize_with(row + 1, Vec::new);
        }
        let cells = &mut self.sheet.rows[row];
        if cells.len() <= col {
            self.totals.positions += col + 1 - cells.len();
            if self.totals.positions > limits::POSITIONS {
                return Err(ReadError::TooManyCells);
            }
            cells.resize_with(col + 1, Cell::default);
        }
        Ok(&mut cells[col])
    }
}

/// Text without white space around it (the ideographic space is one) and without control characters; any line break is
/// `\n`.
fn tidy(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Cow::Borrowed(text.trim_matches(is_margin));
    }
    let mut tidied = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => (),
            '\r' => tidied.push('\n'),
            c if c.is_control() && c != '\n' && c != '\t' => (),
            c => tidied.push(c),
        }
    }
    Cow::Owned(tidied.trim_matches(is_margin).to_owned())
}

/// Unicode counts neither the zero-width space nor the byte order mark as white space, and both come with copied text.
fn is_margin(c: char) -> bool {
    c.is_whitespace() || c == '\u{200B}' || c == '\u{FEFF}'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(first_row: usize, first_col: usize, last_row: usize, last_col: usize) -> Merge {
        Merge { first_row, first_col, last_row, last_col }
    }

    #[test]
    fn text_is_stripped_of_what_a_person_does_not_see() {
        let rows = [
            ("  语文\u{3000}", "语文"),
            ("\u{FEFF}姓名\u{A0}", "姓名"),
            ("张\u{3000}三", "张\u{3000}三"),
            ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
            ("a\u{0}b\u{7}", "ab"),
            (" \u{3000}\n\t", ""),
        ];
        for (text, tidied) in rows {
            assert_eq!(tidy(text), tidied);
        }
    }

    #[test]
    fn a_sheet_beyond_a_limit_says_how_far_it_goes() {
        let mut totals = Totals::default();
        let mut draft = Draft::new(&mut totals, "三年级", false);
        draft.put(0, 9_999, "远").unwrap();
        draft.put(0, 0, "近").unwrap();
        let columns = ReadError::TooManyColumns { sheet: "三年级".to_owned(), columns: 10_000 };
        assert_eq!(columns.zh(), "工作表“三年级”有 10000 列，最多 256 列，请删去多余的列后再上传。");
        assert_eq!(draft.finish(), Err(columns));
        let mut draft = Draft::new(&mut totals, "三年级", false);
        draft.put(1_048_575, 0, "远").unwrap();
        assert_eq!(draft.finish(), Err(ReadError::TooManyRows { sheet: "三年级".to_owned(), rows: 1_048_576 }));
    }

    #[test]
    fn blank_cells_take_nothing_however_far_they_are() {
        let mut totals = Totals::default();
        let mut draft = Draft::new(&mut totals, "", false);
        draft.put(usize::MAX, usize::MAX, " ").unwrap();
        assert!(draft.finish().unwrap().rows.is_empty());
    }

    #[test]
    fn few_cells_far_to_the_right_cannot_fill_the_memory() {
        let mut totals = Totals::default();
        let mut draft = Draft::new(&mut totals, "", false);
        let first_error = (0..limits::ROWS).find_map(|row| draft.put(row, limits::COLUMNS - 1, "x").err());
        assert_eq!(first_error, Some(ReadError::TooManyCells));
    }

    #[test]
    fn a_cell_and_all_cells_together_have_a_longest_text() {
        let mut totals = Totals::default();
        let mut draft = Draft::new(&mut totals, "表", false);
        draft.put(0, 0, &"字".repeat(limits::CELL_CHARS)).unwrap();
        let chars = limits::CELL_CHARS + 1;
        let too_long = ReadError::CellTooLong { sheet: "表".to_owned(), row: 3, column: 28, chars };
        assert_eq!(too_long.zh(), "工作表“表”的单元格 AB3 有 2001 个字，最多 2000 个字，请缩短后再上传。");
        assert_eq!(draft.put(2, 27, &"字".repeat(chars)), Err(too_long));
        let text = "字".repeat(limits::CELL_CHARS);
        let first_error = (0..limits::ROWS).find_map(|row| draft.put(row, 0, &text).err());
        assert_eq!(first_error, Some(ReadError::TooMuchText));
    }

    #[test]
    fn every_cell_of_a_merged_range_reads_as_its_text_and_knows_the_range() {
        let mut totals = Totals::default();
        let mut draft = Draft::new(&mut totals, "", false);
        draft.put(0, 0, "升旗").unwrap();
        draft.put(1, 1, "藏着的字").unwrap();
        draft.merge(merge(0, 0, 1, 2)).unwrap();
        draft.merge(merge(5, 5, 5, 5)).unwrap();
        let sheet = draft.finish().unwrap();
        assert_eq!(sheet.rows.len(), 2);
        for (row, col) in (0..2).flat_map(|row| (0..3).map(move |col| (row, col))) {
            assert_eq!(sheet.cell(row, col), "升旗");
            assert_eq!(sheet.merge(row, col), Some(merge(0, 0, 1, 2)));
            assert_eq!(sheet.is_continuation(row, col), (row, col) != (0, 0));
        }
    }

    #[test]
    fn a_huge_merged_range_is_refused_if_it_has_text_and_passed_over_if_not() {
        let whole = merge(0, 0, 1_048_575, 16_383);
        let mut totals = Totals::default();
        let mut draft = Draft::new(&mut totals, "表", false);
        draft.put(0, 0, "标题").unwrap();
        draft.merge(whole).unwrap();
        let range = "A1:XFD1048576".to_owned();
        assert_eq!(draft.finish(), Err(ReadError::MergeTooLarge { sheet: "表".to_owned(), range }));
        let mut draft = Draft::new(&mut totals, "表", false);
        draft.put(1, 1, "藏着的字").unwrap();
        draft.merge(whole).unwrap();
        assert!(draft.finish().unwrap().is_blank());
    }

    #[test]
    fn many_overlapping_merged_ranges_are_refused() {
        let mut totals = Totals::default();
        let mut draft = Draft::new(&mut totals, "表", false);
        draft.put(0, 0, "x").unwrap();
        for _ in 0..limits::MERGES {
            draft.merge(merge(0, 0, 999, 99)).unwrap();
        }
        let too_many = Err(ReadError::TooManyMerges { sheet: "表".to_owned() });
        assert_eq!(draft.merge(merge(0, 0, 1, 1)), too_many.clone());
        assert_eq!(draft.finish().map(|_| ()), too_many);
    }
}
