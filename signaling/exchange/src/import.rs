//! Import of spreadsheets: all files of a batch are read together into one change of the timetable, or into the list of
//! everything that is wrong with them.
//!
//! ```text
//! bytes ─ upload ─> sheets ─ table, grid ─> rows and cells ─ places, calendar ─> directory (names)
//!                                                          └ rows, grid ──────> plan (courses) ─> change ─> effects
//! ```
//!
//! Sheets that say what there is (terms, schools, rooms, teachers, bells, special days, requirements) are read before
//! those that use it, whichever file they are in.

mod calendar;
mod change;
mod course_words;
mod directory;
mod draft;
mod effects;
mod grid;
mod headings;
mod nearest;
mod places;
mod plan;
mod problems;
mod recognise;
mod requirements;
mod resolve;
mod roster;
mod rows;
mod special_days;
mod table;
mod upload;

use jiff::civil::Date;
use protocol::{
    TermId,
    import::{ImportPreview, ImportProblem, SheetKind},
    timetable::{Change, Record},
};
use timetable::Timetable;

pub(crate) use draft::NO_CLASS;
pub(crate) use headings::{Column, form_of};
pub(crate) use special_days::written_rule;
pub use upload::Upload;

use directory::Directory;
use plan::Plan;
use problems::{Place, Problems};
use recognise::{Batch, recognise};
use table::Table;

/// What a person chooses about an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The term that courses and rows are of. `None` means the only term there is, or else the one in which `today`
    /// lies.
    pub term: Option<TermId>,
    /// The date; also what tells the year of dates that are given without one, where no term does.
    pub today: Date,
    /// Whether courses of the same schools and term that no file names are removed.
    pub remove_courses_not_named: bool,
}

/// What files would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The change; empty while there is any problem.
    pub change: Change,
    /// What people are shown. Its `id` is empty: it is the caller's.
    pub preview: ImportPreview,
}

/// Reads files, each with its name, and tells what they would change in `timetable`. See [`preview_sheets`].
pub fn preview(timetable: &Timetable, files: &[(&str, &[u8])], options: &Options) -> Import {
    let uploads: Vec<Upload> = files.iter().map(|(name, bytes)| Upload::read(name, bytes)).collect();
    preview_sheets(timetable, &uploads, options)
}

/// Tells what files that are read already would change in `timetable`.
///
/// Nothing in a file makes this fail: what is wrong is listed in the preview with its file, sheet, row and column, up
/// to 500 problems, and then the change is empty. A batch that is applied and read again changes nothing.
pub fn preview_sheets(timetable: &Timetable, uploads: &[Upload], options: &Options) -> Import {
    let mut files: Vec<&Upload> = uploads.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut problems = Problems::default();
    let batch = recognise(&files, &mut problems);
    let mut directory = Directory::new(timetable, options.today);
    let mut plan = Plan::default();
    read(&batch, &files, options, &mut directory, &mut plan, &mut problems);
    let term = directory.term.clone();
    let remove = options.remove_courses_not_named;
    let (whole, not_named) = change::change(&plan, directory, remove, &mut problems);

    let mut preview = empty_preview();
    preview.courses_not_named = not_named;
    let (change, after) = checked(timetable, &whole, &mut problems);
    if let Some(term) = &term {
        preview.lessons_before = effects::lessons(timetable, term);
        preview.lessons_after = preview.lessons_before;
    }
    if let Some(after) = after {
        effects::count(&mut preview, timetable, &whole, &change);
        if let Some(term) = term.filter(|_| !change.is_empty()) {
            preview.lessons_after = effects::lessons(&after, &term);
            (preview.conflicts, preview.conflicts_left_off) = effects::new_conflicts(timetable, &after, &term);
        }
    }
    preview.files = batch.into_files();
    let listed = problems.listed(&files);
    (preview.problems, preview.problems_left_off) = (listed.problems, listed.left_off);
    preview.warnings = listed.warnings;
    Import { change, preview }
}

