//! Timetables as grids.

use protocol::import::{ImportProblem, SheetKind};
use sheets::Sheet;
use timetable::Timetable;

use crate::test_support::{apply, county, file, import, place, problems, rows, sheet};

/// The rows after a sheet, with weeks in short.
fn read(sheet: Sheet) -> Vec<String> {
    let all = (1..=20).map(|week| week.to_string()).collect::<Vec<_>>();
    let odd: Vec<String> = all.iter().step_by(2).cloned().collect();
    let even: Vec<String> = all.iter().skip(1).step_by(2).cloned().collect();
    let after = apply(&county(), &[file("课表.xlsx", vec![sheet])]);
    let short =
        |row: String| row.replace(&all.join(","), "全").replace(&even.join(","), "双").replace(&odd.join(","), "单");
    rows(&after).into_iter().map(short).collect()
}

#[test]
fn the_grid_of_a_class_is_read() {
    let sheet = sheet(
        "Sheet1",
        &[
            &["清溪县实验小学三年级1班课表", "←", "←", "←", "←", "←", "←"],
            &["2026年秋季学期", "←", "←", "←", "←", "←", "←"],
            &["节次", "←", "星期一", "星期二", "星期三", "星期四", "星期五"],
            &["上午", "第1节\n8:00-8:40", "音乐\n陈静\n1-16周\n录播教室1", "", "", "", "-"],
            &["↑", "第2节\n8:50-9:30", "↑", "美术(李红)", "", "音乐 陈静 单周/美术 李红 双周", ""],
            &["午休", "←", "←", "←", "←", "←", "←"],
            &["下午", "第3节\n14:00-14:40", "", "", "音乐（陈静）", "", "音乐\n陈静\n单周\n\n美术\n李红老师\n双周"],
            &["备注：第1周起执行", "←", "←", "←", "←", "←", "←"],
        ],
    );
    let weeks = (1..=16).map(|week| week.to_string()).collect::<Vec<_>>().join(",");
    let expected = [
        "三年级1班 美术 李红 周2第2节 全".to_owned(),
        "三年级1班 美术 李红 周4第2节 双".to_owned(),
        "三年级1班 美术 李红 周5第3节 双".to_owned(),
        format!("三年级1班 音乐 陈静 周1第1节 {weeks}"),
        format!("三年级1班 音乐 陈静 周1第2节 {weeks}"),
        "三年级1班 音乐 陈静 周3第3节 全".to_owned(),
        "三年级1班 音乐 陈静 周4第2节 单".to_owned(),
        "三年级1班 音乐 陈静 周5第3节 单".to_owned(),
    ];
    assert_eq!(read(sheet), expected);
}

#[test]
fn the_grid_of_a_teacher_names_classes_in_its_cells() {
    let sheet = sheet(
        "陈静",
        &[
            &["教师课表"],
            &["", "周一", "周二", "周三"],
            &["1", "音乐\n三年级1班\n录播教室1", "", "三（2）班 音乐"],
            &["2", "", "四年级\n音乐 录播教室2 石门教学点", ""],
        ],
    );
    let expected =
        ["三年级1班 音乐 陈静 周1第1节 全", "三（2）班 音乐 陈静 周3第1节 全", "四年级 音乐 陈静 周2第2节 全"];
    assert_eq!(read(sheet), expected);
}

#[test]
fn the_grid_of_a_room_tells_the_master_room() {
    let grid = sheet(
        "Sheet1",
        &[&["清溪县实验小学录播教室2课表"], &["节次", "一", "二", "三"], &["一", "音乐 陈静 三年级", "", ""]],
    );
    let after = apply(&county(), &[file("课表.xlsx", vec![grid])]);
    let room = after.records().into_iter().find_map(|record| match record {
        protocol::timetable::Record::Course(course) => course.master_room,
        _ => None,
    });
    assert_eq!(after.own_room_name(&room.unwrap()), "录播教室2");
}

#[test]
fn blocks_below_and_beside_one_another_are_told_apart() {
    let sheet = sheet(
        "实验小学",
        &[
            &["三年级1班", "", "", "", "三年级2班", "", "", ""],
            &["节次", "周一", "周二", "周三", "节次", "周一", "周二", "周三"],
            &["1", "音乐 陈静", "", "", "1", "", "音乐 陈静", ""],
            &[],
            &["班级：四年级1班", "←", "←", "←", "", "", "", ""],
            &["节次", "周一", "周二", "周三", "", "", "", ""],
            &["2", "", "", "音乐 陈静", "", "", "", ""],
        ],
    );
    let expected =
        ["三年级1班 音乐 陈静 周1第1节 全", "三年级2班 音乐 陈静 周2第1节 全", "四年级1班 音乐 陈静 周3第2节 全"];
    assert_eq!(read(sheet), expected);
}

