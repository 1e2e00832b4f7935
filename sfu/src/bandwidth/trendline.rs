//! Whether the way grows longer: the slope of the delay over the last groups, against a threshold that adapts
//! (Carlucci et al. 2016 section 4; the line in place of the Kalman filter and the gains are libwebrtc's).

use super::{Usage, groups::Deltas};

/// Groups the line is laid through.
const WINDOW: usize = 20;
/// Share of the old in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// What a slope is multiplied by, beside the number of groups (at most [`MOST_DELTAS`]), to be compared with a threshold in ms.
const GAIN: f64 = 4.0;
const MOST_DELTAS: u32 = 60;
/// The threshold in ms: where it starts, and how far it may go.
const FIRST_THRESHOLD_MS: f64 = 12.5;
const LEAST_THRESHOLD_MS: f64 = 6.0;
const MOST_THRESHOLD_MS: f64 = 600.0;
/// How fast it follows the trend, per ms: up slowly, so that a queue is heard before it counts as usual; down faster.
const GROW_PER_MS: f64 = 0.0087;
const SHRINK_PER_MS: f64 = 0.039;
/// A trend this far above it, in ms, is a spike it does not follow.
const SPIKE_MS: f64 = 15.0;
/// Longest time one step of it stands for, in ms.
const LONGEST_STEP_MS: f64 = 100.0;
/// How long the trend must stay above it, in ms.
const OVERUSE_MS: f64 = 10.0;

/// The line and its threshold.
#[derive(Debug)]
pub(super) struct Trendline {
    /// `(arrival, smoothed delay)` in ms; the oldest is overwritten.
    points: [(f64, f64); WINDOW],
    deltas: u32,
    /// Arrival that times in `points` count from, in µs.
    origin_us: Option<i64>,
    delay_ms: f64,
    smoothed_ms: f64,
    threshold_ms: f64,
    updated_ms: Option<f64>,
    over_for_ms: Option<f64>,
    over_count: u32,
    last_trend: f64,
    usage: Usage,
}

impl Trendline {
    pub(super) fn new() -> Self {
        Self {
            points: [(0.0, 0.0); WINDOW],
            deltas: 0,
            origin_us: None,
            delay_ms: 0.0,
            smoothed_ms: 0.0,
            threshold_ms: FIRST_THRESHOLD_MS,
            updated_ms: None,
            over_for_ms: None,
            over_count: 0,
            last_trend: 0.0,
            usage: Usage::Normal,
        }
    }

