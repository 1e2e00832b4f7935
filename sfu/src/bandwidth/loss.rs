//! The rate the loss allows. A radio loses a tenth and carries as much as ever; a full line loses what is sent beyond it. Below
//! a tenth the loss binds nothing that was not bound before; above it, and beyond chance, down to what arrives.

/// Share of packets whose loss is taken for the radio's.
const TOLERATED: f64 = 0.10;
/// Below this share the line has room (draft-ietf-rmcat-gcc-02 section 6).
const CLEAN: f64 = 0.02;
/// What is judged at once: this long, in µs, and this many packets.
const WINDOW_US: i64 = 500_000;
const WINDOW_PACKETS: u32 = 20;
/// A window longer than this, in µs, mixes too much: it is dropped.
const STALE_US: i64 = 5_000_000;
/// Deviations by which a loss must exceed the tolerated one: else a tenth would be exceeded by chance half the time.
const DEVIATIONS: f64 = 2.5;
/// Growth of a bound in a second on a clean line, and on one that loses.
const CLEAN_GROWTH: f64 = 1.08;
const LOSSY_GROWTH: f64 = 1.03;
/// Bound beyond which it no longer binds, as a share of the estimate.
const FREE: f64 = 1.5;
/// A share this large is believed at once; a smaller excess when this many windows in a row have one, for a radio loses in
/// bursts.
const CERTAIN: f64 = 0.4;
const SUSPECT_WINDOWS: u8 = 3;
/// Weight of a window in the loss that is told.
const WEIGHT: f64 = 0.4;

/// What a window says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// The line has room, or loses no more than a radio may.
    Fine,
    /// More is lost than a radio may: this share.
    Excess(f64),
}

/// The bound by loss.
#[derive(Debug, Default)]
pub(super) struct LossBound {
    bound: Option<f64>,
    /// The window: packets told of, and lost ones among them.
    told: u32,
    lost: u32,
    since_us: Option<i64>,
    /// Only packets that left since count: those before were sent at another rate.
    valid_from_us: i64,
    /// Windows in a row that had an excess.
    suspect: u8,
    fraction: f64,
}

impl LossBound {
    /// Takes in a packet that arrived or is missing.
    pub(super) fn told(&mut self, sent_us: i64, is_lost: bool) {
        if sent_us >= self.valid_from_us {
            self.told += 1;
            self.lost += u32::from(is_lost);
        }
    }

    /// A packet told as missing arrived after all.
    pub(super) fn turned_up(&mut self) {
        self.lost = self.lost.saturating_sub(1);
    }

    /// Begins anew with what leaves from now on.
    pub(super) fn restart(&mut self, now_us: i64) {
        (self.told, self.lost, self.since_us, self.valid_from_us) = (0, 0, None, now_us);
        self.suspect = 0;
    }

    /// Share of packets lost lately.
    pub(super) fn fraction(&self) -> f64 {
        self.fraction
    }

    /// The bound in bit/s, if there is one.
    pub(super) fn bps(&self) -> Option<f64> {
        self.bound
    }

    /// Lifts the bound to a rate that was proven.
    pub(super) fn lift(&mut self, bps: f64) {
        self.bound = self.bound.filter(|bound| *bound >= bps);
    }

    /// Judges the window when it is full. `estimate` is what binds otherwise, in bit/s.
    pub(super) fn judge(&mut self, now_us: i64, estimate: f64) -> Option<Verdict> {
        let since_us = *self.since_us.get_or_insert(now_us);
        let elapsed_us = now_us - since_us;
        if elapsed_us > STALE_US {
            (self.told, self.lost, self.since_us) = (0, 0, Some(now_us));
        }
        if elapsed_us < WINDOW_US || self.told < WINDOW_PACKETS {
            return None;
        }
        let (told, lost) = (f64::from(self.told), f64::from(self.lost));
        (self.told, self.lost, self.since_us) = (0, 0, Some(now_us));
        let share = lost / told;
        self.fraction += WEIGHT * (share - self.fraction);
        let by_chance = DEVIATIONS * (told * TOLERATED * (1.0 - TOLERATED)).sqrt();
        if lost > told * TOLERATED + by_chance {
            self.suspect += 1;
            let is_believed = share >= CERTAIN || self.suspect >= SUSPECT_WINDOWS;
            return is_believed.then_some(Verdict::Excess(share));
        }
        self.suspect = 0;
        let growth = if share < CLEAN { CLEAN_GROWTH } else { LOSSY_GROWTH };
        let elapsed_s = (elapsed_us as f64 / 1e6).min(1.0);
        let grown = self.bound.map(|bound| bound * growth.powf(elapsed_s));
        self.bound = grown.filter(|bound| *bound < FREE * estimate);
        Some(Verdict::Fine)
    }

