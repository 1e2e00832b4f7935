//! Which row and column each cell of a table is in, given cells that span several (HTML standard, 4.9.12).

use super::words::Words;
use crate::draft::Draft;
use crate::error::ReadError;
use crate::limits;
use crate::sheet::Merge;

/// One table while it is read.
pub(super) struct Layout {
    order: usize,
    /// Rows that have begun.
    rows: usize,
    in_row: bool,
    /// The column after the last cell of this row.
    col: usize,
    /// For each column the first row in which no cell from above reaches down.
    free_from: Vec<usize>,
    cells: Vec<Placed>,
    cell: Option<Placed>,
    words: Words,
}

/// A cell with its place, and how many rows and columns it spans.
struct Placed {
    row: usize,
    col: usize,
    rows: usize,
    cols: usize,
    text: String,
}

impl Layout {
    /// A table that began as number `order` of the page.
    pub(super) fn new(order: usize) -> Self {
        Self {
            order,
            rows: 0,
            in_row: false,
            col: 0,
            free_from: Vec::new(),
            cells: Vec::new(),
            cell: None,
            words: Words::default(),
        }
    }

    pub(super) fn begin_row(&mut self) {
        self.end_row();
        self.rows += 1;
        self.in_row = true;
        self.col = 0;
    }

    pub(super) fn end_row(&mut self) {
        self.end_cell();
        self.in_row = false;
    }

    /// Begins a cell with these spans; 0 rows are all that follow.
    pub(super) fn begin_cell(&mut self, rowspan: usize, colspan: usize) {
        self.end_cell();
        if !self.in_row {
            self.begin_row();
        }
        let row = self.rows - 1;
        while self.free_from.get(self.col).is_some_and(|free_from| *free_from > row) {
            self.col += 1;
        }
        let rows = if rowspan == 0 { limits::ROWSPAN } else { rowspan.min(limits::ROWSPAN) };
        let cols = colspan.clamp(1, limits::COLSPAN);
        // What lies beyond the columns that are read need not be kept in order.
        let end = (self.col + cols).min(limits::COLUMNS);
        if rows > 1 && self.col < end {
            let len = self.free_from.len().max(end);
            self.free_from.resize(len, 0);
            self.free_from[self.col..end].fill(row + rows);
        }
        self.cell = Some(Placed { row, col: self.col, rows, cols, text: String::new() });
        self.col += cols;
    }

    pub(super) fn end_cell(&mut self) {
        let text = self.words.take();
        if let Some(cell) = self.cell.take()
            && !text.trim().is_empty()
        {
            self.cells.push(Placed { text, ..cell });
        }
    }

    /// Where text goes. Text outside of the cells is dropped when the next cell begins.
    pub(super) fn words(&mut self) -> &mut Words {
        &mut self.words
    }

    pub(super) fn order(&self) -> usize {
        self.order
    }

    pub(super) fn has_text(&self) -> bool {
        !self.cells.is_empty()
    }

    pub(super) fn stored(&self) -> usize {
        self.cells.len()
    }

    /// Puts the cells into a sheet. A cell that spans more rows than there are ends with the table.
    pub(super) fn lay_into(self, draft: &mut Draft<'_>) -> Result<(), ReadError> {
        for Placed { row, col, rows, cols, text } in self.cells {
            draft.put(row, col, &text)?;
            let last_row = (row + rows).min(self.rows) - 1;
            let last_col = (col + cols).min(limits::COLUMNS.max(col + 1)) - 1;
            if (row, col) != (last_row, last_col) {
                draft.merge(Merge { first_row: row, first_col: col, last_row, last_col })?;
            }
        }
        Ok(())
    }
}
