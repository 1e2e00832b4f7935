//! Lessons played into the recorder, and what came of them.

use mp4_atom::{Any, Decode, DecodeMaybe, Ftyp, Moov};

use super::*;
use crate::{
    Container, Slot,
    depacketize::opus::SILENCE,
    manifest::tests::{lesson, name},
    recover::recover,
    testing::{Studio, rtp},
    webm::tests as webm,
};

mod bad_input;
pub(crate) mod pauses;
mod whole_lesson;

/// Decode time and duration of every sample of a file, in ticks.
fn samples(file: &[u8]) -> Vec<(u64, u32)> {
    let mut rest = file;
    Ftyp::decode(&mut rest).unwrap();
    Moov::decode(&mut rest).unwrap();
    let mut samples = Vec::new();
    while let Some(atom) = Any::decode_maybe(&mut rest).unwrap() {
        let Any::Moof(moof) = atom else { continue };
        let traf = &moof.traf[0];
        let mut time = traf.tfdt.as_ref().unwrap().base_media_decode_time;
        for entry in traf.trun[0].samples.iter() {
            samples.push((time, entry.duration.unwrap()));
            time += u64::from(entry.duration.unwrap());
        }
    }
    assert!(rest.is_empty());
    samples
}

fn taught(ms: u64) -> Studio {
    let mut studio = Studio::new();
    studio.start_lead();
    studio.teach(0..ms);
    studio
}

#[test]
fn every_track_becomes_a_file_without_holes() {
    let mut studio = taught(10_000);
    studio.end();
    for (path, step, at_least) in [("t/master-camera/0.cmaf", 7_200, 120), ("t/master-voice/0.cmaf", 960, 490)] {
        let samples = samples(studio.file(path));
        assert!(samples.len() >= at_least, "{path}: {}", samples.len());
        assert!(samples.windows(2).all(|pair| pair[0].0 + u64::from(pair[0].1) == pair[1].0), "{path}");
        assert!(samples.iter().rev().skip(1).all(|sample| sample.1 == step), "{path}");
    }
    let manifest = Manifest::from_json(studio.file("manifest.json")).unwrap();
    assert!(manifest.ended && (9_900..=10_100).contains(&manifest.duration_ms), "{}", manifest.duration_ms);
    assert_eq!(&manifest.to_json().unwrap(), &studio.recording.manifest().to_json().unwrap());
    assert!(!studio.file("lesson.json").is_empty());
}

#[test]
fn voice_and_picture_of_one_teacher_stay_in_sync_whatever_their_delays() {
    let mut studio = Studio::new();
    studio.start_lead();
    studio.sender(&name("master", Slot::Camera)).delay_ms = 180;
    studio.teach(0..6_000);
    studio.end();
    let camera = samples(studio.file("t/master-camera/0.cmaf"))[0].0 as f64 / 90_000.0;
    let voice = samples(studio.file("t/master-voice/0.cmaf"))[0].0 as f64 / 48_000.0;
    // Both senders began at zero of their clocks.
    assert!((camera - voice).abs() < 0.040, "camera {camera}, voice {voice}");
}

#[test]
fn a_lost_packet_of_picture_asks_for_a_keyframe_and_freezes_until_it_comes() {
    let mut studio = Studio::new();
    studio.start_lead();
    let camera = name("master", Slot::Camera);
    let sequence = studio.sender(&camera).sequence.wrapping_add(6);
    studio.lost.push((camera.clone(), sequence));
    studio.teach(0..6_000);
    studio.end();
    assert!(studio.keyframes_asked.contains(&camera));
    let mut frozen = samples(studio.file("t/master-camera/0.cmaf"));
    frozen.pop();
    frozen.retain(|sample| sample.1 != 7_200);
    // The 6th picture is missing: the 5th, at 320 ms, stays until the keyframe at 2 s.
    assert_eq!(frozen.len(), 1, "{frozen:?}");
    assert_eq!(frozen[0].1, 90_000 * (2_000 - 320) / 1_000);
}

