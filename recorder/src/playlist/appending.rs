//! A track for players that append its parts through MSE themselves: WebM, which HLS does not know, and CMAF beside it, so
//! that one player plays a lesson of both.

use serde::Serialize;

use crate::{
    Container,
    index::Part,
    manifest::{Epoch, Manifest, Track},
};

/// One file of a track: append its init, then its parts.
#[derive(Debug, Serialize)]
struct Appendable {
    /// For `MediaSource.addSourceBuffer` and `SourceBuffer.changeType`.
    mime: String,
    init: Init,
    /// Start and end in milliseconds on the lesson clock, first byte and length in the file, and 1 where playing can begin.
    parts: Vec<(u64, u64, u64, u32, u8)>,
    /// No more parts will come.
    ended: bool,
}

/// Where the init segment is.
#[derive(Debug, Serialize)]
struct Init {
    /// Of the file, relative to the track's directory.
    url: String,
    offset: u64,
    len: u32,
}

/// The files of `track` as a JSON array; `parts` holds the index of each of its epochs, in order.
///
/// ```text
/// [{"mime": "video/webm; codecs=\"vp8\"", "init": {"url": "0.webm", "offset": 0, "len": 214},
///   "parts": [[20, 420, 214, 9100, 1], [420, 820, 9314, 4100, 0]], "ended": false}]
/// ```
///
/// A part may last through a pause of an hour. Chromium shows a moment of it only when the part behind it is there too, or
/// the stream has been ended (measured; Firefox does not mind): append one part more than the one that plays.
pub fn parts_json(manifest: &Manifest, track: &Track, parts: &[Vec<Part>]) -> String {
    let last = track.epochs.len().saturating_sub(1);
    let files = track.epochs.iter().zip(parts).enumerate();
    let files: Vec<_> =
        files.map(|(n, (epoch, parts))| appendable(n, epoch, parts, manifest.ended || n < last)).collect();
    // Numbers and plain text always serialise.
    serde_json::to_string(&files).unwrap_or_default()
}

fn appendable(number: usize, epoch: &Epoch, parts: &[Part], ended: bool) -> Appendable {
    let kind = if epoch.width > 0 { "video" } else { "audio" };
    let format = match epoch.container {
        Container::Cmaf => "mp4",
        Container::WebM => "webm",
    };
    let ms = |ticks: u64| epoch.micros(ticks) / 1_000;
    let row = |part: &Part| (ms(part.start), ms(part.end()), part.offset, part.len, u8::from(part.independent));
    Appendable {
        mime: format!("{kind}/{format}; codecs=\"{}\"", epoch.codecs),
        init: Init { url: format!("{number}.{}", epoch.container.extension()), offset: 0, len: epoch.init_len },
        parts: parts.iter().filter(|part| epoch.holds(part)).map(row).collect(),
        ended,
    }
}
