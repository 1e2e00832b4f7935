//! The conflicts of a change are those of what it put on, and no others.

use jiff::{ToSpan, civil::date};
use protocol::timetable::{ConflictKind, Course, LessonEdit, WeekSet};

use super::*;
use crate::small_county::{
    MONDAY_5, SATURDAY_5, about, apart, at, county, course, extra, off, on, person, put, row, term,
};

/// `art` is taught by the teacher of `music`, at the same time in weeks 5 and 7, and on Fridays beside `sports`.
fn crowded() -> Timetable {
    let mut county = county();
    let with_wang = |id| Record::Course(Course { master_teacher: person("wang"), master_room: None, ..apart(id) });
    put(&mut county, [with_wang("art"), with_wang("sports")]);
    let weeks = WeekSet::default().with(5).with(7);
    put(&mut county, [row("art", 1, 3, weeks), row("art", 5, 1, weeks), row("sports", 5, 1, WeekSet::range(1, 20))]);
    county
}

fn dates_of(found: &[Conflict]) -> Vec<Date> {
    assert!(found.iter().all(|conflict| conflict.kind == ConflictKind::TeacherBusy));
    found.iter().map(|conflict| conflict.at.date).collect()
}

fn putting(record: Record) -> Change {
    Change { put: vec![record], remove: Vec::new() }
}

#[test]
fn a_row_is_checked_on_its_own_dates_and_where_its_lessons_were_moved() {
    let mut county = crowded();
    let change = putting(row("art", 1, 3, WeekSet::range(1, 1)));
    assert_eq!(dates_of(&county.conflicts_of_change(&change)), [MONDAY_5, MONDAY_5 + 14.days()]);
    let friday = MONDAY_5 + 4.days();
    let moved = LessonEdit { moved_to: Some(at(friday, 1)), ..about("art-w05d1p3") };
    put(&mut county, [Record::LessonEdit(moved)]);
    // On the Friday it meets both of those which meet each other there, and these are none of its own.
    assert_eq!(dates_of(&county.conflicts_of_change(&change)), [friday, friday, MONDAY_5 + 14.days()]);
    assert_eq!(county.conflicts_on(friday).len(), 3);
}

#[test]
fn a_course_is_checked_in_all_its_rows_and_extra_lessons() {
    let mut county = crowded();
    put(&mut county, [Record::ExtraLesson(extra("open-day", "art", MONDAY_5 + 7.days()))]);
    let found = county.conflicts_of_change(&putting(Record::Course(course("art"))));
    let days = [0, 4, 7, 14, 18].map(|days| MONDAY_5 + days.days());
    assert_eq!(dates_of(&found), days);
}

#[test]
fn a_day_is_checked_whole_also_when_it_is_no_longer_off() {
    let mut county = crowded();
    let day = off(None, MONDAY_5);
    let undo = put(&mut county, [day.clone()]);
    assert!(on(&county, MONDAY_5).is_empty());
    assert_eq!(county.conflicts_of_change(&putting(day)), []);
    county.apply(&undo).unwrap();
    assert_eq!(dates_of(&county.conflicts_of_change(&undo)), [MONDAY_5]);
}

#[test]
fn a_single_lesson_is_checked_also_when_what_was_decided_about_it_is_taken_back() {
    let mut county = crowded();
    let cancelled = LessonEdit { cancelled: Some("停电".into()), ..about("art-w05d1p3") };
    let change = putting(Record::LessonEdit(cancelled));
    let undo = county.apply(&change).unwrap();
    assert_eq!(county.conflicts_of_change(&change), []);
    county.apply(&undo).unwrap();
    assert_eq!(dates_of(&county.conflicts_of_change(&undo)), [MONDAY_5]);
    let extra = putting(Record::ExtraLesson(extra("open-day", "sports", MONDAY_5)));
    county.apply(&extra).unwrap();
    assert_eq!(dates_of(&county.conflicts_of_change(&extra)), [MONDAY_5, MONDAY_5]);
}

#[test]
fn what_puts_nothing_on_leaves_no_conflict() {
    let mut county = crowded();
    let row = row("art", 5, 1, WeekSet::range(1, 1)).key();
    let change = Change { put: vec![Record::Term(term())], remove: vec![row] };
    county.apply(&change).unwrap();
    assert_eq!(county.conflicts_of_change(&change), []);
    assert!(on(&county, SATURDAY_5).is_empty());
    assert_eq!(county.conflicts_on(date(2026, 10, 12)).len(), 1, "of others");
}
