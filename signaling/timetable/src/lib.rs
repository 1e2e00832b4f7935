//! Which lesson is on when. Pure: the clock and the time zone are arguments.
//!
//! A bell schedule says when periods are, an entry of the weekly timetable says which course is taught in which period,
//! and from both come dated lessons. What may happen in a lesson once it runs is the `lesson` crate's matter.

mod bells;
mod dated;
mod weekly;

pub use bells::{BellPeriod, BellSchedule, InvalidBells};
pub use dated::{Due, Lesson, Party, current_for, due};
pub use weekly::{Day, Entry, PlannedLesson, Weekday, plan_day};

/// How long before the bell the doors open.
pub const DOORS_OPEN_BEFORE_MS: i64 = 10 * 60_000;

/// How long a lesson may run past the bell before it is ended (拖堂).
pub const OVERRUN_LIMIT_MS: i64 = 30 * 60_000;
