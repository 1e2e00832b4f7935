//! Streams that are broken on their way or by their sender, and what of them is on the file.

use super::{
    pauses::{assert_unbroken, whole},
    *,
};
use crate::TrackName;

const SPS: [u8; 25] = [
    0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 1, 0xe0, 0xf1, 0x83,
    0x24, 0x80,
];
const PPS: [u8; 4] = [0x68, 0xce, 0x3c, 0x80];

/// A camera that sends a picture every 100 ms and keyframes when told; NTP and RTP begin with the lesson.
struct Camera {
    studio: Studio,
    key: TrackKey,
    name: TrackName,
    ms: u64,
    sequence: u16,
    /// Added to every timestamp.
    base: u32,
}

impl Camera {
    fn new() -> Self {
        Self::from(0)
    }

    fn from(base: u32) -> Self {
        let mut studio = Studio::new();
        let name = name("master", Slot::Camera);
        let key = studio.recording.handle_track_started(Duration::ZERO, &name, Codec::H264, 7).unwrap();
        let mut camera = Self { studio, key, name, ms: 0, sequence: 65_530, base };
        let report = SenderReport { ntp: 3_900_000_000 << 32, rtp: base };
        camera.studio.recording.handle_sender_report(Duration::ZERO, key, report).unwrap();
        camera
    }

    fn packet(&mut self, payload: &[u8], marker: bool) {
        self.sequence = self.sequence.wrapping_add(1);
        let timestamp = (self.ms as u32 * 90).wrapping_add(self.base);
        let mut packet = rtp(self.sequence, timestamp, 7, payload);
        packet[1] = if marker { 0xe0 } else { 0x60 };
        self.studio.recording.handle_packet(Duration::from_millis(self.ms), self.key, &packet).unwrap();
    }

    fn next(&mut self) {
        self.ms += 100;
        self.studio.recording.handle_timeout(Duration::from_millis(self.ms)).unwrap();
        self.studio.drain();
    }

    fn keyframe(&mut self) {
        self.packet(&SPS, false);
        self.packet(&PPS, false);
        self.packet(&[0x65, 0x88, 0x80], true);
        self.next();
    }

    fn frames(&mut self, count: u64) {
        for _ in 0..count {
            self.packet(&[0x41, 0x9a, self.ms as u8], true);
            self.next();
        }
    }

    /// Ends the lesson; there is no hole, and so many files.
    fn end(mut self, epochs: usize) -> Vec<(u64, u32, usize)> {
        self.studio.recording.handle_end(Duration::from_millis(self.ms)).unwrap();
        self.studio.drain();
        assert_unbroken(&self.studio, &self.name, self.ms);
        let samples = whole(&self.studio, &self.name);
        assert_eq!(samples.last().map(|last| last.2 + 1), Some(epochs));
        samples
    }
}

fn times_ms(samples: &[(u64, u32, usize)]) -> Vec<u64> {
    samples.iter().map(|sample| (sample.0 + 45) / 90).collect()
}

#[test]
fn timestamps_that_wrap_or_jump_leave_every_picture_where_it_came() {
    for (what, jump) in
        [("wrap", 0u32), ("an hour on", 90_000 * 3_600), ("an hour back", 0u32.wrapping_sub(90_000 * 3_600))]
    {
        let mut camera = Camera::from(u32::MAX - 90_000);
        camera.keyframe();
        camera.frames(20);
        camera.base = camera.base.wrapping_add(jump);
        camera.frames(20);
        let times = times_ms(&camera.end(1));
        let off = times.iter().enumerate().map(|(n, time)| time.abs_diff(n as u64 * 100)).max().unwrap();
        assert!(times.len() == 41 && off <= 10, "{what}: {times:?}");
    }
}

#[test]
fn packets_of_padding_alone_are_no_loss() {
    let mut camera = Camera::new();
    camera.keyframe();
    for _ in 0..10 {
        camera.packet(&[], false);
        camera.frames(1);
    }
    assert_eq!(camera.end(1).len(), 11);
}

