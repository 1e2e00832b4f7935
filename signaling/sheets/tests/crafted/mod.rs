//! Workbooks put together by hand, whose parts may be anything. Also used by the fuzz target.
#![allow(clippy::expect_used, reason = "test code outside test functions")]

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const ROOT: &str =
    "<Relationships><Relationship Id='r' Type='R/officeDocument' Target='xl/workbook.xml'/></Relationships>";
const LIST: &str = "<Relationships>\
    <Relationship Id='s1' Type='R/worksheet' Target='worksheets/sheet1.xml'/>\
    <Relationship Id='s2' Type='R/styles' Target='styles.xml'/>\
    <Relationship Id='s3' Type='R/sharedStrings' Target='/xl/sharedStrings.xml'/></Relationships>";
/// Style 1 is a day, 2 a time, 3 both, 4 three digits.
const STYLES: &str = "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='000'/></numFmts>\
    <cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='20'/><xf numFmtId='22'/>\
    <xf numFmtId='170'/></cellXfs></styleSheet>";
const BOOK: &str = "<workbook><sheets><sheet name='三年级' sheetId='1' r:id='s1'/></sheets></workbook>";

/// The parts of a workbook by name. Each is what a sound workbook has unless set.
pub struct Parts(Vec<(&'static str, Vec<u8>)>);

impl Parts {
    /// A workbook whose one sheet 三年级 has these cells in its `sheetData`.
    pub fn with_cells(cells: &str) -> Self {
        Self::default()
            .set("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"))
    }

    /// Replaces or adds a part.
    pub fn set(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, content.into()));
        self
    }

    /// The workbook's bytes.
    pub fn zip(&self) -> Vec<u8> {
        let entries: Vec<(&str, &[u8])> = self.0.iter().map(|(name, content)| (*name, content.as_slice())).collect();
        zip_of(&entries)
    }
}

/// A zip of these entries, compressed.
pub fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        zip.start_file(*name, options).expect("a new entry");
        zip.write_all(content).expect("memory to write to");
    }
    zip.finish().expect("a zip").into_inner()
}

impl Default for Parts {
    fn default() -> Self {
        let related = |xml: &str| xml.replace("R/", &format!("{RELATION}/")).into_bytes();
        Self(vec![
            ("_rels/.rels", related(ROOT)),
            ("xl/workbook.xml", BOOK.into()),
            ("xl/_rels/workbook.xml.rels", related(LIST)),
            ("xl/styles.xml", STYLES.into()),
            ("xl/sharedStrings.xml", "<sst><si><t>语文</t></si><si><t>数学</t></si></sst>".into()),
            ("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>".into()),
        ])
    }
}
