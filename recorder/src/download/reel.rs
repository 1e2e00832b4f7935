//! The samples of one track of the file, taken out of the recording's parts.

use std::{
    collections::HashMap,
    mem::{Discriminant, discriminant},
};

use mp4_atom::{Avc1, Codec, Decode, Ftyp, Moov};

use super::{DownloadError, Head};
use crate::{
    File, Manifest,
    cmaf::take_moof,
    index::Part,
    limits::{DOWNLOAD_SAMPLES, PART_FILE_BYTES},
    manifest::{Epoch, Track},
    playlist::Stretch,
};

/// Read of a part at first: nearly every moof is shorter.
const MOOF_GUESS: usize = 2_048;
/// A box's length and kind.
const BOX_HEADER: u64 = 8;
/// The flag sample_is_non_sync_sample (ISO/IEC 14496-12 section 8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When, in ticks on the lesson clock.
    pub time: u64,
    /// How long by itself, in ticks.
    pub duration: u32,
    /// Its bytes, what goes before it included.
    pub size: u32,
    /// Whether decoding can begin here.
    pub keyframe: bool,
}

/// Samples that lie back to back in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub file: File,
    pub offset: u64,
    pub len: u64,
    /// Our own bytes before them: parameter sets.
    pub ahead: Vec<u8>,
    pub samples: u32,
    /// When it begins, in microseconds on the lesson clock.
    pub begins_us: u64,
}

/// A track of the file to be.
#[derive(Debug)]
pub struct Reel {
    pub timescale: u32,
    pub codec: Codec,
    /// Whether every file it is of has the same sample entry.
    pub is_uniform: bool,
    pub samples: Vec<Sample>,
    pub chunks: Vec<Chunk>,
    /// Where it ends, in ticks on the lesson clock.
    pub end: u64,
}

impl Chunk {
    /// Bytes it takes in the file to be.
    pub fn bytes(&self) -> u64 {
        self.len + self.ahead.len() as u64
    }
}

impl Reel {
    /// Everything between the bounds of each of `stretches`. A track of an MP4 has one codec: where there are several (a lesson
    /// that was interrupted may go on with another) it is the one that plays longest, and its last picture stands for what is
    /// of others.
    pub fn gather(
        manifest: &Manifest,
        stretches: &[Stretch],
        parts: &dyn Fn(&Track, u32) -> Vec<Part>,
        head: Head<'_>,
    ) -> Result<Self, DownloadError> {
        let mut sources = sources(manifest, stretches, head)?;
        let longest = longest_playing(&sources).ok_or(DownloadError::Empty)?;
        sources.retain(|source| discriminant(&source.codec) == longest);
        let largest = sources.iter().max_by_key(|source| source.epoch.width).ok_or(DownloadError::Empty)?;
        let is_uniform = sources.windows(2).all(|pair| pair[0].codec == pair[1].codec);
        let (timescale, codec) = (largest.epoch.timescale, largest.codec.clone());
        let mut reel = Self { timescale, codec, is_uniform, samples: Vec::new(), chunks: Vec::new(), end: 0 };
        for Source { stretch, track, epoch, codec } in &sources {
            let ahead = if is_uniform { Vec::new() } else { parameter_sets(codec) };
            let file = media(track, stretch.epoch, epoch);
            for part in parts(track, stretch.epoch as u32).iter().filter(|part| epoch.holds(part)) {
                let plays = epoch.micros(part.end()) > stretch.from && epoch.micros(part.start) < stretch.until;
                if plays && epoch.timescale == reel.timescale {
                    reel.take(&file, part, (stretch, epoch), &ahead, head)?;
                }
            }
        }
        Ok(reel)
    }

    fn take(
        &mut self,
        file: &File,
        part: &Part,
        (stretch, epoch): (&Stretch, &Epoch),
        ahead: &[u8],
        head: Head<'_>,
    ) -> Result<(), DownloadError> {
        let (found, data) = samples_of(file, part, head)?;
        let mut offset = part.offset + data;
        let mut open = false;
        for mut sample in found {
            let at = offset;
            offset += u64::from(sample.size);
            let begins_us = epoch.micros(sample.time);
            // What lies beyond a cut is another's time, and time does not run backwards.
            let before = self.samples.last().map(|last| last.time);
            if !(stretch.from..stretch.until).contains(&begins_us) || before.is_some_and(|last| sample.time <= last) {
                open = false;
                continue;
            }
            if self.samples.len() >= DOWNLOAD_SAMPLES {
                return Err(DownloadError::TooLong);
            }
            let len = u64::from(sample.size);
            let ahead = if sample.keyframe { ahead } else { &[] };
            sample.size = sample.size.saturating_add(ahead.len() as u32);
            match self.chunks.last_mut().filter(|_| open && ahead.is_empty()) {
                Some(chunk) => {
                    chunk.len += len;
                    chunk.samples += 1;
                }
                None => {
                    let (file, ahead) = (file.clone(), ahead.to_vec());
                    self.chunks.push(Chunk { file, offset: at, len, ahead, samples: 1, begins_us });
                }
            }
            open = true;
            self.end = (sample.time + u64::from(sample.duration)).min(ticks(stretch.until, self.timescale));
            self.samples.push(sample);
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    pub fn is_h264(&self) -> bool {
        matches!(self.codec, Codec::Avc1(_))
    }

    /// Whether it is a picture.
    pub fn is_video(&self) -> bool {
        !matches!(self.codec, Codec::Opus(_))
    }

    /// Time of its first sample in ticks on the lesson clock.
    pub fn begins(&self) -> u64 {
        self.samples.first().map_or(0, |first| first.time)
    }

    /// The same in microseconds.
    pub fn begins_us(&self) -> u64 {
        self.chunks.first().map_or(0, |first| first.begins_us)
    }

    /// How long each sample lasts: until the next.
    pub fn durations(&self) -> impl Iterator<Item = u32> {
        let next = self.samples.iter().skip(1).map(|next| next.time).chain([self.end]);
        let lasts =
            |(sample, next): (&Sample, u64)| u32::try_from(next.saturating_sub(sample.time)).unwrap_or(u32::MAX);
        self.samples.iter().zip(next).map(lasts)
    }
}

/// A stretch with what it is of.
struct Source<'m> {
    stretch: Stretch,
    track: &'m Track,
    epoch: &'m Epoch,
    codec: Codec,
}

fn sources<'m>(
    manifest: &'m Manifest,
    stretches: &[Stretch],
    head: Head<'_>,
) -> Result<Vec<Source<'m>>, DownloadError> {
    let mut sources = Vec::with_capacity(stretches.len());
    for &stretch in stretches {
        let Some(track) = manifest.tracks.get(usize::from(stretch.track)) else { continue };
        let Some(epoch) = track.epochs.get(stretch.epoch) else { continue };
        let codec = sample_entry(&media(track, stretch.epoch, epoch), epoch, head)?;
        sources.push(Source { stretch, track, epoch, codec });
    }
    Ok(sources)
}

