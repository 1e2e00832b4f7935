//! What arrived in a room as its receiver reports acknowledge it (RFC 3550 section 6.4.1).
//!
//! Receiver reports come when the browser likes, and the SFU tells where its counters stand every few seconds, so what
//! was sent in an interval may be acknowledged only in the next. An interval therefore waits for its acknowledgements:
//!
//! ```text
//! counters told   |----5 s----|----5 s----|----5 s----|
//! voice reported        ^           ^              ^           every 2.5 to 7.5 s
//!                 |<-- decided for by what arrived -->|        until ACK_LAG_MS after its end
//! ```

use std::collections::VecDeque;

use protocol::UtcMs;

use super::said::{Interval, Said};
use crate::{
    PerStream,
    limits::{ACK_LAG_MS, INTERVALS, LONGEST_INTERVAL_MS, SHORTEST_INTERVAL_MS},
};

/// Packets of one kind since the session of the room began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// Sent to the room, retransmissions left out.
    pub sent: u64,
    /// Arrived, as far as receiver reports tell.
    pub arrived: u64,
}

/// Counters of the SFU for one room. A new session begins at nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RtcpEvidence {
    /// Of pictures.
    pub pictures: Acknowledged,
    /// Of voices.
    pub voices: Acknowledged,
}

impl RtcpEvidence {
    fn sent(self) -> PerStream<u64> {
        PerStream { picture: self.pictures.sent, sound: self.voices.sent }
    }

    fn arrived(self) -> PerStream<u64> {
        PerStream { picture: self.pictures.arrived, sound: self.voices.arrived }
    }

    fn went_back_from(self, before: Self) -> bool {
        self.sent().zip(before.sent(), |a, b| a < b).either()
            || self.arrived().zip(before.arrived(), |a, b| a < b).either()
    }
}

/// At least one of this many packets sent must be acknowledged in time. Loss is the page's to tell: this only tells
/// whether the room was there.
const ARRIVED_ONE_OF: u64 = 2;

/// An interval that waits for its acknowledgements.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    from: UtcMs,
    to: UtcMs,
    /// Where the counters stood at `from`.
    before: RtcpEvidence,
    /// Packets sent within it.
    sent: PerStream<u64>,
}

impl Waiting {
    fn yes(&self, last: RtcpEvidence) -> PerStream<bool> {
        let arrived = last.arrived().zip(self.before.arrived(), u64::saturating_sub);
        self.sent.zip(arrived, |sent, arrived| sent > 0 && arrived >= sent.div_ceil(ARRIVED_ONE_OF))
    }
}

/// Cuts time into intervals between reports.
#[derive(Debug, Default)]
pub(super) struct Meter {
    last: Option<(UtcMs, RtcpEvidence)>,
    waiting: VecDeque<Waiting>,
    said: Said,
}

impl Meter {
    /// `now` never goes back.
    pub(super) fn handle(&mut self, now: UtcMs, evidence: RtcpEvidence) {
        let Some((from, before)) = self.last else {
            self.last = Some((now, evidence));
            return;
        };
        if evidence.went_back_from(before) {
            // Another session: what the last one left open is decided by what it had acknowledged.
            self.decide(before, |_| true);
            self.last = Some((now, evidence));
            return;
        }
        let length_ms = now.since_ms(from);
        if length_ms < SHORTEST_INTERVAL_MS {
            return;
        }
        self.last = Some((now, evidence));
        if length_ms <= LONGEST_INTERVAL_MS {
            if self.waiting.len() == INTERVALS {
                self.waiting.pop_front();
            }
            let sent = evidence.sent().zip(before.sent(), u64::saturating_sub);
            self.waiting.push_back(Waiting { from, to: now, before, sent });
        }
        self.decide(evidence, |waiting| waiting.yes(evidence).both() || now.since_ms(waiting.to) >= ACK_LAG_MS);
    }

