//! WebM for VP8, which does not play in MP4: one track a file, an init segment and then one cluster a part (Matroska, RFC
//! 9559, as MSE's WebM byte stream format takes it). Timecodes are the lesson clock in milliseconds, so clusters appended in
//! any order play where they belong.
//!
//! ```text
//! init: EBML, Segment of unknown size { Info, Tracks }     part: Cluster { Timestamp, SimpleBlock ..., BlockGroup }
//! ```
//!
//! A block says when its frame begins and not how long it lasts. Within a cluster the next block tells; the last block
//! goes into a group that tells its duration. Without that, browsers guess from earlier frames: after a pause Chromium
//! would see a hole in what is buffered, stop there, and drop what comes before the next keyframe. With it there is nothing
//! to fill: a pause is a frame that lasts longer.

mod cluster;
mod ebml;
mod init;

pub use cluster::Muxer;
pub(crate) use ebml::id;
pub use init::init_segment;

#[cfg(test)]
pub(crate) use cluster::tests;

/// The only track of every file.
const TRACK_NUMBER: u64 = 1;

/// Of the epochs' time, in which parts are counted: the RTP clock of video.
const TIMESCALE: u32 = 90_000;

/// Milliseconds on the lesson clock, as timecodes count.
pub(crate) fn millis(ticks: u64) -> u64 {
    const TICKS: u64 = TIMESCALE as u64 / 1_000;
    ticks.saturating_add(TICKS / 2) / TICKS
}
