//! One source on its way to the lines it feeds on this shard: its packets, which of them still have to leave, and for whom.
//!
//! Packets leave in groups, receiver by receiver, so that what goes to one receiver lies back to back and is one send:
//!
//! ```text
//! arrive   1 2 | 3 4 | 5(marker)        a browser's pacer lets two go every 5 ms
//! held     ▔▔▔▔▔▔▔▔▔ ▔▔▔▔▔▔▔▔▔▔▔▔
//! leave            [1 2 3 4] → A, B, C…   [5] → A, B, C…
//! ```
//!
//! A group is held only where so many receive it that a send saved for each is worth the wait; a voice never is.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    clock::Mapping,
    codec::Codec,
    command::LessonKey,
    limits::{
        AUDIO_RING, HOLD, HOLD_FAN_OUT, MAX_EVENING, MAX_GROUP, MAX_PACED, MAX_REPLAY_AGE, MAX_REPLAY_BYTES,
        MAX_WAITING, STILL_INTERVAL, UDP_IP_LEN, VIDEO_RING,
    },
    payload::{
        Entry,
        h264::ParameterSets,
        size::{PictureSize, picture_size},
    },
    rate::RateMeter,
    relay::{ShardId, Stream},
    ring::{Kept, PacketRing},
    rtp::NUMBERED_HEADER_LEN,
    seats::{Slot, Source},
};

/// A receiving m-line, by the subscriber's place in the shard and the line's in the subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LineRef {
    pub(crate) subscriber: usize,
    pub(crate) line: usize,
}

/// A stream of a source, by the fanout's place in the shard. `run` tells a stream from an earlier one in the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FanoutRef {
    pub(crate) at: usize,
    pub(crate) run: u64,
}

/// What became of a packet that was to be sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gathered {
    /// Nobody receives this source.
    ForNobody,
    /// It may leave now.
    Due,
    /// It is the first to be held, until then at most.
    Held(Instant),
    /// It is held with others.
    Joined,
    /// More than `limits::MAX_WAITING` wait already: this one is not sent on.
    Lost,
}

/// Bytes around a payload on its way: headers, and the tag that sealing adds (RFC 7714 section 5).
pub(crate) const PACKET_OVERHEAD: usize = UDP_IP_LEN + NUMBERED_HEADER_LEN + 16;

/// How far back a rate is measured: courseware stands still and then changes all at once.
const WINDOW: Duration = Duration::from_millis(1000);
const SCREEN_WINDOW: Duration = Duration::from_millis(2500);
/// Silence after which a stream counts as not sent.
const LAYER_SILENCE: Duration = Duration::from_millis(1500);
/// The same of a second voice while the first goes on: neither has pauses, and a line up that stalls stalls both.
const SECOND_VOICE_SILENCE: Duration = Duration::from_millis(200);
/// A pause after which a stream begins to flow anew.
const LONG_PAUSE: Duration = Duration::from_millis(1500);
/// A stream has temporal layers while packets above the base came so lately, counted from its newest: one that stands still has
/// what it had.
const LAYERED_FOR: Duration = Duration::from_secs(3);
/// A key frame that comes this soon after one was asked for is that one.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// What is measured counts when it has moved so far from what is known, in percent of that.
const RISEN_PERCENT: u64 = 110;
const FALLEN_PERCENT: u64 = 90;

/// What is measured, where it has moved away from what is known.
fn moved(known: Option<u64>, measured: Option<u64>) -> Option<u64> {
    let known = known.unwrap_or(0);
    measured.filter(|&bps| bps * 100 > known * RISEN_PERCENT || bps * 100 < known * FALLEN_PERCENT)
}

/// A packet that has not left for everyone.
struct Waiting {
    index: u64,
    arrival: Instant,
}

/// The newest key frame of a stream.
struct Recent {
    /// Its first packet, its timestamp, and when it came.
    index: u64,
    timestamp: u32,
    at: Instant,
    /// Whether it was asked for.
    is_asked: bool,
    /// The newest packet of the stream, and its timestamp.
    newest: u64,
    newest_timestamp: u32,
    /// Of all packets from its first on.
    bytes: usize,
    /// Of the key frame alone; its last packet so far, and whether its marker has come.
    key_bytes: usize,
    key_last: u64,
    key_is_whole: bool,
}

