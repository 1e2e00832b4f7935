//! Files as they are uploaded, read into sheets.

use sheets::{ReadError, Sheet};

/// A file of an import.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name, by which problems tell it from the others. What a file is, its content decides.
    pub name: String,
    /// Its sheets, or why it cannot be read.
    pub sheets: Result<Vec<Sheet>, ReadError>,
}

impl Upload {
    /// Reads a spreadsheet.
    pub fn read(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), sheets: sheets::read(bytes, name) }
    }
}
