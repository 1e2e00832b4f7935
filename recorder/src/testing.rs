//! A lesson played into the recorder in simulated time, and a disk in memory.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use crate::{
    Codec, Disk, Effect, File, LessonRecording, SenderReport, Slot, TrackKey, TrackName,
    depacketize::opus::SILENCE,
    manifest::tests::{lesson, name},
    recover::recover,
};

/// A publisher of one track: 15 pictures or 50 packets of voice a second.
pub struct Sender {
    pub key: TrackKey,
    pub name: TrackName,
    pub ssrc: u32,
    pub sequence: u16,
    /// RTP timestamp at zero of the lesson.
    pub base: u32,
    /// How long a packet is under way.
    pub delay_ms: u64,
    /// Its keyframes come at this time of every 2 s; a multiple of 80 ms.
    pub keyframe_at_ms: u64,
    /// How much too fast its sampling clock is, in parts per million.
    pub ppm: i64,
    codec: Codec,
    rate: u32,
    sps_level: u8,
}

/// The recorder and everything around it.
pub struct Studio {
    pub recording: LessonRecording,
    pub disk: BTreeMap<String, Vec<u8>>,
    pub keyframes_asked: Vec<TrackName>,
    pub refused: Vec<TrackName>,
    pub senders: Vec<Sender>,
    /// Sequence numbers of the lead's camera and voice that never arrive.
    pub lost: Vec<(TrackName, u16)>,
    /// Besides those, one packet in so many of any track never arrives.
    pub drop_one_in: Option<u64>,
    /// Whether nothing can be read back from the disk.
    pub unreadable: bool,
    /// Whether nobody sends a sender report.
    pub unreported: bool,
    now: u64,
}

impl Studio {
    pub fn new() -> Self {
        let mut studio = Self {
            recording: LessonRecording::new(lesson()).unwrap(),
            disk: BTreeMap::new(),
            keyframes_asked: Vec::new(),
            refused: Vec::new(),
            senders: Vec::new(),
            lost: Vec::new(),
            drop_one_in: None,
            unreadable: false,
            unreported: false,
            now: 0,
        };
        studio.drain();
        studio
    }

    /// The lead's camera and voice.
    pub fn start_lead(&mut self) {
        self.start(name("master", Slot::Camera), Codec::H264, 90_000);
        self.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    }

    pub fn start(&mut self, name: TrackName, codec: Codec, rate: u32) {
        let now = Duration::from_millis(self.now);
        let ssrc = 0x1000 + self.senders.len() as u32;
        if let Some(key) = self.recording.handle_track_started(now, &name, codec, ssrc) {
            let sequence = 65_500u16.wrapping_add(ssrc as u16);
            // Anywhere, close to the wrap.
            let base = 0u32.wrapping_sub(rate * 3).wrapping_add(ssrc);
            self.senders.push(Sender {
                key,
                name,
                ssrc,
                sequence,
                base,
                delay_ms: 20,
                keyframe_at_ms: 0,
                ppm: 0,
                codec,
                rate,
                sps_level: 0x1f,
            });
        }
        self.drain();
    }

    pub fn sender(&mut self, of: &TrackName) -> &mut Sender {
        self.senders.iter_mut().rfind(|sender| sender.name == *of).unwrap()
    }

    /// Another picture size from the next keyframe on.
    pub fn change_sps(&mut self, of: &TrackName) {
        self.sender(of).sps_level += 1;
    }

    /// Everybody sends for this many milliseconds of the lesson; a keyframe every 2 s, a sender report every second.
    pub fn teach(&mut self, span_ms: Range<u64>) {
        for ms in span_ms {
            self.now = ms;
            for index in 0..self.senders.len() {
                self.send(index, ms);
            }
            if ms % 200 == 0 {
                self.recording.handle_timeout(Duration::from_millis(ms)).unwrap();
                self.drain();
            }
        }
    }

    /// Somebody wants to watch what is recorded so far.
    pub fn look(&mut self) {
        self.recording.handle_look();
        self.drain();
    }

