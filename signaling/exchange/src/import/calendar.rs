//! Sheets of terms and bells.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use protocol::{
    SchoolId,
    timetable::{BellPeriod, LAST_WEEK, Record, Term},
};
use timetable::{BellSchedule, InvalidBells};

use super::{
    directory::Directory,
    headings::Column,
    places::{contradicts, find_school},
    problems::{Problems, Said},
    table::{Row, Table},
};
use crate::grammar::{clock, dates::one_date, periods::periods};

const DATE_EXAMPLE: &str = "2026-09-01";

/// Reads terms. The first week is that of 第一周周一, or else that of the first day of school; the first day is
/// 开学日期, or else that Monday.
pub fn read_terms(table: &Table<'_>, directory: &mut Directory, problems: &mut Problems) {
    for row in table.rows() {
        let name = row.needed_name(Column::Term, problems);
        let mut day = |column| read_date(row, column, directory, problems);
        let (week_1, first_day, last_day) = (day(Column::WeekOne), day(Column::FirstDay), day(Column::LastDay));
        let Some(name) = name else { continue };
        let year = row.name(Column::SchoolYear, problems);
        let Some((last_day, last_said)) = last_day else {
            if row.said(Column::LastDay).is_none() {
                problems.empty(row.place(), &table.heading(Column::LastDay));
            }
            continue;
        };
        let Some((begins, said)) = week_1.clone().or_else(|| first_day.clone()) else {
            if row.said(Column::WeekOne).or_else(|| row.said(Column::FirstDay)).is_none() {
                problems.empty(row.place(), &table.heading(Column::FirstDay));
            }
            continue;
        };
        let monday = begins.saturating_sub(i32::from(begins.weekday().to_monday_zero_offset()).days());
        if week_1.is_some() && begins != monday {
            problems.bad(&said, &monday.to_string());
            continue;
        }
        let (first_day, first_said) = first_day.unwrap_or((monday, said));
        if first_day < monday || first_day > monday.saturating_add(6.days()) {
            problems.bad(&first_said, &monday.to_string());
            continue;
        }
        let longest = monday.saturating_add((i32::from(LAST_WEEK) * 7 - 1).days());
        if last_day <= first_day || last_day > longest {
            problems.bad(&last_said, &monday.saturating_add(138.days()).to_string());
            continue;
        }
        let name = year.map_or_else(String::new, |year| year.tidy() + " ") + &name.tidy();
        let known = directory.term_named(&name, monday);
        let Some(id) = known.map(|it| it.id.clone()).or_else(|| directory.fresh_term(&name)) else { continue };
        let name = known.map_or(name, |it| it.name.clone());
        let term = Term { id, name, week_1: monday, first_day, last_day };
        if let Some((Record::Term(other), at)) = directory.gather(Record::Term(term), row.place()) {
            let (said, text) = if other.last_day == last_day {
                (&first_said, other.first_day.to_string())
            } else {
                (&last_said, other.last_day.to_string())
            };
            contradicts(said, at, &text, problems);
        }
    }
}

/// The date in a column, if it is not blank.
fn read_date(row: Row<'_>, column: Column, directory: &Directory, problems: &mut Problems) -> Option<(Date, Said)> {
    let said = row.said(column)?;
    let date = one_date(&said.text, |month, day| directory.near(month, day));
    if date.is_none() {
        problems.bad(&said, DATE_EXAMPLE);
    }
    Some((date?, said))
}

/// The periods of one bell schedule, by number, each with the cell that tells when it begins.
type Periods = BTreeMap<u8, (BellPeriod, Said)>;

