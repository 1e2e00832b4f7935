//! A received voice: an adaptive playout buffer after libwebrtc's NetEq, as far as it is published, and what of the voice had
//! to be made up.
//!
//! Every 20 ms one frame is played: the next one if it is there, by itself or inside a later packet; else one is concealed.
//! The buffer grows where packets come late and shrinks where they come on time, by stretching what is played. Time is told
//! when packets come and when figures are asked for; in between, the frames that were due are played.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use crate::payload::VoiceTag;

/// One frame.
const FRAME: Duration = Duration::from_millis(20);
/// Ticks of the RTP clock in a frame.
const FRAME_TICKS: i64 = 960;
/// Share of arrivals that the buffer waits for.
const QUANTILE: f64 = 0.95;
/// How much of the histogram of late arrivals is left after one more entry, made every [`RESAMPLE`].
const FORGET_LATE: f64 = 0.983;
/// How much of the histogram of repaired arrivals is left after one more packet.
const FORGET_REPAIRED: f64 = 0.9993;
/// The worst arrival of this time makes one entry.
const RESAMPLE: Duration = Duration::from_millis(500);
/// Delay that one percent of loss is worth.
const MS_PER_LOSS_PERCENT: f64 = 20.0;
/// Time over which the earliest arrival counts as on time.
const BASE_WINDOW: Duration = Duration::from_secs(2);
/// Buckets of 20 ms.
const BUCKETS: usize = 50;
/// What the buffer holds at first, in frames.
const FIRST_TARGET: f64 = 4.0;
/// Frames that wait; beyond it the oldest are dropped.
const MAX_FRAMES: usize = 200;
/// How fast the filtered level follows, for each frame played.
const LEVEL_STEP: f64 = 0.1;
/// How far the level may be from the target, in frames, before it is corrected.
const LEVEL_BAND: f64 = 0.5;
/// Share of a frame that one frame is shortened or stretched by.
const STRETCH: f64 = 0.25;

/// How a frame came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// In its own packet, in order.
    InOrder,
    /// In its own packet, after later ones: most likely sent again.
    Late,
    /// Inside a later packet.
    Inside,
}

/// What was played in 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Played {
    /// A frame that came in its own packet.
    Whole,
    /// One that had to be repaired: sent again, or from inside a later packet.
    Repaired,
    /// Nothing new: the frame before was stretched.
    Stretched,
    /// Something made up.
    Concealed,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    tag: VoiceTag,
    came: Came,
}

/// Shares of arrivals by how late they were.
#[derive(Debug, Clone)]
struct Histogram {
    shares: [f64; BUCKETS],
    forget: f64,
    entries: f64,
}

impl Histogram {
    fn new(forget: f64) -> Self {
        Self { shares: [0.0; BUCKETS], forget, entries: 0.0 }
    }

    fn note(&mut self, frames: f64) {
        // It forgets faster while it is young.
        self.entries += 1.0;
        let keep = self.forget.min(1.0 - 1.0 / self.entries);
        self.shares.iter_mut().for_each(|share| *share *= keep);
        self.shares[(frames.max(0.0) as usize).min(BUCKETS - 1)] += 1.0 - keep;
    }

    fn quantile(&self, share: f64) -> usize {
        let mut sum = 0.0;
        self.shares
            .iter()
            .position(|bucket| {
                sum += bucket;
                sum >= share
            })
            .unwrap_or(0)
    }

    /// The bucket where waiting longer costs more than the loss it saves.
    fn cheapest(&self, base_frames: f64) -> usize {
        let (mut loss, mut best) = (1.0, (f64::INFINITY, 0));
        for (bucket, share) in self.shares.iter().enumerate() {
            loss -= share;
            let delay_ms = 20.0 * (bucket as f64 - base_frames).max(0.0);
            let cost = delay_ms + MS_PER_LOSS_PERCENT * 100.0 * loss.max(0.0);
            if cost < best.0 {
                best = (cost, bucket);
            }
        }
        best.1
    }
}

/// A received voice line.
pub struct Voice {
    origin: Instant,
    waiting: BTreeMap<i64, Waiting>,
    first_timestamp: Option<u32>,
    highest: i64,
    /// The next frame to be played, and when.
    next: i64,
    tick: Option<Instant>,
    /// Frames concealed in a row.
    concealed_run: i64,
    arrivals: VecDeque<(Instant, f64)>,
    late: Histogram,
    repaired: Histogram,
    worst: Option<(Instant, f64)>,
    least_target: f64,
    target: f64,
    level: f64,
    stretch: f64,
    played: Vec<(Played, u16)>,
    began: Option<Instant>,
}

