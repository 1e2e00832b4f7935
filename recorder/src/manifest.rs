//! What was recorded, as `manifest.json` tells it to the replay. It is nothing but the journal's records applied in order,
//! so the running recorder and recovery after a crash cannot disagree.

use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};
use serde::{Deserialize, Serialize};

use crate::{
    Codec, Container, Error, LessonEvent, Refusal, Slot, TrackName,
    index::Part,
    journal::Record,
    limits::{CUTS, EVENTS, LESSON, SEGMENT, TRACKS},
};

/// Version of `lesson.json` and `manifest.json`.
pub const VERSION: u32 = 1;

/// `lesson.json`: what never changes, written first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// [`VERSION`].
    pub version: u32,
    /// Which lesson.
    pub lesson: LessonId,
    /// Whose camera and voice the master playlist shows.
    pub lead: Option<ParticipantId>,
    /// Zero of the lesson clock.
    pub began_at: UtcMs,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The same as in `lesson.json`.
    #[serde(flatten)]
    pub lesson: Lesson,
    /// Whether it is over and complete.
    pub ended: bool,
    /// End of the last sample on the lesson clock.
    pub duration_ms: u64,
    /// The tracks, in the order they began. The position is the number the journal uses.
    pub tracks: Vec<Track>,
    /// Tracks that were not recorded, and why.
    pub refused: Vec<Refused>,
    /// What program mode shows: each cut holds until the next. In order of time.
    #[serde(default)]
    pub program: Vec<Cut>,
    /// What happened, for chapters. In the order it was told.
    #[serde(default)]
    pub events: Vec<TimedEvent>,
}

/// The lesson shows another track from here on. It falls on a keyframe of that track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// When, in microseconds on the lesson clock.
    pub at_us: u64,
    /// Number of the track.
    pub track: u16,
}

/// Something that happened in the lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedEvent {
    /// When, in milliseconds on the lesson clock.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub event: LessonEvent,
}

/// A track that was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which.
    #[serde(flatten)]
    pub name: TrackName,
    /// Why.
    pub reason: Refusal,
}

/// A recorded track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Which; also its directory.
    #[serde(flatten)]
    pub name: TrackName,
    /// Its codec when it began.
    pub codec: Codec,
    /// Whether its publisher is gone.
    pub ended: bool,
    /// Most bits a second over any 4 s of it, for BANDWIDTH.
    pub peak_bitrate: u64,
    /// Its files. The position is the epoch's number.
    pub epochs: Vec<Epoch>,
    #[serde(skip)]
    peak: Peak,
}

/// One file of a track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// RFC 6381 codec string.
    pub codecs: String,
    /// Width in pixels, 0 for voice.
    pub width: u16,
    /// Height in pixels, 0 for voice.
    pub height: u16,
    /// Ticks a second.
    pub timescale: u32,
    /// Length of the init segment at the start of the file.
    pub init_len: u32,
    /// Start of its first part on the lesson clock, in ticks.
    pub start: u64,
    /// End of its last part, in ticks.
    pub end: u64,
    /// Length of the file.
    pub bytes: u64,
    /// How many parts it has.
    pub parts: u32,
    /// How the file is built.
    #[serde(default)]
    pub container: Container,
}

/// The window in which the peak bit rate is being measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Peak {
    bytes: u64,
    ticks: u64,
}

impl Epoch {
    /// A time of this epoch in microseconds on the lesson clock.
    pub fn micros(&self, ticks: u64) -> u64 {
        (u128::from(ticks) * 1_000_000 / u128::from(self.timescale.max(1))) as u64
    }

    /// Whether HLS can play it.
    pub fn is_cmaf(&self) -> bool {
        self.container == Container::Cmaf
    }

    /// Whether `part` plays within the longest lesson. One that does not was not written by a recorder.
    pub fn holds(&self, part: &Part) -> bool {
        let ticks = LESSON.as_secs() * u64::from(self.timescale.max(1));
        part.start <= ticks && part.duration <= ticks - part.start
    }
}

impl Track {
    /// First and last moment of it on the lesson clock in microseconds; `None` if nothing was written.
    pub fn span_micros(&self) -> Option<(u64, u64)> {
        let first = self.epochs.iter().find(|epoch| epoch.parts > 0)?;
        let last = self.epochs.iter().rfind(|epoch| epoch.parts > 0)?;
        Some((first.micros(first.start), last.micros(last.end)))
    }

    fn add_part(&mut self, number: u32, part: &Part) -> Option<u64> {
        let epoch = self.epochs.get_mut(number as usize).filter(|epoch| epoch.holds(part))?;
        if epoch.parts == 0 {
            epoch.start = part.start;
        }
        epoch.parts += 1;
        epoch.end = part.end();
        epoch.bytes = part.offset.saturating_add(u64::from(part.len));
        self.peak.bytes += u64::from(part.len);
        self.peak.ticks += part.duration;
        let timescale = u64::from(epoch.timescale);
        if self.peak.ticks >= SEGMENT.as_secs() * timescale || self.peak_bitrate == 0 {
            let bitrate = self.peak.bytes.saturating_mul(8).saturating_mul(timescale) / self.peak.ticks.max(1);
            self.peak_bitrate = self.peak_bitrate.max(bitrate);
            self.peak = Peak::default();
        }
        Some(epoch.micros(epoch.end))
    }
}

