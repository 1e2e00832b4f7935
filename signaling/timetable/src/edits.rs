//! What people do to a timetable, as changes of its records.

use jiff::tz::TimeZone;
use protocol::{
    CourseId, LessonId, UtcMs,
    timetable::{Change, Course, Edit, ExtraLesson, Key, LessonEdit, Record, SessionKind},
};

use crate::{Held, Timetable, book::InvalidChange};

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
    /// Only lessons of the weekly timetable can be edited so; others are removed and added anew.
    #[error("the lesson is in no weekly timetable")]
    NotWeekly,
    /// The records do not fit together.
    #[error(transparent)]
    Invalid(#[from] InvalidChange),
}

impl Timetable {
    /// The change that `edit` asks for. `fresh` names a lesson that is added. Lessons that are over by `now` stay as they
    /// are, and none is moved into the past.
    pub fn change_of(&self, edit: &Edit, fresh: LessonId, now: UtcMs, zone: &TimeZone) -> Result<Change, EditError> {
        let put = |record| Change { put: vec![record], remove: Vec::new() };
        let change = match edit {
            Edit::Records { change } => change.clone(),
            Edit::AddLesson { course, title, date, period, starts_min, ends_min } => {
                let minutes = match period {
                    0 => (*starts_min, *ends_min),
                    number => {
                        let bells = self.bells_on(&course.hub_school, *date);
                        bells.and_then(|bells| bells.minutes(*number)).ok_or(EditError::NoSuchPeriod)?
                    }
                };
                let course = self.extra_course(course, &fresh)?;
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
            Edit::Cancel { lesson, reason } => {
                if reason.trim().is_empty() {
                    return Err(EditError::NoReason);
                }
                let held = self.open_lesson(lesson, now, zone)?;
                put(cancelled(&held, reason.trim())?)
            }
            Edit::Restore { lesson } => self.restored(&self.open_lesson(lesson, now, zone)?)?,
            Edit::Retitle { lesson, title } => {
                let held = self.open_lesson(lesson, now, zone)?;
                put(retitled(&held, title.trim())?)
            }
            Edit::Reschedule { lesson, to } => {
                let held = self.open_lesson(lesson, now, zone)?;
                let bells = self.bells_on(&held.course.hub_school, to.date);
                let minutes = bells.and_then(|bells| bells.minutes(to.period)).ok_or(EditError::NoSuchPeriod)?;
                let there = Held { date: to.date, minutes: Some(minutes), ..held.clone() };
                self.not_over(&there, now, zone)?;
                put(moved(&held, to, minutes)?)
            }
            Edit::Substitute { lesson, teacher } => {
                let held = self.open_lesson(lesson, now, zone)?;
                put(match held.extra {
                    Some(_) => Record::Course(Course { master_teacher: teacher.clone(), ..held.course.clone() }),
                    None => Record::LessonEdit(LessonEdit { substitute: Some(teacher.clone()), ..edit_of(&held)? }),
                })
            }
            Edit::ChangeRoom { lesson, room } => {
                let held = self.open_lesson(lesson, now, zone)?;
                put(match held.extra {
                    Some(_) => Record::Course(Course { master_room: Some(room.clone()), ..held.course.clone() }),
                    None => Record::LessonEdit(LessonEdit { master_room: Some(room.clone()), ..edit_of(&held)? }),
                })
            }
        };
        let change = self.effective(change);
        if change.is_empty() { Err(EditError::NothingChanges) } else { Ok(change) }
    }

    /// The lesson, if it is not over.
    fn open_lesson(&self, id: &LessonId, now: UtcMs, zone: &TimeZone) -> Result<Held<'_>, EditError> {
        let held = self.find(id).ok_or(EditError::UnknownLesson)?;
        self.not_over(&held, now, zone)?;
        Ok(held)
    }

    fn not_over(&self, held: &Held<'_>, now: UtcMs, zone: &TimeZone) -> Result<(), EditError> {
        let over = self.lesson(held, zone).is_some_and(|lesson| lesson.ends_at <= now);
        if over { Err(EditError::Over) } else { Ok(()) }
    }

    /// The course of a lesson that is added: of its own, named after the lesson.
    fn extra_course(&self, course: &Course, lesson: &LessonId) -> Result<Course, EditError> {
        let id = CourseId::parse(lesson.as_str()).map_err(|_| EditError::UnknownLesson)?;
        Ok(Course { id, ..course.clone() })
    }

    fn restored(&self, held: &Held<'_>) -> Result<Change, EditError> {
        if let Some(extra) = held.extra {
            let extra = ExtraLesson { cancelled: None, ..extra.clone() };
            return Ok(Change { put: vec![Record::ExtraLesson(extra)], remove: Vec::new() });
        }
        let origin = held.origin.clone().ok_or(EditError::NotWeekly)?;
        Ok(Change { put: Vec::new(), remove: vec![Key::LessonEdit(origin)] })
    }
}

fn cancelled(held: &Held<'_>, reason: &str) -> Result<Record, EditError> {
    let cancelled = Some(reason.to_owned());
    Ok(match held.extra {
        Some(extra) => Record::ExtraLesson(ExtraLesson { cancelled, ..extra.clone() }),
        None => Record::LessonEdit(LessonEdit { cancelled, ..edit_of(held)? }),
    })
}

fn retitled(held: &Held<'_>, title: &str) -> Result<Record, EditError> {
    Ok(match held.extra {
        Some(extra) => Record::ExtraLesson(ExtraLesson { title: title.to_owned(), ..extra.clone() }),
        None => {
            let title = Some(title.to_owned()).filter(|title| !title.is_empty());
            Record::LessonEdit(LessonEdit { title, ..edit_of(held)? })
        }
    })
}

fn moved(
    held: &Held<'_>,
    to: &protocol::timetable::DatePeriod,
    (starts_min, ends_min): (u16, u16),
) -> Result<Record, EditError> {
    Ok(match held.extra {
        Some(extra) => {
            let (date, period) = (to.date, to.period);
            Record::ExtraLesson(ExtraLesson { date, period, starts_min, ends_min, ..extra.clone() })
        }
        None => Record::LessonEdit(LessonEdit { moved_to: Some(*to), ..edit_of(held)? }),
    })
}

/// What was decided about the lesson so far.
fn edit_of(held: &Held<'_>) -> Result<LessonEdit, EditError> {
    let origin = held.origin.clone().ok_or(EditError::NotWeekly)?;
    let none = LessonEdit { origin, moved_to: None, substitute: None, master_room: None, cancelled: None, title: None };
    Ok(held.edit.cloned().unwrap_or(none))
}

/// Whether sessions of this kind are outside the weekly timetable by nature, and counted apart.
pub fn is_ad_hoc(kind: SessionKind) -> bool {
    kind == SessionKind::AdHocLesson
}
