//! Stories of the class over the WebSocket.

use futures_util::{SinkExt, StreamExt};
use protocol::{
    ClientMessage, ParticipantId, ServerMessage,
    message::{Capabilities, MAX_CLIENT_MESSAGE_LEN, Phase, Presence, Refusal, Role, VideoCodec},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::StatusCode},
};

use crate::server::{Demo, PATIENCE, TempDir};

/// One page's connection.
struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Opens the connection of whoever `key` is; `Err` with the status of a refusal.
async fn open(demo: &Demo, lesson: &str, token: &str) -> Result<Page, StatusCode> {
    let url = format!("ws://{}/ws?lesson={lesson}", demo.address());
    let mut request = url.into_client_request().unwrap();
    let offered = format!("tongke.v1, bearer.{token}");
    request.headers_mut().insert("sec-websocket-protocol", offered.parse().unwrap());
    match connect_async(request).await {
        Ok((stream, response)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "tongke.v1");
            Ok(Page(stream))
        }
        Err(Error::Http(response)) => {
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            Err(response.status())
        }
        Err(other) => panic!("{other}"),
    }
}

/// Connects, says hello, and returns the welcome too.
async fn join(demo: &Demo, key: &str) -> (Page, ServerMessage) {
    let mut page = open(demo, &demo.ready.lesson, demo.token(key)).await.unwrap();
    page.say(&hello()).await;
    let welcome = page.hear().await.unwrap();
    (page, welcome)
}

fn hello() -> ClientMessage {
    let decodes = vec![VideoCodec::H264, VideoCodec::Vp8];
    ClientMessage::Hello { capabilities: Capabilities { decodes }, page: None }
}

impl Page {
    async fn say(&mut self, message: &ClientMessage) {
        self.say_text(serde_json::to_string(message).unwrap()).await;
    }

