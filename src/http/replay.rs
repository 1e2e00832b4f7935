//! Replays of lessons, also of one that is still on. A bearer gets a ticket; everything else is named below it and needs no
//! header, for native players send none.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use protocol::{LessonId, ParticipantId, api::Playback};
use recorder::{
    Manifest,
    chapters::{Language, chapters},
    jobs::{Job, Showcase},
    limits::SEGMENT_MAX,
    playlist::{MASTER, PROGRAM, PROGRAM_VOICE, Reached, Reload},
};
use serde::Deserialize;
use tokio::time::timeout;
use tower_http::services::ServeFile;

use super::{
    App,
    problem::{Kind, Problem},
    sessions::lesson_id,
};
use crate::{
    clock::utc_now,
    recording::{Age, DOWNLOAD, Film, Replays, Served, Tickets, asked_range, playback_tracks},
};

const PLAYLIST_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");
const JSON_TYPE: HeaderValue = HeaderValue::from_static("application/json");
const VTT_TYPE: HeaderValue = HeaderValue::from_static("text/vtt; charset=utf-8");
const MP4_TYPE: HeaderValue = HeaderValue::from_static("video/mp4");
/// What was written stays as it is; the ticket in the path is what expires.
const FOREVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// How long a player may wait for what is not recorded yet: three target durations (draft-ietf-hls-rfc8216bis section
/// 6.2.5.2).
const LONGEST_RELOAD: Duration = SEGMENT_MAX.saturating_mul(3);

/// Name of the chapters in a recording.
const CHAPTERS: &str = "chapters.vtt";
/// The pictures for the time bar, once they are made.
const THUMBNAILS: &str = "thumbnails/thumbnails.vtt";

/// What the handlers work with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReplayState {
    replays: Replays,
    tickets: Tickets,
}

impl ReplayState {
    /// Over these recordings, with fresh tickets.
    pub fn new(replays: Replays) -> anyhow::Result<Self> {
        Ok(Self { replays, tickets: Tickets::new()? })
    }
}

/// `POST /api/lessons/{lesson}/playback`
pub async fn playback(State(app): State<App>, Path(lesson): Path<String>) -> Result<Json<Playback>, Problem> {
    let lesson = lesson_id(&lesson)?;
    let names = names(&app, &lesson).await?;
    play(app.replay(), lesson, &names).await.map(Json)
}

/// Names of the parties of a lesson.
async fn names(app: &App, lesson: &LessonId) -> Result<HashMap<ParticipantId, String>, Problem> {
    let dated = app.db().lesson(lesson).await?;
    let dated = dated.ok_or_else(|| Problem::new(Kind::UnknownLesson, "there is no such lesson").at("lesson"))?;
    let parties = std::iter::once(dated.master).chain(dated.points);
    Ok(parties.map(|party| (party.id, party.name)).collect())
}

async fn play(
    state: &ReplayState,
    lesson: LessonId,
    names: &HashMap<ParticipantId, String>,
) -> Result<Playback, Problem> {
    let manifest = playable(state, &lesson, Age::Newest).await?;
    let (ticket, expires_at) = state.tickets.issue(&lesson, utc_now());
    let base = format!("/replay/{ticket}");
    let program = manifest.has_program();
    let made = |path: &str| state.replays.result(&lesson, path).map(|_| format!("{base}/jobs/{path}"));
    let result_of = |job: &Job| made(&format!("{}/{}", job.name(), job.result()));
    Ok(Playback {
        playlist: format!("{base}/{}", if program { PROGRAM } else { MASTER }),
        resource: format!("{base}/{MASTER}"),
        program,
        live: !manifest.ended,
        audio: format!("{base}/{PROGRAM_VOICE}"),
        chapters: format!("{base}/{CHAPTERS}"),
        download: (program && manifest.ended).then(|| format!("{base}/{DOWNLOAD}")),
        thumbnails: made(THUMBNAILS),
        compatible: result_of(&Job::Compatible),
        showcase: result_of(&Job::Showcase(Showcase::default())),
        expires_at,
        tracks: playback_tracks(&manifest, &base, names),
    })
}

