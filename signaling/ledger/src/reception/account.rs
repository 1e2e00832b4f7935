//! Adds up what was received, and notes gaps, as events.

use std::collections::VecDeque;

use protocol::{RoomId, UtcMs};

use crate::{
    Event, OutageReason, PerStream, What,
    limits::{BATCH_MS, EVENTS_WAITING, LONGEST_INTERVAL_MS, SHORTEST_OUTAGE_MS},
};

/// What is known of a stretch of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) sends: PerStream<bool>,
    pub(super) line_up: bool,
    pub(super) rtcp: Option<PerStream<bool>>,
    pub(super) page: Option<PerStream<bool>>,
}

impl Stretch {
    fn received(self) -> PerStream<bool> {
        match (self.rtcp, self.page) {
            (Some(rtcp), Some(page)) if self.line_up => self.sends.and(rtcp).and(page),
            _ => PerStream::default(),
        }
    }

    /// One source says that something arrived and the other says nothing.
    fn is_doubtful(self) -> bool {
        match (self.rtcp, self.page) {
            (Some(yes), None) | (None, Some(yes)) if self.line_up => self.sends.and(yes).either(),
            _ => false,
        }
    }

    fn is_unseen(self) -> bool {
        self.rtcp.is_none() && self.page.is_none()
    }
}

/// Received time of one batch.
#[derive(Debug, Clone, Copy)]
struct Batch {
    from: UtcMs,
    ms: PerStream<i64>,
    doubt_ms: i64,
}

/// A stretch in which something that was sent did not arrive.
#[derive(Debug, Clone, Copy)]
struct Gap {
    from: UtcMs,
    to: UtcMs,
    missed: PerStream<bool>,
    is_unseen: bool,
    was_down: bool,
}

impl Gap {
    fn reason(&self) -> OutageReason {
        match self.missed {
            _ if self.was_down => OutageReason::LineLost,
            _ if self.is_unseen => OutageReason::NoEvidence,
            PerStream { sound: false, .. } => OutageReason::NoPicture,
            PerStream { picture: false, .. } => OutageReason::NoSound,
            _ => OutageReason::NothingReceived,
        }
    }
}

/// The account of one room.
#[derive(Debug)]
pub(super) struct Account {
    room: RoomId,
    batch: Batch,
    gap: Option<Gap>,
    events: VecDeque<Event>,
}

impl Account {
    pub(super) fn new(room: RoomId) -> Self {
        let batch = Batch { from: UtcMs(0), ms: PerStream::default(), doubt_ms: 0 };
        Self { room, batch, gap: None, events: VecDeque::new() }
    }

    pub(super) fn begin(&mut self, at: UtcMs) {
        self.batch.from = at;
    }

    /// Counts the time from `from`, which is where the last stretch ended, to `to`.
    pub(super) fn add(&mut self, from: UtcMs, to: UtcMs, stretch: Stretch, now: UtcMs) {
        if to.since_ms(self.batch.from) > BATCH_MS {
            self.close_batch(from, now);
        }
        let length_ms = to.since_ms(from);
        let received = stretch.received();
        self.batch.ms = self.batch.ms.zip(received, |ms, yes| if yes { ms + length_ms } else { ms });
        if stretch.is_doubtful() {
            self.batch.doubt_ms += length_ms;
        }
        let missed = stretch.sends.zip(received, |sends, yes| sends && !yes);
        if !missed.either() {
            self.close_gap(now, SHORTEST_OUTAGE_MS);
            return;
        }
        let gap = self.gap.get_or_insert(Gap { from, to, missed, is_unseen: true, was_down: false });
        gap.to = to;
        gap.missed = gap.missed.zip(missed, |a, b| a || b);
        gap.is_unseen &= stretch.is_unseen();
        gap.was_down |= !stretch.line_up;
    }

    /// The last reports before the end speak for the time before them: what is left after them is no outage.
    pub(super) fn finish(&mut self, at: UtcMs, now: UtcMs) {
        self.close_gap(now, LONGEST_INTERVAL_MS);
        self.close_batch(at, now);
    }

    pub(super) fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// A batch in which nothing arrived is not written down: a device that is off would fill the ledger.
    fn close_batch(&mut self, to: UtcMs, now: UtcMs) {
        let Batch { from, ms, doubt_ms } = self.batch;
        self.batch = Batch { from: to, ms: PerStream::default(), doubt_ms: 0 };
        if ms == PerStream::default() && doubt_ms == 0 {
            return;
        }
        if self.events.len() >= EVENTS_WAITING && self.merged(to, ms, doubt_ms) {
            return;
        }
        let room = self.room.clone();
        let (picture_ms, sound_ms) = (saturated(ms.picture), saturated(ms.sound));
        let what = What::Received { room, from, to, picture_ms, sound_ms, doubt_ms: saturated(doubt_ms) };
        self.events.push_back(Event { at: now, what });
    }

    /// Whether a batch could be added to the last one that waits.
    fn merged(&mut self, until: UtcMs, ms: PerStream<i64>, doubted_ms: i64) -> bool {
        let received = self.events.iter_mut().rev().find_map(|event| match &mut event.what {
            What::Received { to, picture_ms, sound_ms, doubt_ms, .. } => Some((to, picture_ms, sound_ms, doubt_ms)),
            _ => None,
        });
        let Some((to, picture_ms, sound_ms, doubt_ms)) = received else { return false };
        *to = until;
        *picture_ms = picture_ms.saturating_add(saturated(ms.picture));
        *sound_ms = sound_ms.saturating_add(saturated(ms.sound));
        *doubt_ms = doubt_ms.saturating_add(saturated(doubted_ms));
        true
    }

    fn close_gap(&mut self, now: UtcMs, shortest_ms: i64) {
        let Some(gap) = self.gap.take() else { return };
        if gap.to.since_ms(gap.from) < shortest_ms || self.events.len() >= EVENTS_WAITING {
            return;
        }
        let what = What::Outage { room: Some(self.room.clone()), from: gap.from, to: gap.to, reason: gap.reason() };
        self.events.push_back(Event { at: now, what });
    }
}

fn saturated(ms: i64) -> u32 {
    u32::try_from(ms.max(0)).unwrap_or(u32::MAX)
}
