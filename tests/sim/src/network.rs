//! One direction of a line: delay, jitter, loss by chance or in bursts, a rate with a drop-tail queue, duplication.
//!
//! ```text
//! push ── steps due ── cut? ── loss ── queue full? ── serialised at the rate ── delay ± jitter ── arrives (once or twice)
//! ```
//!
//! It holds no packets: [`Link::push`] tells when one arrives. The queue is fluid, so that a change of rate stretches or
//! shortens what waits for the packets that come after it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::chance::Chance;

/// Bytes of an IPv4 and a UDP header, which take their share of a line.
pub const UDP_OVERHEAD: usize = 28;
/// Waits a link remembers for its figures; the oldest is forgotten.
const MAX_WAITS: usize = 1 << 20;

/// Loss in bursts: the two-state model of Gilbert and Elliott. Probabilities are for each packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// From the good state into the bad.
    pub begins: f64,
    /// From the bad state into the good.
    pub ends: f64,
    /// Of loss in the bad state.
    pub loss: f64,
}

impl Burst {
    /// Bursts that lose this share of all packets, `length` packets in a row on average.
    pub fn of(share: f64, length: f64) -> Self {
        let ends = 1.0 / length;
        Self { begins: ends * share / (1.0 - share), ends, loss: 1.0 }
    }
}

/// What a direction is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// Propagation.
    pub delay: Duration,
    /// Up to so much more or less, each as likely.
    pub jitter: Duration,
    /// Whether jitter may let one packet overtake another.
    pub may_reorder: bool,
    /// Share of packets lost, each by itself, 0 to 1.
    pub loss: f64,
    /// Loss in bursts, besides.
    pub burst: Option<Burst>,
    /// Bit/s of datagrams with their overhead; 0 lets nothing pass, none is no bound.
    pub rate_bps: Option<u64>,
    /// A packet that would wait longer is dropped.
    pub queue: Duration,
    /// Share of packets that arrive twice, 0 to 1.
    pub duplication: f64,
    /// Bytes that each datagram takes of the rate besides its own.
    pub overhead: usize,
    /// Nothing passes.
    pub is_cut: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            may_reorder: false,
            loss: 0.0,
            burst: None,
            rate_bps: None,
            queue: Duration::from_millis(300),
            duplication: 0.0,
            overhead: UDP_OVERHEAD,
            is_cut: false,
        }
    }
}

impl Conditions {
    /// Nothing but this delay.
    pub fn delayed(delay_ms: u64) -> Self {
        Self { delay: Duration::from_millis(delay_ms), ..Self::default() }
    }
}

/// One thing that changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Propagation.
    Delay(Duration),
    /// Jitter.
    Jitter(Duration),
    /// Whether jitter reorders.
    Reorder(bool),
    /// Share lost by chance.
    Loss(f64),
    /// Loss in bursts.
    Burst(Option<Burst>),
    /// Bit/s.
    Rate(Option<u64>),
    /// Longest wait.
    Queue(Duration),
    /// Share that arrives twice.
    Duplication(f64),
    /// Bytes of overhead.
    Overhead(usize),
    /// Whether the line is cut.
    Cut(bool),
}

/// What became of the packets so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets that were sent.
    pub offered: u64,
    /// Their bytes, without overhead.
    pub offered_bytes: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Dropped by the full queue.
    pub dropped: u64,
    /// Copies that arrive.
    pub delivered: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
}

impl Tally {
    /// Share of the packets that did not arrive, from `before` on.
    pub fn loss_since(&self, before: &Self) -> f64 {
        let gone = self.lost + self.dropped - before.lost - before.dropped;
        gone as f64 / (self.offered - before.offered).max(1) as f64
    }
}

/// One direction of a line.
#[derive(Debug, Clone)]
pub struct Link {
    conditions: Conditions,
    /// What will change when, in order of time.
    plan: VecDeque<(Instant, Change)>,
    chance: Chance,
    is_bad: bool,
    /// When the last byte of what waits has left.
    free_at: Option<Instant>,
    last_arrival: Option<Instant>,
    tally: Tally,
    /// When a packet came, and how long it waited until it had left.
    waits: VecDeque<(Instant, Duration)>,
}

