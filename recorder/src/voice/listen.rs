//! Opus packets to samples: pairs of left and right, one after another, at 48 kHz.

use std::collections::VecDeque;

use opus::{Channels, Decoder};

use super::{Packet, RATE, STEP};

/// Samples in a pair.
pub const PAIR: usize = 2;
/// A decoder that begins in the middle of a stream is where all others are after about four packets.
const RECENT: u64 = 4 * STEP;
/// What is rewritten is never coarser than it was: it is a second coding, and short.
const BITRATES: std::ops::RangeInclusive<u64> = 48_000..=160_000;
/// Louder than this somebody may hear it: -50 dB of full scale.
const AUDIBLE: f32 = 0.003_162;

/// One decoder. It never fails: what cannot be decoded is silence, so that time goes on.
#[derive(Debug)]
pub struct Listener(Decoder);

impl Listener {
    /// `None` if libopus has no memory for it.
    pub fn new() -> Option<Self> {
        Decoder::new(RATE as u32, Channels::Stereo).ok().map(Self)
    }

    /// Appends the samples of the next packet.
    pub fn hear(&mut self, packet: &Packet, out: &mut Vec<f32>) {
        self.decode(&packet.data, packet.samples, false, out);
    }

    /// Appends what `next` repeats of the `samples` pairs lost before it (RFC 6716 section 2.1.7). `next` itself is heard
    /// after that.
    pub fn recover(&mut self, next: &Packet, samples: u64, out: &mut Vec<f32>) {
        self.decode(&next.data, samples, true, out);
    }

    /// Appends a guess at `samples` lost pairs.
    pub fn guess(&mut self, samples: u64, out: &mut Vec<f32>) {
        self.decode(&[], samples, false, out);
    }

    fn decode(&mut self, packet: &[u8], samples: u64, lost: bool, out: &mut Vec<f32>) {
        let from = out.len();
        out.resize(from + samples as usize * PAIR, 0.0);
        if samples > 0 && self.0.decode_float(packet, &mut out[from..], lost).is_err() {
            out[from..].fill(0.0);
        }
    }
}

/// The last packets of a voice: what a decoder must have heard to hear the next one as the player will.
#[derive(Debug, Default)]
pub struct Recent {
    packets: VecDeque<Packet>,
    samples: u64,
}

impl Recent {
    /// Notes the packet that comes next.
    pub fn push(&mut self, packet: Packet) {
        self.samples += packet.samples;
        self.packets.push_back(packet);
        while let Some(first) = self.packets.front().filter(|first| self.samples - first.samples >= RECENT) {
            self.samples -= first.samples;
            self.packets.pop_front();
        }
    }

    /// The last one.
    pub fn last(&self) -> Option<&Packet> {
        self.packets.back()
    }

    /// A decoder that has heard them, and what it heard.
    pub fn listener(&self) -> Option<(Listener, Vec<f32>)> {
        let (mut listener, mut heard) = (Listener::new()?, Vec::new());
        self.packets.iter().for_each(|packet| listener.hear(packet, &mut heard));
        Some((listener, heard))
    }

    /// How they were coded.
    pub fn coding(&self) -> Coding {
        let bytes: usize = self.packets.iter().map(|packet| packet.data.len()).sum();
        let bitrate = bytes as u64 * 8 * RATE / self.samples.max(1);
        let spoken = self.packets.iter().filter(|packet| !packet.is_pause());
        let stereo = spoken.map(Packet::is_stereo).next_back().unwrap_or(false);
        Coding { stereo, bitrate: bitrate.clamp(*BITRATES.start(), *BITRATES.end()) as i32 }
    }
}

/// How packets are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    /// In two channels.
    pub stereo: bool,
    /// Bits a second.
    pub bitrate: i32,
}

/// Whether somebody may hear this.
pub fn is_audible(samples: &[f32]) -> bool {
    samples.iter().any(|sample| sample.abs() > AUDIBLE)
}
