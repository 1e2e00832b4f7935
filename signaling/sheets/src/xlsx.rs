//! Workbooks of Excel 2007 and later (ECMA-376, SpreadsheetML): a zip of XML parts.

pub(crate) mod address;
mod book;
mod cells;
mod formats;
mod number;
mod package;
mod strings;
mod xml;

use crate::draft::{Draft, Totals};
use crate::error::{FileKind, ReadError};
use crate::limits;
use crate::sheet::Sheet;
use book::Book;
use package::Package;

/// Reads the worksheets of a workbook in their order.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, ReadError> {
    let mut package = Package::open(bytes)?;
    if let Some(kind) = other_kind(&package) {
        return Err(ReadError::Unsupported { kind });
    }
    let book = Book::read(&mut package)?;
    let mut totals = Totals::default();
    let mut sheets = Vec::new();
    for entry in &book.sheets {
        let Some(part) = package.read(&entry.part, limits::UNPACKED_BYTES)? else {
            return Err(xml::damaged(&entry.part, "it is missing"));
        };
        let mut draft = Draft::new(&mut totals, &entry.name, entry.hidden);
        cells::read(&entry.part, &part, &book, &mut draft)?;
        sheets.push(draft.finish()?);
    }
    Ok(sheets)
}

/// What the zip is if it is no workbook.
fn other_kind(package: &Package<'_>) -> Option<FileKind> {
    if package.has("xl/workbook.bin") {
        Some(FileKind::BinaryExcel)
    } else if package.has("word/document.xml") {
        Some(FileKind::Document)
    } else if package.has("ppt/presentation.xml") {
        Some(FileKind::Slides)
    } else if package.has("mimetype") && package.has("content.xml") {
        Some(FileKind::OpenDocument)
    } else if package.has("_rels/.rels") || package.has(book::USUAL_PART) {
        None
    } else {
        Some(FileKind::Archive)
    }
}
