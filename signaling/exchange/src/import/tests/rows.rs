//! Timetables in rows.

use protocol::{
    CourseId, TermId,
    import::{ImportProblem, SheetKind},
    timetable::{Change, Course, Entry, Key, LessonEdit, Origin, Record, SessionKind, Weekday},
};
use sheets::Sheet;
use timetable::Timetable;

use crate::{
    Options, Upload, preview_sheets,
    spelling::letters,
    test_support::{apply, county, directory_file, file, import, options, place, problems, rows, sheet},
};

#[test]
fn a_school_s_own_sheet_is_read_with_its_titles_merged_cells_and_notes() {
    let sheet = sheet(
        "课表",
        &[
            &["清溪县实验小学2026年秋季专递课堂课表", "←", "←", "←", "←", "←", "←", "←"],
            &["制表：教导处", "", "", "", "", "", "", "2026.8.28"],
            &[],
            &["星期", "节次", "课程", "任课教师", "上课地点", "周次", "班级", "教学点"],
            &["星期一", "第3节", "音乐", "陈静", "录播教室1", "1-16周", "三年级1班", "石门教学点、云岭教学点"],
            &["↑", "第4节", "美术", "李红", "↑", "1-16周(单)", "三年级1班", "石门教学点\n柳河教学点 东教室"],
            &["周三", "1-2", "音乐", "陈静", "录播教室1", "1-8,10周(双)", "三年级1班", ""],
            &[],
            &["备注：以上课表自第1周起执行，请各教学点提前十分钟开机。"],
        ],
    );
    let after = apply(&county(), &[file("课表.xlsx", vec![sheet])]);
    let odd = "1,3,5,7,9,11,13,15";
    let all = (1..=16).map(|week| week.to_string()).collect::<Vec<_>>().join(",");
    let expected = [
        format!("三年级1班 美术 李红 周1第4节 {odd}"),
        format!("三年级1班 音乐 陈静 周1第3节 {all}"),
        "三年级1班 音乐 陈静 周3第1节 2,4,6,8,10".to_owned(),
        "三年级1班 音乐 陈静 周3第2节 2,4,6,8,10".to_owned(),
    ];
    assert_eq!(rows(&after), expected);
}

const HEAD: &[&str] =
    &["学校", "班级", "课程", "教师", "地点", "接收教室", "星期", "节次", "开始周", "结束周", "单双周"];

fn timetable_of(rows: &[&[&str]]) -> Sheet {
    let all: Vec<&[&str]> = std::iter::once(HEAD).chain(rows.iter().copied()).collect();
    sheet("课表", &all)
}

fn file_of(rows: &[&[&str]]) -> Upload {
    file("课表.xlsx", vec![timetable_of(rows)])
}

const MUSIC: &[&str] =
    &["清溪县实验小学", "三年级1班", "音乐", "陈静", "录播教室1", "石门教学点", "一", "3", "1", "16", "全"];

/// `MUSIC` with some cells changed.
fn music<'a>(cells: &[(usize, &'a str)]) -> Vec<&'a str> {
    let mut row: Vec<&'a str> = MUSIC.to_vec();
    cells.iter().for_each(|(at, text)| row[*at] = text);
    row
}

fn course(timetable: &Timetable) -> Course {
    let mut courses = timetable.records().into_iter().filter_map(|record| match record {
        Record::Course(course) => Some(course),
        _ => None,
    });
    let only = courses.next().unwrap();
    assert_eq!(courses.next(), None);
    only
}

#[test]
fn reading_a_file_twice_changes_nothing_and_taking_it_back_leaves_what_was() {
    let file = [file_of(&[MUSIC, &music(&[(6, "三"), (10, "双")])])];
    let first = import(&county(), &file);
    assert_eq!(first.preview.lessons_before, 0);
    // Mondays of 16 weeks but that before the first day and that of 5 October, and all even Wednesdays: the lesson of
    // 7 October is held on the 10th.
    assert_eq!(first.preview.lessons_after, 14 + 8);
    let mut after = county();
    let inverse = after.apply(&first.change).unwrap();
    let second = import(&after, &file);
    assert!(second.change.is_empty());
    assert_eq!(second.preview.lessons_before, second.preview.lessons_after);
    after.apply(&inverse).unwrap();
    assert_eq!(after, county());
}

#[test]
fn a_course_keeps_its_id_and_what_the_file_does_not_say_when_the_rest_changes() {
    let before = apply(&county(), &[file_of(&[MUSIC])]);
    let changed = music(&[(1, "三年级１班 "), (3, "李红"), (4, "录播教室2"), (5, ""), (9, "18")]);
    let after = apply(&before, &[file_of(&[&changed])]);
    let (old, new) = (course(&before), course(&after));
    assert_eq!(new.id, old.id);
    assert_eq!((&new.points, &new.class_group), (&old.points, &old.class_group));
    assert_eq!(rows(&after)[0].split(' ').nth(2), Some("李红"));
    assert!(rows(&after)[0].ends_with(",17,18"));
    assert_eq!(
        (old.kind, new.subject.as_str(), new.grade.as_str()),
        (SessionKind::SynchronousLesson, "音乐", "三年级")
    );
}

