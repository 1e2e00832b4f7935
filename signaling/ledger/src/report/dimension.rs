//! What the rows of a report can be, and the keys by which a row is found again.

use std::fmt;

use jiff::civil::Date;

use super::Fact;
use crate::LedgerError;

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// 乡镇, district: of the room's school.
    Area,
    /// School of the room.
    School,
    /// 学科.
    Subject,
    /// 年级.
    Grade,
    /// 主讲教师.
    Teacher,
    /// 周次. Weeks of the same number of several terms are one row, unless the filter names a term.
    Week,
    /// Month.
    Month,
    /// Date.
    Date,
    /// 学期.
    Term,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Area,
        Self::School,
        Self::Subject,
        Self::Grade,
        Self::Teacher,
        Self::Week,
        Self::Month,
        Self::Date,
        Self::Term,
    ];

    /// As the header of a table.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Area => "区域",
            Self::School => "学校",
            Self::Subject => "学科",
            Self::Grade => "年级",
            Self::Teacher => "主讲教师",
            Self::Week => "周次",
            Self::Month => "月份",
            Self::Date => "日期",
            Self::Term => "学期",
        }
    }

    pub(super) fn key_of(self, fact: &Fact) -> Key<'_> {
        let text = |text| if str::is_empty(text) { Key::None } else { Key::Text(text) };
        match self {
            Self::Area => text(&fact.area),
            Self::School => text(&fact.school),
            Self::Subject => text(&fact.subject),
            Self::Grade => text(&fact.grade),
            Self::Teacher => text(&fact.teacher),
            Self::Week => fact.week_no.map_or(Key::None, Key::Week),
            Self::Month => Key::Month(fact.date.year(), fact.date.month()),
            Self::Date => Key::Date(fact.date),
            Self::Term => fact.term.as_deref().map_or(Key::None, text),
        }
    }

    /// Reads a key as a report writes it.
    pub(super) fn parse(self, key: &str) -> Result<OwnedKey, LedgerError> {
        match self {
            _ if key.is_empty() => Ok(OwnedKey::None),
            Self::Week => key.parse().map(OwnedKey::Week).map_err(|_| LedgerError::BadKey),
            Self::Date => key.parse().map(OwnedKey::Date).map_err(|_| LedgerError::BadKey),
            Self::Month => {
                let first: Date = format!("{key}-01").parse().map_err(|_| LedgerError::BadKey)?;
                Ok(OwnedKey::Month(first.year(), first.month()))
            }
            _ => Ok(OwnedKey::Text(key.into())),
        }
    }

    /// The name that goes with the key of a fact; empty where the key says it all.
    pub(super) fn name_in(self, fact: &Fact) -> &str {
        match self {
            Self::School => &fact.school_name,
            Self::Teacher => &fact.teacher_name,
            _ => "",
        }
    }

    pub(super) fn label(self, key: Key<'_>, fact: &Fact) -> String {
        match key {
            Key::None => "（未填）".to_owned(),
            Key::Week(week_no) => format!("第{week_no}周"),
            Key::Month(year, month) => format!("{year}年{month}月"),
            Key::Date(date) => date.to_string(),
            Key::Text(text) => match self.name_in(fact) {
                "" => text.to_owned(),
                name => name.to_owned(),
            },
        }
    }
}

/// The key of a row. Facts lend theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    Text(&'a str),
    Week(u8),
    Month(i16, i8),
    Date(Date),
    /// It is not told.
    None,
}

/// The key of a row, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnedKey {
    Text(Box<str>),
    Week(u8),
    Month(i16, i8),
    Date(Date),
    None,
}

impl Key<'_> {
    pub(super) fn is_none(&self) -> bool {
        *self == Key::None
    }

    /// Orders weeks, months and dates, and leaves the rest to their names.
    pub(super) fn date_order(&self) -> (i16, i8, i8) {
        match *self {
            Key::Week(week_no) => (i16::from(week_no), 0, 0),
            Key::Month(year, month) => (year, month, 0),
            Key::Date(date) => (date.year(), date.month(), date.day()),
            Key::Text(_) | Key::None => (0, 0, 0),
        }
    }
}

impl OwnedKey {
    pub(super) fn as_key(&self) -> Key<'_> {
        match self {
            Self::Text(text) => Key::Text(text),
            Self::Week(week_no) => Key::Week(*week_no),
            Self::Month(year, month) => Key::Month(*year, *month),
            Self::Date(date) => Key::Date(*date),
            Self::None => Key::None,
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Week(week_no) => write!(f, "{week_no}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::None => Ok(()),
        }
    }
}
