//! VP9 in RTP (RFC 9628): where a key frame starts, and its layers.
//!
//! PictureIDs stay as they are where frames are left out: in non-flexible mode a receiver tells by them which picture of its
//! group a frame is, and in flexible mode references count back by them.
//!
//! Spatial layers of one stream are parted by [`crate::spatial`].

use super::{Layering, Rise, size::PictureSize};
use crate::limits::MAX_LAYERS;

/// References of one frame (section 4.2, P_DIFF: up to 3 times).
const MAX_REFERENCES: u8 = 3;

/// Whether decoding can start with `payload`: it begins a frame that refers neither to earlier pictures nor to a spatial layer
/// below (section 4.2).
pub fn starts_key_frame(payload: &[u8]) -> bool {
    let Some(&first) = payload.first() else { return false };
    let bit = |mask: u8| first & mask != 0;
    let (has_picture_id, predicted, has_layers, starts) = (bit(0x80), bit(0x40), bit(0x20), bit(0x08));
    if predicted || !starts {
        return false;
    }
    if !has_layers {
        return true;
    }
    let picture_id_len = match (has_picture_id, payload.get(1)) {
        (false, _) => 0,
        (true, Some(byte)) if byte & 0x80 != 0 => 2,
        (true, _) => 1,
    };
    payload.get(1 + picture_id_len).is_some_and(|layers| layers & 0x0e == 0 || layers & 0x01 == 0)
}

/// Layer indices (section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// TID, 0 to 7.
    pub temporal: u8,
    /// U: frames of higher temporal layers that follow refer to none of theirs before this one.
    pub switches_up: bool,
    /// SID, 0 to 7.
    pub spatial: u8,
    /// D: it refers to the spatial layer below.
    pub inter_layer: bool,
}

/// The scalability structure, as far as it tells of spatial layers (section 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Structure {
    /// N_S + 1: layers of a picture, 1 to 8.
    pub layers: u8,
    /// Size of each of the first, where told.
    pub sizes: [Option<PictureSize>; MAX_LAYERS],
}

/// The payload descriptor (section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Descriptor {
    /// PictureID and whether it has 15 bits, else 7.
    pub picture_id: Option<(u16, bool)>,
    /// P: it refers to earlier pictures.
    pub predicted: bool,
    /// Its layer, where the stream has several.
    pub layers: Option<Layers>,
    /// TL0PICIDX, in non-flexible mode.
    pub tl0: Option<u8>,
    /// B: it begins a frame of one layer.
    pub begins: bool,
    /// E: it ends one.
    pub ends: bool,
    /// Z: no higher spatial layer refers to it.
    pub not_for_upper: bool,
    /// Earlier pictures it refers to by P_DIFF, 0 to 3, in flexible mode.
    pub references: u8,
    /// The structure of the stream, where it is told.
    pub structure: Option<Structure>,
    /// Length of the descriptor; the frame's bytes follow.
    pub len: usize,
}

/// Reads the descriptor of `payload`. `None` where it is cut short, or has more references than it may.
pub fn descriptor(payload: &[u8]) -> Option<Descriptor> {
    let &first = payload.first()?;
    let bit = |mask: u8| first & mask != 0;
    let (predicted, flexible) = (bit(0x40), bit(0x10));
    let mut rest = &payload[1..];
    let mut picture_id = None;
    if bit(0x80) {
        let byte = take(&mut rest)?;
        let wide = byte & 0x80 != 0;
        let value = if wide { u16::from_be_bytes([byte & 0x7f, take(&mut rest)?]) } else { u16::from(byte) };
        picture_id = Some((value, wide));
    }
    let (mut layers, mut tl0) = (None, None);
    if bit(0x20) {
        let byte = take(&mut rest)?;
        layers = Some(Layers {
            temporal: byte >> 5,
            switches_up: byte & 0x10 != 0,
            spatial: byte >> 1 & 0x07,
            inter_layer: byte & 0x01 != 0,
        });
        if !flexible {
            tl0 = Some(take(&mut rest)?);
        }
    }
    let mut references = 0;
    if predicted && flexible {
        loop {
            let more = take(&mut rest)? & 0x01 != 0;
            references += 1;
            match (more, references) {
                (false, _) => break,
                (true, MAX_REFERENCES) => return None,
                (true, _) => {}
            }
        }
    }
    let structure = if bit(0x02) { Some(read_structure(&mut rest)?) } else { None };
    Some(Descriptor {
        picture_id,
        predicted,
        layers,
        tl0,
        begins: bit(0x08),
        ends: bit(0x04),
        not_for_upper: bit(0x01),
        references,
        structure,
        len: payload.len() - rest.len(),
    })
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&first, tail) = rest.split_first()?;
    *rest = tail;
    Some(first)
}

fn skip(rest: &mut &[u8], len: usize) -> Option<()> {
    *rest = rest.get(len..)?;
    Some(())
}

/// Reads a scalability structure (section 4.2.1). Its counts bound it: 8 layers, 255 pictures of 3 references.
fn read_structure(rest: &mut &[u8]) -> Option<Structure> {
    let head = take(rest)?;
    let mut structure = Structure { layers: (head >> 5) + 1, sizes: [None; MAX_LAYERS] };
    if head & 0x10 != 0 {
        for layer in 0..usize::from(structure.layers) {
            let sides = rest.first_chunk::<4>().copied()?;
            skip(rest, sides.len())?;
            if let Some(size) = structure.sizes.get_mut(layer) {
                let side = |at: usize| u32::from(u16::from_be_bytes([sides[at], sides[at + 1]]));
                *size = PictureSize::new(side(0), side(2));
            }
        }
    }
    if head & 0x08 != 0 {
        for _ in 0..take(rest)? {
            let picture = take(rest)?;
            skip(rest, usize::from(picture >> 2 & 0x03))?;
        }
    }
    Some(structure)
}

