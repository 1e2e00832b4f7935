//! HLS playlists (RFC 8216 and its successor draft) of a recording, made from the manifest and the files' indexes. The same
//! text serves a running lesson (EVENT), and a finished one (VOD).
//!
//! Playlist time is the lesson clock: every playlist begins at zero of the lesson, and where a rendition has nothing there is
//! EXT-X-GAP. So whatever plays them puts tracks that began at different times side by side as they were, by summing EXTINF
//! as well as by decode time (hls.js maps one to the other per discontinuity, and the difference is always nought).
//! HLS carries no WebM: such files are left out as if there were nothing, and `parts_json` tells players where their parts are.
//!
//! URIs are relative:
//!
//! ```text
//! program.m3u8           program mode: program-picture.m3u8 and program-voice.m3u8, made of files below t/
//! program-voice.m3u8     also by itself, for those who only listen
//! seam/<track>/…         parts that the program leaves before their end
//! lesson.m3u8            resource mode: the lead's tracks
//! t/<track>/track.m3u8   one track, beside its files
//! ```

mod appending;
mod civil;
mod layout;
mod low_latency;
mod master;
mod media;
mod rendition;
mod seam;
mod segments;

pub use appending::parts_json;
pub use low_latency::{Latency, MalformedReload, Reached, Reload};
pub use master::{master, program};
pub use media::{media, program_picture, program_voice};
pub(crate) use rendition::{Rendition, Stretch};
pub use seam::{SEAMS, Seam};

use crate::{index::Part, manifest::Track};

/// Gives the parts of one file of a track, as its index has them.
pub type PartsOf<'p> = &'p dyn Fn(&Track, u32) -> Vec<Part>;

/// Name of the master playlist of resource mode in a recording.
pub const MASTER: &str = "lesson.m3u8";

/// Name of that of program mode.
pub const PROGRAM: &str = "program.m3u8";

/// Name of the playlist of the program's picture.
pub const PROGRAM_PICTURE: &str = "program-picture.m3u8";

/// Name of the playlist of the program's voice.
pub const PROGRAM_VOICE: &str = "program-voice.m3u8";

/// Name of a track's playlist in its directory.
pub const TRACK: &str = "track.m3u8";

/// Name of the list of a track's parts in its directory.
pub const PARTS: &str = "parts.json";

#[cfg(test)]
mod tests;
