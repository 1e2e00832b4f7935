//! A worksheet: its cells in the order of the file, each put into the draft at once, and its merged ranges.

use super::book::Book;
use super::formats::NumberFormat;
use super::xml::{Element, Node, Xml};
use super::{address, number, strings};
use crate::draft::Draft;
use crate::error::ReadError;

/// Reads the worksheet in `part` into `draft`.
pub(super) fn read(part: &str, xml: &str, book: &Book, draft: &mut Draft<'_>) -> Result<(), ReadError> {
    let mut xml = Xml::new(part, xml);
    loop {
        match xml.next()? {
            Node::Open(element) if element.is("sheetData") => read_rows(&mut xml, book, draft)?,
            Node::Open(element) if element.is("mergeCell") => {
                let range = element.attribute("ref").and_then(|range| address::parse_range(&range));
                draft.merge(range.ok_or_else(|| xml.fault("it merges no range"))?)?;
            }
            Node::End => return Ok(()),
            _ => (),
        }
    }
}

/// Reads the rows of the `sheetData` that has just begun.
fn read_rows(xml: &mut Xml<'_>, book: &Book, draft: &mut Draft<'_>) -> Result<(), ReadError> {
    // Where the next row and cell are if they do not say so.
    let (mut next_row, mut row, mut next_col) = (0, 0, 0);
    let mut open = 1usize;
    while open > 0 {
        match xml.next()? {
            Node::Open(element) if element.is("row") => {
                row = match element.attribute("r") {
                    Some(number) => row_of(xml, &number)?,
                    None => next_row,
                };
                (next_row, next_col) = (row + 1, 0);
                open += 1;
            }
            Node::Open(element) if element.is("c") => {
                let (row, col) = match element.attribute("r") {
                    Some(at) => address::parse(&at).ok_or_else(|| xml.fault("it has a cell at no address"))?,
                    None => (row, next_col),
                };
                next_col = col + 1;
                let text = cell(xml, &element, book)?;
                draft.put(row, col, &text)?;
            }
            Node::Open(_) => xml.skip()?,
            Node::Text(_) => (),
            Node::Close => open -= 1,
            Node::End => return Err(xml.cut_off()),
        }
    }
    Ok(())
}

fn row_of(xml: &Xml<'_>, number: &str) -> Result<usize, ReadError> {
    let number: u32 = number.parse().map_err(|_| xml.fault("it has a row without number"))?;
    Ok((number as usize).saturating_sub(1))
}

/// The text of the cell that has just begun: of its value, never of its formula.
fn cell(xml: &mut Xml<'_>, element: &Element<'_>, book: &Book) -> Result<String, ReadError> {
    let mut value = String::new();
    let mut inline = None;
    loop {
        match xml.next()? {
            Node::Open(element) if element.is("v") => value = xml.text()?,
            Node::Open(element) if element.is("is") => inline = Some(strings::item(xml)?),
            Node::Open(_) => xml.skip()?,
            Node::Text(_) => (),
            Node::Close => break,
            Node::End => return Err(xml.cut_off()),
        }
    }
    let kind = element.attribute("t").unwrap_or_default();
    Ok(match kind.as_str() {
        "inlineStr" => inline.unwrap_or_default(),
        "s" if value.trim().is_empty() => String::new(),
        "s" => {
            let string = value.trim().parse().ok().and_then(|at: usize| book.strings.get(at));
            string.ok_or_else(|| xml.fault("it refers to a string that is missing"))?.clone()
        }
        "str" => strings::unescape(&value),
        "b" => match value.trim() {
            "1" | "true" => "TRUE".to_owned(),
            "0" | "false" => "FALSE".to_owned(),
            other => other.to_owned(),
        },
        "d" => number::iso(value.trim()),
        // Errors are text already: #N/A.
        "e" => value,
        _ => shown(value, element, book),
    })
}

/// A number as its style shows it; as it stands if it is none.
fn shown(value: String, element: &Element<'_>, book: &Book) -> String {
    match value.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => {
            let style = element.attribute("s").and_then(|style| style.parse::<usize>().ok()).unwrap_or(0);
            let format = book.formats.get(style).copied().unwrap_or(NumberFormat::Plain);
            number::text(number, format, book.from_1904)
        }
        _ => value,
    }
}
