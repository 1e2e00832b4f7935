//! HTML tables: what many schools' systems export under the name `.xls`.

mod charset;
mod layout;
mod tokens;
mod words;

use crate::draft::{Draft, Totals};
use crate::error::ReadError;
use crate::limits;
use crate::sheet::Sheet;
use crate::text;
use layout::Layout;
use tokens::Token;

/// Reads the tables that have any text, in the order in which they begin. A table inside another one is a sheet of its
/// own and no text of the cell around it.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, ReadError> {
    let text = text::decode(bytes, charset::declared(bytes))?;
    let mut page = Page::default();
    for token in tokens::of(&text) {
        match token {
            Token::Start { name, rowspan, colspan } => page.handle_start(&name, rowspan, colspan)?,
            Token::End { name } => page.handle_end(&name),
            Token::Text(text) => page.handle_text(&text),
        }
        if page.stored() > limits::CELLS {
            return Err(ReadError::TooManyCells);
        }
    }
    page.finish()
}

/// The page as far as it is read.
#[derive(Default)]
struct Page {
    /// Tables that have begun, the innermost last.
    open: Vec<Layout>,
    /// Tables that have ended and have text.
    closed: Vec<Layout>,
    closed_cells: usize,
    began: usize,
    /// The element whose text is not shown and that has not ended.
    unseen: Option<Vec<u8>>,
}

impl Page {
    fn handle_start(&mut self, name: &[u8], rowspan: Option<usize>, colspan: Option<usize>) -> Result<(), ReadError> {
        if matches!(name, b"script" | b"style" | b"title" | b"template") {
            self.unseen = Some(name.to_vec());
        }
        if name == b"table" {
            if self.open.len() == limits::NESTED_TABLES {
                return Err(ReadError::TablesNestedTooDeep);
            }
            self.open.push(Layout::new(self.began));
            self.began += 1;
            return Ok(());
        }
        let Some(table) = self.open.last_mut() else { return Ok(()) };
        match name {
            b"tr" => table.begin_row(),
            b"td" | b"th" => table.begin_cell(rowspan.unwrap_or(1), colspan.unwrap_or(1)),
            b"br" => table.words().break_line(),
            b"p" | b"div" | b"li" | b"h1" | b"h2" | b"h3" => table.words().break_paragraph(),
            _ => (),
        }
        Ok(())
    }

    fn handle_end(&mut self, name: &[u8]) {
        if self.unseen.as_deref() == Some(name) {
            self.unseen = None;
        }
        let Some(table) = self.open.last_mut() else { return };
        match name {
            b"table" => self.close(),
            b"tr" => table.end_row(),
            b"td" | b"th" => table.end_cell(),
            b"p" | b"div" | b"li" | b"h1" | b"h2" | b"h3" => table.words().break_paragraph(),
            _ => (),
        }
    }

    fn handle_text(&mut self, text: &[u8]) {
        if let (Some(table), None) = (self.open.last_mut(), &self.unseen) {
            table.words().push(text);
        }
    }

    /// Ends the innermost table.
    fn close(&mut self) {
        if let Some(mut table) = self.open.pop() {
            table.end_row();
            if table.has_text() {
                self.closed_cells += table.stored();
                self.closed.push(table);
            }
        }
    }

    /// How many cells are stored.
    fn stored(&self) -> usize {
        self.closed_cells + self.open.iter().map(Layout::stored).sum::<usize>()
    }

    fn finish(mut self) -> Result<Vec<Sheet>, ReadError> {
        while !self.open.is_empty() {
            self.close();
        }
        match self.closed.len() {
            0 => return Err(ReadError::NoSheet),
            sheets if sheets > limits::SHEETS => return Err(ReadError::TooManySheets { sheets }),
            _ => (),
        }
        self.closed.sort_by_key(Layout::order);
        let mut totals = Totals::default();
        let mut sheets = Vec::new();
        for (at, table) in self.closed.into_iter().enumerate() {
            let mut draft = Draft::new(&mut totals, &format!("表{}", at + 1), false);
            table.lay_into(&mut draft)?;
            sheets.push(draft.finish()?);
        }
        Ok(sheets)
    }
}

#[cfg(test)]
mod tests;
