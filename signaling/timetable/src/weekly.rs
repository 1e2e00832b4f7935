//! The weekly timetable (课表), and the dated lessons that one day of it makes.

use protocol::UtcMs;

use crate::BellSchedule;

/// Day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weekday(u8);

impl Weekday {
    /// Monday is 1, Sunday 7 (ISO 8601).
    pub fn from_iso(number: u8) -> Option<Self> {
        (1..=7).contains(&number).then_some(Self(number))
    }

    /// Monday is 1, Sunday 7.
    pub fn iso(self) -> u8 {
        self.0
    }
}

/// One row of the weekly timetable: this course, on this day, in this period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which course.
    pub course: String,
    /// On which day of the week.
    pub weekday: Weekday,
    /// In which period.
    pub period: u8,
}

/// One calendar day at one school, as the edge worked it out from its time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Which day of the week.
    pub weekday: Weekday,
    /// The instant of local midnight.
    pub midnight: UtcMs,
}

/// A lesson the timetable asks for on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedLesson {
    /// Which course.
    pub course: String,
    /// In which period.
    pub period: u8,
    /// First bell.
    pub starts_at: UtcMs,
    /// Last bell.
    pub ends_at: UtcMs,
}

/// The lessons of one day, in the order of their periods. An entry for a period that the bells lack makes none.
pub fn plan_day(entries: &[Entry], bells: &BellSchedule, day: Day) -> Vec<PlannedLesson> {
    let at = |minute: u16| day.midnight.plus_ms(i64::from(minute) * 60_000);
    let mut planned: Vec<PlannedLesson> = entries
        .iter()
        .filter(|entry| entry.weekday == day.weekday)
        .filter_map(|entry| {
            let period = bells.period(entry.period)?;
            Some(PlannedLesson {
                course: entry.course.clone(),
                period: entry.period,
                starts_at: at(period.starts_min),
                ends_at: at(period.ends_min),
            })
        })
        .collect();
    planned.sort_by(|a, b| (a.period, &a.course).cmp(&(b.period, &b.course)));
    planned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BellPeriod;

    fn entry(course: &str, weekday: u8, period: u8) -> Entry {
        Entry { course: course.into(), weekday: Weekday::from_iso(weekday).unwrap(), period }
    }

    #[test]
    fn a_day_holds_the_lessons_of_its_weekday_at_the_times_of_its_bells() {
        let bells = BellSchedule::new(vec![
            BellPeriod { number: 1, starts_min: 480, ends_min: 520 },
            BellPeriod { number: 2, starts_min: 530, ends_min: 570 },
        ])
        .unwrap();
        let entries = [entry("music", 1, 2), entry("art", 1, 1), entry("english", 2, 1), entry("music", 1, 7)];
        let day = Day { weekday: Weekday::from_iso(1).unwrap(), midnight: UtcMs(1_000_000) };
        let planned = plan_day(&entries, &bells, day);
        let rows: Vec<_> = planned.iter().map(|p| (p.course.as_str(), p.period, p.starts_at.0, p.ends_at.0)).collect();
        assert_eq!(rows, [("art", 1, 29_800_000, 32_200_000), ("music", 2, 32_800_000, 35_200_000)]);
    }

    #[test]
    fn a_week_has_seven_days_from_one() {
        assert_eq!(Weekday::from_iso(0), None);
        assert_eq!(Weekday::from_iso(7).map(Weekday::iso), Some(7));
        assert_eq!(Weekday::from_iso(8), None);
    }
}
