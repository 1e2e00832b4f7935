//! Parts to segments: what a player asks for at once.

use crate::{
    index::Part,
    limits::{PLAYLIST_SLACK, SEGMENT, SEGMENT_MAX},
    manifest::{Epoch, Track},
};

/// A run of parts of one file. Times are microseconds on the lesson clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Which file.
    pub epoch: usize,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// Start.
    pub start: u64,
    /// End.
    pub end: u64,
}

/// All segments of a track. `parts` holds those of each epoch. While the track runs, the last segment may still grow and is
/// left out.
pub fn segments(track: &Track, parts: &[Vec<Part>]) -> Vec<Segment> {
    let mut out = Vec::new();
    for (number, (epoch, parts)) in track.epochs.iter().zip(parts).enumerate().filter(|(_, (epoch, _))| epoch.is_cmaf())
    {
        for part in parts.iter().filter(|part| epoch.holds(part)) {
            add(&mut out, number, epoch, part);
        }
    }
    if !track.ended {
        out.pop();
    }
    out
}

fn add(out: &mut Vec<Segment>, number: usize, epoch: &Epoch, part: &Part) {
    let (start, end) = (epoch.micros(part.start), epoch.micros(part.end()));
    let len = u64::from(part.len);
    let next = Segment { epoch: number, offset: part.offset, len, start, end };
    match out.last_mut().filter(|open| open.epoch == number && !begins_segment(open, part, start, end)) {
        Some(open) => {
            open.len = part.offset.saturating_add(len).saturating_sub(open.offset);
            open.end = end;
        }
        None => out.push(next),
    }
}

fn begins_segment(open: &Segment, part: &Part, start: u64, end: u64) -> bool {
    let hole = start.saturating_sub(open.end) > PLAYLIST_SLACK.as_micros() as u64;
    let long_enough = part.independent && open.end.saturating_sub(open.start) >= SEGMENT.as_micros() as u64;
    let too_long = end.saturating_sub(open.start) > SEGMENT_MAX.as_micros() as u64;
    hole || long_enough || too_long
}
