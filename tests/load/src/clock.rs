//! The clocks of a run: one that only goes forward, and how far the kernel's stamps are from it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

/// Seconds from 1900, where NTP begins, to 1970.
const NTP_EPOCH_S: u64 = 2_208_988_800;

/// `CLOCK_MONOTONIC`, in nanoseconds.
pub fn monotonic_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| Duration::from(time).as_nanos() as u64)
}

/// What must be taken from a stamp of the kernel (`CLOCK_REALTIME`) to have `CLOCK_MONOTONIC`, in nanoseconds.
pub fn stamps_ahead_ns() -> u64 {
    let realtime = || clock_gettime(ClockId::CLOCK_REALTIME).map_or(0, |time| Duration::from(time).as_nanos() as u64);
    // Whoever is interrupted between the two reads gets less: the largest is the truest.
    (0..100).map(|_| realtime().saturating_sub(monotonic_ns())).max().unwrap_or(0)
}

/// The wall's time as NTP writes it: 32.32 fixed point seconds since 1900.
pub fn ntp() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    ((now.as_secs() + NTP_EPOCH_S) << 32) | fraction
}