    /// Decides what begins before `until` with the acknowledgements there are.
    pub(super) fn decide_before(&mut self, until: UtcMs) {
        if let Some((_, last)) = self.last {
            self.decide(last, |waiting| waiting.from < until);
        }
    }

    /// What arrived at `at`, and until when that is all there is to say.
    pub(super) fn said(&mut self, at: UtcMs) -> (Option<PerStream<bool>>, UtcMs) {
        self.said.at(at)
    }

    fn decide(&mut self, last: RtcpEvidence, is_ripe: impl Fn(&Waiting) -> bool) {
        while let Some(waiting) = self.waiting.pop_front_if(|waiting| is_ripe(waiting)) {
            self.said.push(Interval { from: waiting.from, to: waiting.to, yes: waiting.yes(last) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sent: (u64, u64), arrived: (u64, u64)) -> RtcpEvidence {
        RtcpEvidence {
            pictures: Acknowledged { sent: sent.0, arrived: arrived.0 },
            voices: Acknowledged { sent: sent.1, arrived: arrived.1 },
        }
    }

    /// What is said of the middle of each interval of 5 s, for counters told every 5 s.
    fn said_of(counters: &[RtcpEvidence]) -> Vec<Option<PerStream<bool>>> {
        let mut meter = Meter::default();
        for (index, evidence) in counters.iter().enumerate() {
            meter.handle(UtcMs(index as i64 * 5_000), *evidence);
        }
        meter.decide_before(UtcMs(i64::MAX));
        (0..counters.len() as i64 - 1).map(|index| meter.said(UtcMs(index * 5_000 + 2_500)).0).collect()
    }

    fn both(picture: bool, sound: bool) -> Option<PerStream<bool>> {
        Some(PerStream { picture, sound })
    }

    #[test]
    fn an_interval_is_received_when_it_is_acknowledged_within_the_lag() {
        let late_voice = [
            told((0, 0), (0, 0)),
            told((500, 250), (480, 0)),
            told((1000, 500), (980, 300)),
            told((1500, 750), (1480, 300)),
            told((2000, 1000), (1980, 750)),
        ];
        assert_eq!(said_of(&late_voice), vec![both(true, true); 4]);
    }

    #[test]
    fn what_is_sent_into_a_dead_line_is_not_received() {
        let dead = [
            told((0, 0), (0, 0)),
            told((500, 250), (480, 240)),
            told((1000, 500), (480, 240)),
            told((1500, 750), (480, 240)),
        ];
        assert_eq!(said_of(&dead), [both(true, true), both(false, false), both(false, false)]);
    }

    #[test]
    fn a_silent_voice_sends_little_and_is_received_all_the_same() {
        let quiet = [
            told((0, 0), (0, 0)),
            told((500, 12), (500, 12)),
            told((1000, 24), (1000, 23)),
            told((1500, 36), (1500, 36)),
        ];
        assert_eq!(said_of(&quiet), vec![both(true, true); 3]);
    }

    #[test]
    fn a_picture_kept_back_from_a_weak_line_is_not_received() {
        let sound_only = [told((9, 0), (9, 0)), told((9, 250), (9, 250)), told((9, 500), (9, 500))];
        assert_eq!(said_of(&sound_only), vec![both(false, true); 2]);
    }

    #[test]
    fn a_new_session_says_nothing_of_the_time_in_which_it_began() {
        let again = [
            told((0, 0), (0, 0)),
            told((500, 250), (500, 250)),
            told((90, 40), (80, 40)),
            told((590, 290), (580, 290)),
        ];
        assert_eq!(said_of(&again), [both(true, true), None, both(true, true)]);
    }

    #[test]
    fn what_a_session_left_open_is_decided_by_its_own_acknowledgements() {
        let again = [told((0, 0), (0, 0)), told((500, 250), (500, 0)), told((0, 0), (0, 0))];
        assert_eq!(said_of(&again), [both(true, false), None]);
    }
}
