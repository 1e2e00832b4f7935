//! What an import may be at most. Beyond any of these the preview says so: nothing is cut off in silence.

/// Files of one import.
pub const FILES: usize = 200;
/// Rows below the headings, of all files together.
pub const ROWS: usize = 60_000;
/// Places in the week that all courses of an import have together.
pub const ENTRIES: usize = 30_000;
/// Problems, and warnings, that are listed; further problems are counted.
pub const PROBLEMS: usize = 500;
/// New conflicts that are listed; further ones are counted.
pub const CONFLICTS: usize = 200;
/// Pairs of dated lessons that may need one teacher or room at one time. More than this is no timetable but a slip,
/// such as one teacher written into every row, and working all its conflicts out would take minutes.
pub const PAIRS_AT_ONCE: u64 = 100_000;
/// Characters of a cell that a problem shows.
pub const SHOWN_CHARS: usize = 80;
/// Names suggested for one that is not known.
pub const SUGGESTIONS: usize = 3;
/// Rows from the top of a sheet in which headings are looked for.
pub const HEADING_ROWS: usize = 15;
/// Timetables drawn as grids, of all files together.
pub const GRIDS: usize = 5_000;
/// Texts above a grid that may tell whose it is.
pub const TITLES: usize = 16;
