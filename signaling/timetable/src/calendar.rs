//! Which weekday's lessons a date holds: terms, weeks, holidays and makeup days.

use jiff::civil::Date;
use protocol::{
    SchoolId,
    timetable::{DayRule, SpecialDay, Term, Weekday},
};

use crate::{BellSchedule, Timetable};

/// The weekday and week whose lessons are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// 周次, counted from 1.
    pub week_no: u8,
    /// 星期.
    pub weekday: Weekday,
}

/// `date` moved by `days`; where the calendar ends it stays.
pub(crate) fn days_after(date: Date, days: i32) -> Date {
    date.saturating_add(jiff::Span::new().days(days))
}

/// The dates from `first` to `last`.
pub fn dates(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |&date| date.tomorrow().ok()).take_while(move |&date| date <= last)
}

/// The week of `term` in which `date` lies, counted from 1.
pub fn week_of(term: &Term, date: Date) -> u8 {
    let days = date.since(term.week_1).map_or(0, |span| span.get_days());
    u8::try_from(days.max(0) / 7 + 1).unwrap_or(u8::MAX)
}

/// The date on which `slot` of `term` lies when nothing is swapped.
pub(crate) fn date_of(term: &Term, slot: Slot) -> Date {
    days_after(term.week_1, (i32::from(slot.week_no) - 1) * 7 + i32::from(slot.weekday.iso()) - 1)
}

impl Timetable {
    /// The term in which `date` lies.
    pub fn term_on(&self, date: Date) -> Option<&Term> {
        self.terms.values().find(|term| term.first_day <= date && date <= term.last_day)
    }

    /// Every term, earliest first.
    pub fn terms(&self) -> Vec<&Term> {
        let mut terms: Vec<&Term> = self.terms.values().collect();
        terms.sort_by_key(|term| term.first_day);
        terms
    }

    /// What is special about `date` at `school`.
    pub fn special_day(&self, school: &SchoolId, date: Date) -> Option<&SpecialDay> {
        let rules = self.special_days.get(&date)?;
        rules.get(&Some(school.clone())).or_else(|| rules.get(&None))
    }

    /// Whose lessons `school` holds on `date`; `None` on a day off and outside every term.
    pub fn slot(&self, school: &SchoolId, date: Date) -> Option<Slot> {
        let term = self.term_on(date)?;
        match self.special_day(school, date).map(|day| &day.rule) {
            Some(DayRule::Off) => None,
            Some(&DayRule::Follows { week_no, weekday }) => Some(Slot { week_no, weekday }),
            None => Some(Slot { week_no: week_of(term, date), weekday: Weekday::of(date) }),
        }
    }

    /// The bells of `school` on `date`: its own, else the county's.
    pub fn bells_on(&self, school: &SchoolId, date: Date) -> Option<&BellSchedule> {
        let season = |of: Option<&SchoolId>| {
            let seasons = self.bells.get(&of.cloned())?;
            seasons.range(..=date).next_back().map(|(_, bells)| bells)
        };
        season(Some(school)).or_else(|| season(None))
    }

    /// Every date of `term` on which `school` holds the lessons of `slot`. The first one is where they belong: their
    /// own date if that is not swapped, else the earliest.
    pub(crate) fn dates_of(&self, school: &SchoolId, term: &Term, slot: Slot) -> Vec<Date> {
        let holds = |date: &Date| self.slot(school, *date) == Some(slot);
        let own = date_of(term, slot);
        let swapped = self.special_days.range(term.first_day..=term.last_day).map(|(date, _)| *date);
        let own_first = Some(own).filter(|date| term.first_day <= *date && *date <= term.last_day);
        own_first.into_iter().chain(swapped.filter(|date| *date != own)).filter(holds).collect()
    }
}

#[cfg(test)]
mod tests;
