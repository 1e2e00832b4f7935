//! Replays of recorded lessons. A bearer gets a ticket; everything else is named below it and needs no header.

use std::{collections::HashMap, path::PathBuf};

use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use protocol::{LessonId, ParticipantId, api::Playback};
use recorder::{Container, playlist::MASTER};
use tower_http::services::ServeFile;

use super::{
    App,
    problem::{Kind, Problem},
    sessions::lesson_id,
};
use crate::{
    clock::utc_now,
    recording::{Replays, Served, Tickets, playback_tracks},
};

const PLAYLIST_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("video/mp4");
const WEBM_TYPE: HeaderValue = HeaderValue::from_static("video/webm");
/// What was written stays as it is; the ticket in the path is what expires.
const FOREVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// What the handlers work with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReplayState {
    replays: Replays,
    tickets: Tickets,
}

impl ReplayState {
    /// Over the recordings below `directory`, with fresh tickets.
    pub fn new(directory: &std::path::Path) -> anyhow::Result<Self> {
        Ok(Self { replays: Replays::new(directory), tickets: Tickets::new()? })
    }
}

/// `POST /api/lessons/{lesson}/playback`
pub async fn playback(State(app): State<App>, Path(lesson): Path<String>) -> Result<Json<Playback>, Problem> {
    let lesson = lesson_id(&lesson)?;
    let dated = app.db().lesson(&lesson).await?;
    let dated = dated.ok_or_else(|| Problem::new(Kind::UnknownLesson, "there is no such lesson").at("lesson"))?;
    let parties = std::iter::once(dated.master).chain(dated.points);
    let names = parties.map(|party| (party.id, party.name)).collect();
    play(app.replay().clone(), lesson, names).await.map(Json)
}

async fn play(
    state: ReplayState,
    lesson: LessonId,
    names: HashMap<ParticipantId, String>,
) -> Result<Playback, Problem> {
    let (replays, of) = (state.replays, lesson.clone());
    let manifest = off_thread(move || replays.manifest(&of)).await?;
    let playable = manifest.filter(|manifest| manifest.ended && manifest.duration_ms > 0);
    let manifest =
        playable.ok_or_else(|| Problem::new(Kind::NoRecording, "the lesson has no finished recording").at("lesson"))?;
    let (ticket, expires_at) = state.tickets.issue(&lesson, utc_now());
    let base = format!("/replay/{ticket}");
    let tracks = playback_tracks(&manifest, &base, &names);
    Ok(Playback { playlist: format!("{base}/{MASTER}"), expires_at, tracks })
}