#[test]
fn silence_stands_in_for_lost_voice() {
    let mut studio = Studio::new();
    studio.start_lead();
    let voice = name("master", Slot::Voice);
    let first = studio.sender(&voice).sequence;
    studio.lost = (50..60).map(|n| (voice.clone(), first.wrapping_add(n))).collect();
    studio.teach(0..6_000);
    studio.end();
    let samples = samples(studio.file("t/master-voice/0.cmaf"));
    assert!(samples.iter().all(|sample| sample.1 == 960));
    assert!(samples.windows(2).all(|pair| pair[0].0 + 960 == pair[1].0));
    assert!(studio.keyframes_asked.iter().all(|track| track.slot != Slot::Voice));
}

#[test]
fn a_voice_that_went_away_is_silent_until_it_returns_and_until_the_end() {
    let mut studio = taught(3_000);
    let voice = name("master", Slot::Voice);
    studio.end_track(&voice);
    studio.teach(3_000..60_000);
    let (_, end) = studio.recording.manifest().track(&voice).unwrap().1.span_micros().unwrap();
    assert!(end > 57_500_000, "the file follows time: {end}");
    studio.start(voice.clone(), Codec::Opus, 48_000);
    studio.teach(60_000..70_000);
    studio.end_track(&voice);
    studio.teach(70_000..80_000);
    studio.end();
    let samples = samples(studio.file("t/master-voice/0.cmaf"));
    assert!(samples.windows(2).all(|pair| pair[0].0 + u64::from(pair[0].1) == pair[1].0));
    let end = samples.last().map(|last| last.0 + u64::from(last.1)).unwrap();
    assert!((79_980 * 48..=80_000 * 48).contains(&end), "{end}");
    assert_eq!(studio.recording.manifest().track(&voice).unwrap().1.epochs.len(), 1);
}

#[test]
fn the_voices_of_a_lesson_become_one_under_its_leads_name() {
    let mut studio = Studio::new();
    studio.start(name("point-1", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(0..2_000);
    studio.start_lead();
    studio.teach(2_000..10_000);
    studio.end();
    let manifest = studio.recording.manifest();
    let program = manifest.track(&name("master", Slot::Program)).unwrap().1;
    let first = manifest.track(&name("point-1", Slot::Voice)).unwrap().1;
    assert_eq!(program.span_micros().unwrap().0, first.span_micros().unwrap().0);
    assert!(program.ended && (9_960_000..=10_000_000).contains(&program.span_micros().unwrap().1));
    let samples = samples(studio.file("t/master-program/0.cmaf"));
    assert!(samples.windows(2).all(|pair| pair[0].0 + u64::from(pair[0].1) == pair[1].0));
}

#[test]
fn a_new_sps_or_a_new_source_begins_a_new_file_and_time_runs_on() {
    let mut studio = taught(3_000);
    let camera = name("master", Slot::Camera);
    studio.change_sps(&camera);
    studio.teach(3_000..5_000);
    studio.end_track(&camera);
    studio.start(camera.clone(), Codec::H264, 90_000);
    studio.teach(5_000..9_000);
    studio.end();
    let track = studio.recording.manifest().track(&camera).unwrap().1;
    assert_eq!(track.epochs.len(), 3);
    assert_eq!((track.epochs[0].codecs.as_str(), track.epochs[1].codecs.as_str()), ("avc1.42c01f", "avc1.42c020"));
    let mut end = 0;
    for epoch in 0..3 {
        let samples = samples(studio.file(&format!("t/master-camera/{epoch}.cmaf")));
        assert!(samples[0].0 >= end, "epoch {epoch}");
        end = samples.last().map(|last| last.0 + u64::from(last.1)).unwrap();
    }
    assert_eq!(track.epochs[0].end, track.epochs[1].start, "a change of size leaves no hole");
}

#[test]
fn a_keyframe_is_asked_for_at_the_start_and_then_every_8_seconds() {
    let mut recording = LessonRecording::new(lesson()).unwrap();
    let camera = name("master", Slot::Camera);
    let key = recording.handle_track_started(Duration::ZERO, &camera, Codec::H264, 7).unwrap();
    let mut asked = Vec::new();
    for ms in (0..30_000u64).step_by(100) {
        let now = Duration::from_millis(ms);
        let is_key = ms == 500;
        let payload: &[u8] = if is_key { &[0x65, 0x88] } else { &[0x41, 0x9a] };
        if is_key {
            recording.handle_packet(now, key, &rtp(1_000, 0, 7, &[0x67, 0x42, 0xc0, 0x1f])).unwrap();
        }
        recording.handle_packet(now, key, &rtp((ms / 100) as u16, ms as u32 * 90, 7, payload)).unwrap();
        recording.handle_timeout(now).unwrap();
        while let Some(effect) = recording.poll_effect() {
            if matches!(effect, Effect::RequestKeyframe { .. }) {
                asked.push(ms);
            }
        }
    }
    assert!(asked.len() > 20, "an unanswered request is repeated every second: {asked:?}");
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= 1_000));
}

