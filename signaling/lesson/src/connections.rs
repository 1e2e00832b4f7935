//! Who is connected, and who watches unseen.

use std::collections::BTreeMap;

use protocol::{ParticipantId, UtcMs, message::Role};

use crate::{
    ConnectionId, PeerId,
    limits::{CONNECTIONS, OBSERVER_SESSIONS},
    rate::{Bucket, Pace},
    roster::Roster,
};

/// One open WebSocket connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// Whom it speaks for: a seat-holder, or a fresh id for an observer.
    pub(crate) who: ParticipantId,
    pub(crate) role: Role,
    /// It said hello and was welcomed: from then on it is told everything.
    pub(crate) greeted: bool,
    /// The page behind it, if it named itself: a page that reconnects is not a second device.
    pub(crate) page: Option<String>,
    bucket: Bucket,
}

/// All open connections of a lesson, and the viewing sessions of observers.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: BTreeMap<ConnectionId, Connection>,
    watching: BTreeMap<PeerId, ParticipantId>,
    observers_so_far: u32,
}

impl Connections {
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= CONNECTIONS
    }

    pub(crate) fn open(&mut self, id: ConnectionId, who: ParticipantId, role: Role, now: UtcMs) {
        let connection = Connection { who, role, greeted: false, page: None, bucket: Bucket::new(now) };
        self.open.insert(id, connection);
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.open.get(&id)
    }

    pub(crate) fn close(&mut self, id: ConnectionId) -> Option<Connection> {
        self.open.remove(&id)
    }

    /// Counts one more message of the connection; `None` when there is no such connection.
    pub(crate) fn pace(&mut self, id: ConnectionId, now: UtcMs) -> Option<Pace> {
        self.open.get_mut(&id).map(|c| c.bucket.take(now))
    }

    /// The connection said hello.
    pub(crate) fn greet(&mut self, id: ConnectionId, page: Option<String>) {
        if let Some(connection) = self.open.get_mut(&id) {
            connection.greeted = true;
            connection.page = page;
        }
    }

    /// Everyone to be told what happens.
    pub(crate) fn greeted(&self) -> Vec<ConnectionId> {
        let open = self.open.iter();
        open.filter(|(_, c)| c.greeted).map(|(&id, _)| id).collect()
    }

    /// A fresh id for someone who comes in unseen, which no seat-holder has.
    pub(crate) fn fresh_observer(&mut self, roster: &Roster) -> Option<ParticipantId> {
        loop {
            self.observers_so_far = self.observers_so_far.checked_add(1)?;
            let id = ParticipantId::parse(format!("unseen-{}", self.observers_so_far)).ok()?;
            if roster.member(&id).is_none() {
                return Some(id);
            }
        }
    }

    /// An observer begins to watch; false when there are too many.
    pub(crate) fn begin_watching(&mut self, peer: PeerId, who: ParticipantId) -> bool {
        let room = self.watching.len() < OBSERVER_SESSIONS;
        if room {
            self.watching.insert(peer, who);
        }
        room
    }

    /// An observer's session is over.
    pub(crate) fn end_watching(&mut self, peer: PeerId) {
        self.watching.remove(&peer);
    }
}
