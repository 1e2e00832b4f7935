//! The VP9 payload descriptor (RFC 9628 section 4.2) and the head of a VP9 frame (VP9 bitstream specification 6.2).

use crate::{Error, bits::Bits};

/// What vpcC and the sample entry tell of a VP9 stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp9Format {
    /// 0 for 4:2:0 at 8 bits, the only one recorded from browsers.
    pub profile: u8,
    /// Width in pixels of the largest layer.
    pub width: u16,
    /// Height in pixels of the largest layer.
    pub height: u16,
}

/// Width and height of each spatial layer in pixels, 0 of one that there is not.
pub type LayerSizes = [(u16, u16); 8];

/// The payload descriptor of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// P: the picture is predicted from earlier pictures.
    pub predicted: bool,
    /// B: first packet of a layer frame.
    pub begins: bool,
    /// E: last packet of a layer frame.
    pub ends: bool,
    /// SID; 0 without layers.
    pub spatial_layer: u8,
    /// D: it refers to the spatial layer below.
    pub inter_layer: bool,
    /// Sizes of the spatial layers, if the scalability structure came with this packet and tells them.
    pub sizes: Option<LayerSizes>,
    /// Octets of the descriptor.
    pub len: usize,
}

impl Descriptor {
    /// Reads the descriptor at the start of an RTP payload.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        descriptor(payload).ok_or(Error::MalformedVp9)
    }
}

/// Walks over octets.
struct Octets<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Octets<'_> {
    fn next(&mut self) -> Option<u8> {
        let octet = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(octet)
    }

    fn next_u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.next()?, self.next()?]))
    }
}

fn descriptor(payload: &[u8]) -> Option<Descriptor> {
    let mut octets = Octets { bytes: payload, at: 0 };
    let flags = octets.next()?;
    let has = |bit: u8| flags & bit != 0;
    let (picture_id, predicted, layers, flexible) = (has(0x80), has(0x40), has(0x20), has(0x10));
    if picture_id && octets.next()? & 0x80 != 0 {
        octets.next()?; // M: 15 bits
    }
    let (mut spatial_layer, mut inter_layer) = (0, false);
    if layers {
        let indices = octets.next()?;
        (spatial_layer, inter_layer) = (indices >> 1 & 7, indices & 1 != 0);
        if !flexible {
            octets.next()?; // TL0PICIDX
        }
    }
    if flexible && predicted {
        // P_DIFF with N set is followed by another, three at most.
        let mut more = true;
        for _ in 0..3 {
            if more {
                more = octets.next()? & 1 != 0;
            }
        }
        if more {
            return None;
        }
    }
    let sizes = if has(0x02) { scalability_structure(&mut octets)? } else { None };
    let (begins, ends) = (has(0x08), has(0x04));
    Some(Descriptor { predicted, begins, ends, spatial_layer, inter_layer, sizes, len: octets.at })
}

