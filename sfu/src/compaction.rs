//! Sequence numbers without gaps where packets are left out: which number of the outgoing stream a packet of the source has.
//!
//! ```text
//! source   100 101 102 103 104 105 106     left out: 101 102, 105
//! outgoing 100  ×   ×  101 102  ×  103
//! ```
//!
//! What was sent keeps its number for good, so a packet can be left out only while nothing after it was sent. One that is
//! missed when later ones go has a number kept for it, whatever it turns out to be.

use std::collections::VecDeque;

use crate::limits::MAX_DROP_RUNS;

/// Where a packet of the source is in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It has this number.
    At(u64),
    /// It was left out.
    LeftOut,
    /// It is from before what is remembered.
    Forgotten,
}

/// Neighbouring packets that were left out.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: u64,
    len: u64,
    /// Packets left out before it.
    before: u64,
}

impl Run {
    fn end(&self) -> u64 {
        self.first + self.len
    }

    fn through(&self) -> u64 {
        self.before + self.len
    }

    /// Outgoing number of the packet that follows it.
    fn follower(&self) -> u64 {
        self.first - self.before
    }
}

/// Maps extended sequence numbers of a source to those of a stream from which packets are left out, and back. Nothing but
/// what [`Self::leave_out`] took is left out; it remembers `limits::MAX_DROP_RUNS` stretches of it.
#[derive(Debug, Clone)]
pub struct Compaction {
    /// In order, with packets between any two.
    runs: VecDeque<Run>,
    /// The first packet that is not forgotten, and packets left out before it.
    floor: u64,
    forgotten: u64,
    highest_sent: Option<u64>,
}

impl Default for Compaction {
    fn default() -> Self {
        Self::new()
    }
}

impl Compaction {
    /// Nothing is left out yet. Room is taken once, so that the packet path never allocates.
    pub fn new() -> Self {
        Self { runs: VecDeque::with_capacity(MAX_DROP_RUNS), floor: 0, forgotten: 0, highest_sent: None }
    }

    /// Forgets everything: nothing is left out.
    pub fn clear(&mut self) {
        self.runs.clear();
        (self.floor, self.forgotten, self.highest_sent) = (0, 0, None);
    }

    /// Runs that begin at or before `index`. Nearly always all of them.
    fn runs_until(&self, index: u64) -> usize {
        match self.runs.back() {
            Some(last) if last.first > index => self.runs.partition_point(|run| run.first <= index),
            _ => self.runs.len(),
        }
    }

    fn run_before(&self, until: usize) -> Option<&Run> {
        until.checked_sub(1).and_then(|at| self.runs.get(at))
    }

    /// Where packet `index` of the source is in the outgoing stream.
    pub fn place(&self, index: u64) -> Place {
        if index < self.floor {
            return Place::Forgotten;
        }
        match self.run_before(self.runs_until(index)) {
            None => Place::At(index - self.forgotten),
            Some(run) if index < run.end() => Place::LeftOut,
            Some(run) => Place::At(index - run.through()),
        }
    }

    /// Which packet of the source has the outgoing number `out`. `None` where that is forgotten.
    pub fn origin(&self, out: u64) -> Option<u64> {
        let until = match self.runs.back() {
            Some(last) if last.follower() > out => self.runs.partition_point(|run| run.follower() <= out),
            _ => self.runs.len(),
        };
        match self.run_before(until) {
            Some(run) => out.checked_add(run.through()),
            None => out.checked_add(self.forgotten).filter(|&index| index >= self.floor),
        }
    }

    /// Packet `index` was sent at its place.
    pub fn sent(&mut self, index: u64) {
        self.highest_sent = self.highest_sent.max(Some(index));
    }

