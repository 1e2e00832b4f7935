//! Sheets of what there is, and what can be wrong with them.

use protocol::{
    import::ImportProblem,
    timetable::{BellPeriod, Record},
};
use sheets::Sheet;

use crate::test_support::{apply, county, file, import, problems, sheet};

fn bad(heading: &str, text: &str, example: &str) -> ImportProblem {
    ImportProblem::BadValue { heading: heading.to_owned(), text: text.to_owned(), example: example.to_owned() }
}

fn contradicts(heading: &str, other_row: u32, other: &str) -> ImportProblem {
    ImportProblem::Contradicts { heading: heading.to_owned(), other_row, other: other.to_owned() }
}

fn found(name: &str, rows: &[&[&str]]) -> Vec<(String, ImportProblem)> {
    problems(&county(), sheet(name, rows))
}

#[test]
fn a_wrong_term_is_told_with_its_row_and_column() {
    let head: &[&str] = &["学期", "第一周周一", "开学日期", "结束日期"];
    let rows: [(&[&str], &str, ImportProblem); 6] = [
        (&["下学期", "2027-02-23", "", "2027-07-02"], "B2", bad("第一周周一", "2027-02-23", "2027-02-22")),
        (&["下学期", "2027-02-22", "2027-03-08", "2027-07-02"], "C2", bad("开学日期", "2027-03-08", "2027-02-22")),
        (&["下学期", "2027-02-22", "", "2027-12-31"], "D2", bad("结束日期", "2027-12-31", "2027-07-10")),
        (&["下学期", "2027-02-22", "", "二月三十"], "D2", bad("结束日期", "二月三十", "2026-09-01")),
        (&["下学期", "2027-02-22", "", ""], "2", ImportProblem::Empty { heading: "结束日期".to_owned() }),
        (&["", "2027-02-22", "", "2027-07-02"], "A2", ImportProblem::Empty { heading: "学期".to_owned() }),
    ];
    for (row, at, expected) in rows {
        assert_eq!(found("学期", &[head, row]), [(at.to_owned(), expected)], "{row:?}");
    }
}

#[test]
fn a_term_that_begins_in_the_same_week_is_the_same_term_by_another_name() {
    let renamed = sheet(
        "学期",
        &[&["学年", "学期", "开学日期", "结束日期"], &["2026—2027学年", "上", "2026-09-01", "2027-01-22"]],
    );
    let after = apply(&county(), &[file("a.xlsx", vec![renamed])]);
    let terms = after.terms();
    assert_eq!((terms.len(), terms[0].name.as_str()), (1, "2026-2027学年第一学期"));
    assert_eq!(terms[0].last_day, jiff::civil::date(2027, 1, 22));
}

#[test]
fn rows_that_say_different_things_of_one_record_contradict_each_other() {
    let school: &[&str] = &["学校", "乡镇", "类型"];
    assert_eq!(
        found("学校", &[school, &["东小", "东镇", "主校"], &["东小", "西镇", "主校"]]),
        [("B3".to_owned(), contradicts("乡镇", 2, "东镇"))]
    );
    assert_eq!(
        found("学校", &[school, &["东小", "东镇", "主校"], &["东小", "东镇", "教学点"]]),
        [("C3".to_owned(), contradicts("类型", 2, "主校"))]
    );
    let room: &[&str] = &["学校", "教室", "类型"];
    assert_eq!(
        found("教室", &[room, &["石门教学点", "新教室", "接收教室"], &["石门教学点", "新教室", "主讲教室"]]),
        [("C3".to_owned(), contradicts("类型", 2, "接收教室"))]
    );
    let day: &[&str] = &["日期", "安排"];
    assert_eq!(
        found("校历", &[day, &["2026-11-12", "放假"], &["2026-11-11至2026-11-13", "正常上课"]]),
        [("B3".to_owned(), contradicts("安排", 2, "放假"))]
    );
    let need: &[&str] = &["年级", "学科", "每周节数"];
    assert_eq!(
        found("课程计划", &[need, &["三年级", "科学", "2"], &["三年级", "科学", "3节"]]),
        [("C3".to_owned(), contradicts("每周节数", 2, "2"))]
    );
}

#[test]
fn a_contradiction_in_another_file_names_the_file() {
    let schools = |area: &str| sheet("学校", &[&["学校", "乡镇"], &["东小", area]]);
    let files = [file("a.xlsx", vec![schools("东镇")]), file("b.xlsx", vec![schools("西镇")])];
    let import = import(&county(), &files);
    let told: Vec<&ImportProblem> = import.preview.problems.iter().map(|it| &it.problem).collect();
    assert_eq!(told, [&contradicts("乡镇", 2, "东镇（a.xlsx 学校）")]);
}

