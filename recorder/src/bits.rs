//! Reads bits, most significant first, as H.264 (section 7.2) and VP9 headers need.

/// A position in a byte slice.
#[derive(Debug, Clone)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    /// Reads from the first bit of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bits read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// One bit.
    pub fn bit(&mut self) -> Option<bool> {
        let byte = *self.bytes.get(self.position / 8)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(bit == 1)
    }

    /// `count` bits, at most 32.
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        debug_assert!(count <= 32);
        let mut value = 0u32;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    /// Unsigned Exp-Golomb code, ue(v) (H.264 section 9.1). Longer than 32 bits is refused.
    pub fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// Signed Exp-Golomb code, se(v) (H.264 section 9.1.1).
    pub fn se(&mut self) -> Option<i32> {
        let code = self.ue()?;
        let magnitude = (code / 2 + code % 2) as i32;
        Some(if code % 2 == 1 { magnitude } else { -magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_follow_table_9_2() {
        for (bits, ue, se) in [(0x80u8, 0, 0), (0x40, 1, 1), (0x60, 2, -1), (0x20, 3, 2), (0x28, 4, -2), (0x30, 5, 3)] {
            assert_eq!(Bits::new(&[bits]).ue(), Some(ue));
            assert_eq!(Bits::new(&[bits]).se(), Some(se));
        }
    }

    #[test]
    fn the_end_is_the_end() {
        let mut bits = Bits::new(&[0xff]);
        assert_eq!(bits.bits(8), Some(255));
        assert_eq!(bits.bit(), None);
        assert_eq!(Bits::new(&[0]).ue(), None);
        assert_eq!(Bits::new(&[0; 9]).ue(), None);
        assert_eq!(Bits::new(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]).ue(), Some(u32::MAX - 1));
    }
}
