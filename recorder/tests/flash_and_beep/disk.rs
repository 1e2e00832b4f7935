//! The recorder with a disk in memory.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};
use recorder::{
    Effect, File, Lesson as About, LessonRecording, Manifest, Stage, TrackKey, TrackName,
    download::{Content, Extent, download},
    index,
    limits::TICK,
    manifest::VERSION,
};

use crate::feed::{Arrival, Lesson, What};

/// What the recorder wrote.
pub struct Disk {
    pub files: BTreeMap<String, Vec<u8>>,
    pub manifest: Manifest,
}

/// A recording under way.
struct Recording {
    recording: LessonRecording,
    files: BTreeMap<String, Vec<u8>>,
    keys: HashMap<TrackName, TrackKey>,
}

impl Disk {
    /// Plays the lesson into the recorder.
    pub fn record(lesson: &Lesson) -> Self {
        let about = About {
            version: VERSION,
            lesson: LessonId::parse("flash-and-beep").unwrap(),
            lead: Some(ParticipantId::parse("master").unwrap()),
            began_at: UtcMs(1_795_312_800_000),
        };
        let recording = LessonRecording::new(about).unwrap();
        let mut running = Recording { recording, files: BTreeMap::new(), keys: HashMap::new() };
        let mut next_tick = Duration::ZERO;
        let mut shown = false;
        for (at, arrival) in &lesson.arrivals {
            let now = Duration::from_secs_f64(*at);
            while next_tick <= now {
                running.recording.handle_timeout(next_tick).unwrap();
                running.drain();
                next_tick += TICK;
            }
            if lesson.is_courseware_on(*at) != shown {
                shown = !shown;
                running.recording.handle_stage(now, Stage { floor: Vec::new(), courseware: shown });
                running.drain();
            }
            running.take(now, arrival);
        }
        running.recording.handle_end(Duration::from_secs_f64(lesson.length_s)).unwrap();
        running.drain();
        Self { manifest: running.recording.manifest().clone(), files: running.files }
    }

    /// The program as one MP4.
    pub fn download(&self) -> Vec<u8> {
        let bytes = |file: &File| self.files.get(&file.path()).map(Vec::as_slice).unwrap_or_default();
        let mut head = |file: &File, offset: u64, len: usize| {
            let rest = bytes(file).get(offset as usize..)?;
            Some(rest[..len.min(rest.len())].to_vec())
        };
        let parts = |track: &recorder::manifest::Track, epoch: u32| {
            index::decode(bytes(&File::Index { track: track.name.clone(), epoch }))
        };
        let made = download(&self.manifest, &parts, &mut head, Content::Program).unwrap();
        let piece = |extent: Extent| match extent {
            Extent::Bytes(bytes) => bytes,
            Extent::File { file, offset, len } => bytes(&file)[offset as usize..(offset + len) as usize].to_vec(),
        };
        made.extents.into_iter().flat_map(piece).collect()
    }

    /// When the program's first picture or sound is, in seconds on the lesson clock: zero of the download.
    pub fn program_begins_s(&self) -> f64 {
        self.begins_s("master-program").min(self.manifest.program[0].at_us as f64 / 1e6)
    }

    /// When the first sample of a track is, in seconds on the lesson clock.
    pub fn begins_s(&self, track: &str) -> f64 {
        let epoch = &self.manifest.track_in(track).unwrap().epochs[0];
        epoch.start as f64 / f64::from(epoch.timescale)
    }

    /// Length of the recording in seconds.
    pub fn duration_s(&self) -> f64 {
        self.manifest.duration_ms as f64 / 1e3
    }
}

impl Recording {
    fn take(&mut self, now: Duration, arrival: &Arrival) {
        let Arrival { name, what } = arrival;
        if let What::Started { codec, ssrc } = what {
            let key = self.recording.handle_track_started(now, name, *codec, *ssrc).unwrap();
            self.keys.insert(name.clone(), key);
        }
        // A report may overtake the first packet of its track; nobody knows that track yet.
        let Some(&key) = self.keys.get(name) else { return };
        match what {
            What::Started { .. } => {}
            What::Packet(bytes) => self.recording.handle_packet(now, key, bytes).unwrap(),
            What::Report(report) => self.recording.handle_sender_report(now, key, *report).unwrap(),
            What::Ended => self.recording.handle_track_ended(now, key).unwrap(),
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.recording.poll_effect() {
            match effect {
                Effect::Append { file, bytes } => self.files.entry(file.path()).or_default().extend(bytes),
                Effect::Replace { file, bytes } => drop(self.files.insert(file.path(), bytes)),
                Effect::Remove { file } => drop(self.files.remove(&file.path())),
                Effect::ReadBack { file, offset, len } => {
                    let range = offset as usize..(offset + len) as usize;
                    let bytes = self.files.get(&file.path()).and_then(|file| file.get(range)).map(<[u8]>::to_vec);
                    self.recording.handle_read_back(bytes.as_deref()).unwrap();
                }
                Effect::RequestKeyframe { .. } | Effect::NotRecordable { .. } => {}
            }
        }
    }
}
