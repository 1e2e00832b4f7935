//! A sheet as it was read: rows of cells of text, and which of them are merged.

/// One worksheet, table or file of delimited text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Its name in the workbook; for a table `表1`, `表2`, …; for delimited text the file's name without extension.
    pub name: String,
    /// Whether the workbook hides it from the person who looks at it.
    pub hidden: bool,
    /// Row `i` is row `i + 1` of the file. Rows may have different lengths: those that end in blank cells are shorter.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What a person sees, without white space (full-width too) around it; empty when blank. Line breaks are `\n`. In a
    /// merged range every cell has the text of the first one.
    pub text: String,
    /// The merged range that covers it.
    pub merged: Option<Merge>,
}

/// A merged range of at least two cells. Rows and columns count from 0, and the last ones belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// Top row: where the text is.
    pub first_row: usize,
    /// Left column: where the text is.
    pub first_col: usize,
    /// Bottom row.
    pub last_row: usize,
    /// Right column.
    pub last_col: usize,
}

impl Sheet {
    /// The text of the cell in this row and column, counted from 0; empty if there is none.
    pub fn cell(&self, row: usize, col: usize) -> &str {
        self.at(row, col).map_or("", |cell| &cell.text)
    }

    /// The merged range that covers this cell.
    pub fn merge(&self, row: usize, col: usize) -> Option<Merge> {
        self.at(row, col).and_then(|cell| cell.merged)
    }

    /// Whether the cell shows the text of another one because both are merged: two periods that are one lesson, and not
    /// the same text twice.
    pub fn is_continuation(&self, row: usize, col: usize) -> bool {
        self.merge(row, col).is_some_and(|merge| (merge.first_row, merge.first_col) != (row, col))
    }

    /// The number of columns of the longest row.
    pub fn columns(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Whether no cell has text.
    pub fn is_blank(&self) -> bool {
        self.rows.iter().flatten().all(|cell| cell.text.is_empty())
    }

    fn at(&self, row: usize, col: usize) -> Option<&Cell> {
        self.rows.get(row)?.get(col)
    }
}

impl Merge {
    /// How many rows and columns it covers.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.last_row.abs_diff(self.first_row) + 1, self.last_col.abs_diff(self.first_col) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_cell_can_be_told_from_the_same_text_twice() {
        let merged = Some(Merge { first_row: 0, first_col: 0, last_row: 1, last_col: 0 });
        let cell = |text: &str, merged| Cell { text: text.to_owned(), merged };
        let sheet = Sheet {
            name: "课表".to_owned(),
            hidden: false,
            rows: vec![vec![cell("语文", merged), cell("音乐", None)], vec![cell("语文", merged), cell("音乐", None)]],
        };
        assert_eq!([sheet.cell(1, 0), sheet.cell(1, 1), sheet.cell(9, 9)], ["语文", "音乐", ""]);
        assert_eq!(
            [(0, 0), (1, 0), (1, 1), (9, 9)].map(|(r, c)| sheet.is_continuation(r, c)),
            [false, true, false, false]
        );
        assert_eq!((sheet.columns(), sheet.is_blank()), (2, false));
    }
}
