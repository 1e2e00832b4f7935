//! What is exported is read again as what it was, and a week to print says what is held.

use protocol::{
    CourseId, SchoolId,
    timetable::{Change, Course, CoursePoint, Key, LessonEdit, Origin, Record, SessionKind, SpecialDay, Weekday},
};
use sheets::Value;
use timetable::Timetable;

use super::{Whose, week_table, workbook};
use crate::{
    Options, preview,
    test_support::{apply, county, file, options, rows, sheet, whole_county},
};

/// A county with courses of all sorts.
fn full_county() -> Timetable {
    let head: &[&str] = &["学校", "班级", "课程", "教师", "地点", "教学点", "星期", "节次", "周次", "类型"];
    let courses = sheet(
        "课表",
        &[
            head,
            &["清溪县实验小学", "三年级1班", "音乐", "陈静", "录播教室1", "石门教学点", "一", "3", "1-16(单)", ""],
            &["清溪县实验小学", "三年级1班", "音乐", "陈静", "", "", "三", "3", "1-16(双)", ""],
            &["清溪县实验小学", "三年级1班", "音乐", "陈静", "", "", "五", "1-2", "1-4,6,8-10", ""],
            &[
                "清溪县实验小学",
                "",
                "教研活动",
                "清溪县第二小学 李红",
                "清溪县第二小学 录播教室1",
                "",
                "二",
                "6",
                "5",
                "教研",
            ],
            &[
                "清溪县第二小学",
                "全县",
                "直播英语",
                "王芳",
                "",
                "石门教学点、柳河教学点 东教室",
                "四",
                "5",
                "",
                "直播大课",
            ],
            &["清溪县第二小学", "四年级", "英语", "王芳", "", "云岭教学点", "四", "4", "", ""],
        ],
    );
    apply(&county(), &[file("课表.xlsx", vec![courses])])
}

fn courses(timetable: &Timetable) -> Vec<Course> {
    let course = |record| if let Record::Course(course) = record { Some(course) } else { None };
    timetable.records().into_iter().filter_map(course).collect()
}

fn again(timetable: &Timetable) -> crate::Import {
    let term = timetable.terms()[0].id.clone();
    let bytes = workbook(timetable, &term).unwrap();
    preview(timetable, &[("导出.xlsx", &bytes)], &Options { term: Some(term), ..options() })
}

#[test]
fn what_is_exported_changes_nothing_when_it_is_imported() {
    let mut county = full_county();
    let mut english = courses(&county).into_iter().find(|it| it.name == "直播英语").unwrap();
    english.points[0].class_group = "三、四年级".to_owned();
    let school: SchoolId = english.hub_school.clone();
    let nameless = SpecialDay {
        school: Some(school),
        date: jiff::civil::date(2026, 11, 11),
        name: String::new(),
        rule: protocol::timetable::DayRule::Off,
    };
    let by_hand = Course {
        id: CourseId::parse("by-hand").unwrap(),
        class_group: "五年级".to_owned(),
        kind: SessionKind::RecordOnly,
        points: Vec::<CoursePoint>::new(),
        ..english.clone()
    };
    let put = vec![Record::Course(english), Record::SpecialDay(nameless), Record::Course(by_hand)];
    county.apply(&Change { put, remove: vec![] }).unwrap();
    let read = again(&county);
    assert_eq!(read.preview.problems, []);
    assert_eq!(read.change, Change::default());
    assert_eq!(read.preview.courses_not_named, Vec::<String>::new());
}

#[test]
fn a_new_county_is_made_of_what_another_exports() {
    let county = full_county();
    let term = county.terms()[0].id.clone();
    let bytes = workbook(&county, &term).unwrap();
    let import = preview(&Timetable::default(), &[("导出.xlsx", &bytes)], &options());
    assert_eq!(import.preview.problems, []);
    let mut copy = Timetable::default();
    copy.apply(&import.change).unwrap();
    assert_eq!(rows(&copy), rows(&county));
    assert_eq!(copy, county, "ids come from names");
}

#[test]
fn a_whole_county_comes_back_too() {
    let county = apply(&Timetable::default(), &whole_county::files());
    let read = again(&county);
    assert_eq!(read.preview.problems, []);
    assert!(read.change.is_empty());
}

#[test]
fn a_week_to_print_says_what_is_held() {
    let mut county = full_county();
    let all = courses(&county);
    let music = all.iter().find(|course| course.name == "音乐").unwrap();
    let term = music.term.clone();
    let origin = Origin {
        course: music.id.clone(),
        weekday: Weekday::from_iso(5).unwrap(),
        period: 1,
        week_no: 6,
        again_on: None,
    };
    let (moved_to, substitute, master_room, title) = (None, None, None, None);
    let cancelled = Some("停电".to_owned());
    let edit = LessonEdit { origin, moved_to, substitute, master_room, cancelled, title };
    county.apply(&Change { put: vec![Record::LessonEdit(edit)], remove: vec![] }).unwrap();
    let teacher = week_table(&county, &Whose::Teacher(music.master_teacher.clone()), &term, 6).unwrap();
    assert_eq!(teacher.title.as_deref(), Some("陈静 第6周课表"));
    assert_eq!(teacher.header.len(), 7, "the makeup Saturday too");
    assert_eq!(teacher.header[6], "星期六\n10月10日");
    let text = |row: usize, col: usize| match &teacher.rows[row][col] {
        Value::Text(text) => text.as_str(),
        _ => "",
    };
    assert_eq!(text(0, 0), "第1节\n08:00-08:40");
    assert_eq!(text(0, 5), "音乐\n三年级1班\n录播教室1\n停课：停电");
    assert_eq!(text(2, 6), "音乐\n三年级1班\n录播教室1");
    let room = week_table(&county, &Whose::Room(music.points[0].room.clone()), &term, 5).unwrap();
    assert_eq!(room.rows[2][1], Value::Text("音乐\n三年级1班\n陈静\n清溪县实验小学".to_owned()));
    let school = week_table(&county, &Whose::School(music.hub_school.clone()), &term, 5).unwrap();
    assert_eq!(school.rows[5][2], Value::Text("教研活动\n李红\n录播教室1".to_owned()));
    assert!(county.record(&Key::Course(music.id.clone())).is_some());
    assert!(sheets::write(&[teacher, room, school]).is_ok());
}
