//! Files that mean harm: each is refused in little time and memory, with an error that says why.
#![allow(clippy::expect_used, reason = "test code outside test functions")]

mod crafted;

use crafted::Parts;
use sheets::{ReadError, limits, read};

fn error(parts: &Parts) -> ReadError {
    read(&parts.zip(), "课表.xlsx").expect_err("a refusal")
}

fn is_damaged(result: Result<Vec<sheets::Sheet>, ReadError>) -> bool {
    matches!(result, Err(ReadError::Damaged { .. }))
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let bytes = vec![b'a'; limits::FILE_BYTES + 1];
    assert_eq!(read(&bytes, ""), Err(ReadError::FileTooLarge { bytes: bytes.len() }));
    assert_eq!(read(b"", ""), Err(ReadError::Empty));
}

#[test]
fn a_zip_bomb_is_stopped_while_it_unpacks() {
    let zeros = vec![b' '; 200 << 20];
    let part = "xl/worksheets/sheet1.xml";
    let bytes = Parts::default().set(part, zeros.as_slice()).zip();
    assert!(bytes.len() < 1 << 20);
    assert_eq!(read(&bytes, ""), Err(ReadError::UnpacksTooLarge { part: part.to_owned() }));
    // In a part that is not read it harms nobody.
    assert!(read(&Parts::default().set("xl/media/image1.png", zeros).zip(), "").is_ok());
}

#[test]
fn parts_together_may_not_unpack_to_more_than_one_may() {
    let blanks = " ".repeat(limits::UNPACKED_BYTES / 2 + 1);
    let sheet = format!("<worksheet><sheetData/>{blanks}</worksheet>");
    let parts =
        Parts::default().set("xl/worksheets/sheet1.xml", sheet).set("xl/styles.xml", format!("<a>{blanks}</a>"));
    assert_eq!(error(&parts), ReadError::UnpacksTooLarge { part: "xl/worksheets/sheet1.xml".to_owned() });
}

#[test]
fn sizes_that_a_zip_states_are_not_believed() {
    let blanks = vec![b' '; limits::UNPACKED_BYTES + 1];
    let sound = Parts::with_cells("<row><c><v>1</v></c></row>");
    for parts in [Parts::default().set("xl/worksheets/sheet1.xml", blanks), sound] {
        let honest = read(&parts.zip(), "");
        for stated in [0, 1, u32::MAX - 1] {
            let mut bytes = parts.zip();
            // The size is 22 bytes into a local header and 24 bytes into an entry of the directory.
            for (signature, at) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
                let headers: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(signature)).collect();
                for header in headers {
                    bytes[header + at..header + at + 4].copy_from_slice(&u32::to_le_bytes(stated));
                }
            }
            let lying = read(&bytes, "");
            assert!(lying == honest || is_damaged(lying), "{stated}");
        }
    }
}

