//! The records of a county's timetable, and the one way in which they change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use protocol::{
    CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId,
    timetable::{
        Change, Course, Entry, ExtraLesson, Key, LessonEdit, Origin, Record, Requirement, Room, School, SpecialDay,
        Teacher, Term, Weekday,
    },
};

use crate::{BellSchedule, bells::InvalidBells};

/// Everything a timetable is made of. What is on when is worked out from it ([`Timetable::on`]), never stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timetable {
    pub(crate) terms: BTreeMap<TermId, Term>,
    pub(crate) schools: BTreeMap<SchoolId, School>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) teachers: BTreeMap<ParticipantId, Teacher>,
    pub(crate) bells: BTreeMap<Option<SchoolId>, BTreeMap<Date, BellSchedule>>,
    pub(crate) special_days: BTreeMap<Date, BTreeMap<Option<SchoolId>, SpecialDay>>,
    pub(crate) courses: BTreeMap<CourseId, Course>,
    pub(crate) entries: BTreeMap<(CourseId, Weekday, u8), Entry>,
    pub(crate) edits: BTreeMap<Origin, LessonEdit>,
    pub(crate) extras: BTreeMap<LessonId, ExtraLesson>,
    pub(crate) requirements: BTreeMap<(String, String), Requirement>,
    /// The rooms of each school.
    pub(crate) rooms_of: BTreeMap<SchoolId, BTreeSet<RoomId>>,
    /// Lessons moved to a date, by the date.
    pub(crate) moved_to: BTreeMap<Date, BTreeSet<Origin>>,
    /// Extra lessons, by their date.
    pub(crate) extras_on: BTreeMap<Date, BTreeSet<LessonId>>,
}

/// Why a change cannot be made. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// A record names another that is not there: put that too.
    #[error("{of:?} needs {missing:?}, which is not there")]
    Missing {
        /// The record.
        of: Key,
        /// What it names.
        missing: Key,
    },
    /// A record that others name cannot go: remove those first.
    #[error("{0:?} is still used")]
    StillUsed(Key),
    /// The periods are no bell schedule.
    #[error("bell schedule: {0}")]
    Bells(#[from] InvalidBells),
    /// A term does not begin in its first week, which begins on a Monday, or has too many weeks.
    #[error("the term's dates do not fit together")]
    TermDates,
    /// Two terms share days.
    #[error("the term overlaps with another")]
    TermsOverlap,
    /// A name, an id, a period, a week or a time is out of range.
    #[error("{0:?} has an empty or overlong name or a number out of range")]
    OutOfRange(Key),
    /// The same record is put or removed twice.
    #[error("{0:?} is changed twice")]
    Twice(Key),
}

/// Longest name of anything, in characters.
pub const LONGEST_NAME: usize = 100;
/// The highest number of a period.
pub const LAST_PERIOD: u8 = 20;

impl Timetable {
    /// Makes `change` whole and returns the change that takes it back, or makes none of it and says why.
    pub fn apply(&mut self, change: &Change) -> Result<Change, InvalidChange> {
        let keys: Vec<Key> = change.put.iter().map(Record::key).chain(change.remove.iter().cloned()).collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = keys.iter().find(|key| !seen.insert(*key)) {
            return Err(InvalidChange::Twice(twice.clone()));
        }
        let mut inverse = Change::default();
        let mut made = Ok(());
        for (record, key) in change.put.iter().map(Some).chain(change.remove.iter().map(|_| None)).zip(&keys) {
            match self.replace(key, record.cloned()) {
                Ok(Some(old)) => inverse.put.push(old),
                Ok(None) if record.is_some() => inverse.remove.push(key.clone()),
                Ok(None) => {}
                Err(why) => {
                    made = Err(why);
                    break;
                }
            }
        }
        let made = made.and_then(|()| self.check(change));
        if let Err(why) = made {
            self.take_back(&inverse);
            return Err(why);
        }
        Ok(inverse)
    }

    /// What of `change` would alter anything.
    pub fn effective(&self, change: Change) -> Change {
        Change {
            put: change.put.into_iter().filter(|record| self.record(&record.key()).as_ref() != Some(record)).collect(),
            remove: change.remove.into_iter().filter(|key| self.record(key).is_some()).collect(),
        }
    }

    /// The record with this key.
    pub fn record(&self, key: &Key) -> Option<Record> {
        Some(match key {
            Key::Term(id) => Record::Term(self.terms.get(id)?.clone()),
            Key::School(id) => Record::School(self.schools.get(id)?.clone()),
            Key::Room(id) => Record::Room(self.rooms.get(id)?.clone()),
            Key::Teacher(id) => Record::Teacher(self.teachers.get(id)?.clone()),
            Key::Bells(school, from) => {
                Record::Bells(self.bells.get(school)?.get(from)?.to_record(school.clone(), *from))
            }
            Key::SpecialDay(school, date) => Record::SpecialDay(self.special_days.get(date)?.get(school)?.clone()),
            Key::Course(id) => Record::Course(self.courses.get(id)?.clone()),
            Key::Entry(course, weekday, period) => {
                Record::Entry(self.entries.get(&(course.clone(), *weekday, *period))?.clone())
            }
            Key::LessonEdit(origin) => Record::LessonEdit(self.edits.get(origin)?.clone()),
            Key::ExtraLesson(id) => Record::ExtraLesson(self.extras.get(id)?.clone()),
            Key::Requirement(grade, subject) => {
                Record::Requirement(self.requirements.get(&(grade.clone(), subject.clone()))?.clone())
            }
        })
    }

