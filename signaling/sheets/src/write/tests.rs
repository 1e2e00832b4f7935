//! What is written, read back here and by another reader.

use calamine::{Data, Reader, Xlsx};

use super::*;
use crate::read;

fn class_list() -> Table {
    Table {
        name: "三年级".to_owned(),
        title: Some("学生名单".to_owned()),
        header: vec!["姓名".to_owned(), "学号".to_owned(), "出勤率".to_owned()],
        rows: vec![
            vec!["张三".into(), "007".into(), Value::Percent(0.853)],
            vec!["李四\n(转学)".into(), 20_260_001.into(), Value::Empty],
            vec![Value::Empty, Value::Number(-2.5), Value::Number(f64::NAN)],
        ],
        merges: Vec::new(),
    }
}

#[test]
fn what_is_written_reads_back() {
    let bytes = write(&[class_list(), Table { name: "三年级".to_owned(), ..Table::default() }]).unwrap();
    let sheets = read(&bytes, "名单.xlsx").unwrap();
    assert_eq!(sheets.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>(), ["三年级", "三年级 (2)"]);
    let texts: Vec<Vec<&str>> =
        sheets[0].rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect()).collect();
    let expected: [&[&str]; 5] = [
        &["学生名单", "学生名单", "学生名单"],
        &["姓名", "学号", "出勤率"],
        &["张三", "007", "0.853"],
        &["李四\n(转学)", "20260001"],
        &["", "-2.5"],
    ];
    assert_eq!(texts, expected);
    assert!(sheets[1].rows.is_empty());
}

#[test]
fn text_that_looks_like_a_formula_stays_text() {
    let texts = ["=1+1", "+86 138", "-", "@张老师", "=cmd|'/c calc'!A1", "_x000D_", "a&<b>\"'", "http://example.com"];
    let rows = texts.iter().map(|text| vec![Value::from(*text)]).collect();
    let bytes = write(&[Table { name: "x".to_owned(), rows, ..Table::default() }]).unwrap();
    let sheet = &read(&bytes, "").unwrap()[0];
    assert_eq!(sheet.rows.iter().map(|row| row[0].text.as_str()).collect::<Vec<_>>(), texts);
    let mut other: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    assert!(other.worksheet_formula("x").unwrap().is_empty());
}

#[test]
fn another_reader_reads_the_same() {
    let bytes = write(&[class_list()]).unwrap();
    let mut other: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let range = other.worksheet_range("三年级").unwrap();
    assert_eq!(range.get_value((2, 1)), Some(&Data::String("007".to_owned())));
    assert_eq!(range.get_value((2, 2)), Some(&Data::Float(0.853)));
    assert_eq!(range.get_value((3, 1)), Some(&Data::Float(20_260_001.0)));
}

#[test]
fn the_same_tables_give_the_same_bytes() {
    let tables = [class_list()];
    let bytes = write(&tables).unwrap();
    assert_eq!(write(&tables).unwrap(), bytes);
    // Two writes within a second would agree even with the time of writing in them.
    let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut core = String::new();
    std::io::Read::read_to_string(&mut package.by_name("docProps/core.xml").unwrap(), &mut core).unwrap();
    assert_eq!(core.matches("2026-01-01T00:00:00Z").count(), 2, "{core}");
    assert!((0..package.len()).all(|at| package.by_index(at).unwrap().last_modified().unwrap().year() == 1980));
}

#[test]
fn a_grid_timetable_keeps_its_merged_lessons() {
    let merge = |first_row, first_col, last_row, last_col| Merge { first_row, first_col, last_row, last_col };
    let table = Table {
        name: "课表".to_owned(),
        header: ["节次", "周一", "周二"].map(str::to_owned).to_vec(),
        rows: vec![
            vec![1.into(), "实验".into(), "语文".into()],
            vec![2.into(), "会被盖住".into(), "语文".into()],
            vec![3.into(), "大扫除".into()],
        ],
        merges: vec![merge(0, 1, 1, 1), merge(2, 1, 2, 2)],
        ..Table::default()
    };
    let sheet = &read(&write(std::slice::from_ref(&table)).unwrap(), "").unwrap()[0];
    assert_eq!(
        [sheet.cell(1, 1), sheet.cell(2, 1), sheet.cell(2, 2), sheet.cell(3, 2)],
        ["实验", "实验", "语文", "大扫除"]
    );
    assert_eq!(sheet.merge(2, 1), Some(merge(1, 1, 2, 1)));
    assert!(sheet.is_continuation(3, 2) && !sheet.is_continuation(2, 2));

    for bad in [merge(0, 0, 0, 0), merge(1, 0, 0, 0), merge(0, 0, 3, 0), merge(0, 1, 1, 2), merge(0, 0, 0, 99_999)] {
        let mut table = table.clone();
        table.merges.push(bad);
        let error = WriteError::BadMerge { table: "课表".to_owned(), merge: bad };
        assert_eq!(write(&[table]), Err(error));
    }
}

#[test]
fn what_excel_has_no_room_for_is_an_error() {
    assert_eq!(write(&[]), Err(WriteError::NoTable));
    let long = Table { rows: vec![vec![Value::Text("字".repeat(32_768))]], ..Table::default() };
    let wide = Table { rows: vec![vec![Value::from(1); 16_385]], ..Table::default() };
    for table in [long, wide] {
        assert!(matches!(write(&[table]), Err(WriteError::DoesNotFit { .. })));
    }
}
