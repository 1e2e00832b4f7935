//! Replay protection (RFC 3711 section 3.3.2).

/// Width of the window in packets. Retransmissions carry new indices, so 128 covers any reordering worth accepting.
const WIDTH: u64 = 128;

/// Which of the last [`WIDTH`] packet indices were seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReplayWindow {
    highest: Option<u64>,
    seen: u128,
}

impl ReplayWindow {
    /// Whether `index` is new and not too old.
    pub(super) fn may_accept(&self, index: u64) -> bool {
        match self.highest {
            None => true,
            Some(highest) if index > highest => true,
            Some(highest) => highest - index < WIDTH && self.seen & (1 << (highest - index)) == 0,
        }
    }

    /// Takes `index` as seen.
    pub(super) fn accept(&mut self, index: u64) {
        match self.highest {
            Some(highest) if index <= highest => {
                if highest - index < WIDTH {
                    self.seen |= 1 << (highest - index);
                }
            }
            Some(highest) => {
                let shift = index - highest;
                self.seen = if shift >= WIDTH { 0 } else { self.seen << shift };
                self.seen |= 1;
                self.highest = Some(index);
            }
            None => {
                self.seen = 1;
                self.highest = Some(index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_is_accepted_once_within_the_window() {
        let mut window = ReplayWindow::default();
        for index in [10, 12, 11, 300, 299, 173] {
            assert!(window.may_accept(index), "{index}");
            window.accept(index);
            assert!(!window.may_accept(index), "{index}");
        }
        assert!(!window.may_accept(172), "older than the window");
        assert!(window.may_accept(174));
    }
}
