//! What of a lesson a line carries: the one order in which parts of it are given up.
//!
//! ```text
//! floor layer → wall tiles → camera layer → floor off → camera frame rate → courseware layer, frame rate → camera off
//!               → courseware as stills → courseware off                                          voice: never
//! ```
//!
//! What fits in what is left then is given back, the last to go first: a camera that gets smaller may leave room for the floor.
//!
//! A voice is what a lesson cannot do without; courseware carries what is taught; the teacher's picture comes next. The floor
//! is somebody else's class for a minute. Plain numbers in and out: who is given what is decided in one place.

use crate::command::Given;

/// Ways to give one picture, at most: stills, slower, and the layers.
pub(crate) const MAX_RUNGS: usize = crate::limits::MAX_LAYERS + 2;

/// Which part of the lesson a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The class that was called on.
    Floor,
    /// A point on the lead's wall.
    Tile,
    /// The lead's camera.
    Camera,
    /// The lead's courseware.
    Courseware,
}

/// How many of a stream's pictures are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pace {
    /// A key frame now and then.
    Stills,
    /// Its base temporal layer.
    Slower,
    /// All.
    All,
}

/// One way to give a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rung {
    /// What it needs, in bit/s.
    pub(crate) bps: u64,
    pub(crate) pace: Pace,
    /// Which of the source's layers.
    pub(crate) layer: u8,
}

/// One picture: the ways to give it, cheapest first, up to the best that its receiver can show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    pub(crate) part: Part,
    rungs: [Rung; MAX_RUNGS],
    count: usize,
    /// How many of the cheapest rungs may be climbed: 0 is nothing.
    level: usize,
}

impl Demand {
    pub(crate) fn new(part: Part) -> Self {
        let none = Rung { bps: 0, pace: Pace::Stills, layer: 0 };
        Self { part, rungs: [none; MAX_RUNGS], count: 0, level: 0 }
    }

    /// Adds the next better way.
    pub(crate) fn push(&mut self, rung: Rung) {
        if let Some(slot) = self.rungs.get_mut(self.count) {
            *slot = rung;
            self.count += 1;
        }
    }

    /// The way it is given; none where it is not.
    pub(crate) fn chosen(&self) -> Option<Rung> {
        self.level.checked_sub(1).and_then(|at| self.rungs.get(at)).copied()
    }

    /// The cheapest way there is.
    pub(crate) fn least(&self) -> Option<Rung> {
        self.rungs[..self.count].first().copied()
    }

    /// The best way there is.
    pub(crate) fn best(&self) -> Option<Rung> {
        self.rungs[..self.count].last().copied()
    }

    /// The level at which it was given in this way: all of it where it could be given so no more for being too good.
    pub(crate) fn level_of(&self, (layer, pace): (u8, Pace)) -> usize {
        let found = self.rungs[..self.count].iter().position(|rung| (rung.layer, rung.pace) == (layer, pace));
        found.map_or(self.count, |at| at + 1)
    }

    /// How many of its rungs it is given.
    pub(crate) fn level(&self) -> usize {
        self.level
    }

    fn bps(&self) -> u64 {
        self.chosen().map_or(0, |rung| rung.bps)
    }

    /// What its receiver is told.
    pub(crate) fn given(&self) -> Given {
        match self.chosen() {
            _ if self.level == self.count => Given::Whole,
            None => Given::Withheld,
            Some(Rung { pace: Pace::Stills, .. }) => Given::Stills,
            Some(Rung { pace: Pace::Slower, .. }) => Given::Slower,
            Some(_) => Given::Smaller,
        }
    }

    /// Whether there is a rung below, and one of at least this pace; without one, whether it can be taken off at all.
    fn may_lower(&self, least: Option<Pace>) -> bool {
        match (least, self.level.checked_sub(2)) {
            (None, _) => self.level > 0,
            (Some(least), Some(below)) => self.rungs[below].pace >= least,
            (Some(_), None) => false,
        }
    }
}

/// What is given up, in this order: a part, and how far it goes down; none is all the way.
const ORDER: [(Part, Option<Pace>); 10] = [
    (Part::Floor, Some(Pace::All)),
    (Part::Tile, Some(Pace::All)),
    (Part::Tile, None),
    (Part::Camera, Some(Pace::All)),
    (Part::Floor, None),
    (Part::Camera, Some(Pace::Slower)),
    (Part::Courseware, Some(Pace::Slower)),
    (Part::Camera, None),
    (Part::Courseware, Some(Pace::Stills)),
    (Part::Courseware, None),
];

/// Sets how each picture is given so that all together need no more than `budget_bps`.
pub(crate) fn allocate(budget_bps: u64, demands: &mut [Demand]) {
    allocate_below(budget_bps, &[usize::MAX; crate::limits::MAX_MEDIA_LINES], demands);
}

/// The same, with no picture given better than at its level in `most`.
fn allocate_below(budget_bps: u64, most: &[usize], demands: &mut [Demand]) {
    for (demand, &most) in demands.iter_mut().zip(most) {
        demand.level = demand.count.min(most);
    }
    let mut total: u64 = demands.iter().map(Demand::bps).sum();
    for (part, least) in ORDER {
        while total > budget_bps {
            // Of several equals the dearest goes first, and of these the last: the first tiles of a wall stay longest.
            let equals = demands.iter_mut().filter(|demand| demand.part == part && demand.may_lower(least));
            let Some(dearest) = equals.max_by_key(|demand| demand.bps()) else { break };
            let before = dearest.bps();
            dearest.level -= 1;
            total = total - before + dearest.bps();
        }
    }
    // What was given up as a whole may have been more than was needed: the last to go come back first, as far as they fit.
    for (part, _) in ORDER.iter().rev() {
        for (demand, &most) in demands.iter_mut().zip(most).filter(|(demand, _)| demand.part == *part) {
            while let Some(next) = demand.rungs[..demand.count.min(most)].get(demand.level) {
                let raised = total - demand.bps() + next.bps;
                if raised > budget_bps {
                    break;
                }
                demand.level += 1;
                total = raised;
            }
        }
    }
}

