//! What a timetable should say, worked out naively: all records in one map, every day and every week of every row
//! looked at. Nothing of the crate is used.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use protocol::{
    ParticipantId, RoomId, SchoolId, TermId,
    timetable::{
        BellPeriod, Change, Course, DayRule, Entry, ExtraLesson, Key, LessonEdit, Origin, Record, Room, SpecialDay,
        Term, Weekday,
    },
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reference {
    pub records: BTreeMap<Key, Record>,
}

/// A lesson where it is held.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub id: String,
    pub date: Date,
    pub minutes: Option<(u16, u16)>,
    pub period: u8,
    pub course: Course,
    pub origin: Option<Origin>,
    pub teacher: ParticipantId,
    pub room: Option<RoomId>,
    pub cancelled: Option<String>,
    pub title: String,
}

/// A day of a school: its term, and the week and weekday whose lessons it holds.
type Day = (Date, TermId, u8, Weekday);

macro_rules! all_of {
    ($name:ident, $record:ident) => {
        pub fn $name(&self) -> impl Iterator<Item = &$record> {
            self.records.values().filter_map(|record| match record {
                Record::$record(it) => Some(it),
                _ => None,
            })
        }
    };
}

impl Reference {
    all_of!(terms, Term);
    all_of!(rooms, Room);
    all_of!(special_days, SpecialDay);
    all_of!(courses, Course);
    all_of!(entries, Entry);
    all_of!(edits, LessonEdit);
    all_of!(extras, ExtraLesson);

    /// What it is after `change`, if that is sound.
    pub fn after(&self, change: &Change) -> Option<Self> {
        let mut keys: Vec<Key> = change.put.iter().map(Record::key).chain(change.remove.iter().cloned()).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        let mut after = self.clone();
        after.records.extend(change.put.iter().map(|record| (record.key(), record.clone())));
        after.records.retain(|key, _| !change.remove.contains(key));
        (keys.len() == count && after.is_sound()).then_some(after)
    }

    pub fn without(&self, key: &Key) -> Self {
        let mut rest = self.clone();
        rest.records.remove(key);
        rest
    }

    pub fn term_on(&self, date: Date) -> Option<&Term> {
        self.terms().find(|term| (term.first_day..=term.last_day).contains(&date))
    }

    /// The week and weekday whose lessons a school holds.
    pub fn holds(&self, school: &SchoolId, date: Date) -> Option<(u8, Weekday)> {
        let term = self.term_on(date)?;
        let rule = |school: Option<SchoolId>| match self.records.get(&Key::SpecialDay(school, date))? {
            Record::SpecialDay(day) => Some(day.rule.clone()),
            _ => None,
        };
        match rule(Some(school.clone())).or_else(|| rule(None)) {
            Some(DayRule::Off) => None,
            Some(DayRule::Follows { week_no, weekday }) => Some((week_no, weekday)),
            None => {
                let days = (date - term.week_1).get_days();
                Some(((days / 7 + 1) as u8, Weekday::from_iso((days % 7 + 1) as u8).unwrap()))
            }
        }
    }

    pub fn bells(&self, school: &SchoolId, date: Date) -> Option<&[BellPeriod]> {
        let latest = |of: Option<&SchoolId>| {
            let bells = self.records.values().filter_map(|record| match record {
                Record::Bells(it) if it.school.as_ref() == of && it.from <= date => Some(it),
                _ => None,
            });
            bells.max_by_key(|it| it.from).map(|it| it.periods.as_slice())
        };
        latest(Some(school)).or_else(|| latest(None))
    }

    pub fn minutes(&self, school: &SchoolId, date: Date, period: u8) -> Option<(u16, u16)> {
        let found = self.bells(school, date)?.iter().find(|it| it.number == period)?;
        Some((found.starts_min, found.ends_min))
    }

