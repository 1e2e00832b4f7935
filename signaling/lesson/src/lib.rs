//! The live lesson as pure state machines. Time is an argument, what it wants done comes back as [`Effect`]s.
//!
//! Each machine has a file: the [roster](roster) of seat-holders and their presence, the [floor], the raised [hands],
//! [courseware], the lead's [wall], the [clock] that moves the phase. [`Lesson`] composes them: feed it through its
//! `handle_*` and `admit_*` methods, then drain `poll_effect` and wait until `poll_timeout`.
//!
//! What changes is announced by comparison ([announce]): a machine changes its state, and after every input the lesson
//! compares what everyone was last told with what is so now. No rule can forget to tell.
#![allow(rustdoc::private_intra_doc_links, reason = "the machines are private; readers of the source follow the links")]

mod admission;
mod announce;
mod clock;
mod codec;
mod connections;
mod courseware;
mod effect;
mod floor;
mod grace;
mod hands;
pub mod limits;
mod lines;
mod member;
mod message;
mod pictures;
mod rate;
mod roster;
mod wall;

use std::collections::VecDeque;

use announce::Announced;
use clock::Clock;
use connections::Connections;
use courseware::Courseware;
use floor::Floor;
use hands::Hands;
use lines::Lines;
use pictures::Pictures;
use protocol::{
    LessonId, ParticipantId, UtcMs,
    message::{LessonSnapshot, Phase, PictureGiven, Presence, RecordingState, VideoCodec},
    timetable::SessionKind,
};
use roster::Roster;
use wall::Wall;

pub use admission::{Admission, EntryError, View};
pub use effect::{ConnectionId, Decoded, Effect, Happening, JournalEntry, PeerId, Stage};

/// A party of the lesson: its master teacher or one of its teaching points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The person or device.
    pub id: ParticipantId,
    /// Name to show.
    pub name: String,
}

/// What the timetable says about the lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which lesson.
    pub id: LessonId,
    /// 课名.
    pub title: String,
    /// 学科.
    pub subject: String,
    /// Class groups, as shown.
    pub class_group: String,
    /// 主校, as shown.
    pub hub_school: String,
    /// 主讲教师.
    pub master: Party,
    /// Teaching points in their fixed order.
    pub points: Vec<Party>,
    /// What its session is.
    pub kind: SessionKind,
    /// When the doors open.
    pub doors_open_at: UtcMs,
    /// First bell.
    pub starts_at: UtcMs,
    /// Last bell.
    pub ends_at: UtcMs,
    /// The latest it can go on.
    pub latest_end: UtcMs,
    /// When it went live, if it did before the program was restarted.
    pub live_since: Option<UtcMs>,
}

/// What happened to a media session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// Connected, or heard again after a silence.
    Flowing,
    /// Nothing is heard of it.
    Silent,
    /// It is over.
    Over {
        /// It went silent instead of saying goodbye.
        vanished: bool,
    },
    /// Its receiver reports tell this loss, in 256ths (RFC 3550 section 6.4.1).
    Loss {
        /// Fraction lost.
        fraction_lost: u8,
    },
    /// What its line allows it has changed.
    Given {
        /// In the order of its video m-lines.
        pictures: Vec<PictureGiven>,
    },
}

/// One live lesson.
#[derive(Debug)]
pub struct Lesson {
    plan: Plan,
    clock: Clock,
    roster: Roster,
    connections: Connections,
    floor: Floor,
    hands: Hands,
    courseware: Courseware,
    wall: Wall,
    pictures: Pictures,
    lines: Lines,
    video_codec: Option<VideoCodec>,
    recording: RecordingState,
    recording_begun: bool,
    announced: Announced,
    effects: VecDeque<Effect>,
}

impl Lesson {
    /// A lesson nobody is in yet.
    pub fn new(plan: Plan, now: UtcMs) -> Self {
        let roster = Roster::new(&plan);
        let mut lesson = Self {
            clock: Clock::new(&plan),
            announced: Announced::new(&roster),
            roster,
            plan,
            connections: Connections::default(),
            floor: Floor::default(),
            hands: Hands::default(),
            courseware: Courseware::default(),
            wall: Wall::default(),
            pictures: Pictures::default(),
            lines: Lines::default(),
            video_codec: None,
            recording: RecordingState::Idle,
            recording_begun: false,
            effects: VecDeque::new(),
        };
        lesson.settle(now);
        lesson
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.clock.phase()
    }

    /// The connection is gone.
    pub fn handle_disconnected(&mut self, connection: ConnectionId, now: UtcMs) {
        self.connections.close(connection);
        self.roster.hang_up(connection);
        self.settle(now);
    }

