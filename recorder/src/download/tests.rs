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
    assert!(download.h264 && !download.uniform, "the courseware has another size");
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

/// When a track of a file begins to play, by its empty edit, and how long it does, in milliseconds.
fn plays(trak: &mp4_atom::Trak) -> (u64, u64) {
    let edits = trak.edts.as_ref().and_then(|edts| edts.elst.as_ref()).map_or(&[][..], |elst| &elst.entries);
    let empty = edits.first().filter(|edit| edit.media_time.is_none()).map_or(0, |edit| edit.segment_duration);
    (empty / 90, (trak.tkhd.duration - empty) / 90)
}

#[test]
fn picture_and_voice_stand_where_they_did_and_last_as_long_as_the_lesson() {
    let studio = lesson();
    let moov = read(&bytes(&studio, &made(&studio, Content::Program).unwrap()));
    let length = studio.recording.manifest().duration_ms;
    for (begins, lasts) in moov.trak.iter().map(plays) {
        assert!(begins <= 40 && (begins + lasts).abs_diff(length) <= 40, "{begins} and {lasts} of {length}");
    }
}

#[test]
fn what_was_said_before_the_first_picture_is_in_the_file() {
    let mut studio = Studio::new();
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(0..30_000);
    studio.start(name("master", Slot::Camera), Codec::H264, 90_000);
    studio.teach(30_000..40_000);
    studio.end();
    let moov = read(&bytes(&studio, &made(&studio, Content::Program).unwrap()));
    let [picture, voice] = [plays(&moov.trak[0]), plays(&moov.trak[1])];
    let first = studio.recording.manifest().program[0].at_us / 1_000;
    assert!(first >= 30_000 && picture.0.abs_diff(first) <= 20, "{picture:?} and {first}");
    assert!(voice.0 <= 20 && voice.1.abs_diff(40_000) <= 40, "{voice:?}");
}

#[test]
fn of_several_codecs_the_one_that_plays_longest_is_the_picture() {
    let mut studio = Studio::new();
    let camera = name("master", Slot::Camera);
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    for (from, codec) in [(0, Codec::Vp9), (10_000, Codec::H264), (40_000, Codec::Vp9)] {
        studio.start(camera.clone(), codec, 90_000);
        studio.teach(from..from + if codec == Codec::H264 { 30_000 } else { 10_000 });
        studio.end_track(&camera);
    }
    studio.end();
    let download = made(&studio, Content::Program).unwrap();
    let moov = read(&bytes(&studio, &download));
    assert!(download.h264 && matches!(moov.trak[0].mdia.minf.stbl.stsd.codecs[..], [mp4_atom::Codec::Avc1(_)]));
    let (begins, lasts) = plays(&moov.trak[0]);
    assert!((9_000..14_000).contains(&begins) && lasts >= 26_000, "{begins} and {lasts}");
    assert!(crate::playlist::program(studio.recording.manifest()).contains("CODECS=\"avc1.42c01f,vp09"));
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
