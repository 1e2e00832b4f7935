//! What people do to a timetable, as changes of its records.

use jiff::{civil::Date, tz::TimeZone};
use protocol::{
    CourseId, LessonId, UtcMs,
    timetable::{Change, Course, DatePeriod, Edit, ExtraLesson, Key, LessonEdit, Origin, Record, SessionKind},
};

use crate::{Held, Timetable, bells::DAY_MIN, book::InvalidChange, held::instant};

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no such lesson in the timetable.
    #[error("there is no such lesson in the timetable")]
    UnknownLesson,
    /// The lesson is over: what was taught is in the ledger, where it can be corrected.
    #[error("the lesson is over")]
    Over,
    /// The hub school has no such period on that date.
    #[error("there is no such period on that date")]
    NoSuchPeriod,
    /// A reason is needed.
    #[error("a reason is needed")]
    NoReason,
    /// The edit would leave everything as it is.
    #[error("nothing would change")]
    NothingChanges,
    /// Only lessons of the weekly timetable can be edited so, and others that share their course with none; the rest
    /// are removed and added anew.
    #[error("the lesson is in no weekly timetable and shares its course")]
    NotWeekly,
    /// The records do not fit together.
    #[error(transparent)]
    Invalid(#[from] InvalidChange),
}

impl Timetable {
    /// The change that `edit` asks for. `fresh` names a lesson that is added. Lessons that are over by `now` stay as
    /// they are, and none is moved into the past.
    pub fn change_of(&self, edit: &Edit, fresh: LessonId, now: UtcMs, zone: &TimeZone) -> Result<Change, EditError> {
        let open = |lesson| self.open_lesson(lesson, now, zone);
        let change = match edit {
            Edit::Records { change } => change.clone(),
            Edit::AddLesson { course, title, date, period, starts_min, ends_min } => {
                let minutes = match period {
                    0 => (*starts_min, *ends_min),
                    _ => self.minutes_of(course, DatePeriod { date: *date, period: *period })?,
                };
                let course = extra_course(course, &fresh)?;
                let extra = ExtraLesson {
                    id: fresh,
                    course: course.id.clone(),
                    title: title.clone(),
                    date: *date,
                    period: *period,
                    starts_min: minutes.0,
                    ends_min: minutes.1,
                    cancelled: None,
                };
                Change { put: vec![Record::Course(course), Record::ExtraLesson(extra)], remove: Vec::new() }
            }
            Edit::Cancel { reason, .. } if reason.trim().is_empty() => return Err(EditError::NoReason),
            Edit::Cancel { lesson, reason } => self.cancelled(&open(lesson)?, reason.trim())?,
            Edit::Restore { lesson } => self.restored(&open(lesson)?, now, zone)?,
            Edit::Retitle { lesson, title } => self.retitled(&open(lesson)?, title.trim())?,
            Edit::Reschedule { lesson, to } => {
                let held = open(lesson)?;
                let minutes = self.minutes_of(held.course, *to)?;
                not_over(to.date, Some(minutes), now, zone)?;
                self.rescheduled(&held, *to, minutes)?
            }
            Edit::Substitute { lesson, teacher } => {
                let held = open(lesson)?;
                match held.extra {
                    Some(extra) => {
                        let course = self.own_course(extra, held.course)?;
                        put(Record::Course(Course { master_teacher: teacher.clone(), ..course }))
                    }
                    None => self.decided(&held, LessonEdit { substitute: Some(teacher.clone()), ..edit_of(&held)? }),
                }
            }
            Edit::ChangeRoom { lesson, room } => {
                let held = open(lesson)?;
                match held.extra {
                    Some(extra) => {
                        let course = self.own_course(extra, held.course)?;
                        put(Record::Course(Course { master_room: Some(room.clone()), ..course }))
                    }
                    None => self.decided(&held, LessonEdit { master_room: Some(room.clone()), ..edit_of(&held)? }),
                }
            }
        };
        let change = self.effective(change);
        if change.is_empty() { Err(EditError::NothingChanges) } else { Ok(change) }
    }

