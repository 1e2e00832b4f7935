//! How much one receiver's line carries: Google congestion control, after Carlucci et al. 2016 ("Analysis and Design of the
//! Google Congestion Control for Web Real-time Communication"), draft-ietf-rmcat-gcc-02 and libwebrtc's published behaviour.
//!
//! ```text
//! sent ──► history ──► groups ──► trendline ──► aimd ──┐
//! feedback ──┘  ├────► acked ───────────────────┘      ├─► the least is the estimate
//!               ├────► queue (what stands) ─────┘      │
//!               ├────► loss ───────────────────────────┘
//!               └────► probe ──► raises both
//! ```
//!
//! Times inside are µs since the estimator began; rates bit/s.

mod acked;
mod aimd;
mod clock;
mod groups;
mod history;
mod loss;
mod probe;
mod queue;
mod silence;
mod trendline;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use crate::{
    limits::{MAX_ON_THE_WAY, ON_THE_WAY_ACKED, ON_THE_WAY_PERCENT, TWCC_INTERVAL},
    rtcp::TransportWide,
};
use acked::AckedRate;
use aimd::{Aimd, Signals};
use clock::{ArrivalClock, ticks_us};
use groups::Groups;
use history::History;
use loss::{LossBound, Verdict};
use probe::{Prober, Situation};
use queue::{Least, QueueDelay, Still};
use silence::Silence;
use trendline::Trendline;

pub use probe::{ClusterId, Probe};

/// The least that is ever estimated, in bit/s: below it a voice has no room.
pub const MIN_BPS: u64 = 20_000;
/// The most that is ever estimated, in bit/s.
pub const MAX_BPS: u64 = 50_000_000;
/// What is estimated before anything is known, in bit/s.
pub const START_BPS: u64 = 300_000;

/// Below this share of the estimate, the application sends less than it may.
const APP_LIMITED: f64 = 0.65;
/// What is left of the estimate at each step of a silence.
const SILENT_SHARE: f64 = 0.8;
/// A queue from this on, in µs, makes a loss the line's and not the radio's.
const LOSS_QUEUE_US: i64 = 50_000;
/// From such a queue on, in µs, what arrives is what the line carries.
const LONG_QUEUE_US: i64 = 100_000;
/// The least round trip is remembered for one to two of these, in µs.
const LEAST_RTT_US: i64 = 5_000_000;
/// Lost reports in a row whose packets are taken to have arrived: the next one shows that the line carries.
const MOST_LOST_REPORTS: u8 = 2;

/// Whether more is sent than the line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// No queue grows or drains.
    Normal,
    /// A queue grows, or stands.
    Over,
    /// A queue drains.
    Under,
}

/// What a report is worth.
enum Worth {
    Fresh { newest_us: i64 },
    Known,
    Impossible,
}

/// The estimator of one receiver's line. 1.4 KiB, and 16 KiB more from the first packet on.
#[derive(Debug)]
pub struct Estimator {
    origin: Instant,
    history: History,
    clock: ArrivalClock,
    groups: Groups,
    trendline: Trendline,
    acked: AckedRate,
    queue: QueueDelay,
    aimd: Aimd,
    loss: LossBound,
    prober: Prober,
    silence: Silence,
    usage: Usage,
    rtt_us: Option<i64>,
    least_rtt: Least,
    still_rtt: Still,
    want_bps: u64,
    feedback_count: Option<u8>,
    /// Highest extended number told of.
    told: Option<u64>,
    /// Whether the estimate comes from what was seen.
    is_proven: bool,
    /// The limit the last probe found, in bit/s.
    limit: Option<f64>,
    /// Whether the last arrival was a probe's: its queue is none of the media's.
    after_probe: bool,
}

impl Estimator {
    /// An estimator that knows nothing yet; [`START_BPS`] until it does.
    pub fn new(now: Instant) -> Self {
        Self {
            origin: now,
            history: History::default(),
            clock: ArrivalClock::default(),
            groups: Groups::default(),
            trendline: Trendline::new(),
            acked: AckedRate::default(),
            queue: QueueDelay::new(),
            aimd: Aimd::new(0, START_BPS as f64),
            loss: LossBound::default(),
            prober: Prober::new(0),
            silence: Silence::default(),
            usage: Usage::Normal,
            rtt_us: None,
            least_rtt: Least::new(LEAST_RTT_US),
            still_rtt: Still::default(),
            want_bps: 0,
            feedback_count: None,
            told: None,
            is_proven: false,
            limit: None,
            after_probe: false,
        }
    }

