//! A lesson of 45 minutes, 4 unless `TONGKE_LESSON_S` says otherwise: clocks that drift, packets lost, a reconnect, and
//! courseware that comes and goes twenty times.

use super::{
    pauses::{assert_unbroken, whole},
    *,
};

const LENGTH_S: u64 = 240;

#[test]
fn a_whole_lesson_is_unbroken() {
    #[expect(clippy::disallowed_methods, reason = "how long the test is, not what is tested")]
    let length_s = std::env::var("TONGKE_LESSON_S").map_or(LENGTH_S, |text| text.parse().unwrap());
    let (camera, screen) = (name("master", Slot::Camera), name("master", Slot::Screen));
    let mut studio = Studio::new();
    studio.start_lead();
    studio.sender(&camera).ppm = 100;
    studio.sender(&name("master", Slot::Voice)).ppm = -100;
    studio.drop_one_in = Some(50);
    let turn = length_s * 1_000 / 20;
    for n in 0..20 {
        let begin = n * turn;
        studio.teach(begin..begin + turn / 3);
        if n == 9 {
            studio.end_track(&camera);
            studio.teach(begin + turn / 3..begin + turn / 2);
            studio.start(camera.clone(), Codec::H264, 90_000);
        }
        let from = if n == 9 { turn / 2 } else { turn / 3 };
        studio.start(screen.clone(), Codec::H264, 90_000);
        studio.teach(begin + from..begin + turn * 9 / 10);
        studio.end_track(&screen);
        studio.teach(begin + turn * 9 / 10..begin + turn);
    }
    studio.end();
    let end_ms = turn * 20 - 1;
    for track in [&camera, &screen] {
        assert_unbroken(&studio, track, end_ms);
        assert!(whole(&studio, track).windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
    let manifest = studio.recording.manifest();
    assert!(manifest.duration_ms.abs_diff(end_ms) <= 40, "{} of {end_ms}", manifest.duration_ms);
}
