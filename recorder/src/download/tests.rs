//! Downloads read back by another crate, box by box.

use mp4_atom::{Decode, Ftyp, Moov};

use super::*;
use crate::{
    Codec, Slot, Stage, index,
    manifest::tests::{name, participant},
    testing::Studio,
};

fn made(studio: &Studio, content: Content) -> Result<Download, DownloadError> {
    let parts = |track: &Track, epoch: u32| {
        index::decode(studio.file(&File::Index { track: track.name.clone(), epoch }.path()))
    };
    let mut head = |file: &File, offset: u64, len: usize| {
        let bytes = studio.file(&file.path()).get(offset as usize..)?;
        Some(bytes[..len.min(bytes.len())].to_vec())
    };
    download(studio.recording.manifest(), &parts, &mut head, content)
}

fn bytes(studio: &Studio, download: &Download) -> Vec<u8> {
    let mut all = Vec::new();
    for extent in &download.extents {
        match extent {
            Extent::Bytes(bytes) => all.extend_from_slice(bytes),
            Extent::File { file, offset, len } => {
                all.extend_from_slice(&studio.file(&file.path())[*offset as usize..(offset + len) as usize]);
            }
        }
    }
    all
}

fn read(bytes: &[u8]) -> Moov {
    let mut rest = bytes;
    Ftyp::decode(&mut rest).unwrap();
    Moov::decode(&mut rest).unwrap()
}

/// A lead with courseware of another size, and a called-on point, in turn.
fn lesson() -> Studio {
    let mut studio = Studio::new();
    studio.start_lead();
    studio.start(name("master", Slot::Screen), Codec::H264, 90_000);
    studio.change_sps(&name("master", Slot::Screen));
    studio.start(name("point-1", Slot::Camera), Codec::H264, 90_000);
    studio.teach(0..9_000);
    for (from, floor, courseware) in [(9_000, vec![], true), (15_000, vec![participant("point-1")], false)] {
        studio.stage(from, Stage { floor, courseware });
        studio.teach(from..from + 6_000);
    }
    studio.end();
    studio
}

#[test]
fn every_sample_lies_where_the_tables_say() {
    let studio = lesson();
    let download = made(&studio, Content::Program).unwrap();
    let bytes = bytes(&studio, &download);
    assert_eq!(bytes.len() as u64, download.len);
    assert!(download.h264() && !download.uniform(), "the courseware has another size");
    let moov = read(&bytes);
    for trak in &moov.trak {
        let stbl = &trak.mdia.minf.stbl;
        let mp4_atom::StszSamples::Different { sizes } = &stbl.stsz.samples else { panic!() };
        let counted: u32 = stbl.stts.entries.iter().map(|entry| entry.sample_count).sum();
        assert_eq!(counted as usize, sizes.len());
        let length: u64 =
            stbl.stts.entries.iter().map(|entry| u64::from(entry.sample_count) * u64::from(entry.sample_delta)).sum();
        assert_eq!(length, trak.mdia.mdhd.duration);
        let offsets = &stbl.stco.as_ref().unwrap().entries;
        let mut sizes = sizes.iter();
        for (number, offset) in (1u32..).zip(offsets) {
            let run = stbl.stsc.entries.iter().rfind(|entry| entry.first_chunk <= number).unwrap();
            let len: u32 = sizes.by_ref().take(run.samples_per_chunk as usize).sum();
            assert!((offset + len) as usize <= bytes.len());
            if trak.tkhd.width.integer() == 0 {
                assert_eq!(bytes[*offset as usize..*offset as usize + 3], [0xf8, 0xff, 0xfe], "a packet of voice");
            }
        }
        assert_eq!(sizes.next(), None);
    }
    assert!(matches!(moov.trak[0].mdia.minf.stbl.stsd.codecs[..], [mp4_atom::Codec::Avc3(_)]));
}

#[test]
fn picture_and_voice_begin_together_and_last_as_long_as_the_lesson() {
    let studio = lesson();
    let moov = read(&bytes(&studio, &made(&studio, Content::Program).unwrap()));
    let manifest = studio.recording.manifest();
    let first = manifest.program[0].at_us;
    let length = (manifest.duration_ms * 1_000 - first) * 9 / 100;
    for trak in &moov.trak {
        assert!(trak.tkhd.duration.abs_diff(length) <= 40 * 90, "{} of {length}", trak.tkhd.duration);
    }
    let edits = &moov.trak[1].edts.as_ref().unwrap().elst.as_ref().unwrap().entries;
    assert_eq!(edits.len(), 1, "the voice was there before");
}

#[test]
fn voice_alone_is_a_file_too_and_nothing_is_none() {
    let studio = lesson();
    let moov = read(&bytes(&studio, &made(&studio, Content::Voice).unwrap()));
    assert_eq!((moov.trak.len(), moov.trak[0].tkhd.width.integer()), (1, 0));
    let mut empty = Studio::new();
    empty.end();
    assert_eq!(made(&empty, Content::Voice), Err(DownloadError::Empty));
    assert_eq!(made(&empty, Content::Program), Err(DownloadError::Empty));
}

#[test]
fn whatever_the_files_have_become_is_an_error_or_a_file() {
    let whole = lesson();
    let path = "t/master-camera/0.cmaf";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..300 {
        let mut studio = lesson_from(&whole);
        let file = studio.disk.get_mut(path).unwrap();
        for _ in 0..8 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = (state >> 16) as usize % file.len();
            file[at] = state as u8;
        }
        if state.is_multiple_of(3) {
            file.truncate((state >> 8) as usize % file.len());
        }
        let _ = made(&studio, Content::Program);
    }
}

fn lesson_from(other: &Studio) -> Studio {
    let mut studio = Studio::new();
    studio.recording = crate::LessonRecording::resume(
        crate::recover::recover(other.file("journal.wal"), |file| other.media_len(file)).unwrap(),
        std::time::Duration::from_secs(60),
    )
    .unwrap();
    studio.disk = other.disk.clone();
    studio
}