/// Reads bell schedules: all rows of one school and date are one, which takes the place of what is there. Without a
/// date it holds from the first day of the term.
pub fn read_bells(tables: &[&Table<'_>], directory: &mut Directory, problems: &mut Problems) {
    let mut schedules: BTreeMap<(Option<SchoolId>, Date), Periods> = BTreeMap::new();
    for row in tables.iter().flat_map(|table| table.rows()) {
        let numbers = row.needed(Column::Period, problems).and_then(|said| {
            let number = periods(&said.text).filter(|numbers| numbers.len() == 1);
            if number.is_none() {
                problems.bad(&said, "第1节");
            }
            number
        });
        let times = read_times(row, problems);
        let from = match read_date(row, Column::From, directory, problems) {
            Some((date, _)) => Some(date),
            None if row.said(Column::From).is_some() => None,
            None => {
                let first_day = directory.target().map(|term| term.first_day);
                if first_day.is_none() {
                    problems.empty(row.place(), &row.table().heading(Column::From));
                }
                first_day
            }
        };
        let Some(school) = read_school_or_county(row, directory, problems) else { continue };
        let (Some(numbers), Some((starts_min, ends_min, said)), Some(from)) = (numbers, times, from) else { continue };
        let number = numbers[0];
        let period = BellPeriod { number, starts_min, ends_min };
        let schedule = schedules.entry((school, from)).or_default();
        match schedule.get(&number) {
            Some((other, _)) if *other == period => {}
            Some((other, there)) => contradicts(&said, there.at, &written(other), problems),
            None => drop(schedule.insert(number, (period, said))),
        }
    }
    for ((school, from), periods) in schedules {
        gather_bells(school, from, &periods, directory, problems);
    }
}

fn gather_bells(
    school: Option<SchoolId>,
    from: Date,
    periods: &Periods,
    directory: &mut Directory,
    problems: &mut Problems,
) {
    let all = periods.values().map(|(period, _)| *period).collect();
    match BellSchedule::new(all) {
        Ok(schedule) => {
            let at = periods.values().next().map(|(_, said)| said.at).unwrap_or_default();
            // Rows of one school and date are together already, so nothing can contradict it.
            let _ = directory.gather(Record::Bells(schedule.to_record(school, from)), at);
        }
        Err(InvalidBells::BadTimes(number) | InvalidBells::Overlap(number) | InvalidBells::BadNumber(number)) => {
            if let Some((_, said)) = periods.get(&number) {
                problems.bad(said, "8:00-8:40");
            }
        }
    }
}

/// When a period begins and ends, with the cell that tells when it begins.
fn read_times(row: Row<'_>, problems: &mut Problems) -> Option<(u16, u16, Said)> {
    if let Some(said) = row.said(Column::Times) {
        let Some((starts, ends)) = clock::span(&said.text) else {
            problems.bad(&said, "8:00-8:40");
            return None;
        };
        return Some((starts, ends, said));
    }
    let mut minute = |column, example| {
        let said = match row.table().has(column) {
            true => row.needed(column, problems)?,
            false => {
                problems.empty(row.place(), &row.table().heading(Column::Times));
                return None;
            }
        };
        let minute = clock::minute(&said.text);
        if minute.is_none() {
            problems.bad(&said, example);
        }
        Some((minute?, said))
    };
    let (starts, ends) = (minute(Column::Starts, "8:00"), minute(Column::Ends, "8:40"));
    let ((starts, said), (ends, _)) = (starts?, ends?);
    Some((starts, ends, said))
}

fn written(period: &BellPeriod) -> String {
    format!("{}-{}", clock::written(period.starts_min), clock::written(period.ends_min))
}

/// The school of a row, the county (`Some(None)`) where it names none, or `None` where it names one that is not there.
pub fn read_school_or_county(row: Row<'_>, directory: &Directory, problems: &mut Problems) -> Option<Option<SchoolId>> {
    match row.said(Column::School) {
        Some(said) if matches!(said.tidy().as_str(), "全县" | "全区" | "全市" | "所有学校" | "全部") => {
            Some(None)
        }
        Some(said) => find_school(&said, directory, problems).map(|school| Some(school.id)),
        None => Some(None),
    }
}
