//! Timetables in files: imported from spreadsheets, exported to them, followed as calendar feeds. Pure.
//!
//! - [`preview`] reads a batch of spreadsheets into one change of the timetable, or says what is wrong with which cell.
//! - [`feed`] writes dated lessons as a calendar to follow.
//! - [`workbook`] writes a term as the import reads it; [`week_table`] a week as people print it.

mod export;
mod feed;
mod grammar;
mod import;
mod limits;
mod natural_id;
mod spelling;

pub use export::{Whose, directory_tables, timetable_table, week_table, workbook};
pub use feed::feed;
pub use import::{Import, Options, Upload, preview, preview_sheets};

#[cfg(test)]
mod test_support;
