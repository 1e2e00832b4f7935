//! What is wrong with a batch of files, and where: everything is collected, and what is listed is bounded.

use std::{collections::HashMap, rc::Rc};

use protocol::import::{ImportProblem, RowProblem};

use super::{nearest::Candidate, upload::Upload};
use crate::{
    limits::PROBLEMS,
    spelling::{letters, shown, tidy},
};

/// Where something stands. Files and sheets are numbered from 0; rows from 1, and 0 is the whole sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `None` where no one file is meant.
    pub file: Option<usize>,
    /// `None` where the whole file is meant.
    pub sheet: Option<usize>,
    /// As a person's program numbers it.
    pub row: u32,
    /// From 0; `None` where the whole row is meant.
    pub column: Option<usize>,
}

impl Place {
    /// A whole sheet.
    pub fn sheet(file: usize, sheet: usize) -> Self {
        Self { file: Some(file), sheet: Some(sheet), ..Self::default() }
    }
}

/// A text in a file.
#[derive(Debug, Clone)]
pub struct Said {
    /// What the cell shows.
    pub text: String,
    /// The heading of its column.
    pub heading: Rc<str>,
    /// The cell.
    pub at: Place,
}

impl Said {
    /// The text as it is kept.
    pub fn tidy(&self) -> String {
        tidy(&self.text)
    }
}

/// A problem, where it is, and where the other row is if there is one.
type Found = (Place, ImportProblem, Option<Place>);

/// The problems and warnings found so far.
#[derive(Default)]
pub struct Problems {
    found: Vec<Found>,
    left_off: u32,
    warnings: Vec<Found>,
    candidates: HashMap<&'static str, Vec<Candidate>>,
    suggested: HashMap<(&'static str, String), Vec<String>>,
}

/// Problems and warnings as they are listed, and how many problems are not.
pub struct Listed {
    /// In the order of files, sheets and rows.
    pub problems: Vec<RowProblem>,
    /// Further problems.
    pub left_off: u32,
    /// In the same order.
    pub warnings: Vec<RowProblem>,
}

impl Problems {
    /// Something that must be put right before the files can be applied.
    pub fn report(&mut self, at: Place, problem: ImportProblem) {
        self.put(at, problem, None);
    }

    fn put(&mut self, at: Place, problem: ImportProblem, other: Option<Place>) {
        if self.found.len() < PROBLEMS {
            self.found.push((at, problem, other));
        } else {
            self.left_off = self.left_off.saturating_add(1);
        }
    }

    /// Something that looks odd.
    pub fn warn(&mut self, at: Place, problem: ImportProblem) {
        if self.warnings.len() < PROBLEMS {
            self.warnings.push((at, problem, None));
        }
    }

    /// The text is not what its column takes.
    pub fn bad(&mut self, said: &Said, example: &str) {
        self.report(said.at, bad_value(said, example));
    }

    /// The cell under this heading must not be empty.
    pub fn empty(&mut self, at: Place, heading: &str) {
        self.report(at, ImportProblem::Empty { heading: heading.to_owned() });
    }

    /// Nothing of this kind has the name. `names` are those that are there.
    pub fn unknown(&mut self, said: &Said, what: &'static str, names: impl FnOnce() -> Vec<String>) {
        let name = said.tidy();
        // A list that will not be shown is not worked out.
        let did_you_mean = if self.found.len() < PROBLEMS { self.suggest(what, &name, names) } else { Vec::new() };
        self.report(said.at, ImportProblem::Unknown { what: what.to_owned(), name: shown(&name), did_you_mean });
    }

    /// Several of this kind have the name.
    pub fn ambiguous(&mut self, said: &Said, what: &str, schools: Vec<String>) {
        let name = shown(&said.tidy());
        self.report(said.at, ImportProblem::Ambiguous { what: what.to_owned(), name, schools });
    }

    /// The text says something else than `earlier` about the same thing.
    pub fn contradicts(&mut self, said: &Said, earlier: &Said) {
        let (heading, other) = (said.heading.to_string(), shown(&earlier.tidy()));
        self.put(said.at, ImportProblem::Contradicts { heading, other_row: earlier.at.row, other }, Some(earlier.at));
    }

    /// Whether there is none so far.
    pub fn is_none(&self) -> bool {
        self.found.is_empty()
    }

    fn suggest(&mut self, what: &'static str, name: &str, names: impl FnOnce() -> Vec<String>) -> Vec<String> {
        let candidates =
            self.candidates.entry(what).or_insert_with(|| names().into_iter().map(Candidate::new).collect());
        let suggested = self.suggested.entry((what, name.to_owned()));
        suggested.or_insert_with(|| super::nearest::nearest(name, candidates)).clone()
    }

    /// The lists, with the names of files and sheets.
    pub fn listed(self, files: &[&Upload]) -> Listed {
        let list = |mut found: Vec<Found>| -> Vec<RowProblem> {
            found.sort_by_key(|(at, ..)| *at);
            found.into_iter().map(|found| row_problem(files, found)).collect()
        };
        Listed { problems: list(self.found), left_off: self.left_off, warnings: list(self.warnings) }
    }
}

/// That the text is not what its column takes.
pub fn bad_value(said: &Said, example: &str) -> ImportProblem {
    let (heading, text) = (said.heading.to_string(), shown(&said.tidy()));
    ImportProblem::BadValue { heading, text, example: example.to_owned() }
}

fn row_problem(files: &[&Upload], (at, mut problem, other_at): Found) -> RowProblem {
    let (file, sheet) = names(files, at);
    if let (ImportProblem::Contradicts { other, .. }, Some(other_at)) = (&mut problem, other_at)
        && (other_at.file, other_at.sheet) != (at.file, at.sheet)
    {
        // The number of a row says nothing where the row is in another sheet.
        let (file, sheet) = names(files, other_at);
        other.push_str(&format!("（{file} {sheet}）"));
    }
    RowProblem {
        file: file.to_owned(),
        sheet: sheet.to_owned(),
        row: at.row,
        column: at.column.map_or_else(String::new, letters),
        problem,
    }
}

/// The names of file and sheet, empty where none is meant.
fn names<'a>(files: &[&'a Upload], at: Place) -> (&'a str, &'a str) {
    let file = at.file.and_then(|file| files.get(file).copied());
    let sheets = file.and_then(|file| file.sheets.as_ref().ok());
    let sheet = at.sheet.and_then(|sheet| sheets?.get(sheet));
    (file.map_or("", |file| file.name.as_str()), sheet.map_or("", |sheet| sheet.name.as_str()))
}
