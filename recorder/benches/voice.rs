//! How many lessons' voices one core records: `cargo bench -p recorder`. The rate printed is lesson-seconds a second, which
//! is that number; wanted are at least 200 with a quarter of the time mixed.
//!
//! Everything of voice is in it: RTP, reordering, laying, the mix, parts and journal. Behind the times it prints what 100
//! lessons hold in memory while all of them mix.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop where it finds something impossible")]
#![expect(clippy::print_stdout, reason = "it prints a figure")]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput};
use opus::{Application, Bitrate, Channels, Encoder};
use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};
use recorder::{Codec, Lesson, LessonRecording, SenderReport, Slot, TrackKey, TrackName, manifest::VERSION};

/// Length of the lesson that is recorded again and again.
const SECONDS: u64 = 20;
/// Parties in it: the lead and three classes.
const PARTIES: usize = 4;

/// What a party does.
#[derive(Clone, Copy)]
enum Party {
    /// Speaks this share of the time, and pauses (DTX) in the rest.
    Speaks(f32),
    /// Its microphone is open in a quiet room.
    Hums,
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

fn start() -> (LessonRecording, Vec<TrackKey>) {
    let mut recording = LessonRecording::new(lesson()).unwrap();
    let start = |n: usize| {
        let name = TrackName { participant: ParticipantId::parse(format!("party-{n}")).unwrap(), slot: Slot::Voice };
        let key = recording.handle_track_started(Duration::ZERO, &name, Codec::Opus, 7).unwrap();
        let report = SenderReport { ntp: 3_900_000_000 << 32, rtp: 0 };
        recording.handle_sender_report(Duration::ZERO, key, report).unwrap();
        key
    };
    let keys = (0..PARTIES).map(start).collect();
    (recording, keys)
}

/// Plays `seconds` of the parties into a recording; the bytes it wrote.
fn record(recording: &mut LessonRecording, keys: &[TrackKey], parties: &[Vec<Option<Vec<u8>>>], seconds: u64) -> usize {
    let mut written = 0;
    let mut sequence = [0u16; PARTIES];
    for n in 0..seconds * 50 {
        let now = Duration::from_millis(n * 20 + 20);
        for (party, (key, packets)) in keys.iter().zip(parties).enumerate() {
            let Some(payload) = &packets[n as usize] else { continue };
            sequence[party] += 1;
            let mut packet = vec![0x80, 0x6f];
            packet.extend(sequence[party].to_be_bytes());
            packet.extend((n as u32 * 960).to_be_bytes());
            packet.extend([0, 0, 0, 7]);
            packet.extend(payload);
            recording.handle_packet(now, *key, &packet).unwrap();
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

fn memory(parties: &[Vec<Option<Vec<u8>>>]) {
    const LESSONS: usize = 100;
    let before = resident_kb();
    let mut lessons: Vec<_> = (0..LESSONS).map(|_| start()).collect();
    for (recording, keys) in &mut lessons {
        record(recording, keys, parties, SECONDS / 2);
    }
    println!("memory of a lesson that mixes: {} kB", (resident_kb() - before) / LESSONS);
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let mut group = c.benchmark_group("voices of a lesson");
    group.throughput(Throughput::Elements(SECONDS)).sample_size(10);
    let (all, quarter, never) = (Party::Speaks(1.0), Party::Speaks(0.25), Party::Speaks(0.0));
    for (name, parties) in [
        ("one speaks", [all, never, never, never]),
        ("a quarter mixed", [all, quarter, never, never]),
        ("always mixed", [all, all, never, never]),
        ("open microphones", [all, Party::Hums, Party::Hums, Party::Hums]),
    ] {
        let parties = parties.map(packets);
        group.bench_function(name, |b| {
            b.iter(|| {
                let (mut recording, keys) = start();
                record(&mut recording, &keys, &parties, SECONDS)
            })
        });
    }
    group.finish();
    c.final_summary();
    memory(&[all, all, never, never].map(packets));
}
