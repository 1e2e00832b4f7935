//! Any bytes as the indexes and media files of a recording that is played, downloaded and cut: a disk may have lost some.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recorder::{
    File, Manifest, Slot,
    download::{Content, download},
    index,
    manifest::Track,
    playlist,
};

/// A camera, a screen and two voices, and a program that goes from one to the other and back.
const MANIFEST: &str = r#"{"version":1,"lesson":"music-3a","lead":"master","began_at":1795312800000,"ended":true,
"duration_ms":3000,"refused":[],"program":[{"at_us":0,"track":0},{"at_us":500000,"track":1},{"at_us":1700000,"track":0}],
"tracks":[
{"participant":"master","slot":"camera","codec":"h264","ended":true,"peak_bitrate":1000000,"epochs":[
{"codecs":"avc1.42c01f","width":1280,"height":720,"timescale":90000,"init_len":688,"start":0,"end":270000,"bytes":4096,"parts":9}]},
{"participant":"master","slot":"screen","codec":"h264","ended":true,"peak_bitrate":1000000,"epochs":[
{"codecs":"avc1.42c01f","width":1920,"height":1080,"timescale":90000,"init_len":688,"start":1800,"end":270000,"bytes":4096,"parts":9}]},
{"participant":"master","slot":"program","codec":"opus","ended":true,"peak_bitrate":64000,"epochs":[
{"codecs":"opus","width":0,"height":0,"timescale":48000,"init_len":605,"start":0,"end":144000,"bytes":4096,"parts":9}]}]}"#;

fuzz_target!(|input: &[u8]| {
    let _ = Manifest::from_json(input);
    let Some((&[rows, high, low], rest)) = input.split_first_chunk::<3>() else { return };
    let (rows, media) = rest.split_at((usize::from(rows) * index::ENTRY_BYTES).min(rest.len()));
    let (picture, voice) = media.split_at(usize::from(u16::from_be_bytes([high, low])).min(media.len()));
    let manifest = Manifest::from_json(MANIFEST.as_bytes()).expect("a manifest");
    // One index is enough: the voice has it where there is no picture.
    let parts: playlist::PartsOf<'_> =
        &|track, _| if track.name.slot == Slot::Program && !picture.is_empty() { Vec::new() } else { index::decode(rows) };
    let mut read = |file: &File, offset: u64, len: usize| {
        let media = if file.path().contains("program") { voice } else { picture };
        let bytes = media.get(usize::try_from(offset).ok()?..)?;
        Some(bytes[..len.min(bytes.len())].to_vec())
    };
    for content in [Content::Program, Content::Voice] {
        let _ = download(&manifest, parts, &mut read, content);
    }
    playlist::program_picture(&manifest, parts, playlist::Latency::Low);
    playlist::program_voice(&manifest, parts, playlist::Latency::Low);
    for track in &manifest.tracks {
        playlist::media(&manifest, track, parts, playlist::Latency::Low);
        playlist::parts_json(&manifest, track, parts);
        cut(track, picture);
    }
});

fn cut(track: &Track, media: &[u8]) {
    for until in [0, 1_000_000, u64::MAX] {
        if let Some(made) = (playlist::Seam { epoch: 0, offset: 0, until }).cut(&track.epochs[0], media) {
            assert!(made.len() <= media.len() + 1_024, "no longer than what it is cut from");
        }
    }
}
