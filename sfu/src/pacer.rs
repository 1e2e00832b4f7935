//! Spreads pictures over time towards a receiver whose line is slow: a burst beyond its rate would fill some queue on the way
//! and delay the voice behind it.
//!
//! A line is slow when the receiver's estimate of it is below twice the rate of what it is sent. Then packets leave in
//! quanta, one every [`PACE_INTERVAL`], at [`PACE_FACTOR_PERCENT`] of the estimate; elsewhere a frame leaves whole.

use std::{collections::VecDeque, time::Instant};

use crate::{
    fanout::FanoutRef,
    limits::{MAX_PACED, PACE_FACTOR_PERCENT, PACE_INTERVAL},
};

/// Packets a quantum has at least, however slow the line: pairs keep the receiver's own estimator going.
const LEAST_PACKETS: usize = 2;
/// A line is slow below this share of the rate of what it is sent, in percent.
const SLOW_PERCENT: u64 = 200;

/// What a faster line counts as, in bit/s: no line is.
const FASTEST_BPS: u64 = 1 << 40;

/// A packet that waits for its quantum: it stays in its source's ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paced {
    pub(crate) line: usize,
    pub(crate) from: FanoutRef,
    pub(crate) index: u64,
    pub(crate) len: usize,
}

/// The pacer of one receiver.
#[derive(Debug)]
pub(crate) struct Pacer {
    estimate_bps: u64,
    queue: VecDeque<Paced>,
    next: Instant,
}

impl Pacer {
    pub(crate) fn new(now: Instant) -> Self {
        Self { estimate_bps: 0, queue: VecDeque::with_capacity(MAX_PACED), next: now }
    }

    /// Takes in the receiver's estimate of its line, in bit/s.
    pub(crate) fn estimated(&mut self, bps: u64) {
        self.estimate_bps = bps.min(FASTEST_BPS);
    }

    /// Whether pictures wait here, for a receiver that is sent `media_bps`.
    pub(crate) fn holds(&self, media_bps: u64) -> bool {
        // What came before must leave before.
        !self.queue.is_empty() || self.estimate_bps.saturating_mul(100) < media_bps.saturating_mul(SLOW_PERCENT)
    }

    /// Puts a packet in the queue. `false` when it is full: the packet is lost to this receiver alone.
    pub(crate) fn push(&mut self, now: Instant, packet: Paced) -> bool {
        if self.queue.len() >= MAX_PACED {
            return false;
        }
        if self.queue.is_empty() {
            self.next = self.next.max(now);
        }
        self.queue.push_back(packet);
        true
    }

    /// Whether packets of this stream wait for this line.
    pub(crate) fn has(&self, line: usize, from: FanoutRef) -> bool {
        self.queue.iter().any(|packet| packet.line == line && packet.from == from)
    }

    /// When the next quantum leaves.
    pub(crate) fn due(&self) -> Option<Instant> {
        (!self.queue.is_empty()).then_some(self.next)
    }

    /// Calls `send` with each packet that may leave now.
    pub(crate) fn release(&mut self, now: Instant, mut send: impl FnMut(Paced)) {
        if self.due().is_none_or(|at| now < at) {
            return;
        }
        self.next = now + PACE_INTERVAL;
        let per_second = self.estimate_bps / 8 * PACE_FACTOR_PERCENT / 100;
        let quantum = (u128::from(per_second) * PACE_INTERVAL.as_millis() / 1000) as usize;
        let (mut packets, mut bytes) = (0, 0);
        while let Some(&packet) = self.queue.front()
            && (packets < LEAST_PACKETS || bytes + packet.len <= quantum)
        {
            self.queue.pop_front();
            packets += 1;
            bytes += packet.len;
            send(packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(index: u64, len: usize) -> Paced {
        Paced { line: 0, from: FanoutRef { at: 0, run: 0 }, index, len }
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn slow(bps: u64, packets: u64) -> (Pacer, Instant) {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        pacer.estimated(bps);
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
        pacer.estimated(u64::MAX);
        assert!(!pacer.holds(1_500_000));
    }

    #[test]
    fn a_quantum_is_five_milliseconds_at_two_and_a_half_times_the_estimate_and_two_packets_at_least() {
        for (bps, expected) in [(100_000, 2), (1_280_000, 2), (2_000_000, 3), (6_400_000, 10)] {
            let (mut pacer, now) = slow(bps, 40);
            assert_eq!(released(&mut pacer, now), expected, "{bps} bit/s");
            assert_eq!(released(&mut pacer, now + PACE_INTERVAL / 2), 0, "not before the next quantum");
            assert_eq!(released(&mut pacer, now + PACE_INTERVAL), expected);
        }
    }

    #[test]
    fn the_queue_is_bounded_and_keeps_what_came_first() {
        let (mut pacer, now) = slow(100_000, MAX_PACED as u64);
        assert!(!pacer.push(now, packet(9999, 1000)));
        let mut first = None;
        pacer.release(now, |packet| first = first.or(Some(packet.index)));
        assert_eq!(first, Some(0));
        assert_eq!(pacer.due(), Some(now + PACE_INTERVAL));
    }
}
