//! Which facts a report counts.

use jiff::civil::Date;
use protocol::timetable::SessionKind;

use super::{Dimension, Fact, dimension::OwnedKey};
use crate::LedgerError;

/// Lets facts pass. The default lets all pass but research meetings (教研), which are no lessons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// First date.
    pub from: Option<Date>,
    /// Last date.
    pub to: Option<Date>,
    /// Only sessions of this kind.
    pub kind: Option<SessionKind>,
    /// Only 自主开课, or only what is not.
    pub ad_hoc: Option<bool>,
    only: Vec<(Dimension, OwnedKey)>,
}

impl Filter {
    /// Lets pass what is on these dates, both included.
    pub fn dated(from: Option<Date>, to: Option<Date>) -> Self {
        Self { from, to, ..Self::default() }
    }

    /// The same, and only what is behind the row with `key` of a report by `dimension`. The empty key is that of the
    /// row of those of which it is not told.
    ///
    /// # Errors
    /// [`LedgerError::BadKey`] for a key that is no number, date or month where the dimension takes one.
    pub fn narrowed(&self, dimension: Dimension, key: &str) -> Result<Self, LedgerError> {
        let mut narrowed = self.clone();
        let key = dimension.parse(key)?;
        if !narrowed.only.contains(&(dimension, key.clone())) {
            narrowed.only.push((dimension, key));
        }
        Ok(narrowed)
    }

    /// Whether a fact passes.
    pub fn admits(&self, fact: &Fact) -> bool {
        let of_kind = match self.kind {
            Some(kind) => fact.kind == kind,
            None => fact.kind != SessionKind::ResearchMeeting,
        };
        of_kind
            && self.from.is_none_or(|from| from <= fact.date)
            && self.to.is_none_or(|to| fact.date <= to)
            && self.ad_hoc.is_none_or(|ad_hoc| ad_hoc == fact.ad_hoc)
            && self.only.iter().all(|(dimension, key)| dimension.key_of(fact) == key.as_key())
    }
}
