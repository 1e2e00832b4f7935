//! Any bytes as parts read back from a recording, to be repeated.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recorder::picture::repeat::samples;

fuzz_target!(|input: &[u8]| {
    drop(samples(input));
});
