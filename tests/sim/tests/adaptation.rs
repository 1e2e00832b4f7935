//! What receivers are given of a lesson follows what their lines carry.

use std::time::Duration;

use sim::{
    COURSEWARE, Change, Conditions, Encoding, LAYERS, Publishes, Receives, SIMULCAST, VoiceOptions,
    scenario::{
        Lesson, Measured,
        capacity::fall_and_rise,
        rfc8867::single_flow,
        thin::{all_seats, speech_and_courseware, speech_only},
    },
};

const SEEDS: [u64; 3] = [1, 5, 8];

#[test]
fn a_line_that_falls_to_an_eighth_keeps_its_queue_short_and_has_its_pictures_back_soon_and_for_good() {
    for (seed, camera) in SEEDS.into_iter().flat_map(|seed| [(seed, &SIMULCAST), (seed, &LAYERS)]) {
        let came = fall_and_rise(seed, camera);
        assert_eq!(came.broken(), [], "{came:?}");
        assert!(came.frozen < 0.05, "{came:?}");
    }
}

#[test]
fn a_line_whose_capacity_varies_is_known_and_carries_the_largest_picture_that_fits() {
    for seed in SEEDS {
        let varied = single_flow(seed, &SIMULCAST);
        assert_eq!(varied.broken(), [], "{varied:?}");
    }
}

#[test]
fn a_line_of_64_kbit_carries_the_speech() {
    for seed in SEEDS {
        let speech = speech_only(seed, &SIMULCAST);
        assert_eq!(speech.broken(), [], "{speech:?}");
    }
}

#[test]
fn a_line_of_300_kbit_carries_the_speech_and_a_new_picture_of_the_courseware_every_ten_seconds() {
    // With the last two moving courseware and stills of it took each other's place before either was there.
    for seed in SEEDS.into_iter().chain([14, 39]) {
        let lesson = speech_and_courseware(seed, &SIMULCAST);
        assert_eq!(lesson.broken(), [], "{lesson:?}");
    }
}

#[test]
fn a_slide_that_cannot_begin_to_move_in_time_comes_as_stills() {
    // Little moves, and a key frame of 60 kB takes four seconds of such a line.
    let screen = Encoding { bps: 10_000, key_size: 240.0, ..COURSEWARE };
    let publishes =
        Publishes { voice: Some(VoiceOptions::default()), camera: SIMULCAST.to_vec(), screen: Some(screen) };
    let mut lesson = Lesson::new(1, publishes);
    let line = Conditions { queue: Duration::from_millis(500), ..Conditions::delayed(50) };
    let point = lesson.join(line, Receives::POINT);
    let world = &mut lesson.world;
    let narrows = world.at(3.0);
    world.plan_both(point.site, narrows, Change::Rate(Some(200_000)));
    let (from, to) = (world.at(10.0), world.at(70.0));
    world.run_until(to);
    let receiver = world.receiver(point.receiving);
    let slides = receiver.picture(1).seen(from, to);
    assert!(slides.longest_gap_ms <= 15_000.0, "{slides:?}");
    assert!(receiver.voice(0).heard(from, to).longest_gap_ms <= 200.0);
    let asked = world.publisher(lesson.master).encodings().last().map_or(0, |(_, key_frames)| key_frames);
    assert!(asked <= 25, "{asked} key frames of the slide in 70 s");
}

#[test]
fn a_lossy_long_line_of_a_megabit_shows_all_seats() {
    for seed in SEEDS {
        let seats = all_seats(seed, &SIMULCAST);
        assert_eq!(seats.broken(), [], "{seats:?}");
        assert!(seats.concealed < 0.005, "{seats:?}");
    }
}
