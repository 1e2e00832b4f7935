//! Sequence numbers and timestamps that do not wrap.

/// Turns 16-bit sequence numbers into ones that do not wrap (the packet index of RFC 3711 section 3.3.1).
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwrapper {
    highest: Option<u64>,
}

impl Unwrapper {
    /// The extended number of `sequence`: the one nearest to the highest seen so far. Starts at 2^16, so that packets just
    /// before the first one still have a number.
    pub fn unwrap(&mut self, sequence: u16) -> u64 {
        let extended = self.peek(sequence);
        self.highest = Some(self.highest.map_or(extended, |highest| highest.max(extended)));
        extended
    }

    /// The highest extended number so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// As [`Self::unwrap`], without taking `sequence` as seen.
    pub fn peek(&self, sequence: u16) -> u64 {
        match self.highest {
            None => (1 << 16) | u64::from(sequence),
            Some(highest) => nearest(highest, sequence),
        }
    }
}

/// The number congruent to `sequence` modulo 2^16 that is nearest to `reference` (ties go up), never below zero.
pub fn nearest(reference: u64, sequence: u16) -> u64 {
    let delta = i64::from(sequence.wrapping_sub(reference as u16) as i16);
    let near = reference as i64 + delta;
    if near < 0 { (near + (1 << 16)) as u64 } else { near as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_unwrap_across_both_edges() {
        // (input, extended)
        let rows: &[(u16, u64)] =
            &[(65_534, 131_070), (65_535, 131_071), (1, 131_073), (0, 131_072), (65_530, 131_066)];
        let mut unwrapper = Unwrapper::default();
        for &(input, extended) in rows {
            assert_eq!(unwrapper.unwrap(input), extended, "{input}");
        }
    }

    #[test]
    fn the_first_packets_late_neighbours_have_numbers() {
        let mut unwrapper = Unwrapper::default();
        assert_eq!(unwrapper.unwrap(0), 65_536);
        assert_eq!(unwrapper.unwrap(65_535), 65_535);
    }

    #[test]
    fn nearest_never_goes_below_zero() {
        assert_eq!(nearest(3, 65_535), 65_535);
        assert_eq!(nearest(3, 1), 1);
    }
}
