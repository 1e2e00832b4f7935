//! Lines too thin for the whole lesson: what matters most must get through.

use std::time::{Duration, Instant};

use sfu::seats::Stage;

use super::{Figure, Lesson, MASTER, Measured};
use crate::{COURSEWARE, Change, Conditions, Encoding, Publishes, Receives, VoiceOptions, Way};

/// When a line becomes thin, and what is measured.
const NARROWS_AT: f64 = 3.0;
const FROM: f64 = 10.0;
const TO: f64 = 70.0;

fn whole_lesson(camera: &[Encoding]) -> Publishes {
    Publishes { voice: Some(VoiceOptions::default()), camera: camera.to_vec(), screen: Some(COURSEWARE) }
}

/// A point joins, its line becomes as thin as this both ways, and the lesson goes on until the end of what is measured.
fn over(seed: u64, camera: &[Encoding], bps: u64) -> (Lesson, super::Point, Instant, Instant) {
    let mut lesson = Lesson::new(seed, whole_lesson(camera));
    let line = Conditions { queue: Duration::from_millis(500), ..Conditions::delayed(50) };
    let point = lesson.join(line, Receives::POINT);
    let world = &mut lesson.world;
    // After the handshake: how that repeats itself on a bad line is chance that no seed tells.
    let narrows = world.at(NARROWS_AT);
    world.plan_both(point.site, narrows, Change::Rate(Some(bps)));
    let (from, to) = (world.at(FROM), world.at(TO));
    world.run_until(to);
    (lesson, point, from, to)
}

/// 64 kbit/s.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechOnly {
    /// Its seed.
    pub seed: u64,
    /// Rate of the speech as it is received, in bit/s.
    pub speech_bps: f64,
    /// Longest gap in it, in ms.
    pub gap_ms: f64,
    /// Share of it that was concealed.
    pub concealed: f64,
    /// Wait in the queue, 95 of 100 packets, in ms.
    pub queue_p95_ms: Option<f64>,
}

/// A line of 64 kbit/s carries the speech and nothing else.
pub fn speech_only(seed: u64, camera: &[Encoding]) -> SpeechOnly {
    let (mut lesson, point, from, to) = over(seed, camera, 64_000);
    let wait = lesson.world.link(point.site, Way::Down).wait(from, to, 0.95);
    let receiver = lesson.world.receiver(point.receiving);
    let heard = receiver.voice(0).heard(from, to);
    SpeechOnly {
        seed,
        speech_bps: receiver.bytes(from, to).speech as f64 * 8.0 / (TO - FROM),
        gap_ms: heard.longest_gap_ms,
        concealed: heard.concealment(),
        queue_p95_ms: wait.map(|wait| wait.as_secs_f64() * 1000.0),
    }
}

impl Measured for SpeechOnly {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_most("speech", 24.0, "kbit/s", self.speech_bps / 1000.0),
            Figure::at_most("longest gap in it", 200.0, "ms", self.gap_ms),
            Figure::told("of it concealed", "%", self.concealed * 100.0),
            Figure::told("wait in the queue, 95 of 100", "ms", self.queue_p95_ms),
        ]
    }
}

/// 300 kbit/s.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechAndCourseware {
    /// Its seed.
    pub seed: u64,
    /// Longest gap in the speech, in ms.
    pub gap_ms: f64,
    /// Longest time without a new picture of the courseware, in seconds.
    pub courseware_gap_s: f64,
    /// New pictures of the courseware in a minute.
    pub courseware_per_minute: f64,
}

/// A line of 300 kbit/s carries the speech and the courseware, at least as stills.
pub fn speech_and_courseware(seed: u64, camera: &[Encoding]) -> SpeechAndCourseware {
    let (mut lesson, point, from, to) = over(seed, camera, 300_000);
    let receiver = lesson.world.receiver(point.receiving);
    let screen = receiver.picture(1).seen(from, to);
    SpeechAndCourseware {
        seed,
        gap_ms: receiver.voice(0).heard(from, to).longest_gap_ms,
        courseware_gap_s: screen.longest_gap_ms / 1000.0,
        courseware_per_minute: screen.frames as f64 * 60.0 / (TO - FROM),
    }
}

impl Measured for SpeechAndCourseware {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_most("longest gap in the speech", 200.0, "ms", self.gap_ms),
            Figure::at_most("longest time without a new picture of the courseware", 10.0, "s", self.courseware_gap_s),
            Figure::told("pictures of the courseware", "a minute", self.courseware_per_minute),
        ]
    }
}

/// 1 Mbit/s, one packet in twenty lost, 200 ms there and back.
#[derive(Debug, Clone, PartialEq)]
pub struct AllSeats {
    /// Its seed.
    pub seed: u64,
    /// Lead camera, courseware and floor camera that are seen.
    pub seats: usize,
    /// Share of the time that the worst of them was frozen.
    pub frozen: f64,
    /// Longest gap in the lead's voice, in ms.
    pub gap_ms: f64,
    /// Share of the lead's voice that was concealed.
    pub concealed: f64,
    /// Key frames that it asked for, of all lines.
    pub key_frames_asked: u64,
}

/// A lossy, long line of 1 Mbit/s carries all seats.
pub fn all_seats(seed: u64, camera: &[Encoding]) -> AllSeats {
    let mut lesson = Lesson::new(seed, whole_lesson(camera));
    let good = Conditions::delayed(20);
    let floor = lesson.next_participant();
    let floor_site = lesson.world.site(good, good);
    lesson.world.publish(floor_site, floor, Publishes::camera(camera));
    lesson.world.set_stage(Stage { lead: Some(MASTER), floor: [Some(floor)], courseware: true, wall: vec![floor] });
    lesson.world.run(1.0);
    let line = Conditions { rate_bps: Some(1_000_000), ..Conditions::delayed(50) };
    let point = lesson.join(line, Receives::POINT);
    let mut world = lesson.world;
    let worsens = world.at(NARROWS_AT);
    world.plan_both(point.site, worsens, Change::Delay(Duration::from_millis(100)));
    world.plan_both(point.site, worsens, Change::Loss(0.05));
    let (from, to) = (world.at(FROM), world.at(TO));
    world.run_until(to);
    let receiver = world.receiver(point.receiving);
    let seen: Vec<_> = receiver.pictures().map(|picture| picture.seen(from, to)).collect();
    let heard = receiver.voice(0).heard(from, to);
    AllSeats {
        seed,
        seats: seen.iter().filter(|seen| seen.frames > 0).count(),
        frozen: seen.iter().map(|seen| seen.frozen_ms / 1000.0 / (TO - FROM)).fold(0.0, f64::max),
        gap_ms: heard.longest_gap_ms,
        concealed: heard.concealment(),
        key_frames_asked: receiver.requests().0,
    }
}

impl Measured for AllSeats {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_least("seats seen", 3.0, "", self.seats as f64),
            Figure::at_most("of the time the worst of them was frozen", 3.0, "%", self.frozen * 100.0),
            Figure::told("longest gap in the voice", "ms", self.gap_ms),
            Figure::told("of the voice concealed", "%", self.concealed * 100.0),
            Figure::told("key frames asked for", "", self.key_frames_asked as f64),
        ]
    }
}
