//! Parts to segments: what a player asks for at once.

use super::{PartsOf, rendition::Rendition};
use crate::{
    index::Part,
    limits::{BREAK_DELAY, CUT_DELAY, PLAYLIST_SLACK, SEGMENT, SEGMENT_MAX},
    manifest::{Epoch, Manifest},
};

/// A run of parts of one file. Times are microseconds on the lesson clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Number of the track.
    pub track: u16,
    /// Which of its files.
    pub epoch: usize,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// Start.
    pub start: u64,
    /// End.
    pub end: u64,
    /// Whether its bytes go on beyond its end: a part to be cut there.
    pub is_cut: bool,
}

/// The segments of a rendition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// Those that stay as they are.
    pub whole: Vec<Segment>,
    /// The one behind them, while the lesson runs: it may still grow.
    pub growing: Option<Segment>,
}

/// All segments of a rendition, one ending near each of `breaks`. While the lesson runs, what may still change is not among the
/// whole ones: the last segment, and what a cut or a break may still fall into.
pub fn segments(manifest: &Manifest, rendition: Rendition, breaks: &[u64], parts: PartsOf<'_>) -> Segments {
    let mut whole = all(manifest, rendition, breaks, parts);
    if rendition.has_ended(manifest) {
        return Segments { whole, growing: None };
    }
    let last = whole.pop();
    let settled = settled_us(manifest, rendition);
    // One that ends just there may go on with the next part of its file.
    let stay = whole.iter().take_while(|segment| segment.end < settled).count();
    // Before one that begins later something may still come.
    let growing = whole.get(stay).copied().or(last).filter(|growing| growing.start < settled);
    whole.truncate(stay);
    Segments { whole, growing }
}

/// Until when no cut and no break comes any more, in microseconds. A picture that pauses, or whose new source has no clock
/// yet, goes on seconds later in a file of its own, from where it was: what plays beside it breaks there too.
pub fn settled_us(manifest: &Manifest, rendition: Rendition) -> u64 {
    let newest = manifest.duration_ms.saturating_mul(1_000);
    let cut = if rendition.is_program() { newest.saturating_sub(CUT_DELAY.as_micros() as u64) } else { newest };
    // One that stands still for other reasons holds nothing up.
    let longest = newest.saturating_sub(BREAK_DELAY.as_micros() as u64);
    let written = rendition.pictures(manifest, longest).into_iter().filter(|(track, _)| !track.ended);
    let written = written.filter_map(|(track, until)| Some(track.span_micros()?.1).filter(|end| *end < until));
    cut.min(written.min().unwrap_or(u64::MAX).max(longest))
}

fn all(manifest: &Manifest, rendition: Rendition, breaks: &[u64], parts: PartsOf<'_>) -> Vec<Segment> {
    let mut out = Vec::new();
    for stretch in rendition.stretches(manifest) {
        let Some(track) = manifest.tracks.get(usize::from(stretch.track)) else { continue };
        let Some(epoch) = track.epochs.get(stretch.epoch) else { continue };
        for part in parts(track, stretch.epoch as u32).iter().filter(|part| epoch.holds(part)) {
            let start = epoch.micros(part.start);
            if (stretch.from..stretch.until).contains(&start) {
                let ends = epoch.micros(part.end());
                // Ticks of two codecs do not meet to the microsecond.
                let is_cut = rendition.is_program() && ends > stretch.until.saturating_add(CUT_SLACK_US);
                let (end, track) = (ends.min(stretch.until), stretch.track);
                let next = Segment { track, epoch: stretch.epoch, offset: part.offset, len: 0, start, end, is_cut };
                add(&mut out, next, (epoch, part), breaks);
            }
        }
    }
    out
}

fn add(out: &mut Vec<Segment>, next: Segment, (epoch, part): (&Epoch, &Part), breaks: &[u64]) {
    let end_of_bytes = part.offset.saturating_add(u64::from(part.len));
    let of_file = |open: &&mut Segment| (open.track, open.epoch) == (next.track, next.epoch);
    match out.last_mut().filter(of_file).filter(|open| !begins_segment(open, &next, (epoch, part), breaks)) {
        Some(open) => {
            open.len = end_of_bytes.saturating_sub(open.offset);
            open.end = next.end;
        }
        None => out.push(Segment { len: u64::from(part.len), ..next }),
    }
}

fn begins_segment(open: &Segment, next: &Segment, (epoch, part): (&Epoch, &Part), breaks: &[u64]) -> bool {
    if open.is_cut || next.is_cut {
        return true;
    }
    let hole = next.start.saturating_sub(open.end) > PLAYLIST_SLACK.as_micros() as u64;
    let long_enough = part.independent && open.end.saturating_sub(open.start) >= SEGMENT.as_micros() as u64;
    let too_long = next.end.saturating_sub(open.start) > SEGMENT_MAX.as_micros() as u64;
    hole || long_enough || too_long || is_nearest(next.start, epoch.micros(part.duration), breaks)
}

/// What a part may last beyond a cut, in microseconds: nobody notices.
const CUT_SLACK_US: u64 = 1_000;

/// Whether one of `breaks` is nearer to `start` than to where the parts before and behind begin, if they are as long.
fn is_nearest(start: u64, duration: u64, breaks: &[u64]) -> bool {
    let (low, high) = (start.saturating_sub(duration / 2), start.saturating_add(duration.div_ceil(2)));
    let at = breaks.partition_point(|at| *at < low);
    breaks.get(at).is_some_and(|at| *at < high)
}
