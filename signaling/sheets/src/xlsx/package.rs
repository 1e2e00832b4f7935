//! The zip around a workbook: its parts by name, unpacked one at a time under a limit that does not believe any size
//! which the zip states.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::xml::damaged;
use crate::error::ReadError;
use crate::limits;

/// An open zip.
pub(super) struct Package<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Where an entry is by its name as [`plain`] has it.
    entries: HashMap<String, usize>,
    /// Bytes that may still be unpacked.
    left: usize,
}

/// What begins the description of an entry (APPNOTE 4.3.12).
const ENTRY_SIGNATURE: &[u8] = b"PK\x01\x02";

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ReadError> {
        // Counted before the zip is opened, because opening makes a description of every entry.
        let entries = bytes.windows(ENTRY_SIGNATURE.len()).filter(|window| *window == ENTRY_SIGNATURE).count();
        if entries > limits::ZIP_ENTRIES {
            return Err(ReadError::TooManyEntries);
        }
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| fault("zip", &error))?;
        let entries = zip.file_names_raw().enumerate().map(|(at, name)| (plain(&String::from_utf8_lossy(name)), at));
        Ok(Self { entries: entries.collect(), zip, left: limits::UNPACKED_BYTES })
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.entries.contains_key(&plain(part))
    }

    /// Unpacks a part if there is one of this name, at most `limit` bytes of it.
    pub(super) fn read(&mut self, part: &str, limit: usize) -> Result<Option<String>, ReadError> {
        let Some(at) = self.entries.get(&plain(part)) else { return Ok(None) };
        let entry = self.zip.by_index(*at).map_err(|error| fault(part, &error))?;
        let limit = limit.min(self.left);
        let mut bytes = Vec::new();
        entry.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| damaged(part, &error.to_string()))?;
        if bytes.len() > limit {
            return Err(ReadError::UnpacksTooLarge { part: part.to_owned() });
        }
        self.left -= bytes.len();
        String::from_utf8(bytes).map(Some).map_err(|_| damaged(part, "it is not UTF-8"))
    }
}

/// A name without what some writers do differently: case, backslashes, a slash in front.
fn plain(name: &str) -> String {
    name.trim_start_matches(['/', '\\']).replace('\\', "/").to_ascii_lowercase()
}

fn fault(part: &str, error: &ZipError) -> ReadError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ReadError::Encrypted,
        error => damaged(part, &error.to_string()),
    }
}
