//! The lesson clock: when a sample was captured, in ticks of its codec's clock since the recording began.
//!
//! ```text
//! sender report   NTP <-> RTP            per track
//! publisher       NTP <-> lesson clock   once per publisher, from its first report's arrival, so that all its tracks
//!                                        share one error and stay in sync with each other
//! ```
//! A track's offset is fixed by its first report. A later one moves it only forward and only by a step: a voice whose device
//! slept has RTP timestamps that stood still meanwhile. Regressing small differences against drift goes where
//! [`TrackClock::handle_report`] now ignores them: the offset would become a slope, and `time_of` stays as it is.

use std::time::Duration;

use crate::{
    limits::{CLOCK_STEP, REPORT_TRUST},
    sequence::nearest_32,
};

/// Microseconds on the lesson clock.
pub type LessonMicros = i64;

/// A sender report (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderReport {
    /// NTP time, 32.32 fixed point seconds since 1900.
    pub ntp: u64,
    /// RTP timestamp of the same instant.
    pub rtp: u32,
}

impl SenderReport {
    fn ntp_micros(self) -> i64 {
        let seconds = (self.ntp >> 32) as i64;
        let fraction = (((self.ntp & 0xffff_ffff) * 1_000_000) >> 32) as i64;
        seconds * 1_000_000 + fraction
    }
}

/// Where one publisher's NTP clock stands against the lesson clock. Its devices' clock need not be right.
#[derive(Debug, Clone, Copy, Default)]
pub struct PublisherClock {
    lesson_minus_ntp: Option<i64>,
}

impl PublisherClock {
    /// Lesson time of a report that arrived at `now`.
    fn place(&mut self, report: SenderReport, now: Duration) -> LessonMicros {
        let now = micros(now);
        let ntp = report.ntp_micros();
        let placed = ntp + *self.lesson_minus_ntp.get_or_insert(now - ntp);
        // A clock that was set, or a report never filled in: its arrival is the better guess.
        if (placed - now).unsigned_abs() > REPORT_TRUST.as_micros() as u64 { now } else { placed }
    }
}

/// The clock of one epoch of one track.
#[derive(Debug, Clone)]
pub struct TrackClock {
    rate: u32,
    /// Last RTP timestamp, unwrapped.
    last_rtp: Option<i64>,
    /// Lesson ticks minus unwrapped RTP timestamp.
    offset: Option<i64>,
    /// A report that came before any packet.
    early: Option<(SenderReport, LessonMicros)>,
    last_time: Option<u64>,
}

impl TrackClock {
    /// A clock of `rate` ticks a second that never gives a time before `not_before` ticks.
    pub fn new(rate: u32, not_before: u64) -> Self {
        Self { rate, last_rtp: None, offset: None, early: None, last_time: not_before.checked_sub(1) }
    }

    /// Whether [`TrackClock::time_of`] has an answer.
    pub fn is_fixed(&self) -> bool {
        self.offset.is_some()
    }

    /// Fixes the clock by a sender report that arrived at `now`; once fixed, a report moves it only over a pause of the
    /// sender, by `limits::CLOCK_STEP` or more.
    pub fn handle_report(&mut self, report: SenderReport, publisher: &mut PublisherClock, now: Duration) {
        let placed = publisher.place(report, now);
        if let (Some(offset), Some(last)) = (self.offset, self.last_rtp) {
            let ahead = ticks(placed, self.rate) - (nearest_32(last, report.rtp) + offset);
            if ahead >= ticks(micros(CLOCK_STEP), self.rate) {
                self.offset = Some(offset + ahead);
            }
            return;
        }
        match self.last_rtp {
            Some(last) => self.fix(nearest_32(last, report.rtp), placed),
            None => self.early = Some((report, placed)),
        }
    }

    /// Notes the timestamp of a frame in the order frames come.
    pub fn observe(&mut self, timestamp: u32) {
        let rtp = self.unwrap(timestamp);
        if let (None, Some((report, placed))) = (self.offset, self.early.take()) {
            self.fix(nearest_32(rtp, report.rtp), placed);
        }
    }

    /// Fixes the clock by a frame's arrival: its sender sends no reports. Unless it is fixed already.
    pub fn fix_by_arrival(&mut self, timestamp: u32, arrival: Duration) {
        if self.offset.is_none() {
            let rtp = self.unwrap(timestamp);
            self.fix(rtp, micros(arrival));
        }
    }

    /// Time of a frame in ticks, later than that of any frame before. `None` until the clock is fixed.
    pub fn time_of(&mut self, timestamp: u32) -> Option<u64> {
        let offset = self.offset?;
        let time = u64::try_from(self.unwrap(timestamp) + offset).unwrap_or(0);
        let time = self.last_time.map_or(time, |last| time.max(last + 1));
        self.last_time = Some(time);
        Some(time)
    }