/// What one that comes late is given first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replay {
    /// The first packet of the key frame, and the newest of all.
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) bytes: usize,
    /// Timestamp of the newest picture.
    pub(crate) live_from: u32,
}

/// A source's stream and everyone it feeds.
pub(crate) struct Fanout {
    pub(crate) lesson: LessonKey,
    pub(crate) source: Source,
    /// Which of the source's simulcast layers.
    pub(crate) layer: u8,
    pub(crate) codec: Codec,
    /// Tells this stream from others of the same source: a new SSRC is a new stream.
    pub(crate) run: u64,
    /// The shard its publisher is on, if that is another.
    pub(crate) home: Option<ShardId>,
    pub(crate) ring: PacketRing,
    pub(crate) parameter_sets: ParameterSets,
    /// The source's clock on the server's, once known.
    pub(crate) mapping: Option<Mapping>,
    /// How large its pictures are, once a key frame told.
    pub(crate) size: Option<PictureSize>,
    meter: RateMeter,
    /// What it is taken to need, in bit/s, once measured: it changes only where the measure has moved away from it.
    needs_bps: Option<u64>,
    /// The same of its base temporal layer alone, where it has others.
    base_meter: RateMeter,
    base_bps: Option<u64>,
    /// When the last packet above the base came.
    layered_at: Option<Instant>,
    /// Whether it flowed when that was last looked at.
    flowed: bool,
    /// When its last packet came.
    pub(crate) last_arrival: Option<Instant>,
    /// When the last packet of the first voice came, of a second one.
    pub(crate) beside: Option<Instant>,
    /// Since when packets have come without a long pause.
    flowing_since: Option<Instant>,
    /// The newest key frame, and what came since.
    recent: Option<Recent>,
    /// Lines fed, or waiting to be fed: those whose current or wanted stream is this one. Those before `cursor` have had the
    /// group that is leaving.
    lines: Vec<LineRef>,
    /// Packets that have not left for everyone, oldest first: `group` are leaving, `due` may leave.
    waiting: VecDeque<Waiting>,
    due: usize,
    group: usize,
    /// When the held packets leave at the latest.
    pub(crate) held_until: Option<Instant>,
    cursor: usize,
    /// Whether the shard has it in line already.
    pub(crate) queued: bool,
    key_frame_wanted: bool,
    /// When such a wish was last passed on, until a key frame came.
    wished: Option<Instant>,
}

/// A group of packets, as a receiver is given it.
pub(crate) struct Passing<'s> {
    pub(crate) from: FanoutRef,
    pub(crate) codec: Codec,
    pub(crate) packets: &'s [Kept<'s>],
    /// Where these are, and those before them.
    pub(crate) ring: &'s PacketRing,
    pub(crate) parameter_sets: &'s ParameterSets,
    pub(crate) mapping: Option<Mapping>,
    /// Payload length to which slightly shorter ones may be padded, in bytes; 0: none is.
    pub(crate) even_len: usize,
}

impl Passing<'_> {
    /// Bytes of RTP padding (RFC 3550 section 5.1) that make a packet as long as the others. Senders split a frame into
    /// packets that differ by a byte; padded, they go in one send instead of two.
    pub(crate) fn padding(&self, kept: &Kept<'_>) -> usize {
        let missing = self.even_len.saturating_sub(kept.payload.len());
        if missing <= MAX_EVENING && !kept.padding { missing } else { 0 }
    }
}

fn meter(source: Source) -> RateMeter {
    RateMeter::new(if source.slot == Slot::Screen { SCREEN_WINDOW } else { WINDOW })
}

impl Fanout {
    pub(crate) fn new(stream: Stream, home: Option<ShardId>) -> Self {
        let Stream { lesson, source, layer, codec, run } = stream;
        let meter = meter(source);
        Self {
            lesson,
            source,
            layer,
            codec,
            run,
            home,
            ring: PacketRing::new(if codec.is_video() { VIDEO_RING } else { AUDIO_RING }),
            parameter_sets: ParameterSets::new(),
            mapping: None,
            size: None,
            meter,
            needs_bps: None,
            base_meter: meter,
            base_bps: None,
            layered_at: None,
            flowed: false,
            last_arrival: None,
            beside: None,
            flowing_since: None,
            recent: None,
            lines: Vec::new(),
            waiting: VecDeque::with_capacity(MAX_WAITING),
            due: 0,
            group: 0,
            held_until: None,
            cursor: 0,
            queued: false,
            key_frame_wanted: false,
            wished: None,
        }
    }

