//! One seat-holder of a lesson: is it here, how is its line, what can it decode.

use protocol::{
    ParticipantId,
    message::{LinkState, Participant, Presence, Role, VideoCodec},
};

use crate::{ConnectionId, MediaEvent, PeerId};

/// Loss from this many 256ths on is no longer good: 2 %.
const FAIR_FROM: u8 = 6;
/// Loss from this many 256ths on is poor: 10 %.
const POOR_FROM: u8 = 26;

/// Whether a media session carries anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Admitted, not connected yet.
    Connecting,
    /// Connected.
    Flowing,
    /// Nothing is heard of it.
    Silent,
}

/// Which way the media of a session goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// It publishes.
    Publish,
    /// It watches.
    View,
}

/// One media session of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Session {
    peer: PeerId,
    direction: Direction,
    flow: Flow,
    /// Fraction lost in 256ths, as last reported.
    fraction_lost: Option<u8>,
}

/// One seat-holder.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: ParticipantId,
    pub(crate) role: Role,
    pub(crate) name: String,
    /// The connection it speaks through now, if any.
    pub(crate) connection: Option<ConnectionId>,
    /// At most one for each direction.
    sessions: Vec<Session>,
    /// A session ended because nothing was heard of it any more, and nothing has come since.
    vanished: bool,
    decodes: Option<Vec<VideoCodec>>,
}

impl Member {
    pub(crate) fn new(id: ParticipantId, name: String, role: Role) -> Self {
        Self { id, role, name, connection: None, sessions: Vec::new(), vanished: false, decodes: None }
    }

    /// The same under another name.
    pub(crate) fn renamed(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// A connection of it said hello; returns the connection it had until now, if that was another.
    pub(crate) fn speaks_through(
        &mut self,
        connection: ConnectionId,
        decodes: Vec<VideoCodec>,
    ) -> Option<ConnectionId> {
        self.vanished = false;
        self.decodes = Some(decodes);
        self.connection.replace(connection).filter(|&old| old != connection)
    }

    /// A new media session of it begins; returns the session it takes the place of.
    pub(crate) fn begin_session(&mut self, peer: PeerId, direction: Direction) -> Option<PeerId> {
        self.vanished = false;
        let old = self.end_where(|session| session.direction == direction);
        self.sessions.push(Session { peer, direction, flow: Flow::Connecting, fraction_lost: None });
        old
    }

    /// Forgets the session for which `is_it` holds.
    fn end_where(&mut self, is_it: impl Fn(&Session) -> bool) -> Option<PeerId> {
        let at = self.sessions.iter().position(is_it)?;
        Some(self.sessions.swap_remove(at).peer)
    }

    /// Its session `peer` is over; `vanished` when it went silent instead of saying goodbye.
    fn end_session(&mut self, peer: PeerId, vanished: bool) {
        if self.end_where(|session| session.peer == peer).is_some() {
            self.vanished = vanished;
        }
    }

    /// Something happened to its session `peer`.
    pub(crate) fn handle_media(&mut self, peer: PeerId, event: &MediaEvent) {
        match (event, self.session_mut(peer)) {
            (MediaEvent::Flowing, Some(session)) => session.flow = Flow::Flowing,
            (MediaEvent::Silent, Some(session)) => session.flow = Flow::Silent,
            (MediaEvent::Loss { fraction_lost }, Some(session)) => {
                session.fraction_lost = Some(*fraction_lost);
            }
            (MediaEvent::Over { vanished }, _) => self.end_session(peer, *vanished),
            (MediaEvent::Given { .. }, _) | (_, None) => {}
        }
    }

    /// Forgets all its sessions and returns them.
    pub(crate) fn take_sessions(&mut self) -> Vec<PeerId> {
        self.sessions.drain(..).map(|s| s.peer).collect()
    }

    /// Its session with this id.
    fn session_mut(&mut self, peer: PeerId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|s| s.peer == peer)
    }

    /// The session it watches through, if it does.
    pub(crate) fn viewing(&self) -> Option<PeerId> {
        self.sessions.iter().find(|s| s.direction == Direction::View).map(|s| s.peer)
    }

    /// Whether this media session is its.
    pub(crate) fn owns(&self, peer: PeerId) -> bool {
        self.sessions.iter().any(|s| s.peer == peer)
    }

    fn flow(&self, direction: Direction) -> Option<Flow> {
        let session = self.sessions.iter().find(|s| s.direction == direction);
        session.map(|s| s.flow)
    }

    /// Whether its own sound and picture arrive.
    pub(crate) fn publishes(&self) -> bool {
        self.flow(Direction::Publish) == Some(Flow::Flowing)
    }

    /// What it decodes, once it has said hello.
    pub(crate) fn decodes(&self) -> Option<&[VideoCodec]> {
        self.decodes.as_deref()
    }

