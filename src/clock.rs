//! The wall clock, read in one place.

use std::time::{SystemTime, UNIX_EPOCH};

use protocol::UtcMs;

/// Now.
pub fn utc_now() -> UtcMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UtcMs(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
}
