//! Puts the packets of one track back in order, waiting a bounded time for missing ones.
//!
//! ```text
//! in   1 2 4 5 . . . 3        3 came late: 4 and 5 were held, then 3 4 5 go out together
//! in   1 2 4 5 . . . . . .    3 never came: after REORDER_HOLD 4 and 5 go out, and the jump tells of the loss
//! ```

use std::{collections::BTreeMap, time::Duration};

use crate::{
    limits::{REORDER_HOLD, REORDER_PACKETS, STALE_RUN},
    sequence::nearest_16,
};

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is next: use it now, under this extended sequence number, then call [`Reorder::pop`].
    Next(i64),
    /// One before it is missing; it was copied and comes out of [`Reorder::pop`].
    Held,
    /// It was there already, or was given up.
    Stale,
}

/// A packet that had to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Extended sequence number. A jump against the one before is a loss.
    pub sequence: i64,
    /// When it arrived.
    pub arrival: Duration,
    /// The whole packet.
    pub bytes: Vec<u8>,
}

/// The reorder buffer of one track.
#[derive(Debug, Default)]
pub struct Reorder {
    next: Option<i64>,
    held: BTreeMap<i64, Released>,
    /// Since when the packet `next` has been missing.
    missing_since: Duration,
    stale_run: u32,
}

impl Reorder {
    /// Takes a packet that arrived at `now`.
    pub fn push(&mut self, now: Duration, sequence: u16, bytes: &[u8]) -> Verdict {
        let Some(next) = self.next else {
            let sequence = i64::from(sequence);
            self.next = Some(sequence + 1);
            return Verdict::Next(sequence);
        };
        let sequence = nearest_16(next, sequence);
        if sequence < next {
            return self.stale(next, sequence);
        }
        self.stale_run = 0;
        if sequence == next {
            self.advance(sequence);
            return Verdict::Next(sequence);
        }
        if self.held.is_empty() {
            self.missing_since = now;
        }
        self.held.entry(sequence).or_insert_with(|| Released { sequence, arrival: now, bytes: bytes.to_vec() });
        Verdict::Held
    }

    /// The next packet that need not wait any longer at `now`. Call until it has none.
    pub fn pop(&mut self, now: Duration) -> Option<Released> {
        let first = *self.held.first_key_value()?.0;
        let waited = now.saturating_sub(self.missing_since) >= REORDER_HOLD;
        if Some(first) == self.next || waited || self.held.len() > REORDER_PACKETS {
            return self.release();
        }
        None
    }

    /// The next packet held, waiting for nothing any more: the track ends.
    pub fn flush(&mut self) -> Option<Released> {
        self.release()
    }

    fn release(&mut self) -> Option<Released> {
        let (sequence, released) = self.held.pop_first()?;
        self.advance(sequence);
        Some(released)
    }

    fn advance(&mut self, sequence: i64) {
        self.next = Some(sequence + 1);
        if let Some((_, first)) = self.held.first_key_value() {
            self.missing_since = first.arrival;
        }
    }

    /// A sender that restarts its count without a new SSRC must not stay silent until it catches up.
    fn stale(&mut self, next: i64, sequence: i64) -> Verdict {
        if next - sequence <= REORDER_PACKETS as i64 {
            return Verdict::Stale;
        }
        self.stale_run += 1;
        if self.stale_run < STALE_RUN {
            return Verdict::Stale;
        }
        self.stale_run = 0;
        self.held.clear();
        // A full turn further on, so that extended numbers never run backwards and the jump reads as a loss.
        let sequence = sequence + (1 << 16);
        self.next = Some(sequence + 1);
        Verdict::Next(sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds (millisecond, sequence) pairs; returns every sequence in the order it came out, extended.
    fn order(arrivals: &[(u64, u16)]) -> Vec<i64> {
        let mut reorder = Reorder::default();
        let mut out = Vec::new();
        for &(at, sequence) in arrivals {
            let now = Duration::from_millis(at);
            if let Verdict::Next(sequence) = reorder.push(now, sequence, &[]) {
                out.push(sequence);
            }
            out.extend(std::iter::from_fn(|| reorder.pop(now)).map(|released| released.sequence));
        }
        out
    }

    #[test]
    fn packets_come_out_in_order_and_once() {
        for (arrivals, expected, why) in [
            (&[(0, 1), (1, 2), (2, 3)][..], &[1, 2, 3][..], "in order"),
            (&[(0, 1), (1, 3), (2, 2), (3, 4)], &[1, 2, 3, 4], "swapped"),
            (&[(0, 1), (1, 1), (2, 2), (3, 1)], &[1, 2], "duplicates"),
            (&[(0, 1), (1, 3), (1, 3), (2, 2)], &[1, 2, 3], "a held duplicate"),
            (&[(0, 65_534), (1, 0), (2, 65_535), (3, 1)], &[65_534, 65_535, 65_536, 65_537], "over the wrap"),
            (&[(0, 1), (1, 3), (1_000, 2)], &[1, 2, 3], "a retransmission a second late"),
            (&[(0, 1), (1, 3), (1_300, 4), (1_301, 2)], &[1, 3, 4], "given up, then too late"),
            (&[(0, 1), (1, 3), (900, 5), (1_250, 6)], &[1, 3], "the second hole has its own wait"),
        ] {
            assert_eq!(order(arrivals), expected, "{why}");
        }
    }

    #[test]
    fn a_full_buffer_gives_up_on_what_is_missing() {
        let mut arrivals = vec![(0, 0)];
        arrivals.extend((2..REORDER_PACKETS as u16 + 3).map(|sequence| (1, sequence)));
        assert_eq!(order(&arrivals).len(), REORDER_PACKETS + 2);
    }

    #[test]
    fn a_sender_that_starts_counting_anew_is_followed() {
        let arrivals: Vec<_> = [(0, 30_000)].into_iter().chain((0..40).map(|n| (n, n as u16))).collect();
        let out = order(&arrivals);
        assert!(out.len() > 20, "{out:?}");
        assert!(out.is_sorted());
    }
}
