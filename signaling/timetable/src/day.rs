//! The lessons of a day as they are put before people, with how long each may overrun.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use protocol::UtcMs;

use crate::{Lesson, Timetable};

impl Timetable {
    /// The lessons of `date`, cancelled ones too, first bell first. A lesson whose period the bells lack cannot be held and is
    /// left out; it is a conflict.
    pub fn day(&self, date: Date, zone: &TimeZone) -> Vec<Lesson> {
        let mut lessons: Vec<Lesson> = self.on(date).iter().filter_map(|held| self.lesson(held, zone)).collect();
        limit_overruns(&mut lessons);
        lessons
    }
}

/// A lesson goes on past its last bell at most until the next bell of its teacher or of one of its rooms.
fn limit_overruns(lessons: &mut [Lesson]) {
    let mut bells: BTreeMap<String, Vec<UtcMs>> = BTreeMap::new();
    for lesson in lessons.iter().filter(|lesson| lesson.cancelled.is_none()) {
        for whom in needed(lesson) {
            bells.entry(whom).or_default().push(lesson.starts_at);
        }
    }
    for starts in bells.values_mut() {
        starts.sort_unstable();
    }
    for lesson in lessons {
        for whom in needed(lesson) {
            let starts = bells.get(&whom).map_or(&[][..], Vec::as_slice);
            let next = starts.get(starts.partition_point(|at| *at < lesson.ends_at));
            lesson.latest_end = next.map_or(lesson.latest_end, |at| lesson.latest_end.min(*at));
        }
    }
}

/// Who and what a lesson needs, by id. A master room and a receive room are told apart from people by their ids' kinds.
fn needed(lesson: &Lesson) -> Vec<String> {
    let people = std::iter::once(&lesson.master).chain(&lesson.points).map(|party| party.id.as_str().to_owned());
    people.chain(lesson.master_room.iter().map(|room| format!("room {room}"))).collect()
}

#[cfg(test)]
mod tests;
