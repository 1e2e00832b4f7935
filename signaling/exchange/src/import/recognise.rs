//! What each sheet of a batch is.

use protocol::import::{ImportProblem, ImportedFile, ImportedSheet, SheetKind};

use super::{
    grid::{Block, blocks},
    problems::{Place, Problems},
    table::Table,
    upload::Upload,
};
use crate::limits::{FILES, GRIDS, ROWS};

/// The sheets that are known.
#[derive(Default)]
pub struct Batch<'a> {
    /// Those with headings.
    pub tables: Vec<Table<'a>>,
    /// Those with weekdays across.
    pub grids: Vec<Block<'a>>,
    files: Vec<ImportedFile>,
}

impl Batch<'_> {
    /// What each file was read as.
    pub fn into_files(self) -> Vec<ImportedFile> {
        self.files
    }
}

/// Tells what each sheet is, and reports files in which nothing is known. Sheets that are hidden from people are passed
/// over, because nobody who looks at the file knows that they are there.
pub fn recognise<'a>(files: &[&'a Upload], problems: &mut Problems) -> Batch<'a> {
    let mut batch = Batch::default();
    let mut rows_left = ROWS;
    for (number, file) in files.iter().enumerate() {
        let at = Place { file: Some(number), ..Place::default() };
        if number >= FILES {
            problems.report(at, too_much(&format!("一次最多 {FILES} 个文件"), "too many files at once"));
        }
        let sheets = match &file.sheets {
            Ok(sheets) => sheets,
            Err(error) => {
                problems.report(at, ImportProblem::Unreadable { zh: error.zh(), en: error.to_string() });
                batch.files.push(ImportedFile { name: file.name.clone(), sheets: Vec::new() });
                continue;
            }
        };
        let mut read = Vec::new();
        for (place, sheet) in sheets.iter().enumerate() {
            let at = Place::sheet(number, place);
            let known = !sheet.hidden && number < FILES;
            let (read_as, rows) = if known { sort(sheet, at, &mut batch, problems) } else { (None, 0) };
            rows_left = rows_left.saturating_sub(rows);
            if read_as.is_some() && (rows_left == 0 || batch.grids.len() > GRIDS) {
                let zh = format!("一次最多 {ROWS} 行、{GRIDS} 张课表");
                problems.report(at, too_much(&zh, "too many rows or grids at once"));
                (batch.tables, batch.grids) = (Vec::new(), Vec::new());
            }
            let rows = u32::try_from(rows).unwrap_or(u32::MAX);
            read.push(ImportedSheet { name: sheet.name.clone(), read_as, rows });
        }
        if read.iter().all(|sheet| sheet.read_as.is_none()) && number < FILES {
            problems.report(at, ImportProblem::NothingKnown);
        }
        batch.files.push(ImportedFile { name: file.name.clone(), sheets: read });
    }
    batch
}

fn too_much(zh: &str, en: &str) -> ImportProblem {
    ImportProblem::Unreadable { zh: format!("{zh}，请分几次导入。"), en: format!("{en}: import them in parts") }
}

/// Puts a sheet where it belongs; gives its kind, and how many of its rows or cells say something.
fn sort<'a>(
    sheet: &'a sheets::Sheet,
    at: Place,
    batch: &mut Batch<'a>,
    problems: &mut Problems,
) -> (Option<SheetKind>, usize) {
    let mut take = |table: Table<'a>, batch: &mut Batch<'a>| {
        for heading in table.missing() {
            problems.report(table.headings_place(), ImportProblem::NoColumn { heading: heading.to_owned() });
        }
        let (kind, rows) = (table.kind(), table.rows().count());
        batch.tables.push(table);
        (Some(kind), rows)
    };
    if let Some(table) = Table::find(sheet, at, false) {
        return take(table, batch);
    }
    let grids = blocks(sheet, at);
    if !grids.is_empty() {
        let cells = grids.iter().map(|block| block.cells().count()).sum();
        batch.grids.extend(grids);
        return (Some(SheetKind::TimetableGrid), cells);
    }
    Table::find(sheet, at, true).map_or((None, 0), |table| take(table, batch))
}
