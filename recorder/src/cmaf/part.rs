//! Parts: samples of about 400 ms as one moof and mdat, written at once.

use std::time::Duration;

use mp4_atom::{Encode, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry};

use super::TRACK_ID;
use crate::{
    Error,
    depacketize::opus,
    limits::{PART, PART_BYTES, PART_SAMPLES, STRETCH},
};

/// sample_depends_on = 2: it depends on no other (section 8.8.3.1).
const SYNC_SAMPLE: u32 = 0x0200_0000;
/// sample_depends_on = 1, sample_is_non_sync_sample = 1.
const DEPENDENT_SAMPLE: u32 = 0x0101_0000;
/// A frame whose length nothing tells: a thirtieth of a second.
const FRAMES_A_SECOND: u32 = 30;

/// One sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Decode and presentation time in ticks on the lesson clock.
    pub time: u64,
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// A finished part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// moof and mdat.
    pub bytes: Vec<u8>,
    /// Time of its first sample in ticks.
    pub start: u64,
    /// Sum of its samples' lengths in ticks.
    pub duration: u64,
    /// Whether its first sample is a keyframe.
    pub independent: bool,
}

/// Gathers the samples of one epoch into parts. A sample's length is known only when the next one comes, so the last is
/// held back.
#[derive(Debug)]
pub struct Muxer {
    timescale: u32,
    video: bool,
    sequence: u32,
    part: Vec<(Sample, u32)>,
    part_bytes: usize,
    last: Option<Sample>,
    usual_duration: u32,
}

impl Muxer {
    /// For a file whose init segment has `timescale`.
    pub fn new(timescale: u32, video: bool) -> Self {
        let usual_duration = timescale / FRAMES_A_SECOND;
        Self { timescale, video, sequence: 0, part: Vec::new(), part_bytes: 0, last: None, usual_duration }
    }

    /// Takes a sample later than all before. Returns the part it completes.
    pub fn push(&mut self, sample: Sample) -> Result<Option<Encoded>, Error> {
        let Some(last) = self.last.take() else {
            self.last = Some(sample);
            return Ok(None);
        };
        let elapsed = sample.time.saturating_sub(last.time);
        let hole = elapsed > self.ticks(STRETCH);
        let duration = if hole { self.own_duration(&last) } else { elapsed as u32 };
        self.add(last, duration);
        let closes = hole || self.is_full() || self.video && sample.keyframe;
        self.last = Some(sample);
        if closes { self.close() } else { Ok(None) }
    }

    /// Ends the file, or only its last part. `next` is when the track goes on in another, if it does: the last sample lasts until then.
    pub fn finish(&mut self, next: Option<u64>) -> Result<Option<Encoded>, Error> {
        if let Some(last) = self.last.take() {
            let until_next = next.map(|next| next.saturating_sub(last.time));
            let stretched = until_next.filter(|elapsed| (1..=self.ticks(STRETCH)).contains(elapsed));
            let duration = stretched.map_or_else(|| self.own_duration(&last), |elapsed| elapsed as u32);
            self.add(last, duration);
        }
        self.close()
    }

    /// When the last sample so far began, in ticks; `None` if its part is closed.
    pub fn last_time(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.time)
    }

    /// When the last sample so far ends by itself, in ticks.
    pub fn end(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.time + u64::from(self.own_duration(last)))
    }

    /// Voice tells its length; a frame of video is taken to be as long as the one before.
    fn own_duration(&self, sample: &Sample) -> u32 {
        if self.video { self.usual_duration } else { opus::samples(&sample.data).unwrap_or(opus::SILENCE_SAMPLES) }
    }

    fn ticks(&self, time: Duration) -> u64 {
        time.as_millis() as u64 * u64::from(self.timescale) / 1_000
    }

    fn add(&mut self, sample: Sample, duration: u32) {
        if u64::from(duration) < self.ticks(Duration::from_secs(1)) {
            self.usual_duration = duration;
        }
        self.part_bytes += sample.data.len();
        self.part.push((sample, duration));
    }

    fn is_full(&self) -> bool {
        let duration: u64 = self.part.iter().map(|(_, duration)| u64::from(*duration)).sum();
        duration >= self.ticks(PART) || self.part.len() >= PART_SAMPLES || self.part_bytes >= PART_BYTES
    }

    fn close(&mut self) -> Result<Option<Encoded>, Error> {
        let part = std::mem::take(&mut self.part);
        let mdat_len = std::mem::take(&mut self.part_bytes) + 8;
        let Some((first, _)) = part.first() else { return Ok(None) };
        self.sequence += 1;
        let (start, independent) = (first.time, first.keyframe);
        let mut bytes = Vec::with_capacity(mdat_len + 128 + part.len() * 12);
        // The offset of the data counts from the start of the moof, whose length does not depend on the offset's value.
        self.moof(&part, 0).encode(&mut bytes)?;
        let data_offset = i32::try_from(bytes.len() + 8).map_err(|_| Error::Box("moof too long".into()))?;
        bytes.clear();
        self.moof(&part, data_offset).encode(&mut bytes)?;
        let mdat_len = u32::try_from(mdat_len).map_err(|_| Error::Box("mdat too long".into()))?;
        bytes.extend_from_slice(&mdat_len.to_be_bytes());
        bytes.extend_from_slice(b"mdat");
        for (sample, _) in &part {
            bytes.extend_from_slice(&sample.data);
        }
        let duration = part.iter().map(|(_, duration)| u64::from(*duration)).sum();
        Ok(Some(Encoded { bytes, start, duration, independent }))
    }

    fn moof(&self, part: &[(Sample, u32)], data_offset: i32) -> Moof {
        let start = part.first().map_or(0, |(first, _)| first.time);
        let entry = |(sample, duration): &(Sample, u32)| TrunEntry {
            duration: Some(*duration),
            size: Some(sample.data.len() as u32),
            flags: self.video.then_some(if sample.keyframe { SYNC_SAMPLE } else { DEPENDENT_SAMPLE }),
            cts: None,
        };
        let tfhd = Tfhd {
            track_id: TRACK_ID,
            default_base_is_moof: true,
            default_sample_flags: (!self.video).then_some(SYNC_SAMPLE),
            ..Default::default()
        };
        let trun = Trun { data_offset: Some(data_offset), samples: part.iter().map(entry).collect::<Vec<_>>().into() };
        let traf =
            Traf { tfhd, tfdt: Some(Tfdt { base_media_decode_time: start }), trun: vec![trun], ..Default::default() };
        Moof { mfhd: Mfhd { sequence_number: self.sequence }, traf: vec![traf] }
    }
}

