//! A model of a video encoder: frames of plausible sizes at a fixed rate, key frames when they are asked for.

use std::time::{Duration, Instant};

use crate::{
    chance::Chance,
    payload::{PictureTag, layer, picture},
};

/// Longest payload of a packet, in bytes.
const MAX_PAYLOAD: usize = 1150;
/// From capture to the packets of a key frame, and of another.
const KEY_TIME: Duration = Duration::from_millis(30);
const DELTA_TIME: Duration = Duration::from_millis(10);
/// Share of a frame that is saved to pay a key frame back.
const PAYBACK: f64 = 0.2;

/// One encoding of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Encoding {
    /// Its name, where there are several.
    pub rid: &'static str,
    /// Payload bit/s.
    pub bps: u64,
    /// Frames a second.
    pub fps: f64,
    /// How much larger than another frame a key frame is.
    pub key_size: f64,
    /// Its place among the spatial layers of one stream, and how many these are; none where it is a stream of its own.
    pub layer: Option<(u8, u8)>,
}

/// A camera's three encodings.
pub const SIMULCAST: [Encoding; 3] = [
    Encoding { rid: "q", bps: 150_000, fps: 15.0, key_size: 5.0, layer: None },
    Encoding { rid: "h", bps: 500_000, fps: 25.0, key_size: 5.0, layer: None },
    Encoding { rid: "f", bps: 1_500_000, fps: 25.0, key_size: 5.0, layer: None },
];
/// The same as spatial layers of one stream: a key frame of a higher one is smaller, for it refers to those below.
pub const LAYERS: [Encoding; 3] = [
    Encoding { fps: 25.0, layer: Some((0, 3)), ..SIMULCAST[0] },
    Encoding { key_size: 4.0, layer: Some((1, 3)), ..SIMULCAST[1] },
    Encoding { key_size: 4.0, layer: Some((2, 3)), ..SIMULCAST[2] },
];
/// A camera with one encoding.
pub const SINGLE: Encoding = SIMULCAST[2];
/// Courseware: few frames, most of them small, key frames large.
pub const COURSEWARE: Encoding = Encoding { rid: "s", bps: 100_000, fps: 5.0, key_size: 16.0, layer: None };

/// A frame in packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When it was captured.
    pub captured: Instant,
    /// When its packets are there.
    pub ready: Instant,
    /// Whether a receiver may enter here.
    pub is_key: bool,
    /// Payloads, in order.
    pub payloads: Vec<Vec<u8>>,
}

/// The encoder of one encoding.
#[derive(Debug)]
pub struct Encoder {
    /// What it makes.
    pub encoding: Encoding,
    /// How its frames are tagged.
    tag: u8,
    origin: Instant,
    next: Instant,
    frame: u32,
    key_wanted: bool,
    /// Bytes above the target rate so far.
    debt: f64,
    chance: Chance,
    /// Key frames made.
    pub key_frames: u64,
}

impl Encoder {
    /// An encoder that captures its first frame, a key frame, at `start`.
    pub fn new(encoding: Encoding, tag: u8, origin: Instant, start: Instant, chance: Chance) -> Self {
        Self { encoding, tag, origin, next: start, frame: 0, key_wanted: true, debt: 0.0, chance, key_frames: 0 }
    }

    /// The next frame shall be a key frame.
    pub fn want_key_frame(&mut self) {
        self.key_wanted = true;
    }

    /// When the next frame is captured.
    pub fn next_capture(&self) -> Instant {
        self.next
    }

    /// The frame that is captured now, if one is.
    pub fn capture(&mut self, now: Instant) -> Option<Frame> {
        if now < self.next {
            return None;
        }
        let captured = self.next;
        self.next += Duration::from_secs_f64(1.0 / self.encoding.fps);
        let is_key = std::mem::take(&mut self.key_wanted);
        self.key_frames += u64::from(is_key);
        let bytes = self.next_size(is_key);
        // Parameter sets have a packet of their own.
        let sets = usize::from(is_key && self.encoding.layer.is_none());
        let slices = bytes.div_ceil(MAX_PAYLOAD);
        let count = slices + sets;
        let tag = PictureTag {
            encoding: self.tag,
            is_key,
            frame: self.frame,
            needs: if is_key { self.frame } else { self.frame.wrapping_sub(1) },
            index: 0,
            count: count as u16,
            captured_ms: (captured - self.origin).as_millis() as u32,
            needs_below: is_key && self.encoding.layer.is_some_and(|(at, _)| at > 0),
        };
        self.frame = self.frame.wrapping_add(1);
        let (of, len) = (self.encoding.layer, bytes.div_ceil(slices));
        let payloads = (0..count).map(|i| PictureTag { index: i as u16, ..tag }).map(|tag| match of {
            Some(of) => layer(&tag, of, len),
            None => picture(&tag, len),
        });
        let ready = captured + if is_key { KEY_TIME } else { DELTA_TIME };
        Some(Frame { captured, ready, is_key, payloads: payloads.collect() })
    }

    fn next_size(&mut self, is_key: bool) -> usize {
        let mean = self.encoding.bps as f64 / 8.0 / self.encoding.fps;
        let swing = self.chance.between(0.8, 1.2);
        let payback = self.debt.clamp(0.0, mean * PAYBACK);
        let bytes = if is_key { mean * self.encoding.key_size * swing } else { mean * swing - payback };
        self.debt += bytes - mean;
        bytes.max(64.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{payload::picture_tag, world::some_instant};

    #[test]
    fn an_encoding_has_its_rate_and_pays_its_key_frames_back() {
        let start = some_instant();
        for encoding in SIMULCAST.into_iter().chain(LAYERS) {
            let mut encoder = Encoder::new(encoding, 0, start, start, Chance::new(1));
            let (mut bytes, mut keys) = (0, 0);
            for second in 0..60 {
                if second % 10 == 0 {
                    encoder.want_key_frame();
                }
                for _ in 0..encoding.fps as usize {
                    let frame = encoder.capture(encoder.next_capture()).unwrap();
                    assert!(frame.payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
                    keys += usize::from(frame.is_key);
                    bytes += frame.payloads.iter().map(Vec::len).sum::<usize>();
                }
            }
            let rate = bytes as f64 * 8.0 / 60.0 / encoding.bps as f64;
            assert!(keys == 6 && (0.97..1.05).contains(&rate), "{} has {rate}", encoding.rid);
        }
    }

    #[test]
    fn a_frame_names_the_one_it_is_predicted_from() {
        let start = some_instant();
        let mut encoder = Encoder::new(SINGLE, 3, start, start, Chance::new(1));
        let mut tags = Vec::new();
        for frame in 0..4 {
            if frame == 2 {
                encoder.want_key_frame();
            }
            let frame = encoder.capture(encoder.next_capture()).unwrap();
            tags.extend(frame.payloads.first().and_then(|payload| picture_tag(payload)));
        }
        let needs: Vec<(u32, bool)> = tags.iter().map(|tag| (tag.needs, tag.is_key)).collect();
        assert_eq!(needs, [(0, true), (0, false), (2, true), (2, false)]);
    }
}