    async fn say_text(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message but the clock; `None` when the server closed.
    async fn hear(&mut self) -> Option<ServerMessage> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("silence");
            let text = match frame? {
                Ok(Message::Text(text)) => text,
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => continue,
            };
            match serde_json::from_str(&text).unwrap() {
                ServerMessage::Clock { .. } => {}
                message => return Some(message),
            }
        }
    }

    /// Listens until a message for which `wanted` holds.
    async fn hear_until(&mut self, wanted: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
        loop {
            let message = self.hear().await.expect("closed");
            if wanted(&message) {
                return message;
            }
        }
    }

    async fn refusal(&mut self) -> (Refusal, String) {
        let refused = |m: &ServerMessage| matches!(m, ServerMessage::Refused { .. });
        match self.hear_until(refused).await {
            ServerMessage::Refused { reason, detail, .. } => (reason, detail),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_class_hears_who_comes_and_who_goes_but_not_of_observers() {
    let dir = TempDir::new();
    let demo = Demo::start(&dir.join("data"));
    let (mut master, welcome) = join(&demo, "master").await;
    let ServerMessage::Welcome { you, role, lesson, .. } = welcome else { panic!("{welcome:?}") };
    assert_eq!((you.as_str(), role), ("master", Role::MasterTeacher));
    assert_eq!((lesson.phase, lesson.subject.as_str()), (Phase::DoorsOpen, "音乐"));
    let names: Vec<&str> = lesson.participants.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["陈静", "石门教学点", "云岭教学点", "柳河教学点"]);
    let (_observer, seen) = join(&demo, "observer").await;
    let ServerMessage::Welcome { lesson, .. } = seen else { panic!("{seen:?}") };
    assert_eq!(lesson.participants.len(), 4);
    let (point, _) = join(&demo, "point-1").await;
    let changed = |message: Option<ServerMessage>| match message {
        Some(ServerMessage::ParticipantChanged { participant }) => (participant.id.to_string(), participant.presence),
        other => panic!("{other:?}"),
    };
    assert_eq!(changed(master.hear().await), ("master".into(), Presence::Joining));
    assert_eq!(changed(master.hear().await), ("point-1".into(), Presence::Joining));
    drop(point);
    assert_eq!(changed(master.hear().await), ("point-1".into(), Presence::Absent));
}

#[tokio::test]
async fn only_those_of_the_lesson_come_in() {
    let dir = TempDir::new();
    let demo = Demo::start(&dir.join("data"));
    let lesson = demo.ready.lesson.clone();
    let rows = [
        (lesson.as_str(), demo.token("student"), StatusCode::FORBIDDEN),
        (lesson.as_str(), "nonsense", StatusCode::UNAUTHORIZED),
        ("no-such-lesson", demo.token("master"), StatusCode::NOT_FOUND),
        ("..", demo.token("master"), StatusCode::BAD_REQUEST),
    ];
    for (lesson, token, status) in rows {
        assert_eq!(open(&demo, lesson, token).await.err(), Some(status), "{lesson} {token}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_or_done_is_refused_with_its_reason() {
    let dir = TempDir::new();
    let demo = Demo::start(&dir.join("data"));
    let mut early = open(&demo, &demo.ready.lesson, demo.token("point-2")).await.unwrap();
    early.say(&ClientMessage::RaiseHand).await;
    assert_eq!(early.refusal().await.0, Refusal::HelloFirst);
    let (mut master, _) = join(&demo, "master").await;
    let too_long = "x".repeat(MAX_CLIENT_MESSAGE_LEN + 1);
    let rows = [
        ("{", Refusal::Malformed, "column"),
        ("{\"type\":\"grant_floor\"}", Refusal::Malformed, "point"),
        ("{\"type\":\"grant_floor\",\"point\":\"a\",\"more\":1}", Refusal::Malformed, "more"),
        (too_long.as_str(), Refusal::Malformed, "4096"),
        ("{\"type\":\"grant_floor\",\"point\":\"point-1\"}", Refusal::NotLive, ""),
        ("{\"type\":\"raise_hand\"}", Refusal::NotAllowed, ""),
    ];
    for (text, reason, detail) in rows {
        master.say_text(text.to_owned()).await;
        let refused = master.refusal().await;
        assert_eq!(refused.0, reason, "{text}");
        assert!(refused.1.contains(detail), "{refused:?}");
    }
    for _ in 0..30 {
        master.say(&ClientMessage::TurnWall { page: 0 }).await;
    }
    assert_eq!(master.refusal().await.0, Refusal::TooFast);
}

#[tokio::test]
async fn a_second_master_takes_over_and_the_first_is_told_and_closed() {
    let dir = TempDir::new();
    let demo = Demo::start(&dir.join("data"));
    let (mut first, _) = join(&demo, "master").await;
    let (mut second, _) = join(&demo, "master").await;
    first.hear_until(|m| *m == ServerMessage::Replaced).await;
    assert_eq!(first.hear().await, None);
    second.say(&ClientMessage::EndLesson).await;
    second.hear_until(|m| matches!(m, ServerMessage::PhaseChanged { phase: Phase::Ended, .. })).await;
}

#[tokio::test]
async fn an_ended_lesson_is_gone_for_everyone_and_stays_so_after_a_restart() {
    let dir = TempDir::new();
    let data = dir.join("data");
    let demo = Demo::start(&data);
    let (mut master, _) = join(&demo, "master").await;
    let (mut point, _) = join(&demo, "point-1").await;
    master.say(&ClientMessage::EndLesson).await;
    point.hear_until(|m| matches!(m, ServerMessage::PhaseChanged { phase: Phase::Ended, .. })).await;
    point.say(&ClientMessage::ReleaseFloor { point: ParticipantId::parse("point-1").unwrap() }).await;
    assert_eq!(point.refusal().await.0, Refusal::Ended);
    let ended = demo.ready.lesson.clone();
    assert_eq!(open(&demo, &ended, demo.token("point-2")).await.err(), Some(StatusCode::GONE));
    let path = format!("/api/lessons/{ended}");
    assert_eq!(demo.get(&path, "student").1["phase"], "ended");
    let (exit, _) = demo.end(nix::sys::signal::Signal::SIGTERM);
    assert!(exit.success());
    let again = Demo::start(&data);
    assert_ne!(again.ready.lesson, ended);
    assert_eq!(again.get(&path, "student").1["phase"], "ended");
    assert_eq!(open(&again, &ended, again.token("point-2")).await.err(), Some(StatusCode::GONE));
    assert!(open(&again, &again.ready.lesson, again.token("point-2")).await.is_ok());
}

#[tokio::test]
async fn everyone_is_disconnected_when_the_program_ends() {
    let dir = TempDir::new();
    let demo = Demo::start(&dir.join("data"));
    let (mut master, _) = join(&demo, "master").await;
    let (exit, _) = demo.end(nix::sys::signal::Signal::SIGINT);
    assert!(exit.success());
    while master.hear().await.is_some() {}
}
