//! VP9 frames that are decoded and not shown (VP9 bitstream specification section 6.2).
//!
//! Each spatial layer of a picture is sent as a frame to be shown, for whoever receives no higher one. Players of files show them all,
//! one size after the other, where of a picture in several layers the highest alone is meant.

use crate::{bits::Bits, write_bits::WriteBits};

/// Where the flags are: behind the marker and the profile, whether it repeats a frame, and whether it is no key frame.
const SHOWN_AT: usize = 6;
/// What follows: whether it is resilient to errors. Of a hidden frame that is no key frame, whether it is intra only goes next.
const INTRA_ONLY_AT: usize = 8;
/// Smallest and largest width of a tile, in blocks of 64 pixels (section 3).
const TILE_BLOCKS: (u32, u32) = (4, 64);
/// Bits of the features of a segment, and whether they have a sign (section 3, segmentation_feature_bits).
const SEGMENT_FEATURES: [(u32, bool); 4] = [(8, true), (6, true), (2, false), (0, false)];
const SEGMENTS: usize = 8;

/// The frame, not to be shown. `width` is its width in pixels, for frames that have the size of another. `None` where it is not shown,
/// of profile 3, or not what it seems.
pub fn hidden(frame: &[u8], width: Option<u16>) -> Option<Vec<u8>> {
    let mut bits = Bits::new(frame);
    let (marker, profile) = (bits.bits(2)?, bits.bits(2)?);
    let (repeats, is_inter, is_shown, is_resilient) = (bits.bit()?, bits.bit()?, bits.bit()?, bits.bit()?);
    // The profile's lower bit comes first.
    if marker != 2 || profile == 3 || repeats || !is_shown {
        return None;
    }
    let mut hidden = frame.to_vec();
    *hidden.first_mut()? &= !(0x80 >> SHOWN_AT);
    if !is_inter {
        return Some(hidden);
    }
    skip_inter_header(&mut bits, is_resilient, width)?;
    let end = bits.position();
    let mut header = WriteBits::default();
    header.bits(u32::from(*hidden.first()?), INTRA_ONLY_AT as u32);
    header.bits(0, 1);
    let mut rest = Bits::new(frame);
    rest.bits(INTRA_ONLY_AT as u32)?;
    for _ in INTRA_ONLY_AT..end {
        header.bits(u32::from(rest.bit()?), 1);
    }
    let mut hidden = header.into_bytes();
    hidden.extend_from_slice(frame.get(end.div_ceil(8)..)?);
    Some(hidden)
}

/// Whether a frame may take motion from the frame before it, which it may if that is shown and as large (section 7.2,
/// UsePrevFrameMvs).
pub fn may_take_motion(frame: &[u8]) -> bool {
    let mut bits = Bits::new(frame);
    let mut head = || Some((bits.bits(2 + 2 + 1)?, bits.bit()?, bits.bit()?, bits.bit()?));
    head().is_some_and(|(_, is_inter, _, is_resilient)| is_inter && !is_resilient)
}

/// Goes over the rest of the header of a frame that is shown and no key frame.
fn skip_inter_header(bits: &mut Bits<'_>, is_resilient: bool, width: Option<u16>) -> Option<()> {
    if !is_resilient {
        bits.bits(2)?; // reset_frame_context
    }
    bits.bits(8)?; // refresh_frame_flags
    bits.bits(3 * 4)?; // Three references, each with its sign.
    let width = frame_size(bits, width)?;
    bits.bit()?; // allow_high_precision_mv
    if !bits.bit()? {
        bits.bits(2)?; // raw_interpolation_filter
    }
    if !is_resilient {
        bits.bits(2)?; // refresh_frame_context, frame_parallel_decoding_mode
    }
    bits.bits(2)?; // frame_context_idx
    skip_loop_filter(bits)?;
    skip_quantization(bits)?;
    skip_segmentation(bits)?;
    skip_tiles(bits, u32::from(width))?;
    bits.bits(16)?; // header_size_in_bytes
    Some(())
}

/// Frame size with references: that of one of them, or its own (section 7.2.5). Returns the width.
fn frame_size(bits: &mut Bits<'_>, known: Option<u16>) -> Option<u16> {
    let mut width = None;
    for _ in 0..3 {
        if bits.bit()? {
            width = Some(known?);
            break;
        }
    }
    let width = match width {
        Some(width) => width,
        None => {
            let width = bits.bits(16)? + 1;
            bits.bits(16)?;
            u16::try_from(width).ok()?
        }
    };
    if bits.bit()? {
        bits.bits(32)?; // Another size to be shown at.
    }
    Some(width)
}

/// A number behind a bit that tells whether it is there, and before its sign.
fn skip_signed(bits: &mut Bits<'_>, count: u32) -> Option<()> {
    if bits.bit()? {
        bits.bits(count + 1)?;
    }
    Some(())
}

