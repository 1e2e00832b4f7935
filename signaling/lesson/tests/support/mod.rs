//! A classroom for stories: a lesson, its people, and simulated time.
#![allow(dead_code, reason = "each story uses a part of it")]
#![allow(clippy::unwrap_used, reason = "test code outside test functions")]

use access::Person;
use lesson::{Admission, ConnectionId, Effect, Happening, Lesson, MediaEvent, Party, PeerId, Plan, Stage};
use protocol::{
    ClientMessage, LessonId, ParticipantId, ServerMessage, UtcMs,
    message::{Capabilities, Phase, Presence, Refusal, Role, VideoCodec},
    timetable::SessionKind,
};

pub const MINUTE_MS: i64 = 60_000;
pub const ALL_CODECS: [VideoCodec; 3] = [VideoCodec::H264, VideoCodec::Vp9, VideoCodec::Vp8];

pub fn id(text: &str) -> ParticipantId {
    ParticipantId::parse(text).unwrap()
}

pub fn person(name: &str) -> Person {
    let role = match name {
        name if name.starts_with("master") => Role::MasterTeacher,
        name if name.starts_with("point") => Role::ClassroomDevice,
        name if name.starts_with("student") => Role::Student,
        name if name.starts_with("admin") => Role::Admin,
        _ => Role::Researcher,
    };
    Person { id: id(name), name: name.into(), organisation: "学校".into(), role }
}

fn party(name: &str) -> Party {
    Party { id: id(name), name: name.into() }
}

/// Doors at 0, bell at 10 minutes, last bell at 50, at the latest over at 80.
pub fn plan(points: usize) -> Plan {
    Plan {
        id: LessonId::parse("music").unwrap(),
        title: "《茉莉花》欣赏与演唱".into(),
        subject: "音乐".into(),
        class_group: "三年级".into(),
        hub_school: "中心小学".into(),
        master: party("master"),
        points: (1..=points).map(|i| party(&format!("point-{i}"))).collect(),
        doors_open_at: UtcMs(0),
        starts_at: UtcMs(10 * MINUTE_MS),
        ends_at: UtcMs(50 * MINUTE_MS),
        latest_end: UtcMs(80 * MINUTE_MS),
        live_since: None,
        kind: SessionKind::DedicatedLesson,
    }
}

pub struct Class {
    pub lesson: Lesson,
    pub now: UtcMs,
    /// Everything it wanted done, in order.
    pub effects: Vec<Effect>,
    next: u64,
}

impl Class {
    /// Doors have just opened.
    pub fn new(points: usize) -> Self {
        Self::from_plan(plan(points))
    }

    pub fn from_plan(plan: Plan) -> Self {
        let mut class = Self { lesson: Lesson::new(plan, UtcMs(0)), now: UtcMs(0), effects: Vec::new(), next: 0 };
        class.drain();
        class
    }

    /// The lead publishes, and each of the points is connected, greeted and publishes.
    pub fn live(points: usize) -> Self {
        let mut class = Self::new(points);
        class.joins("master");
        class.publishes("master");
        for i in 1..=points {
            class.joins(&format!("point-{i}"));
            class.publishes(&format!("point-{i}"));
        }
        class
    }

    fn drain(&mut self) {
        while let Some(effect) = self.lesson.poll_effect() {
            self.effects.push(effect);
        }
    }

    /// Forgets what it has wanted so far.
    pub fn forget(&mut self) {
        self.effects.clear();
    }

    /// Lets time pass, waking the lesson whenever it asks to be.
    pub fn wait(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some(at) = self.lesson.poll_timeout().filter(|&at| at <= until) {
            self.now = self.now.max(at);
            self.lesson.handle_timeout(self.now);
            self.drain();
            assert!(self.lesson.poll_timeout().is_none_or(|at| at > self.now), "a timeout that does not go away");
        }
        self.now = until;
    }

    pub fn connects(&mut self, who: &str) -> ConnectionId {
        self.next += 1;
        let connection = ConnectionId(self.next);
        let admitted = self.lesson.handle_connected(connection, &person(who), self.now);
        assert_eq!(admitted, Ok(()));
        self.drain();
        connection
    }

