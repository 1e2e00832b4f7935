//! Sheets with headings: which row heads them, which rows below say something, and where each text stands.

use std::rc::Rc;

use protocol::import::SheetKind;
use sheets::Sheet;

use super::{
    headings::{Column, FORMS, Form, heading_key, is_of_pupils},
    problems::{Place, Problems, Said},
};
use crate::{
    limits::HEADING_ROWS,
    spelling::{fold, is_name, tidy},
};

/// What is written where there is nothing to write.
const NOTHING: [&str; 7] = ["-", "--", "/", "\\", "无", "暂无", "——"];
/// What notes below a table begin with.
const NOTES: [&str; 10] = ["注", "备注", "说明", "填表", "制表", "审核", "合计", "总计", "小计", "※"];
/// A single text longer than this in a row is a note.
const LONGEST_SINGLE: usize = 15;
/// As many columns must be known in a row of headings that lacks one.
const KNOWN_THOUGH_INCOMPLETE: usize = 3;

/// A sheet with headings.
pub struct Table<'a> {
    /// The sheet.
    pub sheet: &'a Sheet,
    /// The sheet as a place.
    pub at: Place,
    /// Its kind and columns.
    pub form: &'static Form,
    columns: Vec<(Column, usize)>,
    headings: Vec<Rc<str>>,
    header_row: usize,
}

/// A row of a table.
#[derive(Clone, Copy)]
pub struct Row<'t> {
    table: &'t Table<'t>,
    row: usize,
}

/// A row that may be one of headings.
struct Heading {
    form: &'static Form,
    row: usize,
    columns: Vec<(Column, usize)>,
    missing: usize,
}

impl<'a> Table<'a> {
    /// Finds the headings of a sheet: the row that knows most columns of a form. One that lacks a column is taken only
    /// where `lenient`, or where the rest of a timetable's is there: else the timetable would pass for a list of
    /// courses.
    pub fn find(sheet: &'a Sheet, at: Place, lenient: bool) -> Option<Self> {
        let rows = 0..sheet.rows.len().min(HEADING_ROWS);
        let known = |it: &Heading| {
            let may_lack = lenient || it.form.kind == SheetKind::TimetableRows;
            it.missing == 0 || may_lack && it.missing == 1 && it.columns.len() >= KNOWN_THOUGH_INCOMPLETE
        };
        let mut best: Option<Heading> = None;
        for heading in rows.flat_map(|row| headings_in(sheet, row)).filter(known) {
            let beats =
                |other: &Heading| (heading.columns.len(), other.missing) > (other.columns.len(), heading.missing);
            if best.as_ref().is_none_or(beats) {
                best = Some(heading);
            }
        }
        let Heading { form, row, columns, .. } = best?;
        let headings = columns.iter().map(|(_, column)| Rc::from(tidy(sheet.cell(row, *column)))).collect();
        Some(Self { sheet, at, form, columns, headings, header_row: row })
    }

    /// What it holds.
    pub fn kind(&self) -> SheetKind {
        self.form.kind
    }

    /// The texts above the headings, each once.
    pub fn titles(&self) -> Vec<&'a str> {
        let above = self.sheet.rows.iter().take(self.header_row).flatten();
        let mut titles: Vec<&str> = above.map(|cell| cell.text.as_str()).filter(|text| !text.is_empty()).collect();
        titles.dedup();
        titles
    }

    /// Whether it has a column.
    pub fn has(&self, column: Column) -> bool {
        self.columns.iter().any(|(it, _)| *it == column)
    }

    /// The heading of a column as the sheet has it, or as it would be written.
    pub fn heading(&self, column: Column) -> Rc<str> {
        let at = self.columns.iter().position(|(it, _)| *it == column);
        at.map_or_else(|| Rc::from(self.form.heading(column)), |at| self.headings[at].clone())
    }

    /// The headings of columns that are needed and not there.
    pub fn missing(&self) -> Vec<&'static str> {
        self.form.missing(&self.columns)
    }

    /// The row of headings.
    pub fn headings_place(&self) -> Place {
        Place { row: u32::try_from(self.header_row + 1).unwrap_or(u32::MAX), ..self.at }
    }

    /// The rows that say something, below the headings.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let rows = self.header_row + 1..self.sheet.rows.len();
        rows.map(|row| Row { table: self, row }).filter(|row| row.says_something())
    }
}