    /// Every record, those that others name before those others.
    pub fn records(&self) -> Vec<Record> {
        let mut all: Vec<Record> = Vec::new();
        all.extend(self.terms.values().cloned().map(Record::Term));
        all.extend(self.schools.values().cloned().map(Record::School));
        all.extend(self.rooms.values().cloned().map(Record::Room));
        all.extend(self.teachers.values().cloned().map(Record::Teacher));
        for (school, seasons) in &self.bells {
            all.extend(seasons.iter().map(|(from, bells)| Record::Bells(bells.to_record(school.clone(), *from))));
        }
        all.extend(self.special_days.values().flat_map(BTreeMap::values).cloned().map(Record::SpecialDay));
        all.extend(self.courses.values().cloned().map(Record::Course));
        all.extend(self.entries.values().cloned().map(Record::Entry));
        all.extend(self.edits.values().cloned().map(Record::LessonEdit));
        all.extend(self.extras.values().cloned().map(Record::ExtraLesson));
        all.extend(self.requirements.values().cloned().map(Record::Requirement));
        all
    }

    /// Puts `record` under `key`, or removes what is there; what was there comes back.
    fn replace(&mut self, key: &Key, record: Option<Record>) -> Result<Option<Record>, InvalidChange> {
        let old = self.record(key);
        match (key, record) {
            (Key::Term(id), None) => drop(self.terms.remove(id)),
            (Key::School(id), None) => drop(self.schools.remove(id)),
            (Key::Room(id), None) => self.forget_room(id),
            (Key::Teacher(id), None) => drop(self.teachers.remove(id)),
            (Key::Bells(school, from), None) => remove_nested(&mut self.bells, school, from),
            (Key::SpecialDay(school, date), None) => remove_nested(&mut self.special_days, date, school),
            (Key::Course(id), None) => drop(self.courses.remove(id)),
            (Key::Entry(course, weekday, period), None) => {
                drop(self.entries.remove(&(course.clone(), *weekday, *period)));
            }
            (Key::LessonEdit(origin), None) => self.forget_edit(origin),
            (Key::ExtraLesson(id), None) => self.forget_extra(id),
            (Key::Requirement(grade, subject), None) => {
                drop(self.requirements.remove(&(grade.clone(), subject.clone())));
            }
            (_, Some(record)) => self.put(record)?,
        }
        Ok(old)
    }

    fn put(&mut self, record: Record) -> Result<(), InvalidChange> {
        match record {
            Record::Term(it) => drop(self.terms.insert(it.id.clone(), it)),
            Record::School(it) => drop(self.schools.insert(it.id.clone(), it)),
            Record::Room(it) => {
                self.forget_room(&it.id);
                self.rooms_of.entry(it.school.clone()).or_default().insert(it.id.clone());
                self.rooms.insert(it.id.clone(), it);
            }
            Record::Teacher(it) => drop(self.teachers.insert(it.id.clone(), it)),
            Record::Bells(it) => {
                let schedule = BellSchedule::new(it.periods)?;
                self.bells.entry(it.school).or_default().insert(it.from, schedule);
            }
            Record::SpecialDay(it) => {
                self.special_days.entry(it.date).or_default().insert(it.school.clone(), it);
            }
            Record::Course(it) => drop(self.courses.insert(it.id.clone(), it)),
            Record::Entry(it) => drop(self.entries.insert((it.course.clone(), it.weekday, it.period), it)),
            Record::LessonEdit(it) => {
                self.forget_edit(&it.origin);
                if let Some(to) = it.moved_to {
                    self.moved_to.entry(to.date).or_default().insert(it.origin.clone());
                }
                self.edits.insert(it.origin.clone(), it);
            }
            Record::ExtraLesson(it) => {
                self.forget_extra(&it.id);
                self.extras_on.entry(it.date).or_default().insert(it.id.clone());
                self.extras.insert(it.id.clone(), it);
            }
            Record::Requirement(it) => {
                drop(self.requirements.insert((it.grade.clone(), it.subject.clone()), it));
            }
        }
        Ok(())
    }

    fn forget_room(&mut self, id: &RoomId) {
        if let Some(room) = self.rooms.remove(id) {
            remove_from(&mut self.rooms_of, &room.school, id);
        }
    }

    fn forget_edit(&mut self, origin: &Origin) {
        if let Some(to) = self.edits.remove(origin).and_then(|edit| edit.moved_to) {
            remove_from(&mut self.moved_to, &to.date, origin);
        }
    }

    fn forget_extra(&mut self, id: &LessonId) {
        if let Some(extra) = self.extras.remove(id) {
            remove_from(&mut self.extras_on, &extra.date, id);
        }
    }

    /// Takes back a change that was made in part. What was there before was valid, so nothing can fail.
    fn take_back(&mut self, inverse: &Change) {
        for key in &inverse.remove {
            let _ = self.replace(key, None);
        }
        for record in &inverse.put {
            let _ = self.replace(&record.key(), Some(record.clone()));
        }
    }
}

fn remove_nested<A: Ord + Clone, B: Ord, V>(map: &mut BTreeMap<A, BTreeMap<B, V>>, outer: &A, inner: &B) {
    if let Some(nested) = map.get_mut(outer) {
        nested.remove(inner);
        if nested.is_empty() {
            map.remove(outer);
        }
    }
}

fn remove_from<K: Ord, T: Ord>(map: &mut BTreeMap<K, BTreeSet<T>>, key: &K, value: &T) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
