//! One file of a track: its init segment, its parts, and their index.

use crate::{
    Container, Error, TrackName,
    cmaf::{self, Encoded, EpochSpec, Sample},
    depacketize::Format,
    effect::{File, Outbox},
    index::{self, Part},
    limits::{PICTURE_STRETCH, VIDEO_TICKS_A_MS},
    manifest::Epoch,
    webm,
};

/// Index entries go to the disk by the ten: 4 s.
const INDEX_WRITE_BYTES: usize = 10 * index::ENTRY_BYTES;

/// A file being written.
#[derive(Debug)]
pub(crate) struct EpochWriter {
    track: TrackName,
    track_number: u16,
    number: u32,
    format: Format,
    muxer: Muxer,
    /// Length of the file so far.
    offset: u64,
    /// End of the last part, in ticks.
    end: u64,
    /// Where the part lies that begins the group of pictures so far.
    group: u64,
    /// Index entries not yet among the effects.
    index: Vec<u8>,
}

impl EpochWriter {
    /// Begins file `number` of a track.
    pub fn start(
        track: (&TrackName, u16),
        number: u32,
        format: Format,
        start: u64,
        outbox: &mut Outbox,
    ) -> Result<Self, Error> {
        let (spec, init, muxer) = Muxer::start(&format)?;
        let (track, track_number) = (track.0.clone(), track.1);
        let (offset, container) = (init.len() as u64, format.container());
        let epoch = Epoch {
            codecs: spec.codecs,
            width: spec.width,
            height: spec.height,
            timescale: spec.timescale,
            init_len: init.len() as u32,
            start,
            end: start,
            bytes: offset,
            parts: 0,
            container,
        };
        outbox.append(File::Media { track: track.clone(), epoch: number, container }, init);
        outbox.start_epoch(track_number, epoch);
        Ok(Self { track, track_number, number, format, muxer, offset, end: start, group: offset, index: Vec::new() })
    }

    /// What its decoder was told.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Whether a keyframe of `format` still fits this file.
    pub fn fits(&self, format: &Format) -> bool {
        self.format == *format
    }

    /// Takes a sample later than all before.
    pub fn push(&mut self, sample: Sample, outbox: &mut Outbox) -> Result<(), Error> {
        if let Some(part) = self.muxer.push(sample)? {
            self.write(part, outbox);
        }
        Ok(())
    }

    /// Whether what comes after a pause, also of another source, may go on in this file: silence fills a voice, and the last
    /// frame of a WebM lasts through any pause.
    pub fn outlasts_source(&self) -> bool {
        self.format == Format::Opus || self.format.container() == Container::WebM
    }

    /// Earliest time of another sample, in ticks.
    pub fn earliest(&self) -> u64 {
        self.muxer.last_time().map_or(self.end, |last| last.saturating_add(1))
    }

    /// When the last frame of a video has lasted as long as one may, in ticks.
    pub fn filling_due(&self) -> u64 {
        let stretch = PICTURE_STRETCH.as_millis() as u64 * VIDEO_TICKS_A_MS;
        self.muxer.last_time().map_or(self.end, |last| last.saturating_add(stretch))
    }

    /// Writes all of it out; the last sample lasts until `next`.
    pub fn flush(&mut self, next: u64, outbox: &mut Outbox) -> Result<(), Error> {
        if let Some(part) = self.muxer.finish(Some(next))? {
            self.write(part, outbox);
        }
        Ok(())
    }

    /// Bytes of the group of pictures so far, as far as they are written.
    pub fn group_bytes(&self) -> u64 {
        self.offset.saturating_sub(self.group)
    }

    /// Asks for them.
    pub fn read_group_back(&self, outbox: &mut Outbox) {
        let container = self.format.container();
        let file = File::Media { track: self.track.clone(), epoch: self.number, container };
        outbox.read_back(self.track_number, file, self.group, self.group_bytes());
    }

    /// Ends the file; the track goes on at `next`, if it does. Returns where it ends, in ticks.
    pub fn finish(mut self, next: Option<u64>, outbox: &mut Outbox) -> Result<u64, Error> {
        if let Some(part) = self.muxer.finish(next)? {
            self.write(part, outbox);
        }
        self.write_index(outbox);
        Ok(self.end)
    }

    fn write(&mut self, encoded: Encoded, outbox: &mut Outbox) {
        let Encoded { bytes, start, duration, independent } = encoded;
        let part = Part { offset: self.offset, len: bytes.len() as u32, start, duration, independent };
        if independent {
            self.group = self.offset;
        }
        self.offset += bytes.len() as u64;
        self.end = part.end();
        index::encode(&part, &mut self.index);
        if self.index.len() >= INDEX_WRITE_BYTES {
            self.write_index(outbox);
        }
        let container = self.format.container();
        outbox.append(File::Media { track: self.track.clone(), epoch: self.number, container }, bytes);
        outbox.add_part(self.track_number, self.number, part);
    }

    /// Brings the index up to the last part.
    pub fn write_index(&mut self, outbox: &mut Outbox) {
        let bytes = std::mem::take(&mut self.index);
        if !bytes.is_empty() {
            outbox.append(File::Index { track: self.track.clone(), epoch: self.number }, bytes);
        }
    }
}

/// Makes the parts of a file as its container has them.
#[derive(Debug)]
enum Muxer {
    Cmaf(cmaf::Muxer),
    WebM(webm::Muxer),
}

impl Muxer {
    /// With what is told of the file, and its init segment.
    fn start(format: &Format) -> Result<(EpochSpec, Vec<u8>, Self), Error> {
        if let Format::Vp8(size) = format {
            let (spec, init) = webm::init_segment(*size);
            return Ok((spec, init, Self::WebM(webm::Muxer::default())));
        }
        let (spec, init) = cmaf::init_segment(format)?;
        let muxer = cmaf::Muxer::new(spec.timescale, *format != Format::Opus);
        Ok((spec, init, Self::Cmaf(muxer)))
    }

    fn push(&mut self, sample: Sample) -> Result<Option<Encoded>, Error> {
        match self {
            Self::Cmaf(muxer) => muxer.push(sample),
            Self::WebM(muxer) => Ok(muxer.push(sample)),
        }
    }

    fn finish(&mut self, next: Option<u64>) -> Result<Option<Encoded>, Error> {
        match self {
            Self::Cmaf(muxer) => muxer.finish(next),
            Self::WebM(muxer) => Ok(muxer.finish(next)),
        }
    }

    fn last_time(&self) -> Option<u64> {
        match self {
            Self::Cmaf(muxer) => muxer.last_time(),
            Self::WebM(muxer) => muxer.last_time(),
        }
    }
}