/// When the copies of a packet arrive: none, one or two.
pub type Arrivals = [Option<Instant>; 2];

impl Link {
    /// A link with nothing on it.
    pub fn new(conditions: Conditions, chance: Chance) -> Self {
        Self {
            conditions,
            plan: VecDeque::new(),
            chance,
            is_bad: false,
            free_at: None,
            last_arrival: None,
            tally: Tally::default(),
            waits: VecDeque::new(),
        }
    }

    /// Lets `change` happen at `at`. Steps planned for one time happen in the order they were planned.
    pub fn plan(&mut self, at: Instant, change: Change) {
        let position = self.plan.partition_point(|&(known, _)| known <= at);
        self.plan.insert(position, (at, change));
    }

    /// Changes it now.
    pub fn change(&mut self, now: Instant, change: Change) {
        self.take_steps(now);
        self.apply(now, change);
    }

    /// What it is like at `now`; `now` never goes back.
    pub fn conditions(&mut self, now: Instant) -> &Conditions {
        self.take_steps(now);
        &self.conditions
    }

    /// What became of the packets so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Sends a datagram of `len` bytes at `now` and tells when it arrives. Times never go back.
    pub fn push(&mut self, now: Instant, len: usize) -> Arrivals {
        self.take_steps(now);
        self.tally.offered += 1;
        self.tally.offered_bytes += len as u64;
        // As many draws whatever happens: what a packet meets hangs on its place in the row alone.
        let [turn, loss, burst_loss, jitter, duplication] = std::array::from_fn(|_| self.chance.unit());
        let is_lost = self.is_lost(turn, loss, burst_loss);
        if is_lost || self.conditions.is_cut {
            self.tally.lost += 1;
            return [None; 2];
        }
        let Some(left_at) = self.leave(now, len) else {
            self.tally.dropped += 1;
            return [None; 2];
        };
        let Conditions { delay, jitter: most, may_reorder, .. } = self.conditions;
        let after = (delay.as_secs_f64() + most.as_secs_f64() * (2.0 * jitter - 1.0)).max(0.0);
        let mut arrival = left_at + Duration::from_secs_f64(after);
        if !may_reorder {
            arrival = self.last_arrival.map_or(arrival, |last| last.max(arrival));
        }
        self.last_arrival = Some(arrival);
        let again = (duplication < self.conditions.duplication).then_some(arrival);
        let copies = 1 + u64::from(again.is_some());
        self.tally.delivered += copies;
        self.tally.delivered_bytes += copies * len as u64;
        [Some(arrival), again]
    }

    /// The wait that `share` (0 to 1) of the packets sent from `from` until before `to` did not exceed; none without packets.
    pub fn wait(&self, from: Instant, to: Instant, share: f64) -> Option<Duration> {
        let within = self.waits.iter().filter(|(at, _)| (from..to).contains(at));
        let mut waits: Vec<Duration> = within.map(|&(_, wait)| wait).collect();
        waits.sort_unstable();
        crate::figures::at_share(&waits, share)
    }

    fn is_lost(&mut self, turn: f64, loss: f64, burst_loss: f64) -> bool {
        let Some(burst) = self.conditions.burst else {
            self.is_bad = false;
            return loss < self.conditions.loss;
        };
        if turn < if self.is_bad { burst.ends } else { burst.begins } {
            self.is_bad = !self.is_bad;
        }
        loss < self.conditions.loss || (self.is_bad && burst_loss < burst.loss)
    }

