//! Writes bits, most significant first, as H.264 has them; what [`crate::bits`] reads.

/// Bits on their way to bytes.
#[derive(Debug, Default)]
pub(crate) struct WriteBits {
    bytes: Vec<u8>,
    /// Bits used of the last byte; 0 if it is full.
    used: u32,
}

impl WriteBits {
    /// The lowest `count` bits of `value`, at most 32.
    pub fn bits(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> place & 1) as u8) << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// Unsigned Exp-Golomb code, ue(v) (H.264 section 9.1).
    pub fn ue(&mut self, value: u32) {
        let code = value.saturating_add(1);
        let length = 32 - code.leading_zeros();
        self.bits(0, length - 1);
        self.bits(code, length);
    }

    /// The bytes, the last one filled with zeros.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The end of a NAL unit: a stop bit and zeros up to the byte (section 7.3.2.11), `header` before it all, and
    /// emulation prevention (section 7.4.1).
    pub fn into_nal(mut self, header: u8) -> Vec<u8> {
        self.bits(1, 1);
        let mut nal = Vec::with_capacity(self.bytes.len() + 8);
        nal.push(header);
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros >= 2 && byte <= 3 {
                nal.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal.push(byte);
        }
        nal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::Bits;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = WriteBits::default();
        for value in 0..300 {
            writer.ue(value);
        }
        writer.bits(0x1234_5678, 32);
        let nal = writer.into_nal(0x65);
        let mut bits = Bits::new(&nal[1..]);
        assert!((0..300).all(|value| bits.ue() == Some(value)));
        assert_eq!(bits.bits(32), Some(0x1234_5678));
        assert_eq!(bits.bit(), Some(true));
    }

    #[test]
    fn no_start_code_appears_within() {
        let mut writer = WriteBits::default();
        writer.bits(0, 32);
        writer.bits(1, 8);
        assert_eq!(writer.into_nal(0x65), [0x65, 0, 0, 3, 0, 0, 3, 1, 0x80]);
    }
}