    /// The stream it carries now.
    pub(crate) fn stream(&self) -> Stream {
        Stream { lesson: self.lesson, source: self.source, layer: self.layer, codec: self.codec, run: self.run }
    }

    /// Begins another stream: what is left of the last one is forgotten, and nobody is fed by it any more.
    pub(crate) fn begin(&mut self, run: u64) {
        self.run = run;
        self.ring.clear();
        self.parameter_sets.clear();
        self.mapping = None;
        self.size = None;
        (self.meter, self.base_meter) = (meter(self.source), meter(self.source));
        (self.needs_bps, self.base_bps, self.layered_at, self.flowed) = (None, None, None, false);
        (self.last_arrival, self.beside, self.flowing_since) = (None, None, None);
        self.recent = None;
        self.waiting.clear();
        (self.due, self.group, self.held_until, self.queued) = (0, 0, None, false);
        self.lines.clear();
        self.cursor = 0;
    }

    /// Keeps a packet. `false` when it is known already, too old or too long.
    pub(crate) fn keep(&mut self, now: Instant, packet: &Kept<'_>) -> bool {
        if !self.ring.keep(packet) {
            return false;
        }
        if matches!(self.codec, Codec::H264(_)) {
            self.parameter_sets.observe(packet.payload);
        }
        if packet.entry != Entry::No && self.codec.is_video() {
            self.size = picture_size(self.codec, self.layer, packet.payload).or(self.size);
        }
        self.note_recent(now, packet);
        if self.last_arrival.is_none_or(|at| now.saturating_duration_since(at) > LONG_PAUSE) {
            self.flowing_since = Some(now);
        }
        self.last_arrival = Some(now);
        let bytes = packet.payload.len() + PACKET_OVERHEAD;
        // A key frame of courseware that was asked for, as a still for someone, says nothing of what it needs when it moves.
        let is_asked = |recent: &Recent| recent.is_asked && recent.timestamp == packet.timestamp;
        let is_asked = self.source.slot == Slot::Screen && self.recent.as_ref().is_some_and(is_asked);
        let counted = if is_asked { 0 } else { bytes };
        self.meter.add(now, counted);
        match packet.layer.level {
            0 => self.base_meter.add(now, counted),
            _ => self.layered_at = Some(now),
        }
        true
    }

    fn note_recent(&mut self, now: Instant, packet: &Kept<'_>) {
        // The picture after its parameter sets is an entry too, and no new key frame.
        let is_newer = |recent: &Recent| packet.index > recent.newest && packet.timestamp != recent.timestamp;
        if packet.entry != Entry::No && self.codec.is_video() && self.recent.as_ref().is_none_or(is_newer) {
            let (index, timestamp) = (packet.index, packet.timestamp);
            self.recent = Some(Recent {
                index,
                timestamp,
                at: now,
                is_asked: self.wished.take().is_some_and(|at| now.saturating_duration_since(at) < ANSWERED_WITHIN),
                newest: index,
                newest_timestamp: timestamp,
                bytes: 0,
                key_bytes: 0,
                key_last: index,
                key_is_whole: false,
            });
        }
        if let Some(recent) = &mut self.recent {
            recent.bytes += packet.payload.len();
            if packet.timestamp == recent.timestamp {
                recent.key_bytes += packet.payload.len() + PACKET_OVERHEAD;
                recent.key_last = recent.key_last.max(packet.index);
                recent.key_is_whole |= packet.marker;
            }
            if packet.index > recent.newest {
                (recent.newest, recent.newest_timestamp) = (packet.index, packet.timestamp);
            }
        }
    }

    /// Whether packets came lately: a browser stops the layers that its own line does not carry.
    pub(crate) fn flows(&self, now: Instant) -> bool {
        let (by, silence) = self.beside.map_or((now, LAYER_SILENCE), |first| (first, SECOND_VOICE_SILENCE));
        self.last_arrival.is_some_and(|at| by.saturating_duration_since(at) < silence)
    }

    /// Whether it is a voice that is sent beside another of the same source.
    pub(crate) fn is_second_voice(&self) -> bool {
        !self.codec.is_video() && self.layer > 0
    }

