//! Recordings for tests, made without threads.

use std::{path::Path, time::Duration};

use protocol::{LessonId, ParticipantId, UtcMs};
use recorder::{Codec, Effect, Lesson, LessonRecording, SenderReport, Slot, TrackName, manifest::VERSION};

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
            Effect::ReadBack { file, offset, len } => {
                recording.handle_read_back(files.read(&file, offset, len).ok().as_deref()).unwrap();
            }
            Effect::RequestKeyframe { .. } | Effect::NotRecordable { .. } => {}
        }
    }
}
