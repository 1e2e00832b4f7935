//! One lesson being recorded: the pure machine and its files.

use std::{collections::HashMap, io, path::Path, sync::mpsc::SyncSender, time::Instant};

use anyhow::Context;
use protocol::{LessonId, ParticipantId, message::RecordingState};
use recorder::{
    Codec, Disk, Effect, Lesson, LessonEvent, LessonRecording, Manifest, SenderReport, Slot, Stage, TrackKey,
    TrackName, manifest::VERSION,
};
use sfu::{
    seats::{self, Source},
    tap::Tapped,
};

use super::{RecordingEvent, files::Files, lesson_clock::LessonClock, recovery, sync::Job};
use crate::db::Recording;

/// A recording under way.
pub struct Running {
    lesson: LessonId,
    recording: LessonRecording,
    files: Files,
    clock: LessonClock,
    tracks: HashMap<Source, TrackKey>,
    sources: HashMap<TrackName, Source>,
    failed: bool,
}

/// What came of something: to be told, and to be asked for.
#[derive(Debug, Default)]
pub struct Outcome {
    /// A new state of the recording, if it changed.
    pub state: Option<RecordingState>,
    /// Sources to ask for a keyframe.
    pub ask: Vec<Source>,
}

impl Running {
    /// Begins a recording, or goes on with the one that is there. `clock` is of the latter if this program began it.
    pub fn begin(
        directory: &Path,
        lesson: &LessonId,
        lead: Option<ParticipantId>,
        clock: Option<LessonClock>,
        now: Instant,
    ) -> anyhow::Result<Self> {
        let directory = directory.join(lesson.as_str());
        match Self::resume(&directory, lesson, clock, now) {
            Err(error) if cannot_be_gone_on_with(&error) => {
                if directory.exists() {
                    let error = format!("{error:#}");
                    tracing::error!(%lesson, error, "the recording cannot be gone on with, a new one begins: look at it");
                }
            }
            resumed => return resumed,
        }
        let files = Files::create(&directory).context("the recording's directory")?;
        let clock = LessonClock::begin(now);
        let (lesson, began_at) = (lesson.clone(), clock.began_at());
        let recording = LessonRecording::new(Lesson { version: VERSION, lesson: lesson.clone(), lead, began_at })?;
        Ok(Self::new(lesson, recording, files, clock))
    }

    fn resume(directory: &Path, lesson: &LessonId, clock: Option<LessonClock>, now: Instant) -> anyhow::Result<Self> {
        let recovered = recovery::repair(directory)?;
        let began_at = recovered.manifest.lesson.began_at;
        let clock = clock.filter(|clock| clock.began_at() == began_at);
        let clock = clock.unwrap_or_else(|| LessonClock::resume(began_at, now));
        let mut recording = LessonRecording::resume(recovered, clock.elapsed(now))?;
        recovery::take_waiting(directory, &mut recording);
        tracing::warn!(%lesson, at_ms = clock.elapsed(now).as_millis() as u64, "the recording goes on after an interruption");
        Ok(Self::new(lesson.clone(), recording, Files::open(directory), clock))
    }

    fn new(lesson: LessonId, recording: LessonRecording, files: Files, clock: LessonClock) -> Self {
        let (tracks, sources) = (HashMap::new(), HashMap::new());
        Self { lesson, recording, files, clock, tracks, sources, failed: false }
    }

    /// Its clock, to go on by.
    pub fn clock(&self) -> LessonClock {
        self.clock
    }

    /// Which lesson, and whose camera and voice its replay opens on.
    pub fn lesson(&self) -> (LessonId, Option<ParticipantId>) {
        (self.lesson.clone(), self.recording.manifest().lesson.lead.clone())
    }

    /// Whether it could not be written and takes nothing any more.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// A source began, or began again.
    pub fn start_track(
        &mut self,
        source: Source,
        who: ParticipantId,
        codec: sfu::codec::Codec,
        ssrc: u32,
        at: Instant,
    ) {
        let name = TrackName { participant: who, slot: slot_of(source.slot) };
        self.sources.insert(name.clone(), source);
        let now = self.clock.elapsed(at);
        match self.recording.handle_track_started(now, &name, codec_of(codec), ssrc) {
            Some(key) => self.tracks.insert(source, key),
            None => self.tracks.remove(&source),
        };
    }