    fn unwrap(&mut self, timestamp: u32) -> i64 {
        let rtp = nearest_32(self.last_rtp.unwrap_or(i64::from(timestamp)), timestamp);
        self.last_rtp = Some(rtp);
        rtp
    }

    fn fix(&mut self, rtp: i64, at: LessonMicros) {
        self.offset = Some(ticks(at, self.rate) - rtp);
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn ticks(micros: i64, rate: u32) -> i64 {
    (i128::from(micros) * i128::from(rate) / 1_000_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn ntp(seconds: f64) -> u64 {
        (seconds * 4_294_967_296.0) as u64
    }

    #[test]
    fn tracks_of_one_publisher_are_in_sync_whatever_their_offsets() {
        // Captured together at 10 s of the publisher's clock; the picture arrives 130 ms later than the voice, the
        // reports at different times and delays, and both RTP clocks began anywhere, one just before its wrap.
        let mut publisher = PublisherClock::default();
        let mut voice = TrackClock::new(48_000, 0);
        let mut camera = TrackClock::new(90_000, 0);
        let (voice_base, camera_base) = (777u32, u32::MAX - 90_000);
        voice.observe(voice_base);
        camera.observe(camera_base);
        let camera_report = SenderReport { ntp: ntp(3_900_000_010.5), rtp: camera_base.wrapping_add(45_000) };
        camera.handle_report(camera_report, &mut publisher, 2_600 * MS);
        let voice_report = SenderReport { ntp: ntp(3_900_000_012.0), rtp: voice_base + 96_000 };
        voice.handle_report(voice_report, &mut publisher, 4_070 * MS);
        for second in [0u32, 1, 2, 60, 3_600] {
            let heard = voice.time_of(voice_base + second * 48_000).unwrap() as f64 / 48_000.0;
            let seen = camera.time_of(camera_base.wrapping_add(second * 90_000)).unwrap() as f64 / 90_000.0;
            assert!((heard - seen).abs() < 0.001, "at {second} s: voice {heard}, camera {seen}");
            assert!((heard - 2.1 - f64::from(second)).abs() < 0.001, "{heard}");
        }
    }

    #[test]
    fn a_report_before_the_first_frame_counts() {
        let mut clock = TrackClock::new(90_000, 0);
        let report = SenderReport { ntp: ntp(100.0), rtp: 1_000 };
        clock.handle_report(report, &mut PublisherClock::default(), 500 * MS);
        assert!(!clock.is_fixed());
        clock.observe(10_000);
        assert_eq!(clock.time_of(10_000), Some(45_000 + 9_000));
    }

    #[test]
    fn without_reports_the_arrival_counts() {
        let mut clock = TrackClock::new(48_000, 0);
        assert_eq!(clock.time_of(5), None);
        clock.fix_by_arrival(u32::MAX - 959, 20 * MS);
        assert_eq!(clock.time_of(u32::MAX - 959), Some(960));
        assert_eq!(clock.time_of(0), Some(1_920));
    }

    #[test]
    fn a_clock_steps_over_a_pause_of_its_sender_but_not_over_drift() {
        let mut publisher = PublisherClock::default();
        let mut clock = TrackClock::new(48_000, 0);
        clock.observe(0);
        clock.handle_report(SenderReport { ntp: ntp(100.0), rtp: 0 }, &mut publisher, 1_000 * MS);
        assert_eq!(clock.time_of(48_000), Some(96_000));
        // 100 ms of drift at 10 s; then the device slept for 5 s and its timestamps with it.
        clock.handle_report(SenderReport { ntp: ntp(110.0), rtp: 475_200 }, &mut publisher, 11_000 * MS);
        assert_eq!(clock.time_of(480_000), Some(528_000));
        clock.handle_report(SenderReport { ntp: ntp(116.0), rtp: 528_000 }, &mut publisher, 17_000 * MS);
        assert_eq!(clock.time_of(528_000), Some(17 * 48_000));
    }

    #[test]
    fn an_unbelievable_report_is_placed_at_its_arrival() {
        let mut publisher = PublisherClock::default();
        let mut first = TrackClock::new(90_000, 0);
        first.observe(0);
        first.handle_report(SenderReport { ntp: ntp(5_000.0), rtp: 0 }, &mut publisher, 1_000 * MS);
        let mut second = TrackClock::new(90_000, 0);
        second.observe(0);
        second.handle_report(SenderReport { ntp: 0, rtp: 0 }, &mut publisher, 2_000 * MS);
        assert_eq!(second.time_of(0), Some(180_000));
    }

    #[test]
    fn time_never_stands_still_or_runs_backwards() {
        let mut clock = TrackClock::new(90_000, 500);
        clock.fix_by_arrival(3_000, Duration::ZERO);
        assert_eq!(clock.time_of(3_000), Some(500), "not before the epoch before");
        assert_eq!(clock.time_of(3_000), Some(501));
        assert_eq!(clock.time_of(2_000), Some(502));
        assert_eq!(clock.time_of(6_000), Some(3_000));
    }
}
