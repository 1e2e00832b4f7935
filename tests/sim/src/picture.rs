//! A received picture: packets into frames, frames shown, key frames asked for; and what the one who watches would say of it.
//!
//! A frame can be shown when all its packets are here, none is missing since the frame before, and the frame it is predicted
//! from was shown; or when it is a whole key frame, whatever is missing before it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use crate::{
    figures::{at_share, most},
    payload::{PictureTag, picture_tag},
};

/// Ticks of the RTP clock in a second.
const CLOCK: f64 = 90_000.0;
/// Time without a frame while packets are missing, after which a key frame is asked for, and the same where only a key frame
/// helps; there it is the time between two requests too (`kMaxWaitForFrame` and `kMaxWaitForKeyFrame` of libwebrtc).
const STUCK_AFTER: Duration = Duration::from_secs(3);
const KEY_FRAME_AFTER: Duration = Duration::from_millis(200);
/// Longest that a whole frame waits to be shown.
const MAX_WAIT: f64 = 0.5;
/// Shortest.
const LEAST_WAIT: f64 = 0.01;
/// Packets sent again within [`REPAIR_WINDOW`] from which on frames wait a round trip for others (as libwebrtc's jitter
/// estimator does where NACK protects).
const REPAIRS: usize = 3;
const REPAIR_WINDOW: Duration = Duration::from_secs(30);
/// Frames whose lateness the wait is worked out from.
const LATENESS_WINDOW: usize = 100;
/// The earliest frame counts as on time for so long.
const BASE_WINDOW: f64 = 10.0;
/// Packets that wait for those before them; beyond it, it begins anew at a key frame.
const MAX_PIECES: usize = 2000;
/// Shown frames remembered, as a decoder keeps references.
const MAX_REFERENCES: usize = 64;
/// Time without a new frame that a change of lines is blamed for.
const GAP: Duration = Duration::from_millis(300);
/// Frames whose mean interval tells a freeze (webrtc-stats, `freezeCount`).
const FREEZE_WINDOW: usize = 30;

/// A frame that was shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// When.
    pub at: Instant,
    /// Which encoding it is of.
    pub encoding: u8,
    /// Whether it is a key frame.
    pub is_key: bool,
    /// Bytes of its payloads.
    pub bytes: usize,
    /// From its capture, in ms.
    pub delay_ms: f64,
}

struct Piece {
    timestamp: i64,
    /// None: parameter sets that the server put ahead, or padding.
    tag: Option<PictureTag>,
    marker: bool,
    bytes: usize,
}

/// A received picture line.
pub struct Picture {
    origin: Instant,
    pieces: BTreeMap<u64, Piece>,
    key_starts: BTreeSet<u64>,
    /// First packet after the last frame.
    next: Option<u64>,
    last_timestamp: Option<i64>,
    references: VecDeque<(u8, u32)>,
    base: Base,
    lateness: VecDeque<f64>,
    /// When packets were sent again, and how long that took.
    repairs: VecDeque<Instant>,
    rtt: Duration,
    /// The least wait that its sender asks for, in seconds.
    asked_wait: f64,
    frames: Vec<Shown>,
    /// Whole frames that could not be decoded, as what they are predicted from was not.
    pub undecodable: u64,
    /// Frames whose end never came though nothing was missing: their sender stopped in the middle.
    pub cut_short: u64,
    /// The frames to come are predicted from one that is not there.
    is_broken: bool,
    /// Since when nothing can be shown though it should; also before the first frame.
    stuck_since: Option<Instant>,
    asked_at: Option<Instant>,
    /// Key frames asked for.
    pub key_frames_asked: u64,
}

/// The least lateness of the last [`BASE_WINDOW`], in seconds.
#[derive(Default)]
struct Base {
    began: f64,
    before: Option<f64>,
    current: Option<f64>,
}

impl Base {
    fn note(&mut self, now: f64, lateness: f64) -> f64 {
        if now - self.began > BASE_WINDOW {
            (self.began, self.before, self.current) = (now, self.current, None);
        }
        self.current = Some(self.current.map_or(lateness, |least| least.min(lateness)));
        self.before.map_or(lateness, |least| least.min(lateness)).min(self.current.unwrap_or(lateness))
    }
}