async fn playable(state: &ReplayState, lesson: &LessonId, age: Age) -> Result<Arc<Manifest>, Problem> {
    let manifest = state.replays.manifest(lesson, age).await.filter(|manifest| manifest.duration_ms > 0);
    manifest.ok_or_else(|| Problem::new(Kind::NoRecording, "nothing is recorded of the lesson").at("lesson"))
}

/// The query of [`master`].
#[derive(Debug, Deserialize)]
pub struct Mode {
    /// `program` or `resource`.
    #[serde(default)]
    mode: Option<String>,
}

/// `GET /api/lessons/{lesson}/master.m3u8?mode=program|resource`: to the signed address of the playlist.
pub async fn master(
    State(app): State<App>,
    Path(lesson): Path<String>,
    Query(Mode { mode }): Query<Mode>,
) -> Result<Redirect, Problem> {
    let lesson = lesson_id(&lesson)?;
    let playback = play(app.replay(), lesson, &HashMap::new()).await?;
    match mode.as_deref() {
        None | Some("program") => Ok(Redirect::temporary(&playback.playlist)),
        Some("resource") => Ok(Redirect::temporary(&playback.resource)),
        Some(_) => Err(Problem::new(Kind::MalformedParameter, "mode is program or resource").at("mode")),
    }
}

/// `GET /api/lessons/{lesson}/chapters.vtt`: to its signed address.
pub async fn chapters_of(State(app): State<App>, Path(lesson): Path<String>) -> Result<Redirect, Problem> {
    let playback = play(app.replay(), lesson_id(&lesson)?, &HashMap::new()).await?;
    Ok(Redirect::temporary(&playback.chapters))
}

/// `GET /api/lessons/{lesson}/download.mp4`: to its signed address.
pub async fn download(State(app): State<App>, Path(lesson): Path<String>) -> Result<Redirect, Problem> {
    let playback = play(app.replay(), lesson_id(&lesson)?, &HashMap::new()).await?;
    let download = playback.download.ok_or_else(|| Problem::new(Kind::NoRecording, "there is no finished program"))?;
    Ok(Redirect::temporary(&download))
}

