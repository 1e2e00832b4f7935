//! A short load: fifty viewers on the load generator open and check every packet of ten seconds. What it takes is measured by
//! tests/bench.sh; here only what came is asserted, so that a slow machine fails nothing.

#![expect(clippy::unwrap_used, reason = "a test may stop where it finds something impossible")]

use std::path::PathBuf;

use load::{Broken, Mode, Options, Report, Target};

fn load(mode: Mode, viewers: usize, seconds: f64) -> (Report, String) {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tongke"));
    let options = Options { viewers, first: 25, seconds, mode, ..Options::new(Target::Tongke(program)) };
    let report = load::run(&options).unwrap();
    let told = serde_json::to_string(&report).unwrap();
    assert_eq!(report.rxq_overflow, 0, "the generator's own kernel lost datagrams, which says nothing: {told}");
    assert_eq!((report.connected, report.duplicates), (viewers as u64, 0), "{told}");
    (report, told)
}

#[test]
fn fifty_viewers_get_every_packet_once() {
    let (report, told) = load(Mode::Checked, 50, 10.0);
    // Each from its first packet on, to the last that was sent.
    assert_eq!((report.lost, report.withheld, report.starved, report.broken), (0, 0, 0, Broken::default()), "{told}");
    assert_eq!(report.received, report.expected, "{told}");
    // Voices, and most of the pictures: a viewer waits for a key frame first.
    assert!(report.expected > 50 * report.sent.voice && report.sent.voice >= 500, "{told}");
    assert!(report.rtx > 0, "what is asked for again comes again: {told}");
}

/// On a slow machine the server may rightly find that packets come late, and keep pictures back and begin them anew; never voices.
#[test]
fn viewers_that_tell_of_every_packet_get_every_voice_and_nothing_that_cannot_be_opened() {
    let (report, told) = load(Mode::Full, 25, 5.0);
    assert_eq!(
        (report.voices_lost, report.broken),
        (0, Broken { shifted: report.broken.shifted, ..Broken::default() }),
        "{told}"
    );
    assert!(report.received > 24 * report.sent.voice, "{told}");
}
