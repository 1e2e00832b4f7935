//! Sheets of holidays and makeup days.

use jiff::{ToSpan, civil::Date};
use protocol::{
    import::ImportProblem,
    timetable::{DayRule, Record, SpecialDay, Weekday},
};
use timetable::{dates as dates_between, week_of};

use super::{
    calendar::read_school_or_county,
    directory::Directory,
    headings::Column,
    places::{contradicts, whole},
    problems::{Problems, Said},
    table::Table,
};
use crate::grammar::{
    dates::dates,
    day_rules::{WrittenRule, WrittenWeek, day_rule},
    weekdays,
    weeks::Parity,
};

/// The longest holiday that one row can be, in days.
const LONGEST_HOLIDAY_DAYS: i32 = 70;

/// Reads holidays and makeup days. A day that follows 周一 and does not say of which week follows that of its own week;
/// one that follows 双周周一 and is in an odd week, that of the week before (in week 1, of week 2).
pub fn read_special_days(table: &Table<'_>, directory: &mut Directory, problems: &mut Problems) {
    for row in table.rows() {
        let days = row.needed(Column::Date, problems).and_then(|said| {
            let days = dates(&said.text, |month, day| directory.near(month, day));
            let days = days.filter(|(first, last)| first.saturating_add(LONGEST_HOLIDAY_DAYS.days()) >= *last);
            if days.is_none() {
                problems.bad(&said, "2026-10-01");
            }
            days
        });
        let rule = row.needed(Column::Rule, problems).and_then(|said| {
            let rule = day_rule(&said.text);
            if rule.is_none() {
                problems.bad(&said, "补周一");
            }
            Some((rule?, said))
        });
        let name = row.name(Column::Name, problems);
        let Some(school) = read_school_or_county(row, directory, problems) else { continue };
        let (Some((first, last)), Some((rule, said))) = (days, rule) else { continue };
        if first != last && !matches!(rule, WrittenRule::Off | WrittenRule::Usual) {
            problems.bad(&said, "放假");
            continue;
        }
        let name = name.map(|name| name.tidy());
        for date in dates_between(first, last) {
            let Some(rule) = rule_on(date, rule, &said, directory, problems) else { break };
            let known = || directory.day_name(&school, date).map(str::to_owned);
            let name = name.clone().or_else(known).unwrap_or_else(|| said.tidy());
            let day = SpecialDay { school: school.clone(), date, name, rule: rule.clone() };
            if let Some((Record::SpecialDay(other), at)) = directory.gather(Record::SpecialDay(day), row.place()) {
                if other.rule == rule {
                    let said = row.said(Column::Name).unwrap_or_else(|| whole(row, Column::Name));
                    contradicts(&said, at, &other.name, problems);
                } else {
                    contradicts(&said, at, &written_rule(&other.rule), problems);
                }
                break;
            }
        }
    }
}

fn rule_on(
    date: Date,
    rule: WrittenRule,
    said: &Said,
    directory: &Directory,
    problems: &mut Problems,
) -> Option<DayRule> {
    if rule == WrittenRule::Off {
        return Some(DayRule::Off);
    }
    let Some(term) = directory.term_on(date) else {
        problems.report(said.at, ImportProblem::OutsideTerm { last_week: directory.last_week() });
        return None;
    };
    let last_week = week_of(term, term.last_day);
    let own = week_of(term, date);
    let (week_no, weekday) = match rule {
        WrittenRule::Off => return Some(DayRule::Off),
        WrittenRule::Usual => (own, Weekday::of(date)),
        WrittenRule::OfDate(day) => {
            let followed = day.date(|month, day| directory.near(month, day));
            let Some(followed) = followed.filter(|it| term.week_1 <= *it && *it <= term.last_day) else {
                problems.bad(said, "补9月30日(周三)的课");
                return None;
            };
            (week_of(term, followed), Weekday::of(followed))
        }
        WrittenRule::Of(WrittenWeek::Own, weekday) => (own, weekday),
        WrittenRule::Of(WrittenWeek::Number(number), weekday) => {
            let week = u8::try_from(number).ok().filter(|week| (1..=last_week).contains(week));
            let Some(week) = week else {
                problems.report(said.at, ImportProblem::OutsideTerm { last_week });
                return None;
            };
            (week, weekday)
        }
        WrittenRule::Of(WrittenWeek::Near(parity), weekday) => {
            let fits = (own % 2 == 1) == (parity == Parity::Odd);
            let near = if fits {
                own
            } else if own > 1 {
                own - 1
            } else {
                own + 1
            };
            (near, weekday)
        }
    };
    Some(DayRule::Follows { week_no, weekday })
}

/// A rule as the import reads it again.
pub fn written_rule(rule: &DayRule) -> String {
    match rule {
        DayRule::Off => "放假".to_owned(),
        DayRule::Follows { week_no, weekday } => format!("上第{week_no}周星期{}的课", weekdays::sign(*weekday)),
    }
}
