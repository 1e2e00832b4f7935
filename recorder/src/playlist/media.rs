//! A media playlist.

use std::fmt::Write;

use protocol::time::UtcMs;

use super::{
    PartsOf,
    civil::date_time,
    layout::{Entry, lay_out},
    low_latency::{self, Latency},
    master::start_micros,
    rendition::Rendition,
    seam::{SEAMS, Seam},
    segments::{Segment, Segments, segments},
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
pub fn media(manifest: &Manifest, track: &Track, parts: PartsOf<'_>, latency: Latency) -> String {
    let Some((number, _)) = manifest.track(&track.name) else { return String::new() };
    write(manifest, Rendition::Track(number), parts, latency)
}

/// The picture of the program, beside `t/`.
pub fn program_picture(manifest: &Manifest, parts: PartsOf<'_>, latency: Latency) -> String {
    write(manifest, Rendition::ProgramPicture, parts, latency)
}

/// The voice of the program, beside `t/`.
pub fn program_voice(manifest: &Manifest, parts: PartsOf<'_>, latency: Latency) -> Option<String> {
    let voice = Rendition::ProgramVoice(manifest.program_voice()?);
    Some(write(manifest, voice, parts, latency))
}

/// Where the file of a segment is, from where the playlist of `rendition` is.
pub fn uri(manifest: &Manifest, rendition: Rendition, segment: &Segment) -> String {
    if rendition.is_program() { path(manifest, segment) } else { format!("{}.cmaf", segment.epoch) }
}

fn path(manifest: &Manifest, segment: &Segment) -> String {
    format!("t/{}/{}.cmaf", track_name(manifest, segment), segment.epoch)
}

fn track_name(manifest: &Manifest, segment: &Segment) -> String {
    manifest.tracks.get(usize::from(segment.track)).map(|track| track.name.to_string()).unwrap_or_default()
}

fn write(manifest: &Manifest, rendition: Rendition, parts: PartsOf<'_>, latency: Latency) -> String {
    let breaks = rendition.breaks(manifest);
    let Segments { whole, growing } = segments(manifest, rendition, &breaks, parts);
    let lists_parts = latency == Latency::Low && !rendition.has_ended(manifest);
    let growing = growing.filter(|_| lists_parts);
    let entries =
        lay_out(&whole.into_iter().chain(growing).collect::<Vec<_>>(), &breaks, rendition.has_ended(manifest));
    let parts_from = entries.last().map_or(0, |last| last.end.saturating_sub(low_latency::LISTED_US));
    let mut text = header(manifest, rendition, &entries);
    if lists_parts {
        text.push_str(&low_latency::header());
    }
    let mut file = None;
    for (position, entry) in entries.iter().enumerate() {
        let mut listed = String::new();
        if lists_parts && entry.start >= parts_from {
            low_latency::write_parts(&mut listed, manifest, rendition, entry, parts);
        }
        let grows = growing.is_some() && entry.segment == growing;
        if grows && listed.is_empty() {
            break;
        }
        write_before(&mut text, manifest, rendition, &entries[position..], position == 0, &mut file);
        text.push_str(&listed);
        if !grows {
            write_entry(&mut text, manifest, rendition, entry);
        }
    }
    if lists_parts {
        text.push_str(low_latency::FOOTER);
    }
    if rendition.has_ended(manifest) {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

/// What stands before the first of `entries`: the change to another file, and when it is. `file` is the one before it.
fn write_before(
    text: &mut String,
    manifest: &Manifest,
    rendition: Rendition,
    entries: &[Entry],
    is_first: bool,
    file: &mut Option<(u16, usize)>,
) {
    let Some(entry) = entries.first() else { return };
    if entry.discontinuity {
        text.push_str("#EXT-X-DISCONTINUITY\n");
    }
    // A gap has no file; but the first needs a map before it, and what follows uses it.
    let segment = entry.segment.or_else(|| entries.iter().find_map(|later| later.segment));
    if let Some(segment) = segment.filter(|segment| *file != Some((segment.track, segment.epoch)))
        && (entry.segment.is_some() || file.is_none())
    {
        let epochs = manifest.tracks.get(usize::from(segment.track)).map(|track| &track.epochs);
        let init_len = epochs.and_then(|epochs| epochs.get(segment.epoch)).map_or(0, |epoch| epoch.init_len);
        let uri = uri(manifest, rendition, &segment);
        // Writing to a String does not fail.
        let _ = writeln!(text, "#EXT-X-MAP:URI=\"{uri}\",BYTERANGE=\"{init_len}@0\"");
        *file = Some((segment.track, segment.epoch));
    }
    if is_first || entry.discontinuity {
        let at = manifest.lesson.began_at.plus_ms((entry.start / 1_000) as i64);
        let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", date_time(UtcMs(at.0)));
    }
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

/// Where a part made shorter is.
pub fn seam_uri(manifest: &Manifest, segment: &Segment) -> String {
    let Segment { epoch, offset, end: until, .. } = *segment;
    let name = Seam { epoch: epoch as u32, offset, until }.name();
    format!("{SEAMS}/{}/{name}", track_name(manifest, segment))
}

fn write_entry(text: &mut String, manifest: &Manifest, rendition: Rendition, entry: &Entry) {
    let duration = seconds(entry.end - entry.start);
    let _ = match &entry.segment {
        Some(segment) if segment.is_cut => writeln!(text, "#EXTINF:{duration},\n{}", seam_uri(manifest, segment)),
        Some(segment) => {
            let (len, offset, uri) = (segment.len, segment.offset, uri(manifest, rendition, segment));
            writeln!(text, "#EXTINF:{duration},\n#EXT-X-BYTERANGE:{len}@{offset}\n{uri}")
        }
        None => writeln!(text, "#EXT-X-GAP\n#EXTINF:{duration},\n{GAP_URI}"),
    };
}

/// Microseconds as decimal seconds, exactly: sums of EXTINF must not drift from decode time.
pub fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