#[test]
fn a_fragment_without_its_beginning_is_a_loss_until_the_next_keyframe() {
    let mut camera = Camera::new();
    camera.keyframe();
    camera.frames(3);
    // FU-A: the middle and the end of a slice whose start never came.
    camera.packet(&[0x5c, 0x01, 1, 2, 3], false);
    camera.packet(&[0x5c, 0x41, 4, 5, 6], true);
    camera.next();
    camera.frames(5);
    assert!(camera.studio.keyframes_asked.contains(&camera.name));
    camera.keyframe();
    camera.frames(3);
    assert_eq!(times_ms(&camera.end(1)), [0, 100, 200, 300, 1_000, 1_100, 1_200, 1_300]);
}

#[test]
fn nal_units_of_no_length_do_not_reach_the_file() {
    let mut camera = Camera::new();
    camera.keyframe();
    // A STAP-A with an empty unit between two slices.
    camera.packet(&[0x78, 0, 2, 0x41, 0x9a, 0, 0, 0, 2, 0x41, 0x9b], true);
    camera.next();
    camera.frames(2);
    camera.keyframe();
    let (path, file) = (format!("t/{}/0.cmaf", camera.name), camera.studio.disk.clone());
    camera.end(1);
    assert!(!file[&path].windows(10).any(|bytes| bytes == [0x41, 0x9a, 0, 0, 0, 0, 0, 0, 0, 2]));
}

#[test]
fn another_ssrc_is_left_out_until_it_is_announced() {
    let mut camera = Camera::new();
    camera.keyframe();
    camera.frames(5);
    let foreign = rtp(9, 1, 8, &[0x41, 0x9a]);
    camera.studio.recording.handle_packet(Duration::from_millis(camera.ms), camera.key, &foreign).unwrap();
    camera.frames(5);
    assert_eq!(camera.end(1).len(), 11);
}

#[test]
fn a_tenth_lost_and_repaired_late_costs_nothing() {
    let mut camera = Camera::new();
    camera.keyframe();
    let mut late: Option<(u64, Vec<u8>)> = None;
    for n in 0..200u64 {
        if let Some((_, packet)) = late.take_if(|(due, _)| *due <= n) {
            let now = Duration::from_millis(camera.ms);
            camera.studio.recording.handle_packet(now, camera.key, &packet).unwrap();
        }
        if n % 10 == 3 && n < 190 {
            // Comes 700 ms later.
            camera.sequence = camera.sequence.wrapping_add(1);
            late = Some((n + 7, rtp(camera.sequence, camera.ms as u32 * 90, 7, &[0x41, 0x9a, 1])));
            camera.next();
        } else if n % 50 == 49 {
            camera.keyframe();
        } else {
            camera.frames(1);
        }
    }
    let samples = camera.end(1);
    assert_eq!(samples.len(), 201);
    assert!(samples.iter().all(|sample| sample.1 == 9_000), "{samples:?}");
}

#[test]
fn another_codec_begins_another_file_and_time_runs_on() {
    let mut studio = taught(4_000);
    let camera = name("master", Slot::Camera);
    let key = studio.sender(&camera).key;
    studio.senders.retain(|sender| sender.name != camera);
    let now = Duration::from_millis(4_000);
    assert_eq!(studio.recording.handle_track_started(now, &camera, Codec::Vp9, 99), Some(key));
    for n in 0..30u64 {
        let ms = 4_000 + n * 100;
        // RFC 9628: beginning and end of a frame, without a picture id; P set on all but the first. Then a key or an
        // inter frame of profile 0.
        let key_frame: &[u8] = &[0x0c, 0x82, 0x49, 0x83, 0x42, 0x00, 0x27, 0xf0, 0x1d, 0xf6, 0];
        let payload: &[u8] = if n == 0 { key_frame } else { &[0x4c, 0x86, 0, 0] };
        let packet = rtp(n as u16, ms as u32 * 90, 99, payload);
        studio.recording.handle_packet(Duration::from_millis(ms), key, &packet).unwrap();
        studio.teach(ms..ms + 100);
    }
    studio.end();
    let track = studio.recording.manifest().track(&camera).unwrap().1;
    assert_eq!((track.epochs.len(), track.epochs[1].codecs.as_str()), (2, "vp09.00.30.08"));
    assert_unbroken(&studio, &camera, 6_999);
}
