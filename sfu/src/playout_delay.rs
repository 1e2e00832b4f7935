//! The playout delay header extension: how long a receiver may keep a picture between capture and showing it.
//!
//! Its URI is [`URI`]; libwebrtc's receivers know it. A value holds until another arrives, so it need not be on every packet:
//! it is enough to send it until a packet with it is known to have arrived. A minimum of 0 with a maximum above it makes
//! libwebrtc show pictures as soon as they are decoded, without waiting for the voice; a weak line wants a minimum.

use std::time::Duration;

/// What the extension is called in SDP (RFC 8285 section 5).
pub const URI: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
/// Bytes of its value.
pub const LEN: usize = 3;
/// Milliseconds of one unit.
const UNIT_MS: u128 = 10;
/// The greatest delay that can be told, in units: 12 bits, 40.95 s.
const MAX_UNITS: u16 = (1 << 12) - 1;

/// Bounds of the time from capture to showing, in steps of 10 ms up to 40.95 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayoutDelay {
    min: u16,
    max: u16,
}

impl PlayoutDelay {
    /// At least `min` and at most `max`, both to the lower step; a `max` below `min` counts as `min`: libwebrtc takes no
    /// other order.
    pub fn new(min: Duration, max: Duration) -> Self {
        let units = |delay: Duration| (delay.as_millis() / UNIT_MS).min(u128::from(MAX_UNITS)) as u16;
        let min = units(min);
        Self { min, max: units(max).max(min) }
    }

    /// The value of the extension: two numbers of 12 bits.
    pub fn write(self) -> [u8; LEN] {
        let [_, high, middle, low] = (u32::from(self.min) << 12 | u32::from(self.max)).to_be_bytes();
        [high, middle, low]
    }

    /// Reads the value of an extension. `None` where it has another length, or its numbers another order.
    pub fn read(value: &[u8]) -> Option<Self> {
        let &[high, middle, low] = value else { return None };
        let both = u32::from_be_bytes([0, high, middle, low]);
        let (min, max) = ((both >> 12) as u16, both as u16 & MAX_UNITS);
        (min <= max).then_some(Self { min, max })
    }

    /// The least time.
    pub fn min(self) -> Duration {
        Duration::from_millis(u64::from(self.min) * UNIT_MS as u64)
    }

    /// The greatest time.
    pub fn max(self) -> Duration {
        Duration::from_millis(u64::from(self.max) * UNIT_MS as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_told_in_twelve_bits_each() {
        // (min ms, max ms, value, min told, max told)
        let rows = [
            (0, 0, [0, 0, 0], 0, 0),
            (400, 2_000, [0x02, 0x80, 0xc8], 400, 2_000),
            (409, 419, [0x02, 0x80, 0x29], 400, 410),
            (0, 500, [0x00, 0x00, 0x32], 0, 500),
            (1_000, 10, [0x06, 0x40, 0x64], 1_000, 1_000),
            (60_000, u64::MAX, [0xff, 0xff, 0xff], 40_950, 40_950),
        ];
        for (min, max, value, told_min, told_max) in rows {
            let delay = PlayoutDelay::new(Duration::from_millis(min), Duration::from_millis(max));
            assert_eq!(delay.write(), value, "{min} {max}");
            let read = PlayoutDelay::read(&value).unwrap();
            assert_eq!(read, delay);
            assert_eq!((read.min().as_millis(), read.max().as_millis()), (told_min, told_max));
        }
    }

    #[test]
    fn a_value_of_another_length_or_order_is_none() {
        for value in [&[][..], &[0, 0], &[0, 0, 0, 0], &[0x00, 0x20, 0x01]] {
            assert_eq!(PlayoutDelay::read(value), None, "{value:?}");
        }
    }
}
