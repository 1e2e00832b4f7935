//! Who may come into the lesson, with what, and what that makes them.

use access::{Action, Person, is_observer};
use protocol::{
    ParticipantId, UtcMs,
    message::{Phase, Role, VideoCodec},
};

use crate::{ConnectionId, Effect, Happening, Lesson, PeerId, codec::choose, limits::PAGE_ID_LEN, member::Direction};

/// Why someone may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Come back when the doors open.
    #[error("the doors of this lesson are not open yet")]
    NotOpenYet {
        /// When they do.
        doors_open_at: UtcMs,
    },
    /// Its recording may be played instead.
    #[error("the lesson has ended")]
    Ended,
    /// Go to a lesson of one's own.
    #[error("this person is no party of this lesson")]
    NotInLesson,
    /// The role never may.
    #[error("this role may not do that")]
    NotAllowed,
    /// Try again when others have left.
    #[error("the lesson is full")]
    Full,
}

/// What an admitted media session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Whose it is.
    pub participant: ParticipantId,
    /// Whether that is someone who watches without a seat: under an id of this session's own, which never comes again.
    pub unseen: bool,
    /// The video codec to negotiate; `None` when the lesson's codec is not fixed yet (a viewer), or the publisher did not
    /// offer it: then it carries voice only.
    pub video_codec: Option<VideoCodec>,
    /// How a viewer's m-lines are given out.
    pub view: View,
}

/// How a viewer's m-lines are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The lead: the floor and a wall of points.
    Lead,
    /// Everyone else: the lead, the courseware, the floor.
    Class,
}

impl Lesson {
    /// `person` opens a connection; it is told nothing until it says hello.
    pub fn handle_connected(
        &mut self,
        connection: ConnectionId,
        person: &Person,
        now: UtcMs,
    ) -> Result<(), EntryError> {
        self.check_open(now)?;
        if self.connections.is_full() {
            return Err(EntryError::Full);
        }
        let who = match self.seat_of(person) {
            Some(seat) => seat,
            None => self.observer(person)?,
        };
        self.connections.open(connection, who, person, now);
        Ok(())
    }

    /// `person` wants to publish. `offered`: video codecs in the order the publisher prefers them.
    ///
    /// An older publishing session of the same person is closed: the last one to come has the seat.
    pub fn admit_publisher(
        &mut self,
        person: &Person,
        peer: PeerId,
        offered: &[VideoCodec],
        now: UtcMs,
    ) -> Result<Admission, EntryError> {
        self.check_open(now)?;
        if !person.may(Action::PublishLead) && !person.may(Action::PublishPoint) {
            return Err(EntryError::NotAllowed);
        }
        let participant = self.seat_of(person).ok_or(EntryError::NotInLesson)?;
        self.begin_session(person, peer, Direction::Publish);
        self.fix_codec(offered, now);
        if person.role == Role::MasterTeacher {
            self.begin_recording();
        }
        self.settle(now);
        Ok(Admission {
            participant,
            unseen: false,
            video_codec: self.video_codec.filter(|codec| offered.contains(codec)),
            view: view_of(person.role),
        })
    }

    /// `person` wants to watch, on `video_lines` video m-lines. `page` is the id of the page load behind it, as in its `hello`.
    pub fn admit_viewer(
        &mut self,
        person: &Person,
        peer: PeerId,
        video_lines: usize,
        page: Option<String>,
        now: UtcMs,
    ) -> Result<Admission, EntryError> {
        self.check_open(now)?;
        let seat = self.seat_of(person);
        let unseen = seat.is_none();
        let participant = match seat {
            Some(seat) => {
                self.begin_session(person, peer, Direction::View);
                seat
            }
            None => self.admit_observer(person, peer, page, now)?,
        };
        let view = view_of(person.role);
        if view == View::Lead {
            self.wall.set_tiles(video_lines);
        }
        self.settle(now);
        Ok(Admission { participant, unseen, video_codec: self.video_codec, view })
    }

    fn check_open(&mut self, now: UtcMs) -> Result<(), EntryError> {
        self.settle(now);
        match self.phase() {
            Phase::Scheduled => Err(EntryError::NotOpenYet { doors_open_at: self.plan.doors_open_at }),
            Phase::DoorsOpen | Phase::Live => Ok(()),
            Phase::Ended => Err(EntryError::Ended),
        }
    }

    /// The seat this person holds in this lesson.
    fn seat_of(&mut self, person: &Person) -> Option<ParticipantId> {
        let member = self.roster.seat_mut(&person.id, person.role)?;
        Some(member.id.clone())
    }

    /// A fresh id for someone without a seat, if the role may come in unseen.
    fn observer(&mut self, person: &Person) -> Result<ParticipantId, EntryError> {
        if !person.may(Action::Watch) {
            return Err(EntryError::NotAllowed);
        }
        if !is_observer(person.role) {
            return Err(EntryError::NotInLesson);
        }
        self.connections.fresh_observer(&self.roster).ok_or(EntryError::Full)
    }

    fn admit_observer(
        &mut self,
        person: &Person,
        peer: PeerId,
        page: Option<String>,
        now: UtcMs,
    ) -> Result<ParticipantId, EntryError> {
        let participant = self.observer(person)?;
        let page = page.filter(|page| page.len() <= PAGE_ID_LEN);
        if !self.connections.begin_watching(peer, person.id.clone(), page) {
            return Err(EntryError::Full);
        }
        let who = Some(person.id.clone());
        self.journal(who, Happening::DropInObservation, now);
        Ok(participant)
    }

    fn begin_session(&mut self, person: &Person, peer: PeerId, direction: Direction) {
        let member = self.roster.seat_mut(&person.id, person.role);
        let Some(member) = member else { return };
        let connection = member.connection;
        if let Some(old) = member.begin_session(peer, direction) {
            self.pictures.forget(old);
            self.effects.push_back(Effect::ClosePeer(old));
        }
        if let Some(connection) = connection {
            self.tell_pictures(connection);
        }
    }

    fn fix_codec(&mut self, offered: &[VideoCodec], now: UtcMs) {
        if self.video_codec.is_none() {
            self.video_codec = choose(offered, self.roster.decoders());
            if let Some(codec) = self.video_codec {
                self.journal(None, Happening::CodecFixed(codec), now);
            }
        }
    }

    /// Before the lead's first packet can arrive, so that not even its first key frame is missed.
    fn begin_recording(&mut self) {
        if self.recording_begun {
            return;
        }
        self.recording_begun = true;
        self.effects.push_back(Effect::BeginRecording);
    }
}

fn view_of(role: Role) -> View {
    match role {
        Role::MasterTeacher => View::Lead,
        _ => View::Class,
    }
}
