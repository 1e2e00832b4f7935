//! Capacity that varies, in the shapes of RFC 8867 sections 5.1 (one receiver) and 5.2 (two receivers on one line).
//!
//! Layers come in steps of three: the largest set that fits 1 Mbit/s needs 0.6. What is asked of the capacity is therefore asked
//! of the estimate and not of the use: that the server knows what the line carries. And no line is tried for more than
//! its receiver could use, so an estimate is asked of the lesser of the two. Of the use is asked that it is the largest set that
//! fits.

use std::time::{Duration, Instant};

use sfu::seats::View;

use super::{Figure, Lesson, Measured};
use crate::{Change, Conditions, Encoding, Publishes, Receives, Receiving, Way, World, figures::most};

/// Section 5.1: from when on (in seconds), and how many bit/s.
const SINGLE_FLOW: [(f64, u64); 4] = [(0.0, 1_000_000), (40.0, 2_500_000), (60.0, 600_000), (80.0, 1_000_000)];
const SINGLE_ENDS: f64 = 100.0;
/// Section 5.2, on its reference of 2 Mbit/s.
const TWO_FLOWS: [(f64, u64); 5] =
    [(0.0, 4_000_000), (25.0, 2_000_000), (50.0, 3_500_000), (75.0, 1_000_000), (100.0, 2_000_000)];
const TWO_END: f64 = 125.0;
/// Sections 4.2 and 5.1: 30 ms from the least to the most.
const JITTER: Duration = Duration::from_millis(15);
const JITTERS_AT: f64 = 3.0;
/// Time between two looks at the estimate.
const SAMPLED_EVERY: Duration = Duration::from_millis(100);
/// Time after a change that is not measured.
const SETTLES: f64 = 10.0;
/// What packets add to the payload of pictures, and a voice on the wire, in bit/s.
const PICTURE_OVERHEAD: f64 = 1.08;
const VOICE_BPS: f64 = 60_000.0;

/// One stretch of constant capacity, from [`SETTLES`] on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// Bit/s for each receiver.
    pub capacity_bps: u64,
    /// What the server estimated on average for the receiver it estimated least for, of the capacity, or of what all layers need
    /// where that is less.
    pub estimated: f64,
    /// What the receiver that got least got of the capacity, padding included.
    pub used: f64,
    /// Picture it got, of the largest encoding that fits.
    pub media: f64,
    /// Share of the packets that the line lost.
    pub loss: f64,
    /// Wait in the queue, 95 of 100 packets, in ms.
    pub queue_p95_ms: f64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Varied {
    /// Its seed.
    pub seed: u64,
    /// In order.
    pub phases: Vec<Phase>,
}

/// Section 5.1: one receiver.
pub fn single_flow(seed: u64, camera: &[Encoding]) -> Varied {
    varied(seed, camera, 1, &SINGLE_FLOW, SINGLE_ENDS)
}

/// Section 5.2: two receivers that share a line.
pub fn two_flows(seed: u64, camera: &[Encoding]) -> Varied {
    varied(seed, camera, 2, &TWO_FLOWS, TWO_END)
}

