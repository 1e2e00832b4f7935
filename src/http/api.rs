//! The JSON interface under `/api`. Bodies are in `protocol::api`.

use access::{Action, Person, is_observer};
use axum::{
    Json,
    extract::{Path, State},
};
use protocol::{
    LessonId, UtcMs,
    api::{DemoPerson, LessonList, LessonSummary, Me},
    message::{Phase, RecordingState},
};
use serde::Serialize;
use timetable::{Lesson, current_for};

use super::{
    App,
    auth::Bearer,
    problem::{Kind, Problem},
};
use crate::clock::utc_now;

/// Lessons the library lists, newest first; older ones are found by search later.
const LIBRARY: u32 = 200;
/// Today, seen from now: this far back and this far ahead.
const TODAY_MS: i64 = 12 * 3_600_000;

/// `GET /healthz`
pub async fn healthz(State(app): State<App>) -> Result<&'static str, Problem> {
    app.db().ping().await?;
    Ok("ok\n")
}

/// Body of `GET /api/demo/people`.
#[derive(Serialize)]
pub struct DemoPeople {
    people: Vec<DemoPerson>,
}

/// `GET /api/demo/people`: whom one can be; only a demo has such people.
pub async fn demo_people(State(app): State<App>) -> Result<Json<DemoPeople>, Problem> {
    let people = app.demo().map(<[DemoPerson]>::to_vec);
    let people = people.ok_or_else(|| Problem::new(Kind::NotFound, "this is not a demo"))?;
    Ok(Json(DemoPeople { people }))
}

/// `GET /api/me`
pub async fn me(State(app): State<App>, Bearer(person): Bearer) -> Result<Json<Me>, Problem> {
    let now = utc_now();
    let lessons = lessons_of(&app, &person, now);
    let current = match current_for(&lessons, now).filter(|_| person.may(Action::Watch)) {
        Some(lesson) => Some(summary(&app, lesson, now).await?),
        None => None,
    };
    Ok(Json(Me {
        id: person.id,
        name: person.name,
        organisation: person.organisation,
        role: person.role,
        current,
        server_time: now,
    }))
}

/// `GET /api/lessons`: today's lessons of the bearer; an observer sees all.
pub async fn lessons(State(app): State<App>, Bearer(person): Bearer) -> Result<Json<LessonList>, Problem> {
    let now = utc_now();
    let found = lessons_of(&app, &person, now);
    summaries(&app, &found, now).await
}

/// `GET /api/lessons/{lesson}`
pub async fn lesson(State(app): State<App>, Path(lesson): Path<String>) -> Result<Json<LessonSummary>, Problem> {
    let unknown = || Problem::new(Kind::UnknownLesson, "there is no such lesson").at("lesson");
    let id = LessonId::parse(lesson).map_err(|_| unknown())?;
    let found = app.lessons().dated(&id).await?.ok_or_else(unknown)?;
    Ok(Json(summary(&app, &found, utc_now()).await?))
}

/// `GET /api/library`
pub async fn library(State(app): State<App>) -> Result<Json<LessonList>, Problem> {
    let found = app.db().recorded_lessons(LIBRARY).await?;
    summaries(&app, &found, utc_now()).await
}

/// The lessons of yesterday, today and tomorrow that concern a person; an observer's are all.
fn lessons_of(app: &App, person: &Person, now: UtcMs) -> Vec<Lesson> {
    let state = app.county().state();
    let today = app.county().date(now);
    let days = [today.yesterday().unwrap_or(today), today, today.tomorrow().unwrap_or(today)];
    let near = |l: &Lesson| l.starts_at >= now.plus_ms(-TODAY_MS) && l.starts_at < now.plus_ms(TODAY_MS);
    let planned = days.iter().flat_map(|date| state.day(*date).to_vec());
    let mine = planned.filter(|l| near(l) && (is_observer(person.role) || l.concerns(&person.id)));
    mine.map(|l| app.lessons().with_progress(&l)).collect()
}

async fn summaries(app: &App, lessons: &[Lesson], now: UtcMs) -> Result<Json<LessonList>, Problem> {
    let mut list = Vec::with_capacity(lessons.len());
    for lesson in lessons {
        list.push(summary(app, lesson, now).await?);
    }
    Ok(Json(LessonList { lessons: list }))
}

/// What the database says of a lesson, and if it runs, what it says itself.
pub(super) async fn summary(app: &App, lesson: &Lesson, now: UtcMs) -> Result<LessonSummary, Problem> {
    let standing = app.lessons().standing(&lesson.id);
    // One that never went live has no recording: the many who wait for it do not ask the database.
    let recording = match lesson.live_since {
        Some(_) => app.db().recording(&lesson.id).await?,
        None => None,
    };
    let stored = recording.as_ref().map_or(RecordingState::Idle, |r| r.state);
    let (phase, state): (Phase, RecordingState) = match standing {
        Some(standing) => (standing.phase, standing.recording),
        None => (lesson.phase(now), stored),
    };
    Ok(LessonSummary {
        id: lesson.id.clone(),
        title: lesson.title.clone(),
        subject: lesson.subject.clone(),
        class_group: lesson.class_group.clone(),
        master_teacher: lesson.master.name.clone(),
        hub_school: lesson.hub_school.clone(),
        kind: lesson.kind,
        points: lesson.points.iter().map(|point| point.name.clone()).collect(),
        cancelled: lesson.cancelled.clone(),
        period: lesson.period,
        doors_open_at: lesson.doors_open_at(),
        starts_at: lesson.starts_at,
        ends_at: lesson.ends_at,
        phase,
        recording: state,
        duration_ms: recording.and_then(|r| r.duration_ms),
    })
}