impl Picture {
    /// A line that was answered; `origin` is where the world's time begins.
    pub fn new(origin: Instant) -> Self {
        Self {
            origin,
            pieces: BTreeMap::new(),
            key_starts: BTreeSet::new(),
            next: None,
            last_timestamp: None,
            references: VecDeque::new(),
            base: Base::default(),
            lateness: VecDeque::new(),
            repairs: VecDeque::new(),
            rtt: Duration::ZERO,
            asked_wait: 0.0,
            frames: Vec::new(),
            undecodable: 0,
            cut_short: 0,
            is_broken: false,
            stuck_since: None,
            asked_at: None,
            key_frames_asked: 0,
        }
    }

    /// A packet was sent again, a round trip after it was asked for: frames are waited for so long from now on.
    pub fn repaired(&mut self, now: Instant, rtt: Duration) {
        self.repairs.push_back(now);
        if self.repairs.len() > REPAIRS {
            self.repairs.pop_front();
        }
        self.rtt = rtt;
    }

    /// Its sender asks for frames to wait so long at least before they are shown (the playout delay extension).
    pub fn wait_at_least(&mut self, delay: Duration) {
        self.asked_wait = delay.as_secs_f64();
    }

    /// Takes in a packet. Returns the first packet that is still of use.
    pub fn insert(&mut self, now: Instant, index: u64, timestamp: u32, marker: bool, payload: &[u8]) -> Option<u64> {
        let timestamp = self.unwrapped(timestamp);
        if self.next.is_some_and(|next| index < next) {
            return self.next;
        }
        let tag = picture_tag(payload);
        if tag.is_some_and(|tag| tag.is_key && tag.index == 0 && !tag.needs_below) {
            self.key_starts.insert(index);
        }
        if self.pieces.len() == MAX_PIECES {
            self.pieces.clear();
            self.key_starts.clear();
        }
        self.pieces.insert(index, Piece { timestamp, tag, marker, bytes: payload.len() });
        self.advance(now);
        self.next
    }

    /// When [`Self::take_key_frame_request`] may be due.
    pub fn next_due(&self) -> Option<Instant> {
        let after = match self.frames.is_empty() {
            _ if self.is_broken => Duration::ZERO,
            true => KEY_FRAME_AFTER,
            false => STUCK_AFTER,
        };
        let due = self.stuck_since? + after;
        Some(self.asked_at.map_or(due, |asked| due.max(asked + KEY_FRAME_AFTER)))
    }

    /// Whether a key frame is to be asked for now.
    pub fn take_key_frame_request(&mut self, now: Instant) -> bool {
        let is_due = self.next_due().is_some_and(|due| now >= due);
        if is_due {
            self.asked_at = Some(now);
            self.key_frames_asked += 1;
        }
        is_due
    }

    fn unwrapped(&mut self, timestamp: u32) -> i64 {
        let last = self.last_timestamp.unwrap_or(i64::from(timestamp));
        let unwrapped = last + i64::from(timestamp.wrapping_sub(last as u32) as i32);
        self.last_timestamp = Some(last.max(unwrapped));
        unwrapped
    }

    /// Shows what can be shown.
    fn advance(&mut self, now: Instant) {
        loop {
            let start = self.next.filter(|&next| self.frame_end(next).is_some()).or_else(|| self.whole_key_frame());
            let Some((start, end)) = start.and_then(|start| Some((start, self.frame_end(start)?))) else { break };
            self.take(now, start, end);
        }
        let highest = self.pieces.last_key_value().map(|(&index, _)| index);
        let has_gap = |next| highest.is_some_and(|highest| (highest - next + 1) as usize > self.pieces.len());
        let is_stuck = self.is_broken || self.next.is_none_or(has_gap);
        self.stuck_since = is_stuck.then(|| self.stuck_since.unwrap_or(now));
    }

