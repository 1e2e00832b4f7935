//! What is held on a special day: `放假`, `补周一`, `上第5周星期一的课`, `补9月30日(周三)的课`, `双周周一`.

use protocol::timetable::Weekday;

use super::{
    dates::{WrittenDay, day_at, weekday_sign},
    number::{Token, tokens},
    weeks::Parity,
};
use crate::spelling::fold;

/// What a text says about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenRule {
    /// No school.
    Off,
    /// School as on any day of its name: where the county has the day off but not this school.
    Usual,
    /// The lessons of this date.
    OfDate(WrittenDay),
    /// The lessons of this weekday of a week.
    Of(WrittenWeek, Weekday),
}

/// Which week the lessons are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenWeek {
    /// The week of the day itself.
    Own,
    /// This one, which may be none of the term.
    Number(u32),
    /// An odd or even week near the day.
    Near(Parity),
}

const OFF: [&str; 6] = ["放假", "休息", "停课", "不上课", "假期", "休假"];
const OFF_ALONE: [&str; 4] = ["放", "休", "假", "off"];
const USUAL: [&str; 4] = ["正常上课", "照常", "正常行课", "正常"];

/// Reads a rule; `None` where it does not say whose lessons are held, or says it twice.
pub fn day_rule(text: &str) -> Option<WrittenRule> {
    let text = fold(text);
    if OFF_ALONE.contains(&text.as_str()) || OFF.iter().any(|word| text.contains(word)) {
        return Some(WrittenRule::Off);
    }
    if USUAL.iter().any(|word| text.contains(word)) {
        return Some(WrittenRule::Usual);
    }
    let signs = tokens(&text);
    if let Some((day, _)) = (0..signs.len()).find_map(|at| day_at(&signs[at..])) {
        return Some(WrittenRule::OfDate(day));
    }
    Some(WrittenRule::Of(week(&signs)?, only_weekday(&signs)?))
}

fn only_weekday(signs: &[Token]) -> Option<Weekday> {
    let is_before_day = |sign: Token| matches!(sign, Token::Char('周' | '期' | '拜'));
    let mut days = signs.windows(2).filter(|pair| is_before_day(pair[0])).filter_map(|pair| weekday_sign(pair[1]));
    let day = days.next()?;
    days.next().is_none().then_some(day)
}

fn week(signs: &[Token]) -> Option<WrittenWeek> {
    let mut found = None;
    for (at, sign) in signs.iter().enumerate() {
        let is_day = at > 0 && matches!(signs[at - 1], Token::Char('周' | '期' | '拜'));
        let week = match sign {
            Token::Number(number) if !is_day && signs.get(at + 1) == Some(&Token::Char('周')) => {
                WrittenWeek::Number(*number)
            }
            Token::Char('单') => WrittenWeek::Near(Parity::Odd),
            Token::Char('双') => WrittenWeek::Near(Parity::Even),
            _ => continue,
        };
        if found.replace(week).is_some() {
            return None;
        }
    }
    Some(found.unwrap_or(WrittenWeek::Own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_day_is_read_in_all_the_ways_it_is_written() {
        let monday = Weekday::from_iso(1).unwrap();
        let rows = [
            ("放假", WrittenRule::Off),
            ("国庆节放假", WrittenRule::Off),
            ("休", WrittenRule::Off),
            ("正常上课", WrittenRule::Usual),
            ("补周一", WrittenRule::Of(WrittenWeek::Own, monday)),
            ("上星期一的课", WrittenRule::Of(WrittenWeek::Own, monday)),
            ("按周一课表上课", WrittenRule::Of(WrittenWeek::Own, monday)),
            ("上第5周星期一的课", WrittenRule::Of(WrittenWeek::Number(5), monday)),
            ("补第五周周一", WrittenRule::Of(WrittenWeek::Number(5), monday)),
            ("补周一（第5周）", WrittenRule::Of(WrittenWeek::Number(5), monday)),
            ("双周周一", WrittenRule::Of(WrittenWeek::Near(Parity::Even), monday)),
            ("补单周一的课", WrittenRule::Of(WrittenWeek::Near(Parity::Odd), monday)),
            ("补第99周周一", WrittenRule::Of(WrittenWeek::Number(99), monday)),
        ];
        for (text, expected) in rows {
            assert_eq!(day_rule(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_day_can_follow_a_date() {
        let near = |month, day| jiff::civil::Date::new(2026, month, day).ok();
        for text in ["补9月30日(周三)的课", "上2026-09-30的课", "补9月30日", "补9.30周三的课"] {
            let Some(WrittenRule::OfDate(day)) = day_rule(text) else { panic!("{text}") };
            assert_eq!(day.date(near), Some(jiff::civil::date(2026, 9, 30)), "{text}");
        }
        let Some(WrittenRule::OfDate(day)) = day_rule("补9月30日(周四)的课") else { panic!() };
        assert_eq!(day.date(near), None, "that day is a Wednesday");
    }

    #[test]
    fn what_does_not_say_whose_lessons_are_held_is_refused() {
        for bad in ["", "补班", "上课", "调休", "周八", "补周一周二", "单双周周一", "第3周第4周周一"]
        {
            assert_eq!(day_rule(bad), None, "{bad}");
        }
    }
}
