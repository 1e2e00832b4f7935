//! The media playlist of one track.

use std::fmt::Write;

use protocol::time::UtcMs;

use super::{
    civil::date_time,
    layout::{Entry, breaks, lay_out},
    segments::segments,
};
use crate::{
    index::Part,
    limits::SEGMENT_MAX,
    manifest::{Manifest, Track},
};

/// EXT-X-MAP outside of I-frame playlists needs 6 (RFC 8216 section 7).
const VERSION: u32 = 7;

/// Name a gap's URI has. Players must not load it; one that does not know gaps finds nothing there.
const GAP_URI: &str = "gap.cmaf";

/// The playlist of `track`; `parts` holds the index of each of its epochs, in order.
pub fn media(manifest: &Manifest, track: &Track, parts: &[Vec<Part>]) -> String {
    let entries = lay_out(&segments(track, parts), &breaks(manifest, track));
    let mut text = header(manifest, track, &entries);
    let mut file = None;
    for (position, entry) in entries.iter().enumerate() {
        if entry.discontinuity {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        // A gap has no file; but the first needs a map before it, and what follows uses it.
        let segment = entry.segment.or_else(|| entries.iter().skip(position).find_map(|later| later.segment));
        if let Some(epoch) = segment.map(|segment| segment.epoch).filter(|epoch| file != Some(*epoch))
            && (entry.segment.is_some() || file.is_none())
        {
            let init_len = track.epochs.get(epoch).map_or(0, |epoch| epoch.init_len);
            // Writing to a String does not fail.
            let _ = writeln!(text, "#EXT-X-MAP:URI=\"{epoch}.cmaf\",BYTERANGE=\"{init_len}@0\"");
            file = Some(epoch);
        }
        if position == 0 || entry.discontinuity {
            let at = manifest.lesson.began_at.plus_ms((entry.start / 1_000) as i64);
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", date_time(UtcMs(at.0)));
        }
        write_entry(&mut text, entry);
    }
    if track.ended && manifest.ended {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

fn header(manifest: &Manifest, track: &Track, entries: &[Entry]) -> String {
    let longest = entries.iter().map(|entry| entry.end - entry.start).max().unwrap_or(0);
    // Section 4.3.3.1: it must not change while the playlist grows.
    let target = if manifest.ended { longest.div_ceil(1_000_000).max(1) } else { SEGMENT_MAX.as_secs() };
    let kind = if manifest.ended { "VOD" } else { "EVENT" };
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-PLAYLIST-TYPE:{kind}\n"
    );
    let own_start = track.span_micros().map(|span| span.0);
    if manifest.ended
        && let Some(start) = own_start.max(super::master::start_micros(manifest))
    {
        let _ = writeln!(text, "#EXT-X-START:TIME-OFFSET={},PRECISE=YES", seconds(start));
    }
    text
}

fn write_entry(text: &mut String, entry: &Entry) {
    let duration = seconds(entry.end - entry.start);
    let _ = match entry.segment {
        Some(segment) => writeln!(
            text,
            "#EXTINF:{duration},\n#EXT-X-BYTERANGE:{}@{}\n{}.cmaf",
            segment.len, segment.offset, segment.epoch
        ),
        None => writeln!(text, "#EXT-X-GAP\n#EXTINF:{duration},\n{GAP_URI}"),
    };
}

/// Microseconds as decimal seconds, exactly: sums of EXTINF must not drift from decode time.
pub fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
