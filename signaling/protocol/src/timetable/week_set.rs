//! A set of weeks of a term.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The last week a term may have.
pub const LAST_WEEK: u8 = 30;

/// Weeks of a term, counted from 1 to [`LAST_WEEK`]. On the wire a list of numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
#[ts(type = "Array<number>")]
pub struct WeekSet(u32);

impl WeekSet {
    /// The weeks from `first` to `last`; none where there is no such week.
    pub fn range(first: u8, last: u8) -> Self {
        (first.max(1)..=last.min(LAST_WEEK)).fold(Self::default(), Self::with)
    }

    /// This and `week`.
    #[must_use]
    pub fn with(self, week: u8) -> Self {
        if (1..=LAST_WEEK).contains(&week) { Self(self.0 | 1 << week) } else { self }
    }

    /// The weeks in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The weeks in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Its odd weeks (单周).
    #[must_use]
    pub fn odd(self) -> Self {
        Self(self.0 & 0xAAAA_AAAA)
    }

    /// Its even weeks (双周).
    #[must_use]
    pub fn even(self) -> Self {
        Self(self.0 & 0x5555_5555)
    }

    /// Whether `week` is one of them.
    pub fn contains(self, week: u8) -> bool {
        week <= LAST_WEEK && self.0 >> week & 1 == 1
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// In order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (1..=LAST_WEEK).filter(move |&week| self.contains(week))
    }
}

impl TryFrom<Vec<u8>> for WeekSet {
    type Error = &'static str;
    fn try_from(weeks: Vec<u8>) -> Result<Self, Self::Error> {
        let all = weeks.iter().all(|week| (1..=LAST_WEEK).contains(week));
        all.then(|| weeks.into_iter().fold(Self::default(), Self::with)).ok_or("a week is 1 to 30")
    }
}

impl From<WeekSet> for Vec<u8> {
    fn from(weeks: WeekSet) -> Vec<u8> {
        weeks.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_kept_within_a_term() {
        let weeks = WeekSet::range(0, 99);
        assert_eq!((weeks.len(), weeks.contains(0), weeks.contains(30), weeks.contains(31)), (30, false, true, false));
        assert_eq!(WeekSet::range(5, 4), WeekSet::default());
        assert!(WeekSet::try_from(vec![31]).is_err());
    }

    #[test]
    fn odd_and_even_weeks_make_up_the_whole() {
        let weeks = WeekSet::range(1, 16);
        assert_eq!(Vec::from(weeks.odd()), [1, 3, 5, 7, 9, 11, 13, 15]);
        assert_eq!(weeks.odd().union(weeks.even()), weeks);
        assert!(weeks.odd().intersection(weeks.even()).is_empty());
    }
}
