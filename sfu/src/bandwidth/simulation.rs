//! A line in virtual time: a bottleneck with a queue that drops at its tail, delay, jitter and loss, receivers that report
//! with our own log, and senders that go by the estimate. One step is a millisecond.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Estimator, Probe, Usage};
use crate::rtcp::{ArrivalLog, Feedback, MAX_FEEDBACK_LEN, Writer, read};

/// A row of numbers that look random: the same ones for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to 1.
    pub(super) fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// How packets are lost, beside those the queue drops.
#[derive(Debug, Clone, Copy)]
pub(super) enum Loss {
    /// Each with this probability.
    Even(f64),
    /// In bursts (Gilbert and Elliott): probabilities to enter and to leave the bad state, and of loss within it.
    Bursts { enter: f64, leave: f64, within: f64 },
}

/// A line, one way; reports come back over one of the same delay and loss without a bottleneck.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// `(from second, bit/s)`; zero cuts the line.
    pub(super) rates: Vec<(f64, f64)>,
    pub(super) delay_ms: i64,
    /// Uniform, without overtaking.
    pub(super) jitter_ms: f64,
    pub(super) queue_ms: f64,
    pub(super) loss: Loss,
    /// A radio's turn: packets arrive at multiples of it.
    pub(super) turn_ms: i64,
    /// Time between reports.
    pub(super) report_ms: i64,
}

impl Path {
    /// A clean line of this rate and delay, with a queue of 300 ms.
    pub(super) fn new(bps: f64, delay_ms: i64) -> Self {
        let rates = vec![(0.0, bps)];
        Self { rates, delay_ms, jitter_ms: 0.0, queue_ms: 300.0, loss: Loss::Even(0.0), turn_ms: 1, report_ms: 100 }
    }

    pub(super) fn rate(&self, ms: i64) -> f64 {
        let begun = self.rates.iter().take_while(|(from, _)| ms as f64 >= from * 1000.0);
        begun.last().map_or(0.0, |&(_, bps)| bps)
    }
}

/// What a sender sends.
#[derive(Debug, Clone)]
pub(super) enum Media {
    /// Pictures at the estimate, as far as they are wanted (bit/s).
    Adaptive { most: f64 },
    /// A voice of 30 kbit/s, and the best of these layers (bit/s) that the estimate affords.
    Layers(Vec<f64>),
    /// 50 packets a second and 25 pictures a second, at fixed rates in bit/s.
    Fixed { voice: f64, pictures: f64 },
}

pub(super) const VOICE_BPS: f64 = 30_000.0;
const PICTURE_MS: i64 = 40;
const VOICE_MS: i64 = 20;
const MTU: usize = 1200;
const PADDING: usize = 250;
/// What the estimate must exceed a better layer by.
const MARGIN: f64 = 1.1;

#[derive(Debug, Clone, Copy)]
struct Packet {
    flow: usize,
    number: u16,
    bytes: usize,
    entered_ms: i64,
}

/// What was so at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) ms: i64,
    pub(super) estimate: f64,
    /// Rate of the pictures now sent, in bit/s.
    pub(super) pictures: f64,
    pub(super) usage: Usage,
}

/// One sender with its receiver.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) estimator: Estimator,
    media: Media,
    log: ArrivalLog,
    number: u16,
    paced: VecDeque<usize>,
    probe: Option<(Probe, usize, usize, f64)>,
    probes: usize,
    pub(super) probed_bytes: usize,
    pictures: f64,
    reports: VecDeque<(i64, Vec<u8>)>,
    pub(super) sent: usize,
    pub(super) dropped: usize,
    pub(super) samples: Vec<Sample>,
}

impl Flow {
    fn new(origin: Instant, media: Media, want: f64) -> Self {
        let mut estimator = Estimator::new(origin);
        estimator.want(want as u64);
        let log = ArrivalLog::new(origin);
        Self {
            estimator,
            media,
            log,
            number: 65_000,
            paced: VecDeque::new(),
            probe: None,
            probes: 0,
            probed_bytes: 0,
            pictures: 0.0,
            reports: VecDeque::new(),
            sent: 0,
            dropped: 0,
            samples: Vec::new(),
        }
    }

    /// Probes it was asked for.
    pub(super) fn probes(&self) -> usize {
        self.probes
    }

    /// The rate of its pictures by the estimate.
    fn choose(&mut self) {
        let estimate = self.estimator.estimate_bps() as f64;
        self.pictures = match &self.media {
            Media::Adaptive { most } => most.min(estimate),
            Media::Fixed { pictures, .. } => *pictures,
            Media::Layers(layers) => {
                let affords = |layer: f64| {
                    let margin = if layer > self.pictures { MARGIN } else { 1.0 };
                    estimate >= margin * (VOICE_BPS + layer)
                };
                layers.iter().copied().filter(|&layer| affords(layer)).fold(0.0, f64::max)
            }
        };
    }

