//! Fragmented MP4 (ISO/IEC 14496-12, CMAF ISO/IEC 23000-19): one track a file, an init segment and then parts of moof and
//! mdat. Decode time is the lesson clock, so files of different tracks play together as they are.

mod fragment;
mod init;
mod part;

pub use fragment::take_moof;
pub use init::{EpochSpec, init_segment};
pub use part::{Encoded, Muxer, Sample};

/// The only track of every file.
const TRACK_ID: u32 = 1;

impl From<mp4_atom::Error> for crate::Error {
    fn from(error: mp4_atom::Error) -> Self {
        Self::Box(error.to_string())
    }
}
