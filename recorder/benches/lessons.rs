//! How many lessons one core records: `cargo bench -p recorder`. The rate printed is lesson-seconds a second, which is that
//! number; wanted are at least 200 with a quarter of the time mixed.
//!
//! Everything but SRTP and the disk is in it: RTP, reordering, laying, the mix, parts, journal. A whole lesson has the lead's
//! camera (1 Mbit/s, 25 pictures a second), three classes' (0.3 Mbit/s, 15), and everybody's voice; the other rows are voices
//! alone. Behind the times it prints what 100 whole lessons hold in memory while all of them mix; wanted are at most 2 MB.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop where it finds something impossible")]
#![expect(clippy::print_stdout, reason = "it prints a figure")]

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput};
use opus::{Application, Bitrate, Channels, Encoder};
use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};
use recorder::{Codec, Lesson, LessonRecording, SenderReport, Slot, TrackKey, TrackName, manifest::VERSION};

/// Length of the lesson that is recorded again and again.
const SECONDS: u64 = 20;

/// What a party does.
#[derive(Clone, Copy)]
enum Party {
    /// Speaks this share of the time, and pauses (DTX) in the rest.
    Speaks(f32),
    /// Its microphone is open in a quiet room.
    Hums,
}

/// Of its camera: pictures a second, bytes of one, and packets that is.
#[derive(Clone, Copy)]
struct Camera {
    fps: u64,
    packets: usize,
}

const LEADS: Camera = Camera { fps: 25, packets: 5 };
const CLASS: Camera = Camera { fps: 15, packets: 3 };
/// Payload of a full packet.
const PACKET_BYTES: usize = 1_000;
/// Time between two keyframes, in seconds.
const KEYFRAME_S: u64 = 4;
/// Its parameter sets: 1280x720, constrained baseline.
const SPS: [u8; 25] = [
    0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 1, 0xe0, 0xf1, 0x83,
    0x24, 0x80,
];
const PPS: [u8; 4] = [0x68, 0xce, 0x3c, 0x80];

impl Camera {
    /// RTP payloads of the `n`th picture: parameter sets before a keyframe, and the picture in fragments (RFC 6184 section 5.8).
    fn picture(self, n: u64) -> Vec<Vec<u8>> {
        let keyframe = n.is_multiple_of(self.fps * KEYFRAME_S);
        let kind = if keyframe { 5 } else { 1 };
        let fragment = |part: usize| {
            let (first, last) = (part == 0, part + 1 == self.packets);
            let mut payload = vec![0x7c, kind | u8::from(first) << 7 | u8::from(last) << 6];
            payload.resize(PACKET_BYTES, 0x5a);
            payload
        };
        let sets = if keyframe { vec![SPS.to_vec(), PPS.to_vec()] } else { Vec::new() };
        sets.into_iter().chain((0..self.packets).map(fragment)).collect()
    }
}

/// Its packets, as a browser codes speech: 32 kbit/s, one channel, with forward error correction. `None` within a pause.
fn packets(party: Party) -> Vec<Option<Vec<u8>>> {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap();
    encoder.set_bitrate(Bitrate::Bits(32_000)).unwrap();
    encoder.set_inband_fec(true).unwrap();
    encoder.set_packet_loss_perc(5).unwrap();
    let packet = |n: u64| {
        let (level, silent) = match party {
            Party::Speaks(share) => (0.3, n as f32 >= share * (SECONDS * 50) as f32),
            Party::Hums => (0.001, false),
        };
        // A voice of 150 Hz with overtones, in syllables.
        let sample = |i: u64| {
            let t = (n * 960 + i) as f32 / 48_000.0;
            let voice: f32 =
                (1..12).map(|tone| (t * 150.0 * tone as f32 * std::f32::consts::TAU).sin() / tone as f32).sum();
            voice * level * (0.6 + 0.4 * (t * 4.0 * std::f32::consts::TAU).sin())
        };
        let pcm: Vec<f32> = (0..960).map(sample).collect();
        let coded = encoder.encode_vec_float(&pcm, 1_500).unwrap();
        (!silent).then_some(coded)
    };
    (0..SECONDS * 50).map(packet).collect()
}

fn lesson() -> Lesson {
    let (lesson, lead) = (LessonId::parse("music-3a").unwrap(), ParticipantId::parse("party-0").ok());
    Lesson { version: VERSION, lesson, lead, began_at: UtcMs(1_795_312_800_000) }
}

/// A track being sent.
struct Track {
    key: TrackKey,
    sequence: u16,
    /// Payloads of the time of each 20 ms, and their timestamps.
    sends: Vec<(u32, Vec<Vec<u8>>)>,
}

