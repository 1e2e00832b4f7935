//! Workbooks as Excel, WPS and other programs write them.
#![allow(clippy::unwrap_used, reason = "test code outside test functions")]

mod crafted;

use crafted::Parts;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use sheets::{FileKind, Merge, ReadError, Sheet, read};

fn texts(sheet: &Sheet) -> Vec<Vec<&str>> {
    sheet.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect()).collect()
}

fn one(bytes: &[u8]) -> Sheet {
    let mut sheets = read(bytes, "课表.xlsx").unwrap();
    assert_eq!(sheets.len(), 1);
    sheets.remove(0)
}

#[test]
fn a_workbook_reads_as_a_person_sees_it() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("三年级").unwrap();
    let format = |code: &str| Format::new().set_num_format(code);
    let moment = ExcelDateTime::from_ymd(2026, 10, 10).unwrap().and_hms(8, 0, 0).unwrap();
    sheet.write_string(0, 0, "\u{3000}语文 ").unwrap();
    sheet.write_number(0, 1, 3.0).unwrap();
    sheet.write_number(0, 2, 0.5).unwrap();
    sheet.write_boolean(0, 3, true).unwrap();
    sheet.write_datetime_with_format(1, 0, &moment, &format("yyyy\"年\"m\"月\"d\"日\"")).unwrap();
    sheet.write_datetime_with_format(1, 1, &moment, &format("h:mm")).unwrap();
    sheet.write_datetime_with_format(1, 2, &moment, &format("yyyy/m/d h:mm")).unwrap();
    sheet.write_number_with_format(1, 3, 7, &format("000")).unwrap();
    sheet.write_formula(2, 0, Formula::new("=1+1").set_result("2")).unwrap();
    sheet.write_formula(2, 1, Formula::new("=A1&\"课\"").set_result("语文课")).unwrap();
    sheet.write_formula(2, 2, Formula::new("=NA()").set_result("#N/A")).unwrap();
    sheet.write_rich_string(2, 3, &[(&Format::new().set_bold(), "张"), (&Format::default(), "三\n301")]).unwrap();
    sheet.merge_range(4, 1, 5, 2, "升旗", &Format::new()).unwrap();
    let sheet = one(&book.save_to_buffer().unwrap());
    let expected: [&[&str]; 6] = [
        &["语文", "3", "0.5", "TRUE"],
        &["2026-10-10", "08:00", "2026-10-10 08:00", "007"],
        &["2", "语文课", "#N/A", "张三\n301"],
        &[],
        &["", "升旗", "升旗"],
        &["", "升旗", "升旗"],
    ];
    assert_eq!((sheet.name.as_str(), texts(&sheet)), ("三年级", expected.map(<[_]>::to_vec).to_vec()));
    assert_eq!(sheet.merge(5, 2), Some(Merge { first_row: 4, first_col: 1, last_row: 5, last_col: 2 }));
}

#[test]
fn cells_of_every_type_are_read() {
    let rows = [
        ("<c t='s'><v>1</v></c>", "数学"),
        ("<c t='s'><v/></c>", ""),
        ("<c t='inlineStr'><is><t>行内</t></is></c>", "行内"),
        ("<c t='str'><f>A1</f><v>a&amp;b_x000D_c</v></c>", "a&b\nc"),
        ("<c t='b'><v>0</v></c>", "FALSE"),
        ("<c t='e'><v>#DIV/0!</v></c>", "#DIV/0!"),
        ("<c t='d'><v>2026-10-10T08:00:00</v></c>", "2026-10-10 08:00"),
        ("<c t='n' s='1'><v>46305</v></c>", "2026-10-10"),
        ("<c s='2'><v>0.3333333333</v></c>", "08:00"),
        ("<c s='4'><v>7</v></c>", "007"),
        ("<c s='999'><v>7</v></c>", "7"),
        ("<c><v>1E3</v></c>", "1000"),
        ("<c><v>inf</v></c>", "inf"),
        ("<c><f>1+1</f></c>", ""),
        ("<c/>", ""),
        ("<c t='str'><v><![CDATA[<课>]]></v></c>", "<课>"),
    ];
    for (cell, text) in rows {
        assert_eq!(one(&Parts::with_cells(&format!("<row>{cell}</row>")).zip()).cell(0, 0), text, "{cell}");
    }
}

