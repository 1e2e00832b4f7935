//! Voice on its way to a file: Opus packets as the lesson clock placed them in, packets that follow one another without hole
//! or overlap out.
//!
//! ```text
//! placed    |--A--|--B--|     |--D--|                 |--E--|
//! written   |--A--|--B--|--c--|--D--|--.--|--.--|--.--|--E--|     c concealed, . silence
//! ```
//! Players play voice packets one after another whatever their times say, so the end of the file is the clock they hear. The
//! error of a packet is its placed time less that end. The sender's device counts samples on a clock of its own, so the error
//! grows, a second in three hours at 100 ppm:
//!
//! ```text
//! up to 10 ms   nothing
//! beyond        in silence a packet of it is put in or left out
//! from 15 ms    a hole, filled with silence; or an overlap, left out
//! ```

mod packet;

use std::collections::VecDeque;

use crate::{
    depacketize::opus::{SILENCE, SILENCE_SAMPLES},
    limits::{VOICE_AHEAD, VOICE_ERROR, VOICE_ERROR_MAX, VOICE_FILL_PACKETS},
};
pub use packet::Packet;

/// Ticks a second of every voice (RFC 7587 section 4.1).
pub const RATE: u64 = 48_000;

/// Length of a packet of silence in ticks.
const STEP: u64 = SILENCE_SAMPLES as u64;

/// A packet where it goes in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicePacket {
    /// Where in the file, in ticks on the lesson clock: the end of the packet before.
    pub time: u64,
    /// When it was really said, less `time`, in ticks.
    pub error: i64,
    /// An Opus packet.
    pub data: Vec<u8>,
}

/// Makes one voice continuous. Drain [`ContinuousVoice::poll`] after each call.
#[derive(Debug)]
pub struct ContinuousVoice {
    /// End of the last packet written.
    end: u64,
    out: VecDeque<VoicePacket>,
}

impl ContinuousVoice {
    /// A voice whose first packet is placed at `start` ticks.
    pub fn new(start: u64) -> Self {
        Self { end: start, out: VecDeque::new() }
    }

    /// Takes the next packet, placed at `placed` ticks. One whose framing no decoder accepts counts as lost; one placed more
    /// than `limits::VOICE_AHEAD` beyond the file is not believed.
    pub fn push(&mut self, placed: u64, data: Vec<u8>) {
        let Some(packet) = Packet::new(placed, data) else { return };
        if placed.saturating_sub(self.end) > ticks(VOICE_AHEAD) {
            return;
        }
        self.fill_hole(&packet);
        if self.error(&packet) > -(ticks(VOICE_ERROR_MAX) as i64) {
            self.lay(packet);
        }
    }

    /// Nothing will be placed before `until` any more: what is missing up to there is silence. No more than
    /// `limits::VOICE_FILL_PACKETS` of it in one call; whether that was all.
    pub fn fill(&mut self, until: u64) -> bool {
        for _ in 0..VOICE_FILL_PACKETS {
            if self.end + STEP > until {
                return true;
            }
            self.lay_silence(0);
        }
        self.end + STEP > until
    }

    /// The next packet to write.
    pub fn poll(&mut self) -> Option<VoicePacket> {
        self.out.pop_front()
    }

    fn error(&self, packet: &Packet) -> i64 {
        packet.placed as i64 - self.end as i64
    }

    fn fill_hole(&mut self, packet: &Packet) {
        if self.error(packet) < ticks(VOICE_ERROR_MAX) as i64 {
            return;
        }
        while self.error(packet) > ticks(VOICE_ERROR) as i64 {
            self.lay_silence(0);
        }
    }

    fn lay(&mut self, packet: Packet) {
        let error = self.error(&packet);
        if error.unsigned_abs() <= ticks(VOICE_ERROR) || !packet.is_pause() {
            self.lay_as_it_is(packet);
        } else if error > 0 {
            self.lay_silence(0);
            self.lay_as_it_is(packet);
        } else {
            self.lay_pause(packet.samples.saturating_sub(STEP), error);
        }
    }

    fn lay_as_it_is(&mut self, packet: Packet) {
        let error = self.error(&packet);
        if packet.is_pause() {
            self.lay_pause(packet.samples, error);
        } else {
            self.emit(packet.samples, error, packet.data);
        }
    }

    /// A packet that says nothing is written as packets that say so: a decoder given an empty frame makes up noise.
    fn lay_pause(&mut self, samples: u64, error: i64) {
        for _ in 0..samples / STEP {
            self.lay_silence(error);
        }
    }

    fn lay_silence(&mut self, error: i64) {
        self.emit(STEP, error, SILENCE.to_vec());
    }

    fn emit(&mut self, samples: u64, error: i64, data: Vec<u8>) {
        self.out.push_back(VoicePacket { time: self.end, error, data });
        self.end += samples;
    }
}

/// A time in ticks of a voice.
pub(crate) fn ticks(time: std::time::Duration) -> u64 {
    (time.as_micros() * u128::from(RATE) / 1_000_000) as u64
}

#[cfg(test)]
mod tests;
