//! Whatever is done to whatever term, no lesson is lost or doubled, and everything can be taken back. Counties, edits
//! and undos are made by chance, and the crate is held against a naive reference after every step.
//!
//! `TONGKE_TERMS` sets how many terms, `TONGKE_FIRST_TERM` the seed of the first: one that failed runs alone with
//! `TONGKE_TERMS=1 TONGKE_FIRST_TERM=seed`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod checks;
mod clashes;
mod county;
mod dice;
mod doings;
mod expected;
mod reference;
mod soundness;

use county::{County, lesson_id};
use dice::Dice;
use expected::{Now, keys};
use jiff::tz::{self, TimeZone};
use protocol::{
    UtcMs,
    timetable::{Change, Edit, Key},
};
use reference::{Planned, Reference};
use timetable::{EditError, Timetable};

const TERMS: u64 = 1_000;
const STEPS: usize = 8;

/// A term in the course of being edited.
struct World {
    county: County,
    dice: Dice,
    timetable: Timetable,
    reference: Reference,
    lessons: Vec<Planned>,
    done: Vec<Done>,
    now: Now,
}

/// A change that was made, and what there was before.
struct Done {
    keys: Vec<Key>,
    inverse: Change,
    before: (Timetable, Reference),
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let county = County::new(&mut dice);
        let records = county.records(&mut dice);
        // Most is edited before the term begins, some in the midst of it.
        let days = if dice.chance(60) { 0 } else { dice.within(1..=7 * i32::from(county.weeks)) };
        let now = Now { since: county.first, minute: i64::from(days) * 1440 + i64::from(dice.within(0..=1439)) };
        let mut world = Self {
            timetable: Timetable::default(),
            reference: Reference::default(),
            lessons: Vec::new(),
            done: Vec::new(),
            county,
            dice,
            now,
        };
        assert!(world.make(&Change { put: records, remove: Vec::new() }), "a county is sound");
        world
    }

    fn step(&mut self) {
        match self.dice.below(10) {
            0 if self.done.len() > 1 => self.undo_last(),
            1 if self.done.len() > 1 => self.undo_some(),
            _ => self.edit(),
        }
        checks::all(&self.timetable, &self.reference, &self.lessons, &self.county, &mut self.dice);
    }

    /// Makes `change` if it is sound; if it is not, it must be refused and leave everything as it is.
    fn make(&mut self, change: &Change) -> bool {
        let before = (self.timetable.clone(), self.reference.clone());
        let made = self.timetable.apply(change);
        match (made, self.reference.after(change)) {
            (Ok(inverse), Some(after)) => {
                self.reference = after;
                self.lessons = self.reference.lessons();
                self.done.push(Done { keys: keys(change), inverse, before });
                true
            }
            (Err(_), None) => {
                assert_eq!(self.timetable, before.0, "refused, yet made: {change:?}");
                false
            }
            (made, after) => panic!("{made:?}, but sound is {}: {change:?}", after.is_some()),
        }
    }

    fn edit(&mut self) {
        let edit = doings::edit(&self.county, &self.reference, &self.lessons, &mut self.dice);
        let fresh = lesson_id(format!("fresh-{}", self.done.len()));
        let zone = TimeZone::fixed(tz::offset(8));
        let midnight = self.now.since.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond();
        let now = UtcMs(midnight + self.now.minute * 60_000);
        let change = self.timetable.change_of(&edit, fresh.clone(), now, &zone);
        if let Edit::Records { change: asked } = &edit {
            let effective = self.reference.effective(asked);
            let expected = if effective.is_empty() { Err(EditError::NothingChanges) } else { Ok(effective) };
            assert_eq!(change, expected, "{edit:?}");
            let _ = change.is_ok_and(|change| self.make(&change));
            return;
        }
        let expected = self.reference.expected(&self.lessons, &edit, &fresh, self.now);
        match (change, expected) {
            (Ok(change), Ok(expected)) => {
                if self.make(&change) {
                    checks::same(&self.lessons, &expected, &format!("{edit:?}"));
                }
            }
            (Err(EditError::NothingChanges), Ok(expected)) => {
                checks::same(&self.lessons, &expected, &format!("{edit:?}"))
            }
            (change, expected) => assert_eq!(change.map(|_| ()), expected.map(|_| ()), "{edit:?}"),
        }
    }

    fn undo_last(&mut self) {
        let Some(Done { inverse, before, .. }) = self.done.pop() else { return };
        let after = self.timetable.clone();
        let redo = self.timetable.apply(&inverse).expect("what was made can be taken back");
        assert_eq!(self.timetable, before.0, "undone by {inverse:?}");
        assert_eq!(self.timetable.apply(&redo).as_ref(), Ok(&inverse), "done again");
        assert_eq!(self.timetable, after, "done again by {redo:?}");
        self.timetable.apply(&inverse).expect("what was made again can be taken back");
        self.reference = before.1;
        self.lessons = self.reference.lessons();
    }

    /// Takes back something that nothing since has touched, but for the county itself.
    fn undo_some(&mut self) {
        let at = 1 + self.dice.below(self.done.len() - 1);
        let (one, since) = (&self.done[at], &self.done[at + 1..]);
        if since.iter().all(|done| done.keys.iter().all(|key| !one.keys.contains(key))) {
            self.make(&one.inverse.clone());
        }
    }
}

fn live_through(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        world.step();
    }
    while !world.done.is_empty() {
        world.undo_last();
    }
    assert_eq!(world.timetable, Timetable::default());
}

#[expect(clippy::disallowed_methods, reason = "how much is tried is up to who runs it")]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn whatever_is_done_to_a_term_no_lesson_is_lost_or_doubled() {
    let first = number("TONGKE_FIRST_TERM", 0);
    for seed in first..first + number("TONGKE_TERMS", TERMS) {
        let whole = std::panic::catch_unwind(|| live_through(seed));
        assert!(whole.is_ok(), "the term with seed {seed} failed, as said above");
    }
}
