//! What the recorder wants done. The shell does it in this order and decides nothing.

use crate::{
    Codec, Container, Error, LessonEvent, Refusal, Stage, TrackName,
    index::Part,
    journal::{self, Record},
    manifest::{Cut, Epoch, Lesson, Manifest, Refused},
    voice::VoicePacket,
};
use std::collections::VecDeque;

/// A file of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum File {
    /// What never changes.
    Lesson,
    /// Every fact in order.
    Journal,
    /// What the replay needs.
    Manifest,
    /// Media of one epoch of a track.
    Media {
        /// Which track.
        track: TrackName,
        /// Which epoch.
        epoch: u32,
        /// How it is built.
        container: Container,
    },
    /// Index of that.
    Index {
        /// Which track.
        track: TrackName,
        /// Which epoch.
        epoch: u32,
    },
    /// Packets of a track that wait for their clock.
    Waiting {
        /// Which track.
        track: TrackName,
    },
}

impl File {
    /// Its path within the recording's directory.
    pub fn path(&self) -> String {
        match self {
            Self::Lesson => "lesson.json".into(),
            Self::Journal => "journal.wal".into(),
            Self::Manifest => "manifest.json".into(),
            Self::Media { track, epoch, container } => format!("t/{track}/{epoch}.{}", container.extension()),
            Self::Index { track, epoch } => format!("t/{track}/{epoch}.idx"),
            Self::Waiting { track } => format!("t/{track}/waiting.rtp"),
        }
    }
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Append to a file in one write, making it if it is not there.
    Append {
        /// Which file.
        file: File,
        /// What.
        bytes: Vec<u8>,
    },
    /// Put this in place of the file so that a crash leaves either the old or the new one.
    Replace {
        /// Which file.
        file: File,
        /// The whole of it.
        bytes: Vec<u8>,
    },
    /// Remove the file, if it is there.
    Remove {
        /// Which file.
        file: File,
    },
    /// Read what was appended before, and give it to [`crate::LessonRecording::handle_read_back`]: these answers are taken in
    /// the order they were asked for.
    ReadBack {
        /// Which file.
        file: File,
        /// First byte.
        offset: u64,
        /// How many; at most `limits::REPEAT_BYTES`.
        len: u64,
    },
    /// Ask the track's publisher for a keyframe.
    RequestKeyframe {
        /// Which track.
        track: TrackName,
    },
    /// Say that this track is not being recorded. Once a track.
    NotRecordable {
        /// Which track.
        track: TrackName,
        /// Why.
        reason: Refusal,
    },
}

/// Effects on their way out. Drained after every call, so it holds what one packet or one tick brings about.
#[derive(Debug)]
pub(crate) struct Outbox {
    effects: VecDeque<Effect>,
    /// Records not yet among the effects: they go out behind the bytes they speak of, in one write.
    journal: Vec<u8>,
    /// Packets of voice written since they were last taken, for the mix: track and packet.
    voices: Vec<(u16, VoicePacket)>,
    manifest: Manifest,
    manifest_is_stale: bool,
    /// Tracks that wait for bytes of theirs, in the order they asked.
    readers: VecDeque<u16>,
    /// Keyframes put on the lesson clock by this call: number of the track, and ticks. For program mode.
    keyframes: Vec<(u16, u64)>,
}

impl Outbox {
    pub fn new(lesson: Lesson) -> Result<Self, Error> {
        let json = serde_json::to_vec_pretty(&lesson).map_err(|error| Error::Manifest(error.to_string()))?;
        let mut outbox = Self {
            effects: [Effect::Replace { file: File::Lesson, bytes: json }].into(),
            journal: Vec::new(),
            voices: Vec::new(),
            manifest: Manifest::new(lesson.clone()),
            manifest_is_stale: true,
            readers: VecDeque::new(),
            keyframes: Vec::new(),
        };
        outbox.record(&Record::LessonStarted(lesson));
        Ok(outbox)
    }

