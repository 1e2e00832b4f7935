//! Program mode: the one picture the lesson shows, as a list of cuts between its tracks. No bytes are copied; playlists and
//! downloads take the parts of each track from one cut to the next.
//!
//! ```text
//! stage:     lead speaks   | point-1 called on          | released
//! wanted:    lead's camera | point-1's camera           | lead's camera
//! shown:     lead's camera ......k point-1's camera ..........k lead's camera      k: keyframe of the wanted track
//! ```

use std::time::Duration;

use protocol::ids::ParticipantId;

use crate::{
    Codec, Slot, TrackName,
    effect::Outbox,
    limits::{CUT_DELAY, FLOOR, PICTURE_PATIENCE, SHOT_MIN},
    track::TrackRecorder,
};

/// Who speaks, and whether the lead shows courseware.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// Those called on, the first of them first. `limits::FLOOR` of them count.
    pub floor: Vec<ParticipantId>,
    /// Whether the lead's screen is on.
    pub courseware: bool,
}

/// Follows the stage from cut to cut.
#[derive(Debug)]
pub(crate) struct Program {
    lead: Option<ParticipantId>,
    stage: Stage,
    shown: Option<u16>,
    last_cut_us: u64,
    /// The track to cut to at its next keyframe, and since when, in microseconds.
    wanted: Option<(u16, u64)>,
}

impl Program {
    /// Of a lesson led by `lead`; without one, whoever comes first is taken for it.
    pub fn new(lead: Option<ParticipantId>) -> Self {
        Self { lead, stage: Stage::default(), shown: None, last_cut_us: 0, wanted: None }
    }

    pub fn set_stage(&mut self, now: Duration, mut stage: Stage, outbox: &mut Outbox) {
        stage.floor.truncate(FLOOR);
        if stage != self.stage {
            outbox.set_stage(now.as_micros() as u64, stage.clone());
            self.stage = stage;
        }
    }

    /// Decides what should be shown now, and asks for the keyframe that is needed to show it.
    pub fn follow(&mut self, now: Duration, tracks: &mut [TrackRecorder], outbox: &mut Outbox) {
        if self.lead.is_none() {
            self.lead = tracks.first().map(|track| track.name.participant.clone());
        }
        self.take_keyframes(outbox);
        let Some(best) = self.best(now, tracks).filter(|best| self.shown != Some(best.number())) else {
            self.wanted = None;
            return;
        };
        if self.wanted.is_none_or(|(wanted, _)| wanted != best.number()) {
            // Whatever came first is the first picture; later on, what was before the change is past.
            let since = if self.shown.is_some() { now.as_micros() as u64 } else { 0 };
            self.wanted = Some((best.number(), since));
        }
        best.request_keyframe(now, outbox);
    }

    /// Cuts if the keyframe waited for is among those just placed.
    pub fn take_keyframes(&mut self, outbox: &mut Outbox) {
        for (track, ticks) in outbox.take_keyframes() {
            let at_us = (u128::from(ticks) * 1_000_000 / u128::from(Codec::H264.clock_rate())) as u64;
            if self.may_cut(track, at_us, outbox.manifest().duration_ms) {
                outbox.cut(at_us, track);
                self.shown = Some(track);
                self.last_cut_us = at_us;
                self.wanted = None;
            }
        }
    }

    fn may_cut(&self, track: u16, at_us: u64, duration_ms: u64) -> bool {
        let Some((_, since)) = self.wanted.filter(|(wanted, _)| *wanted == track) else { return false };
        let newest_us = duration_ms.saturating_mul(1_000);
        let listed_us = newest_us.saturating_sub(CUT_DELAY.as_micros() as u64);
        let shot_us = at_us.saturating_sub(self.last_cut_us);
        at_us >= since && (self.shown.is_none() || at_us >= listed_us && shot_us >= SHOT_MIN.as_micros() as u64)
    }

