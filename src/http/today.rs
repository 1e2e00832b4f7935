//! The day as people need it: `/api/today`, `/api/county/today`, `/api/readiness`, and the clock.

use std::{collections::BTreeMap, sync::Arc};

use access::{Person, is_observer};
use axum::{Json, extract::State, extract::rejection::JsonRejection};
use jiff::{Span, civil::Date};
use protocol::{
    ParticipantId, UtcMs,
    county::{
        AbsentParty, AbsentReason, Alarm, ClockConfirmation, ClockView, CountyToday, LessonReadiness, Readiness, Today,
        UnseenParty,
    },
    message::{Phase, Presence, Role},
};
use timetable::{Lesson, Party, week_of};

use super::{App, api, auth::Bearer, problem::Problem, timetable::malformed_body};
use crate::{
    clock::{self, utc_now},
    lessons::Attendance,
};

/// Readiness is told this long before the bell, a little longer than the doors are open.
const READINESS_BEFORE_MS: i64 = 12 * 60_000;
/// Lessons whose bell rang less than this ago are still waited for.
const READINESS_AFTER_MS: i64 = 5 * 60_000;
/// A page that asked for nothing this long is closed or cut off.
const SEEN_FOR_MS: i64 = 30_000;
/// How far ahead the next lesson is looked for, in days.
const AHEAD_DAYS: i32 = 14;

/// `GET /api/today`
pub async fn today(State(app): State<App>, Bearer(person): Bearer) -> Result<Json<Today>, Problem> {
    let now = utc_now();
    let date = app.county().date(now);
    let mine = lessons_on(&app, &person, date);
    let is_left = mine.iter().any(|lesson| lesson.phase(now) != Phase::Ended);
    let next = if is_left { None } else { next_after(&app, &person, date) };
    let state = app.county().state();
    let timetable = state.timetable();
    let school = mine.first().map(|lesson| &lesson.hub_school_id);
    let mut lessons = Vec::with_capacity(mine.len());
    for lesson in &mine {
        lessons.push(api::summary(&app, lesson, now).await?);
    }
    Ok(Json(Today {
        server_time: now,
        date,
        week_no: timetable.term_on(date).map_or(0, |term| week_of(term, date)),
        special: timetable.special_day_of(school, date).cloned(),
        lessons,
        next: match next {
            Some(lesson) => Some(api::summary(&app, &lesson, now).await?),
            None => None,
        },
    }))
}

/// The person's lessons of a date; an observer's are all.
fn lessons_on(app: &App, person: &Person, date: Date) -> Vec<Lesson> {
    let day = app.county().state().day(date);
    let mine = day.iter().filter(|lesson| is_observer(person.role) || lesson.concerns(&person.id));
    mine.map(|lesson| app.lessons().with_progress(lesson)).collect()
}

fn next_after(app: &App, person: &Person, date: Date) -> Option<Lesson> {
    (1..=AHEAD_DAYS).find_map(|days| {
        let later = date.saturating_add(Span::new().days(days));
        lessons_on(app, person, later).into_iter().find(|lesson| lesson.cancelled.is_none())
    })
}

/// `GET /api/county/today`
pub async fn county_today(State(app): State<App>) -> Result<Json<CountyToday>, Problem> {
    let now = utc_now();
    let date = app.county().date(now);
    let state = app.county().state();
    let lessons: Vec<Lesson> = state.day(date).iter().map(|lesson| app.lessons().with_progress(lesson)).collect();
    let phase = |lesson: &Lesson| {
        let standing = app.lessons().standing(&lesson.id);
        standing.map_or_else(|| lesson.phase(now), |standing| standing.phase)
    };
    let count = |wanted: &dyn Fn(&Lesson) -> bool| {
        u32::try_from(lessons.iter().filter(|lesson| wanted(lesson)).count()).unwrap_or(u32::MAX)
    };
    let is_on = |lesson: &Lesson| lesson.cancelled.is_none();
    let is_over = |lesson: &Lesson| is_on(lesson) && phase(lesson) == Phase::Ended;
    Ok(Json(CountyToday {
        server_time: now,
        date,
        special: state.timetable().special_day_of(None, date).cloned(),
        planned: count(&|_| true),
        held: count(&|lesson| is_over(lesson) && lesson.live_since.is_some()),
        live: count(&|lesson| is_on(lesson) && phase(lesson) == Phase::Live),
        to_come: count(&|lesson| is_on(lesson) && matches!(phase(lesson), Phase::Scheduled | Phase::DoorsOpen)),
        cancelled: count(&|lesson| !is_on(lesson)),
        missed: count(&|lesson| is_over(lesson) && lesson.live_since.is_none()),
        conflicts: u32::try_from(state.timetable().conflicts_on(date).len()).unwrap_or(u32::MAX),
        unseen: unseen(&app, &lessons, now),
        alarms: alarms(&app),
    }))
}

