//! What is known of a receiver's line, and what follows from it.

use std::time::{Duration, Instant};

use super::{SentBytes, Subscriber, UNKNOWN_BPS};
use crate::{
    allocation::Part,
    bandwidth::Estimator,
    limits::{CALM_HOLD_PERCENT, CLIMB_PERCENT, HOLD_PERCENT, STEADY_CLIMB_PERCENT},
    line_figures::LineFigures,
    numbering::Probing,
    pacer::Pacer,
};

/// What every line is taken to carry, in bit/s: a voice.
const LEAST_BPS: u64 = 24_000;
/// Share of what it was, in percent, to which an estimate has to fall, or rise, for what is given to be worked out anew.
const FALLEN_PERCENT: u64 = 97;
const RISEN_PERCENT: u64 = 105;
/// A line is steady whose estimate has not moved by so much for so long.
const STEADY_FOR: Duration = Duration::from_secs(4);
/// Share of what is needed, in percent, from which on a line is so good that nothing depends on how good.
const SLOW_FROM_PERCENT: u64 = 220;
/// Share of what is needed, in percent, from which on a line is good enough, beside what is lost; and time between two trials
/// whether it is better.
const ENOUGH_PERCENT: u64 = 112;
const TRIAL_INTERVAL: Duration = Duration::from_secs(20);
/// Share lost from which on a line is lossy.
const LOSSY_SHARE: f64 = 0.02;
/// Seconds of that which make a line lossy, and the most that are counted.
const LOSSY_SECONDS: u8 = 3;
const MOST_LOSSY_SECONDS: u8 = 15;
/// Time for which it then is, where nothing else is known of it.
const LOSSY_FOR: Duration = Duration::from_secs(20);
/// A receiver is strained whose pictures wait so long for their turn; courseware has more time.
const STRAINED_FROM: Duration = Duration::from_millis(400);
const STRAINED_COURSEWARE_FROM: Duration = Duration::from_millis(1500);
/// Time in which a key frame comes that is asked for: a round trip to the publisher, and the work of its encoder.
const KEY_FRAME_TIME: Duration = Duration::from_millis(100);
/// Waiting for less than this on the way, packets meet a calm line.
const CALM_BELOW: Duration = Duration::from_millis(120);
/// What is given may be so much of what leaves, in percent, for a key frame to catch up; and the wait on the way from which on no
/// more leaves than is estimated.
const PACED_PERCENT: u64 = 108;
const DRAINS_FROM: Duration = Duration::from_millis(100);

/// Whether an estimate is another than it was.
fn has_moved(bps: u64, then: u64) -> bool {
    bps * 100 < then * FALLEN_PERCENT || bps * 100 > then * RISEN_PERCENT
}

impl Subscriber {
    /// What its line carries, in bit/s, as far as is known.
    pub(crate) fn estimate_bps(&self) -> u64 {
        self.estimate_bps
    }

    /// Its round trip when nothing waits on the way.
    pub(crate) fn least_rtt(&self) -> Option<Duration> {
        self.numbering.estimator.as_ref()?.least_rtt()
    }

    /// What is known of its line.
    pub(crate) fn line_figures(&self, now: Instant) -> LineFigures {
        let estimator = self.numbering.estimator.as_deref();
        LineFigures {
            estimate_bps: Some(self.known_bps(now).0).filter(|&bps| bps < UNKNOWN_BPS),
            needs_bps: self.needs_bps,
            given_bps: self.given_bps,
            sent_bps: self.sent.bps,
            rtt: estimator.and_then(|estimator| estimator.rtt()),
            queue: estimator.map_or(Duration::ZERO, |estimator| estimator.queue_delay()),
            loss: estimator.map_or(0.0, |estimator| estimator.loss()),
        }
    }

    /// Works out anew what its line carries.
    pub(crate) fn estimate(&mut self, now: Instant) -> u64 {
        self.estimate_bps = self.known_bps(now).0;
        self.note_steadiness(now);
        self.was_steady = self.is_steady(now);
        let may_need = |bps: u64, percent: u64| bps.saturating_mul(100 + percent);
        let before = may_need(self.allotted_bps, self.held_percent);
        self.allotted_bps = self.estimate_bps;
        self.held_percent = self.hold_percent();
        self.has_fallen = may_need(self.allotted_bps, self.held_percent) < before / 100 * FALLEN_PERCENT;
        self.was_lossy = self.is_lossy(now);
        self.estimate_bps
    }

