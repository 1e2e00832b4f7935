//! What is due to leave, in which order: voices before pictures, pictures of different sources in turn, slice by slice.

use std::{collections::VecDeque, time::Instant};

use super::Shard;
use crate::{
    fanout::{FanoutRef, Gathered, LineRef, Passing},
    limits::SLICE,
    pacer::Paced,
};

/// Streams with packets to send on.
#[derive(Default)]
pub(super) struct Leaving {
    voices: VecDeque<FanoutRef>,
    pictures: VecDeque<FanoutRef>,
    /// Streams whose packets are held, and until when: ascending, for all are held equally long.
    held: VecDeque<(Instant, FanoutRef)>,
    /// Subscribers whose pacer has packets.
    paced: VecDeque<usize>,
    next_paced: Option<Instant>,
    /// Reused; empty between calls.
    released: Vec<Paced>,
}

impl Leaving {
    /// When something that waits becomes due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let held = self.held.front().map(|&(until, _)| until);
        [held, self.next_paced].into_iter().flatten().min()
    }

    fn is_empty(&self) -> bool {
        self.voices.is_empty() && self.pictures.is_empty()
    }

    /// Notes that a subscriber's pacer has packets that are due then; once for each subscriber.
    pub(super) fn note_paced(&mut self, at: usize, due: Instant) {
        self.next_paced = Some(self.next_paced.map_or(due, |next| next.min(due)));
        self.paced.push_back(at);
    }

    /// Forgets a subscriber: its place may be somebody else's next.
    pub(super) fn forget(&mut self, at: usize) {
        self.paced.retain(|&known| known != at);
    }

    fn push(&mut self, is_video: bool, stream: FanoutRef) {
        if is_video { self.pictures.push_back(stream) } else { self.voices.push_back(stream) }
    }
}

impl Shard {
    /// Puts a packet just kept among those that are to leave.
    pub(super) fn gather(&mut self, now: Instant, at: usize, index: u64, marker: bool) {
        let fanout = &mut self.fanouts[at];
        let stream = FanoutRef { at, run: fanout.run };
        match fanout.gather(now, index, marker) {
            Gathered::Due => self.queue(stream),
            Gathered::Held(until) => self.leaving.held.push_back((until, stream)),
            Gathered::Lost => self.counters.dropped.behind += 1,
            Gathered::ForNobody | Gathered::Joined => {}
        }
    }

    /// Puts a stream with due packets in line, once.
    fn queue(&mut self, stream: FanoutRef) {
        let fanout = &mut self.fanouts[stream.at];
        if !std::mem::replace(&mut fanout.queued, true) {
            self.leaving.push(fanout.codec.is_video(), stream);
        }
    }

    /// Sends on what is due, into the outbox, until that is about `limits::SLICE` datagrams fuller. `true` when more is due:
    /// the shell sends, looks for arrivals, and comes back at once.
    pub fn fan_out(&mut self, now: Instant) -> bool {
        let enough = self.outbox.len() + SLICE;
        self.release_held(now);
        self.release_paced(now, enough);
        while self.outbox.len() < enough {
            let Some(stream) = self.leaving.voices.pop_front().or_else(|| self.leaving.pictures.pop_front()) else {
                break;
            };
            let known = self.fanouts.get_mut(stream.at).filter(|fanout| fanout.run == stream.run);
            let Some(fanout) = known else { continue };
            fanout.queued = false;
            if self.pass_on(now, stream, enough) {
                self.queue(stream);
            }
        }
        !self.leaving.is_empty()
    }

