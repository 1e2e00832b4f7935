//! Each change that is refused, and that nothing of it is made.

use jiff::civil::date;
use protocol::{
    CourseId, TermId,
    timetable::{BellPeriod, Bells, LessonEdit, Requirement, School, WeekSet},
};

use super::*;
use crate::{
    InvalidBells,
    small_county::{
        MONDAY_5, about, bells, county, course, extra, follows, lesson, off, person, put, room, room_id, row, school,
        teacher, term,
    },
};

/// Puts `record`, after something sound that must not stay.
fn refused(county: &Timetable, record: Record) -> InvalidChange {
    refused_change(county, Change { put: vec![off(None, MONDAY_5), record], remove: Vec::new() })
}

fn refused_change(county: &Timetable, change: Change) -> InvalidChange {
    let mut tried = county.clone();
    let why = tried.apply(&change).unwrap_err();
    assert_eq!(tried, *county, "{why}");
    why
}

fn removed(county: &Timetable, key: Key) -> InvalidChange {
    refused_change(county, Change { put: vec![off(None, MONDAY_5)], remove: vec![key] })
}

#[test]
fn a_record_that_names_one_that_is_not_there_is_refused() {
    let county = county();
    let nowhere = || Key::School(school("nowhere"));
    let nobody = || Key::Teacher(person("nobody"));
    let no_room = || Key::Room(room_id("none"));
    let mut with_point = course("art");
    with_point.points[1].room = room_id("none");
    let rows = [
        (room("r", "nowhere"), nowhere()),
        (teacher("t", "nowhere"), nowhere()),
        (Record::Bells(bells(Some("nowhere"), MONDAY_5, 480, 1)), nowhere()),
        (off(Some("nowhere"), MONDAY_5), nowhere()),
        (
            Record::Course(Course { term: TermId::parse("none").unwrap(), ..course("art") }),
            Key::Term(TermId::parse("none").unwrap()),
        ),
        (Record::Course(Course { hub_school: school("nowhere"), ..course("art") }), nowhere()),
        (Record::Course(Course { master_teacher: person("nobody"), ..course("art") }), nobody()),
        (Record::Course(Course { master_room: Some(room_id("none")), ..course("art") }), no_room()),
        (Record::Course(with_point), no_room()),
        (row("art", 1, 1, WeekSet::range(1, 2)), Key::Course(course("art").id)),
        (Record::LessonEdit(about("art-w01d1p1")), Key::Course(course("art").id)),
        (Record::ExtraLesson(extra("open-day", "art", MONDAY_5)), Key::Course(course("art").id)),
    ];
    for (record, missing) in rows {
        assert_eq!(refused(&county, record.clone()), InvalidChange::Missing { of: record.key(), missing });
    }
    let mut edit = about("music-w05d1p3");
    edit.substitute = Some(person("nobody"));
    edit.master_room = None;
    let of = Key::LessonEdit(edit.origin.clone());
    assert_eq!(
        refused(&county, Record::LessonEdit(edit.clone())),
        InvalidChange::Missing { of: of.clone(), missing: nobody() }
    );
    edit.master_room = Some(room_id("none"));
    assert_eq!(refused(&county, Record::LessonEdit(edit)), InvalidChange::Missing { of, missing: no_room() });
}

#[test]
fn a_record_that_others_name_is_not_removed() {
    let mut county = county();
    put(&mut county, [room("spare-room", "hill"), teacher("spare", "hill"), Record::Course(course("research"))]);
    let mut edit = about("music-w05d1p3");
    (edit.substitute, edit.master_room) = (Some(person("spare")), Some(room_id("spare-room")));
    put(&mut county, [Record::LessonEdit(edit), Record::ExtraLesson(extra("open-day", "research", MONDAY_5))]);
    let used = [
        Key::Term(term().id),
        Key::School(school("town")),
        Key::School(school("pass")),
        Key::Room(room_id("town-room")),
        Key::Room(room_id("creek-room")),
        Key::Room(room_id("spare-room")),
        Key::Teacher(person("wang")),
        Key::Teacher(person("spare")),
        Key::Course(course("music").id),
        Key::Course(course("research").id),
    ];
    for key in used {
        assert_eq!(removed(&county, key.clone()), InvalidChange::StillUsed(key));
    }
}