/// Devices and teachers of today's coming lessons that were not seen since midnight.
fn unseen(app: &App, lessons: &[Lesson], now: UtcMs) -> Vec<UnseenParty> {
    let midnight = lessons.first().map_or(now, |lesson| midnight_before(app, lesson));
    let mut first: BTreeMap<&ParticipantId, (&Party, UtcMs)> = BTreeMap::new();
    for lesson in lessons.iter().filter(|lesson| lesson.cancelled.is_none() && lesson.ends_at > now) {
        for party in std::iter::once(&lesson.master).chain(&lesson.points) {
            first.entry(&party.id).or_insert((party, lesson.starts_at));
        }
    }
    let unseen = first.into_values().filter_map(|(party, first_lesson_at)| {
        let last_seen = app.seen().last(&party.id);
        let is_unseen = last_seen.is_none_or(|at| at < midnight);
        let (id, name) = (party.id.clone(), party.name.clone());
        is_unseen.then_some(UnseenParty { id, name, first_lesson_at, last_seen })
    });
    unseen.collect()
}

fn midnight_before(app: &App, lesson: &Lesson) -> UtcMs {
    let midnight = app.county().zone().to_ambiguous_zoned(lesson.date.at(0, 0, 0, 0)).compatible();
    midnight.map_or(lesson.starts_at, |at| UtcMs(at.timestamp().as_millisecond()))
}

fn alarms(app: &App) -> Vec<Alarm> {
    let low = app.disk().low_bytes().map(|free| Alarm::DiskLow { free });
    app.lessons().alarms().into_iter().chain(low).collect()
}

/// `GET /api/readiness`: of all lessons whose bell is near; a teacher's own.
pub async fn readiness(State(app): State<App>, Bearer(person): Bearer) -> Json<Readiness> {
    let now = utc_now();
    let date = app.county().date(now);
    let days = [date, date.tomorrow().unwrap_or(date)];
    let near = |lesson: &Arc<Lesson>| {
        let until_ms = lesson.starts_at.since_ms(now);
        lesson.cancelled.is_none()
            && (-READINESS_AFTER_MS..=READINESS_BEFORE_MS).contains(&until_ms)
            && (person.role == Role::Admin || lesson.concerns(&person.id))
    };
    let state = app.county().state();
    let lessons: Vec<LessonReadiness> = days
        .iter()
        .flat_map(|date| state.day(*date).to_vec())
        .filter(near)
        .filter(|lesson| app.lessons().with_progress(lesson).phase(now) != Phase::Ended)
        .map(|lesson| lesson_readiness(&app, &lesson, now))
        .collect();
    let (ready, of) = lessons.iter().fold((0, 0), |(ready, of), it| (ready + it.ready, of + it.of));
    Json(Readiness { server_time: now, ready, of, lessons })
}

fn lesson_readiness(app: &App, lesson: &Lesson, now: UtcMs) -> LessonReadiness {
    let attendance = app.lessons().attendance(&lesson.id);
    let parties = std::iter::once((&lesson.master, true)).chain(lesson.points.iter().map(|point| (point, false)));
    let absent: Vec<AbsentParty> = parties
        .filter_map(|(party, is_lead)| {
            let reason = absence(app, party, attendance.as_deref(), now)?;
            let last_seen = app.seen().last(&party.id);
            Some(AbsentParty { id: party.id.clone(), name: party.name.clone(), is_lead, reason, last_seen })
        })
        .collect();
    let of = u32::try_from(1 + lesson.points.len()).unwrap_or(u32::MAX);
    let ready = of.saturating_sub(u32::try_from(absent.len()).unwrap_or(u32::MAX));
    LessonReadiness {
        lesson: lesson.id.clone(),
        title: lesson.title.clone(),
        starts_at: lesson.starts_at,
        ready,
        of,
        absent,
    }
}

/// Why a party is not ready; none where it is.
fn absence(app: &App, party: &Party, attendance: Option<&Attendance>, now: UtcMs) -> Option<AbsentReason> {
    let presence = attendance.and_then(|attendance| attendance.get(&party.id)).copied().unwrap_or(Presence::Absent);
    let seen = app.seen().last(&party.id);
    match presence {
        Presence::Present => None,
        Presence::Lost => Some(AbsentReason::Lost),
        Presence::Joining => Some(AbsentReason::NoMedia),
        Presence::Absent if app.lessons().is_elsewhere(&party.id) => Some(AbsentReason::InOtherLesson),
        Presence::Absent => Some(match seen {
            None => AbsentReason::NeverSeen,
            Some(at) if now.since_ms(at) > SEEN_FOR_MS => AbsentReason::Offline,
            Some(_) => AbsentReason::NotJoined,
        }),
    }
}

/// `GET /api/clock`
pub async fn clock() -> Json<ClockView> {
    Json(clock_view())
}

/// `POST /api/clock/confirm`
pub async fn confirm_clock(
    State(app): State<App>,
    Bearer(person): Bearer,
    confirmation: Result<Json<ClockConfirmation>, JsonRejection>,
) -> Result<Json<ClockView>, Problem> {
    let Json(ClockConfirmation { adopt_wall }) = confirmation.map_err(malformed_body)?;
    clock::confirm(adopt_wall);
    tracing::warn!(person = %person.id, adopt_wall, "the clock was confirmed");
    app.reconcile_soon();
    Ok(Json(clock_view()))
}

fn clock_view() -> ClockView {
    let server_time = utc_now();
    let departed = clock::departed_ms();
    ClockView { server_time, wall_time: server_time.plus_ms(departed.unwrap_or(0)), frozen: departed.is_some() }
}
