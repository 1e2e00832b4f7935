//! The recording of one lesson: packets and time in, effects out.
//!
//! - `handle_*` take what happened, with the time since the recording began.
//! - [`LessonRecording::poll_effect`] is drained after each of them.
//! - [`LessonRecording::handle_timeout`] wants to be called every [`crate::limits::TICK`].

use std::{collections::HashMap, time::Duration};

use protocol::ids::ParticipantId;

use crate::{
    Codec, Disk, Error, LessonEvent, Refusal, Slot, Stage, TrackName, disk,
    effect::{Effect, File, Outbox},
    limits::{LESSON, MANIFEST_EVERY, TRACKS, WAITING_AHEAD},
    manifest::{Lesson, Manifest, Track},
    mix::ProgramVoice,
    program::Program,
    recover::Recovered,
    rtp::RtpPacket,
    timeline::{PublisherClock, SenderReport},
    track::TrackRecorder,
    waiting,
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
    program_voice: ProgramVoice,
    disk: Disk,
    /// Codec and SSRC of tracks that are left out while the disk is low, by their place.
    shed: HashMap<u16, (Codec, u32)>,
    outbox: Outbox,
    manifest_due: Duration,
    ended: bool,
    /// When it ended, while something is still to be read back for its last seconds.
    closing: Option<Duration>,
}

impl LessonRecording {
    /// Begins. Zero of the lesson clock is now: `lesson.began_at`.
    pub fn new(lesson: Lesson) -> Result<Self, Error> {
        Ok(Self {
            tracks: Vec::new(),
            publishers: HashMap::new(),
            refused: Vec::new(),
            program: Program::new(lesson.lead.clone()),
            program_voice: ProgramVoice::default(),
            disk: Disk::Plenty,
            shed: HashMap::new(),
            outbox: Outbox::new(lesson)?,
            manifest_due: Duration::ZERO,
            ended: false,
            closing: None,
        })
    }

    /// Goes on with a recording that stood still until `now` on its own clock: tracks keep their numbers, their files stay,
    /// and what is published from now on goes into new ones behind them.
    pub fn resume(recovered: Recovered, now: Duration) -> Result<Self, Error> {
        let manifest = recovered.manifest;
        if now < Duration::from_millis(manifest.duration_ms) || now > LESSON {
            return Err(Error::UnbelievableClock);
        }
        let resumed = |(number, track): (usize, &Track)| {
            let end = track.epochs.iter().rfind(|epoch| epoch.parts > 0).map_or(0, |epoch| epoch.end);
            TrackRecorder::resume(track.name.clone(), number as u16, track.codec, track.epochs.len() as u32, end)
        };
        Ok(Self {
            // The program is the mix's.
            tracks: manifest.tracks.iter().enumerate().filter(|(_, track)| !is_program(track)).map(resumed).collect(),
            publishers: HashMap::new(),
            refused: manifest.refused.iter().map(|refused| refused.name.clone()).take(TRACKS).collect(),
            program: Program::new(manifest.lesson.lead.clone()),
            program_voice: ProgramVoice::default(),
            disk: Disk::Plenty,
            shed: HashMap::new(),
            outbox: Outbox::resume(manifest, now.as_millis() as u64),
            manifest_due: Duration::ZERO,
            ended: false,
            closing: None,
        })
    }

    /// Takes up what waited for its clock when the recording was interrupted: what is in the [`crate::File::Waiting`] of a track.
    /// Right after [`LessonRecording::resume`], before anybody publishes. Returns when the last of it came.
    pub fn handle_waiting(&mut self, name: &TrackName, bytes: &[u8]) -> Result<Duration, Error> {
        let mut packets = waiting::packets(bytes).peekable();
        let Some((first, packet)) = packets.peek().copied() else { return Ok(Duration::ZERO) };
        // The clock was there, and the crash came before they were forgotten: they are in the track's file.
        let written = self.manifest().track(name).and_then(|(_, track)| track.span_micros());
        let is_written = written.is_some_and(|(_, end)| Duration::from_micros(end) + WAITING_AHEAD > first);
        let taken = match (is_written, RtpPacket::parse(packet)) {
            (true, _) => Ok(Duration::ZERO),
            (false, Ok(packet)) => self.take_waiting(name, packet.ssrc, packets),
            (false, Err(error)) => Err(error),
        };
        self.outbox.push(Effect::Remove { file: File::Waiting { track: name.clone() } });
        taken
    }

    fn take_waiting<'p>(
        &mut self,
        name: &TrackName,
        ssrc: u32,
        packets: impl Iterator<Item = (Duration, &'p [u8])>,
    ) -> Result<Duration, Error> {
        let codec = self.manifest().track(name).ok_or(Error::UnknownTrack)?.1.codec;
        let mut last = Duration::ZERO;
        let mut key = None;
        for (arrival, packet) in packets.take_while(|(arrival, _)| *arrival <= LESSON) {
            last = last.max(arrival);
            if key.is_none() {
                key = self.handle_track_started(last, name, codec, ssrc);
                self.program.follow(last, &mut self.tracks, &mut self.outbox);
            }
            if let Some(key) = key {
                // One that cannot be read costs itself.
                let _ = self.handle_packet(last, key, packet);
            }
        }
        if let Some(key) = key {
            self.handle_track_ended(last, key)?;
        }
        Ok(last)
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
        if known.is_none() && self.outbox.manifest().tracks.len() >= TRACKS {
            self.refuse(name, Refusal::TooManyTracks);
            return None;
        }
        self.outbox.start_track(name, codec);
        let (number, _) = self.outbox.manifest().track(name)?;
        let position = known.unwrap_or_else(|| {
            self.tracks.push(TrackRecorder::new(name.clone(), number, codec));
            self.tracks.len() - 1
        });
        let track = self.tracks.get_mut(position)?;
        track.start(now, codec, ssrc, &mut self.outbox);
        if self.disk != Disk::Plenty && track.is_live() {
            self.shed(now);
            return Some(TrackKey(position as u16));
        }
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
        let participant = &self.tracks.get(usize::from(track.0)).ok_or(Error::UnknownTrack)?.name.participant;
        let publisher = self.publishers.entry(participant.clone()).or_default();
        let ntp = publisher.handle_report(report, now);
        let correction = publisher.correction();
        let participant = participant.clone();
        for other in self.tracks.iter_mut().filter(|other| other.name.participant == participant) {
            other.correct(correction);
        }
        if let (Some(ntp), Some(track)) = (ntp, self.tracks.get_mut(usize::from(track.0))) {
            track.sender_report(report.rtp, ntp, &mut self.outbox);
        }
        self.program.take_keyframes(&mut self.outbox);
        Ok(())
    }

