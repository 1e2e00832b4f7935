//! The delivery report (开课率): how many lessons were planned, due and delivered, by whatever dimension, down to each
//! lesson.
//!
//! Every planned lesson is in exactly one count of a [`Tally`], and every sum is made from those counts, so that rows
//! add up to the total at every level:
//!
//! ```text
//! planned 计划 = due 应开 + excused 因故停课 + not due 未到期
//! due 应开     = valid 有效 + invalid 无效 + undelivered 无故停课 + unjudged 未判定
//! delivered 实开 = valid 有效            delivery rate 开课率 = delivered / due
//! ```
//!
//! 自主开课 is counted apart, and research meetings are no lessons: they count only where they are asked for by name.

use std::{collections::HashMap, ops::AddAssign};

use crate::{Reception, RoomSide, Standing, Verdict};

mod dimension;
mod fact;
mod filter;
mod table;

pub use dimension::Dimension;
use dimension::Key;
pub use fact::{Fact, Names, facts_of};
pub use filter::Filter;
pub use table::{Cell, Table, lesson_table};

/// How many lessons count as what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Delivered, or received, as planned.
    pub valid: u32,
    /// Too short, or not received.
    pub invalid: u32,
    /// 无故停课; of a receive room: the lesson was not delivered.
    pub undelivered: u32,
    /// 未判定.
    pub unjudged: u32,
    /// 因故停课.
    pub excused: u32,
    /// Their time is not over.
    pub not_due: u32,
    /// 自主开课. In no other count but the next.
    pub ad_hoc: u32,
    /// Of these: valid.
    pub ad_hoc_valid: u32,
}

impl Tally {
    /// 计划.
    pub fn planned_count(&self) -> u32 {
        self.due_count() + self.excused + self.not_due
    }

    /// 应开: planned to date, less excused.
    pub fn due_count(&self) -> u32 {
        self.valid + self.invalid + self.undelivered + self.unjudged
    }

    /// 实开.
    pub fn delivered_count(&self) -> u32 {
        self.valid
    }

    /// 开课率: delivered of due, 0 to 1; `None` where none is due.
    pub fn delivery_rate(&self) -> Option<f64> {
        let due_count = self.due_count();
        (due_count > 0).then(|| f64::from(self.delivered_count()) / f64::from(due_count))
    }

    fn count(&mut self, fact: &Fact) {
        let valid = matches!(
            fact.standing,
            Standing::Master(Verdict::ValidDelivery) | Standing::Receive(Reception::ValidReception)
        );
        if fact.ad_hoc {
            self.ad_hoc += 1;
            self.ad_hoc_valid += u32::from(valid);
            return;
        }
        *match fact.standing {
            Standing::Master(Verdict::ValidDelivery) | Standing::Receive(Reception::ValidReception) => &mut self.valid,
            Standing::Master(Verdict::InvalidDelivery) | Standing::Receive(Reception::InvalidReception) => {
                &mut self.invalid
            }
            Standing::Master(Verdict::UnexcusedAbsence) | Standing::Receive(Reception::NotDelivered) => {
                &mut self.undelivered
            }
            Standing::Master(Verdict::Unjudged) | Standing::Receive(Reception::Unjudged) => &mut self.unjudged,
            Standing::Master(Verdict::ExcusedCancellation) | Standing::Receive(Reception::Excused) => &mut self.excused,
            Standing::Master(Verdict::NotDue) | Standing::Receive(Reception::NotDue) => &mut self.not_due,
        } += 1;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.valid += other.valid;
        self.invalid += other.invalid;
        self.undelivered += other.undelivered;
        self.unjudged += other.unjudged;
        self.excused += other.excused;
        self.not_due += other.not_due;
        self.ad_hoc += other.ad_hoc;
        self.ad_hoc_valid += other.ad_hoc_valid;
    }
}

/// One row of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What to narrow a [`Filter`] to, to see what is behind it.
    pub key: String,
    /// Name to show.
    pub label: String,
    /// Its counts.
    pub tally: Tally,
}

/// The lessons of one side, counted by one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which rooms are counted.
    pub side: RoomSide,
    /// What the rows are.
    pub dimension: Dimension,
    /// In the order of their dates, or else of their names.
    pub rows: Vec<Row>,
    /// All of it.
    pub total: Row,
}

impl Report {
    /// Counts those `facts` of `side` that `filter` lets pass. A fact is in exactly one row.
    pub fn by(dimension: Dimension, facts: &[Fact], side: RoomSide, filter: &Filter) -> Self {
        let mut groups: HashMap<Key<'_>, (Tally, &Fact)> = HashMap::new();
        let mut total = Tally::default();
        for fact in facts.iter().filter(|fact| fact.standing.side() == side && filter.admits(fact)) {
            total.count(fact);
            let (tally, latest) = groups.entry(dimension.key_of(fact)).or_insert((Tally::default(), fact));
            tally.count(fact);
            // Schools and people change their names; the latest one is shown, whatever the order of the facts.
            if (fact.date, dimension.name_in(fact)) > (latest.date, dimension.name_in(latest)) {
                *latest = fact;
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable_by_key(|(key, (_, latest))| {
            (key.is_none(), key.date_order(), dimension.name_in(latest), *key)
        });
        let rows = groups.into_iter().map(|(key, (tally, latest))| Row {
            key: key.to_string(),
            label: dimension.label(key, latest),
            tally,
        });
        let rows = rows.collect();
        Self { side, dimension, rows, total: Row { key: String::new(), label: "合计".to_owned(), tally: total } }
    }
}

/// The lessons behind a report, newest first; each is listed once for every room of `side` it was planned for.
pub fn drilled_to_lessons<'a>(facts: &'a [Fact], side: RoomSide, filter: &Filter) -> Vec<&'a Fact> {
    let mut behind: Vec<_> = facts.iter().filter(|fact| fact.standing.side() == side && filter.admits(fact)).collect();
    behind.sort_unstable_by(|a, b| {
        let newest = (b.date, b.period).cmp(&(a.date, a.period));
        newest.then_with(|| (&a.lesson, &a.room).cmp(&(&b.lesson, &b.room)))
    });
    behind
}

#[cfg(test)]
mod tests;
