//! Dates as calendars write them: `2026-10-01`, `2026年10月1日`, `10月1日(周四)`, `10.1`, and ranges of them.

use jiff::{
    ToSpan,
    civil::{Date, date},
};
use protocol::timetable::Weekday;

use super::{
    number::{Token, tokens},
    weekdays::sign_of,
};
use crate::spelling::fold;

/// The day before Excel's first one, as its numbers count from 1900-03-01 on.
const EXCEL_DAY_0: Date = date(1899, 12, 30);
/// The days of 2000 to 2099 as Excel numbers them: what else is a bare number is no date.
const EXCEL_DAYS: std::ops::RangeInclusive<u32> = 36_526..=73_050;

/// A day as it is written, perhaps without its year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenDay {
    year: Option<u32>,
    month: u32,
    day: u32,
    /// The day of the week that stands beside it.
    pub weekday: Option<Weekday>,
}

impl WrittenDay {
    /// The date that is meant; one without a year is `near` for its month and day. `None` where there is no such date,
    /// or the day of the week beside it is another.
    pub fn date(self, near: impl Fn(i8, i8) -> Option<Date>) -> Option<Date> {
        let (month, day) = (i8::try_from(self.month).ok()?, i8::try_from(self.day).ok()?);
        let date = match self.year {
            Some(year) => Date::new(i16::try_from(year).ok().filter(|year| *year >= 1900)?, month, day).ok()?,
            None => near(month, day)?,
        };
        self.weekday.is_none_or(|weekday| Weekday::of(date) == weekday).then_some(date)
    }
}

/// The first and last date that `text` means.
pub fn dates(text: &str, near: impl Fn(i8, i8) -> Option<Date>) -> Option<(Date, Date)> {
    let signs = tokens(&fold(text));
    if let [Token::Number(number)] = signs[..] {
        let day = EXCEL_DAYS.contains(&number).then(|| EXCEL_DAY_0.checked_add(i64::from(number).days()).ok())??;
        return Some((day, day));
    }
    let (written, length) = day_at(&signs)?;
    let first = written.date(&near)?;
    let rest = &signs[length..];
    let Some(split) = rest.iter().position(|sign| !is_dash(*sign)) else {
        return rest.is_empty().then_some((first, first));
    };
    if split == 0 {
        return is_time(rest).then_some((first, first));
    }
    let rest = &rest[split..];
    let last = match day_at(rest) {
        Some((last, length)) if length == rest.len() => {
            let year =
                last.year.or(Some(u32::from(first.year().unsigned_abs())).filter(|_| last.month >= written.month));
            WrittenDay { year, ..last }.date(&near)?
        }
        _ => only_day(rest, first)?,
    };
    (first <= last).then_some((first, last))
}

/// The one date that `text` means.
pub fn one_date(text: &str, near: impl Fn(i8, i8) -> Option<Date>) -> Option<Date> {
    dates(text, near).filter(|(first, last)| first == last).map(|(first, _)| first)
}

/// The 7 of `10月1-7日`.
fn only_day(signs: &[Token], first: Date) -> Option<Date> {
    match signs {
        [Token::Number(day)] | [Token::Number(day), Token::Char('日' | '号')] => {
            Date::new(first.year(), first.month(), i8::try_from(*day).ok()?).ok()
        }
        _ => None,
    }
}

fn is_dash(sign: Token) -> bool {
    matches!(sign, Token::Char('-' | '~' | '至' | '到'))
}

/// Where a cell shows a time beside its date.
fn is_time(signs: &[Token]) -> bool {
    signs.iter().all(|sign| matches!(sign, Token::Number(_) | Token::Char(':')))
        && signs.first().is_some_and(|sign| matches!(sign, Token::Number(_)))
}

/// The day with which `signs` begin, and how many signs it takes.
pub fn day_at(signs: &[Token]) -> Option<(WrittenDay, usize)> {
    let numbers = |at: usize| match signs.get(at) {
        Some(Token::Number(number)) => Some(*number),
        _ => None,
    };
    let between = |at: usize, signs_allowed: &str| match signs.get(at) {
        Some(Token::Char(c)) if signs_allowed.contains(*c) => Some(*c),
        _ => None,
    };
    let first = numbers(0)?;
    let year = (first >= 1900 && between(1, "-/.年").is_some()).then_some(first);
    let at = if year.is_some() { 2 } else { 0 };
    let month = numbers(at)?;
    let sign = between(at + 1, "-/.月")?;
    let day = numbers(at + 2)?;
    let mut length = at + 3;
    // A cell with a time: the day and the hour are one number for want of a blank between them.
    length += usize::from(between(length, "日号").is_some());
    if sign != '月' && year.is_none() && (month > 12 || day > 31) {
        return None;
    }
    let (weekday, more) = weekday_at(&signs[length..]);
    Some((WrittenDay { year, month, day, weekday }, length + more))
}

/// The `(周四)` with which `signs` begin, if they do, and how many signs it takes.
fn weekday_at(signs: &[Token]) -> (Option<Weekday>, usize) {
    let open = usize::from(signs.first() == Some(&Token::Char('(')));
    let (weekday, length) = match &signs[open..] {
        [Token::Char('星'), Token::Char('期'), day, ..] | [Token::Char('礼'), Token::Char('拜'), day, ..] => {
            (weekday_sign(*day), 3)
        }
        [Token::Char('周'), day, ..] => (weekday_sign(*day), 2),
        _ => (None, 0),
    };
    match weekday {
        None => (None, 0),
        Some(_) if open == 1 && signs.get(open + length) != Some(&Token::Char(')')) => (None, 0),
        Some(_) => (weekday, length + 2 * open),
    }
}

/// The day of the week that is written behind 周.
pub fn weekday_sign(sign: Token) -> Option<Weekday> {
    match sign {
        Token::Number(number) => Weekday::from_iso(u8::try_from(number).ok()?),
        Token::Char(sign) => sign_of(sign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_2026(month: i8, day: i8) -> Option<Date> {
        Date::new(2026, month, day).ok()
    }

    #[test]
    fn a_date_is_read_in_all_the_ways_it_is_written() {
        let rows = [
            "2026-10-01",
            "2026/10/1",
            "2026.10.1",
            "2026年10月1日",
            "２０２６年１０月１日",
            "2026年10月1日(周四)",
            "2026-10-01 星期四",
            "10月1日",
            "10月1号（星期四）",
            "十月一日",
            "10-1",
            "10.1",
            "46296",
        ];
        for text in rows {
            assert_eq!(one_date(text, in_2026), Some(date(2026, 10, 1)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let bad =
            ["", "2026-13-01", "2026-02-30", "10月1日(周五)", "国庆节", "1", "99999999", "10月", "2026-10-01x", "0-0"];
        for text in bad {
            assert_eq!(dates(text, in_2026), None, "{text}");
        }
    }

    #[test]
    fn holidays_are_given_as_ranges() {
        let rows = [
            ("2026-10-01至2026-10-07", (1, 7)),
            ("2026-10-01 - 2026-10-07", (1, 7)),
            ("10月1日至7日", (1, 7)),
            ("10月1-7日", (1, 7)),
            ("10.1-10.7", (1, 7)),
            ("10月1日～10月7日", (1, 7)),
            ("10月1日(周四)-10月7日(周三)", (1, 7)),
        ];
        for (text, (first, last)) in rows {
            assert_eq!(dates(text, in_2026), Some((date(2026, 10, first), date(2026, 10, last))), "{text}");
        }
        assert_eq!(dates("10月7日至1日", in_2026), None);
    }
}
