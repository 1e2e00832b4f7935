//! One version of the timetable, with the days that were asked for.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{civil::Date, tz::TimeZone};
use protocol::LessonId;
use timetable::{Lesson, Timetable};

/// Days kept worked out; beyond it all are forgotten.
const DAYS: usize = 32;

/// The lessons of a day.
pub type Day = Arc<Vec<Arc<Lesson>>>;

/// A timetable that does not change any more; a change makes the next one.
pub struct State {
    timetable: Timetable,
    version: u64,
    zone: TimeZone,
    days: Mutex<BTreeMap<Date, Day>>,
}

impl State {
    /// `version` is the number of the last change in it.
    pub fn new(timetable: Timetable, version: u64, zone: TimeZone) -> Self {
        Self { timetable, version, zone, days: Mutex::default() }
    }

    /// The records and what follows from them.
    pub fn timetable(&self) -> &Timetable {
        &self.timetable
    }

    /// Number of the last change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The lessons of a date, worked out once.
    pub fn day(&self, date: Date) -> Day {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(day) = days.get(&date) {
            return day.clone();
        }
        if days.len() >= DAYS {
            days.clear();
        }
        let day: Day = Arc::new(self.timetable.day(date, &self.zone).into_iter().map(Arc::new).collect());
        days.insert(date, day.clone());
        day
    }

    /// The lesson with this id, if the timetable has it.
    pub fn lesson(&self, id: &LessonId) -> Option<Arc<Lesson>> {
        let date = self.timetable.find(id)?.date;
        self.day(date).iter().find(|lesson| lesson.id == *id).cloned()
    }
}
