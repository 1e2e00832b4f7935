//! Bodies of the import of spreadsheets: what would change, and what is wrong with which row.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::timetable::Conflict;

/// `POST /api/imports`: what files would change. Nothing is changed before the import is applied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportPreview {
    /// Which import; further files may be added to it, then it is applied or forgotten.
    pub id: String,
    /// The files, in the order of their names.
    pub files: Vec<ImportedFile>,
    /// Records that would be new, by kind.
    pub added: Vec<RecordCount>,
    /// Records that would be other than they are.
    pub changed: Vec<RecordCount>,
    /// Records that would go.
    pub removed: Vec<RecordCount>,
    /// Records that are already so.
    pub unchanged: Vec<RecordCount>,
    /// Dated lessons of the term before and after.
    pub lessons_before: u32,
    /// See `lessons_before`.
    pub lessons_after: u32,
    /// What is wrong, by file, sheet and row. While there is any, nothing can be applied.
    pub problems: Vec<RowProblem>,
    /// Further problems that are not listed.
    pub problems_left_off: u32,
    /// What looks odd and can be applied all the same.
    pub warnings: Vec<RowProblem>,
    /// Conflicts that the timetable would have and has not now.
    pub conflicts: Vec<Conflict>,
    /// Further ones that are not listed.
    pub conflicts_left_off: u32,
    /// Courses of the same schools and term that none of the files names; they stay unless their removal is asked for.
    pub courses_not_named: Vec<String>,
}

/// One file of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportedFile {
    /// Its name.
    pub name: String,
    /// Its sheets.
    pub sheets: Vec<ImportedSheet>,
}

/// One sheet of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportedSheet {
    /// Its name.
    pub name: String,
    /// What it was read as; `None` for a sheet that is passed over (nothing in it that is known).
    pub read_as: Option<SheetKind>,
    /// Rows or cells that told something.
    pub rows: u32,
}

/// What a sheet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SheetKind {
    /// 课表, a row for each course and period.
    TimetableRows,
    /// 课表, weekdays across and periods down.
    TimetableGrid,
    /// 学期.
    Terms,
    /// 学校.
    Schools,
    /// 教室.
    Rooms,
    /// 教师.
    Teachers,
    /// 作息表.
    Bells,
    /// 校历: holidays and makeup days.
    SpecialDays,
    /// 课程与结对.
    Courses,
    /// 课程计划: required periods a week.
    Requirements,
}

/// How many records of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecordCount {
    /// `term`, `school`, `room`, `teacher`, `bells`, `special_day`, `course`, `entry`, `requirement`, `lesson_edit`.
    pub kind: String,
    /// How many.
    pub count: u32,
}

/// Something wrong or odd in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RowProblem {
    /// The file.
    pub file: String,
    /// The sheet; empty where the whole file is meant.
    pub sheet: String,
    /// The row as the person's program numbers it, from 1; 0 where the whole sheet is meant.
    pub row: u32,
    /// The column as the person's program letters it (`C`); empty where the whole row is meant.
    pub column: String,
    /// What it is.
    pub problem: ImportProblem,
}

/// What is wrong with a cell, a row, a sheet or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum ImportProblem {
    /// The file cannot be read.
    Unreadable {
        /// Why and what to do, in Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
    /// No sheet of the file holds anything that is known.
    NothingKnown,
    /// A column that is needed is not there.
    NoColumn {
        /// Its heading.
        heading: String,
    },
    /// A cell that must not be empty is.
    Empty {
        /// The column's heading.
        heading: String,
    },
    /// The cell's text is not what the column takes.
    BadValue {
        /// The column's heading.
        heading: String,
        /// The text.
        text: String,
        /// What would be right, e.g. `1-16周`.
        example: String,
    },
    /// No such school, teacher, room, course or term.
    Unknown {
        /// `school`, `teacher`, `room`, `course`, `term`.
        what: String,
        /// The name.
        name: String,
        /// Names that are there and look like it, nearest first.
        did_you_mean: Vec<String>,
    },
    /// Several have the name: say which school.
    Ambiguous {
        /// `teacher`, `room`.
        what: String,
        /// The name.
        name: String,
        /// The schools that have one.
        schools: Vec<String>,
    },
    /// The row says something else than another row about the same thing.
    Contradicts {
        /// The column's heading.
        heading: String,
        /// The other row, numbered from 1.
        other_row: u32,
        /// What the other row says.
        other: String,
    },
    /// The school's bells have no such period.
    NoSuchPeriod {
        /// 节次.
        period: u8,
        /// The school.
        school: String,
    },
    /// The weeks are not within the term.
    OutsideTerm {
        /// The term's last week.
        last_week: u8,
    },
    /// A course without a receive room: it will be taught to nobody (a warning).
    NoPoints {
        /// The course.
        course: String,
    },
    /// Individual edits of lessons (moved, cancelled…) that will go with the rows they are of (a warning).
    EditsGo {
        /// How many.
        count: u32,
    },
    /// The records do not fit together in a way that no row shows.
    Invalid {
        /// Why, in English.
        detail: String,
    },
}
