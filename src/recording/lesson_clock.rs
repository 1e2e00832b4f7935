//! The lesson clock in the shell: how long ago a recording began.

use std::time::{Duration, Instant};

use protocol::UtcMs;

use crate::clock::utc_now;

/// How long ago a recording began. The wall clock is asked once, when the program takes the recording up; setting it later
/// moves nothing.
#[derive(Debug, Clone, Copy)]
pub struct LessonClock {
    began_at: UtcMs,
    since: Instant,
    before: Duration,
}

impl LessonClock {
    /// Of a recording that begins.
    pub fn begin(now: Instant) -> Self {
        Self { began_at: utc_now(), since: now, before: Duration::ZERO }
    }

    /// Of one that began at `began_at` in an earlier life of the program.
    pub fn resume(began_at: UtcMs, now: Instant) -> Self {
        let before = utc_now().0.saturating_sub(began_at.0);
        Self { began_at, since: now, before: Duration::from_millis(u64::try_from(before).unwrap_or(0)) }
    }

    /// Zero of the clock.
    pub fn began_at(&self) -> UtcMs {
        self.began_at
    }

    /// The time at `now`.
    pub fn elapsed(&self, now: Instant) -> Duration {
        self.before + now.saturating_duration_since(self.since)
    }
}
