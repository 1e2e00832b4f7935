//! Numbered payloads: shaped so that a server takes them for H.264 and Opus, with their number in the last four bytes.

use bytes::Bytes;

/// Which of the two streams a packet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Opus.
    Voice,
    /// H.264.
    Picture,
}

/// A sequence parameter set of constrained baseline, 640x360, and its picture parameter set.
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01];
const PPS: &[u8] = &[0x68, 0xcb, 0x83, 0xcb, 0x20];
/// About what an encoder puts into one packet.
const SLICE_LEN: usize = 900;

/// The packets of one frame, first number `number`; the frame is over with the last of them.
pub fn frame(key: bool, number: u32) -> Vec<Bytes> {
    match key {
        true => vec![parameter_sets(number), fragment(5, Part::First, number + 1), fragment(5, Part::Last, number + 2)],
        false => vec![fragment(1, Part::First, number), fragment(1, Part::Last, number + 1)],
    }
}

/// An Opus packet: 20 ms, full band, stereo (RFC 6716 section 3.1).
pub fn voice(number: u32) -> Bytes {
    numbered(vec![0xfc, 0xff, 0xfe], number)
}

/// The number of a packet made here.
pub fn number_of(payload: &[u8]) -> Option<u32> {
    payload.last_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// STAP-A of both parameter sets and a filler unit that carries the number (RFC 6184 section 5.7.1).
fn parameter_sets(number: u32) -> Bytes {
    let filler = [&[0x0c], number.to_be_bytes().as_slice()].concat();
    let mut payload = vec![0x78];
    for unit in [SPS, PPS, &filler] {
        payload.extend_from_slice(&(unit.len() as u16).to_be_bytes());
        payload.extend_from_slice(unit);
    }
    payload.into()
}

enum Part {
    First,
    Last,
}

/// FU-A of a slice (RFC 6184 section 5.8).
fn fragment(kind: u8, part: Part, number: u32) -> Bytes {
    let bit = match part {
        Part::First => 0x80,
        Part::Last => 0x40,
    };
    let mut payload = vec![0x7c, bit | kind];
    payload.resize(SLICE_LEN, 0x5a);
    numbered(payload, number)
}

fn numbered(mut payload: Vec<u8>, number: u32) -> Bytes {
    payload.extend_from_slice(&number.to_be_bytes());
    payload.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_of_a_frame_carries_its_own_number() {
        for (key, expected) in [(true, vec![7, 8, 9]), (false, vec![7, 8])] {
            let numbers: Vec<u32> = frame(key, 7).iter().filter_map(|payload| number_of(payload)).collect();
            assert_eq!(numbers, expected);
        }
        assert_eq!(number_of(&voice(70_000)), Some(70_000));
        assert_eq!(number_of(&[1, 2]), None);
    }
}
