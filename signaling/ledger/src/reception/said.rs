//! What one source of evidence said of which stretches of time.

use std::collections::VecDeque;

use protocol::UtcMs;

use crate::{PerStream, limits::INTERVALS};

/// A stretch of time and whether picture and sound were received in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) from: UtcMs,
    pub(super) to: UtcMs,
    pub(super) yes: PerStream<bool>,
}

/// Intervals that wait to be settled, in order, none overlapping another.
#[derive(Debug, Default)]
pub(super) struct Said(VecDeque<Interval>);

impl Said {
    /// Takes one that begins no earlier than the last one ended.
    pub(super) fn push(&mut self, interval: Interval) {
        if self.0.len() == INTERVALS {
            self.0.pop_front();
        }
        self.0.push_back(interval);
    }

    /// What is said of `at`, and until when that is all there is to say. Forgets what lies before.
    pub(super) fn at(&mut self, at: UtcMs) -> (Option<PerStream<bool>>, UtcMs) {
        while self.0.pop_front_if(|interval| interval.to <= at).is_some() {}
        match self.0.front() {
            Some(interval) if interval.from <= at => (Some(interval.yes), interval.to),
            Some(interval) => (None, interval.from),
            None => (None, UtcMs(i64::MAX)),
        }
    }
}
