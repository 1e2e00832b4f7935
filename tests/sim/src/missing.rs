//! Which packets of a stream are missing and when they are asked for, as libwebrtc's receiver does: at once when a gap shows,
//! then once a round trip.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Times a packet is asked for.
const MAX_TRIES: u8 = 10;
/// Age at which it is given up.
const GIVE_UP: Duration = Duration::from_secs(1);
/// Gaps beyond this are not asked for: a key frame helps sooner.
const MAX_MISSING: u64 = 1000;
/// Least time between two requests for the same packet.
const LEAST_INTERVAL: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy)]
struct Wanted {
    since: Instant,
    asked: Option<Instant>,
    tries: u8,
}

/// The missing packets of one stream.
#[derive(Debug, Default)]
pub struct Missing {
    highest: Option<u64>,
    wanted: BTreeMap<u64, Wanted>,
    due: Option<Instant>,
    /// Requests so far.
    pub asked: u64,
}

impl Missing {
    /// Notes that packet `index` is here. Whether it was missed.
    pub fn arrived(&mut self, index: u64, now: Instant) -> bool {
        let highest = *self.highest.get_or_insert(index);
        if index <= highest {
            return self.wanted.remove(&index).is_some();
        }
        self.highest = Some(index);
        if index - highest > MAX_MISSING {
            self.wanted.clear();
            return false;
        }
        for lost in highest + 1..index {
            self.wanted.insert(lost, Wanted { since: now, asked: None, tries: 0 });
            self.due = Some(now);
        }
        false
    }

    /// Nothing before `index` is of use any more.
    pub fn forget_before(&mut self, index: u64) {
        while let Some(entry) = self.wanted.first_entry()
            && *entry.key() < index
        {
            entry.remove();
        }
    }

    /// When [`Self::ask`] is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.wanted.is_empty())
    }

    /// The sequence numbers to ask for now, ascending.
    pub fn ask(&mut self, now: Instant, rtt: Duration) -> Vec<u16> {
        if self.next_due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        let interval = rtt.max(LEAST_INTERVAL);
        let mut asked = Vec::new();
        let mut due: Option<Instant> = None;
        self.wanted.retain(|&index, wanted| {
            if wanted.tries == MAX_TRIES || now.saturating_duration_since(wanted.since) >= GIVE_UP {
                return false;
            }
            if wanted.asked.is_none_or(|at| now.saturating_duration_since(at) >= interval) {
                *wanted = Wanted { asked: Some(now), tries: wanted.tries + 1, ..*wanted };
                asked.push(index as u16);
            }
            let next = wanted.asked.unwrap_or(now) + interval;
            due = Some(due.map_or(next, |due| due.min(next)));
            true
        });
        self.due = due;
        self.asked += asked.len() as u64;
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::some_instant;

    const RTT: Duration = Duration::from_millis(80);

    #[test]
    fn a_gap_is_asked_for_at_once_and_then_every_round_trip() {
        let (mut missing, start) = (Missing::default(), some_instant());
        missing.arrived(10, start);
        assert_eq!(missing.next_due(), None);
        missing.arrived(13, start);
        assert_eq!(missing.ask(start, RTT), [11, 12]);
        assert_eq!(missing.next_due(), Some(start + RTT));
        assert!(missing.arrived(12, start + RTT / 2) && !missing.arrived(12, start + RTT / 2));
        assert_eq!(missing.ask(start + RTT, RTT), [11]);
        missing.forget_before(12);
        assert_eq!(missing.next_due(), None);
    }

    #[test]
    fn what_does_not_come_is_given_up() {
        let (mut missing, start) = (Missing::default(), some_instant());
        missing.arrived(1, start);
        missing.arrived(3, start);
        let mut asked = 0;
        let mut last = start;
        while let Some(due) = missing.next_due() {
            (asked, last) = (asked + missing.ask(due, RTT).len(), due);
        }
        assert_eq!(asked, usize::from(MAX_TRIES));
        assert!(last - start <= GIVE_UP);
    }

    #[test]
    fn a_leap_is_not_asked_for() {
        let (mut missing, start) = (Missing::default(), some_instant());
        missing.arrived(1, start);
        missing.arrived(2 + 2 * MAX_MISSING, start);
        assert_eq!(missing.next_due(), None);
    }
}
