//! What a switch between sources needs to know of a payload, and no more: where a picture can be entered.

pub mod h264;
pub mod vp8;
pub mod vp9;

use crate::codec::Codec;

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