    /// Something happened to a media session.
    pub fn handle_media(&mut self, peer: PeerId, event: MediaEvent, now: UtcMs) {
        match event {
            MediaEvent::Given { pictures } => return self.given(peer, pictures),
            MediaEvent::Over { .. } => self.forget_pictures(peer),
            MediaEvent::Flowing | MediaEvent::Silent | MediaEvent::Loss { .. } => {}
        }
        if let Some(member) = self.roster.owner_mut(peer) {
            member.handle_media(peer, &event);
        } else if matches!(event, MediaEvent::Over { .. }) {
            self.connections.end_watching(peer);
        }
        self.settle(now);
    }

    /// The timetable has another plan for it. A party that is in both keeps its seat and its media; one that is in the old
    /// one only is sent away.
    pub fn handle_plan(&mut self, plan: Plan, now: UtcMs) {
        if self.phase() == Phase::Ended || plan == self.plan {
            return;
        }
        self.clock.replan(&plan);
        for gone in self.roster.replan(&plan) {
            self.send_away(gone);
        }
        self.plan = plan;
        self.announced.meet(&self.roster, self.video_codec);
        self.journal(None, Happening::Replanned, now);
        let lesson = Box::new(self.snapshot());
        self.tell_all(protocol::ServerMessage::PlanChanged { lesson });
        self.settle(now);
    }

    /// 停课: the timetable has it cancelled, or has it no more.
    pub fn handle_cancelled(&mut self, now: UtcMs) {
        if let Some(happening) = self.clock.cancel() {
            self.moved_on(happening, now);
        }
        self.settle(now);
    }

    /// Whether the clock is trusted. While it is not, the doors do not open and the lesson does not end by themselves.
    pub fn handle_clock(&mut self, trusted: bool, now: UtcMs) {
        self.clock.hold(!trusted);
        self.settle(now);
    }

    /// Closes whatever a former party has open.
    fn send_away(&mut self, mut member: member::Member) {
        for peer in member.take_sessions() {
            self.pictures.forget(peer);
            self.effects.push_back(Effect::ClosePeer(peer));
        }
        if let Some(connection) = member.connection {
            self.connections.close(connection);
            self.effects.push_back(Effect::CloseConnection(connection));
        }
    }

    /// The recorder tells how it is.
    pub fn handle_recording(&mut self, recording: RecordingState, now: UtcMs) {
        self.recording = recording;
        self.settle(now);
    }

    /// The time of [`Lesson::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: UtcMs) {
        self.settle(now);
    }

    /// When to call [`Lesson::handle_timeout`], if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<UtcMs> {
        [self.clock.deadline(), self.floor.deadline(), self.hands.deadline(), self.courseware.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing to do outside. Drain it after every `handle_*` and `admit_*`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Who of its parties is here.
    pub fn attendance(&self) -> impl Iterator<Item = (ParticipantId, Presence)> {
        self.roster.attendance()
    }

    /// The lesson as it stands.
    pub fn snapshot(&self) -> LessonSnapshot {
        LessonSnapshot {
            id: self.plan.id.clone(),
            title: self.plan.title.clone(),
            subject: self.plan.subject.clone(),
            class_group: self.plan.class_group.clone(),
            master_teacher: self.plan.master.name.clone(),
            hub_school: self.plan.hub_school.clone(),
            starts_at: self.plan.starts_at,
            ends_at: self.plan.ends_at,
            latest_end: self.plan.latest_end,
            kind: self.plan.kind,
            phase: self.clock.phase(),
            live_since: self.clock.live_since(),
            participants: self.roster.seen(self.video_codec),
            hands: self.hands.queue(),
            floor: self.floor.holders(),
            courseware: self.courseware.is_shared(),
            recording: self.recording,
            video_codec: self.video_codec,
        }
    }

    /// Lets time and presence have their effect on every machine, then tells what changed.
    fn settle(&mut self, now: UtcMs) {
        while let Some(happening) = self.clock.step(self.roster.lead().presence(), now) {
            self.moved_on(happening, now);
        }
        if self.phase() != Phase::Ended {
            let presence = |id: &ParticipantId| self.roster.presence(id);
            self.floor.observe(presence, now);
            self.hands.observe(presence, now);
            self.courseware.observe(self.roster.lead().presence(), now);
        }
        self.announce(now);
    }

    /// The lesson entered its next phase.
    fn moved_on(&mut self, happening: Happening, now: UtcMs) {
        let phase = self.phase();
        self.journal(None, happening, now);
        if phase == Phase::Ended {
            self.floor.clear();
            self.hands.clear();
            self.courseware.stop();
        }
        self.tell_all(protocol::ServerMessage::PhaseChanged { phase, at: now });
        self.effects.push_back(Effect::PhaseReached { phase, at: now });
    }

    fn journal(&mut self, who: Option<ParticipantId>, what: Happening, at: UtcMs) {
        let entry = JournalEntry { at, who, what };
        self.effects.push_back(Effect::Journal(entry));
    }
}
