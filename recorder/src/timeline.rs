//! The lesson clock: when a sample was captured, in ticks of its codec's clock since the recording began.
//!
//! ```text
//! RTP timestamp --report_line--> NTP time of the publisher --publisher--> lesson clock
//!     a track's own: a line through its last reports      one for all its tracks, from the least delay of reports
//! ```
//! So the tracks of a publisher share one error and stay in sync with each other. Both lines move; a track follows them
//! slowly enough not to be noticed, and steps only where its sender did: a voice whose device slept has timestamps that
//! stood still meanwhile. A track without reports follows the least delay of its own frames instead.

mod floor;
mod publisher;
mod report_line;

use std::time::Duration;

pub use self::publisher::{Correction, PublisherClock};
use self::{
    floor::Floor,
    report_line::{ReportLine, Taken},
};
use crate::{
    limits::{CLOCK_REST, TIMESTAMP_TRUST, TRACK_SLEW_PPM},
    sequence::nearest_32,
};

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

/// The clock of one source of a track.
#[derive(Debug, Clone)]
pub struct TrackClock {
    rate: u32,
    /// Last RTP timestamp, unwrapped.
    last_rtp: Option<i64>,
    reports: ReportLine,
    /// Arrivals of frames against their timestamps, for want of reports.
    arrivals: Floor,
    correction: Correction,
    /// Lesson ticks minus unwrapped RTP timestamp, as it is applied.
    offset: Option<i64>,
    /// The frame up to which the offset has followed, unwrapped.
    followed_to: i64,
    /// Its sender slept: the offset goes where it belongs at once.
    step: bool,
    /// A report that came before any packet: RTP timestamp and NTP time.
    early: Option<(u32, i64)>,
    /// How long the last frame was under way, in ticks.
    delay: i64,
    last_time: Option<u64>,
}

impl TrackClock {
    /// A clock of `rate` ticks a second that never gives a time before `not_before` ticks.
    pub fn new(rate: u32, not_before: u64) -> Self {
        Self {
            rate,
            last_rtp: None,
            reports: ReportLine::default(),
            arrivals: Floor::default(),
            correction: Correction::default(),
            offset: None,
            followed_to: 0,
            step: false,
            early: None,
            delay: 0,
            last_time: not_before.checked_sub(1),
        }
    }

    /// Whether [`TrackClock::time_of`] has an answer.
    pub fn is_fixed(&self) -> bool {
        self.offset.is_some()
    }

    /// Its publisher's clock was compared with ours again.
    pub fn correct(&mut self, correction: Correction) {
        self.correction = correction;
    }

    /// Takes what a sender report says: `ntp` is its time as [`PublisherClock::handle_report`] gave it.
    pub fn handle_report(&mut self, timestamp: u32, ntp: i64) {
        let Some(last) = self.last_rtp else {
            self.early = Some((timestamp, ntp));
            return;
        };
        let taken = self.reports.push(self.micros(nearest_32(last, timestamp)), ntp);
        let (Some(offset), Some(target)) = (self.offset, self.target(last)) else {
            self.offset = self.target(last);
            self.followed_to = last;
            return;
        };
        // What it says of a frame that came must be near to when it came.
        if target.abs_diff(offset) > self.span(TIMESTAMP_TRUST) as u64 {
            self.reports = ReportLine::default();
        } else if taken == Taken::Stepped {
            self.step = true;
        }
    }

    /// Notes the timestamp of a frame in the order frames come.
    pub fn observe(&mut self, timestamp: u32) {
        self.unwrap(timestamp);
        if let Some((timestamp, ntp)) = self.early.take() {
            self.handle_report(timestamp, ntp);
        }
    }

    /// Fixes the clock by a frame's arrival: its sender sends no reports. Unless it is fixed already.
    pub fn fix_by_arrival(&mut self, timestamp: u32, arrival: Duration) {
        if self.offset.is_none() {
            let rtp = self.unwrap(timestamp);
            self.offset = Some(self.span(arrival) - rtp);
            self.followed_to = rtp;
        }
    }

    /// Time in ticks of a frame that arrived at `arrival`, later than that of any frame before. `None` until the clock is
    /// fixed.
    pub fn time_of(&mut self, timestamp: u32, arrival: Duration) -> Option<u64> {
        let before = self.offset?;
        let rtp = self.unwrap(timestamp);
        let arrival = self.span(arrival);
        let offset = self.follow(before, rtp, arrival);
        self.offset = Some(offset);
        self.followed_to = rtp;
        self.delay = arrival.saturating_sub(rtp.saturating_add(offset));
        let time = u64::try_from(rtp.saturating_add(offset)).unwrap_or(0);
        let time = self.last_time.map_or(time, |last| time.max(last.saturating_add(1)));
        self.last_time = Some(time);
        Some(time)
    }

    /// The offset for the frame at `rtp`: a little nearer to where it should be.
    fn follow(&mut self, offset: i64, rtp: i64, arrival: i64) -> i64 {
        let delay = arrival.saturating_sub(rtp.saturating_add(offset));
        if delay.unsigned_abs() > self.span(TIMESTAMP_TRUST) as u64 {
            return self.start_over(rtp, arrival);
        }
        if self.reports.ntp_at(0).is_none() {
            self.arrivals.push(self.micros(rtp), self.micros(arrival).saturating_sub(self.micros(rtp)));
        }
        let Some(target) = self.target(rtp) else { return offset };
        if std::mem::take(&mut self.step) {
            return target;
        }
        let rest = self.span(CLOCK_REST);
        let error = target.saturating_sub(offset);
        let beyond = error - error.clamp(-rest, rest);
        let most = (rtp.saturating_sub(self.followed_to).max(0) as f64 * TRACK_SLEW_PPM / 1e6) as i64;
        offset.saturating_add(beyond.clamp(-most, most))
    }

    /// The sender's timestamps jumped: nothing known of them counts any more but how long a frame is under way.
    fn start_over(&mut self, rtp: i64, arrival: i64) -> i64 {
        self.reports = ReportLine::default();
        self.arrivals = Floor::default();
        self.step = false;
        arrival.saturating_sub(self.delay).saturating_sub(rtp)
    }

    /// Where the offset should be for the frame at `rtp`, in ticks.
    fn target(&self, rtp: i64) -> Option<i64> {
        let at = self.micros(rtp);
        let lesson = match self.reports.ntp_at(at) {
            Some(ntp) => self.correction.lesson_micros(ntp),
            None => at.saturating_add(self.arrivals.line()?.value_at(at)),
        };
        Some(ticks(lesson, self.rate).saturating_sub(rtp))
    }

    fn unwrap(&mut self, timestamp: u32) -> i64 {
        let rtp = nearest_32(self.last_rtp.unwrap_or(i64::from(timestamp)), timestamp);
        self.last_rtp = Some(rtp);
        rtp
    }

    fn micros(&self, ticks: i64) -> i64 {
        (i128::from(ticks) * 1_000_000 / i128::from(self.rate)) as i64
    }

    fn span(&self, time: Duration) -> i64 {
        ticks(micros(time), self.rate)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn ticks(micros: i64, rate: u32) -> i64 {
    (i128::from(micros) * i128::from(rate) / 1_000_000) as i64
}

#[cfg(test)]
mod tests;
