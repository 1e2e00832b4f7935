//! Bits of a dependency descriptor, highest first (appendix A.8.2).

use super::DependencyError;

/// A reader of bits that never goes past their end.
pub(super) struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Bits<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// `f(count)`, of at most 32 bits.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, DependencyError> {
        let mut value = 0u64;
        let mut missing = count as usize;
        while missing > 0 {
            let byte = u64::from(*self.bytes.get(self.at / 8).ok_or(DependencyError::Truncated)?);
            let left = 8 - self.at % 8;
            let taken = left.min(missing);
            value = value << taken | byte >> (left - taken) & ((1 << taken) - 1);
            self.at += taken;
            missing -= taken;
        }
        Ok(value as u32)
    }

    pub(super) fn flag(&mut self) -> Result<bool, DependencyError> {
        Ok(self.take(1)? == 1)
    }

    /// `ns(values)`: one of that many values, at least one; the lower ones may take a bit less.
    pub(super) fn non_symmetric(&mut self, values: u32) -> Result<u32, DependencyError> {
        let width = u32::BITS - values.leading_zeros();
        let short = (1 << width) - values;
        let value = self.take(width - 1)?;
        if value < short { Ok(value) } else { Ok((value << 1) - short + self.take(1)?) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_from_high_to_low_across_bytes() {
        let mut bits = Bits::new(&[0b1010_0111, 0b1100_0001, 0xff, 0x00, 0xaa, 0x55]);
        assert_eq!(bits.take(1), Ok(1));
        assert_eq!(bits.take(3), Ok(0b010));
        assert_eq!(bits.take(6), Ok(0b01_1111));
        assert_eq!(bits.take(0), Ok(0));
        assert_eq!(bits.take(32), Ok(0b0000_0111_1111_1100_0000_0010_1010_1001));
        assert_eq!(bits.take(6), Ok(0b01_0101));
        assert_eq!(bits.flag(), Err(DependencyError::Truncated));
    }

    #[test]
    fn the_values_of_the_appendix_for_five_are_read() {
        let rows = [(0b0000_0000, 0), (0b0100_0000, 1), (0b1000_0000, 2), (0b1100_0000, 3), (0b1110_0000, 4)];
        for (byte, value) in rows {
            assert_eq!(Bits::new(&[byte]).non_symmetric(5), Ok(value));
        }
        assert_eq!(Bits::new(&[]).non_symmetric(1), Ok(0), "one value takes no bits");
        assert_eq!(Bits::new(&[0x80]).non_symmetric(2), Ok(1));
    }
}
