//! What must be true of a timetable after whatever was done to it.

use std::{collections::BTreeSet, fmt::Debug};

use jiff::{ToSpan, civil::Date};
use protocol::{
    LessonId,
    timetable::{Change, Conflict, DatePeriod, LessonEdit, Record},
};
use timetable::{Held, Timetable, dates};

use crate::{
    county::County,
    dice::Dice,
    reference::{Planned, Reference},
};

pub fn all(timetable: &Timetable, reference: &Reference, lessons: &[Planned], county: &County, dice: &mut Dice) {
    assert_eq!(
        lessons.iter().map(|lesson| &lesson.id).collect::<BTreeSet<_>>().len(),
        lessons.len(),
        "an id is doubled"
    );
    let held: Vec<Held<'_>> = dates(county.first, county.last).flat_map(|date| timetable.on(date)).collect();
    same(&held.iter().map(planned).collect::<Vec<_>>(), lessons, "what is on");
    for lesson in &held {
        assert_eq!(timetable.find(&lesson.id).as_ref(), Some(lesson), "found as it is on");
    }
    what_is_not_on_is_not_found(timetable, reference, lessons);
    some_are_some_of_all(timetable, county, dice);
    records_make_it_again(timetable, reference);
    conflicts(timetable, reference, lessons, county);
    if let Some(lesson) = held.get(dice.below(10 * held.len().max(1))) {
        free_periods_are_free(timetable, lesson);
    }
}

/// Stops at the first difference.
pub fn same<T: PartialEq + Debug>(found: &[T], expected: &[T], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{what}");
    }
    let shorter = found.len().min(expected.len());
    assert_eq!(found[shorter..], expected[shorter..], "{what}");
}

fn planned(held: &Held<'_>) -> Planned {
    Planned {
        id: held.id.to_string(),
        date: held.date,
        minutes: held.minutes,
        period: held.period,
        course: held.course.clone(),
        origin: held.origin.clone(),
        teacher: held.teacher().clone(),
        room: held.master_room().cloned(),
        cancelled: held.cancelled().map(str::to_owned),
        title: held.title().to_owned(),
    }
}

/// Lessons about which something was decided, and those of rows in the weeks before and after theirs.
fn what_is_not_on_is_not_found(timetable: &Timetable, reference: &Reference, lessons: &[Planned]) {
    let ids: BTreeSet<&str> = lessons.iter().map(|lesson| lesson.id.as_str()).collect();
    let decided = reference.edits().filter_map(|edit| timetable::lesson_id(&edit.origin));
    let rows = reference.entries().flat_map(|row| {
        [0, 1, 3, 30, 31].map(|week| {
            LessonId::parse(format!("{}-w{week:02}d{}p{}", row.course, row.weekday.iso(), row.period)).unwrap()
        })
    });
    for id in decided.chain(rows) {
        assert_eq!(timetable.find(&id).is_some(), ids.contains(id.as_str()), "{id}");
    }
}

fn some_are_some_of_all(timetable: &Timetable, county: &County, dice: &mut Dice) {
    let (school, course, first) = (county.school_id(dice), county.course_id(dice), county.date(dice));
    for date in dates(first, first + 6.days()) {
        let all = timetable.on(date);
        let of = |wanted: &dyn Fn(&Held<'_>) -> bool| all.iter().filter(|it| wanted(it)).cloned().collect::<Vec<_>>();
        let of_school = timetable.on_for(date, |course| course.hub_school == school);
        assert_eq!(of_school, of(&|held| held.course.hub_school == school));
        assert_eq!(timetable.on_for(date, |it| it.id == course), of(&|held| held.course.id == course));
    }
}

fn records_make_it_again(timetable: &Timetable, reference: &Reference) {
    let records = timetable.records();
    assert!(records.iter().all(|record| reference.records.get(&record.key()) == Some(record)));
    assert_eq!(records.len(), reference.records.len());
    let mut again = Timetable::default();
    for record in records {
        again.apply(&Change { put: vec![record], remove: Vec::new() }).unwrap();
    }
    assert_eq!(again, *timetable);
}

fn conflicts(timetable: &Timetable, reference: &Reference, lessons: &[Planned], county: &County) {
    let expected = reference.conflicts(lessons);
    let mut found = timetable.conflicts(county.first, county.last);
    found.sort();
    same(&found, &expected, "conflicts");
    for lesson in lessons.iter().filter(|lesson| lesson.date.day() % 4 == 0) {
        let id = LessonId::parse(lesson.id.as_str()).unwrap();
        let concerns = |conflict: &&Conflict| conflict.lesson == id || conflict.other.as_ref() == Some(&id);
        let mut of_lesson = timetable.conflicts_of(&id);
        of_lesson.sort();
        assert_eq!(of_lesson.iter().collect::<Vec<_>>(), expected.iter().filter(concerns).collect::<Vec<_>>(), "{id}");
    }
}

/// Where a lesson could go, and nowhere else in its week if that is not many places, it has no conflict once it is
/// there.
fn free_periods_are_free(timetable: &Timetable, lesson: &Held<'_>) {
    let free = timetable.free_periods(&lesson.id);
    let monday: Date = lesson.date - (i32::from(lesson.date.weekday().to_monday_zero_offset())).days();
    for date in dates(monday, monday + 6.days()) {
        let bells = timetable.bells_on(&lesson.course.hub_school, date);
        for period in bells.map_or(&[][..], |bells| bells.periods()) {
            let to = DatePeriod { date, period: period.number };
            let mut there = timetable.clone();
            there.apply(&moved(lesson, to, (period.starts_min, period.ends_min))).unwrap();
            let is_now = (date, period.number) == (lesson.date, lesson.period);
            let held = timetable.slot(&lesson.course.hub_school, date).is_some();
            let fits = held && !is_now && there.conflicts_of(&lesson.id).is_empty();
            assert!(!free.contains(&to) || fits, "{} at {to:?}", lesson.id);
            assert!(free.contains(&to) || !fits || free.len() == 6, "{} not at {to:?}", lesson.id);
        }
    }
}

/// The lesson held elsewhere, and not cancelled.
fn moved(lesson: &Held<'_>, to: DatePeriod, (starts_min, ends_min): (u16, u16)) -> Change {
    let record = match (lesson.extra.cloned(), lesson.origin.clone()) {
        (Some(extra), _) => Record::ExtraLesson(protocol::timetable::ExtraLesson {
            date: to.date,
            period: to.period,
            starts_min,
            ends_min,
            cancelled: None,
            ..extra
        }),
        (None, Some(origin)) => Record::LessonEdit(LessonEdit {
            origin,
            moved_to: Some(to),
            substitute: Some(lesson.teacher().clone()),
            master_room: lesson.master_room().cloned(),
            cancelled: None,
            title: None,
        }),
        (None, None) => panic!("{} comes from nowhere", lesson.id),
    };
    Change { put: vec![record], remove: Vec::new() }
}
