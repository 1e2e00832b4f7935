//! What a file is, told by its first bytes and never by its name: schools' systems give HTML the name `.xls`.

use crate::error::{FileKind, ReadError};

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A zip: a workbook, unless it turns out to hold something else.
    Zip,
    /// A page with tables.
    Html,
    /// Delimited text.
    Text,
}

/// The first bytes of files that are not read.
const REFUSED: [(&[u8], FileKind); 19] = [
    (b"%PDF", FileKind::Pdf),
    (b"\x89PNG", FileKind::Picture),
    (b"\xFF\xD8\xFF", FileKind::Picture),
    (b"GIF8", FileKind::Picture),
    (b"BM", FileKind::Picture),
    (b"RIFF", FileKind::Picture),
    (b"II*\0", FileKind::Picture),
    (b"MM\0*", FileKind::Picture),
    (b"{\\rtf", FileKind::Document),
    (b"Rar!", FileKind::Archive),
    (b"7z\xBC\xAF", FileKind::Archive),
    (b"\x1F\x8B", FileKind::Archive),
    // Workbooks of Excel 2 to 5, which are not wrapped.
    (b"\x09\x00\x04\x00", FileKind::OldExcel),
    (b"\x09\x00\x06\x00", FileKind::OldExcel),
    (b"\x09\x02\x06\x00", FileKind::OldExcel),
    (b"\x09\x04\x06\x00", FileKind::OldExcel),
    (b"\x09\x08\x08\x00", FileKind::OldExcel),
    (b"\x09\x08\x10\x00", FileKind::OldExcel),
    (b"MIME-Version:", FileKind::ExcelMarkup),
];

/// The container of old Office files (MS-CFB 2.2).
const COMPOUND_FILE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// How far into a text the first tags are looked for.
const HEAD_BYTES: usize = 4096;

/// Tells what a file is; `file_name` only tells a WPS workbook from an Excel one, which have the same content.
pub(crate) fn tell(bytes: &[u8], file_name: &str) -> Result<Content, ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Content::Zip);
    }
    if bytes.starts_with(COMPOUND_FILE) {
        return Err(compound(bytes, file_name));
    }
    // HEIC and its relatives: the type comes after the length.
    let refused = REFUSED.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind);
    let refused = refused.or((bytes.get(4..8) == Some(b"ftyp".as_slice())).then_some(FileKind::Picture));
    match refused {
        // Text may begin like a bitmap; a bitmap has zeros in its header.
        Some(FileKind::Picture) if bytes.starts_with(b"BM") && bytes.get(6..10) != Some(&[0; 4]) => (),
        Some(kind) => return Err(ReadError::Unsupported { kind }),
        None => (),
    }
    markup(bytes)
}

