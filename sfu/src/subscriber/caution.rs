//! How careful a receiver is given more: each larger picture that soon had to be taken from it again makes it take more room to spare
//! before the next. Every change costs a key frame, and a line that cannot have the picture would see it come and go.

use std::time::{Duration, Instant};

/// What is taken back this soon was given in vain.
const TRIAL: Duration = Duration::from_secs(10);
/// Room to spare for each time, in percent, and times that count at most.
const PERCENT: u64 = 8;
const MOST: u64 = 4;
/// Time after which one of them is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(30);

/// What came of giving a receiver more.
#[derive(Debug, Default)]
pub(super) struct Caution {
    /// When it was last given more; none where that was in vain.
    given: Option<Instant>,
    /// Times that count, and since when as many.
    in_vain: u64,
    since: Option<Instant>,
}

impl Caution {
    /// Notes that it is given more of some picture.
    pub(super) fn more(&mut self, now: Instant) {
        self.given = Some(now);
    }

    /// Notes that some picture is taken from it, for its line carries less than was thought.
    pub(super) fn less(&mut self, now: Instant) {
        if self.given.take().is_some_and(|at| now.saturating_duration_since(at) < TRIAL) {
            self.in_vain = (self.in_vain + 1).min(MOST);
            self.since = Some(now);
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, now: Instant) {
        while let Some(forgotten) = self.since.map(|since| since + FORGOTTEN).filter(|&at| at <= now) {
            self.in_vain = self.in_vain.saturating_sub(1);
            self.since = Some(forgotten).filter(|_| self.in_vain > 0);
        }
    }

    /// Room to spare before it is given more, in percent.
    pub(super) fn percent(&self) -> u64 {
        PERCENT * self.in_vain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn what_is_soon_taken_back_makes_it_careful_for_a_while_and_what_stayed_long_does_not() {
        let (mut caution, start) = (Caution::default(), Instant::now());
        caution.less(start);
        assert_eq!(caution.percent(), 0, "nothing was given");
        let mut now = start;
        for expected in [1, 2, 3, 4, 4] {
            caution.more(now);
            caution.less(now + TRIAL / 2);
            caution.less(now + TRIAL / 2);
            assert_eq!(caution.percent(), expected * PERCENT, "once each time");
            now += TRIAL;
        }
        for (expected, periods) in [(3, 1), (1, 2), (0, 3), (0, 1)] {
            now += FORGOTTEN * periods;
            caution.pass(now);
            assert_eq!(caution.percent(), expected * PERCENT);
        }
        caution.more(now);
        caution.less(now + TRIAL);
        assert_eq!(caution.percent(), 0, "the line has become worse since");
    }
}
