//! What of a lesson each receiver is given, by what its line carries and its screen shows.

use std::time::{Duration, Instant};

use slab::Slab;

use super::Shard;
use crate::{
    allocation::{Budget, Demand, Pace, Part, Rung, allocate_steadily},
    command::Shown,
    fanout::{Fanout, FanoutRef, LineRef},
    layers::Layers,
    limits::{HOLD_PERCENT, MAX_LAYERS, MAX_MEDIA_LINES, STILL_INTERVAL},
    line::Line,
    playout_delay::PlayoutDelay,
    subscriber::longest_wait,
};

/// What a picture's layers are taken to need until they are measured, in bit/s, and what a picture does that has no layers.
const NOMINAL_BPS: [u64; MAX_LAYERS] = [200_000, 600_000, 1_600_000];
const NOMINAL_WHOLE_BPS: u64 = 500_000;
/// The same of a still, in bytes.
const NOMINAL_STILL: usize = 60_000;
/// What a voice is taken to need until it is measured.
const NOMINAL_VOICE_BPS: u64 = 50_000;
/// Time in which a key frame has to leave for a picture that moves.
const BEGINS_WITHIN: Duration = Duration::from_millis(750);
/// Below this a line is given the thinnest voice there is.
const THIN_VOICE_BELOW_BPS: u64 = 250_000;
/// A picture is large enough for a place on the screen that is larger by so much, in percent of its height or width.
const ENLARGED_PERCENT: u32 = 130;

/// Below these a voice does not repeat itself, where much is lost and where little is: the line is needed for other things.
const REDUNDANCY_LOSSY_FROM_BPS: u64 = 120_000;
const REDUNDANCY_FROM_BPS: u64 = 500_000;
/// A voice that needs more than this is music.
const RICH_VOICE_BPS: u64 = 80_000;
/// Least time that pictures are kept before they are shown: as receivers like it, and at least and at most where much is lost.
/// Voices wait for their pictures.
const USUAL_DELAY: Duration = Duration::from_millis(10);
const LOSSY_DELAY: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1000));
/// Steps of that: it is told anew for each.
const DELAY_STEP: Duration = Duration::from_millis(100);
/// Greatest time.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// Which earlier packets a voice repeats: the last, and the one before it where much is lost.
fn redundancy(estimate_bps: u64, is_lossy: bool) -> u8 {
    match is_lossy {
        true if estimate_bps >= REDUNDANCY_FROM_BPS => 0b11,
        true if estimate_bps >= REDUNDANCY_LOSSY_FROM_BPS => 0b01,
        false if estimate_bps >= REDUNDANCY_FROM_BPS => 0b01,
        _ => 0b00,
    }
}

/// How long pictures wait at least where much is lost: for what was lost to be asked for and sent twice.
fn lossy_delay(rtt: Duration) -> Duration {
    let steps = (2 * rtt + DELAY_STEP).as_millis() / DELAY_STEP.as_millis();
    (DELAY_STEP * u32::try_from(steps).unwrap_or(u32::MAX)).clamp(LOSSY_DELAY.0, LOSSY_DELAY.1)
}

/// What pictures may need on a line that carries `estimate` bit/s and these voices. Overuse leaves so much less than what arrives
/// that the queue drains: what a receiver has already is not taken from it for that, unless it waits here for long. The least that
/// could be given never is: a picture that comes and goes is worse than one that stalls at times.
fn budget(estimate: u64, voices: u64, least: u64, (climb_percent, hold_percent): (u64, u64)) -> Budget {
    let climb_bps = (estimate * 100 / (100 + climb_percent)).saturating_sub(voices);
    let with = |percent: u64| (estimate * (100 + percent) / 100).saturating_sub(voices);
    Budget { climb_bps, hold_bps: with(hold_percent).max(least.min(with(HOLD_PERCENT))) }
}

/// A layer that could be given.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    layer: u8,
    bps: u64,
    /// What its base temporal layer alone needs, where it has others.
    base_bps: Option<u64>,
    /// Bytes of a key frame.
    key_bytes: usize,
    pixels: u32,
    is_enough: bool,
    /// Whether the line has it already, and not as stills; whether it was chosen last.
    is_given: bool,
    is_chosen: bool,
}