    /// Something happened on a source that began before. `packet` holds its bytes if it is one.
    pub fn handle(&mut self, source: Source, what: &Tapped, packet: &[u8], at: Instant) {
        let now = self.clock.elapsed(at);
        let Some(&key) = self.tracks.get(&source) else { return };
        let handled = match *what {
            Tapped::Started { .. } => Ok(()),
            Tapped::Packet { .. } => self.recording.handle_packet(now, key, packet),
            Tapped::SenderReport { ntp, rtp } => {
                self.recording.handle_sender_report(now, key, SenderReport { ntp, rtp })
            }
            Tapped::Ended => self.recording.handle_track_ended(now, key),
        };
        if let Err(error) = handled {
            tracing::trace!(lesson = %self.lesson, %error, "not recorded");
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, at: Instant) {
        if let Err(error) = self.recording.handle_timeout(self.clock.elapsed(at)) {
            tracing::error!(lesson = %self.lesson, %error, "the manifest cannot be made: report this");
        }
    }

    /// What the lesson shows has changed.
    pub fn handle_stage(&mut self, stage: Stage, at: Instant) {
        self.recording.handle_stage(self.clock.elapsed(at), stage);
    }

    /// Something happened in the lesson that is worth finding again.
    pub fn note(&mut self, event: LessonEvent, at: Instant) {
        self.recording.handle_event(self.clock.elapsed(at), event);
    }

    /// Whether this is the recording of `lesson`.
    pub fn is_of(&self, lesson: &LessonId) -> bool {
        self.lesson == *lesson
    }

    /// What is recorded so far; once what this wants is carried out, the indexes say as much.
    pub fn look(&mut self) -> Manifest {
        self.recording.handle_look();
        self.recording.manifest().clone()
    }

    /// How full the disk is.
    pub fn handle_disk(&mut self, disk: Disk, at: Instant) {
        self.recording.handle_disk(self.clock.elapsed(at), disk);
    }

    /// Carries out what the machine wants. Call after everything above.
    pub fn carry_out(&mut self, sync: &SyncSender<Job>) -> Outcome {
        let mut outcome = Outcome::default();
        while let Some(effect) = self.recording.poll_effect() {
            match effect {
                Effect::ReadBack { file, offset, len } => {
                    let bytes = self.files.read(&file, offset, len).ok();
                    if let Err(error) = self.recording.handle_read_back(bytes.as_deref()) {
                        tracing::error!(lesson = %self.lesson, %error, "bytes read back were not taken: report this");
                    }
                }
                _ if self.failed => {}
                Effect::Append { file, bytes } => {
                    if let Err(error) = self.files.append(&file, &bytes) {
                        let file = file.path();
                        tracing::error!(lesson = %self.lesson, file, %error, "the recording stands still: check the disk");
                        self.failed = true;
                        outcome.state = Some(RecordingState::Failed);
                    }
                }
                Effect::Remove { file } => {
                    // What stays is not taken for more than it is after a crash.
                    if let Err(error) = self.files.remove(&file) {
                        tracing::warn!(lesson = %self.lesson, file = file.path(), %error, "a file cannot be removed");
                    }
                }
                Effect::Replace { file, bytes } => {
                    let path = self.files.path(&file);
                    let _ = sync.send(Job::Replace { lesson: self.lesson.clone(), path, bytes });
                }
                Effect::RequestKeyframe { track } => outcome.ask.extend(self.sources.get(&track)),
                Effect::NotRecordable { track, reason } => {
                    tracing::warn!(lesson = %self.lesson, %track, ?reason, "a track is not recorded");
                }
            }
        }
        outcome
    }

    /// The lesson is over. Returns how the recording stands when all of it is on the disk.
    pub fn end(mut self, at: Instant, sync: &SyncSender<Job>) -> RecordingEvent {
        let ended = self.recording.handle_end(self.clock.elapsed(at));
        if let Err(error) = ended {
            tracing::error!(lesson = %self.lesson, %error, "the recording cannot be closed: report this");
        }
        self.carry_out(sync);
        let duration_ms = self.recording.manifest().duration_ms;
        match (self.failed, duration_ms) {
            (true, _) => self.event(RecordingState::Failed),
            (false, 0) => self.event(RecordingState::Idle),
            (false, _) => self.event(RecordingState::Finished),
        }
    }

    /// How the recording stands, as told to others.
    pub fn event(&self, state: RecordingState) -> RecordingEvent {
        let manifest = self.recording.manifest();
        let finished = state == RecordingState::Finished;
        let duration_ms = finished.then(|| u32::try_from(manifest.duration_ms).unwrap_or(u32::MAX));
        let recording = Recording { state, started_at: manifest.lesson.began_at, duration_ms };
        RecordingEvent { lesson: self.lesson.clone(), recording }
    }
}

/// It is not there, is no recording, or its clock is not believed: the disk is not to blame.
fn cannot_be_gone_on_with(error: &anyhow::Error) -> bool {
    let is_missing = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
    is_missing || error.is::<recorder::Error>()
}

fn slot_of(slot: seats::Slot) -> Slot {
    match slot {
        seats::Slot::Voice => Slot::Voice,
        seats::Slot::Camera => Slot::Camera,
        seats::Slot::Screen => Slot::Screen,
    }
}

fn codec_of(codec: sfu::codec::Codec) -> Codec {
    match codec {
        sfu::codec::Codec::Opus => Codec::Opus,
        sfu::codec::Codec::H264(_) => Codec::H264,
        sfu::codec::Codec::Vp9 => Codec::Vp9,
        sfu::codec::Codec::Vp8 => Codec::Vp8,
    }
}
