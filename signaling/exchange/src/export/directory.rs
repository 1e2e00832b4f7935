//! Sheets of all that a timetable names: terms, schools, rooms, teachers, bells, special days, courses, requirements.

use protocol::{
    SchoolId, TermId,
    import::SheetKind,
    timetable::{Bells, Record},
};
use sheets::{Table, Value};
use timetable::Timetable;

use super::{
    courses_of,
    rows::{COURSE_COLUMNS, course_words},
    table, text,
};
use crate::{
    grammar::{
        clock,
        kinds::{room_kind_name, school_kind_name},
    },
    import::{Column as C, written_rule},
};

/// The rows of each sheet.
#[derive(Default)]
struct Rows {
    terms: Vec<Vec<Value>>,
    schools: Vec<Vec<Value>>,
    rooms: Vec<Vec<Value>>,
    teachers: Vec<Vec<Value>>,
    bells: Vec<Vec<Value>>,
    special_days: Vec<Vec<Value>>,
    requirements: Vec<Vec<Value>>,
}

/// The sheets, under the headings that the import reads; one that would have no row is left out. Of the courses, those
/// of the term.
pub fn directory_tables(timetable: &Timetable, term: &TermId) -> Vec<Table> {
    let school = |id: &SchoolId| text(timetable.school(id).map_or("", |school| school.name.as_str()));
    let school_or_county = |id: &Option<SchoolId>| id.as_ref().map_or(Value::Empty, school);
    let mut rows = Rows::default();
    for record in timetable.records() {
        match record {
            Record::Term(it) => rows.terms.push(vec![
                text(&it.name),
                text(&it.week_1.to_string()),
                text(&it.first_day.to_string()),
                text(&it.last_day.to_string()),
            ]),
            Record::School(it) => {
                rows.schools.push(vec![text(&it.name), text(&it.area), text(school_kind_name(it.kind))]);
            }
            Record::Room(it) => {
                rows.rooms.push(vec![school(&it.school), text(&it.name), text(room_kind_name(it.kind))]);
            }
            Record::Teacher(it) => rows.teachers.push(vec![school(&it.school), text(&it.name)]),
            Record::Bells(it) => rows.bells.extend(periods(&it, &school_or_county(&it.school))),
            Record::SpecialDay(it) => rows.special_days.push(vec![
                text(&it.date.to_string()),
                text(&written_rule(&it.rule)),
                text(&it.name),
                school_or_county(&it.school),
            ]),
            Record::Requirement(it) => {
                rows.requirements.push(vec![text(&it.grade), text(&it.subject), Value::from(u32::from(it.periods))]);
            }
            Record::Course(_) | Record::Entry(_) | Record::LessonEdit(_) | Record::ExtraLesson(_) => {}
        }
    }
    let courses = courses_of(timetable, term).iter().map(|course| course_words(timetable, course)).collect();
    let mut tables = vec![
        table("学期", SheetKind::Terms, &[C::Term, C::WeekOne, C::FirstDay, C::LastDay], rows.terms),
        table("学校", SheetKind::Schools, &[C::School, C::Area, C::Kind], rows.schools),
        table("教室", SheetKind::Rooms, &[C::School, C::Room, C::Kind], rows.rooms),
        table("教师", SheetKind::Teachers, &[C::School, C::Teacher], rows.teachers),
        table("作息表", SheetKind::Bells, &[C::School, C::Period, C::Starts, C::Ends, C::From], rows.bells),
        table("校历", SheetKind::SpecialDays, &[C::Date, C::Rule, C::Name, C::School], rows.special_days),
        table("课程", SheetKind::Courses, &COURSE_COLUMNS, courses),
        table("课程计划", SheetKind::Requirements, &[C::Grade, C::Subject, C::PeriodsAWeek], rows.requirements),
    ];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn periods(bells: &Bells, school: &Value) -> Vec<Vec<Value>> {
    let row = |period: &protocol::timetable::BellPeriod| {
        vec![
            school.clone(),
            Value::from(u32::from(period.number)),
            Value::Text(clock::written(period.starts_min)),
            Value::Text(clock::written(period.ends_min)),
            Value::Text(bells.from.to_string()),
        ]
    };
    bells.periods.iter().map(row).collect()
}
