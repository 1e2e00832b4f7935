//! What left for one receiver, by transport-wide number, until its reports tell what became of it.

use super::ClusterId;
use crate::{
    limits::{MAX_SENT_AGE, MAX_SENT_HISTORY},
    sequence::nearest,
};

/// What is known of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing was sent with it, or all is told.
    Settled,
    /// On the way.
    Outstanding,
    /// A later report came and left it out: its own was lost.
    Unreported,
    /// Told as missing; it may yet turn up.
    Missing,
}

/// One packet in 8 bytes: the number is its place, and the time is told from the present one, which is less than half a wrap
/// (35 minutes) away.
#[derive(Debug, Clone, Copy)]
struct Slot {
    sent_us: u32,
    bytes: u16,
    cluster: Option<ClusterId>,
    fate: Fate,
}

impl Slot {
    fn sent_at(&self, now_us: i64) -> i64 {
        now_us - i64::from((now_us as u32).wrapping_sub(self.sent_us))
    }
}

const SETTLED: Slot = Slot { sent_us: 0, bytes: 0, cluster: None, fate: Fate::Settled };

/// A packet whose fate became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// Its extended number.
    pub(super) index: u64,
    /// When it left, in µs.
    pub(super) sent_us: i64,
    /// Its size.
    pub(super) bytes: u16,
    /// The probe it belongs to.
    pub(super) cluster: Option<ClusterId>,
    /// Whether it was told as missing before.
    pub(super) was_missing: bool,
}

/// The ring of packets sent. It has no memory before the first.
#[derive(Debug, Default)]
pub(super) struct History {
    slots: Box<[Slot]>,
    /// Extended number after the newest.
    next: u64,
    /// Where those that may be outstanding begin.
    oldest: u64,
    in_flight: usize,
    last_us: i64,
}

impl History {
    /// Notes a packet and returns its extended number; none when its number does not lead on from the one before.
    pub(super) fn sent(&mut self, now_us: i64, number: u16, bytes: u16, cluster: Option<ClusterId>) -> Option<u64> {
        if self.slots.is_empty() {
            self.slots = vec![SETTLED; MAX_SENT_HISTORY].into_boxed_slice();
            self.next = (1 << 16) | u64::from(number);
            self.oldest = self.next;
        }
        let index = nearest(self.next, number);
        if index < self.next {
            return None;
        }
        // Times are kept in 32 bits: nothing may stay that is as old as a wrap.
        if index - self.next >= MAX_SENT_HISTORY as u64 || now_us - self.last_us > MAX_SENT_AGE.as_micros() as i64 {
            self.slots.fill(SETTLED);
            (self.oldest, self.next, self.in_flight) = (index, index, 0);
        }
        for skipped in self.next..index {
            self.put(skipped, SETTLED);
        }
        self.put(index, Slot { sent_us: now_us as u32, bytes, cluster, fate: Fate::Outstanding });
        self.in_flight += usize::from(bytes);
        self.next = index + 1;
        self.last_us = now_us;
        self.oldest = self.oldest.max(self.next.saturating_sub(MAX_SENT_HISTORY as u64));
        Some(index)
    }

    fn position(index: u64) -> usize {
        index as usize & (MAX_SENT_HISTORY - 1)
    }

    fn put(&mut self, index: u64, slot: Slot) {
        let place = &mut self.slots[Self::position(index)];
        if place.fate == Fate::Outstanding {
            self.in_flight -= usize::from(place.bytes);
        }
        *place = slot;
    }

    /// How many packets from `base` on were sent, when `base` is among those remembered: what a report can tell of.
    pub(super) fn sent_from(&self, base: u16) -> Option<usize> {
        let index = nearest(self.next, base);
        let known = self.next.saturating_sub(MAX_SENT_HISTORY as u64)..self.next;
        (!self.slots.is_empty() && known.contains(&index)).then(|| (self.next - index) as usize)
    }

    /// When a packet left of which a report can still tell something new, in µs.
    pub(super) fn sent_at(&self, now_us: i64, number: u16) -> Option<i64> {
        let index = self.next - self.sent_from(number)? as u64;
        let slot = &self.slots[Self::position(index)];
        let is_old = now_us - self.last_us > MAX_SENT_AGE.as_micros() as i64;
        (slot.fate != Fate::Settled && !is_old).then(|| slot.sent_at(now_us))
    }

    /// Takes in what a report says of a number. None when nothing is new: never sent, forgotten, or told before.
    pub(super) fn told(&mut self, now_us: i64, number: u16, arrived: bool) -> Option<Told> {
        let remaining = self.sent_from(number)? as u64;
        let index = self.next - remaining;
        let slot = &mut self.slots[Self::position(index)];
        let before = slot.fate;
        if before == Fate::Settled || (before == Fate::Missing && !arrived) {
            return None;
        }
        if before == Fate::Outstanding {
            self.in_flight -= usize::from(slot.bytes);
        }
        slot.fate = if arrived { Fate::Settled } else { Fate::Missing };
        Some(Told {
            index,
            sent_us: slot.sent_at(now_us),
            bytes: slot.bytes,
            cluster: slot.cluster,
            was_missing: before == Fate::Missing,
        })
    }

