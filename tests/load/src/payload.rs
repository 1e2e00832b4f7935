//! What the packets hold: shaped so that a server takes them for H.264 and Opus, and able to prove that they came whole.
//!
//! ```text
//! what a server looks at | filler, each byte the low byte of the number | number 4 | sent 8 | length 2 | mark 2
//! ```
//!
//! The stamp is at the end, so that it is found the same way behind every head and in retransmissions.

/// Bytes of the stamp.
const STAMP: usize = 16;
const MARK: u16 = 0x544b;
/// A sequence parameter set of constrained baseline, 640x360, and its picture parameter set.
const SPS: [u8; 16] = [0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01];
const PPS: [u8; 5] = [0x68, 0xcb, 0x83, 0xcb, 0x20];
/// Opus, 20 ms, full band, stereo (RFC 6716 section 3.1).
const OPUS: u8 = 0xfc;

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Opus.
    Voice,
    /// Both parameter sets and a unit of filler: STAP-A (RFC 6184 section 5.7.1).
    ParameterSets,
    /// A fragment of a slice: FU-A (RFC 6184 section 5.8).
    Fragment {
        /// Of an IDR picture.
        key: bool,
        /// The first of the slice.
        first: bool,
        /// The last of the slice.
        last: bool,
    },
}

/// What was read back off a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Place in its stream, from 0 on.
    pub number: u32,
    /// `CLOCK_MONOTONIC` when it was sent, in nanoseconds.
    pub sent_ns: u64,
}

/// Writes a payload of `len` bytes (or the least that `shape` needs) at the end of `out`, to be stamped.
pub fn write(out: &mut Vec<u8>, shape: Shape, len: usize, number: u32) {
    let start = out.len();
    match shape {
        Shape::Voice => out.push(OPUS),
        Shape::Fragment { key, first, last } => {
            let kind = if key { 5 } else { 1 };
            out.push(if key { 0x7c } else { 0x5c });
            out.push(kind | u8::from(first) << 7 | u8::from(last) << 6);
        }
        Shape::ParameterSets => {
            out.push(0x78);
            for unit in [&SPS[..], &PPS[..]] {
                out.extend_from_slice(&(unit.len() as u16).to_be_bytes());
                out.extend_from_slice(unit);
            }
            // Filler data (type 12) that holds the stamp.
            out.extend_from_slice(&(1 + STAMP as u16).to_be_bytes());
            out.push(12);
        }
    }
    if shape != Shape::ParameterSets {
        let filler_end = (start + len).saturating_sub(STAMP).max(out.len());
        out.resize(filler_end, number as u8);
    }
    let whole = out.len() - start + STAMP;
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&(whole as u16).to_be_bytes());
    out.extend_from_slice(&MARK.to_be_bytes());
}

/// Puts the time of sending into a written payload.
pub fn stamp(payload: &mut [u8], sent_ns: u64) {
    let at = payload.len() - STAMP + 4;
    payload[at..at + 8].copy_from_slice(&sent_ns.to_be_bytes());
}

/// Reads the stamp of a payload without its padding; nothing if the payload is not one of ours or not whole.
pub fn read(payload: &[u8]) -> Option<Stamp> {
    let (body, stamp) = payload.split_at_checked(payload.len().checked_sub(STAMP)?)?;
    let number = u32::from_be_bytes(stamp[0..4].try_into().ok()?);
    let whole = usize::from(u16::from_be_bytes([stamp[12], stamp[13]]));
    let ours = whole == payload.len() && u16::from_be_bytes([stamp[14], stamp[15]]) == MARK;
    let head = match body.first()? {
        &OPUS => 1,
        0x7c | 0x5c => 2,
        _ => body.len(),
    };
    let filled = body.get(head..)?.iter().all(|byte| *byte == number as u8);
    (ours && filled).then_some(Stamp { number, sent_ns: u64::from_be_bytes(stamp[4..12].try_into().ok()?) })
}

/// Whether it is just the parameter sets of [`write`]: what a server sends of its own accord before a key frame, to a viewer
/// that came between the packet with the sets and the picture.
pub fn is_parameter_sets(payload: &[u8]) -> bool {
    let unit = |unit: &'static [u8]| [&(unit.len() as u16).to_be_bytes(), unit].concat();
    payload.split_first().is_some_and(|(head, units)| head & 0x1f == 24 && units == [unit(&SPS), unit(&PPS)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [Shape; 4] = [
        Shape::Voice,
        Shape::ParameterSets,
        Shape::Fragment { key: true, first: true, last: false },
        Shape::Fragment { key: false, first: false, last: true },
    ];

    #[test]
    fn what_is_stamped_reads_back() {
        for shape in SHAPES {
            let mut payload = Vec::new();
            write(&mut payload, shape, 120, 0x0102_0304);
            assert!(payload.len() == 120 || shape == Shape::ParameterSets);
            stamp(&mut payload, 99);
            assert_eq!(read(&payload), Some(Stamp { number: 0x0102_0304, sent_ns: 99 }), "{shape:?}");
        }
    }

    #[test]
    fn parameter_sets_that_a_server_puts_ahead_of_a_picture_are_known() {
        let mut payload = Vec::new();
        write(&mut payload, Shape::ParameterSets, 0, 7);
        assert!(!is_parameter_sets(&payload), "these are stamped");
        // RFC 6184 section 5.7.1: the aggregate's header, and each unit behind its length.
        let ahead = [&[0x78, 0, 16][..], &SPS, &[0, 5], &PPS].concat();
        assert!(is_parameter_sets(&ahead) && read(&ahead).is_none());
        assert!(!is_parameter_sets(&ahead[..ahead.len() - 1]) && !is_parameter_sets(&[]));
    }

    #[test]
    fn a_payload_that_was_changed_or_cut_is_not_taken_for_whole() {
        let mut payload = Vec::new();
        write(&mut payload, Shape::Fragment { key: false, first: true, last: true }, 100, 7);
        assert_eq!(read(&payload[..99]), None);
        assert_eq!(read(&payload[1..]), None);
        payload[50] ^= 1;
        assert_eq!(read(&payload), None);
        assert_eq!(read(&[]), None);
    }
}