    pub fn says(&mut self, from: ConnectionId, message: ClientMessage) {
        self.lesson.handle_message(from, message, self.now);
        self.drain();
    }

    pub fn greets(&mut self, from: ConnectionId, decodes: &[VideoCodec], page: Option<&str>) {
        self.says(
            from,
            ClientMessage::Hello {
                capabilities: Capabilities { decodes: decodes.to_vec() },
                page: page.map(str::to_owned),
            },
        );
    }

    /// Connects and says hello.
    pub fn joins(&mut self, who: &str) -> ConnectionId {
        let connection = self.connects(who);
        self.greets(connection, &ALL_CODECS, None);
        connection
    }

    pub fn hangs_up(&mut self, connection: ConnectionId) {
        self.lesson.handle_disconnected(connection, self.now);
        self.drain();
    }

    pub fn offers(&mut self, who: &str, offered: &[VideoCodec]) -> (PeerId, Admission) {
        self.next += 1;
        let peer = PeerId(self.next);
        let admission = self.lesson.admit_publisher(&person(who), peer, offered, self.now).unwrap();
        self.drain();
        (peer, admission)
    }

    /// Offers every codec and connects.
    pub fn publishes(&mut self, who: &str) -> PeerId {
        let (peer, _) = self.offers(who, &ALL_CODECS);
        self.media(peer, MediaEvent::Flowing);
        peer
    }

    pub fn watches(&mut self, who: &str, video_lines: usize) -> (PeerId, Admission) {
        self.watches_on(who, video_lines, None)
    }

    /// From the page that calls itself so.
    pub fn watches_on(&mut self, who: &str, video_lines: usize, page: Option<&str>) -> (PeerId, Admission) {
        self.next += 1;
        let peer = PeerId(self.next);
        let admission =
            self.lesson.admit_viewer(&person(who), peer, video_lines, page.map(str::to_owned), self.now).unwrap();
        self.drain();
        (peer, admission)
    }

    pub fn media(&mut self, peer: PeerId, event: MediaEvent) {
        self.lesson.handle_media(peer, event, self.now);
        self.drain();
    }

    pub fn phase(&self) -> Phase {
        self.lesson.phase()
    }

    pub fn presence(&self, who: &str) -> Presence {
        let participants = self.lesson.snapshot().participants;
        let found = participants.into_iter().find(|p| p.id == id(who));
        found.unwrap().presence
    }

    pub fn floor(&self) -> Vec<String> {
        names(&self.lesson.snapshot().floor)
    }

    pub fn hands(&self) -> Vec<String> {
        names(&self.lesson.snapshot().hands)
    }

    /// What this connection was told since the last `forget`.
    pub fn told(&self, connection: ConnectionId) -> Vec<ServerMessage> {
        let tell = |effect: &Effect| match effect {
            Effect::Tell { to, message } if to.contains(&connection) => Some(message.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(tell).collect()
    }

    /// Why this connection's requests were refused since the last `forget`.
    pub fn refusals(&self, connection: ConnectionId) -> Vec<Refusal> {
        let reason = |message| match message {
            ServerMessage::Refused { reason, .. } => Some(reason),
            _ => None,
        };
        self.told(connection).into_iter().filter_map(reason).collect()
    }

    /// The stage as it was last set since the last `forget`.
    pub fn stage(&self) -> Option<Stage> {
        let stage = |effect: &Effect| match effect {
            Effect::SetStage(stage) => Some(stage.clone()),
            _ => None,
        };
        self.effects.iter().rev().find_map(stage)
    }

    /// What the journal got since the last `forget`.
    pub fn journal(&self) -> Vec<(Option<String>, Happening)> {
        let entry = |effect: &Effect| match effect {
            Effect::Journal(e) => Some((e.who.as_ref().map(|w| w.to_string()), e.what)),
            _ => None,
        };
        self.effects.iter().filter_map(entry).collect()
    }

    pub fn wanted(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }
}

pub fn names(ids: &[ParticipantId]) -> Vec<String> {
    ids.iter().map(|id| id.to_string()).collect()
}

pub fn grant(point: &str) -> ClientMessage {
    ClientMessage::GrantFloor { point: id(point) }
}

pub fn release(point: &str) -> ClientMessage {
    ClientMessage::ReleaseFloor { point: id(point) }
}
