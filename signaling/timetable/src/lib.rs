//! Which lesson is on when. Pure: the clock and the time zone are arguments.
//!
//! A [`Timetable`] holds the records of a county: terms, special days, bell schedules, courses, the rows of the weekly
//! timetable and what was decided about single lessons. It changes in one way ([`Timetable::apply`]), which returns how to
//! take the change back. What is held on a date is worked out from the records ([`Timetable::on`]) and nowhere stored, so
//! no edit can leave a lesson behind. What may happen in a lesson once it runs is the `lesson` crate's matter.

mod bells;
mod book;
mod calendar;
mod conflicts;
mod dated;
mod day;
mod edits;
mod held;
mod integrity;
mod lesson_id;
#[cfg(test)]
mod small_county;
mod touched;
mod trust;
mod whose;

pub use bells::{BellPeriod, BellSchedule, InvalidBells};
pub use book::{InvalidChange, LAST_PERIOD, LONGEST_NAME, Timetable};
pub(crate) use calendar::days_after;
pub use calendar::{Slot, dates, week_of};
pub use dated::{Due, Lesson, Party, current_for, due};
pub use edits::{EditError, is_ad_hoc};
pub use held::Held;
pub use lesson_id::{LONGEST_COURSE_ID, lesson_id, origin_of};
pub use trust::{ClockReading, ClockTrust, DEPARTED_MS};

/// How long before the bell the doors open.
pub const DOORS_OPEN_BEFORE_MS: i64 = 10 * 60_000;

/// How long a lesson may run past the bell before it is ended (拖堂).
pub const OVERRUN_LIMIT_MS: i64 = 30 * 60_000;
