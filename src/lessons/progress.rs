//! How far lessons have come, in memory: nobody who comes to a lesson asks the database.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::{LessonId, UtcMs};
use timetable::Lesson;

/// When lessons went live and ended. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<HashMap<LessonId, Came>>>);

/// How far one lesson has come.
#[derive(Debug, Clone, Copy, Default)]
struct Came {
    live_since: Option<UtcMs>,
    ended_at: Option<UtcMs>,
    /// It was written down that it is cancelled.
    excused: bool,
    /// It was written down that its time on this date passed without it.
    passed: Option<UtcMs>,
}

impl Progress {
    /// Takes in what the database has kept.
    pub fn learn(&self, kept: &Lesson) {
        self.note(&kept.id, |came| {
            came.live_since = came.live_since.max(kept.live_since);
            came.ended_at = came.ended_at.max(kept.ended_at);
            came.excused |= kept.cancelled.is_some();
        });
    }

    /// It went live.
    pub fn went_live(&self, id: &LessonId, at: UtcMs) {
        self.note(id, |came| came.live_since = came.live_since.max(Some(at)));
    }

    /// It is over.
    pub fn ended(&self, id: &LessonId, at: UtcMs) {
        self.note(id, |came| came.ended_at = came.ended_at.max(Some(at)));
    }

    /// Whether it was written down that it is cancelled.
    pub fn is_excused(&self, id: &LessonId) -> bool {
        self.all().get(id).is_some_and(|came| came.excused)
    }

    /// Its time passes unheld; true when that is not written down yet. By time alone: should the clock be put back, it can
    /// still be held.
    pub fn passes(&self, lesson: &Lesson) -> bool {
        let mut all = self.all();
        let came = all.entry(lesson.id.clone()).or_default();
        came.passed.replace(lesson.ends_at) != Some(lesson.ends_at)
    }

    /// It is written down whether it is cancelled; returns what was before.
    pub fn excuse(&self, id: &LessonId, excused: bool) -> bool {
        std::mem::replace(&mut self.all().entry(id.clone()).or_default().excused, excused)
    }

    /// The lesson with how far it has come.
    pub fn of(&self, planned: &Lesson) -> Lesson {
        let came = self.all().get(&planned.id).copied().unwrap_or_default();
        // What was before its doors opened was on another day: it is held again.
        let now = |at: &UtcMs| *at >= planned.doors_open_at();
        let (live_since, ended_at) = (came.live_since.filter(now), came.ended_at.filter(now));
        Lesson { live_since, ended_at, ..planned.clone() }
    }

    fn note(&self, id: &LessonId, change: impl FnOnce(&mut Came)) {
        change(self.all().entry(id.clone()).or_default());
    }

    fn all(&self) -> MutexGuard<'_, HashMap<LessonId, Came>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
