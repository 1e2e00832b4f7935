//! Numbers of a workbook as a person sees them: whole ones without a fraction, days and times as such.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::formats::NumberFormat;

const DAY_S: i64 = 24 * 60 * 60;
/// The number of 9999-12-31, the last day that Excel has.
const LAST_DAY: i64 = 2_958_465;

/// The text of a number. In a workbook `from_1904` days count from 1904.
pub(super) fn text(value: f64, format: NumberFormat, from_1904: bool) -> String {
    let moment = Moment::of(value, from_1904);
    let shown = match (format, moment) {
        (NumberFormat::Padded(digits), _) if value.fract() == 0.0 && (0.0..1e15).contains(&value) => {
            Some(format!("{value:0width$}", width = usize::from(digits)))
        }
        (NumberFormat::Date, Some(moment)) => moment.date(),
        (NumberFormat::Time, Some(moment)) => Some(moment.time()),
        // Day 0 is none: a time was typed into a cell that could show a day too.
        (NumberFormat::DateTime, Some(moment)) if moment.day == 0 && !from_1904 => Some(moment.time()),
        (NumberFormat::DateTime, Some(moment)) => moment.date().map(|date| format!("{date} {}", moment.time())),
        (NumberFormat::Elapsed, Some(moment)) => Some(clock(moment.day * 24 + moment.second / 3600, moment.second)),
        _ => None,
    };
    shown.unwrap_or_else(|| plain(value))
}

/// A day and a second of it.
#[derive(Clone, Copy)]
struct Moment {
    day: i64,
    second: i64,
    from_1904: bool,
}

impl Moment {
    /// Of the number that counts days, to the second; times are fractions, so 8:00 is stored as 0.333….
    fn of(value: f64, from_1904: bool) -> Option<Self> {
        if !(0.0..=LAST_DAY as f64 + 1.0).contains(&value) {
            return None;
        }
        let seconds = (value * DAY_S as f64).round() as i64;
        Some(Self { day: seconds / DAY_S, second: seconds % DAY_S, from_1904 })
    }

    fn date(self) -> Option<String> {
        const FROM_1904: Date = date(1904, 1, 1);
        // Excel has a 29 February 1900, as day 60, which never was: only after it the days are right.
        const FROM_1900: Date = date(1899, 12, 30);
        let (first, day) = match (self.from_1904, self.day) {
            (true, day) => (FROM_1904, day),
            (false, 0) => return None,
            (false, day @ ..60) => (FROM_1900, day + 1),
            (false, 60) => return Some("1900-02-29".to_owned()),
            (false, day) => (FROM_1900, day),
        };
        first.checked_add(day.days()).ok().map(|date| date.to_string())
    }

    fn time(self) -> String {
        clock(self.second / 3600, self.second)
    }
}

/// `08:00`, and seconds if there are any.
fn clock(hours: i64, second_of_day: i64) -> String {
    let (minute, second) = (second_of_day / 60 % 60, second_of_day % 60);
    if second == 0 { format!("{hours:02}:{minute:02}") } else { format!("{hours:02}:{minute:02}:{second:02}") }
}

/// The text of a day or time that is written as ISO 8601 (cells of the type `d`), in the form that others are given.
pub(super) fn iso(text: &str) -> String {
    let text = text.trim_end_matches('Z');
    let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
    match time {
        None => day.to_owned(),
        Some(time) => {
            let time = time.split('.').next().unwrap_or(time);
            let time = time.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(time);
            format!("{day} {time}").trim().to_owned()
        }
    }
}

/// To the 15 digits that Excel shows, so that 0.1 + 0.2 is 0.3.
fn plain(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_a_person_sees_them() {
        use NumberFormat::{Date, DateTime, Elapsed, Padded, Plain, Time};
        let rows = [
            (3.0, Plain, "3"),
            (-0.0, Plain, "0"),
            (0.1 + 0.2, Plain, "0.3"),
            (1e15, Plain, "1000000000000000"),
            (13_800_138_000.0, Plain, "13800138000"),
            (-2.5, Plain, "-2.5"),
            (7.0, Padded(3), "007"),
            (1234.0, Padded(3), "1234"),
            (7.5, Padded(3), "7.5"),
            (46_305.0, Date, "2026-10-10"),
            (46_305.999_999_9, Date, "2026-10-11"),
            (1.0, Date, "1900-01-01"),
            (59.0, Date, "1900-02-28"),
            (60.0, Date, "1900-02-29"),
            (61.0, Date, "1900-03-01"),
            (2_958_465.0, Date, "9999-12-31"),
            (2_958_466.0, Date, "2958466"),
            (0.0, Date, "0"),
            (-1.0, Date, "-1"),
            (1e300, Date, "1"),
            (1.0 / 3.0, Time, "08:00"),
            (46_305.0 + 1.0 / 3.0, Time, "08:00"),
            (0.999_999_999, Time, "00:00"),
            (0.5 + 1.0 / 86_400.0, Time, "12:00:01"),
            (46_305.5, DateTime, "2026-10-10 12:00"),
            (0.5, DateTime, "12:00"),
            (1.25, Elapsed, "30:00"),
        ];
        for (value, format, expected) in rows {
            let shown = text(value, format, false);
            assert!(shown == expected || value == 1e300 && shown.len() == 301, "{value} as {format:?}: {shown}");
        }
        assert_eq!(text(0.0, Date, true), "1904-01-01");
        assert_eq!(text(44_843.5, DateTime, true), "2026-10-10 12:00");
    }

    #[test]
    fn written_dates_have_the_same_form() {
        let rows = [
            ("2026-10-10", "2026-10-10"),
            ("2026-10-10T08:00:00", "2026-10-10 08:00"),
            ("2026-10-10T08:00:30.000Z", "2026-10-10 08:00:30"),
            ("T08:00", "08:00"),
            ("nonsense", "nonsense"),
        ];
        for (iso_text, expected) in rows {
            assert_eq!(iso(iso_text), expected);
        }
    }
}