    /// Goes on with a journal whose records add up to `manifest`.
    pub fn resume(manifest: Manifest, at_ms: u64) -> Self {
        let mut outbox = Self {
            effects: VecDeque::new(),
            journal: Vec::new(),
            voices: Vec::new(),
            manifest,
            manifest_is_stale: true,
            readers: VecDeque::new(),
            keyframes: Vec::new(),
        };
        outbox.record(&Record::LessonResumed { at_ms });
        outbox
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn push(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub fn append(&mut self, file: File, bytes: Vec<u8>) {
        self.push(Effect::Append { file, bytes });
    }

    /// A packet of voice was written.
    pub fn voice(&mut self, track: u16, packet: VoicePacket) {
        self.voices.push((track, packet));
    }

    /// The packets of voice since the last call.
    pub fn take_voices(&mut self) -> Vec<(u16, VoicePacket)> {
        std::mem::take(&mut self.voices)
    }

    pub fn read_back(&mut self, track: u16, file: File, offset: u64, len: u64) {
        self.readers.push_back(track);
        self.push(Effect::ReadBack { file, offset, len });
    }

    /// The track whose bytes come next.
    pub fn next_reader(&mut self) -> Option<u16> {
        self.readers.pop_front()
    }

    /// Whether a track waits for bytes of its own.
    pub fn is_reading(&self) -> bool {
        !self.readers.is_empty()
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect> {
        if let Some(effect) = self.effects.pop_front() {
            return Some(effect);
        }
        let bytes = std::mem::take(&mut self.journal);
        (!bytes.is_empty()).then_some(Effect::Append { file: File::Journal, bytes })
    }

    /// Writes the manifest if it changed since it was last written.
    pub fn write_manifest(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.manifest_is_stale) {
            let bytes = self.manifest.to_json()?;
            self.push(Effect::Replace { file: File::Manifest, bytes });
        }
        Ok(())
    }

    pub fn start_track(&mut self, name: &TrackName, codec: Codec) {
        self.record(&Record::TrackStarted { name: name.clone(), codec });
    }

    pub fn refuse_track(&mut self, name: &TrackName, reason: Refusal) {
        self.record(&Record::TrackRefused(Refused { name: name.clone(), reason }));
        self.push(Effect::NotRecordable { track: name.clone(), reason });
    }

    pub fn start_epoch(&mut self, track: u16, epoch: Epoch) {
        self.record(&Record::EpochStarted { track, epoch });
    }

    pub fn add_part(&mut self, track: u16, epoch: u32, part: Part) {
        self.record(&Record::PartAppended { track, epoch, part });
    }

    pub fn end_track(&mut self, track: u16, at_ms: u64) {
        self.record(&Record::TrackEnded { track, at_ms });
    }

    pub fn end_lesson(&mut self, at_ms: u64) {
        self.record(&Record::LessonEnded { at_ms });
    }

    pub fn note(&mut self, at_ms: u64, event: LessonEvent) {
        self.record(&Record::Event { at_ms, event });
    }

    pub fn cut(&mut self, at_us: u64, track: u16) {
        self.record(&Record::ProgramCut(Cut { at_us, track }));
    }

    pub fn set_stage(&mut self, at_us: u64, stage: Stage) {
        self.record(&Record::Stage { at_us, stage });
    }

    /// A keyframe of a track has its place on the lesson clock.
    pub fn place_keyframe(&mut self, track: u16, ticks: u64) {
        self.keyframes.push((track, ticks));
    }

    /// The keyframes placed since the last call.
    pub fn take_keyframes(&mut self) -> Vec<(u16, u64)> {
        std::mem::take(&mut self.keyframes)
    }

    fn record(&mut self, record: &Record) {
        self.manifest.apply(record);
        self.manifest_is_stale = true;
        journal::append(record, &mut self.journal);
    }
}
