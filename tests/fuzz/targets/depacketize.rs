//! Any payloads before the recorder's depacketizers, and any bytes as what tells of a stream: a sequence parameter set
//! of H.264, a sequence header of AV1, an Opus packet, a frame of VP9.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recorder::{
    Codec,
    depacketize::{av1_header::SequenceHeader, fuzz_payloads, sps::Sps, vp9_hidden::hidden},
    voice::Packet,
};

fuzz_target!(|input: &[u8]| {
    let Some((&codec, rest)) = input.split_first() else { return };
    match codec % 7 {
        0 => fuzz_payloads(Codec::H264, rest),
        1 => {
            fuzz_payloads(Codec::Vp9, rest);
            if let Some(frame) = hidden(rest, Some(640)) {
                assert!(frame.len() <= rest.len() + 1 && hidden(&frame, Some(640)).is_none(), "a frame is hidden once");
            }
        }
        2 => {
            fuzz_payloads(Codec::Opus, rest);
            drop(Packet::new(0, rest.to_vec()));
        }
        3 => drop(Sps::parse(rest)),
        4 => fuzz_payloads(Codec::Vp8, rest),
        5 => fuzz_payloads(Codec::Av1, rest),
        _ => drop(SequenceHeader::parse(rest)),
    }
});
