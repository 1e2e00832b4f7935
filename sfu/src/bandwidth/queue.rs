//! How long packets wait on the way: the delay over the least one seen lately. A slope hears a queue that grows; this hears
//! one that stands.

/// The least delay is remembered for one to two of these, in µs: a path that changed is known again after it.
const BASE_US: i64 = 6_000_000;
/// The present one is the least of one to two of these, in µs, so that neither jitter nor a frame's own length counts.
const RECENT_US: i64 = 250_000;
/// Packets whose least delay is the latest.
const LATEST: usize = 4;
/// A latest wait below this, in µs, is none: whatever queue there was has drained.
const DRAINED_US: i64 = 15_000;
/// From one packet to the next a full line adds little to the wait. This much, in µs, is a stall: a radio that was deaf for a
/// moment, and that is given this long to catch up, but not again before the pause is over.
const STALL_US: i64 = 80_000;
const CATCH_UP_US: i64 = 400_000;
const STALL_PAUSE_US: i64 = 1_500_000;
/// A latest wait from this on, in µs, that grows: the line carries less than it did.
const LEAP_US: i64 = 200_000;
/// A queue that stands, in µs.
const STANDING_US: i64 = 120_000;
/// Time between two judgements of one that stands, in µs.
const JUDGE_US: i64 = 1_000_000;
/// Judgements in a row that changed nothing until it is taken for the path's own delay: what we leave out drains no queue
/// that others fill.
const JUDGEMENTS: u8 = 3;
/// A queue breathes with what is sent. A least delay that keeps to this much, in µs, for so many stretches of this length, in µs, and
/// is below one that is judged, is the path's own.
const STILL_US: i64 = 3_000;
const STRETCH_US: i64 = 250_000;
const STRETCHES: u8 = 8;

/// The least value of one to two spans of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Least {
    span_us: i64,
    since_us: i64,
    now: Option<i64>,
    before: Option<i64>,
}

impl Least {
    pub(super) fn new(span_us: i64) -> Self {
        Self { span_us, since_us: 0, now: None, before: None }
    }

    pub(super) fn update(&mut self, at_us: i64, value: i64) {
        let passed_us = at_us - self.since_us;
        if self.now.is_none() || passed_us >= self.span_us {
            self.before = self.now.filter(|_| passed_us < 2 * self.span_us);
            (self.now, self.since_us) = (None, at_us);
        }
        self.now = Some(self.now.map_or(value, |least| least.min(value)));
    }

    /// Forgets all but this value.
    pub(super) fn restart(&mut self, at_us: i64, value: i64) {
        *self = Self { since_us: at_us, now: Some(value), ..Self::new(self.span_us) };
    }

    pub(super) fn value(&self) -> Option<i64> {
        self.now.into_iter().chain(self.before).min()
    }
}

/// A least delay that does not move.
#[derive(Debug, Default)]
pub(super) struct Still {
    /// When the present stretch began, and its least delay so far, in µs.
    since_us: i64,
    least_us: Option<i64>,
    /// What the stretches before it kept to, in µs, and how many did.
    level_us: i64,
    stretches: u8,
}

impl Still {
    /// Takes in a packet. At the end of each stretch, the delay if it has been still for long enough.
    pub(super) fn arrived(&mut self, arrival_us: i64, delay_us: i64) -> Option<i64> {
        let ended = self.least_us.filter(|_| arrival_us - self.since_us >= STRETCH_US);
        if ended.is_some() || self.least_us.is_none() {
            (self.since_us, self.least_us) = (arrival_us, Some(delay_us));
        }
        self.least_us = self.least_us.map(|least_us| least_us.min(delay_us));
        let least_us = ended?;
        if (least_us - self.level_us).abs() > STILL_US {
            (self.level_us, self.stretches) = (least_us, 0);
        }
        self.stretches = self.stretches.saturating_add(1);
        (self.stretches >= STRETCHES).then_some(self.level_us.min(least_us))
    }
}

/// The delay of one path.
#[derive(Debug)]
pub(super) struct QueueDelay {
    still: Still,
    base: Least,
    recent: Least,
    /// Delays of the latest packets in µs; the oldest is overwritten.
    latest: [i64; LATEST],
    packets: usize,
    /// Arrival of the first packet after the last stall, and of the newest packet, in µs.
    stalled_us: Option<i64>,
    stall_delay_us: i64,
    arrived_us: i64,
    /// When it was last judged, and how long packets waited then; zero while none stands.
    judged_us: i64,
    judged_queue_us: i64,
    in_vain: u8,
}

