//! How long packets took, in steps of 10 µs.

use serde::Serialize;

const STEP_US: u64 = 10;
/// One second and more share the last step.
const STEPS: usize = 100_001;

/// Times counted by how long they were.
#[derive(Debug, Clone)]
pub struct Latencies {
    counts: Vec<u32>,
    total: u64,
}

/// What is told of them, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half took no longer.
    pub p50: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// None took longer.
    pub max: f64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; STEPS], total: 0 }
    }
}

impl Latencies {
    /// Counts one.
    pub fn note(&mut self, nanoseconds: u64) {
        let step = (nanoseconds / 1000 / STEP_US).min(STEPS as u64 - 1);
        self.counts[step as usize] += 1;
        self.total += 1;
    }

    /// Nothing if none was counted.
    pub fn percentiles(&self) -> Option<Percentiles> {
        (self.total > 0).then(|| Percentiles { p50: self.at(50), p99: self.at(99), max: self.at(100) })
    }

    /// The shortest time, in milliseconds, that `percent` of all did not exceed.
    fn at(&self, percent: u64) -> f64 {
        let rank = (self.total * percent).div_ceil(100);
        let mut below = 0;
        let reached = |count: &u32| {
            below += u64::from(*count);
            below >= rank
        };
        let step = self.counts.iter().position(reached).unwrap_or(STEPS - 1);
        (step as u64 + 1) as f64 * STEP_US as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_the_nearest_rank_and_rounded_up() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentiles(), None);
        (1..=100).for_each(|ms| latencies.note(ms * 1_000_000 - 1));
        assert_eq!(latencies.percentiles(), Some(Percentiles { p50: 50.0, p99: 99.0, max: 100.0 }));
        latencies.note(u64::MAX);
        assert_eq!(latencies.percentiles().map(|told| told.max), Some(1000.01));
    }
}
