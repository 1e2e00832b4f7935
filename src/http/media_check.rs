//! 课前线路检测: a session without a lesson, by which a page finds out whether sound and picture would reach it.
//!
//! Each is alone in a room that no lesson has. ICE and DTLS are enough to tell whether UDP or TCP gets through. To learn how
//! much is lost on the way a page may send one voice into its room, which comes back to it: the reports of both sessions tell.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::ParticipantId;
use sfu::{
    command::{Command, LessonKey, ParticipantKey},
    sdp::{Kind as MediaKind, Offer, answer_publisher, answer_subscriber},
    seats::{Stage, View},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    App,
    auth::Bearer,
    line_check::spend,
    problem::{Kind, Problem},
    sessions::{SDP, offer, unusable},
};

/// Sessions there are at once; a further one is refused.
const AT_ONCE: usize = 64;
/// A session ends after this. A page that waits longer than that for its connection has its answer.
const LIFE: Duration = Duration::from_secs(15);
/// Lines a check may have: one of sound and one of picture.
const LINES: usize = 2;
/// Bytes a session counts of what a person may move for checks.
const COUNTS_AS: usize = 300_000;
/// In a room one listens and the other speaks: nobody hears themselves.
const LISTENER: ParticipantKey = ParticipantKey(0);
const SPEAKER: ParticipantKey = ParticipantKey(1);

/// Whose room each is, as long as no voice has come into it.
type Silent = Mutex<HashMap<u32, ParticipantId>>;

/// The rooms of checks.
#[derive(Debug)]
pub struct CheckRooms {
    places: Arc<Semaphore>,
    /// Lessons are numbered upward from zero, rooms of checks downward from the end.
    next: AtomicU32,
    silent: Arc<Silent>,
}

impl Default for CheckRooms {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), next: AtomicU32::new(u32::MAX), silent: Arc::default() }
    }
}

/// One room, taken until it is dropped.
#[derive(Debug)]
struct CheckRoom {
    number: u32,
    silent: Arc<Silent>,
    _place: OwnedSemaphorePermit,
}

impl Drop for CheckRoom {
    fn drop(&mut self) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

impl CheckRooms {
    /// A room of one's own; none where too many are taken.
    fn take(&self, who: &ParticipantId) -> Option<CheckRoom> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let number = self.next.fetch_sub(1, Ordering::Relaxed);
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).insert(number, who.clone());
        Some(CheckRoom { number, silent: self.silent.clone(), _place: place })
    }

    /// Whether this person may send a voice into this room: into one's own, once.
    fn speak(&self, number: u32, who: &ParticipantId) -> bool {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let may = silent.get(&number) == Some(who);
        if may {
            silent.remove(&number);
        }
        may
    }
}

/// `POST /api/line-check/media`: answers the offer of a receiver. The session ends by itself; its `Location` takes a voice.
pub async fn media(
    State(app): State<App>,
    Bearer(person): Bearer,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let offer = offer(&headers, &body)?;
    if offer.media.len() > LINES {
        return Err(Problem::new(Kind::UnusableOffer, "offer one line of sound and one of picture").at("m="));
    }
    let room = app.line_checks().rooms.take(&person.id);
    let room = room.ok_or_else(|| Problem::new(Kind::TooOften, "many lines are being checked; try again soon"))?;
    spend(&app, &person, COUNTS_AS)?;
    let location = HeaderValue::try_from(format!("/api/line-check/media/{}", room.number));
    let sdp = open(&app, &offer, room)?;
    let mut response = (StatusCode::CREATED, [(header::CONTENT_TYPE, SDP)], sdp).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `POST /api/line-check/media/{room}`: answers the offer of one voice, which comes back in the room's session. It ends with it.
pub async fn voice(
    State(app): State<App>,
    Bearer(person): Bearer,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let offer = offer(&headers, &body)?;
    if !matches!(&offer.media[..], [line] if line.kind == MediaKind::Audio) {
        return Err(Problem::new(Kind::UnusableOffer, "offer one line of sound").at("m="));
    }
    let room = room.parse().ok().filter(|&room| app.line_checks().rooms.speak(room, &person.id));
    let room: u32 =
        room.ok_or_else(|| Problem::new(Kind::UnknownSession, "no check of yours waits for a voice there"))?;
    let (media, lesson) = (app.media(), LessonKey(room));
    let peer = media.next_peer();
    let shard = media.place_publisher(lesson, peer);
    let answered = media.with_local(shard, media.credentials(shard), |local| answer_publisher(&offer, |_| true, local));
    let answer = answered.map_err(|error| {
        media.closed(peer);
        unusable(error)
    })?;
    media.send(Command::SetStage { lesson, stage: Stage { lead: Some(SPEAKER), ..Stage::default() } });
    media.send(Command::Publish { peer, lesson, participant: SPEAKER, plan: answer.plan });
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, SDP)], answer.sdp).into_response())
}

/// Opens the session and sees to its end. Returns the answer.
fn open(app: &App, offer: &Offer, room: CheckRoom) -> Result<String, Problem> {
    let media = app.media();
    let (peer, lesson) = (media.next_peer(), LessonKey(room.number));
    let shard = media.place_viewer(lesson, peer);
    let answered =
        media.with_local(shard, media.credentials(shard), |local| answer_subscriber(offer, View::Class, local));
    let answer = answered.map_err(|error| {
        media.closed(peer);
        media.send(Command::EndLesson { lesson });
        unusable(error)
    })?;
    media.send(Command::Subscribe { peer, lesson, participant: LISTENER, plan: answer.plan, counted: false });
    let media = media.clone();
    tokio::spawn(async move {
        tokio::time::sleep(LIFE).await;
        // No voice comes into a room that has ended.
        drop(room);
        media.send(Command::EndLesson { lesson });
    });
    Ok(answer.sdp)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_check_has_a_room_that_no_other_has_and_there_are_only_so_many() {
        let (rooms, who) = (CheckRooms::default(), ParticipantId::try_from("point-1".to_owned()).unwrap());
        let mut taken: Vec<CheckRoom> = std::iter::from_fn(|| rooms.take(&who)).collect();
        assert_eq!(taken.iter().map(|room| room.number).collect::<HashSet<_>>().len(), AT_ONCE);
        assert!(taken.iter().all(|room| room.number > u32::MAX / 2), "lessons are numbered from below");
        let left = taken.pop().map(|room| room.number);
        assert!(
            rooms.take(&who).is_some_and(|room| Some(room.number) != left),
            "a place is free again, under a new number"
        );
    }

    #[test]
    fn only_who_has_a_room_sends_a_voice_into_it_and_only_once() {
        let [one, other] = ["point-1", "point-2"].map(|id| ParticipantId::try_from(id.to_owned()).unwrap());
        let rooms = CheckRooms::default();
        let room = rooms.take(&one).unwrap();
        let number = room.number;
        assert!(!rooms.speak(number, &other) && !rooms.speak(number - 1, &one));
        assert!(rooms.speak(number, &one) && !rooms.speak(number, &one));
        drop(room);
        let left = rooms.take(&one).map(|room| room.number);
        assert!(left.is_some_and(|number| !rooms.speak(number, &one)), "a room that was left takes nothing");
    }
}
