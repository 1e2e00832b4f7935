//! What is held when: the lessons of a date, worked out from the records.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use protocol::{
    LessonId, ParticipantId, RoomId, SchoolId, UtcMs,
    timetable::{Course, Entry, ExtraLesson, LessonEdit, Origin, Term},
};

use crate::{
    BellSchedule, Lesson, OVERRUN_LIMIT_MS, Party, Slot, Timetable,
    calendar::week_of,
    lesson_id::{lesson_id, origin_of},
};

/// One lesson on its date, as the records have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held<'a> {
    /// Its id.
    pub id: LessonId,
    /// Its course.
    pub course: &'a Course,
    /// What was decided about it, if it is of the weekly timetable.
    pub edit: Option<&'a LessonEdit>,
    /// The record, if it is an extra lesson.
    pub extra: Option<&'a ExtraLesson>,
    /// Where in the weekly timetable it comes from.
    pub origin: Option<Origin>,
    /// The date.
    pub date: Date,
    /// 节次; 0 where it keeps no bell.
    pub period: u8,
    /// First and last minute, counted from local midnight; `None` where the bells lack its period.
    pub minutes: Option<(u16, u16)>,
}

impl Held<'_> {
    /// Who teaches it.
    pub fn teacher(&self) -> &ParticipantId {
        self.edit.and_then(|edit| edit.substitute.as_ref()).unwrap_or(&self.course.master_teacher)
    }

    /// From which room.
    pub fn master_room(&self) -> Option<&RoomId> {
        self.edit.and_then(|edit| edit.master_room.as_ref()).or(self.course.master_room.as_ref())
    }

    /// Why it is not held, if it is cancelled.
    pub fn cancelled(&self) -> Option<&str> {
        let of_edit = self.edit.and_then(|edit| edit.cancelled.as_deref());
        of_edit.or_else(|| self.extra.and_then(|extra| extra.cancelled.as_deref()))
    }

    /// What it is about; the course's name where nothing else is told.
    pub fn title(&self) -> &str {
        let own = self.edit.and_then(|edit| edit.title.as_deref()).or(self.extra.map(|extra| extra.title.as_str()));
        own.filter(|title| !title.is_empty()).unwrap_or(&self.course.name)
    }

    /// Whether both are held at some minute of one date. What runs on past midnight is in nobody's way the next day.
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.minutes, other.minutes) {
            (Some((a, b)), Some((c, d))) => self.date == other.date && a < d && c < b,
            _ => false,
        }
    }
}

/// What one school does on one date.
#[derive(Clone, Copy)]
struct SchoolDay<'a> {
    date: Date,
    term: Option<&'a Term>,
    slot: Option<Slot>,
    /// The date, where the lessons of the slot belong on another and are held again.
    again_on: Option<Date>,
    bells: Option<&'a BellSchedule>,
}

