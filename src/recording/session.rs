//! What the writer thread knows of one live lesson, recorded or not.

use std::{collections::HashMap, time::Instant};

use protocol::{LessonId, ParticipantId, message::RecordingState};
use recorder::Stage;
use sfu::{codec::Codec, command::ParticipantKey, seats::Source};

use super::{RecordingEvent, lesson_clock::LessonClock, limits::RETRY, running::Running};

/// One live lesson.
#[derive(Default)]
pub struct Session {
    /// Who publishes.
    pub names: HashMap<ParticipantKey, ParticipantId>,
    /// What is being sent now, recorded or not: a recording that begins later begins with these.
    pub live: HashMap<Source, (Codec, u32)>,
    /// To be recorded as soon as something is published.
    pub wanted: Option<Wanted>,
    /// What the lesson shows.
    pub stage: Stage,
    /// Its recording, while it is being written.
    pub running: Option<Running>,
    /// When its recording is closed.
    pub ends_at: Option<Instant>,
}

/// A recording to be begun, or to be gone on with.
pub struct Wanted {
    /// Which lesson.
    pub lesson: LessonId,
    /// Whose camera and voice the replay opens on.
    pub lead: Option<ParticipantId>,
    /// Of the recording to be gone on with.
    pub clock: Option<LessonClock>,
    /// It failed, which was told: not to be tried again before this.
    pub retry_at: Option<Instant>,
}

impl Session {
    /// Whether nothing is known of it but that something was sent: a line was checked.
    pub fn is_of_no_lesson(&self) -> bool {
        let (running, wanted) = (self.running.is_some(), self.wanted.is_some());
        self.names.is_empty() && self.live.is_empty() && !running && !wanted && self.ends_at.is_none()
    }

    /// A source of it began, or began again.
    pub fn start_track(&mut self, source: Source, codec: Codec, ssrc: u32, at: Instant) {
        let who = self.names.get(&source.participant).cloned().or_else(|| unnamed(source.participant));
        if let (Some(running), Some(who)) = (&mut self.running, who) {
            running.start_track(source, who, codec, ssrc, at);
        }
    }

    /// Lets go of the recording until it can be gone on with. Returns how it stands.
    pub fn stand_still(&mut self, now: Instant) -> Option<RecordingEvent> {
        let running = self.running.take()?;
        let (lesson, lead) = running.lesson();
        self.wanted = Some(Wanted { lesson, lead, clock: Some(running.clock()), retry_at: Some(now + RETRY) });
        Some(running.event(RecordingState::Failed))
    }
}

/// A publisher nobody introduced is still recorded.
fn unnamed(key: ParticipantKey) -> Option<ParticipantId> {
    ParticipantId::parse(format!("participant-{}", key.0)).ok()
}
