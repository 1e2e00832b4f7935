//! How large a picture is, read from its key frame: what a receiver shows decides which layer it needs.

use crate::codec::Codec;

/// A picture's size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSize {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

impl PictureSize {
    /// Pixels in all.
    pub fn pixels(self) -> u32 {
        u32::from(self.width) * u32::from(self.height)
    }

    /// A size with both sides in range, and neither of them 0.
    pub(super) fn new(width: u32, height: u32) -> Option<Self> {
        let size = Self { width: width.try_into().ok()?, height: height.try_into().ok()? };
        (size.pixels() > 0).then_some(size)
    }
}

/// The size told by a packet that starts a key frame of `codec`, of `layer` of its source; none where it tells none, or is not what
/// it seems. Several sizes are told where the stream is one of several spatial layers: then the layer is one of these.
pub fn picture_size(codec: Codec, layer: u8, payload: &[u8]) -> Option<PictureSize> {
    match codec {
        Codec::Opus => None,
        Codec::H264(_) => super::h264::parameter_set(payload).and_then(of_h264),
        Codec::Vp8 => of_vp8(payload),
        Codec::Vp9 => of_vp9(layer, payload),
    }
}

/// RFC 6386 section 9.1: after the frame tag and the start code, fourteen bits each and two of scaling.
fn of_vp8(payload: &[u8]) -> Option<PictureSize> {
    let header = payload.get(super::vp8::numbers(payload)?.len..)?;
    let tag = header.first_chunk::<10>()?;
    if tag[3..6] != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    PictureSize::new(side(tag[6], tag[7]), side(tag[8], tag[9]))
}

/// The structure of a stream of several layers, or else the uncompressed header of a VP9 key frame of profile 0 (VP9 bitstream
/// specification, section 6.2).
fn of_vp9(layer: u8, payload: &[u8]) -> Option<PictureSize> {
    let descriptor = super::vp9::descriptor(payload)?;
    if let Some(structure) = descriptor.structure.filter(|structure| structure.layers > 1) {
        // The frame itself tells of the lowest alone: with one size known and not the others, none could be compared.
        return structure.sizes.get(usize::from(layer)).copied().flatten();
    }
    let mut bits = Bits::new(payload.get(descriptor.len..)?);
    let (marker, profile) = (bits.take(2)?, bits.take(2)?);
    let (shows_existing, is_delta) = (bits.take(1)?, bits.take(1)?);
    bits.take(2)?; // Shown, and resilient to errors.
    let sync = bits.take(24)?;
    if (marker, profile, shows_existing, is_delta, sync) != (2, 0, 0, 0, 0x49_8342) {
        return None;
    }
    let color_space = bits.take(3)?;
    if color_space == 7 {
        return None; // sRGB is not of profile 0.
    }
    bits.take(1)?; // Range of colours.
    let (width, height) = (bits.take(16)? + 1, bits.take(16)? + 1);
    PictureSize::new(width, height)
}

/// A sequence parameter set (ITU-T H.264 section 7.3.2.1.1), as far as the cropped size.
fn of_h264(unit: &[u8]) -> Option<PictureSize> {
    let mut bits = Bits::escaped(unit.get(1..)?);
    let profile = bits.take(8)?;
    bits.take(16)?; // Constraints and level.
    bits.exp_golomb()?; // Which set it is.
    let mut chroma = 1;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128) {
        chroma = bits.exp_golomb()?;
        if chroma == 3 {
            bits.take(1)?;
        }
        bits.exp_golomb()?; // Depths of luma and chroma.
        bits.exp_golomb()?;
        bits.take(1)?;
        if bits.take(1)? == 1 {
            return None; // Scaling matrices: no browser sends them.
        }
    }
    bits.exp_golomb()?; // Bits of a frame number.
    match bits.exp_golomb()? {
        0 => drop(bits.exp_golomb()?),
        1 => {
            bits.take(1)?;
            bits.exp_golomb()?;
            bits.exp_golomb()?;
            let cycle = bits.exp_golomb()?;
            for _ in 0..cycle.min(255) {
                bits.exp_golomb()?;
            }
        }
        _ => {}
    }
    bits.exp_golomb()?; // Reference frames.
    bits.take(1)?;
    let (across, down) = (bits.exp_golomb()?.checked_add(1)?, bits.exp_golomb()?.checked_add(1)?);
    let fields = 2 - bits.take(1)?;
    if fields == 2 {
        bits.take(1)?;
    }
    bits.take(1)?;
    let mut crop = [0; 4];
    if bits.take(1)? == 1 {
        for side in &mut crop {
            *side = bits.exp_golomb()?;
        }
    }
    let [left, right, top, bottom] = crop;
    let unit_x = if matches!(chroma, 1 | 2) { 2 } else { 1 };
    let unit_y = fields * if chroma == 1 { 2 } else { 1 };
    let width = across.checked_mul(16)?.checked_sub(left.checked_add(right)?.checked_mul(unit_x)?)?;
    let height = down.checked_mul(16 * fields)?.checked_sub(top.checked_add(bottom)?.checked_mul(unit_y)?)?;
    PictureSize::new(width, height)
}

