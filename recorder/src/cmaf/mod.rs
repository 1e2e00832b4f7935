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

/// Whole parts with ten pictures of ten bytes, the first a keyframe.
#[cfg(test)]
pub(crate) fn ten_pictures() -> Vec<u8> {
    let mut muxer = Muxer::new(90_000, true);
    let mut bytes = Vec::new();
    for n in 0..10u64 {
        let sample = Sample { time: n * 9_000, keyframe: n == 0, data: vec![n as u8; 10] };
        bytes.extend(muxer.push(sample).unwrap().into_iter().flat_map(|part| part.bytes));
    }
    bytes.extend(muxer.finish(None).unwrap().into_iter().flat_map(|part| part.bytes));
    bytes
}
