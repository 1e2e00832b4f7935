//! Segments on the lesson clock, with what stands between them: gaps where the rendition has nothing, and discontinuities at
//! the same moments in all that play together (RFC 8216 section 6.2.4).

use super::segments::Segment;
use crate::limits::{BREAK_SLACK, PLAYLIST_SLACK, SEGMENT_MAX};

/// A first frame this near zero is at zero, in microseconds.
const ROUNDING: u64 = 1_000;

/// One entry of a media playlist. Together they cover the time from zero without overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Start in microseconds on the lesson clock.
    pub start: u64,
    /// Where the next entry starts.
    pub end: u64,
    /// The media; `None` for a gap.
    pub segment: Option<Segment>,
    /// Whether EXT-X-DISCONTINUITY stands before it.
    pub discontinuity: bool,
}

/// Lays `segments` out from zero. Of those that are not `complete` the last are left out where a break may still be marked at one
/// to come.
pub fn lay_out(segments: &[Segment], breaks: &[u64], complete: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut cursor = 0;
    for &segment in segments {
        match entries.last_mut() {
            Some(last) if segment.start.saturating_sub(cursor) <= PLAYLIST_SLACK.as_micros() as u64 => {
                last.end = last.end.max(segment.start);
            }
            None if segment.start <= ROUNDING => {}
            _ => add_gap(&mut entries, cursor, segment.start, breaks),
        }
        // Decode time says otherwise only where a clock was corrected backwards; the player follows decode time.
        let start = if entries.is_empty() { 0 } else { segment.start.max(cursor) };
        cursor = segment.end.max(start + 1);
        entries.push(Entry { start, end: cursor, segment: Some(segment), discontinuity: false });
    }
    if let Some(undecided) = mark(&mut entries, breaks).filter(|_| !complete) {
        entries.truncate(undecided);
    }
    entries
}

/// In pieces no longer than EXT-X-TARGETDURATION allows, cut at breaks so that these fall where the other renditions' do.
fn add_gap(entries: &mut Vec<Entry>, from: u64, to: u64, breaks: &[u64]) {
    let mut start = from;
    while start < to {
        let next_break = breaks.iter().copied().find(|&at| at > start).unwrap_or(u64::MAX);
        let end = to.min(start + SEGMENT_MAX.as_micros() as u64).min(next_break);
        let end = if to - end <= PLAYLIST_SLACK.as_micros() as u64 { to } else { end };
        entries.push(Entry { start, end, segment: None, discontinuity: false });
        start = end;
    }
}

/// One mark a break in every rendition: where its own file changes at the break, else at the entry that begins nearest. A
/// rendition that is not there yet is marked when it is: what has been listed once stays as it is. Returns the first entry of
/// which a later one may take the mark.
fn mark(entries: &mut [Entry], breaks: &[u64]) -> Option<usize> {
    let covered = entries.last().map_or(0, |last| last.end);
    let slack = BREAK_SLACK.as_micros() as u64;
    let file = |entry: &Entry| entry.segment.map(|segment| (segment.track, segment.epoch));
    let mut from = 1;
    for &at in breaks {
        let near = (from..entries.len()).find(|&position| entries[position].start + slack >= at)?;
        let changes = |position: usize| {
            let (this, before) = (file(&entries[position]), file(&entries[position - 1]));
            this.is_some() && before.is_some() && this != before
        };
        let until = (near..entries.len()).take_while(|&position| entries[position].start <= at + slack);
        let own = until.into_iter().find(|&position| changes(position));
        if own.is_none() && covered <= at + slack {
            return Some(near);
        }
        let position = own.unwrap_or(near);
        entries[position].discontinuity = true;
        from = position + 1;
    }
    None
}