    /// Bounds the rate after an excess: by what arrives, when as much was sent as was allowed; by the share that arrives,
    /// when less was, for then the line may carry more than was asked of it.
    pub(super) fn bind(&mut self, now_us: i64, share: f64, current: f64, acked: Option<f64>) {
        let bound = acked.unwrap_or(0.0).max(current * (1.0 - share)).min(current);
        self.bound = Some(bound);
        self.restart(now_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(loss: &mut LossBound, at_us: &mut i64, packets: u32, lost: u32) -> Option<Verdict> {
        loss.judge(*at_us, 1e6);
        (0..packets).for_each(|i| loss.told(*at_us, i < lost));
        *at_us += WINDOW_US;
        loss.judge(*at_us, 1e6)
    }

    #[test]
    fn a_tenth_is_tolerated_and_so_is_what_chance_adds_to_it() {
        // (packets, lost, excess at once, excess when it goes on)
        let rows = [
            (100, 0, false, false),
            (100, 10, false, false),
            (100, 17, false, false),
            (100, 18, false, true),
            (100, 41, true, true),
            (20, 5, false, false),
            (20, 6, false, true),
        ];
        for (packets, lost, at_once, later) in rows {
            let (mut loss, mut at_us) = (LossBound::default(), 0);
            let mut excess = || matches!(window(&mut loss, &mut at_us, packets, lost), Some(Verdict::Excess(_)));
            assert_eq!((excess(), excess() | excess()), (at_once, later), "{lost} of {packets}");
        }
        let (mut loss, mut at_us) = (LossBound::default(), 0);
        assert_eq!(window(&mut loss, &mut at_us, 19, 19), None, "too few to judge");
    }

    #[test]
    fn the_bound_is_what_arrives_when_as_much_was_sent_as_allowed_and_a_share_when_less_was() {
        let mut loss = LossBound::default();
        loss.bind(0, 0.4, 1e6, Some(0.6e6));
        assert_eq!(loss.bps(), Some(0.6e6));
        let mut loss = LossBound::default();
        loss.bind(0, 0.4, 2e6, Some(0.1e6));
        assert_eq!(loss.bps(), Some(1.2e6));
    }

    #[test]
    fn a_bound_is_lifted_by_time_slowly_while_packets_are_lost_and_by_proof_at_once() {
        let bound_after = |lost| {
            let (mut loss, mut at_us) = (LossBound::default(), 0);
            loss.bind(0, 0.5, 1e6, Some(0.5e6));
            (0..10).for_each(|_| assert_eq!(window(&mut loss, &mut at_us, 100, lost), Some(Verdict::Fine)));
            loss.bps().unwrap()
        };
        assert!((0.72e6..0.74e6).contains(&bound_after(0)), "{}", bound_after(0));
        assert!((0.57e6..0.59e6).contains(&bound_after(8)), "{}", bound_after(8));
        let mut loss = LossBound::default();
        loss.bind(0, 0.5, 1e6, Some(0.5e6));
        loss.lift(0.4e6);
        assert_eq!(loss.bps(), Some(0.5e6));
        loss.lift(0.9e6);
        assert_eq!(loss.bps(), None);
    }

    #[test]
    fn what_left_before_the_last_decrease_counts_no_more_and_what_turns_up_is_not_lost() {
        let (mut loss, mut at_us) = (LossBound::default(), 1_000_000);
        loss.bind(1_000_000, 0.5, 1e6, None);
        (0..100).for_each(|_| loss.told(999_999, true));
        assert_eq!(window(&mut loss, &mut at_us, 30, 0), Some(Verdict::Fine));
        loss.judge(at_us, 1e6);
        (0..30).for_each(|_| loss.told(at_us, true));
        (0..30).for_each(|_| loss.turned_up());
        assert_eq!(loss.judge(at_us + WINDOW_US, 1e6), Some(Verdict::Fine));
    }
}
