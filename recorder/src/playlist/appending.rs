//! A track for players that append its parts through MSE themselves: WebM, which HLS does not know, and CMAF beside it, so
//! that one player plays a lesson of both.

use serde::Serialize;

use super::PartsOf;
use crate::{
    Container,
    index::Part,
    manifest::{Epoch, Manifest, Track},
};

/// What a player appends.
#[derive(Debug, Serialize)]
struct Appendables {
    /// No more will come.
    ended: bool,
    epochs: Vec<Appendable>,
}

/// One file of a track: append its init, then its parts.
#[derive(Debug, Serialize)]
struct Appendable {
    /// For `MediaSource.addSourceBuffer` and `SourceBuffer.changeType`.
    mime: String,
    /// Of the file, relative to the track's directory.
    url: String,
    /// First byte and length of the init segment.
    init: (u64, u32),
    /// Start and end in milliseconds on the lesson clock, first byte and length in the file, and 1 where playing can begin.
    parts: Vec<(u64, u64, u64, u32, u8)>,
}

/// The files of `track` as JSON.
///
/// ```text
/// {"ended": false, "epochs": [{"mime": "video/webm; codecs=\"vp8\"", "url": "0.webm", "init": [0, 214],
///   "parts": [[20, 420, 214, 9100, 1], [420, 820, 9314, 4100, 0]]}]}
/// ```
///
/// A part may last through a pause of an hour. Chromium shows a moment of it only when the part behind it is there too, or
/// the stream has been ended (measured; Firefox does not mind): append one part more than the one that plays.
pub fn parts_json(manifest: &Manifest, track: &Track, parts: PartsOf<'_>) -> String {
    let epochs = (0u32..).zip(&track.epochs).filter(|(_, epoch)| epoch.parts > 0);
    let epochs = epochs.map(|(number, epoch)| appendable(number, epoch, &parts(track, number))).collect();
    // Numbers and plain text always serialise.
    serde_json::to_string(&Appendables { ended: manifest.ended, epochs }).unwrap_or_default()
}

fn appendable(number: u32, epoch: &Epoch, parts: &[Part]) -> Appendable {
    let kind = if epoch.width > 0 { "video" } else { "audio" };
    let format = match epoch.container {
        Container::Cmaf => "mp4",
        Container::WebM => "webm",
    };
    let ms = |ticks: u64| epoch.micros(ticks) / 1_000;
    let row = |part: &Part| (ms(part.start), ms(part.end()), part.offset, part.len, u8::from(part.independent));
    Appendable {
        mime: format!("{kind}/{format}; codecs=\"{}\"", epoch.codecs),
        url: format!("{number}.{}", epoch.container.extension()),
        init: (0, epoch.init_len),
        parts: parts.iter().filter(|part| epoch.holds(part)).map(row).collect(),
    }
}
