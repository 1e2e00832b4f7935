//! What should be is compared with what is, again and again: a missed timer, an edit or a restart mends itself.

use std::sync::{Arc, atomic::Ordering};

use jiff::civil::Date;
use ledger::{Event, What};
use protocol::{UtcMs, message::Phase};
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
            // What passed while the clock was not trusted was not watched.
            self.0.watching_since.store(now.0, Ordering::SeqCst);
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
        self.close_what_is_not_on(&state, now).await;
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
        if lesson.cancelled.is_some() && now >= lesson.doors_open_at() && !self.0.progress.is_excused(&lesson.id) {
            self.keep(&lesson);
        }
        match timetable::due(&lesson, now) {
            Some(Due::Run) => drop(self.run(Arc::new(lesson))),
            Some(Due::WriteEnd { .. }) => self.write_passed(&lesson),
            None => {}
        }
    }

    /// Nobody ran it to its end: it was cancelled, or the program did not run. Where the program did run when its doors would
    /// have opened, the timetable did not have it then: it was not planned, and is no absence.
    fn write_passed(&self, lesson: &Lesson) {
        let watched = UtcMs(self.0.watching_since.load(Ordering::SeqCst)) <= lesson.doors_open_at();
        let was_on = lesson.live_since.is_some() || lesson.cancelled.is_some();
        if self.0.progress.passes(lesson) && (was_on || !watched) {
            self.keep(lesson);
        }
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
            // It was cancelled before its time was over, or it would be over: an edit comes too late then.
            Some(reason) if !was_excused => {
                let at = now.min(lesson.ends_at.plus_ms(-1));
                let what = What::Excused { reason: reason.clone(), by: None };
                scribe.note(&lesson.id, Note::Ledger(Event { at, what }));
            }
            None if was_excused => ledger(What::Reinstated),
            _ => {}
        }
    }

    /// Gives a running lesson the plan the timetable has now, if that is another. One that is being taught keeps its people
    /// and its times: nobody is sent out of a lesson by an import or an undo.
    async fn replan(&self, running: &Running, planned: &Arc<Lesson>) {
        let is_live = running.shown.standing.borrow().phase == Phase::Live;
        let taught = || Lesson {
            title: planned.title.clone(),
            cancelled: planned.cancelled.clone(),
            ..Lesson::clone(&running.plan)
        };
        let planned = &if is_live { Arc::new(taught()) } else { planned.clone() };
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

    /// Closes running lessons that the timetable no longer has, or has at a later time: they run again when it comes. One that
    /// is being taught goes on: nobody who imports a timetable means to stop it.
    async fn close_what_is_not_on(&self, state: &State, now: UtcMs) {
        let waiting = self.all_running().into_iter().filter(|it| it.shown.standing.borrow().phase != Phase::Live);
        for running in waiting {
            let planned = state.lesson(&running.plan.id);
            if let Some(later) = planned.as_ref().filter(|planned| planned.doors_open_at() > now) {
                // Before its first bell: a plan that is written down later counts no more.
                self.keep(later);
            } else if planned.is_some() {
                continue;
            }
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
