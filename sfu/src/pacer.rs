//! Spreads pictures over time towards a receiver whose line is slow: a burst beyond its rate would fill some queue on the way
//! and delay the voice behind it.
//!
//! A line is slow when the estimate of it is below twice the rate of what it is sent. Then packets leave no faster than
//! [`PACE_PERCENT`] of the estimate, less what its voices need; elsewhere a frame leaves whole. What would have to wait for
//! longer than `limits::MAX_PACED_DELAY` is shed by whoever puts it here: late pictures are worth less than the next key frame.
//!
//! Lines take turns, packet by packet: the key frame of a slide, half a second long, holds up no face that talks beside it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    fanout::FanoutRef,
    limits::{HELD_INTERVAL, MAX_PACED, PACE_INTERVAL, PACE_PERCENT},
};

/// A line is slow below this share of the rate of what it is sent, in percent.
const SLOW_PERCENT: u64 = 200;
/// Pictures leave at no less than this, in bit/s: what waits must leave some day.
const LEAST_BPS: u64 = 20_000;
/// Bits after a pause: with any, a packet leaves at once. Three at once wait for a tenth of a second on a line of 300 kbit/s, and
/// the estimator takes that for what it is.
const LEAST_BURST: i64 = 8;
/// No line is faster, in bit/s.
const FASTEST_BPS: u64 = 1 << 40;

/// A packet that waits to leave: it stays in its source's ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paced {
    pub(crate) line: usize,
    pub(crate) from: FanoutRef,
    pub(crate) index: u64,
    /// Timestamp and temporal layer of its picture.
    pub(crate) timestamp: u32,
    pub(crate) level: u8,
    /// Bytes on the wire.
    pub(crate) len: usize,
    /// Whether it is to be left out when its turn comes: then it counts for nothing.
    pub(crate) is_left_out: bool,
}

impl Paced {
    /// A packet that goes whatever its layer, as far as can be told.
    pub(crate) fn whole(line: usize, from: FanoutRef, index: u64, len: usize) -> Self {
        Self { line, from, index, timestamp: 0, level: 0, len, is_left_out: false }
    }

    fn counted(&self) -> usize {
        if self.is_left_out { 0 } else { self.len }
    }
}

/// What waits for one line.
#[derive(Debug)]
struct Queue {
    line: usize,
    packets: VecDeque<Paced>,
    bytes: usize,
}

/// The pacer of one receiver.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Rate at which pictures leave, in bit/s.
    rate_bps: u64,
    /// What its line carries, in bit/s.
    estimate_bps: u64,
    /// Of each line for which something has waited, and whose turn it is; packets in all of them.
    queues: Vec<Queue>,
    turn: usize,
    count: usize,
    /// Bits that may leave now; what left beyond them is paid back by waiting.
    credit: i64,
    counted: Instant,
    /// Whether nothing leaves: so much is on the way.
    is_held: bool,
}

impl Pacer {
    /// One whose line is taken to be fast until told otherwise.
    pub(crate) fn new(now: Instant) -> Self {
        let mut pacer = Self {
            rate_bps: 0,
            estimate_bps: 0,
            queues: Vec::new(),
            turn: 0,
            count: 0,
            credit: LEAST_BURST,
            counted: now,
            is_held: false,
        };
        pacer.set_rate(FASTEST_BPS, FASTEST_BPS, 0);
        pacer
    }

    /// Takes in what its line carries, what leaves at most, and what of that goes to voices, in bit/s.
    pub(crate) fn set_rate(&mut self, estimate_bps: u64, most_bps: u64, voices_bps: u64) {
        self.estimate_bps = estimate_bps.min(FASTEST_BPS);
        self.rate_bps = (most_bps.min(FASTEST_BPS) * PACE_PERCENT / 100).saturating_sub(voices_bps).max(LEAST_BPS);
    }

    /// Lets nothing leave, or goes on.
    pub(crate) fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Time until `bytes` more of this line have left, if nothing else comes: until then the others take no more than their turns.
    pub(crate) fn wait(&self, line: usize, bytes: usize) -> Duration {
        let own = self.queue(line).map_or(0, |queue| queue.bytes) + bytes;
        let others = self.queues.iter().filter(|queue| queue.line != line).map(|queue| queue.bytes.min(own));
        Duration::from_micros((own + others.sum::<usize>()) as u64 * 8_000_000 / self.rate_bps)
    }

