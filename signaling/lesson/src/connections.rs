//! Who is connected, and who watches unseen.

use std::collections::BTreeMap;

use protocol::{
    ParticipantId, UtcMs,
    message::{PictureGiven, Role},
};

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
    /// Who opened it.
    pub(crate) person: ParticipantId,
    pub(crate) role: Role,
    /// It said hello and was welcomed: from then on it is told everything.
    pub(crate) greeted: bool,
    /// The page behind it, if it named itself: a page that reconnects is not a second device.
    pub(crate) page: Option<String>,
    /// What it was last told it is given of its pictures.
    pub(crate) pictures: Vec<PictureGiven>,
    bucket: Bucket,
}

/// A viewing session of an observer. It has no seat by which its connection could be told, so the page names itself to both.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Watching {
    person: ParticipantId,
    page: Option<String>,
}

/// All open connections of a lesson, and the viewing sessions of observers.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: BTreeMap<ConnectionId, Connection>,
    watching: BTreeMap<PeerId, Watching>,
    observers_so_far: u32,
}

impl Connections {
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= CONNECTIONS
    }

    pub(crate) fn open(&mut self, id: ConnectionId, who: ParticipantId, person: &access::Person, now: UtcMs) {
        let (person, role) = (person.id.clone(), person.role);
        let bucket = Bucket::new(now);
        let connection = Connection { who, person, role, greeted: false, page: None, pictures: Vec::new(), bucket };
        self.open.insert(id, connection);
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.open.get(&id)
    }

    pub(crate) fn close(&mut self, id: ConnectionId) -> Option<Connection> {
        self.open.remove(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.open.get_mut(&id)
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
    pub(crate) fn begin_watching(&mut self, peer: PeerId, person: ParticipantId, page: Option<String>) -> bool {
        let room = self.watching.len() < OBSERVER_SESSIONS;
        if room {
            self.watching.insert(peer, Watching { person, page });
        }
        room
    }

    /// The newest session that the observer's page behind this connection watches through.
    pub(crate) fn session_behind(&self, id: ConnectionId) -> Option<PeerId> {
        let connection = self.open.get(&id)?;
        let page = connection.page.as_ref()?;
        let is_it = |w: &Watching| w.person == connection.person && w.page.as_ref() == Some(page);
        self.watching.iter().rev().find(|(_, watching)| is_it(watching)).map(|(&peer, _)| peer)
    }

    /// The connection of the page that watches through this session of an observer.
    pub(crate) fn page_before(&self, peer: PeerId) -> Option<ConnectionId> {
        let watching = self.watching.get(&peer)?;
        let page = watching.page.as_ref()?;
        let is_it = |c: &Connection| c.greeted && c.person == watching.person && c.page.as_ref() == Some(page);
        self.open.iter().rev().find(|(_, connection)| is_it(connection)).map(|(&id, _)| id)
    }

    /// Whether this is a session of an observer.
    pub(crate) fn is_watching(&self, peer: PeerId) -> bool {
        self.watching.contains_key(&peer)
    }

    /// An observer's session is over.
    pub(crate) fn end_watching(&mut self, peer: PeerId) {
        self.watching.remove(&peer);
    }
}
