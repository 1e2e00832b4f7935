//! What a receiver itself says that its line carries (REMB, draft-alvestrand-rmcat-remb-03): of use where it does not report on
//! each packet.

use std::time::{Duration, Instant};

/// Time after which a line that its receiver called slow is tried again.
const CALM: Duration = Duration::from_secs(15);

/// What was told last. A receiver sees no further than half as much again as it is sent, so while it sees no trouble the line
/// is taken to carry more.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ToldEstimate {
    bps: u64,
    /// When its line last carried less than it was sent.
    trouble: Option<Instant>,
}

impl ToldEstimate {
    /// It says `bps`, while it is sent `sent_bps`.
    pub(crate) fn told(&mut self, now: Instant, bps: u64, sent_bps: u64) {
        self.bps = bps;
        if bps.saturating_mul(10) < sent_bps.saturating_mul(9) {
            self.trouble = Some(now);
        }
    }

    /// What it says, in bit/s.
    pub(crate) fn bps(&self) -> u64 {
        self.bps
    }

    /// What it may be given, in bit/s.
    pub(crate) fn budget_bps(&self, now: Instant) -> u64 {
        let calm = self.trouble.is_none_or(|at| now.saturating_duration_since(at) > CALM);
        if calm { self.bps.saturating_mul(3) } else { self.bps }
    }
}
