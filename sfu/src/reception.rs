//! How a publisher's stream is received: the numbers of a receiver report (RFC 3550 section 6.4.1 and appendix A).

use std::time::Instant;

use crate::{clock::ticks_in, rtcp::ReportBlock};

/// Reception statistics of one SSRC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reception {
    first: u64,
    highest: u64,
    received: u64,
    reported_expected: u64,
    reported_received: u64,
    transit: Option<u32>,
    /// Jitter in timestamp units, scaled by 16 (appendix A.8).
    jitter_x16: u32,
}

impl Reception {
    /// From the first packet's extended sequence number on.
    pub(crate) fn new(first: u64) -> Self {
        Self {
            first,
            highest: first,
            received: 0,
            reported_expected: 0,
            reported_received: 0,
            transit: None,
            jitter_x16: 0,
        }
    }

    /// Notes an original (not retransmitted) packet that arrived `since_origin` after any fixed instant.
    pub(crate) fn arrived(&mut self, index: u64, timestamp: u32, origin: Instant, now: Instant, rate: u32) {
        self.received += 1;
        self.highest = self.highest.max(index);
        let transit = ticks_in(now.saturating_duration_since(origin), rate).wrapping_sub(timestamp);
        if let Some(previous) = self.transit.replace(transit) {
            let deviation = (transit.wrapping_sub(previous) as i32).unsigned_abs().min(1 << 24);
            self.jitter_x16 = self.jitter_x16.saturating_add(deviation).saturating_sub((self.jitter_x16 + 8) >> 4);
        }
    }

    /// The report block for now, and the cumulative number lost. Starts a new interval.
    pub(crate) fn report(&mut self, ssrc: u32) -> (ReportBlock, u32) {
        let expected = self.highest - self.first + 1;
        let expected_now = expected - self.reported_expected;
        let received_now = self.received - self.reported_received;
        (self.reported_expected, self.reported_received) = (expected, self.received);
        let lost_now = expected_now.saturating_sub(received_now);
        let fraction = (lost_now << 8).checked_div(expected_now).unwrap_or(0).min(255) as u8;
        let block = ReportBlock {
            ssrc,
            fraction_lost: fraction,
            highest_sequence: self.highest as u32,
            jitter: self.jitter_x16 >> 4,
            last_report: 0,
            delay_since: 0,
        };
        (block, expected.saturating_sub(self.received) as u32)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn loss_is_told_per_interval_and_in_sum() {
        let origin = Instant::now();
        let mut reception = Reception::new(100);
        for index in (100..200).filter(|index| index % 4 != 1) {
            let at = origin + Duration::from_millis(20 * (index - 100));
            reception.arrived(index, (960 * (index - 100)) as u32, origin, at, 48_000);
        }
        let (block, lost) = reception.report(7);
        assert_eq!((block.fraction_lost, lost, block.jitter), (64, 25, 0));
        assert_eq!(reception.report(7).0.fraction_lost, 0, "nothing was expected since");
    }
}
