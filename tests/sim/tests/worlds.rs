//! The simulation itself: a seed tells all, and what goes in comes out.

use sfu::command::Event;
use sim::{
    Change, Conditions, Publishes, Receives, SINGLE, Way,
    scenario::{
        Lesson,
        capacity::fall_and_rise,
        outage::{Outage, Whose, back},
        voice::{Loss, concealment},
    },
};

#[test]
fn the_same_seed_gives_the_same_lesson_and_another_another() {
    let asked = (Loss::Bursty(0.2), 0.05);
    assert_eq!(concealment(7, asked, Way::Down), concealment(7, asked, Way::Down));
    assert_ne!(concealment(7, asked, Way::Down).concealed, concealment(8, asked, Way::Down).concealed);
    assert_eq!(fall_and_rise(7, &[SINGLE]), fall_and_rise(7, &[SINGLE]));
    assert_eq!(back(7, &[SINGLE], Outage::Cut, Whose::Masters), back(7, &[SINGLE], Outage::Cut, Whose::Masters));
}

#[test]
fn a_good_line_carries_every_frame_and_every_word() {
    let mut lesson = Lesson::new(1, Publishes::camera(&[SINGLE]));
    let points: Vec<_> = (0..4).map(|_| lesson.join(Conditions::delayed(20), Receives::POINT)).collect();
    let world = &mut lesson.world;
    let (from, to) = (world.at(5.0), world.at(35.0));
    world.run_until(to);
    assert_eq!(world.sessions(), (1, 4));
    let connected = world.events().iter().filter(|(_, event)| matches!(event, Event::Connected { .. })).count();
    assert_eq!(connected, 5);
    assert_eq!(world.counters().dropped.total(), 0);
    for point in points {
        let receiver = world.receiver(point.receiving);
        let (seen, heard) = (receiver.picture(0).seen(from, to), receiver.voice(0).heard(from, to));
        assert_eq!((seen.freezes, heard.concealed_ms), (0, 0.0), "{seen:?} {heard:?}");
        // Some more where what waits grows less.
        assert!((749..=765).contains(&seen.frames), "{seen:?}");
        // 10 ms to encode, 30 ms on the way, and what the buffers hold; a voice waits for what might be lost.
        assert!((40.0..70.0).contains(&seen.mean_delay_ms) && heard.delay_p95_ms <= 260.0, "{seen:?} {heard:?}");
        let bytes = receiver.bytes(from, to);
        assert!((1.5e6..1.6e6).contains(&(bytes.picture as f64 * 8.0 / 30.0)), "{bytes:?}");
        // One may ask for its first picture while its line is tried.
        assert!(receiver.requests().0 <= 1 && receiver.requests().1 == 0, "{:?}", receiver.requests());
        assert!(bytes.again < bytes.picture / 100, "a trial of the line now and then: {bytes:?}");
        assert_eq!(receiver.session.refused, 0);
    }
}

#[test]
fn lost_pictures_are_asked_for_and_shown_a_round_trip_later() {
    let mut lesson = Lesson::new(1, Publishes::camera(&[SINGLE]));
    let point = lesson.join(Conditions::delayed(20), Receives::POINT);
    let world = &mut lesson.world;
    let worsens = world.at(3.0);
    world.link(point.site, Way::Down).plan(worsens, Change::Loss(0.02));
    let (from, to) = (world.at(5.0), world.at(35.0));
    world.run_until(to);
    let receiver = world.receiver(point.receiving);
    let seen = receiver.picture(0).seen(from, to);
    assert!(seen.frames > 740 && receiver.requests().1 > 50, "{seen:?} {:?}", receiver.requests());
    assert!(receiver.bytes(from, to).again > 50_000);
    assert!(seen.mean_delay_ms > 70.0, "frames wait for those that are sent again: {seen:?}");
}

#[test]
fn a_line_that_is_too_thin_for_the_only_encoding_freezes_it() {
    let fell = fall_and_rise(1, &[SINGLE]);
    assert!(fell.frozen > 0.2 && fell.down_switch_s.is_none(), "{fell:?}");
}
