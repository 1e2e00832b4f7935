//! Changes are made whole or not at all, and taken back.

use jiff::civil::date;
use protocol::timetable::{BellPeriod, Bells, Requirement, WeekSet};

use super::*;
use crate::small_county::{MONDAY_5, SATURDAY_5, about, at, bells, county, course, extra, off, on, put, room, row};

/// The county with one record of every kind.
fn full() -> Timetable {
    let mut county = county();
    let moved = LessonEdit { moved_to: Some(at(SATURDAY_5, 1)), ..about("music-w05d1p3") };
    let requirement = Requirement { grade: "三年级".into(), subject: "音乐".into(), periods: 2 };
    put(&mut county, [off(Some("hill"), MONDAY_5), off(None, MONDAY_5), Record::LessonEdit(moved)]);
    put(&mut county, [Record::ExtraLesson(extra("open-day", "music", MONDAY_5)), Record::Requirement(requirement)]);
    put(&mut county, [Record::Bells(bells(Some("hill"), MONDAY_5, 470, 8))]);
    county
}

#[test]
fn every_record_is_found_by_its_key_and_gone_once_it_is_removed() {
    let county = full();
    for record in county.records() {
        assert_eq!(county.record(&record.key()).as_ref(), Some(&record));
    }
    let remove = county.records().iter().map(Record::key).collect();
    let mut emptied = county.clone();
    let back = emptied.apply(&Change { put: Vec::new(), remove }).unwrap();
    assert_eq!(emptied, Timetable::default());
    assert!(county.records().iter().all(|record| emptied.record(&record.key()).is_none()));
    emptied.apply(&back).unwrap();
    assert_eq!(emptied, county);
}

#[test]
fn records_come_after_those_they_name() {
    let county = full();
    let mut again = Timetable::default();
    for record in county.records() {
        put(&mut again, [record]);
    }
    assert_eq!(again, county);
}

#[test]
fn an_inverse_restores_what_was_replaced_and_can_itself_be_taken_back() {
    let mut county = full();
    let before = county.clone();
    let change = Change {
        put: vec![
            row("music", 1, 3, WeekSet::range(1, 8)),
            row("music", 2, 3, WeekSet::range(1, 8)),
            room("creek-room", "pass"),
            Record::ExtraLesson(extra("open-day", "music", SATURDAY_5)),
            Record::LessonEdit(LessonEdit { moved_to: None, ..about("music-w05d1p3") }),
        ],
        remove: vec![Key::SpecialDay(None, MONDAY_5), Key::SpecialDay(None, date(2026, 12, 1))],
    };
    let inverse = county.apply(&change).unwrap();
    let after = county.clone();
    let again = county.apply(&inverse).unwrap();
    assert_eq!(county, before);
    county.apply(&again).unwrap();
    assert_eq!(county, after);
}

#[test]
fn what_is_put_elsewhere_is_no_longer_where_it_was() {
    let mut county = full();
    let tuesday = date(2026, 9, 29);
    let moved = LessonEdit { moved_to: Some(at(tuesday, 1)), ..about("music-w05d1p3") };
    put(&mut county, [Record::LessonEdit(moved), Record::ExtraLesson(extra("open-day", "music", tuesday))]);
    put(&mut county, [room("creek-room", "pass")]);
    assert!(on(&county, SATURDAY_5).is_empty() && on(&county, MONDAY_5).is_empty());
    assert_eq!(on(&county, tuesday), ["music-w05d1p3", "open-day"]);
    assert_eq!(county.room_name(&crate::small_county::room_id("creek-room")), "关口教学点 二楼教室");
    assert!(!county.rooms_of.contains_key(&crate::small_county::school("creek")));
}

#[test]
fn a_change_that_fails_half_way_leaves_nothing_behind() {
    let county = full();
    let periods = vec![BellPeriod { number: 1, starts_min: 500, ends_min: 500 }];
    let bad = Record::Bells(Bells { school: None, from: MONDAY_5, periods });
    let put = vec![
        row("music", 1, 3, WeekSet::range(1, 8)),
        Record::Course(course("art")),
        Record::ExtraLesson(extra("open-day", "art", SATURDAY_5)),
        bad,
        off(None, SATURDAY_5),
    ];
    let mut tried = county.clone();
    let why = tried.apply(&Change { put, remove: vec![Key::SpecialDay(None, MONDAY_5)] });
    assert_eq!(why, Err(InvalidChange::Bells(InvalidBells::BadTimes(1))));
    assert_eq!(tried, county);
}

#[test]
fn only_what_alters_something_is_effective() {
    let county = full();
    let (new, old) = (off(None, SATURDAY_5), off(None, MONDAY_5));
    let change = Change {
        put: vec![new.clone(), old.clone()],
        remove: vec![new.key(), Key::SpecialDay(Some(crate::small_county::school("hill")), MONDAY_5)],
    };
    let effective = county.effective(change);
    assert_eq!(effective.put, [new]);
    assert_eq!(effective.remove, [Key::SpecialDay(Some(crate::small_county::school("hill")), MONDAY_5)]);
    assert!(county.effective(Change { put: county.records(), remove: Vec::new() }).is_empty());
}
