//! What a file may be at most. Beyond any of these, reading stops with an error that names the limit: no row, column or
//! text is cut off in silence.

/// Bytes of an uploaded file: beyond, [`FileTooLarge`](crate::ReadError::FileTooLarge).
pub const FILE_BYTES: usize = 10 << 20;
/// Sheets in a file: beyond, [`TooManySheets`](crate::ReadError::TooManySheets).
pub const SHEETS: usize = 20;
/// Rows of a sheet up to its last cell with text: beyond, [`TooManyRows`](crate::ReadError::TooManyRows).
pub const ROWS: usize = 20_000;
/// Columns of a sheet up to its last cell with text: beyond, [`TooManyColumns`](crate::ReadError::TooManyColumns).
pub const COLUMNS: usize = 256;
/// Cells with text in a file: beyond, [`TooManyCells`](crate::ReadError::TooManyCells).
pub const CELLS: usize = 500_000;
/// Cells in a file, the blank ones left of a cell with text included: beyond,
/// [`TooManyCells`](crate::ReadError::TooManyCells). Without it a few cells far to the right fill the memory.
pub const POSITIONS: usize = 1_000_000;
/// Characters of a cell: beyond, [`CellTooLong`](crate::ReadError::CellTooLong).
pub const CELL_CHARS: usize = 2_000;
/// Bytes of UTF-8 of all cells of a file, a text counting as often as it is shown: beyond,
/// [`TooMuchText`](crate::ReadError::TooMuchText). Without it one shared string that every cell refers to fills the
/// memory.
pub const TEXT_BYTES: usize = 32 << 20;

/// Bytes that the parts of a workbook may have when unpacked, all together, counted while unpacking: beyond,
/// [`UnpacksTooLarge`](crate::ReadError::UnpacksTooLarge). Parts that are not read (pictures) are never unpacked.
pub const UNPACKED_BYTES: usize = 100 << 20;
/// Bytes that a part of a workbook may have when unpacked if it only lists other parts: beyond,
/// [`UnpacksTooLarge`](crate::ReadError::UnpacksTooLarge).
pub const LIST_BYTES: usize = 8 << 20;
/// Entries of a zip: beyond, [`TooManyEntries`](crate::ReadError::TooManyEntries).
pub const ZIP_ENTRIES: usize = 5_000;
/// Shared strings of a workbook: beyond, [`TooManyCells`](crate::ReadError::TooManyCells).
pub const SHARED_STRINGS: usize = CELLS;
/// Cell formats of a workbook, as many as Excel allows: those beyond are read as having no format.
pub const CELL_FORMATS: usize = 65_490;

/// XML elements of a workbook inside one another, several times what the format has: beyond, the workbook is
/// [`Damaged`](crate::ReadError::Damaged).
pub const XML_DEPTH: usize = 64;

/// Merged ranges in a file: beyond, [`TooManyMerges`](crate::ReadError::TooManyMerges).
pub const MERGES: usize = 50_000;
/// Cells that all merged ranges of a file cover: one range beyond it is
/// [`MergeTooLarge`](crate::ReadError::MergeTooLarge), many are [`TooManyMerges`](crate::ReadError::TooManyMerges).
pub const MERGED_CELLS: usize = 200_000;

/// HTML tables inside one another: beyond, [`TablesNestedTooDeep`](crate::ReadError::TablesNestedTooDeep).
pub const NESTED_TABLES: usize = 16;
/// The `colspan` of an HTML cell; a larger one is read as this one (HTML standard, 4.9.11).
pub const COLSPAN: usize = 1_000;
/// The `rowspan` of an HTML cell; a larger one is read as this one (HTML standard, 4.9.11).
pub const ROWSPAN: usize = 65_534;
