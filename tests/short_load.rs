//! A short load: fifty viewers on the load generator open and check every packet of ten seconds. What it takes is measured by
//! tests/bench.sh; here only what came is asserted, so that a slow machine fails nothing.

use std::path::PathBuf;

use load::{Broken, Mode, Options, Target};

#[test]
fn fifty_viewers_get_every_packet_once() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_tongke"));
    let options = Options { viewers: 50, first: 25, mode: Mode::Full, ..Options::new(Target::Tongke(program)) };
    let report = load::run(&options).unwrap();
    let told = serde_json::to_string(&report).unwrap();
    assert_eq!(report.rxq_overflow, 0, "the generator's own kernel lost datagrams, which says nothing: {told}");
    assert_eq!(report.connected, 50, "{told}");
    // Each from its first packet on, to the last that was sent.
    assert_eq!((report.lost, report.duplicates, report.broken, report.starved), (0, 0, Broken::default(), 0), "{told}");
    assert_eq!(report.received, report.expected, "{told}");
    // Voices, and most of the pictures: a viewer waits for a key frame first.
    assert!(report.expected > 50 * report.sent.voice && report.sent.voice >= 500, "{told}");
    assert!(report.rtx > 0, "what is asked for again comes again: {told}");
}
