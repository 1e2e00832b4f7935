//! Pictures that stop, and what stands on the file meanwhile.

use super::*;
use crate::TrackName;

/// Decode time, duration and file of every sample of a track, in ticks.
pub fn whole(studio: &Studio, track: &TrackName) -> Vec<(u64, u32, usize)> {
    let epochs = studio.recording.manifest().track(track).unwrap().1.epochs.len();
    let file = |epoch| samples(studio.file(&format!("t/{track}/{epoch}.cmaf")));
    (0..epochs).flat_map(|epoch| file(epoch).into_iter().map(move |(time, len)| (time, len, epoch))).collect()
}

/// No hole, no sample longer than 2 s, and the end within 40 ms of `end_ms`.
pub fn assert_unbroken(studio: &Studio, track: &TrackName, end_ms: u64) {
    let samples = whole(studio, track);
    for pair in samples.windows(2) {
        assert_eq!(pair[0].0 + u64::from(pair[0].1), pair[1].0, "{track}: {pair:?}");
    }
    assert!(samples.iter().all(|sample| (1..=180_000).contains(&sample.1)), "{track}");
    let end_is = samples.last().map(|last| (last.0 + u64::from(last.1)) / 90).unwrap();
    assert!(end_is.abs_diff(end_ms) <= 40, "{track} ends at {end_is} ms instead of {end_ms}");
}

/// The lead's picture, which pauses for `pause_ms` after 5 s and then goes on for 6 s, with or without a new source.
fn paused(codec: Codec, pause_ms: u64, reconnects: bool) -> Studio {
    let mut studio = Studio::new();
    let camera = name("master", Slot::Camera);
    studio.start(camera.clone(), codec, 90_000);
    studio.start(name("master", Slot::Voice), Codec::Opus, 48_000);
    studio.teach(0..5_000);
    let resting = studio.senders.iter().position(|sender| sender.name == camera).unwrap();
    if reconnects {
        studio.end_track(&camera);
        studio.teach(5_000..5_000 + pause_ms);
        studio.start(camera.clone(), codec, 90_000);
    } else {
        let sender = studio.senders.remove(resting);
        studio.teach(5_000..5_000 + pause_ms);
        studio.senders.push(sender);
    }
    studio.teach(5_000 + pause_ms..11_000 + pause_ms);
    studio.end();
    assert_unbroken(&studio, &camera, 10_999 + pause_ms);
    studio
}

#[test]
fn a_pause_is_filled_whatever_its_length() {
    for (pause_ms, epochs) in [(500, 1), (1_900, 1), (2_100, 1), (5_000, 1), (9_000, 1), (12_000, 3), (60_000, 3)] {
        for (codec, size) in [(Codec::H264, (1_280, 720)), (Codec::Vp9, (640, 360))] {
            let studio = paused(codec, pause_ms, false);
            let track = studio.recording.manifest().track(&name("master", Slot::Camera)).unwrap().1;
            // A decoder of VP9 is told nothing of the card: what follows it stays in its file.
            let epochs = if codec == Codec::Vp9 { epochs.min(2) } else { epochs };
            assert_eq!(track.epochs.len(), epochs, "{pause_ms} ms of {codec:?}");
            assert!(track.epochs.iter().all(|epoch| (epoch.width, epoch.height) == size), "{pause_ms} ms");
        }
    }
}

#[test]
fn a_picture_that_comes_back_from_elsewhere_leaves_no_hole() {
    for (pause_ms, epochs) in [(0, 2), (1_000, 2), (4_000, 2), (30_000, 3)] {
        let studio = paused(Codec::H264, pause_ms, true);
        let track = studio.recording.manifest().track(&name("master", Slot::Camera)).unwrap().1;
        assert_eq!(track.epochs.len(), epochs, "{pause_ms} ms");
    }
}

#[test]
fn a_picture_that_never_comes_back_lasts_to_the_end() {
    let mut studio = taught(5_000);
    let camera = name("master", Slot::Camera);
    studio.end_track(&camera);
    studio.teach(5_000..40_000);
    studio.end();
    assert_unbroken(&studio, &camera, 39_999);
}

#[test]
fn a_crash_in_a_pause_finds_a_file_filled_up_to_a_few_seconds_ago() {
    let mut studio = taught(5_000);
    let camera = name("master", Slot::Camera);
    studio.end_track(&camera);
    for second in 5..60 {
        studio.teach(second * 1_000..(second + 1) * 1_000);
        let end = whole(&studio, &camera).last().map(|last| (last.0 + u64::from(last.1)) / 90).unwrap();
        assert!(end + 5_000 >= (second + 1) * 1_000, "after {} s the file ends at {end} ms", second + 1);
    }
}

#[test]
fn what_cannot_be_read_back_is_a_card_at_once() {
    let mut studio = taught(5_000);
    studio.unreadable = true;
    let camera = name("master", Slot::Camera);
    studio.end_track(&camera);
    studio.teach(5_000..12_000);
    studio.end();
    assert_unbroken(&studio, &camera, 11_999);
    assert_eq!(studio.recording.manifest().track(&camera).unwrap().1.epochs.len(), 2);
}

#[test]
fn bytes_nobody_asked_for_are_left_out() {
    let mut studio = taught(1_000);
    assert_eq!(studio.recording.handle_read_back(Some(b"moof")), Err(Error::NothingToRead));
}

#[test]
fn a_frame_later_than_the_filling_is_squeezed_in_behind_it() {
    let mut studio = taught(5_000);
    let camera = name("master", Slot::Camera);
    // 4 s under way from now on: at first nothing comes, then frames captured in the time already filled.
    studio.sender(&camera).delay_ms = 4_000;
    studio.teach(9_000..16_000);
    studio.end();
    assert_unbroken(&studio, &camera, 15_999);
}

#[test]
fn what_was_interrupted_goes_on_behind_a_card_in_either_codec() {
    for codec in [Codec::H264, Codec::Vp9] {
        let mut studio = Studio::new();
        let camera = name("master", Slot::Camera);
        studio.start(camera.clone(), codec, 90_000);
        studio.teach(0..5_000);
        studio.crash_and_resume(20_000);
        studio.start(camera.clone(), codec, 90_000);
        studio.teach(25_000..32_000);
        studio.end();
        assert_unbroken(&studio, &camera, 31_999);
    }
}