/// The file's name without its directory and extension.
pub(crate) fn stem(file_name: &str) -> &str {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Tells a page and other markup from delimited text.
fn markup(bytes: &[u8]) -> Result<Content, ReadError> {
    // Zeros are dropped so that UTF-16 reads the same as far as ASCII goes.
    let head: Vec<u8> = bytes.iter().take(HEAD_BYTES).filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect();
    let head = head.strip_prefix(b"\xEF\xBB\xBF").or(head.strip_prefix(b"\xFF\xFE")).unwrap_or(&head);
    let head = head.strip_prefix(b"\xFE\xFF").unwrap_or(head).trim_ascii_start();
    let contains = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    if !head.starts_with(b"<") {
        return Ok(Content::Text);
    }
    if contains(b"urn:schemas-microsoft-com:office:spreadsheet") && contains(b"<workbook") {
        return Err(ReadError::Unsupported { kind: FileKind::ExcelMarkup });
    }
    let tags: [&[u8]; 9] =
        [b"<!--", b"<html", b"<table", b"<!doctype html", b"<head", b"<meta", b"<body", b"<div", b"<style"];
    if tags.iter().any(|tag| contains(tag)) {
        return Ok(Content::Html);
    }
    if head.starts_with(b"<?xml") {
        return Err(ReadError::Unsupported { kind: FileKind::Unknown });
    }
    Ok(Content::Text)
}

/// What is in a compound file, by the names in its directory. An entry has 128 bytes and sectors are multiples of that,
/// so the names can be found without following the chains of sectors (MS-CFB 2.6.1).
fn compound(bytes: &[u8], file_name: &str) -> ReadError {
    let has = |name: &str| {
        let mut wanted = [0; 66];
        for (at, unit) in name.encode_utf16().chain([0]).enumerate() {
            wanted[at * 2..at * 2 + 2].copy_from_slice(&unit.to_le_bytes());
        }
        // The last two bytes are the name's length in bytes, its ending zero included.
        wanted[64] = ((name.len() + 1) * 2) as u8;
        bytes.chunks_exact(128).any(|entry| entry.starts_with(&wanted))
    };
    if has("EncryptedPackage") {
        return ReadError::Encrypted;
    }
    let kind = if has("Workbook") || has("Book") {
        let is_wps = file_name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("et"));
        if is_wps { FileKind::WpsSheet } else { FileKind::OldExcel }
    } else if has("WordDocument") {
        FileKind::Document
    } else if has("PowerPoint Document") {
        FileKind::Slides
    } else {
        FileKind::Unknown
    };
    ReadError::Unsupported { kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compound_with(name: &str) -> Vec<u8> {
        let mut file = COMPOUND_FILE.to_vec();
        file.resize(1024, 0);
        let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
        let mut entry: Vec<u8> = name.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        entry.resize(128, 0);
        entry[64] = (name.len() * 2) as u8;
        entry[66] = 2;
        file.extend(entry);
        file
    }

    #[test]
    fn a_file_is_known_by_its_content() {
        let rows: [(&[u8], Content); 7] = [
            (b"PK\x03\x04", Content::Zip),
            (b"\xEF\xBB\xBF \r\n<HTML xmlns:x=\"urn:schemas-microsoft-com:office:excel\">", Content::Html),
            (b"<?xml version=\"1.0\"?><!DOCTYPE html>", Content::Html),
            (b"\xFF\xFE<\0t\0a\0b\0l\0e\0>\0", Content::Html),
            (b"a,b", Content::Text),
            (b"<18,b", Content::Text),
            (b"BMI,18.5,male", Content::Text),
        ];
        for (bytes, content) in rows {
            assert_eq!(tell(bytes, "课表.pdf"), Ok(content));
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        let workbook_xml = b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">";
        let rows: [(&[u8], &str, FileKind); 14] = [
            (b"%PDF-1.7", "课表.xlsx", FileKind::Pdf),
            (b"\x89PNG\r\n", "课表.xlsx", FileKind::Picture),
            (b"\xFF\xD8\xFF\xE0", "a.jpg", FileKind::Picture),
            (b"BM\x36\x10\x0E\0\0\0\0\0\x36", "a.bmp", FileKind::Picture),
            (b"\0\0\0\x18ftypheic", "a.heic", FileKind::Picture),
            (b"Rar!\x1A", "a.rar", FileKind::Archive),
            (b"{\\rtf1", "a.xls", FileKind::Document),
            (b"\x09\x08\x10\x00\x00\x06\x05\x00", "a.xls", FileKind::OldExcel),
            (workbook_xml, "a.xls", FileKind::ExcelMarkup),
            (b"MIME-Version: 1.0\r\n", "a.xls", FileKind::ExcelMarkup),
            (&compound_with("Workbook"), "a.xlsx", FileKind::OldExcel),
            (&compound_with("Workbook"), "a.ET", FileKind::WpsSheet),
            (&compound_with("WordDocument"), "a.xls", FileKind::Document),
            (&compound_with("WorkbookX"), "a.xls", FileKind::Unknown),
        ];
        for (bytes, name, kind) in rows {
            assert_eq!(tell(bytes, name), Err(ReadError::Unsupported { kind }), "{name}");
        }
        assert_eq!(tell(&compound_with("EncryptedPackage"), "a.xlsx"), Err(ReadError::Encrypted));
        assert_eq!(tell(b"", "a.xlsx"), Err(ReadError::Empty));
    }

    #[test]
    fn the_stem_of_a_name_is_without_directory_and_extension() {
        let rows = [("三年级.csv", "三年级"), ("C:\\桌面\\课表.v2.xls", "课表.v2"), ("/tmp/名单", "名单"), ("", "")];
        for (name, expected) in rows {
            assert_eq!(stem(name), expected);
        }
    }
}
