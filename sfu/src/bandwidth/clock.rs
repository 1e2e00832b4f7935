//! The receiver's clock as its reports show it: its reference time without wraps, and whether an arrival can be true.

use crate::rtcp::{TICKS_PER_MS, TICKS_PER_REFERENCE};

/// Length of a tick of arrival times, in µs.
const TICK_US: i64 = 1000 / TICKS_PER_MS;
/// Length of a unit of the reference time, in µs.
const REFERENCE_US: i64 = TICK_US * TICKS_PER_REFERENCE;
/// Reference times differ by less than this many units, or they wrapped.
const HALF_WRAP: i64 = 1 << 23;
/// How far outside the time between departure and now an arrival may seem, in µs: reports themselves are delayed.
const SLACK_US: i64 = 2_000_000;
/// Reports in a row of which nothing can be true until the receiver's clock counts as set anew.
const IMPLAUSIBLE: u8 = 5;

/// What is known of the receiver's clock.
#[derive(Debug, Default)]
pub(super) struct ArrivalClock {
    /// Its time less ours, in µs, as seen when reports come: less by what they take.
    offset_us: Option<i64>,
    implausible: u8,
}

impl ArrivalClock {
    /// The reference time of a report that came now, in µs, without wraps.
    pub(super) fn reference_us(&mut self, now_us: i64, reference: i32) -> i64 {
        let reference = i64::from(reference);
        let offset_us = *self.offset_us.get_or_insert(reference * REFERENCE_US - now_us);
        let expected = (now_us + offset_us).div_euclid(REFERENCE_US);
        let apart = (reference - expected + HALF_WRAP).rem_euclid(2 * HALF_WRAP) - HALF_WRAP;
        (expected + apart) * REFERENCE_US
    }

    /// Whether what left at `sent_us` can have arrived at `arrival_us`.
    pub(super) fn can_be(&self, now_us: i64, sent_us: i64, arrival_us: i64) -> bool {
        let offset_us = self.offset_us.unwrap_or(0);
        let here_us = arrival_us - offset_us;
        (sent_us - SLACK_US..=now_us + SLACK_US).contains(&here_us)
    }

    /// Takes in the newest arrival of a report that came now.
    pub(super) fn heard(&mut self, now_us: i64, arrival_us: i64) {
        self.implausible = 0;
        if let Some(offset_us) = &mut self.offset_us {
            // Follows a clock that drifts.
            *offset_us += (arrival_us - now_us - *offset_us) / 8;
        }
    }

    /// Takes in that nothing in a report can be true. `true` when the clock counts as set anew.
    pub(super) fn doubted(&mut self) -> bool {
        self.implausible += 1;
        let anew = self.implausible >= IMPLAUSIBLE;
        if anew {
            *self = Self::default();
        }
        anew
    }
}

/// Ticks in µs.
pub(super) fn ticks_us(ticks: i64) -> i64 {
    ticks * TICK_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_time_runs_on_through_its_wrap() {
        let mut clock = ArrivalClock::default();
        let mut now_us = 5_000_000;
        let first = 0x7f_fff0;
        let start_us = clock.reference_us(now_us, first);
        clock.heard(now_us, start_us);
        for step in 1..40 {
            now_us += REFERENCE_US;
            let wrapped = (first + step) << 8 >> 8;
            let reference_us = clock.reference_us(now_us, wrapped);
            assert_eq!(reference_us, start_us + i64::from(step) * REFERENCE_US);
            clock.heard(now_us, reference_us);
        }
    }

    #[test]
    fn arrivals_before_departure_or_in_the_future_cannot_be() {
        let mut clock = ArrivalClock::default();
        let reference_us = clock.reference_us(60_000_000, -3);
        assert_eq!(reference_us, -3 * REFERENCE_US);
        assert!(clock.can_be(60_000_000, 59_900_000, reference_us));
        assert!(clock.can_be(60_000_000, 40_000_000, reference_us - 10_000_000), "a report may come late");
        assert!(!clock.can_be(60_000_000, 59_900_000, reference_us - 10_000_000));
        assert!(!clock.can_be(60_000_000, 59_900_000, reference_us + 10_000_000));
    }

    #[test]
    fn a_clock_set_anew_is_believed_after_a_few_reports() {
        let mut clock = ArrivalClock::default();
        clock.reference_us(0, 100);
        assert!((1..IMPLAUSIBLE).all(|_| !clock.doubted()));
        assert!(clock.doubted());
        assert_eq!(clock.reference_us(0, 5000), 5000 * REFERENCE_US);
    }
}
