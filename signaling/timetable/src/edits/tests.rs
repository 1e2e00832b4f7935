//! Each kind of edit, each reason against it, and the way back.

use jiff::{ToSpan, civil::date};
use protocol::timetable::{SpecialDay, WeekSet};

use super::*;
use crate::small_county::{
    BEFORE_TERM, MONDAY_5, SATURDAY_5, about, at, county, course, edit, extra, follows, lesson, off, on, person, put,
    room_id, row, time, zone,
};

const ID: &str = "music-w05d1p3";
const THURSDAY_5: Date = date(2026, 10, 1);

fn reschedule(id: &str, to: DatePeriod) -> Edit {
    Edit::Reschedule { lesson: lesson(id), to }
}

fn substitute(id: &str, teacher: &str) -> Edit {
    Edit::Substitute { lesson: lesson(id), teacher: person(teacher) }
}

fn change_room(id: &str, room: &str) -> Edit {
    Edit::ChangeRoom { lesson: lesson(id), room: room_id(room) }
}

fn cancel(id: &str, reason: &str) -> Edit {
    Edit::Cancel { lesson: lesson(id), reason: reason.into() }
}

fn retitle(id: &str, title: &str) -> Edit {
    Edit::Retitle { lesson: lesson(id), title: title.into() }
}

fn restore(id: &str) -> Edit {
    Edit::Restore { lesson: lesson(id) }
}

fn add(period: u8) -> Edit {
    let (course, title) = (Course { kind: SessionKind::AdHocLesson, ..course("any") }, "教研".to_owned());
    Edit::AddLesson { course, title, date: THURSDAY_5, period, starts_min: 1000, ends_min: 1090 }
}

/// One of each kind that is about a lesson.
fn each(id: &str) -> [Edit; 6] {
    [
        reschedule(id, at(THURSDAY_5, 7)),
        substitute(id, "li"),
        change_room(id, "hill-room"),
        cancel(id, "停电"),
        retitle(id, "《茉莉花》"),
        restore(id),
    ]
}

#[test]
fn each_edit_of_a_lesson_is_one_record_about_it_and_leaves_what_was_decided_before() {
    let mut county = county();
    let before = county.clone();
    let undo: Vec<Change> = each(ID)[..5].iter().map(|it| edit(&mut county, it, BEFORE_TERM).unwrap()).collect();
    let decided = LessonEdit {
        moved_to: Some(at(THURSDAY_5, 7)),
        substitute: Some(person("li")),
        master_room: Some(room_id("hill-room")),
        cancelled: Some("停电".into()),
        title: Some("《茉莉花》".into()),
        ..about(ID)
    };
    assert_eq!(county.edits.values().collect::<Vec<_>>(), [&decided]);
    let restored = edit(&mut county, &restore(ID), BEFORE_TERM).unwrap();
    assert_eq!(county, before);
    county.apply(&restored).unwrap();
    assert_eq!(county.edits.values().collect::<Vec<_>>(), [&decided]);
    for inverse in undo.iter().rev() {
        county.apply(inverse).unwrap();
    }
    assert_eq!(county, before);
}

#[test]
fn an_extra_lesson_is_edited_in_its_own_records() {
    let mut county = county();
    let before = county.clone();
    let undo = edit(&mut county, &add(2), BEFORE_TERM).unwrap();
    let added = county.find(&lesson("added")).unwrap();
    assert_eq!((added.minutes, added.title(), added.course.id.as_str()), (Some((530, 570)), "教研", "added"));
    let untouched = county.clone();
    let undos: Vec<Change> = each("added")[..5].iter().map(|it| edit(&mut county, it, BEFORE_TERM).unwrap()).collect();
    let held = county.find(&lesson("added")).unwrap();
    assert_eq!((held.date, held.period, held.minutes), (THURSDAY_5, 7, Some((780, 820))));
    assert_eq!((held.teacher(), held.master_room()), (&person("li"), Some(&room_id("hill-room"))));
    assert_eq!((held.cancelled(), held.title()), (Some("停电"), "《茉莉花》"));
    edit(&mut county, &restore("added"), BEFORE_TERM).unwrap();
    assert_eq!(county.find(&lesson("added")).unwrap().cancelled(), None);
    edit(&mut county, &cancel("added", "停电"), BEFORE_TERM).unwrap();
    for inverse in undos.iter().rev() {
        county.apply(inverse).unwrap();
    }
    assert_eq!(county, untouched);
    county.apply(&undo).unwrap();
    assert_eq!(county, before);
}

