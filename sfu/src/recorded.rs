//! Which of a publisher's streams the recorder gets: of each seat one, the best layer that flows.

use std::time::{Duration, Instant};

use slab::Slab;

use crate::{fanout::Fanout, payload::Entry, seats::Slot};

/// A better layer has to flow for this long before it is recorded: one that comes and goes would cut the recording up.
const STEADY: Duration = Duration::from_secs(3);
/// Silence after which a layer counts as gone.
const GONE: Duration = Duration::from_millis(1500);
/// Seats one publisher may fill.
const SLOTS: usize = 3;

/// What the recorder gets of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// Nothing: another layer is recorded.
    Nothing,
    /// The packet, as the first of another stream.
    First,
    /// The packet.
    Next,
}

/// What is recorded of one seat, by places of fanouts.
#[derive(Debug, Clone, Copy, Default)]
struct Choice {
    current: Option<usize>,
    /// What takes its place at its next key frame.
    next: Option<usize>,
}

/// What is recorded of each seat.
#[derive(Debug, Default)]
pub(crate) struct RecordedStreams([Choice; SLOTS]);

fn place(slot: Slot) -> usize {
    match slot {
        Slot::Voice => 0,
        Slot::Camera => 1,
        Slot::Screen => 2,
    }
}

/// How good a stream is: a picture by its size, or else its layer, as long as no size is known. The first of voices is the best.
fn rank(fanout: &Fanout) -> u64 {
    match fanout.size {
        _ if !fanout.codec.is_video() => u64::from(u8::MAX - fanout.layer),
        Some(size) => u64::from(size.pixels()),
        None => u64::from(fanout.layer),
    }
}

impl RecordedStreams {
    /// What the recorder gets of a packet of the stream at `at`, of this seat; `first` is whether it has just begun.
    pub(crate) fn takes(&mut self, slot: Slot, at: usize, first: bool, entry: Entry) -> Recorded {
        let choice = &mut self.0[place(slot)];
        let is_due = choice.current.is_none() || (choice.next == Some(at) && entry != Entry::No);
        if choice.current == Some(at) {
            return if first { Recorded::First } else { Recorded::Next };
        }
        if is_due {
            *choice = Choice { current: Some(at), next: None };
            return Recorded::First;
        }
        Recorded::Nothing
    }

    /// The stream that is recorded of a seat.
    pub(crate) fn of(&self, slot: Slot) -> Option<usize> {
        self.0[place(slot)].current
    }

    /// Whether a stream of this seat is recorded.
    pub(crate) fn is(&self, slot: Slot, at: usize) -> bool {
        self.of(slot) == Some(at)
    }

    /// Looks whether better layers than those recorded flow among a publisher's `streams`; asks for key frames of those that are
    /// waited for.
    pub(crate) fn choose(
        &mut self,
        now: Instant,
        fanouts: &mut Slab<Fanout>,
        streams: impl Iterator<Item = usize> + Clone,
    ) {
        for choice in &mut self.0 {
            let Some((at, current)) = choice.current.and_then(|at| Some((at, fanouts.get(at)?))) else { continue };
            let is_gone = current.flowing(now, GONE).is_none();
            let least = if is_gone { Duration::ZERO } else { STEADY };
            let others = streams.clone().filter(|&other| other != at).filter_map(|at| Some((at, fanouts.get(at)?)));
            let same_seat = others.filter(|(_, fanout)| fanout.source.slot == current.source.slot);
            let steady = same_seat.filter(|(_, fanout)| fanout.flowing(now, GONE).is_some_and(|long| long >= least));
            let best = steady.max_by_key(|(_, fanout)| rank(fanout));
            choice.next = best.filter(|(_, fanout)| is_gone || rank(fanout) > rank(current)).map(|(at, _)| at);
            if let Some(next) = choice.next.and_then(|at| fanouts.get_mut(at)) {
                next.want_key_frame();
            }
        }
    }
}