    fn note_steadiness(&mut self, now: Instant) {
        if has_moved(self.known_bps(now).0, self.steady_bps) {
            (self.steady_bps, self.steady_since) = (self.known_bps(now).0, now);
        }
    }

    fn is_steady(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.steady_since) >= STEADY_FOR && !self.is_lossy(now)
    }

    /// Room to spare, in percent, before it is given more than it has.
    pub(crate) fn climb_percent(&self) -> u64 {
        let usual = if self.was_steady { STEADY_CLIMB_PERCENT } else { CLIMB_PERCENT };
        usual + self.lost_percent() + self.caution.percent()
    }

    /// What is lost, in percent, is sent again.
    fn lost_percent(&self) -> u64 {
        self.numbering.estimator.as_ref().map_or(0, |estimator| (estimator.loss() * 100.0) as u64)
    }

    /// Notes how many ways up each picture is given now, and was before.
    pub(crate) fn note_levels(&mut self, now: Instant, levels: impl Iterator<Item = (usize, usize)> + Clone) {
        // Somebody else may have been called on: only a line that is thought to carry less has shown that it was too much.
        if self.has_fallen && levels.clone().any(|(level, before)| level < before) {
            self.caution.less(now);
        }
        if levels.clone().any(|(level, before)| level > before) {
            self.caution.more(now);
        }
    }

    /// How much more than its line is estimated to carry it may keep, in percent: less where its pictures wait, here or on the
    /// way.
    pub(crate) fn hold_percent(&self) -> u64 {
        let is_calm = |estimator: &Estimator| estimator.newest_delay().max(estimator.queue_delay()) < CALM_BELOW;
        match &self.numbering.estimator {
            _ if self.is_strained() => 0,
            Some(estimator) if is_calm(estimator) => CALM_HOLD_PERCENT,
            _ => HOLD_PERCENT,
        }
    }

    fn is_strained(&self) -> bool {
        let Some(pacer) = &self.pacer else { return false };
        let mut moving = self.lines.iter().enumerate().filter(|(_, line)| !line.spec.audio && !line.sends_stills());
        let from = |part| if part == Part::Courseware { STRAINED_COURSEWARE_FROM } else { STRAINED_FROM };
        moving.any(|(at, line)| pacer.wait(at, 0) >= from(line.part))
    }

    /// Paces its pictures by what its line carries: by what it is given, where that is a little more and nothing waits on the way.
    fn set_pace(&mut self, now: Instant) {
        let bps = self.known_bps(now).1;
        let mut most = bps;
        if let Some(estimator) = &self.numbering.estimator {
            self.pacer.get_or_insert_with(|| Box::new(Pacer::new(now)));
            if estimator.newest_delay().min(estimator.queue_delay()) < DRAINS_FROM {
                most = most.max((self.given_bps * PACED_PERCENT / 100).min(bps * (100 + CALM_HOLD_PERCENT) / 100));
            }
        }
        if let Some(pacer) = &mut self.pacer {
            pacer.set_rate(bps, most, self.voices_bps);
        }
    }

    /// What it is sent, in bit/s, for telling whether it is to be paced: also what it is given from now on, where its line is known to
    /// end somewhere.
    pub(super) fn paced_bps(&self) -> u64 {
        let is_limited = self.numbering.estimator.as_ref().is_some_and(|estimator| estimator.is_limited());
        self.sent.bps.max(if is_limited { self.given_bps } else { 0 })
    }

    /// The same; without a bound as long as that is a guess.
    pub(crate) fn proven_bps(&self) -> u64 {
        let is_guess = self.numbering.estimator.as_ref().is_some_and(|estimator| !estimator.is_proven());
        if is_guess { UNKNOWN_BPS } else { self.estimate_bps }
    }

    /// Whether much of what it is sent has been lost lately.
    pub(crate) fn is_lossy(&self, now: Instant) -> bool {
        match &self.numbering.estimator {
            Some(estimator) if estimator.rtt().is_some() => self.lossy_seconds >= LOSSY_SECONDS,
            _ => self.lost.is_some_and(|at| now.saturating_duration_since(at) < LOSSY_FOR),
        }
    }

    /// Notes what it could use, were its line good enough, and what of that it is given as voices and as pictures, in bit/s.
    pub(crate) fn note_needs(&mut self, now: Instant, bps: u64, (voices, pictures): (u64, u64)) {
        (self.needs_bps, self.given_bps, self.voices_bps) = (bps, voices + pictures, voices);
        self.set_pace(now);
        let enough = bps * (ENOUGH_PERCENT + self.lost_percent()) / 100;
        let Some(estimator) = &mut self.numbering.estimator else { return };
        // A line that is much better takes no pacing. Whether it is is tried now and then, for the trial is a burst.
        let is_tried = estimator.estimate_bps() >= enough && now >= self.next_trial;
        if is_tried {
            self.next_trial = now + TRIAL_INTERVAL;
        }
        estimator.want(if is_tried { bps * SLOW_FROM_PERCENT / 100 } else { enough });
    }

    /// Looks after its estimator. Whether what it is given is to be worked out anew.
    pub(crate) fn estimate_timeout(&mut self, now: Instant) -> bool {
        let was_careful = self.caution.percent();
        self.caution.pass(now);
        let is_other = self.is_lossy(now) != self.was_lossy || self.caution.percent() != was_careful;
        let Some(estimator) = &mut self.numbering.estimator else { return is_other };
        estimator.handle_timeout(now);
        if self.probing.is_none() {
            self.probing = estimator.poll_probe(now).map(|probe| Probing::new(probe, now));
        }
        self.set_pace(now);
        self.note_steadiness(now);
        let is_other = is_other || self.is_steady(now) != self.was_steady;
        // It may keep less than it could, or more, of what it has beyond its estimate.
        let keeps_other = self.given_bps > self.allotted_bps && self.hold_percent() != self.held_percent;
        is_other || keeps_other || self.has_moved(now)
    }

    /// Whether its line carries so much less, or more where more is of use, than when it was last allotted.
    pub(crate) fn has_moved(&self, now: Instant) -> bool {
        let (bps, then) = (self.known_bps(now).0, self.allotted_bps);
        let enough = self.needs_bps * SLOW_FROM_PERCENT / 100;
        let has_enough = then >= enough && bps >= enough;
        !has_enough && has_moved(bps, then)
    }

    /// Looks whether too much is on the way to it. Whether that is over now.
    pub(crate) fn has_relief(&mut self) -> bool {
        let is_congested = self.numbering.estimator.as_ref().is_some_and(|estimator| estimator.is_congested());
        if let Some(pacer) = &mut self.pacer {
            pacer.hold(is_congested);
        }
        std::mem::replace(&mut self.is_congested, is_congested) && !is_congested
    }

    /// Whether that is over so soon that a key frame asked for now comes in time; `true` once as long as it is soon.
    pub(crate) fn has_relief_soon(&mut self) -> bool {
        let is_soon = |estimator: &Estimator| estimator.relief_in() <= KEY_FRAME_TIME;
        let estimator = self.numbering.estimator.as_deref().filter(|_| self.is_congested);
        let is_soon = estimator.is_some_and(is_soon);
        !std::mem::replace(&mut self.was_relief_soon, is_soon) && is_soon
    }

    /// What its line carries, in bit/s: for choosing what it is given, and for pacing that.
    fn known_bps(&self, now: Instant) -> (u64, u64) {
        let (to_give, to_pace) = match (&self.numbering.estimator, self.told) {
            (Some(estimator), _) => (estimator.estimate_bps(), estimator.estimate_bps()),
            (None, Some(told)) => (told.budget_bps(now), told.bps()),
            (None, None) => (UNKNOWN_BPS, UNKNOWN_BPS),
        };
        (to_give.clamp(LEAST_BPS, UNKNOWN_BPS), to_pace)
    }

    /// Works out what it is sent, from what was sent since the last call.
    pub(crate) fn measure(&mut self, now: Instant) {
        let is_lossy = self.numbering.estimator.as_ref().is_some_and(|estimator| estimator.loss() >= LOSSY_SHARE);
        self.lossy_seconds = if is_lossy {
            (self.lossy_seconds + 1).min(MOST_LOSSY_SECONDS)
        } else {
            self.lossy_seconds.saturating_sub(1)
        };
        let elapsed = now.saturating_duration_since(self.sent.since).as_millis().max(1) as u64;
        self.sent = SentBytes { bytes: 0, since: now, bps: self.sent.bytes * 8000 / elapsed };
    }
}