#[test]
fn nobody_silent_is_asked_for_keyframes() {
    let mut studio = taught(3_000);
    studio.senders.clear();
    studio.keyframes_asked.clear();
    studio.teach(5_000..60_000);
    assert!(studio.keyframes_asked.is_empty());
}

/// A lead whose browser encodes nothing but VP8.
fn start_vp8_lead(studio: &mut Studio) -> TrackName {
    let camera = name("master", Slot::Camera);
    studio.start(camera.clone(), Codec::Vp8, 90_000);
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    camera
}

#[test]
fn vp8_becomes_webm_without_a_hole_beside_its_voice() {
    let mut studio = Studio::new();
    let camera = start_vp8_lead(&mut studio);
    studio.teach(0..10_000);
    studio.end();
    assert!(studio.refused.is_empty());
    let manifest = studio.recording.manifest();
    let epochs = &manifest.track(&camera).unwrap().1.epochs;
    assert_eq!((epochs.len(), epochs[0].container, epochs[0].codecs.as_str()), (1, Container::WebM, "vp8"));
    let blocks = webm::blocks(studio.file("t/master-camera/0.webm"));
    assert_eq!(blocks.len(), 125);
    assert!(lasts_throughout(&blocks));
    assert!(blocks.iter().enumerate().all(|(n, block)| block.2 == (n % 25 == 0)));
    assert_eq!(samples(studio.file("t/master-voice/0.cmaf")).len(), 499);
}

#[test]
fn the_picture_of_a_vp8_publisher_lasts_until_he_is_back_or_the_lesson_ends() {
    let mut studio = Studio::new();
    let camera = start_vp8_lead(&mut studio);
    studio.teach(0..4_000);
    studio.end_track(&camera);
    studio.teach(4_000..40_000);
    studio.start(camera.clone(), Codec::Vp8, 90_000);
    studio.teach(40_000..43_000);
    studio.end_track(&camera);
    studio.teach(43_000..60_000);
    studio.end();
    let blocks = webm::blocks(studio.file("t/master-camera/0.webm"));
    assert!(lasts_throughout(&blocks));
    let longest = blocks.iter().filter_map(|block| block.1).max();
    assert!(longest.is_some_and(|ms| (36_000..36_500).contains(&ms)), "{longest:?}");
    assert_eq!(blocks.last().map(|last| last.0 + last.1.unwrap()), Some(59_999));
    assert!(blocks.iter().any(|block| block.0 >= 40_000 && block.2), "he begins with a keyframe");
}

