//! WHEP: watching a lesson (draft-ietf-wish-whep).

use axum::{
    body::Bytes,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use sfu::{
    command::Command,
    relay::ShardId,
    sdp::{Kind, answer_subscriber},
    seats::View,
};

use super::{
    App,
    auth::Bearer,
    problem::{Kind as ProblemKind, Problem},
    sessions::{Opened, lesson_id, offer, unusable},
};

/// The query of a POST.
#[derive(Debug, Deserialize)]
pub struct Watched {
    /// The id of the page load, as in its `hello` (`/ws`): by it the lesson knows which connection the session belongs to.
    page: Option<String>,
}

/// POST `/whep/{lesson}`.
pub async fn subscribe(
    State(app): State<App>,
    Bearer(person): Bearer,
    Path(lesson): Path<String>,
    page: Result<Query<Watched>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let lesson = lesson_id(&lesson)?;
    let Query(Watched { page }) =
        page.map_err(|rejection| Problem::new(ProblemKind::MalformedParameter, rejection.body_text()).at("page"))?;
    let offer = offer(&headers, &body)?;
    let media = app.media();
    // What can be wrong with an offer does not depend on the view: check before anyone is admitted.
    media
        .with_local(ShardId(0), media.credentials(ShardId(0)), |local| answer_subscriber(&offer, View::Class, local))
        .map_err(unusable)?;
    let peer = media.next_peer();
    let video_lines = offer.media.iter().filter(|media| media.kind == Kind::Video).count();
    let admission = app.lessons().admit_viewer(&lesson, &person, peer, video_lines, page).await?;
    let shard = media.place_viewer(admission.lesson_key, peer);
    let answered =
        media.with_local(shard, media.credentials(shard), |local| answer_subscriber(&offer, admission.view, local));
    let answer = answered.inspect_err(|_| media.closed(peer)).map_err(unusable)?;
    let credentials = answer.plan.transport.credentials.clone();
    let opened = Opened { protocol: "whep", lesson: &lesson, person: &person, peer, credentials, sdp: answer.sdp };
    // Kept before the shard knows it: its end may be told at once.
    let response = app.open_session(opened);
    media.send(Command::Subscribe {
        peer,
        lesson: admission.lesson_key,
        participant: admission.participant_key,
        plan: answer.plan,
        counted: admission.counted,
    });
    Ok(response)
}
