//! Parts: frames of about 400 ms as one cluster, written at once.

use super::{
    TIMESCALE, TRACK_NUMBER,
    ebml::{Elements, id},
    millis,
};
use crate::{
    cmaf::{Encoded, Sample},
    limits::{PART, PART_BYTES, PART_SAMPLES},
};

/// A frame whose length nothing tells: a thirtieth of a second.
const UNKNOWN_DURATION: u64 = TIMESCALE as u64 / 30;
/// A frame is taken to be as long as the one before, unless that was as long as this: a pause.
const PAUSE: u64 = TIMESCALE as u64;

/// Gathers the frames of one epoch into clusters. How long a frame lasts is known only when the next one comes, so the last
/// is held back.
#[derive(Debug)]
pub struct Muxer {
    part: Vec<Sample>,
    part_bytes: usize,
    last: Option<Sample>,
    usual_duration: u64,
    /// Timecode of the frame before the first of the part: what it is predicted from.
    previous: Option<u64>,
}

impl Default for Muxer {
    fn default() -> Self {
        Self { part: Vec::new(), part_bytes: 0, last: None, usual_duration: UNKNOWN_DURATION, previous: None }
    }
}

impl Muxer {
    /// Takes a frame later than all before. Returns the part it completes. The frame before lasts until it, however long.
    pub fn push(&mut self, sample: Sample) -> Option<Encoded> {
        let (next, begins_part) = (sample.time, sample.keyframe);
        let last = self.last.replace(sample)?;
        let duration = next.saturating_sub(last.time);
        if duration < PAUSE {
            self.usual_duration = duration;
        }
        self.add(last);
        let full = self.lasts(next) || self.part.len() >= PART_SAMPLES || self.part_bytes >= PART_BYTES;
        if full || begins_part { self.close(next) } else { None }
    }

    /// Ends the file. `next` is when the track goes on in another or the lesson ends, if either is known: the last frame
    /// lasts until then.
    pub fn finish(&mut self, next: Option<u64>) -> Option<Encoded> {
        let end = self.end()?;
        let last = self.last.take()?;
        let end = next.filter(|next| *next > last.time).unwrap_or(end);
        self.add(last);
        self.close(end)
    }

    /// When the last frame so far began, in ticks; `None` if its part is closed.
    pub fn last_time(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.time)
    }

    /// When the last frame so far ends by itself, in ticks.
    pub fn end(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.time.saturating_add(self.usual_duration))
    }

    fn add(&mut self, sample: Sample) {
        self.part_bytes += sample.data.len();
        self.part.push(sample);
    }

    /// Whether the part is long enough if it goes on until `end`.
    fn lasts(&self, end: u64) -> bool {
        let start = self.part.first().map_or(end, |first| first.time);
        end.saturating_sub(start) >= PART.as_millis() as u64 * u64::from(TIMESCALE) / 1_000
    }

    fn close(&mut self, end: u64) -> Option<Encoded> {
        let part = std::mem::take(&mut self.part);
        self.part_bytes = 0;
        let (first, last) = (part.first()?, part.last()?);
        let bytes = self.cluster(&part, end);
        self.previous = Some(millis(last.time));
        let (start, independent) = (first.time, first.keyframe);
        Some(Encoded { bytes, start, duration: end.saturating_sub(start), independent })
    }

    fn cluster(&self, part: &[Sample], end: u64) -> Vec<u8> {
        let Some((last, before)) = part.split_last() else { return Vec::new() };
        let base = millis(part.first().unwrap_or(last).time);
        let mut elements = Elements::default().uint(id::TIMESTAMP, base);
        for sample in before {
            elements = elements.bytes(id::SIMPLE_BLOCK, &block(sample, base, true));
        }
        let timecode = millis(last.time);
        let mut group = Elements::default()
            .bytes(id::BLOCK, &block(last, base, false))
            .uint(id::BLOCK_DURATION, millis(end).saturating_sub(timecode));
        if !last.keyframe {
            let previous = before.last().map(|sample| millis(sample.time)).or(self.previous);
            group = group.negative(id::REFERENCE_BLOCK, timecode.saturating_sub(previous.unwrap_or(timecode)));
        }
        let cluster = elements.master(id::BLOCK_GROUP, group);
        Elements::default().master(id::CLUSTER, cluster).into_bytes()
    }
}