fn voice(packets: &[Option<Vec<u8>>]) -> Vec<(u32, Vec<Vec<u8>>)> {
    (0u32..).zip(packets).map(|(n, packet)| (n * 960, packet.iter().cloned().collect())).collect()
}

fn camera(camera: Camera) -> Vec<(u32, Vec<Vec<u8>>)> {
    let due = |n: u64| (0..SECONDS * camera.fps).find(|picture| picture * 50 / camera.fps == n);
    let send = |n| match due(n) {
        Some(picture) => ((picture * 90_000 / camera.fps) as u32, camera.picture(picture)),
        None => (0, Vec::new()),
    };
    (0..SECONDS * 50).map(send).collect()
}

fn start(voices: &[Vec<Option<Vec<u8>>>], pictures: bool) -> (LessonRecording, Vec<Track>) {
    let mut recording = LessonRecording::new(lesson()).unwrap();
    let mut tracks = Vec::new();
    let mut begin = |n: usize, slot, codec, sends| {
        let name = TrackName { participant: ParticipantId::parse(format!("party-{n}")).unwrap(), slot };
        let key = recording.handle_track_started(Duration::ZERO, &name, codec, 7).unwrap();
        let report = SenderReport { ntp: 3_900_000_000 << 32, rtp: 0 };
        recording.handle_sender_report(Duration::ZERO, key, report).unwrap();
        tracks.push(Track { key, sequence: 0, sends });
    };
    for (n, packets) in voices.iter().enumerate() {
        begin(n, Slot::Voice, Codec::Opus, voice(packets));
        if pictures {
            begin(n, Slot::Camera, Codec::H264, camera(if n == 0 { LEADS } else { CLASS }));
        }
    }
    (recording, tracks)
}

/// Plays `seconds` of the tracks into a recording; how many effects it had.
fn record(recording: &mut LessonRecording, tracks: &mut [Track], seconds: u64) -> usize {
    let mut written = 0;
    for n in 0..seconds * 50 {
        let now = Duration::from_millis(n * 20 + 20);
        for Track { key, sequence, sends } in tracks.iter_mut() {
            let (timestamp, payloads) = &sends[n as usize];
            for (position, payload) in payloads.iter().enumerate() {
                *sequence = sequence.wrapping_add(1);
                let marker = if position + 1 == payloads.len() { 0x80 } else { 0 };
                let mut packet = vec![0x80, marker | 0x6f];
                packet.extend(sequence.to_be_bytes());
                packet.extend(timestamp.to_be_bytes());
                packet.extend([0, 0, 0, 7]);
                packet.extend(payload);
                recording.handle_packet(now, *key, &packet).unwrap();
            }
        }
        if n % 10 == 0 {
            recording.handle_timeout(now).unwrap();
        }
        while let Some(effect) = recording.poll_effect() {
            black_box(&effect);
            written += 1;
        }
    }
    written
}

fn resident_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn memory(voices: &[Vec<Option<Vec<u8>>>]) {
    const LESSONS: usize = 100;
    let mut recordings = Vec::new();
    // What is sent is made once and is none of the recorder's.
    let (_, mut tracks) = start(voices, true);
    let before = resident_kb();
    for _ in 0..LESSONS {
        let (mut recording, fresh) = start(voices, true);
        tracks.iter_mut().zip(fresh).for_each(|(track, fresh)| (track.key, track.sequence) = (fresh.key, 0));
        record(&mut recording, &mut tracks, SECONDS / 2);
        recordings.push(recording);
    }
    println!("memory of a whole lesson that mixes: {} kB", (resident_kb() - before) / LESSONS);
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let mut group = c.benchmark_group("lessons a core records");
    group.throughput(Throughput::Elements(SECONDS)).sample_size(10);
    let (all, quarter, never) = (Party::Speaks(1.0), Party::Speaks(0.25), Party::Speaks(0.0));
    for (name, parties, pictures) in [
        ("whole, a quarter mixed", [all, quarter, never, never], true),
        ("one speaks", [all, never, never, never], false),
        ("a quarter mixed", [all, quarter, never, never], false),
        ("always mixed", [all, all, never, never], false),
        ("open microphones", [all, Party::Hums, Party::Hums, Party::Hums], false),
    ] {
        let voices = parties.map(packets);
        let fresh = || start(&voices, pictures);
        group.bench_function(name, |b| {
            let run = |(mut recording, mut tracks): (LessonRecording, Vec<Track>)| {
                black_box(record(&mut recording, &mut tracks, SECONDS))
            };
            b.iter_batched(fresh, run, BatchSize::PerIteration);
        });
    }
    group.finish();
    c.final_summary();
    memory(&[all, all, never, never].map(packets));
}
