//! The recording of one lesson: packets and time in, effects out.
//!
//! - `handle_*` take what happened, with the time since the recording began.
//! - [`LessonRecording::poll_effect`] is drained after each of them.
//! - [`LessonRecording::handle_timeout`] wants to be called every [`crate::limits::TICK`].

use std::{collections::HashMap, time::Duration};

use protocol::ids::ParticipantId;

use crate::{
    Codec, Error, LessonEvent, Refusal, Stage, TrackName,
    effect::{Effect, Outbox},
    limits::{MANIFEST_EVERY, TRACKS},
    manifest::{Lesson, Manifest},
    program::Program,
    timeline::{PublisherClock, SenderReport},
    track::TrackRecorder,
};

/// A track of a running recording, for the packet path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrackKey(u16);

/// The recording of one lesson.
#[derive(Debug)]
pub struct LessonRecording {
    tracks: Vec<TrackRecorder>,
    publishers: HashMap<ParticipantId, PublisherClock>,
    /// Tracks refused before they got a number.
    refused: Vec<TrackName>,
    program: Program,
    outbox: Outbox,
    manifest_due: Duration,
    ended: bool,
}

impl LessonRecording {
    /// Begins. Zero of the lesson clock is now: `lesson.began_at`.
    pub fn new(lesson: Lesson) -> Result<Self, Error> {
        Ok(Self {
            tracks: Vec::new(),
            publishers: HashMap::new(),
            refused: Vec::new(),
            program: Program::new(lesson.lead.clone()),
            outbox: Outbox::new(lesson)?,
            manifest_due: Duration::ZERO,
            ended: false,
        })
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.outbox.poll()
    }

    /// What is recorded so far.
    pub fn manifest(&self) -> &Manifest {
        self.outbox.manifest()
    }

    /// A track began, came back, or changed its SSRC or codec: the next epoch of it begins. `None` if it is not recorded;
    /// then an [`Effect::NotRecordable`] says why.
    pub fn handle_track_started(
        &mut self,
        now: Duration,
        name: &TrackName,
        codec: Codec,
        ssrc: u32,
    ) -> Option<TrackKey> {
        if self.ended {
            return None;
        }
        let known = self.tracks.iter().position(|track| track.name == *name);
        if known.is_none() && (codec == Codec::Vp8 || self.tracks.len() >= TRACKS) {
            self.refuse(name, if codec == Codec::Vp8 { Refusal::Vp8 } else { Refusal::TooManyTracks });
            return None;
        }
        let position = known.unwrap_or_else(|| {
            self.tracks.push(TrackRecorder::new(name.clone(), self.tracks.len() as u16, codec));
            self.tracks.len() - 1
        });
        let track = self.tracks.get_mut(position)?;
        self.outbox.start_track(name, codec);
        track.start(now, codec, ssrc, &mut self.outbox);
        track.is_live().then_some(TrackKey(position as u16))
    }

    /// One decrypted RTP packet of a track.
    pub fn handle_packet(&mut self, now: Duration, track: TrackKey, packet: &[u8]) -> Result<(), Error> {
        let track = self.tracks.get_mut(usize::from(track.0)).ok_or(Error::UnknownTrack)?;
        track.packet(now, packet, &mut self.outbox)?;
        self.program.take_keyframes(&mut self.outbox);
        Ok(())
    }

    /// A sender report of a track.
    pub fn handle_sender_report(&mut self, now: Duration, track: TrackKey, report: SenderReport) -> Result<(), Error> {
        let track = self.tracks.get_mut(usize::from(track.0)).ok_or(Error::UnknownTrack)?;
        let publisher = self.publishers.entry(track.name.participant.clone()).or_default();
        track.sender_report(now, report, publisher, &mut self.outbox);
        self.program.take_keyframes(&mut self.outbox);
        Ok(())
    }

    /// A track's source is gone. It may start again.
    pub fn handle_track_ended(&mut self, now: Duration, track: TrackKey) -> Result<(), Error> {
        let position = usize::from(track.0);
        let track = self.tracks.get_mut(position).ok_or(Error::UnknownTrack)?;
        if !track.is_live() {
            return Ok(());
        }
        track.stop(&mut self.outbox);
        self.outbox.end_track(track.number(), now.as_millis() as u64);
        let publisher = track.name.participant.clone();
        if !self.tracks.iter().any(|track| track.is_live() && track.name.participant == publisher) {
            // It may come back as another device with another clock.
            self.publishers.remove(&publisher);
        }
        self.program.follow(now, &mut self.tracks, &mut self.outbox);
        Ok(())
    }

    /// Something of the lesson worth finding again.
    pub fn handle_event(&mut self, now: Duration, event: LessonEvent) {
        if !self.ended {
            self.outbox.note(now.as_millis() as u64, event);
        }
    }

    /// Who has the floor, or whether there is courseware, has changed: program mode follows.
    pub fn handle_stage(&mut self, now: Duration, stage: Stage) {
        if !self.ended {
            self.program.set_stage(now, stage, &mut self.outbox);
            self.program.follow(now, &mut self.tracks, &mut self.outbox);
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Duration) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        for track in &mut self.tracks {
            track.tick(now, &mut self.outbox);
        }
        self.program.follow(now, &mut self.tracks, &mut self.outbox);
        if now >= self.manifest_due {
            self.manifest_due = now + MANIFEST_EVERY;
            self.outbox.write_manifest()?;
        }
        Ok(())
    }

    /// The lesson is over: everything held is written, the manifest last.
    pub fn handle_end(&mut self, now: Duration) -> Result<(), Error> {
        if std::mem::replace(&mut self.ended, true) {
            return Err(Error::Ended);
        }
        for track in &mut self.tracks {
            if track.is_live() {
                track.stop(&mut self.outbox);
                self.outbox.end_track(track.number(), now.as_millis() as u64);
            }
        }
        self.program.take_keyframes(&mut self.outbox);
        self.outbox.end_lesson(now.as_millis() as u64);
        self.outbox.write_manifest()
    }

    fn refuse(&mut self, name: &TrackName, reason: Refusal) {
        // A refused track that keeps coming back must not grow this without end.
        if self.refused.len() < TRACKS && !self.refused.contains(name) {
            self.refused.push(name.clone());
            self.outbox.refuse_track(name, reason);
        }
    }
}

#[cfg(test)]
mod tests;
