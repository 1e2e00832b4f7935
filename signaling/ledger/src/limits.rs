//! Every bound of the ledger, each with what happens beyond it.

/// Time between two reports of one source for which the later one speaks. A longer silence is no evidence for any of
/// it.
pub const LONGEST_INTERVAL_MS: i64 = 15_000;

/// A report that follows the last one sooner than this is passed over: the next one speaks for its time too.
pub const SHORTEST_INTERVAL_MS: i64 = 1_000;

/// How long receiver reports may lag behind what they acknowledge. Browsers report a voice every 2.5 to 7.5 s (five
/// seconds, randomised by half as RFC 3550 section 6.2 has it). A stretch that has not been acknowledged by then was
/// not received.
pub const ACK_LAG_MS: i64 = 8_000;

/// A stretch of time is settled this long after it passed, with whatever evidence has come by then: an interval of each
/// source and the lag of receiver reports fit in. What comes later is not counted.
pub const SETTLE_AFTER_MS: i64 = 45_000;

/// The longest stretch one `received` event speaks for.
pub const BATCH_MS: i64 = 60_000;

/// A shorter gap is not noted as an outage; its time is not received all the same.
pub const SHORTEST_OUTAGE_MS: i64 = 5_000;

/// Intervals of one source that wait to be settled; beyond it the oldest is dropped, as if nothing had been said.
/// More than [`SETTLE_AFTER_MS`] can hold at the shortest interval.
pub const INTERVALS: usize = 64;

/// Changes of what the master sends, or of whether the room is connected, that wait to be settled; beyond it the newest
/// takes the place of the one before it.
pub const CHANGES: usize = 64;

/// Events that wait to be polled. Beyond it outages are dropped, and batches of received time are merged into the last.
pub const EVENTS_WAITING: usize = 256;

/// Most pictures a second that all streams of a lesson together bring to one page; more is no evidence.
pub const MOST_FRAMES_PER_S: u64 = 240;

/// Most voices that are played at once in one page; a page that claims more sound than they bring gives no evidence.
pub const MOST_VOICES: u64 = 16;

/// Longest reason of a correction, in characters; a longer one is refused.
pub const LONGEST_REASON: usize = 500;
