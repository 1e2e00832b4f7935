//! The init segment: what the file is, and what its track holds.

use super::{
    TIMESCALE, TRACK_NUMBER,
    ebml::{Elements, id},
};
use crate::{cmaf::EpochSpec, depacketize::Vp8Format};

/// Nanoseconds a timecode counts.
const TIMESTAMP_SCALE: u64 = 1_000_000;
const APP: &str = "tongke";

/// The init segment of a VP8 track, and what it says in short.
pub fn init_segment(format: Vp8Format) -> (EpochSpec, Vec<u8>) {
    const VIDEO: u64 = 1;
    let header = Elements::default()
        .uint(id::EBML_VERSION, 1)
        .uint(id::EBML_READ_VERSION, 1)
        .uint(id::EBML_MAX_ID_LENGTH, 4)
        .uint(id::EBML_MAX_SIZE_LENGTH, 8)
        .text(id::DOC_TYPE, "webm")
        .uint(id::DOC_TYPE_VERSION, 4)
        .uint(id::DOC_TYPE_READ_VERSION, 2);
    let info = Elements::default()
        .uint(id::TIMESTAMP_SCALE, TIMESTAMP_SCALE)
        .text(id::MUXING_APP, APP)
        .text(id::WRITING_APP, APP);
    let size =
        Elements::default().uint(id::PIXEL_WIDTH, format.width.into()).uint(id::PIXEL_HEIGHT, format.height.into());
    let track = Elements::default()
        .uint(id::TRACK_NUMBER, TRACK_NUMBER)
        .uint(id::TRACK_UID, TRACK_NUMBER)
        .uint(id::TRACK_TYPE, VIDEO)
        .uint(id::FLAG_LACING, 0)
        .text(id::CODEC_ID, "V_VP8")
        .master(id::VIDEO, size);
    let bytes = Elements::default()
        .master(id::EBML, header)
        .unbounded(id::SEGMENT)
        .master(id::INFO, info)
        .master(id::TRACKS, Elements::default().master(id::TRACK_ENTRY, track))
        .into_bytes();
    let Vp8Format { width, height } = format;
    (EpochSpec { codecs: "vp8".into(), width, height, timescale: TIMESCALE }, bytes)
}

#[cfg(test)]
mod tests {
    use super::{
        super::ebml::tests::{find, read, uint},
        *,
    };

    #[test]
    fn the_init_segment_tells_codec_and_size() {
        let (spec, bytes) = init_segment(Vp8Format { width: 1_280, height: 720 });
        assert_eq!((spec.codecs.as_str(), spec.width, spec.height, spec.timescale), ("vp8", 1_280, 720, 90_000));
        assert_eq!(find(find(&bytes, id::EBML).unwrap(), id::DOC_TYPE), Some(&b"webm"[..]));
        let segment = find(&bytes, id::SEGMENT).unwrap();
        assert_eq!(read(segment).iter().map(|element| element.0).collect::<Vec<_>>(), [id::INFO, id::TRACKS]);
        assert_eq!(uint(find(segment, id::INFO).unwrap(), id::TIMESTAMP_SCALE), Some(1_000_000));
        let track = find(find(segment, id::TRACKS).unwrap(), id::TRACK_ENTRY).unwrap();
        assert_eq!(find(track, id::CODEC_ID), Some(&b"V_VP8"[..]));
        let video = find(track, id::VIDEO).unwrap();
        assert_eq!((uint(video, id::PIXEL_WIDTH), uint(video, id::PIXEL_HEIGHT)), (Some(1_280), Some(720)));
    }
}
