//! Any payloads before the inspection that decides where a receiver may enter a stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sfu::fuzz_payloads(input));