#[test]
fn a_lesson_is_added_in_a_period_of_the_hub_school_or_at_a_time_of_its_own() {
    for (period, minutes) in [(2, (530, 570)), (0, (1000, 1090))] {
        let mut county = county();
        edit(&mut county, &add(period), BEFORE_TERM).unwrap();
        let held = county.find(&lesson("added")).unwrap();
        assert_eq!((held.date, held.period, held.minutes), (THURSDAY_5, period, Some(minutes)));
        assert!(is_ad_hoc(held.course.kind));
    }
    assert!(!is_ad_hoc(SessionKind::DedicatedLesson));
    assert_eq!(edit(&mut county(), &add(9), BEFORE_TERM), Err(EditError::NoSuchPeriod));
    let nobody = Edit::AddLesson {
        course: Course { master_teacher: person("nobody"), ..course("any") },
        title: String::new(),
        date: THURSDAY_5,
        period: 1,
        starts_min: 0,
        ends_min: 0,
    };
    assert!(matches!(
        edit(&mut county(), &nobody, BEFORE_TERM),
        Err(EditError::Invalid(InvalidChange::Missing { .. }))
    ));
}

#[test]
fn what_is_not_in_the_timetable_cannot_be_edited() {
    for id in ["music-w05d1p4", "music-w01d1p3", "music-w05d1p3-20261003", "art-w05d1p3", "extra-1"] {
        for it in each(id) {
            assert_eq!(edit(&mut county(), &it, BEFORE_TERM), Err(EditError::UnknownLesson), "{it:?}");
        }
    }
}

#[test]
fn what_is_over_is_not_edited_and_nothing_is_moved_into_the_past() {
    let mut county = county();
    put(&mut county, [Record::ExtraLesson(extra("open-day", "music", MONDAY_5))]);
    let change = |it: &Edit, now| county.change_of(it, lesson("added"), now, &zone());
    for (id, last_min) in [(ID, 620), ("open-day", 660)] {
        for it in &each(id)[..5] {
            assert_eq!(change(it, time(MONDAY_5, last_min)), Err(EditError::Over), "{it:?}");
            assert_ne!(change(it, time(MONDAY_5, last_min - 1)), Err(EditError::Over), "{it:?}");
        }
        assert_eq!(change(&restore(id), time(MONDAY_5, last_min)), Err(EditError::Over));
    }
    let next_week = reschedule("music-w06d1p3", at(MONDAY_5, 1));
    assert_eq!(change(&next_week, time(MONDAY_5, 520)), Err(EditError::Over));
    assert!(change(&next_week, time(MONDAY_5, 519)).is_ok());
}

#[test]
fn a_lesson_is_not_restored_into_the_past() {
    let mut county = county();
    edit(&mut county, &reschedule(ID, at(THURSDAY_5, 7)), BEFORE_TERM).unwrap();
    assert_eq!(edit(&mut county, &restore(ID), MONDAY_5 + 1.day()), Err(EditError::Over));
    assert!(edit(&mut county.clone(), &restore(ID), MONDAY_5).is_ok());
    // With the Monday off there is no past it would be held in, only nowhere.
    put(&mut county, [off(None, MONDAY_5)]);
    edit(&mut county, &restore(ID), MONDAY_5 + 1.day()).unwrap();
    assert_eq!(county.find(&lesson(ID)), None);
}

#[test]
fn a_lesson_in_a_period_that_the_bells_lack_is_over_with_its_date() {
    let mut county = county();
    put(&mut county, [row("music", 1, 12, WeekSet::range(5, 5))]);
    let id = "music-w05d1p12";
    let change = |now| county.change_of(&cancel(id, "停电"), lesson("added"), now, &zone());
    assert!(change(time(MONDAY_5, 1439)).is_ok());
    assert_eq!(change(time(MONDAY_5, 1440)), Err(EditError::Over));
}

#[test]
fn a_lesson_goes_only_where_the_hub_school_has_the_period() {
    let mut county = county();
    for period in [0, 9, 21] {
        let it = reschedule(ID, at(THURSDAY_5, period));
        assert_eq!(edit(&mut county, &it, BEFORE_TERM), Err(EditError::NoSuchPeriod));
    }
    // It may go to a day off or out of the term: that is a conflict to see, not a mistake to refuse.
    put(&mut county, [off(None, THURSDAY_5)]);
    edit(&mut county, &reschedule(ID, at(THURSDAY_5, 1)), BEFORE_TERM).unwrap();
    edit(&mut county, &reschedule(ID, at(date(2027, 2, 1), 1)), BEFORE_TERM).unwrap();
    assert_eq!(on(&county, date(2027, 2, 1)), [ID]);
}

#[test]
fn a_cancellation_needs_a_reason() {
    assert_eq!(edit(&mut county(), &cancel(ID, " \n"), BEFORE_TERM), Err(EditError::NoReason));
    let mut county = county();
    edit(&mut county, &cancel(ID, " 停电 "), BEFORE_TERM).unwrap();
    assert_eq!(county.find(&lesson(ID)).unwrap().cancelled(), Some("停电"));
}