fn read(
    batch: &Batch<'_>,
    files: &[&Upload],
    options: &Options,
    directory: &mut Directory,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let of = |kind: SheetKind| batch.tables.iter().filter(move |table| table.kind() == kind);
    of(SheetKind::Terms).for_each(|table| calendar::read_terms(table, directory, problems));
    directory.term = term(options, directory);
    of(SheetKind::Schools).for_each(|table| places::read_schools(table, directory, problems));
    of(SheetKind::Rooms).for_each(|table| places::read_rooms(table, directory, problems));
    of(SheetKind::Teachers).for_each(|table| places::read_teachers(table, directory, problems));
    calendar::read_bells(&of(SheetKind::Bells).collect::<Vec<&Table<'_>>>(), directory, problems);
    of(SheetKind::SpecialDays).for_each(|table| special_days::read_special_days(table, directory, problems));
    of(SheetKind::Requirements).for_each(|table| requirements::read_requirements(table, directory, problems));
    let has_courses = of(SheetKind::Courses).chain(of(SheetKind::TimetableRows)).next().is_some();
    if directory.term.is_none() {
        if has_courses || !batch.grids.is_empty() {
            problems.report(Place::default(), unknown_term(options, directory));
        }
        return;
    }
    let hint = |table: &Table<'_>| {
        let file = table.at.file.and_then(|file| files.get(file)).map_or("", |file| file.name.as_str());
        directory.school_in(table.titles().into_iter().chain([table.sheet.name.as_str(), file]))
    };
    of(SheetKind::Courses).for_each(|table| rows::read_courses(table, hint(table).as_ref(), plan, directory, problems));
    of(SheetKind::TimetableRows)
        .for_each(|table| rows::read_rows(table, hint(table).as_ref(), plan, directory, problems));
    let words = grid::Words::of(directory);
    for block in &batch.grids {
        let file = block.at.file.and_then(|file| files.get(file)).map_or("", |file| file.name.as_str());
        grid::read(block, file, &words, plan, directory, problems);
    }
}

fn term(options: &Options, directory: &Directory) -> Option<TermId> {
    let mut terms = directory.terms();
    match &options.term {
        Some(id) => terms.find(|term| term.id == *id),
        None => match (terms.next(), terms.next()) {
            (Some(only), None) => Some(only),
            _ => directory.term_on(options.today),
        },
    }
    .map(|term| term.id.clone())
}

fn unknown_term(options: &Options, directory: &Directory) -> ImportProblem {
    let name = options.term.as_ref().map(|id| id.to_string()).unwrap_or_default();
    let names = directory.terms().map(|term| term.name.clone()).take(crate::limits::SUGGESTIONS);
    ImportProblem::Unknown { what: "term".to_owned(), name, did_you_mean: names.collect() }
}

/// What of `whole` would alter anything, and the timetable after it; nothing where there is any problem.
fn checked(timetable: &Timetable, whole: &Change, problems: &mut Problems) -> (Change, Option<Timetable>) {
    if !problems.is_none() {
        return (Change::default(), None);
    }
    let change = timetable.effective(whole.clone());
    let mut after = timetable.clone();
    if let Err(why) = after.apply(&change) {
        problems.report(Place::default(), ImportProblem::Invalid { detail: why.to_string() });
        return (Change::default(), None);
    }
    let puts_lessons = change.put.iter().any(|record| matches!(record, Record::Course(_) | Record::Entry(_)));
    // What was too much before is no fault of the files.
    let was_too_much = || effects::overcrowded(&timetable.records()).is_some();
    match puts_lessons.then(|| effects::overcrowded(&after.records())).flatten() {
        Some(detail) if !was_too_much() => {
            problems.report(Place::default(), ImportProblem::Invalid { detail });
            (Change::default(), None)
        }
        _ => (change, Some(after)),
    }
}

fn empty_preview() -> ImportPreview {
    ImportPreview {
        id: String::new(),
        files: Vec::new(),
        added: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
        unchanged: Vec::new(),
        lessons_before: 0,
        lessons_after: 0,
        problems: Vec::new(),
        problems_left_off: 0,
        warnings: Vec::new(),
        conflicts: Vec::new(),
        conflicts_left_off: 0,
        courses_not_named: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