    /// Gives a stream's group to as many lines as there is room for. `true` when more of it is due.
    fn pass_on(&mut self, now: Instant, stream: FanoutRef, enough: usize) -> bool {
        let Self { fanouts, subscribers, outbox, clock, left, counters, leaving, .. } = self;
        let before = outbox.len();
        let fanout = &mut fanouts[stream.at];
        let done = fanout.pass_on(stream.at, |line, passing| {
            let subscriber = &mut subscribers[line.subscriber];
            if let Some(old) = subscriber.forward(now, clock, line.line, passing, outbox) {
                left.push((line, old));
            }
            if let Some(due) = subscriber.newly_paced() {
                leaving.note_paced(line.subscriber, due);
            }
            outbox.len() < enough
        });
        counters.forwarded += (outbox.len() - before) as u64;
        if let Some(arrival) = done {
            counters.lag.note(now.saturating_duration_since(arrival));
        }
        let more = fanout.is_due();
        self.leave_old_sources();
        more
    }

    /// Lines that have entered a new source are fed by the old one no longer.
    fn leave_old_sources(&mut self) {
        while let Some((line, old)) = self.left.pop() {
            self.detach(line, old);
        }
    }

    /// Lets what has been held long enough leave.
    fn release_held(&mut self, now: Instant) {
        while let Some(&(until, stream)) = self.leaving.held.front() {
            let fanout = self.fanouts.get_mut(stream.at).filter(|fanout| fanout.run == stream.run);
            // Most have left before: their frame was complete.
            let held = fanout.filter(|fanout| fanout.held_until == Some(until));
            if held.is_some() && now < until {
                return;
            }
            self.leaving.held.pop_front();
            if let Some(fanout) = held {
                fanout.release();
                self.queue(stream);
            }
        }
    }

    /// Sends what the pacers let go, until the outbox has `enough`.
    fn release_paced(&mut self, now: Instant, enough: usize) {
        if self.leaving.next_paced.is_none_or(|at| now < at) {
            return;
        }
        let mut released = std::mem::take(&mut self.leaving.released);
        self.leaving.next_paced = None;
        // Those that wait go round: a subscriber's turn comes again after everybody else's.
        for _ in 0..self.leaving.paced.len() {
            let Some(at) = self.leaving.paced.pop_front() else { break };
            let Some(subscriber) = self.subscribers.get_mut(at) else { continue };
            if self.outbox.len() < enough {
                subscriber.release_paced(now, &mut released);
            }
            released.drain(..).for_each(|packet| self.forward_paced(now, at, packet));
            self.probe(now, at);
            if let Some(due) = self.subscribers.get_mut(at).and_then(|subscriber| subscriber.still_paced()) {
                self.leaving.note_paced(at, due);
            }
        }
        self.leaving.released = released;
        self.leave_old_sources();
    }

    /// Sends what a probe of a subscriber's line sends now.
    fn probe(&mut self, now: Instant, at: usize) {
        let Self { fanouts, subscribers, outbox, .. } = self;
        let Some(subscriber) = subscribers.get_mut(at) else { return };
        let packet = |stream: FanoutRef, index: u64| {
            let fanout = fanouts.get(stream.at).filter(|fanout| fanout.run == stream.run)?;
            Some((fanout.ring.find(index)?, &fanout.ring))
        };
        subscriber.probe(now, packet, outbox);
    }

    fn forward_paced(&mut self, now: Instant, at: usize, packet: Paced) {
        let Self { fanouts, subscribers, outbox, clock, counters, .. } = self;
        let Some(fanout) = fanouts.get(packet.from.at).filter(|fanout| fanout.run == packet.from.run) else { return };
        let Some(kept) = fanout.ring.find(packet.index) else { return };
        let passing = Passing {
            from: packet.from,
            codec: fanout.codec,
            packets: &[kept],
            ring: &fanout.ring,
            parameter_sets: &fanout.parameter_sets,
            mapping: fanout.mapping,
            even_len: 0,
        };
        let before = outbox.len();
        let old = subscribers[at].forward_paced(now, clock, &packet, &passing, outbox);
        counters.forwarded += (outbox.len() - before) as u64;
        if let Some(old) = old {
            let line = LineRef { subscriber: at, line: packet.line };
            self.left.push((line, old));
        }
    }
}