fn headings_in(sheet: &Sheet, row: usize) -> Vec<Heading> {
    let cells = 0..sheet.rows[row].len();
    let own = |column: &usize| {
        // A heading merged over two rows belongs to both, and one merged over two columns to the first.
        sheet.merge(row, *column).is_none_or(|merge| merge.first_col == *column)
    };
    let key = |column: usize| if own(&column) { heading_key(sheet.cell(row, column)) } else { String::new() };
    let keys: Vec<String> = cells.map(key).collect();
    if is_of_pupils(&keys) {
        return Vec::new();
    }
    let heading = |form: &'static Form| {
        let columns = form.columns_in(&keys);
        Heading { missing: form.missing(&columns).len(), form, row, columns }
    };
    FORMS.iter().map(heading).filter(|heading| heading.columns.len() > 1).collect()
}

impl<'t> Row<'t> {
    /// The row as a place.
    pub fn place(self) -> Place {
        Place { row: u32::try_from(self.row + 1).unwrap_or(u32::MAX), ..self.table.at }
    }

    /// The table it is of.
    pub fn table(self) -> &'t Table<'t> {
        self.table
    }

    /// The text in a column, unless it is blank or only says that there is nothing.
    pub fn said(self, column: Column) -> Option<Said> {
        let (at, (_, place)) = self.table.columns.iter().enumerate().find(|(_, (it, _))| *it == column)?;
        let text = self.table.sheet.cell(self.row, *place);
        if is_nothing(text) {
            return None;
        }
        let heading = self.table.headings[at].clone();
        Some(Said { text: text.to_owned(), heading, at: Place { column: Some(*place), ..self.place() } })
    }

    /// The text in a column that must not be blank.
    pub fn needed(self, column: Column, problems: &mut Problems) -> Option<Said> {
        let said = self.said(column);
        if said.is_none() && self.table.has(column) {
            let place = self.table.columns.iter().find(|(it, _)| *it == column).map(|(_, place)| *place);
            problems.empty(Place { column: place, ..self.place() }, &self.table.heading(column));
        }
        said
    }

    /// The name in a column, if there is one and it can be a name.
    pub fn name(self, column: Column, problems: &mut Problems) -> Option<Said> {
        checked_name(self.said(column), problems)
    }

    /// The name in a column that must not be blank.
    pub fn needed_name(self, column: Column, problems: &mut Problems) -> Option<Said> {
        checked_name(self.needed(column, problems), problems)
    }

    fn says_something(self) -> bool {
        let Some(cells) = self.table.sheet.rows.get(self.row) else { return false };
        let known = |place: usize| self.table.columns.iter().any(|(_, column)| *column == place);
        let own =
            |place: &usize| self.table.sheet.merge(self.row, *place).is_none_or(|merge| merge.first_col == *place);
        let filled = (0..cells.len()).filter(|place| !is_nothing(&cells[*place].text)).filter(own);
        let filled: Vec<usize> = filled.collect();
        match filled[..] {
            [] => false,
            [only] => known(only) && !self.begins_like_a_note(only) && !self.looks_like_a_note(only),
            [first, ..] => {
                filled.iter().any(|place| known(*place)) && !self.repeats_headings() && !self.begins_like_a_note(first)
            }
        }
    }

    /// Whether the text is one about the table.
    fn begins_like_a_note(self, place: usize) -> bool {
        let text = fold(self.table.sheet.cell(self.row, place));
        NOTES.iter().any(|word| {
            text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '人', '.', '、', '1']))
        })
    }

    /// Whether the only text of the row runs over several columns or is too long to be a name.
    fn looks_like_a_note(self, place: usize) -> bool {
        let is_wide = self.table.sheet.merge(self.row, place).is_some_and(|merge| merge.last_col > merge.first_col);
        is_wide || self.table.sheet.cell(self.row, place).chars().count() > LONGEST_SINGLE
    }

    /// Headings are printed again on every page, and people save that.
    fn repeats_headings(self) -> bool {
        let same = |(column, place): &(Column, usize)| {
            heading_key(self.table.sheet.cell(self.row, *place)) == heading_key(&self.table.heading(*column))
        };
        self.table.columns.iter().all(same)
    }
}

fn is_nothing(text: &str) -> bool {
    text.is_empty() || text.len() < 12 && NOTHING.contains(&text) || tidy(text).is_empty()
}

/// `said`, if it can be a name.
pub fn checked_name(said: Option<Said>, problems: &mut Problems) -> Option<Said> {
    let said = said?;
    let name = said.tidy();
    if is_name(&name) {
        return Some(said);
    }
    problems.bad(&said, &name.chars().filter(|c| !c.is_control()).take(20).collect::<String>());
    None
}
