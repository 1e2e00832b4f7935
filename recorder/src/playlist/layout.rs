//! Segments on the lesson clock, with what stands between them: gaps where the track has nothing, and discontinuities at
//! the same moments in every rendition (RFC 8216 section 6.2.4).

use super::segments::Segment;
use crate::{
    limits::{PLAYLIST_SLACK, SEGMENT_MAX},
    manifest::{Manifest, Track},
};

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

/// When renditions break: each new epoch of the tracks that play together. Several within a segment's length (a teacher who
/// reconnects restarts voice and picture) are one break.
pub fn breaks(manifest: &Manifest, track: &Track) -> Vec<u64> {
    let lead = manifest.lesson.lead.as_ref();
    let together = |other: &&Track| Some(&other.name.participant) == lead || other.name == track.name;
    let is_lead = Some(&track.name.participant) == lead;
    let tracks =
        manifest.tracks.iter().filter(|other| if is_lead { together(other) } else { other.name == track.name });
    let written = |track: &Track| -> Vec<u64> {
        let epochs = track.epochs.iter().filter(|epoch| epoch.parts > 0 && epoch.is_cmaf());
        epochs.skip(1).map(|epoch| epoch.micros(epoch.start)).collect()
    };
    let mut starts: Vec<u64> = tracks.flat_map(written).collect();
    starts.sort_unstable();
    let mut breaks: Vec<u64> = Vec::new();
    for start in starts {
        if breaks.last().is_none_or(|last| start - last > SEGMENT_MAX.as_micros() as u64) {
            breaks.push(start);
        }
    }
    breaks
}

/// Lays `segments` out from zero.
pub fn lay_out(segments: &[Segment], breaks: &[u64]) -> Vec<Entry> {
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
    mark(&mut entries, breaks);
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

/// One mark a break in every rendition: where its own file changes near the break, else at the first entry behind it.
fn mark(entries: &mut [Entry], breaks: &[u64]) {
    let near = SEGMENT_MAX.as_micros() as u64;
    let file = |entry: &Entry| entry.segment.map(|segment| segment.epoch);
    let mut from = 1;
    for &at in breaks {
        let mut previous = entries[..from.min(entries.len())].iter().rev().find_map(file);
        let mut changes = None;
        for (position, entry) in entries.iter().enumerate().skip(from).take_while(|(_, entry)| entry.start <= at + near)
        {
            let this = file(entry);
            if entry.start >= at && this.is_some() && previous.is_some() && this != previous {
                changes = Some(position);
                break;
            }
            previous = this.or(previous);
        }
        let behind = entries.iter().enumerate().skip(from).find(|(_, entry)| entry.start >= at);
        let Some(position) = changes.or(behind.map(|(position, _)| position)) else { return };
        entries[position].discontinuity = true;
        from = position + 1;
    }
}
