//! The server of a world: one shard, and what the shell around it does of HTTP.

use std::time::{Duration, Instant};

use sfu::{
    Identity, NtpClock, Shard,
    command::{Command, Event, LessonKey, ParticipantKey, PeerId},
    ice::Half,
    relay::ShardId,
    sdp::{Local, Offer, answer_publisher, answer_subscriber},
    seats::{Stage, View},
};

use crate::chance::Chance;

/// The one lesson of a world.
pub const LESSON: LessonKey = LessonKey(1);
/// A shard that wants to be woken for a time already passed is woken so much later: nothing goes round without time passing.
const LEAST_NAP: Duration = Duration::from_millis(1);

/// Who wants in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It publishes.
    Publisher,
    /// It receives, with this view.
    Receiver(View),
}

/// The server.
pub struct Server {
    /// The shard.
    pub shard: Shard,
    fingerprint: String,
    chance: Chance,
    /// When the shard is due.
    pub due: Option<Instant>,
    /// What it told.
    pub events: Vec<(Instant, Event)>,
}

impl Server {
    /// A server that starts at `origin`.
    #[expect(clippy::expect_used, reason = "without a certificate there is nothing to simulate")]
    pub fn new(origin: Instant, chance: Chance) -> Self {
        let identity = Identity::generate().expect("a certificate");
        let fingerprint = identity.fingerprint();
        let clock = NtpClock::new(origin, Duration::from_secs(1_700_000_000));
        Self { shard: Shard::new(ShardId(0), identity, clock), fingerprint, chance, due: None, events: Vec::new() }
    }

    /// Sets who holds which seat.
    pub fn set_stage(&mut self, now: Instant, stage: Stage) {
        self.command(now, Command::SetStage { lesson: LESSON, stage });
    }

    /// Carries out a command.
    pub fn command(&mut self, now: Instant, command: Command) {
        self.shard.handle_command(now, command);
        self.due = Some(now);
    }

    /// Answers an offer and expects its peer. A refused offer is a mistake of the scenario.
    #[expect(clippy::expect_used, reason = "an offer that is refused is a mistake of the model")]
    pub fn answer(
        &mut self,
        now: Instant,
        peer: PeerId,
        participant: ParticipantKey,
        role: Role,
        offer: &str,
    ) -> String {
        let offer = Offer::parse(offer).expect("an offer that can be read");
        let chance = &mut self.chance;
        let mut random = || chance.next_u32();
        let mut local = Local {
            ice: Half { ufrag: format!("server{}", peer.0), password: "the-servers-password-22".into() },
            fingerprint: &self.fingerprint,
            candidates: &[],
            session: peer.0,
            random: &mut random,
        };
        let (sdp, command) = match role {
            Role::Publisher => {
                let answer = answer_publisher(&offer, |_| true, &mut local).expect("an answer");
                (answer.sdp, Command::Publish { peer, lesson: LESSON, participant, plan: answer.plan })
            }
            Role::Receiver(view) => {
                let answer = answer_subscriber(&offer, view, &mut local).expect("an answer");
                (answer.sdp, Command::Subscribe { peer, lesson: LESSON, participant, plan: answer.plan, counted: true })
            }
        };
        self.command(now, command);
        sdp
    }

    /// Does what is due after datagrams came or time passed; what is to be sent is in the shard's outbox.
    pub fn settle(&mut self, now: Instant) {
        if self.shard.next_timeout().is_some_and(|at| at <= now) {
            self.shard.handle_timeout(now);
        }
        while self.shard.handle_handshake(now) {}
        while self.shard.fan_out(now) {}
        while let Some(event) = self.shard.poll_event() {
            self.events.push((now, event));
        }
        // Nobody records here.
        while self.shard.poll_tap(now).is_some() {}
        let due = self.shard.next_timeout();
        self.due = due.map(|at| if at <= now { now + LEAST_NAP } else { at });
    }
}
