//! What a shard counts, for telemetry. Plain numbers of one thread; the shell copies them out once a second.

use std::time::Duration;

/// Counters since the start of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// RTP packets taken in from publishers.
    pub received: u64,
    /// Their bytes, as they came.
    pub received_bytes: u64,
    /// Datagrams sent on to subscribers, retransmissions not counted.
    pub forwarded: u64,
    /// Packets sent again.
    pub retransmitted: u64,
    /// RTCP datagrams from subscribers.
    pub feedback: u64,
    /// Key frames asked of publishers.
    pub key_frames_asked: u64,
    /// What was dropped, by cause.
    pub dropped: Dropped,
    /// Events that found the queue full.
    pub events_lost: u64,
    /// From a packet's arrival until the last slice of its group was taken up.
    pub lag: Lag,
}

/// What was dropped, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// From an address, or for a user fragment, that belongs to no session.
    pub unknown: u64,
    /// Of no protocol that is spoken there.
    pub unreadable: u64,
    /// Not sealed with the session's keys, or seen before.
    pub not_authentic: u64,
    /// Padding that probes the line or lies about its length, too long, or of no stream that was negotiated.
    pub unusable: u64,
    /// DTLS that found the queue full.
    pub handshakes: u64,
    /// Packets that were not sent on because too many of their source waited: the shard is behind.
    pub behind: u64,
}

impl Dropped {
    /// All causes together.
    pub fn total(&self) -> u64 {
        self.unknown + self.unreadable + self.not_authentic + self.unusable + self.handshakes + self.behind
    }
}

/// Upper bounds of the lag buckets, in ms; one more bucket has what is above.
pub const LAG_BOUNDS_MS: [u64; 7] = [1, 2, 5, 10, 20, 50, 100];

/// How long groups of packets took from the first arrival until the last slice of their receivers was taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// Groups per bucket of [`LAG_BOUNDS_MS`].
    pub buckets: [u64; LAG_BOUNDS_MS.len() + 1],
    /// Sum of all, in µs.
    pub sum_us: u64,
}

impl Lag {
    pub(crate) fn note(&mut self, lag: Duration) {
        let bucket = LAG_BOUNDS_MS.iter().position(|&ms| lag <= Duration::from_millis(ms));
        self.buckets[bucket.unwrap_or(LAG_BOUNDS_MS.len())] += 1;
        self.sum_us += lag.as_micros() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_falls_into_the_bucket_whose_bound_it_keeps() {
        let mut lag = Lag::default();
        [0, 1000, 1001, 100_000, 100_001].iter().for_each(|&us| lag.note(Duration::from_micros(us)));
        assert_eq!(lag.buckets, [2, 1, 0, 0, 0, 0, 1, 1]);
        assert_eq!(lag.sum_us, 202_002);
    }
}
