//! The card in VP9: plain grey, which takes no more than to say of every block that it is predicted flat and has nothing of
//! its own. Without a neighbour that is 128, and every further block is like its neighbours. Sections are those of the VP9
//! bitstream and decoding process specification, version 0.6.

use super::write_bools::WriteBools;
use crate::depacketize::{Format, vp9_header::Vp9Format};
use crate::write_bits::WriteBits;

/// Widest picture of a single tile: 64 superblocks of 64 (section 7.2.11).
const WIDEST: u16 = 4_096;
/// Width and height of the card in place of wider ones.
const FALLBACK: (u16, u16) = (1_280, 720);

/// Probability of the first branch of the partition tree, of a block whose lower half is outside, and of one whose right half
/// is (section 10.5, kf_partition_probs): by size from 8x8 on, and by whether the neighbours above and left are smaller.
const PARTITION: [[u8; 3]; 16] = [
    [158, 97, 94],
    [93, 24, 99],
    [85, 119, 44],
    [62, 59, 67],
    [149, 53, 53],
    [94, 20, 48],
    [83, 53, 24],
    [52, 18, 18],
    [150, 40, 39],
    [78, 12, 26],
    [67, 33, 11],
    [24, 7, 5],
    [174, 35, 49],
    [68, 11, 27],
    [57, 15, 9],
    [12, 3, 3],
];
/// Of a block that has coefficients, by how many of its neighbours have none (default_skip_prob).
const SKIP: [u8; 3] = [192, 128, 64];
/// Of DC_PRED where above and left are DC_PRED, for luma (default_intra_mode_probs) and chroma (default_uv_mode_probs).
const LUMA_DC: u8 = 137;
const CHROMA_DC: u8 = 144;

/// A card of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vp9Card {
    width: u16,
    height: u16,
}

impl Vp9Card {
    /// A card of the size of `replaced`. `None` for profiles with other pixels than 4:2:0 of 8 bits.
    pub fn instead_of(replaced: Vp9Format) -> Option<Self> {
        let Vp9Format { profile, width, height } = replaced;
        let fits = (1..=WIDEST).contains(&width) && height > 0;
        let (width, height) = if fits { (width, height) } else { FALLBACK };
        (profile == 0).then_some(Self { width, height })
    }

    /// What a decoder must be told of it.
    pub fn format(&self) -> Format {
        Format::Vp9(Vp9Format { profile: 0, width: self.width, height: self.height })
    }

    /// The card as a sample.
    pub fn draw(&self) -> Vec<u8> {
        let compressed = compressed_header();
        let mut sample = self.uncompressed_header(compressed.len() as u32);
        sample.extend(compressed);
        sample.extend(Tile::of(self.width, self.height));
        sample
    }

    /// Section 6.2.
    fn uncompressed_header(&self, compressed_len: u32) -> Vec<u8> {
        let mut bits = WriteBits::default();
        bits.bits(2, 2); // frame_marker
        bits.bits(0, 2); // profile
        bits.bits(0, 1); // show_existing_frame
        bits.bits(0, 1); // frame_type: KEY_FRAME
        bits.bits(1, 1); // show_frame
        bits.bits(1, 1); // error_resilient_mode: no contexts are kept
        bits.bits(0x49_83_42, 24); // frame_sync_code
        bits.bits(2, 3); // color_space: BT.709
        bits.bits(0, 1); // color_range
        bits.bits(u32::from(self.width) - 1, 16);
        bits.bits(u32::from(self.height) - 1, 16);
        bits.bits(0, 1); // render_and_frame_size_different
        bits.bits(0, 2); // frame_context_idx
        bits.bits(0, 6); // loop_filter_level: not filtered
        bits.bits(0, 3); // loop_filter_sharpness
        bits.bits(0, 1); // loop_filter_delta_enabled
        bits.bits(60, 8); // base_q_idx: anything but 0, which is lossless
        bits.bits(0, 3); // no other quantisers
        bits.bits(0, 1); // segmentation_enabled
        if self.superblocks_across() >= 8 {
            bits.bits(0, 1); // increment_tile_cols_log2: one tile, where there might be more (section 6.2.13)
        }
        bits.bits(0, 1); // tile_rows_log2
        bits.bits(compressed_len, 16); // header_size_in_bytes
        bits.into_bytes()
    }

    fn superblocks_across(&self) -> u32 {
        u32::from(self.width).div_ceil(64)
    }
}

