//! When packets leave: libwebrtc spreads a frame at 2.5 times the stream's rate, looking every 5 ms. What it did not use of
//! the last while it may send at once. Chromium 156 may send 40 ms' worth: of 200 frames of eight packets half came within
//! 0.3 ms and nine of ten within 0.6 ms, and only a key frame is spread. Other senders send two packets every 5 ms.

use std::{collections::VecDeque, time::Duration};

use crate::pattern::BITRATE;

/// Time from one group to the next.
pub const GROUP_INTERVAL: Duration = Duration::from_millis(5);
/// How much faster than the stream's rate its packets leave (libwebrtc's pacing factor).
const FACTOR_TENTHS: u64 = 25;
/// Bytes a group may have, on average: two packets.
const GROUP_BYTES: i64 = (BITRATE * FACTOR_TENTHS / 10 / 8 * GROUP_INTERVAL.as_millis() as u64 / 1000) as i64;

/// How much a sender may send at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Burst {
    /// 40 ms' worth, as Chromium does.
    Frame,
    /// 5 ms' worth.
    Pair,
}

impl Burst {
    fn bytes(self) -> i64 {
        match self {
            Self::Frame => 8 * GROUP_BYTES,
            Self::Pair => GROUP_BYTES,
        }
    }
}

/// Packets waiting for their turn.
#[derive(Debug)]
pub struct Pacer<P> {
    waiting: VecDeque<(usize, P)>,
    burst: Burst,
    /// Bytes that may leave now; below zero while a group that was too large is made up for.
    budget: i64,
}

impl<P> Pacer<P> {
    /// With nothing to send and nothing saved up.
    pub fn new(burst: Burst) -> Self {
        Self { waiting: VecDeque::new(), burst, budget: 0 }
    }

    /// Lets a packet of `bytes` wait behind those that wait already.
    pub fn push(&mut self, bytes: usize, packet: P) {
        self.waiting.push_back((bytes, packet));
    }

    /// Begins the next group. What idle groups did not use is saved up as far as the burst goes.
    pub fn begin_group(&mut self) {
        self.budget = (self.budget + GROUP_BYTES).min(self.burst.bytes());
    }

    /// The next packet of this group. The last of a group may be larger than what was left of it.
    pub fn next_of_group(&mut self) -> Option<P> {
        if self.budget <= 0 {
            return None;
        }
        let (bytes, packet) = self.waiting.pop_front()?;
        self.budget -= bytes as i64;
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes of the groups in which `packets` leave.
    fn groups(burst: Burst, packets: usize, bytes: usize) -> Vec<usize> {
        let mut pacer = Pacer::new(burst);
        (0..100).for_each(|_| pacer.begin_group());
        (0..packets).for_each(|i| pacer.push(bytes, i));
        let mut sizes = Vec::new();
        while !pacer.waiting.is_empty() {
            pacer.begin_group();
            sizes.push(std::iter::from_fn(|| pacer.next_of_group()).count());
        }
        sizes
    }

    #[test]
    fn without_a_burst_a_frame_leaves_by_about_two_packets_a_group() {
        assert_eq!(groups(Burst::Pair, 6, 1150), [3, 2, 1]);
        let key = groups(Burst::Pair, 40, 1150);
        assert!(key.iter().all(|size| (1..=3).contains(size)), "{key:?}");
        // 46 kB at 3.75 Mbit/s take 98 ms.
        assert!((19..=21).contains(&key.len()), "{key:?}");
    }

    #[test]
    fn a_browsers_frame_leaves_at_once_and_only_a_key_frame_is_spread() {
        assert_eq!(groups(Burst::Frame, 8, 1150), [8]);
        let key = groups(Burst::Frame, 40, 1150);
        // 18,750 B at once, then 2,343 every 5 ms.
        assert_eq!(key[0], 17);
        assert!(key[1..].iter().all(|size| (1..=3).contains(size)), "{key:?}");
    }
}
