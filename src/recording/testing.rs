//! Recordings for tests, made without threads.

use std::{path::Path, time::Duration};

use protocol::{LessonId, ParticipantId, UtcMs};
use recorder::{
    Codec, Effect, Lesson, LessonRecording, SenderReport, Slot, TrackName,
    depacketize::{Format, ParameterSets},
    manifest::VERSION,
    picture::card::Card,
};

use super::files::{self, Files};
use crate::clock::utc_now;

/// Who speaks in them.
pub fn master() -> ParticipantId {
    ParticipantId::parse("master").unwrap()
}

/// His voice.
pub fn voice_of_master() -> TrackName {
    TrackName { participant: master(), slot: Slot::Voice }
}

/// The `n`th packet of a voice with SSRC 5.
pub fn voice_packet(n: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0xe0];
    packet.extend_from_slice(&n.to_be_bytes());
    packet.extend_from_slice(&(u32::from(n) * 960).to_be_bytes());
    packet.extend_from_slice(&5u32.to_be_bytes());
    packet.extend_from_slice(&[0xf8, 0xff, 0xfe]);
    packet
}

/// Payload of an H.264 keyframe, 1280 by 720: its parameter sets and an IDR picture in one STAP-A (RFC 6184 section 5.7.1).
pub const KEYFRAME: [u8; 39] = [
    0x78, 0, 25, 0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 1, 0xe0,
    0xf1, 0x83, 0x24, 0x80, 0, 4, 0x68, 0xce, 0x3c, 0x80, 0, 3, 0x65, 0x88, 0x80,
];

/// Three seconds of a voice that began so long ago, of a lesson nobody ended.
pub fn crashed(recordings: &Path, lesson: &LessonId, ago_ms: i64) -> UtcMs {
    speak(recordings, lesson, ago_ms).0
}

/// Three seconds of a voice, a minute ago, and the end of the lesson.
pub fn recorded(recordings: &Path, lesson: &LessonId) {
    let (_, mut recording, mut files) = speak(recordings, lesson, 60_000);
    recording.handle_end(Duration::from_secs(3)).unwrap();
    carry_out(&mut recording, &mut files);
}

/// So many seconds of a camera that sends a keyframe a second, and of a voice, and the end of the lesson.
pub fn record_pictures(recordings: &Path, lesson: &LessonId, seconds: u64) {
    record_sizes(recordings, lesson, &[(80, 45)], seconds);
}

/// The same of a camera whose picture has one size after the other, in macroblocks of 16 pixels, each for so many seconds.
pub fn record_sizes(recordings: &Path, lesson: &LessonId, sizes: &[(u32, u32)], seconds_each: u64) {
    let seconds = seconds_each * sizes.len() as u64;
    let facts =
        Lesson { version: VERSION, lesson: lesson.clone(), lead: Some(master()), began_at: utc_now().plus_ms(-60_000) };
    let mut recording = LessonRecording::new(facts).unwrap();
    let mut files = Files::create(&recordings.join(lesson.as_str())).unwrap();
    let camera = TrackName { participant: master(), slot: Slot::Camera };
    let voice = recording.handle_track_started(Duration::ZERO, &voice_of_master(), Codec::Opus, 5).unwrap();
    let camera = recording.handle_track_started(Duration::ZERO, &camera, Codec::H264, 6).unwrap();
    for key in [voice, camera] {
        let report = SenderReport { ntp: 3_900_000_000 << 32, rtp: 0 };
        recording.handle_sender_report(Duration::ZERO, key, report).unwrap();
    }
    let mut cards: Vec<Card> = sizes.iter().map(|size| card(*size)).collect();
    for n in 0..50 * seconds {
        let now = Duration::from_millis(20 * n);
        recording.handle_packet(now, voice, &voice_packet(n as u16)).unwrap();
        if n % 50 == 0 {
            let card = &mut cards[(n / 50 / seconds_each) as usize];
            recording.handle_packet(now, camera, &keyframe_packet((n / 50) as u16, card)).unwrap();
            recording.handle_timeout(now).unwrap();
        }
        carry_out(&mut recording, &mut files);
    }
    recording.handle_end(Duration::from_secs(seconds)).unwrap();
    carry_out(&mut recording, &mut files);
}