#[test]
fn names_of_schools_that_are_not_there_are_told_in_every_sheet() {
    let sheets: [&[&[&str]]; 4] = [
        &[&["学校", "教室"], &["石门小学", "新教室"]],
        &[&["学校", "教师"], &["石门小学", "赵六"]],
        &[&["学校", "节次", "开始", "结束"], &["石门小学", "1", "8:00", "8:40"]],
        &[&["学校", "日期", "安排"], &["石门小学", "2026-11-11", "放假"]],
    ];
    for rows in sheets {
        let found = found("表", rows);
        let [(at, ImportProblem::Unknown { what, name, did_you_mean })] = &found[..] else { panic!("{found:?}") };
        assert_eq!((at.as_str(), what.as_str(), name.as_str()), ("A2", "school", "石门小学"));
        assert_eq!(did_you_mean[0], "石门教学点");
    }
}

fn bells(rows: &[&[&str]]) -> Sheet {
    let head: &[&str] = &["学校", "节次", "时间", "起用日期"];
    sheet("作息表", &std::iter::once(head).chain(rows.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn bells_of_a_school_hold_from_their_date_on_or_from_the_first_day() {
    let own = bells(&[&["石门教学点", "第1节", "8:30—9:10", ""], &["石门教学点", "第2节", "9:20—10:00", ""]]);
    let after = apply(&county(), &[file("a.xlsx", vec![own])]);
    let own = after.records().into_iter().find_map(|record| match record {
        Record::Bells(bells) if bells.school.is_some() => Some(bells),
        _ => None,
    });
    let own = own.unwrap();
    assert_eq!(own.from, jiff::civil::date(2026, 9, 1));
    assert_eq!(own.periods[1], BellPeriod { number: 2, starts_min: 560, ends_min: 600 });
}

#[test]
fn wrong_bells_are_told_with_their_row_and_column() {
    let first: &[&str] = &["", "1", "8:00-8:40", "2026-11-01"];
    let rows: [(&[&str], &str, ImportProblem); 6] = [
        (&["", "2", "8:30-9:10", "2026-11-01"], "C3", bad("时间", "8:30-9:10", "8:00-8:40")),
        (&["", "2", "9:10-8:50", "2026-11-01"], "C3", bad("时间", "9:10-8:50", "8:00-8:40")),
        (&["", "1", "8:00-8:45", "2026-11-01"], "C3", contradicts("时间", 2, "08:00-08:40")),
        (&["", "1-2", "8:50-9:30", "2026-11-01"], "B3", bad("节次", "1-2", "第1节")),
        (&["", "2", "八点", "2026-11-01"], "C3", bad("时间", "八点", "8:00-8:40")),
        (&["", "2", "8:50-9:30", "明天"], "D3", bad("起用日期", "明天", "2026-09-01")),
    ];
    for (row, at, expected) in rows {
        assert_eq!(problems(&county(), bells(&[first, row])), [(at.to_owned(), expected)], "{row:?}");
    }
}

#[test]
fn special_days_follow_what_is_written() {
    // 10 October is in week 6, 17 October in week 7.
    let rows = [
        ("2026-10-10", "补周一", Some((6, 1))),
        ("10月10日", "上第5周星期一的课", Some((5, 1))),
        ("10月10日（周六）", "补9月30日(周三)的课", Some((5, 3))),
        ("2026-10-10", "双周周二", Some((6, 2))),
        ("2026-10-10", "单周周二", Some((5, 2))),
        ("2026-10-17", "双周周二", Some((6, 2))),
        ("2026-10-17", "正常上课", Some((7, 6))),
        ("2026-10-17", "放假", None),
    ];
    for (date, rule, expected) in rows {
        let days = sheet("校历", &[&["日期", "安排", "学校"], &[date, rule, "石门教学点"]]);
        let after = apply(&county(), &[file("a.xlsx", vec![days])]);
        let own = after.records().into_iter().find_map(|record| match record {
            Record::SpecialDay(day) if day.school.is_some() => Some(day.rule),
            _ => None,
        });
        let follows = match own.unwrap() {
            protocol::timetable::DayRule::Follows { week_no, weekday } => Some((week_no, weekday.iso())),
            protocol::timetable::DayRule::Off => None,
        };
        assert_eq!(follows, expected, "{rule}");
    }
}

#[test]
fn wrong_special_days_are_told_with_their_row_and_column() {
    let rows = [
        ("2026-10-10", "补班", "B2", bad("安排", "补班", "补周一")),
        ("2026-10-10", "上第25周星期一的课", "B2", ImportProblem::OutsideTerm { last_week: 20 }),
        ("2027-03-06", "补周一", "B2", ImportProblem::OutsideTerm { last_week: 20 }),
        ("2026-10-10", "补9月30日(周四)的课", "B2", bad("安排", "补9月30日(周四)的课", "补9月30日(周三)的课")),
        ("2026-10-32", "放假", "A2", bad("日期", "2026-10-32", "2026-10-01")),
        ("2026-10-01至2027-10-07", "放假", "A2", bad("日期", "2026-10-01至2027-10-07", "2026-10-01")),
        ("2026-10-10至2026-10-11", "补周一", "B2", bad("安排", "补周一", "放假")),
        ("", "放假", "A2", ImportProblem::Empty { heading: "日期".to_owned() }),
    ];
    for (date, rule, at, expected) in rows {
        assert_eq!(found("校历", &[&["日期", "安排"], &[date, rule]]), [(at.to_owned(), expected)], "{date} {rule}");
    }
}