impl Candidate {
    /// What `bps` of it need of a line that carries so much, and whose pictures of this part may wait so long. Where a key frame does
    /// not leave in time there is no beginning: what has begun goes on, and what was chosen begins if it can at all.
    fn beginning(&self, bps: u64, carried_bps: u64, longest_wait: Duration) -> u64 {
        let needed = |within: Duration| self.key_bytes as u64 * 8000 / within.as_millis() as u64;
        let begins = needed(BEGINS_WITHIN) <= carried_bps || (self.is_chosen && needed(longest_wait) <= carried_bps);
        if self.is_given || begins { bps } else { bps.max(needed(BEGINS_WITHIN)) }
    }
}

/// Whether a picture of this size fills a place of that.
fn is_enough(fanout: &Fanout, shown: Option<Shown>) -> bool {
    let (Some(size), Some(shown)) = (fanout.size, shown) else { return false };
    let enlarged = |side: u16| u32::from(side) * ENLARGED_PERCENT / 100;
    // The picture is fitted into its place: the side that touches decides.
    enlarged(size.width) >= u32::from(shown.width) || enlarged(size.height) >= u32::from(shown.height)
}

/// The layers of a source that flow and that the line takes, the least first.
fn candidates(now: Instant, line: &Line, layers: Layers, fanouts: &Slab<Fanout>) -> ([Candidate; MAX_LAYERS], usize) {
    let none = Candidate {
        layer: 0,
        bps: 0,
        base_bps: None,
        key_bytes: 0,
        pixels: 0,
        is_enough: false,
        is_given: false,
        is_chosen: false,
    };
    let (mut found, mut count) = ([none; MAX_LAYERS], 0);
    let any_flows = layers.iter().any(|at| fanouts.get(at).is_some_and(|fanout| fanout.flows(now)));
    let is_whole = layers.iter().count() == 1;
    for at in layers.iter() {
        let Some(fanout) = fanouts.get(at) else { continue };
        if line.payload_for(fanout.codec).is_none() || (any_flows && !fanout.flows(now)) {
            continue;
        }
        let nominal = NOMINAL_BPS.get(usize::from(fanout.layer)).copied().unwrap_or_default();
        found[count] = Candidate {
            layer: fanout.layer,
            bps: fanout.needs_bps().unwrap_or(if is_whole { NOMINAL_WHOLE_BPS } else { nominal }),
            base_bps: fanout.base_bps(),
            key_bytes: fanout.last_key_frame().map_or(0, |(bytes, _)| bytes),
            pixels: fanout.size.map_or(u32::from(fanout.layer), |size| size.pixels()),
            is_enough: is_enough(fanout, line.shown),
            is_given: line.current() == Some(FanoutRef { at, run: fanout.run }) && !line.sends_stills(),
            is_chosen: line.chosen() == Some((fanout.layer, Pace::All)),
        };
        count += 1;
    }
    found[..count].sort_by_key(|candidate| (candidate.pixels, candidate.layer));
    (found, count)
}

/// The ways to give a line its picture, where pictures can have so many bit/s.
fn demand(now: Instant, line: &Line, layers: Layers, fanouts: &Slab<Fanout>, carried_bps: u64) -> Demand {
    let mut demand = Demand::new(line.part);
    if line.shown.is_some_and(|shown| shown.width == 0 || shown.height == 0) {
        return demand;
    }
    let (found, count) = candidates(now, line, layers, fanouts);
    let longest_wait = longest_wait(line.part);
    if let Some(least) = found[..count].first().filter(|_| matches!(line.part, Part::Camera | Part::Courseware)) {
        let slower = least.base_bps.filter(|&bps| bps < least.bps);
        let slower = slower.map(|bps| least.beginning(bps, carried_bps, longest_wait));
        let moving_bps = slower.unwrap_or(least.beginning(least.bps, carried_bps, longest_wait));
        let bytes = if least.key_bytes == 0 { NOMINAL_STILL } else { least.key_bytes };
        let bps = bytes as u64 * 8 / STILL_INTERVAL.as_secs();
        if line.part == Part::Courseware && bps < moving_bps {
            demand.push(Rung { bps, pace: Pace::Stills, layer: least.layer });
        }
        if let Some(bps) = slower {
            demand.push(Rung { bps, pace: Pace::Slower, layer: least.layer });
        }
    }
    for candidate in &found[..count] {
        let bps = candidate.beginning(candidate.bps, carried_bps, longest_wait);
        demand.push(Rung { bps, pace: Pace::All, layer: candidate.layer });
        if candidate.is_enough {
            break;
        }
    }
    demand
}

