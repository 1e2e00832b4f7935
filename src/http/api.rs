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
    let lessons = lessons_of(&app, &person, now).await?;
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
    let found = lessons_of(&app, &person, now).await?;
    summaries(&app, &found, now).await
}

/// `GET /api/lessons/{lesson}`
pub async fn lesson(State(app): State<App>, Path(lesson): Path<String>) -> Result<Json<LessonSummary>, Problem> {
    let unknown = || Problem::new(Kind::UnknownLesson, "there is no such lesson").at("lesson");
    let id = LessonId::parse(lesson).map_err(|_| unknown())?;
    let found = app.db().lesson(&id).await?.ok_or_else(unknown)?;
    Ok(Json(summary(&app, &found, utc_now()).await?))
}

/// `GET /api/library`
pub async fn library(State(app): State<App>) -> Result<Json<LessonList>, Problem> {
    let found = app.db().recorded_lessons(LIBRARY).await?;
    summaries(&app, &found, utc_now()).await
}

async fn lessons_of(app: &App, person: &Person, now: UtcMs) -> Result<Vec<Lesson>, Problem> {
    let (from, to) = (now.plus_ms(-TODAY_MS), now.plus_ms(TODAY_MS));
    let mut lessons = app.db().lessons_between(from, to).await?;
    lessons.retain(|l| is_observer(person.role) || l.concerns(&person.id));
    Ok(lessons)
}

async fn summaries(app: &App, lessons: &[Lesson], now: UtcMs) -> Result<Json<LessonList>, Problem> {
    let mut list = Vec::with_capacity(lessons.len());
    for lesson in lessons {
        list.push(summary(app, lesson, now).await?);
    }
    Ok(Json(LessonList { lessons: list }))
}

/// What the database says of a lesson, and if it runs, what it says itself.
async fn summary(app: &App, lesson: &Lesson, now: UtcMs) -> Result<LessonSummary, Problem> {
    let recording = app.db().recording(&lesson.id).await?;
    let standing = app.lessons().standing(&lesson.id);
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
        period: lesson.period,
        starts_at: lesson.starts_at,
        ends_at: lesson.ends_at,
        phase,
        recording: state,
        duration_ms: recording.and_then(|r| r.duration_ms),
    })
}
