//! Which of a publisher's tracks the recorder gets: of each seat one, the best layer that flows.

use std::time::{Duration, Instant};

use crate::{payload::Entry, seats::Slot, track::Track};

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

/// What is recorded of one seat.
#[derive(Debug, Clone, Copy, Default)]
struct Choice {
    track: Option<usize>,
    /// A track that takes its place at its next key frame.
    next: Option<usize>,
}

/// What is recorded of each seat.
#[derive(Debug, Default)]
pub(crate) struct RecordedTracks([Choice; SLOTS]);

fn place(slot: Slot) -> usize {
    match slot {
        Slot::Voice => 0,
        Slot::Camera => 1,
        Slot::Screen => 2,
    }
}

impl RecordedTracks {
    /// What the recorder gets of a packet of track `at`; `first` is whether its stream has just begun.
    pub(crate) fn takes(&mut self, tracks: &[Track], at: usize, first: bool, entry: Entry) -> Recorded {
        let choice = &mut self.0[place(tracks[at].spec.slot)];
        let is_due = choice.track.is_none() || (choice.next == Some(at) && entry != Entry::No);
        if choice.track == Some(at) {
            return if first { Recorded::First } else { Recorded::Next };
        }
        if is_due {
            *choice = Choice { track: Some(at), next: None };
            return Recorded::First;
        }
        Recorded::Nothing
    }

    /// The track that is recorded of a seat.
    pub(crate) fn of(&self, slot: Slot) -> Option<usize> {
        self.0[place(slot)].track
    }

    /// Whether a track is recorded.
    pub(crate) fn is(&self, slot: Slot, track: usize) -> bool {
        self.of(slot) == Some(track)
    }

    /// Looks whether better layers flow than those recorded; calls `want_key_frame` with each that is waited for. `rank`
    /// tells how good a track is.
    pub(crate) fn choose(
        &mut self,
        now: Instant,
        tracks: &[Track],
        rank: impl Fn(&Track) -> u64,
        mut want_key_frame: impl FnMut(usize),
    ) {
        for choice in &mut self.0 {
            let Some(current) = choice.track else { continue };
            let slot = tracks[current].spec.slot;
            let is_gone = tracks[current].flowing(now, GONE).is_none();
            let least = if is_gone { Duration::ZERO } else { STEADY };
            let same_seat = tracks.iter().enumerate().filter(|(_, track)| track.spec.slot == slot);
            let steady = same_seat.filter(|(_, track)| track.flowing(now, GONE).is_some_and(|long| long >= least));
            let best = steady.max_by_key(|(_, track)| rank(track)).map(|(at, _)| at);
            choice.next = best.filter(|&at| at != current && (is_gone || rank(&tracks[at]) > rank(&tracks[current])));
            choice.next.into_iter().for_each(&mut want_key_frame);
        }
    }
}
