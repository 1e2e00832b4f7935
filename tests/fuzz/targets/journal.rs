//! Any bytes as a journal, as records of a journal with right checksums, as an index and as a manifest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{ids::LessonId, time::UtcMs};
use recorder::{
    Lesson, Manifest, index,
    journal::{self, Record},
    manifest::VERSION,
    recover::recover,
};
use tongke_fuzz::chunks;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

fuzz_target!(|input: &[u8]| {
    let _ = recover(input, |_| u64::MAX);
    index::decode(input);
    let _ = Manifest::from_json(input);
    let lesson = LessonId::parse("music-3a").expect("an id");
    let mut journal = Vec::new();
    let lesson = Lesson { version: VERSION, lesson, lead: None, began_at: UtcMs(1_795_312_800_000) };
    journal::append(&Record::LessonStarted(lesson), &mut journal);
    // Checksums are not found by chance, so every record gets the right one.
    for (_, body) in chunks(input) {
        journal.extend_from_slice(&(body.len() as u32).to_le_bytes());
        journal.extend_from_slice(&CRC.checksum(body).to_le_bytes());
        journal.extend_from_slice(body);
    }
    if let Ok(recovered) = recover(&journal, |_| u64::MAX) {
        assert!(recovered.journal_len <= journal.len());
        let parts: recorder::playlist::PartsOf<'_> = &|track, epoch| {
            let file = recovered.files.iter().filter(|file| file.track == track.name).nth(epoch as usize);
            file.map_or(Vec::new(), |file| file.parts.clone())
        };
        for track in &recovered.manifest.tracks {
            recorder::playlist::media(&recovered.manifest, track, parts, recorder::playlist::Latency::Low);
            recorder::playlist::parts_json(&recovered.manifest, track, parts);
        }
        recorder::playlist::program_picture(&recovered.manifest, parts, recorder::playlist::Latency::Low);
        recorder::playlist::program_voice(&recovered.manifest, parts, recorder::playlist::Latency::Low);
        recorder::playlist::master(&recovered.manifest);
        let tracks: Vec<_> = recovered.manifest.tracks.iter().map(|track| track.name.clone()).collect();
        let end = std::time::Duration::from_millis(recovered.manifest.duration_ms);
        if let Ok(mut recording) = recorder::LessonRecording::resume(recovered, end) {
            let mut last = end;
            for track in tracks {
                last = last.max(recording.handle_waiting(&track, input).unwrap_or_default());
            }
            let _ = recording.handle_end(last);
            while recording.poll_effect().is_some() {}
        }
    }
});
