//! Any bytes as an uploaded file, and as one part of a workbook that is sound otherwise. What is read keeps to the
//! limits and is the same after it is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheets::{Sheet, Table, Value, limits, read, write};

#[path = "../../../signaling/sheets/tests/crafted/mod.rs"]
mod crafted;

/// Sheets with more cells are not written again, because that would take most of the time.
const CELLS_WRITTEN: usize = 64;

fuzz_target!(|input: &[u8]| {
    check(input);
    // A checksum that is right is not found by chance, so every part gets it.
    if let Some((kind, content)) = input.split_first() {
        let sound = crafted::Parts::with_cells(
            "<row><c s='1' t='s'><v>0</v></c><c s='2'><v>0.5</v></c></row>\
             <row r='9'><c r='C9' s='3'><v>46305.5</v></c></row>",
        );
        let part = match kind % 8 {
            0..=2 => "xl/worksheets/sheet1.xml",
            3..=4 => "xl/sharedStrings.xml",
            5 => "xl/styles.xml",
            6 => "xl/workbook.xml",
            _ => "xl/_rels/workbook.xml.rels",
        };
        check(&sound.set(part, content).zip());
    }
});

fn check(file: &[u8]) {
    let sheets = match read(file, "名单.xls") {
        Ok(sheets) => sheets,
        Err(error) => return assert!(error.zh().ends_with('。') && !error.to_string().is_empty()),
    };
    assert!(sheets.len() <= limits::SHEETS);
    for sheet in &sheets {
        assert!(sheet.rows.len() <= limits::ROWS && sheet.columns() <= limits::COLUMNS);
        for (row, cells) in sheet.rows.iter().enumerate() {
            for (col, cell) in cells.iter().enumerate() {
                assert!(cell.text.chars().count() <= limits::CELL_CHARS && cell.text == cell.text.trim());
                check_merge(sheet, row, col);
            }
        }
        if sheet.rows.iter().map(Vec::len).sum::<usize>() <= CELLS_WRITTEN && sheet.rows.len() <= CELLS_WRITTEN {
            check_round_trip(sheet);
        }
    }
}

fn check_merge(sheet: &Sheet, row: usize, col: usize) {
    let Some(merge) = sheet.merge(row, col) else { return };
    assert!((merge.first_row..=merge.last_row).contains(&row) && (merge.first_col..=merge.last_col).contains(&col));
    // Where ranges overlap the first one has the cell.
    if sheet.merge(merge.first_row, merge.first_col) == Some(merge) {
        assert_eq!(sheet.cell(row, col), sheet.cell(merge.first_row, merge.first_col));
    }
}

fn check_round_trip(sheet: &Sheet) {
    let rows = sheet.rows.iter().map(|row| row.iter().map(|cell| Value::Text(cell.text.clone())).collect()).collect();
    let bytes = write(&[Table { name: sheet.name.clone(), rows, ..Table::default() }]).expect("a workbook");
    let again = &read(&bytes, "").expect("what was written")[0];
    for (row, cells) in sheet.rows.iter().enumerate() {
        for (col, cell) in cells.iter().enumerate() {
            assert_eq!(again.cell(row, col), cell.text, "row {row}, column {col}");
        }
    }
}
