//! One Opus packet and what can be told of it without decoding (RFC 6716).

use crate::depacketize::opus;

/// A packet that every decoder accepts (section 3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its time in ticks on the lesson clock.
    pub placed: u64,
    /// Its length in ticks.
    pub samples: u64,
    /// The packet.
    pub data: Vec<u8>,
    pause: bool,
    repeats: bool,
}

impl Packet {
    /// `None` if its framing is broken: one such packet ends the playback in a browser.
    pub fn new(placed: u64, data: Vec<u8>) -> Option<Self> {
        let samples = u64::from(opus::samples(&data)?);
        let parsed = ::opus::packet::parse(&data).ok()?;
        let pause = data == opus::SILENCE || parsed.frames.iter().all(|frame| frame.is_empty());
        let repeats = parsed.frames.first().is_some_and(|frame| repeats_previous(&data, frame));
        Some(Self { placed, samples, data, pause, repeats })
    }

    /// 20 ms of silence.
    pub fn silence(placed: u64) -> Self {
        let samples = u64::from(opus::SILENCE_SAMPLES);
        Self { placed, samples, data: opus::SILENCE.to_vec(), pause: true, repeats: false }
    }

    /// Whether nothing is said in it: silence, or the mark of a pause (discontinuous transmission: frames without data).
    pub fn is_pause(&self) -> bool {
        self.pause
    }

    /// Whether it is coded in two channels (section 3.1).
    pub fn is_stereo(&self) -> bool {
        self.data.first().is_some_and(|toc| toc & 4 != 0)
    }

    /// Whether the packet before it is in it once more, more coarsely: in-band forward error correction.
    pub fn repeats_previous(&self) -> bool {
        self.repeats
    }
}

/// A SILK or hybrid frame begins with a bit a channel and 20 ms for voice activity, then one a channel for what it repeats
/// (section 4.2.3 and 4.2.4), each of even odds and so a plain bit.
fn repeats_previous(data: &[u8], frame: &[u8]) -> bool {
    let (Some(toc), Some(bits)) = (data.first(), frame.first()) else { return false };
    let config = toc >> 3;
    if config >= 16 {
        return false;
    }
    // Only SILK has frames longer than 20 ms.
    let parts = if config < 12 { [1, 1, 2, 3][usize::from(config % 4)] } else { 1 };
    let first = bits >> (7 - parts) & 1;
    let second = if toc & 4 != 0 { bits >> (6 - 2 * parts) & 1 } else { 0 };
    first | second == 1
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