/// `GET /replay/{ticket}/{*path}`
pub async fn file(
    State(app): State<App>,
    Path((ticket, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let lesson = holder(app.replay(), &ticket)?;
    if path == CHAPTERS {
        let language = match request.uri().query() {
            Some(query) if query.split('&').any(|pair| pair == "lang=en") => Language::English,
            _ => Language::Chinese,
        };
        let names = names(&app, &lesson).await?.into_iter().collect();
        let manifest = playable(app.replay(), &lesson, Age::Newest).await?;
        return Ok(text(VTT_TYPE, chapters(&manifest, &names, language), REVALIDATE));
    }
    serve(app.replay(), lesson, path, request).await
}

/// Whose the ticket is.
fn holder(state: &ReplayState, ticket: &str) -> Result<LessonId, Problem> {
    let refused = || {
        tracing::info!("a replay's address was refused: it has expired, or somebody made it up");
        Problem::new(Kind::NotFound, "the address has expired: open the replay again")
    };
    state.tickets.check(ticket, utc_now()).ok_or_else(refused)
}

async fn serve(state: &ReplayState, lesson: LessonId, path: String, request: Request) -> Result<Response, Problem> {
    let reload = Reload::from_query(request.uri().query().unwrap_or_default());
    let reload = reload.map_err(|error| Problem::new(Kind::MalformedParameter, error.to_string()).at("_HLS_msn"))?;
    let (served, ended) = match reload {
        Some(reload) => {
            timeout(LONGEST_RELOAD, reached(state, &lesson, &path, reload)).await.map_err(|_| stands_still())??
        }
        None => opened(state, &lesson, &path).await?,
    };
    let caching = if ended { FOREVER } else { REVALIDATE };
    match served {
        Some(Served::Playlist(playlist)) => Ok(text(PLAYLIST_TYPE, playlist, caching)),
        Some(Served::Parts(parts)) => Ok(text(JSON_TYPE, parts, caching)),
        Some(Served::Seam(part)) => {
            Ok(([(header::CONTENT_TYPE, MP4_TYPE), (header::CACHE_CONTROL, FOREVER)], part).into_response())
        }
        // What a job made may be made anew.
        Some(Served::File(file)) if path.starts_with("jobs/") => media(file, request, [REVALIDATE; 2]).await,
        Some(Served::File(file)) => media(file, request, [caching, FOREVER]).await,
        Some(Served::Film(film)) => download_film(film, &lesson, request.headers()),
        None => {
            tracing::info!(%lesson, path, "the recording was asked for what it does not have");
            Err(Problem::new(Kind::NotFound, "the recording has no such file"))
        }
    }
}

/// The file at a path of a recording, and whether that is whole.
async fn opened(state: &ReplayState, lesson: &LessonId, path: &str) -> Result<(Option<Served>, bool), Problem> {
    let manifest = playable(state, lesson, Replays::age(path)).await?;
    let ended = manifest.ended;
    let (replays, of, asked) = (state.replays.clone(), lesson.clone(), path.to_owned());
    Ok((off_thread(move || replays.open(&of, &manifest, &asked)).await?, ended))
}

/// The same once it has what a player waits for.
async fn reached(
    state: &ReplayState,
    lesson: &LessonId,
    path: &str,
    reload: Reload,
) -> Result<(Option<Served>, bool), Problem> {
    loop {
        let (served, ended) = opened(state, lesson, path).await?;
        let reached = match &served {
            Some(Served::Playlist(playlist)) => reload.reached(playlist),
            _ => Reached::Yes,
        };
        match reached {
            Reached::Yes => return Ok((served, ended)),
            Reached::TooFar => {
                let told = "so much of the lesson is not there yet, nor will it be soon";
                return Err(Problem::new(Kind::MalformedParameter, told).at("_HLS_msn"));
            }
            Reached::NotYet => state.replays.more().await,
        }
    }
}

fn stands_still() -> Problem {
    Problem::new(Kind::Unavailable, "nothing more is recorded for now: ask again")
}

fn text(kind: HeaderValue, text: String, caching: HeaderValue) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, caching)], text).into_response()
}

/// Byte ranges and conditional requests are `ServeFile`'s. How a whole file may be kept, and how a range of it: bytes that are
/// there stay, and a file may grow.
async fn media(path: PathBuf, request: Request, [whole, range]: [HeaderValue; 2]) -> Result<Response, Problem> {
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("webm") => HeaderValue::from_static("video/webm"),
        Some("vtt") => VTT_TYPE,
        Some("jpg") => HeaderValue::from_static("image/jpeg"),
        Some("m3u8") => PLAYLIST_TYPE,
        _ => MP4_TYPE,
    };
    let unreadable = |_| Problem::new(Kind::Internal, "the recording cannot be read");
    let mut response = ServeFile::new(path).try_call(request).await.map_err(unreadable)?.map(Body::new);
    if response.status().is_success() {
        let caching = if response.status() == StatusCode::PARTIAL_CONTENT { range } else { whole };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, caching);
    }
    Ok(response)
}

/// The program as one file, or the part of it that is asked for.
fn download_film(film: Film, lesson: &LessonId, asked: &HeaderMap) -> Result<Response, Problem> {
    let len = film.len();
    let range = asked_range(asked.get(header::RANGE).and_then(|value| value.to_str().ok()), len);
    let (status, part, content_range, caching) = match range {
        Ok(None) => (StatusCode::OK, film, None, FOREVER),
        Ok(Some(range)) => {
            let told = format!("bytes {}-{}/{len}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, film.cut(&range), Some(told), FOREVER)
        }
        Err(_) => (StatusCode::RANGE_NOT_SATISFIABLE, Film::default(), Some(format!("bytes */{len}")), REVALIDATE),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, MP4_TYPE);
    headers.insert(header::CACHE_CONTROL, caching);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, part.len().into());
    let told = |text: String| HeaderValue::from_str(&text).map_err(|_| Problem::new(Kind::Internal, "a header"));
    headers.insert(header::CONTENT_DISPOSITION, told(format!("attachment; filename=\"{lesson}.mp4\""))?);
    if let Some(content_range) = content_range {
        headers.insert(header::CONTENT_RANGE, told(content_range)?);
    }
    Ok((status, headers, Body::from_stream(part.read())).into_response())
}

