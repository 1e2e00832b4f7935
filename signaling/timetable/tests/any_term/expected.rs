//! What an edit of a lesson should lead to: which lessons there are then, or why it is refused.

use jiff::civil::Date;
use protocol::{
    LessonId,
    timetable::{Change, Course, DatePeriod, Edit, Key, Record},
};
use timetable::EditError;

use crate::reference::{Planned, Reference};

/// A clock that counts minutes from the beginning of a date.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub since: Date,
    pub minute: i64,
}

impl Now {
    fn is_past(self, date: Date, minutes: Option<(u16, u16)>) -> bool {
        let ends_min = i64::from(minutes.map_or(1440, |(_, ends)| ends));
        i64::from((date - self.since).get_days()) * 1440 + ends_min <= self.minute
    }
}

impl Reference {
    /// What of `change` would alter anything.
    pub fn effective(&self, change: &Change) -> Change {
        let mut effective = change.clone();
        effective.put.retain(|record| self.records.get(&record.key()) != Some(record));
        effective.remove.retain(|key| self.records.contains_key(key));
        effective
    }

    /// The lessons after `edit`, which is not one of records; those there are now are `lessons`.
    pub fn expected(
        &self,
        lessons: &[Planned],
        edit: &Edit,
        fresh: &LessonId,
        now: Now,
    ) -> Result<Vec<Planned>, EditError> {
        let mut after = lessons.to_vec();
        match edit {
            Edit::Records { .. } => panic!("records have no lesson"),
            Edit::AddLesson { course, title, date, period, starts_min, ends_min } => {
                let minutes = match period {
                    0 => (*starts_min, *ends_min),
                    _ => self.minutes(&course.hub_school, *date, *period).ok_or(EditError::NoSuchPeriod)?,
                };
                after.push(added(course, title, fresh, DatePeriod { date: *date, period: *period }, minutes));
            }
            Edit::Cancel { reason, .. } if reason.trim().is_empty() => return Err(EditError::NoReason),
            Edit::Cancel { lesson, reason } => open(&mut after, lesson, now)?.cancelled = Some(reason.clone()),
            Edit::Retitle { lesson, title } => {
                let lesson = open(&mut after, lesson, now)?;
                let title = title.trim();
                lesson.title = if title.is_empty() { lesson.course.name.clone() } else { title.into() };
            }
            Edit::Reschedule { lesson, to } => {
                let lesson = open(&mut after, lesson, now)?;
                let minutes = self.minutes(&lesson.course.hub_school, to.date, to.period);
                lesson.minutes = Some(minutes.ok_or(EditError::NoSuchPeriod)?);
                (lesson.date, lesson.period) = (to.date, to.period);
                past(lesson, now)?;
            }
            Edit::Substitute { lesson, teacher } => {
                let lesson = self.alone_in_its_course(open(&mut after, lesson, now)?)?;
                lesson.teacher = teacher.clone();
                if lesson.origin.is_none() {
                    lesson.course.master_teacher = teacher.clone();
                }
            }
            Edit::ChangeRoom { lesson, room } => {
                let lesson = self.alone_in_its_course(open(&mut after, lesson, now)?)?;
                lesson.room = Some(room.clone());
                if lesson.origin.is_none() {
                    lesson.course.master_room = Some(room.clone());
                }
            }
            Edit::Restore { lesson } => after = self.restored(after, lesson, now)?,
        }
        after.sort_by(|a, b| (a.date, a.minutes, a.period, &a.id).cmp(&(b.date, b.minutes, b.period, &b.id)));
        Ok(after)
    }

    /// A lesson of the weekly timetable, or an extra one whose course has no other: that of several is not altered.
    fn alone_in_its_course<'a>(&self, lesson: &'a mut Planned) -> Result<&'a mut Planned, EditError> {
        let of_course = self.entries().filter(|row| row.course == lesson.course.id).count()
            + self.extras().filter(|extra| extra.course == lesson.course.id).count();
        if lesson.origin.is_none() && of_course > 1 { Err(EditError::NotWeekly) } else { Ok(lesson) }
    }

    fn restored(&self, mut all: Vec<Planned>, id: &LessonId, now: Now) -> Result<Vec<Planned>, EditError> {
        let lesson = open(&mut all, id, now)?;
        let Some(origin) = lesson.origin.clone() else {
            lesson.cancelled = None;
            return Ok(all);
        };
        let restored = self.without(&Key::LessonEdit(origin)).lessons();
        restored.iter().filter(|lesson| lesson.id == id.as_str()).try_for_each(|lesson| past(lesson, now))?;
        Ok(restored)
    }
}

/// The lesson with this id, if it is not over.
fn open<'a>(lessons: &'a mut [Planned], id: &LessonId, now: Now) -> Result<&'a mut Planned, EditError> {
    let lesson = lessons.iter_mut().find(|lesson| lesson.id == id.as_str()).ok_or(EditError::UnknownLesson)?;
    past(lesson, now).map(|()| lesson)
}

fn past(lesson: &Planned, now: Now) -> Result<(), EditError> {
    if now.is_past(lesson.date, lesson.minutes) { Err(EditError::Over) } else { Ok(()) }
}

fn added(course: &Course, title: &str, fresh: &LessonId, at: DatePeriod, minutes: (u16, u16)) -> Planned {
    let course = Course { id: protocol::CourseId::parse(fresh.as_str()).unwrap(), ..course.clone() };
    Planned {
        id: fresh.to_string(),
        date: at.date,
        minutes: Some(minutes),
        period: at.period,
        origin: None,
        teacher: course.master_teacher.clone(),
        room: course.master_room.clone(),
        cancelled: None,
        title: if title.is_empty() { course.name.clone() } else { title.into() },
        course,
    }
}

/// The keys that a change touches.
pub fn keys(change: &Change) -> Vec<Key> {
    change.put.iter().map(Record::key).chain(change.remove.iter().cloned()).collect()
}
