//! Which lessons a change of records touches, and the conflicts it leaves them with.

use std::collections::BTreeSet;

use jiff::civil::Date;
use protocol::{
    CourseId, LessonId,
    timetable::{Change, Conflict, Key, Origin, Record, Weekday},
};

use crate::{Held, Slot, Timetable, lesson_id};

/// Conflicts listed for one change; further ones are found in the list of all.
const LISTED: usize = 200;

/// What a change puts on.
#[derive(Default)]
struct Touched {
    rows: BTreeSet<(CourseId, Weekday, u8)>,
    /// Whole days.
    days: BTreeSet<Date>,
    lessons: BTreeSet<LessonId>,
}

impl Touched {
    fn add(&mut self, key: &Key) {
        match key {
            Key::SpecialDay(_, date) => drop(self.days.insert(*date)),
            Key::LessonEdit(origin) => self.lessons.extend(lesson_id(origin)),
            Key::ExtraLesson(id) => drop(self.lessons.insert(id.clone())),
            _ => {}
        }
    }

    fn has_row_of(&self, origin: &Origin) -> bool {
        self.rows.contains(&(origin.course.clone(), origin.weekday, origin.period))
    }

    fn has(&self, held: &Held<'_>) -> bool {
        self.days.contains(&held.date)
            || self.lessons.contains(&held.id)
            || held.origin.as_ref().is_some_and(|origin| self.has_row_of(origin))
    }
}

impl Timetable {
    /// The conflicts of what `change`, which has been made, put on: of the lessons of the courses and rows it put, of
    /// single lessons, and of whole days where it touched the day. Bells are left out: they touch every day.
    pub fn conflicts_of_change(&self, change: &Change) -> Vec<Conflict> {
        let touched = self.touched(change);
        let mut found = Vec::new();
        for date in self.dates_touched(&touched) {
            found.extend(self.conflicts_about(date, |held| touched.has(held)));
            if found.len() >= LISTED {
                break;
            }
        }
        found.truncate(LISTED);
        found
    }

    fn touched(&self, change: &Change) -> Touched {
        let mut touched = Touched::default();
        for key in change.put.iter().map(Record::key) {
            match key {
                Key::Entry(course, weekday, period) => drop(touched.rows.insert((course, weekday, period))),
                Key::Course(id) => {
                    touched.rows.extend(self.entries.keys().filter(|(course, ..)| *course == id).cloned());
                    let extras = self.extras.values().filter(|extra| extra.course == id);
                    touched.lessons.extend(extras.map(|extra| extra.id.clone()));
                }
                other => touched.add(&other),
            }
        }
        // What is no longer off, moved or cancelled is on again; without one of its rows a course has nothing new.
        change.remove.iter().for_each(|key| touched.add(key));
        touched
    }

    /// The dates on which what was touched is held.
    fn dates_touched(&self, touched: &Touched) -> BTreeSet<Date> {
        let mut dates = touched.days.clone();
        for entry in touched.rows.iter().filter_map(|row| self.entries.get(row)) {
            let Some(course) = self.courses.get(&entry.course) else { continue };
            let Some(term) = self.terms.get(&course.term) else { continue };
            let slots = entry.weeks.iter().map(|week_no| Slot { week_no, weekday: entry.weekday });
            dates.extend(slots.flat_map(|slot| self.dates_of(&course.hub_school, term, slot)));
        }
        let moved = self.edits.values().filter(|edit| touched.has_row_of(&edit.origin));
        dates.extend(moved.filter_map(|edit| edit.moved_to.map(|to| to.date)));
        dates.extend(touched.lessons.iter().filter_map(|id| self.find(id)).map(|held| held.date));
        dates
    }
}

#[cfg(test)]
mod tests;
