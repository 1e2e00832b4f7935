//! HLS playlists (RFC 8216 and its successor draft) of a recording, made from the manifest and the files' indexes. The same
//! text serves a running lesson (EVENT), and a finished one (VOD).
//!
//! Playlist time is the lesson clock: every playlist begins at zero of the lesson, and where a track has nothing there is
//! EXT-X-GAP. So whatever plays them puts tracks that began at different times side by side as they were, by summing EXTINF
//! as well as by decode time (hls.js maps one to the other per discontinuity, and the difference is always nought).
//! HLS carries no WebM: such files are left out as if there were nothing, and `parts_json` tells players where their parts are.
//! URIs are relative: the master is `lesson.m3u8` beside `t/`, a track's playlist `t/<track>/track.m3u8` beside its files.

mod appending;
mod civil;
mod layout;
mod master;
mod media;
mod segments;

pub use appending::parts_json;
pub use master::master;
pub use media::media;

/// Name of the master playlist in a recording.
pub const MASTER: &str = "lesson.m3u8";

/// Name of a track's playlist in its directory.
pub const TRACK: &str = "track.m3u8";

#[cfg(test)]
mod tests;