#[test]
fn records_of_the_same_names_made_by_hand_are_the_same_records() {
    let mut before = apply(&county(), &[file_of(&[MUSIC])]);
    let by_hand = Course { id: CourseId::parse("music-3").unwrap(), ..course(&before) };
    let own = Key::Course(course(&before).id);
    let entry = before.records().into_iter().find_map(|record| match record {
        Record::Entry(entry) => Some(entry),
        _ => None,
    });
    let entry = entry.unwrap();
    let removed = vec![Key::Entry(entry.course.clone(), entry.weekday, entry.period), own];
    let moved = Record::Entry(Entry { course: by_hand.id.clone(), ..entry });
    before.apply(&Change { put: vec![Record::Course(by_hand), moved], remove: removed }).unwrap();
    assert!(import(&before, &[file_of(&[MUSIC])]).change.is_empty());
}

#[test]
fn rows_that_are_gone_from_the_file_go_with_what_was_decided_about_their_lessons() {
    let mut before = apply(&county(), &[file_of(&[MUSIC, &music(&[(6, "三")])])]);
    let id = course(&before).id;
    let cancelled = |weekday: u8, week_no: u8| {
        let weekday = Weekday::from_iso(weekday).unwrap();
        let origin = Origin { course: id.clone(), weekday, period: 3, week_no, again_on: None };
        let (moved_to, substitute, master_room, title) = (None, None, None, None);
        Record::LessonEdit(LessonEdit {
            origin,
            moved_to,
            substitute,
            master_room,
            cancelled: Some("停电".to_owned()),
            title,
        })
    };
    before.apply(&Change { put: vec![cancelled(1, 3), cancelled(1, 12), cancelled(3, 4)], remove: vec![] }).unwrap();
    let after = import(&before, &[file_of(&[&music(&[(9, "10")])])]);
    assert_eq!(after.preview.problems, []);
    let warnings: Vec<(String, &ImportProblem)> =
        after.preview.warnings.iter().map(|it| (place(it), &it.problem)).collect();
    assert_eq!(warnings, [("2".to_owned(), &ImportProblem::EditsGo { count: 2 })]);
    let removed: Vec<(&str, u32)> = after.preview.removed.iter().map(|it| (it.kind.as_str(), it.count)).collect();
    assert_eq!(removed, [("entry", 1), ("lesson_edit", 2)]);
    let mut timetable = before.clone();
    let inverse = timetable.apply(&after.change).unwrap();
    timetable.apply(&inverse).unwrap();
    assert_eq!(timetable, before);
}

#[test]
fn courses_that_no_file_names_stay_unless_their_removal_is_asked_for() {
    let art = music(&[(2, "美术"), (7, "4")]);
    let other_school = ["清溪县第二小学", "四年级", "英语", "王芳", "", "云岭教学点", "二", "1", "", "", ""];
    let before = apply(&county(), &[file_of(&[MUSIC, &art, &other_school])]);
    let only_art = [file_of(&[&art])];
    let kept = import(&before, &only_art);
    assert_eq!(kept.preview.courses_not_named, ["清溪县实验小学 三年级1班 音乐"]);
    assert!(kept.change.is_empty());
    let removing = Options { remove_courses_not_named: true, ..options() };
    let removed = preview_sheets(&before, &only_art, &removing);
    let counts: Vec<(&str, u32)> = removed.preview.removed.iter().map(|it| (it.kind.as_str(), it.count)).collect();
    assert_eq!(counts, [("course", 1), ("entry", 1)]);
    let mut after = before.clone();
    after.apply(&removed.change).unwrap();
    assert_eq!(rows(&after).len(), 2);
}

#[test]
fn a_list_of_courses_in_a_later_file_tells_what_the_timetable_leaves_out() {
    let courses = sheet(
        "课程",
        &[
            &["课程", "学科", "年级", "主校", "班级", "主讲教师", "主讲教室", "接收教室", "接收班级", "类型"],
            &[
                "音乐",
                "音乐",
                "三年级",
                "清溪县实验小学",
                "三年级",
                "陈静",
                "录播教室1",
                "石门教学点、柳河教学点西教室",
                "三年级、二三年级",
                "专门开课",
            ],
        ],
    );
    let bare = sheet("课表", &[&["星期", "节次", "课程", "教师"], &["周五", "第2节", "音乐", "陈静"]]);
    let files = [file("a.xlsx", vec![bare]), file("z.xlsx", vec![courses]), directory_file()];
    let after = apply(&Timetable::default(), &files);
    let course = course(&after);
    let points: Vec<(String, &str)> =
        course.points.iter().map(|point| (after.own_room_name(&point.room), point.class_group.as_str())).collect();
    assert_eq!(points, [("多媒体教室".to_owned(), "三年级"), ("西教室".to_owned(), "二三年级")]);
    assert_eq!((course.class_group.as_str(), course.kind), ("三年级", SessionKind::DedicatedLesson));
    assert_eq!(rows(&after).len(), 1);
}