impl Voice {
    /// A line that was answered; `origin` is where the world's time begins. The page asks for packets to wait for `patience`
    /// at least (`jitterBufferTarget`, W3C webrtc-extensions).
    pub fn new(origin: Instant, patience: Duration) -> Self {
        Self {
            origin,
            waiting: BTreeMap::new(),
            first_timestamp: None,
            highest: 0,
            next: 0,
            tick: None,
            concealed_run: 0,
            arrivals: VecDeque::new(),
            late: Histogram::new(FORGET_LATE),
            repaired: Histogram::new(FORGET_REPAIRED),
            worst: None,
            least_target: patience.as_secs_f64() / FRAME.as_secs_f64(),
            target: FIRST_TARGET,
            level: 0.0,
            stretch: 0.0,
            played: Vec::new(),
            began: None,
        }
    }

    /// Takes in a frame.
    pub fn insert(&mut self, now: Instant, timestamp: u32, tag: VoiceTag, came: Came) {
        self.play_until(now);
        let first = *self.first_timestamp.get_or_insert(timestamp);
        let ticks = i64::from(timestamp.wrapping_sub(first) as i32);
        let place = (ticks + FRAME_TICKS / 2).div_euclid(FRAME_TICKS);
        if came != Came::Inside {
            self.note_arrival(now, place, came == Came::Late);
        }
        self.highest = self.highest.max(place);
        if place >= self.next {
            self.waiting.entry(place).or_insert(Waiting { tag, came });
            if self.waiting.len() > MAX_FRAMES {
                self.waiting.pop_first();
            }
        }
        if self.tick.is_none() {
            self.tick = Some(now);
            self.began = Some(now);
            self.next = place;
        }
    }

    /// Plays what is due before `now`.
    pub fn play_until(&mut self, now: Instant) {
        while let Some(at) = self.tick.filter(|&at| at < now) {
            self.tick = Some(at + FRAME);
            let played = self.play(at);
            self.concealed_run = if played.0 == Played::Concealed { self.concealed_run + 1 } else { 0 };
            self.played.push(played);
        }
    }

    fn note_arrival(&mut self, now: Instant, place: i64, is_late: bool) {
        let transit = (now - self.origin).as_secs_f64() / FRAME.as_secs_f64() - place as f64;
        if !is_late {
            self.arrivals.push_back((now, transit));
        }
        while self.arrivals.front().is_some_and(|&(at, _)| now - at > BASE_WINDOW) {
            self.arrivals.pop_front();
        }
        let base = self.arrivals.iter().map(|&(_, transit)| transit).fold(transit, f64::min);
        let lateness = transit - base;
        self.repaired.note(if is_late { lateness } else { 0.0 });
        if !is_late {
            let (since, worst) = self.worst.unwrap_or((now, 0.0));
            self.worst = Some((since, worst.max(lateness)));
            if now - since >= RESAMPLE {
                self.late.note(worst.max(lateness));
                self.worst = None;
            }
        }
        if self.late.entries > 0.0 {
            let base = 1.0 + self.late.quantile(QUANTILE) as f64;
            self.target = base.max(1.0 + self.repaired.cheapest(base) as f64).max(self.least_target);
        }
    }

    fn play(&mut self, at: Instant) -> (Played, u16) {
        // How long one that comes now will wait: it should be as long as the target.
        let level = (self.highest - self.next).max(0) as f64;
        self.level += LEVEL_STEP * (level - self.level);
        let (low, high) = (self.target - LEVEL_BAND, self.target + LEVEL_BAND);
        let Some(found) = self.waiting.remove(&self.next) else { return self.play_gap(at) };
        if self.level > 4.0 * high {
            // Far behind: two frames in the time of one.
            self.stretch += 1.0;
        } else if self.level > high {
            self.stretch += STRETCH;
        } else if self.level < low {
            self.stretch -= STRETCH;
        }
        if self.stretch <= -1.0 {
            self.stretch += 1.0;
            self.waiting.insert(self.next, found);
            return (Played::Stretched, 0);
        }
        self.next += 1;
        if self.stretch >= 1.0 && self.waiting.remove(&self.next).is_some() {
            self.stretch -= 1.0;
            self.level -= 1.0;
            self.next += 1;
        }
        self.told(at, found.tag, if found.came == Came::InOrder { Played::Whole } else { Played::Repaired })
    }