    /// When a packet has left; none if the queue is full.
    fn leave(&mut self, now: Instant, len: usize) -> Option<Instant> {
        let Some(rate) = self.conditions.rate_bps else { return Some(now) };
        if rate == 0 {
            return None;
        }
        let start = self.free_at.map_or(now, |free| free.max(now));
        if start - now > self.conditions.queue {
            return None;
        }
        let bits = (len + self.conditions.overhead) as f64 * 8.0;
        let left_at = start + Duration::from_secs_f64(bits / rate as f64);
        self.free_at = Some(left_at);
        if self.waits.len() == MAX_WAITS {
            self.waits.pop_front();
        }
        self.waits.push_back((now, left_at - now));
        Some(left_at)
    }

    fn take_steps(&mut self, now: Instant) {
        while let Some(&(at, change)) = self.plan.front()
            && at <= now
        {
            self.plan.pop_front();
            self.apply(at, change);
        }
    }

    fn apply(&mut self, at: Instant, change: Change) {
        let conditions = &mut self.conditions;
        match change {
            Change::Delay(delay) => conditions.delay = delay,
            Change::Jitter(jitter) => conditions.jitter = jitter,
            Change::Reorder(may_reorder) => conditions.may_reorder = may_reorder,
            Change::Loss(loss) => conditions.loss = loss,
            Change::Burst(burst) => conditions.burst = burst,
            Change::Rate(rate) => self.change_rate(at, rate),
            Change::Queue(queue) => conditions.queue = queue,
            Change::Duplication(duplication) => conditions.duplication = duplication,
            Change::Overhead(overhead) => conditions.overhead = overhead,
            Change::Cut(is_cut) => conditions.is_cut = is_cut,
        }
    }

