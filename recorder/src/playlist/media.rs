//! A media playlist.

use std::fmt::Write;

use protocol::time::UtcMs;

use super::{
    PartsOf,
    civil::date_time,
    layout::{Entry, lay_out},
    master::start_micros,
    rendition::Rendition,
    seam::{SEAMS, Seam},
    segments::{Segment, segments},
};
use crate::{
    limits::SEGMENT_MAX,
    manifest::{Manifest, Track},
};

/// EXT-X-MAP outside of I-frame playlists needs 6 (RFC 8216 section 7).
const VERSION: u32 = 7;

/// Name a gap's URI has. Players must not load it; one that does not know gaps finds nothing there.
const GAP_URI: &str = "gap.cmaf";

/// The playlist of a track, beside its files.
pub fn media(manifest: &Manifest, track: &Track, parts: PartsOf<'_>) -> String {
    let Some((number, _)) = manifest.track(&track.name) else { return String::new() };
    write(manifest, Rendition::Track(number), parts, |segment| format!("{}.cmaf", segment.epoch))
}

/// The picture of the program, beside `t/`.
pub fn program_picture(manifest: &Manifest, parts: PartsOf<'_>) -> String {
    write(manifest, Rendition::ProgramPicture, parts, |segment| path(manifest, segment))
}

/// The voice of the program, beside `t/`.
pub fn program_voice(manifest: &Manifest, parts: PartsOf<'_>) -> Option<String> {
    let voice = Rendition::ProgramVoice(manifest.program_voice()?);
    Some(write(manifest, voice, parts, |segment| path(manifest, segment)))
}

fn path(manifest: &Manifest, segment: &Segment) -> String {
    format!("t/{}/{}.cmaf", track_name(manifest, segment), segment.epoch)
}

fn track_name(manifest: &Manifest, segment: &Segment) -> String {
    manifest.tracks.get(usize::from(segment.track)).map(|track| track.name.to_string()).unwrap_or_default()
}

fn write(manifest: &Manifest, rendition: Rendition, parts: PartsOf<'_>, uri: impl Fn(&Segment) -> String) -> String {
    let breaks = rendition.breaks(manifest);
    let entries = lay_out(&segments(manifest, rendition, &breaks, parts), &breaks);
    let mut text = header(manifest, rendition, &entries);
    let mut file = None;
    for (position, entry) in entries.iter().enumerate() {
        if entry.discontinuity {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        // A gap has no file; but the first needs a map before it, and what follows uses it.
        let segment = entry.segment.or_else(|| entries.iter().skip(position).find_map(|later| later.segment));
        if let Some(segment) = segment.filter(|segment| file != Some((segment.track, segment.epoch)))
            && (entry.segment.is_some() || file.is_none())
        {
            let epochs = manifest.tracks.get(usize::from(segment.track)).map(|track| &track.epochs);
            let init_len = epochs.and_then(|epochs| epochs.get(segment.epoch)).map_or(0, |epoch| epoch.init_len);
            // Writing to a String does not fail.
            let _ = writeln!(text, "#EXT-X-MAP:URI=\"{}\",BYTERANGE=\"{init_len}@0\"", uri(&segment));
            file = Some((segment.track, segment.epoch));
        }
        if position == 0 || entry.discontinuity {
            let at = manifest.lesson.began_at.plus_ms((entry.start / 1_000) as i64);
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", date_time(UtcMs(at.0)));
        }
        write_entry(&mut text, manifest, entry, &uri);
    }
    if rendition.has_ended(manifest) {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

fn header(manifest: &Manifest, rendition: Rendition, entries: &[Entry]) -> String {
    let longest = entries.iter().map(|entry| entry.end - entry.start).max().unwrap_or(0);
    // Section 4.3.3.1: it must not change while the playlist grows.
    let target = if manifest.ended { longest.div_ceil(1_000_000).max(1) } else { SEGMENT_MAX.as_secs() };
    let kind = if manifest.ended { "VOD" } else { "EVENT" };
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-PLAYLIST-TYPE:{kind}\n"
    );
    let own_start = rendition.stretches(manifest).first().map(|stretch| stretch.from);
    if manifest.ended
        && let Some(start) = own_start.max(start_micros(manifest, rendition))
    {
        let _ = writeln!(text, "#EXT-X-START:TIME-OFFSET={},PRECISE=YES", seconds(start));
    }
    text
}

fn write_entry(text: &mut String, manifest: &Manifest, entry: &Entry, uri: impl Fn(&Segment) -> String) {
    let duration = seconds(entry.end - entry.start);
    let _ = match &entry.segment {
        Some(segment) if segment.is_cut => {
            let Segment { epoch, offset, end: until, .. } = *segment;
            let name = Seam { epoch: epoch as u32, offset, until }.name();
            writeln!(text, "#EXTINF:{duration},\n{SEAMS}/{}/{name}", track_name(manifest, segment))
        }
        Some(segment) => {
            writeln!(text, "#EXTINF:{duration},\n#EXT-X-BYTERANGE:{}@{}\n{}", segment.len, segment.offset, uri(segment))
        }
        None => writeln!(text, "#EXT-X-GAP\n#EXTINF:{duration},\n{GAP_URI}"),
    };
}

/// Microseconds as decimal seconds, exactly: sums of EXTINF must not drift from decode time.
pub fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
