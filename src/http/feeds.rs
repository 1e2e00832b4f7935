//! `/api/feeds` and `/feeds/…`: lessons in calendars of people's own. The address is the secret.

use std::sync::Arc;

use access::is_observer;
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::header,
    response::IntoResponse,
};
use jiff::Span;
use protocol::{
    ParticipantId,
    county::{Feed, FeedOrder},
    message::Role,
};
use timetable::{Lesson, dates};

use super::{
    App,
    auth::{Bearer, hash},
    problem::{Kind, Problem},
    timetable::malformed_body,
};
use crate::{clock::utc_now, http::fresh_token};

/// How far back and ahead a feed goes, in days.
const BACK_DAYS: i32 = 30;
const AHEAD_DAYS: i32 = 180;

/// `POST /api/feeds`
pub async fn make(
    State(app): State<App>,
    Bearer(person): Bearer,
    order: Result<Json<FeedOrder>, JsonRejection>,
) -> Result<Json<Feed>, Problem> {
    let Json(order) = order.map_err(malformed_body)?;
    let subject: ParticipantId = match order.room {
        Some(room) if person.role == Role::Admin || ParticipantId::from(room.clone()) == person.id => room.into(),
        Some(_) => return Err(Problem::new(Kind::NotAllowed, "the room is not yours").at("room")),
        None if is_observer(person.role) => {
            return Err(Problem::new(Kind::NotAllowed, "only those who have lessons have a feed"));
        }
        None => person.id,
    };
    let secret = fresh_token()?;
    app.db().put_feed(&subject, &hash(&secret)).await?;
    Ok(Json(Feed { path: format!("/feeds/{secret}.ics") }))
}

/// `GET /feeds/{secret}.ics`
pub async fn read(State(app): State<App>, Path(secret): Path<String>) -> Result<impl IntoResponse, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "there is no such calendar");
    let secret = secret.strip_suffix(".ics").unwrap_or(&secret);
    let subject = app.db().subject_of_feed(&hash(secret)).await?.ok_or_else(unknown)?;
    let now = utc_now();
    let today = app.county().date(now);
    let state = app.county().state();
    let days = |days| today.saturating_add(Span::new().days(days));
    let is_mine = |lesson: &Arc<Lesson>| {
        lesson.concerns(&subject) || lesson.master_room.as_ref().is_some_and(|room| room.as_str() == subject.as_str())
    };
    let lessons: Vec<Arc<Lesson>> = dates(days(-BACK_DAYS), days(AHEAD_DAYS))
        .flat_map(|date| state.timetable().day(date, app.county().zone()))
        .map(Arc::new)
        .filter(is_mine)
        .collect();
    let name = lessons.iter().find_map(|lesson| {
        let mut parties = std::iter::once(&lesson.master).chain(&lesson.points);
        parties.find(|party| party.id == subject).map(|party| party.name.clone())
    });
    let name = name.unwrap_or_else(|| "同课".into());
    let lessons: Vec<(&Lesson, u32)> =
        lessons.iter().map(|lesson| (&**lesson, u32::try_from(state.version()).unwrap_or(u32::MAX))).collect();
    let text = exchange::feed(&name, &lessons, now);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text))
}
