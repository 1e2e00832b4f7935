//! Replay protection (RFC 3711 section 3.3.2); the same window keeps a sender from sealing two texts under one index.

/// Width of the window in packets. A publisher without a retransmission stream answers NACK under the old index: at 600
/// packets a second this leaves it 1.7 s.
const WIDTH: u64 = 1024;
const WORDS: usize = (WIDTH / 64) as usize;

/// Which of the last [`WIDTH`] packet indices were seen: a ring of bits by index.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReplayWindow {
    highest: Option<u64>,
    seen: [u64; WORDS],
}

fn place(index: u64) -> (usize, u64) {
    ((index / 64) as usize % WORDS, 1 << (index % 64))
}

impl ReplayWindow {
    /// Whether `index` is new and not too old.
    pub(super) fn may_accept(&self, index: u64) -> bool {
        let (word, bit) = place(index);
        match self.highest {
            None => true,
            Some(highest) if index > highest => true,
            Some(highest) => highest - index < WIDTH && self.seen[word] & bit == 0,
        }
    }

    /// Takes `index` as seen.
    pub(super) fn accept(&mut self, index: u64) {
        let highest = *self.highest.get_or_insert(index);
        if index > highest {
            if index - highest >= WIDTH {
                self.seen = [0; WORDS];
            } else {
                (highest + 1..index).for_each(|skipped| self.clear(skipped));
            }
            self.highest = Some(index);
        } else if highest - index >= WIDTH {
            return;
        }
        let (word, bit) = place(index);
        self.seen[word] |= bit;
    }

    /// Whether `index` is new and not too old; from now on it is not new.
    pub(crate) fn first(&mut self, index: u64) -> bool {
        let is_new = self.may_accept(index);
        if is_new {
            self.accept(index);
        }
        is_new
    }

    /// Whether `index` is known to have been taken.
    pub(crate) fn has(&self, index: u64) -> bool {
        let (word, bit) = place(index);
        let back = self.highest.and_then(|highest| highest.checked_sub(index));
        back.is_some_and(|back| back < WIDTH) && self.seen[word] & bit != 0
    }

    fn clear(&mut self, index: u64) {
        let (word, bit) = place(index);
        self.seen[word] &= !bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_is_accepted_once_within_the_window() {
        let mut window = ReplayWindow::default();
        for index in [10, 12, 11, 1500, 1499, 477] {
            assert!(window.may_accept(index), "{index}");
            window.accept(index);
            assert!(!window.may_accept(index), "{index}");
        }
        assert!(!window.may_accept(476), "older than the window");
        assert!(window.may_accept(478));
        window.accept(1_000_000);
        assert!(window.may_accept(999_999) && !window.may_accept(1500));
    }

    #[test]
    fn the_window_agrees_with_a_set_of_all_it_has_seen() {
        let (mut window, mut seen, mut highest) = (ReplayWindow::default(), std::collections::HashSet::new(), 0u64);
        let mut chance = 0x2545_f491_4f6c_dd1du64;
        for _ in 0..50_000 {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let index = (highest + chance % 40).saturating_sub(chance / 64 % 1500);
            let too_old = highest.saturating_sub(index) >= WIDTH && !seen.is_empty();
            assert_eq!(window.may_accept(index), !too_old && !seen.contains(&index), "{index} after {highest}");
            if window.first(index) {
                seen.insert(index);
                highest = highest.max(index);
            }
            assert_eq!(window.has(index), seen.contains(&index) && highest - index < WIDTH);
            assert!(!window.first(index) && !window.has(highest + 1));
        }
    }
}
