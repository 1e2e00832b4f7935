//! A recording as one ordinary MP4 that any player opens and seeks in, made while it is sent: the tables first, then the
//! bytes of the recording's files as they lie there. Nothing is copied; what is made is a list of extents.
//!
//! ```text
//! | ftyp moov mdat-header | picture 400 ms | voice 400 ms | picture 400 ms | ...
//! ```
//!
//! The program cuts between cameras whose parameter sets differ. A second sample entry would be the book's way, but
//! players built on ffmpeg, Chromium among them, take the first one for the whole track. So the one entry is `avc3` (ISO/IEC
//! 14496-15 section 5.3.2), which allows parameter sets among the samples, and each keyframe has its own before it.

mod movie;
mod reel;

use std::time::Duration;

use crate::{File, Manifest, index::Part, jobs::Material, manifest::Track, playlist::Rendition};
use reel::{Chunk, Reel};

/// What goes into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The picture of the program with its voice.
    Program,
    /// Its voice alone.
    Voice,
}

/// A piece of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Bytes of a file of the recording.
    File {
        /// Which.
        file: File,
        /// First byte.
        offset: u64,
        /// How many.
        len: u64,
    },
}

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Its pieces, in order.
    pub extents: Vec<Extent>,
    /// Its length in bytes.
    pub len: u64,
    uniform: bool,
    h264: bool,
    voice: bool,
}

/// Why it cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// There is nothing of it.
    #[error("nothing of it was recorded")]
    Empty,
    /// A file is not there, or is not as a recorder writes it. Check the recording.
    #[error("a file of the recording cannot be read")]
    Unreadable,
    /// It has more than `limits::DOWNLOAD_SAMPLES`.
    #[error("it is too long for one file")]
    TooLong,
    /// A box did not encode: a fault of ours.
    #[error("a box cannot be written: {0}")]
    Box(String),
}

impl Download {
    /// What jobs on it must know, of a recording of this length.
    pub fn material(&self, length: Duration) -> Material {
        Material { length, uniform: self.uniform, h264: self.h264, voice: self.voice }
    }
}

/// Reads bytes of a media file: as many as asked for, or what there is up to its end.
pub type Head<'h> = &'h mut dyn FnMut(&File, u64, usize) -> Option<Vec<u8>>;

/// Lays the file out. `parts` are those of one file of a track, as its index has them.
pub fn download(
    manifest: &Manifest,
    parts: &dyn Fn(&Track, u32) -> Vec<Part>,
    head: Head<'_>,
    content: Content,
) -> Result<Download, DownloadError> {
    let mut reel = |rendition: Rendition| Reel::gather(manifest, &rendition.stretches(manifest), parts, head);
    let picture = match content {
        Content::Program => Some(reel(Rendition::ProgramPicture)?),
        Content::Voice => None,
    };
    let voice = manifest.program_voice().map(|number| reel(Rendition::ProgramVoice(number))).transpose()?;
    let voice = voice.filter(|voice| !voice.is_empty());
    let reels: Vec<Reel> = picture.into_iter().chain(voice).collect();
    if reels.first().is_none_or(Reel::is_empty) {
        return Err(DownloadError::Empty);
    }
    lay_out(&reels)
}

fn lay_out(reels: &[Reel]) -> Result<Download, DownloadError> {
    let mut order: Vec<(usize, &Chunk)> = Vec::new();
    for (number, reel) in reels.iter().enumerate() {
        order.extend(reel.chunks.iter().map(|chunk| (number, chunk)));
    }
    order.sort_by_key(|(number, chunk)| (chunk.begins_us, *number));
    let data: u64 = order.iter().map(|(_, chunk)| chunk.bytes()).sum();
    let head = movie::head(reels, &order, data)?;
    let mut extents = Vec::with_capacity(1 + order.len());
    let len = head.len() as u64 + data;
    extents.push(Extent::Bytes(head));
    for (_, chunk) in order {
        if !chunk.ahead.is_empty() {
            extents.push(Extent::Bytes(chunk.ahead.clone()));
        }
        extents.push(Extent::File { file: chunk.file.clone(), offset: chunk.offset, len: chunk.len });
    }
    let picture = reels.first();
    let uniform = picture.is_some_and(|reel| reel.is_uniform);
    let h264 = picture.is_some_and(Reel::is_h264);
    let voice = reels.iter().any(|reel| !reel.is_video());
    Ok(Download { extents, len, uniform, h264, voice })
}

#[cfg(test)]
mod tests;