    /// The last packet of the frame that begins at `start`, if all of it is here.
    fn frame_end(&self, start: u64) -> Option<u64> {
        let mut timestamp = None;
        for (expected, (&index, piece)) in (start..).zip(self.pieces.range(start..)) {
            if index != expected {
                return None;
            }
            if piece.bytes == 0 {
                continue;
            }
            if *timestamp.get_or_insert(piece.timestamp) != piece.timestamp {
                return Some(index - 1);
            }
            if piece.marker {
                return Some(index);
            }
        }
        None
    }

    /// Where the first whole key frame after a gap begins.
    fn whole_key_frame(&self) -> Option<u64> {
        let from = self.next.unwrap_or(0);
        self.key_starts.range(from..).copied().find(|&start| self.frame_end(start).is_some())
    }

    fn take(&mut self, now: Instant, start: u64, end: u64) {
        let rest = self.pieces.split_off(&(end + 1));
        let mut frame = std::mem::replace(&mut self.pieces, rest).split_off(&start);
        self.key_starts = self.key_starts.split_off(&(end + 1));
        self.next = Some(end + 1);
        frame.retain(|_, piece| piece.bytes > 0);
        let bytes = frame.values().map(|piece| piece.bytes).sum();
        // The highest of its spatial layers, if it has several, comes last.
        let tags = || frame.values().filter_map(|piece| piece.tag);
        let Some((timestamp, tag)) = frame.values().rev().find_map(|piece| Some((piece.timestamp, piece.tag?))) else {
            return;
        };
        let is_whole =
            |of: PictureTag| tags().filter(|tag| tag.encoding == of.encoding).count() == usize::from(of.count);
        if !tags().all(is_whole) || tags().next().is_some_and(|first| first.needs_below) {
            // Its sender stopped in the middle. That alone is no reason to ask: a key frame may follow.
            self.cut_short += 1;
            return;
        }
        if !(tag.is_key || self.references.contains(&(tag.encoding, tag.needs))) {
            self.undecodable += 1;
            self.references.clear();
            self.is_broken = true;
            return;
        }
        if tag.is_key {
            self.references.clear();
            self.is_broken = false;
        }
        if self.references.len() == MAX_REFERENCES {
            self.references.pop_front();
        }
        self.references.push_back((tag.encoding, tag.frame));
        self.stuck_since = None;
        self.show(now, timestamp, &tag, bytes);
    }

    fn show(&mut self, now: Instant, timestamp: i64, tag: &PictureTag, bytes: usize) {
        let seconds = (now - self.origin).as_secs_f64();
        let lateness = seconds - timestamp as f64 / CLOCK;
        let base = self.base.note(seconds, lateness);
        if self.lateness.len() == LATENESS_WINDOW {
            self.lateness.pop_front();
        }
        self.lateness.push_back(lateness);
        let mut sorted: Vec<f64> = self.lateness.iter().map(|lateness| lateness - base).collect();
        sorted.sort_by(f64::total_cmp);
        let repairs = self.repairs.len() == REPAIRS && self.repairs.iter().all(|&at| now - at < REPAIR_WINDOW);
        let repair = if repairs { self.rtt.as_secs_f64() } else { 0.0 };
        let wanted = at_share(&sorted, 0.95).unwrap_or(0.0).max(repair + LEAST_WAIT).min(MAX_WAIT);
        let wait = (wanted.max(self.asked_wait) - (lateness - base)).max(0.0);
        let last = self.frames.last().map_or(now, |frame| frame.at);
        let at = (now + Duration::from_secs_f64(wait)).max(last);
        let delay_ms = (at - self.origin).as_secs_f64() * 1000.0 - f64::from(tag.captured_ms);
        self.frames.push(Shown { at, encoding: tag.encoding, is_key: tag.is_key, bytes, delay_ms });
    }

    /// Every frame that was shown, in order.
    pub fn frames(&self) -> &[Shown] {
        &self.frames
    }

    /// When the first frame at or after `from` was shown.
    pub fn first_from(&self, from: Instant) -> Option<Instant> {
        self.frames.iter().map(|frame| frame.at).find(|&at| at >= from)
    }

