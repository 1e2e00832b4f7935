//! The rate the delay allows: up while the way stays short, down to a share of what arrives when it grows longer
//! (draft-ietf-rmcat-gcc-02 section 5.5, with libwebrtc's estimate of where the line was last full).

use super::{MAX_BPS, MIN_BPS, Usage};

/// Share of the arriving rate that is left after overuse: the rest drains the queue.
const BACK_OFF: f64 = 0.85;
/// Growth in a second, far from where the line was last full.
const GROWTH: f64 = 1.08;
/// The estimate grows no further than this many times what arrives, and a little: beyond it nothing is known.
const MOST_OVER_ACKED: f64 = 1.5;
const SLACK_BPS: f64 = 10_000.0;
/// Near where the line was last full, one packet more in each response time: the packet's bits, the pictures in a second
/// they are reckoned from, and what the response takes beside the round trip, in s.
const PACKET_BITS: f64 = 1200.0 * 8.0;
const PICTURES_PER_S: f64 = 30.0;
const RESPONSE_S: f64 = 0.1;
const LEAST_GROWTH_BPS: f64 = 4000.0;
/// Shortest and longest time between two decreases, in µs: a round trip, within bounds.
const LEAST_PAUSE_US: i64 = 10_000;
const MOST_PAUSE_US: i64 = 200_000;
/// A queue below this, in µs, does not prove that what arrives is all the line carries: little was sent.
const SMALL_QUEUE_US: i64 = 50_000;
/// Arriving at this share of the estimate or more, the line was full when it was overused.
const FULL: f64 = 0.85;
/// A receiver without a round trip yet counts as this far, in µs.
const FIRST_RTT_US: i64 = 200_000;

/// What a step goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signals {
    pub(super) now_us: i64,
    pub(super) usage: Usage,
    /// The arriving rate in bit/s.
    pub(super) acked: Option<f64>,
    /// What the line carried when it was overused last, in bit/s, as far as is known.
    pub(super) carried: Option<f64>,
    pub(super) rtt_us: Option<i64>,
    /// How long packets wait, in µs.
    pub(super) queue_us: i64,
    /// What the last probe found to be all the line carries, in bit/s.
    pub(super) limit: Option<f64>,
}

/// Where the line was full, as a mean and a deviation of rates in bit/s.
#[derive(Debug, Default)]
struct Capacity {
    mean: Option<f64>,
    /// Variance in units of the mean, kbit/s.
    variance: f64,
}

impl Capacity {
    /// Weight of a new rate.
    const WEIGHT: f64 = 0.05;

    fn observe(&mut self, bps: f64) {
        let kbps = bps / 1000.0;
        let mean = self.mean.map_or(kbps, |mean| (1.0 - Self::WEIGHT) * mean + Self::WEIGHT * kbps);
        let norm = mean.max(1.0);
        let error = (mean - kbps) * (mean - kbps) / norm;
        self.variance = ((1.0 - Self::WEIGHT) * self.variance + Self::WEIGHT * error).clamp(0.4, 2.5);
        self.mean = Some(mean);
    }

    /// The rate lies where the line was full before: within three deviations.
    fn holds(&self, bps: f64) -> bool {
        self.mean.is_some_and(|mean| (bps / 1000.0 - mean).abs() <= 3.0 * (self.variance * mean).sqrt())
    }
}

/// The estimate by delay.
#[derive(Debug)]
pub(super) struct Aimd {
    bps: f64,
    grows: bool,
    changed_us: i64,
    decreased_us: Option<i64>,
    capacity: Capacity,
}

impl Aimd {
    pub(super) fn new(now_us: i64, bps: f64) -> Self {
        Self { bps, grows: false, changed_us: now_us, decreased_us: None, capacity: Capacity::default() }
    }

    pub(super) fn bps(&self) -> f64 {
        self.bps
    }

    /// Takes a rate that was proven or imposed.
    pub(super) fn set(&mut self, now_us: i64, bps: f64) {
        self.bps = bps.clamp(MIN_BPS as f64, MAX_BPS as f64);
        self.changed_us = now_us;
    }

    /// Forgets where the line was full: it is another now.
    pub(super) fn forget_capacity(&mut self) {
        self.capacity = Capacity::default();
    }

    /// One step. `true` when the estimate was lowered.
    pub(super) fn update(&mut self, signals: &Signals) -> bool {
        match signals.usage {
            Usage::Over => return self.decrease(signals),
            // A queue drains: what is measured now is the queue.
            Usage::Under => self.grows = false,
            Usage::Normal if self.grows => self.increase(signals),
            Usage::Normal => {
                self.grows = true;
                self.changed_us = signals.now_us;
            }
        }
        false
    }

    fn increase(&mut self, signals: &Signals) {
        let Some(acked) = signals.acked else { return };
        let elapsed_s = ((signals.now_us - self.changed_us) as f64 / 1e6).clamp(0.0, 1.0);
        self.changed_us = signals.now_us;
        if self.capacity.mean.is_some_and(|mean| acked / 1000.0 > mean) && !self.capacity.holds(acked) {
            self.forget_capacity();
        }
        let grown = if self.capacity.mean.is_some() {
            self.bps + self.growth_bps(signals.rtt_us) * elapsed_s
        } else {
            (self.bps * GROWTH.powf(elapsed_s)).max(self.bps + 1000.0 * elapsed_s)
        };
        let limit = signals.limit.map_or(f64::INFINITY, |limit| limit.max(acked + SLACK_BPS));
        let most = (MOST_OVER_ACKED * acked + SLACK_BPS).min(limit).max(self.bps);
        self.bps = grown.min(most).min(MAX_BPS as f64);
    }

