//! Fractions that are exact, for limits such as two thirds.

/// A fraction between nothing and the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    part: u32,
    whole: u32,
}

impl Fraction {
    /// `part` of `whole`; `None` where that is more than the whole, or of nothing.
    pub const fn new(part: u32, whole: u32) -> Option<Self> {
        if whole == 0 || part > whole { None } else { Some(Self { part, whole }) }
    }

    /// Two of three.
    pub const TWO_THIRDS: Self = Self { part: 2, whole: 3 };
    /// Three of four.
    pub const THREE_QUARTERS: Self = Self { part: 3, whole: 4 };
    /// One of two.
    pub const HALF: Self = Self { part: 1, whole: 2 };

    /// That much of `ms` milliseconds, rounded up; 0 of a negative time.
    pub fn of_ms(self, ms: i64) -> i64 {
        let product = i128::from(ms.max(0)) * i128::from(self.part);
        let whole = i128::from(self.whole);
        i64::try_from((product + whole - 1) / whole).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_time_is_rounded_up_and_never_overflows() {
        let rows = [
            (Fraction::TWO_THIRDS, 0, 0),
            (Fraction::TWO_THIRDS, 1, 1),
            (Fraction::TWO_THIRDS, 3, 2),
            (Fraction::TWO_THIRDS, 4, 3),
            (Fraction::TWO_THIRDS, -3, 0),
            (Fraction::HALF, i64::MAX, i64::MAX / 2 + 1),
        ];
        for (fraction, ms, expected) in rows {
            assert_eq!(fraction.of_ms(ms), expected, "{fraction:?} of {ms}");
        }
    }

    #[test]
    fn a_fraction_is_at_most_the_whole_of_something() {
        assert_eq!(Fraction::new(0, 0), None);
        assert_eq!(Fraction::new(4, 3), None);
        assert_eq!(Fraction::new(2, 3), Some(Fraction::TWO_THIRDS));
    }
}