/// A picture that any decoder takes.
fn card(size: (u32, u32)) -> Card {
    let sets = ParameterSets { sps: sps(size), pps: [(0, KEYFRAME[30..34].to_vec())].into() };
    Card::instead_of(&Format::H264(sets)).unwrap()
}

/// A sequence parameter set of constrained baseline (ITU-T H.264 section 7.3.2.1.1).
fn sps((width, height): (u32, u32)) -> Vec<u8> {
    let ue = |value: u32| {
        let length = 32 - (value + 1).leading_zeros() as usize;
        format!("{:0>width$b}", value + 1, width = 2 * length - 1)
    };
    // The ids, order of pictures, one reference; the size; frames; no crop and no VUI; the stop bit.
    let bits = [ue(0), ue(0), ue(2), ue(1), "0".into(), ue(width - 1), ue(height - 1), "11001".into()].concat();
    let octets = bits.as_bytes().chunks(8).map(|octet| {
        let octet = std::str::from_utf8(octet).unwrap();
        u8::from_str_radix(&format!("{octet:0<8}"), 2).unwrap()
    });
    [0x67, 0x42, 0xc0, 0x1f].into_iter().chain(octets).collect()
}

/// It as the `n`th packet of a camera with SSRC 6, one a second.
fn keyframe_packet(n: u16, card: &mut Card) -> Vec<u8> {
    let Format::H264(sets) = card.format() else { panic!("a card of H.264") };
    let mut packet = vec![0x80, 0xe0];
    packet.extend_from_slice(&n.to_be_bytes());
    packet.extend_from_slice(&(u32::from(n) * 90_000).to_be_bytes());
    packet.extend_from_slice(&6u32.to_be_bytes());
    packet.push(0x78);
    let frame = card.draw();
    for nal in [&sets.sps, sets.pps.values().next().unwrap(), &frame[4..].to_vec()] {
        packet.extend_from_slice(&(nal.len() as u16).to_be_bytes());
        packet.extend_from_slice(nal);
    }
    packet
}

fn speak(recordings: &Path, lesson: &LessonId, ago_ms: i64) -> (UtcMs, LessonRecording, Files) {
    let began_at = utc_now().plus_ms(-ago_ms);
    let facts = Lesson { version: VERSION, lesson: lesson.clone(), lead: Some(master()), began_at };
    let mut recording = LessonRecording::new(facts).unwrap();
    let mut files = Files::create(&recordings.join(lesson.as_str())).unwrap();
    let key = recording.handle_track_started(Duration::ZERO, &voice_of_master(), Codec::Opus, 5).unwrap();
    let report = SenderReport { ntp: 3_900_000_000 << 32, rtp: 0 };
    recording.handle_sender_report(Duration::ZERO, key, report).unwrap();
    for n in 0..150 {
        recording.handle_packet(Duration::from_millis(20 * u64::from(n)), key, &voice_packet(n)).unwrap();
        carry_out(&mut recording, &mut files);
    }
    (began_at, recording, files)
}

fn carry_out(recording: &mut LessonRecording, files: &mut Files) {
    while let Some(effect) = recording.poll_effect() {
        match effect {
            Effect::Append { file, bytes } => files.append(&file, &bytes).unwrap(),
            Effect::Replace { file, bytes } => files::put(&files.path(&file), &bytes).unwrap(),
            Effect::Remove { file } => files.remove(&file).unwrap(),
            Effect::ReadBack { file, offset, len } => {
                recording.handle_read_back(files.read(&file, offset, len).ok().as_deref()).unwrap();
            }
            Effect::RequestKeyframe { .. } | Effect::NotRecordable { .. } => {}
        }
    }
}