impl QueueDelay {
    pub(super) fn new() -> Self {
        Self {
            still: Still::default(),
            base: Least::new(BASE_US),
            recent: Least::new(RECENT_US),
            latest: [0; LATEST],
            packets: 0,
            stalled_us: None,
            stall_delay_us: 0,
            arrived_us: 0,
            judged_us: 0,
            judged_queue_us: 0,
            in_vain: 0,
        }
    }

    /// Takes in a packet: when it arrived, and its delay, by whatever clocks.
    pub(super) fn arrived(&mut self, arrival_us: i64, delay_us: i64) {
        self.base.update(arrival_us, delay_us);
        if let Some(still_us) = self.still.arrived(arrival_us, delay_us)
            && self.waits_us() < STANDING_US
        {
            self.base.restart(arrival_us, still_us);
        }
        self.recent.update(arrival_us, delay_us);
        let before = self.packets.checked_sub(1).map(|last| self.latest[last % LATEST]);
        let stalls = before.is_some_and(|before| delay_us - before >= STALL_US);
        if stalls && self.stalled_us.is_none_or(|at| arrival_us - at >= STALL_PAUSE_US) {
            (self.stalled_us, self.stall_delay_us) = (Some(arrival_us), delay_us);
        }
        self.arrived_us = arrival_us;
        self.latest[self.packets % LATEST] = delay_us;
        self.packets = self.packets.wrapping_add(1);
    }

    /// How long packets wait, in µs.
    pub(super) fn waits_us(&self) -> i64 {
        self.recent.value().zip(self.base.value()).map_or(0, |(recent, base)| recent - base)
    }

    /// How long the latest packets waited, in µs: sooner known, and less sure.
    pub(super) fn newest_us(&self) -> i64 {
        let least = self.latest.iter().take(self.packets).min();
        least.zip(self.base.value()).map_or(0, |(latest, base)| latest - base)
    }

    /// Whether the latest packets waited no longer than any: a line that stalled for a moment is no line that is full.
    pub(super) fn has_drained(&self) -> bool {
        self.packets > 0 && self.newest_us() < DRAINED_US
    }

    /// Whether the latest packets waited for so long that nothing more needs to be known, and no stall explains it.
    pub(super) fn has_leapt(&self) -> bool {
        self.packets >= LATEST && self.newest_us() >= LEAP_US && !self.catches_up() && !self.drains()
    }

    /// Whether the latest packets waited for less and less.
    fn drains(&self) -> bool {
        let at = |back: usize| self.latest[self.packets.wrapping_sub(back) % LATEST];
        at(1) < at(LATEST)
    }

    /// Whether the line catches up after a stall: it does not where packets wait for longer than the first did.
    pub(super) fn catches_up(&self) -> bool {
        let stall = self.stalled_us.filter(|at| self.arrived_us - at < CATCH_UP_US);
        let longest_us = self.stall_delay_us + STALL_US / 2;
        stall.is_some() && self.latest.iter().take(self.packets).min().is_none_or(|&latest| latest <= longest_us)
    }