/// RFC 9628 section 4.2.1: sizes of the spatial layers, then the picture group, which recording does not need.
fn scalability_structure(octets: &mut Octets<'_>) -> Option<Option<LayerSizes>> {
    let head = octets.next()?;
    let mut sizes = None;
    if head & 0x10 != 0 {
        let mut told = LayerSizes::default();
        for size in told.iter_mut().take(usize::from(head >> 5) + 1) {
            *size = (octets.next_u16()?, octets.next_u16()?);
        }
        sizes = Some(told);
    }
    if head & 0x08 != 0 {
        for _ in 0..octets.next()? {
            let references = octets.next()? >> 2 & 3;
            for _ in 0..references {
                octets.next()?;
            }
        }
    }
    Some(sizes)
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameHead {
    /// Decoding can begin here.
    Key(Vp9Format),
    /// It cannot.
    Inter,
}

impl FrameHead {
    /// Reads the uncompressed header at the start of a frame (VP9 specification 6.2 and 7.2).
    pub fn parse(frame: &[u8]) -> Result<Self, Error> {
        frame_head(frame).ok_or(Error::MalformedVp9)
    }
}

fn frame_head(frame: &[u8]) -> Option<FrameHead> {
    let mut bits = Bits::new(frame);
    if bits.bits(2)? != 2 {
        return None;
    }
    let profile = u8::from(bits.bit()?) | u8::from(bits.bit()?) << 1;
    if profile == 3 {
        bits.bit()?; // reserved_zero
    }
    let show_existing_frame = bits.bit()?;
    if show_existing_frame || bits.bit()? {
        return Some(FrameHead::Inter);
    }
    bits.bits(2)?; // show_frame, error_resilient_mode
    if bits.bits(24)? != 0x49_83_42 {
        return None;
    }
    skip_colour(&mut bits, profile)?;
    let width = u16::try_from(bits.bits(16)? + 1).ok()?;
    let height = u16::try_from(bits.bits(16)? + 1).ok()?;
    Some(FrameHead::Key(Vp9Format { profile, width, height }))
}

/// color_config of section 6.2.2.
fn skip_colour(bits: &mut Bits<'_>, profile: u8) -> Option<()> {
    const CS_RGB: u32 = 7;
    if profile >= 2 {
        bits.bit()?; // ten_or_twelve_bit
    }
    let rgb = bits.bits(3)? == CS_RGB;
    if !rgb {
        bits.bit()?; // color_range
    }
    if matches!(profile, 1 | 3) {
        bits.bits(if rgb { 1 } else { 3 })?; // subsampling and reserved_zero
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_of_every_shape_are_read() {
        let none = &[][..];
        for (payload, len, layer, sizes, why) in [
            (&[0x08u8, 0xaa][..], 1, 0, none, "nothing but B"),
            (&[0x80, 0x11, 0xaa], 2, 0, none, "7-bit picture id"),
            (&[0x80, 0x91, 0x22, 0xaa], 3, 0, none, "15-bit picture id"),
            (&[0xa0, 0x11, 0x04, 0x07, 0xaa], 4, 2, none, "layers with TL0PICIDX"),
            (&[0xb0, 0x11, 0x02, 0xaa], 3, 1, none, "layers in flexible mode"),
            (&[0xd0, 0x11, 0x03, 0x05, 0x02, 0xaa], 5, 0, none, "three references"),
            (&[0x02, 0x10, 5, 0, 2, 0xd0, 0xaa], 6, 0, &[(1_280, 720)], "a structure of one layer"),
            (&[0x02, 0x30, 1, 0, 1, 0, 2, 0, 2, 0, 0xaa], 10, 0, &[(256, 256), (512, 512)], "of two layers"),
            (&[0x02, 0x08, 2, 0x00, 0x14, 1, 0xaa], 6, 0, none, "of two pictures"),
        ] {
            let read = Descriptor::parse(payload).unwrap();
            assert_eq!((read.len, read.spatial_layer), (len, layer), "{why}");
            let told = read.sizes.unwrap_or_default();
            assert_eq!((&told[..sizes.len()], read.sizes.is_some()), (sizes, !sizes.is_empty()), "{why}");
        }
    }

    #[test]
    fn descriptors_beyond_the_end_are_refused() {
        for payload in [
            &[][..],
            &[0x80],
            &[0x80, 0x91],
            &[0x20],
            &[0x20, 0x04],
            &[0x50],
            &[0x50, 1, 1],
            &[0x50, 1, 1, 1],
            &[0x02],
            &[0x02, 0x10, 5, 0, 2],
            &[0x02, 0x08],
            &[0x02, 0x08, 1, 0x0c, 1, 1],
        ] {
            assert_eq!(Descriptor::parse(payload), Err(Error::MalformedVp9), "{payload:02x?}");
        }
    }

    #[test]
    fn the_head_of_a_frame_tells_keyframes_and_their_size() {
        // 640x360, profile 0, BT.601 (color_space 2), as libvpx writes it.
        let key = [0x82, 0x49, 0x83, 0x42, 0x40, 0x27, 0xf0, 0x16, 0x70];
        let format = Vp9Format { profile: 0, width: 640, height: 360 };
        assert_eq!(FrameHead::parse(&key), Ok(FrameHead::Key(format)));
        assert_eq!(FrameHead::parse(&[0x86, 0]), Ok(FrameHead::Inter));
        assert_eq!(FrameHead::parse(&[0x88]), Ok(FrameHead::Inter), "show_existing_frame");
        for bad in [&[][..], &[0x42], &[0x82, 0x49, 0x83, 0x43, 0, 0], &key[..8]] {
            assert_eq!(FrameHead::parse(bad), Err(Error::MalformedVp9), "{bad:02x?}");
        }
    }
}