/// `GET /replay/{ticket}/{*path}`
pub async fn file(
    State(state): State<ReplayState>,
    Path((ticket, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let expired = || Problem::new(Kind::NotFound, "the address has expired: open the replay again");
    let lesson = state.tickets.check(&ticket, utc_now()).ok_or_else(expired)?;
    let served = off_thread(move || state.replays.open(&lesson, &path)).await?;
    match served.ok_or_else(|| Problem::new(Kind::NotFound, "the recording has no such file"))? {
        Served::Playlist { text, finished } => Ok(playlist(text, finished)),
        Served::Media(path) => media(path, request).await,
    }
}

fn playlist(text: String, finished: bool) -> Response {
    let caching = if finished { FOREVER } else { REVALIDATE };
    ([(header::CONTENT_TYPE, PLAYLIST_TYPE), (header::CACHE_CONTROL, caching)], text).into_response()
}

/// Byte ranges and conditional requests are `ServeFile`'s.
async fn media(path: PathBuf, request: Request) -> Result<Response, Problem> {
    let unreadable = |_| Problem::new(Kind::Internal, "the recording cannot be read");
    let webm = path.extension().is_some_and(|extension| extension == Container::WebM.extension());
    let mut response = ServeFile::new(path).try_call(request).await.map_err(unreadable)?.map(Body::new);
    if response.status().is_success() {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, if webm { WEBM_TYPE } else { MEDIA_TYPE });
        headers.insert(header::CACHE_CONTROL, FOREVER);
    }
    Ok(response)
}

async fn off_thread<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let lost = |_| Problem::new(Kind::Internal, "the server's log tells more");
    tokio::task::spawn_blocking(read).await.map_err(lost)
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, http::StatusCode};
    use protocol::UtcMs;
    use recorder::{Lesson, Manifest, manifest::VERSION};

    use super::*;
    use crate::testing::TempDir;

    fn lesson() -> LessonId {
        LessonId::parse("music-3a").unwrap()
    }

    /// A recording with one track of ten bytes.
    fn recorded() -> (TempDir, ReplayState) {
        let dir = TempDir::new();
        let track = dir.path().join("music-3a/t/master-camera");
        std::fs::create_dir_all(&track).unwrap();
        std::fs::write(track.join("0.cmaf"), b"0123456789").unwrap();
        let lesson = Lesson { version: VERSION, lesson: lesson(), lead: None, began_at: UtcMs(0) };
        let json = Manifest { ended: true, duration_ms: 9_000, ..Manifest::new(lesson) }.to_json().unwrap();
        let tracks = r#""tracks": [{"participant": "master", "slot": "camera", "codec": "h264", "ended": true,
            "peak_bitrate": 1, "epochs": [{"codecs": "avc1.42c01f", "width": 640, "height": 360, "timescale": 90000,
            "init_len": 5, "start": 0, "end": 810000, "bytes": 10, "parts": 1}]}]"#;
        let json = String::from_utf8(json).unwrap().replace("\"tracks\": []", tracks);
        std::fs::write(dir.path().join("music-3a/manifest.json"), json).unwrap();
        let state = ReplayState::new(dir.path()).unwrap();
        (dir, state)
    }

    async fn get(state: &ReplayState, url: &str, range: Option<&str>) -> (StatusCode, Response) {
        let (ticket, path) = url.strip_prefix("/replay/").unwrap().split_once('/').unwrap();
        let mut request = Request::builder().uri(url);
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        let request = request.body(Body::empty()).unwrap();
        let path = Path((ticket.to_owned(), path.to_owned()));
        let response = file(State(state.clone()), path, request).await.unwrap_or_else(IntoResponse::into_response);
        (response.status(), response)
    }

    async fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn a_ticket_opens_playlists_and_byte_ranges_of_its_lesson() {
        let (_dir, state) = recorded();
        let playback = play(state.clone(), lesson(), HashMap::new()).await.unwrap();
        let (status, response) = get(&state, &playback.playlist, None).await;
        assert_eq!(
            (status, response.headers()[header::CONTENT_TYPE].as_bytes()),
            (StatusCode::OK, PLAYLIST_TYPE.as_bytes())
        );
        assert!(String::from_utf8(body(response).await).unwrap().contains("t/master-camera/track.m3u8"));
        let media = playback.tracks[0].playlist.replace("track.m3u8", "0.cmaf");
        let (status, response) = get(&state, &media, Some("bytes=2-4")).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes 2-4/10");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "video/mp4");
        assert_eq!(body(response).await, b"234");
        let (status, response) = get(&state, &media, None).await;
        assert_eq!((status, body(response).await), (StatusCode::OK, b"0123456789".to_vec()));
        let (status, _) = get(&state, &media, Some("bytes=10-")).await;
        assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    }

    #[tokio::test]
    async fn without_a_good_ticket_there_is_nothing() {
        let (_dir, state) = recorded();
        let playback = play(state.clone(), lesson(), HashMap::new()).await.unwrap();
        let forged = playback.playlist.replace("music-3a", "music-3b");
        for url in
            [forged.as_str(), "/replay/x/lesson.m3u8", &playback.playlist.replace("lesson.m3u8", "manifest.json")]
        {
            assert_eq!(get(&state, url, None).await.0, StatusCode::NOT_FOUND, "{url}");
        }
    }

    #[tokio::test]
    async fn a_lesson_without_a_finished_recording_has_no_playback() {
        let (_dir, state) = recorded();
        let unrecorded = LessonId::parse("maths-3b").unwrap();
        let problem = play(state, unrecorded, HashMap::new()).await.unwrap_err();
        assert_eq!(problem.into_response().status(), Problem::new(Kind::NoRecording, "").into_response().status());
    }
}