#[test]
fn rows_and_cells_without_address_follow_one_another() {
    let cells = "<row><c><v>1</v></c><c><v>2</v></c></row><row r='4'><c r='C4'><v>3</v></c><c><v>4</v></c></row>\
                 <row><c><v>5</v></c></row>";
    let sheet = one(&Parts::with_cells(cells).zip());
    let expected: [&[&str]; 5] = [&["1", "2"], &[], &[], &["", "", "3", "4"], &["5"]];
    assert_eq!(texts(&sheet), expected);
}

#[test]
fn what_is_called_a_cell_elsewhere_in_a_worksheet_is_none() {
    let other = "<extLst><row><c r='A1'><v>9</v></c></row></extLst>";
    let sheet = format!("<worksheet>{other}<sheetData><row><c><v>1</v></c></row></sheetData>{other}</worksheet>");
    assert_eq!(texts(&one(&Parts::default().set("xl/worksheets/sheet1.xml", sheet).zip())), [["1"]]);
}

#[test]
fn sheets_come_in_their_order_with_hidden_ones_and_without_charts() {
    let book = "<x:workbook xmlns:x='m'><x:workbookPr date1904='1'/><x:sheets><x:sheet name='乙' r:id='b'/>\
                <x:sheet name='图' r:id='c'/><x:sheet name='甲&amp;' state='hidden' r:id='a'/></x:sheets></x:workbook>";
    let list = "<Relationships><Relationship Id='a' Type='x/worksheet' Target='..\\Sheets\\A.xml'/>\
                <Relationship Id='b' Type='x/worksheet' Target='/sheets/b.xml'/>\
                <Relationship Id='c' Type='x/chartsheet' Target='c.xml'/></Relationships>";
    let sheet = |cell: &str| format!("<worksheet><sheetData><row>{cell}</row></sheetData></worksheet>");
    let parts = Parts::default()
        .set("xl/workbook.xml", book)
        .set("xl/_rels/workbook.xml.rels", list)
        .set("sheets/a.xml", sheet("<c><v>1</v></c>"))
        .set("sheets/b.xml", sheet("<c><v>2</v></c>"));
    let sheets = read(&parts.zip(), "").unwrap();
    let seen: Vec<_> = sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.hidden, sheet.cell(0, 0))).collect();
    assert_eq!(seen, [("乙", false, "2"), ("甲&", true, "1")]);
}

#[test]
fn a_zip_of_something_else_is_named() {
    let rows = [
        ("xl/workbook.bin", FileKind::BinaryExcel),
        ("word/document.xml", FileKind::Document),
        ("ppt/presentation.xml", FileKind::Slides),
    ];
    for (part, kind) in rows {
        let bytes = Parts::default().set(part, "").zip();
        assert_eq!(read(&bytes, "课表.xlsx"), Err(ReadError::Unsupported { kind }));
    }
    let bytes = crafted::zip_of(&[("课表.xlsx", b"PK")]);
    assert_eq!(read(&bytes, "课表.xlsx"), Err(ReadError::Unsupported { kind: FileKind::Archive }));
    let bytes = crafted::zip_of(&[("mimetype", b""), ("content.xml", b"")]);
    assert_eq!(read(&bytes, "课表.xlsx"), Err(ReadError::Unsupported { kind: FileKind::OpenDocument }));
}

#[test]
fn the_name_of_a_file_decides_nothing() {
    let book = Parts::with_cells("<row><c><v>1</v></c></row>").zip();
    for name in ["课表.csv", "课表.xls", "", "课表"] {
        assert_eq!(one(&book).cell(0, 0), "1", "{name}");
    }
    assert_eq!(read("<table><tr><td>1".as_bytes(), "课表.xlsx").unwrap()[0].cell(0, 0), "1");
    let sheets = read("姓名,班级".as_bytes(), "C:\\名单.xlsx").unwrap();
    assert_eq!((sheets[0].name.as_str(), sheets[0].cell(0, 1)), ("名单", "班级"));
}
