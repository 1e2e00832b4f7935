//! How long something is kept for a party that is not present: the floor, a hand, courseware.

use protocol::{UtcMs, message::Presence};

/// Runs while the party is away and asks for the thing to be dropped when the time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Grace {
    away_since: Option<UtcMs>,
}

impl Grace {
    /// Takes note of the party's presence. Coming back stops the clock.
    pub(crate) fn observe(&mut self, presence: Presence, now: UtcMs) {
        self.away_since = match presence {
            Presence::Present => None,
            _ => self.away_since.or(Some(now)),
        };
    }

    /// When what is kept for `keep_ms` must go, if the party stays away.
    pub(crate) fn deadline(&self, keep_ms: i64) -> Option<UtcMs> {
        self.away_since.map(|since| since.plus_ms(keep_ms))
    }

    /// Whether what is kept for `keep_ms` must go now.
    pub(crate) fn is_over(&self, keep_ms: i64, now: UtcMs) -> bool {
        self.deadline(keep_ms).is_some_and(|at| now >= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_runs_only_while_the_party_is_away() {
        let mut grace = Grace::default();
        assert_eq!(grace.deadline(10), None);
        grace.observe(Presence::Lost, UtcMs(100));
        grace.observe(Presence::Joining, UtcMs(105));
        assert_eq!(grace.deadline(10), Some(UtcMs(110)));
        assert!(!grace.is_over(10, UtcMs(109)));
        assert!(grace.is_over(10, UtcMs(110)));
        grace.observe(Presence::Present, UtcMs(111));
        assert!(!grace.is_over(10, UtcMs(500)));
        grace.observe(Presence::Lost, UtcMs(500));
        assert_eq!(grace.deadline(10), Some(UtcMs(510)));
    }
}