    /// How long packets have come without a long pause; none when the last came longer than `silence` ago.
    pub(crate) fn flowing(&self, now: Instant, silence: Duration) -> Option<Duration> {
        let flows = self.last_arrival.is_some_and(|at| now.saturating_duration_since(at) <= silence);
        self.flowing_since.filter(|_| flows).map(|since| now.saturating_duration_since(since))
    }

    /// What it needs, in bit/s, once it has been measured.
    pub(crate) fn needs_bps(&self) -> Option<u64> {
        self.needs_bps
    }

    /// Looks at what it needs and whether it flows. Whether that has changed so much that receivers are to be allotted anew.
    pub(crate) fn has_changed(&mut self, now: Instant) -> bool {
        let flows = self.flows(now);
        let stopped_or_begun = std::mem::replace(&mut self.flowed, flows) != flows;
        let whole = moved(self.needs_bps, self.meter.bps(now).filter(|_| flows));
        self.needs_bps = whole.or(self.needs_bps);
        let known = self.base_bps.filter(|_| self.is_layered());
        let base = moved(known, self.base_meter.bps(now).filter(|_| flows && self.is_layered()));
        let was_layered = std::mem::replace(&mut self.base_bps, base.or(known)).is_some();
        stopped_or_begun || whole.is_some() || base.is_some() || was_layered != self.base_bps.is_some()
    }

    fn is_layered(&self) -> bool {
        let since = |at: Instant| self.last_arrival.map(|last| last.saturating_duration_since(at));
        self.layered_at.and_then(since).is_some_and(|since| since < LAYERED_FOR)
    }

    /// What its base temporal layer alone needs, in bit/s, where it has others and that has been measured.
    pub(crate) fn base_bps(&self) -> Option<u64> {
        self.base_bps
    }

    /// The newest key frame alone, where it is whole and not too old: a still.
    pub(crate) fn still(&self, now: Instant) -> Option<Replay> {
        let recent = self.recent.as_ref()?;
        let is_young = now.saturating_duration_since(recent.at) <= STILL_INTERVAL;
        let (first, last) = (recent.index, recent.key_last);
        let is_there = is_young && recent.key_is_whole && last - first < MAX_PACED as u64;
        is_there.then_some(Replay { first, last, bytes: recent.key_bytes, live_from: recent.timestamp })
    }

    /// Bytes of the newest key frame, and when it came.
    pub(crate) fn last_key_frame(&self) -> Option<(usize, Instant)> {
        self.recent.as_ref().map(|recent| (recent.key_bytes, recent.at))
    }

    /// The newest key frame with what followed, where it is young and small enough for one that comes late.
    pub(crate) fn replay(&self, now: Instant) -> Option<Replay> {
        let recent = self.recent.as_ref()?;
        let age = now.saturating_duration_since(recent.at);
        let packets = recent.newest - recent.index + 1;
        let fits = age <= MAX_REPLAY_AGE && recent.bytes <= MAX_REPLAY_BYTES && packets <= MAX_PACED as u64;
        let live_from = recent.newest_timestamp;
        fits.then_some(Replay { first: recent.index, last: recent.newest, bytes: recent.bytes, live_from })
    }

    /// Puts a packet just kept among those that are to leave. The last packet of a frame has the marker (RFC 6184 section
    /// 5.1, RFC 9628 section 4.1).
    pub(crate) fn gather(&mut self, now: Instant, index: u64, marker: bool) -> Gathered {
        if self.lines.is_empty() {
            return Gathered::ForNobody;
        }
        if self.waiting.len() >= MAX_WAITING {
            return Gathered::Lost;
        }
        self.waiting.push_back(Waiting { index, arrival: now });
        if !self.holding_pays() || marker || self.waiting.len() - self.due >= MAX_GROUP {
            self.release();
            return Gathered::Due;
        }
        if self.held_until.is_some() {
            return Gathered::Joined;
        }
        let until = now + HOLD;
        self.held_until = Some(until);
        Gathered::Held(until)
    }

    fn holding_pays(&self) -> bool {
        self.codec.is_video() && self.lines.len() >= HOLD_FAN_OUT
    }

    /// Lets everything that is held leave.
    pub(crate) fn release(&mut self) {
        self.due = self.waiting.len();
        self.held_until = None;
    }