    fn us(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.origin);
        since.as_secs() as i64 * 1_000_000 + i64::from(since.subsec_micros())
    }

    /// Notes a packet that leaves: its transport-wide number, one after the other; its size on the wire in bytes; and the
    /// probe it belongs to. Constant time, and no allocation after the first.
    pub fn sent(&mut self, now: Instant, number: u16, bytes: u16, probe: Option<ClusterId>) {
        let now_us = self.us(now);
        let cluster = self.prober.belongs(probe, bytes);
        let Some(index) = self.history.sent(now_us, number, bytes, cluster) else { return };
        if cluster.is_some() {
            self.prober.left(index);
        }
        self.silence.sent(now_us);
    }

    /// Takes in a report of the receiver. One that was heard before, or that cannot be true, changes nothing. Whether it ends a
    /// silence in which something was lost.
    pub fn handle_feedback(&mut self, now: Instant, feedback: &TransportWide<'_>) -> bool {
        let now_us = self.us(now);
        let Some(limit) = self.history.sent_from(feedback.base) else { return false };
        let reference_us = self.clock.reference_us(now_us, feedback.reference);
        let newest_us = match self.weigh(now_us, reference_us, limit, feedback) {
            Worth::Fresh { newest_us } => newest_us,
            Worth::Known => return false,
            Worth::Impossible => {
                if self.clock.doubted() {
                    self.forget_path();
                }
                return false;
            }
        };
        self.clock.heard(now_us, newest_us);
        let lost_reports = self.feedback_count.map(|last| feedback.feedback_count.wrapping_sub(last).wrapping_sub(1));
        self.feedback_count = Some(feedback.feedback_count);
        let unreported = self.history.passed_over(feedback.base);
        if lost_reports.is_some_and(|lost| (1..=MOST_LOST_REPORTS).contains(&lost)) && !self.silence.lasts() {
            self.acked.arrived(newest_us, unreported);
        }
        let lost = self.take_in(now_us, reference_us, limit, feedback);
        let ends_silence = self.silence.heard(now_us, self.history.in_flight() > 0);
        if ends_silence {
            // What was lost meanwhile tells of the cut and not of the line.
            self.forget_path();
            self.loss.restart(now_us);
            self.aimd.forget_capacity();
            self.prober.restart(now_us);
        }
        self.react(now_us);
        ends_silence && (lost || unreported > 0)
    }

    /// Reads a report without taking it in.
    fn weigh(&self, now_us: i64, reference_us: i64, limit: usize, feedback: &TransportWide<'_>) -> Worth {
        let (mut newest_us, mut impossible) = (None, false);
        for (number, ticks) in feedback.statuses(limit) {
            let Some((ticks, sent_us)) = ticks.zip(self.history.sent_at(now_us, number)) else { continue };
            let arrival_us = reference_us + ticks_us(ticks);
            if self.clock.can_be(now_us, sent_us, arrival_us) {
                newest_us = newest_us.max(Some(arrival_us));
            } else {
                impossible = true;
            }
        }
        match newest_us {
            Some(newest_us) => Worth::Fresh { newest_us },
            None if impossible => Worth::Impossible,
            None => Worth::Known,
        }
    }

    /// Takes in a report. Whether it tells of anything missing.
    fn take_in(&mut self, now_us: i64, reference_us: i64, limit: usize, feedback: &TransportWide<'_>) -> bool {
        let (mut newest_us, mut least_delay_us, mut lost) = (i64::MIN, i64::MAX, false);
        for (number, ticks) in feedback.statuses(limit) {
            let Some(sent_us) = self.history.sent_at(now_us, number) else { continue };
            let arrival_us = ticks.map(|ticks| reference_us + ticks_us(ticks));
            if arrival_us.is_some_and(|arrival_us| !self.clock.can_be(now_us, sent_us, arrival_us)) {
                continue;
            }
            let Some(told) = self.history.told(now_us, number, arrival_us.is_some()) else { continue };
            self.told = self.told.max(Some(told.index));
            let Some(arrival_us) = arrival_us else {
                self.loss.told(told.sent_us, true);
                lost = true;
                continue;
            };
            if told.was_missing {
                self.loss.turned_up();
            } else {
                self.loss.told(told.sent_us, false);
            }
            newest_us = newest_us.max(arrival_us);
            least_delay_us = least_delay_us.min(arrival_us - told.sent_us);
            self.arrived(&told, arrival_us);
        }
        if newest_us > i64::MIN {
            // The way there, and from the newest arrival, on which the report was sent, back to here.
            let back_us = now_us - newest_us;
            let rtt_us = (back_us + least_delay_us).max(0);
            self.least_rtt.update(now_us, rtt_us);
            // A way that became longer is known before the shorter one is forgotten.
            if let Some(still_us) = self.still_rtt.arrived(now_us, rtt_us)
                && self.queue.has_drained()
            {
                self.least_rtt.restart(now_us, still_us);
            }
            self.rtt_us = Some(self.rtt_us.map_or(rtt_us, |rtt| rtt + (rtt_us - rtt) / 4));
        }
        lost
    }

    fn arrived(&mut self, told: &history::Told, arrival_us: i64) {
        self.acked.arrived(arrival_us, usize::from(told.bytes));
        self.queue.arrived(arrival_us, arrival_us - told.sent_us);
        if let Some(cluster) = told.cluster {
            self.prober.arrived(cluster, told.sent_us, arrival_us, told.bytes);
            self.after_probe = true;
            return;
        }
        if std::mem::take(&mut self.after_probe) {
            self.groups.restart();
        }
        if let Some(deltas) = self.groups.arrived(told.sent_us, arrival_us) {
            self.trendline.update(&deltas);
        }
    }

    /// Moves the estimate by what is known now.
    fn react(&mut self, now_us: i64) {
        let before = self.bps();
        let (acked, queue_us) = (self.acked.bps(), self.queue.waits_us());
        self.usage = self.trendline.usage();
        if self.usage == Usage::Over && (self.queue.has_drained() || self.queue.catches_up()) {
            self.usage = Usage::Under;
        }
        if self.queue.is_standing(now_us) || self.queue.has_leapt() {
            self.usage = Usage::Over;
        }
        if let Some(Verdict::Excess(share)) = self.loss.judge(now_us, self.aimd.bps()) {
            if queue_us >= LOSS_QUEUE_US {
                self.usage = Usage::Over;
            } else {
                self.loss.bind(now_us, share, before, acked);
            }
        }
        let signals = Signals {
            now_us,
            usage: self.usage,
            acked,
            carried: self.carried_bps(),
            rtt_us: self.rtt_us,
            queue_us,
            limit: self.limit,
        };
        if self.aimd.update(&signals) {
            self.loss.restart(now_us);
        }
        if self.bps() < before {
            self.is_proven = true;
            self.prober.lowered(now_us, before, self.bps());
        }
        self.judge_probe(now_us);
    }

    /// What the line carries if it is full: what arrives in half a second, or just now. What has begun to flow has not filled half
    /// a second yet; where a queue is long, what arrived before it was.
    fn carried_bps(&self) -> Option<f64> {
        let (acked, newest) = (self.acked.bps()?, self.acked.newest_bps().unwrap_or(0.0));
        let is_long = self.queue.newest_us() >= LONG_QUEUE_US && newest > 0.0;
        Some(if is_long { newest } else { acked.max(newest) })
    }

    fn judge_probe(&mut self, now_us: i64) {
        let Some(proof) = self.prober.judge(now_us, self.told) else { return };
        let estimate = self.bps();
        let limit_before = std::mem::replace(&mut self.limit, proof.is_limit.then_some(proof.bps));
        if proof.bps > estimate && self.usage != Usage::Over {
            self.loss.lift(proof.bps);
            if proof.bps > self.aimd.bps() {
                self.aimd.set(now_us, proof.bps);
            }
            // What is not sent cannot show that it is not there.
            self.prober.raised(now_us, proof.bps.min((self.want_bps as f64).max(estimate)));
            self.is_proven = true;
        } else if proof.is_limit {
            // Two in a row find less than is estimated, or one does while the estimate is a guess: so it is. But what
            // arrives is carried.
            let again = if self.is_proven { limit_before } else { Some(0.0) };
            let Some(before) = again else { return };
            let acked = self.acked.bps().unwrap_or(0.0);
            self.aimd.set(now_us, estimate.min(proof.bps.max(before).max(acked)));
            self.is_proven = true;
        }
    }

    /// Whether the last probe filled the line.
    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Whether so much is on the way that what leaves now would wait for long: more than the line carries in a round trip, the
    /// time between two reports, and what `limits::MAX_ON_THE_WAY` and `limits::ON_THE_WAY_PERCENT` allow beside. Known at once,
    /// unlike the wait that reports tell of.
    pub fn is_congested(&self) -> bool {
        !self.relief_in().is_zero()
    }

    /// Time in which that is over if nothing more leaves.
    pub fn relief_in(&self) -> Duration {
        let Some(rtt_us) = self.least_rtt.value() else { return Duration::ZERO };
        let beside_us = (MAX_ON_THE_WAY.as_micros() as i64).max(rtt_us * ON_THE_WAY_PERCENT / 100);
        let window_us = rtt_us + TWCC_INTERVAL.as_micros() as i64 + beside_us;
        let carried_us = self.history.in_flight() as f64 * 8e6 / self.bps().max(1.0);
        // Of a line that is much better than what is sent needs, no more is known than what arrived.
        let known = self.acked.bps().map_or(1.0, |acked| acked * ON_THE_WAY_ACKED / self.bps().max(1.0));
        Duration::from_micros((carried_us - window_us as f64 * known.min(1.0)).max(0.0) as u64)
    }

    /// Forgets what depends on a path that may be another now.
    fn forget_path(&mut self) {
        self.groups.restart();
        self.trendline.restart();
        self.queue = QueueDelay::new();
        self.least_rtt = Least::new(LEAST_RTT_US);
        self.acked = AckedRate::default();
    }

    /// Lets time pass; to be called every 20 to 100 ms.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now_us = self.us(now);
        self.history.expire(now_us);
        if self.history.in_flight() == 0 {
            self.silence.none_on_the_way();
        }
        if self.silence.steps(now_us, self.rtt_us) {
            self.aimd.set(now_us, SILENT_SHARE * self.bps());
        }
        self.judge_probe(now_us);
    }

    /// Says what the receiver could use in all, in bit/s: no probe goes much beyond it. Zero for nothing more.
    pub fn want(&mut self, bps: u64) {
        self.want_bps = bps;
    }

    /// A burst to be sent now, if it is time for one. The next is decided on when its fate is known, so a caller that
    /// has nothing to send it with loses two seconds and no more.
    pub fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        if self.silence.lasts() {
            return None;
        }
        self.prober.poll(&Situation {
            now_us: self.us(now),
            estimate: self.bps(),
            want: self.want_bps.min(MAX_BPS) as f64,
            acked: self.acked.bps(),
            usage: self.usage,
            queue_us: self.queue.waits_us(),
        })
    }

    fn bps(&self) -> f64 {
        let bound = self.loss.bps().unwrap_or(f64::INFINITY);
        self.aimd.bps().min(bound).clamp(MIN_BPS as f64, MAX_BPS as f64)
    }

    /// What the line carries, in bit/s, between [`MIN_BPS`] and [`MAX_BPS`].
    pub fn estimate_bps(&self) -> u64 {
        self.bps() as u64
    }

    /// Whether the estimate comes from what was seen, and is no guess.
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Whether more is sent than the line carries.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Share of packets lost over the last seconds, from 0 to 1.
    pub fn loss(&self) -> f64 {
        self.loss.fraction()
    }

    /// The round trip, with what packets wait on the way and without what reports wait for each other.
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt_us.map(|us| Duration::from_micros(us.unsigned_abs()))
    }

    /// The round trip when nothing waits on the way.
    pub fn least_rtt(&self) -> Option<Duration> {
        self.least_rtt.value().map(|us| Duration::from_micros(us.unsigned_abs()))
    }

    /// How long the latest packets waited: sooner known than the other, and less sure.
    pub fn newest_delay(&self) -> Duration {
        Duration::from_micros(self.queue.newest_us().unsigned_abs())
    }

    /// How long packets wait on the way, over the least delay seen lately.
    pub fn queue_delay(&self) -> Duration {
        Duration::from_micros(self.queue.waits_us().unsigned_abs())
    }

    /// The rate that arrives, in bit/s.
    pub fn acked_bps(&self) -> Option<u64> {
        self.acked.bps().map(|bps| bps as u64)
    }

    /// Bytes sent of which nothing is told yet.
    pub fn in_flight(&self) -> usize {
        self.history.in_flight()
    }

    /// Bytes it takes in memory.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.history.allocated()
    }
}
