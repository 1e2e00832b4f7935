//! Whatever people and lines do, in whatever order, some things always hold. Seeded; a failure prints its seed.

mod support;

use std::collections::BTreeSet;

use lesson::{ConnectionId, Effect, Lesson, MediaEvent, PeerId, limits::PICTURES};
use protocol::{
    ClientMessage, ServerMessage, UtcMs,
    line::LineReport,
    message::{Capabilities, Phase, PictureGiven, PictureShown, RecordingState, Role, VideoCodec},
};
use support::{ALL_CODECS, id, person, plan};

const SEEDS: u64 = 400;
const STEPS: u32 = 400;
const PEOPLE: [&str; 9] =
    ["master", "point-1", "point-2", "point-3", "point-4", "observer", "admin", "student", "master-of-another"];

const PAGES: [Option<&str>; 3] = [None, Some("a"), Some("b")];

/// Marsaglia's xorshift64.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn some_codecs(&mut self) -> Vec<VideoCodec> {
        let mask = self.below(8);
        let chosen = ALL_CODECS.into_iter().enumerate();
        chosen.filter(|(i, _)| mask >> i & 1 == 1).map(|(_, codec)| codec).collect()
    }
}

struct World {
    lesson: Lesson,
    dice: Dice,
    now: UtcMs,
    next: u64,
    /// Connections as the outside knows them.
    open: BTreeSet<ConnectionId>,
    /// Sessions admitted to watch and not closed since.
    viewing: BTreeSet<PeerId>,
    ended: bool,
}