#[test]
fn a_school_is_used_by_whatever_is_its_own() {
    let new = || {
        Record::School(School { id: school("new"), name: "新校".into(), ..county().schools[&school("town")].clone() })
    };
    let users = [
        room("r", "new"),
        teacher("t", "new"),
        Record::Bells(bells(Some("new"), MONDAY_5, 480, 1)),
        off(Some("new"), MONDAY_5),
    ];
    for user in users {
        let mut county = county();
        let undo = put(&mut county, [new(), user]);
        let key = Key::School(school("new"));
        let only_it = Change { put: Vec::new(), remove: vec![key.clone()] };
        assert_eq!(refused_change(&county, only_it), InvalidChange::StillUsed(key));
        // With what uses it, it may go.
        county.apply(&undo).unwrap();
    }
    let mut county = county();
    put(&mut county, [new(), Record::Course(Course { hub_school: school("new"), ..course("art") })]);
    assert_eq!(removed(&county, Key::School(school("new"))), InvalidChange::StillUsed(Key::School(school("new"))));
}

#[test]
fn a_course_goes_only_without_rows_and_without_what_was_decided() {
    let mut county = county();
    put(&mut county, [Record::LessonEdit(about("music-w05d1p3"))]);
    let (course, edit) = (Key::Course(course("music").id), Record::LessonEdit(about("music-w05d1p3")).key());
    let entry = row("music", 1, 3, WeekSet::range(1, 1)).key();
    for kept in [&edit, &entry] {
        let remove = [&course, &edit, &entry].into_iter().filter(|key| *key != kept).cloned().collect();
        assert_eq!(
            refused_change(&county, Change { put: Vec::new(), remove }),
            InvalidChange::StillUsed(course.clone())
        );
    }
    let before = county.clone();
    let undo = county.apply(&Change { put: Vec::new(), remove: vec![course, edit, entry] }).unwrap();
    county.apply(&undo).unwrap();
    assert_eq!(county, before);
}

#[test]
fn periods_that_are_no_bell_schedule_are_refused() {
    let county = county();
    let mut overlapping = bells(None, MONDAY_5, 480, 2);
    overlapping.periods[1].starts_min = 519;
    assert_eq!(refused(&county, Record::Bells(overlapping)), InvalidChange::Bells(InvalidBells::Overlap(2)));
    for number in [0, LAST_PERIOD + 1] {
        let periods = vec![BellPeriod { number, starts_min: 480, ends_min: 520 }];
        let record = Record::Bells(Bells { periods, ..bells(None, MONDAY_5, 480, 1) });
        assert_eq!(refused(&county, record.clone()), InvalidChange::OutOfRange(record.key()));
    }
    let none = Record::Bells(bells(None, MONDAY_5, 480, 0));
    assert_eq!(refused(&county, none.clone()), InvalidChange::OutOfRange(none.key()));
}

#[test]
fn a_term_begins_in_its_first_week_and_has_at_most_thirty() {
    let county = county();
    let wrong = [
        Term { week_1: date(2026, 9, 1), ..term() },
        Term { first_day: date(2026, 8, 30), ..term() },
        Term { first_day: date(2026, 9, 7), ..term() },
        Term { last_day: date(2026, 9, 1), ..term() },
        Term { last_day: date(2027, 3, 29), ..term() },
    ];
    for term in wrong {
        assert_eq!(refused(&county, Record::Term(term)), InvalidChange::TermDates);
    }
    put(
        &mut county.clone(),
        [Record::Term(Term { first_day: date(2026, 9, 6), last_day: date(2027, 3, 28), ..term() })],
    );
}

#[test]
fn terms_share_no_day() {
    let mut county = county();
    let spring = |first_day, last_day| {
        let week_1 = crate::days_after(first_day, -i32::from(first_day.weekday().to_monday_zero_offset()));
        Record::Term(Term { id: TermId::parse("spring").unwrap(), week_1, first_day, last_day, ..term() })
    };
    for (first_day, last_day) in [(date(2027, 1, 15), date(2027, 6, 1)), (date(2026, 8, 3), date(2026, 9, 1))] {
        assert_eq!(refused(&county, spring(first_day, last_day)), InvalidChange::TermsOverlap);
    }
    put(&mut county, [spring(date(2027, 1, 16), date(2027, 6, 1))]);
    let longer = Term { last_day: date(2027, 1, 16), ..term() };
    assert_eq!(refused(&county, Record::Term(longer)), InvalidChange::TermsOverlap);
}