    /// Sizes of the packets that leave in this millisecond, and whether each belongs to a probe.
    fn leaving(&mut self, ms: i64) -> Vec<(usize, bool)> {
        let voice = match self.media {
            Media::Adaptive { .. } => 0.0,
            Media::Layers(_) => VOICE_BPS,
            Media::Fixed { voice, .. } => voice,
        };
        let mut leaving = Vec::new();
        if ms % VOICE_MS == 0 && voice > 0.0 {
            leaving.push(((voice / 8.0 * VOICE_MS as f64 / 1000.0) as usize, false));
        }
        if ms % PICTURE_MS == 0 {
            self.choose();
            let bytes = (self.pictures / 8.0 * PICTURE_MS as f64 / 1000.0) as usize;
            let packets = bytes.div_ceil(MTU);
            self.paced.extend((0..packets).map(|_| bytes / packets));
        }
        let estimate = self.estimator.estimate_bps() as f64;
        let mut quantum = if estimate >= 2.0 * self.pictures {
            usize::MAX
        } else if ms % 5 == 0 {
            ((estimate / 8.0 * 2.5 * 0.005) as usize).max(2 * MTU)
        } else {
            0
        };
        while let Some(bytes) = self.paced.pop_front_if(|bytes| *bytes <= quantum) {
            quantum -= bytes;
            leaving.push((bytes, false));
        }
        if let Some((probe, packets, bytes, credit)) = &mut self.probe {
            *credit += probe.bps as f64 / 8000.0;
            let size = PADDING.min(probe.bytes / probe.packets);
            while *credit >= size as f64 && (*packets < probe.packets || *bytes < probe.bytes) {
                *credit -= size as f64;
                (*packets, *bytes) = (*packets + 1, *bytes + size);
                leaving.push((size, true));
            }
        }
        leaving
    }
}

/// Flows over one bottleneck.
#[derive(Debug)]
pub(super) struct Net {
    origin: Instant,
    path: Path,
    pub(super) flows: Vec<Flow>,
    queue: VecDeque<Packet>,
    queued_bytes: usize,
    /// What fits in the queue, by the rate the line has or had before it was cut.
    most_queued: usize,
    credit: f64,
    on_the_way: VecDeque<(i64, Packet)>,
    random: Random,
    bad: bool,
    ms: i64,
    /// `(when it left the queue, how long it waited)` in ms, of each packet.
    pub(super) waits: Vec<(i64, i64)>,
}

impl Net {
    /// `(media, wanted bit/s)` of each flow.
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    pub(super) fn new(seed: u64, path: Path, flows: Vec<(Media, f64)>) -> Self {
        let origin = Instant::now();
        let flows = flows.into_iter().map(|(media, want)| Flow::new(origin, media, want)).collect();
        Self {
            origin,
            path,
            flows,
            queue: VecDeque::new(),
            queued_bytes: 0,
            most_queued: 0,
            credit: 0.0,
            on_the_way: VecDeque::new(),
            random: Random::new(seed),
            bad: false,
            ms: 0,
            waits: Vec::new(),
        }
    }

    /// Runs to this second.
    pub(super) fn run(&mut self, to_s: f64) {
        while (self.ms as f64) < to_s * 1000.0 {
            self.step();
            self.ms += 1;
        }
    }

    fn now(&self) -> Instant {
        self.origin + Duration::from_millis(self.ms as u64)
    }

    fn step(&mut self) {
        let (ms, now) = (self.ms, self.now());
        let rate = self.path.rate(ms);
        if rate > 0.0 {
            self.most_queued = (rate / 8000.0 * self.path.queue_ms) as usize;
        }
        for flow in 0..self.flows.len() {
            self.send(flow, now);
        }
        self.transmit();
        while let Some((_, packet)) = self.on_the_way.pop_front_if(|(at, _)| *at <= ms) {
            self.flows[packet.flow].log.arrived(packet.number, now);
        }
        for at in 0..self.flows.len() {
            self.report(at, now);
            let flow = &mut self.flows[at];
            if ms % 50 == 0 {
                flow.estimator.handle_timeout(now);
            }
            if ms % 100 == 0 {
                let (estimate, usage) = (flow.estimator.estimate_bps() as f64, flow.estimator.usage());
                flow.samples.push(Sample { ms, estimate, pictures: flow.pictures, usage });
            }
        }
    }

