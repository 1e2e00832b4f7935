//! Where one publisher's NTP clock stands against the lesson clock: one answer for all its tracks, so that voice and
//! picture share one error. The device's clock need not be right, nor be left alone.

use std::time::Duration;

use super::{
    SenderReport,
    floor::{Floor, Line},
    micros,
};
use crate::limits::{CLOCK_STEP, REPORT_TRUST, SLEW_OVER, SLEW_PPM, STEP_RUN};

/// What turns a publisher's NTP time into lesson time. Between two reports it is a straight line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Correction {
    /// Lesson time minus NTP time, drifting as the clocks do.
    line: Line,
    /// What is still wrong of it and is made good bit by bit, per microsecond.
    catch_up: f64,
}

impl Correction {
    /// Lesson time of `ntp`, both in microseconds.
    pub fn lesson_micros(&self, ntp: i64) -> i64 {
        ntp.saturating_add(self.offset_at(ntp))
    }

    fn offset_at(&self, ntp: i64) -> i64 {
        let since = ntp.saturating_sub(self.line.at).clamp(0, SLEW_OVER.as_micros() as i64);
        self.line.value_at(ntp).saturating_add((self.catch_up * since as f64).round() as i64)
    }
}

/// The clock of one publisher.
#[derive(Debug, Clone, Default)]
pub struct PublisherClock {
    floor: Floor,
    correction: Option<Correction>,
    /// What is added to its NTP time because it was set meanwhile.
    shift: i64,
    /// Lesson time minus NTP time of reports, one after another, that agree with each other alone.
    suspects: Vec<i64>,
}

impl PublisherClock {
    /// Takes a report that arrived at `now`. Returns its NTP time in microseconds as if the clock had never been set;
    /// `None` if it cannot be believed.
    pub fn handle_report(&mut self, report: SenderReport, now: Duration) -> Option<i64> {
        let now = micros(now);
        // One never filled in.
        let ntp = (report.ntp != 0).then(|| report.ntp_micros().saturating_add(self.shift))?;
        let late = now.saturating_sub(ntp);
        let Some(correction) = self.correction else {
            self.floor.push(ntp, late);
            self.correction = Some(Correction { line: self.floor.line()?, catch_up: 0.0 });
            return Some(ntp);
        };
        let expected = correction.offset_at(ntp);
        let ntp = if late.abs_diff(expected) <= REPORT_TRUST.as_micros() as u64 {
            self.suspects.clear();
            ntp
        } else {
            ntp.saturating_add(self.shift_by_agreement(late, now)?)
        };
        self.floor.push(ntp, now.saturating_sub(ntp));
        self.slew(correction, ntp);
        Some(ntp)
    }

    /// What turns its NTP time into lesson time now.
    pub fn correction(&self) -> Correction {
        self.correction.unwrap_or_default()
    }

    /// A few unbelievable reports that agree: the clock was set. What it was set by is taken back.
    fn shift_by_agreement(&mut self, late: i64, now: i64) -> Option<i64> {
        if self.suspects.iter().any(|other| other.abs_diff(late) > CLOCK_STEP.as_micros() as u64) {
            self.suspects.clear();
        }
        self.suspects.push(late);
        let least = self.suspects.iter().min().copied()?;
        if self.suspects.len() < STEP_RUN {
            return None;
        }
        self.suspects.clear();
        // Lesson time is about NTP time plus correction, so the correction at `now` is where it was.
        let by = least.saturating_sub(self.offset_at_lesson(now));
        self.shift = self.shift.saturating_add(by);
        Some(by)
    }

    fn offset_at_lesson(&self, now: i64) -> i64 {
        let correction = self.correction();
        correction.offset_at(now.saturating_sub(correction.line.value))
    }

    /// From the line as it is towards the floor, never by a jump.
    fn slew(&mut self, old: Correction, ntp: i64) {
        let Some(floor) = self.floor.line() else { return };
        // An older report tells nothing new.
        if ntp < old.line.at {
            return;
        }
        let value = old.offset_at(ntp);
        let missing = floor.value_at(ntp).saturating_sub(value) as f64;
        let catch_up = (missing / SLEW_OVER.as_micros() as f64).clamp(-SLEW_PPM / 1e6, SLEW_PPM / 1e6);
        self.correction = Some(Correction { line: Line { at: ntp, value, slope: floor.slope }, catch_up });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn report(micros: i64) -> SenderReport {
        SenderReport { ntp: (i128::from(micros) * (1 << 32) / 1_000_000) as u64, rtp: 0 }
    }

    /// Lesson time minus true time, at the end of reports a second apart whose clock is set by `step` seconds at 60 s.
    fn error_after(step: i64, once: bool) -> i64 {
        let mut clock = PublisherClock::default();
        let mut error = 0;
        for second in 0..120i64 {
            let set = if second == 60 || second > 60 && !once { step * 1_000_000 } else { 0 };
            let sent = second * 1_000_000;
            let now = Duration::from_micros(sent as u64 + 20_000);
            if let Some(ntp) = clock.handle_report(report(4_000 * 1_000_000 * HOUR / 4 + sent + set), now) {
                error = clock.correction().lesson_micros(ntp) - sent;
                assert!((error - 20_000).abs() < 1_000, "step {step}, at {second} s: {error}");
            }
        }
        error
    }

    #[test]
    fn a_clock_that_was_set_and_a_single_wrong_report_change_nothing() {
        for (step, once) in [(0, true), (HOUR, true), (-HOUR, true), (HOUR, false), (-HOUR, false), (-3, false)] {
            assert!((error_after(step, once) - 20_000).abs() < 1_000, "{step} {once}");
        }
    }

    #[test]
    fn a_report_never_filled_in_tells_nothing() {
        assert_eq!(PublisherClock::default().handle_report(report(0), Duration::from_secs(5)), None);
    }

    #[test]
    fn a_late_first_report_is_made_good_slowly() {
        let mut clock = PublisherClock::default();
        let mut before = None;
        for second in 0..200i64 {
            let sent = second * 1_000_000;
            let late = if second == 0 { 60_000 } else { 10_000 };
            let ntp =
                clock.handle_report(report(sent + 1_000_000), Duration::from_micros((sent + late) as u64)).unwrap();
            let error = clock.correction().lesson_micros(ntp) - sent;
            assert!(
                before.is_none_or(|before: i64| (error - before).abs() <= SLEW_PPM as i64 + 1),
                "{before:?} {error}"
            );
            before = Some(error);
        }
        assert!((before.unwrap() - 10_000).abs() < 1_000, "{before:?}");
    }
}
