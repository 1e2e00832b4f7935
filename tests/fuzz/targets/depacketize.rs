//! Any payloads before the recorder's depacketizers, and any bytes as a sequence parameter set or an Opus packet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recorder::{
    Codec,
    depacketize::{fuzz_payloads, sps::Sps},
    voice::Packet,
};

fuzz_target!(|input: &[u8]| {
    let Some((&codec, rest)) = input.split_first() else { return };
    match codec % 4 {
        0 => fuzz_payloads(Codec::H264, rest),
        1 => fuzz_payloads(Codec::Vp9, rest),
        2 => {
            fuzz_payloads(Codec::Opus, rest);
            drop(Packet::new(0, rest.to_vec()));
        }
        _ => drop(Sps::parse(rest)),
    }
});
