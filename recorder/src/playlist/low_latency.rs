//! Low-Latency HLS (draft-ietf-hls-rfc8216bis): while the lesson runs, the parts of the last segments are listed one by one,
//! those of the one that still grows too, and a player may ask for a playlist before there is what it waits for.
//!
//! Parts are byte ranges of the same files. One that lasts longer than promised (a picture that hardly moves has few
//! samples) is not listed, nor what follows it in its segment: that comes with the whole segment.

use std::fmt::Write;

use super::{
    PartsOf,
    layout::Entry,
    media::{seam_uri, seconds, uri},
    rendition::Rendition,
    segments::{Segment, settled_us},
};
use crate::{
    limits::{PART_HOLD_BACK, PART_TARGET, SEGMENT_MAX},
    manifest::Manifest,
};

/// How near to what is recorded a playlist of a running lesson lets players come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Latency {
    /// Three segments.
    #[default]
    Ordinary,
    /// Three parts behind what is settled.
    Low,
}

/// Parts stay listed until they are three target durations from the end (section 4.4.4.9).
pub const LISTED_US: u64 = 3 * SEGMENT_MAX.as_micros() as u64;

/// Last line of a playlist with parts that goes on. hls.js (1.7) begins the segment that is next with the line behind the last whole one;
/// without any it takes the whole one for the one that grows, dates the next back to it, and from then on misplaces everything
/// before a discontinuity.
pub const FOOTER: &str = "# more will come\n";

/// What is promised of the parts and of reloading.
pub fn header() -> String {
    let (target, hold_back) = (seconds(PART_TARGET.as_micros() as u64), seconds(PART_HOLD_BACK.as_micros() as u64));
    format!(
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold_back}\n#EXT-X-PART-INF:PART-TARGET={target}\n"
    )
}

/// Lists the parts of an entry's segment, as far as they are settled.
pub fn write_parts(text: &mut String, manifest: &Manifest, rendition: Rendition, entry: &Entry, parts: PartsOf<'_>) {
    let Some(segment) = &entry.segment else { return };
    let (target, settled) = (PART_TARGET.as_micros() as u64, settled_us(manifest, rendition));
    if segment.is_cut {
        let duration = entry.end - entry.start;
        if duration <= target && entry.end <= settled {
            let uri = seam_uri(manifest, segment);
            // Writing to a String does not fail.
            let _ = writeln!(text, "#EXT-X-PART:DURATION={},URI=\"{uri}\"", seconds(duration));
        }
        return;
    }
    let Some(track) = manifest.tracks.get(usize::from(segment.track)) else { return };
    let Some(epoch) = track.epochs.get(segment.epoch) else { return };
    let uri = uri(manifest, rendition, segment);
    for part in parts(track, segment.epoch as u32).iter().filter(|part| is_in(segment, part.offset)) {
        let (start, end) = (epoch.micros(part.start), epoch.micros(part.end()));
        if end > settled || end.saturating_sub(start) > target {
            break;
        }
        let (duration, range) = (seconds(end - start), format_args!("{}@{}", part.len, part.offset));
        let independent = if part.independent { ",INDEPENDENT=YES" } else { "" };
        let _ = writeln!(text, "#EXT-X-PART:DURATION={duration},URI=\"{uri}\",BYTERANGE=\"{range}\"{independent}");
    }
}

fn is_in(segment: &Segment, offset: u64) -> bool {
    (segment.offset..segment.offset.saturating_add(segment.len)).contains(&offset)
}

/// What a player waits for: the segment of a media sequence number, or that one's part of this index (section 6.2.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reload {
    segment: u64,
    part: Option<u64>,
}

/// Whether a playlist has what a player waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It has, or nothing more will come.
    Yes,
    /// Not yet.
    NotYet,
    /// It would be long until it has: nobody who plays it can want that.
    TooFar,
}

/// A query that is none of a reload's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("_HLS_msn and _HLS_part are whole numbers, the second only with the first")]
pub struct MalformedReload;

impl Reload {
    /// Reads the query of a playlist's address; `None` if it waits for nothing.
    pub fn from_query(query: &str) -> Result<Option<Self>, MalformedReload> {
        let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        let number = |text: &str| text.parse::<u64>().map_err(|_| MalformedReload);
        match (value("_HLS_msn").map(number).transpose()?, value("_HLS_part").map(number).transpose()?) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(MalformedReload),
            (Some(segment), part) => Ok(Some(Self { segment, part })),
        }
    }

    /// Whether `playlist`, one of ours, has it.
    pub fn reached(&self, playlist: &str) -> Reached {
        if playlist.contains("#EXT-X-ENDLIST") {
            return Reached::Yes;
        }
        let is_part = |line: &&str| line.starts_with("#EXT-X-PART:");
        let whole = playlist.lines().filter(|line| line.starts_with("#EXTINF:")).count() as u64;
        let growing = playlist.lines().rev().take_while(|line| !line.starts_with("#EXTINF:")).filter(is_part).count();
        let is_there =
            self.segment < whole || self.segment == whole && self.part.is_some_and(|part| part < growing as u64);
        match (is_there, self.segment > whole.saturating_add(1)) {
            (true, _) => Reached::Yes,
            (false, true) => Reached::TooFar,
            (false, false) => Reached::NotYet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_is_waited_for() {
        let reload = |segment, part| Ok(Some(Reload { segment, part }));
        for (query, expected) in [
            ("", Ok(None)),
            ("a=1&b", Ok(None)),
            ("_HLS_msn=7", reload(7, None)),
            ("_HLS_msn=7&_HLS_part=0", reload(7, Some(0))),
            ("x=1&_HLS_part=3&_HLS_msn=0", reload(0, Some(3))),
            ("_HLS_msn=18446744073709551615", reload(u64::MAX, None)),
            ("_HLS_part=3", Err(MalformedReload)),
            ("_HLS_msn=", Err(MalformedReload)),
            ("_HLS_msn=-1", Err(MalformedReload)),
            ("_HLS_msn=7&_HLS_part=x", Err(MalformedReload)),
        ] {
            assert_eq!(Reload::from_query(query), expected, "{query}");
        }
    }

    #[test]
    fn a_playlist_has_what_it_lists_and_the_next_may_be_waited_for() {
        let text =
            "#EXTM3U\n#EXT-X-PART:a\n#EXT-X-PART:b\n#EXTINF:4,\na\n#EXTINF:4,\nb\n#EXT-X-PART:c\n#EXT-X-PART:d\n";
        for (segment, part, expected) in [
            (0, None, Reached::Yes),
            (1, Some(900), Reached::Yes),
            (2, Some(0), Reached::Yes),
            (2, Some(1), Reached::Yes),
            (2, Some(2), Reached::NotYet),
            (2, None, Reached::NotYet),
            (3, Some(0), Reached::NotYet),
            (4, None, Reached::TooFar),
            (u64::MAX, Some(u64::MAX), Reached::TooFar),
        ] {
            assert_eq!(Reload { segment, part }.reached(text), expected, "{segment} {part:?}");
        }
        let ended = format!("{text}#EXT-X-ENDLIST\n");
        assert_eq!(Reload { segment: 9, part: None }.reached(&ended), Reached::Yes);
    }
}
