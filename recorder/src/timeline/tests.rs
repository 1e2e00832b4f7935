//! Clocks that drift, jump and sleep, and what becomes of their samples' times.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn ntp(seconds: f64) -> u64 {
    (seconds * 4_294_967_296.0) as u64
}

fn report(clock: &mut TrackClock, publisher: &mut PublisherClock, seconds: f64, rtp: u32, now: Duration) {
    let said = publisher.handle_report(SenderReport { ntp: ntp(seconds), rtp }, now);
    clock.correct(publisher.correction());
    if let Some(ntp) = said {
        clock.handle_report(rtp, ntp);
    }
}

#[test]
fn a_report_before_the_first_frame_counts() {
    let mut clock = TrackClock::new(90_000, 0);
    report(&mut clock, &mut PublisherClock::default(), 100.0, 1_000, 500 * MS);
    assert!(!clock.is_fixed());
    clock.observe(10_000);
    assert_eq!(clock.time_of(10_000, 620 * MS), Some(45_000 + 9_000));
}

#[test]
fn without_reports_the_arrival_counts() {
    let mut clock = TrackClock::new(48_000, 0);
    assert_eq!(clock.time_of(5, MS), None);
    clock.fix_by_arrival(u32::MAX - 959, 20 * MS);
    assert_eq!(clock.time_of(u32::MAX - 959, 20 * MS), Some(960));
    assert_eq!(clock.time_of(0, 40 * MS), Some(1_920));
}

#[test]
fn a_clock_steps_over_a_pause_of_its_sender_when_two_reports_say_so() {
    let mut publisher = PublisherClock::default();
    let mut clock = TrackClock::new(48_000, 0);
    clock.observe(0);
    report(&mut clock, &mut publisher, 100.0, 0, 1_000 * MS);
    assert_eq!(clock.time_of(48_000, 2_000 * MS), Some(96_000));
    // The device slept for 3 s and its timestamps with it.
    report(&mut clock, &mut publisher, 105.0, 96_000, 6_000 * MS);
    assert_eq!(clock.time_of(96_000, 6_000 * MS), Some(144_000), "one report may be wrong");
    report(&mut clock, &mut publisher, 110.0, 336_000, 11_000 * MS);
    assert_eq!(clock.time_of(336_000, 11_000 * MS), Some(11 * 48_000));
}

#[test]
fn time_never_stands_still_or_runs_backwards() {
    let mut clock = TrackClock::new(90_000, 500);
    clock.fix_by_arrival(3_000, Duration::ZERO);
    for (timestamp, time) in [(3_000u32, 500), (3_000, 501), (2_970, 502), (6_000, 3_000)] {
        assert_eq!(
            clock.time_of(timestamp, Duration::from_millis(u64::from(timestamp) / 90 - 33)),
            Some(time),
            "{timestamp}"
        );
    }
}

#[test]
fn timestamps_that_jump_go_on_where_the_lesson_is() {
    for jump in [1u32 << 31, 1 << 30, 0u32.wrapping_sub(1 << 30), 90_000 * 60, 0u32.wrapping_sub(90_000 * 60)] {
        let mut publisher = PublisherClock::default();
        let mut clock = TrackClock::new(90_000, 0);
        clock.observe(7);
        report(&mut clock, &mut publisher, 100.0, 7, 1_000 * MS);
        let before = clock.time_of(7 + 90_000, 2_030 * MS).unwrap();
        let after = clock.time_of((7 + 180_000u32).wrapping_add(jump), 3_040 * MS).unwrap();
        assert!(after.abs_diff(before + 90_000) <= 900, "jump {jump}: {before} {after}");
    }
}

#[test]
fn reports_whose_rtp_timestamp_is_an_hour_off_move_nothing() {
    let mut publisher = PublisherClock::default();
    let mut clock = TrackClock::new(90_000, 0);
    for second in 0..60u32 {
        let (rtp, now) = (second * 90_000, Duration::from_secs(u64::from(second) + 1));
        clock.observe(rtp);
        let wrong = if (20..40).contains(&second) { 90_000 * 3_600 } else { 0 };
        report(&mut clock, &mut publisher, 100.0 + f64::from(second), rtp + wrong, now);
        let time = clock.time_of(rtp, now).unwrap();
        assert!(time.abs_diff(u64::from(second + 1) * 90_000) < 90, "second {second}: {time}");
    }
}

/// A seeded source of chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// One simulated track.
struct Sender {
    rate: u32,
    clock: TrackClock,
    /// Its sampling clock against the publisher's NTP clock.
    ppm: f64,
    frame_ms: u64,
    report_ms: u64,
    base: u32,
    /// Error of the last frame in milliseconds.
    error: Option<f64>,
    last: Option<u64>,
}

impl Sender {
    fn new(rate: u32, ppm: f64, frame_ms: u64, report_ms: u64) -> Self {
        // The timestamp wraps after a few minutes.
        let base = 0u32.wrapping_sub(rate * 200);
        Self { rate, clock: TrackClock::new(rate, 0), ppm, frame_ms, report_ms, base, error: None, last: None }
    }

    fn rtp(&self, ms: f64) -> u32 {
        let ticks = ms * f64::from(self.rate) / 1_000.0 * (1.0 + self.ppm / 1e6);
        self.base.wrapping_add(ticks.round() as u64 as u32)
    }

