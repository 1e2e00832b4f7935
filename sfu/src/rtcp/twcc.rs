//! Transport-wide congestion control feedback to publishers (draft-holmer-rmcat-transport-wide-cc-extensions-01 section
//! 3.1): when each packet arrived, so that the browser's own estimator can find its rate.

use std::{collections::VecDeque, time::Instant};

use crate::{limits::MAX_TWCC_ARRIVALS, sequence::Unwrapper};

/// Longest body of one feedback, in bytes: keeps the whole packet below the MTU.
pub const MAX_FEEDBACK_LEN: usize = 1000;
/// Arrival deltas are in 250 µs.
const DELTA_UNIT_US: i64 = 250;
/// The reference time is in 64 ms.
const REFERENCE_UNIT_US: i64 = 64_000;
/// Most packets one feedback reports on; the worst case (no run, large deltas) stays below [`MAX_FEEDBACK_LEN`].
const MAX_REPORTED: usize = 400;

/// Status symbols.
const NOT_RECEIVED: u8 = 0;
const SMALL_DELTA: u8 = 1;
const LARGE_DELTA: u8 = 2;

/// Arrivals not yet told to the publisher.
#[derive(Debug)]
pub struct ArrivalLog {
    origin: Instant,
    unwrapper: Unwrapper,
    /// `(extended sequence, microseconds since origin)`, ascending by sequence, each once.
    arrivals: VecDeque<(u64, i64)>,
    /// First sequence not yet reported on.
    next: Option<u64>,
    feedback_count: u8,
}

impl ArrivalLog {
    /// An empty log; times are told relative to `origin`.
    pub fn new(origin: Instant) -> Self {
        Self {
            origin,
            unwrapper: Unwrapper::default(),
            arrivals: VecDeque::with_capacity(MAX_TWCC_ARRIVALS),
            next: None,
            feedback_count: 0,
        }
    }

    /// Notes that the packet with transport-wide number `sequence` arrived.
    pub fn arrived(&mut self, sequence: u16, now: Instant) {
        let extended = self.unwrapper.unwrap(sequence);
        if self.next.is_some_and(|next| extended < next) {
            return; // Reported as missing already; the next feedback cannot go back.
        }
        let at_us = now.saturating_duration_since(self.origin).as_micros() as i64;
        let mut position = self.arrivals.partition_point(|&(known, _)| known < extended);
        if self.arrivals.get(position).is_some_and(|&(known, _)| known == extended) {
            return;
        }
        if self.arrivals.len() == MAX_TWCC_ARRIVALS {
            self.arrivals.pop_front();
            position = position.saturating_sub(1);
        }
        self.arrivals.insert(position, (extended, at_us));
    }

    /// Writes the body of one feedback (after the SSRCs) into `out` and returns its length, a multiple of 4; `None` when
    /// there is nothing to tell. Call again until `None`.
    pub fn feedback(&mut self, out: &mut [u8; MAX_FEEDBACK_LEN]) -> Option<usize> {
        let &(first, first_at) = self.arrivals.front()?;
        // A gap of more than one feedback's worth is not spelled out: the sender takes silence as loss.
        let base = self.next.filter(|next| first - next < MAX_REPORTED as u64 / 2).unwrap_or(first);
        let reference = first_at.div_euclid(REFERENCE_UNIT_US);
        let mut body = Body::new(out, base, reference, self.feedback_count);
        let mut previous = reference * REFERENCE_UNIT_US;
        while let Some(&(sequence, at_us)) = self.arrivals.front() {
            let delta = (at_us - previous).div_euclid(DELTA_UNIT_US);
            let Some(missing) = (sequence - base).checked_sub(body.count as u64).map(|missing| missing as usize) else {
                break;
            };
            let Ok(delta) = i16::try_from(delta) else { break };
            if body.count + missing + 1 > MAX_REPORTED {
                break;
            }
            (0..missing).for_each(|_| body.push(NOT_RECEIVED, 0));
            body.push(if (0..256).contains(&delta) { SMALL_DELTA } else { LARGE_DELTA }, delta);
            previous += i64::from(delta) * DELTA_UNIT_US;
            self.arrivals.pop_front();
        }
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.next = Some(base + body.count as u64);
        Some(body.finish())
    }
}

/// The body under construction: statuses and deltas are collected, chunks written at the end.
struct Body<'o> {
    out: &'o mut [u8; MAX_FEEDBACK_LEN],
    base: u64,
    reference: i64,
    feedback_count: u8,
    count: usize,
    statuses: [u8; MAX_REPORTED],
    deltas: [i16; MAX_REPORTED],
}

impl<'o> Body<'o> {
    fn new(out: &'o mut [u8; MAX_FEEDBACK_LEN], base: u64, reference: i64, feedback_count: u8) -> Self {
        let (statuses, deltas) = ([0; MAX_REPORTED], [0; MAX_REPORTED]);
        Self { out, base, reference, feedback_count, count: 0, statuses, deltas }
    }

    fn push(&mut self, status: u8, delta: i16) {
        self.statuses[self.count] = status;
        self.deltas[self.count] = delta;
        self.count += 1;
    }

    fn finish(self) -> usize {
        let out = self.out;
        out[0..2].copy_from_slice(&(self.base as u16).to_be_bytes());
        out[2..4].copy_from_slice(&(self.count as u16).to_be_bytes());
        // 24 bits, wraps (section 3.1).
        out[4..7].copy_from_slice(&(self.reference as u32).to_be_bytes()[1..]);
        out[7] = self.feedback_count;
        let mut at = 8;
        let statuses = &self.statuses[..self.count];
        let mut rest = statuses;
        while !rest.is_empty() {
            let run = rest.iter().take_while(|&&status| status == rest[0]).count();
            let (chunk, taken) = if run >= 7 || run == rest.len() {
                // Run length chunk (section 3.1.3): symbol in two bits, length in thirteen.
                ((u16::from(rest[0]) << 13) | run as u16, run)
            } else {
                // Status vector of seven two-bit symbols (section 3.1.4).
                let taken = rest.len().min(7);
                let symbols = rest[..taken].iter().enumerate();
                (symbols.fold(0xc000, |chunk, (i, &symbol)| chunk | u16::from(symbol) << (12 - 2 * i)), taken)
            };
            out[at..at + 2].copy_from_slice(&chunk.to_be_bytes());
            at += 2;
            rest = &rest[taken..];
        }
        for (status, delta) in statuses.iter().zip(self.deltas) {
            match *status {
                SMALL_DELTA => {
                    out[at] = delta as u8;
                    at += 1;
                }
                LARGE_DELTA => {
                    out[at..at + 2].copy_from_slice(&delta.to_be_bytes());
                    at += 2;
                }
                _ => {}
            }
        }
        let padded = at.next_multiple_of(4);
        out[at..padded].fill(0);
        padded
    }
}
