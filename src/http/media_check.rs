//! 课前线路检测: a session without a lesson, by which a page finds out whether sound and picture would reach it.
//!
//! Each is alone in a room that no lesson has. Nothing is published there: what flows is ICE, DTLS and RTCP, which is
//! enough to tell whether UDP or TCP gets through. How many packets are lost on the way it does not tell.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sfu::{
    command::{Command, LessonKey, ParticipantKey},
    sdp::{Offer, answer_subscriber},
    seats::View,
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

/// The rooms of checks.
#[derive(Debug)]
pub struct CheckRooms {
    places: Arc<Semaphore>,
    /// Lessons are numbered upward from zero, rooms of checks downward from the end.
    next: AtomicU32,
}

impl Default for CheckRooms {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), next: AtomicU32::new(u32::MAX) }
    }
}

/// One room, taken until it is dropped.
#[derive(Debug)]
struct CheckRoom {
    number: u32,
    _place: OwnedSemaphorePermit,
}

impl CheckRooms {
    /// A room of its own; none where too many are taken.
    fn take(&self) -> Option<CheckRoom> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(CheckRoom { number: self.next.fetch_sub(1, Ordering::Relaxed), _place: place })
    }
}

/// `POST /api/line-check/media`: answers the offer of a receiver. The session has no URL; it ends by itself.
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
    let room = app.line_checks().rooms.take();
    let room = room.ok_or_else(|| Problem::new(Kind::TooOften, "many lines are being checked; try again soon"))?;
    spend(&app, &person, COUNTS_AS)?;
    let sdp = open(&app, &offer, room)?;
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, SDP)], sdp).into_response())
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
    // Nobody else is in the room, so its number is as good as any.
    let participant = ParticipantKey(room.number);
    media.send(Command::Subscribe { peer, lesson, participant, plan: answer.plan, counted: false });
    let media = media.clone();
    tokio::spawn(async move {
        tokio::time::sleep(LIFE).await;
        media.send(Command::EndLesson { lesson });
        drop(room);
    });
    Ok(answer.sdp)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_check_has_a_room_that_no_other_has_and_there_are_only_so_many() {
        let rooms = CheckRooms::default();
        let mut taken: Vec<CheckRoom> = std::iter::from_fn(|| rooms.take()).collect();
        assert_eq!(taken.iter().map(|room| room.number).collect::<HashSet<_>>().len(), AT_ONCE);
        assert!(taken.iter().all(|room| room.number > u32::MAX / 2), "lessons are numbered from below");
        let left = taken.pop().map(|room| room.number);
        assert!(
            rooms.take().is_some_and(|room| Some(room.number) != left),
            "a place is free again, under a new number"
        );
    }
}
