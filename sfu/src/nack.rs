//! Which packets of a publisher are missing, and when to ask for them again (RFC 4585 section 6.2.1).

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::limits::{
    MAX_MISSING, MAX_NACK_INTERVAL, MAX_NACK_TRIES, NACK_GIVE_UP, NACK_INTERVAL, NACK_INTERVAL_PERCENT,
    VOICE_NACK_INTERVAL_PERCENT,
};

/// Parts of which one is moved by when a packet took less than is known, and when it took more, or so many times less that it may
/// have been late and not lost.
const LESS_COUNTS: u32 = 4;
const MORE_COUNTS: u32 = 16;
const MUCH_LESS: u32 = 2;

#[derive(Debug, Clone, Copy)]
struct Missing {
    index: u64,
    since: Instant,
    /// When it was asked for first, and last.
    asked_first: Option<Instant>,
    asked: Option<Instant>,
    tries: u8,
}

/// Packets not yet received of one source.
#[derive(Debug)]
pub struct MissingPackets {
    highest: Option<u64>,
    missing: VecDeque<Missing>,
    lost: bool,
    /// Time in which a packet comes that is asked for, as far as is known.
    takes: Option<Duration>,
    /// Whether that is only the least, for none has come yet.
    is_least: bool,
    /// Share of that, in percent, after which it is asked for again.
    percent: u32,
    /// When the next may be asked for again.
    next: Option<Instant>,
}

impl MissingPackets {
    /// Nothing is missing, of a voice or of a picture.
    pub fn new(is_voice: bool) -> Self {
        let percent = if is_voice { VOICE_NACK_INTERVAL_PERCENT } else { NACK_INTERVAL_PERCENT };
        Self { highest: None, missing: VecDeque::new(), lost: false, takes: None, is_least: false, percent, next: None }
    }

    /// Notes that the packet with extended sequence number `index` arrived.
    pub fn arrived(&mut self, index: u64, now: Instant) {
        let Some(highest) = self.highest else {
            self.highest = Some(index);
            return;
        };
        if index <= highest {
            if let Some(found) = self.take(index) {
                self.found(&found, now);
            }
            return;
        }
        self.highest = Some(index);
        let gap = (index - highest - 1) as usize;
        if self.missing.len() + gap > MAX_MISSING {
            // Too far behind for retransmission to help: a key frame does.
            self.missing.clear();
            self.lost = true;
            return;
        }
        let missing = |index| Missing { index, since: now, asked_first: None, asked: None, tries: 0 };
        self.missing.extend((highest + 1..index).map(missing));
    }

    /// The packet with this extended sequence number is there by other ways.
    pub fn recovered(&mut self, index: u64) {
        self.take(index);
    }

    fn take(&mut self, index: u64) -> Option<Missing> {
        let at = self.missing.binary_search_by_key(&index, |missing| missing.index).ok()?;
        self.missing.remove(at)
    }

    /// What comes tells how long it took since it was asked for first: less than was thought counts at once, and more only if it is so
    /// again and again, for what was sent again may have been lost again.
    fn found(&mut self, packet: &Missing, now: Instant) {
        let Some(asked) = packet.asked_first else { return };
        let took = now.saturating_duration_since(asked);
        let known = self.takes.filter(|_| !std::mem::take(&mut self.is_least));
        self.takes = Some(match known {
            Some(takes) if took < takes / MUCH_LESS => takes - (takes - took) / MORE_COUNTS,
            Some(takes) if took < takes => takes - (takes - took) / LESS_COUNTS,
            Some(takes) => takes + (took - takes) / MORE_COUNTS,
            None => took,
        });
    }

    fn interval(&self) -> Duration {
        let takes = self.takes.unwrap_or_default() * self.percent / 100;
        takes.clamp(NACK_INTERVAL, MAX_NACK_INTERVAL)
    }

    /// Whether the packet with this extended sequence number is missing.
    pub fn misses(&self, index: u64) -> bool {
        self.missing.binary_search_by_key(&index, |missing| missing.index).is_ok()
    }

    /// Whether packets are missing that have not been asked for, or long enough ago.
    pub fn is_due(&self, now: Instant) -> bool {
        self.missing.back().is_some_and(|missing| missing.asked.is_none() || self.next.is_some_and(|at| at <= now))
    }

    /// Whether nothing is missing and nothing was given up.
    pub fn is_quiet(&self) -> bool {
        self.missing.is_empty() && !self.lost
    }

