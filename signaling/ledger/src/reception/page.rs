//! What the page in a room says it decoded, taken with caution: its counters may be anything.

use protocol::UtcMs;

use super::said::{Interval, Said};
use crate::{
    PerStream,
    limits::{LONGEST_INTERVAL_MS, MOST_FRAMES_PER_S, MOST_VOICES, SHORTEST_INTERVAL_MS},
};

/// Counters of a page since it was loaded (`received` of the wire protocol).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageEvidence {
    /// `framesDecoded` of all its pictures of the lesson, summed.
    pub frames_decoded: u64,
    /// `totalSamplesReceived` of the voices, summed, in milliseconds.
    pub sound_ms: u64,
    /// Of these, concealed and not silent, in milliseconds.
    pub concealed_ms: u64,
}

/// At least one picture in this time: a slide that nobody turns is refreshed once a second, a weak line halves that.
const PICTURE_EVERY_MS: u64 = 2_000;
/// Sound must fill at least a half of the time: what it takes to tell playing from stopped, with room for late reports.
const SOUND_FILLS_ONE_OF: u64 = 2;
/// At most one part of this many may be made up for lost packets: speech is hard to follow beyond.
const CONCEALED_ONE_OF: u64 = 4;

/// Cuts time into intervals between reports.
#[derive(Debug, Default)]
pub(super) struct Meter {
    last: Option<(UtcMs, PageEvidence)>,
    said: Said,
}

impl Meter {
    /// `now` never goes back.
    pub(super) fn handle(&mut self, now: UtcMs, evidence: PageEvidence) {
        let Some((from, before)) = self.last else {
            self.last = Some((now, evidence));
            return;
        };
        let length_ms = now.since_ms(from);
        if length_ms < SHORTEST_INTERVAL_MS {
            return;
        }
        self.last = Some((now, evidence));
        if length_ms <= LONGEST_INTERVAL_MS
            && let Some(yes) = yes(before, evidence, length_ms.unsigned_abs())
        {
            self.said.push(Interval { from, to: now, yes });
        }
    }

    /// What the page says of `at`, and until when.
    pub(super) fn said(&mut self, at: UtcMs) -> (Option<PerStream<bool>>, UtcMs) {
        self.said.at(at)
    }
}

/// Whether the counters went on enough in `length_ms`. `None` where they cannot be true: they went back (the page was
/// loaded again, and when is not known) or on faster than any lesson. Reports that were held up come in a burst, so a
/// page may catch up on the longest interval.
fn yes(before: PageEvidence, after: PageEvidence, length_ms: u64) -> Option<PerStream<bool>> {
    let frames = after.frames_decoded.checked_sub(before.frames_decoded)?;
    let sound_ms = after.sound_ms.checked_sub(before.sound_ms)?;
    let concealed_ms = after.concealed_ms.checked_sub(before.concealed_ms)?;
    let most_ms = length_ms + LONGEST_INTERVAL_MS.unsigned_abs();
    if frames > most_ms * MOST_FRAMES_PER_S / 1000 || sound_ms > most_ms * MOST_VOICES || concealed_ms > sound_ms {
        return None;
    }
    let played_ms = sound_ms - concealed_ms;
    Some(PerStream {
        picture: frames * PICTURE_EVERY_MS >= length_ms,
        sound: played_ms * SOUND_FILLS_ONE_OF >= length_ms && concealed_ms * CONCEALED_ONE_OF <= sound_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_counters_of_five_seconds_say() {
        let (yes_yes, no_no) = (Some(PerStream::BOTH), Some(PerStream { picture: false, sound: false }));
        let picture = Some(PerStream { picture: true, sound: false });
        let sound = Some(PerStream { picture: false, sound: true });
        let rows = [
            ("camera and voice", (125, 5_000, 0), yes_yes),
            ("courseware at 2 fps", (10, 5_000, 0), yes_yes),
            ("a slide refreshed once a second, half of it lost", (3, 5_000, 0), yes_yes),
            ("one picture is too few", (2, 5_000, 0), sound),
            ("two voices", (125, 10_000, 200), yes_yes),
            ("some loss is concealed", (125, 5_000, 1_250), yes_yes),
            ("most of what is heard is made up", (125, 5_000, 1_251), picture),
            ("playing stopped half-way", (125, 2_499, 0), picture),
            ("frozen", (0, 0, 0), no_no),
            ("more pictures than any lesson", (4_801, 5_000, 0), None),
            ("more voices than any lesson", (125, 320_001, 0), None),
            ("more concealed than heard", (125, 100, 101), None),
            ("the largest numbers there are", (u64::MAX - 7, u64::MAX - 7, 0), None),
        ];
        let before = PageEvidence { frames_decoded: 7, sound_ms: 7, concealed_ms: 7 };
        for (name, (frames, sound_ms, concealed_ms), expected) in rows {
            let after =
                PageEvidence { frames_decoded: 7 + frames, sound_ms: 7 + sound_ms, concealed_ms: 7 + concealed_ms };
            assert_eq!(yes(before, after, 5_000), expected, "{name}");
        }
        assert_eq!(yes(before, PageEvidence::default(), 5_000), None, "loaded again");
    }
}