fn message(dice: &mut Dice) -> ClientMessage {
    let point = id(dice.pick(&PEOPLE));
    match dice.below(20) {
        0..=3 => ClientMessage::Hello {
            capabilities: Capabilities { decodes: dice.some_codecs() },
            page: dice.pick(&PAGES).map(str::to_owned),
        },
        4 | 5 => ClientMessage::RaiseHand,
        6 => ClientMessage::LowerHand,
        7..=9 => ClientMessage::GrantFloor { point },
        10 | 11 => ClientMessage::ReleaseFloor { point },
        12 => ClientMessage::StartCourseware,
        13 => ClientMessage::StopCourseware,
        14 => ClientMessage::TurnWall { page: dice.below(4) as u16 },
        15 => ClientMessage::Headcount { count: dice.below(3_000) as u16 },
        16 => ClientMessage::Received { frames_decoded: 7, sound_ms: u32::MAX, concealed_ms: 0 },
        17 => {
            let shown = PictureShown { width: u16::MAX, height: 0 };
            ClientMessage::Shows { pictures: vec![shown; dice.below(PICTURES + 2)] }
        }
        18 => {
            let report = LineReport { rtt_ms: Some(u32::MAX), frozen_ms: u32::MAX, ..LineReport::default() };
            ClientMessage::Line { report }
        }
        // Rare, or every run would be short.
        _ if dice.below(20) == 0 => ClientMessage::EndLesson,
        _ => ClientMessage::LowerHand,
    }
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            lesson: Lesson::new(plan(3), UtcMs(0)),
            dice: Dice::new(seed),
            now: UtcMs(0),
            next: 0,
            open: BTreeSet::new(),
            viewing: BTreeSet::new(),
            ended: false,
        }
    }

    fn some_id(&mut self) -> u64 {
        self.dice.below(self.next as usize + 2) as u64
    }

    fn some_event(&mut self) -> MediaEvent {
        let vanished = self.dice.below(2) == 0;
        let fraction_lost = self.dice.below(256) as u8;
        self.dice.pick(&[
            MediaEvent::Flowing,
            MediaEvent::Flowing,
            MediaEvent::Silent,
            MediaEvent::Over { vanished },
            MediaEvent::Loss { fraction_lost },
            MediaEvent::Given { pictures: vec![PictureGiven::Withheld; usize::from(fraction_lost) % 4] },
        ])
    }

    fn step(&mut self) {
        let who = person(self.dice.pick(&PEOPLE));
        let now = self.now;
        match self.dice.below(20) {
            0..=2 => {
                self.next += 1;
                let connection = ConnectionId(self.next);
                if self.lesson.handle_connected(connection, &who, now).is_ok() {
                    self.open.insert(connection);
                }
            }
            3 => {
                let connection = ConnectionId(self.some_id());
                self.open.remove(&connection);
                self.lesson.handle_disconnected(connection, now);
            }
            4 => {
                self.next += 1;
                let offered = self.dice.some_codecs();
                let peer = PeerId(self.next);
                let _ = self.lesson.admit_publisher(&who, peer, &offered, now);
            }
            5 => {
                self.next += 1;
                let (peer, lines) = (PeerId(self.next), self.dice.below(4));
                let page = self.dice.pick(&PAGES).map(str::to_owned);
                if self.lesson.admit_viewer(&who, peer, lines, page, now).is_ok() {
                    self.viewing.insert(peer);
                }
            }
            6..=10 => {
                let peer = PeerId(self.some_id());
                let event = self.some_event();
                if matches!(event, MediaEvent::Over { .. }) {
                    self.viewing.remove(&peer);
                }
                self.lesson.handle_media(peer, event, now);
            }
            11 => {
                let step = self.dice.pick(&[1, 200, 5_000, 30_000]);
                self.now = self.now.plus_ms(step);
                self.lesson.handle_timeout(self.now);
            }
            12 => {
                let state = self.dice.pick(&[RecordingState::Recording, RecordingState::Failed]);
                self.lesson.handle_recording(state, now);
            }
            13 if self.dice.below(4) == 0 => {
                let mut other = plan(1 + self.dice.below(4));
                let shift = self.dice.pick(&[-20_000, 0, 60_000]);
                other.ends_at = other.ends_at.plus_ms(shift);
                self.lesson.handle_plan(other, now);
            }
            _ => {
                let from = ConnectionId(self.some_id());
                let message = message(&mut self.dice);
                self.lesson.handle_message(from, message, now);
            }
        }
        self.drain();
        self.check();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.lesson.poll_effect() {
            match effect {
                Effect::Tell { to, message } => {
                    assert!(!to.is_empty());
                    let replaced = message == ServerMessage::Replaced;
                    let open = |c: &ConnectionId| self.open.contains(c);
                    assert!(replaced || to.iter().all(open), "told a closed connection");
                }
                Effect::CloseConnection(connection) => {
                    self.open.remove(&connection);
                    self.lesson.handle_disconnected(connection, self.now);
                }
                Effect::SetStage(stage) => {
                    assert!(!self.ended, "the stage moved after the end");
                    assert!(stage.floor.len() <= 1);
                }
                Effect::PhaseReached { phase, .. } => {
                    assert!(!self.ended, "{phase:?} after the end");
                    self.ended = phase == Phase::Ended;
                }
                Effect::BeginRecording => assert!(!self.ended),
                Effect::ClosePeer(peer) => {
                    self.viewing.remove(&peer);
                }
                Effect::Journal(_) => {}
                Effect::Show { peer, pictures } => {
                    assert!(!self.ended && pictures.len() <= PICTURES);
                    assert!(self.viewing.contains(&peer), "a session that nobody watches through");
                }
                Effect::Received { who, .. } => assert!(who.as_str().starts_with("point")),
            }
        }
    }

    fn check(&self) {
        let lesson = self.lesson.snapshot();
        let points: BTreeSet<_> =
            lesson.participants.iter().filter(|p| p.role == Role::ClassroomDevice).map(|p| &p.id).collect();
        assert!((2..=5).contains(&lesson.participants.len()), "the roster is the plan's");
        assert!(lesson.floor.iter().all(|id| points.contains(id)));
        assert!(lesson.hands.iter().all(|id| points.contains(id)));
        let unique: BTreeSet<_> = lesson.hands.iter().collect();
        assert_eq!(unique.len(), lesson.hands.len(), "a hand is up once");
        if self.ended {
            assert_eq!(lesson.phase, Phase::Ended, "ended is final");
            let still = !lesson.floor.is_empty() || !lesson.hands.is_empty() || lesson.courseware;
            assert!(!still, "something outlived the lesson");
        }
        let due = self.lesson.poll_timeout();
        assert!(due.is_none_or(|at| at > self.now), "a timeout is overdue");
    }
}

#[test]
fn whatever_happens_the_lesson_stays_in_order() {
    for seed in 1..=SEEDS {
        let run = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..STEPS {
                world.step();
            }
        });
        assert!(run.is_ok(), "seed {seed}");
    }
}
