//! A lesson with a flash and a beep at the same moments, through the recorder, and back out of the files by a decoder that
//! is not ours: are picture and voice still together, and is everything there?
//!
//! ```text
//! school: encodes        feed: clocks that drift, loss, jitter,        eye: ffmpeg decodes the files,
//! flashes and beeps  ->  a reconnect, courseware on and off        ->  finds flashes and beeps again
//! ```
//!
//! Three minutes by default; LESSON_MINUTES=45 is the whole lesson (tests/long.sh).

#![expect(clippy::disallowed_methods, reason = "a test asks how long it shall be, and hands files to ffmpeg")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod disk;
mod eye;
mod feed;
mod school;

use disk::Disk;
use eye::{Heard, Seen};
use feed::Lesson;

/// Picture and voice may be this far apart, in seconds.
const SKEW_S: f64 = 0.020;
/// A beep further away belongs to another flash, in seconds. What fills a picture while a keyframe is missing may flash too.
const NEAR_S: f64 = 0.5;
/// What the lesson clock may be off what really happened, but for the constant time packets were under way, in seconds.
const CLOCK_S: f64 = 0.040;

fn minutes() -> f64 {
    std::env::var("LESSON_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(3.0)
}

/// How far a beep is behind the flash at `flash`, if it belongs to it. Where the packet with its beginning was lost, its end
/// tells.
fn behind(flash: f64, &(from, to): &(f64, f64)) -> Option<f64> {
    let (begins, ends) = (from - flash, to - school::BEEP_S - flash);
    let skew = if begins.abs() < ends.abs() { begins } else { ends };
    (skew.abs() < NEAR_S).then_some(skew)
}

/// For each flash sent while `is_sent` how far its beep is behind. A picture that pauses is filled with its last group of
/// pictures, and a flash in that is no new one.
fn skews(flashes: &[f64], beeps: &[(f64, f64)], is_sent: impl Fn(f64) -> bool) -> Vec<f64> {
    let sent = flashes.iter().copied().filter(|flash| is_sent(*flash));
    sent.filter_map(|flash| beeps.iter().find_map(|beep| behind(flash, beep))).collect()
}

#[test]
fn flashes_and_beeps_stay_together_through_drift_loss_and_a_reconnect() {
    let lesson = Lesson::of_minutes(minutes());
    let disk = Disk::record(&lesson);
    let Seen { flashes: camera, longest_s, .. } = eye::see(&disk, "master-camera");
    let Seen { flashes: screen, .. } = eye::see(&disk, "master-screen");
    let Heard { beeps, .. } = eye::hear(&disk, "master-voice");
    let (program, program_voice) = eye::watch(&disk);
    let (last_picture_s, voice_end_s) =
        (program.last_s + disk.program_begins_s(), program_voice.end_s + disk.program_begins_s());
    let worst = |skews: &[f64]| skews.iter().fold(0f64, |worst, skew| worst.max(skew.abs()));
    let camera_skews = skews(&camera, &beeps, |t| lesson.is_there(t));
    let screen_skews = skews(&screen, &beeps, |t| lesson.has_courseware(t));
    let program_skews = skews(&program.flashes, &program_voice.beeps, |t| lesson.is_there(t));
    // A beep is at a multiple of EVERY_S; what is constant is the way of the packets.
    let off: Vec<f64> = beeps.iter().map(|(_, to)| (to + school::EVERY_S / 2.0) % school::EVERY_S).collect();
    let (least, most) = off.iter().fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    println!(
        "{} flashes of the camera, {} of the screen, {} beeps of {}; skew at most {:.1} and {:.1} ms; the clock wandered \
         {:.1} ms; longest sample {longest_s:.3} s; recorded {:.3} s of {:.3} s; program: {} cuts, {} flashes, {} beeps, skew \
         at most {:.1} ms, longest picture {:.3} s, the last at {:.3} s, voice until {:.3} s",
        camera.len(),
        screen.len(),
        beeps.len(),
        lesson.beeps(),
        worst(&camera_skews) * 1e3,
        worst(&screen_skews) * 1e3,
        (most - least) * 1e3,
        disk.duration_s(),
        lesson.length_s,
        disk.manifest.program.len(),
        program.flashes.len(),
        program_voice.beeps.len(),
        worst(&program_skews) * 1e3,
        program.longest_s,
        last_picture_s,
        voice_end_s,
    );
    // The reconnect costs what falls into it, and loss a few pictures until the next key frame.
    assert!(camera_skews.len() * 10 >= lesson.beeps() * 7, "flashes are there to be compared");
    assert!(screen_skews.len() >= 5, "courseware too");
    assert!(beeps.len() * 100 >= lesson.beeps() * 93, "beeps are there");
    assert!(worst(&camera_skews) <= SKEW_S, "{camera_skews:?}");
    assert!(worst(&screen_skews) <= SKEW_S, "{screen_skews:?}");
    assert!(most - least <= CLOCK_S, "{off:?}");
    assert!((disk.duration_s() - lesson.length_s).abs() <= CLOCK_S, "the whole lesson");
    assert!(longest_s <= 2.0);
    // Everybody publishes from the first moment on.
    assert!(disk.begins_s("master-voice") <= 0.1 && disk.begins_s("master-camera") <= 0.5, "nothing of it is dropped");
    assert!(disk.manifest.program.len() > 30, "courseware goes on and off");
    assert!(program_skews.len() * 10 >= lesson.beeps() * 7, "flashes are in the program");
    assert!(worst(&program_skews) <= SKEW_S, "{program_skews:?}");
    assert!(program.longest_s <= 2.0);
    assert!((voice_end_s - lesson.length_s).abs() <= CLOCK_S, "the program's voice lasts as long as the lesson");
    assert!(last_picture_s + 2.0 >= lesson.length_s - CLOCK_S, "and so does its picture");
}
