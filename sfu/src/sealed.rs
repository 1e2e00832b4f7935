//! Which packets of a line were sealed lately.

/// Indexes remembered. What a publisher sends again later than this many packets behind the newest is of no use any more.
const WINDOW: u64 = 512;
const WORDS: usize = (WINDOW / 64) as usize;

/// Which of the last 512 indexes were sealed. A nonce must never be used for two texts, whatever leads to the second: one that
/// is older than these, or among them, is not sealed again.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    /// None before the first.
    highest: Option<u64>,
    /// One bit for each, at its index modulo [`WINDOW`].
    bits: [u64; WORDS],
}

impl Sealed {
    /// Whether `index` has not been sealed; from now on it has.
    pub(crate) fn first(&mut self, index: u64) -> bool {
        match self.highest {
            Some(highest) if index <= highest => {
                if highest - index >= WINDOW || self.is_set(index) {
                    return false;
                }
            }
            Some(highest) if index - highest >= WINDOW => {
                self.bits = [0; WORDS];
                self.highest = Some(index);
            }
            Some(highest) => {
                // The places of those between are of older ones.
                (highest + 1..index).for_each(|between| self.clear(between));
                self.highest = Some(index);
            }
            None => self.highest = Some(index),
        }
        let (word, bit) = Self::place(index);
        self.bits[word] |= bit;
        true
    }

    /// Whether `index` is known to have been sealed.
    pub(crate) fn has(&self, index: u64) -> bool {
        self.highest.and_then(|highest| highest.checked_sub(index)).is_some_and(|back| back < WINDOW)
            && self.is_set(index)
    }

    fn place(index: u64) -> (usize, u64) {
        let at = index % WINDOW;
        ((at / 64) as usize, 1 << (at % 64))
    }

    fn is_set(&self, index: u64) -> bool {
        let (word, bit) = Self::place(index);
        self.bits[word] & bit != 0
    }

    fn clear(&mut self, index: u64) {
        let (word, bit) = Self::place(index);
        self.bits[word] &= !bit;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_index_is_sealed_once_in_whatever_order_it_comes() {
        let mut sealed = Sealed::default();
        for (index, expected) in [
            (1000, true),
            (1000, false),
            (1002, true),
            (1001, true),
            (1001, false),
            (600, true),
            (600, false),
            (491, true),
            (490, false),
        ] {
            assert_eq!(sealed.first(index), expected, "{index}");
        }
        assert!(sealed.first(10_000) && !sealed.first(1002) && sealed.first(9_999));
        let known = [10_001, 10_000, 9_999, 9_998, 1002].map(|index| sealed.has(index));
        assert_eq!(known, [false, true, true, false, false]);
    }

    #[test]
    fn whatever_the_order_nothing_is_sealed_twice_and_nothing_new_within_the_window_is_refused() {
        let mut random = 7u64;
        let (mut sealed, mut known, mut highest) = (Sealed::default(), HashSet::new(), 100_000u64);
        for _ in 0..50_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (leap, back) = ((random >> 33) % 9, (random >> 40) % 700);
            let index = if random >> 63 == 0 { highest + leap * leap * leap } else { highest - back };
            let is_known = !known.insert(index);
            highest = highest.max(index);
            assert_eq!(sealed.first(index), !is_known && highest - index < WINDOW, "{index} of {highest}");
            assert!(sealed.has(index) == (highest - index < WINDOW));
        }
    }
}