impl Timetable {
    /// The lessons of `date`, cancelled ones too, first bell first.
    pub fn on(&self, date: Date) -> Vec<Held<'_>> {
        self.on_for(date, |_| true)
    }

    /// The lessons of `date` whose course is `wanted`.
    pub fn on_for(&self, date: Date, wanted: impl Fn(&Course) -> bool) -> Vec<Held<'_>> {
        let mut days: BTreeMap<&SchoolId, SchoolDay<'_>> = BTreeMap::new();
        let mut held = Vec::new();
        let entries: Vec<&Entry> = self.entries.values().collect();
        // The entries of a course lie together.
        for of_course in entries.chunk_by(|a, b| a.course == b.course) {
            let course = self.courses.get(&of_course[0].course).filter(|course| wanted(course));
            let Some(course) = course else { continue };
            let day = days.entry(&course.hub_school).or_insert_with(|| self.school_day(&course.hub_school, date));
            held.extend(of_course.iter().filter_map(|entry| self.weekly(entry, course, *day)));
        }
        let moved = self.moved_to.get(&date).into_iter().flatten();
        held.extend(moved.filter_map(|origin| self.moved(origin)));
        let extras = self.extras_on.get(&date).into_iter().flatten();
        held.extend(extras.filter_map(|id| self.extra(id)));
        held.retain(|lesson| wanted(lesson.course));
        held.sort_by(|a, b| (a.minutes, a.period, &a.id).cmp(&(b.minutes, b.period, &b.id)));
        held
    }

    /// The lesson with this id, if it is held on any date.
    pub fn find(&self, id: &LessonId) -> Option<Held<'_>> {
        if self.extras.contains_key(id) {
            return self.extra(id);
        }
        let origin = origin_of(id)?;
        if self.edits.get(&origin).is_some_and(|edit| edit.moved_to.is_some()) {
            return self.moved(&origin);
        }
        let entry = self.entries.get(&(origin.course.clone(), origin.weekday, origin.period))?;
        let course = self.courses.get(&origin.course)?;
        let date = self.home(&origin, course)?;
        let day = self.school_day(&course.hub_school, date);
        self.weekly(entry, course, day).filter(|held| held.id == *id)
    }

    /// Where a lesson of the weekly timetable is held when it is not moved.
    pub(crate) fn home(&self, origin: &Origin, course: &Course) -> Option<Date> {
        let term = self.terms.get(&course.term)?;
        let slot = Slot { week_no: origin.week_no, weekday: origin.weekday };
        let dates = self.dates_of(&course.hub_school, term, slot);
        match origin.again_on {
            None => dates.first().copied(),
            Some(again) => dates.into_iter().skip(1).find(|date| *date == again),
        }
    }

    /// The lesson as it is put before people, with names and instants. `None` where the bells lack its period.
    pub fn lesson(&self, held: &Held<'_>, zone: &TimeZone) -> Option<Lesson> {
        let (starts_min, ends_min) = held.minutes?;
        let teacher = held.teacher();
        let course = held.course;
        let school = self.schools.get(&course.hub_school);
        let points =
            course.points.iter().map(|point| Party { id: point_id(&point.room), name: self.room_name(&point.room) });
        Some(Lesson {
            id: held.id.clone(),
            term: course.term.clone(),
            course: course.id.clone(),
            title: held.title().to_owned(),
            subject: course.subject.clone(),
            grade: course.grade.clone(),
            class_group: course.class_group.clone(),
            kind: course.kind,
            hub_school: school.map_or_else(String::new, |school| school.name.clone()),
            hub_school_id: course.hub_school.clone(),
            master_room: held.master_room().cloned(),
            date: held.date,
            week_no: self.terms.get(&course.term).map_or(0, |term| week_of(term, held.date)),
            period: held.period,
            starts_at: instant(held.date, starts_min, zone)?,
            ends_at: instant(held.date, ends_min, zone)?,
            latest_end: instant(held.date, ends_min, zone)?.plus_ms(OVERRUN_LIMIT_MS),
            master: Party { id: teacher.clone(), name: self.teacher_name(teacher) },
            points: points.collect(),
            cancelled: held.cancelled().map(str::to_owned),
            moved: held.edit.is_some_and(|edit| edit.moved_to.is_some()),
            substituted: held.edit.is_some_and(|edit| edit.substitute.is_some()),
            live_since: None,
            ended_at: None,
        })
    }

    /// The name of a receive room to others: its school's, and its own where the school has several.
    pub fn room_name(&self, id: &RoomId) -> String {
        let Some(room) = self.rooms.get(id) else { return id.to_string() };
        let school = self.schools.get(&room.school).map_or("", |school| school.name.as_str());
        let is_only_one = self.rooms_of.get(&room.school).is_none_or(|rooms| rooms.len() < 2);
        if is_only_one { school.to_owned() } else { format!("{school} {}", room.name) }
    }

    /// The name of a teacher.
    pub fn teacher_name(&self, id: &ParticipantId) -> String {
        self.teachers.get(id).map_or_else(|| id.to_string(), |teacher| teacher.name.clone())
    }

    fn school_day(&self, school: &SchoolId, date: Date) -> SchoolDay<'_> {
        let (term, slot) = (self.term_on(date), self.slot(school, date));
        // Only a special day can hold what belongs on another.
        let is_special = self.special_days.contains_key(&date);
        let again_on = term.zip(slot).filter(|_| is_special).and_then(|(term, slot)| {
            let first = self.dates_of(school, term, slot).first().copied();
            Some(date).filter(|_| first != Some(date))
        });
        SchoolDay { date, term, slot, again_on, bells: self.bells_on(school, date) }
    }

    /// The lesson that `entry` makes on a day of its hub school, unless it is moved.
    fn weekly<'a>(&'a self, entry: &Entry, course: &'a Course, day: SchoolDay<'_>) -> Option<Held<'a>> {
        let slot = day.slot.filter(|slot| slot.weekday == entry.weekday && entry.weeks.contains(slot.week_no))?;
        day.term.filter(|term| term.id == course.term)?;
        let origin = Origin {
            course: course.id.clone(),
            weekday: entry.weekday,
            period: entry.period,
            week_no: slot.week_no,
            again_on: day.again_on,
        };
        let edit = self.edits.get(&origin);
        if edit.is_some_and(|edit| edit.moved_to.is_some()) {
            return None;
        }
        let minutes = day.bells.and_then(|bells| bells.minutes(entry.period));
        let id = lesson_id(&origin)?;
        let (date, period) = (day.date, entry.period);
        Some(Held { id, course, edit, extra: None, origin: Some(origin), date, period, minutes })
    }

    /// The lesson from `origin` on the date it is moved to, while the weekly timetable still has it.
    fn moved(&self, origin: &Origin) -> Option<Held<'_>> {
        let edit = self.edits.get(origin)?;
        let to = edit.moved_to?;
        let entry = self.entries.get(&(origin.course.clone(), origin.weekday, origin.period))?;
        if !entry.weeks.contains(origin.week_no) {
            return None;
        }
        let course = self.courses.get(&origin.course)?;
        // A lesson moved off a day that is off stays where it is, but one that was to be held again goes with its day.
        if origin.again_on.is_some() && self.home(origin, course).is_none() {
            return None;
        }
        let bells = self.bells_on(&course.hub_school, to.date);
        Some(Held {
            id: lesson_id(origin)?,
            course,
            edit: Some(edit),
            extra: None,
            origin: Some(origin.clone()),
            date: to.date,
            period: to.period,
            minutes: bells.and_then(|bells| bells.minutes(to.period)),
        })
    }

    fn extra(&self, id: &LessonId) -> Option<Held<'_>> {
        let extra = self.extras.get(id)?;
        Some(Held {
            id: id.clone(),
            course: self.courses.get(&extra.course)?,
            edit: None,
            extra: Some(extra),
            origin: None,
            date: extra.date,
            period: extra.period,
            minutes: Some((extra.starts_min, extra.ends_min)),
        })
    }
}

/// The device in a receive room takes part in lessons under the room's id.
fn point_id(room: &RoomId) -> ParticipantId {
    room.clone().into()
}

/// The instant of a minute of a date, which may be past midnight.
pub(crate) fn instant(date: Date, minute: u16, zone: &TimeZone) -> Option<UtcMs> {
    let midnight = zone.to_ambiguous_zoned(date.at(0, 0, 0, 0)).compatible().ok()?;
    let at = midnight.timestamp().as_millisecond();
    Some(UtcMs(at).plus_ms(i64::from(minute) * 60_000))
}

#[cfg(test)]
mod tests;