    /// A called-on point's camera, else the courseware, else the lead's camera: the first that has a picture. The lead's
    /// camera is never left for the lack of one.
    fn best<'a>(&self, now: Duration, tracks: &'a mut [TrackRecorder]) -> Option<&'a mut TrackRecorder> {
        let lead = self.lead.as_ref()?;
        let called_on = self.stage.floor.first().map(|participant| (participant, Slot::Camera));
        let courseware = self.stage.courseware.then_some((lead, Slot::Screen));
        let track = |(participant, slot): (&ParticipantId, Slot)| {
            let name = TrackName { participant: participant.clone(), slot };
            tracks.iter().position(|track| track.name == name)
        };
        let live = [called_on, courseware].into_iter().flatten().filter_map(track);
        let is_sending = |track: &usize| tracks[*track].is_sending(now, PICTURE_PATIENCE);
        let position = live.into_iter().find(is_sending).or_else(|| track((lead, Slot::Camera)))?;
        tracks.get_mut(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        manifest::tests::{name, participant},
        testing::Studio,
    };

    /// The lead, a screen and a point, all sending pictures; keyframes every 2 s, 20 ms late.
    fn studio() -> Studio {
        let mut studio = Studio::new();
        studio.start_lead();
        studio.start(name("master", Slot::Screen), Codec::H264, 90_000);
        studio.start(name("point-1", Slot::Camera), Codec::H264, 90_000);
        studio
    }

    fn stage(floor: &[&str], courseware: bool) -> Stage {
        Stage { floor: floor.iter().map(|id| participant(id)).collect(), courseware }
    }

    /// Milliseconds and directory of every cut.
    fn cuts(studio: &Studio) -> Vec<(u64, String)> {
        let manifest = studio.recording.manifest();
        let name = |track: u16| manifest.tracks[usize::from(track)].name.to_string();
        manifest.program.iter().map(|cut| ((cut.at_us + 500) / 1_000, name(cut.track))).collect()
    }

    fn shown(studio: &Studio) -> Vec<String> {
        cuts(studio).into_iter().map(|cut| cut.1).collect()
    }

    #[test]
    fn the_picture_follows_floor_and_courseware_at_keyframes() {
        let mut studio = studio();
        studio.teach(0..5_000);
        for (from, stage) in [
            (5_000, stage(&[], true)),
            (9_000, stage(&["point-1"], true)),
            (13_000, stage(&[], true)),
            (17_000, stage(&[], false)),
        ] {
            studio.stage(from, stage);
            studio.teach(from..from + 4_000);
        }
        studio.end();
        let cuts = cuts(&studio);
        assert_eq!(
            shown(&studio),
            ["master-camera", "master-screen", "point-1-camera", "master-screen", "master-camera"]
        );
        for (cut, changed) in cuts[1..].iter().zip([5_000, 9_000, 13_000, 17_000]) {
            assert!((changed..changed + 2_100).contains(&cut.0), "{cuts:?}");
        }
    }

    #[test]
    fn a_keyframe_of_the_wanted_track_is_asked_for_at_once() {
        let mut studio = studio();
        studio.teach(0..5_000);
        studio.keyframes_asked.clear();
        studio.stage(5_000, stage(&["point-1"], false));
        assert_eq!(studio.keyframes_asked, [name("point-1", Slot::Camera)]);
    }

    #[test]
    fn every_cut_is_the_start_of_a_part_of_its_track() {
        let mut studio = studio();
        studio.teach(0..5_000);
        studio.stage(5_000, stage(&["point-1"], false));
        studio.teach(5_000..12_000);
        studio.end();
        let manifest = studio.recording.manifest();
        assert_eq!(manifest.program.len(), 2);
        for cut in &manifest.program {
            let track = &manifest.tracks[usize::from(cut.track)];
            let file = crate::File::Index { track: track.name.clone(), epoch: 0 };
            let parts = crate::index::decode(studio.file(&file.path()));
            let at = |part: &&crate::index::Part| track.epochs[0].micros(part.start) == cut.at_us;
            assert!(parts.iter().find(at).unwrap().independent);
        }
    }

    #[test]
    fn a_point_that_is_gone_gives_the_picture_back_to_the_lead() {
        for silent_only in [true, false] {
            let mut studio = studio();
            studio.teach(0..3_000);
            studio.stage(3_000, stage(&["point-1"], false));
            studio.teach(3_000..7_000);
            let point = name("point-1", Slot::Camera);
            if silent_only {
                studio.senders.retain(|sender| sender.name != point);
            } else {
                studio.end_track(&point);
            }
            studio.teach(7_000..15_000);
            studio.end();
            assert_eq!(shown(&studio), ["master-camera", "point-1-camera", "master-camera"], "{silent_only}");
        }
    }

    #[test]
    fn somebody_called_on_without_a_camera_changes_nothing() {
        let mut studio = studio();
        studio.teach(0..3_000);
        studio.stage(3_000, stage(&["point-2"], false));
        studio.teach(3_000..9_000);
        assert_eq!(shown(&studio), ["master-camera"]);
    }

    #[test]
    fn changes_in_quick_succession_do_not_flicker() {
        let mut studio = studio();
        studio.teach(0..3_000);
        for (n, ms) in (3_000..12_000).step_by(100).enumerate() {
            studio.stage(ms, stage(if n % 2 == 0 { &["point-1"] } else { &[] }, n % 3 == 0));
            studio.teach(ms..ms + 100);
        }
        let cuts = cuts(&studio);
        assert!(cuts.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 1_000), "{cuts:?}");
    }

    #[test]
    fn cuts_survive_a_crash() {
        let mut studio = studio();
        studio.teach(0..3_000);
        studio.stage(3_000, stage(&["point-1"], false));
        studio.teach(3_000..8_000);
        let journal = studio.file("journal.wal");
        let recovered = crate::recover::recover(journal, |file| studio.media_len(file)).unwrap();
        assert_eq!(recovered.manifest.program, studio.recording.manifest().program);
        assert_eq!(recovered.manifest.program.len(), 2);
    }

    #[test]
    fn a_lesson_in_vp8_has_no_program() {
        let mut studio = Studio::new();
        studio.start(name("master", Slot::Camera), Codec::Vp8, 90_000);
        studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
        studio.teach(0..3_000);
        assert!(!studio.recording.manifest().has_program());
    }
}
