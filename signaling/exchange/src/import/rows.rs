//! Timetables that have a row for each course and period, and lists of courses.

use protocol::{
    SchoolId,
    import::ImportProblem,
    timetable::{WeekSet, Weekday},
};

use super::{
    course_words::CourseWords,
    directory::Directory,
    headings::Column,
    plan::{Plan, Slot},
    problems::{Problems, Said},
    table::{Row, Table},
};
use crate::{
    grammar::{
        number::only_number,
        periods::periods,
        weekdays::weekdays,
        weeks::{Parity, WeeksError, weeks},
    },
    spelling::fold,
};

const WEEKS_EXAMPLE: &str = "1-16周";

/// Reads a list of courses.
pub fn read_courses(
    table: &Table<'_>,
    hint: Option<&SchoolId>,
    plan: &mut Plan,
    directory: &Directory,
    problems: &mut Problems,
) {
    for row in table.rows() {
        if let Some(words) = CourseWords::of_row(row, problems) {
            plan.take(&words, hint, directory, problems);
        }
    }
}

/// Reads the rows of a timetable.
pub fn read_rows(
    table: &Table<'_>,
    hint: Option<&SchoolId>,
    plan: &mut Plan,
    directory: &Directory,
    problems: &mut Problems,
) {
    for row in table.rows() {
        let words = CourseWords::of_row(row, problems);
        let weekdays = read_weekdays(row, problems);
        let periods = row.needed(Column::Period, problems).and_then(|said| {
            let numbers = periods(&said.text);
            if numbers.is_none() {
                problems.bad(&said, "第3节");
            }
            Some((numbers?, said.at))
        });
        let weeks = read_weeks(row, directory.last_week(), problems);
        let number = words.and_then(|words| plan.take(&words, hint, directory, problems));
        let (Some(weekdays), Some((periods, periods_at)), Some(weeks), Some(number)) =
            (weekdays, periods, weeks, number)
        else {
            continue;
        };
        plan.place(number, &Slot { weekdays, periods, periods_at, weeks }, directory, problems);
        if plan.is_full() {
            return;
        }
    }
}

fn read_weekdays(row: Row<'_>, problems: &mut Problems) -> Option<Vec<Weekday>> {
    let said = row.needed(Column::Weekday, problems)?;
    let days = weekdays(&said.text);
    if days.is_none() {
        problems.bad(&said, "星期一");
    }
    days
}

/// The weeks of a row: 周次, else 开始周 to 结束周, of which 单双周 leaves the odd or even ones. Where nothing is said,
/// the whole term.
fn read_weeks(row: Row<'_>, last_week: u8, problems: &mut Problems) -> Option<WeekSet> {
    let parity = match row.said(Column::Parity) {
        None => Parity::All,
        Some(said) => {
            let parity = Parity::read(&said.text);
            if parity.is_none() {
                problems.bad(&said, "单");
            }
            parity?
        }
    };
    let (listed, said) = match row.said(Column::Weeks) {
        Some(said) => (weeks(&said.text, last_week), Some(said)),
        None => {
            let first = read_week(row, Column::FirstWeek, 1, last_week, problems);
            let last = read_week(row, Column::LastWeek, last_week, last_week, problems);
            let ((first, _), (last, said)) = (first?, last?);
            let range = if first <= last { Ok(WeekSet::range(first, last)) } else { Err(WeeksError::Malformed) };
            (range, said)
        }
    };
    let of_parity = listed.map(|weeks| parity.of(weeks));
    match of_parity {
        Ok(weeks) if !weeks.is_empty() => Some(weeks),
        Ok(_) | Err(WeeksError::Malformed) => {
            let said = said.or_else(|| row.said(Column::FirstWeek)).or_else(|| row.said(Column::Parity));
            said.iter().for_each(|said| problems.bad(said, WEEKS_EXAMPLE));
            None
        }
        Err(WeeksError::OutsideTerm) => {
            let at = said.map_or(row.place(), |said| said.at);
            problems.report(at, ImportProblem::OutsideTerm { last_week });
            None
        }
    }
}

/// The week in a column, or `blank` where it is blank.
fn read_week(
    row: Row<'_>,
    column: Column,
    blank: u8,
    last_week: u8,
    problems: &mut Problems,
) -> Option<(u8, Option<Said>)> {
    let Some(said) = row.said(column) else { return Some((blank, None)) };
    let Some(number) = only_number(&fold(&said.text), "第周").filter(|number| *number > 0) else {
        problems.bad(&said, "1");
        return None;
    };
    let week = u8::try_from(number).ok().filter(|week| *week <= last_week);
    if week.is_none() {
        problems.report(said.at, ImportProblem::OutsideTerm { last_week });
    }
    Some((week?, Some(said)))
}
