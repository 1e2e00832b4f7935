//! Seats instead of renegotiation: which source feeds which m-line of which receiver.
//!
//! A receiver negotiates once. What each of its m-lines is *for* is a [`Feed`], fixed by its role and the number of lines
//! it offered; who fills that feed right now follows from the [`Stage`]. Both are plain functions here.

use crate::command::ParticipantKey;

/// Floor seats a lesson has. One class is called on at a time.
pub const FLOOR_SEATS: usize = 1;

/// What one publisher's m-line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// First audio m-line.
    Voice,
    /// First video m-line.
    Camera,
    /// Second video m-line.
    Screen,
}

/// One published stream of a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Who publishes it.
    pub participant: ParticipantKey,
    /// Which of its m-lines.
    pub slot: Slot,
}

/// What a receiving m-line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feed {
    /// The lead teacher's voice.
    LeadVoice,
    /// The lead teacher's camera.
    LeadCamera,
    /// The lead teacher's courseware.
    LeadScreen,
    /// Courseware while it is shared, else the lead's camera.
    Programme,
    /// Voice of whoever holds floor seat `n`.
    FloorVoice(u8),
    /// Picture of whoever holds floor seat `n`.
    FloorCamera(u8),
    /// Tile `n` of the lead's wall of points, on the page shown.
    Wall(u16),
    /// Nothing: an m-line beyond what the role can show.
    Unused,
}

/// Who holds which seat of a lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stage {
    /// The lead teacher.
    pub lead: Option<ParticipantKey>,
    /// Holders of the floor seats.
    pub floor: [Option<ParticipantKey>; FLOOR_SEATS],
    /// Whether the lead's screen carries courseware.
    pub courseware: bool,
    /// Points on the page of the wall now shown, in tile order.
    pub wall: Vec<ParticipantKey>,
}

/// How a receiver's m-lines are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The lead teacher: the floor's voice, and a wall of points.
    Lead,
    /// Everyone else: the lead, the courseware, the floor.
    Class,
}

/// What each m-line is for: `(audio feeds, video feeds)` in m-line order.
///
/// A class view of one audio and one video line is a plain WHEP player and gets the lead's voice and the programme.
pub fn feeds(view: View, audio_lines: usize, video_lines: usize) -> (Vec<Feed>, Vec<Feed>) {
    let floor = |i: usize, make: fn(u8) -> Feed| {
        if i < FLOOR_SEATS { make(i as u8) } else { Feed::Unused }
    };
    match view {
        View::Lead => (
            (0..audio_lines).map(|i| floor(i, Feed::FloorVoice)).collect(),
            (0..video_lines).map(|i| Feed::Wall(i as u16)).collect(),
        ),
        View::Class => {
            let audio = |i| if i == 0 { Feed::LeadVoice } else { floor(i - 1, Feed::FloorVoice) };
            let video = |i| match (video_lines, i) {
                (1, _) => Feed::Programme,
                (_, 0) => Feed::LeadCamera,
                (_, 1) => Feed::LeadScreen,
                (_, i) => floor(i - 2, Feed::FloorCamera),
            };
            ((0..audio_lines).map(audio).collect(), (0..video_lines).map(video).collect())
        }
    }
}

impl Stage {
    /// The source that should feed `feed` for receiver `to`. Nobody gets their own sound or picture back.
    pub fn source_of(&self, feed: Feed, to: ParticipantKey) -> Option<Source> {
        let (participant, slot) = match feed {
            Feed::LeadVoice => (self.lead, Slot::Voice),
            Feed::LeadCamera => (self.lead, Slot::Camera),
            Feed::LeadScreen => (self.lead.filter(|_| self.courseware), Slot::Screen),
            Feed::Programme if self.courseware => (self.lead, Slot::Screen),
            Feed::Programme => (self.lead, Slot::Camera),
            Feed::FloorVoice(n) => (self.floor_seat(n), Slot::Voice),
            Feed::FloorCamera(n) => (self.floor_seat(n), Slot::Camera),
            Feed::Wall(n) => (self.wall.get(usize::from(n)).copied(), Slot::Camera),
            Feed::Unused => (None, Slot::Voice),
        };
        participant.filter(|&p| p != to).map(|participant| Source { participant, slot })
    }

    /// Whether this participant is spoken with now: the lead and whoever was called on, while somebody is.
    pub fn is_spoken_with(&self, participant: ParticipantKey) -> bool {
        let mut called_on = self.floor.iter().flatten().peekable();
        called_on.peek().is_some() && (self.lead == Some(participant) || called_on.any(|&holder| holder == participant))
    }

    fn floor_seat(&self, n: u8) -> Option<ParticipantKey> {
        self.floor.get(usize::from(n)).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: ParticipantKey = ParticipantKey(0);
    const POINT_1: ParticipantKey = ParticipantKey(1);
    const POINT_2: ParticipantKey = ParticipantKey(2);

    fn stage() -> Stage {
        Stage { lead: Some(MASTER), floor: [Some(POINT_1)], courseware: true, wall: vec![POINT_1, POINT_2] }
    }

    #[test]
    fn a_plain_player_gets_the_voice_and_the_programme() {
        assert_eq!(feeds(View::Class, 1, 1), (vec![Feed::LeadVoice], vec![Feed::Programme]));
    }

    #[test]
    fn a_point_page_gets_lead_courseware_and_floor() {
        let (audio, video) = feeds(View::Class, 2, 3);
        assert_eq!(audio, [Feed::LeadVoice, Feed::FloorVoice(0)]);
        assert_eq!(video, [Feed::LeadCamera, Feed::LeadScreen, Feed::FloorCamera(0)]);
    }

    #[test]
    fn the_lead_gets_the_floor_voice_and_the_wall() {
        let (audio, video) = feeds(View::Lead, 1, 3);
        assert_eq!(audio, [Feed::FloorVoice(0)]);
        assert_eq!(video, [Feed::Wall(0), Feed::Wall(1), Feed::Wall(2)]);
    }

    #[test]
    fn lines_beyond_what_a_role_shows_stay_empty() {
        assert_eq!(feeds(View::Class, 3, 4).0[2], Feed::Unused);
        assert_eq!(feeds(View::Class, 3, 4).1[3], Feed::Unused);
        assert_eq!(stage().source_of(Feed::Unused, POINT_1), None);
    }

    #[test]
    fn nobody_gets_their_own_voice_back() {
        assert_eq!(stage().source_of(Feed::FloorVoice(0), POINT_1), None);
        let heard = Source { participant: POINT_1, slot: Slot::Voice };
        assert_eq!(stage().source_of(Feed::FloorVoice(0), POINT_2), Some(heard));
    }

    #[test]
    fn only_the_lead_and_the_class_called_on_speak_with_each_other() {
        let told = |stage: &Stage| [MASTER, POINT_1, POINT_2].map(|participant| stage.is_spoken_with(participant));
        assert_eq!(told(&stage()), [true, true, false]);
        assert_eq!(told(&Stage { floor: [None], ..stage() }), [false; 3]);
    }

    #[test]
    fn the_programme_follows_the_courseware() {
        let mut stage = stage();
        let slot = |stage: &Stage| stage.source_of(Feed::Programme, POINT_2).map(|s| s.slot);
        assert_eq!(slot(&stage), Some(Slot::Screen));
        stage.courseware = false;
        assert_eq!(slot(&stage), Some(Slot::Camera));
        assert_eq!(stage.source_of(Feed::LeadScreen, POINT_2), None);
    }
}