    /// Sends whatever is due at `ms`, each packet up to 40 ms and one in fifty 200 ms under way.
    fn send(
        &mut self,
        ms: u64,
        publisher: &mut PublisherClock,
        publisher_ppm: f64,
        reports: bool,
        chance: &mut Chance,
    ) {
        let mut arrives = |ms: u64| {
            let wait = if chance.below(50) == 0 { 200_000 } else { chance.below(40_000) };
            (chance.below(20) > 0).then(|| Duration::from_micros(ms * 1_000 + 15_000 + wait))
        };
        if let (true, true, Some(arrival)) = (reports, ms % self.report_ms == 300, arrives(ms)) {
            let seconds = 3_900_000_000.0 + ms as f64 / 1_000.0 * (1.0 + publisher_ppm / 1e6);
            let report = SenderReport { ntp: ntp(seconds), rtp: self.rtp(ms as f64) };
            let said = publisher.handle_report(report, arrival);
            self.clock.correct(publisher.correction());
            if let Some(ntp) = said {
                self.clock.handle_report(report.rtp, ntp);
            }
        }
        if let (true, Some(arrival)) = (ms.is_multiple_of(self.frame_ms), arrives(ms)) {
            let timestamp = self.rtp(ms as f64);
            self.clock.observe(timestamp);
            if !reports {
                self.clock.fix_by_arrival(timestamp, arrival);
            }
            let Some(time) = self.clock.time_of(timestamp, arrival) else { return };
            assert!(self.last.is_none_or(|last| time > last), "at {ms} ms");
            self.last = Some(time);
            let error = time as f64 * 1_000.0 / f64::from(self.rate) - ms as f64 - 15.0;
            let step = self.error.map_or(0.0, |before| (error - before).abs());
            assert!(step <= self.frame_ms as f64 * 20.0 * 0.004, "a jump of {step} ms at {ms} ms");
            self.error = Some(error);
        }
    }
}

/// Forty-five minutes of a publisher; returns the greatest error once settled, and between its voice and picture ever.
fn lesson(ppm: [f64; 3], reports: bool, seed: u64) -> (f64, f64) {
    let mut chance = Chance(seed);
    let mut publisher = PublisherClock::default();
    let mut tracks = [Sender::new(48_000, ppm[1], 20, 5_000), Sender::new(90_000, ppm[2], 40, 1_000)];
    let (mut greatest, mut apart) = (0f64, 0f64);
    for ms in (0..45 * 60_000u64).step_by(20) {
        for track in &mut tracks {
            track.send(ms, &mut publisher, ppm[0], reports, &mut chance);
        }
        for track in &mut tracks {
            track.clock.correct(publisher.correction());
        }
        if let [Some(voice), Some(picture)] = [tracks[0].error, tracks[1].error] {
            if reports {
                apart = apart.max((voice - picture).abs());
            }
            if ms > 180_000 {
                greatest = greatest.max(voice.abs()).max(picture.abs());
            }
        }
    }
    (greatest, apart)
}

#[test]
fn clocks_that_drift_are_followed_for_a_whole_lesson() {
    for (seed, ppm) in
        [[0.0; 3], [100.0, 100.0, -100.0], [-100.0, -50.0, 50.0], [100.0, -100.0, 0.0]].iter().enumerate()
    {
        let (greatest, apart) = lesson(*ppm, true, seed as u64 * 7_919 + 1);
        assert!(greatest <= 10.0, "{ppm:?}: {greatest} ms off");
        assert!(apart <= 5.0, "{ppm:?}: voice and picture {apart} ms apart");
    }
}

#[test]
fn a_track_without_reports_is_followed_too() {
    for (seed, ppm) in [[0.0, 100.0, -100.0], [0.0, -100.0, 100.0]].iter().enumerate() {
        let (greatest, _) = lesson(*ppm, false, seed as u64 * 104_729 + 3);
        assert!(greatest <= 10.0, "{ppm:?}: {greatest} ms off");
    }
}

#[test]
fn whatever_senders_say_time_runs_on_and_stays_near_arrival() {
    for seed in 1..200u64 {
        let mut chance = Chance(seed.wrapping_mul(6_364_136_223_846_793_005) | 1);
        let mut publisher = PublisherClock::default();
        let mut clock = TrackClock::new(90_000, 0);
        let (mut now, mut timestamp, mut last) = (Duration::ZERO, 0u32, None);
        for _ in 0..500 {
            now += Duration::from_millis(1 + chance.below(200));
            timestamp = match chance.below(20) {
                0 => chance.below(1 << 32) as u32,
                _ => timestamp.wrapping_add(chance.below(20_000) as u32),
            };
            if chance.below(4) == 0 {
                let sane = (3_900_000_000 << 32) + ((now.as_millis() as u64) << 32) / 1_000;
                let ntp = if chance.below(3) == 0 { chance.below(u64::MAX) } else { sane };
                let said = publisher.handle_report(SenderReport { ntp, rtp: timestamp }, now);
                clock.correct(publisher.correction());
                said.into_iter()
                    .for_each(|ntp| clock.handle_report(timestamp.wrapping_add(chance.below(9_000) as u32), ntp));
            }
            clock.observe(timestamp);
            clock.fix_by_arrival(timestamp, now);
            let time = clock.time_of(timestamp, now).unwrap();
            assert!(last.is_none_or(|last| time > last), "seed {seed}");
            let apart = time.abs_diff(now.as_millis() as u64 * 90);
            assert!(apart <= 11 * 90_000, "seed {seed}: {apart} ticks from {now:?}");
            last = Some(time);
        }
    }
}