    /// Notes that the reports on what is outstanding before `base` were lost. Returns the bytes they would have told of.
    pub(super) fn passed_over(&mut self, base: u16) -> usize {
        let Some(remaining) = self.sent_from(base) else { return 0 };
        let (end, before) = (self.next - remaining as u64, self.in_flight);
        self.advance(end, |_| true);
        before - self.in_flight
    }

    /// Forgets what is too old to be told of.
    pub(super) fn expire(&mut self, now_us: i64) {
        let limit_us = MAX_SENT_AGE.as_micros() as u32;
        self.advance(self.next, |slot| (now_us as u32).wrapping_sub(slot.sent_us) > limit_us);
    }

    /// Moves the start of what may be outstanding on to `end`, or to the first packet that is outstanding and not `done`.
    fn advance(&mut self, end: u64, done: impl Fn(&Slot) -> bool) {
        while self.oldest < end {
            let slot = &mut self.slots[Self::position(self.oldest)];
            if slot.fate == Fate::Outstanding {
                if !done(slot) {
                    return;
                }
                slot.fate = Fate::Unreported;
                self.in_flight -= usize::from(slot.bytes);
            }
            self.oldest += 1;
        }
    }

    /// Bytes on the way.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Bytes of memory beside the value itself.
    pub(super) fn allocated(&self) -> usize {
        size_of_val(&*self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(first: u16, count: u16) -> History {
        let mut history = History::default();
        for i in 0..count {
            assert!(history.sent(i64::from(i) * 1000, first.wrapping_add(i), 100, None).is_some());
        }
        history
    }

    #[test]
    fn a_packet_takes_no_more_than_sixteen_bytes() {
        assert_eq!(size_of::<Slot>(), 8);
        assert_eq!(History::default().allocated(), 0);
        assert_eq!(filled(0, 1).allocated(), MAX_SENT_HISTORY * 8);
    }

    #[test]
    fn each_packet_is_told_of_once_and_a_missing_one_may_turn_up() {
        let mut history = filled(65_534, 4);
        assert_eq!(history.in_flight(), 400);
        let told = history.told(9000, 65_535, true).unwrap();
        assert_eq!((told.sent_us, told.bytes, told.was_missing), (1000, 100, false));
        assert_eq!(history.told(9000, 65_535, true), None, "told before");
        assert!(history.told(9000, 0, false).is_some());
        assert_eq!(history.told(9000, 0, false), None);
        assert_eq!(history.in_flight(), 200);
        assert!(history.told(9000, 0, true).unwrap().was_missing);
        assert_eq!(history.told(9000, 0, true), None);
        assert_eq!(history.told(9000, 2, true), None, "never sent");
        assert_eq!(history.told(9000, 65_533, true), None, "before the first");
    }

    #[test]
    fn the_ring_forgets_the_oldest_and_counts_what_is_on_the_way() {
        let mut history = filled(0, MAX_SENT_HISTORY as u16 + 10);
        assert_eq!(history.in_flight(), MAX_SENT_HISTORY * 100);
        assert_eq!(history.told(0, 9, true), None);
        assert!(history.told(0, 10, true).is_some());
        assert_eq!(history.sent_from(9), None);
        assert_eq!(history.sent_from(20), Some(MAX_SENT_HISTORY - 10));
    }

    #[test]
    fn numbers_that_do_not_lead_on_are_not_kept_and_gaps_are_never_told_of() {
        let mut history = filled(10, 2);
        assert_eq!(history.sent(5000, 11, 100, None), None, "used before");
        assert!(history.sent(5000, 14, 100, None).is_some());
        assert_eq!(history.told(6000, 12, true), None);
        assert_eq!(history.in_flight(), 300);
        assert!(history.sent(6000, 30_000, 100, None).is_some(), "a leap starts anew");
        assert_eq!((history.in_flight(), history.told(7000, 14, true)), (100, None));
    }

    #[test]
    fn lost_reports_and_age_take_packets_off_the_way_without_telling() {
        let mut history = filled(0, 10);
        assert_eq!(history.passed_over(4), 400);
        assert_eq!(history.in_flight(), 600);
        assert!(history.told(9000, 2, true).is_some(), "a report that was overtaken still counts");
        history.expire(MAX_SENT_AGE.as_micros() as i64 + 6500);
        assert_eq!(history.in_flight(), 300);
        history.expire(1 << 40);
        assert_eq!(history.in_flight(), 0);
    }

    #[test]
    fn times_survive_the_wrap_of_what_is_kept_of_them() {
        let mut history = History::default();
        let at_us = (1 << 32) - 500;
        history.sent(at_us, 7, 100, None);
        assert_eq!(history.told(at_us + 2000, 7, true).unwrap().sent_us, at_us);
    }
}