    /// The lesson, if it is not over.
    fn open_lesson(&self, id: &LessonId, now: UtcMs, zone: &TimeZone) -> Result<Held<'_>, EditError> {
        let held = self.find(id).ok_or(EditError::UnknownLesson)?;
        not_over(held.date, held.minutes, now, zone)?;
        Ok(held)
    }

    fn minutes_of(&self, course: &Course, at: DatePeriod) -> Result<(u16, u16), EditError> {
        let bells = self.bells_on(&course.hub_school, at.date);
        bells.and_then(|bells| bells.minutes(at.period)).ok_or(EditError::NoSuchPeriod)
    }

    fn cancelled(&self, held: &Held<'_>, reason: &str) -> Result<Change, EditError> {
        let cancelled = Some(reason.to_owned());
        Ok(match held.extra {
            Some(extra) => put(Record::ExtraLesson(ExtraLesson { cancelled, ..extra.clone() })),
            None => self.decided(held, LessonEdit { cancelled, ..edit_of(held)? }),
        })
    }

    fn retitled(&self, held: &Held<'_>, title: &str) -> Result<Change, EditError> {
        Ok(match held.extra {
            Some(extra) => put(Record::ExtraLesson(ExtraLesson { title: title.to_owned(), ..extra.clone() })),
            None => self.decided(held, LessonEdit { title: Some(title.to_owned()), ..edit_of(held)? }),
        })
    }

    fn rescheduled(&self, held: &Held<'_>, to: DatePeriod, minutes: (u16, u16)) -> Result<Change, EditError> {
        let DatePeriod { date, period } = to;
        let (starts_min, ends_min) = minutes;
        Ok(match held.extra {
            Some(extra) => {
                put(Record::ExtraLesson(ExtraLesson { date, period, starts_min, ends_min, ..extra.clone() }))
            }
            None => self.decided(held, LessonEdit { moved_to: Some(to), ..edit_of(held)? }),
        })
    }

    fn restored(&self, held: &Held<'_>, now: UtcMs, zone: &TimeZone) -> Result<Change, EditError> {
        if let Some(extra) = held.extra {
            return Ok(put(Record::ExtraLesson(ExtraLesson { cancelled: None, ..extra.clone() })));
        }
        let origin = held.origin.clone().ok_or(EditError::NotWeekly)?;
        if let Some(date) = self.home(&origin, held.course) {
            let minutes = self.minutes_of(held.course, DatePeriod { date, period: origin.period }).ok();
            not_over(date, minutes, now, zone)?;
        }
        Ok(Change { put: Vec::new(), remove: vec![Key::LessonEdit(origin)] })
    }

    /// What was decided about a lesson, without what the weekly timetable has anyway; nothing is kept of nothing.
    fn decided(&self, held: &Held<'_>, edit: LessonEdit) -> Change {
        let LessonEdit { origin, moved_to, substitute, master_room, cancelled, title } = edit;
        let course = held.course;
        let home = self.home(&origin, course).map(|date| DatePeriod { date, period: origin.period });
        let edit = LessonEdit {
            moved_to: moved_to.filter(|to| Some(*to) != home),
            substitute: substitute.filter(|teacher| *teacher != course.master_teacher),
            master_room: master_room.filter(|room| Some(room) != course.master_room.as_ref()),
            cancelled,
            title: title.filter(|title| !title.is_empty() && *title != course.name),
            origin,
        };
        if edit == nothing_about(edit.origin.clone()) {
            return Change { put: Vec::new(), remove: vec![Key::LessonEdit(edit.origin)] };
        }
        put(Record::LessonEdit(edit))
    }

    /// The course of an extra lesson, to be altered for it. Where other lessons share the course, it is not.
    fn own_course(&self, extra: &ExtraLesson, course: &Course) -> Result<Course, EditError> {
        let has_rows = self.entries.keys().any(|(of, ..)| *of == course.id);
        let is_shared = self.extras.values().any(|other| other.course == course.id && other.id != extra.id);
        if has_rows || is_shared { Err(EditError::NotWeekly) } else { Ok(course.clone()) }
    }
}

fn put(record: Record) -> Change {
    Change { put: vec![record], remove: Vec::new() }
}

/// A lesson in a period that the bells lack is over when its date is.
fn not_over(date: Date, minutes: Option<(u16, u16)>, now: UtcMs, zone: &TimeZone) -> Result<(), EditError> {
    let ends_min = minutes.map_or(DAY_MIN, |(_, ends_min)| ends_min);
    let over = instant(date, ends_min, zone).is_some_and(|ends_at| ends_at <= now);
    if over { Err(EditError::Over) } else { Ok(()) }
}

/// The course of a lesson that is added: of its own, named after the lesson.
fn extra_course(course: &Course, lesson: &LessonId) -> Result<Course, EditError> {
    let id = CourseId::parse(lesson.as_str()).map_err(|_| EditError::UnknownLesson)?;
    Ok(Course { id, ..course.clone() })
}

/// What was decided about the lesson so far.
fn edit_of(held: &Held<'_>) -> Result<LessonEdit, EditError> {
    let origin = held.origin.clone().ok_or(EditError::NotWeekly)?;
    Ok(held.edit.cloned().unwrap_or_else(|| nothing_about(origin)))
}

fn nothing_about(origin: Origin) -> LessonEdit {
    LessonEdit { origin, moved_to: None, substitute: None, master_room: None, cancelled: None, title: None }
}

/// Whether sessions of this kind are outside the weekly timetable by nature, and counted apart.
pub fn is_ad_hoc(kind: SessionKind) -> bool {
    kind == SessionKind::AdHocLesson
}

#[cfg(test)]
mod tests;