async fn off_thread<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let lost = |_| Problem::new(Kind::Internal, "the server's log tells more");
    tokio::task::spawn_blocking(read).await.map_err(lost)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::body::to_bytes;
    use protocol::UtcMs;
    use recorder::{Lesson, manifest::VERSION, playlist::Latency};
    use sfu::{
        codec::Codec,
        command::{LessonKey, ParticipantKey},
        seats::{Slot, Source},
        tap::{TapBatch, TapEntry, Tapped},
    };

    use super::*;
    use crate::{
        recording::{self, DiskGauge, Recorder, testing},
        testing::TempDir,
    };

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
        let state = ReplayState::new(Replays::new(dir.path(), Recorder::default(), Latency::Ordinary)).unwrap();
        (dir, state)
    }

    async fn get(state: &ReplayState, url: &str, range: Option<&str>) -> (StatusCode, Response) {
        let (ticket, path) = url.strip_prefix("/replay/").unwrap().split_once('/').unwrap();
        let path = path.split('?').next().unwrap();
        let mut request = Request::builder().uri(url);
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = match holder(state, ticket) {
            Ok(lesson) => serve(state, lesson, path.to_owned(), request).await,
            Err(problem) => Err(problem),
        };
        let response = response.unwrap_or_else(IntoResponse::into_response);
        (response.status(), response)
    }

    async fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn a_ticket_opens_playlists_and_byte_ranges_of_its_lesson() {
        let (_dir, state) = recorded();
        let playback = play(&state, lesson(), &HashMap::new()).await.unwrap();
        let (status, response) = get(&state, &playback.resource, None).await;
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

    /// A lesson that is being recorded, and how to let the lead speak on: so many packets of 20 ms.
    fn recording(dir: &TempDir) -> (ReplayState, impl FnMut(u16)) {
        let (tap, tapped) = std::sync::mpsc::sync_channel(4_096);
        let (recorder, _told) = recording::start(dir.path(), Arc::new(DiskGauge::new(0)), tapped, |_, _| {}).unwrap();
        let (key, participant) = (LessonKey(7), ParticipantKey(1));
        recorder.introduce(key, participant, testing::master());
        recorder.begin(key, lesson(), Some(testing::master()));
        let (began, mut sent) = (Instant::now(), 0);
        let source = Source { participant, slot: Slot::Voice };
        let batch = move |at: u16, what, bytes| TapBatch {
            entries: vec![TapEntry {
                lesson: key,
                source,
                arrival: began + Duration::from_millis(20) * at.into(),
                what,
            }],
            bytes,
        };
        tap.send(batch(0, Tapped::Started { codec: Codec::Opus, ssrc: 5 }, Vec::new())).unwrap();
        tap.send(batch(0, Tapped::SenderReport { ntp: 3_900_000_000 << 32, rtp: 0 }, Vec::new())).unwrap();
        let speak = move |packets| {
            for n in sent..sent + packets {
                let packet = testing::voice_packet(n);
                tap.send(batch(n, Tapped::Packet { start: 0, len: packet.len() as u16 }, packet)).unwrap();
            }
            sent += packets;
        };
        (ReplayState::new(Replays::new(dir.path(), recorder, Latency::Low)).unwrap(), speak)
    }

    /// Asks until there is something to play: the recorder takes what it is sent in its own time.
    async fn once_there(state: &ReplayState, url: &str) -> (StatusCode, Response) {
        loop {
            let answer = get(state, url, None).await;
            if answer.0 == StatusCode::OK {
                return answer;
            }
            state.replays.more().await;
        }
    }

    #[tokio::test]
    async fn a_player_may_wait_for_what_is_not_recorded_yet() {
        let dir = TempDir::new();
        let (state, mut speak) = recording(&dir);
        speak(500);
        let (ticket, _) = state.tickets.issue(&lesson(), utc_now());
        let of = |query: &str| format!("/replay/{ticket}/t/master-voice/track.m3u8{query}");
        // Two segments of ten seconds are whole, and the third grows.
        let (status, response) = within_seconds(once_there(&state, &of("?_HLS_msn=1"))).await;
        let text = String::from_utf8(body(response).await).unwrap();
        assert_eq!((status, text.matches("#EXTINF").count()), (StatusCode::OK, 2), "{text}");
        assert!(text.contains("PART-TARGET=0.5") && text.contains("#EXT-X-PART:DURATION=0.400000,URI=\"0.cmaf\""));
        let url = of("?_HLS_msn=2&_HLS_part=6");
        let mut waiting = Box::pin(get(&state, &url, None));
        let early = timeout(Duration::from_millis(500), &mut waiting).await;
        assert!(early.is_err(), "nothing more is there yet");
        speak(100);
        let (status, response) = within_seconds(waiting).await;
        let text = String::from_utf8(body(response).await).unwrap();
        let grown = text.rsplit_once("#EXTINF").unwrap().1.matches("#EXT-X-PART:").count();
        assert!(status == StatusCode::OK && grown >= 7, "{text}");
        for query in ["?_HLS_msn=9", "?_HLS_msn=x", "?_HLS_part=1"] {
            assert_eq!(get(&state, &of(query), None).await.0, StatusCode::BAD_REQUEST, "{query}");
        }
    }

    async fn within_seconds<T>(answer: impl Future<Output = T>) -> T {
        timeout(Duration::from_secs(10), answer).await.expect("an answer")
    }

    #[tokio::test]
    async fn without_a_good_ticket_there_is_nothing() {
        let (_dir, state) = recorded();
        let playback = play(&state, lesson(), &HashMap::new()).await.unwrap();
        let forged = playback.resource.replace("music-3a", "music-3b");
        let of_it = |path: &str| playback.resource.replace(MASTER, path);
        for url in [
            forged.as_str(),
            "/replay/x/lesson.m3u8",
            &of_it("manifest.json"),
            &of_it("jobs/../manifest.json"),
            &of_it("jobs/thumbnails/../../journal.wal"),
            &of_it("t/master-camera/0.webm"),
            &of_it("t/../0.cmaf"),
        ] {
            assert_eq!(get(&state, url, None).await.0, StatusCode::NOT_FOUND, "{url}");
        }
    }

    #[tokio::test]
    async fn what_a_job_made_is_served_by_its_type() {
        let (dir, state) = recorded();
        let before = play(&state, lesson(), &HashMap::new()).await.unwrap();
        assert_eq!((before.thumbnails, before.compatible, before.showcase), (None, None, None));
        for path in ["thumbnails/thumbnails.vtt", "compatible/lesson.m3u8", "showcase/showcase.mp4"] {
            let made = dir.path().join("music-3a/jobs").join(path);
            std::fs::create_dir_all(made.parent().unwrap()).unwrap();
            std::fs::write(made, path).unwrap();
        }
        let after = play(&state, lesson(), &HashMap::new()).await.unwrap();
        let rows = [
            (after.thumbnails, VTT_TYPE, "thumbnails/thumbnails.vtt"),
            (after.compatible, PLAYLIST_TYPE, "compatible/lesson.m3u8"),
            (after.showcase, MP4_TYPE, "showcase/showcase.mp4"),
        ];
        for (url, kind, path) in rows {
            let (status, response) = get(&state, &url.unwrap(), None).await;
            assert_eq!((status, &response.headers()[header::CONTENT_TYPE]), (StatusCode::OK, &kind));
            assert_eq!(body(response).await, path.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_lesson_of_which_nothing_is_recorded_has_no_playback() {
        let (_dir, state) = recorded();
        let unrecorded = LessonId::parse("maths-3b").unwrap();
        let problem = play(&state, unrecorded, &HashMap::new()).await.unwrap_err();
        assert_eq!(problem.into_response().status(), Problem::new(Kind::NoRecording, "").into_response().status());
    }
}