    fn send(&mut self, index: usize, ms: u64) {
        let sender = &mut self.senders[index];
        let Some(sent) = ms.checked_sub(sender.delay_ms) else { return };
        let elapsed = i128::from(sent) * i128::from(sender.rate) * (1_000_000 + i128::from(sender.ppm)) / 1_000_000_000;
        let timestamp = sender.base.wrapping_add(elapsed as u32);
        let voice = sender.name.slot == Slot::Voice;
        let (vp8, vp9) = (sender.codec == Codec::Vp8, sender.codec == Codec::Vp9);
        let is_key = sent % 2_000 == sender.keyframe_at_ms;
        let payload = match (voice, sent % 20, sent % 80, is_key) {
            (true, 0, _, _) => SILENCE.to_vec(),
            (false, _, _, true) if vp8 => vp8_keyframe(sender.sps_level),
            (false, _, 0, _) if vp8 => vec![0x10, 0x11, 0, 0, sent as u8],
            (false, _, _, true) if vp9 => [&[0x8c, 1], &VP9_KEYFRAME[..]].concat(),
            (false, _, 0, _) if vp9 => vec![0xcc, 1, 0x86, 1, sent as u8],
            (false, _, _, true) => keyframe(sender.sps_level),
            (false, _, 0, _) => vec![0x41, 0x9a, sent as u8],
            _ => Vec::new(),
        };
        let now = Duration::from_millis(ms);
        if !payload.is_empty() {
            sender.sequence = sender.sequence.wrapping_add(1);
            let packet = rtp(sender.sequence, timestamp, sender.ssrc, &payload);
            let (name, sequence, key) = (sender.name.clone(), sender.sequence, sender.key);
            // Scattered, but the same in every run.
            let chance = (u64::from(sequence) * 2_654_435_761 + ms) % 1_000_003;
            let dropped = self.drop_one_in.is_some_and(|one_in| chance.is_multiple_of(one_in));
            if !dropped && !self.lost.contains(&(name, sequence)) {
                self.recording.handle_packet(now, key, &packet).unwrap();
            }
        }
        let sender = &self.senders[index];
        if sent % 1_000 == 500 && !self.unreported {
            let ntp = (3_900_000_000_000 + sent) as f64 / 1_000.0 * 4_294_967_296.0;
            let report = SenderReport { ntp: ntp as u64, rtp: timestamp };
            self.recording.handle_sender_report(now, sender.key, report).unwrap();
        }
        self.drain();
    }

    /// Floor or courseware change.
    pub fn stage(&mut self, ms: u64, stage: crate::Stage) {
        self.now = ms;
        self.recording.handle_stage(Duration::from_millis(ms), stage);
        self.drain();
    }

    pub fn end_track(&mut self, of: &TrackName) {
        let key = self.sender(of).key;
        self.senders.retain(|sender| sender.name != *of);
        self.recording.handle_track_ended(Duration::from_millis(self.now), key).unwrap();
        self.drain();
    }

    pub fn end(&mut self) {
        self.recording.handle_end(Duration::from_millis(self.now)).unwrap();
        self.drain();
    }

    /// The program is gone, and the recording goes on from its journal `after_ms` later, with nobody publishing yet.
    pub fn crash_and_resume(&mut self, after_ms: u64) {
        self.senders.clear();
        self.now += after_ms;
        let recovered = recover(self.file("journal.wal"), |file| self.media_len(file)).unwrap();
        self.recording = LessonRecording::resume(recovered, Duration::from_millis(self.now)).unwrap();
        let tracks: Vec<TrackName> = self.recording.manifest().tracks.iter().map(|track| track.name.clone()).collect();
        for track in tracks {
            let bytes = self.file(&File::Waiting { track: track.clone() }.path()).to_vec();
            self.recording.handle_waiting(&track, &bytes).unwrap();
        }
        self.drain();
    }

    pub fn disk_becomes(&mut self, disk: Disk) {
        self.recording.handle_disk(Duration::from_millis(self.now), disk);
        self.drain();
    }

    pub fn file(&self, path: &str) -> &[u8] {
        self.disk.get(path).map_or(&[], Vec::as_slice)
    }

    pub fn media_len(&self, file: &File) -> u64 {
        self.file(&file.path()).len() as u64
    }

    pub fn drain(&mut self) {
        while let Some(effect) = self.recording.poll_effect() {
            match effect {
                Effect::Append { file, bytes } => self.disk.entry(file.path()).or_default().extend(bytes),
                Effect::Replace { file, bytes } => drop(self.disk.insert(file.path(), bytes)),
                Effect::Remove { file } => drop(self.disk.remove(&file.path())),
                Effect::ReadBack { file, offset, len } => {
                    let range = offset as usize..(offset + len) as usize;
                    let bytes = self.disk.get(&file.path()).and_then(|file| file.get(range)).map(<[u8]>::to_vec);
                    self.recording.handle_read_back(bytes.as_deref().filter(|_| !self.unreadable)).unwrap();
                }
                Effect::RequestKeyframe { track } => self.keyframes_asked.push(track),
                Effect::NotRecordable { track, .. } => self.refused.push(track),
            }
        }
    }
}

/// An IDR picture with its parameter sets in one STAP-A.
fn keyframe(level: u8) -> Vec<u8> {
    let sps = [
        0x67, 0x42, 0xc0, level, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 1, 0xe0, 0xf1,
        0x83, 0x24, 0x80,
    ];
    let mut payload = vec![0x78];
    for nal in [&sps[..], &[0x68, 0xce, 0x3c, 0x80], &[0x65, 0x88, 0x80]] {
        payload.extend_from_slice(&(nal.len() as u16).to_be_bytes());
        payload.extend_from_slice(nal);
    }
    payload
}

/// The head of a keyframe of VP9, 640x360.
const VP9_KEYFRAME: [u8; 9] = [0x82, 0x49, 0x83, 0x42, 0x40, 0x27, 0xf0, 0x16, 0x70];

/// A keyframe of VP8 behind its descriptor, ten times `level` pixels wide.
fn vp8_keyframe(level: u8) -> Vec<u8> {
    let [low, high] = (u16::from(level) * 10).to_le_bytes();
    vec![0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, low, high, 180, 0]
}

/// A packet with the marker bit.
pub fn rtp(sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0xe0];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}
