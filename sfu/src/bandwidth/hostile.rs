//! Reports that lie, repeat themselves or get lost change nothing they should not.

use std::time::{Duration, Instant};

use super::*;
use crate::{
    limits::MAX_SENT_HISTORY,
    rtcp::{ArrivalLog, Feedback, MAX_FEEDBACK_LEN, Writer, read},
};

#[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
fn start() -> Instant {
    Instant::now()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Calls `handle` with a feedback of this body.
fn with_feedback(body: &[u8], handle: impl FnOnce(&TransportWide<'_>)) {
    let mut buffer = [0; 1200];
    let mut writer = Writer::new(&mut buffer);
    writer.transport_wide(1, 2, body);
    let (len, mut handle) = (writer.len(), Some(handle));
    read(&buffer[..len], |feedback| {
        if let (Feedback::TransportWide(wide), Some(handle)) = (feedback, handle.take()) {
            handle(&wide);
        }
    });
    assert!(handle.is_none(), "a feedback");
}

/// A body that tells of one packet.
fn body(base: u16, reference: u32, count: u8) -> Vec<u8> {
    let [_, high, middle, low] = reference.to_be_bytes();
    let [base_high, base_low] = base.to_be_bytes();
    vec![base_high, base_low, 0, 1, high, middle, low, count, 0x20, 0x01, 0, 0]
}

/// An estimator after some seconds of an even stream of 400 kbit/s over a line without a queue, 100 packets a second.
struct Story {
    estimator: Estimator,
    log: ArrivalLog,
    origin: Instant,
    now: Instant,
    number: u16,
    /// The last report.
    last: Vec<u8>,
}

impl Story {
    fn new() -> Self {
        let origin = start();
        let estimator = Estimator::new(origin);
        let mut story =
            Self { estimator, log: ArrivalLog::new(origin), origin, now: origin, number: 0, last: Vec::new() };
        story.go_on(4);
        story
    }

    /// Some more seconds.
    fn go_on(&mut self, seconds: u64) {
        for step in 1..=seconds * 100 {
            self.now += ms(10);
            self.estimator.sent(self.now, self.number, 500, None);
            self.log.arrived(self.number, self.now + ms(20));
            self.number = self.number.wrapping_add(1);
            if step % 10 == 0 {
                let mut body = [0; MAX_FEEDBACK_LEN];
                let len = self.log.feedback(&mut body).unwrap();
                self.last = body[..len].to_vec();
                let now = self.now + ms(40);
                with_feedback(&body[..len], |wide| _ = self.estimator.handle_feedback(now, wide));
                self.estimator.handle_timeout(now);
            }
        }
    }

    fn state(&self) -> (u64, Usage, Option<u64>, Option<Duration>, usize, String) {
        let estimator = &self.estimator;
        let state = (estimator.estimate_bps(), estimator.usage(), estimator.acked_bps(), estimator.rtt());
        (state.0, state.1, state.2, state.3, estimator.in_flight(), format!("{:?}", estimator.loss()))
    }

    fn hears(&mut self, body: &[u8]) {
        let now = self.now + ms(45);
        with_feedback(body, |wide| _ = self.estimator.handle_feedback(now, wide));
    }
}

#[test]
fn an_even_stream_is_measured_as_it_is() {
    let story = Story::new();
    let (estimate, usage, acked, rtt, ..) = story.state();
    assert_eq!(usage, Usage::Normal);
    assert!((390_000..=410_000).contains(&acked.unwrap()), "{acked:?}");
    assert!((300_000..=610_000).contains(&estimate), "{estimate}");
    assert!((ms(38)..=ms(42)).contains(&rtt.unwrap()), "{rtt:?}");
    assert_eq!(story.estimator.loss(), 0.0);
}

#[test]
fn a_report_heard_twice_changes_nothing() {
    let mut story = Story::new();
    let before = story.state();
    let last = story.last.clone();
    (0..20).for_each(|_| story.hears(&last));
    assert_eq!(story.state(), before);
}

#[test]
fn a_report_of_what_was_never_sent_changes_nothing() {
    let mut story = Story::new();
    let before = story.state();
    let reference = (4000 / 64) as u32;
    for base in [story.number, story.number.wrapping_add(5000), story.number.wrapping_sub(30_000)] {
        story.hears(&body(base, reference, 99));
        let lies = [base.to_be_bytes(), [0xff, 0xff], [0, 0], [62, 99], [0x3f, 0xff], [0x3f, 0xff]].concat();
        story.hears(&lies);
    }
    assert_eq!(story.state(), before);
}

#[test]
fn arrivals_long_ago_or_in_the_future_change_nothing() {
    let mut story = Story::new();
    story.estimator.sent(story.now + ms(30), story.number, 500, None);
    let before = story.state();
    for reference in [0, 0x7f_ffff, 0x80_0000, 2000] {
        story.hears(&body(story.number, reference, 99));
        assert_eq!(story.state(), before, "{reference}");
    }
    story.hears(&body(story.number, 4040 / 64, 99));
    assert_eq!(story.estimator.in_flight(), 0, "and the truth is still heard");
}

#[test]
fn a_receivers_clock_set_anew_is_followed() {
    let mut story = Story::new();
    // It counts from an hour earlier now.
    story.log = ArrivalLog::new(story.origin - Duration::from_secs(3600));
    story.go_on(4);
    let (estimate, usage, acked, _, in_flight, _) = story.state();
    assert_eq!(usage, Usage::Normal);
    assert!(estimate >= 290_000 && acked.is_some_and(|acked| acked > 390_000), "{estimate} {acked:?}");
    assert_eq!(in_flight, 0, "its reports are heard");
}

#[test]
fn a_report_that_claims_everything_costs_what_was_sent() {
    let mut story = Story::new();
    // 65,535 statuses as missing, from the oldest packet remembered on.
    let mut lies = vec![0, 0, 0xff, 0xff, 0, 0, 62, 99];
    lies.extend([0x1f, 0xff].repeat(9));
    lies.extend([0, 0]);
    let before = story.state();
    story.hears(&lies);
    assert_eq!(story.state(), before, "no arrival, no report");
}

#[test]
fn the_estimate_stays_within_its_bounds_and_the_memory_within_its_own() {
    let mut story = Story::new();
    for _ in 0..MAX_SENT_HISTORY * 3 {
        story.estimator.sent(story.now, story.number, u16::MAX, None);
        story.number = story.number.wrapping_add(1);
    }
    assert_eq!(story.estimator.in_flight(), MAX_SENT_HISTORY * usize::from(u16::MAX));
    assert!(story.estimator.memory() < 20_000, "{}", story.estimator.memory());
    for _ in 0..10_000 {
        story.now += ms(100);
        story.estimator.handle_timeout(story.now);
    }
    assert_eq!(story.estimator.in_flight(), 0);
    assert_eq!(story.estimator.estimate_bps(), MIN_BPS);
}

#[test]
fn an_estimator_begins_small() {
    let estimator = Estimator::new(start());
    assert_eq!((estimator.estimate_bps(), estimator.loss(), estimator.rtt()), (START_BPS, 0.0, None));
    assert!(estimator.memory() < 1500, "{}", estimator.memory());
}
