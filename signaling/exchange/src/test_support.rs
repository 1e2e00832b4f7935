//! What the tests of this crate share: a small county, and sheets made in memory.

pub mod whole_county;

use jiff::civil::date;
use protocol::{
    import::{ImportProblem, RowProblem},
    timetable::{Change, Record},
};
use sheets::{Cell, Merge, Sheet};
use timetable::Timetable;

use crate::{Import, Options, Upload, preview_sheets};

/// A sheet of these rows. `↑` and `←` continue the cell above and the one to the left: both are merged.
pub fn sheet(name: &str, rows: &[&[&str]]) -> Sheet {
    let mut sheet = Sheet { name: name.to_owned(), hidden: false, rows: Vec::new() };
    sheet.rows = rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect();
    let mut merges: Vec<Merge> = Vec::new();
    for (row, texts) in rows.iter().enumerate() {
        for (col, text) in texts.iter().enumerate() {
            let from = match *text {
                "↑" => (row - 1, col),
                "←" => (row, col - 1),
                _ => continue,
            };
            let covers = |merge: &&mut Merge| {
                (merge.first_row..=merge.last_row).contains(&from.0)
                    && (merge.first_col..=merge.last_col).contains(&from.1)
            };
            match merges.iter_mut().find(covers) {
                Some(merge) => (merge.last_row, merge.last_col) = (merge.last_row.max(row), merge.last_col.max(col)),
                None => merges.push(Merge { first_row: from.0, first_col: from.1, last_row: row, last_col: col }),
            }
        }
    }
    for merge in merges {
        let text = sheet.rows[merge.first_row][merge.first_col].text.clone();
        for row in merge.first_row..=merge.last_row {
            for col in merge.first_col..=merge.last_col {
                sheet.rows[row][col] = Cell { text: text.clone(), merged: Some(merge) };
            }
        }
    }
    sheet
}

fn cell(text: &str) -> Cell {
    Cell { text: text.trim().to_owned(), merged: None }
}

/// A file of these sheets.
pub fn file(name: &str, sheets: Vec<Sheet>) -> Upload {
    Upload { name: name.to_owned(), sheets: Ok(sheets) }
}

/// The usual choices, on a day in week 2.
pub fn options() -> Options {
    Options { term: None, today: date(2026, 9, 10), remove_courses_not_named: false }
}

/// The sheets that say what there is in the county of Qingxi: a term of 20 weeks from Monday 2026-08-31 on, a hub
/// school and three points, one of which has two receive rooms.
pub fn directory_file() -> Upload {
    file(
        "基础信息.xlsx",
        vec![
            sheet(
                "学期",
                &[
                    &["学期", "第一周周一", "开学日期", "结束日期"],
                    &["2026-2027学年第一学期", "2026-08-31", "2026-09-01", "2027-01-15"],
                ],
            ),
            sheet(
                "学校",
                &[
                    &["学校", "乡镇", "类型"],
                    &["清溪县实验小学", "城关镇", "主校"],
                    &["清溪县第二小学", "城关镇", "主校"],
                    &["石门教学点", "石门镇", "教学点"],
                    &["云岭教学点", "云岭乡", ""],
                    &["柳河教学点", "柳河乡", "教学点"],
                ],
            ),
            sheet(
                "教室",
                &[
                    &["学校", "教室", "类型"],
                    &["清溪县实验小学", "录播教室1", "录播教室"],
                    &["清溪县实验小学", "录播教室2", ""],
                    &["清溪县第二小学", "录播教室1", "录播教室"],
                    &["石门教学点", "多媒体教室", "接收教室"],
                    &["云岭教学点", "多媒体教室", ""],
                    &["柳河教学点", "东教室", "接收教室"],
                    &["柳河教学点", "西教室", "接收教室"],
                ],
            ),
            sheet(
                "教师",
                &[
                    &["学校", "教师"],
                    &["清溪县实验小学", "陈静"],
                    &["清溪县实验小学", "李红"],
                    &["清溪县第二小学", "王芳"],
                    &["清溪县第二小学", "李红"],
                ],
            ),
            sheet(
                "作息表",
                &[
                    &["学校", "节次", "开始", "结束", "起用日期"],
                    &["", "1", "8:00", "8:40", "2026-08-31"],
                    &["", "2", "8:50", "9:30", "2026-08-31"],
                    &["", "3", "10:00", "10:40", "2026-08-31"],
                    &["", "4", "10:50", "11:30", "2026-08-31"],
                    &["", "5", "14:00", "14:40", "2026-08-31"],
                    &["", "6", "14:50", "15:30", "2026-08-31"],
                ],
            ),
            sheet(
                "校历",
                &[
                    &["日期", "安排", "名称", "学校"],
                    &["2026-10-01至2026-10-07", "放假", "国庆节", ""],
                    &["2026-10-10", "补10月7日(周三)的课", "国庆调休", ""],
                ],
            ),
            sheet("课程计划", &[&["年级", "学科", "每周节数"], &["三年级", "音乐", "2"], &["三年级", "美术", "2"]]),
        ],
    )
}

/// The county of [`directory_file`].
pub fn county() -> Timetable {
    apply(&Timetable::default(), &[directory_file()])
}

/// What the files would do, with the usual choices.
pub fn import(timetable: &Timetable, files: &[Upload]) -> Import {
    preview_sheets(timetable, files, &options())
}

/// `timetable` after the files, which must have no problem.
pub fn apply(timetable: &Timetable, files: &[Upload]) -> Timetable {
    let import = import(timetable, files);
    assert_eq!(import.preview.problems, []);
    let mut after = timetable.clone();
    after.apply(&import.change).unwrap();
    after
}

/// The problems of one sheet, each as its cell (`C5`) and what it is.
pub fn problems(timetable: &Timetable, sheet: Sheet) -> Vec<(String, ImportProblem)> {
    let import = import(timetable, &[file("课表.xlsx", vec![sheet])]);
    assert_eq!(import.change, Change::default());
    import.preview.problems.into_iter().map(|it| (place(&it), it.problem)).collect()
}

/// The cell of a problem.
pub fn place(problem: &RowProblem) -> String {
    format!("{}{}", problem.column, problem.row)
}

/// The entries of a change or timetable, in words: course, class, weekday, period, weeks.
pub fn rows(timetable: &Timetable) -> Vec<String> {
    let records = timetable.records();
    let course = |id| {
        records.iter().find_map(|record| match record {
            Record::Course(course) if course.id == id => Some(course),
            _ => None,
        })
    };
    let row = |record: &Record| match record {
        Record::Entry(entry) => {
            let course = course(entry.course.clone())?;
            let weeks: Vec<String> = entry.weeks.iter().map(|week| week.to_string()).collect();
            let teacher = timetable.teacher_name(&course.master_teacher);
            Some(format!(
                "{} {} {teacher} 周{}第{}节 {}",
                course.class_group,
                course.name,
                entry.weekday.iso(),
                entry.period,
                weeks.join(",")
            ))
        }
        _ => None,
    };
    let mut rows: Vec<String> = records.iter().filter_map(row).collect();
    rows.sort();
    rows
}