#[test]
fn another_size_of_vp8_and_another_codec_begin_files_that_follow_at_once() {
    let mut studio = Studio::new();
    let camera = start_vp8_lead(&mut studio);
    studio.teach(0..3_000);
    studio.change_sps(&camera);
    studio.teach(3_000..5_000);
    studio.start(camera.clone(), Codec::H264, 90_000);
    studio.teach(5_000..9_000);
    studio.end();
    let manifest = studio.recording.manifest();
    let epochs = &manifest.track(&camera).unwrap().1.epochs;
    let containers: Vec<_> = epochs.iter().map(|epoch| epoch.container).collect();
    assert_eq!(containers, [Container::WebM, Container::WebM, Container::Cmaf]);
    assert_eq!((epochs[0].width, epochs[1].width), (310, 320));
    assert!(epochs.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!(studio.file("t/master-camera/2.cmaf").len() as u64, epochs[2].bytes);
    for (number, epoch) in epochs.iter().take(2).enumerate() {
        assert_eq!(studio.file(&format!("t/master-camera/{number}.webm")).len() as u64, epoch.bytes);
    }
}

/// Whether each block whose duration is told lasts exactly until the next begins.
fn lasts_throughout(blocks: &[webm::ReadBlock]) -> bool {
    blocks.windows(2).all(|pair| pair[0].1.is_none_or(|duration| pair[0].0 + duration == pair[1].0))
}

#[test]
fn without_sender_reports_the_track_is_written_all_the_same() {
    let mut recording = LessonRecording::new(lesson()).unwrap();
    let voice = name("master", Slot::Voice);
    let key = recording.handle_track_started(Duration::ZERO, &voice, Codec::Opus, 7).unwrap();
    for n in 0..400u16 {
        let now = Duration::from_millis(u64::from(n) * 20 + 100);
        recording.handle_packet(now, key, &rtp(n, u32::from(n) * 960, 7, SILENCE)).unwrap();
        recording.handle_timeout(now).unwrap();
    }
    recording.handle_end(Duration::from_secs(9)).unwrap();
    let track = recording.manifest().track(&voice).unwrap().1;
    assert_eq!(track.span_micros(), Some((100_000, 9_000_000)), "the voice lasts as long as the lesson");
}

#[test]
fn foreign_and_malformed_packets_change_nothing() {
    let mut recording = LessonRecording::new(lesson()).unwrap();
    let voice = name("master", Slot::Voice);
    let key = recording.handle_track_started(Duration::ZERO, &voice, Codec::Opus, 7).unwrap();
    assert_eq!(recording.handle_packet(Duration::ZERO, key, &[1, 2, 3]), Err(Error::MalformedRtp));
    assert_eq!(recording.handle_packet(Duration::ZERO, key, &rtp(1, 0, 8, SILENCE)), Ok(()));
    recording.handle_end(Duration::from_secs(1)).unwrap();
    assert_eq!(recording.manifest().duration_ms, 0);
}

#[test]
fn what_comes_after_the_end_is_not_taken() {
    let mut studio = taught(3_000);
    studio.end();
    let before = studio.disk.clone();
    let key = studio.senders[0].key;
    assert_eq!(studio.recording.handle_end(Duration::from_secs(4)), Err(Error::Ended));
    studio.start(name("point-1", Slot::Voice), Codec::Opus, 48_000);
    studio.recording.handle_timeout(Duration::from_secs(60)).unwrap();
    studio.recording.handle_packet(Duration::from_secs(5), key, &rtp(1, 0, 0x1000, &[0x41, 0x9a])).unwrap();
    assert_eq!(studio.recording.poll_effect(), None);
    assert_eq!(studio.disk, before);
}

#[test]
fn a_lesson_has_a_bounded_number_of_tracks() {
    let mut studio = Studio::new();
    for n in 0..TRACKS + 5 {
        studio.start(name(&format!("point-{n}"), Slot::Voice), Codec::Opus, 48_000);
    }
    assert_eq!((studio.senders.len(), studio.refused.len()), (TRACKS, 5));
}

#[test]
fn a_resumed_lesson_is_one_recording_on_one_clock() {
    let mut studio = taught(5_000);
    let (camera, voice) = (name("master", Slot::Camera), name("master", Slot::Voice));
    studio.crash_and_resume(20_000);
    assert!(!studio.recording.manifest().ended);
    studio.start_lead();
    studio.start(name("point-1", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(25_000..30_000);
    studio.end();
    let manifest = studio.recording.manifest();
    assert!(manifest.ended && (29_900..=30_100).contains(&manifest.duration_ms), "{}", manifest.duration_ms);
    assert_eq!(manifest.tracks.len(), 4, "tracks keep their numbers");
    let epochs = |track: &TrackName| &manifest.track(track).unwrap().1.epochs;
    for (track, files) in [(&camera, 3), (&voice, 2), (&name("master", Slot::Program), 2)] {
        let epochs = epochs(track);
        assert_eq!(epochs.len(), files, "{track}");
        assert!(epochs.windows(2).all(|pair| pair[0].end == pair[1].start), "{track} has no hole: {epochs:?}");
        assert!(epochs[0].end < 5 * u64::from(epochs[0].timescale), "{track}");
    }
    assert!(
        (25 * 90_000..27 * 90_000).contains(&epochs(&camera)[2].start),
        "a card stands in until the camera is back"
    );
    let recovered = recover(studio.file("journal.wal"), |file| studio.media_len(file)).unwrap();
    assert_eq!(&recovered.manifest, manifest);
}

#[test]
fn a_clock_that_was_set_is_not_gone_on_with() {
    let studio = taught(5_000);
    let recovered = recover(studio.file("journal.wal"), |file| studio.media_len(file)).unwrap();
    let end = Duration::from_millis(recovered.manifest.duration_ms);
    for (now, believed) in [
        (Duration::ZERO, false),
        (end - Duration::from_millis(1), false),
        (end, true),
        (LESSON, true),
        (LESSON + Duration::from_millis(1), false),
    ] {
        let resumed = LessonRecording::resume(recovered.clone(), now);
        assert_eq!(resumed.is_ok(), believed, "{now:?}");
    }
}

#[test]
fn on_a_low_disk_only_the_lead_is_recorded_until_there_is_space_again() {
    let mut studio = taught(3_000);
    let (early, late) = (name("point-1", Slot::Voice), name("point-2", Slot::Voice));
    studio.start(early.clone(), Codec::Opus, 48_000);
    studio.teach(3_000..6_000);
    studio.disk_becomes(Disk::Low);
    studio.start(late.clone(), Codec::Opus, 48_000);
    studio.teach(6_000..9_000);
    studio.disk_becomes(Disk::Plenty);
    studio.teach(9_000..12_000);
    studio.end();
    assert_eq!(studio.refused, [early.clone(), late.clone()], "said once of each");
    let manifest = studio.recording.manifest();
    assert!(manifest.refused.iter().all(|refused| refused.reason == Refusal::DiskLow));
    let spans = |track: &TrackName| -> Vec<(u64, u64)> {
        let epochs = &manifest.track(track).unwrap().1.epochs;
        epochs.iter().map(|epoch| (epoch.start * 10 / 48_000, epoch.end * 10 / 48_000)).collect()
    };
    assert_eq!(spans(&name("master", Slot::Voice)).len(), 1, "the lead's voice is one file");
    // What was left out is silence.
    let [(30..=31, 60), (60, 119..=120)] = spans(&early)[..] else { panic!("{:?}", spans(&early)) };
    let [(90..=92, 119..=120)] = spans(&late)[..] else { panic!("{:?}", spans(&late)) };
}

#[test]
fn who_left_while_the_disk_was_low_does_not_come_back() {
    let mut studio = taught(3_000);
    let point = name("point-1", Slot::Voice);
    studio.start(point.clone(), Codec::Opus, 48_000);
    studio.disk_becomes(Disk::Low);
    studio.end_track(&point);
    studio.disk_becomes(Disk::Plenty);
    studio.teach(3_000..6_000);
    studio.end();
    let track = studio.recording.manifest().track(&point).unwrap().1;
    assert!(track.ended && track.epochs.is_empty(), "{track:?}");
}

#[test]
fn what_waited_for_its_clock_survives_a_crash() {
    for seconds in [1, 2, 5] {
        let mut studio = Studio::new();
        studio.unreported = true;
        studio.start_lead();
        studio.teach(0..seconds * 1_000);
        assert_eq!(studio.recording.manifest().duration_ms, 0, "nothing has a place yet");
        studio.crash_and_resume(1_000);
        studio.end();
        for slot in [Slot::Camera, Slot::Voice] {
            let track = studio.recording.manifest().track(&name("master", slot)).unwrap().1;
            let (start, end) = track.span_micros().unwrap();
            assert!(start <= 100_000 && end + 500_000 >= seconds * 1_000_000, "{seconds} s: {start} to {end}");
        }
        assert_eq!(studio.recording.manifest().program.len(), 1, "the lead's camera is the program");
        assert!(!studio.disk.keys().any(|path| path.ends_with(".rtp")), "nothing waits any more");
    }
}

#[test]
fn what_has_got_its_clock_is_not_taken_twice() {
    let mut studio = Studio::new();
    studio.start_lead();
    studio.teach(0..400);
    let camera = File::Waiting { track: name("master", Slot::Camera) };
    assert!(!studio.file(&camera.path()).is_empty(), "it waits");
    let waited = studio.file(&camera.path()).to_vec();
    studio.teach(400..6_000);
    assert!(studio.file(&camera.path()).is_empty(), "it is in its file");
    // As if the crash had come between the two.
    studio.disk.insert(camera.path(), waited);
    let before = studio.file("t/master-camera/0.cmaf").len();
    studio.crash_and_resume(1_000);
    studio.end();
    assert_eq!(studio.recording.manifest().tracks[0].epochs.len(), 1);
    assert_eq!(studio.file("t/master-camera/0.cmaf").len(), before);
}