/// RFC 9559 section 10.1: the track, the time since the cluster's, flags. A block of a group tells by its references
/// whether it is a keyframe.
fn block(sample: &Sample, base: u64, simple: bool) -> Vec<u8> {
    const KEYFRAME: u8 = 0x80;
    // A part begins anew after 400 ms, so all of its frames begin within that.
    let since = i16::try_from(millis(sample.time).saturating_sub(base)).unwrap_or(i16::MAX);
    let flags = if simple && sample.keyframe { KEYFRAME } else { 0 };
    let mut block = Vec::with_capacity(sample.data.len() + 4);
    block.push(0x80 | TRACK_NUMBER as u8);
    block.extend_from_slice(&since.to_be_bytes());
    block.push(flags);
    block.extend_from_slice(&sample.data);
    block
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{
        super::ebml::tests::{find, read, uint},
        *,
    };

    /// Timecode in milliseconds, duration where it is told, whether it is a keyframe, and the frame.
    pub type ReadBlock = (u64, Option<u64>, bool, Vec<u8>);

    /// The blocks of every cluster of a file, or of clusters alone.
    pub fn blocks(bytes: &[u8]) -> Vec<ReadBlock> {
        read(find(bytes, id::SEGMENT).unwrap_or(bytes))
            .into_iter()
            .filter(|(id, _)| *id == id::CLUSTER)
            .flat_map(|(_, cluster)| cluster_blocks(cluster))
            .collect()
    }

    fn cluster_blocks(cluster: &[u8]) -> Vec<ReadBlock> {
        let base = uint(cluster, id::TIMESTAMP).unwrap();
        let read_block = |(kind, body): (u32, &[u8])| {
            let (block, group) = match kind {
                id::SIMPLE_BLOCK => (body.to_vec(), None),
                id::BLOCK_GROUP => (find(body, id::BLOCK).unwrap().to_vec(), Some(body)),
                _ => return None,
            };
            assert_eq!(block[0], 0x81);
            let since = i16::from_be_bytes([block[1], block[2]]);
            let keyframe = group.map_or(block[3] & 0x80 != 0, |group| find(group, id::REFERENCE_BLOCK).is_none());
            let duration = group.and_then(|group| uint(group, id::BLOCK_DURATION));
            Some((base.checked_add_signed(since.into()).unwrap(), duration, keyframe, block[4..].to_vec()))
        };
        read(cluster).into_iter().filter_map(read_block).collect()
    }

    fn frame(time: u64, keyframe: bool) -> Sample {
        Sample { time, keyframe, data: time.to_be_bytes().to_vec() }
    }

    #[test]
    fn a_cluster_ends_after_400_ms_or_before_a_keyframe() {
        let mut muxer = Muxer::default();
        let mut parts: Vec<_> = (0..20).filter_map(|n| muxer.push(frame(n * 6_000, n == 0 || n == 9))).collect();
        parts.extend(muxer.finish(None));
        let shape: Vec<_> = parts.iter().map(|part| (part.start, part.duration, part.independent)).collect();
        assert_eq!(
            shape,
            [(0, 36_000, true), (36_000, 18_000, false), (54_000, 36_000, true), (90_000, 30_000, false)]
        );
        let first = blocks(&parts[0].bytes);
        assert_eq!(first.len(), 6);
        assert_eq!(first[0], (0, None, true, 0u64.to_be_bytes().to_vec()));
        assert_eq!(first[5], (333, Some(67), false, 30_000u64.to_be_bytes().to_vec()));
    }

    #[test]
    fn every_cluster_tells_how_long_its_last_frame_lasts_to_the_millisecond() {
        let mut muxer = Muxer::default();
        let mut bytes = Vec::new();
        // 29.97 frames a second do not fall on milliseconds.
        for n in 0..200 {
            bytes.extend(muxer.push(frame(n * 3_003, n % 50 == 0)).map_or_else(Vec::new, |part| part.bytes));
        }
        bytes.extend(muxer.finish(Some(600_600)).unwrap().bytes);
        let blocks = blocks(&bytes);
        assert_eq!(blocks.len(), 200);
        for pair in blocks.windows(2) {
            assert!(pair[0].1.is_none_or(|duration| pair[0].0 + duration == pair[1].0), "{pair:?}");
        }
        assert_eq!(blocks.last().map(|last| last.0 + last.1.unwrap()), Some(6_673));
        assert!(blocks.iter().enumerate().all(|(n, block)| block.2 == (n % 50 == 0)));
    }

    #[test]
    fn a_frame_lasts_through_any_pause() {
        for (pause, keyframe) in [(90_000, true), (90_000 * 3_600, true), (90_000 * 3_600, false)] {
            let mut muxer = Muxer::default();
            let mut parts: Vec<_> = [frame(0, true), frame(6_000, false), frame(6_000 + pause, keyframe)]
                .map(|frame| muxer.push(frame))
                .into_iter()
                .flatten()
                .collect();
            parts.extend(muxer.finish(None));
            let shape: Vec<_> = parts.iter().map(|part| (part.start, part.duration)).collect();
            assert_eq!(shape, [(0, 6_000 + pause), (6_000 + pause, 6_000)], "the last frame is as long as is usual");
            assert_eq!(blocks(&parts[0].bytes)[1].1, Some(millis(6_000 + pause) - 67));
        }
    }

    #[test]
    fn the_last_frame_lasts_until_what_follows() {
        for (next, duration) in
            [(Some(12_000), 12_000), (None, 3_000), (Some(90_000 * 60), 90_000 * 60), (Some(0), 3_000)]
        {
            let mut muxer = Muxer::default();
            muxer.push(frame(0, true));
            assert_eq!(muxer.end(), Some(3_000));
            assert_eq!(muxer.finish(next).map(|part| part.duration), Some(duration));
            assert_eq!((muxer.finish(next), muxer.end()), (None, None));
        }
    }

    #[test]
    fn a_lone_frame_is_predicted_from_the_cluster_before() {
        let mut muxer = Muxer::default();
        let parts: Vec<_> = (0..3).filter_map(|n| muxer.push(frame(n * 45_000, n == 0))).collect();
        let cluster = find(&parts[1].bytes, id::CLUSTER).unwrap();
        let reference = find(find(cluster, id::BLOCK_GROUP).unwrap(), id::REFERENCE_BLOCK).unwrap();
        assert_eq!(i16::from_be_bytes([reference[0], reference[1]]), -500);
    }

    #[test]
    fn a_cluster_never_grows_without_end() {
        let mut muxer = Muxer::default();
        let parts = (0..2_000).filter_map(|tick| muxer.push(frame(tick, tick == 0))).count();
        assert_eq!(parts, 1_999 / PART_SAMPLES);
        let mut muxer = Muxer::default();
        let big = |n| Sample { time: n, keyframe: false, data: vec![0; PART_BYTES / 2 + 1] };
        assert_eq!((0..9).filter_map(|n| muxer.push(big(n))).count(), 4);
    }
}
