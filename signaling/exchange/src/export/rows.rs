//! The timetable of a term in rows, and the words that a course is written with.

use protocol::{
    ParticipantId, RoomId, TermId,
    import::SheetKind,
    timetable::{Course, Entry, Key, Record},
};
use sheets::{Table, Value};
use timetable::Timetable;

use super::{courses_of, table, text};
use crate::{
    grammar::{
        kinds::session_kind_name,
        lists, weekdays,
        weeks::{Parity, spans},
    },
    import::{Column, NO_CLASS},
};

/// Columns about a course, which a list of courses has too.
pub const COURSE_COLUMNS: [Column; 10] = [
    Column::School,
    Column::ClassGroup,
    Column::Course,
    Column::Subject,
    Column::Grade,
    Column::Teacher,
    Column::Place,
    Column::Points,
    Column::PointClasses,
    Column::Kind,
];
const ROW_COLUMNS: [Column; 5] = [Column::Weekday, Column::Period, Column::FirstWeek, Column::LastWeek, Column::Parity];

/// The timetable of a term, under the headings that the import reads: a row for each place of a course in the week, and
/// several where its weeks are no range, odd range or even range.
pub fn timetable_table(timetable: &Timetable, term: &TermId) -> Table {
    let mut entries: Vec<Entry> = timetable
        .records()
        .into_iter()
        .filter_map(|record| if let Record::Entry(entry) = record { Some(entry) } else { None })
        .collect();
    entries.sort_by(|a, b| (&a.course, a.weekday, a.period).cmp(&(&b.course, b.weekday, b.period)));
    let mut rows = Vec::new();
    for course in courses_of(timetable, term) {
        let words = course_words(timetable, &course);
        let first = entries.partition_point(|entry| entry.course < course.id);
        let own = entries[first..].iter().take_while(|entry| entry.course == course.id);
        for (entry, (first, last, parity)) in
            own.flat_map(|entry| spans(entry.weeks).into_iter().map(move |it| (entry, it)))
        {
            let parity = match parity {
                Parity::Odd => "单",
                Parity::Even => "双",
                Parity::All => "",
            };
            let mut row = words.clone();
            row.extend([
                Value::Text(format!("星期{}", weekdays::sign(entry.weekday))),
                Value::from(u32::from(entry.period)),
                Value::from(u32::from(first)),
                Value::from(u32::from(last)),
                text(parity),
            ]);
            rows.push(row);
        }
    }
    let columns: Vec<Column> = COURSE_COLUMNS.into_iter().chain(ROW_COLUMNS).collect();
    table("课表", SheetKind::TimetableRows, &columns, rows)
}

/// The words about a course, in the order of [`COURSE_COLUMNS`].
pub fn course_words(timetable: &Timetable, course: &Course) -> Vec<Value> {
    let school = timetable.school(&course.hub_school).map_or("", |school| school.name.as_str());
    let points: Vec<String> = course.points.iter().map(|point| full_room(timetable, &point.room)).collect();
    let classes: Vec<&str> = course
        .points
        .iter()
        .map(|point| if point.class_group.is_empty() { NO_CLASS } else { point.class_group.as_str() })
        .collect();
    let no_classes = course.points.iter().all(|point| point.class_group.is_empty());
    vec![
        text(school),
        text(&course.class_group),
        text(&course.name),
        text(&course.subject),
        text(&course.grade),
        text(&teacher(timetable, course, &course.master_teacher)),
        text(&course.master_room.as_ref().map(|room| master_room(timetable, course, room)).unwrap_or_default()),
        text(&lists::joined(&points)),
        text(&if no_classes { String::new() } else { classes.join("；") }),
        text(session_kind_name(course.kind)),
    ]
}

/// The name of a teacher of the hub school, with the school's where it is another.
fn teacher(timetable: &Timetable, course: &Course, id: &ParticipantId) -> String {
    match timetable.record(&Key::Teacher(id.clone())) {
        Some(Record::Teacher(teacher)) if teacher.school != course.hub_school => {
            let school = timetable.school(&teacher.school).map_or("", |school| school.name.as_str());
            format!("{school} {}", teacher.name)
        }
        Some(Record::Teacher(teacher)) => teacher.name,
        _ => String::new(),
    }
}

fn master_room(timetable: &Timetable, course: &Course, id: &RoomId) -> String {
    if timetable.school_of(id) == Some(&course.hub_school) {
        timetable.own_room_name(id)
    } else {
        full_room(timetable, id)
    }
}

/// `学校 教室`.
pub fn full_room(timetable: &Timetable, id: &RoomId) -> String {
    let school = timetable.school_of(id).and_then(|school| timetable.school(school));
    format!("{} {}", school.map_or("", |school| school.name.as_str()), timetable.own_room_name(id))
}
