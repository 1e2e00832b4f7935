//! NTP against RTP of one track: a line through its last sender reports. Medians, so that a few wrong ones do not count.

use std::collections::VecDeque;

use super::floor::{Line, slope};
use crate::limits::{CLOCK_STEP, REPORT_BASELINE, REPORTS, SKEW_PPM, STEP_RUN};

/// The line. Times are microseconds: RTP time is the unwrapped timestamp at its nominal rate.
#[derive(Debug, Clone, Default)]
pub(super) struct ReportLine {
    /// RTP time, and NTP time minus RTP time.
    points: VecDeque<(i64, i64)>,
    /// Reports, one after another, that agree with each other alone.
    suspects: Vec<(i64, i64)>,
    line: Option<Line>,
}

/// What a report was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is one more of the same.
    Followed,
    /// It is the last of a few that agree on another line.
    Stepped,
    /// It is older than the last, or alone in what it says.
    Ignored,
}

impl ReportLine {
    /// Takes a report.
    pub fn push(&mut self, rtp: i64, ntp: i64) -> Taken {
        let point = (rtp, ntp.saturating_sub(rtp));
        if self.points.back().is_some_and(|last| rtp <= last.0) {
            return Taken::Ignored;
        }
        let step = CLOCK_STEP.as_micros() as u64;
        let residual = |line: Line| line.value_at(rtp).abs_diff(point.1);
        if self.line.is_some_and(|line| residual(line) >= step) {
            return self.suspect(point);
        }
        self.suspects.clear();
        self.add(point);
        Taken::Followed
    }

    /// NTP time at an RTP time. `None` before the first report.
    pub fn ntp_at(&self, rtp: i64) -> Option<i64> {
        self.line.map(|line| rtp.saturating_add(line.value_at(rtp)))
    }

    fn suspect(&mut self, point: (i64, i64)) -> Taken {
        let step = CLOCK_STEP.as_micros() as u64;
        if self.suspects.iter().any(|other| other.1.abs_diff(point.1) >= step || other.0 >= point.0) {
            self.suspects.clear();
        }
        self.suspects.push(point);
        if self.suspects.len() < STEP_RUN {
            return Taken::Ignored;
        }
        self.points.clear();
        for point in std::mem::take(&mut self.suspects) {
            self.add(point);
        }
        Taken::Stepped
    }

    fn add(&mut self, point: (i64, i64)) {
        if self.points.len() >= REPORTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
        self.line = self.fit();
    }

    /// Slope: the median of those between any two reports (Theil, Sen); then the median of what is left.
    fn fit(&self) -> Option<Line> {
        let at = self.points.back()?.0;
        let far_apart = REPORT_BASELINE.as_micros() as i64;
        let mut slopes = Vec::new();
        for (n, &a) in self.points.iter().enumerate() {
            let later = self.points.iter().skip(n + 1).filter(|b| b.0.saturating_sub(a.0) >= far_apart);
            slopes.extend(later.map(|&b| slope(a, b)));
        }
        slopes.sort_by(f64::total_cmp);
        let slope = slopes.get(slopes.len() / 2).copied().unwrap_or(0.0).clamp(-SKEW_PPM / 1e6, SKEW_PPM / 1e6);
        let level = |&(x, y): &(i64, i64)| y.saturating_add((slope * at.saturating_sub(x) as f64).round() as i64);
        let mut values: Vec<i64> = self.points.iter().map(level).collect();
        values.sort_unstable();
        let value = values.get(values.len() / 2).copied()?;
        Some(Line { at, value, slope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_make_a_line_and_wrong_ones_do_not_bend_it() {
        let mut line = ReportLine::default();
        for n in 0..40i64 {
            let rtp = n * 5_000_000;
            // 80 ppm fast, a millisecond of noise; every seventh report is 90 ms off, one an hour.
            let wrong = if n == 20 { 3_600_000_000 } else { i64::from(n % 7 == 3) * 90_000 };
            let ntp = 9_000_000 + rtp + rtp / 1_000_000 * 80 + n % 3 * 500 + wrong;
            line.push(rtp, ntp);
        }
        let truth = 9_000_000 + 200_000_000 + 200 * 80;
        assert!((line.ntp_at(200_000_000).unwrap() - truth).abs() < 1_500, "{:?}", line.ntp_at(200_000_000));
    }

    #[test]
    fn what_a_report_is_good_for() {
        for (what, rtp, ntp, taken) in [
            ("the next", 2_000, 2_000, Taken::Followed),
            ("one out of order", 500, 500, Taken::Ignored),
            ("one that stands alone", 2_000, 3_602_000, Taken::Ignored),
        ] {
            let mut line = ReportLine::default();
            line.push(1_000_000, 1_000_000);
            assert_eq!(line.push(rtp * 1_000, ntp * 1_000), taken, "{what}");
        }
    }

    #[test]
    fn reports_that_agree_are_a_step() {
        let mut line = ReportLine::default();
        line.push(0, 0);
        assert_eq!(line.push(5_000_000, 10_000_000), Taken::Ignored);
        assert_eq!(line.push(10_000_000, 15_000_000), Taken::Stepped);
        assert_eq!(line.ntp_at(10_000_000), Some(15_000_000));
    }
}
