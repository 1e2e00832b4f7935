//! Any text as an SDP fragment of trickle ICE.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::sdp::{Fragment, restart_answer};
use tongke_fuzz::with_local;

fuzz_target!(|input: &str| {
    if let Ok(fragment) = Fragment::parse(input) {
        assert!(!fragment.ice.ufrag.is_empty() && !fragment.ice.password.is_empty());
        with_local(|local| restart_answer(local));
    }
});
