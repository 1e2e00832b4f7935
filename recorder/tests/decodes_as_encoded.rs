//! Pictures that ffmpeg encoded, sent as RTP by another stack and recorded, decode to the very pictures they were, at their
//! times. Takes ffmpeg with libvpx and an AV1 encoder and decoder, as Debian's has them.

#![allow(clippy::expect_used, reason = "test code outside test functions")]

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use protocol::{
    ids::{LessonId, ParticipantId},
    time::UtcMs,
};
use recorder::{
    Codec, Container, Effect, File, Lesson, LessonRecording, Manifest, SenderReport, Slot, TrackName,
    depacketize::{Format, Vp9Format},
    manifest::VERSION,
    picture::card::Card,
};
use rtp::packetizer::Payloader;

const FRAMES: u32 = 30;
/// At 15 a second on the 90 kHz clock.
const FRAME_TICKS: u32 = 6_000;
const SSRC: u32 = 7;

/// Runs ffmpeg; fails on the slightest complaint.
fn ffmpeg(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "error"])
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg");
    // What comes out while all of this goes in fits the pipe: a line a picture.
    child.stdin.take().expect("stdin").write_all(input).expect("input");
    let output = child.wait_with_output().expect("output");
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<_> = complaints.lines().filter(|line| !line.starts_with("Svt[info]")).collect();
    assert!(output.status.success() && complaints.is_empty(), "{complaints:?}");
    output.stdout
}

/// Moving pictures as IVF.
fn encode(encoder: &[&str]) -> Vec<u8> {
    let source = format!("testsrc2=size=320x180:rate=15,trim=end_frame={FRAMES},format=yuv420p");
    let arguments = [&["-f", "lavfi", "-i", &source, "-g", "15", "-b:v", "300k"], encoder, &["-f", "ivf"]].concat();
    ffmpeg(&arguments, &[])
}

/// Frames of an IVF file: 32 octets of header, then each behind its length and its time.
fn frames(ivf: &[u8]) -> Vec<&[u8]> {
    let mut rest = &ivf[32..];
    let mut frames = Vec::new();
    while let Some((header, tail)) = rest.split_first_chunk::<12>() {
        let len = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        frames.push(&tail[..len]);
        rest = &tail[len..];
    }
    frames
}

