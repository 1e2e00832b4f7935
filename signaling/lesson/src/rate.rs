//! How many messages a connection may send: a bucket that refills by the millisecond.

use protocol::UtcMs;

use crate::limits::{MESSAGE_BURST, MESSAGES_PER_SECOND, TOO_FAST_IN_A_ROW};

/// What to do with the next message of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Carry it out.
    Fine,
    /// Refuse it.
    TooFast,
    /// Close the connection: it has been told often enough.
    Hopeless,
}

/// Tokens in thousandths of a message.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    tokens: u32,
    filled_at: UtcMs,
    refused_in_a_row: u32,
}

const FULL: u32 = MESSAGE_BURST * 1000;

impl Bucket {
    pub(crate) fn new(now: UtcMs) -> Self {
        Self { tokens: FULL, filled_at: now, refused_in_a_row: 0 }
    }

    /// Takes one message's worth, if there is that much.
    pub(crate) fn take(&mut self, now: UtcMs) -> Pace {
        let elapsed_ms = now.since_ms(self.filled_at).clamp(0, 60_000) as u32;
        self.tokens = FULL.min(self.tokens + elapsed_ms * MESSAGES_PER_SECOND);
        self.filled_at = now;
        if self.tokens >= 1000 {
            self.tokens -= 1000;
            self.refused_in_a_row = 0;
            return Pace::Fine;
        }
        self.refused_in_a_row += 1;
        if self.refused_in_a_row > TOO_FAST_IN_A_ROW { Pace::Hopeless } else { Pace::TooFast }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_steady_rate_then_the_connection_is_given_up() {
        let mut bucket = Bucket::new(UtcMs(0));
        for _ in 0..MESSAGE_BURST {
            assert_eq!(bucket.take(UtcMs(0)), Pace::Fine);
        }
        assert_eq!(bucket.take(UtcMs(0)), Pace::TooFast);
        let step_ms = i64::from(1000 / MESSAGES_PER_SECOND);
        for i in 1..=100 {
            assert_eq!(bucket.take(UtcMs(i * step_ms)), Pace::Fine, "{i}");
        }
        let now = UtcMs(100 * step_ms);
        for _ in 0..TOO_FAST_IN_A_ROW {
            assert_eq!(bucket.take(now), Pace::TooFast);
        }
        assert_eq!(bucket.take(now), Pace::Hopeless);
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_messages_away_and_never_panics() {
        let mut bucket = Bucket::new(UtcMs(i64::MAX));
        for _ in 0..MESSAGE_BURST {
            assert_eq!(bucket.take(UtcMs(i64::MIN)), Pace::Fine);
        }
        assert_eq!(bucket.take(UtcMs(i64::MIN)), Pace::TooFast);
        assert_eq!(bucket.take(UtcMs(i64::MAX)), Pace::Fine);
    }
}