    /// A track's source is gone. It may start again.
    pub fn handle_track_ended(&mut self, now: Duration, track: TrackKey) -> Result<(), Error> {
        let position = usize::from(track.0);
        self.shed.remove(&track.0);
        let track = self.tracks.get_mut(position).ok_or(Error::UnknownTrack)?;
        if !track.is_live() {
            return Ok(());
        }
        track.stop(&mut self.outbox);
        if !track.goes_on() {
            self.outbox.end_track(track.number(), now.as_millis() as u64);
        }
        let publisher = track.name.participant.clone();
        if !self.tracks.iter().any(|track| track.is_live() && track.name.participant == publisher) {
            // It may come back as another device with another clock.
            self.publishers.remove(&publisher);
        }
        self.program.follow(now, &mut self.tracks, &mut self.outbox);
        Ok(())
    }

    /// Somebody wants to watch what is recorded so far: the indexes are brought up to the last part.
    pub fn handle_look(&mut self) {
        for track in &mut self.tracks {
            track.write_index(&mut self.outbox);
        }
        self.program_voice.write_index(&mut self.outbox);
    }

    /// How full the disk is. While it is not plenty, only what the lead shows and says is recorded; the rest comes back when
    /// it is.
    pub fn handle_disk(&mut self, now: Duration, disk: Disk) {
        if self.ended || std::mem::replace(&mut self.disk, disk) == disk {
            return;
        }
        if disk != Disk::Plenty {
            return self.shed(now);
        }
        let mut shed: Vec<_> = std::mem::take(&mut self.shed).into_iter().collect();
        shed.sort_unstable_by_key(|(position, _)| *position);
        for (position, (codec, ssrc)) in shed {
            if let Some(track) = self.tracks.get_mut(usize::from(position)) {
                self.outbox.start_track(&track.name, codec);
                track.start(now, codec, ssrc, &mut self.outbox);
            }
        }
    }

    /// Ends what is not kept on a disk that is low, and says so.
    fn shed(&mut self, now: Duration) {
        let lead = self.outbox.manifest().lesson.lead.clone();
        let mut names = Vec::new();
        for (position, track) in self.tracks.iter_mut().enumerate() {
            if disk::keeps(&track.name, lead.as_ref()) || !(track.is_live() || track.goes_on()) {
                continue;
            }
            self.shed.extend(track.live().map(|live| (position as u16, live)));
            track.stop(&mut self.outbox);
            track.close(now, &mut self.outbox);
            self.outbox.end_track(track.number(), now.as_millis() as u64);
            names.push(track.name.clone());
        }
        names.iter().for_each(|name| self.refuse(name, Refusal::DiskLow));
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
        let held = self.tracks.iter().filter_map(TrackRecorder::unplaced_voice).min();
        self.program_voice.advance(now, held, &mut self.outbox)?;
        self.program.follow(now, &mut self.tracks, &mut self.outbox);
        if now >= self.manifest_due {
            self.manifest_due = now + MANIFEST_EVERY;
            self.outbox.write_manifest()?;
        }
        Ok(())
    }

    /// What an [`Effect::ReadBack`] asked for; `None` if it cannot be read.
    pub fn handle_read_back(&mut self, bytes: Option<&[u8]>) -> Result<(), Error> {
        let number = self.outbox.next_reader().ok_or(Error::NothingToRead)?;
        let track = self.tracks.iter_mut().find(|track| track.number() == number).ok_or(Error::UnknownTrack)?;
        track.read_back(bytes, &mut self.outbox);
        self.close()
    }

    /// The lesson is over: everything held is written, the manifest last. If something is to be read back for it, that comes
    /// first.
    pub fn handle_end(&mut self, now: Duration) -> Result<(), Error> {
        if std::mem::replace(&mut self.ended, true) {
            return Err(Error::Ended);
        }
        for track in &mut self.tracks {
            track.stop(&mut self.outbox);
            track.fill_to(now, &mut self.outbox);
        }
        self.closing = Some(now);
        self.close()
    }

    fn close(&mut self) -> Result<(), Error> {
        if self.outbox.is_reading() {
            return Ok(());
        }
        let Some(now) = self.closing.take() else { return Ok(()) };
        for track in self.tracks.iter_mut().filter(|track| track.goes_on()) {
            track.close(now, &mut self.outbox);
            self.outbox.end_track(track.number(), now.as_millis() as u64);
        }
        self.program.take_keyframes(&mut self.outbox);
        self.program_voice.finish(now.as_millis() as u64, &mut self.outbox)?;
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

fn is_program(track: &Track) -> bool {
    track.name.slot == Slot::Program
}

#[cfg(test)]
pub(crate) mod tests;
