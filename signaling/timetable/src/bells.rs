//! Bell schedules (作息表): when the periods of a school's day are, in its own local time.

use jiff::civil::Date;
pub use protocol::timetable::BellPeriod;
use protocol::{SchoolId, timetable::Bells};

/// Minutes in a day.
pub(crate) const DAY_MIN: u16 = 24 * 60;
/// The longest a period may be.
const LONGEST_MIN: u16 = 240;

/// The periods of one day, in order, none overlapping another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BellSchedule {
    periods: Vec<BellPeriod>,
}

/// Why some periods are no bell schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBells {
    /// A period ends before it starts, starts on another day, or is too long: correct its times.
    #[error("period {0} does not start within the day and end at most {LONGEST_MIN} minutes later")]
    BadTimes(u8),
    /// Two periods overlap or are out of order: correct the later one.
    #[error("period {0} starts before the one before it ends")]
    Overlap(u8),
    /// Numbers must rise: correct the later one.
    #[error("period {0} does not have a higher number than the one before it")]
    BadNumber(u8),
}

impl BellSchedule {
    /// Takes `periods`, which must be in order.
    pub fn new(periods: Vec<BellPeriod>) -> Result<Self, InvalidBells> {
        for period in &periods {
            let length_min = period.ends_min.saturating_sub(period.starts_min);
            if period.starts_min >= DAY_MIN || !(1..=LONGEST_MIN).contains(&length_min) {
                return Err(InvalidBells::BadTimes(period.number));
            }
        }
        for pair in periods.windows(2) {
            if pair[1].starts_min < pair[0].ends_min {
                return Err(InvalidBells::Overlap(pair[1].number));
            }
            if pair[1].number <= pair[0].number {
                return Err(InvalidBells::BadNumber(pair[1].number));
            }
        }
        Ok(Self { periods })
    }

    /// A day of eight periods of `length_min` minutes with ten-minute breaks, one of which starts exactly at
    /// `minute` of the day. Periods that would start on the next day are left out.
    pub fn around(minute: u16, length_min: u16) -> Self {
        let step = length_min + 10;
        let before = (minute / step).min(2);
        let first = minute - before * step;
        let periods = (0..8u8)
            .map(|i| {
                let starts_min = first + u16::from(i) * step;
                BellPeriod { number: i + 1, starts_min, ends_min: starts_min + length_min }
            })
            .filter(|period| period.starts_min < DAY_MIN)
            .collect();
        Self { periods }
    }

    /// As a record that holds from `from` on, of `school` or of the county.
    pub fn to_record(&self, school: Option<SchoolId>, from: Date) -> Bells {
        Bells { school, from, periods: self.periods.clone() }
    }

    /// The periods in order.
    pub fn periods(&self) -> &[BellPeriod] {
        &self.periods
    }

    /// The period with this number.
    pub fn period(&self, number: u8) -> Option<&BellPeriod> {
        self.periods.iter().find(|period| period.number == number)
    }

    /// First minute of a period, and the one in which it is over.
    pub fn minutes(&self, number: u8) -> Option<(u16, u16)> {
        self.period(number).map(|period| (period.starts_min, period.ends_min))
    }

    /// The period under way at `minute` of the day.
    pub fn period_at(&self, minute: u16) -> Option<&BellPeriod> {
        self.periods.iter().find(|period| (period.starts_min..period.ends_min).contains(&minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(number: u8, starts_min: u16, ends_min: u16) -> BellPeriod {
        BellPeriod { number, starts_min, ends_min }
    }

    #[test]
    fn a_schedule_with_impossible_periods_is_refused() {
        let rows = [
            (vec![period(1, 480, 480)], InvalidBells::BadTimes(1)),
            (vec![period(1, 1440, 1480)], InvalidBells::BadTimes(1)),
            (vec![period(1, 480, 721)], InvalidBells::BadTimes(1)),
            (vec![period(1, 480, 520), period(2, 519, 560)], InvalidBells::Overlap(2)),
            (vec![period(2, 480, 520), period(2, 530, 570)], InvalidBells::BadNumber(2)),
        ];
        for (periods, why) in rows {
            assert_eq!(BellSchedule::new(periods), Err(why));
        }
    }

    #[test]
    fn a_period_lasts_up_to_but_not_including_its_last_minute() {
        let bells = BellSchedule::new(vec![period(1, 480, 520), period(2, 530, 570)]).unwrap();
        let number_at = |minute| bells.period_at(minute).map(|p| p.number);
        assert_eq!(number_at(479), None);
        assert_eq!(number_at(480), Some(1));
        assert_eq!(number_at(519), Some(1));
        assert_eq!(number_at(520), None);
        assert_eq!(number_at(530), Some(2));
    }

    #[test]
    fn at_every_minute_a_day_can_be_laid_around_it() {
        for minute in 0..DAY_MIN {
            let bells = BellSchedule::around(minute, 40);
            assert_eq!(bells.period_at(minute).map(|p| p.starts_min), Some(minute));
            assert_eq!(BellSchedule::new(bells.periods().to_vec()), Ok(bells));
        }
    }
}
