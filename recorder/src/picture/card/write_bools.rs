//! Writes bools as VP8 and VP9 code them: an arithmetic coder with probabilities of eight bits (RFC 6386 section 7.3).

/// The coder on its way.
#[derive(Debug)]
pub(super) struct WriteBools {
    bytes: Vec<u8>,
    /// What is coded and not yet among the bytes; its uppermost bits are next.
    bottom: u32,
    /// Length of the interval, 128 to 255.
    range: u32,
    /// Shifts until the next byte is whole.
    bits_to_byte: u32,
}

impl WriteBools {
    /// Begins with the marker that VP9 wants (VP9 bitstream specification section 9.2.1).
    pub fn new() -> Self {
        let mut writer = Self { bytes: Vec::new(), bottom: 0, range: 255, bits_to_byte: 24 };
        writer.bool(false, 128);
        writer
    }

    /// One bool that is false with a probability of `probability` in 256.
    pub fn bool(&mut self, value: bool, probability: u8) {
        let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
        if value {
            let (bottom, carries) = self.bottom.overflowing_add(split);
            self.bottom = bottom;
            self.range -= split;
            if carries {
                self.carry();
            }
        } else {
            self.range = split;
        }
        while self.range < 128 {
            self.range <<= 1;
            self.shift();
        }
    }

    /// The bytes, with what is still in the coder.
    pub fn into_bytes(mut self) -> Vec<u8> {
        for _ in 0..32 {
            self.shift();
        }
        self.bytes
    }

    fn shift(&mut self) {
        if self.bottom & 1 << 31 != 0 {
            self.carry();
        }
        self.bottom <<= 1;
        self.bits_to_byte -= 1;
        if self.bits_to_byte == 0 {
            self.bytes.push((self.bottom >> 24) as u8);
            self.bottom &= 0x00ff_ffff;
            self.bits_to_byte = 8;
        }
    }

    /// Adds one to the number that the bytes are.
    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            let (sum, goes_on) = byte.overflowing_add(1);
            *byte = sum;
            if !goes_on {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6386 section 7.3, the other way round.
    struct ReadBools<'b> {
        bytes: &'b [u8],
        value: u32,
        range: u32,
        shifted: u32,
    }

    impl<'b> ReadBools<'b> {
        fn new(bytes: &'b [u8]) -> Self {
            let value = u32::from(bytes[0]) << 8 | u32::from(bytes[1]);
            Self { bytes: &bytes[2..], value, range: 255, shifted: 0 }
        }

        fn bool(&mut self, probability: u8) -> bool {
            let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
            let value = self.value >= split << 8;
            if value {
                self.range -= split;
                self.value -= split << 8;
            } else {
                self.range = split;
            }
            while self.range < 128 {
                self.value <<= 1;
                self.range <<= 1;
                self.shifted += 1;
                if self.shifted == 8 {
                    self.shifted = 0;
                    self.value |= u32::from(self.bytes.first().copied().unwrap_or(0));
                    self.bytes = self.bytes.get(1..).unwrap_or(&[]);
                }
            }
            value
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let bools: Vec<(bool, u8)> = (0..20_000)
            .map(|_| {
                let probability = (next() >> 20) as u8 | 1;
                (next() >> 24 & 0xff >= u64::from(probability), probability)
            })
            .collect();
        let mut writer = WriteBools::new();
        bools.iter().for_each(|(value, probability)| writer.bool(*value, *probability));
        let bytes = writer.into_bytes();
        let mut reader = ReadBools::new(&bytes);
        assert!(!reader.bool(128), "the marker");
        for (position, (value, probability)) in bools.iter().enumerate() {
            assert_eq!(reader.bool(*probability), *value, "{position}");
        }
    }
}
