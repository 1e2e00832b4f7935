//! `/ws`: the one WebSocket of a page. Messages in both directions are in `protocol::message`.

use std::time::Duration;

use axum::{
    extract::{
        Query, State, WebSocketUpgrade,
        rejection::QueryRejection,
        ws::{Message, Utf8Bytes, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use protocol::{ClientMessage, LessonId, ServerMessage, message::MAX_CLIENT_MESSAGE_LEN};
use serde::Deserialize;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::{
    App,
    auth::Bearer,
    problem::{Kind, Problem},
};
use crate::{clock::utc_now, lessons::Connection};

/// The subprotocol spoken here.
const SUBPROTOCOL: &str = "tongke.v1";
/// How often the clock is sent, and with it a ping.
const CLOCK_INTERVAL: Duration = Duration::from_secs(5);
/// A connection not heard for this long (not even a pong) is closed.
const SILENCE_LIMIT: Duration = Duration::from_secs(16);
/// A client that takes longer than this for one message is disconnected.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Longest frame read, in bytes: beyond it the connection is closed. What is longer than
/// [`MAX_CLIENT_MESSAGE_LEN`] but not this long is refused in words.
const MAX_FRAME: usize = 64 * 1024;

/// What is read at once, in bytes: messages are short, and there is such a buffer for every open page of a county.
const READ_BUFFER: usize = 4 * 1024;

/// The query of `/ws`.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    lesson: LessonId,
}

/// `GET /ws?lesson=ID`
pub async fn connect(
    State(app): State<App>,
    Bearer(person): Bearer,
    wanted: Result<Query<Wanted>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Query(Wanted { lesson }) =
        wanted.map_err(|rejection| Problem::new(Kind::MalformedParameter, rejection.body_text()).at("lesson"))?;
    let upgrade = upgrade.map_err(|rejection| Problem::new(Kind::UpgradeRequired, rejection.body_text()))?;
    let (connection, told) = app.lessons().connect(&lesson, person).await?;
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    let upgrade = upgrade.max_frame_size(MAX_FRAME).max_message_size(MAX_FRAME).read_buffer_size(READ_BUFFER);
    Ok(upgrade.on_upgrade(move |socket| async move {
        if let Err(why) = talk(socket, connection, told).await {
            tracing::debug!(%lesson, why, "a connection was closed");
        }
    }))
}

/// Carries messages both ways until one side is done; says why.
async fn talk(
    mut socket: WebSocket,
    connection: Connection,
    mut told: mpsc::Receiver<Utf8Bytes>,
) -> Result<(), &'static str> {
    let mut clock = interval(CLOCK_INTERVAL);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock.tick().await;
    let mut heard_at = Instant::now();
    loop {
        tokio::select! {
            message = told.recv() => match message {
                Some(text) => send(&mut socket, Message::Text(text)).await?,
                None => {
                    send(&mut socket, Message::Close(None)).await?;
                    return Ok(());
                }
            },
            frame = socket.recv() => {
                heard_at = Instant::now();
                match frame {
                    Some(Ok(message)) => hear(&connection, message).await?,
                    Some(Err(_)) => return Err("it broke"),
                    None => return Ok(()),
                }
            }
            _ = clock.tick() => {
                if heard_at.elapsed() > SILENCE_LIMIT {
                    return Err("it fell silent");
                }
                tell_time(&mut socket).await?;
            }
        }
    }
}

async fn hear(connection: &Connection, message: Message) -> Result<(), &'static str> {
    let text = match message {
        Message::Text(text) => text,
        Message::Binary(_) => {
            let detail = "messages are JSON text".to_owned();
            return still_there(connection.say_unreadable(detail).await);
        }
        Message::Ping(_) | Message::Pong(_) => return Ok(()),
        Message::Close(_) => return Ok(()),
    };
    still_there(match read(&text) {
        Ok(message) => connection.say(message).await,
        Err(detail) => connection.say_unreadable(detail).await,
    })
}

fn read(text: &str) -> Result<ClientMessage, String> {
    if text.len() > MAX_CLIENT_MESSAGE_LEN {
        return Err(format!("a message has at most {MAX_CLIENT_MESSAGE_LEN} bytes"));
    }
    serde_json::from_str(text).map_err(|e| e.to_string())
}

fn still_there(taken: bool) -> Result<(), &'static str> {
    taken.then_some(()).ok_or("the lesson is gone")
}

async fn tell_time(socket: &mut WebSocket) -> Result<(), &'static str> {
    let server_time = utc_now();
    let clock = ServerMessage::Clock { server_time };
    let text = serde_json::to_string(&clock).map_err(|_| "no JSON")?;
    send(socket, Message::Text(text.into())).await?;
    send(socket, Message::Ping(axum::body::Bytes::new())).await
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), &'static str> {
    match timeout(SEND_LIMIT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err("it broke"),
        Err(_) => Err("it is too slow"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_cannot_be_read_says_what_is_wrong_with_it() {
        let long = format!("\"{}\"", "x".repeat(MAX_CLIENT_MESSAGE_LEN));
        let rows = [
            ("{\"type\":\"grant_floor\"}", "point"),
            ("{\"type\":\"grant_floor\",\"point\":\"../x\"}", "identifier"),
            ("{\"type\":\"dance\"}", "dance"),
            ("{\"type\":\"hello\",\"capabilities\":{\"decodes\":[\"h263\"]}}", "h263"),
            ("{\"type\":\"turn_wall\",\"page\":-1}", "-1"),
            ("nonsense", "column"),
            (long.as_str(), "4096"),
        ];
        for (text, named) in rows {
            let detail = read(text).unwrap_err();
            assert!(detail.contains(named), "{detail}");
        }
    }
}