#[test]
fn a_wrong_cell_is_told_with_its_row_and_column() {
    let unknown = |what: &str, name: &str, near: &[&str]| ImportProblem::Unknown {
        what: what.to_owned(),
        name: name.to_owned(),
        did_you_mean: near.iter().map(|name| (*name).to_owned()).collect(),
    };
    let bad = |heading: &str, text: &str, example: &str| ImportProblem::BadValue {
        heading: heading.to_owned(),
        text: text.to_owned(),
        example: example.to_owned(),
    };
    let empty = |heading: &str| ImportProblem::Empty { heading: heading.to_owned() };
    let outside = ImportProblem::OutsideTerm { last_week: 20 };
    let long = "长".repeat(2_000);
    let rows: Vec<(usize, &str, ImportProblem)> = vec![
        (0, "清溪实验小学", unknown("school", "清溪实验小学", &["清溪县实验小学", "清溪县第二小学"])),
        (1, "三\u{7}班", bad("班级", "三\u{7}班", "三班")),
        (2, "", empty("课程")),
        (2, &long, bad("课程", &("长".repeat(80) + "…"), &"长".repeat(20))),
        (3, "陈晶", unknown("teacher", "陈晶", &["陈静"])),
        (4, "录播教室9", unknown("room", "录播教室9", &["录播教室1", "录播教室2"])),
        (5, "石门小学", unknown("room", "石门小学", &["石门教学点"])),
        (6, "", empty("星期")),
        (6, "八", bad("星期", "八", "星期一")),
        (7, "0", bad("节次", "0", "第3节")),
        (7, "99", bad("节次", "99", "第3节")),
        (7, "7", ImportProblem::NoSuchPeriod { period: 7, school: "清溪县实验小学".to_owned() }),
        (8, "x", bad("开始周", "x", "1")),
        (8, "17", bad("结束周", "16", "1-16周")),
        (9, "21", outside.clone()),
        (9, "999999999", outside),
        (10, "三", bad("单双周", "三", "单")),
        (
            5,
            "柳河教学点",
            ImportProblem::Ambiguous {
                what: "room".to_owned(),
                name: "柳河教学点".to_owned(),
                schools: vec!["柳河教学点 东教室".to_owned(), "柳河教学点 西教室".to_owned()],
            },
        ),
    ];
    for (col, text, expected) in rows {
        let found = problems(&county(), timetable_of(&[MUSIC, &[], &music(&[(col, text)])]));
        let expected_col = if (col, text) == (8, "17") { 9 } else { col };
        let found: Vec<(String, ImportProblem)> =
            found.into_iter().map(|(at, problem)| (at, without_order(problem))).collect();
        assert_eq!(found, [(format!("{}4", letters(expected_col)), without_order(expected))], "{text}");
    }
}

/// Rooms are listed by their ids, which are hashes.
fn without_order(problem: ImportProblem) -> ImportProblem {
    match problem {
        ImportProblem::Ambiguous { what, name, mut schools } => {
            schools.sort();
            ImportProblem::Ambiguous { what, name, schools }
        }
        problem => problem,
    }
}

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let found = problems(
        &county(),
        timetable_of(&[
            &music(&[(3, "赵六"), (6, "八"), (7, "0"), (9, "99")]),
            &music(&[(0, ""), (3, "李红")]),
            &music(&[(0, ""), (3, "")]),
        ]),
    );
    let places: Vec<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["D2", "G2", "H2", "J2", "D3", "4"]);
    let schools = vec!["清溪县实验小学".to_owned(), "清溪县第二小学".to_owned()];
    let ImportProblem::Ambiguous { schools: mut told, .. } = found[4].1.clone() else { panic!("{found:?}") };
    told.sort();
    assert_eq!(told, schools);
    assert_eq!(found[5].1, ImportProblem::Empty { heading: "学校".to_owned() });
}

#[test]
fn two_rows_of_one_course_cannot_have_two_teachers() {
    let found = problems(&county(), timetable_of(&[MUSIC, &music(&[(3, "李红"), (7, "4")])]));
    let expected =
        ImportProblem::Contradicts { heading: "教师".to_owned(), other_row: 2, other: "陈静".to_owned() };
    assert_eq!(found, [("D3".to_owned(), expected)]);
    // Of two classes they are two courses.
    apply(&county(), &[file_of(&[MUSIC, &music(&[(1, "三年级2班"), (3, "李红"), (7, "4")])])]);
}