impl Manifest {
    /// Of a lesson of which nothing is recorded yet.
    pub fn new(lesson: Lesson) -> Self {
        let (tracks, refused, program, events) = Default::default();
        Self { lesson, ended: false, duration_ms: 0, tracks, refused, program, events }
    }

    /// Applies a record of the journal. One that refers to nothing known changes nothing.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::LessonStarted(_) | Record::Stage { .. } => {}
            Record::Event { at_ms, event } => self.add_event(*at_ms, event),
            Record::ProgramCut(cut) => self.cut(*cut),
            Record::TrackStarted { name, codec } => self.start_track(name, *codec),
            Record::TrackRefused(refused) => self.refused.push(refused.clone()),
            Record::EpochStarted { track, epoch } => self.start_epoch(*track, epoch),
            Record::PartAppended { track, epoch, part } => self.add_part(*track, *epoch, part),
            Record::TrackEnded { track, .. } => self.end_track(*track),
            Record::LessonEnded { .. } => self.end(),
            Record::LessonResumed { .. } => self.resume(),
        }
    }

    /// Whether program mode has a picture. A lesson in VP8 has none: its tracks play only one by one.
    pub fn has_program(&self) -> bool {
        !self.program.is_empty()
    }

    /// Number of the track that is the program's voice: the mixed one, or the lead's where there is none.
    pub fn program_voice(&self) -> Option<u16> {
        let written = |track: &&Track| track.span_micros().is_some();
        let lead = self.lesson.lead.as_ref().or(self.tracks.iter().find(written).map(|track| &track.name.participant));
        let number = |slot| {
            let of_lead = |track: &Track| track.name.slot == slot && Some(&track.name.participant) == lead;
            self.tracks.iter().position(|track| of_lead(track) && written(&track))
        };
        number(Slot::Program).or_else(|| number(Slot::Voice)).map(|number| number as u16)
    }

    /// The track called `name`, and its number.
    pub fn track(&self, name: &TrackName) -> Option<(u16, &Track)> {
        let number = self.tracks.iter().position(|track| track.name == *name)?;
        Some((number as u16, &self.tracks[number]))
    }

    /// The track whose directory is `directory`.
    pub fn track_in(&self, directory: &str) -> Option<&Track> {
        self.tracks.iter().find(|track| track.name.to_string() == directory)
    }

    /// As `manifest.json` has it.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec_pretty(self).map_err(|error| Error::Manifest(error.to_string()))
    }

    /// Reads `manifest.json`. A newer version is refused.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| Error::Manifest(error.to_string()))?;
        if manifest.lesson.version != VERSION {
            return Err(Error::Manifest(format!("version {} is not {VERSION}", manifest.lesson.version)));
        }
        Ok(manifest)
    }

    fn start_track(&mut self, name: &TrackName, codec: Codec) {
        if let Some(track) = self.tracks.iter_mut().find(|track| track.name == *name) {
            track.ended = false;
        } else if self.tracks.len() < TRACKS {
            let (name, epochs, peak) = (name.clone(), Vec::new(), Peak::default());
            self.tracks.push(Track { name, codec, ended: false, peak_bitrate: 0, epochs, peak });
        }
    }

    fn start_epoch(&mut self, track: u16, epoch: &Epoch) {
        if let Some(track) = self.tracks.get_mut(usize::from(track)) {
            track.peak = Peak::default();
            // What was written into it is told by its parts alone.
            track.epochs.push(Epoch { start: 0, end: 0, parts: 0, ..epoch.clone() });
        }
    }

    fn add_part(&mut self, track: u16, epoch: u32, part: &Part) {
        let track = self.tracks.get_mut(usize::from(track));
        if let Some(end) = track.and_then(|track| track.add_part(epoch, part)) {
            self.duration_ms = self.duration_ms.max(end.div_ceil(1_000));
        }
    }

    /// A cut that goes back in time was not written by a recorder.
    fn cut(&mut self, cut: Cut) {
        let forward = self.program.last().is_none_or(|last| last.at_us < cut.at_us);
        let known = self.tracks.get(usize::from(cut.track)).is_some_and(|track| track.codec.is_video());
        if forward && known && self.program.len() < CUTS && u128::from(cut.at_us) <= LESSON.as_micros() {
            self.program.push(cut);
        }
    }

    fn add_event(&mut self, at_ms: u64, event: &LessonEvent) {
        if self.events.len() < EVENTS {
            self.events.push(TimedEvent { at_ms, event: event.clone() });
        }
    }

    fn end_track(&mut self, track: u16) {
        if let Some(track) = self.tracks.get_mut(usize::from(track)) {
            track.ended = true;
        }
    }

    fn end(&mut self) {
        self.ended = true;
        self.tracks.iter_mut().for_each(|track| track.ended = true);
    }

    /// Whoever published before must start anew.
    fn resume(&mut self) {
        self.ended = false;
        self.tracks.iter_mut().for_each(|track| track.ended = true);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Slot;

    pub fn lesson() -> Lesson {
        Lesson {
            version: VERSION,
            lesson: LessonId::parse("music-3a").unwrap(),
            lead: Some(ParticipantId::parse("master").unwrap()),
            began_at: UtcMs(1_795_312_800_000),
        }
    }

    pub fn participant(id: &str) -> ParticipantId {
        ParticipantId::parse(id).unwrap()
    }

    pub fn name(of: &str, slot: Slot) -> TrackName {
        TrackName { participant: participant(of), slot }
    }

    pub fn epoch(codecs: &str, timescale: u32) -> Epoch {
        let (width, height) = if timescale == 90_000 { (1_280, 720) } else { (0, 0) };
        let container = Container::Cmaf;
        let (init_len, bytes) = (700, 700);
        Epoch {
            codecs: codecs.into(),
            width,
            height,
            timescale,
            init_len,
            start: 0,
            end: 0,
            bytes,
            parts: 0,
            container,
        }
    }

    fn recorded() -> Manifest {
        let mut manifest = Manifest::new(lesson());
        let part = Part { offset: 700, len: 50_000, start: 90_000, duration: 36_000, independent: true };
        for record in [
            Record::TrackStarted { name: name("master", Slot::Camera), codec: Codec::H264 },
            Record::EpochStarted { track: 0, epoch: epoch("avc1.42c01f", 90_000) },
            Record::PartAppended { track: 0, epoch: 0, part },
            Record::PartAppended { track: 0, epoch: 0, part: Part { offset: 50_700, start: 126_000, ..part } },
            Record::PartAppended { track: 0, epoch: 7, part },
            Record::PartAppended { track: 9, epoch: 0, part },
            Record::TrackRefused(Refused { name: name("point-1", Slot::Camera), reason: Refusal::Vp8 }),
            Record::ProgramCut(Cut { at_us: 1_000_000, track: 0 }),
            Record::ProgramCut(Cut { at_us: 900_000, track: 0 }),
            Record::ProgramCut(Cut { at_us: 1_400_000, track: 9 }),
            Record::Event { at_ms: 1_000, event: LessonEvent::CalledOn { participant: participant("point-1") } },
            Record::TrackEnded { track: 0, at_ms: 1_900 },
            Record::LessonEnded { at_ms: 2_000 },
        ] {
            manifest.apply(&record);
        }
        manifest
    }

    #[test]
    fn records_add_up_to_a_manifest() {
        let manifest = recorded();
        let track = &manifest.tracks[0];
        assert_eq!((track.epochs[0].parts, track.epochs[0].bytes), (2, 100_700));
        assert_eq!(track.span_micros(), Some((1_000_000, 1_800_000)));
        assert_eq!((manifest.duration_ms, manifest.ended, track.ended), (1_800, true, true));
        assert_eq!(track.peak_bitrate, 1_000_000);
        assert_eq!(manifest.refused.len(), 1);
        assert_eq!(manifest.program, [Cut { at_us: 1_000_000, track: 0 }], "neither backwards nor to the unknown");
        assert!(manifest.has_program() && manifest.events.len() == 1);
        assert!(manifest.track_in("master-camera").is_some() && manifest.track_in("../x").is_none());
    }

    #[test]
    fn a_manifest_reads_back_from_json() {
        let manifest = recorded();
        let read = Manifest::from_json(&manifest.to_json().unwrap()).unwrap();
        assert_eq!(read.to_json().unwrap(), manifest.to_json().unwrap());
        assert_eq!(read.tracks[0].name.to_string(), "master-camera");
    }

    #[test]
    fn a_manifest_from_before_webm_is_read_as_cmaf() {
        let json = String::from_utf8(recorded().to_json().unwrap()).unwrap();
        let (older, removed) =
            (json.replace("          \"container\": \"cmaf\"\n", ""), json.matches("container").count());
        assert_eq!(removed, 1);
        let read = Manifest::from_json(older.replace("\"parts\": 2,", "\"parts\": 2").as_bytes()).unwrap();
        assert_eq!(read.tracks[0].epochs[0].container, Container::Cmaf);
    }

    #[test]
    fn a_manifest_older_than_program_mode_reads_too() {
        let mut json: serde_json::Value = serde_json::from_slice(&recorded().to_json().unwrap()).unwrap();
        json.as_object_mut().unwrap().retain(|key, _| key != "program" && key != "events");
        let read = Manifest::from_json(json.to_string().as_bytes()).unwrap();
        assert!(!read.has_program() && read.events.is_empty());
    }

    #[test]
    fn a_newer_manifest_is_refused() {
        let mut manifest = recorded();
        manifest.lesson.version = 2;
        let read = Manifest::from_json(&manifest.to_json().unwrap());
        assert_eq!(read, Err(Error::Manifest("version 2 is not 1".into())));
        assert!(Manifest::from_json(b"{").is_err());
    }
}
