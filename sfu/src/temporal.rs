//! Thinning a stream for a receiver whose line is too slow for all of it: which frames go, by their temporal layer, and what
//! numbers they go with.
//!
//! ```text
//! frame     T0 T2 T1 T2 T0 T2 T1 T2 T0 T2 T1 T2
//! target     all    │   0       │   all
//! sent      T0 T2 T1    T0      │   T0 T2 T1 T2      down at the next frame, up where a frame allows it
//! ```
//!
//! A frame goes or stays as a whole, whenever its packets come. It is pure: time is the RTP timestamp.

use std::collections::VecDeque;

use crate::{
    compaction::{Compaction, Place},
    limits::{MAX_FRAME_FATES, MAX_LATE_TICKS, MAX_TEMPORAL_LAYERS},
    payload::{Layering, Rise},
};

/// The highest temporal layer: all frames.
pub const ALL: u8 = MAX_TEMPORAL_LAYERS - 1;

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes.
    Send {
        /// The extended sequence number it goes with, in the source's count less what was left out.
        index: u64,
        /// Frames left out before its own, modulo 2^16: by so much its VP8 PictureID is to be lower
        /// ([`crate::payload::vp8::Renumber::apply_thinned`]).
        left_out: u16,
    },
    /// It does not, but a number was kept for it: later packets had gone when it came. Something without content is to go in
    /// its place (a packet of nothing but padding), or the receiver asks for it, and in a codec without layers of its own
    /// waits for it, in vain.
    Fill {
        /// The number kept.
        index: u64,
    },
    /// It does not.
    LeaveOut,
}

/// A frame that has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    timestamp: u32,
    /// Frames left out up to it, itself included, modulo 2^16.
    left_out: u16,
    /// The highest layer that was sent when it came.
    level: u8,
    sent: bool,
}

/// Thins one stream of one source to temporal layers that can be changed while it runs.
#[derive(Debug, Clone)]
pub struct Thinning {
    /// The highest layer that shall be sent, and that is.
    target: u8,
    current: u8,
    /// In the order of their timestamps.
    frames: VecDeque<Frame>,
    /// Whether frames have been forgotten.
    forgets: bool,
    compaction: Compaction,
}

impl Default for Thinning {
    fn default() -> Self {
        Self::new()
    }
}

impl Thinning {
    /// Sends everything until told otherwise, and may begin anywhere in a stream: what went before it went with the source's
    /// numbers. Room is taken once, so that the packet path never allocates.
    pub fn new() -> Self {
        Self {
            target: ALL,
            current: ALL,
            frames: VecDeque::with_capacity(MAX_FRAME_FATES),
            forgets: false,
            compaction: Compaction::new(),
        }
    }

    /// Begins anew with a stream of which everything has been sent so far, or nothing has come. `under_way` is the timestamp
    /// of the newest frame of it that has gone, in part at least: the rest of that one goes too. The target stays.
    pub fn restart(&mut self, under_way: Option<u32>) {
        self.current = ALL;
        self.frames.clear();
        let begun = under_way.map(|timestamp| Frame { timestamp, left_out: 0, level: ALL, sent: true });
        self.frames.extend(begun);
        self.forgets = false;
        self.compaction.clear();
    }

    /// Sets the highest temporal layer to be sent, 0 to [`ALL`]. Lower, it holds from the next frame on; higher, from the
    /// next frame that allows it: a key frame if none else does, which is not asked for here.
    pub fn aim(&mut self, target: u8) {
        self.target = target.min(ALL);
    }

    /// The highest temporal layer to be sent.
    pub fn target(&self) -> u8 {
        self.target
    }

    /// The highest temporal layer that is sent.
    pub fn current(&self) -> u8 {
        self.current
    }

    /// Decides on packet `index` (extended sequence number) of the frame with `timestamp`. `layering` is what the packet or
    /// its dependency descriptor tells. A packet that comes again has the same fate, but for one whose place was kept: that
    /// is told each time.
    pub fn pass(&mut self, index: u64, timestamp: u32, layering: &Layering) -> Fate {
        let Place::At(out) = self.compaction.place(index) else { return Fate::LeaveOut };
        let frame = self.frame(timestamp, layering);
        if !frame.sent && self.compaction.leave_out(index) {
            return Fate::LeaveOut;
        }
        self.compaction.sent(index);
        if frame.sent { Fate::Send { index: out, left_out: frame.left_out } } else { Fate::Fill { index: out } }
    }