    /// Leaves packet `index` out, if it can be: nothing after it was sent, and it is not from before what is remembered.
    /// `true` also where it was left out before.
    pub fn leave_out(&mut self, index: u64) -> bool {
        match self.place(index) {
            Place::LeftOut => return true,
            Place::Forgotten => return false,
            Place::At(_) if self.highest_sent >= Some(index) => return false,
            Place::At(_) => {}
        }
        let mut at = self.runs_until(index);
        let joins_earlier = self.run_before(at).is_some_and(|run| run.end() == index);
        let joins_later = self.runs.get(at).is_some_and(|run| run.first == index + 1);
        if !joins_earlier && !joins_later {
            if self.runs.len() == MAX_DROP_RUNS {
                // The oldest is forgotten, but not for one that is older still.
                let Some(oldest) = self.runs.front().copied().filter(|_| at > 0) else { return false };
                self.runs.pop_front();
                (self.floor, self.forgotten) = (oldest.end(), oldest.through());
                at -= 1;
            }
            let before = self.run_before(at).map_or(self.forgotten, Run::through);
            self.runs.insert(at, Run { first: index, len: 1, before });
            at += 1;
        } else if joins_earlier {
            let joined = if joins_later { self.runs.remove(at).map_or(0, |run| run.len) } else { 0 };
            self.runs[at - 1].len += 1 + joined;
        } else {
            let later = &mut self.runs[at];
            (later.first, later.len) = (index, later.len + 1);
            at += 1;
        }
        for run in self.runs.range_mut(at..) {
            run.before += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::Unwrapper;

    enum Step {
        Send(u64, u64),
        LeaveOut(u64),
        Refuse(u64),
    }
    use Step::{LeaveOut, Refuse, Send};

    fn run(steps: &[Step]) -> Compaction {
        let mut compaction = Compaction::new();
        for (at, step) in steps.iter().enumerate() {
            match *step {
                Send(index, out) => {
                    assert_eq!(compaction.place(index), Place::At(out), "step {at}");
                    assert_eq!(compaction.origin(out), Some(index), "step {at}");
                    compaction.sent(index);
                }
                LeaveOut(index) => {
                    assert!(compaction.leave_out(index), "step {at}");
                    assert_eq!(compaction.place(index), Place::LeftOut, "step {at}");
                }
                Refuse(index) => assert!(!compaction.leave_out(index), "step {at}"),
            }
        }
        compaction
    }

    #[test]
    fn packets_left_out_leave_no_gap() {
        run(&[
            Send(100, 100),
            LeaveOut(101),
            LeaveOut(102),
            Send(103, 101),
            Send(104, 102),
            LeaveOut(105),
            Send(106, 103),
            // All of them again, for a receiver that has lost them.
            Send(100, 100),
            Send(103, 101),
            Send(104, 102),
            LeaveOut(101),
            LeaveOut(105),
        ]);
    }

    #[test]
    fn a_number_is_kept_for_a_packet_that_is_missed() {
        run(&[
            Send(10, 10),
            // 11 is missed while 12 is left out and 13 sent: it can no longer be left out.
            Refuse(10),
            LeaveOut(12),
            Send(13, 12),
            Refuse(11),
            Send(11, 11),
            Send(13, 12),
        ]);
    }

    #[test]
    fn packets_left_out_may_come_in_any_order() {
        run(&[
            Send(1, 1),
            LeaveOut(7),
            LeaveOut(3),
            LeaveOut(5),
            LeaveOut(4),
            LeaveOut(6),
            LeaveOut(2),
            LeaveOut(9),
            Send(8, 2),
            Send(10, 3),
            LeaveOut(5),
            Refuse(8),
        ]);
        let compaction = run(&[LeaveOut(20), LeaveOut(18), LeaveOut(16), LeaveOut(17), Send(19, 16), Send(21, 17)]);
        assert_eq!(compaction.runs.len(), 2);
    }

    #[test]
    fn sixteen_bit_numbers_may_wrap_on_both_sides() {
        let (mut unwrapper, mut compaction) = (Unwrapper::default(), Compaction::new());
        let mut sent = Vec::new();
        for sequence in [65_533, 65_534, 65_535, 0, 1, 2, 3_u16] {
            let index = unwrapper.unwrap(sequence);
            if sequence == 65_534 || sequence == 0 {
                assert!(compaction.leave_out(index));
                continue;
            }
            let Place::At(out) = compaction.place(index) else { panic!("{sequence} is sent") };
            compaction.sent(index);
            sent.push((sequence, out as u16));
        }
        assert_eq!(sent, [(65_533, 65_533), (65_535, 65_534), (1, 65_535), (2, 0), (3, 1)]);
        let late = unwrapper.peek(65_535);
        assert_eq!(compaction.place(late).at() as u16, 65_534);
    }

    impl Place {
        fn at(self) -> u64 {
            let Place::At(out) = self else { panic!("{self:?} has no number") };
            out
        }
    }

    #[test]
    fn what_is_older_than_the_memory_is_refused() {
        let mut compaction = Compaction::new();
        // Every third packet is left out: one run more than are remembered.
        let runs = MAX_DROP_RUNS as u64 + 1;
        for index in 0..3 * runs {
            if index % 3 == 1 {
                assert!(compaction.leave_out(index));
            } else {
                compaction.sent(index);
            }
        }
        assert_eq!(compaction.runs.len(), MAX_DROP_RUNS);
        assert_eq!((compaction.place(0), compaction.place(1)), (Place::Forgotten, Place::Forgotten));
        assert_eq!(compaction.place(2), Place::At(1), "the numbers of what follows stand");
        assert_eq!((compaction.origin(0), compaction.origin(1)), (None, Some(2)));
        assert!(!compaction.leave_out(1));
        for index in 2..3 * runs {
            let expected = if index % 3 == 1 { Place::LeftOut } else { Place::At(index - (index + 1) / 3) };
            assert_eq!(compaction.place(index), expected, "{index}");
        }
    }

    #[test]
    fn a_full_memory_does_not_forget_for_what_is_older_still() {
        let mut compaction = Compaction::new();
        for index in 1..=MAX_DROP_RUNS as u64 {
            assert!(compaction.leave_out(1_000 + 2 * index));
        }
        assert!(!compaction.leave_out(900));
        assert!(compaction.leave_out(1_001) && compaction.leave_out(1_003), "one that joins another needs no room");
        assert_eq!(compaction.place(900), Place::At(900));
        assert_eq!(compaction.place(1_005), Place::At(1_001));
    }
}
