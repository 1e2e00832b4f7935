//! From RTP packets back to frames, noticing every loss.
//!
//! Packets are fed in the order of their extended sequence numbers; a jump in them is a loss. A frame that lacks a packet
//! is never handed out.

pub mod av1;
pub mod av1_header;
pub mod h264;
pub mod opus;
pub mod sps;
pub mod vp8;
pub mod vp9;
pub mod vp9_header;
pub mod vp9_hidden;

pub use av1::Av1Depacketizer;
pub use av1_header::Av1Format;
pub use h264::{H264Depacketizer, ParameterSets};
pub use opus::OpusDepacketizer;
pub use vp8::{Vp8Depacketizer, Vp8Format};
pub use vp9::Vp9Depacketizer;
pub use vp9_header::Vp9Format;

use crate::{
    codec::{Codec, Container},
    rtp::RtpPacket,
};

/// One whole frame, or one packet of voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// RTP timestamp.
    pub timestamp: u32,
    /// Whether decoding can begin here. Always so for voice.
    pub keyframe: bool,
    /// What the decoder must be told before this frame; with every keyframe whose stream has told it.
    pub format: Option<Format>,
    /// A sample as files store it: length-prefixed NAL units, a VP8 frame, a VP9 (super)frame, OBUs with their sizes, an
    /// Opus packet.
    pub data: Vec<u8>,
}

/// What fixes an epoch: a change of it needs a new init segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Parameter sets of H.264.
    H264(ParameterSets),
    /// Size and profile of VP9.
    Vp9(Vp9Format),
    /// Size of VP8.
    Vp8(Vp8Format),
    /// Sequence header of AV1.
    Av1(Av1Format),
    /// Opus: 48 kHz, two channels.
    Opus,
}

impl Format {
    /// What its files are.
    pub fn container(&self) -> Container {
        match self {
            Self::Vp8(_) => Container::WebM,
            Self::H264(_) | Self::Vp9(_) | Self::Av1(_) | Self::Opus => Container::Cmaf,
        }
    }
}

/// What a depacketizer has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Depacketized {
    /// A whole frame.
    Frame(Frame),
    /// At least one frame is missing here.
    Lost,
}

/// The depacketizer of a track.
#[derive(Debug)]
pub enum Depacketizer {
    /// RFC 6184.
    H264(H264Depacketizer),
    /// RFC 9628.
    Vp9(Vp9Depacketizer),
    /// RFC 7741.
    Vp8(Vp8Depacketizer),
    /// The AV1 payload format of the Alliance for Open Media.
    Av1(Av1Depacketizer),
    /// RFC 7587.
    Opus(OpusDepacketizer),
}

impl Depacketizer {
    /// For a track of `codec`.
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::H264 => Self::H264(H264Depacketizer::default()),
            Codec::Vp9 => Self::Vp9(Vp9Depacketizer::default()),
            Codec::Vp8 => Self::Vp8(Vp8Depacketizer::default()),
            Codec::Av1 => Self::Av1(Av1Depacketizer::default()),
            Codec::Opus => Self::Opus(OpusDepacketizer::default()),
        }
    }

    /// Takes the packet with extended sequence number `sequence`. Drain [`Depacketizer::poll`] after each.
    pub fn push(&mut self, sequence: i64, packet: &RtpPacket<'_>) {
        match self {
            Self::H264(inner) => inner.push(sequence, packet),
            Self::Vp9(inner) => inner.push(sequence, packet),
            Self::Vp8(inner) => inner.push(sequence, packet),
            Self::Av1(inner) => inner.push(sequence, packet),
            Self::Opus(inner) => inner.push(sequence, packet),
        }
    }

    /// What came of the packets so far. At most two a packet.
    pub fn poll(&mut self) -> Option<Depacketized> {
        match self {
            Self::H264(inner) => inner.poll(),
            Self::Vp9(inner) => inner.poll(),
            Self::Vp8(inner) => inner.poll(),
            Self::Av1(inner) => inner.poll(),
            Self::Opus(inner) => inner.poll(),
        }
    }
}

/// Whether a packet follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It does.
    Next,
    /// Packets are missing before it.
    Gap,
    /// It is older than what was fed already.
    Old,
}

/// Watches extended sequence numbers.
#[derive(Debug, Default)]
struct Continuity {
    expected: Option<i64>,
}

impl Continuity {
    fn step(&mut self, sequence: i64) -> Step {
        let step = match self.expected {
            Some(expected) if sequence < expected => return Step::Old,
            Some(expected) if sequence > expected => Step::Gap,
            _ => Step::Next,
        };
        self.expected = Some(sequence.saturating_add(1));
        step
    }
}

/// Runs `bytes` through a depacketizer as if they were the payloads of packets, for fuzzing: each chunk is a length
/// octet, an octet of marker bit, sequence step and timestamp step, and the payload.
pub fn fuzz_payloads(codec: Codec, mut bytes: &[u8]) {
    let mut depacketizer = Depacketizer::new(codec);
    let (mut sequence, mut timestamp) = (0i64, 0u32);
    while let Some((&[len, control], rest)) = bytes.split_first_chunk::<2>() {
        let (payload, rest) = rest.split_at(usize::from(len).min(rest.len()));
        bytes = rest;
        sequence += i64::from(control >> 4 & 3);
        timestamp = timestamp.wrapping_add(u32::from(control & 3) * 3_000);
        let marker = control & 0x80 != 0;
        let packet = RtpPacket { payload_type: 96, marker, sequence: sequence as u16, timestamp, ssrc: 1, payload };
        depacketizer.push(sequence, &packet);
        while depacketizer.poll().is_some() {}
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Feeds (sequence, timestamp, marker, payload) and collects what comes out.
    pub fn run(codec: Codec, packets: &[(i64, u32, bool, &[u8])]) -> Vec<Depacketized> {
        let mut depacketizer = Depacketizer::new(codec);
        let mut out = Vec::new();
        for &(sequence, timestamp, marker, payload) in packets {
            let packet = RtpPacket { payload_type: 96, marker, sequence: sequence as u16, timestamp, ssrc: 1, payload };
            depacketizer.push(sequence, &packet);
            out.extend(std::iter::from_fn(|| depacketizer.poll()));
        }
        out
    }

    /// A short form of the result: the length of each frame, `None` for a loss.
    pub fn lengths(out: &[Depacketized]) -> Vec<Option<usize>> {
        let length = |item: &Depacketized| match item {
            Depacketized::Frame(frame) => Some(frame.data.len()),
            Depacketized::Lost => None,
        };
        out.iter().map(length).collect()
    }

    #[test]
    fn any_bytes_are_survived() {
        // A small xorshift: the fuzz targets do this at length, this keeps the promise in every test run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut bytes = vec![0u8; 64 << 10];
        for codec in [Codec::H264, Codec::Vp9, Codec::Vp8, Codec::Av1, Codec::Opus] {
            for round in 0..20u8 {
                for byte in &mut bytes {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    *byte = (state >> 32) as u8;
                }
                // Short chunks reach further into the formats than long ones.
                let short: Vec<u8> = bytes.iter().map(|b| if round % 2 == 0 { b & 0x3f } else { *b }).collect();
                fuzz_payloads(codec, &short);
            }
        }
    }
}
