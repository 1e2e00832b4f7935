//! A lesson played into the recorder in simulated time, and a disk in memory.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use crate::{
    Codec, Effect, File, LessonRecording, SenderReport, Slot, TrackKey, TrackName,
    depacketize::opus::SILENCE,
    manifest::tests::{lesson, name},
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
            self.senders.push(Sender { key, name, ssrc, sequence, base, delay_ms: 20, rate, sps_level: 0x1f });
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

    fn send(&mut self, index: usize, ms: u64) {
        let sender = &mut self.senders[index];
        let Some(sent) = ms.checked_sub(sender.delay_ms) else { return };
        let timestamp = sender.base.wrapping_add((sent * u64::from(sender.rate) / 1_000) as u32);
        let voice = sender.name.slot == Slot::Voice;
        let payload = match (voice, sent % 20, sent % 80, sent % 2_000) {
            (true, 0, _, _) => SILENCE.to_vec(),
            (false, _, _, 0) => keyframe(sender.sps_level),
            (false, _, 0, _) => vec![0x41, 0x9a, sent as u8],
            _ => Vec::new(),
        };
        let now = Duration::from_millis(ms);
        if !payload.is_empty() {
            sender.sequence = sender.sequence.wrapping_add(1);
            let packet = rtp(sender.sequence, timestamp, sender.ssrc, &payload);
            let (name, sequence, key) = (sender.name.clone(), sender.sequence, sender.key);
            if !self.lost.contains(&(name, sequence)) {
                self.recording.handle_packet(now, key, &packet).unwrap();
            }
        }
        let sender = &self.senders[index];
        if sent % 1_000 == 500 {
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

    pub fn file(&self, path: &str) -> &[u8] {
        self.disk.get(path).map_or(&[], Vec::as_slice)
    }

    pub fn media_len(&self, track: &TrackName, epoch: u32) -> u64 {
        self.file(&File::Media { track: track.clone(), epoch }.path()).len() as u64
    }

    fn drain(&mut self) {
        while let Some(effect) = self.recording.poll_effect() {
            match effect {
                Effect::Append { file, bytes } => self.disk.entry(file.path()).or_default().extend(bytes),
                Effect::Replace { file, bytes } => drop(self.disk.insert(file.path(), bytes)),
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

/// A packet with the marker bit.
pub fn rtp(sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0xe0];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}