    /// How packet `index` of the frame with `timestamp` goes again, when a receiver has lost it: as [`Self::pass`] let it
    /// go. For one whose place was kept, or whose frame is forgotten, that is a filling.
    pub fn again(&self, index: u64, timestamp: u32) -> Fate {
        let Place::At(out) = self.compaction.place(index) else { return Fate::LeaveOut };
        match self.frames.iter().rev().find(|frame| frame.timestamp == timestamp) {
            Some(frame) if frame.sent => Fate::Send { index: out, left_out: frame.left_out },
            None if !self.forgets && self.precedes_all(timestamp) => Fate::Send { index: out, left_out: 0 },
            _ => Fate::Fill { index: out },
        }
    }

    /// The packet of the source that has the outgoing number `out`. `None` where that is forgotten.
    pub fn origin(&self, out: u64) -> Option<u64> {
        self.compaction.origin(out)
    }

    fn precedes_all(&self, timestamp: u32) -> bool {
        self.frames.front().is_none_or(|first| is_before(timestamp, first.timestamp))
    }

    /// The frame with `timestamp`: what was decided of it, or is now.
    fn frame(&mut self, timestamp: u32, layering: &Layering) -> Frame {
        let Some(&newest) = self.frames.back() else { return self.begin(timestamp, layering, 0) };
        if newest.timestamp == timestamp {
            // Only the first packet of a frame may tell that it is a key frame, and it may come second.
            if newest.sent {
                self.rise(layering);
            }
            if let Some(newest) = self.frames.back_mut() {
                newest.level = self.current;
            }
            return newest;
        }
        let behind = newest.timestamp.wrapping_sub(timestamp);
        if is_before(newest.timestamp, timestamp) {
            return self.begin(timestamp, layering, newest.left_out);
        }
        if behind > MAX_LATE_TICKS {
            self.frames.clear();
            self.forgets = true;
            return self.begin(timestamp, layering, newest.left_out);
        }
        // Later than all that follow it: they are few.
        let after = self.frames.iter().rev().take_while(|frame| is_before(timestamp, frame.timestamp)).count();
        let at = self.frames.len() - after;
        match at.checked_sub(1).map(|at| self.frames[at]) {
            Some(frame) if frame.timestamp == timestamp => frame,
            // It was missed as a whole. What came after it has its numbers, so that it cannot count as left out any more.
            Some(Frame { left_out, level, .. }) => {
                let frame = Frame { timestamp, left_out, level, sent: layering.temporal <= level };
                self.remember(at, frame);
                frame
            }
            None => {
                self.forgets |= self.frames.len() == MAX_FRAME_FATES;
                let frame = Frame { timestamp, left_out: 0, level: ALL, sent: !self.forgets };
                if frame.sent {
                    self.remember(0, frame);
                }
                frame
            }
        }
    }

    /// Decides on the newest frame.
    fn begin(&mut self, timestamp: u32, layering: &Layering, left_out: u16) -> Frame {
        self.current = self.current.min(self.target);
        self.rise(layering);
        let sent = layering.temporal <= self.current;
        let left_out = left_out.wrapping_add(u16::from(!sent));
        let frame = Frame { timestamp, left_out, level: self.current, sent };
        self.remember(self.frames.len(), frame);
        frame
    }

    fn rise(&mut self, layering: &Layering) {
        if self.current >= self.target {
            return;
        }
        let allowed = match layering.rise {
            _ if layering.key => self.target,
            Rise::After if layering.temporal <= self.current => self.target,
            // One layer at a time: a frame of this layer may follow that refers to the one between.
            Rise::Here if layering.temporal == self.current + 1 => layering.temporal,
            _ => return,
        };
        self.current = allowed.min(self.target);
    }

    /// Remembers a frame in its place, which is not before all others where there is no room.
    fn remember(&mut self, mut at: usize, frame: Frame) {
        if self.frames.len() == MAX_FRAME_FATES {
            self.frames.pop_front();
            self.forgets = true;
            at -= 1;
        }
        self.frames.insert(at, frame);
    }
}

