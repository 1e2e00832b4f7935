//! Whether reports stopped coming although packets leave: the line is cut, or so full that nothing comes through.

/// Time without a report until it is a silence, in µs: some round trips and the time between two reports, within bounds.
const ROUND_TRIPS: i64 = 3;
const BETWEEN_REPORTS_US: i64 = 300_000;
const LEAST_US: i64 = 700_000;
const MOST_US: i64 = 2_000_000;
/// Packets that must have left meanwhile: one or two may be lost without anyone to report on.
const PACKETS: u32 = 5;
/// Time between two steps down while it lasts, in µs.
const STEP_US: i64 = 300_000;

/// Since when a report is waited for.
#[derive(Debug, Default)]
pub(super) struct Silence {
    since_us: Option<i64>,
    packets: u32,
    stepped_us: Option<i64>,
}

impl Silence {
    /// A packet left.
    pub(super) fn sent(&mut self, now_us: i64) {
        self.since_us.get_or_insert(now_us);
        self.packets = self.packets.saturating_add(1);
    }

    /// A report came; whether packets are still on the way. `true` when it ends a silence.
    pub(super) fn heard(&mut self, now_us: i64, some_on_the_way: bool) -> bool {
        self.since_us = some_on_the_way.then_some(now_us);
        self.packets = 0;
        self.stepped_us.take().is_some()
    }

    /// Whether it is time for a step down.
    pub(super) fn steps(&mut self, now_us: i64, rtt_us: Option<i64>) -> bool {
        let Some(since_us) = self.since_us else { return false };
        let patience_us =
            rtt_us.map_or(MOST_US, |rtt| (ROUND_TRIPS * rtt + BETWEEN_REPORTS_US).clamp(LEAST_US, MOST_US));
        let due_us = self.stepped_us.map_or(since_us + patience_us, |at| at + STEP_US);
        let steps = now_us >= due_us && self.packets >= PACKETS;
        if steps {
            self.stepped_us = Some(now_us);
        }
        steps
    }

    /// Nothing is on the way any more: nothing is waited for.
    pub(super) fn none_on_the_way(&mut self) {
        self.since_us = None;
    }

    /// Whether it lasts.
    pub(super) fn lasts(&self) -> bool {
        self.stepped_us.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_some_round_trips_after_the_last_report_and_steps_until_the_next() {
        let mut silence = Silence::default();
        assert!(!silence.steps(10_000_000, None), "nothing was sent");
        silence.sent(0);
        (1..PACKETS).for_each(|i| silence.sent(i64::from(i) * 20_000));
        assert!(!silence.steps(MOST_US - 1, None), "patience before the first round trip is known");
        assert!(!silence.heard(100_000, true));
        assert!(!silence.steps(799_999, Some(40_000)));
        assert!(!silence.steps(800_000, Some(40_000)), "nothing has left since");
        (0..PACKETS).for_each(|_| silence.sent(790_000));
        assert!(silence.steps(800_000, Some(40_000)));
        assert!(!silence.steps(1_000_000, Some(40_000)));
        assert!(silence.steps(1_100_000, Some(40_000)) && silence.lasts());
        assert!(silence.heard(1_200_000, false) && !silence.lasts());
        assert!(!silence.steps(9_000_000, Some(40_000)), "nothing is on the way");
    }
}
