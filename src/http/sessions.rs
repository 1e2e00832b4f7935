//! The WHIP and WHEP sessions there are: what PATCH and DELETE act on.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use access::Person;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::LessonId;
use sfu::{
    command::{Command, PeerId},
    ice::{Credentials, Half},
    sdp::{Fragment, Offer, SdpError, restart_answer},
};

use super::{
    App,
    auth::{Bearer, fresh_token},
    problem::{Kind, Problem},
};

/// Media type of offers and answers.
pub(super) const SDP: &str = "application/sdp";
/// Media type of trickle ICE fragments (RFC 8840 section 9).
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// One session.
#[derive(Debug, Clone)]
struct Session {
    peer: PeerId,
    lesson: LessonId,
    owner: String,
    credentials: Credentials,
}

/// All sessions, by the last part of their URL.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a session that the media plane closed.
    pub fn closed(&self, peer: PeerId) {
        self.lock().retain(|_, session| session.peer != peer);
    }
}

/// A new session to be answered: what its handler worked out.
pub(super) struct Opened<'a> {
    pub(super) protocol: &'a str,
    pub(super) lesson: &'a LessonId,
    pub(super) person: &'a Person,
    pub(super) peer: PeerId,
    pub(super) credentials: Credentials,
    pub(super) sdp: String,
}

impl App {
    /// Keeps the session and answers 201 with its URL (RFC 9725 section 4.2).
    pub(super) fn open_session(&self, opened: Opened<'_>) -> Response {
        let Opened { protocol, lesson, person, peer, credentials, sdp } = opened;
        let id = match fresh_token() {
            Ok(id) => id,
            Err(error) => return Problem::from(error).into_response(),
        };
        let tag = entity_tag(&credentials.local);
        let location = format!("/{protocol}/{lesson}/{id}");
        let owner = person.id.to_string();
        self.sessions().lock().insert(id, Session { peer, lesson: lesson.clone(), owner, credentials });
        let headers = [
            (header::CONTENT_TYPE, SDP.to_owned()),
            (header::LOCATION, location),
            (header::ETAG, tag),
            (HeaderName::from_static("accept-patch"), FRAGMENT.to_owned()),
        ];
        (StatusCode::CREATED, headers, sdp).into_response()
    }

    /// The caller's session, or none: somebody else's is as unknown as one that never was.
    fn session(&self, lesson: &str, id: &str, person: &Person) -> Result<Session, Problem> {
        let found = self.sessions().lock().get(id).cloned();
        found
            .filter(|session| session.lesson.as_str() == lesson && session.owner == person.id.as_str())
            .ok_or_else(|| Problem::new(Kind::UnknownSession, "the session has ended; begin a new one with POST"))
    }
}

/// Each ICE generation has its own tag.
fn entity_tag(local: &Half) -> String {
    format!("\"{}\"", local.ufrag)
}

/// Reads the offer of a POST.
pub(super) fn offer(headers: &HeaderMap, body: &[u8]) -> Result<Offer, Problem> {
    expect_type(headers, SDP)?;
    Offer::parse(text(body)?).map_err(unusable)
}

fn text(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|_| Problem::new(Kind::MalformedBody, "send the body as UTF-8 text").at("body"))
}

/// The problem that stands for an offer or fragment that cannot be used.
pub(super) fn unusable(error: SdpError) -> Problem {
    Problem::new(Kind::UnusableOffer, error.to_string()).at(error.field())
}

/// Reads a lesson's id out of a path.
pub(super) fn lesson_id(text: &str) -> Result<LessonId, Problem> {
    LessonId::parse(text).map_err(|_| Problem::new(Kind::UnknownLesson, "there is no such lesson").at("lesson"))
}

fn expect_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = given.split(';').next().unwrap_or("").trim();
    if kind.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMediaType, format!("send the body as {expected}")).at("Content-Type"))
}

/// DELETE: the session ends (RFC 9725 section 4.2).
pub async fn close(
    State(app): State<App>,
    Bearer(person): Bearer,
    Path((lesson, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let session = app.session(&lesson, &id, &person)?;
    app.media().send(Command::Close { peer: session.peer });
    app.sessions().closed(session.peer);
    Ok(StatusCode::OK)
}

/// PATCH: trickled candidates, which an ICE-lite server does not need, or an ICE restart (RFC 9725 section 4.3).
pub async fn patch(
    State(app): State<App>,
    Bearer(person): Bearer,
    Path((lesson, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let session = app.session(&lesson, &id, &person)?;
    expect_type(&headers, FRAGMENT)?;
    expect_current(&headers, &entity_tag(&session.credentials.local))?;
    let fragment = Fragment::parse(text(&body)?).map_err(unusable)?;
    if fragment.ice == session.credentials.remote {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let shard = app.media().shard_of(session.peer);
    let credentials = Credentials { local: app.media().credentials(shard), remote: fragment.ice };
    app.media().send(Command::RestartIce { peer: session.peer, credentials: credentials.clone() });
    let answer = app.media().with_local(shard, credentials.local.clone(), |local| restart_answer(local));
    let tag = entity_tag(&credentials.local);
    if let Some(session) = app.sessions().lock().get_mut(&id) {
        session.credentials = credentials;
    }
    Ok(([(header::CONTENT_TYPE, FRAGMENT.to_owned()), (header::ETAG, tag)], answer).into_response())
}

/// RFC 9725 section 4.3.1: `If-Match` names the ICE generation, or `*` for a restart.
fn expect_current(headers: &HeaderMap, tag: &str) -> Result<(), Problem> {
    let Some(given) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(Kind::PreconditionRequired, "send the ETag you were given as If-Match").at("If-Match"));
    };
    if given == HeaderValue::from_static("*") || given.as_bytes() == tag.as_bytes() {
        return Ok(());
    }
    Err(Problem::new(Kind::PreconditionFailed, "ICE has restarted since; use the newest ETag").at("If-Match"))
}