#[cfg(test)]
mod tests {
    use mp4_atom::{Decode, Mdat};

    use super::*;
    use crate::depacketize::opus::SILENCE;

    /// Duration, flags and bytes of a sample.
    type ReadSample = (u32, Option<u32>, Vec<u8>);

    /// Reads a part back: its start and its samples.
    fn read(part: &Encoded) -> (u64, Vec<ReadSample>) {
        let mut rest = part.bytes.as_slice();
        let moof = Moof::decode(&mut rest).unwrap();
        let moof_len = part.bytes.len() - rest.len();
        let mdat = Mdat::decode(&mut rest).unwrap();
        assert!(rest.is_empty());
        let traf = &moof.traf[0];
        let trun = &traf.trun[0];
        assert_eq!(trun.data_offset, Some(moof_len as i32 + 8));
        let mut data = mdat.data.as_slice();
        let samples = trun.samples.iter().map(|entry| {
            let (sample, rest) = data.split_at(entry.size.unwrap() as usize);
            data = rest;
            (entry.duration.unwrap(), entry.flags, sample.to_vec())
        });
        (traf.tfdt.as_ref().unwrap().base_media_decode_time, samples.collect())
    }

    fn video(time: u64, keyframe: bool) -> Sample {
        Sample { time, keyframe, data: time.to_be_bytes().to_vec() }
    }

    #[test]
    fn a_part_of_video_ends_after_400_ms_or_before_a_keyframe() {
        let mut muxer = Muxer::new(90_000, true);
        let mut parts = Vec::new();
        for frame in 0..20 {
            parts.extend(muxer.push(video(frame * 6_000, frame == 0 || frame == 9)).unwrap());
        }
        parts.extend(muxer.finish(None).unwrap());
        let shape: Vec<_> = parts.iter().map(|part| (part.start, part.duration, part.independent)).collect();
        assert_eq!(
            shape,
            [(0, 36_000, true), (36_000, 18_000, false), (54_000, 36_000, true), (90_000, 30_000, false)]
        );
        let (start, samples) = read(&parts[2]);
        assert_eq!((start, samples.len()), (54_000, 6));
        assert_eq!(samples[0], (6_000, Some(SYNC_SAMPLE), 54_000u64.to_be_bytes().to_vec()));
        assert_eq!(samples[1].1, Some(DEPENDENT_SAMPLE));
    }

    #[test]
    fn decode_time_needs_more_than_32_bits() {
        let mut muxer = Muxer::new(90_000, true);
        muxer.push(video(1 << 33, true)).unwrap();
        let part = muxer.finish(None).unwrap().unwrap();
        assert_eq!(read(&part).0, 1 << 33);
    }

    #[test]
    fn a_short_hole_stretches_the_last_frame_and_a_long_one_stays() {
        for (hole, duration, at_once) in [(90_000, 90_000, true), (11 * 90_000, 6_000, true)] {
            let mut muxer = Muxer::new(90_000, true);
            muxer.push(video(0, true)).unwrap();
            assert_eq!(muxer.push(video(6_000, false)).unwrap(), None);
            let part = muxer.push(video(6_000 + hole, false)).unwrap();
            assert_eq!(part.is_some(), at_once);
            assert_eq!(part.unwrap().duration, 6_000 + duration);
        }
    }

    #[test]
    fn the_last_frame_lasts_until_the_next_file() {
        for (next, duration) in [(Some(12_000), 12_000), (None, 3_000), (Some(90_000 * 60), 3_000), (Some(0), 3_000)] {
            let mut muxer = Muxer::new(90_000, true);
            muxer.push(video(0, true)).unwrap();
            assert_eq!(muxer.finish(next).unwrap().unwrap().duration, duration);
            assert_eq!(muxer.finish(next).unwrap(), None);
        }
    }

    #[test]
    fn parts_of_voice_are_all_independent_and_know_their_length() {
        let mut muxer = Muxer::new(48_000, false);
        let mut parts = Vec::new();
        for packet in 0..21 {
            parts.extend(muxer.push(Sample { time: packet * 960, keyframe: true, data: SILENCE.to_vec() }).unwrap());
        }
        assert_eq!(muxer.end(), Some(21 * 960));
        parts.extend(muxer.finish(None).unwrap());
        let shape: Vec<_> = parts.iter().map(|part| (part.start, part.duration, part.independent)).collect();
        assert_eq!(shape, [(0, 19_200, true), (19_200, 960, true)]);
        assert_eq!(read(&parts[1]).1, [(960, None, SILENCE.to_vec())]);
    }

    #[test]
    fn a_part_never_grows_without_end() {
        let mut muxer = Muxer::new(90_000, true);
        let parts = (0..2_000).filter_map(|tick| muxer.push(video(tick, tick == 0)).unwrap()).count();
        assert_eq!(parts, 1_999 / PART_SAMPLES);
    }
}