/// Reads bits, the highest of each byte first.
struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Whether a 3 after two zeros is no data (ITU-T H.264 section 7.4.1).
    escaped: bool,
    zeros: u32,
    byte: u8,
    left: u32,
}

impl<'b> Bits<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, escaped: false, zeros: 0, byte: 0, left: 0 }
    }

    fn escaped(bytes: &'b [u8]) -> Self {
        Self { escaped: true, ..Self::new(bytes) }
    }

    fn next_byte(&mut self) -> Option<u8> {
        let mut byte = *self.bytes.get(self.at)?;
        self.at += 1;
        if self.escaped && self.zeros >= 2 && byte == 3 {
            byte = *self.bytes.get(self.at)?;
            self.at += 1;
            self.zeros = 0;
        }
        self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        Some(byte)
    }

    /// The next `count` bits, at most 32.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            if self.left == 0 {
                (self.byte, self.left) = (self.next_byte()?, 8);
            }
            self.left -= 1;
            value = (value << 1) | u32::from(self.byte >> self.left & 1);
        }
        Some(value)
    }

    /// An unsigned exponential Golomb code (ITU-T H.264 section 9.1) below 2^16, which is more than any field here may be.
    fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > 16 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::H264Profile;

    const H264: Codec = Codec::H264(H264Profile::ConstrainedBaseline);

    fn size(width: u16, height: u16) -> Option<PictureSize> {
        Some(PictureSize { width, height })
    }

    #[test]
    fn parameter_sets_of_encoders_tell_their_sizes() {
        // Made by x264 (640x360), OpenH264 (1280x720) and x264 at high profile (1920x1080, cropped from 1088).
        let rows: [(&[u8], u16, u16); 3] = [
            (&[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03], 640, 360),
            (&[0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x68, 0x05, 0x00, 0x5b, 0xa1, 0x00, 0x00, 0x03], 1280, 720),
            (&[0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00], 1920, 1080),
        ];
        for (unit, width, height) in rows {
            assert_eq!(picture_size(H264, 0, unit), size(width, height));
            let mut aggregate = vec![0x78, 0, unit.len() as u8];
            aggregate.extend_from_slice(unit);
            assert_eq!(picture_size(H264, 0, &aggregate), size(width, height), "also inside a STAP-A");
            for cut in 0..8 {
                assert_eq!(picture_size(H264, 0, &unit[..cut]), None, "{cut} bytes of it");
            }
        }
        assert_eq!(picture_size(H264, 0, &[0x65, 0x88, 0x84]), None, "an IDR picture tells none");
    }

    #[test]
    fn key_frames_of_vp8_and_vp9_tell_their_sizes() {
        let vp8 = [0x10, 0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x41];
        assert_eq!(picture_size(Codec::Vp8, 0, &vp8), size(640, 360));
        // B and E bits alone in the descriptor; then marker, profile 0, key frame, shown; BT.601; sizes less one.
        let vp9 = [0x0c, 0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xf0, 0x16, 0x70];
        assert_eq!(picture_size(Codec::Vp9, 0, &vp9), size(640, 360));
        for cut in 0..10 {
            assert_eq!(picture_size(Codec::Vp8, 0, &vp8[..cut]), None);
            assert_eq!(picture_size(Codec::Vp9, 0, &vp9[..cut.min(9)]), None);
        }
    }
}
