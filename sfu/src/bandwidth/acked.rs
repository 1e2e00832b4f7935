//! The rate that arrives: bytes the receiver told of over the last half second of its own clock.

/// Length of a bucket in µs.
const BUCKET_US: i64 = 25_000;
/// Buckets: half a second, long enough for a dozen pictures and short enough to see a line that broke down.
const BUCKETS: usize = 20;
/// Buckets of the newest stretch that a rate is told of by itself.
const NEWEST: usize = 12;
/// Time in µs of which something must be known before there is a rate.
const LEAST_US: i64 = 250_000;

/// Bytes by time of arrival.
#[derive(Debug, Default)]
pub(super) struct AckedRate {
    buckets: [u32; BUCKETS],
    /// Arrival of the first packet of all, and of the newest, in µs.
    first_us: Option<i64>,
    newest_us: i64,
}

impl AckedRate {
    /// Takes in a packet.
    pub(super) fn arrived(&mut self, arrival_us: i64, bytes: usize) {
        let bucket = arrival_us.div_euclid(BUCKET_US);
        let newest = self.newest_us.div_euclid(BUCKET_US);
        if self.first_us.is_none() || bucket - newest >= BUCKETS as i64 {
            // Nothing before counts: it is the first packet, or the first after a silence.
            *self = Self { first_us: Some(arrival_us), newest_us: arrival_us, ..Self::default() };
        } else {
            for passed in newest + 1..=bucket {
                self.buckets[Self::position(passed)] = 0;
            }
            if newest - bucket >= BUCKETS as i64 {
                return;
            }
            self.newest_us = self.newest_us.max(arrival_us);
        }
        let count = &mut self.buckets[Self::position(bucket)];
        *count = count.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    fn position(bucket: i64) -> usize {
        bucket.rem_euclid(BUCKETS as i64) as usize
    }

    /// The rate in bit/s, as of the newest arrival.
    pub(super) fn bps(&self) -> Option<f64> {
        self.over(BUCKETS)
    }

    /// The rate of the newest three tenths of a second.
    pub(super) fn newest_bps(&self) -> Option<f64> {
        self.over(NEWEST)
    }

    /// The rate over so many buckets up to the newest.
    fn over(&self, buckets: usize) -> Option<f64> {
        let newest = self.newest_us.div_euclid(BUCKET_US);
        let oldest = newest - buckets as i64 + 1;
        let span_us = self.newest_us - (oldest * BUCKET_US).max(self.first_us?);
        let bytes: u64 = (oldest..=newest).map(|at| u64::from(self.buckets[Self::position(at)])).sum();
        (span_us >= LEAST_US).then(|| bytes as f64 * 8e6 / span_us as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(rate: Option<f64>, bps: f64) -> bool {
        rate.is_some_and(|rate| (rate / bps - 1.0).abs() < 0.1)
    }

    #[test]
    fn an_even_stream_and_bursts_of_frames_are_measured_alike() {
        let (mut even, mut bursts) = (AckedRate::default(), AckedRate::default());
        for i in 0..100 {
            even.arrived(i * 10_000, 1250);
            (0..4).for_each(|packet| bursts.arrived(i / 4 * 40_000 + packet * 500, 1250));
        }
        assert!(near(even.bps(), 1e6), "{:?}", even.bps());
        let mut bursts = AckedRate::default();
        for i in 0..25 {
            (0..4).for_each(|packet| bursts.arrived(i * 40_000 + packet * 500, 1250));
        }
        assert!(near(bursts.bps(), 1e6), "{:?}", bursts.bps());
    }

    #[test]
    fn a_line_that_breaks_down_shows_within_half_a_second() {
        let mut rate = AckedRate::default();
        (0..100).for_each(|i| rate.arrived(i * 10_000, 2500));
        assert!(near(rate.bps(), 2e6));
        (0..52).for_each(|i| rate.arrived(1_000_000 + i * 10_000, 125));
        assert!(near(rate.bps(), 1e5), "{:?}", rate.bps());
    }

    #[test]
    fn what_has_just_begun_shows_in_the_newest_sooner() {
        let mut rate = AckedRate::default();
        (0..100).for_each(|i| rate.arrived(i * 10_000, 125));
        (100..130).for_each(|i| rate.arrived(i * 10_000, 1250));
        assert!(near(rate.newest_bps(), 1e6), "{:?}", rate.newest_bps());
        assert!(rate.bps().is_some_and(|bps| bps < 0.75e6), "{:?}", rate.bps());
    }

    #[test]
    fn there_is_no_rate_at_first_nor_right_after_a_silence() {
        let mut rate = AckedRate::default();
        assert_eq!(rate.bps(), None);
        (0..30).for_each(|i| rate.arrived(i * 10_000, 125));
        assert!(rate.bps().is_some());
        rate.arrived(10_000_000, 125);
        assert_eq!(rate.bps(), None);
        (0..60).for_each(|i| rate.arrived(10_000_000 + i * 10_000, 125));
        assert!(near(rate.bps(), 1e5), "{:?}", rate.bps());
        let before = rate.bps();
        rate.arrived(0, 60_000);
        assert_eq!(rate.bps(), before, "an arrival long ago counts for nothing");
    }
}