#[test]
fn a_zip_of_very_many_entries_is_refused_unopened() {
    let names: Vec<String> = (0..=limits::ZIP_ENTRIES).map(|at| at.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert_eq!(read(&crafted::zip_of(&entries), ""), Err(ReadError::TooManyEntries));
}

#[test]
fn two_cells_in_opposite_corners_do_not_fill_the_memory() {
    let cells = "<row><c r='A1'><v>1</v></c></row><row><c r='XFD1048576'><v>2</v></c></row>";
    let sheet = "三年级".to_owned();
    assert_eq!(error(&Parts::with_cells(cells)), ReadError::TooManyColumns { sheet, columns: 16_384 });
    let blank = "<row><c r='A1'><v>1</v></c></row><row><c r='XFD1048576'/></row>";
    assert_eq!(read(&Parts::with_cells(blank).zip(), "").unwrap()[0].rows.len(), 1);
}

#[test]
fn a_sheet_that_is_too_wide_or_too_long_is_named() {
    let wide = format!("<row>{}</row>", "<c><v>1</v></c>".repeat(10_000));
    let wide = error(&Parts::with_cells(&wide));
    assert_eq!(wide, ReadError::TooManyColumns { sheet: "三年级".to_owned(), columns: 10_000 });
    assert!(wide.zh().starts_with("工作表“三年级”有 10000 列") && wide.zh().contains("最多 256 列"));
    let long = "<row><c><v>1</v></c></row>".repeat(20_001);
    let long = error(&Parts::with_cells(&long));
    assert_eq!(long, ReadError::TooManyRows { sheet: "三年级".to_owned(), rows: 20_001 });
}

#[test]
fn merged_ranges_are_bounded() {
    let with = |cells: &str, merges: &str| {
        let sheet = format!("<worksheet><sheetData>{cells}</sheetData><mergeCells>{merges}</mergeCells></worksheet>");
        Parts::default().set("xl/worksheets/sheet1.xml", sheet)
    };
    let title = "<row><c t='s'><v>0</v></c></row>";
    let whole = "<mergeCell ref='A1:XFD1048576'/>";
    let range = "A1:XFD1048576".to_owned();
    assert_eq!(error(&with(title, whole)), ReadError::MergeTooLarge { sheet: "三年级".to_owned(), range });
    assert!(read(&with("", &whole.repeat(1_000)).zip(), "").is_ok());
    let too_many = ReadError::TooManyMerges { sheet: "三年级".to_owned() };
    assert_eq!(error(&with(title, &"<mergeCell ref='A1:IV200'/>".repeat(10))), too_many);
    assert_eq!(error(&with(title, &"<mergeCell ref='A1:A2'/>".repeat(limits::MERGES + 1))), too_many);
    for merge in ["<mergeCell/>", "<mergeCell ref='A'/>", "<mergeCell ref='XFE1:XFE2'/>"] {
        assert!(is_damaged(read(&with(title, merge).zip(), "")), "{merge}");
    }
}

#[test]
fn one_shared_string_in_every_cell_does_not_fill_the_memory() {
    let strings =
        format!("<sst count='1' uniqueCount='99999999999999999'><si><t>{}</t></si></sst>", "字".repeat(2_000));
    let row = format!("<row>{}</row>", "<c t='s'><v>0</v></c>".repeat(25));
    let parts = Parts::with_cells(&row.repeat(20_000)).set("xl/sharedStrings.xml", strings);
    assert_eq!(error(&parts), ReadError::TooMuchText);
    let missing = Parts::with_cells("<row><c t='s'><v>2</v></c></row>");
    assert!(is_damaged(read(&missing.zip(), "")));
}

#[test]
fn entities_are_not_expanded() {
    let mut bomb = "<!DOCTYPE w [<!ENTITY e0 '哈哈哈哈哈哈哈哈哈哈'>".to_owned();
    for level in 1..30 {
        bomb += &format!("<!ENTITY e{level} '{}'>", format!("&e{};", level - 1).repeat(10));
    }
    bomb += "]><worksheet><sheetData><row><c t='str'><v>&e29;</v></c></row></sheetData></worksheet>";
    assert!(is_damaged(read(&Parts::default().set("xl/worksheets/sheet1.xml", bomb).zip(), "")));
}

#[test]
fn an_element_with_very_many_attributes_or_ancestors_takes_no_longer() {
    let attributes: String = (0..1_000_000).map(|at| format!(" a{at}=''")).collect();
    let many = Parts::with_cells(&format!("<row><c{attributes} r='B2'><v>1</v></c></row>"));
    assert_eq!(read(&many.zip(), "").unwrap()[0].cell(1, 1), "1");
    let deep = "<a>".repeat(5_000_000);
    assert!(read(&Parts::with_cells(&deep).zip(), "").is_err());
}

#[test]
fn more_sheets_than_are_read_are_counted() {
    let sheets = "<sheet name='x' r:id='s1'/>".repeat(limits::SHEETS + 1);
    let book = format!("<workbook><sheets>{sheets}</sheets></workbook>");
    let sheets = limits::SHEETS + 1;
    assert_eq!(error(&Parts::default().set("xl/workbook.xml", book)), ReadError::TooManySheets { sheets });
    assert_eq!(error(&Parts::default().set("xl/workbook.xml", "<workbook/>")), ReadError::NoSheet);
}

#[test]
fn a_workbook_cut_off_anywhere_is_refused() {
    let bytes = Parts::with_cells("<row><c r='A1'><v>1</v></c></row>").zip();
    for len in 4..bytes.len() {
        assert!(is_damaged(read(&bytes[..len], "课表.xlsx")), "{len}");
    }
}

#[test]
fn a_part_that_is_broken_or_missing_is_named() {
    let sheet = "xl/worksheets/sheet1.xml";
    let broken: [&[u8]; 7] = [
        b"<worksheet><sheetData><row><c",
        b"<worksheet><sheetData><row><c r='A1'><v>1",
        b"<worksheet></sheetData>",
        b"<worksheet><sheetData><row><c r='1A'/></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row r='x'/></sheetData></worksheet>",
        b"\xFF\xFE<\0w\0>\0",
        b"<worksheet>&#xFFFFFFFF;</worksheet>",
    ];
    for content in broken {
        match error(&Parts::default().set(sheet, content)) {
            ReadError::Damaged { part, .. } => assert_eq!(part, sheet),
            other => panic!("{other}"),
        }
    }
    let unlisted = Parts::default().set("xl/_rels/workbook.xml.rels", "<Relationships/>");
    assert!(is_damaged(read(&unlisted.zip(), "")));
}
