//! Counters that wrap, put on an endless line: of all values that end in the given bits, the one nearest a reference.

/// `value` as the number nearest `reference` whose low 16 bits it is (RTP sequence numbers).
pub fn nearest_16(reference: i64, value: u16) -> i64 {
    let step = value.wrapping_sub(reference as u16) as i16;
    reference.saturating_add(i64::from(step))
}

/// `value` as the number nearest `reference` whose low 32 bits it is (RTP timestamps).
pub fn nearest_32(reference: i64, value: u32) -> i64 {
    let step = value.wrapping_sub(reference as u32) as i32;
    reference.saturating_add(i64::from(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_wrap_both_ways() {
        for (reference, value, expected) in [
            (0, 0, 0),
            (10, 11, 11),
            (10, 9, 9),
            (65_535, 0, 65_536),
            (65_536, 65_535, 65_535),
            (65_530, 5, 65_541),
            (0, 65_535, -1),
            (5 * 65_536 + 3, 65_535, 5 * 65_536 - 1),
            (100, 100 + 32_767, 32_867),
            (100, 100 + 32_768, 100 - 32_768),
        ] {
            assert_eq!(nearest_16(reference, value), expected, "{value} near {reference}");
        }
    }

    #[test]
    fn timestamps_wrap_both_ways() {
        const TURN: i64 = 1 << 32;
        for (reference, value, expected) in [
            (0, 0, 0),
            (TURN - 1, 2, TURN + 2),
            (TURN + 2, u32::MAX, TURN - 1),
            (3 * TURN, 960, 3 * TURN + 960),
            (0, u32::MAX - 959, -960),
        ] {
            assert_eq!(nearest_32(reference, value), expected, "{value} near {reference}");
        }
    }
}
