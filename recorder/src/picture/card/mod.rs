//! The "no picture" card, a picture of our own: what a replay shows where nobody sent one for long.

mod h264;
mod vp9;
mod write_bools;

use h264::H264Card;
use vp9::Vp9Card;

use crate::depacketize::Format;

/// A card of one codec and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Card {
    /// For H.264.
    H264(H264Card),
    /// For VP9, profile 0.
    Vp9(Vp9Card),
}

impl Card {
    /// A card in place of pictures of `format`, of the same size. `None` if there is none for its codec.
    pub fn instead_of(format: &Format) -> Option<Self> {
        match format {
            Format::H264(sets) => H264Card::instead_of(sets).map(Self::H264),
            Format::Vp9(format) => Vp9Card::instead_of(*format).map(Self::Vp9),
            _ => None,
        }
    }

    /// Whether [`Card::instead_of`] has one.
    pub fn exists_for(format: &Format) -> bool {
        Self::instead_of(format).is_some()
    }

    /// What a decoder must be told of it.
    pub fn format(&self) -> Format {
        match self {
            Self::H264(card) => card.format(),
            Self::Vp9(card) => card.format(),
        }
    }

    /// The card as a sample, a keyframe.
    pub fn draw(&mut self) -> Vec<u8> {
        match self {
            Self::H264(card) => card.draw(),
            Self::Vp9(card) => card.draw(),
        }
    }
}
