//! What is held when, after whatever was decided about single lessons.

use jiff::{ToSpan, civil::date};
use protocol::timetable::{Change, Key, Record, WeekSet};

use super::*;
use crate::small_county::{
    MONDAY_5, SATURDAY_5, about, apart, at, bells, county, extra, follows, lesson, off, on, person, put, room, room_id,
    row, time, zone,
};

const ID: &str = "music-w05d1p3";
const THURSDAY_5: Date = date(2026, 10, 1);

#[test]
fn a_moved_lesson_is_held_where_it_was_moved_under_its_id() {
    let mut county = county();
    put(&mut county, [Record::LessonEdit(LessonEdit { moved_to: Some(at(THURSDAY_5, 7)), ..about(ID) })]);
    assert!(on(&county, MONDAY_5).is_empty());
    assert_eq!(on(&county, THURSDAY_5), [ID]);
    let held = county.find(&lesson(ID)).unwrap();
    assert_eq!(county.on(THURSDAY_5).first(), Some(&held));
    assert_eq!((held.date, held.period, held.minutes), (THURSDAY_5, 7, Some((780, 820))));
    let shown = county.lesson(&held, &zone()).unwrap();
    assert!(shown.moved && !shown.substituted);
    assert_eq!((shown.starts_at, shown.ends_at), (time(THURSDAY_5, 780), time(THURSDAY_5, 820)));
    assert_eq!((shown.date, shown.week_no, shown.period), (THURSDAY_5, 5, 7));
}

#[test]
fn a_lesson_in_a_period_that_the_bells_lack_is_on_but_at_no_time() {
    let mut county = county();
    put(&mut county, [Record::LessonEdit(LessonEdit { moved_to: Some(at(THURSDAY_5, 9)), ..about(ID) })]);
    put(&mut county, [row("music", 4, 20, WeekSet::range(1, 20))]);
    assert_eq!(on(&county, THURSDAY_5), [ID, "music-w05d4p20"]);
    for held in county.on(THURSDAY_5) {
        assert_eq!((held.minutes, county.lesson(&held, &zone())), (None, None));
        assert_eq!(county.find(&held.id), Some(held));
    }
}

#[test]
fn a_lesson_moved_off_a_day_stays_where_it_is_when_the_day_is_off() {
    let mut county = county();
    put(&mut county, [Record::LessonEdit(LessonEdit { moved_to: Some(at(THURSDAY_5, 7)), ..about(ID) })]);
    put(&mut county, [off(None, MONDAY_5)]);
    assert_eq!(on(&county, THURSDAY_5), [ID]);
    // A makeup day for that Monday does not hold it a second time.
    put(&mut county, [follows(None, SATURDAY_5, 5, 1)]);
    assert_eq!((on(&county, THURSDAY_5), on(&county, SATURDAY_5)), (vec![ID.to_owned()], Vec::new()));
}

#[test]
fn a_lesson_that_was_to_be_held_again_goes_with_its_day_wherever_it_was_moved() {
    let mut county = county();
    put(&mut county, [follows(None, SATURDAY_5, 5, 1)]);
    let again = "music-w05d1p3-20261003";
    put(&mut county, [Record::LessonEdit(LessonEdit { moved_to: Some(at(THURSDAY_5, 7)), ..about(again) })]);
    assert_eq!((on(&county, MONDAY_5), on(&county, THURSDAY_5)), (vec![ID.to_owned()], vec![again.to_owned()]));
    // With the Monday off, the Saturday holds the Monday's own lessons and none again.
    put(&mut county, [off(None, MONDAY_5)]);
    assert_eq!((on(&county, SATURDAY_5), on(&county, THURSDAY_5)), (vec![ID.to_owned()], Vec::new()));
    assert_eq!(county.find(&lesson(again)), None);
    county.apply(&Change { put: Vec::new(), remove: vec![Key::SpecialDay(None, MONDAY_5)] }).unwrap();
    assert_eq!(on(&county, THURSDAY_5), [again]);
}

#[test]
fn a_substitute_another_room_and_a_title_are_the_lesson_s_alone() {
    let mut county = county();
    put(
        &mut county,
        [Record::LessonEdit(LessonEdit {
            substitute: Some(person("li")),
            master_room: Some(room_id("hill-room")),
            title: Some("《茉莉花》".into()),
            ..about(ID)
        })],
    );
    let shown = |date| county.lesson(&county.on(date)[0], &zone()).unwrap();
    let (edited, next) = (shown(MONDAY_5), shown(MONDAY_5 + 7.days()));
    assert_eq!(edited.master, Party { id: person("li"), name: "li老师".into() });
    assert_eq!((edited.master_room, edited.title.as_str()), (Some(room_id("hill-room")), "《茉莉花》"));
    assert!(edited.substituted && !edited.moved);
    assert_eq!((next.master.id, next.title.as_str()), (person("wang"), "课程 music"));
    assert_eq!((next.master_room, next.substituted), (Some(room_id("town-room")), false));
    assert_eq!(next.id, lesson("music-w06d1p3"));
}

