//! Every bound of a live lesson, each with what happens beyond it.

/// A point called on that stops being present keeps the floor this long, then loses it.
pub const FLOOR_KEPT_MS: i64 = 10_000;

/// A lost point keeps its raised hand this long, then it is taken down.
pub const HAND_KEPT_MS: i64 = 60_000;

/// Courseware of a lead that stops being present stays on the screens this long, then it is taken off.
pub const COURSEWARE_KEPT_MS: i64 = 10_000;

/// After the last bell a lesson whose lead has been away this long is over.
pub const LEAD_GONE_AFTER_BELL_MS: i64 = 120_000;

/// Client messages a connection may send at once; more are refused as too fast.
pub const MESSAGE_BURST: u32 = 20;

/// Client messages a second a connection may send in the long run.
pub const MESSAGES_PER_SECOND: u32 = 10;

/// After this many refused as too fast in a row the connection is closed.
pub const TOO_FAST_IN_A_ROW: u32 = 50;

/// Open connections of one lesson; the next one is turned away.
pub const CONNECTIONS: usize = 2_000;

/// Viewing sessions of unseen observers in one lesson; the next one is turned away.
pub const OBSERVER_SESSIONS: usize = 2_000;

/// Longest page id taken from a `hello`, in bytes; a longer one counts as none.
pub const PAGE_ID_LEN: usize = 64;

/// The most pictures a page can tell of or be told of; more in one message is refused as malformed. As many m-lines as an
/// offer may have.
pub const PICTURES: usize = 64;

/// Minutes of a line that are kept for each party; the oldest makes way.
pub const LINE_MINUTES: usize = 120;

/// The lead is told of one point's line no more often than this; what comes between is kept only.
pub const LINE_TOLD_EVERY_MS: i64 = 4_000;

/// The most pupils a point can tell of; more is refused as malformed.
pub const MOST_PUPILS: u16 = 2_000;
