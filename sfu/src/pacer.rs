//! Spreads pictures over time towards a receiver whose line is slow: a burst beyond its rate would fill some queue on the way
//! and delay the voice behind it.
//!
//! A line is slow when the estimate of it is below twice the rate of what it is sent. Then packets leave no faster than
//! [`PACE_PERCENT`] of the estimate, less what its voices need; elsewhere a frame leaves whole. What would have to wait for
//! longer than `limits::MAX_PACED_DELAY` is shed by whoever puts it here: late pictures are worth less than the next key frame.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    fanout::FanoutRef,
    limits::{MAX_PACED, PACE_INTERVAL, PACE_PERCENT},
};

/// A line is slow below this share of the rate of what it is sent, in percent.
const SLOW_PERCENT: u64 = 200;
/// Pictures leave at no less than this, in bit/s: what waits must leave some day.
const LEAST_BPS: u64 = 20_000;
/// Bytes that leave at once after a pause: two packets, which show the estimator how far apart they arrive.
const LEAST_BURST: i64 = 2400;
/// No line is faster, in bit/s.
const FASTEST_BPS: u64 = 1 << 40;

/// A packet that waits to leave: it stays in its source's ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paced {
    pub(crate) line: usize,
    pub(crate) from: FanoutRef,
    pub(crate) index: u64,
    /// Its temporal layer.
    pub(crate) level: u8,
    /// What it is counted for, in bytes: nothing where it is to be left out when its turn comes.
    pub(crate) len: usize,
}

/// The pacer of one receiver.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Rate at which pictures leave, in bit/s.
    rate_bps: u64,
    /// What its line carries, in bit/s.
    estimate_bps: u64,
    queue: VecDeque<Paced>,
    queued_bytes: usize,
    /// Bytes that may leave now; what left beyond them is paid back by waiting.
    credit: i64,
    counted: Instant,
}

impl Pacer {
    /// One whose line is taken to be fast until told otherwise.
    pub(crate) fn new(now: Instant) -> Self {
        let mut pacer = Self {
            rate_bps: 0,
            estimate_bps: 0,
            queue: VecDeque::new(),
            queued_bytes: 0,
            credit: LEAST_BURST,
            counted: now,
        };
        pacer.set_rate(FASTEST_BPS, 0);
        pacer
    }

    /// Takes in what its line carries, and what of that goes to voices, in bit/s.
    pub(crate) fn set_rate(&mut self, estimate_bps: u64, voices_bps: u64) {
        self.estimate_bps = estimate_bps.min(FASTEST_BPS);
        self.rate_bps = (self.estimate_bps * PACE_PERCENT / 100).saturating_sub(voices_bps).max(LEAST_BPS);
    }

    /// Whether pictures wait here, for a receiver that is sent `media_bps`.
    pub(crate) fn holds(&self, media_bps: u64) -> bool {
        // What came before must leave before.
        !self.queue.is_empty() || self.estimate_bps.saturating_mul(100) < media_bps.saturating_mul(SLOW_PERCENT)
    }

    /// Whether `bytes` more, of so many packets, would have left within `most`.
    pub(crate) fn has_room_for(&self, packets: usize, bytes: usize, most: Duration) -> bool {
        let micros = (self.queued_bytes + bytes) as u64 * 8_000_000 / self.rate_bps;
        self.queue.len() + packets <= MAX_PACED && Duration::from_micros(micros) <= most
    }

    /// Puts a packet in the queue. `false` when it is full: the packet is lost to this receiver alone.
    pub(crate) fn push(&mut self, now: Instant, packet: Paced) -> bool {
        if self.queue.len() >= MAX_PACED {
            return false;
        }
        if self.queue.is_empty() {
            self.earn(now);
        }
        self.queued_bytes += packet.len;
        self.queue.push_back(packet);
        true
    }

    /// Of what waits for `line`, layers above `target` are left out when their turn comes: they count for nothing.
    pub(crate) fn thin(&mut self, line: usize, target: u8) {
        for packet in self.queue.iter_mut().filter(|packet| packet.line == line && packet.level > target) {
            self.queued_bytes -= packet.len;
            packet.len = 0;
        }
    }

    /// A packet that was let go counting for `counted` bytes took `sent`.
    pub(crate) fn settle(&mut self, counted: usize, sent: usize) {
        self.credit += counted as i64 - sent as i64;
    }

