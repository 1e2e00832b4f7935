//! The timetable of one week to print: weekdays across, periods down, as it is held, with what was decided about
//! lessons.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use protocol::{
    ParticipantId, RoomId, SchoolId, TermId,
    timetable::{Key, Record, Weekday},
};
use sheets::{Table, Value};
use timetable::{Held, Timetable};

use crate::grammar::{clock, weekdays};

/// Whose timetable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// All lessons that a school teaches or receives.
    School(SchoolId),
    /// The lessons that a teacher teaches, as a substitute too.
    Teacher(ParticipantId),
    /// The lessons that are taught from a room or received in it.
    Room(RoomId),
}

/// The label of the row of lessons that keep no bell.
const NO_BELL: &str = "其他";

/// The timetable of a week, as it is held on its dates; `None` where there is no such term. Saturday and Sunday are
/// columns only where something is held on them.
pub fn week_table(timetable: &Timetable, whose: &Whose, term: &TermId, week_no: u8) -> Option<Table> {
    let term = timetable.terms().into_iter().find(|it| it.id == *term)?;
    let monday = term.week_1.saturating_add((7 * (i32::from(week_no.max(1)) - 1)).days());
    let days: Vec<Date> = (0..7).map(|day| monday.saturating_add(day.days())).collect();
    let held: Vec<Vec<Held<'_>>> = days.iter().map(|date| of(timetable, whose, *date)).collect();
    let last = held.iter().rposition(|lessons| !lessons.is_empty()).map_or(5, |last| (last + 1).max(5));

    let mut labels = labels(timetable, whose, monday);
    for lesson in held.iter().flatten() {
        labels.entry(row_of(lesson)).or_insert_with(|| label(lesson.period, None));
    }
    let cell = |row: u8, lessons: &Vec<Held<'_>>| {
        let texts: Vec<String> =
            lessons.iter().filter(|it| row_of(it) == row).map(|it| words(timetable, whose, it)).collect();
        if texts.is_empty() { Value::Empty } else { Value::Text(texts.join("\n\n")) }
    };
    let row = |(row, label): (&u8, &String)| {
        std::iter::once(Value::Text(label.clone())).chain(held[..last].iter().map(|it| cell(*row, it))).collect()
    };
    let heading =
        |date: &Date| format!("星期{}\n{}月{}日", weekdays::sign(Weekday::of(*date)), date.month(), date.day());
    let name = name(timetable, whose);
    Some(Table {
        title: Some(format!("{name} 第{week_no}周课表")),
        name: format!("{name}第{week_no}周"),
        header: std::iter::once("节次".to_owned()).chain(days[..last].iter().map(heading)).collect(),
        rows: labels.iter().map(row).collect(),
        merges: Vec::new(),
    })
}

/// The row of a lesson: its period, and one that keeps no bell last.
fn row_of(lesson: &Held<'_>) -> u8 {
    if lesson.period == 0 { u8::MAX } else { lesson.period }
}

fn label(period: u8, minutes: Option<(u16, u16)>) -> String {
    match (period, minutes) {
        (0, _) => NO_BELL.to_owned(),
        (_, None) => format!("第{period}节"),
        (_, Some((starts, ends))) => format!("第{period}节\n{}-{}", clock::written(starts), clock::written(ends)),
    }
}

/// The rows that the bells have at whose school.
fn labels(timetable: &Timetable, whose: &Whose, monday: Date) -> BTreeMap<u8, String> {
    let school = match whose {
        Whose::School(id) => Some(id.clone()),
        Whose::Room(id) => timetable.school_of(id).cloned(),
        Whose::Teacher(id) => match timetable.record(&Key::Teacher(id.clone())) {
            Some(Record::Teacher(teacher)) => Some(teacher.school),
            _ => None,
        },
    };
    let bells = timetable.bells_of(school.as_ref(), monday);
    let periods = bells.into_iter().flat_map(|bells| bells.periods());
    periods.map(|it| (it.number, label(it.number, Some((it.starts_min, it.ends_min))))).collect()
}

fn of<'t>(timetable: &'t Timetable, whose: &Whose, date: Date) -> Vec<Held<'t>> {
    let is_at = |room: &RoomId, school: &SchoolId| timetable.school_of(room) == Some(school);
    let mut held = timetable.on(date);
    held.retain(|lesson| {
        let mut points = lesson.course.points.iter();
        match whose {
            Whose::School(id) => lesson.course.hub_school == *id || points.any(|point| is_at(&point.room, id)),
            Whose::Teacher(id) => lesson.teacher() == id,
            Whose::Room(id) => lesson.master_room() == Some(id) || points.any(|point| point.room == *id),
        }
    });
    held
}

/// What a cell says of a lesson, leaving out what the whole timetable is about.
fn words(timetable: &Timetable, whose: &Whose, lesson: &Held<'_>) -> String {
    let course = lesson.course;
    let mut lines = vec![lesson.title().to_owned()];
    if lesson.period == 0 {
        let times = lesson.minutes.map(|(starts, ends)| format!("{}-{}", clock::written(starts), clock::written(ends)));
        lines.extend(times);
    }
    lines.push(course.class_group.clone());
    if !matches!(whose, Whose::Teacher(_)) {
        lines.push(timetable.teacher_name(lesson.teacher()));
    }
    let hub = match whose {
        Whose::School(id) => Some(id) != Some(&course.hub_school),
        Whose::Room(id) => timetable.school_of(id) != Some(&course.hub_school),
        Whose::Teacher(_) => false,
    };
    if hub {
        lines.extend(timetable.school(&course.hub_school).map(|school| school.name.clone()));
    } else if !matches!(whose, Whose::Room(_)) {
        lines.extend(lesson.master_room().map(|room| timetable.own_room_name(room)));
    }
    if let Some(reason) = lesson.cancelled() {
        lines.push(format!("停课：{reason}"));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn name(timetable: &Timetable, whose: &Whose) -> String {
    match whose {
        Whose::School(id) => timetable.school(id).map_or_else(String::new, |school| school.name.clone()),
        Whose::Teacher(id) => timetable.teacher_name(id),
        Whose::Room(id) => super::rows::full_room(timetable, id),
    }
}