#[test]
fn names_and_numbers_out_of_range_are_refused() {
    let county = county();
    let long = "长".repeat(LONGEST_NAME + 1);
    let school = |name: &str| Record::School(School { name: name.into(), ..county.schools[&school("town")].clone() });
    let requirement = |grade: &str, subject: &str| {
        Record::Requirement(Requirement { grade: grade.into(), subject: subject.into(), periods: 2 })
    };
    let edit = LessonEdit { moved_to: Some(crate::small_county::at(MONDAY_5, 0)), ..about("music-w05d1p3") };
    let open_day = || extra("open-day", "music", MONDAY_5);
    let wrong = [
        school(""),
        school(" \t"),
        school(&long),
        Record::Course(Course { name: String::new(), ..course("music") }),
        Record::Course(Course { subject: String::new(), ..course("music") }),
        requirement("", "音乐"),
        requirement("三年级", " "),
        row("music", 1, 0, WeekSet::range(1, 2)),
        row("music", 1, LAST_PERIOD + 1, WeekSet::range(1, 2)),
        row("music", 1, 1, WeekSet::default()),
        follows(None, MONDAY_5, 0, 1),
        follows(None, MONDAY_5 - jiff::ToSpan::day(1), 31, 1),
        Record::LessonEdit(edit),
        Record::ExtraLesson(ExtraLesson { starts_min: 1440, ends_min: 1441, ..open_day() }),
        Record::ExtraLesson(ExtraLesson { starts_min: 600, ends_min: 600, ..open_day() }),
        Record::ExtraLesson(ExtraLesson { starts_min: 600, ends_min: 2041, ..open_day() }),
        Record::ExtraLesson(ExtraLesson { period: LAST_PERIOD + 1, ..open_day() }),
    ];
    for record in wrong {
        let change = Change { put: vec![school("城关"), record.clone()], remove: Vec::new() };
        let change =
            if record.key() == school("").key() { Change { put: vec![record.clone()], ..change } } else { change };
        assert_eq!(refused_change(&county, change), InvalidChange::OutOfRange(record.key()));
    }
    put(&mut county.clone(), [school(&long[3..])]);
}

#[test]
fn a_row_is_refused_whose_lessons_no_id_would_fit() {
    let mut county = county();
    let long = "c".repeat(LONGEST_COURSE_ID + 1);
    // Extra lessons have ids of their own.
    put(&mut county, [Record::Course(course(&long)), Record::ExtraLesson(extra("open-day", &long, MONDAY_5))]);
    let record = row(&long, 1, 1, WeekSet::range(1, 2));
    assert_eq!(refused(&county, record.clone()), InvalidChange::OutOfRange(record.key()));
    put(&mut county, [Record::Course(course(&long[1..])), row(&long[1..], 1, 1, WeekSet::range(1, 2))]);
}

#[test]
fn an_extra_lesson_has_no_id_that_a_row_might_have() {
    let record = Record::ExtraLesson(extra("music-w05d1p3", "music", MONDAY_5));
    assert_eq!(refused(&county(), record), InvalidChange::OutOfRange(Key::ExtraLesson(lesson("music-w05d1p3"))));
}

#[test]
fn one_change_has_each_record_once() {
    let day = || off(None, MONDAY_5);
    for change in [
        Change { put: vec![day(), follows(None, MONDAY_5, 5, 2)], remove: Vec::new() },
        Change { put: vec![day()], remove: vec![day().key()] },
        Change { put: Vec::new(), remove: vec![day().key(), day().key()] },
    ] {
        assert_eq!(refused_change(&county(), change), InvalidChange::Twice(day().key()));
    }
}

#[test]
fn records_that_name_each_other_come_in_any_order_within_a_change() {
    let county = county();
    let mut put = county.records();
    put.reverse();
    let mut again = Timetable::default();
    let undo = again.apply(&Change { put, remove: Vec::new() }).unwrap();
    assert_eq!(again, county);
    again.apply(&undo).unwrap();
    assert_eq!(again, Timetable::default());
    assert_eq!(CourseId::parse("music").map(Key::Course).ok().and_then(|key| again.record(&key)), None);
}