/// Whether timestamp `a` is before `b` (RFC 3550 section 5.1: they wrap).
fn is_before(a: u32, b: u32) -> bool {
    a != b && b.wrapping_sub(a) < 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks of a frame at 30 a second.
    const FRAME: u32 = 3_000;

    fn layer(temporal: u8, rise: Rise) -> Layering {
        Layering { temporal, rise, ..Layering::default() }
    }

    const KEY: Layering = Layering {
        temporal: 0,
        spatial: 0,
        rise: Rise::No,
        begins: true,
        ends: true,
        key: true,
        inter_layer: false,
        discardable: false,
    };

    type Pattern = [(u8, Rise); 4];
    /// The layers of libwebrtc's three-layer patterns, four frames each.
    const VP8: Pattern = [(0, Rise::No), (2, Rise::Here), (1, Rise::Here), (2, Rise::No)];
    const VP9: Pattern = [(0, Rise::After), (2, Rise::After), (1, Rise::After), (2, Rise::No)];

    /// Sends frames of one packet, aiming at `aims` from the frame of that number on; returns the layers that went.
    fn layers_sent(pattern: Pattern, aims: &[(usize, u8)], frames: usize) -> String {
        let mut thinning = Thinning::new();
        let mut sent = String::new();
        let mut next = None;
        for at in 0..frames {
            aims.iter().filter(|(from, _)| *from == at).for_each(|(_, target)| thinning.aim(*target));
            let (temporal, rise) = pattern[at % 4];
            let layering = if at == 0 { KEY } else { layer(temporal, rise) };
            let index = 70_000 + at as u64;
            match thinning.pass(index, (u32::MAX - 2 * FRAME).wrapping_add(at as u32 * FRAME), &layering) {
                Fate::Send { index, .. } => {
                    assert!(next.is_none_or(|next| next == index), "no gap at {at}");
                    next = Some(index + 1);
                    sent.push((b'0' + temporal) as char);
                }
                Fate::LeaveOut => sent.push('.'),
                Fate::Fill { .. } => panic!("nothing was missed"),
            }
        }
        sent
    }

    #[test]
    fn layers_go_down_at_once_and_up_where_a_frame_allows_it() {
        type Row<'r> = (Pattern, &'r [(usize, u8)], &'r str);
        let rows: &[Row<'_>] = &[
            (VP8, &[], "021202120212"),
            (VP8, &[(0, 0)], "0...0...0..."),
            (VP8, &[(0, 1)], "0.1.0.1.0.1."),
            // Down at the next frame, whichever it is.
            (VP8, &[(3, 0)], "021.0...0..."),
            (VP8, &[(6, 1)], "0212021.0.1."),
            // Up a layer at a time: to T1 with its sync frame, to T2 with its own.
            (VP8, &[(0, 0), (4, ALL)], "0...0.1.0212"),
            (VP8, &[(0, 0), (7, ALL)], "0...0...0.1.0212"),
            (VP8, &[(0, 1), (6, ALL)], "0.1.0.1.0212"),
            // Up to anything after any frame that is sent and allows it.
            (VP9, &[(0, 0), (4, ALL)], "0...02120212"),
            (VP9, &[(0, 0), (5, ALL)], "0...0...0212"),
            (VP9, &[(0, 1), (5, ALL)], "0.1.0.120212"),
            (VP9, &[(0, 0), (4, 1)], "0...0.1.0.1."),
            // Down again before it came up.
            (VP9, &[(0, 0), (1, ALL), (3, 0)], "0...0...0..."),
        ];
        for (pattern, aims, expected) in rows {
            assert_eq!(layers_sent(*pattern, aims, expected.len()), *expected, "{aims:?}");
        }
    }

    #[test]
    fn a_stream_that_tells_of_no_way_up_waits_for_its_key_frame() {
        let mut thinning = Thinning::new();
        thinning.aim(0);
        let went = |thinning: &mut Thinning, at: u32, layering| {
            matches!(thinning.pass(u64::from(at), at * FRAME, &layering), Fate::Send { .. })
        };
        assert!(went(&mut thinning, 0, KEY) && !went(&mut thinning, 1, layer(1, Rise::No)));
        thinning.aim(ALL);
        assert!(went(&mut thinning, 2, layer(0, Rise::No)) && !went(&mut thinning, 3, layer(1, Rise::No)));
        assert_eq!((thinning.current(), thinning.target()), (0, ALL));
        assert!(went(&mut thinning, 4, KEY) && went(&mut thinning, 5, layer(1, Rise::No)));
        assert_eq!(thinning.current(), ALL);
    }

    #[test]
    fn what_is_under_way_when_thinning_begins_goes_on() {
        let (base, top) = (layer(0, Rise::After), layer(1, Rise::No));
        let mut thinning = Thinning::new();
        thinning.aim(0);
        thinning.restart(Some(FRAME));
        assert_eq!(thinning.pass(11, FRAME, &top), Fate::Send { index: 11, left_out: 0 }, "its beginning has gone");
        assert_eq!(thinning.pass(9, 0, &base), Fate::Send { index: 9, left_out: 0 }, "late from before");
        assert_eq!(thinning.pass(12, 2 * FRAME, &base), Fate::Send { index: 12, left_out: 0 });
        assert_eq!(thinning.pass(13, 3 * FRAME, &top), Fate::LeaveOut);
        thinning.restart(None);
        assert_eq!(thinning.pass(4, FRAME, &top), Fate::LeaveOut);
        assert_eq!(thinning.pass(5, 2 * FRAME, &base), Fate::Send { index: 4, left_out: 1 });
    }

    #[test]
    fn a_frame_goes_or_stays_as_a_whole() {
        let mut thinning = Thinning::new();
        let (base, top) = (layer(0, Rise::After), layer(1, Rise::No));
        assert_eq!(thinning.pass(10, 0, &base), Fate::Send { index: 10, left_out: 0 });
        assert_eq!(thinning.pass(11, FRAME, &top), Fate::Send { index: 11, left_out: 0 });
        thinning.aim(0);
        assert_eq!(thinning.pass(12, FRAME, &top), Fate::Send { index: 12, left_out: 0 }, "its beginning has gone");
        assert_eq!(thinning.pass(13, 2 * FRAME, &base), Fate::Send { index: 13, left_out: 0 });
        assert_eq!(thinning.pass(14, 3 * FRAME, &top), Fate::LeaveOut);
        thinning.aim(1);
        assert_eq!(thinning.pass(15, 3 * FRAME, &top), Fate::LeaveOut, "its beginning has not gone");
        assert_eq!(thinning.pass(16, 4 * FRAME, &base), Fate::Send { index: 14, left_out: 1 });
        assert_eq!(thinning.pass(17, 5 * FRAME, &top), Fate::Send { index: 15, left_out: 1 });
    }

    #[test]
    fn what_comes_late_fills_the_place_kept_for_it() {
        let mut thinning = Thinning::new();
        thinning.aim(0);
        let (base, top) = (layer(0, Rise::No), layer(1, Rise::No));
        assert_eq!(thinning.pass(10, 0, &base), Fate::Send { index: 10, left_out: 0 });
        // 11 and 12, a frame to be left out, and 13, the beginning of the next, are missed.
        assert_eq!(thinning.pass(14, 2 * FRAME, &base), Fate::Send { index: 14, left_out: 0 });
        assert_eq!(thinning.pass(13, 2 * FRAME, &base), Fate::Send { index: 13, left_out: 0 });
        assert_eq!(thinning.pass(12, FRAME, &top), Fate::Fill { index: 12 });
        assert_eq!(thinning.pass(11, FRAME, &top), Fate::Fill { index: 11 });
        assert_eq!(thinning.again(11, FRAME), Fate::Fill { index: 11 });
        // The second half of a frame is left out, its first half comes late.
        assert_eq!(thinning.pass(16, 3 * FRAME, &top), Fate::LeaveOut);
        assert_eq!(thinning.pass(15, 3 * FRAME, &top), Fate::LeaveOut, "nothing after it has gone");
        assert_eq!(thinning.pass(18, 5 * FRAME, &top), Fate::LeaveOut);
        assert_eq!(thinning.pass(19, 6 * FRAME, &base), Fate::Send { index: 16, left_out: 2 });
        assert_eq!(thinning.pass(17, 4 * FRAME, &base), Fate::Send { index: 15, left_out: 1 });
        assert_eq!(thinning.pass(16, 3 * FRAME, &top), Fate::LeaveOut, "what was left out stays out");
    }

    #[test]
    fn a_frame_missed_before_the_layers_changed_is_judged_by_what_held_then() {
        let mut thinning = Thinning::new();
        let top = layer(2, Rise::No);
        thinning.aim(0);
        thinning.pass(0, 0, &KEY);
        thinning.aim(ALL);
        thinning.pass(2, 2 * FRAME, &layer(0, Rise::After));
        assert_eq!(thinning.current(), ALL);
        assert_eq!(thinning.pass(1, FRAME, &top), Fate::Fill { index: 1 }, "then, it would not have gone");
        assert_eq!(thinning.pass(3, 3 * FRAME, &top), Fate::Send { index: 3, left_out: 0 });
        thinning.aim(0);
        thinning.pass(6, 6 * FRAME, &layer(0, Rise::After));
        assert_eq!(thinning.pass(5, 5 * FRAME, &top), Fate::Send { index: 5, left_out: 0 }, "then, it would have gone");
    }

    #[test]
    fn a_key_frame_whose_beginning_comes_second_is_one() {
        let mut thinning = Thinning::new();
        thinning.aim(0);
        thinning.pass(0, 0, &KEY);
        thinning.aim(ALL);
        thinning.pass(2, FRAME, &layer(0, Rise::No));
        assert_eq!(thinning.current(), 0);
        assert_eq!(thinning.pass(1, FRAME, &KEY), Fate::Send { index: 1, left_out: 0 });
        assert_eq!(thinning.current(), ALL);
        thinning.pass(4, 3 * FRAME, &layer(0, Rise::No));
        let missed = thinning.pass(3, 2 * FRAME, &layer(2, Rise::No));
        assert_eq!(missed, Fate::Send { index: 3, left_out: 0 }, "what follows the key frame goes, late or not");
    }

    #[test]
    fn a_frame_whose_beginning_has_not_gone_lets_nothing_rise() {
        let mut thinning = Thinning::new();
        thinning.aim(0);
        thinning.pass(0, 0, &KEY);
        let sync = layer(1, Rise::Here);
        assert_eq!(thinning.pass(1, FRAME, &sync), Fate::LeaveOut);
        thinning.aim(1);
        assert_eq!(thinning.pass(2, FRAME, &sync), Fate::LeaveOut);
        assert_eq!(thinning.pass(3, 2 * FRAME, &layer(1, Rise::No)), Fate::LeaveOut);
        assert_eq!(thinning.pass(4, 3 * FRAME, &sync), Fate::Send { index: 1, left_out: 2 });
    }

    #[test]
    fn a_receiver_that_lost_packets_gets_them_again_as_they_went() {
        let mut thinning = Thinning::new();
        thinning.aim(0);
        for at in 0..40 {
            let (temporal, rise) = VP9[at as usize % 4];
            thinning.pass(100 + u64::from(at), at * FRAME, &layer(temporal, rise));
        }
        for out in 0..10 {
            let origin = thinning.origin(100 + out).unwrap();
            assert_eq!(origin, 100 + 4 * out);
            let timestamp = (origin - 100) as u32 * FRAME;
            let expected = Fate::Send { index: 100 + out, left_out: 3 * out as u16 };
            assert_eq!(thinning.again(origin, timestamp), expected);
        }
        assert_eq!(thinning.again(101, FRAME), Fate::LeaveOut);
        let earlier = Fate::Send { index: 90, left_out: 0 };
        assert_eq!(thinning.again(90, 0u32.wrapping_sub(FRAME)), earlier, "what went before the thinning began");
    }

    #[test]
    fn what_is_older_than_the_memory_does_not_go() {
        let mut thinning = Thinning::new();
        thinning.aim(1);
        let frames = 3 * MAX_FRAME_FATES as u32;
        for at in (0..frames).filter(|at| *at != 4) {
            let (temporal, rise) = VP9[at as usize % 4];
            thinning.pass(u64::from(at), at * FRAME, &layer(temporal, rise));
        }
        assert!(thinning.frames.len() == MAX_FRAME_FATES && thinning.frames.capacity() == MAX_FRAME_FATES);
        assert_eq!(thinning.pass(4, 4 * FRAME, &layer(0, Rise::After)), Fate::LeaveOut);
        assert_eq!(thinning.again(4, 4 * FRAME), Fate::LeaveOut);
        // A frame from before the first, when there is room for no more.
        let mut full = Thinning::new();
        for at in 1..=MAX_FRAME_FATES as u32 {
            full.pass(u64::from(at), at * FRAME, &layer(0, Rise::No));
        }
        assert_eq!(full.pass(0, 0, &layer(0, Rise::No)), Fate::Fill { index: 0 });
        assert_eq!(full.again(0, 0), Fate::Fill { index: 0 });
        let newest = frames - 2;
        assert!(matches!(thinning.again(u64::from(newest), newest * FRAME), Fate::Send { .. }));
    }

    #[test]
    fn a_clock_that_jumps_back_begins_anew() {
        let mut thinning = Thinning::new();
        thinning.aim(0);
        thinning.pass(0, 1_000_000_000, &KEY);
        thinning.pass(1, 1_000_000_000 + FRAME, &layer(1, Rise::No));
        let back = 1_000_000_000 - MAX_LATE_TICKS;
        assert_eq!(thinning.pass(2, back, &layer(1, Rise::No)), Fate::LeaveOut);
        assert_eq!(thinning.pass(3, back + FRAME, &layer(0, Rise::No)), Fate::Send { index: 1, left_out: 2 });
        assert_eq!(thinning.again(0, 1_000_000_000), Fate::Fill { index: 0 }, "the old row is forgotten");
        // It is not known what went before the new row began.
        let back = back - 2 * MAX_LATE_TICKS;
        assert_eq!(thinning.pass(5, back, &KEY), Fate::Send { index: 3, left_out: 2 });
        assert_eq!(thinning.pass(4, back - FRAME, &KEY), Fate::Fill { index: 2 });
    }
}
