//! Export: workbooks that the import reads again, and timetables to print.

mod directory;
mod rows;
mod week;

use std::collections::HashSet;

use protocol::{
    CourseId, TermId,
    import::SheetKind,
    timetable::{Course, Record},
};
use sheets::{Table, Value, WriteError};
use timetable::Timetable;

use crate::import::{Column, form_of};

pub use directory::directory_tables;
pub use rows::timetable_table;
pub use week::{Whose, week_table};

/// A workbook of a term: its timetable in rows, and sheets of all that the timetable names. Read again with the term as
/// [`Options::term`](crate::Options), it changes nothing.
///
/// # Errors
///
/// A sheet has more rows than a workbook can have.
pub fn workbook(timetable: &Timetable, term: &TermId) -> Result<Vec<u8>, WriteError> {
    let mut tables = vec![timetable_table(timetable, term)];
    tables.extend(directory_tables(timetable, term));
    sheets::write(&tables)
}

/// A table under the headings that the import knows.
fn table(name: &str, kind: SheetKind, columns: &[Column], rows: Vec<Vec<Value>>) -> Table {
    let heading = |column: &Column| form_of(kind).map_or("", |form| form.heading(*column)).to_owned();
    Table { name: name.to_owned(), header: columns.iter().map(heading).collect(), rows, ..Table::default() }
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Empty } else { Value::Text(text.to_owned()) }
}

/// The courses of a term that are of its weekly timetable, by school, class and name.
fn courses_of(timetable: &Timetable, term: &TermId) -> Vec<Course> {
    let records = timetable.records();
    let mut with_rows: HashSet<&CourseId> = HashSet::new();
    let mut extra_lessons: HashSet<&str> = HashSet::new();
    for record in &records {
        match record {
            Record::Entry(entry) => drop(with_rows.insert(&entry.course)),
            Record::ExtraLesson(extra) => drop(extra_lessons.insert(extra.id.as_str())),
            _ => {}
        }
    }
    // A course that was made for one lesson outside the weekly timetable has that lesson's id.
    let is_weekly = |course: &&Course| with_rows.contains(&course.id) || !extra_lessons.contains(course.id.as_str());
    let of_term = records.iter().filter_map(|record| match record {
        Record::Course(course) if course.term == *term => Some(course),
        _ => None,
    });
    let mut courses: Vec<Course> = of_term.filter(is_weekly).cloned().collect();
    let school = |course: &Course| timetable.school(&course.hub_school).map_or("", |school| school.name.as_str());
    courses
        .sort_by(|a, b| (school(a), &a.class_group, &a.name, &a.id).cmp(&(school(b), &b.class_group, &b.name, &b.id)));
    courses
}

#[cfg(test)]
mod tests;