    /// Gives the group that is leaving, or else the next, to line after line until `give` says that it is enough for now.
    /// Returns when the oldest packet of the group arrived, once everyone has had it.
    pub(crate) fn pass_on(
        &mut self,
        at: usize,
        mut give: impl FnMut(LineRef, &Passing<'_>) -> bool,
    ) -> Option<Instant> {
        if self.group == 0 {
            self.group = self.due.min(MAX_GROUP);
            self.cursor = 0;
        }
        if self.group == 0 {
            return None;
        }
        let mut packets = [Kept::NONE; MAX_GROUP];
        let mut count = 0;
        // One that the ring has overwritten meanwhile is lost to those who have not had it.
        for kept in self.waiting.iter().take(self.group).filter_map(|one| self.ring.find(one.index)) {
            packets[count] = kept;
            count += 1;
        }
        let packets = &packets[..count];
        let even_len = if self.holding_pays() && count > 1 {
            packets.iter().map(|kept| kept.payload.len()).max().unwrap_or(0)
        } else {
            0
        };
        let passing = Passing {
            from: FanoutRef { at, run: self.run },
            codec: self.codec,
            packets,
            ring: &self.ring,
            parameter_sets: &self.parameter_sets,
            mapping: self.mapping,
            even_len,
        };
        while let Some(&line) = self.lines.get(self.cursor) {
            self.cursor += 1;
            if !give(line, &passing) {
                break;
            }
        }
        if self.cursor < self.lines.len() {
            return None;
        }
        let oldest = self.waiting.front().map(|one| one.arrival);
        self.waiting.drain(..self.group);
        self.due -= self.group;
        self.group = 0;
        oldest
    }

    /// Whether packets may leave.
    pub(crate) fn is_due(&self) -> bool {
        self.due > 0
    }

    /// Adds a line that is not attached.
    pub(crate) fn attach(&mut self, line: LineRef) {
        debug_assert!(!self.lines.contains(&line));
        self.lines.push(line);
    }

    /// Forgets a line. Nobody else has the group that is leaving twice, or not at all.
    pub(crate) fn detach(&mut self, line: LineRef) {
        let Some(mut at) = self.lines.iter().position(|&known| known == line) else { return };
        if at < self.cursor {
            // The last of those that have had it moves into the gap, and the last of all into its place.
            self.cursor -= 1;
            self.lines.swap(at, self.cursor);
            at = self.cursor;
        }
        self.lines.swap_remove(at);
    }

    /// A receiver needs a key frame.
    pub(crate) fn want_key_frame(&mut self) {
        self.key_frame_wanted = self.codec.is_video();
    }

    /// Whether a receiver needs a key frame; takes the wish.
    pub(crate) fn take_key_frame_wish(&mut self, now: Instant) -> bool {
        let is_wanted = std::mem::take(&mut self.key_frame_wanted);
        if is_wanted {
            self.wished = Some(now);
        }
        is_wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codec::H264Profile, command::ParticipantKey};

    /// A second of courseware is five pictures of 2,000 bytes. A key frame of 40,000 comes every two seconds, or in answer to a wish.
    fn needs(wished: bool) -> u64 {
        let source = Source { participant: ParticipantKey(0), slot: Slot::Screen };
        let codec = Codec::H264(H264Profile::High);
        let stream = Stream { lesson: LessonKey(1), source, layer: 0, codec, run: 1 };
        let mut fanout = Fanout::new(stream, None);
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
        let start = Instant::now();
        let payload = [0x41; 1000];
        let mut index = 70_000;
        for picture in 0..100u32 {
            let now = start + Duration::from_millis(200) * picture;
            let is_key = picture.is_multiple_of(10);
            if is_key && wished {
                fanout.want_key_frame();
                assert!(fanout.take_key_frame_wish(now));
            }
            for packet in 0..if is_key { 40 } else { 2 } {
                let entry = if is_key && packet == 0 { Entry::Here } else { Entry::No };
                let kept = Kept { index, timestamp: 18_000 * picture, entry, payload: &payload, ..Kept::NONE };
                assert!(fanout.keep(now, &kept));
                index += 1;
            }
            fanout.has_changed(now);
        }
        fanout.needs_bps().unwrap_or_default()
    }

    #[test]
    fn key_frames_of_courseware_count_where_nobody_asked_for_them() {
        let (by_itself, asked) = (needs(false), needs(true));
        assert!((70_000..95_000).contains(&asked), "{asked}");
        assert!((220_000..290_000).contains(&by_itself), "{by_itself}");
    }
}
