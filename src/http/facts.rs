//! The facts that reports count: judged lessons from the ledger, and those still to come from the timetable.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::civil::Date;
use ledger::{Event, Fact, Judgement, Names, PointJudgement, What, facts_of, judge};
use protocol::UtcMs;
use timetable::dates;

use super::App;
use crate::{clock::utc_now, db::Judged, lessons::ledger_plan};

/// How long facts that were worked out serve again; a report may be this old.
const SERVE_MS: i64 = 5_000;
const A_DAY_MS: i64 = 86_400_000;

/// The facts worked out last.
#[derive(Default)]
pub struct Facts(Mutex<Option<WorkedOut>>);

#[derive(Clone)]
struct WorkedOut {
    first: Date,
    last: Date,
    version: u64,
    at: UtcMs,
    facts: Arc<Vec<Fact>>,
}

impl Facts {
    /// A correction must show at once.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The facts of the dates from `first` to `last`.
pub async fn facts(app: &App, first: Date, last: Date, now: UtcMs) -> anyhow::Result<Arc<Vec<Fact>>> {
    let state = app.county().state();
    let known = app.facts().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let serves = |it: &WorkedOut| {
        (it.first, it.last, it.version) == (first, last, state.version()) && now.since_ms(it.at) < SERVE_MS
    };
    if let Some(known) = known.filter(serves) {
        return Ok(known.facts);
    }
    let judged = app.db().judged(first, last).await?;
    let (zone, criteria, version) = (app.county().zone().clone(), *app.lessons().criteria(), state.version());
    let work = tokio::task::spawn_blocking(move || {
        let mut names = Names::default();
        let mut facts: Vec<Fact> = judged.iter().flat_map(|it| facts_of(&judgement(it), &mut names)).collect();
        let known: HashSet<&str> = judged.iter().map(|it| it.plan.lesson.as_str()).collect();
        for lesson in dates(first, last).flat_map(|date| state.timetable().day(date, &zone)) {
            // What passed long ago and has no record was put into the timetable later: it was not planned.
            let is_past = now.since_ms(lesson.latest_end) > A_DAY_MS;
            if is_past || known.contains(lesson.id.as_str()) {
                continue;
            }
            // Not judged yet: still to come, or just over.
            let plan = What::Planned(Box::new(ledger_plan(&lesson, state.timetable())));
            let planned = Event { at: now, what: plan };
            let excused = lesson.cancelled.map(|reason| Event { at: now, what: What::Excused { reason, by: None } });
            let events: Vec<Event> = std::iter::once(planned).chain(excused).collect();
            // As it stands before its first bell: nothing is known of it yet.
            if let Ok(judgement) = judge(&events, lesson.starts_at.plus_ms(-1), &criteria) {
                facts.extend(facts_of(&judgement, &mut names));
            }
        }
        facts
    });
    let facts = Arc::new(work.await?);
    // From when they were there, not from when they were asked for: working them out takes a while.
    let worked_out = WorkedOut { first, last, version, at: utc_now(), facts: facts.clone() };
    *app.facts().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(worked_out);
    Ok(facts)
}

/// A stored judgement in the ledger's terms. Figures behind the verdicts are not in it: facts need none.
fn judgement(judged: &Judged) -> Judgement<'_> {
    let points = judged.plan.points.iter().zip(&judged.points).map(|(point, reception)| PointJudgement {
        room: &point.room,
        reception: *reception,
        corrected: false,
        picture_ms: 0,
        sound_ms: 0,
        outages: 0,
        called_on: 0,
        headcount: None,
    });
    Judgement {
        plan: &judged.plan,
        master: judged.master,
        corrected: false,
        started_at: None,
        ended_at: None,
        taught_ms: 0,
        points: points.collect(),
    }
}
