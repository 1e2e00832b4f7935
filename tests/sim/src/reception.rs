//! What a receiver report tells of a stream (RFC 3550 section 6.4.1 and appendix A.3).

use std::time::{Duration, Instant};

use sfu::rtcp::ReportBlock;

/// Reception of one SSRC.
#[derive(Debug, Clone)]
pub struct Reception {
    ssrc: u32,
    rate: u32,
    first: Option<u64>,
    highest: u64,
    received: u64,
    before: (u64, u64),
    jitter: f64,
    last_transit: Option<(Instant, u32)>,
    sender_report: Option<(u32, Instant)>,
}

impl Reception {
    /// Nothing yet, on a clock of `rate` Hz.
    pub fn new(ssrc: u32, rate: u32) -> Self {
        Self {
            ssrc,
            rate,
            first: None,
            highest: 0,
            received: 0,
            before: (0, 0),
            jitter: 0.0,
            last_transit: None,
            sender_report: None,
        }
    }

    /// Notes a packet with this extended sequence number and timestamp.
    pub fn arrived(&mut self, index: u64, timestamp: u32, now: Instant) {
        self.first.get_or_insert(index);
        self.highest = self.highest.max(index);
        self.received += 1;
        if let Some((at, before)) = self.last_transit.replace((now, timestamp)) {
            let sent = f64::from(timestamp.wrapping_sub(before) as i32) / f64::from(self.rate);
            let apart = ((now - at).as_secs_f64() - sent).abs() * f64::from(self.rate);
            self.jitter += (apart - self.jitter) / 16.0;
        }
    }

    /// Notes a sender report of this NTP time.
    pub fn reported(&mut self, ntp: u64, now: Instant) {
        self.sender_report = Some(((ntp >> 16) as u32, now));
    }

    /// The block for a report, and the packets lost so far; none before the first packet.
    pub fn block(&mut self, now: Instant) -> Option<(ReportBlock, u32)> {
        let expected = self.highest + 1 - self.first?;
        let (expected_now, received_now) = (expected - self.before.0, self.received - self.before.1);
        self.before = (expected, self.received);
        let lost_now = expected_now.saturating_sub(received_now);
        let since = |at: Instant| (now - at).min(Duration::from_secs(1 << 16)).as_secs_f64() * 65_536.0;
        let block = ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255) as u8,
            highest_sequence: self.highest as u32,
            jitter: self.jitter as u32,
            last_report: self.sender_report.map_or(0, |(middle, _)| middle),
            delay_since: self.sender_report.map_or(0, |(_, at)| since(at) as u32),
        };
        Some((block, expected.saturating_sub(self.received) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::some_instant;

    #[test]
    fn a_report_tells_loss_since_the_last_and_the_time_since_the_sender_report() {
        let (mut reception, start) = (Reception::new(7, 90_000), some_instant());
        assert_eq!(reception.block(start), None);
        (100..110).filter(|i| i % 2 == 0).for_each(|i| reception.arrived(i, 0, start));
        reception.reported(0x1111_2222_3333_4444, start);
        let (block, lost) = reception.block(start + Duration::from_millis(500)).unwrap();
        assert_eq!((block.fraction_lost, block.highest_sequence, lost), ((4 * 256 / 9) as u8, 108, 4));
        assert_eq!((block.last_report, block.delay_since), (0x2222_3333, 32_768));
        (109..113).for_each(|i| reception.arrived(i, 0, start));
        assert_eq!(reception.block(start).map(|(block, lost)| (block.fraction_lost, lost)), Some((0, 4)));
        assert_eq!(reception.block(start).map(|(block, _)| block.fraction_lost), Some(0));
    }
}
