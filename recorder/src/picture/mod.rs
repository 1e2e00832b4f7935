//! A picture without holes: what stands on the file while its publisher sends none.
//!
//! ```text
//! last frame      2 s        4 s        6 s        8 s        10 s
//! |---stretched---|gop---...-|gop---...-|gop---...-|gop---...-|card      card      card  ...  keyframe, new epoch
//! ```
//! A player that meets a hole jumps over it, and the voice with it. A sample longer than 2 s is no better: a viewer who
//! joins within it sees nothing. So the group of pictures so far is read back from the file and repeated at a millisecond
//! a frame: it ends in the very state the decoder was in, so frames that come after all still decode. From 10 s on a card
//! says that there is no picture; it is an epoch of its own, and only a keyframe ends it.

pub mod card;
pub mod repeat;

use card::Card;

use crate::limits::{PAUSE_REPEATED, REPEAT_BYTES, VIDEO_TICKS_A_MS};

/// What fills the next stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filling {
    /// The group of pictures so far, once more.
    Repeat,
    /// The card.
    Card,
    /// Nothing can: the hole stays.
    Nothing,
}

/// How things stand with the picture of a track.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    /// Time of the last frame its publisher sent, in ticks.
    last_frame: u64,
    /// Up to where is to be filled, in ticks.
    pub until: u64,
    /// The group of pictures is being read back: nothing can be written before it comes.
    pub reading: bool,
    /// It could not be read.
    pub unreadable: bool,
    /// The card that is on the file now.
    pub card: Option<Card>,
}

impl Pause {
    /// A frame of the publisher's own, at `time`: there is a picture.
    pub fn end(&mut self, time: u64) {
        *self = Self { last_frame: time, until: self.until, ..Self::default() };
    }

    /// What fills the stretch from `time` on, given the bytes of the group of pictures so far and whether there is a card
    /// for its codec.
    pub fn filling(&self, time: u64, group_bytes: u64, card_exists: bool) -> Filling {
        let repeated = PAUSE_REPEATED.as_millis() as u64 * VIDEO_TICKS_A_MS;
        let repeatable = group_bytes <= REPEAT_BYTES && !self.unreadable;
        let long = time.saturating_sub(self.last_frame) >= repeated;
        match (self.card.is_some() || card_exists && (long || !repeatable), repeatable) {
            (true, _) => Filling::Card,
            (false, true) => Filling::Repeat,
            (false, false) => Filling::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_pause() {
        let pause = Pause { last_frame: 90_000, ..Pause::default() };
        let unreadable = Pause { last_frame: 90_000, unreadable: true, ..Pause::default() };
        for (pause, seconds, bytes, card_exists, filling) in [
            (&pause, 3, 1_000, true, Filling::Repeat),
            (&pause, 9, 1_000, true, Filling::Repeat),
            (&pause, 11, 1_000, true, Filling::Card),
            (&pause, 3, REPEAT_BYTES + 1, true, Filling::Card),
            (&pause, 600, 1_000, false, Filling::Repeat),
            (&pause, 3, REPEAT_BYTES + 1, false, Filling::Nothing),
            (&unreadable, 3, 1_000, true, Filling::Card),
            (&unreadable, 3, 1_000, false, Filling::Nothing),
        ] {
            assert_eq!(pause.filling(seconds * 90_000, bytes, card_exists), filling, "{seconds} s, {bytes} bytes");
        }
    }
}
