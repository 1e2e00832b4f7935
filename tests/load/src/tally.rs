//! What became of the packets of one stream: which came, which twice, which never.

use sfu::sequence::Unwrapper;

/// How late a packet may come and still be told from one that came twice, in packets.
const WINDOW: u64 = 2048;
const WORDS: usize = (WINDOW / 64) as usize;

/// Packets of one stream, counted by sequence number.
#[derive(Debug, Clone)]
pub struct Tally {
    unwrapper: Unwrapper,
    first: u64,
    highest: Option<u64>,
    /// One bit for each of the last [`WINDOW`] numbers.
    seen: [u64; WORDS],
    received: u64,
    duplicates: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { unwrapper: Unwrapper::default(), first: 0, highest: None, seen: [0; WORDS], received: 0, duplicates: 0 }
    }
}

impl Tally {
    /// Counts a packet and returns its number without wraps.
    pub fn arrived(&mut self, sequence: u16) -> u64 {
        let number = self.unwrapper.unwrap(sequence);
        match self.highest {
            None => {
                (self.first, self.highest) = (number, Some(number));
                self.mark(number);
            }
            Some(highest) if number > highest => {
                // The places of the numbers between belong to older ones.
                (highest + 1..number.min(highest + WINDOW)).for_each(|between| self.clear(between));
                self.highest = Some(number);
                self.clear(number);
                self.mark(number);
            }
            Some(highest) if highest - number >= WINDOW || self.is_marked(number) => self.duplicates += 1,
            Some(_) => {
                self.first = self.first.min(number);
                self.mark(number);
            }
        }
        number
    }

    /// Different packets that came.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets that came again.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets between the first and the last that came, which did not.
    pub fn missing(&self) -> u64 {
        self.highest.map_or(0, |highest| highest - self.first + 1 - self.received)
    }

    /// The first and the last number that came.
    pub fn ends(&self) -> Option<(u64, u64)> {
        self.highest.map(|highest| (self.first, highest))
    }

    fn place(number: u64) -> (usize, u64) {
        let bit = number % WINDOW;
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    fn mark(&mut self, number: u64) {
        let (word, bit) = Self::place(number);
        self.seen[word] |= bit;
        self.received += 1;
    }

    fn clear(&mut self, number: u64) {
        let (word, bit) = Self::place(number);
        self.seen[word] &= !bit;
    }

    fn is_marked(&self, number: u64) -> bool {
        let (word, bit) = Self::place(number);
        self.seen[word] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Received, missing and twice.
    fn told(sequences: impl IntoIterator<Item = u16>) -> (u64, u64, u64) {
        let mut tally = Tally::default();
        for sequence in sequences {
            tally.arrived(sequence);
        }
        (tally.received(), tally.missing(), tally.duplicates())
    }

    #[test]
    fn what_came_and_what_did_not_is_told_across_the_wrap() {
        let rows = [
            (&[][..], (0, 0, 0)),
            (&[7], (1, 0, 0)),
            (&[65_534, 65_535, 0, 1], (4, 0, 0)),
            (&[65_534, 1], (2, 2, 0)),
            (&[65_535, 1, 0], (3, 0, 0)),
            (&[5, 6, 6, 7, 5], (3, 0, 2)),
            (&[1, 65_535, 0], (3, 0, 0)),
            (&[10, 20, 15, 15], (3, 8, 1)),
        ];
        for (sequences, expected) in rows {
            assert_eq!(told(sequences.iter().copied()), expected, "{sequences:?}");
        }
    }

    #[test]
    fn many_rounds_lose_nothing_and_one_gap_in_them_is_found() {
        let all = (0..300_000u32).map(|number| number as u16);
        assert_eq!(told(all.clone()), (300_000, 0, 0));
        let with_gap = all.enumerate().filter(|(i, _)| !(70_000..75_000).contains(i)).map(|(_, sequence)| sequence);
        assert_eq!(told(with_gap), (295_000, 5_000, 0));
    }

    #[test]
    fn a_packet_too_late_to_tell_counts_as_one_that_came_twice() {
        assert_eq!(told([0, 3000, 1]), (2, 2999, 1));
    }
}
