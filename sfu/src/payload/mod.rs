//! What a switch between sources needs to know of a payload, and no more: where a picture can be entered.

pub mod h264;
pub mod size;
pub mod vp8;
pub mod vp9;

use crate::codec::{Codec, H264Profile};

/// What one packet means to a receiver that is waiting to enter the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Decoding can start with this packet.
    Here,
    /// Decoding can start here once the cached H.264 parameter sets have gone first.
    AfterParameterSets,
    /// Not a place to start.
    No,
}

/// Whether decoding can start with a packet of `codec` that has this payload.
pub fn entry(codec: Codec, payload: &[u8]) -> Entry {
    let here = |starts| if starts { Entry::Here } else { Entry::No };
    match codec {
        Codec::Opus => Entry::Here,
        Codec::H264(_) => h264::entry(payload),
        Codec::Vp9 => here(vp9::starts_key_frame(payload)),
        Codec::Vp8 => here(vp8::starts_key_frame(payload)),
    }
}

/// Runs every inspection of this module over the payloads in `bytes`, for fuzzing: each is a length octet and the payload.
pub fn fuzz_payloads(mut bytes: &[u8]) {
    let (mut sets, mut renumber) = (h264::ParameterSets::new(), vp8::Renumber::default());
    let mut out = [0; 1200];
    while let Some((&len, rest)) = bytes.split_first() {
        let (payload, rest) = rest.split_at(usize::from(len).min(rest.len()));
        bytes = rest;
        h264::entry(payload);
        sets.observe(payload);
        if let Some(len) = sets.write(&mut out) {
            assert_eq!(h264::entry(&out[..len]), Entry::Here, "parameter sets that were written can be entered");
        }
        vp9::starts_key_frame(payload);
        for codec in [Codec::H264(H264Profile::High), Codec::Vp8, Codec::Vp9] {
            assert!(size::picture_size(codec, payload).is_none_or(|size| size.pixels() > 0));
        }
        let mut renumbered = payload.to_vec();
        if vp8::starts_key_frame(payload) {
            renumber.switch(payload);
        }
        renumber.apply(&mut renumbered);
        assert_eq!(
            vp8::starts_key_frame(payload),
            vp8::starts_key_frame(&renumbered),
            "numbers do not make key frames"
        );
    }
}