fn grid(cell: &str) -> Sheet {
    sheet("Sheet1", &[&["三年级1班课表"], &["节次", "周一", "周二", "周三"], &["1", "", cell, ""]])
}

#[test]
fn what_is_in_a_cell_is_told_by_what_is_known() {
    let rows = [
        ("音乐\n陈静", "音乐 陈静 周2第1节 全"),
        ("陈静\n音乐", "音乐 陈静 周2第1节 全"),
        ("音乐/陈静/录播教室1", "音乐 陈静 周2第1节 全"),
        ("音乐[陈静]（单周）", "音乐 陈静 周2第1节 单"),
        ("音乐（陈静，双周）", "音乐 陈静 周2第1节 双"),
        ("竖笛 陈静", "竖笛 陈静 周2第1节 全"),
        ("音乐 陈静 3,5,7周", "音乐 陈静 周2第1节 3,5,7"),
        ("音乐 陈静老师 同步课堂 石门教学点", "音乐 陈静 周2第1节 全"),
        ("音乐 清溪县实验小学陈静", "音乐 陈静 周2第1节 全"),
    ];
    for (cell, expected) in rows {
        assert_eq!(read(grid(cell)), [format!("三年级1班 {expected}")], "{cell}");
    }
}

#[test]
fn a_wrong_cell_of_a_grid_is_told_with_its_row_and_column() {
    let unknown = |what: &str, name: &str| (what.to_owned(), name.to_owned());
    let rows = [("音乐\n陈晶", unknown("teacher", "陈晶")), ("音乐\n陈静\n录播教室8", unknown("room", "录播教室8"))];
    for (cell, expected) in rows {
        let found = problems(&county(), grid(cell));
        let [(at, ImportProblem::Unknown { what, name, did_you_mean })] = &found[..] else { panic!("{found:?}") };
        assert_eq!((at.as_str(), what, name), ("C3", &expected.0, &expected.1));
        assert!(!did_you_mean.is_empty());
    }
    let outside = ("C3".to_owned(), ImportProblem::OutsideTerm { last_week: 20 });
    assert_eq!(problems(&county(), grid("音乐\n陈静\n1-21周")), [outside]);
    let school = ("C3".to_owned(), ImportProblem::Empty { heading: "学校".to_owned() });
    assert_eq!(problems(&county(), grid("音乐")), [school]);
}

#[test]
fn rows_without_a_period_are_warned_of_and_periods_told_twice_are_wrong() {
    let early = sheet(
        "Sheet1",
        &[
            &["三年级1班课表"],
            &["节次", "周一", "周二", "周三"],
            &["早读", "音乐 陈静", "", ""],
            &["1", "音乐 陈静", "", ""],
        ],
    );
    let read = import(&county(), &[file("课表.xlsx", vec![early])]);
    assert_eq!(read.preview.problems, []);
    // The row of 早读 is passed over, and the course has no receive room.
    assert_eq!(read.preview.warnings.iter().map(place).collect::<Vec<_>>(), ["A3", "B4"]);
    assert_eq!(read.preview.files[0].sheets[0].read_as, Some(SheetKind::TimetableGrid));
    let twice = sheet(
        "Sheet1",
        &[
            &["三年级1班课表"],
            &["节次", "周一", "周二", "周三"],
            &["上午1", "音乐 陈静", "", ""],
            &["下午1", "音乐 陈静", "", ""],
        ],
    );
    let expected =
        ImportProblem::Contradicts { heading: "节次".to_owned(), other_row: 3, other: "下午1".to_owned() };
    assert_eq!(problems(&county(), twice), [("A4".to_owned(), expected)]);
}

#[test]
fn a_grid_and_a_list_of_courses_make_one_timetable() {
    let courses = sheet(
        "课程",
        &[
            &["主校", "班级", "课程", "教师", "接收教室"],
            &["清溪县实验小学", "三年级1班", "音乐", "陈静", "石门教学点"],
        ],
    );
    let whole = sheet("三年级1班", &[&["节次", "周一", "周二", "周三"], &["1", "音乐", "", ""]]);
    let files = [file("清溪县实验小学课表.xlsx", vec![whole]), file("课程.xlsx", vec![courses])];
    let after: Timetable = apply(&county(), &files);
    assert_eq!(rows(&after).len(), 1);
    assert!(rows(&after)[0].starts_with("三年级1班 音乐 陈静 周1第1节"));
    assert!(import(&after, &files).change.is_empty());
}
