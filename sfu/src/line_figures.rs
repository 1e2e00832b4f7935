//! What is known of one receiver's line, for statistics and for whoever asks why it is given less.

use std::time::Duration;

/// What is known of one receiver's line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineFigures {
    /// What it is taken to carry, in bit/s with all headers: by the estimator, or by what the receiver tells (REMB); none
    /// while neither is known.
    pub estimate_bps: Option<u64>,
    /// What everything that its receiver shows would need, in bit/s with all headers. The line is probed for a tenth more
    /// than this and no further, so that no estimate beyond it is to be expected.
    pub needs_bps: u64,
    /// What of that it is given, in bit/s.
    pub given_bps: u64,
    /// What was sent in the last second, in bit/s, voices and repetitions included, UDP and IP headers not.
    pub sent_bps: u64,
    /// The round trip with what packets wait on the way; none before the first report.
    pub rtt: Option<Duration>,
    /// How long packets wait on the way, over the least time that they took lately.
    pub queue: Duration,
    /// Share of packets lost lately, from 0 to 1, by transport-wide reports.
    pub loss: f64,
}
