//! The card in H.264: a crossed-out camera on dark grey.
//!
//! Every macroblock is Intra 16x16, predicted flat from its neighbours, and says at most one number: how much lighter or
//! darker it is than those. At QP 28 that number is the difference itself, so the picture is exact, and a macroblock that
//! is like its neighbours takes eight bits. Constrained baseline, which every decoder has.

use crate::depacketize::{Format, ParameterSets, sps::Sps};
use crate::write_bits::WriteBits;

/// Macroblocks of the largest picture made: level 5.1 (ITU-T H.264 table A-1). A larger one gets a card of `FALLBACK` size.
const MACROBLOCKS: u32 = 36_864;
/// Width and height in pixels.
const FALLBACK: (u16, u16) = (1_280, 720);

/// NAL unit headers: nal_ref_idc 3 and the type (table 7-1).
const SPS: u8 = 0x67;
const PPS: u8 = 0x68;
const IDR: u8 = 0x65;

/// Lightness of what is drawn.
const GROUND: i32 = 40;
const LINE: i32 = 120;
/// The icon: a camera crossed out, a macroblock a letter at the least.
const ICON: [&[u8; 13]; 9] = [
    b"##...........",
    b".##..........",
    b"..##.###...##",
    b".#.##.##.####",
    b".##.##.#.####",
    b".###.##..####",
    b".####.##...##",
    b".......##....",
    b"........##...",
];

/// A card of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct H264Card {
    sets: ParameterSets,
    width_mbs: u32,
    height_mbs: u32,
    /// How many were drawn: two IDR pictures in a row must differ in idr_pic_id (section 7.4.3).
    drawn: u32,
}

impl H264Card {
    /// A card of the size that `replaced` tells. `None` if that cannot be read.
    pub fn instead_of(replaced: &ParameterSets) -> Option<Self> {
        let sps = Sps::parse(&replaced.sps).ok()?;
        let mbs = |size: u16| u32::from(size).div_ceil(16);
        let fits = mbs(sps.width) * mbs(sps.height) <= MACROBLOCKS;
        let (width, height) = if fits { (sps.width, sps.height) } else { FALLBACK };
        let (width_mbs, height_mbs) = (mbs(width), mbs(height));
        // Of 4:2:0 whole pairs of pixels are cropped.
        let crop = [(width_mbs * 16 - u32::from(width)) / 2, (height_mbs * 16 - u32::from(height)) / 2];
        let level = level(width_mbs, height_mbs);
        let pps = [(0, picture_parameter_set())].into();
        let sets = ParameterSets { sps: sequence_parameter_set(width_mbs, height_mbs, crop, level), pps };
        Some(Self { sets, width_mbs, height_mbs, drawn: 0 })
    }

    /// What a decoder must be told of it.
    pub fn format(&self) -> Format {
        Format::H264(self.sets.clone())
    }

    /// The card as a sample.
    pub fn draw(&mut self) -> Vec<u8> {
        let mut bits = WriteBits::default();
        slice_header(&mut bits, self.drawn % 2);
        self.drawn = self.drawn.wrapping_add(1);
        for y in 0..self.height_mbs {
            for x in 0..self.width_mbs {
                let difference = self.lightness(x, y) - self.predicted(x, y);
                macroblock(&mut bits, difference);
            }
        }
        let nal = bits.into_nal(IDR);
        let mut sample = (nal.len() as u32).to_be_bytes().to_vec();
        sample.extend_from_slice(&nal);
        sample
    }

    /// The icon takes the middle third.
    fn lightness(&self, x: u32, y: u32) -> i32 {
        let (columns, rows) = (ICON[0].len() as u32, ICON.len() as u32);
        let scale = (self.width_mbs / 3 / columns).min(self.height_mbs / 3 / rows).max(1);
        let left = (self.width_mbs / 2).saturating_sub(columns * scale / 2);
        let top = (self.height_mbs / 2).saturating_sub(rows * scale / 2);
        let cell = |at: u32, from: u32| at.checked_sub(from).map(|inside| (inside / scale) as usize);
        let letter = cell(y, top).and_then(|row| ICON.get(row)?.get(cell(x, left)?));
        if letter == Some(&b'#') { LINE } else { GROUND }
    }

    /// Intra 16x16 DC prediction (section 8.3.3.3) from macroblocks that are flat.
    fn predicted(&self, x: u32, y: u32) -> i32 {
        let left = x.checked_sub(1).map(|x| self.lightness(x, y));
        let above = y.checked_sub(1).map(|y| self.lightness(x, y));
        match (left, above) {
            (Some(left), Some(above)) => (16 * left + 16 * above + 16) >> 5,
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 128,
        }
    }
}

/// The lowest of the usual levels that holds the picture (table A-1).
fn level(width_mbs: u32, height_mbs: u32) -> u8 {
    const LEVELS: [(u32, u8); 5] = [(396, 20), (1_620, 30), (3_600, 31), (8_192, 40), (22_080, 50)];
    let size = width_mbs * height_mbs;
    LEVELS.iter().find(|(most, _)| size <= *most).map_or(51, |level| level.1)
}

