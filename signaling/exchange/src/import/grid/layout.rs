//! Where the blocks of a sheet are: a row of weekdays, a column of periods to the left of them, a title above.

use std::rc::Rc;

use protocol::{import::ImportProblem, timetable::Weekday};
use sheets::Sheet;

use crate::{
    grammar::{periods::periods, weekdays::weekday},
    import::problems::{Place, Problems, Said, bad_value},
    limits::TITLES,
    spelling::{fold_lines, fold_spaced, tidy},
};

/// Fewer weekdays side by side are no timetable.
const LEAST_DAYS: usize = 3;
/// Rows above the weekdays that may be titles.
const TITLE_ROWS: usize = 5;
/// What is written where there is no lesson.
const NOTHING: [&str; 7] = ["-", "--", "—", "——", "/", "无", "空"];

/// One class's, teacher's or room's timetable.
pub struct Block<'a> {
    /// The sheet.
    pub at: Place,
    sheet: &'a Sheet,
    header_row: usize,
    /// The row after its last one.
    end_row: usize,
    /// The columns left of its weekdays, and not of another block's.
    first_col: usize,
    days: Vec<(usize, Weekday)>,
    period_col: usize,
}

/// A cell with a lesson in it.
pub struct Cell<'a> {
    block: &'a Block<'a>,
    row: usize,
    col: usize,
    /// 星期.
    pub weekday: Weekday,
    /// 节次.
    pub periods: Vec<u8>,
}

impl Cell<'_> {
    /// Its text.
    pub fn said(&self) -> Said {
        let heading = Rc::from(tidy(self.block.sheet.cell(self.block.header_row, self.col)));
        Said {
            text: self.block.sheet.cell(self.row, self.col).to_owned(),
            heading,
            at: self.block.place(self.row, self.col),
        }
    }
}

/// The blocks of a sheet, from top to bottom and from left to right.
pub fn blocks(sheet: &Sheet, at: Place) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut header_rows: Vec<usize> = Vec::new();
    for row in 0..sheet.rows.len() {
        let runs = runs(sheet, row);
        if runs.is_empty() {
            continue;
        }
        header_rows.push(row);
        let mut first_col = 0;
        for days in runs {
            let next_col = days.last().map_or(first_col, |(col, _)| col + 1);
            let block = Block { at, sheet, header_row: row, end_row: sheet.rows.len(), first_col, days, period_col: 0 };
            first_col = next_col;
            blocks.push(block);
        }
    }
    for block in &mut blocks {
        let next = header_rows.iter().find(|row| **row > block.header_row);
        block.end_row = next.copied().unwrap_or(sheet.rows.len());
        block.period_col = block.find_period_col().unwrap_or(usize::MAX);
    }
    blocks.retain(|block| block.period_col != usize::MAX);
    blocks
}

/// Weekdays in their order, side by side or merged over columns, in one row.
fn runs(sheet: &Sheet, row: usize) -> Vec<Vec<(usize, Weekday)>> {
    let mut runs: Vec<Vec<(usize, Weekday)>> = Vec::new();
    let mut run: Vec<(usize, Weekday)> = Vec::new();
    for col in 0..sheet.rows[row].len() {
        if sheet.is_continuation(row, col) {
            continue;
        }
        let Some(day) = heading_day(sheet.cell(row, col)) else { continue };
        if run.last().is_some_and(|(_, last)| *last >= day) {
            runs.push(std::mem::take(&mut run));
        }
        run.push((col, day));
    }
    runs.push(run);
    runs.retain(|run| run.len() >= LEAST_DAYS);
    runs
}

/// The weekday that heads a column, perhaps with a date below it. A bare number heads none: rows of numbers are data.
fn heading_day(text: &str) -> Option<Weekday> {
    if text.len() > 60 || text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let folded = fold_spaced(text);
    let first = folded.split([' ', '(']).find(|part| !part.is_empty())?;
    weekday(first).or_else(|| weekday(&folded))
}

/// The periods of a row's label: `第1节`, or with its times below or behind it.
fn label(text: &str) -> Option<Vec<u8>> {
    if text.len() > 100 {
        return None;
    }
    let folded = fold_lines(text).replace("上午", " ").replace("下午", " ").replace("晚上", " ");
    let first_line = folded.lines().map(str::trim).find(|line| !line.is_empty())?;
    let before_times =
        first_line.find(':').map(|colon| first_line[..colon].trim_end_matches(|c: char| c.is_ascii_digit()));
    let named = first_line.split_inclusive('节').next().filter(|part| part.ends_with('节'));
    let parts = first_line.split([' ', '(', '[']).filter(|part| !part.is_empty() && !part.contains(':'));
    std::iter::once(first_line).chain(before_times).chain(named).chain(parts).find_map(periods)
}

impl<'a> Block<'a> {
    fn rows(&self) -> std::ops::Range<usize> {
        self.header_row + 1..self.end_row
    }

    fn place(&self, row: usize, col: usize) -> Place {
        Place { row: u32::try_from(row + 1).unwrap_or(u32::MAX), column: Some(col), ..self.at }
    }

    /// The column with most labels of periods; blocks side by side may share the one at the left.
    fn find_period_col(&self) -> Option<usize> {
        let first_day = self.days.first()?.0;
        let labels = |col: &usize| self.rows().filter(|row| label(self.sheet.cell(*row, *col)).is_some()).count();
        let most = |cols: std::ops::Range<usize>| cols.rev().max_by_key(labels).filter(|col| labels(col) > 0);
        most(self.first_col..first_day).or_else(|| most(0..self.first_col))
    }

