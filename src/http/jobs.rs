//! What an ffmpeg makes of recordings: ordered here, and how it stands.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use protocol::api::{JobList, JobOrder};
use recorder::jobs::{Job, Showcase};
use timetable::Lesson;

use super::{
    App,
    problem::{Kind, Problem},
    sessions::lesson_id,
};
use crate::jobs::Refused;

/// `GET /api/lessons/{lesson}/jobs`
pub async fn list(State(app): State<App>, Path(lesson): Path<String>) -> Result<Json<JobList>, Problem> {
    let lesson = lesson_id(&lesson)?;
    Ok(Json(JobList { available: app.jobs().available(), jobs: app.jobs().reports(&lesson) }))
}

/// `POST /api/lessons/{lesson}/jobs`
pub async fn order(
    State(app): State<App>,
    Path(lesson): Path<String>,
    order: Result<Json<JobOrder>, axum::extract::rejection::JsonRejection>,
) -> Result<(StatusCode, Json<JobList>), Problem> {
    let lesson = lesson_id(&lesson)?;
    let Json(order) = order.map_err(|error| Problem::new(Kind::MalformedBody, error.body_text()))?;
    let dated = app.lessons().dated(&lesson).await?;
    let dated = dated.ok_or_else(|| Problem::new(Kind::UnknownLesson, "there is no such lesson").at("lesson"))?;
    let job = job(order, &dated)?;
    app.jobs().order(lesson.clone(), job).map_err(|refused| match refused {
        Refused::NoFfmpeg => Problem::new(Kind::NotFound, "the server has no ffmpeg: set recording.ffmpeg"),
        Refused::Busy => Problem::new(Kind::Unavailable, "too many jobs are waiting: order it again later"),
    })?;
    Ok((StatusCode::ACCEPTED, Json(JobList { available: true, jobs: app.jobs().reports(&lesson) })))
}

fn job(order: JobOrder, dated: &Lesson) -> Result<Job, Problem> {
    match order.job.as_str() {
        "thumbnails" => Ok(Job::Thumbnails),
        "compatible" => Ok(Job::Compatible),
        "showcase" => Ok(Job::Showcase(Showcase {
            textbook_edition: order.textbook_edition,
            subject: dated.subject.clone(),
            grade: order.grade,
            title: dated.title.clone(),
            master_teacher: dated.master.name.clone(),
        })),
        _ => Err(Problem::new(Kind::MalformedBody, "job is thumbnails, compatible or showcase").at("job")),
    }
}
