//! Samples back to packets, such that a player hears no seam where written packets stand between packets passed through.
//!
//! An encoder has a lookahead: what a decoder plays is that much later than what was encoded. So samples are fed that much
//! early, which is why the packet behind is decoded before the last one is written. The encoder first encodes what stands
//! before the seam, for nothing: then the windows of both sides overlap in the same signal and their aliasing cancels. Its
//! first packet that counts predicts nothing, because the player's decoder has other predictions in memory. Coding is CELT
//! only: it has the shorter lookahead.

use opus::{Application, Bitrate, Channels, Encoder};

use super::{
    RATE, STEP,
    listen::{Coding, PAIR},
};

/// Packets encoded for nothing.
const PRIMING: usize = 2;
/// libopus recommends this much room (opus_encoder.h).
const LARGEST: usize = 1_500;
/// Of 10: what is written anew is short, or many voices at once.
const COMPLEXITY: i32 = 4;
/// Samples in the pairs of one packet.
const PACKET: usize = STEP as usize * PAIR;

/// Writes packets of 20 ms.
#[derive(Debug)]
pub struct Rewriter {
    encoder: Encoder,
    stereo: bool,
    fed: Vec<f32>,
    lookahead: u64,
    /// Packets before the seam still to be encoded.
    before: usize,
}

impl Rewriter {
    /// One whose first packet stands where `past` ends. `None` if libopus refuses.
    pub fn after(past: &[f32], coding: Coding) -> Option<Self> {
        let channels = if coding.stereo { Channels::Stereo } else { Channels::Mono };
        let mut encoder = Encoder::new(RATE as u32, channels, Application::LowDelay).ok()?;
        encoder.set_bitrate(Bitrate::Bits(coding.bitrate)).ok()?;
        encoder.set_complexity(COMPLEXITY).ok()?;
        let lookahead = u64::try_from(encoder.get_lookahead().ok()?).ok()?.min(STEP);
        let wanted = PRIMING * PACKET - lookahead as usize * PAIR;
        let mut fed = vec![0.0; wanted.saturating_sub(past.len())];
        fed.extend_from_slice(&past[past.len().saturating_sub(wanted)..]);
        Some(Self { encoder, stereo: coding.stereo, fed, lookahead, before: PRIMING })
    }

    /// How many pairs beyond a packet's end must be fed before it comes out.
    pub fn lookahead(&self) -> u64 {
        self.lookahead
    }

    /// Takes the pairs that follow.
    pub fn feed(&mut self, samples: &[f32]) {
        self.fed.extend_from_slice(samples);
    }

    /// The next packet.
    pub fn poll(&mut self) -> Option<Vec<u8>> {
        while self.before > 0 {
            self.encode()?;
            self.before -= 1;
            let first = self.before == 0;
            self.encoder.set_prediction_disabled(first).ok()?;
        }
        let packet = self.encode()?;
        self.encoder.set_prediction_disabled(false).ok()?;
        Some(packet)
    }

    fn encode(&mut self) -> Option<Vec<u8>> {
        if self.fed.len() < PACKET {
            return None;
        }
        let rest = self.fed.split_off(PACKET);
        let mut packet = std::mem::replace(&mut self.fed, rest);
        if !self.stereo {
            packet = packet.chunks_exact(PAIR).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
        }
        self.encoder.encode_vec_float(&packet, LARGEST).ok()
    }
}
