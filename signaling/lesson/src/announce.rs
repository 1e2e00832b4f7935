//! Telling what changed: what everyone was last told is compared with what is so now.

use protocol::{
    ParticipantId, ServerMessage, UtcMs,
    message::{Participant, Phase, Presence, RecordingState, VideoCodec},
};

use crate::{ConnectionId, Effect, Happening, Lesson, Stage, roster::Roster, wall::WallPage};

/// What was last told.
#[derive(Debug)]
pub(crate) struct Announced {
    participants: Vec<Participant>,
    hands: Vec<ParticipantId>,
    floor: Vec<ParticipantId>,
    courseware: bool,
    recording: RecordingState,
    video_codec: Option<VideoCodec>,
    wall: Option<WallPage>,
    stage: Option<Stage>,
}

impl Announced {
    /// What someone assumes who was told nothing yet.
    pub(crate) fn new(roster: &Roster) -> Self {
        Self {
            participants: roster.seen(None),
            hands: Vec::new(),
            floor: Vec::new(),
            courseware: false,
            recording: RecordingState::Idle,
            video_codec: None,
            wall: None,
            stage: None,
        }
    }
}

impl Announced {
    /// The parties are others now, and everyone was told so.
    pub(crate) fn meet(&mut self, roster: &Roster, codec: Option<VideoCodec>) {
        self.participants = roster.seen(codec);
    }
}

impl Lesson {
    /// Tells everyone, the media plane and the journal what changed since the last time.
    pub(crate) fn announce(&mut self, now: UtcMs) {
        // After the end parties drop out one by one; nobody needs to hear of it.
        if self.phase() != Phase::Ended {
            self.announce_codec();
            self.announce_participants(now);
        }
        self.announce_hands(now);
        self.announce_floor(now);
        self.announce_courseware(now);
        self.announce_recording();
        if self.phase() != Phase::Ended {
            self.announce_stage();
        }
    }

    fn announce_codec(&mut self) {
        if self.announced.video_codec != self.video_codec {
            self.announced.video_codec = self.video_codec;
            if let Some(video_codec) = self.video_codec {
                self.tell_all(ServerMessage::VideoCodecChanged { video_codec });
            }
        }
    }

    fn announce_participants(&mut self, now: UtcMs) {
        let seen = self.roster.seen(self.video_codec);
        let before = std::mem::replace(&mut self.announced.participants, seen.clone());
        for (before, participant) in before.into_iter().zip(seen) {
            if before == participant {
                continue;
            }
            if let Some(what) = came_or_went(before.presence, participant.presence) {
                self.journal(Some(participant.id.clone()), what, now);
            }
            self.tell_all(ServerMessage::ParticipantChanged { participant });
        }
    }

    fn announce_hands(&mut self, now: UtcMs) {
        let hands = self.hands.queue();
        let before = std::mem::replace(&mut self.announced.hands, hands.clone());
        if before != hands {
            let verbs = (Happening::HandRaised, Happening::HandLowered);
            self.journal_difference(&before, &hands, verbs, now);
            self.tell_all(ServerMessage::HandsChanged { hands });
        }
    }

    fn announce_floor(&mut self, now: UtcMs) {
        let floor = self.floor.holders();
        let before = std::mem::replace(&mut self.announced.floor, floor.clone());
        if before != floor {
            let verbs = (Happening::FloorGranted, Happening::FloorReleased);
            self.journal_difference(&before, &floor, verbs, now);
            self.tell_all(ServerMessage::FloorChanged { floor });
        }
    }

    fn announce_courseware(&mut self, now: UtcMs) {
        let courseware = self.courseware.is_shared();
        if std::mem::replace(&mut self.announced.courseware, courseware) != courseware {
            let what = match courseware {
                true => Happening::CoursewareStarted,
                false => Happening::CoursewareStopped,
            };
            self.journal(None, what, now);
            self.tell_all(ServerMessage::CoursewareChanged { courseware });
        }
    }

    fn announce_recording(&mut self) {
        let recording = self.recording;
        if std::mem::replace(&mut self.announced.recording, recording) != recording {
            self.tell_all(ServerMessage::RecordingChanged { recording });
        }
    }

    fn announce_stage(&mut self) {
        let wall = self.wall.shown(self.roster.point_ids());
        let stage = Stage {
            lead: self.roster.lead().id.clone(),
            floor: self.floor.holders(),
            courseware: self.courseware.is_shared(),
            wall: wall.tiles.clone(),
        };
        if self.announced.wall.as_ref() != Some(&wall) {
            self.announced.wall = Some(wall);
            self.tell_wall();
        }
        if self.announced.stage.as_ref() != Some(&stage) {
            self.announced.stage = Some(stage.clone());
            self.effects.push_back(Effect::SetStage(stage));
        }
    }

    /// Tells the lead what its wall shows, if it shows anything.
    pub(crate) fn tell_wall(&mut self) {
        let lead = self.roster.lead().connection;
        let lead = lead.filter(|&id| self.connections.get(id).is_some_and(|c| c.greeted));
        let shown = self.announced.wall.clone();
        if let (Some(lead), Some(wall)) = (lead, shown.filter(|w| !w.tiles.is_empty())) {
            let message = ServerMessage::WallChanged { page: wall.page, pages: wall.pages, tiles: wall.tiles };
            self.tell(lead, message);
        }
    }

    /// Sends to one connection.
    pub(crate) fn tell(&mut self, to: ConnectionId, message: ServerMessage) {
        let to = vec![to];
        self.effects.push_back(Effect::Tell { to, message });
    }

    /// Sends to everyone who said hello.
    pub(crate) fn tell_all(&mut self, message: ServerMessage) {
        let to = self.connections.greeted();
        if !to.is_empty() {
            self.effects.push_back(Effect::Tell { to, message });
        }
    }

    fn journal_difference(
        &mut self,
        before: &[ParticipantId],
        after: &[ParticipantId],
        (came, went): (Happening, Happening),
        now: UtcMs,
    ) {
        for gone in before.iter().filter(|id| !after.contains(id)) {
            self.journal(Some(gone.clone()), went, now);
        }
        for new in after.iter().filter(|id| !before.contains(id)) {
            self.journal(Some(new.clone()), came, now);
        }
    }
}

/// What a change of presence means for the journal.
fn came_or_went(before: Presence, after: Presence) -> Option<Happening> {
    match (before, after) {
        (Presence::Present, Presence::Present) => None,
        (Presence::Lost, Presence::Present) => Some(Happening::Returned),
        (_, Presence::Present) => Some(Happening::Joined),
        (Presence::Present, Presence::Lost) => Some(Happening::Lost),
        (Presence::Present, _) => Some(Happening::Left),
        _ => None,
    }
}
