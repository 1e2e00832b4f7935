//! The capacity of a point's line falls to an eighth and comes back.
//!
//! ```text
//! 2 Mbit/s ─────────┐                  ┌───────── 2 Mbit/s
//!          30 s     └─── 250 kbit/s ───┘  30 s
//!                          30 s
//! ```

use std::time::{Duration, Instant};

use super::{Figure, Lesson, Measured};
use crate::{
    Change, Conditions, Encoding, Publishes, Receives, Site, Way, World,
    network::{Tally, UDP_OVERHEAD},
};

/// The line while it is thin, in bit/s.
const THIN_BPS: u64 = 250_000;
const FALLS_AT: f64 = 30.0;
const RISES_AT: f64 = 60.0;
const ENDS_AT: f64 = 90.0;

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FallAndRise {
    /// Its seed.
    pub seed: u64,
    /// From the fall until a smaller encoding is seen, in seconds.
    pub down_switch_s: Option<f64>,
    /// From the fall until what is sent in a second fits the line, in seconds.
    pub fits_s: Option<f64>,
    /// Wait in the queue from 3 s after the fall until the rise: what 95 of 100 packets kept to, in ms.
    pub queue_p95_ms: Option<f64>,
    /// From the rise until the middle encoding, or a larger one, is seen, in seconds.
    pub middle_back_s: Option<f64>,
    /// From the rise until the largest is seen, in seconds.
    pub top_back_s: Option<f64>,
    /// Changes to a smaller encoding after the rise.
    pub flaps: usize,
    /// Longest gap in the voice, from 5 s on, in ms.
    pub voice_gap_ms: f64,
    /// Share of the time that the picture was frozen, from 5 s on.
    pub frozen: f64,
}

/// A point watches a master with these encodings over such a line.
pub fn fall_and_rise(seed: u64, camera: &[Encoding]) -> FallAndRise {
    let mut lesson = Lesson::new(seed, Publishes::camera(camera));
    let line = Conditions { rate_bps: Some(2_000_000), queue: Duration::from_secs(1), ..Conditions::delayed(20) };
    let point = lesson.join(line, Receives::POINT);
    let mut world = lesson.world;
    let (fall, rise, end) = (world.at(FALLS_AT), world.at(RISES_AT), world.at(ENDS_AT));
    let down = world.link(point.site, Way::Down);
    down.plan(fall, Change::Rate(Some(THIN_BPS)));
    down.plan(rise, Change::Rate(Some(2_000_000)));
    world.run_until(fall);
    let fits_s = fits_after(&mut world, point.site);
    world.run_until(end);
    let queue = world.link(point.site, Way::Down).wait(fall + Duration::from_secs(3), rise, 0.95);
    let start = world.at(5.0);
    let receiver = world.receiver(point.receiving);
    let picture = receiver.picture(0);
    let before = picture.frames().iter().rfind(|frame| frame.at < fall).map_or(0, |frame| frame.encoding);
    let first = |from: Instant, wanted: &dyn Fn(u8) -> bool| {
        let frame = picture.frames().iter().find(|frame| frame.at >= from && wanted(frame.encoding))?;
        Some((frame.at - from).as_secs_f64())
    };
    let changes = picture.changes(rise);
    FallAndRise {
        seed,
        down_switch_s: first(fall, &|encoding| encoding < before),
        fits_s,
        queue_p95_ms: queue.map(|wait| wait.as_secs_f64() * 1000.0),
        middle_back_s: first(rise, &|encoding| encoding >= 1),
        top_back_s: first(rise, &|encoding| encoding >= 2),
        flaps: changes.windows(2).filter(|pair| pair[1].1 < pair[0].1).count(),
        voice_gap_ms: receiver.voice(0).heard(start, end).longest_gap_ms,
        frozen: picture.seen(start, end).frozen_ms / 1000.0 / (ENDS_AT - 5.0),
    }
}

/// Lets the line be thin, and tells how long it took until no more was sent than it carries.
fn fits_after(world: &mut World, site: Site) -> Option<f64> {
    let tenths = ((RISES_AT - FALLS_AT) * 10.0) as usize;
    let mut sent = vec![world.link(site, Way::Down).tally()];
    for _ in 0..tenths {
        world.run(0.1);
        sent.push(world.link(site, Way::Down).tally());
    }
    let bits = |from: &Tally, to: &Tally| {
        let overhead = (to.offered - from.offered) * UDP_OVERHEAD as u64;
        (to.offered_bytes - from.offered_bytes + overhead) * 8
    };
    let fits = sent.windows(11).position(|second| bits(&second[0], &second[10]) <= THIN_BPS);
    fits.map(|tenths| tenths as f64 / 10.0)
}

impl Measured for FallAndRise {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_most("from the fall until a smaller picture is seen", 2.0, "s", self.down_switch_s),
            Figure::told("from the fall until what is sent fits", "s", self.fits_s),
            Figure::at_most("wait in the queue from 3 s after the fall, 95 of 100", 400.0, "ms", self.queue_p95_ms),
            Figure::at_most("from the rise until the middle picture is seen", 5.0, "s", self.middle_back_s),
            Figure::at_most("from the rise until the largest is seen", 15.0, "s", self.top_back_s),
            Figure::at_most("changes back to a smaller one after the rise", 1.0, "", self.flaps as f64),
            Figure::at_most("longest gap in the voice", 200.0, "ms", self.voice_gap_ms),
            Figure::told("of the time the picture was frozen", "%", self.frozen * 100.0),
        ]
    }
}
