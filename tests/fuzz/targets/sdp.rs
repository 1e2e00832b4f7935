//! Any text as an SDP offer, and answers to it in both directions and from both views.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::{
    sdp::{Offer, answer_publisher, answer_subscriber},
    seats::View,
};
use tongke_fuzz::with_local;

fuzz_target!(|input: &str| {
    let Ok(offer) = Offer::parse(input) else { return };
    let answers = [
        with_local(|local| answer_publisher(&offer, |_| true, local)).map(|answer| answer.sdp),
        with_local(|local| answer_subscriber(&offer, View::Lead, local)).map(|answer| answer.sdp),
        with_local(|local| answer_subscriber(&offer, View::Class, local)).map(|answer| answer.sdp),
    ];
    for answer in answers.into_iter().flatten() {
        let lines = |sdp: &str| sdp.lines().filter(|line| line.starts_with("m=")).count();
        assert_eq!(lines(&answer), offer.media.len(), "every m-line is answered, and none is added (RFC 3264 section 6)");
    }
});
