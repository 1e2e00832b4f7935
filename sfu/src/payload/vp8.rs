//! VP8 in RTP (RFC 7741): where a key frame starts, its temporal layers, and renumbering its pictures across a switch.
//!
//! Where frames of higher layers are left out, PictureIDs are made to run on: libwebrtc's receiver holds a frame that may
//! refer to more than the base layer back while a PictureID between it and what it refers to is missing, and a frame that
//! was left out would be missing for good. mediasoup and LiveKit close the gaps too. TL0PICIDX counts base layer frames,
//! which are never left out, so it stays.

use super::{Layering, Rise};

/// Fields of the payload descriptor that run on from picture to picture (section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// PictureID and where it is; 7 or 15 bits.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX and where it is.
    pub tl0: Option<(u8, usize)>,
    /// TID, 0 to 3, and the layer sync bit Y.
    pub layer: Option<(u8, bool)>,
    /// Length of the descriptor.
    pub len: usize,
}

/// A PictureID in a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId {
    /// Its value.
    pub value: u16,
    /// Whether it has 15 bits.
    pub wide: bool,
    /// Offset in the payload.
    pub at: usize,
}

/// Reads the descriptor of `payload`.
pub fn numbers(payload: &[u8]) -> Option<Numbers> {
    let &first = payload.first()?;
    let mut numbers = Numbers { picture_id: None, tl0: None, layer: None, len: 1 };
    if first & 0x80 == 0 {
        return Some(numbers);
    }
    let &extension = payload.get(1)?;
    let mut at = 2;
    if extension & 0x80 != 0 {
        let &byte = payload.get(at)?;
        let wide = byte & 0x80 != 0;
        let value = match wide {
            true => u16::from_be_bytes([byte & 0x7f, *payload.get(at + 1)?]),
            false => u16::from(byte),
        };
        numbers.picture_id = Some(PictureId { value, wide, at });
        at += if wide { 2 } else { 1 };
    }
    if extension & 0x40 != 0 {
        numbers.tl0 = Some((*payload.get(at)?, at));
        at += 1;
    }
    if extension & 0x30 != 0 {
        // TID and Y mean nothing where only KEYIDX is told.
        numbers.layer = payload.get(at).filter(|_| extension & 0x20 != 0).map(|layer| (layer >> 6, layer & 0x20 != 0));
        at += 1;
    }
    numbers.len = at;
    Some(numbers)
}

/// Whether `payload` begins a key frame (sections 4.2 and 4.3): first partition, first packet, inverse key frame bit clear.
pub fn starts_key_frame(payload: &[u8]) -> bool {
    let Some(numbers) = numbers(payload) else { return false };
    payload[0] & 0x17 == 0x10 && payload.get(numbers.len).is_some_and(|header| header & 0x01 == 0)
}

/// The layers of `payload`. The end of a frame is told by the marker bit of its packet only.
pub fn layering(payload: &[u8]) -> Layering {
    let (Some(numbers), Some(&first)) = (numbers(payload), payload.first()) else { return Layering::default() };
    let (temporal, syncs) = numbers.layer.unwrap_or_default();
    Layering {
        temporal,
        rise: if syncs && temporal > 0 { Rise::Here } else { Rise::No },
        begins: first & 0x17 == 0x10,
        key: starts_key_frame(payload),
        discardable: first & 0x20 != 0,
        ..Layering::default()
    }
}

/// Keeps PictureID and TL0PICIDX running on when another source takes over a line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Renumber {
    picture_offset: u16,
    tl0_offset: u8,
    last_picture: Option<u16>,
    last_tl0: Option<u8>,
}

impl Renumber {
    /// The next packet begins a new source: its numbers shall follow on the last ones sent.
    pub fn switch(&mut self, payload: &[u8]) {
        let Some(numbers) = numbers(payload) else { return };
        if let (Some(id), Some(last)) = (numbers.picture_id, self.last_picture) {
            self.picture_offset = last.wrapping_add(1).wrapping_sub(id.value);
        }
        if let (Some((tl0, _)), Some(last)) = (numbers.tl0, self.last_tl0) {
            self.tl0_offset = last.wrapping_add(1).wrapping_sub(tl0);
        }
    }

    /// Renumbers the descriptor of an outgoing payload in place.
    pub fn apply(&mut self, payload: &mut [u8]) {
        self.apply_thinned(payload, 0);
    }

