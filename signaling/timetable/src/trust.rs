//! Whether the wall clock is to be believed: small differences are corrections, large ones are a jump.

/// A wall clock further from the program's own time than this is not believed until a person confirms it.
pub const DEPARTED_MS: i64 = 60_000;

/// What follows from one look at the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockReading {
    /// Move the program's time by so much.
    Adjust {
        /// Milliseconds, at most [`DEPARTED_MS`] either way.
        ms: i64,
    },
    /// The wall clock is not believed: nothing may start or end by itself.
    Departed {
        /// How far it is ahead, in milliseconds; negative when it is behind.
        ahead_ms: i64,
    },
}

/// What is thought of the wall clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClockTrust {
    departed_ms: Option<i64>,
    /// What the wall clock was ahead when a person said that it is wrong.
    known_wrong_ms: Option<i64>,
    /// The program's time is simulated.
    is_simulated: bool,
}

impl ClockTrust {
    /// Believed until it departs.
    pub const fn new() -> Self {
        Self { departed_ms: None, known_wrong_ms: None, is_simulated: false }
    }

    /// The wall clock does not count any more.
    pub fn stop_looking(&mut self) {
        *self = Self { is_simulated: true, ..Self::new() };
    }

    /// The wall clock is `ahead_ms` ahead of the program's time.
    pub fn observe(&mut self, ahead_ms: i64) -> ClockReading {
        if self.is_simulated {
            return ClockReading::Adjust { ms: 0 };
        }
        if ahead_ms.abs() <= DEPARTED_MS {
            (self.departed_ms, self.known_wrong_ms) = (None, None);
            return ClockReading::Adjust { ms: ahead_ms };
        }
        if self.known_wrong_ms.is_some_and(|known| (ahead_ms - known).abs() <= DEPARTED_MS) {
            return ClockReading::Adjust { ms: 0 };
        }
        self.departed_ms = Some(ahead_ms);
        ClockReading::Departed { ahead_ms }
    }

    /// At the start: the wall clock is `ahead_ms` ahead of when the program was last known to run. True when it is
    /// behind that by more than can be believed: the program's time goes on from then.
    pub fn began_after(&mut self, ahead_ms: i64) -> bool {
        !self.is_simulated && ahead_ms < -DEPARTED_MS
    }

    /// How far it is ahead, while it is not believed.
    pub fn departed_ms(&self) -> Option<i64> {
        self.departed_ms
    }

    /// A person says which clock is right. Returns by how much the program's time is to be moved.
    pub fn confirm(&mut self, wall_is_right: bool, ahead_ms: i64) -> i64 {
        self.departed_ms = None;
        self.known_wrong_ms = (!wall_is_right).then_some(ahead_ms);
        if wall_is_right && !self.is_simulated { ahead_ms } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn small_differences_are_corrections_and_jumps_of_an_hour_or_a_day_are_not_believed() {
        for ahead_ms in [0, 900, -900, 60_000, -60_000] {
            assert_eq!(ClockTrust::new().observe(ahead_ms), ClockReading::Adjust { ms: ahead_ms });
        }
        for ahead_ms in [60_001, -60_001, HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS] {
            let mut trust = ClockTrust::new();
            assert_eq!(trust.observe(ahead_ms), ClockReading::Departed { ahead_ms });
            assert_eq!(trust.departed_ms(), Some(ahead_ms));
        }
    }

    #[test]
    fn a_jump_that_is_taken_back_needs_nobody() {
        let mut trust = ClockTrust::new();
        trust.observe(HOUR_MS);
        assert_eq!(trust.observe(3), ClockReading::Adjust { ms: 3 });
        assert_eq!(trust.departed_ms(), None);
    }

    #[test]
    fn a_person_decides_which_clock_is_right() {
        let mut trust = ClockTrust::new();
        trust.observe(HOUR_MS);
        assert_eq!(trust.confirm(true, HOUR_MS), HOUR_MS);
        assert_eq!(trust.observe(0), ClockReading::Adjust { ms: 0 });

        trust.observe(HOUR_MS);
        assert_eq!(trust.confirm(false, HOUR_MS), 0);
        assert_eq!(trust.observe(HOUR_MS + 500), ClockReading::Adjust { ms: 0 }, "known to be wrong");
        assert!(matches!(trust.observe(3 * HOUR_MS), ClockReading::Departed { .. }), "another jump");
    }

    #[test]
    fn a_wall_clock_that_went_back_while_the_program_did_not_run_is_not_believed() {
        assert!(ClockTrust::new().began_after(-24 * HOUR_MS));
        assert!(!ClockTrust::new().began_after(24 * HOUR_MS), "it was switched off for a day");
        assert!(!ClockTrust::new().began_after(-1_000));
    }
}