    /// The columns of a weekday: more than one where its heading is merged over them.
    fn columns_of(&self, at: usize) -> std::ops::RangeInclusive<usize> {
        let col = self.days[at].0;
        self.sheet.merge(self.header_row, col).map_or(col..=col, |merge| col..=merge.last_col)
    }

    /// The cells with text in rows of a period. A text that runs over several days (午休) is none of them.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        self.rows().flat_map(move |row| {
            let periods = self.periods(row);
            periods.into_iter().flat_map(move |periods| {
                self.days.iter().enumerate().flat_map(move |(at, (_, weekday))| {
                    let periods = periods.clone();
                    self.columns_of(at).filter(move |col| self.is_lesson(row, *col)).map(move |col| Cell {
                        block: self,
                        row,
                        col,
                        weekday: *weekday,
                        periods: periods.clone(),
                    })
                })
            })
        })
    }

    fn is_lesson(&self, row: usize, col: usize) -> bool {
        let text = self.sheet.cell(row, col);
        let runs_over_days = self.sheet.merge(row, col).is_some_and(|merge| {
            self.days.iter().filter(|(day, _)| (merge.first_col..=merge.last_col).contains(day)).count() > 1
        });
        let is_first_col = self.sheet.merge(row, col).is_none_or(|merge| merge.first_col == col);
        !text.is_empty() && !NOTHING.contains(&text) && !runs_over_days && is_first_col
    }

    fn periods(&self, row: usize) -> Option<Vec<u8>> {
        label(self.sheet.cell(row, self.period_col))
    }

    /// Reports a period that has two rows (as where the afternoon is counted from 1 again), and warns of rows with
    /// lessons but no period, which are not read.
    pub fn report_labels(&self, problems: &mut Problems) {
        let mut seen: Vec<(u8, &str, usize)> = Vec::new();
        for row in self.rows() {
            let text = self.sheet.cell(row, self.period_col);
            let said =
                Said { text: text.to_owned(), heading: Rc::from("节次"), at: self.place(row, self.period_col) };
            let Some(periods) = self.periods(row) else {
                let lesson = self.days.iter().find(|(col, _)| self.is_lesson(row, *col));
                match lesson {
                    Some(_) if !text.is_empty() => problems.warn(said.at, bad_value(&said, "第5节")),
                    Some((col, _)) => {
                        problems.warn(self.place(row, *col), ImportProblem::Empty { heading: "节次".to_owned() });
                    }
                    None => {}
                }
                continue;
            };
            let same_cell = |other_row: usize| {
                let merge = self.sheet.merge(row, self.period_col);
                merge.is_some() && merge == self.sheet.merge(other_row, self.period_col)
            };
            for period in periods {
                if let Some((_, _, other_row)) = seen.iter().find(|(it, _, other)| *it == period && !same_cell(*other))
                {
                    let other = Said { at: self.place(*other_row, self.period_col), ..said.clone() };
                    problems.contradicts(&said, &other);
                    break;
                }
                seen.push((period, text, row));
            }
        }
    }

    /// Texts that may tell whose it is: those above it from the nearest up, what stands left of the weekdays, the
    /// sheet's name, the file's.
    pub fn titles(&self, file: &str) -> Vec<Said> {
        let last_col = self.days.last().map_or(self.first_col, |(col, _)| *col);
        let columns = self.first_col..last_col + 1;
        let said = |row: usize, col: usize| {
            let text = self.sheet.cell(row, col).to_owned();
            Said { text, heading: Rc::from("标题"), at: self.place(row, col) }
        };
        let top = self.header_row.saturating_sub(TITLE_ROWS);
        let above = (top..self.header_row).rev().take_while(|row| {
            // The rows of the block above are no titles of this one.
            !self.sheet.rows[*row].iter().any(|cell| heading_day(&cell.text).is_some())
                && label(self.sheet.cell(*row, self.period_col)).is_none()
        });
        let own = |(row, col): &(usize, usize)| {
            let first_col = self.sheet.merge(*row, *col).map_or(*col, |merge| merge.first_col.max(self.first_col));
            first_col == *col
        };
        let cells = above.flat_map(|row| columns.clone().map(move |col| (row, col)));
        let corner = (self.first_col..self.days.first().map_or(0, |(col, _)| *col)).map(|col| (self.header_row, col));
        let mut titles: Vec<Said> = cells
            .chain(corner)
            .filter(own)
            .map(|(row, col)| said(row, col))
            .filter(|it| !it.text.is_empty())
            .take(TITLES)
            .collect();
        for text in [self.sheet.name.as_str(), file] {
            titles.push(Said { text: text.to_owned(), heading: Rc::from("标题"), at: self.at });
        }
        titles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_of_a_row_tells_its_periods() {
        let rows: [(&str, Option<&[u8]>); 12] = [
            ("1", Some(&[1])),
            ("第1节", Some(&[1])),
            ("第一节", Some(&[1])),
            ("一", Some(&[1])),
            ("第1节\n8:00-8:40", Some(&[1])),
            ("第1节 (8:00-8:40)", Some(&[1])),
            ("第1节8:00-8:40", Some(&[1])),
            ("1\n08:00", Some(&[1])),
            ("上午第2节", Some(&[2])),
            ("1-2节", Some(&[1, 2])),
            ("午休", None),
            ("8:00-8:40", None),
        ];
        for (text, expected) in rows {
            assert_eq!(label(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_column_is_headed_by_a_weekday_perhaps_with_a_date() {
        for text in ["星期一", "周一", "一", "周一\n9月7日", "周一（9.7）", "Mon"] {
            assert_eq!(heading_day(text).map(Weekday::iso), Some(1), "{text}");
        }
        for text in ["1", "音乐", "", "周一上午有课"] {
            assert_eq!(heading_day(text), None, "{text}");
        }
    }
}
