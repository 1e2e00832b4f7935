//! How large receivers show their pictures, and what their lines allow them: from a page to its viewing session and back.
//!
//! A seat-holder's session is known by its seat. An observer has none and may watch from several pages: there the page's id
//! tells which session belongs to which connection.

use std::collections::BTreeMap;

use protocol::{
    ServerMessage,
    message::{PictureGiven, PictureShown, Refusal},
};

use crate::{ConnectionId, Effect, Lesson, PeerId, limits::PICTURES, message::Refused};

/// What each viewing session is given of its pictures, as the media plane last told it.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    given: BTreeMap<PeerId, Vec<PictureGiven>>,
}

impl Pictures {
    /// The session is over.
    pub(crate) fn forget(&mut self, peer: PeerId) {
        self.given.remove(&peer);
    }

    fn of(&self, peer: PeerId) -> &[PictureGiven] {
        self.given.get(&peer).map_or(&[], Vec::as_slice)
    }
}

impl Lesson {
    /// A page tells how large it shows its pictures. One that receives nothing (yet) tells it again when it does.
    pub(crate) fn shows(&mut self, from: ConnectionId, pictures: Vec<PictureShown>) -> Result<(), Refused> {
        if pictures.len() > PICTURES {
            return Err((Refusal::Malformed, "pictures".into()));
        }
        if let Some(peer) = self.session_behind(from) {
            self.effects.push_back(Effect::Show { peer, pictures });
        }
        Ok(())
    }

    /// The media plane tells what the line of a viewing session allows it.
    pub(crate) fn given(&mut self, peer: PeerId, mut pictures: Vec<PictureGiven>) {
        if !self.is_viewing(peer) {
            return;
        }
        pictures.truncate(PICTURES);
        self.pictures.given.insert(peer, pictures);
        if let Some(connection) = self.page_before(peer) {
            self.tell_pictures(connection);
        }
    }

    /// The session is over: nothing is withheld from it any more.
    pub(crate) fn forget_pictures(&mut self, peer: PeerId) {
        let connection = self.page_before(peer);
        self.pictures.forget(peer);
        if let Some(connection) = connection {
            self.tell_pictures(connection);
        }
    }

    /// Tells a page what it is given, unless it was told so already.
    pub(crate) fn tell_pictures(&mut self, to: ConnectionId) {
        let given = self.session_behind(to).map_or(&[][..], |peer| self.pictures.of(peer)).to_vec();
        let Some(connection) = self.connections.get_mut(to).filter(|connection| connection.greeted) else { return };
        if connection.pictures != given {
            connection.pictures.clone_from(&given);
            self.tell(to, ServerMessage::PicturesChanged { pictures: given });
        }
    }

    /// The session that the page behind this connection watches through.
    fn session_behind(&self, connection: ConnectionId) -> Option<PeerId> {
        match self.roster.speaks_through(connection) {
            Some(member) => member.viewing(),
            None => self.connections.session_behind(connection),
        }
    }

    /// The connection of the page that watches through this session.
    fn page_before(&self, peer: PeerId) -> Option<ConnectionId> {
        match self.roster.views_through(peer) {
            Some(member) => member.connection,
            None => self.connections.page_before(peer),
        }
    }

    fn is_viewing(&self, peer: PeerId) -> bool {
        self.roster.views_through(peer).is_some() || self.connections.is_watching(peer)
    }
}