/// What pictures may need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Of what they are given anew, in bit/s.
    pub(crate) climb_bps: u64,
    /// Of what they have already, in bit/s; no less than the other.
    pub(crate) hold_bps: u64,
}

/// Climbs only where there is room to spare, and gives up only what certainly does not fit. `before` are the levels of the last
/// time, in the same order; nothing else may have changed since.
pub(crate) fn allocate_steadily(budget: Budget, before: &[usize], demands: &mut [Demand]) {
    allocate(budget.climb_bps, demands);
    let mut most = [0usize; crate::limits::MAX_MEDIA_LINES];
    for ((most, demand), &before) in most.iter_mut().zip(demands.iter()).zip(before) {
        *most = demand.level.max(before);
    }
    allocate_below(budget.hold_bps, &most, demands);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(bps: u64, pace: Pace, layer: u8) -> Rung {
        Rung { bps, pace, layer }
    }

    fn lesson() -> [Demand; 3] {
        let mut camera = Demand::new(Part::Camera);
        camera.push(rung(80_000, Pace::Slower, 0));
        camera.push(rung(150_000, Pace::All, 0));
        camera.push(rung(500_000, Pace::All, 1));
        camera.push(rung(1_500_000, Pace::All, 2));
        let mut courseware = Demand::new(Part::Courseware);
        courseware.push(rung(40_000, Pace::Stills, 0));
        courseware.push(rung(200_000, Pace::Slower, 0));
        courseware.push(rung(400_000, Pace::All, 0));
        let mut floor = Demand::new(Part::Floor);
        floor.push(rung(400_000, Pace::All, 0));
        [camera, courseware, floor]
    }

    fn given(budget: u64) -> [Given; 3] {
        let mut demands = lesson();
        allocate(budget, &mut demands);
        assert!(demands.iter().map(Demand::bps).sum::<u64>() <= budget, "{budget}");
        demands.map(|demand| demand.given())
    }

    #[test]
    fn parts_of_a_lesson_are_given_up_in_the_stated_order() {
        use Given::{Slower, Smaller, Stills, Whole, Withheld};
        let rows = [
            (2_300_000, [Whole, Whole, Whole]),
            (2_299_999, [Smaller, Whole, Whole]),
            (949_999, [Smaller, Whole, Withheld]),
            (549_999, [Slower, Whole, Withheld]),
            (479_999, [Smaller, Slower, Withheld]),
            (349_999, [Slower, Slower, Withheld]),
            (279_999, [Withheld, Slower, Withheld]),
            (199_999, [Smaller, Stills, Withheld]),
            (119_999, [Withheld, Stills, Withheld]),
            (39_999, [Withheld, Withheld, Withheld]),
            (0, [Withheld, Withheld, Withheld]),
        ];
        for (budget, expected) in rows {
            assert_eq!(given(budget), expected, "{budget}");
        }
    }

    #[test]
    fn what_a_receiver_does_not_show_needs_nothing_and_is_not_missed() {
        let mut demands = [Demand::new(Part::Camera)];
        allocate(0, &mut demands);
        assert_eq!((demands[0].chosen(), demands[0].given()), (None, Given::Whole));
    }

    #[test]
    fn tiles_get_smaller_before_any_goes_and_the_last_go_first() {
        let tile = || {
            let mut tile = Demand::new(Part::Tile);
            tile.push(rung(100, Pace::All, 0));
            tile.push(rung(400, Pace::All, 1));
            tile
        };
        let mut tiles = [tile(), tile(), tile()];
        let levels = |tiles: &[Demand; 3]| tiles.map(|tile| tile.level);
        for (budget, expected) in [(900, [2, 2, 1]), (899, [2, 1, 1]), (300, [1, 1, 1]), (299, [1, 1, 0])] {
            allocate(budget, &mut tiles);
            assert_eq!(levels(&tiles), expected, "{budget}");
        }
    }

    #[test]
    fn a_line_that_wavers_does_not_make_pictures_come_and_go() {
        let mut demands = lesson();
        let mut levels = [3, 3, 1];
        let budget = |bps: u64| Budget { climb_bps: bps * 100 / 115, hold_bps: bps };
        for bps in [1_950_000, 2_350_000, 1_950_000, 2_400_000] {
            allocate_steadily(budget(bps), &levels, &mut demands);
            levels = [0, 1, 2].map(|at| demands[at].level);
            assert_eq!(levels, [3, 3, 1], "{bps}");
        }
        allocate_steadily(budget(2_300_000 * 115 / 100), &levels, &mut demands);
        assert_eq!([0, 1, 2].map(|at| demands[at].level), [4, 3, 1], "there is room to spare");
    }

    #[test]
    fn what_is_held_may_need_more_than_what_is_climbed_to() {
        let mut demands = lesson();
        let budget = Budget { climb_bps: 900_000, hold_bps: 1_100_000 };
        for (before, expected) in [([2, 3, 1], [2, 3, 1]), ([1, 3, 0], [3, 3, 0]), ([0, 0, 0], [3, 3, 0])] {
            allocate_steadily(budget, &before, &mut demands);
            assert_eq!([0, 1, 2].map(|at| demands[at].level), expected, "{before:?}");
        }
    }
}