    /// The next frame is not there.
    fn play_gap(&mut self, at: Instant) -> (Played, u16) {
        let Some((&following, found)) = self.waiting.first_key_value() else {
            // Nothing at all: whatever comes next is played when it comes.
            return (Played::Concealed, 0);
        };
        if following == self.next + 1 && found.tag.has_previous {
            self.next += 1;
            let tag = VoiceTag { captured_ms: found.tag.captured_ms.saturating_sub(20), has_previous: false };
            return self.told(at, tag, Played::Repaired);
        }
        if following - self.next <= self.concealed_run {
            // What is missing has been made up already while nothing came.
            self.next = following;
            return self.play(at);
        }
        self.next += 1;
        (Played::Concealed, 0)
    }

    fn told(&self, at: Instant, tag: VoiceTag, played: Played) -> (Played, u16) {
        let delay = ((at - self.origin).as_millis() as u64).saturating_sub(u64::from(tag.captured_ms));
        (played, delay.min(u64::from(u16::MAX)) as u16)
    }

    /// When the first frame that came was played, at or after `from`.
    pub fn first_from(&self, from: Instant) -> Option<Instant> {
        let began = self.began?;
        let start = self.place_of(from);
        let at = self
            .played
            .iter()
            .skip(start)
            .position(|(played, _)| matches!(played, Played::Whole | Played::Repaired))?;
        Some(began + FRAME * (start + at) as u32)
    }

    /// When the last gap of three frames or more between `from` and `to` ended; when the first frame was played if there was
    /// none, nothing if one had not ended.
    pub fn settled(&self, from: Instant, to: Instant) -> Option<Instant> {
        let began = self.began?;
        let end = self.place_of(to).min(self.played.len());
        let start = self.place_of(from).min(end);
        let is_gap = |run: &[(Played, u16)]| run.iter().all(|(played, _)| *played == Played::Concealed);
        let last = self.played[start..end].windows(3).rposition(is_gap);
        let Some(last) = last.map(|at| start + at + 3) else { return self.first_from(from) };
        (last < end).then(|| began + FRAME * last as u32)
    }

    fn place_of(&self, at: Instant) -> usize {
        let since = self.began.map_or(Duration::ZERO, |began| at.saturating_duration_since(began));
        since.as_nanos().div_ceil(FRAME.as_nanos()) as usize
    }

