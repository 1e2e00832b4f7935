//! The least delay seen, as a line: what of `arrival - stamp` is the clocks' own difference and not the network's.
//!
//! ```text
//! arrival - stamp      .   .        .            every point is late by what its packet waited,
//!                  . .    .   .  .     .  .      none is early: the clocks' difference is the line
//!               __.___________.___.______.___    no point lies under
//! ```

use std::collections::VecDeque;

use crate::limits::{FLOOR_BUCKET, FLOOR_BUCKETS, SKEW_BASELINE, SKEW_PPM};

/// A straight line of microseconds over microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Line {
    /// Where it is anchored.
    pub at: i64,
    /// Its value there.
    pub value: i64,
    /// How much it rises per microsecond.
    pub slope: f64,
}

impl Line {
    pub fn value_at(&self, x: i64) -> i64 {
        self.value.saturating_add((self.slope * x.saturating_sub(self.at) as f64).round() as i64)
    }
}

/// The lowest point of each of the last few seconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Floor {
    points: VecDeque<(i64, i64)>,
    /// Where the running bucket began.
    bucket: i64,
}

impl Floor {
    /// Takes `arrival - stamp` of something stamped `x`. One older than the last is left out.
    pub fn push(&mut self, x: i64, y: i64) {
        match self.points.back_mut() {
            Some(last) if x < last.0 => {}
            Some(last) if x.saturating_sub(self.bucket) < FLOOR_BUCKET.as_micros() as i64 => {
                if y <= last.1 {
                    *last = (x, y);
                }
            }
            _ => {
                if self.points.len() >= FLOOR_BUCKETS {
                    self.points.pop_front();
                }
                self.points.push_back((x, y));
                self.bucket = x;
            }
        }
    }

    /// The line under all points that comes closest to them: of the lower hull, the edge under their middle (Moon, Skelly,
    /// Towsley: Estimation and removal of clock skew from network delay measurements, 1999). Level while the points are
    /// too few to tell a slope.
    pub fn line(&self) -> Option<Line> {
        let (&(first, _), &(last, _)) = (self.points.front()?, self.points.back()?);
        let long_enough = last - first >= SKEW_BASELINE.as_micros() as i64;
        let slope = if long_enough { self.hull_slope(first + (last - first) / 2) } else { 0.0 };
        let slope = slope.clamp(-SKEW_PPM / 1e6, SKEW_PPM / 1e6);
        let drop = |&(x, y): &(i64, i64)| y.saturating_add((slope * (last - x) as f64).round() as i64);
        let value = self.points.iter().map(drop).min()?;
        Some(Line { at: last, value, slope })
    }

    fn hull_slope(&self, middle: i64) -> f64 {
        let mut hull: Vec<(i64, i64)> = Vec::with_capacity(self.points.len());
        for &point in &self.points {
            while let [.., a, b] = hull[..]
                && slope(a, point) <= slope(a, b)
            {
                hull.pop();
            }
            hull.push(point);
        }
        let edge = hull.windows(2).find(|edge| edge[1].0 >= middle);
        edge.map_or(0.0, |edge| slope(edge[0], edge[1]))
    }
}

/// Of the line through two points.
pub(super) fn slope(a: (i64, i64), b: (i64, i64)) -> f64 {
    let run = b.0.saturating_sub(a.0);
    if run == 0 { 0.0 } else { b.1.saturating_sub(a.1) as f64 / run as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_the_least_delay_whatever_the_clocks_drift() {
        for ppm in [-100i64, 0, 100, 400] {
            let mut floor = Floor::default();
            for n in 0..300i64 {
                let (x, wait) = (n * 500_000, n * 7_919 % 31 * 1_000);
                floor.push(x, 5_000_000 + x / 1_000_000 * ppm + wait);
            }
            let line = floor.line().unwrap();
            let truth = 5_000_000 + 149 * ppm;
            assert!((line.value_at(149_500_000) - truth).abs() < 1_000, "{ppm} ppm: {line:?} instead of {truth}");
        }
    }

    #[test]
    fn a_few_points_tell_no_slope_and_an_impossible_one_is_bounded() {
        let mut floor = Floor::default();
        floor.push(0, 100);
        floor.push(10_000_000, 900_000);
        assert_eq!(floor.line(), Some(Line { at: 10_000_000, value: 100, slope: 0.0 }));
        floor.push(100_000_000, 9_000_000);
        assert_eq!(floor.line().unwrap().slope, SKEW_PPM / 1e6);
    }

    #[test]
    fn any_numbers_are_survived() {
        let mut floor = Floor::default();
        for x in [i64::MIN, i64::MAX, 0, -1, i64::MAX] {
            floor.push(x / 4, x);
            floor.line();
        }
    }
}
