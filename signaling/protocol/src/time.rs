//! Wall-clock time on the wire.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// UTC milliseconds since 1970-01-01. Zones exist only at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct UtcMs(pub i64);

impl UtcMs {
    /// This instant moved by `delta_ms` milliseconds (may be negative), saturating.
    pub fn plus_ms(self, delta_ms: i64) -> Self {
        Self(self.0.saturating_add(delta_ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is later.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
