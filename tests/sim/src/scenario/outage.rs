//! A line that is cut and comes back, and a browser whose address changes.

use std::time::{Duration, Instant};

use super::{Figure, Lesson, Measured};
use crate::{Change, Conditions, Encoding, Publishes, Receives, chance::Chance};

/// When it happens, and how long after it is looked.
const AT: f64 = 20.0;
const LOOKED: f64 = 20.0;
/// How long a line is cut.
const CUT: f64 = 10.0;

/// Whose line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The master's, so that everyone misses something.
    Masters,
    /// One point's.
    Points,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Nothing passes for ten seconds.
    Cut,
    /// The browser goes over to another network and knows it.
    Moved,
    /// The router gives it another address without a word.
    Rebound,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Back {
    /// Its seed.
    pub seed: u64,
    /// What happened.
    pub outage: Outage,
    /// Until the point's picture goes on, in seconds: from the end of the cut, or from the change.
    pub picture_s: Option<f64>,
    /// Until its sound goes on, in seconds.
    pub sound_s: Option<f64>,
}

/// An outage in a lesson of one master and one point.
pub fn back(seed: u64, camera: &[Encoding], outage: Outage, whose: Whose) -> Back {
    let line = Conditions::delayed(20);
    let mut lesson = Lesson::with_master_at(seed, Publishes::camera(camera), line);
    let point = lesson.join(line, Receives::POINT);
    let site = if whose == Whose::Masters { lesson.master_site } else { point.site };
    let master = lesson.master;
    let world = &mut lesson.world;
    // Somewhere between two checks, which are 2.5 s apart.
    let at = world.at(AT + Chance::part(seed, 77).between(0.0, 2.5));
    world.run_until(at);
    let from = match (outage, whose) {
        (Outage::Cut, _) => {
            let end = at + Duration::from_secs_f64(CUT);
            world.plan_both(site, at, Change::Cut(true));
            world.plan_both(site, end, Change::Cut(false));
            end
        }
        (Outage::Moved, _) => {
            let other = world.site(line, line);
            match whose {
                Whose::Masters => world.move_publisher(master, other),
                Whose::Points => world.move_receiver(point.receiving, other),
            }
            at
        }
        (Outage::Rebound, Whose::Masters) => {
            world.rebind_publisher(master);
            at
        }
        (Outage::Rebound, Whose::Points) => {
            world.rebind_receiver(point.receiving);
            at
        }
    };
    let to = from + Duration::from_secs_f64(LOOKED);
    world.run_until(to);
    let receiver = world.receiver(point.receiving);
    let after = |settled: Option<Instant>| settled.map(|settled| (settled - from).as_secs_f64());
    Back {
        seed,
        outage,
        picture_s: after(receiver.picture(0).settled(from, to)),
        sound_s: after(receiver.voice(0).settled(from, to)),
    }
}

impl Measured for Back {
    fn figures(&self) -> Vec<Figure> {
        let most = if self.outage == Outage::Moved { 1.0 } else { 3.0 };
        vec![
            Figure::at_most("until the picture goes on", most, "s", self.picture_s),
            Figure::at_most("until the sound goes on", most, "s", self.sound_s),
        ]
    }
}