    /// Whether a queue stands that does not drain. Says so once a second.
    pub(super) fn is_standing(&mut self, now_us: i64) -> bool {
        let waits_us = self.waits_us();
        if waits_us < STANDING_US {
            (self.judged_queue_us, self.in_vain) = (0, 0);
            return false;
        }
        if self.judged_queue_us == 0 {
            (self.judged_us, self.judged_queue_us) = (now_us, waits_us);
        }
        if now_us - self.judged_us < JUDGE_US {
            return false;
        }
        let drains = waits_us < self.judged_queue_us * 9 / 10;
        (self.judged_us, self.judged_queue_us) = (now_us, waits_us);
        self.in_vain = if drains { 0 } else { self.in_vain + 1 };
        if self.in_vain > JUDGEMENTS {
            if let Some(recent_us) = self.recent.value() {
                self.base.restart(self.base.since_us, recent_us);
            }
            self.in_vain = 0;
            return false;
        }
        !drains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a packet every 20 ms from `from_ms` to `to_ms`, and returns when a queue was said to stand.
    fn fed(queue: &mut QueueDelay, from_ms: i64, to_ms: i64, delay_ms: impl Fn(i64) -> i64) -> Vec<i64> {
        let times = (from_ms..to_ms).step_by(20);
        let standing = times.filter(|&ms| {
            queue.arrived(ms * 1000, delay_ms(ms) * 1000);
            queue.is_standing(ms * 1000)
        });
        standing.collect()
    }

    #[test]
    fn the_wait_is_over_the_least_delay_and_blind_to_jitter() {
        let mut queue = QueueDelay::new();
        assert_eq!(queue.waits_us(), 0);
        assert_eq!(fed(&mut queue, 0, 5000, |ms| -70_000 + ms % 60), []);
        assert!(queue.waits_us() <= 20_000);
        fed(&mut queue, 5000, 6000, |ms| -69_900 + ms % 60);
        assert!((80_000..=120_000).contains(&queue.waits_us()), "{}", queue.waits_us());
    }

    #[test]
    fn a_queue_that_drains_is_left_to_it_and_one_that_stands_is_told_each_second() {
        let mut queue = QueueDelay::new();
        fed(&mut queue, 0, 1000, |_| 40);
        assert_eq!(fed(&mut queue, 1000, 4000, |ms| 440 - (ms - 1000) / 10), []);
        let mut queue = QueueDelay::new();
        fed(&mut queue, 0, 1000, |_| 40);
        let standing = fed(&mut queue, 1000, 4500, |_| 340);
        assert!((2..=3).contains(&standing.len()), "{standing:?}");
    }

    #[test]
    fn after_a_stall_the_queue_is_gone_as_soon_as_packets_come_through_at_once_again() {
        let mut queue = QueueDelay::new();
        assert!(!queue.has_drained());
        fed(&mut queue, 0, 1000, |_| 40);
        assert!(queue.has_drained());
        fed(&mut queue, 1000, 1200, |ms| 240 - (ms - 1000));
        assert!(!queue.has_drained());
        fed(&mut queue, 1200, 1220, |_| 42);
        assert!(queue.has_drained());
    }

    #[test]
    fn a_stall_gives_time_to_catch_up_once_and_a_line_that_fills_gives_none() {
        let mut queue = QueueDelay::new();
        fed(&mut queue, 0, 1000, |_| 40);
        fed(&mut queue, 1000, 1100, |_| 240);
        assert!(queue.catches_up());
        fed(&mut queue, 1100, 1420, |_| 240);
        assert!(!queue.catches_up());
        fed(&mut queue, 1420, 1500, |_| 400);
        assert!(!queue.catches_up(), "not so soon again");
        fed(&mut queue, 1500, 3000, |ms| 400 + (ms - 1500));
        assert!(!queue.catches_up(), "it fills step by step");
        fed(&mut queue, 3000, 3100, |_| 2200);
        assert!(queue.catches_up());
    }

    #[test]
    fn a_queue_that_leaps_shows_at_once_unless_it_drains() {
        let mut queue = QueueDelay::new();
        fed(&mut queue, 0, 1000, |_| 40);
        fed(&mut queue, 1000, 1160, |ms| 40 + 3 * (ms - 1000));
        assert!(queue.newest_us() >= LEAP_US && queue.has_leapt(), "{}", queue.newest_us());
        fed(&mut queue, 1160, 1240, |ms| 400 - (ms - 1160));
        assert!(queue.newest_us() >= LEAP_US && !queue.has_leapt());
    }

    #[test]
    fn a_delay_that_does_not_breathe_is_the_paths_own() {
        let mut queue = QueueDelay::new();
        fed(&mut queue, 0, 3000, |_| 50);
        fed(&mut queue, 3000, 5000, |_| 100);
        assert_eq!(queue.waits_us(), 50_000);
        fed(&mut queue, 5000, 5600, |_| 100);
        assert_eq!(queue.waits_us(), 0);
        // One that is fed in frames does.
        fed(&mut queue, 5600, 20_000, |ms| 100 + (ms / 300 % 3) * 20 + ms % 40);
        assert!((0..=40_000).contains(&queue.waits_us()));
        let breathes = |ms: i64| 160 + (ms / 300 % 3) * 10;
        fed(&mut queue, 20_000, 25_000, breathes);
        assert!(queue.waits_us() >= 50_000, "{}", queue.waits_us());
    }

    #[test]
    fn a_longer_path_is_taken_for_what_it_is() {
        let mut queue = QueueDelay::new();
        fed(&mut queue, 0, 1000, |_| 40);
        let standing = fed(&mut queue, 1000, 60_000, |_| 340);
        assert_eq!(standing.len(), usize::from(JUDGEMENTS), "{standing:?}");
        assert_eq!(queue.waits_us(), 0);
    }
}