/// Time in milliseconds and checksum of every decoded picture.
fn pictures(file: &[u8]) -> Vec<(i64, String)> {
    let text = ffmpeg(&["-copyts", "-i", "-", "-fps_mode", "passthrough", "-f", "framemd5"], file);
    let text = String::from_utf8(text).expect("text");
    let base = text.lines().find_map(|line| line.strip_prefix("#tb 0: ")).expect("time base");
    let (num, den) = base.split_once('/').expect("a fraction");
    let (num, den): (i64, i64) = (num.parse().expect("a number"), den.parse().expect("a number"));
    let picture = |line: &str| {
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        (fields[2].parse::<i64>().expect("a time") * num * 1_000 / den, fields[5].to_owned())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(picture).collect()
}

/// What one frame after the other goes in.
fn payloads(payloader: &mut dyn Payloader, frames: &[&[u8]]) -> Vec<Vec<Vec<u8>>> {
    let of = |frame: &&[u8]| payloader.payload(1_200, &frame.to_vec().into()).expect("payloads");
    frames.iter().map(of).map(|payloads| payloads.iter().map(|payload| payload.to_vec()).collect()).collect()
}

/// Records pictures, each in some packets, as the lead's camera. Returns the manifest and the file of the only epoch.
fn record(codec: Codec, pictures: &[Vec<Vec<u8>>]) -> (Manifest, Vec<u8>) {
    let participant = ParticipantId::parse("master").expect("an id");
    let lesson = Lesson {
        version: VERSION,
        lesson: LessonId::parse("music-3a").expect("an id"),
        lead: Some(participant.clone()),
        began_at: UtcMs(1_795_312_800_000),
    };
    let mut recording = LessonRecording::new(lesson).expect("a recording");
    let camera = TrackName { participant, slot: Slot::Camera };
    let key = recording.handle_track_started(Duration::ZERO, &camera, codec, SSRC).expect("a track");
    let mut sequence = 65_530u16;
    let mut now = Duration::ZERO;
    for (payloads, timestamp) in pictures.iter().zip((0u32..).step_by(FRAME_TICKS as usize)) {
        now = Duration::from_micros(u64::from(timestamp) * 100 / 9);
        for (position, payload) in payloads.iter().enumerate() {
            let packet = packet(sequence, timestamp, position + 1 == payloads.len(), payload);
            recording.handle_packet(now, key, &packet).expect("taken");
            sequence = sequence.wrapping_add(1);
        }
        let seconds = 3_900_000_000.0 + now.as_secs_f64();
        let report = SenderReport { ntp: (seconds * 4_294_967_296.0) as u64, rtp: timestamp };
        recording.handle_sender_report(now, key, report).expect("taken");
    }
    recording.handle_end(now + Duration::from_millis(66)).expect("ended");
    let mut media = Vec::new();
    while let Some(effect) = recording.poll_effect() {
        if let Effect::Append { file: File::Media { .. }, bytes } = effect {
            media.extend(bytes);
        }
    }
    (recording.manifest().clone(), media)
}

fn packet(sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 96 | u8::from(marker) << 7];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&SSRC.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// Whether what was recorded shows what was encoded, frame by frame at its time.
fn assert_same_pictures(ivf: &[u8], media: &[u8]) {
    let (encoded, recorded) = (pictures(ivf), pictures(media));
    assert_eq!(encoded.len(), FRAMES as usize);
    assert_eq!(recorded.len(), encoded.len());
    for (before, after) in encoded.iter().zip(&recorded) {
        assert_eq!(before.1, after.1, "the picture at {} ms", before.0);
        assert!((before.0 - after.0).abs() <= 1, "{} ms became {} ms", before.0, after.0);
    }
}

#[test]
fn vp8_in_webm_decodes_as_it_was_encoded() {
    let ivf = encode(&["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"]);
    let mut payloader = rtp::codecs::vp8::Vp8Payloader::default();
    payloader.enable_picture_id = true;
    let (manifest, media) = record(Codec::Vp8, &payloads(&mut payloader, &frames(&ivf)));
    let epoch = &manifest.tracks[0].epochs[0];
    assert_eq!((manifest.tracks[0].epochs.len(), epoch.container), (1, Container::WebM));
    assert_eq!((epoch.codecs.as_str(), epoch.width, epoch.height), ("vp8", 320, 180));
    assert_same_pictures(&ivf, &media);
}

#[test]
fn av1_in_cmaf_decodes_as_it_was_encoded() {
    let ivf = encode(&["-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-lag-in-frames", "0"]);
    let mut payloader = rtp::codecs::av1::Av1Payloader {};
    let (manifest, media) = record(Codec::Av1, &payloads(&mut payloader, &frames(&ivf)));
    let epoch = &manifest.tracks[0].epochs[0];
    assert_eq!((manifest.tracks[0].epochs.len(), epoch.container), (1, Container::Cmaf));
    assert_eq!((epoch.codecs.as_str(), epoch.width, epoch.height), ("av01.0.00M.08", 320, 180));
    assert_same_pictures(&ivf, &media);
}

/// A VP9 frame in packets, as a spatial layer of its picture: what of a picture of two layers is sent first, or second. The key frame
/// tells the size of both.
fn layer_payloads(frame: &[u8], key: bool, layer: u8) -> Vec<Vec<u8>> {
    let chunks: Vec<&[u8]> = frame.chunks(1_000).collect();
    let payload = |(at, chunk): (usize, &&[u8])| {
        let (begins, ends) = (at == 0, at + 1 == chunks.len());
        let structure = key && begins && layer == 0;
        // Predicted, of a layer in flexible mode whose only reference is the picture before, begin, end, structure.
        let flags = u8::from(!key) << 6 | 0x30 | u8::from(begins) << 3 | u8::from(ends) << 2 | u8::from(structure) << 1;
        let mut payload = vec![flags, layer << 1 | layer];
        payload.extend((!key).then_some(0x02));
        if structure {
            let size = [1, 64, 0, 180];
            payload.extend([&[0x30][..], &size, &size].concat());
        }
        payload.extend_from_slice(chunk);
        payload
    };
    chunks.iter().enumerate().map(payload).collect()
}

#[test]
fn of_a_vp9_picture_in_several_layers_the_highest_alone_is_shown() {
    // Every frame stands for a layer: each is decoded, for the next refers to it, and every other one is shown.
    let encoder = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0"];
    let ivf = encode(&[&encoder[..], &["-auto-alt-ref", "0", "-error-resilient", "1", "-g", "100"]].concat());
    let frames = frames(&ivf);
    let layers = |(at, pair): (usize, &[&[u8]])| {
        [layer_payloads(pair[0], at == 0, 0), layer_payloads(pair[1], at == 0, 1)].concat()
    };
    let sent: Vec<Vec<Vec<u8>>> = frames.chunks_exact(2).enumerate().map(layers).collect();
    let (manifest, media) = record(Codec::Vp9, &sent);
    assert_eq!(manifest.tracks[0].epochs.len(), 1);
    let (encoded, recorded) = (pictures(&ivf), pictures(&media));
    let every_other: Vec<&String> = encoded.iter().skip(1).step_by(2).map(|(_, picture)| picture).collect();
    assert_eq!(recorded.iter().map(|(_, picture)| picture).collect::<Vec<_>>(), every_other);
}

/// An IVF file of one sample.
fn ivf(fourcc: &[u8; 4], (width, height): (u16, u16), sample: &[u8]) -> Vec<u8> {
    let mut ivf = [&b"DKIF\0\0\x20\0"[..], fourcc].concat();
    ivf.extend_from_slice(&width.to_le_bytes());
    ivf.extend_from_slice(&height.to_le_bytes());
    for number in [15u32, 1, 1, 0] {
        ivf.extend_from_slice(&number.to_le_bytes());
    }
    ivf.extend_from_slice(&(sample.len() as u32).to_le_bytes());
    ivf.extend_from_slice(&[0; 8]);
    ivf.extend_from_slice(sample);
    ivf
}

#[test]
fn the_card_in_vp9_is_plain_grey_at_any_size() {
    let sizes =
        [(640, 360), (1_280, 720), (1_920, 1_080), (16, 16), (8, 8), (2, 2), (322, 182), (72, 88), (4_096, 136)];
    for (width, height) in sizes {
        let mut card = Card::instead_of(&Format::Vp9(Vp9Format { profile: 0, width, height })).expect("a card");
        let decoded =
            ffmpeg(&["-i", "-", "-f", "rawvideo", "-pix_fmt", "yuv420p"], &ivf(b"VP90", (width, height), &card.draw()));
        assert_eq!(decoded.len(), usize::from(width) * usize::from(height) * 3 / 2, "{width}x{height}");
        assert!(decoded.iter().all(|pixel| *pixel == 128), "{width}x{height}");
    }
}