    /// Forgets all that waits.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
    }

    /// Whether packets wait for this line.
    pub(crate) fn has_line(&self, line: usize) -> bool {
        self.queue.iter().any(|packet| packet.line == line)
    }

    /// Whether packets of this stream wait for this line.
    pub(crate) fn has(&self, line: usize, from: FanoutRef) -> bool {
        self.queue.iter().any(|packet| packet.line == line && packet.from == from)
    }

    /// When the next packets leave.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.queue.is_empty() {
            return None;
        }
        let owed = u64::try_from(1 - self.credit).unwrap_or(0);
        let wait = Duration::from_micros(owed * 8_000_000 / self.rate_bps);
        // Several at a time: each time costs a wake-up.
        Some(self.counted + if owed == 0 { wait } else { wait.max(PACE_INTERVAL) })
    }

    fn earn(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.counted).as_micros();
        self.counted = self.counted.max(now);
        let per = |micros: u128| i64::try_from(u128::from(self.rate_bps) * micros / 8_000_000).unwrap_or(i64::MAX);
        let most = per(PACE_INTERVAL.as_micros()).max(LEAST_BURST);
        self.credit = self.credit.saturating_add(per(elapsed)).min(most);
    }

    /// Calls `send` with each packet that may leave now.
    pub(crate) fn release(&mut self, now: Instant, mut send: impl FnMut(Paced)) {
        self.earn(now);
        while self.credit > 0
            && let Some(packet) = self.queue.pop_front()
        {
            self.credit -= packet.len as i64;
            self.queued_bytes -= packet.len;
            send(packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_PACED_DELAY as MOST;

    fn packet(index: u64, len: usize) -> Paced {
        Paced { line: 0, from: FanoutRef { at: 0, run: 0 }, index, level: 0, len }
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn slow(bps: u64, packets: u64) -> (Pacer, Instant) {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        pacer.set_rate(bps, 0);
        (0..packets).for_each(|index| assert!(pacer.push(now, packet(index, 1000))));
        (pacer, now)
    }

    fn released(pacer: &mut Pacer, now: Instant) -> usize {
        let mut count = 0;
        pacer.release(now, |_| count += 1);
        count
    }

    #[test]
    fn a_frame_leaves_whole_where_the_line_carries_twice_the_rate() {
        let (mut pacer, _) = slow(3_000_000, 0);
        assert!(!pacer.holds(1_500_000));
        assert!(pacer.holds(1_500_001));
        pacer.set_rate(u64::MAX, 0);
        assert!(!pacer.holds(1_500_000));
    }

    #[test]
    fn packets_leave_at_the_pace_of_the_line_however_often_it_is_looked_at() {
        for (bps, step_ms) in [(100_000, 1), (300_000, 5), (1_000_000, 7), (6_400_000, 1), (6_400_000, 20)] {
            let (mut pacer, start) = slow(bps, 0);
            let mut left = 0;
            for ms in (0..10_000).step_by(step_ms) {
                let now = start + Duration::from_millis(ms);
                while pacer.queue.len() < 40 {
                    pacer.push(now, packet(0, 1000));
                }
                left += released(&mut pacer, now) as u64;
            }
            let expected = bps * PACE_PERCENT / 100 * 10 / 8000;
            // Where it is looked at more rarely than a burst lasts, it stays behind.
            let least = if step_ms > 5 { expected / 5 } else { expected * 98 / 100 };
            assert!((least..=expected + 4).contains(&left), "{bps} bit/s every {step_ms} ms: {left} of {expected}");
        }
    }

    #[test]
    fn voices_have_their_share_first_and_pictures_never_stand_still() {
        let (mut pacer, _) = slow(100_000, 0);
        pacer.set_rate(100_000, 60_000);
        assert_eq!(pacer.rate_bps, 100_000 * PACE_PERCENT / 100 - 60_000);
        pacer.set_rate(0, 60_000);
        assert_eq!(pacer.rate_bps, LEAST_BPS);
    }

    #[test]
    fn it_is_due_when_there_is_credit_again_and_not_more_often_than_its_interval() {
        let (mut pacer, now) = slow(1_000_000, 5);
        assert_eq!(pacer.due(), Some(now), "the first leave at once");
        assert_eq!(released(&mut pacer, now), 3);
        let due = pacer.due().unwrap();
        assert!(due >= now + PACE_INTERVAL && due <= now + Duration::from_millis(10));
        assert!(released(&mut pacer, due) > 0);
        released(&mut pacer, due + Duration::from_secs(1));
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn what_is_to_be_left_out_takes_nothing_of_the_line() {
        let (mut pacer, now) = slow(100_000, 0);
        for index in 0..10 {
            assert!(pacer.push(now, Paced { level: (index % 2) as u8, ..packet(index, 1000) }));
        }
        pacer.thin(1, 0);
        assert_eq!(pacer.queued_bytes, 10_000, "another line's");
        pacer.thin(0, 0);
        assert_eq!(pacer.queued_bytes, 5_000);
        // Every other packet is free: three that count leave with the free ones between them.
        assert_eq!(released(&mut pacer, now), 5);
        let due = pacer.due();
        pacer.settle(0, 1000);
        assert!(pacer.due() > due, "one that went all the same is paid for");
        pacer.settle(1000, 0);
        assert_eq!(pacer.due(), due);
    }

    #[test]
    fn the_queue_is_bounded_in_packets_and_in_time() {
        let (mut pacer, now) = slow(100_000, MAX_PACED as u64);
        assert!(!pacer.push(now, packet(9999, 1000)));
        assert!(!pacer.has_room_for(1, 0, MOST));
        pacer.clear();
        let most = (100_000 * PACE_PERCENT / 100 / 8) as usize * MOST.as_millis() as usize / 1000;
        assert!(pacer.has_room_for(1, most - 10, MOST) && !pacer.has_room_for(1, most + 10, MOST));
        assert!(pacer.push(now, packet(0, 1000)), "there is room again");
    }
}