    /// When the last gap of more than 300 ms between `from` and `to` ended; when the first frame was shown if there was none,
    /// nothing if one had not ended.
    pub fn settled(&self, from: Instant, to: Instant) -> Option<Instant> {
        let within = self.frames.iter().map(|frame| frame.at).filter(|at| (from..to).contains(at));
        let times: Vec<Instant> = [from].into_iter().chain(within).chain([to]).collect();
        let last = times.windows(2).rposition(|pair| pair[1] - pair[0] > GAP);
        let Some(last) = last else { return self.first_from(from) };
        (last + 2 < times.len()).then(|| times[last + 1])
    }

    /// What was seen from `from` to `to`.
    pub fn seen(&self, from: Instant, to: Instant) -> Seen {
        let first = self.frames.partition_point(|frame| frame.at < from);
        let end = self.frames.partition_point(|frame| frame.at < to);
        let shown = &self.frames[first..end];
        let mut seen = Seen { frames: shown.len(), ..Seen::default() };
        seen.bytes = shown.iter().map(|frame| frame.bytes).sum();
        seen.mean_delay_ms = shown.iter().map(|frame| frame.delay_ms).sum::<f64>() / shown.len().max(1) as f64;
        let times: Vec<Instant> = [from].into_iter().chain(shown.iter().map(|frame| frame.at)).chain([to]).collect();
        seen.longest_gap_ms = most(times.windows(2).map(|pair| ms(pair[1] - pair[0]))).unwrap_or(0.0);
        // Freezes: each interval against the mean of those before it; the last goes on until the end.
        for at in first..=end {
            let (Some(before), Some(mean)) = (at.checked_sub(1), self.mean_interval_ms(at)) else { continue };
            let began = self.frames[before].at;
            let until = self.frames.get(at).map_or(to, |frame| frame.at.min(to));
            let interval = ms(until.saturating_duration_since(began));
            if interval > (3.0 * mean).max(mean + 150.0) {
                seen.freezes += 1;
                seen.frozen_ms += ms(until.saturating_duration_since(began.max(from)));
            }
        }
        if first == 0 {
            // Nothing had been shown yet.
            seen.frozen_ms += ms(shown.first().map_or(to, |frame| frame.at) - from);
        }
        seen
    }

    /// Mean interval of the frames before the one at place `at`.
    fn mean_interval_ms(&self, at: usize) -> Option<f64> {
        let window = &self.frames[at.saturating_sub(FREEZE_WINDOW + 1)..at];
        let (first, last) = (window.first()?, window.last()?);
        (window.len() > 1).then(|| ms(last.at - first.at) / (window.len() - 1) as f64)
    }

