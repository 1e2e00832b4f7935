//! The interface as a client meets it, without a socket.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use access::{ROLES, allows};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::IntoResponse,
};
use protocol::{
    UtcMs,
    api::{LessonList, LessonSummary, Me, Problem},
    line::LessonLines,
    message::{Phase, Role},
};
use recorder::playlist::Latency;
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt;

use super::{
    App, Parts, ReplayState, Sessions, Tokens, hash,
    routes::{Permission, router, table},
};
use crate::{
    clock::utc_now,
    db::Db,
    jobs::Jobs,
    lessons::Lessons,
    media::{self, MediaAddress},
    recording::{DiskGauge, Recorder, Replays},
    seen::Seen,
    testing::{Seeded, TempDir, county, seeded},
};

mod timetable;

struct County {
    router: Router,
    db: Db,
    demo: Seeded,
    _dir: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn problem(&self) -> Problem {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem: Problem = self.json();
        assert_eq!(problem.status, self.status.as_u16());
        problem
    }
}

impl County {
    async fn new() -> Self {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let demo = seeded(&db, 3, utc_now()).await;
        let county = county(&db).await;
        let bind = IpAddr::from(Ipv4Addr::LOCALHOST);
        let media =
            media::start(&MediaAddress { bind, port: 0, shards: 2, announce: Vec::new(), tcp: false, web: None })
                .unwrap();
        let lessons = Lessons::new(
            db.clone(),
            county.clone(),
            media.handle.clone(),
            Recorder::default(),
            ledger::Criteria::default(),
        );
        let people = demo.people.clone();
        let app = App::new(Parts {
            db: db.clone(),
            county,
            lessons,
            reconcile: Arc::default(),
            tokens: Tokens::default(),
            seen: Seen::default(),
            media: media.handle,
            sessions: Sessions::default(),
            replay: ReplayState::new(Replays::new(dir.path(), Recorder::default(), Latency::Ordinary)).unwrap(),
            jobs: Jobs::default(),
            disk: Arc::new(DiskGauge::new(0)),
            demo: Some(people),
        });
        Self { router: router(app), db, demo, _dir: dir }
    }

    fn token(&self, key: &str) -> &str {
        &self.demo.people.iter().find(|person| person.key == key).unwrap().token
    }

    fn token_of(&self, role: Role) -> &str {
        &self.demo.people.iter().find(|person| person.role == role).unwrap().token
    }