    /// As many bits wait as before, but they leave at another rate.
    fn change_rate(&mut self, at: Instant, rate: Option<u64>) {
        let before = std::mem::replace(&mut self.conditions.rate_bps, rate);
        let waiting = self.free_at.map_or(Duration::ZERO, |free| free.saturating_duration_since(at));
        self.free_at = match (before, rate) {
            (Some(before), Some(rate)) if rate > 0 => Some(at + waiting.mul_f64(before as f64 / rate as f64)),
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::some_instant;

    fn link(conditions: Conditions, seed: u64) -> (Link, Instant) {
        (Link::new(conditions, Chance::new(seed)), some_instant())
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn delay_and_jitter_are_what_was_asked_and_keep_the_order() {
        let conditions = Conditions { jitter: ms(20), ..Conditions::delayed(50) };
        let (mut link, start) = link(conditions, 3);
        let mut last = start;
        let mut sum = 0.0;
        for i in 0..10_000 {
            let now = start + ms(10 * i);
            let arrival = link.push(now, 100)[0].unwrap();
            assert!(arrival >= last && arrival - now >= ms(30) && arrival - now <= ms(80), "{:?}", arrival - now);
            last = arrival;
            sum += (arrival - now).as_secs_f64();
        }
        // Order makes some wait for those before them.
        assert!((0.050..0.056).contains(&(sum / 10_000.0)), "{sum}");
    }

    #[test]
    fn jitter_reorders_only_where_it_may() {
        let conditions = Conditions { jitter: ms(20), may_reorder: true, ..Conditions::delayed(50) };
        let (mut link, start) = link(conditions, 3);
        let arrivals: Vec<Instant> = (0..1000).filter_map(|i| link.push(start + ms(i), 100)[0]).collect();
        let overtaken = arrivals.windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!(overtaken > 300, "{overtaken}");
    }

    #[test]
    fn chance_loses_its_share() {
        for share in [0.05, 0.3] {
            let (mut link, start) = link(Conditions { loss: share, ..Conditions::default() }, 11);
            (0..100_000).for_each(|i| {
                link.push(start + ms(i), 100);
            });
            let loss = link.tally().loss_since(&Tally::default());
            assert!((loss - share).abs() < 0.005, "{loss} for {share}");
        }
    }

    #[test]
    fn bursts_lose_their_share_in_runs_of_their_length() {
        for (share, length) in [(0.1, 4.0), (0.2, 8.0)] {
            let burst = Some(Burst::of(share, length));
            let (mut link, start) = link(Conditions { burst, ..Conditions::default() }, 5);
            let gone: Vec<bool> = (0..200_000).map(|i| link.push(start + ms(i), 100)[0].is_none()).collect();
            let lost = gone.iter().filter(|&&gone| gone).count() as f64;
            let runs = gone.windows(2).filter(|pair| pair[0] && !pair[1]).count() as f64;
            assert!((lost / 200_000.0 - share).abs() < 0.01, "{lost}");
            assert!((lost / runs / length - 1.0).abs() < 0.1, "{} for {length}", lost / runs);
        }
    }

    #[test]
    fn a_rate_lets_through_what_it_says_and_the_queue_drops_the_rest() {
        let conditions = Conditions { rate_bps: Some(500_000), queue: ms(200), ..Conditions::default() };
        let (mut link, start) = link(conditions, 1);
        // Twice as much as it carries, for 20 s.
        let bytes = 972;
        let mut last = start;
        for i in 0..2500 {
            last = link.push(start + ms(8 * i), bytes)[0].unwrap_or(last);
        }
        let carried = (link.tally().delivered * 8 * (bytes as u64 + 28)) as f64 / (last - start).as_secs_f64();
        assert!((carried / 500_000.0 - 1.0).abs() < 0.01, "{carried}");
        assert!((link.tally().loss_since(&Tally::default()) - 0.5).abs() < 0.02);
        let p95 = link.wait(start, last, 0.95).unwrap();
        assert!((ms(190)..ms(220)).contains(&p95), "{p95:?}");
    }

    #[test]
    fn what_waits_takes_longer_when_the_rate_falls() {
        let conditions = Conditions { rate_bps: Some(1_000_000), queue: ms(500), ..Conditions::default() };
        let (mut link, start) = link(conditions, 1);
        link.plan(start + ms(10), Change::Rate(Some(100_000)));
        // 20 ms worth of bits; half of it has left when the rate falls to a tenth.
        assert_eq!(link.push(start, 2472)[0], Some(start + ms(20)));
        let arrival = link.push(start + ms(10), 97)[0].unwrap();
        assert_eq!(arrival - start, ms(10) + ms(100) + ms(10));
        link.change(start + ms(10), Change::Rate(None));
        assert_eq!(link.push(start + ms(10), 100)[0], Some(arrival), "order is kept");
        link.change(start + ms(400), Change::Rate(Some(0)));
        assert_eq!(link.push(start + ms(500), 100), [None; 2]);
    }

    #[test]
    fn a_cut_lets_nothing_through_until_it_ends() {
        let (mut link, start) = link(Conditions::default(), 1);
        link.plan(start + ms(100), Change::Cut(true));
        link.plan(start + ms(200), Change::Cut(false));
        let through = [0, 99, 100, 199, 200].map(|at| link.push(start + ms(at), 100)[0].is_some());
        assert_eq!(through, [true, true, false, false, true]);
        assert_eq!(link.tally().lost, 2);
    }

    #[test]
    fn some_arrive_twice() {
        let (mut link, start) = link(Conditions { duplication: 0.1, ..Conditions::default() }, 9);
        let twice = (0..10_000).filter(|&i| link.push(start + ms(i), 100)[1].is_some()).count();
        assert!((900..1100).contains(&twice), "{twice}");
        assert_eq!(link.tally().delivered, 10_000 + twice as u64);
    }

    #[test]
    fn a_packet_meets_the_same_chance_whatever_else_the_line_does() {
        let lossy = Conditions { loss: 0.2, ..Conditions::default() };
        let (mut plain, start) = link(lossy, 4);
        let (mut other, _) = link(Conditions { jitter: ms(5), duplication: 0.5, ..lossy }, 4);
        for i in 0..1000 {
            let now = start + ms(10 * i);
            assert_eq!(plain.push(now, 100)[0].is_some(), other.push(now, 100)[0].is_some(), "packet {i}");
        }
    }
}
