//! What a camera sends: 25 frames a second, 1.5 Mbit/s, a key frame every four seconds.
//!
//! A group of pictures is one key frame of 40 packets and 99 others of 5 to 8, 660 packets of about 1.14 kB in four
//! seconds: 165 a second. The sizes vary by a fixed seed, so that every run sends the same.

/// Frames from one key frame to the next.
pub const GROUP_FRAMES: u32 = 100;
/// Packets of a key frame.
pub const KEY_PACKETS: usize = 40;
/// Packets of a whole group.
pub const GROUP_PACKETS: usize = 660;
/// Target rate of the whole stream, in bits a second.
pub const BITRATE: u64 = 1_500_000;
/// Payload bytes of a packet, on average: the rate divided by the packets.
pub const MEAN_PAYLOAD: usize = BITRATE as usize * 4 / 8 / GROUP_PACKETS;
/// Packets of a frame swing around the mean in this order; 99 frames of it have 620 packets.
const DELTA_PACKETS: [usize; 11] = [6, 7, 5, 6, 7, 6, 8, 6, 5, 7, 6];
/// How far the size of a packet may be from the mean, in bytes.
const SWING: u64 = 24;

/// Where the pattern stands.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Frames since the last key frame; none before the first.
    since_key: Option<u32>,
    random: u64,
}

/// One frame: the payload lengths of its packets, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whether a receiver may enter here.
    pub key: bool,
    /// Payload bytes of each packet.
    pub sizes: Vec<usize>,
}

impl Pattern {
    /// The pattern from its first key frame on.
    pub fn new(seed: u64) -> Self {
        Self { since_key: None, random: seed | 1 }
    }

    /// The next frame; `key_wanted` makes it a key frame whatever its turn.
    pub fn next_frame(&mut self, key_wanted: bool) -> Frame {
        let turn = self.since_key.map_or(GROUP_FRAMES, |frames| frames + 1);
        let key = key_wanted || turn >= GROUP_FRAMES;
        let at = if key { 0 } else { turn };
        self.since_key = Some(at);
        let packets = if key { KEY_PACKETS } else { delta_packets(at) };
        let bytes = packets * MEAN_PAYLOAD + packets * SWING as usize;
        let less = self.next_random() % (2 * SWING * packets as u64);
        Frame { key, sizes: split(bytes - less as usize, packets) }
    }

    /// xorshift64: the same numbers in every run.
    fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

/// Packets of the frame at place `at` (1 to 99) of a group.
fn delta_packets(at: u32) -> usize {
    let place = (at as usize - 1) % DELTA_PACKETS.len();
    // The table has 69 packets in 11 frames, 621 in 99: the last frame has one less.
    DELTA_PACKETS[place] - usize::from(at == GROUP_FRAMES - 1)
}

/// Splits a frame as libwebrtc does: sizes differ by at most one byte, the smaller ones first.
pub fn split(bytes: usize, packets: usize) -> Vec<usize> {
    let (each, larger) = (bytes / packets, bytes % packets);
    (0..packets).map(|i| each + usize::from(i >= packets - larger)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_pictures_has_the_packets_and_the_rate_it_says() {
        let mut pattern = Pattern::new(7);
        for group in 0..5 {
            let frames: Vec<Frame> = (0..GROUP_FRAMES).map(|_| pattern.next_frame(false)).collect();
            assert!(frames[0].key && frames[1..].iter().all(|frame| !frame.key), "group {group}");
            assert_eq!(frames[0].sizes.len(), KEY_PACKETS);
            assert_eq!(frames.iter().map(|frame| frame.sizes.len()).sum::<usize>(), GROUP_PACKETS);
            let bytes: usize = frames.iter().flat_map(|frame| &frame.sizes).sum();
            let off = (bytes as f64 * 8.0 / 4.0 / BITRATE as f64 - 1.0).abs();
            assert!(off < 0.01, "the rate is off by {off}");
        }
    }

    #[test]
    fn frames_of_as_many_packets_still_vary_in_size() {
        let mut pattern = Pattern::new(7);
        let frames: Vec<Frame> = (0..50).map(|_| pattern.next_frame(false)).collect();
        let mut sizes: Vec<usize> = frames.iter().map(|frame| frame.sizes[0]).collect();
        sizes.sort_unstable();
        sizes.dedup();
        assert!(sizes.len() > 10);
        assert!(frames.iter().flat_map(|frame| &frame.sizes).all(|size| (1100..1170).contains(size)));
    }

    #[test]
    fn a_frame_is_split_about_equally_with_the_smaller_packets_first() {
        for (bytes, packets, expected) in [(10, 3, vec![3, 3, 4]), (9, 3, vec![3, 3, 3]), (11, 3, vec![3, 4, 4])] {
            assert_eq!(split(bytes, packets), expected);
        }
    }

    #[test]
    fn a_key_frame_that_is_asked_for_begins_a_new_group() {
        let mut pattern = Pattern::new(7);
        (0..30).for_each(|_| drop(pattern.next_frame(false)));
        assert!(pattern.next_frame(true).key);
        assert!((1..GROUP_FRAMES).all(|_| !pattern.next_frame(false).key));
        assert!(pattern.next_frame(false).key);
    }
}