    /// Calls `ask` with the sequence number of each packet to be asked for now, ascending.
    pub fn due(&mut self, now: Instant, mut ask: impl FnMut(u16)) {
        let interval = self.interval();
        let Self { missing, lost, takes, is_least, .. } = self;
        missing.retain_mut(|packet| {
            let asked_lately = packet.asked.is_some_and(|at| now.saturating_duration_since(at) < interval);
            let is_old = now.saturating_duration_since(packet.since) > NACK_GIVE_UP;
            if asked_lately && !is_old {
                return true;
            }
            if is_old || packet.tries == MAX_NACK_TRIES {
                // Where nothing has come in the time of all tries, it takes at least that: else it would never be known.
                if takes.is_none() {
                    *takes = packet.asked_first.map(|asked| now.saturating_duration_since(asked));
                    *is_least = takes.is_some();
                }
                *lost = true;
                return false;
            }
            packet.asked_first.get_or_insert(now);
            packet.asked = Some(now);
            packet.tries += 1;
            ask(packet.index as u16);
            true
        });
        self.next = self.missing.iter().filter_map(|missing| missing.asked).min().map(|asked| asked + interval);
    }

    /// Whether packets were given up since the last call: then only a key frame repairs the picture.
    pub fn take_lost(&mut self) -> bool {
        std::mem::take(&mut self.lost)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn due(packets: &mut MissingPackets, now: Instant) -> Vec<u16> {
        let mut asked = Vec::new();
        packets.due(now, |sequence| asked.push(sequence));
        asked
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_gap_is_asked_for_until_it_is_filled() {
        let (mut packets, t) = (MissingPackets::new(false), start());
        for index in [65_530, 65_538] {
            packets.arrived(index, t);
        }
        assert_eq!(due(&mut packets, t), [65_531, 65_532, 65_533, 65_534, 65_535, 0, 1]);
        assert_eq!(due(&mut packets, t + NACK_INTERVAL / 2), []);
        (65_531..65_537).for_each(|index| packets.arrived(index, t));
        assert_eq!(due(&mut packets, t + NACK_INTERVAL), [1]);
        packets.arrived(65_537, t);
        assert!(packets.is_quiet());
    }

    /// Loses a packet every second, which comes `takes` after it was asked for; it is asked for again whenever that is due.
    fn lose(packets: &mut MissingPackets, from: Instant, takes: Duration, seconds: u64) {
        let first = packets.highest.unwrap_or(1);
        packets.arrived(first, from);
        for second in 0..seconds {
            let (lost, at) = (first + 1 + 2 * second, from + Duration::from_secs(second));
            packets.arrived(lost + 1, at);
            let ms = takes.as_millis() as u64;
            (0..ms).step_by(10).for_each(|ms| drop(due(packets, at + Duration::from_millis(ms))));
            packets.arrived(lost, at + takes);
        }
    }

    #[test]
    fn it_is_asked_for_again_when_what_was_asked_for_could_have_come() {
        for (is_voice, percent) in [(false, NACK_INTERVAL_PERCENT), (true, VOICE_NACK_INTERVAL_PERCENT)] {
            let (mut packets, t) = (MissingPackets::new(is_voice), start());
            // At first every 30 ms.
            for (minute, ms) in [(0, 40), (1, 200), (2, 60)] {
                let takes = Duration::from_millis(ms);
                lose(&mut packets, t + Duration::from_secs(60 * minute), takes, 59);
                let (found, wanted) = (packets.interval(), takes * percent / 100);
                assert!(found.abs_diff(wanted) < takes / 4, "{ms} ms: {found:?} of {wanted:?}");
            }
        }
    }

    #[test]
    fn what_takes_longer_than_all_tries_is_waited_for_from_the_second_loss_on() {
        let (mut packets, t) = (MissingPackets::new(false), start());
        let takes = Duration::from_millis(600);
        lose(&mut packets, t, takes, 1);
        assert!(packets.take_lost());
        lose(&mut packets, t + Duration::from_secs(1), takes, 20);
        assert!(!packets.take_lost());
        assert_eq!(packets.interval(), MAX_NACK_INTERVAL);
    }

    #[test]
    fn a_packet_that_is_late_and_not_lost_tells_little_of_how_long_one_takes_that_is_asked_for() {
        let (mut packets, t) = (MissingPackets::new(false), start());
        lose(&mut packets, t, Duration::from_millis(200), 59);
        let before = packets.interval();
        lose(&mut packets, t + Duration::from_secs(60), Duration::from_millis(3), 1);
        assert!(packets.interval() > before * 9 / 10, "{:?} of {before:?}", packets.interval());
    }

    #[test]
    fn what_never_comes_is_given_up_and_told_once() {
        let (mut packets, t) = (MissingPackets::new(false), start());
        packets.arrived(1, t);
        packets.arrived(3, t);
        let mut asked = 0;
        for ms in (0..2000).step_by(10) {
            asked += due(&mut packets, t + Duration::from_millis(ms)).len();
        }
        assert_eq!(asked, usize::from(MAX_NACK_TRIES));
        assert!(packets.take_lost());
        assert!(!packets.take_lost());
        assert!(packets.is_quiet());
    }

    #[test]
    fn a_gap_beyond_the_limit_asks_for_a_key_frame_instead() {
        let (mut packets, t) = (MissingPackets::new(false), start());
        packets.arrived(1, t);
        packets.arrived(3 + MAX_MISSING as u64, t);
        assert_eq!(due(&mut packets, t), []);
        assert!(packets.take_lost());
    }
}
