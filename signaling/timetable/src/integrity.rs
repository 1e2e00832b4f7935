//! What must hold between the records of a timetable. Checked after every change, for what it touched.

use protocol::timetable::{
    Change, Course, DayRule, Entry, ExtraLesson, Key, LAST_WEEK, Record, Room, SpecialDay, Teacher, Term,
};

use crate::{
    LONGEST_COURSE_ID, Timetable,
    bells::DAY_MIN,
    book::{InvalidChange, LAST_PERIOD, LONGEST_NAME},
    origin_of,
};

impl Timetable {
    /// Whether what `change` has just put and removed fits together with the rest.
    pub(crate) fn check(&self, change: &Change) -> Result<(), InvalidChange> {
        for record in &change.put {
            self.check_record(record)?;
        }
        let removed = change.remove.iter().filter(|key| self.is_used(key)).map(|key| (*key).clone());
        removed.map(InvalidChange::StillUsed).next().map_or(Ok(()), Err)
    }

    fn check_record(&self, record: &Record) -> Result<(), InvalidChange> {
        let key = record.key();
        match record {
            Record::Term(term) => self.check_term(term),
            Record::School(school) => named(&key, &[&school.name]),
            Record::Room(Room { school, name, .. }) | Record::Teacher(Teacher { school, name, .. }) => {
                named(&key, &[name])?;
                self.needs(&key, Key::School(school.clone()))
            }
            Record::Bells(bells) => {
                let high = bells.periods.iter().any(|period| !(1..=LAST_PERIOD).contains(&period.number));
                in_range(&key, !high && !bells.periods.is_empty())?;
                bells.school.iter().try_for_each(|school| self.needs(&key, Key::School(school.clone())))
            }
            Record::SpecialDay(SpecialDay { school, rule, .. }) => {
                let follows_none =
                    matches!(rule, DayRule::Follows { week_no, .. } if !(1..=LAST_WEEK).contains(week_no));
                in_range(&key, !follows_none)?;
                school.iter().try_for_each(|school| self.needs(&key, Key::School(school.clone())))
            }
            Record::Course(course) => self.check_course(&key, course),
            Record::Entry(Entry { course, period, weeks, .. }) => {
                let id_fits = course.as_str().len() <= LONGEST_COURSE_ID;
                in_range(&key, (1..=LAST_PERIOD).contains(period) && !weeks.is_empty() && id_fits)?;
                self.needs(&key, Key::Course(course.clone()))
            }
            Record::LessonEdit(edit) => {
                in_range(&key, edit.moved_to.is_none_or(|to| (1..=LAST_PERIOD).contains(&to.period)))?;
                let origin = &edit.origin;
                self.needs(&key, Key::Course(origin.course.clone()))?;
                edit.master_room.iter().try_for_each(|room| self.needs(&key, Key::Room(room.clone())))?;
                edit.substitute.iter().try_for_each(|person| self.needs(&key, Key::Teacher(person.clone())))
            }
            Record::ExtraLesson(extra) => self.check_extra(&key, extra),
            Record::Requirement(it) => named(&key, &[&it.grade, &it.subject]),
        }
    }

    fn check_term(&self, term: &Term) -> Result<(), InvalidChange> {
        let first_week_ends = crate::days_after(term.week_1, 6);
        let last_week_ends = crate::days_after(term.week_1, 7 * i32::from(LAST_WEEK) - 1);
        let fits = protocol::timetable::Weekday::of(term.week_1).iso() == 1
            && term.first_day >= term.week_1
            && term.first_day <= first_week_ends
            && term.last_day > term.first_day
            && term.last_day <= last_week_ends;
        if !fits {
            return Err(InvalidChange::TermDates);
        }
        let others = self.terms.values().filter(|other| other.id != term.id);
        let overlaps = |other: &Term| other.first_day <= term.last_day && term.first_day <= other.last_day;
        if others.into_iter().any(overlaps) { Err(InvalidChange::TermsOverlap) } else { Ok(()) }
    }

    fn check_course(&self, key: &Key, course: &Course) -> Result<(), InvalidChange> {
        named(key, &[&course.name, &course.subject])?;
        self.needs(key, Key::Term(course.term.clone()))?;
        self.needs(key, Key::School(course.hub_school.clone()))?;
        self.needs(key, Key::Teacher(course.master_teacher.clone()))?;
        let rooms = course.master_room.iter().chain(course.points.iter().map(|point| &point.room));
        rooms.into_iter().try_for_each(|room| self.needs(key, Key::Room(room.clone())))
    }

    fn check_extra(&self, key: &Key, extra: &ExtraLesson) -> Result<(), InvalidChange> {
        let starts_today = extra.starts_min < DAY_MIN && extra.starts_min < extra.ends_min;
        in_range(key, starts_today && extra.ends_min - extra.starts_min <= DAY_MIN && extra.period <= LAST_PERIOD)?;
        // Or two lessons might have one id.
        in_range(key, origin_of(&extra.id).is_none())?;
        self.needs(key, Key::Course(extra.course.clone()))
    }

    fn needs(&self, of: &Key, missing: Key) -> Result<(), InvalidChange> {
        let there = match &missing {
            Key::Term(id) => self.terms.contains_key(id),
            Key::School(id) => self.schools.contains_key(id),
            Key::Room(id) => self.rooms.contains_key(id),
            Key::Teacher(id) => self.teachers.contains_key(id),
            Key::Course(id) => self.courses.contains_key(id),
            _ => true,
        };
        if there { Ok(()) } else { Err(InvalidChange::Missing { of: of.clone(), missing }) }
    }

    /// Whether a record that is there names the one with `key`.
    fn is_used(&self, key: &Key) -> bool {
        match key {
            Key::Term(id) => self.courses.values().any(|course| course.term == *id),
            Key::School(id) => {
                self.rooms.values().any(|room| room.school == *id)
                    || self.teachers.values().any(|teacher| teacher.school == *id)
                    || self.courses.values().any(|course| course.hub_school == *id)
                    || self.bells.contains_key(&Some(id.clone()))
                    || self.special_days.values().any(|days| days.contains_key(&Some(id.clone())))
            }
            Key::Room(id) => {
                self.edits.values().any(|edit| edit.master_room.as_ref() == Some(id))
                    || self.courses.values().any(|course| {
                        course.master_room.as_ref() == Some(id) || course.points.iter().any(|point| point.room == *id)
                    })
            }
            Key::Teacher(id) => {
                self.courses.values().any(|course| course.master_teacher == *id)
                    || self.edits.values().any(|edit| edit.substitute.as_ref() == Some(id))
            }
            Key::Course(id) => {
                self.entries.keys().any(|(course, ..)| course == id)
                    || self.edits.keys().any(|origin| origin.course == *id)
                    || self.extras.values().any(|extra| extra.course == *id)
            }
            _ => false,
        }
    }
}

fn named(key: &Key, names: &[&str]) -> Result<(), InvalidChange> {
    let good = |name: &&str| !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME;
    in_range(key, names.iter().all(good))
}

fn in_range(key: &Key, holds: bool) -> Result<(), InvalidChange> {
    if holds { Ok(()) } else { Err(InvalidChange::OutOfRange(key.clone())) }
}

#[cfg(test)]
mod tests;
