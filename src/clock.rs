//! The clock the program goes by, read in one place.
//!
//! It runs on the monotonic clock from the wall clock's time at the start and takes small corrections of the wall clock (NTP)
//! as they come. When the wall clock departs from it ([`timetable::ClockTrust`]), it goes on as it was until a person says
//! which of the two is right: a jump never starts or ends a lesson.

use std::{
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use protocol::UtcMs;
use timetable::{ClockReading, ClockTrust};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Our time less the monotonic time, in milliseconds.
static OFFSET_MS: LazyLock<AtomicI64> = LazyLock::new(|| {
    LazyLock::force(&START);
    AtomicI64::new(wall().0)
});
static TRUST: Mutex<ClockTrust> = Mutex::new(ClockTrust::new());

/// Now, as the program goes.
pub fn utc_now() -> UtcMs {
    UtcMs(OFFSET_MS.load(Ordering::Relaxed)).plus_ms(monotonic_ms())
}

/// The machine's wall clock.
pub fn wall() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UtcMs(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
}

/// Makes this the time now. For demos and tests: the wall clock is not looked at any more.
pub fn simulate(now: UtcMs) {
    OFFSET_MS.store(now.plus_ms(-monotonic_ms()).0, Ordering::Relaxed);
    trust().stop_looking();
}

/// Compares with the wall clock. Call it about every second; true while the clock is trusted.
pub fn look() -> bool {
    match trust().observe(wall().since_ms(utc_now())) {
        ClockReading::Adjust { ms } => {
            OFFSET_MS.fetch_add(ms, Ordering::Relaxed);
            true
        }
        ClockReading::Departed { .. } => false,
    }
}

/// By how much the wall clock is ahead, while that is too much to be believed.
pub fn departed_ms() -> Option<i64> {
    trust().departed_ms()
}

/// Last time the program was known to run was `before`: a wall clock that is behind that is not believed either.
pub fn was_running_at(before: UtcMs) {
    let ahead_ms = wall().since_ms(before);
    if trust().began_after(ahead_ms) {
        OFFSET_MS.store(before.plus_ms(-monotonic_ms()).0, Ordering::Relaxed);
    }
}

/// A person has looked at a watch: the wall clock is right, or ours is.
pub fn confirm(adopt_wall: bool) {
    let ahead_ms = wall().since_ms(utc_now());
    let adjust_ms = trust().confirm(adopt_wall, ahead_ms);
    OFFSET_MS.fetch_add(adjust_ms, Ordering::Relaxed);
}

fn trust() -> std::sync::MutexGuard<'static, ClockTrust> {
    TRUST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn monotonic_ms() -> i64 {
    i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX)
}