    /// Growth near where the line was full, in bit/s each second.
    fn growth_bps(&self, rtt_us: Option<i64>) -> f64 {
        let picture_bits = self.bps / PICTURES_PER_S;
        let packet_bits = picture_bits / (picture_bits / PACKET_BITS).ceil().max(1.0);
        let response_s = rtt_us.unwrap_or(FIRST_RTT_US) as f64 / 1e6 + RESPONSE_S;
        (packet_bits / response_s).max(LEAST_GROWTH_BPS)
    }

    fn decrease(&mut self, signals: &Signals) -> bool {
        let &Signals { now_us, carried: acked, rtt_us, queue_us, .. } = signals;
        let pause_us = rtt_us.unwrap_or(FIRST_RTT_US).clamp(LEAST_PAUSE_US, MOST_PAUSE_US);
        let too_soon = self.decreased_us.is_some_and(|at| now_us - at < pause_us);
        if too_soon && acked.is_none_or(|acked| acked >= self.bps / 2.0) {
            return false;
        }
        let proven = acked.is_some_and(|acked| queue_us >= SMALL_QUEUE_US || acked >= FULL * self.bps);
        let target = match acked {
            Some(acked) if proven => BACK_OFF * acked,
            _ => BACK_OFF * self.bps,
        };
        if let Some(acked) = acked.filter(|_| proven) {
            if !self.capacity.holds(acked) {
                self.forget_capacity();
            }
            self.capacity.observe(acked);
        }
        self.grows = false;
        self.decreased_us = Some(now_us);
        let lowered = target < self.bps;
        if lowered {
            self.set(now_us, target);
        }
        lowered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signals(now_us: i64, usage: Usage, acked: f64, queue_us: i64) -> Signals {
        Signals {
            now_us,
            usage,
            acked: Some(acked),
            carried: Some(acked),
            rtt_us: Some(100_000),
            queue_us,
            limit: None,
        }
    }

    /// Seconds of normal use at ten steps a second.
    fn normal(aimd: &mut Aimd, from_s: i64, seconds: i64, acked: impl Fn(f64) -> f64) {
        for step in from_s * 10..(from_s + seconds) * 10 {
            aimd.update(&signals(step * 100_000, Usage::Normal, acked(aimd.bps()), 0));
        }
    }

    #[test]
    fn it_grows_by_eight_percent_a_second_but_not_far_beyond_what_arrives() {
        let mut aimd = Aimd::new(0, 500_000.0);
        normal(&mut aimd, 0, 10, |bps| bps);
        assert!((aimd.bps() / 500_000.0 - GROWTH.powi(10)).abs() < 0.1, "{}", aimd.bps());
        let mut aimd = Aimd::new(0, 500_000.0);
        normal(&mut aimd, 0, 60, |_| 400_000.0);
        assert_eq!(aimd.bps(), 610_000.0);
        aimd.set(60_000_000, 2_000_000.0);
        normal(&mut aimd, 60, 10, |_| 400_000.0);
        assert_eq!(aimd.bps(), 2_000_000.0, "what was proven stays");
    }

    #[test]
    fn it_does_not_grow_beyond_what_a_probe_found_unless_more_arrives() {
        let mut aimd = Aimd::new(0, 300_000.0);
        for (second, acked) in (0..100).map(|second| (second, if second < 50 { 250_000.0 } else { 400_000.0 })) {
            let limit = Some(310_000.0);
            aimd.update(&Signals { limit, ..signals(second * 1_000_000, Usage::Normal, acked, 0) });
            assert!(aimd.bps() <= if second < 50 { 310_000.0 } else { 410_000.0 }, "{} at {second}", aimd.bps());
        }
        assert_eq!(aimd.bps(), 410_000.0);
    }

    #[test]
    fn overuse_leaves_a_share_of_what_arrives_once_in_a_round_trip() {
        let mut aimd = Aimd::new(0, 1_000_000.0);
        assert!(aimd.update(&signals(1_000_000, Usage::Over, 900_000.0, 80_000)));
        assert_eq!(aimd.bps(), 765_000.0);
        assert!(!aimd.update(&signals(1_050_000, Usage::Over, 700_000.0, 80_000)), "too soon");
        assert!(aimd.update(&signals(1_060_000, Usage::Over, 200_000.0, 80_000)), "but not when so little arrives");
        assert_eq!(aimd.bps(), 170_000.0);
    }

    #[test]
    fn a_small_queue_behind_a_thin_stream_does_not_prove_a_thin_line() {
        let mut aimd = Aimd::new(0, 2_000_000.0);
        aimd.update(&signals(1_000_000, Usage::Over, 100_000.0, 20_000));
        assert_eq!(aimd.bps(), 1_700_000.0);
        aimd.update(&signals(2_000_000, Usage::Over, 100_000.0, 60_000));
        assert_eq!(aimd.bps(), 85_000.0);
    }

    #[test]
    fn near_where_the_line_was_full_it_grows_by_packets_and_beyond_it_by_percents_again() {
        let mut aimd = Aimd::new(0, 1_000_000.0);
        aimd.update(&signals(0, Usage::Over, 1_000_000.0, 80_000));
        normal(&mut aimd, 1, 2, |bps| bps);
        let near = aimd.bps();
        assert!((870_000.0..940_000.0).contains(&near), "{near}");
        normal(&mut aimd, 3, 30, |bps| bps);
        assert!(aimd.bps() > 3_000_000.0, "{}", aimd.bps());
    }

    #[test]
    fn while_a_queue_drains_nothing_moves() {
        let mut aimd = Aimd::new(0, 500_000.0);
        normal(&mut aimd, 0, 1, |bps| bps);
        let before = aimd.bps();
        for step in 11..30 {
            aimd.update(&signals(step * 100_000, Usage::Under, 1e6, 0));
        }
        assert_eq!(aimd.bps(), before);
    }
}
