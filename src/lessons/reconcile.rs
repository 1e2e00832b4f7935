//! What should be is compared with what is, again and again: a missed timer, an edit or a restart mends itself.

use std::sync::{Arc, atomic::Ordering};

use jiff::civil::Date;
use ledger::{Event, What};
use protocol::{LessonId, UtcMs, message::Phase};
use timetable::{Due, Lesson, dates};

use super::{Input, Lessons, Running, translate};
use crate::{clock::utc_now, county::State, db::Note};

/// The value under which the database remembers when the program was last known to run.
pub const LAST_RUNNING: &str = "last_running";

/// How far back lessons are looked for that nobody has written down, in days.
const LONGEST_ABSENCE_DAYS: i32 = 200;

impl Lessons {
    /// Takes up what was before the program was restarted: how far the lessons of the last days had come. Returns the first
    /// date on which lessons may not be written down yet.
    pub async fn take_up(&self, now: UtcMs) -> anyhow::Result<Date> {
        let today = self.0.county.date(now);
        let last = self.0.db.remembered(LAST_RUNNING).await?.map(UtcMs);
        if let Some(at) = last {
            let _ = self.0.last_running.set(at);
        }
        let earliest = today.saturating_sub(jiff::Span::new().days(LONGEST_ABSENCE_DAYS));
        let yesterday = today.saturating_sub(jiff::Span::new().days(1));
        let first = last.map_or(yesterday, |at| self.0.county.date(at)).clamp(earliest, yesterday);
        let from = now.plus_ms(-86_400_000 * (i64::from((today - first).get_days()) + 2));
        for kept in self.0.db.lessons_between(from, now.plus_ms(86_400_000)).await? {
            self.0.progress.learn(&kept);
        }
        Ok(first)
    }

    /// Runs every lesson whose doors are open, gives running ones the plan the timetable has now, and writes down the end of
    /// those nobody ran to it. Lessons before `first` are not looked at. While the clock is not `trusted` nothing starts or
    /// ends.
    pub async fn reconcile(&self, first: Date, now: UtcMs, trusted: bool) {
        if self.0.trusted.swap(trusted, Ordering::SeqCst) != trusted {
            for running in self.all_running() {
                let _ = running.inputs.send(Input::Clock { trusted }).await;
            }
        }
        let state = self.0.county.state();
        let today = self.0.county.date(now);
        // The doors of a lesson just after midnight open the day before.
        for date in dates(first, today.tomorrow().unwrap_or(today)) {
            for planned in state.day(date).iter() {
                self.reconcile_lesson(planned, now, trusted).await;
            }
        }
        self.cancel_what_is_gone(&state).await;
    }

    async fn reconcile_lesson(&self, planned: &Arc<Lesson>, now: UtcMs, trusted: bool) {
        if let Some(running) = self.running(&planned.id) {
            self.replan(&running, planned).await;
            return;
        }
        if !trusted {
            return;
        }
        let lesson = self.0.progress.of(planned);
        match timetable::due(&lesson, now) {
            Some(Due::Run) => drop(self.run(Arc::new(lesson))),
            Some(Due::WriteEnd { at }) => self.write_end(lesson, at),
            None => {}
        }
    }

    /// Nobody ran it to its end: it was cancelled, or the program did not run.
    fn write_end(&self, lesson: Lesson, at: UtcMs) {
        self.0.progress.ended(&lesson.id, at);
        self.keep(&lesson);
        self.0.scribe.note(&lesson.id, Note::Ended(at));
    }

    /// Writes down how the timetable has a lesson whose time has come.
    pub(super) fn keep(&self, lesson: &Lesson) {
        let now = utc_now();
        let scribe = &self.0.scribe;
        let ledger = |what| scribe.note(&lesson.id, Note::Ledger(Event { at: now, what }));
        scribe.note(&lesson.id, Note::Kept(Box::new(lesson.clone())));
        let plan = translate::ledger_plan(lesson, self.0.county.state().timetable());
        ledger(What::Planned(Box::new(plan)));
        let was_excused = self.0.progress.excuse(&lesson.id, lesson.cancelled.is_some());
        match &lesson.cancelled {
            Some(reason) if !was_excused => ledger(What::Excused { reason: reason.clone(), by: None }),
            None if was_excused => ledger(What::Reinstated),
            _ => {}
        }
    }

    /// Gives a running lesson the plan the timetable has now, if that is another.
    async fn replan(&self, running: &Running, planned: &Arc<Lesson>) {
        if same_plan(&running.plan, planned) {
            return;
        }
        if let Some(mut running) = self.0.running.get_mut(&planned.id) {
            running.plan = planned.clone();
        }
        let input = match planned.cancelled {
            Some(_) => Input::Cancelled,
            None => Input::Replan(planned.clone()),
        };
        self.keep(planned);
        let _ = running.inputs.send(input).await;
    }

    /// Ends running lessons that the timetable no longer has. One that is being taught goes on: nobody who imports a
    /// timetable means to stop it.
    async fn cancel_what_is_gone(&self, state: &State) {
        let is_gone = |id: &LessonId, running: &Running| {
            running.shown.standing.borrow().phase != Phase::Live && state.timetable().find(id).is_none()
        };
        let running = self.0.running.iter();
        let gone: Vec<Running> =
            running.filter(|it| is_gone(it.key(), it.value())).map(|it| it.value().clone()).collect();
        for running in gone {
            let _ = running.inputs.send(Input::Cancelled).await;
        }
    }

    fn all_running(&self) -> Vec<Running> {
        self.0.running.iter().map(|running| running.value().clone()).collect()
    }
}

/// Whether two plans of a lesson say the same. How far it has come is not of the plan.
fn same_plan(one: &Arc<Lesson>, other: &Arc<Lesson>) -> bool {
    let plan = |lesson: &Lesson| Lesson { live_since: None, ended_at: None, ..lesson.clone() };
    Arc::ptr_eq(one, other) || plan(one) == plan(other)
}