impl Shard {
    /// Works out what a subscriber is given, and takes its lines to it.
    pub(super) fn allot(&mut self, now: Instant, at: usize) {
        let subscriber = &mut self.subscribers[at];
        let Some(room) = self.rooms.get(&subscriber.lesson) else { return };
        let layers_of =
            |line: &Line| line.source.and_then(|source| room.sources.get(&source)).copied().unwrap_or_default();
        let known = subscriber.estimate_bps();
        let (is_thin, is_lossy) = (known < THIN_VOICE_BELOW_BPS, subscriber.is_lossy(now));
        let redundancy = redundancy(subscriber.proven_bps(), is_lossy);
        // Whoever is spoken with must not wait.
        let waits = is_lossy && !room.stage.is_spoken_with(subscriber.participant);
        let delay = if waits { lossy_delay(subscriber.least_rtt().unwrap_or_default()) } else { USUAL_DELAY };
        // A round trip on the border between two steps does not make them come and go.
        let steady =
            |before: Duration| if waits && before > delay && before <= delay + DELAY_STEP { before } else { delay };
        let mut voices = 0;
        for line in subscriber.lines.iter_mut().filter(|line| line.spec.audio) {
            let voice = voice(now, line, layers_of(line), &self.fanouts, is_thin);
            line.choose(voice.map(|voice| (voice.layer, Pace::All)));
            // Music twice over takes more than it saves, where nothing is lost.
            let is_rich = voice.is_some_and(|voice| voice.bps > RICH_VOICE_BPS);
            line.redundancy = if is_rich && !is_lossy { 0 } else { redundancy };
            let redundancy = line.redundancy;
            // What is repeated comes without headers of its own: half of a voice.
            let halves = 2 + if line.repeats_itself() { u64::from(redundancy.count_ones()) } else { 0 };
            voices += voice.map_or(0, |voice| voice.bps) * halves / 2;
        }
        let estimate = subscriber.estimate(now);
        let mut demands = std::mem::take(&mut self.demands);
        let mut before = [0; MAX_MEDIA_LINES];
        for (line, before) in subscriber.lines.iter_mut().filter(|line| !line.spec.audio).zip(&mut before) {
            if line.part != Part::Tile {
                line.set_delay(PlayoutDelay::new(steady(line.least_delay()), MAX_DELAY));
            }
            let demand = demand(now, line, layers_of(line), &self.fanouts, estimate.saturating_sub(voices));
            *before = line.chosen().map_or(0, |chosen| demand.level_of(chosen));
            demands.push(demand);
        }
        let least: u64 = demands.iter().filter_map(Demand::least).map(|rung| rung.bps).sum();
        let budget = budget(estimate, voices, least, (subscriber.climb_percent(), subscriber.hold_percent()));
        allocate_steadily(budget, &before, &mut demands);
        subscriber.note_levels(now, demands.iter().map(Demand::level).zip(before));
        let total: u64 = demands.iter().filter_map(Demand::chosen).map(|rung| rung.bps).sum();
        let spare = budget.hold_bps.saturating_sub(total);
        let best: u64 = demands.iter().filter_map(Demand::best).map(|rung| rung.bps).sum();
        subscriber.note_needs(now, voices + best, (voices, total));
        subscriber.given.clear();
        subscriber.given.extend(demands.iter().map(Demand::given));
        let mut pictures = demands.drain(..);
        for line_at in 0..self.subscribers[at].lines.len() {
            let subscriber = &mut self.subscribers[at];
            let mut room_for = u64::MAX;
            if !subscriber.lines[line_at].spec.audio {
                let chosen = pictures.next().and_then(|demand| demand.chosen());
                subscriber.choose(line_at, chosen.map(|rung| (rung.layer, rung.pace)));
                room_for = spare + chosen.map_or(0, |rung| rung.bps);
            }
            self.feed(now, LineRef { subscriber: at, line: line_at }, room_for);
        }
        drop(pictures);
        self.demands = demands;
    }

