//! How many bits a second a stream has, over the last four windows.

use std::time::{Duration, Instant};

/// Windows that are looked back on.
const WINDOWS: usize = 4;

/// Measures one stream. A key frame weighs in it like anything else: it comes again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateMeter {
    /// Bytes of past windows, the newest last; `filled` of them count.
    past: [u32; WINDOWS],
    filled: usize,
    now_bytes: u32,
    since: Option<Instant>,
    window: Duration,
}

impl RateMeter {
    /// One whose windows are so long.
    pub(crate) const fn new(window: Duration) -> Self {
        Self { past: [0; WINDOWS], filled: 0, now_bytes: 0, since: None, window }
    }

    /// Notes `bytes` that came at `now`.
    pub(crate) fn add(&mut self, now: Instant, bytes: usize) {
        self.roll(now);
        self.now_bytes = self.now_bytes.saturating_add(bytes as u32);
    }

    /// Ends the windows that are over.
    fn roll(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let over = (now.saturating_duration_since(since).as_millis() / self.window.as_millis()) as u32;
        for i in 0..over.min(WINDOWS as u32) {
            self.past.rotate_left(1);
            self.past[WINDOWS - 1] = if i == 0 { self.now_bytes } else { 0 };
            self.filled = (self.filled + 1).min(WINDOWS);
        }
        if over > 0 {
            self.now_bytes = 0;
            self.since = Some(since + self.window * over);
        }
    }

    /// Bit/s; none before it has been measured for a window.
    pub(crate) fn bps(&mut self, now: Instant) -> Option<u64> {
        self.since?;
        self.roll(now);
        if self.filled == 0 {
            return None;
        }
        let bytes: u64 = self.past[WINDOWS - self.filled..].iter().map(|&bytes| u64::from(bytes)).sum();
        Some(bytes * 8000 / (self.filled as u64 * self.window.as_millis() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn a_steady_stream_is_told_after_a_window_and_silence_within_four() {
        let start = Instant::now();
        let mut meter = RateMeter::new(Duration::from_millis(500));
        assert_eq!(meter.bps(start), None);
        for ms in (0..3000).step_by(20) {
            let now = start + Duration::from_millis(ms);
            meter.add(now, 250);
            assert_eq!(meter.bps(now).is_some(), ms >= 500, "{ms}");
        }
        assert_eq!(meter.bps(start + Duration::from_millis(3000)), Some(100_000));
        assert_eq!(meter.bps(start + Duration::from_millis(4000)), Some(50_000));
        assert_eq!(meter.bps(start + Duration::from_secs(3600)), Some(0));
    }
}
