//! Sets of stretches of time, exact to the millisecond.

use protocol::UtcMs;

/// A set of instants, as stretches from (included) to (not included): in order, apart from each other, none empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// One stretch; nothing where `to` is not later than `from`.
    pub fn one(from: UtcMs, to: UtcMs) -> Self {
        Self::of([(from, to)])
    }

    /// Whatever is in any of the stretches, which may come in any order and overlap.
    pub fn of(stretches: impl IntoIterator<Item = (UtcMs, UtcMs)>) -> Self {
        let mut sorted: Vec<_> =
            stretches.into_iter().map(|(from, to)| (from.0, to.0)).filter(|(f, t)| f < t).collect();
        sorted.sort_unstable();
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for (from, to) in sorted {
            match spans.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        Self(spans)
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let (mut a, mut b) = (0, 0);
        let mut spans = Vec::new();
        while let (Some(one), Some(two)) = (self.0.get(a), other.0.get(b)) {
            let (from, to) = (one.0.max(two.0), one.1.min(two.1));
            if from < to {
                spans.push((from, to));
            }
            if one.1 < two.1 { a += 1 } else { b += 1 }
        }
        Self(spans)
    }

    /// What is in this one and not in `other`.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let mut spans = Vec::new();
        for &(from, to) in &self.0 {
            let mut rest = from;
            for &(without_from, without_to) in other.0.iter().filter(|(f, t)| *f < to && *t > from) {
                if rest < without_from {
                    spans.push((rest, without_from));
                }
                rest = without_to;
            }
            if rest < to {
                spans.push((rest, to));
            }
        }
        Self(spans)
    }

    /// Its length in milliseconds.
    pub fn length_ms(&self) -> i64 {
        self.0.iter().fold(0, |sum, (from, to)| sum.saturating_add(to.saturating_sub(*from)))
    }

    /// How much of the stretch from `from` to `to` is in it, in milliseconds.
    pub fn length_within_ms(&self, from: UtcMs, to: UtcMs) -> i64 {
        let within = self.0.iter().map(|(f, t)| t.min(&to.0).saturating_sub(*f.max(&from.0)).max(0));
        within.fold(0, i64::saturating_add)
    }

    /// Its last instant.
    pub fn end(&self) -> Option<UtcMs> {
        self.0.last().map(|(_, to)| UtcMs(*to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(stretches: &[(i64, i64)]) -> Spans {
        Spans::of(stretches.iter().map(|(from, to)| (UtcMs(*from), UtcMs(*to))))
    }

    #[test]
    fn stretches_in_any_order_become_one_set() {
        assert_eq!(spans(&[(5, 9), (0, 3), (2, 5), (20, 10), (12, 12)]), Spans(vec![(0, 9)]));
        assert_eq!(spans(&[(5, 6), (0, 3)]).length_ms(), 4);
        assert_eq!(spans(&[(5, 6), (0, 3)]).end(), Some(UtcMs(6)));
        assert_eq!(spans(&[(5, 9), (0, 3)]).length_within_ms(UtcMs(2), UtcMs(6)), 2);
        assert_eq!(spans(&[(5, 9)]).length_within_ms(UtcMs(6), UtcMs(2)), 0);
    }

    #[test]
    fn what_two_sets_share_and_what_one_has_alone_make_up_that_one() {
        type Set<'a> = &'a [(i64, i64)];
        let rows: [(Set, Set, Set, Set); 5] = [
            (&[(0, 10)], &[], &[], &[(0, 10)]),
            (&[(0, 10)], &[(2, 4), (6, 8)], &[(2, 4), (6, 8)], &[(0, 2), (4, 6), (8, 10)]),
            (&[(0, 10)], &[(-5, 20)], &[(0, 10)], &[]),
            (&[(0, 4), (6, 10)], &[(3, 7)], &[(3, 4), (6, 7)], &[(0, 3), (7, 10)]),
            (&[(0, 4)], &[(4, 7)], &[], &[(0, 4)]),
        ];
        for (one, other, shared, alone) in rows {
            assert_eq!(spans(one).and(&spans(other)), spans(shared), "{one:?} and {other:?}");
            assert_eq!(spans(other).and(&spans(one)), spans(shared), "{other:?} and {one:?}");
            assert_eq!(spans(one).less(&spans(other)), spans(alone), "{one:?} less {other:?}");
        }
    }
}