#[test]
fn rows_of_the_same_place_in_the_week_are_one_with_the_weeks_of_both() {
    let after = apply(&county(), &[file_of(&[&music(&[(9, "4")]), &music(&[(8, "9"), (9, "12"), (10, "双")])])]);
    assert_eq!(rows(&after), ["三年级1班 音乐 陈静 周1第3节 1,2,3,4,10,12"]);
}

#[test]
fn a_sheet_that_lacks_a_column_says_which() {
    let sheet =
        sheet("课表", &[&["某校课表"], &["星期", "课程", "教师", "地点"], &["周一", "音乐", "陈静", "录播教室1"]]);
    let found = problems(&county(), sheet);
    assert_eq!(found, [("2".to_owned(), ImportProblem::NoColumn { heading: "节次".to_owned() })]);
}

#[test]
fn files_that_cannot_be_read_or_hold_nothing_known_are_told() {
    let pupils = sheet("名单", &[&["学校", "姓名", "学号"], &["石门教学点", "李小满", "1"]]);
    let unreadable = Upload::read("坏.xlsx", b"PK\x03\x04nothing");
    let import = import(&county(), &[file("名单.xlsx", vec![pupils]), unreadable, file_of(&[MUSIC])]);
    let found: Vec<(&str, bool)> = import
        .preview
        .problems
        .iter()
        .map(|it| (it.file.as_str(), matches!(it.problem, ImportProblem::Unreadable { .. })))
        .collect();
    assert_eq!(found, [("名单.xlsx", false), ("坏.xlsx", true)]);
    assert_eq!(import.preview.problems[0].problem, ImportProblem::NothingKnown);
    assert!(import.change.is_empty());
    let read_as: Vec<_> = import.preview.files.iter().flat_map(|file| &file.sheets).map(|it| it.read_as).collect();
    assert_eq!(read_as, [None, Some(SheetKind::TimetableRows)]);
}

#[test]
fn without_a_term_nothing_can_be_read() {
    let other_term = Options { term: Some(TermId::parse("t-other").unwrap()), ..options() };
    let import = preview_sheets(&county(), &[file_of(&[MUSIC])], &other_term);
    let expected = ImportProblem::Unknown {
        what: "term".to_owned(),
        name: "t-other".to_owned(),
        did_you_mean: vec!["2026-2027学年第一学期".to_owned()],
    };
    assert_eq!(import.preview.problems.iter().map(|it| &it.problem).collect::<Vec<_>>(), [&expected]);
}

#[test]
fn more_problems_than_are_listed_are_counted() {
    let wrong = music(&[(6, "八")]);
    let rows: Vec<&[&str]> = (0..700).map(|_| &wrong[..]).collect();
    let import = import(&county(), &[file_of(&rows)]);
    assert_eq!((import.preview.problems.len(), import.preview.problems_left_off), (500, 200));
}

#[test]
fn new_conflicts_are_told_and_old_ones_are_not() {
    let before = apply(&county(), &[file_of(&[MUSIC, &music(&[(2, "美术"), (9, "1")])])]);
    let all = [file_of(&[MUSIC, &music(&[(2, "美术"), (9, "2")])])];
    let import = import(&before, &all);
    let dates: Vec<String> = import.preview.conflicts.iter().map(|it| it.at.date.to_string()).collect();
    // The same teacher, master room, receive room and class.
    assert_eq!(dates, ["2026-09-07"; 4]);
}

#[test]
fn a_course_that_reaches_nobody_is_warned_of() {
    let import = import(&county(), &[file_of(&[&music(&[(5, "")])])]);
    let warnings: Vec<&ImportProblem> = import.preview.warnings.iter().map(|it| &it.problem).collect();
    assert_eq!(warnings, [&ImportProblem::NoPoints { course: "清溪县实验小学 三年级1班 音乐".to_owned() }]);
    assert!(!import.change.is_empty());
}

#[test]
fn one_teacher_in_every_row_is_a_slip_and_not_worked_out() {
    let names: Vec<String> = (0..300).map(|n| format!("课{n}")).collect();
    let rows: Vec<Vec<&str>> = names.iter().map(|name| music(&[(2, name)])).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let import = import(&county(), &[file_of(&rows)]);
    let [problem] = &import.preview.problems[..] else { panic!("{:?}", import.preview.problems) };
    let ImportProblem::Invalid { detail } = &problem.problem else { panic!() };
    assert!(detail.contains("in 300 lessons at once, on weekday 1 in period 3"), "{detail}");
}
