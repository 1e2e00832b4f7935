//! What cannot all be: someone or some room in two lessons at once, lessons on days off, bells that do not meet.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use protocol::{
    LessonId, ParticipantId, RoomId, SchoolId,
    timetable::{Conflict, ConflictKind, Course, DatePeriod, SessionKind},
};

use crate::{BellSchedule, Held, Timetable, calendar::dates};

/// Free periods suggested for a lesson.
pub const SUGGESTIONS: usize = 6;

/// Who or what can be in one lesson at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Busy<'a> {
    Teacher(&'a ParticipantId),
    /// Taught from or received in.
    Room(&'a RoomId),
    ClassGroup(&'a SchoolId, &'a str),
}

impl Busy<'_> {
    /// What it is to be in both lessons.
    fn kind(self, pair: [&Held<'_>; 2]) -> ConflictKind {
        match self {
            Busy::Teacher(_) => ConflictKind::TeacherBusy,
            Busy::Room(room) if pair.iter().any(|lesson| lesson.master_room() == Some(room)) => {
                ConflictKind::MasterRoomBusy
            }
            Busy::Room(_) => ConflictKind::ReceiveRoomBusy,
            Busy::ClassGroup(..) => ConflictKind::ClassGroupBusy,
        }
    }
}

impl Timetable {
    /// Every conflict on the dates from `first` to `last`.
    pub fn conflicts(&self, first: Date, last: Date) -> Vec<Conflict> {
        dates(first, last).flat_map(|date| self.conflicts_on(date)).collect()
    }

    /// Every conflict of `date`. Cancelled lessons have none.
    pub fn conflicts_on(&self, date: Date) -> Vec<Conflict> {
        self.conflicts_about(date, |_| true)
    }

    /// The conflicts of those lessons of `date` that are `wanted`, with each other and with the rest.
    pub fn conflicts_about(&self, date: Date, wanted: impl Fn(&Held<'_>) -> bool) -> Vec<Conflict> {
        let mut held = self.on(date);
        held.retain(|lesson| lesson.cancelled().is_none());
        let own: Vec<Held<'_>> = held.iter().filter(|lesson| wanted(lesson)).cloned().collect();
        held.retain(|lesson| wanted(lesson) || own.iter().any(|it| it.overlaps(lesson)));
        let mut found = self.busy_twice(&held, &wanted);
        found.extend(own.iter().flat_map(|lesson| self.conflicts_alone(lesson)));
        found
    }

    /// The conflicts that `lesson` has, as things stand.
    pub fn conflicts_of(&self, lesson: &LessonId) -> Vec<Conflict> {
        self.find(lesson).map_or_else(Vec::new, |held| self.conflicts_about(held.date, |other| other.id == *lesson))
    }

    /// Pairs of lessons, one of which is `wanted`, that share someone or some room.
    fn busy_twice(&self, held: &[Held<'_>], wanted: impl Fn(&Held<'_>) -> bool) -> Vec<Conflict> {
        let mut by_whom: BTreeMap<Busy<'_>, Vec<&Held<'_>>> = BTreeMap::new();
        for lesson in held {
            for busy in self.busy(lesson) {
                by_whom.entry(busy).or_default().push(lesson);
            }
        }
        let mut found = Vec::new();
        for (busy, lessons) in by_whom {
            for (at, lesson) in lessons.iter().enumerate() {
                let others = lessons[at + 1..].iter().filter(|other| wanted(lesson) || wanted(other));
                for other in others.filter(|other| lesson.overlaps(other)) {
                    found.push(conflict(busy.kind([lesson, other]), lesson, Some(&other.id), self.name_of(busy)));
                }
            }
        }
        found
    }

    /// Who and what a lesson keeps busy, each once: a room may be among its points twice. A broadcast's receive rooms
    /// are not: anyone may watch it who is free.
    fn busy<'a>(&'a self, lesson: &'a Held<'a>) -> BTreeSet<Busy<'a>> {
        let course = lesson.course;
        let mut busy = BTreeSet::from([Busy::Teacher(lesson.teacher())]);
        busy.extend(lesson.master_room().map(Busy::Room));
        if course.kind == SessionKind::SynchronousLesson && !course.class_group.is_empty() {
            busy.insert(Busy::ClassGroup(&course.hub_school, &course.class_group));
        }
        for point in course.points.iter().filter(|_| course.kind != SessionKind::BroadcastLesson) {
            busy.insert(Busy::Room(&point.room));
            let school = self.rooms.get(&point.room).map(|room| &room.school);
            let named = school.filter(|_| !point.class_group.is_empty());
            busy.extend(named.map(|school| Busy::ClassGroup(school, &point.class_group)));
        }
        busy
    }

    fn name_of(&self, busy: Busy<'_>) -> String {
        match busy {
            Busy::Teacher(id) => self.teacher_name(id),
            Busy::Room(id) => {
                let room = self.rooms.get(id);
                room.map_or_else(String::new, |room| format!("{} {}", self.school_name(&room.school), room.name))
            }
            Busy::ClassGroup(school, class) => format!("{} {class}", self.school_name(school)),
        }
    }

    pub(crate) fn school_name(&self, id: &SchoolId) -> &str {
        self.schools.get(id).map_or("", |school| school.name.as_str())
    }

    /// What is wrong with a lesson whatever else is held.
    fn conflicts_alone(&self, lesson: &Held<'_>) -> Vec<Conflict> {
        let course = lesson.course;
        let mut found = Vec::new();
        let in_its_term = self.term_on(lesson.date).is_some_and(|term| term.id == course.term);
        if !in_its_term {
            found.push(conflict(ConflictKind::OutsideTerm, lesson, None, String::new()));
        } else if self.slot(&course.hub_school, lesson.date).is_none() && lesson.extra.is_none() {
            found.push(conflict(ConflictKind::DayOff, lesson, None, self.school_name(&course.hub_school).to_owned()));
        }
        let Some((starts, ends)) = lesson.minutes else {
            found.push(conflict(ConflictKind::NoSuchPeriod, lesson, None, lesson.period.to_string()));
            return found;
        };
        for school in self.point_schools(course) {
            let name = || self.school_name(school).to_owned();
            if in_its_term && self.slot(school, lesson.date).is_none() {
                found.push(conflict(ConflictKind::PointDayOff, lesson, None, name()));
            }
            let bells = self.bells_on(school, lesson.date);
            if bells.is_some_and(|bells| cuts_across(bells, starts, ends)) {
                found.push(conflict(ConflictKind::BellsDiffer, lesson, None, name()));
            }
        }
        found
    }

    fn point_schools(&self, course: &Course) -> BTreeSet<&SchoolId> {
        course.points.iter().filter_map(|point| self.rooms.get(&point.room).map(|room| &room.school)).collect()
    }

    /// Periods of the same week in which the lesson could be held without a conflict, nearest first.
    pub fn free_periods(&self, lesson: &LessonId) -> Vec<DatePeriod> {
        let Some(held) = self.find(lesson) else { return Vec::new() };
        let (course, now) = (held.course, (held.date, held.period));
        let busy = self.busy(&held);
        let monday = crate::days_after(held.date, 1 - i32::from(held.date.weekday().to_monday_one_offset()));
        let mut free = Vec::new();
        for date in dates(monday, crate::days_after(monday, 6)) {
            let Some(bells) = self.bells_on(&course.hub_school, date) else { continue };
            if self.slot(&course.hub_school, date).is_none() {
                continue;
            }
            let mut others = self.on(date);
            others.retain(|other| other.cancelled().is_none() && other.id != *lesson && self.shares(other, &busy));
            for period in bells.periods() {
                let minutes = Some((period.starts_min, period.ends_min));
                let there = Held { date, period: period.number, minutes, ..held.clone() };
                if (date, period.number) != now && self.fits(&there, &others) {
                    free.push(DatePeriod { date, period: period.number });
                }
            }
        }
        free.sort_by_key(|it| {
            (it.date.since(now.0).map_or(0, |span| span.get_days().abs()), it.period.abs_diff(now.1))
        });
        free.truncate(SUGGESTIONS);
        free
    }

    fn shares(&self, lesson: &Held<'_>, busy: &BTreeSet<Busy<'_>>) -> bool {
        self.busy(lesson).iter().any(|it| busy.contains(it))
    }

    /// Whether `lesson` could be held beside `others`, with each of which it shares someone or some room.
    fn fits(&self, lesson: &Held<'_>, others: &[Held<'_>]) -> bool {
        !others.iter().any(|other| lesson.overlaps(other)) && self.conflicts_alone(lesson).is_empty()
    }
}

fn conflict(kind: ConflictKind, lesson: &Held<'_>, other: Option<&LessonId>, whom: String) -> Conflict {
    Conflict {
        kind,
        lesson: lesson.id.clone(),
        other: other.cloned(),
        whom,
        at: DatePeriod { date: lesson.date, period: lesson.period },
    }
}

/// Whether a lesson at these minutes takes part of two periods of a school, which has it miss both.
fn cuts_across(bells: &BellSchedule, starts: u16, ends: u16) -> bool {
    let touched = bells.periods().iter().filter(|period| period.starts_min < ends && starts < period.ends_min);
    touched.count() > 1
}

#[cfg(test)]
mod tests;