    /// When which encoding began to be shown, from `from` on: the one before it, and each change.
    pub fn changes(&self, from: Instant) -> Vec<(Instant, u8)> {
        let mut changes: Vec<(Instant, u8)> = Vec::new();
        for frame in &self.frames {
            match changes.last_mut() {
                Some((_, encoding)) if *encoding == frame.encoding => {}
                Some(last) if frame.at < from => *last = (frame.at, frame.encoding),
                _ => changes.push((frame.at, frame.encoding)),
            }
        }
        changes
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// What was seen in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seen {
    /// Frames shown.
    pub frames: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Freezes, by the definition of webrtc-stats: an interval above three times the mean of the last thirty, and above the
    /// mean by more than 150 ms.
    pub freezes: usize,
    /// How long they took, in ms.
    pub frozen_ms: f64,
    /// Longest time without a new frame, from the first to the last moment, in ms.
    pub longest_gap_ms: f64,
    /// From capture to showing, in ms.
    pub mean_delay_ms: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{payload::picture, world::some_instant};

    /// Sends frames of two packets, 40 ms apart, and loses some.
    struct Row {
        picture: Picture,
        start: Instant,
        index: u64,
    }

    impl Row {
        fn new() -> Self {
            let start = some_instant();
            Self { picture: Picture::new(start), start, index: 100 }
        }

        fn frame(&mut self, frame: u32, is_key: bool, lost: bool) -> Instant {
            let now = self.start + Duration::from_millis(40) * frame;
            let needs = if is_key { frame } else { frame.wrapping_sub(1) };
            for index in 0..2 {
                let tag = PictureTag {
                    encoding: 0,
                    is_key,
                    frame,
                    needs,
                    index,
                    count: 2,
                    captured_ms: 40 * frame,
                    needs_below: false,
                };
                if !(lost && index == 1) {
                    self.picture.insert(now, self.index, 3600 * frame, index == 1, &picture(&tag, 500));
                }
                self.index += 1;
            }
            now
        }
    }

    impl Row {
        fn frames(&mut self, frames: std::ops::Range<u32>) {
            for frame in frames {
                self.frame(frame, false, false);
            }
        }
    }

    #[test]
    fn frames_are_shown_from_a_key_frame_on_and_not_across_a_loss() {
        let mut row = Row::new();
        row.frame(0, false, false);
        assert!(row.picture.frames().is_empty());
        row.frame(1, true, false);
        row.frames(2..10);
        assert_eq!(row.picture.frames().len(), 9);
        row.frame(10, false, true);
        let at = row.frame(11, false, false);
        assert_eq!(row.picture.frames().len(), 9);
        assert!(!row.picture.take_key_frame_request(at));
        let later = at + STUCK_AFTER;
        assert!(row.picture.take_key_frame_request(later) && !row.picture.take_key_frame_request(later));
        row.frame(20, true, false);
        assert_eq!(row.picture.frames().len(), 10, "a whole key frame is shown whatever is missing before it");
        assert_eq!(row.picture.next_due(), None);
    }

    #[test]
    fn a_packet_that_is_sent_again_lets_what_waits_be_shown() {
        let mut row = Row::new();
        row.frame(0, true, false);
        row.frame(1, false, true);
        let now = row.frame(2, false, false);
        assert_eq!(row.picture.frames().len(), 1);
        let tag = PictureTag {
            encoding: 0,
            is_key: false,
            frame: 1,
            needs: 0,
            index: 1,
            count: 2,
            captured_ms: 40,
            needs_below: false,
        };
        let next = row.picture.insert(now, 103, 3600, true, &picture(&tag, 500));
        assert_eq!((row.picture.frames().len(), next), (3, Some(106)));
    }

    #[test]
    fn a_frame_predicted_from_one_that_was_not_shown_breaks_the_chain_and_is_told_at_once() {
        let mut row = Row::new();
        row.frame(0, true, false);
        // As if the server had left a frame out and numbered on.
        let now = row.frame(2, false, false);
        assert_eq!((row.picture.frames().len(), row.picture.undecodable), (1, 1));
        assert!(row.picture.take_key_frame_request(now));
        row.frame(3, false, false);
        assert_eq!(row.picture.frames().len(), 1);
    }

    #[test]
    fn a_frame_whose_sender_stopped_in_its_middle_is_left_out_without_a_word() {
        let mut row = Row::new();
        row.frame(0, true, false);
        row.frame(1, false, true);
        // The number of the packet that was not sent goes to the next one.
        row.index -= 1;
        let now = row.frame(2, true, false);
        assert_eq!((row.picture.frames().len(), row.picture.cut_short, row.picture.undecodable), (2, 1, 0));
        assert!(!row.picture.take_key_frame_request(now));
    }

    #[test]
    fn a_freeze_is_what_webrtc_stats_says() {
        let mut row = Row::new();
        row.frame(0, true, false);
        row.frames(1..50);
        // 160 ms are below the mean and 150 ms; 240 ms are above.
        row.frame(53, true, false);
        assert_eq!(row.picture.seen(row.start, row.start + Duration::from_millis(2200)).freezes, 0);
        row.frame(59, true, false);
        // From when the first is shown.
        let start = row.start + Duration::from_millis(20);
        let seen = row.picture.seen(start, row.start + Duration::from_millis(2400));
        let never = Picture::new(row.start).seen(row.start, row.start + Duration::from_millis(2400));
        assert_eq!((never.frozen_ms, never.longest_gap_ms), (2400.0, 2400.0));
        assert_eq!((seen.freezes, seen.frozen_ms, seen.longest_gap_ms), (1, 240.0, 240.0));
    }
}