fn skip_loop_filter(bits: &mut Bits<'_>) -> Option<()> {
    bits.bits(6 + 3)?; // Level and sharpness.
    // Whether there are deltas, and new ones.
    if bits.bit()? && bits.bit()? {
        for _ in 0..4 + 2 {
            skip_signed(bits, 6)?;
        }
    }
    Some(())
}

fn skip_quantization(bits: &mut Bits<'_>) -> Option<()> {
    bits.bits(8)?; // base_q_idx
    (0..3).try_for_each(|_| skip_signed(bits, 4))
}

fn skip_segmentation(bits: &mut Bits<'_>) -> Option<()> {
    let skip_probability = |bits: &mut Bits<'_>| {
        if bits.bit()? {
            bits.bits(8)?;
        }
        Some(())
    };
    if !bits.bit()? {
        return Some(());
    }
    if bits.bit()? {
        (0..7).try_for_each(|_| skip_probability(bits))?;
        if bits.bit()? {
            (0..3).try_for_each(|_| skip_probability(bits))?;
        }
    }
    if bits.bit()? {
        bits.bit()?; // Absolute values or differences.
        for (count, is_signed) in [SEGMENT_FEATURES; SEGMENTS].into_iter().flatten() {
            if bits.bit()? {
                bits.bits(count + u32::from(is_signed))?;
            }
        }
    }
    Some(())
}

/// How many columns of tiles there are is told by as many bits as the width leaves open (section 6.2.13).
fn skip_tiles(bits: &mut Bits<'_>, width: u32) -> Option<()> {
    let blocks = width.div_ceil(64);
    let mut columns = 0;
    while TILE_BLOCKS.1 << columns < blocks {
        columns += 1;
    }
    let mut most = 1;
    while blocks >> most >= TILE_BLOCKS.0 {
        most += 1;
    }
    while columns < most - 1 && bits.bit()? {
        columns += 1;
    }
    if bits.bit()? {
        bits.bit()?; // Rows of tiles: two or four.
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a frame of 640 x 360 that says so itself, after its first eight bits.
    const INTER: &str = "00101010 000000100101 000 0000001001111111 0000000101100111 0 1 0 10";
    /// A loop filter with deltas, of which one is told; quantizers, the second with a difference; segments with a map, of which one
    /// probability is told, and a feature; two columns of tiles of the two that there may be, one row; five bytes of the next header.
    const FILTERS: &str = "11 010101 011 1 1 1 1010101 00000 01010101 0 1 01101 0 1 1 1 11111111 000000 0 \
        1 0 1 01010101 1 0000000000000000000000000000000 1 0 0000000000000101";

    /// A frame, its tiles three bytes, and bits of its head.
    fn inter(is_resilient: bool) -> (Vec<u8>, usize) {
        let (first, reset, contexts) = if is_resilient { ("10000111", "", "") } else { ("10000110", "01", "10") };
        let text = [first, reset, INTER, contexts, FILTERS].concat();
        let mut bits = WriteBits::default();
        let digits = text.bytes().filter(|digit| *digit != b' ').map(|digit| digit - b'0');
        let len = digits.map(|digit| bits.bits(u32::from(digit), 1)).count();
        ([bits.into_bytes(), vec![0xd1, 0xd2, 0xd3]].concat(), len)
    }

    #[test]
    fn a_frame_is_hidden_by_one_bit_and_the_next() {
        for is_resilient in [false, true] {
            let (frame, len) = inter(is_resilient);
            let hidden = hidden(&frame, None).unwrap();
            assert_eq!(hidden[0], frame[0] & !0x02);
            let (mut before, mut after) = (Bits::new(&frame), Bits::new(&hidden));
            assert!(before.bits(8).is_some() && after.bits(8).is_some());
            assert_eq!(after.bit(), Some(false), "it is not intra only");
            for at in 8..len {
                assert_eq!(before.bit(), after.bit(), "bit {at}");
            }
            assert_eq!(hidden[hidden.len() - 3..], [0xd1, 0xd2, 0xd3]);
            assert_eq!(hidden.len(), (len + 1).div_ceil(8) + 3);
            assert_eq!(super::hidden(&hidden, None), None, "once");
            for cut in 0..frame.len() - 3 {
                assert_eq!(super::hidden(&frame[..cut], None), None);
            }
        }
    }

    #[test]
    fn a_key_frame_changes_in_one_bit() {
        let key = [0x82, 0x49, 0x83, 0x42, 0x40, 0x27, 0xf0, 0x16, 0x70];
        let mut expected = key;
        expected[0] = 0x80;
        assert_eq!(hidden(&key, None).unwrap(), expected);
        for other in [&[][..], &[0x42], &[0xb2], &[0x8a], &[0x80]] {
            assert_eq!(hidden(other, Some(640)), None, "{other:02x?}");
        }
    }
}
