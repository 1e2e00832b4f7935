//! One SSRC at one viewer.

use sfu::rtcp::ReportBlock;

use crate::tally::Tally;

/// Packets opened at the start of a stream to learn which one it began with; a server may begin with padding.
const FIRST_TRIES: u32 = 64;

/// What a viewer knows of a stream.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Its SSRC.
    pub ssrc: u32,
    /// Sound, not picture.
    pub is_audio: bool,
    /// Retransmissions.
    pub is_rtx: bool,
    /// What came of it.
    pub tally: Tally,
    /// What the publisher's numbers are ahead of ours; known from the first packet that was opened.
    ahead: Option<i64>,
    /// Packets that the server did not send, and said so by going on counting without them.
    withheld: u64,
    /// Middle 32 bits of the last sender report's time.
    pub last_report: u32,
    tries: u32,
    told: (u64, u64),
}

/// What became of a stream, against what was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// From the first that came on.
    pub expected: u64,
    /// Different packets that came.
    pub received: u64,
    /// That did not.
    pub lost: u64,
    /// That the server kept back, in front of others that it sent.
    pub withheld: u64,
    /// That came again.
    pub duplicates: u64,
}

impl Outcome {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            expected: self.expected + other.expected,
            received: self.received + other.received,
            lost: self.lost + other.lost,
            withheld: self.withheld + other.withheld,
            duplicates: self.duplicates + other.duplicates,
        }
    }
}

impl Stream {
    /// One that begins.
    pub fn new(ssrc: u32, is_audio: bool, is_rtx: bool) -> Self {
        Self {
            ssrc,
            is_audio,
            is_rtx,
            tally: Tally::default(),
            ahead: None,
            withheld: 0,
            last_report: 0,
            tries: 0,
            told: (0, 0),
        }
    }

    /// Whether its next packet is to be opened even where packets are only counted.
    pub fn is_new(&mut self) -> bool {
        let new = self.ahead.is_none() && self.tries < FIRST_TRIES;
        self.tries += u32::from(new);
        new
    }

    /// Takes in that number `own` holds the publisher's `published`. `false` if it goes back behind what was withheld.
    pub fn follow(&mut self, own: u64, published: u32) -> bool {
        let ahead = i64::from(published) - own as i64;
        let known = *self.ahead.get_or_insert(ahead);
        if ahead > known {
            self.withheld += (ahead - known) as u64;
            self.ahead = Some(ahead);
        }
        ahead >= known
    }

    /// What became of it, if `sent` packets were sent; without it only what is missing in between is known.
    pub fn outcome(&self, sent: Option<u64>) -> Outcome {
        let (received, duplicates) = (self.tally.received(), self.tally.duplicates());
        let between = received + self.tally.missing();
        let to_the_end = self.tally.ends().zip(self.ahead).zip(sent).map(|(((first, _), ahead), sent)| {
            // At least what lies in between: a server may add packets of its own.
            between.max((sent as i64 - (first as i64 + ahead)).max(0) as u64)
        });
        let expected = to_the_end.unwrap_or(between);
        Outcome { expected, received, lost: expected - received, withheld: self.withheld, duplicates }
    }

    /// A report block and the packets lost in all (RFC 3550 section 6.4.1).
    pub fn report(&mut self) -> Option<(ReportBlock, u32)> {
        let (_, highest) = self.tally.ends()?;
        let (received, missing) = (self.tally.received(), self.tally.missing());
        let (new, lost) = (received + missing - self.told.0, missing.saturating_sub(self.told.1));
        self.told = (received + missing, missing);
        let fraction_lost = (lost * 256).checked_div(new).unwrap_or(0).min(255) as u8;
        let block = ReportBlock {
            ssrc: self.ssrc,
            fraction_lost,
            highest_sequence: highest as u32,
            last_report: self.last_report,
            ..ReportBlock::default()
        };
        Some((block, missing as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_came_at_the_end_is_lost_too() {
        let mut stream = Stream::new(1, true, false);
        assert!(stream.is_new());
        // The stream began with the publisher's packet 10.
        for (sequence, published) in [(65_535, 10), (0, 11), (2, 13)] {
            let number = stream.tally.arrived(sequence);
            assert!(stream.follow(number, published));
        }
        assert!(!stream.is_new());
        let expected = |sent: u64, lost| Outcome { expected: sent - 10, received: 3, lost, ..Outcome::default() };
        assert_eq!(stream.outcome(Some(14)), expected(14, 1));
        assert_eq!(stream.outcome(Some(16)), expected(16, 3));
        assert_eq!(stream.outcome(None), expected(14, 1));
    }

    #[test]
    fn what_the_server_kept_back_is_not_lost() {
        let mut stream = Stream::new(1, false, false);
        for (sequence, published, goes_on) in
            [(0, 10, true), (1, 11, true), (2, 62, true), (3, 63, true), (4, 60, false)]
        {
            let number = stream.tally.arrived(sequence);
            assert_eq!(stream.follow(number, published), goes_on, "{published}");
        }
        let expected = Outcome { expected: 6, received: 5, lost: 1, withheld: 50, duplicates: 0 };
        assert_eq!(stream.outcome(Some(66)), expected);
    }

    #[test]
    fn a_report_tells_the_share_lost_since_the_last() {
        let mut stream = Stream::new(7, false, false);
        assert_eq!(stream.report(), None);
        for sequence in [0, 1, 3] {
            stream.tally.arrived(sequence);
        }
        let (block, lost) = stream.report().unwrap();
        assert_eq!((block.ssrc, block.fraction_lost, block.highest_sequence & 0xffff, lost), (7, 64, 3, 1));
        stream.tally.arrived(4);
        assert_eq!(stream.report().map(|(block, lost)| (block.fraction_lost, lost)), Some((0, 1)));
    }
}
