//! Packets that left in one burst are one group; between groups, how much longer the way was than the wait.
//!
//! A burst of 5 ms and the rule of arrival are libwebrtc's; draft-ietf-rmcat-gcc-02 section 5.2 says why: what leaves or
//! arrives together (a frame, a radio's turn) measures the burst, not the line.

/// Longest time between the first and the last packet of a group at the sender, in µs.
const BURST_US: i64 = 5000;
/// A packet that arrives this close behind the group, and caught up with it, was held up with it, in µs.
const BURST_GAP_US: i64 = 5000;
/// Longest time a group goes on growing by arrival, in µs.
const LONGEST_BURST_US: i64 = 100_000;
/// Groups in a row that arrive before their predecessor until the clock counts as set back.
const REORDERED_GROUPS: u8 = 3;

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent_us: i64,
    last_sent_us: i64,
    first_arrival_us: i64,
    last_arrival_us: i64,
}

/// What lies between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deltas {
    /// Between their departures, in µs.
    pub(super) sent_us: i64,
    /// Between their arrivals, in µs.
    pub(super) arrival_us: i64,
    /// When the later arrived, in µs of the receiver.
    pub(super) at_us: i64,
}

/// The group that grows and the one before.
#[derive(Debug, Default)]
pub(super) struct Groups {
    current: Option<Group>,
    previous: Option<Group>,
    reordered: u8,
}

impl Groups {
    /// Takes in a packet, in the order they left. Tells what lies between the last two groups when it begins a third.
    pub(super) fn arrived(&mut self, sent_us: i64, arrival_us: i64) -> Option<Deltas> {
        let begun = Group {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            first_arrival_us: arrival_us,
            last_arrival_us: arrival_us,
        };
        let Some(current) = &mut self.current else {
            self.current = Some(begun);
            return None;
        };
        if sent_us < current.first_sent_us {
            return None; // Overtaken: its group is closed.
        }
        if sent_us - current.first_sent_us <= BURST_US || current.held_up_with(sent_us, arrival_us) {
            current.last_sent_us = current.last_sent_us.max(sent_us);
            current.last_arrival_us = current.last_arrival_us.max(arrival_us);
            return None;
        }
        let complete = *current;
        self.current = Some(begun);
        let before = self.previous.replace(complete)?;
        let arrival_delta_us = complete.last_arrival_us - before.last_arrival_us;
        if arrival_delta_us < 0 {
            self.reordered += 1;
            if self.reordered >= REORDERED_GROUPS {
                self.restart();
            }
            return None;
        }
        self.reordered = 0;
        let sent_delta_us = complete.last_sent_us - before.last_sent_us;
        Some(Deltas { sent_us: sent_delta_us, arrival_us: arrival_delta_us, at_us: complete.last_arrival_us })
    }

    /// Forgets both groups: what lies between now and then says nothing of the media's own rate.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }
}

impl Group {
    /// Whether a packet waited somewhere together with this group.
    fn held_up_with(&self, sent_us: i64, arrival_us: i64) -> bool {
        let arrival_delta_us = arrival_us - self.last_arrival_us;
        let caught_up = arrival_delta_us < sent_us - self.last_sent_us;
        caught_up
            && (0..=BURST_GAP_US).contains(&arrival_delta_us)
            && arrival_us - self.first_arrival_us < LONGEST_BURST_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &[(i64, i64)]) -> Vec<Deltas> {
        let mut groups = Groups::default();
        rows.iter().filter_map(|&(sent_ms, arrival_ms)| groups.arrived(sent_ms * 1000, arrival_ms * 1000)).collect()
    }

    fn ms(sent: i64, arrival: i64, at: i64) -> Deltas {
        Deltas { sent_us: sent * 1000, arrival_us: arrival * 1000, at_us: at * 1000 }
    }

    #[test]
    fn a_burst_is_one_group_and_deltas_are_between_last_packets() {
        let rows = [(0, 100), (2, 104), (5, 110), (40, 150), (43, 163), (80, 205), (120, 230)];
        assert_eq!(told(&rows), [ms(38, 53, 163), ms(37, 42, 205)]);
    }

    #[test]
    fn packets_held_up_together_are_one_group() {
        // A radio holds three voices 20 ms apart and delivers them at once.
        let rows = [(0, 100), (20, 120), (40, 180), (60, 181), (80, 182), (100, 210), (120, 230)];
        assert_eq!(told(&rows), [ms(20, 20, 120), ms(60, 62, 182), ms(20, 28, 210)]);
    }

    #[test]
    fn an_overtaken_packet_changes_nothing_and_a_clock_set_back_starts_anew() {
        assert_eq!(told(&[(0, 100), (20, 120), (10, 121), (40, 140)]), [ms(20, 20, 120)]);
        let set_back = [(0, 900), (20, 120), (40, 100), (60, 80), (80, 60), (100, 200), (120, 220), (140, 240)];
        assert_eq!(told(&set_back), [ms(20, 20, 220)]);
    }
}
