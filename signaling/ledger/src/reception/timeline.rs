//! Something that holds from one time until it changes.

use std::collections::VecDeque;

use protocol::UtcMs;

use crate::limits::CHANGES;

/// What holds when, from the time that was settled last.
#[derive(Debug)]
pub(super) struct Timeline<T> {
    settled: T,
    /// Later changes, in order.
    changes: VecDeque<(UtcMs, T)>,
}

impl<T: Copy + PartialEq> Timeline<T> {
    /// `value` holds until further notice.
    pub(super) fn new(value: T) -> Self {
        Self { settled: value, changes: VecDeque::new() }
    }

    /// What holds last.
    pub(super) fn latest(&self) -> T {
        self.changes.back().map_or(self.settled, |(_, value)| *value)
    }

    /// From `at` on `value` holds; a change that is told late does not go before one that was told already.
    pub(super) fn change(&mut self, at: UtcMs, value: T) {
        if value == self.latest() {
            return;
        }
        let is_full = self.changes.len() == CHANGES;
        match self.changes.back_mut() {
            Some(last) if is_full || at <= last.0 => last.1 = value,
            _ => self.changes.push_back((at, value)),
        }
    }

    /// What holds at `at`, and until when. Forgets what was before.
    pub(super) fn at(&mut self, at: UtcMs) -> (T, UtcMs) {
        while let Some((_, value)) = self.changes.pop_front_if(|(from, _)| *from <= at) {
            self.settled = value;
        }
        (self.settled, self.changes.front().map_or(UtcMs(i64::MAX), |(from, _)| *from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_changes_at_the_time_told_and_never_before_the_last_change() {
        let mut timeline = Timeline::new('a');
        timeline.change(UtcMs(10), 'b');
        timeline.change(UtcMs(20), 'b');
        timeline.change(UtcMs(30), 'c');
        timeline.change(UtcMs(5), 'd');
        let seen: Vec<_> = [0, 10, 29, 30].map(|ms| timeline.at(UtcMs(ms))).into();
        let until = |ms| UtcMs(ms);
        assert_eq!(seen, [('a', until(10)), ('b', until(30)), ('b', until(30)), ('d', until(i64::MAX))]);
    }

    #[test]
    fn changes_beyond_the_limit_take_the_place_of_the_last() {
        let mut timeline = Timeline::new(0);
        for change in 1..=10 * CHANGES {
            timeline.change(UtcMs(change as i64), change);
        }
        assert_eq!((timeline.changes.len(), timeline.latest()), (CHANGES, 10 * CHANGES));
    }
}
