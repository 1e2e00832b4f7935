//! Pages as schools' systems make them, and pages that mean harm.

use super::*;
use crate::sheet::Merge;

fn texts(sheet: &Sheet) -> Vec<Vec<&str>> {
    sheet.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect()).collect()
}

fn one(page: &str) -> Sheet {
    let mut sheets = read(page.as_bytes()).unwrap();
    assert_eq!(sheets.len(), 1);
    sheets.remove(0)
}

#[test]
fn a_table_is_read_with_or_without_end_tags() {
    let pages = [
        "<table><thead><tr><th>节次</th><th>周一</th></tr></thead><tbody><tr><td>1</td><td>语文</td></tr></tbody></table>",
        "<TABLE><TR><TD>节次<TD>周一<TR><TD>1<TD>语文",
        "<table><td>节次</td><td>周一</td></tr><tr><td>1</td><td>语文</td></table>",
        "<table>x<tr>y<td>节次</td>z<td>周一</td></tr>w<tr><td>1</td><td>语文</td></tr>v</table>",
    ];
    for page in pages {
        assert_eq!(texts(&one(page)), [["节次", "周一"], ["1", "语文"]], "{page}");
    }
}

#[test]
fn text_is_what_a_browser_shows() {
    let rows = [
        ("  语 \n 文  ", "语 文"),
        ("语文<br>张老师<br/>301", "语文\n张老师\n301"),
        ("<p>语文</p><p>张老师</p>", "语文\n张老师"),
        ("<div><font color=red><b>语</b>文</font></div>", "语文"),
        ("&nbsp;张&nbsp;三&nbsp;&lt;一&#29677;&gt;", "张 三 <一班>"),
        ("<!-- 注 -->语文<script>'<td>'</script><style>td{}</style>", "语文"),
        ("\u{3000}语文", "语文"),
    ];
    for (cell, text) in rows {
        let page = format!("<html><title>课表</title><table><tr><td>{cell}</td></tr></table></html>");
        assert_eq!(one(&page).cell(0, 0), text, "{cell}");
    }
}

#[test]
fn spanning_cells_are_merged_ranges() {
    let sheet = one("<table><tr><td colspan=3>课程表</td></tr>\
                     <tr><td>1</td><td rowspan='2'>实验</td><td>数学</td></tr>\
                     <tr><td>2</td><td>英语</td></tr>\
                     <tr><td>3</td><td rowspan=0>体育</td><td>美术</td></tr>\
                     <tr><td>4</td><td>音乐</td></tr></table>");
    let expected = [
        ["课程表", "课程表", "课程表"],
        ["1", "实验", "数学"],
        ["2", "实验", "英语"],
        ["3", "体育", "美术"],
        ["4", "体育", "音乐"],
    ];
    assert_eq!(texts(&sheet), expected);
    assert_eq!(sheet.merge(2, 1), Some(Merge { first_row: 1, first_col: 1, last_row: 2, last_col: 1 }));
    assert!(sheet.is_continuation(2, 1) && !sheet.is_continuation(1, 1) && !sheet.is_continuation(2, 2));
    assert_eq!(sheet.merge(4, 1), Some(Merge { first_row: 3, first_col: 1, last_row: 4, last_col: 1 }));
}

#[test]
fn each_table_with_text_is_a_sheet() {
    let sheets = read(
        "<table><tr><td>外<table><tr><td>里</td></tr></table>面</td></tr></table>\
         <table><tr><td> </td></tr></table><table><tr><td>二</td></tr></table>"
            .as_bytes(),
    );
    let names: Vec<_> = sheets.unwrap().iter().map(|s| (s.name.clone(), s.cell(0, 0).to_owned())).collect();
    let expected = [("表1", "外面"), ("表2", "里"), ("表3", "二")];
    assert_eq!(names, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
}

#[test]
fn the_declared_encoding_holds() {
    let page = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"></head>\
                <table><tr><td>姓名</td></tr></table></html>";
    let gb = encoding_rs::GB18030.encode(page).0.into_owned();
    let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(page.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [gb, utf16, format!("\u{FEFF}{page}").into_bytes()] {
        assert_eq!(read(&bytes).unwrap()[0].cell(0, 0), "姓名");
    }
}

#[test]
fn a_page_without_text_in_a_table_has_no_sheet() {
    for page in
        ["<html><body>姓名</body></html>", "<table></table>", "<table><tr><td rowspan=9 colspan=9></td></table>"]
    {
        assert_eq!(read(page.as_bytes()), Err(ReadError::NoSheet));
    }
}

#[test]
fn huge_spans_and_many_cells_are_bounded() {
    let spans = "<table><tr><td rowspan=99999999 colspan=99999999>标题</td></tr><tr><td></td></tr></table>";
    let sheet = one(spans);
    assert_eq!((sheet.rows.len(), sheet.columns(), sheet.cell(1, 255)), (2, 256, "标题"));
    let wide = format!("<table><tr>{}</tr></table>", "<td>x".repeat(10_000));
    assert_eq!(read(wide.as_bytes()), Err(ReadError::TooManyColumns { sheet: "表1".to_owned(), columns: 10_000 }));
    let long = format!("<table>{}</table>", "<tr><td>x".repeat(30_000));
    assert_eq!(read(long.as_bytes()), Err(ReadError::TooManyRows { sheet: "表1".to_owned(), rows: 30_000 }));
    let many = format!("<table><tr>{}</tr></table>", "<td>x".repeat(limits::CELLS + 1));
    assert_eq!(read(many.as_bytes()), Err(ReadError::TooManyCells));
    let deep = "<table><tr><td>".repeat(100_000);
    assert_eq!(read(deep.as_bytes()), Err(ReadError::TablesNestedTooDeep));
    let tables = "<table><tr><td>x</table>".repeat(limits::SHEETS + 1);
    assert_eq!(read(tables.as_bytes()), Err(ReadError::TooManySheets { sheets: limits::SHEETS + 1 }));
    let held = format!("<table><tr>{}</tr>{}</table>", "<td rowspan=65534>x".repeat(256), "<tr><td>".repeat(300_000));
    assert!(read(held.as_bytes()).is_err());
}