fn varied(seed: u64, camera: &[Encoding], flows: u64, steps: &[(f64, u64)], ends: f64) -> Varied {
    let mut lesson = Lesson::new(seed, Publishes::camera(camera));
    let line = Conditions {
        rate_bps: steps.first().map(|step| step.1),
        queue: Duration::from_millis(300),
        ..Conditions::delayed(50)
    };
    let first = lesson.join(line, Receives::POINT);
    let mut receivers = vec![first.receiving];
    for _ in 1..flows {
        let participant = lesson.next_participant();
        receivers.push(lesson.world.receive(first.site, participant, View::Class, Receives::POINT));
    }
    let world = &mut lesson.world;
    // After the handshake: how that repeats itself on a bad line is chance that no seed tells.
    let jitters = world.at(JITTERS_AT);
    world.plan_both(first.site, jitters, Change::Jitter(JITTER));
    for &(at, bps) in steps {
        let at = world.at(at);
        world.link(first.site, Way::Down).plan(at, Change::Rate(Some(bps)));
    }
    let mut phases = Vec::new();
    for (i, &(at, bps)) in steps.iter().enumerate() {
        let end = steps.get(i + 1).map_or(ends, |next| next.0);
        let (from, to) = (world.at(at + SETTLES), world.at(end));
        world.run_until(from);
        let before = world.link(first.site, Way::Down).tally();
        let estimated = estimated(world, &receivers, to, bps / flows);
        let link = world.link(first.site, Way::Down);
        let (loss, wait) = (link.tally().loss_since(&before), link.wait(from, to, 0.95));
        let capacity = bps / flows;
        let got = receivers.iter().map(|&receiving| got(world.receiver(receiving), from, to, capacity, camera));
        let got: Vec<(f64, f64)> = got.collect();
        phases.push(Phase {
            capacity_bps: capacity,
            estimated,
            used: got.iter().map(|got| got.0).fold(f64::INFINITY, f64::min),
            media: got.iter().map(|got| got.1).fold(f64::INFINITY, f64::min),
            loss,
            queue_p95_ms: wait.map_or(0.0, |wait| wait.as_secs_f64() * 1000.0),
        });
    }
    Varied { seed, phases }
}

/// Lets time pass until `to`, and tells what was estimated meanwhile.
fn estimated(world: &mut World, receivers: &[Receiving], to: Instant, capacity: u64) -> f64 {
    let (mut sums, mut samples) = (vec![0.0; receivers.len()], 0.0f64);
    while world.now() < to {
        world.run_until(to.min(world.now() + SAMPLED_EVERY));
        samples += 1.0;
        for (sum, &receiving) in sums.iter_mut().zip(receivers) {
            let Some(line) = world.line_of(receiving) else { continue };
            let most = capacity.min(line.needs_bps).max(1);
            *sum += (line.estimate_bps.unwrap_or(0) as f64 / most as f64).min(1.0);
        }
    }
    sums.into_iter().fold(f64::INFINITY, f64::min) / samples.max(1.0)
}

/// Share of the capacity that a receiver got, and of the largest encoding that fits.
fn got(
    receiver: &crate::receiver::Receiver,
    from: Instant,
    to: Instant,
    capacity: u64,
    camera: &[Encoding],
) -> (f64, f64) {
    let seconds = (to - from).as_secs_f64();
    let used = receiver.bytes(from, to).total() as f64 * 8.0 / seconds / capacity as f64;
    let fits = |encoding: &&Encoding| encoding.bps as f64 * PICTURE_OVERHEAD + VOICE_BPS <= 0.95 * capacity as f64;
    let best = camera.iter().filter(fits).map(|encoding| encoding.bps).max().unwrap_or(0);
    let seen = receiver.picture(0).seen(from, to);
    (used, seen.bytes as f64 * 8.0 / seconds / best.max(1) as f64)
}

impl Varied {
    fn least(&self, of: impl Fn(&Phase) -> f64) -> Option<f64> {
        most(self.phases.iter().map(|phase| -of(phase))).map(|least| -least)
    }
}

impl Measured for Varied {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_least(
                "of the capacity, or of what is wanted, estimated in the worst phase",
                75.0,
                "%",
                self.least(|p| p.estimated * 100.0),
            ),
            Figure::told("of the capacity used in the worst phase", "%", self.least(|p| p.used * 100.0)),
            Figure::at_least("of the largest picture that fits seen", 90.0, "%", self.least(|p| p.media * 100.0)),
            Figure::at_most("lost by the line", 2.0, "%", most(self.phases.iter().map(|p| p.loss * 100.0))),
            Figure::at_most(
                "wait in the queue, 95 of 100",
                200.0,
                "ms",
                most(self.phases.iter().map(|p| p.queue_p95_ms)),
            ),
        ]
    }
}