#[test]
fn an_edit_that_changes_nothing_is_told_so() {
    let mut county = county();
    put(&mut county, [off(None, MONDAY_5), follows(None, SATURDAY_5, 5, 1)]);
    let held_already = [
        reschedule(ID, at(SATURDAY_5, 3)),
        substitute(ID, "wang"),
        change_room(ID, "town-room"),
        retitle(ID, "  "),
        retitle(ID, "课程 music"),
        restore(ID),
        Edit::Records { change: put_again(&county) },
        Edit::Records { change: Change { put: Vec::new(), remove: vec![Key::SpecialDay(None, THURSDAY_5)] } },
        Edit::Records { change: Change::default() },
    ];
    for it in held_already {
        assert_eq!(edit(&mut county, &it, BEFORE_TERM), Err(EditError::NothingChanges), "{it:?}");
    }
    edit(&mut county, &cancel(ID, "停电"), BEFORE_TERM).unwrap();
    assert_eq!(edit(&mut county, &cancel(ID, "停电 "), BEFORE_TERM), Err(EditError::NothingChanges));
}

fn put_again(county: &Timetable) -> Change {
    Change { put: county.records(), remove: Vec::new() }
}

#[test]
fn what_is_as_the_weekly_timetable_has_it_is_no_longer_edited() {
    let mut county = county();
    let before = county.clone();
    let there_and_back = [
        [reschedule(ID, at(THURSDAY_5, 7)), reschedule(ID, at(MONDAY_5, 3))],
        [substitute(ID, "li"), substitute(ID, "wang")],
        [change_room(ID, "hill-room"), change_room(ID, "town-room")],
        [retitle(ID, "《茉莉花》"), retitle(ID, "")],
    ];
    for [there, back] in there_and_back {
        edit(&mut county, &there, BEFORE_TERM).unwrap();
        assert_ne!(county, before);
        edit(&mut county, &back, BEFORE_TERM).unwrap();
        assert_eq!(county, before);
    }
}

#[test]
fn an_extra_lesson_that_shares_its_course_is_not_given_another_teacher_or_room() {
    let mut county = county();
    // With the rows of the weekly timetable.
    put(&mut county, [Record::ExtraLesson(extra("open-day", "music", THURSDAY_5))]);
    for it in [substitute("open-day", "li"), change_room("open-day", "hill-room")] {
        assert_eq!(edit(&mut county, &it, BEFORE_TERM), Err(EditError::NotWeekly));
    }
    // With another extra lesson.
    put(&mut county, [Record::Course(course("research"))]);
    put(&mut county, [1, 2].map(|n| Record::ExtraLesson(extra(&format!("research-{n}"), "research", THURSDAY_5))));
    assert_eq!(edit(&mut county, &substitute("research-1", "li"), BEFORE_TERM), Err(EditError::NotWeekly));
    county.apply(&Change { put: Vec::new(), remove: vec![Key::ExtraLesson(lesson("research-2"))] }).unwrap();
    edit(&mut county, &substitute("research-1", "li"), BEFORE_TERM).unwrap();
    assert_eq!(county.find(&lesson("research-1")).unwrap().teacher(), &person("li"));
}

#[test]
fn records_are_put_and_removed_as_far_as_they_alter_anything() {
    let mut county = county();
    let mut change = put_again(&county);
    change.put.push(off(None, MONDAY_5));
    change.remove = vec![Key::SpecialDay(None, SATURDAY_5)];
    let asked = Edit::Records { change };
    let made = county.change_of(&asked, lesson("added"), time(BEFORE_TERM, 0), &zone());
    assert_eq!(made, Ok(Change { put: vec![off(None, MONDAY_5)], remove: Vec::new() }));
    let undo = edit(&mut county, &asked, BEFORE_TERM).unwrap();
    assert_eq!(undo, Change { put: Vec::new(), remove: vec![Key::SpecialDay(None, MONDAY_5)] });
    let Record::SpecialDay(day) = off(Some("nowhere"), MONDAY_5) else { panic!("a day off is a special day") };
    let nowhere = Edit::Records {
        change: Change { put: vec![Record::SpecialDay(SpecialDay { name: "假".into(), ..day })], remove: Vec::new() },
    };
    assert!(matches!(edit(&mut county, &nowhere, BEFORE_TERM), Err(EditError::Invalid(InvalidChange::Missing { .. }))));
}

#[test]
fn a_lesson_that_is_held_again_is_edited_apart() {
    let mut county = county();
    put(&mut county, [follows(None, SATURDAY_5, 5, 1)]);
    let again = "music-w05d1p3-20261003";
    edit(&mut county, &cancel(again, "停电"), BEFORE_TERM).unwrap();
    assert_eq!(county.find(&lesson(ID)).unwrap().cancelled(), None);
    assert_eq!(county.find(&lesson(again)).unwrap().cancelled(), Some("停电"));
}
