//! Which packets of a publisher are missing, and when to ask for them again (RFC 4585 section 6.2.1).

use std::{collections::VecDeque, time::Instant};

use crate::limits::{MAX_MISSING, MAX_NACK_TRIES, NACK_GIVE_UP, NACK_INTERVAL};

#[derive(Debug, Clone, Copy)]
struct Missing {
    index: u64,
    since: Instant,
    asked: Option<Instant>,
    tries: u8,
}

/// Packets not yet received of one source.
#[derive(Debug, Default)]
pub struct MissingPackets {
    highest: Option<u64>,
    missing: VecDeque<Missing>,
    lost: bool,
}

impl MissingPackets {
    /// Notes that the packet with extended sequence number `index` arrived.
    pub fn arrived(&mut self, index: u64, now: Instant) {
        let Some(highest) = self.highest else {
            self.highest = Some(index);
            return;
        };
        if index <= highest {
            let position = self.missing.partition_point(|missing| missing.index < index);
            if self.missing.get(position).is_some_and(|missing| missing.index == index) {
                self.missing.remove(position);
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
        let missing = |index| Missing { index, since: now, asked: None, tries: 0 };
        self.missing.extend((highest + 1..index).map(missing));
    }

    /// Whether the packet with this extended sequence number is missing.
    pub fn misses(&self, index: u64) -> bool {
        self.missing.binary_search_by_key(&index, |missing| missing.index).is_ok()
    }

    /// Whether packets are missing that have not been asked for.
    pub fn misses_anew(&self) -> bool {
        self.missing.back().is_some_and(|missing| missing.asked.is_none())
    }

    /// Whether nothing is missing and nothing was given up.
    pub fn is_quiet(&self) -> bool {
        self.missing.is_empty() && !self.lost
    }

    /// Calls `ask` with the sequence number of each packet to be asked for now, ascending.
    pub fn due(&mut self, now: Instant, mut ask: impl FnMut(u16)) {
        let (missing, lost) = (&mut self.missing, &mut self.lost);
        missing.retain_mut(|packet| {
            let asked_lately = packet.asked.is_some_and(|at| now.saturating_duration_since(at) < NACK_INTERVAL);
            if asked_lately {
                return true;
            }
            if packet.tries == MAX_NACK_TRIES || now.saturating_duration_since(packet.since) > NACK_GIVE_UP {
                *lost = true;
                return false;
            }
            packet.asked = Some(now);
            packet.tries += 1;
            ask(packet.index as u16);
            true
        });
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
        let (mut packets, t) = (MissingPackets::default(), start());
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

    #[test]
    fn what_never_comes_is_given_up_and_told_once() {
        let (mut packets, t) = (MissingPackets::default(), start());
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
        let (mut packets, t) = (MissingPackets::default(), start());
        packets.arrived(1, t);
        packets.arrived(3 + MAX_MISSING as u64, t);
        assert_eq!(due(&mut packets, t), []);
        assert!(packets.take_lost());
    }
}