    fn send(&mut self, at: usize, now: Instant) {
        let flow = &mut self.flows[at];
        if let Some(probe) = flow.estimator.poll_probe(now) {
            flow.probe = Some((probe, 0, 0, 0.0));
            flow.probes += 1;
        }
        for (bytes, is_probe) in flow.leaving(self.ms) {
            let flow = &mut self.flows[at];
            flow.probed_bytes += if is_probe { bytes } else { 0 };
            let cluster = flow.probe.as_ref().filter(|_| is_probe).map(|(probe, ..)| probe.cluster);
            flow.estimator.sent(now, flow.number, bytes as u16, cluster);
            let packet = Packet { flow: at, number: flow.number, bytes, entered_ms: self.ms };
            flow.number = flow.number.wrapping_add(1);
            flow.sent += 1;
            if self.queued_bytes > self.most_queued {
                flow.dropped += 1;
                continue;
            }
            self.queued_bytes += bytes;
            self.queue.push_back(packet);
        }
    }

    fn transmit(&mut self) {
        self.credit += self.path.rate(self.ms) / 8000.0;
        while let Some(packet) = self.queue.front().copied() {
            if self.credit < packet.bytes as f64 {
                return;
            }
            self.queue.pop_front();
            self.credit -= packet.bytes as f64;
            self.queued_bytes -= packet.bytes;
            self.waits.push((self.ms, self.ms - packet.entered_ms));
            if self.loses() {
                continue;
            }
            let jitter_ms = (self.random.share() * self.path.jitter_ms) as i64;
            let last_ms = self.on_the_way.back().map_or(0, |(at, _)| *at);
            let turn_ms = self.path.turn_ms;
            let at_ms = (self.ms + self.path.delay_ms + jitter_ms + turn_ms - 1) / turn_ms * turn_ms;
            self.on_the_way.push_back((at_ms.max(last_ms), packet));
        }
        self.credit = 0.0;
    }

    fn loses(&mut self) -> bool {
        match self.path.loss {
            Loss::Even(probability) => self.random.share() < probability,
            Loss::Bursts { enter, leave, within } => {
                let turns = self.random.share() < if self.bad { leave } else { enter };
                self.bad ^= turns;
                self.bad && self.random.share() < within
            }
        }
    }

    fn report(&mut self, at: usize, now: Instant) {
        let ms = self.ms;
        let flow = &mut self.flows[at];
        while let Some((_, packet)) = flow.reports.pop_front_if(|(at, _)| *at <= ms) {
            read(&packet, |feedback| {
                let Feedback::TransportWide(wide) = feedback else { panic!("{feedback:?}") };
                flow.estimator.handle_feedback(now, &wide);
            });
        }
        if (ms + 7 * at as i64) % self.path.report_ms != 0 {
            return;
        }
        let mut body = [0; MAX_FEEDBACK_LEN];
        while let Some(len) = self.flows[at].log.feedback(&mut body) {
            let mut buffer = [0; 1200];
            let mut writer = Writer::new(&mut buffer);
            writer.transport_wide(1, 2, &body[..len]);
            let written = writer.len();
            if self.path.rate(ms) > 0.0 && !self.loses() {
                self.flows[at].reports.push_back((ms + self.path.delay_ms, buffer[..written].to_vec()));
            }
        }
    }

    /// The share of `percent` of waits in the queue is at most this, in ms, of those that left it within these seconds.
    pub(super) fn wait_ms(&self, percent: usize, from_s: f64, to_s: f64) -> i64 {
        let within = |ms: i64| (from_s * 1000.0..to_s * 1000.0).contains(&(ms as f64));
        let mut waits: Vec<i64> = self.waits.iter().filter(|(at, _)| within(*at)).map(|&(_, wait)| wait).collect();
        waits.sort_unstable();
        waits.get(waits.len() * percent / 100).copied().unwrap_or(0)
    }
}

impl Flow {
    /// Samples from one second to another.
    pub(super) fn between(&self, from_s: f64, to_s: f64) -> impl Iterator<Item = &Sample> + Clone {
        let within = move |ms: i64| (from_s * 1000.0..to_s * 1000.0).contains(&(ms as f64));
        self.samples.iter().filter(move |sample| within(sample.ms))
    }

    /// Mean estimate from one second to another, in bit/s.
    pub(super) fn mean(&self, from_s: f64, to_s: f64) -> f64 {
        let samples = self.between(from_s, to_s);
        samples.clone().map(|sample| sample.estimate).sum::<f64>() / samples.count().max(1) as f64
    }

    /// Least estimate from one second to another, in bit/s.
    pub(super) fn least(&self, from_s: f64, to_s: f64) -> f64 {
        self.between(from_s, to_s).map(|sample| sample.estimate).fold(f64::INFINITY, f64::min)
    }

    /// The first second from which on, after this one, a sample is as said.
    pub(super) fn first(&self, from_s: f64, is_so: impl Fn(&Sample) -> bool) -> Option<f64> {
        let found = self.between(from_s, f64::INFINITY).find(|sample| is_so(sample));
        found.map(|sample| sample.ms as f64 / 1000.0)
    }
}