    async fn ask(&self, method: Method, path: &str, token: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn get(&self, path: &str, key: &str) -> Answer {
        self.ask(Method::GET, path, Some(self.token(key))).await
    }

    async fn post(&self, path: &str, key: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token(key)))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    async fn post_json(&self, path: &str, key: &str, body: &impl Serialize) -> Answer {
        self.post(path, key, serde_json::to_vec(body).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

#[tokio::test]
async fn every_route_lets_exactly_the_permitted_roles_pass() {
    let county = County::new().await;
    let refusals = [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED];
    for route in table() {
        let path = route.path.replace("{lesson}", "no-such-lesson").replace("{session}", "none");
        let what = format!("{} {path}", route.method);
        let Permission::AnyOf(actions) = route.permission else {
            // Without a token it may still find nothing, as `/replay/` without a good ticket does.
            let answer = county.ask(route.method, &path, None).await;
            assert!(
                !refusals.contains(&answer.status) && !answer.status.is_server_error(),
                "{what}: {}",
                answer.status
            );
            continue;
        };
        let without = county.ask(route.method.clone(), &path, None).await;
        assert_eq!(without.problem().kind, "/problems/token-missing", "{what}");
        assert_eq!(without.headers[header::WWW_AUTHENTICATE], "Bearer");
        for role in ROLES {
            let token = county.token_of(role);
            let answer = county.ask(route.method.clone(), &path, Some(token)).await;
            let may = actions.iter().any(|&action| allows(role, action));
            let refused = refusals.contains(&answer.status);
            assert_eq!(refused, !may, "{what} as {role:?}: {}", answer.status);
            assert!(!answer.status.is_server_error(), "{what} as {role:?}");
        }
    }
}

#[tokio::test]
async fn an_unknown_or_expired_token_is_401() {
    let county = County::new().await;
    let person = county.demo.people[0].key.clone();
    let person = protocol::ParticipantId::parse(person).unwrap();
    let expired = utc_now().plus_ms(-1);
    county.db.put_token(&hash("old"), &person, expired).await.unwrap();
    for token in ["old", "nobody's"] {
        let answer = county.ask(Method::GET, "/api/me", Some(token)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.problem().kind, "/problems/token-invalid");
    }
}

#[tokio::test]
async fn each_person_sees_the_lesson_that_concerns_them() {
    let county = County::new().await;
    for (key, sees) in [("master", true), ("point-3", true), ("observer", true), ("admin", true), ("student", false)] {
        let me: Me = county.get("/api/me", key).await.json();
        assert_eq!(me.id.as_str(), key);
        let current = me.current.map(|lesson| lesson.id);
        assert_eq!(current, sees.then(|| county.demo.lesson.clone()), "{key}");
    }
    let list: LessonList = county.get("/api/lessons", "point-1").await.json();
    assert_eq!(list.lessons.len(), 1);
    let lesson = &list.lessons[0];
    assert_eq!((lesson.subject.as_str(), lesson.class_group.as_str()), ("音乐", "三年级"));
    assert_eq!(lesson.phase, Phase::DoorsOpen);
    let library: LessonList = county.get("/api/library", "student").await.json();
    assert!(library.lessons.is_empty());
}

#[tokio::test]
async fn a_lesson_is_found_by_its_id_and_a_wrong_one_is_404() {
    let county = County::new().await;
    let path = format!("/api/lessons/{}", county.demo.lesson);
    let found: LessonSummary = county.get(&path, "student").await.json();
    assert_eq!(found.id, county.demo.lesson);
    for wrong in ["none", "..%2F..%2Fetc", "%E8%AF%BE"] {
        let answer = county.get(&format!("/api/lessons/{wrong}"), "student").await;
        assert_eq!(answer.problem().kind, "/problems/unknown-lesson", "{wrong}");
    }
}

#[tokio::test]
async fn a_websocket_needs_a_lesson_and_an_upgrade() {
    let county = County::new().await;
    let path = format!("/ws?lesson={}", county.demo.lesson);
    let without_lesson = county.get("/ws", "master").await.problem();
    assert_eq!(without_lesson.kind, "/problems/malformed-parameter");
    assert_eq!(without_lesson.field.as_deref(), Some("lesson"));
    let plain = county.get(&path, "master").await;
    assert_eq!(plain.status, StatusCode::UPGRADE_REQUIRED);
    plain.problem();
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_below_the_interface_and_a_page_elsewhere() {
    let county = County::new().await;
    let rows = [
        (Method::GET, "/api/none", StatusCode::NOT_FOUND),
        (Method::POST, "/api/me", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/whip/a", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/whep/a/b/c/d", StatusCode::NOT_FOUND),
        (Method::POST, "/teach", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/assets/none.js", StatusCode::NOT_FOUND),
        (Method::GET, "/../Cargo.toml", StatusCode::NOT_FOUND),
        (Method::GET, "/teach/music-3", StatusCode::OK),
        (Method::GET, "/", StatusCode::OK),
    ];
    for (method, path, status) in rows {
        let answer = county.ask(method, path, None).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        if !status.is_success() {
            answer.problem();
        }
    }
    let wrong_method = county.ask(Method::POST, "/api/me", None).await;
    assert!(wrong_method.headers[header::ALLOW].to_str().unwrap().contains("GET"));
}

#[tokio::test]
async fn pages_may_run_no_script_but_their_own() {
    let county = County::new().await;
    let answer = county.ask(Method::GET, "/", None).await;
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
    assert_eq!(scripts.trim(), "script-src 'self'");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_413() {
    let county = County::new().await;
    let request = Request::builder().method(Method::POST).uri(format!("/whip/{}", county.demo.lesson));
    let request = request
        .header(header::AUTHORIZATION, format!("Bearer {}", county.token("master")))
        .header(header::CONTENT_TYPE, "application/sdp");
    let answer = county.send(request.body(Body::from(vec![b'v'; 1024 * 1024])).unwrap()).await;
    assert_eq!(answer.problem().kind, "/problems/body-too-large");
}

#[tokio::test]
async fn a_line_is_checked_with_as_many_bytes_as_are_asked_for_and_not_for_ever() {
    let county = County::new().await;
    let down = county.get("/api/line-check/down?bytes=1000000", "point-1").await;
    assert_eq!((down.status, down.body.len()), (StatusCode::OK, 1_000_000));
    assert_eq!(down.headers[header::CACHE_CONTROL], "no-store");
    for wrong in ["", "?bytes=", "?bytes=-1", "?bytes=1000001"] {
        let answer = county.get(&format!("/api/line-check/down{wrong}"), "point-1").await;
        assert_eq!(answer.problem().kind, "/problems/malformed-parameter", "{wrong}");
    }
    assert_eq!(county.post("/api/line-check/up", "point-1", vec![7; 1_000_000]).await.status, StatusCode::NO_CONTENT);
    let longer = county.post("/api/line-check/up", "point-1", vec![7; 1_000_001]).await;
    assert_eq!(longer.problem().kind, "/problems/body-too-large");
    let mut checks = 0;
    let refused = loop {
        let answer = county.get("/api/line-check/down?bytes=1000000", "point-1").await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        checks += 1;
        assert!(checks < 10);
    };
    assert_eq!(refused.problem().kind, "/problems/too-many-requests");
    assert_eq!(county.get("/api/line-check/down?bytes=1", "point-2").await.status, StatusCode::OK);
}

/// What a page offers to find out whether media gets through.
const CHECK_OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:peer\r\n\
    a=ice-pwd:a-peers-password-of-22c\r\na=setup:actpass\r\na=fingerprint:sha-256 \
    00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n\
    a=rtpmap:96 VP8/90000\r\n";

#[tokio::test]
async fn a_page_finds_out_whether_media_gets_through_without_a_lesson_and_not_for_ever() {
    let county = County::new().await;
    let check = async |token: Option<&str>, offer: &str| {
        let mut request = Request::post("/api/line-check/media").header(header::CONTENT_TYPE, "application/sdp");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        county.send(request.body(Body::from(offer.to_owned())).unwrap()).await
    };
    assert_eq!(check(None, CHECK_OFFER).await.problem().kind, "/problems/token-missing");
    // A student has no lesson now, and may check all the same.
    let answer = check(Some(county.token("student")), CHECK_OFFER).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/sdp");
    let voice = answer.headers[header::LOCATION].to_str().unwrap().to_owned();
    let sdp = String::from_utf8(answer.body).unwrap();
    assert!(sdp.contains("a=candidate:1 1 udp ") && sdp.matches("a=sendonly").count() == 2, "{sdp}");

    // A voice may be sent into that room: one, and by nobody else.
    let speak = async |key: &str, offer: &str| {
        let request = Request::post(&voice).header(header::CONTENT_TYPE, "application/sdp");
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", county.token(key)));
        county.send(request.body(Body::from(offer.to_owned())).unwrap()).await
    };
    let sends = CHECK_OFFER.replace("a=recvonly", "a=sendonly").replace("BUNDLE 0 1", "BUNDLE 0");
    let sends = &sends[..sends.find("m=video").unwrap()];
    assert_eq!(speak("student", CHECK_OFFER).await.problem().kind, "/problems/unusable-offer", "two lines");
    assert_eq!(speak("point-1", sends).await.problem().kind, "/problems/unknown-session", "another's room");
    let answer = speak("student", sends).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert!(String::from_utf8(answer.body).unwrap().contains("a=recvonly"));
    assert_eq!(speak("student", sends).await.problem().kind, "/problems/unknown-session", "once");

    let point = Some(county.token("point-1"));
    let longer =
        format!("{CHECK_OFFER}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n");
    for unusable in [
        longer,
        CHECK_OFFER.replace("a=recvonly", "a=sendonly"),
        CHECK_OFFER.replace("VP8", "XX").replace("opus", "xx"),
    ] {
        assert_eq!(check(point, &unusable).await.problem().kind, "/problems/unusable-offer", "{unusable}");
    }
    assert_eq!(
        county.post("/api/line-check/media", "point-1", CHECK_OFFER).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let mut checks = 0;
    let refused = loop {
        let answer = check(point, CHECK_OFFER).await;
        if answer.status != StatusCode::CREATED {
            break answer;
        }
        checks += 1;
        assert!(checks < 30);
    };
    assert_eq!(refused.problem().kind, "/problems/too-many-requests");
    assert!(checks >= 4, "two whole checks must fit: {checks}");
    assert_eq!(check(Some(county.token("point-2")), CHECK_OFFER).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn how_the_lines_of_a_lesson_do_is_for_the_administrator() {
    let county = County::new().await;
    let path = format!("/api/lessons/{}/lines", county.demo.lesson);
    let lines: LessonLines = county.get(&path, "admin").await.json();
    assert_eq!((lines.lesson, lines.lines), (county.demo.lesson.clone(), vec![]));
    assert_eq!(county.get("/api/lessons/none/lines", "admin").await.problem().kind, "/problems/unknown-lesson");
    for key in ["master", "point-1", "observer", "student"] {
        assert_eq!(county.get(&path, key).await.problem().kind, "/problems/not-allowed", "{key}");
    }
}

#[tokio::test]
async fn each_reason_to_stay_out_has_its_status() {
    use lesson::EntryError;

    use crate::lessons::AdmissionError;
    let doors_open_at = UtcMs(0);
    let rows = [
        (AdmissionError::UnknownLesson, 404, "unknown-lesson"),
        (EntryError::NotInLesson.into(), 403, "not-in-lesson"),
        (EntryError::NotAllowed.into(), 403, "not-allowed"),
        (EntryError::NotOpenYet { doors_open_at }.into(), 409, "doors-closed"),
        (EntryError::Ended.into(), 410, "lesson-ended"),
        (EntryError::Full.into(), 503, "lesson-full"),
    ];
    for (error, status, name) in rows {
        let response = super::problem::Problem::from(error).into_response();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!((problem.status, problem.kind), (status, format!("/problems/{name}")));
    }
}

#[tokio::test]
async fn an_admin_reads_the_figures_as_prometheus_text_and_others_read_a_problem() {
    let county = County::new().await;
    let answer = county.get("/metrics", "admin").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.lines().any(|line| line.starts_with("tongke_media_turns_total{shard=\"0\"} ")), "{text}");
    for key in ["master", "point-1", "observer", "student"] {
        let refused = county.get("/metrics", key).await;
        assert_eq!(refused.problem().kind, "/problems/not-allowed", "{key}");
    }
}