    fn queue(&self, line: usize) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.line == line)
    }

    fn queue_mut(&mut self, line: usize) -> Option<&mut Queue> {
        self.queues.iter_mut().find(|queue| queue.line == line)
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn waiting(&self, line: usize) -> impl Iterator<Item = &Paced> {
        self.queue(line).into_iter().flat_map(|queue| &queue.packets)
    }

    /// Whether pictures wait here, for a receiver that is sent `media_bps`.
    pub(crate) fn holds(&self, media_bps: u64) -> bool {
        // What came before must leave before.
        !self.is_empty()
            || self.is_held
            || self.estimate_bps.saturating_mul(100) < media_bps.saturating_mul(SLOW_PERCENT)
    }

    /// Whether `bytes` more of this line, in so many packets, would have left within `most`.
    pub(crate) fn has_room_for(&self, line: usize, (packets, bytes): (usize, usize), most: Duration) -> bool {
        self.count + packets <= MAX_PACED && self.wait(line, bytes) <= most
    }

    /// Puts a packet in the queue. `false` when it is full: the packet is lost to this receiver alone.
    pub(crate) fn push(&mut self, now: Instant, packet: Paced) -> bool {
        if self.is_empty() {
            self.earn(now);
        }
        if self.count >= MAX_PACED {
            return false;
        }
        self.count += 1;
        match self.queue_mut(packet.line) {
            Some(queue) => {
                queue.bytes += packet.counted();
                queue.packets.push_back(packet);
            }
            None => self.queues.push(Queue {
                line: packet.line,
                bytes: packet.counted(),
                packets: VecDeque::from([packet]),
            }),
        }
        true
    }

    /// Of what waits for `line`, layers above `target` are to be left out, but for the picture of timestamp `under_way`.
    pub(crate) fn thin(&mut self, line: usize, target: u8, under_way: Option<u32>) {
        let Some(queue) = self.queue_mut(line) else { return };
        for packet in &mut queue.packets {
            packet.is_left_out = packet.level > target && under_way != Some(packet.timestamp);
        }
        queue.bytes = queue.packets.iter().map(Paced::counted).sum();
    }

    /// Whether a packet that was let go did go was decided only then: what it counted for is made what it took.
    pub(crate) fn settle(&mut self, packet: &Paced, went: bool) {
        let took = if went { packet.len } else { 0 };
        self.credit += 8 * (packet.counted() as i64 - took as i64);
    }

    /// Forgets what waits for this line.
    pub(crate) fn clear(&mut self, line: usize) {
        self.retain(line, |_| false);
    }

    /// Forgets what of this stream waits for this line, which takes it no more: it would hold up what comes instead.
    pub(crate) fn forget(&mut self, line: usize, from: FanoutRef) {
        self.retain(line, |packet| packet.from != from);
    }

    fn retain(&mut self, line: usize, keep: impl Fn(&Paced) -> bool) {
        let Some(queue) = self.queue_mut(line) else { return };
        let before = queue.packets.len();
        queue.packets.retain(&keep);
        queue.bytes = queue.packets.iter().map(Paced::counted).sum();
        self.count -= before - queue.packets.len();
    }

    /// Whether packets wait for this line.
    pub(crate) fn has_line(&self, line: usize) -> bool {
        self.waiting(line).next().is_some()
    }

    /// Whether packets of this stream wait for this line.
    pub(crate) fn has(&self, line: usize, from: FanoutRef) -> bool {
        self.waiting(line).any(|packet| packet.from == from)
    }

    /// When the next packets leave.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.is_empty() {
            return None;
        }
        if self.is_held {
            return Some(self.counted + HELD_INTERVAL);
        }
        let owed = u64::try_from(1 - self.credit).unwrap_or(0);
        let wait = Duration::from_micros(owed * 1_000_000 / self.rate_bps);
        // Several at a time: each time costs a wake-up.
        Some(self.counted + if owed == 0 { wait } else { wait.max(PACE_INTERVAL) })
    }

    fn earn(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.counted).as_micros();
        self.counted = self.counted.max(now);
        let per = |micros: u128| i64::try_from(u128::from(self.rate_bps) * micros / 1_000_000).unwrap_or(i64::MAX);
        let most = per(PACE_INTERVAL.as_micros()).max(LEAST_BURST);
        self.credit = self.credit.saturating_add(per(elapsed)).min(most);
    }

    /// Calls `send` with each packet that may leave now.
    pub(crate) fn release(&mut self, now: Instant, mut send: impl FnMut(Paced)) {
        self.earn(now);
        if self.is_held {
            return;
        }
        while self.credit > 0
            && let Some(packet) = self.pop()
        {
            self.credit -= 8 * packet.counted() as i64;
            send(packet);
        }
    }

    /// The next to leave: of the line whose turn it is, or of the next for which something waits.
    fn pop(&mut self) -> Option<Paced> {
        let lines = self.queues.len();
        let at = (0..lines).map(|i| (self.turn + i) % lines).find(|&at| !self.queues[at].packets.is_empty())?;
        self.turn = at + 1;
        let queue = &mut self.queues[at];
        let packet = queue.packets.pop_front()?;
        queue.bytes -= packet.counted();
        self.count -= 1;
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_PACED_DELAY as MOST;

    fn packet(index: u64, len: usize) -> Paced {
        Paced { timestamp: index as u32, ..Paced::whole(0, FanoutRef { at: 0, run: 0 }, index, len) }
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn slow(bps: u64, packets: u64) -> (Pacer, Instant) {
        let now = Instant::now();
        let mut pacer = Pacer::new(now);
        pacer.set_rate(bps, bps, 0);
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
        pacer.set_rate(u64::MAX, u64::MAX, 0);
        assert!(!pacer.holds(1_500_000));
    }

    #[test]
    fn packets_leave_at_the_pace_of_the_line_however_often_it_is_looked_at() {
        for (bps, step_ms) in [(100_000, 1), (300_000, 5), (1_000_000, 7), (6_400_000, 1), (6_400_000, 20)] {
            let (mut pacer, start) = slow(bps, 0);
            let mut left = 0;
            for ms in (0..10_000).step_by(step_ms) {
                let now = start + Duration::from_millis(ms);
                while pacer.count < 40 {
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
        pacer.set_rate(100_000, 100_000, 60_000);
        assert_eq!(pacer.rate_bps, 100_000 * PACE_PERCENT / 100 - 60_000);
        pacer.set_rate(0, 0, 60_000);
        assert_eq!(pacer.rate_bps, LEAST_BPS);
    }

    #[test]
    fn it_is_due_when_there_is_credit_again_and_not_more_often_than_its_interval() {
        let (mut pacer, now) = slow(1_000_000, 5);
        assert_eq!(pacer.due(), Some(now), "the first leave at once");
        assert_eq!(released(&mut pacer, now), 1);
        let due = pacer.due().unwrap();
        assert!(due >= now + PACE_INTERVAL && due <= now + Duration::from_millis(10));
        assert!(released(&mut pacer, due) > 0);
        (1..10).for_each(|step| {
            released(&mut pacer, due + step * Duration::from_millis(10));
        });
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn what_is_to_be_left_out_takes_nothing_of_the_line() {
        let (mut pacer, now) = slow(100_000, 0);
        for index in 0..10 {
            assert!(pacer.push(now, Paced { level: (index % 2) as u8, ..packet(index, 1000) }));
        }
        for (line, target, under_way, expected) in
            [(1, 0, None, 10_000), (0, 0, Some(3), 6_000), (0, 1, None, 10_000), (0, 0, Some(4), 5_000)]
        {
            pacer.thin(line, target, under_way);
            assert_eq!(pacer.queues[0].bytes, expected, "line {line}, up to layer {target}, {under_way:?} under way");
        }
        // Every other packet is free: one that counts leaves first, and with the next that counts the free one before it.
        assert_eq!(released(&mut pacer, now), 1);
        assert_eq!(released(&mut pacer, now + Duration::from_millis(80)), 2);
        let due = pacer.due();
        let free = Paced { is_left_out: true, ..packet(1, 1000) };
        pacer.settle(&free, false);
        assert_eq!(pacer.due(), due);
        pacer.settle(&free, true);
        assert!(pacer.due() > due, "one that went all the same is paid for");
        pacer.settle(&packet(0, 1000), false);
        assert_eq!(pacer.due(), due, "and one that did not is paid back");
    }

    #[test]
    fn lines_take_turns_and_what_is_forgotten_holds_nothing_up() {
        let (mut pacer, now) = slow(1_000_000, 6);
        (10..13).for_each(|index| assert!(pacer.push(now, Paced { line: 1, ..packet(index, 1000) })));
        let wait = |bytes: u64| Duration::from_micros(bytes * 8);
        assert_eq!((pacer.wait(0, 0), pacer.wait(1, 0), pacer.wait(2, 500)), (wait(9000), wait(6000), wait(1500)));
        let mut left = Vec::new();
        for step in 0..5 {
            pacer.release(now + step * Duration::from_micros(8000), |packet| left.push(packet.index));
        }
        assert_eq!(left, [0, 10, 1, 11, 2]);
        pacer.forget(0, FanoutRef { at: 0, run: 0 });
        assert!(!pacer.has_line(0) && pacer.has_line(1) && pacer.wait(0, 0).is_zero());
        pacer.clear(1);
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn nothing_leaves_while_it_is_held() {
        let (mut pacer, now) = slow(1_000_000, 2);
        pacer.hold(true);
        assert!(pacer.holds(0), "nor does anything pass by");
        assert_eq!(released(&mut pacer, now + Duration::from_secs(1)), 0);
        assert_eq!(pacer.due(), Some(now + Duration::from_secs(1) + HELD_INTERVAL));
        pacer.hold(false);
        assert_eq!(released(&mut pacer, now + Duration::from_secs(1)), 1);
    }

    #[test]
    fn the_queue_is_bounded_in_packets_and_in_time() {
        let (mut pacer, now) = slow(100_000, MAX_PACED as u64);
        assert!(!pacer.push(now, packet(9999, 1000)));
        assert!(!pacer.has_room_for(0, (1, 0), MOST));
        pacer.clear(0);
        let most = (100_000 * PACE_PERCENT / 100 / 8) as usize * MOST.as_millis() as usize / 1000;
        assert!(pacer.has_room_for(0, (1, most - 10), MOST) && !pacer.has_room_for(0, (1, most + 10), MOST));
        assert!(pacer.push(now, packet(0, 1000)), "there is room again");
    }
}
