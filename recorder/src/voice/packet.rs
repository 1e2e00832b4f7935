//! One Opus packet and what can be told of it without decoding (RFC 6716 section 3).

use crate::depacketize::opus;

/// A packet that every decoder accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its time in ticks on the lesson clock.
    pub placed: u64,
    /// Its length in ticks.
    pub samples: u64,
    /// The packet.
    pub data: Vec<u8>,
    pause: bool,
}

impl Packet {
    /// `None` if its framing is broken: one such packet ends the playback in a browser.
    pub fn new(placed: u64, data: Vec<u8>) -> Option<Self> {
        let samples = u64::from(opus::samples(&data)?);
        let parsed = ::opus::packet::parse(&data).ok()?;
        let pause = data == opus::SILENCE || parsed.frames.iter().all(|frame| frame.is_empty());
        Some(Self { placed, samples, data, pause })
    }

    /// Whether nothing is said in it: silence, or the mark of a pause (discontinuous transmission: frames without data).
    pub fn is_pause(&self) -> bool {
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_framing_is_refused_and_pauses_are_known() {
        for (data, expected) in [
            (opus::SILENCE, Some((960, true))),
            (&[0xf8], Some((960, true))),
            (&[0x08], Some((960, true))),
            (&[0xf8, 1, 2, 3], Some((960, false))),
            // Two frames of equal length in an odd number of octets; a length beyond the end; no length at all.
            (&[0xf9, 1], None),
            (&[0xfa, 200, 1], None),
            (&[0xfa], None),
            (&[0xfb, 0x83, 9, 9], None),
            (&[], None),
        ] as [(&[u8], Option<(u64, bool)>); 9]
        {
            let packet = Packet::new(0, data.to_vec());
            assert_eq!(packet.map(|packet| (packet.samples, packet.is_pause())), expected, "{data:02x?}");
        }
    }
}
