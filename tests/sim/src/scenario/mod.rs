//! The weak lines a lesson has to survive, each as a function from a seed to figures. What is asked of a figure stands beside
//! it, so that the tests and the table say the same.

pub mod capacity;
pub mod joining;
pub mod outage;
pub mod rfc8867;
pub mod stalled;
pub mod thin;
pub mod voice;

use sfu::{
    command::ParticipantKey,
    seats::{Stage, View},
};

use crate::{Conditions, Publishes, Publishing, Receives, Receiving, Site, World};

/// The master.
pub const MASTER: ParticipantKey = ParticipantKey(0);

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asked {
    /// So much or less.
    AtMost(f64),
    /// So much or more.
    AtLeast(f64),
    /// Nothing: it explains the others.
    Told,
}

/// One figure of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub what: &'static str,
    /// In which unit.
    pub unit: &'static str,
    /// What is asked of it.
    pub asked: Asked,
    /// What was got; nothing if it never happened.
    pub got: Option<f64>,
}

impl Figure {
    /// A figure that shall be so much or less.
    pub fn at_most(what: &'static str, most: f64, unit: &'static str, got: impl Into<Option<f64>>) -> Self {
        Self { what, unit, asked: Asked::AtMost(most), got: got.into() }
    }

    /// A figure that shall be so much or more.
    pub fn at_least(what: &'static str, least: f64, unit: &'static str, got: impl Into<Option<f64>>) -> Self {
        Self { what, unit, asked: Asked::AtLeast(least), got: got.into() }
    }

    /// A figure of which nothing is asked.
    pub fn told(what: &'static str, unit: &'static str, got: impl Into<Option<f64>>) -> Self {
        Self { what, unit, asked: Asked::Told, got: got.into() }
    }

    /// Whether it is as asked. What never happened is not.
    pub fn is_kept(&self) -> bool {
        match (self.asked, self.got) {
            (Asked::Told, _) => true,
            (_, None) => false,
            (Asked::AtMost(most), Some(got)) => got <= most,
            (Asked::AtLeast(least), Some(got)) => got >= least,
        }
    }

    /// The worse of two of a kind.
    pub fn or_worse(self, other: Self) -> Self {
        let other_is_worse = match (self.asked, self.got, other.got) {
            (_, None, _) => false,
            (_, _, None) => true,
            (Asked::AtLeast(_), Some(own), Some(other)) => other < own,
            (_, Some(own), Some(other)) => other > own,
        };
        if other_is_worse { other } else { self }
    }
}

/// Something that a seed gives figures for.
pub trait Measured {
    /// Its figures.
    fn figures(&self) -> Vec<Figure>;

    /// What is not as asked; empty is good.
    fn broken(&self) -> Vec<Figure> {
        self.figures().into_iter().filter(|figure| !figure.is_kept()).collect()
    }
}

/// A point that receives the lesson.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Where it is.
    pub site: Site,
    /// Its page.
    pub receiving: Receiving,
}

/// A lesson with a master.
pub struct Lesson {
    /// Where it happens.
    pub world: World,
    /// Where the master is.
    pub master_site: Site,
    /// The master's publisher.
    pub master: Publishing,
    participants: u32,
}

impl Lesson {
    /// A lesson whose master publishes this from a line with nothing but 10 ms of delay.
    pub fn new(seed: u64, publishes: Publishes) -> Self {
        Self::with_master_at(seed, publishes, Conditions::delayed(10))
    }

    /// The same from a line with these conditions, both ways.
    pub fn with_master_at(seed: u64, publishes: Publishes, line: Conditions) -> Self {
        let mut world = World::new(seed);
        let courseware = publishes.screen.is_some();
        world.set_stage(Stage { lead: Some(MASTER), courseware, ..Stage::default() });
        let master_site = world.site(line, line);
        let master = world.publish(master_site, MASTER, publishes);
        Self { world, master_site, master, participants: 1 }
    }

    /// A point begins to join over a line with these conditions, both ways.
    pub fn join(&mut self, line: Conditions, receives: Receives) -> Point {
        let site = self.world.site(line, line);
        let participant = self.next_participant();
        Point { site, receiving: self.world.receive(site, participant, View::Class, receives) }
    }

    /// Someone who has not been here.
    pub fn next_participant(&mut self) -> ParticipantKey {
        self.participants += 1;
        ParticipantKey(self.participants - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_happened_is_the_worst_and_is_not_as_asked() {
        let figure = |got: Option<f64>| Figure::at_most("a", 2.0, "s", got);
        assert!(figure(Some(2.0)).is_kept() && !figure(Some(2.1)).is_kept() && !figure(None).is_kept());
        assert_eq!(figure(Some(1.0)).or_worse(figure(Some(3.0))).got, Some(3.0));
        assert_eq!(figure(Some(1.0)).or_worse(figure(None)).got, None);
        assert_eq!(figure(None).or_worse(figure(Some(1.0))).got, None);
        let share = |got: f64| Figure::at_least("a", 0.75, "", got);
        assert_eq!(share(0.9).or_worse(share(0.8)).got, Some(0.8));
    }
}
