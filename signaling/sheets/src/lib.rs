//! Spreadsheets as bytes: read into cells of text, and written. Pure.
//!
//! [`read`] takes whatever a school uploads, tells what it is by its content and not by its name, and gives back one
//! [`Sheet`] per worksheet or table. The file is untrusted: every size in it is checked against [`limits`] before
//! memory is spent on it, sizes that it states about itself are not believed, and no formula is evaluated.
//!
//! The workbook is read here with `zip` and `quick-xml` and not with calamine. That crate (0.38) reserves room for as
//! many shared strings as the file says it has, and lays a sheet out as one block up to its farthest cell: a file of a
//! thousand bytes ends the process. In the old binary `.xls` it also follows chains of sectors round in circles, so
//! such a file is told apart and refused with advice to save it as `.xlsx`.
//!
//! [`write()`] makes a workbook whose bytes depend on nothing but its arguments.

mod delimited;
mod draft;
mod error;
mod html;
mod kind;
pub mod limits;
mod sheet;
mod text;
mod write;
mod xlsx;

pub use error::{FileKind, ReadError};
pub use sheet::{Cell, Merge, Sheet};
pub use write::{Table, Value, WriteError, write};

use kind::Content;

/// Reads the sheets of an uploaded file. `file_name` only helps to name things: it decides nothing.
///
/// A workbook gives its worksheets in their order, hidden ones included; an HTML page gives one sheet per table that
/// has any text; delimited text gives one sheet named after the file. Blank cells and rows at the end are left out.
///
/// # Errors
///
/// Every fault of the file has its variant of [`ReadError`], whose [`zh`](ReadError::zh) tells the person who uploaded
/// the file what to do. No bytes make it panic, and [`limits`] bounds what any take.
pub fn read(bytes: &[u8], file_name: &str) -> Result<Vec<Sheet>, ReadError> {
    if bytes.len() > limits::FILE_BYTES {
        return Err(ReadError::FileTooLarge { bytes: bytes.len() });
    }
    let stem = kind::stem(file_name);
    match kind::tell(bytes, file_name)? {
        Content::Zip => xlsx::read(bytes),
        Content::Html => html::read(bytes),
        Content::Text => Ok(vec![delimited::read(&text::decode(bytes, None)?, stem)?]),
    }
}
