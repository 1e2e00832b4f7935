//! Workbooks as they are handed out: lists, reports and timetables. The same tables always give the same bytes.

mod layout;
mod names;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use crate::sheet::Merge;

/// One worksheet to write: a title if there is one, a header in bold that stays in sight, and rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The worksheet's name. What Excel does not allow in it is replaced, and a name that another table has gets a
    /// number.
    pub name: String,
    /// A line over the whole width above the header.
    pub title: Option<String>,
    /// The names of the columns; none for a sheet without header.
    pub header: Vec<String>,
    /// What is below the header.
    pub rows: Vec<Vec<Value>>,
    /// Ranges of `rows` that are shown as one cell with the value of the first one. Row 0 is the first of `rows`.
    pub merges: Vec<Merge>,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, and never a formula, whatever it begins with.
    Text(String),
    /// A number; one that is not finite leaves the cell blank.
    Number(f64),
    /// A share: 0.853 is shown as 85.3%.
    Percent(f64),
    /// Nothing.
    Empty,
}

/// Why tables cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// There is no table: a workbook has at least one worksheet.
    #[error("there is no table to write")]
    NoTable,
    /// Excel has no such row, column or long text: split the table.
    #[error("table {table:?} does not fit into a worksheet: {fault}")]
    DoesNotFit {
        /// The table's name.
        table: String,
        /// What the writer says.
        fault: String,
    },
    /// The tables fit but cannot be put into a file; this is nothing that a caller can do about.
    #[error("the workbook cannot be packed: {0}")]
    NotPacked(String),
    /// A merged range covers a single cell, is turned round, goes beyond the rows, or overlaps another one.
    #[error("the merged range {merge:?} of table {table:?} is none")]
    BadMerge {
        /// The table's name.
        table: String,
        /// The range.
        merge: Merge,
    },
}

/// The looks that cells have.
struct Looks {
    title: Format,
    header: Format,
    single: ValueLooks,
    merged: ValueLooks,
}

/// The looks of values by their kind.
struct ValueLooks {
    text: Format,
    number: Format,
    percent: Format,
}

/// Writes a workbook (.xlsx) with a worksheet per table, in their order.
pub fn write(sheets: &[Table]) -> Result<Vec<u8>, WriteError> {
    if sheets.is_empty() {
        return Err(WriteError::NoTable);
    }
    let looks = Looks::new();
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&fixed_date()));
    for (table, name) in sheets.iter().zip(names::of(sheets)) {
        let unfit = |error: XlsxError| WriteError::DoesNotFit { table: table.name.clone(), fault: error.to_string() };
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).map_err(unfit)?;
        let top = write_top(sheet, table, &looks).map_err(unfit)?;
        write_rows(sheet, table, top, &looks).map_err(unfit)?;
        for merge in &table.merges {
            write_merge(sheet, table, top, *merge, &looks)?;
        }
        for (col, width) in layout::widths(table).into_iter().enumerate() {
            sheet.set_column_width(clamp_col(col), width).map_err(unfit)?;
        }
    }
    workbook.save_to_buffer().map_err(|error| WriteError::NotPacked(error.to_string()))
}

impl Looks {
    fn new() -> Self {
        let single = Format::new().set_align(FormatAlign::VerticalCenter);
        let merged = single.clone().set_align(FormatAlign::Center);
        let bold = merged.clone().set_text_wrap().set_bold();
        Self {
            title: bold.clone().set_font_size(14),
            header: bold,
            single: ValueLooks::new(&single),
            merged: ValueLooks::new(&merged),
        }
    }
}

impl ValueLooks {
    fn new(base: &Format) -> Self {
        Self { text: base.clone().set_text_wrap(), number: base.clone(), percent: base.clone().set_num_format("0.0%") }
    }
}

/// When every workbook says it was made: this crate reads no clock, and the same tables give the same bytes.
fn fixed_date() -> ExcelDateTime {
    ExcelDateTime::from_ymd(2026, 1, 1).unwrap_or_default()
}

/// Writes title and header; gives the row where `rows` begin.
fn write_top(sheet: &mut Worksheet, table: &Table, looks: &Looks) -> Result<u32, XlsxError> {
    let mut top = 0;
    if let Some(title) = &table.title {
        let columns = layout::columns(table);
        if columns > 1 {
            sheet.merge_range(0, 0, 0, clamp_col(columns - 1), title, &looks.title)?;
        } else {
            sheet.write_string_with_format(0, 0, title, &looks.title)?;
        }
        top += 1;
    }
    if !table.header.is_empty() {
        for (col, name) in table.header.iter().enumerate() {
            sheet.write_string_with_format(top, clamp_col(col), name, &looks.header)?;
        }
        top += 1;
        sheet.set_freeze_panes(top, 0)?;
    }
    Ok(top)
}

fn write_rows(sheet: &mut Worksheet, table: &Table, top: u32, looks: &Looks) -> Result<(), XlsxError> {
    for (row, values) in table.rows.iter().enumerate() {
        let row = clamp_row(row).saturating_add(top);
        for (col, value) in values.iter().enumerate() {
            write_value(sheet, (row, clamp_col(col)), value, &looks.single)?;
        }
    }
    Ok(())
}

fn write_value(sheet: &mut Worksheet, at: (u32, u16), value: &Value, looks: &ValueLooks) -> Result<(), XlsxError> {
    match value {
        Value::Text(text) => sheet.write_string_with_format(at.0, at.1, text, &looks.text)?,
        Value::Number(number) if number.is_finite() => {
            sheet.write_number_with_format(at.0, at.1, *number, &looks.number)?
        }
        Value::Percent(share) if share.is_finite() => {
            sheet.write_number_with_format(at.0, at.1, *share, &looks.percent)?
        }
        Value::Number(_) | Value::Percent(_) | Value::Empty => sheet,
    };
    Ok(())
}

fn write_merge(sheet: &mut Worksheet, table: &Table, top: u32, merge: Merge, looks: &Looks) -> Result<(), WriteError> {
    let bad = || WriteError::BadMerge { table: table.name.clone(), merge };
    let Merge { first_row, first_col, last_row, last_col } = merge;
    if first_row > last_row || first_col > last_col || last_row >= table.rows.len() || merge.size() == (1, 1) {
        return Err(bad());
    }
    let (row, col) = (top + clamp_row(first_row), clamp_col(first_col));
    let last = (top + clamp_row(last_row), clamp_col(last_col));
    sheet.merge_range(row, col, last.0, last.1, "", &looks.merged.text).map_err(|_| bad())?;
    // The range is blank now, so its first cell is written again.
    let value = table.rows[first_row].get(first_col).unwrap_or(&Value::Empty);
    write_value(sheet, (row, col), value, &looks.merged).map_err(|_| bad())
}

/// A row of a worksheet; one that Excel does not have stays one that it does not have.
fn clamp_row(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

fn clamp_col(col: usize) -> u16 {
    u16::try_from(col).unwrap_or(u16::MAX)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

#[cfg(test)]
mod tests;
