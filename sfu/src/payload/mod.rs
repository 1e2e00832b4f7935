//! What switching sources and thinning a stream need to know of a payload, and no more: where a picture can be entered, and
//! of which layer it is.

pub mod h264;
pub mod size;
pub mod vp8;
pub mod vp9;

use crate::{
    codec::{Codec, H264Profile},
    limits::MAX_LAYERS,
    spatial::Spatial,
};

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

/// Where a receiver of fewer temporal layers may begin to be sent more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rise {
    /// Not by this frame.
    #[default]
    No,
    /// With this frame, up to its layer: it refers to the base layer alone (VP8's layer sync, Y).
    Here,
    /// After this frame, if the receiver has it, up to any layer: frames of higher layers that follow refer to none of
    /// their layers before it (VP9's switching up point, U; a switch indication of a dependency descriptor).
    After,
}

/// Of which layer a packet is, as far as it tells. The default is what a stream of one layer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layering {
    /// Temporal layer, 0 to 7; 0 is the base.
    pub temporal: u8,
    /// Spatial layer, 0 to 7; 0 is the base.
    pub spatial: u8,
    /// Whether more temporal layers may be sent from here on.
    pub rise: Rise,
    /// Whether it is the first packet of its frame, of its layer of the frame where there are several.
    pub begins: bool,
    /// Whether it is the last. The marker bit tells it too, and alone for VP8 and H.264.
    pub ends: bool,
    /// Whether decoding can start with it, parameter sets aside.
    pub key: bool,
    /// Whether it refers to the spatial layer below it in the same frame. Only VP9 tells.
    pub inter_layer: bool,
    /// Whether no later frame refers to it.
    pub discardable: bool,
}

/// What thinning a stream needs of a packet's layers: few bytes, kept with every packet. The default is what a stream of one
/// layer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TemporalLayer {
    /// Which layer, 0 to 7; 0 is the base.
    pub level: u8,
    /// Whether more layers may be sent from here on.
    pub rise: Rise,
    /// Whether decoding can start with the packet.
    pub key: bool,
}

impl From<Layering> for TemporalLayer {
    fn from(layering: Layering) -> Self {
        Self { level: layering.temporal, rise: layering.rise, key: layering.key }
    }
}

/// The layers of a packet of `codec` that has this payload. H.264 tells none: a dependency descriptor does
/// ([`crate::dependency`]).
pub fn layering(codec: Codec, payload: &[u8]) -> Layering {
    match codec {
        Codec::Opus => Layering { begins: true, ends: true, key: true, ..Layering::default() },
        Codec::H264(_) => h264::layering(payload),
        Codec::Vp9 => vp9::layering(payload),
        Codec::Vp8 => vp8::layering(payload),
    }
}

/// Runs every inspection of this module over the payloads in `bytes`, for fuzzing: each is a length octet and the payload.
pub fn fuzz_payloads(mut bytes: &[u8]) {
    let (mut sets, mut renumber) = (h264::ParameterSets::new(), vp8::Renumber::default());
    let (mut spatial, mut index) = (Spatial::default(), 70_000);
    let mut out = [0; 1200];
    while let Some((&len, rest)) = bytes.split_first() {
        let (payload, rest) = rest.split_at(usize::from(len).min(rest.len()));
        bytes = rest;
        h264::entry(payload);
        sets.observe(payload);
        if let Some(len) = sets.write(&mut out) {
            assert_eq!(h264::entry(&out[..len]), Entry::Here, "parameter sets that were written can be entered");
        }
        for codec in [Codec::H264(H264Profile::High), Codec::Vp8, Codec::Vp9] {
            assert!(size::picture_size(codec, len % 4, payload).is_none_or(|size| size.pixels() > 0));
        }
        let layering = h264::layering(payload);
        assert!(!(layering.key && layering.discardable), "a picture that can be entered is not one to leave out");
        let layering = vp9::layering(payload);
        assert!(layering.temporal < 8 && layering.spatial < 8);
        // One that cannot be read is parted too.
        let descriptor = vp9::descriptor(payload).unwrap_or_default();
        assert!(descriptor.len <= payload.len() && descriptor.references <= 3);
        // Some are skipped, and come after the next.
        index = if len % 8 == 7 { index - 1 } else { index + 1 + u64::from(len % 8 == 6) };
        let pieces = spatial.part(index, len % 2 == 0, &descriptor);
        assert!((1..=MAX_LAYERS).contains(&spatial.count()));
        assert!(pieces.iter().flatten().all(|piece| piece.index <= index && !(piece.marker && piece.is_filling)));
        let mut renumbered = payload.to_vec();
        if vp8::starts_key_frame(payload) {
            renumber.switch(payload);
        }
        renumber.apply_thinned(&mut renumbered, u16::from(len));
        assert_eq!(vp8::layering(payload), vp8::layering(&renumbered), "numbers do not make layers");
        assert_eq!(
            vp8::starts_key_frame(payload),
            vp8::starts_key_frame(&renumbered),
            "numbers do not make key frames"
        );
    }
}