#[test]
fn a_cancelled_lesson_is_on_with_its_reason() {
    let mut county = county();
    let cancelled = Some("停电".to_owned());
    put(&mut county, [Record::LessonEdit(LessonEdit { cancelled: cancelled.clone(), ..about(ID) })]);
    put(&mut county, [Record::ExtraLesson(ExtraLesson { cancelled, ..extra("open-day", "music", MONDAY_5) })]);
    let held = county.on(MONDAY_5);
    assert_eq!(held.iter().map(Held::cancelled).collect::<Vec<_>>(), [Some("停电"), Some("停电")]);
    assert_eq!(county.lesson(&held[0], &zone()).unwrap().cancelled.as_deref(), Some("停电"));
}

#[test]
fn an_extra_lesson_is_on_at_its_own_time_on_a_day_off_too() {
    let mut county = county();
    put(&mut county, [off(None, MONDAY_5), Record::ExtraLesson(extra("open-day", "music", MONDAY_5))]);
    assert_eq!(on(&county, MONDAY_5), ["open-day"]);
    let held = county.find(&lesson("open-day")).unwrap();
    assert_eq!((held.minutes, held.period, held.title()), (Some((600, 660)), 0, "课程 music"));
    put(
        &mut county,
        [Record::ExtraLesson(ExtraLesson { title: "公开课".into(), ..extra("open-day", "music", THURSDAY_5) })],
    );
    assert!(on(&county, MONDAY_5).is_empty());
    assert_eq!(county.on(THURSDAY_5)[0].title(), "公开课");
}

#[test]
fn lessons_go_with_their_row_and_what_was_decided_waits_for_it() {
    let mut county = county();
    put(&mut county, [Record::LessonEdit(LessonEdit { moved_to: Some(at(THURSDAY_5, 7)), ..about(ID) })]);
    let before = county.clone();
    let removed = Change {
        put: Vec::new(),
        remove: vec![county.entries.values().next().cloned().map(Record::Entry).unwrap().key()],
    };
    let back = county.apply(&removed).unwrap();
    assert!(crate::dates(MONDAY_5, SATURDAY_5).all(|date| on(&county, date).is_empty()));
    assert_eq!(county.find(&lesson(ID)), None);
    // In other weeks only.
    put(&mut county, [row("music", 1, 3, WeekSet::range(6, 20))]);
    assert_eq!(county.find(&lesson(ID)), None);
    county.apply(&back).unwrap();
    assert_eq!((county.clone(), on(&county, THURSDAY_5)), (before, vec![ID.to_owned()]));
}

#[test]
fn lessons_are_told_first_bell_first_and_only_those_that_are_wanted() {
    let mut county = county();
    put(&mut county, [Record::Course(apart("art")), Record::Bells(bells(Some("hill"), MONDAY_5, 470, 4))]);
    put(&mut county, [row("art", 1, 3, WeekSet::range(1, 20)), row("music", 1, 1, WeekSet::range(5, 5))]);
    assert_eq!(on(&county, MONDAY_5), ["music-w05d1p1", "art-w05d1p3", ID]);
    let art = county.on_for(MONDAY_5, |course| course.id.as_str() == "art");
    assert_eq!(art, [county.find(&lesson("art-w05d1p3")).unwrap()]);
    assert_eq!(county.on_for(MONDAY_5, |_| false), []);
}

#[test]
fn lessons_overlap_while_both_are_held() {
    let mut county = county();
    let at_min = |id, date, starts_min| Record::ExtraLesson(ExtraLesson { starts_min, ..extra(id, "music", date) });
    put(&mut county, [at_min("a", THURSDAY_5, 600), at_min("b", THURSDAY_5, 659), at_min("c", MONDAY_5, 600)]);
    let found = |id| county.find(&lesson(id)).unwrap();
    let (a, b, c) = (found("a"), found("b"), found("c"));
    assert!(a.overlaps(&b) && b.overlaps(&a));
    assert!(!a.overlaps(&c), "on another date");
    let after = Held { minutes: Some((660, 700)), ..b.clone() };
    assert!(!a.overlaps(&after) && !after.overlaps(&a), "one begins with the bell that ends the other");
    assert!(!a.overlaps(&Held { minutes: None, ..b }), "at no time");
}

#[test]
fn a_lesson_past_midnight_ends_on_the_next_day() {
    let mut county = county();
    let late = ExtraLesson { starts_min: 1430, ends_min: 1470, ..extra("late", "music", MONDAY_5) };
    put(&mut county, [Record::ExtraLesson(late)]);
    let shown = county.lesson(&county.find(&lesson("late")).unwrap(), &zone()).unwrap();
    assert_eq!((shown.starts_at, shown.ends_at), (time(MONDAY_5, 1430), time(MONDAY_5 + 1.day(), 30)));
}

#[test]
fn a_point_is_named_after_its_school_and_its_room_where_there_are_several() {
    let mut county = county();
    let names = |county: &Timetable| {
        let held = county.find(&lesson(ID)).unwrap();
        county.lesson(&held, &zone()).unwrap().points.into_iter().map(|point| point.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&county), ["下河教学点", "关口教学点"]);
    put(&mut county, [room("pass-room-2", "pass")]);
    assert_eq!(names(&county), ["下河教学点", "关口教学点 二楼教室"]);
    assert_eq!(county.room_name(&room_id("none")), "none");
    assert_eq!(county.teacher_name(&person("none")), "none");
}