/// The layers of `payload`.
pub fn layering(payload: &[u8]) -> Layering {
    let Some(descriptor) = descriptor(payload) else { return Layering::default() };
    let layers = descriptor.layers;
    Layering {
        temporal: layers.map_or(0, |layers| layers.temporal),
        spatial: layers.map_or(0, |layers| layers.spatial),
        rise: if layers.is_some_and(|layers| layers.switches_up) { Rise::After } else { Rise::No },
        begins: descriptor.begins,
        ends: descriptor.ends,
        key: starts_key_frame(payload),
        inter_layer: layers.is_some_and(|layers| layers.inter_layer),
        discardable: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_frame_starts_unpredicted_in_the_lowest_layer() {
        let rows: &[(&[u8], bool)] = &[
            (&[0x8c, 0x12], true),
            (&[0x08], true),
            (&[0xcc, 0x12], false),
            (&[0x84, 0x12], false),
            (&[0xac, 0x92, 0x34, 0x00], true),
            // Of a higher layer, without and with the one below.
            (&[0xac, 0x92, 0x34, 0x02], true),
            (&[0xac, 0x92, 0x34, 0x03], false),
            (&[0xac, 0x12, 0x00], true),
            (&[0xac, 0x92], false),
            (&[], false),
        ];
        for (payload, expected) in rows {
            assert_eq!(starts_key_frame(payload), *expected, "{payload:02x?}");
        }
    }

    /// A key frame of two spatial layers with sizes, and a group of the pictures T0 T2 T1 T2.
    const STRUCTURED: [u8; 26] = [
        0xaa, 0x81, 0x02, 0x10, 0x07, 0x38, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x80, 0x01, 0x68, 4, 0x14, 4, 0x54, 1, 0x34,
        2, 0x58, 1, 2, 0xfe, 0xfe,
    ];

    #[test]
    fn the_descriptor_is_read_to_its_end() {
        let layers =
            |temporal, switches_up, spatial, inter_layer| Some(Layers { temporal, switches_up, spatial, inter_layer });
        let plain = Descriptor { len: 1, ..Descriptor::default() };
        let sizes = [PictureSize::new(320, 180), PictureSize::new(640, 360), None];
        let rows: &[(&[u8], Descriptor)] = &[
            (&[0x0c, 9], Descriptor { begins: true, ends: true, ..plain }),
            (
                &[0xc8, 0x12, 9],
                Descriptor { picture_id: Some((18, false)), predicted: true, begins: true, len: 2, ..plain },
            ),
            // Non-flexible: T1 with U, S2 with D, Z; TL0PICIDX.
            (
                &[0xe5, 0x92, 0x34, 0x35, 0x07, 9],
                Descriptor {
                    picture_id: Some((0x1234, true)),
                    predicted: true,
                    layers: layers(1, true, 2, true),
                    tl0: Some(7),
                    ends: true,
                    not_for_upper: true,
                    len: 5,
                    ..plain
                },
            ),
            // Flexible: T7 S7, three references.
            (
                &[0xf8, 0x01, 0xee, 0x03, 0x05, 0x08, 9],
                Descriptor {
                    picture_id: Some((1, false)),
                    predicted: true,
                    layers: layers(7, false, 7, false),
                    begins: true,
                    references: 3,
                    len: 6,
                    ..plain
                },
            ),
            (
                &STRUCTURED,
                Descriptor {
                    picture_id: Some((0x102, true)),
                    layers: layers(0, true, 0, false),
                    tl0: Some(7),
                    begins: true,
                    structure: Some(Structure { layers: 2, sizes }),
                    len: 24,
                    ..plain
                },
            ),
        ];
        for (payload, expected) in rows {
            assert_eq!(descriptor(payload), Some(*expected), "{payload:02x?}");
            for len in 0..expected.len {
                assert_eq!(descriptor(&payload[..len]), None, "{:02x?}", &payload[..len]);
                assert_eq!(layering(&payload[..len]), Layering::default());
            }
        }
        assert_eq!(descriptor(&[0xf8, 0x01, 0xee, 0x03, 0x05, 0x09, 0x02, 9]), None, "a fourth reference");
    }

    #[test]
    fn layers_are_read_from_the_descriptor() {
        let rows: &[(&[u8], Layering)] = &[
            (&[0x8c, 0x12, 9], Layering { begins: true, ends: true, key: true, ..Layering::default() }),
            (
                &[0xe4, 0x92, 0x34, 0x35, 0x07, 9],
                Layering {
                    temporal: 1,
                    spatial: 2,
                    rise: Rise::After,
                    ends: true,
                    inter_layer: true,
                    ..Layering::default()
                },
            ),
            (&STRUCTURED, Layering { rise: Rise::After, begins: true, key: true, ..Layering::default() }),
        ];
        for (payload, expected) in rows {
            assert_eq!(layering(payload), *expected, "{payload:02x?}");
        }
    }
}