    /// Every lesson, by date, first bell first.
    pub fn lessons(&self) -> Vec<Planned> {
        let mut all: Vec<Planned> = self.extras().map(|extra| self.extra(extra)).collect();
        for course in self.courses() {
            let days = self.days(course);
            for entry in self.entries().filter(|entry| entry.course == course.id) {
                for week_no in (1..=30).filter(|week_no| entry.weeks.contains(*week_no)) {
                    self.week_of_row(course, entry, week_no, &days, &mut all);
                }
            }
        }
        all.sort_by(|a, b| (a.date, a.minutes, a.period, &a.id).cmp(&(b.date, b.minutes, b.period, &b.id)));
        all
    }

    /// The days on which the hub school of a course has lessons of the course's term.
    fn days(&self, course: &Course) -> Vec<Day> {
        let Some(Record::Term(term)) = self.records.get(&Key::Term(course.term.clone())) else { return Vec::new() };
        let mut days = Vec::new();
        let mut date = term.first_day;
        while date <= term.last_day {
            let held = self.holds(&course.hub_school, date);
            days.extend(held.map(|(week_no, weekday)| (date, term.id.clone(), week_no, weekday)));
            date += 1.day();
        }
        days
    }

    /// The lessons of a row in one week: one for each day that holds them, or one that was moved off a day that is off.
    fn week_of_row(&self, course: &Course, entry: &Entry, week_no: u8, days: &[Day], all: &mut Vec<Planned>) {
        let holding = days.iter().filter(|day| (day.2, day.3) == (week_no, entry.weekday));
        let mut dates: Vec<Date> = holding.map(|day| day.0).collect();
        if let Some(Record::Term(term)) = self.records.get(&Key::Term(course.term.clone())) {
            let own = term.week_1 + (i32::from(week_no) * 7 + i32::from(entry.weekday.iso()) - 8).days();
            dates.sort_by_key(|date| (*date != own, *date));
        }
        let origin = |again_on| Origin {
            course: course.id.clone(),
            weekday: entry.weekday,
            period: entry.period,
            week_no,
            again_on,
        };
        for (at, date) in dates.iter().enumerate() {
            all.extend(self.weekly(course, origin((at > 0).then_some(*date)), Some(*date)));
        }
        if dates.is_empty() {
            all.extend(self.weekly(course, origin(None), None));
        }
    }

    fn weekly(&self, course: &Course, origin: Origin, own: Option<Date>) -> Option<Planned> {
        let edit = match self.records.get(&Key::LessonEdit(origin.clone())) {
            Some(Record::LessonEdit(edit)) => Some(edit),
            _ => None,
        };
        let moved = edit.and_then(|edit| edit.moved_to).map(|to| (to.date, to.period));
        let (date, period) = moved.or_else(|| Some((own?, origin.period)))?;
        let again = origin
            .again_on
            .map_or_else(String::new, |date| format!("-{:04}{:02}{:02}", date.year(), date.month(), date.day()));
        let Origin { course: id, weekday, period: of_row, week_no, .. } = &origin;
        Some(Planned {
            id: format!("{id}-w{week_no:02}d{}p{of_row}{again}", weekday.iso()),
            date,
            minutes: self.minutes(&course.hub_school, date, period),
            period,
            teacher: edit.and_then(|edit| edit.substitute.clone()).unwrap_or_else(|| course.master_teacher.clone()),
            room: edit.and_then(|edit| edit.master_room.clone()).or_else(|| course.master_room.clone()),
            cancelled: edit.and_then(|edit| edit.cancelled.clone()),
            title: edit.and_then(|edit| edit.title.clone()).unwrap_or_else(|| course.name.clone()),
            course: course.clone(),
            origin: Some(origin),
        })
    }

    fn extra(&self, extra: &ExtraLesson) -> Planned {
        let Some(Record::Course(course)) = self.records.get(&Key::Course(extra.course.clone())) else {
            panic!("{extra:?} has no course")
        };
        Planned {
            id: extra.id.to_string(),
            date: extra.date,
            minutes: Some((extra.starts_min, extra.ends_min)),
            period: extra.period,
            course: course.clone(),
            origin: None,
            teacher: course.master_teacher.clone(),
            room: course.master_room.clone(),
            cancelled: extra.cancelled.clone(),
            title: if extra.title.is_empty() { course.name.clone() } else { extra.title.clone() },
        }
    }
}