    /// As [`Self::apply`], for a frame before which `left_out` frames of the same source were left out, modulo 2^16.
    pub fn apply_thinned(&mut self, payload: &mut [u8], left_out: u16) {
        let Some(numbers) = numbers(payload) else { return };
        if let Some(id) = numbers.picture_id {
            let mask = if id.wide { 0x7fff } else { 0x7f };
            let value = id.value.wrapping_add(self.picture_offset).wrapping_sub(left_out) & mask;
            if id.wide {
                payload[id.at..id.at + 2].copy_from_slice(&(value | 0x8000).to_be_bytes());
            } else {
                payload[id.at] = value as u8;
            }
            self.last_picture = Some(value);
        }
        if let Some((tl0, at)) = numbers.tl0 {
            payload[at] = tl0.wrapping_add(self.tl0_offset);
            self.last_tl0 = Some(payload[at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frames_are_told_from_the_descriptor_and_the_frame_header() {
        let rows: &[(&[u8], bool)] = &[
            (&[0x10, 0x00], true),
            (&[0x10, 0x01], false),
            (&[0x00, 0x00], false),
            (&[0x90, 0x80, 0x05, 0x00], true),
            (&[0x90, 0x80, 0x85, 0x01, 0x00], true),
            (&[0x90, 0xf0, 0x85, 0x01, 0x07, 0x20, 0x01], false),
            (&[0x90, 0x80], false),
            (&[0x11, 0x00], false),
            (&[], false),
        ];
        for (payload, expected) in rows {
            assert_eq!(starts_key_frame(payload), *expected, "{payload:02x?}");
        }
    }

    #[test]
    fn numbers_run_on_across_a_switch_and_wrap() {
        let mut renumber = Renumber::default();
        let mut first = [0x90, 0xc0, 0xff, 0xff, 0xff, 0x00];
        renumber.apply(&mut first);
        assert_eq!(first, [0x90, 0xc0, 0xff, 0xff, 0xff, 0x00], "the first source keeps its numbers");
        let mut second = [0x90, 0xc0, 0x81, 0x00, 0x40, 0x00];
        renumber.switch(&second);
        renumber.apply(&mut second);
        assert_eq!(second, [0x90, 0xc0, 0x80, 0x00, 0x00, 0x00]);
    }

    #[test]
    fn layers_are_read_from_the_descriptor() {
        let layering = |temporal, rise, begins, key, discardable| Layering {
            temporal,
            rise,
            begins,
            key,
            discardable,
            ..Layering::default()
        };
        use Rise::{Here, No};
        let rows: &[(&[u8], Layering)] = &[
            // No extension: one layer.
            (&[0x10, 0x00], layering(0, No, true, true, false)),
            (&[0x00, 0x01], layering(0, No, false, false, false)),
            // X, I, L and T: a key frame, T1 with Y, T2 without, T2 with Y that nothing refers to.
            (&[0x90, 0xe0, 0x85, 0x01, 0x07, 0x00, 0x00], layering(0, No, true, true, false)),
            (&[0x90, 0xe0, 0x85, 0x02, 0x07, 0x60, 0x01], layering(1, Here, true, false, false)),
            (&[0x80, 0xe0, 0x85, 0x03, 0x07, 0x80, 0x01], layering(2, No, false, false, false)),
            (&[0xb0, 0xe0, 0x85, 0x03, 0x07, 0xa0, 0x01], layering(2, Here, true, false, true)),
            // Y of the base layer says nothing; K without T leaves TID without meaning; T alone.
            (&[0x90, 0x20, 0x20, 0x01], layering(0, No, true, false, false)),
            (&[0x90, 0x10, 0xe0, 0x01], layering(0, No, true, false, false)),
            (&[0x90, 0x20, 0xc0, 0x01], layering(3, No, true, false, false)),
            // A later partition of the frame.
            (&[0x91, 0x20, 0x40, 0x01], layering(1, No, false, false, false)),
            // Cut within the descriptor.
            (&[0x90, 0xe0, 0x85, 0x03, 0x07], layering(0, No, true, false, false)),
            (&[0x90, 0xe0, 0x85], Layering::default()),
            (&[0x90], Layering::default()),
            (&[], Layering::default()),
        ];
        for (payload, expected) in rows {
            assert_eq!(super::layering(payload), *expected, "{payload:02x?}");
        }
    }

    #[test]
    fn pictures_run_on_where_frames_are_left_out() {
        let mut renumber = Renumber::default();
        // (descriptor, frames left out before it, sent as)
        let rows = [
            ([0x90, 0xc0, 0x80, 0x01, 0x09, 0x00], 0, [0x90, 0xc0, 0x80, 0x01, 0x09, 0x00]),
            ([0x90, 0xc0, 0x80, 0x03, 0x0a, 0x00], 1, [0x90, 0xc0, 0x80, 0x02, 0x0a, 0x00]),
            ([0x90, 0xc0, 0x80, 0x00, 0x0a, 0x00], 1, [0x90, 0xc0, 0xff, 0xff, 0x0a, 0x00]),
            ([0x90, 0xc0, 0x80, 0x05, 0x0b, 0x00], u16::MAX, [0x90, 0xc0, 0x80, 0x06, 0x0b, 0x00]),
        ];
        for (mut payload, left_out, expected) in rows {
            renumber.apply_thinned(&mut payload, left_out);
            assert_eq!(payload, expected);
        }
        let mut narrow = [0x90, 0x80, 0x01, 0x00];
        renumber.apply_thinned(&mut narrow, 3);
        assert_eq!(narrow, [0x90, 0x80, 0x7e, 0x00]);
    }
}