/// The kind of codec that plays longest.
fn longest_playing(sources: &[Source<'_>]) -> Option<Discriminant<Codec>> {
    let mut playing: HashMap<_, u64> = HashMap::new();
    for Source { stretch, epoch, codec, .. } in sources {
        let lasts = stretch.until.min(epoch.micros(epoch.end)).saturating_sub(stretch.from);
        *playing.entry(discriminant(codec)).or_default() += lasts;
    }
    playing.into_iter().max_by_key(|(_, lasts)| *lasts).map(|(kind, _)| kind)
}

fn ticks(us: u64, timescale: u32) -> u64 {
    u64::try_from(u128::from(us) * u128::from(timescale) / 1_000_000).unwrap_or(u64::MAX)
}

fn media(track: &Track, epoch: usize, written: &Epoch) -> File {
    File::Media { track: track.name.clone(), epoch: epoch as u32, container: written.container }
}

/// What the init segment of a file tells a decoder.
fn sample_entry(file: &File, epoch: &Epoch, head: Head<'_>) -> Result<Codec, DownloadError> {
    let len = usize::try_from(epoch.init_len).ok().filter(|len| *len <= PART_FILE_BYTES);
    let bytes = head(file, 0, len.ok_or(DownloadError::Unreadable)?).ok_or(DownloadError::Unreadable)?;
    let mut rest = bytes.as_slice();
    Ftyp::decode(&mut rest).map_err(|_| DownloadError::Unreadable)?;
    let moov = Moov::decode(&mut rest).map_err(|_| DownloadError::Unreadable)?;
    let entry = moov.trak.first().and_then(|trak| trak.mdia.minf.stbl.stsd.codecs.first());
    entry.cloned().ok_or(DownloadError::Unreadable)
}

/// Parameter sets as they stand among samples, each behind its length (ISO/IEC 14496-15 section 5.3.2). Other codecs have
/// theirs in their keyframes.
fn parameter_sets(codec: &Codec) -> Vec<u8> {
    let Codec::Avc1(Avc1 { avcc, .. }) = codec else { return Vec::new() };
    let sets = avcc.sequence_parameter_sets.iter().chain(&avcc.picture_parameter_sets);
    let mut bytes = Vec::new();
    for set in sets {
        bytes.extend_from_slice(&(set.len() as u32).to_be_bytes());
        bytes.extend_from_slice(set);
    }
    bytes
}

/// The samples of a part, and where in it the first one's bytes are.
fn samples_of(file: &File, part: &Part, head: Head<'_>) -> Result<(Vec<Sample>, u64), DownloadError> {
    let unreadable = || DownloadError::Unreadable;
    let mut bytes = head(file, part.offset, MOOF_GUESS.min(part.len as usize)).ok_or_else(unreadable)?;
    let told = bytes.first_chunk().map(|len| u32::from_be_bytes(*len)).ok_or_else(unreadable)?;
    let len = usize::try_from(told).ok().filter(|_| told <= part.len).ok_or_else(unreadable)?;
    if len > bytes.len() {
        bytes = head(file, part.offset, len).ok_or_else(unreadable)?;
    }
    let moof = take_moof(&mut bytes.get(..len).ok_or_else(unreadable)?).ok_or_else(unreadable)?;
    let [traf] = moof.traf.as_slice() else { return Err(unreadable()) };
    let [trun] = traf.trun.as_slice() else { return Err(unreadable()) };
    let mut time = traf.tfdt.as_ref().map_or(part.start, |tfdt| tfdt.base_media_decode_time);
    let data = u64::from(told) + BOX_HEADER;
    let mut left = u64::from(part.len).checked_sub(data).ok_or_else(unreadable)?;
    let mut samples = Vec::with_capacity(trun.samples.len().min(DOWNLOAD_SAMPLES));
    for entry in trun.samples.iter() {
        let (duration, size) = (entry.duration.unwrap_or(0), entry.size.unwrap_or(0));
        left = left.checked_sub(u64::from(size)).ok_or_else(unreadable)?;
        let flags = entry.flags.or(traf.tfhd.default_sample_flags).unwrap_or(0);
        samples.push(Sample { time, duration, size, keyframe: flags & NON_SYNC == 0 });
        time = time.checked_add(u64::from(duration)).ok_or_else(unreadable)?;
    }
    Ok((samples, data))
}