    /// Whether it is here. The lead is here when it publishes; a point also when it only watches.
    pub(crate) fn presence(&self) -> Presence {
        let publishing = self.flow(Direction::Publish);
        let watching = self.flow(Direction::View);
        let is_lead = self.role == Role::MasterTeacher;
        let silent = Some(Flow::Silent);
        if self.publishes() {
            Presence::Present
        } else if publishing == silent || watching == silent {
            Presence::Lost
        } else if watching == Some(Flow::Flowing) && !is_lead {
            Presence::Present
        } else if self.vanished {
            Presence::Lost
        } else if self.connection.is_some() || publishing.is_some() || watching.is_some() {
            Presence::Joining
        } else {
            Presence::Absent
        }
    }

    fn link(&self) -> LinkState {
        let worst = self.sessions.iter().filter_map(|s| s.fraction_lost).max();
        match worst {
            None => LinkState::Unknown,
            Some(lost) if lost < FAIR_FROM => LinkState::Good,
            Some(lost) if lost < POOR_FROM => LinkState::Fair,
            Some(_) => LinkState::Poor,
        }
    }

    /// It as everyone sees it, in a lesson that runs on `codec`.
    pub(crate) fn seen(&self, codec: Option<VideoCodec>) -> Participant {
        let lacks = |codec| self.decodes.as_ref().is_some_and(|d| !d.contains(&codec));
        Participant {
            id: self.id.clone(),
            name: self.name.clone(),
            role: self.role,
            presence: self.presence(),
            link: self.link(),
            sees_video: !codec.is_some_and(lacks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHIP: PeerId = PeerId(1);
    const WHEP: PeerId = PeerId(2);

    fn point() -> Member {
        let id = ParticipantId::parse("point-1").unwrap();
        Member::new(id, "石门教学点".into(), Role::ClassroomDevice)
    }

    const GOODBYE: MediaEvent = MediaEvent::Over { vanished: false };

    #[test]
    fn a_point_is_joining_then_present_then_lost_then_present_again() {
        let mut point = point();
        assert_eq!(point.presence(), Presence::Absent);
        point.speaks_through(ConnectionId(1), vec![]);
        assert_eq!(point.presence(), Presence::Joining);
        point.begin_session(WHIP, Direction::Publish);
        assert_eq!(point.presence(), Presence::Joining);
        point.handle_media(WHIP, &MediaEvent::Flowing);
        assert_eq!(point.presence(), Presence::Present);
        point.handle_media(WHIP, &MediaEvent::Silent);
        assert_eq!(point.presence(), Presence::Lost);
        point.handle_media(WHIP, &MediaEvent::Flowing);
        point.connection = None;
        assert_eq!(point.presence(), Presence::Present);
    }

    #[test]
    fn a_point_without_a_camera_is_present_when_it_watches_but_a_lead_is_not() {
        let mut point = point();
        point.begin_session(WHEP, Direction::View);
        point.handle_media(WHEP, &MediaEvent::Flowing);
        assert_eq!(point.presence(), Presence::Present);
        point.role = Role::MasterTeacher;
        assert_eq!(point.presence(), Presence::Joining);
    }

    #[test]
    fn one_that_vanished_stays_lost_and_one_that_left_is_absent() {
        for (vanished, expected) in [(true, Presence::Lost), (false, Presence::Absent)] {
            let mut point = point();
            point.begin_session(WHIP, Direction::Publish);
            point.handle_media(WHIP, &MediaEvent::Flowing);
            point.handle_media(WHIP, &MediaEvent::Over { vanished });
            assert_eq!(point.presence(), expected);
            point.begin_session(WHEP, Direction::View);
            assert_eq!(point.presence(), Presence::Joining);
        }
    }

    #[test]
    fn the_worse_of_its_two_lines_counts() {
        let mut point = point();
        assert_eq!(point.seen(None).link, LinkState::Unknown);
        point.begin_session(WHIP, Direction::Publish);
        point.begin_session(WHEP, Direction::View);
        for (lost, expected) in [
            (0, LinkState::Good),
            (5, LinkState::Good),
            (6, LinkState::Fair),
            (25, LinkState::Fair),
            (26, LinkState::Poor),
        ] {
            point.handle_media(WHIP, &MediaEvent::Loss { fraction_lost: 0 });
            point.handle_media(WHEP, &MediaEvent::Loss { fraction_lost: lost });
            assert_eq!(point.seen(None).link, expected, "{lost}/256");
        }
    }

    #[test]
    fn a_second_session_of_the_same_direction_takes_the_place_of_the_first() {
        let mut point = point();
        assert_eq!(point.begin_session(WHIP, Direction::Publish), None);
        assert_eq!(point.begin_session(WHEP, Direction::View), None);
        assert_eq!(point.begin_session(PeerId(3), Direction::Publish), Some(WHIP));
        assert_eq!(point.take_sessions().len(), 2);
        point.handle_media(WHIP, &GOODBYE);
        assert_eq!(point.presence(), Presence::Absent);
    }
}