    /// Forgets the line; the threshold stays, for it tells of the path.
    pub(super) fn restart(&mut self) {
        *self = Self { threshold_ms: self.threshold_ms, ..Self::new() };
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes in what lies between two groups.
    pub(super) fn update(&mut self, deltas: &Deltas) {
        let origin_us = *self.origin_us.get_or_insert(deltas.at_us);
        let at_ms = (deltas.at_us - origin_us) as f64 / 1000.0;
        self.delay_ms += (deltas.arrival_us - deltas.sent_us) as f64 / 1000.0;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.delay_ms;
        self.points[self.deltas as usize % WINDOW] = (at_ms, self.smoothed_ms);
        self.deltas = self.deltas.wrapping_add(1).max(1);
        let trend = if self.deltas as usize >= WINDOW { self.slope().unwrap_or(self.last_trend) } else { 0.0 };
        self.judge(trend, deltas.sent_us as f64 / 1000.0, at_ms);
    }

    /// The slope of the line with the least squares through all points.
    fn slope(&self) -> Option<f64> {
        let count = WINDOW as f64;
        let (x_sum, y_sum) = self.points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (x_mean, y_mean) = (x_sum / count, y_sum / count);
        let (mut above, mut below) = (0.0, 0.0);
        for (x, y) in self.points {
            above += (x - x_mean) * (y - y_mean);
            below += (x - x_mean) * (x - x_mean);
        }
        (below > 0.0).then(|| above / below)
    }

    fn judge(&mut self, trend: f64, sent_delta_ms: f64, at_ms: f64) {
        if self.deltas < 2 {
            self.usage = Usage::Normal;
            return;
        }
        let trend_ms = f64::from(self.deltas.min(MOST_DELTAS)) * trend * GAIN;
        if trend_ms > self.threshold_ms {
            // How long it was above it already is not known: half the time since the last group.
            let over_for_ms = self.over_for_ms.map_or(sent_delta_ms / 2.0, |so_far| so_far + sent_delta_ms);
            self.over_for_ms = Some(over_for_ms);
            self.over_count += 1;
            if over_for_ms > OVERUSE_MS && self.over_count > 1 && trend >= self.last_trend {
                (self.over_for_ms, self.over_count) = (Some(0.0), 0);
                self.usage = Usage::Over;
            }
        } else {
            (self.over_for_ms, self.over_count) = (None, 0);
            self.usage = if trend_ms < -self.threshold_ms { Usage::Under } else { Usage::Normal };
        }
        self.last_trend = trend;
        self.adapt(trend_ms.abs(), at_ms);
    }

    fn adapt(&mut self, trend_ms: f64, at_ms: f64) {
        let step_ms = self.updated_ms.map_or(0.0, |before| (at_ms - before).clamp(0.0, LONGEST_STEP_MS));
        self.updated_ms = Some(at_ms);
        if trend_ms > self.threshold_ms + SPIKE_MS {
            return;
        }
        let per_ms = if trend_ms < self.threshold_ms { SHRINK_PER_MS } else { GROW_PER_MS };
        let moved_ms = self.threshold_ms + per_ms * (trend_ms - self.threshold_ms) * step_ms;
        self.threshold_ms = moved_ms.clamp(LEAST_THRESHOLD_MS, MOST_THRESHOLD_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds groups every 20 ms whose delay is what `delay_ms` says, and returns how many were judged to be over and under.
    fn judged(line: &mut Trendline, groups: i64, delay_ms: impl Fn(i64) -> f64) -> (usize, usize) {
        let us = |i: i64| (delay_ms(i) * 1000.0) as i64;
        let (mut over, mut under) = (0, 0);
        for i in 1..=groups {
            let arrival_us = 20_000 + us(i) - us(i - 1);
            line.update(&Deltas { sent_us: 20_000, arrival_us, at_us: i * 20_000 + us(i) });
            over += usize::from(line.usage() == Usage::Over);
            under += usize::from(line.usage() == Usage::Under);
        }
        (over, under)
    }

    #[test]
    fn a_queue_that_grows_is_heard_within_half_a_second_and_one_that_drains_too() {
        // Twice what the line carries: 20 ms more every 20 ms.
        let mut line = Trendline::new();
        assert_eq!(judged(&mut line, 40, |_| 0.0), (0, 0));
        let (over, _) = judged(&mut line, 25, |i| i as f64 * 20.0);
        assert!(over > 5, "{over} of 25");
        let mut line = Trendline::new();
        judged(&mut line, 40, |_| 0.0);
        let (_, under) = judged(&mut line, 50, |i| 500.0 - i as f64 * 5.0);
        assert!(under > 10, "{under} of 50");
    }

    #[test]
    fn jitter_alone_is_soon_usual() {
        let mut line = Trendline::new();
        let jitter = |i: i64| f64::from((i as u32).wrapping_mul(2_654_435_761) >> 16) / 65_536.0 * 20.0;
        judged(&mut line, 200, jitter);
        let (over, _) = judged(&mut line, 1000, jitter);
        assert!(over <= 20, "{over} of 1000");
    }

    #[test]
    fn a_restart_forgets_the_line_and_keeps_the_threshold() {
        let mut line = Trendline::new();
        judged(&mut line, 100, |i| i as f64 * 1.15);
        let threshold_ms = line.threshold_ms;
        assert!(threshold_ms > FIRST_THRESHOLD_MS);
        line.restart();
        assert_eq!((line.usage(), line.threshold_ms, line.deltas), (Usage::Normal, threshold_ms, 0));
    }
}