/// Section 7.3.2.1.1.
fn sequence_parameter_set(width_mbs: u32, height_mbs: u32, crop: [u32; 2], level: u8) -> Vec<u8> {
    let mut bits = WriteBits::default();
    bits.bits(66, 8); // profile_idc: baseline
    bits.bits(0xc0, 8); // constraint_set0_flag and constraint_set1_flag: constrained
    bits.bits(u32::from(level), 8);
    bits.ue(0); // seq_parameter_set_id
    bits.ue(0); // log2_max_frame_num_minus4
    bits.ue(2); // pic_order_cnt_type: decoding order is output order
    bits.ue(1); // max_num_ref_frames
    bits.bits(0, 1); // gaps_in_frame_num_value_allowed_flag
    bits.ue(width_mbs - 1);
    bits.ue(height_mbs - 1);
    bits.bits(1, 1); // frame_mbs_only_flag
    bits.bits(1, 1); // direct_8x8_inference_flag
    let cropped = crop != [0, 0];
    bits.bits(u32::from(cropped), 1);
    if cropped {
        for edge in [0, crop[0], 0, crop[1]] {
            bits.ue(edge);
        }
    }
    bits.bits(0, 1); // vui_parameters_present_flag
    bits.into_nal(SPS)
}

/// Section 7.3.2.2.
fn picture_parameter_set() -> Vec<u8> {
    let mut bits = WriteBits::default();
    bits.ue(0); // pic_parameter_set_id
    bits.ue(0); // seq_parameter_set_id
    bits.bits(0, 1); // entropy_coding_mode_flag: CAVLC
    bits.bits(0, 1); // bottom_field_pic_order_in_frame_present_flag
    bits.ue(0); // num_slice_groups_minus1
    bits.ue(0); // num_ref_idx_l0_default_active_minus1
    bits.ue(0); // num_ref_idx_l1_default_active_minus1
    bits.bits(0, 1); // weighted_pred_flag
    bits.bits(0, 2); // weighted_bipred_idc
    bits.ue(3); // pic_init_qp_minus26 as se(v): 2, so QP 28
    bits.ue(0); // pic_init_qs_minus26
    bits.ue(0); // chroma_qp_index_offset
    bits.bits(1, 1); // deblocking_filter_control_present_flag
    bits.bits(0, 1); // constrained_intra_pred_flag
    bits.bits(0, 1); // redundant_pic_cnt_present_flag
    bits.into_nal(PPS)
}

/// Section 7.3.3.
fn slice_header(bits: &mut WriteBits, idr_pic_id: u32) {
    bits.ue(0); // first_mb_in_slice
    bits.ue(7); // slice_type: all slices of the picture are I
    bits.ue(0); // pic_parameter_set_id
    bits.bits(0, 4); // frame_num
    bits.ue(idr_pic_id);
    bits.bits(0, 1); // no_output_of_prior_pics_flag
    bits.bits(0, 1); // long_term_reference_flag
    bits.ue(0); // slice_qp_delta
    bits.ue(1); // disable_deblocking_filter_idc: not filtered
}

/// Section 7.3.5: a macroblock that is `difference` lighter than predicted.
fn macroblock(bits: &mut WriteBits, difference: i32) {
    bits.ue(3); // mb_type I_16x16_2_0_0: DC prediction, no coefficients but the DC ones
    bits.ue(0); // intra_chroma_pred_mode: DC
    bits.ue(0); // mb_qp_delta
    // Intra16x16DCLevel, section 9.2. No neighbour has AC coefficients, so nC is 0.
    match difference {
        0 => bits.bits(1, 1), // coeff_token: none
        1 | -1 => {
            bits.bits(0b01, 2); // coeff_token: one coefficient, a trailing one
            bits.bits(u32::from(difference < 0), 1);
            bits.bits(1, 1); // total_zeros 0
        }
        _ => {
            bits.bits(0b00_0101, 6); // coeff_token: one coefficient
            level_code(bits, difference);
            bits.bits(1, 1); // total_zeros 0
        }
    }
}

/// Section 9.2.2.1 with suffixLength 0, for a first level that is no trailing one and so is at least 2 in size.
fn level_code(bits: &mut WriteBits, level: i32) {
    let code = if level > 0 { 2 * level - 2 } else { -2 * level - 1 } - 2;
    let code = u32::try_from(code).unwrap_or(0);
    match code {
        0..14 => bits.bits(1, code + 1),
        14..30 => {
            bits.bits(1, 15);
            bits.bits(code - 14, 4);
        }
        _ => {
            bits.bits(1, 16);
            bits.bits(code - 30, 12);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmaf::init_segment;

    fn sets(width: u16, height: u16) -> ParameterSets {
        let mbs = |size: u16| u32::from(size).div_ceil(16);
        let crop = [(mbs(width) * 16 - u32::from(width)) / 2, (mbs(height) * 16 - u32::from(height)) / 2];
        let sps = sequence_parameter_set(mbs(width), mbs(height), crop, 40);
        ParameterSets { sps, pps: [(0, picture_parameter_set())].into() }
    }

    #[test]
    fn a_card_is_as_large_as_the_picture_was() {
        for (width, height, codecs) in [
            (1_280, 720, "avc1.42c01f"),
            (1_920, 1_080, "avc1.42c028"),
            (640, 360, "avc1.42c01e"),
            (16, 16, "avc1.42c014"),
            (322, 182, "avc1.42c014"),
        ] {
            let card = H264Card::instead_of(&sets(width, height)).unwrap();
            let (spec, _) = init_segment(&card.format()).unwrap();
            assert_eq!((spec.width, spec.height, spec.codecs.as_str()), (width, height, codecs));
        }
    }

    #[test]
    fn a_card_is_small_and_two_in_a_row_differ() {
        let mut card = H264Card::instead_of(&sets(1_280, 720)).unwrap();
        let [first, second, third] = [card.draw(), card.draw(), card.draw()];
        assert!(first.len() < 4_000, "{}", first.len());
        assert!(first != second && first == third);
    }

    #[test]
    fn a_picture_larger_than_any_level_gets_a_card_of_usual_size() {
        let card = H264Card::instead_of(&sets(65_520, 65_520)).unwrap();
        assert_eq!((card.width_mbs, card.height_mbs), (80, 45));
    }
}