/// Section 6.3: nothing differs from the defaults.
fn compressed_header() -> Vec<u8> {
    let mut bools = WriteBools::new();
    bools.bool(false, 128);
    bools.bool(false, 128); // tx_mode: ONLY_4X4
    bools.bool(false, 128); // update_probs of coefficients
    for _ in SKIP {
        bools.bool(false, 252); // update_prob
    }
    bools.into_bytes()
}

/// The blocks of the picture, in units of eight pixels.
struct Tile {
    bools: WriteBools,
    rows: usize,
    columns: usize,
    /// How narrow the blocks above are, and how low those left of a row of superblocks (section 7.4.3).
    above: Vec<u8>,
    left: [u8; 8],
}

impl Tile {
    /// Section 6.4.
    fn of(width: u16, height: u16) -> Vec<u8> {
        let (rows, columns) = (usize::from(height).div_ceil(8), usize::from(width).div_ceil(8));
        let above = vec![0; columns.next_multiple_of(8)];
        let mut tile = Self { bools: WriteBools::new(), rows, columns, above, left: [0; 8] };
        for row in (0..rows).step_by(8) {
            tile.left = [0; 8];
            for column in (0..columns).step_by(8) {
                tile.partition(row, column, 3);
            }
        }
        tile.bools.into_bytes()
    }

    /// A square of `1 << log2` units, as few blocks as it may be: whole, or where half of it is outside the half that is not
    /// (sections 6.4.3 and 9.3.1).
    fn partition(&mut self, row: usize, column: usize, log2: usize) {
        if row >= self.rows || column >= self.columns {
            return;
        }
        let size = 1 << log2;
        let half = size / 2;
        let (has_rows, has_columns) = (row + half < self.rows, column + half < self.columns);
        let probabilities = PARTITION[self.context(row, column, log2)];
        match (has_rows, has_columns) {
            (true, true) => self.bools.bool(false, probabilities[0]), // PARTITION_NONE
            (false, true) => self.bools.bool(false, probabilities[1]), // PARTITION_HORZ
            (true, false) => self.bools.bool(false, probabilities[2]), // PARTITION_VERT
            (false, false) => {
                for (down, right) in [(0, 0), (0, half), (half, 0), (half, half)] {
                    self.partition(row + down, column + right, log2 - 1);
                }
                return;
            }
        }
        self.block(row, column);
        let narrow = |halved: bool| 15u8 >> (log2 + 1 - usize::from(halved));
        self.above[column..column + size].fill(narrow(!has_columns));
        self.left[row % 8..row % 8 + size].fill(narrow(!has_rows));
    }

    /// Section 9.3.3, ctx of partition.
    fn context(&self, row: usize, column: usize, log2: usize) -> usize {
        let bit = 1 << (3 - log2);
        let size = 1 << log2;
        let is_smaller = |sides: &[u8]| usize::from(sides.iter().any(|side| side & bit != 0));
        let left = is_smaller(&self.left[row % 8..row % 8 + size]);
        log2 * 4 + left * 2 + is_smaller(&self.above[column..column + size])
    }

    /// Section 6.4.5: no coefficients, predicted flat.
    fn block(&mut self, row: usize, column: usize) {
        let neighbours = usize::from(row > 0) + usize::from(column > 0);
        self.bools.bool(true, SKIP[neighbours]);
        self.bools.bool(false, LUMA_DC);
        self.bools.bool(false, CHROMA_DC);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::depacketize::vp9_header::FrameHead;

    #[test]
    fn a_card_is_a_keyframe_as_large_as_the_picture_was() {
        for (width, height) in [(640, 360), (1_280, 720), (1_920, 1_080), (2, 2), (64, 64), (322, 182), (4_096, 16)] {
            let format = Vp9Format { profile: 0, width, height };
            let card = Vp9Card::instead_of(format).unwrap();
            assert_eq!(FrameHead::parse(&card.draw()), Ok(FrameHead::Key(format)));
            assert_eq!(card.format(), Format::Vp9(format));
            assert!(card.draw().len() < 1_000, "{}", card.draw().len());
        }
    }

    #[test]
    fn what_no_single_tile_holds_gets_a_card_of_usual_size_and_other_pixels_none() {
        let card = Vp9Card::instead_of(Vp9Format { profile: 0, width: 8_192, height: 4_320 }).unwrap();
        assert_eq!((card.width, card.height), FALLBACK);
        assert_eq!(Vp9Card::instead_of(Vp9Format { profile: 1, width: 640, height: 360 }), None);
    }
}
