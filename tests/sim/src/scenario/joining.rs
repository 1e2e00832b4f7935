//! Joining a lesson: one by one, and all at once.

use super::{Figure, Lesson, Measured, Point};
use crate::{
    Conditions, Encoding, Publishes, Receives,
    chance::Chance,
    figures::{most, share_of},
};

/// Half of the round trip of those who join.
const ONE_WAY_MS: u64 = 50;
const ONE_BY_ONE: u64 = 40;
/// Joiners after which one leaves.
const STAY: usize = 5;
const ALL_AT_ONCE: usize = 200;

/// Times from a POST until something is there, in seconds.
struct Times {
    sound: Vec<f64>,
    picture: Vec<f64>,
}

fn times(lesson: &mut Lesson, points: &[Point]) -> Times {
    let mut times = Times { sound: Vec::new(), picture: Vec::new() };
    for point in points {
        let receiver = lesson.world.receiver(point.receiving);
        let asked = receiver.asked_at;
        let after = |at: Option<std::time::Instant>| at.map(|at| (at - asked).as_secs_f64());
        times.sound.extend(receiver.voices().next().and_then(|voice| after(voice.first_from(asked))));
        times.picture.extend(receiver.pictures().next().and_then(|picture| after(picture.first_from(asked))));
    }
    times
}

/// Of forty who join one by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// Its seed.
    pub seed: u64,
    /// From the POST until the sound is there: what 95 of 100 kept to, in seconds.
    pub sound_p95_s: Option<f64>,
    /// The same of the picture.
    pub picture_p95_s: Option<f64>,
}

/// Forty join a lesson one by one, each on a warm connection with a round trip of 100 ms.
pub fn one_by_one(seed: u64, camera: &[Encoding]) -> Joined {
    let mut lesson = Lesson::new(seed, Publishes::camera(camera));
    let mut chance = Chance::part(seed, 78);
    lesson.world.run(5.0);
    let mut points: Vec<Point> = Vec::new();
    for _ in 0..ONE_BY_ONE {
        lesson.world.run(chance.between(0.5, 1.5));
        points.push(lesson.join(Conditions::delayed(ONE_WAY_MS), Receives::POINT));
        if let Some(before) = points.len().checked_sub(1 + STAY) {
            lesson.world.leave(points[before].receiving);
        }
    }
    lesson.world.run(5.0);
    let Times { sound, picture } = times(&mut lesson, &points);
    let all = |times: Vec<f64>| (times.len() == points.len()).then(|| share_of(times, 0.95)).flatten();
    Joined { seed, sound_p95_s: all(sound), picture_p95_s: all(picture) }
}

impl Measured for Joined {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_most("until the sound is there, 95 of 100", 1.0, "s", self.sound_p95_s),
            Figure::at_most("until the picture is there, 95 of 100", 1.5, "s", self.picture_p95_s),
        ]
    }
}

/// Of two hundred who join within a second.
#[derive(Debug, Clone, PartialEq)]
pub struct Storm {
    /// Its seed.
    pub seed: u64,
    /// From the POST until the picture is there, of the slowest, in seconds.
    pub slowest_picture_s: Option<f64>,
    /// The same of the sound.
    pub slowest_sound_s: Option<f64>,
    /// Key frames that the master was asked for in the second that had most of them.
    pub key_frames_a_second: usize,
}

/// Two hundred join within a second.
pub fn all_at_once(seed: u64, camera: &[Encoding]) -> Storm {
    let mut lesson = Lesson::new(seed, Publishes::camera(camera));
    let mut chance = Chance::part(seed, 79);
    lesson.world.run(5.0);
    let began = lesson.world.now();
    let mut at: Vec<f64> = (0..ALL_AT_ONCE).map(|_| chance.unit()).collect();
    at.sort_by(f64::total_cmp);
    let mut points = Vec::new();
    for at in at {
        lesson.world.run_until(began + std::time::Duration::from_secs_f64(at));
        points.push(lesson.join(Conditions::delayed(ONE_WAY_MS), Receives::VIEWER));
    }
    lesson.world.run(4.0);
    let Times { sound, picture } = times(&mut lesson, &points);
    let slowest = |times: Vec<f64>| if times.len() == points.len() { most(times) } else { None };
    let asked = &lesson.world.publisher(lesson.master).key_frames_asked_at;
    let within_a_second =
        |from: &std::time::Instant| asked.iter().filter(|&at| at >= from && (*at - *from).as_secs_f64() < 1.0).count();
    Storm {
        seed,
        slowest_picture_s: slowest(picture),
        slowest_sound_s: slowest(sound),
        key_frames_a_second: asked.iter().filter(|&&at| at >= began).map(within_a_second).max().unwrap_or(0),
    }
}

impl Measured for Storm {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_most("until the slowest has a picture", 2.0, "s", self.slowest_picture_s),
            Figure::told("until the slowest has sound", "s", self.slowest_sound_s),
            Figure::at_most("key frames asked of the master in a second", 2.0, "", self.key_frames_a_second as f64),
        ]
    }
}