    /// Takes a line to the stream that was chosen for it. What feeds it goes on until then if that needs no more than `room_for`
    /// bit/s.
    fn feed(&mut self, now: Instant, here: LineRef, room_for: u64) {
        let subscriber = &mut self.subscribers[here.subscriber];
        let line = &mut subscriber.lines[here.line];
        let layers =
            self.rooms.get(&subscriber.lesson).zip(line.source).and_then(|(room, source)| room.sources.get(&source));
        let chosen = layers.zip(line.chosen()).and_then(|(layers, (layer, _))| layers.get(layer));
        let wanted = chosen.and_then(|at| Some(FanoutRef { at, run: self.fanouts.get(at)?.run }));
        let current = line.current().and_then(|stream| self.fanouts.get(stream.at));
        // Somebody else's picture stays until the new one is there: only a layer that the line does not carry goes at once.
        let needs =
            |old: &Fanout| old.base_bps().filter(|_| line.is_thinned() && line.target() == 0).or(old.needs_bps());
        let holds = current.is_none_or(|old| Some(old.source) != line.source || needs(old).unwrap_or(0) <= room_for);
        let had_voice = line.spec.audio && line.current().is_some();
        let is_gone = had_voice && current.is_none();
        line.want(wanted, holds && !is_gone);
        let streams = line.streams();
        if had_voice && line.current().is_none() {
            subscriber.send_silence(now, here.line, &mut self.outbox);
        }
        let is_old = |stream: &&FanoutRef| !streams.contains(&Some(**stream));
        while let Some(&stream) = self.subscribers[here.subscriber].lines[here.line].attached.iter().find(is_old) {
            self.subscribers[here.subscriber].forget_paced(here.line, stream);
            self.detach(here, stream);
        }
        let line = &mut self.subscribers[here.subscriber].lines[here.line];
        // Only what is wanted is new: what feeds a line has been wanted before.
        let new = wanted.filter(|wanted| !line.attached.contains(wanted));
        if let Some((stream, fanout)) = new.and_then(|stream| Some((stream, self.fanouts.get_mut(stream.at)?))) {
            line.attached.push(stream);
            fanout.attach(here);
            self.begin_picture(now, here, stream);
        }
    }

    /// Gives a line that waits for a picture the newest key frame there is, or asks for one.
    pub(super) fn begin_picture(&mut self, now: Instant, here: LineRef, stream: FanoutRef) {
        let Some(fanout) = self.fanouts.get_mut(stream.at).filter(|fanout| fanout.run == stream.run) else { return };
        let subscriber = &mut self.subscribers[here.subscriber];
        let ring = &fanout.ring;
        let len = |index| ring.find(index).map_or(0, |kept| kept.payload.len());
        if subscriber.lines[here.line].sends_stills() {
            return self.renew_still(now, here, stream);
        }
        if subscriber.is_congested {
            return;
        }
        let replay = fanout.replay(now).filter(|_| subscriber.transport.is_connected());
        if !replay.is_some_and(|replay| subscriber.replay(now, here.line, stream, replay, len)) {
            fanout.want_key_frame();
        }
        if let Some(due) = subscriber.newly_paced() {
            self.leaving.note_paced(here.subscriber, due);
        }
    }
}

impl Shard {
    /// Gives a line that carries no more the newest still, or asks for one when that is old.
    pub(super) fn renew_still(&mut self, now: Instant, here: LineRef, stream: FanoutRef) {
        let Some(fanout) = self.fanouts.get_mut(stream.at).filter(|fanout| fanout.run == stream.run) else { return };
        let subscriber = &mut self.subscribers[here.subscriber];
        let ring = &fanout.ring;
        let len = |index| ring.find(index).map_or(0, |kept| kept.payload.len());
        let still = fanout.still(now).filter(|_| subscriber.transport.is_connected());
        let given = still.is_some_and(|still| subscriber.give_still(now, here.line, (stream, still), len));
        let is_old = fanout.last_key_frame().is_none_or(|(_, at)| now.saturating_duration_since(at) >= STILL_INTERVAL);
        if !given && is_old {
            fanout.want_key_frame();
        }
        if let Some(due) = subscriber.newly_paced() {
            self.leaving.note_paced(here.subscriber, due);
        }
    }

    /// Looks after the stills of a subscriber.
    pub(super) fn renew_stills(&mut self, now: Instant, at: usize) {
        for line in 0..self.subscribers[at].lines.len() {
            let stills = self.subscribers[at].lines[line].sends_stills();
            if let Some(stream) = self.subscribers[at].lines[line].wanted().filter(|_| stills) {
                self.renew_still(now, LineRef { subscriber: at, line }, stream);
            }
        }
    }
}

/// The voice a line is given: the first there is, or the thinnest for a thin line.
fn voice(now: Instant, line: &Line, layers: Layers, fanouts: &Slab<Fanout>, is_thin: bool) -> Option<Rung> {
    let mut best: Option<Rung> = None;
    for at in layers.iter() {
        let Some(fanout) = fanouts.get(at) else { continue };
        if line.payload_for(fanout.codec).is_none() {
            continue;
        }
        let bps = fanout.needs_bps().unwrap_or(NOMINAL_VOICE_BPS);
        if best.is_none_or(|best| is_thin && fanout.flows(now) && bps < best.bps) {
            best = Some(Rung { bps, pace: Pace::All, layer: fanout.layer });
        }
    }
    best
}
