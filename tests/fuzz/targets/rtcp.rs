//! Any bytes as compound RTCP.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::rtcp::{Feedback, read};

fuzz_target!(|input: &[u8]| {
    read(input, |feedback| {
        if let Feedback::Nack { packets, .. } = feedback {
            // Four bytes name at most 17 packets.
            assert!(packets.sequences().count() <= input.len() * 17 / 4);
        }
    });
});