    /// What was heard from `from` to `to`, which must have been played. What was not played, as nothing had come, counts as
    /// made up.
    pub fn heard(&self, from: Instant, to: Instant) -> Heard {
        let end = self.place_of(to).min(self.played.len());
        let played = &self.played[self.place_of(from).min(end)..end];
        // Where the first and the last frame begin is within the stretch, or not.
        let frames = ((to - from).as_nanos() / FRAME.as_nanos()) as usize;
        let silent = frames.saturating_sub(played.len() + 1);
        let silence = std::iter::repeat_n((Played::Concealed, 0), silent);
        let all: Vec<(Played, u16)> = silence.chain(played.iter().copied()).collect();
        let count = |wanted: Played| all.iter().filter(|(played, _)| *played == wanted).count() as f64 * 20.0;
        let (mut run, mut longest) = (0, 0);
        for (played, _) in &all {
            run = if *played == Played::Concealed { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        let mut delays: Vec<u16> = played.iter().map(|&(_, delay)| delay).filter(|&delay| delay > 0).collect();
        delays.sort_unstable();
        Heard {
            total_ms: all.len() as f64 * 20.0,
            concealed_ms: count(Played::Concealed),
            repaired_ms: count(Played::Repaired),
            longest_gap_ms: f64::from(longest) * 20.0,
            delay_p95_ms: crate::figures::at_share(&delays, 0.95).map_or(0.0, f64::from),
            mean_delay_ms: delays.iter().map(|&delay| f64::from(delay)).sum::<f64>() / delays.len().max(1) as f64,
        }
    }
}

/// What was heard in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Heard {
    /// What was played, in ms.
    pub total_ms: f64,
    /// What of it was made up. The voice speaks without a pause, so none of it is silence.
    pub concealed_ms: f64,
    /// What of it was repaired in time.
    pub repaired_ms: f64,
    /// Longest stretch made up, in ms.
    pub longest_gap_ms: f64,
    /// From capture to playing: what 95 of 100 frames kept to, in ms.
    pub delay_p95_ms: f64,
    /// And on average.
    pub mean_delay_ms: f64,
}

impl Heard {
    /// Share made up: (concealedSamples − silentConcealedSamples) / totalSamplesReceived of webrtc-stats.
    pub fn concealment(&self) -> f64 {
        self.concealed_ms / self.total_ms.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::some_instant;

    const MS: Duration = Duration::from_millis(1);

    fn tag(frame: u32) -> VoiceTag {
        VoiceTag { captured_ms: 20 * frame, has_previous: false }
    }

    /// Plays frames that arrive `delay(frame)` ms after their capture, or not at all; 60 s of them.
    fn heard(delay: impl Fn(u32) -> Option<(u32, Came)>) -> Heard {
        let start = some_instant();
        let mut voice = Voice::new(start, Duration::ZERO);
        let mut arrivals: Vec<(u32, u32, Came)> =
            (0..3000).filter_map(|frame| delay(frame).map(|(delay, came)| (20 * frame + delay, frame, came))).collect();
        arrivals.sort_by_key(|arrival| arrival.0);
        for (at, frame, came) in arrivals {
            voice.insert(start + MS * at, frame.wrapping_mul(960), tag(frame), came);
        }
        let end = start + MS * 60_000;
        voice.play_until(end);
        voice.heard(start + MS * 5000, end)
    }

    #[test]
    fn a_steady_voice_is_played_whole_with_little_delay() {
        let heard = heard(|_| Some((50, Came::InOrder)));
        assert_eq!((heard.concealed_ms, heard.total_ms), (0.0, 55_000.0));
        assert!(heard.delay_p95_ms <= 110.0, "{heard:?}");
    }

    #[test]
    fn a_voice_that_never_came_or_came_late_counts_as_concealed() {
        let start = some_instant();
        let never = Voice::new(start, Duration::ZERO).heard(start, start + MS * 1000);
        assert_eq!((never.concealed_ms, never.longest_gap_ms, never.concealment()), (980.0, 980.0, 1.0));
        let heard = heard(|frame| (frame >= 1500).then_some((50, Came::InOrder)));
        assert!((24_900.0..25_100.0).contains(&heard.longest_gap_ms), "{heard:?}");
        assert!((heard.total_ms - 55_000.0).abs() <= 20.0, "{heard:?}");
    }

    #[test]
    fn what_is_lost_is_concealed_and_no_more() {
        let heard = heard(|frame| (frame % 10 != 0).then_some((50, Came::InOrder)));
        assert!((heard.concealment() - 0.1).abs() < 0.005, "{heard:?}");
        assert_eq!(heard.longest_gap_ms, 20.0);
    }

    #[test]
    fn the_buffer_grows_until_late_packets_are_in_time() {
        let heard = heard(|frame| Some((50 + frame * 7919 % 100, Came::InOrder)));
        assert!(heard.concealment() < 0.01, "{heard:?}");
        assert!(heard.mean_delay_ms > 100.0, "{heard:?}");
    }

    #[test]
    fn what_is_sent_again_a_round_trip_later_is_waited_for_where_it_pays() {
        let heard = heard(|frame| match frame % 10 {
            0 => Some((50 + 65, Came::Late)),
            _ => Some((50, Came::InOrder)),
        });
        assert!(heard.concealment() < 0.005, "{heard:?}");
        assert!(heard.repaired_ms > 5000.0, "{heard:?}");
    }

    #[test]
    fn a_silence_of_the_line_is_one_gap_and_then_the_voice_is_there_again() {
        let heard = heard(|frame| (!(1000..1050).contains(&frame)).then_some((50, Came::InOrder)));
        assert!((880.0..1040.0).contains(&heard.longest_gap_ms), "{heard:?}");
        assert!(heard.concealed_ms <= 1040.0, "{heard:?}");
    }

    #[test]
    fn a_packet_with_the_frame_before_it_repairs_a_single_loss() {
        let start = some_instant();
        let mut voice = Voice::new(start, Duration::ZERO);
        for frame in (0..1000).filter(|frame| frame % 10 != 0) {
            let tag = VoiceTag { has_previous: true, ..tag(frame) };
            voice.insert(start + MS * (20 * frame + 50), frame.wrapping_mul(960), tag, Came::InOrder);
        }
        let end = start + MS * 20_000;
        voice.play_until(end);
        let heard = voice.heard(start + MS * 5000, end);
        assert!(heard.concealment() < 0.02, "{heard:?}");
    }
}
