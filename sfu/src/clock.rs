//! The server's clock in NTP format, told from a monotonic instant (RFC 3550 section 4), and a publisher's clock on it.

use std::time::{Duration, Instant};

/// Seconds between the NTP epoch (1900) and the Unix epoch (1970).
const UNIX_EPOCH_IN_NTP: u64 = 2_208_988_800;

/// Wall-clock time in NTP format for monotonic instants: fixed at start, so it never steps.
#[derive(Debug, Clone, Copy)]
pub struct NtpClock {
    origin: Instant,
    ntp_at_origin: u64,
}

impl NtpClock {
    /// A clock that reads `since_unix_epoch` at `origin`.
    pub fn new(origin: Instant, since_unix_epoch: Duration) -> Self {
        Self { origin, ntp_at_origin: (UNIX_EPOCH_IN_NTP << 32).wrapping_add(to_ntp(since_unix_epoch)) }
    }

    /// 32.32 fixed point seconds since 1900 at `now`.
    pub fn ntp(&self, now: Instant) -> u64 {
        self.ntp_at_origin.wrapping_add(to_ntp(now.saturating_duration_since(self.origin)))
    }
}

fn to_ntp(duration: Duration) -> u64 {
    (duration.as_secs() << 32) | ((u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000)
}

/// `delta` in 2^-32 s as ticks of a clock of `rate` Hz, modulo 2^32.
pub fn ticks(delta: i64, rate: u32) -> u32 {
    ((i128::from(delta) * i128::from(rate)) >> 32) as u32
}

/// Ticks of a clock of `rate` Hz in `duration`, modulo 2^32.
pub fn ticks_in(duration: Duration, rate: u32) -> u32 {
    (duration.as_nanos() * u128::from(rate) / 1_000_000_000) as u32
}

/// A sender report seen from the server: which RTP timestamp the source had at which time of the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Server NTP time.
    pub ntp: u64,
    /// RTP timestamp.
    pub rtp: u32,
}

impl Mapping {
    /// The RTP timestamp at server time `ntp`.
    pub fn rtp_at(&self, ntp: u64, rate: u32) -> u32 {
        self.rtp.wrapping_add(ticks(ntp.wrapping_sub(self.ntp) as i64, rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn ntp_time_runs_with_the_monotonic_clock() {
        let origin = Instant::now();
        let clock = NtpClock::new(origin, Duration::from_millis(1500));
        assert_eq!(clock.ntp(origin), ((UNIX_EPOCH_IN_NTP + 1) << 32) + (1 << 31));
        assert_eq!(clock.ntp(origin + Duration::from_millis(500)), (UNIX_EPOCH_IN_NTP + 2) << 32);
    }

    #[test]
    fn a_mapping_gives_timestamps_before_and_after_it() {
        let mapping = Mapping { ntp: 10 << 32, rtp: 100 };
        assert_eq!(mapping.rtp_at(11 << 32, 90_000), 90_100);
        assert_eq!(mapping.rtp_at((10 << 32) - (1 << 31), 48_000), 100u32.wrapping_sub(24_000));
        assert_eq!(ticks_in(Duration::from_millis(20), 48_000), 960);
    }
}
