//! How full the disk is, and what a recording leaves out for it.

use protocol::ids::ParticipantId;

use crate::{Slot, TrackName, limits::FULL_PART};

/// How much space the disk has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Disk {
    /// Everything is recorded.
    #[default]
    Plenty,
    /// Only what the program needs is recorded.
    Low,
    /// Nothing is recorded: what is left is for the database.
    Full,
}

impl Disk {
    /// How it stands with `free` bytes left of which `keep_free` should stay free. It gets better only with a quarter more
    /// than it got worse at, or tracks would come and go with every file.
    pub fn next(self, free: u64, keep_free: u64) -> Self {
        let full = keep_free / FULL_PART;
        let regained = |limit: u64| limit.saturating_add(limit / 4);
        let (low_at, full_at) = match self {
            Self::Plenty => (keep_free, full),
            Self::Low => (regained(keep_free), full),
            Self::Full => (regained(keep_free), regained(full)),
        };
        match free {
            _ if free < full_at => Self::Full,
            _ if free < low_at => Self::Low,
            _ => Self::Plenty,
        }
    }
}

/// Whether a track is recorded also when the disk is low: what the lead shows and says is the lesson. Without a lead all
/// voices are.
pub(crate) fn keeps(track: &TrackName, lead: Option<&ParticipantId>) -> bool {
    lead.map_or(track.slot == Slot::Voice, |lead| track.participant == *lead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::name;

    #[test]
    fn the_disk_gets_better_later_than_it_got_worse() {
        use Disk::{Full, Low, Plenty};
        // Of 800 kept free a hundred are the hard limit.
        for (before, free, after) in [
            (Plenty, 800, Plenty),
            (Plenty, 799, Low),
            (Plenty, 99, Full),
            (Low, 999, Low),
            (Low, 1_000, Plenty),
            (Low, 100, Low),
            (Low, 99, Full),
            (Full, 124, Full),
            (Full, 125, Low),
            (Full, 1_000, Plenty),
        ] {
            assert_eq!(before.next(free, 800), after, "{before:?} with {free}");
        }
        assert_eq!(Plenty.next(0, 0), Plenty, "nothing is to be kept free");
        assert_eq!(Low.next(u64::MAX - 1, u64::MAX), Low);
    }

    #[test]
    fn what_the_lead_shows_and_says_is_kept() {
        let lead = ParticipantId::parse("master").unwrap();
        for (participant, slot, with_lead, without) in [
            ("master", Slot::Camera, true, false),
            ("master", Slot::Voice, true, true),
            ("point-1", Slot::Voice, false, true),
            ("point-1", Slot::Camera, false, false),
        ] {
            let track = name(participant, slot);
            assert_eq!((keeps(&track, Some(&lead)), keeps(&track, None)), (with_lead, without), "{track}");
        }
    }
}
