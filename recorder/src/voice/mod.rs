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
//! from 13 ms    there was no silence (music): 5 s are made a packet longer or shorter (`stretch`)
//! from 15 ms    a hole, filled with silence; or an overlap, left out
//! ```

mod conceal;
pub mod listen;
mod packet;
pub mod rewrite;
mod sinc;
mod stretch;

use std::collections::VecDeque;

use crate::{
    depacketize::opus::SILENCE_SAMPLES,
    limits::{
        VOICE_AHEAD, VOICE_CONCEAL_EVERY, VOICE_CONCEALED_PACKETS, VOICE_ERROR, VOICE_ERROR_MAX, VOICE_ERROR_MUSIC,
        VOICE_FILL_PACKETS,
    },
};
use listen::{Listener, Recent};
pub use packet::Packet;
use stretch::Stretch;

/// Ticks a second of every voice (RFC 7587 section 4.1).
pub const RATE: u64 = 48_000;

/// Length of a packet of silence in ticks.
pub const STEP: u64 = SILENCE_SAMPLES as u64;

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
    /// Where a packet is placed that follows the last one without a loss.
    next: u64,
    recent: Recent,
    /// Listens for a silence while the error is large.
    listener: Option<Listener>,
    stretch: Option<Stretch>,
    /// Before this a loss is not concealed.
    conceal_from: u64,
    out: VecDeque<VoicePacket>,
}

impl ContinuousVoice {
    /// A voice whose first packet is placed at `start` ticks.
    pub fn new(start: u64) -> Self {
        let (recent, out) = (Recent::default(), VecDeque::new());
        Self { end: start, next: start, recent, listener: None, stretch: None, conceal_from: 0, out }
    }

    /// Takes the next packet, placed at `placed` ticks. One whose framing no decoder accepts counts as lost; one placed more
    /// than `limits::VOICE_AHEAD` beyond the file is not believed.
    pub fn push(&mut self, placed: u64, data: Vec<u8>) {
        let Some(packet) = Packet::new(placed, data) else { return };
        if placed.saturating_sub(self.end) > ticks(VOICE_AHEAD) {
            return;
        }
        let follows = placed as i64 - self.next as i64;
        self.next = placed + packet.samples;
        // To the nearest packet: the clock's own corrections are no loss.
        let lost = (follows + STEP as i64 / 2).div_euclid(STEP as i64);
        if self.stretch.is_some() {
            if let Ok(lost @ 0..=VOICE_CONCEALED_PACKETS) = u64::try_from(lost) {
                return self.stretch_on(packet, lost * STEP);
            }
            self.close_stretch();
        }
        self.fill_hole(&packet, lost);
        if self.error(&packet) > -(ticks(VOICE_ERROR_MAX) as i64) {
            self.lay(packet);
        }
    }

    /// Nothing will be placed before `until` any more: what is missing up to there is silence. No more than
    /// `limits::VOICE_FILL_PACKETS` of it in one call; whether that was all.
    pub fn fill(&mut self, until: u64) -> bool {
        if self.end + STEP <= until {
            self.close_stretch();
        }
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

    /// A loss of a few packets within speech is concealed; all else is a pause.
    fn fill_hole(&mut self, packet: &Packet, lost: i64) {
        let error = self.error(packet);
        if lost < 1 && error < ticks(VOICE_ERROR_MAX) as i64 {
            return;
        }
        let missing = u64::try_from((error + STEP as i64 / 2).div_euclid(STEP as i64)).unwrap_or(0);
        let spoken = !packet.is_pause() && self.recent.last().is_some_and(|last| !last.is_pause());
        if spoken
            && self.end >= self.conceal_from
            && (1..=VOICE_CONCEALED_PACKETS).contains(&missing)
            && let Some(packets) = conceal::conceal(&self.recent, missing, packet)
        {
            packets.into_iter().for_each(|data| self.lay_anew(data, error));
            self.conceal_from = self.end + ticks(VOICE_CONCEAL_EVERY);
            return;
        }
        (0..missing).for_each(|_| self.lay_silence(0));
    }

    fn lay(&mut self, packet: Packet) {
        let error = self.error(&packet);
        if error.unsigned_abs() <= ticks(VOICE_ERROR) {
            self.listener = None;
            self.lay_as_it_is(packet);
        } else if !self.is_quiet(&packet) {
            let music = error.unsigned_abs() >= ticks(VOICE_ERROR_MUSIC);
            match music.then(|| Stretch::new(&self.recent, error)).flatten() {
                Some(stretch) => {
                    self.stretch = Some(stretch);
                    self.stretch_on(packet, 0);
                }
                None => self.lay_as_it_is(packet),
            }
        } else if error > 0 {
            self.lay_silence(0);
            self.lay_as_it_is(packet);
        } else {
            self.lay_pause(packet.samples.saturating_sub(STEP), error);
        }
    }

    /// Whether a packet may be put in before this one, or this one left out, without anybody hearing it.
    fn is_quiet(&mut self, packet: &Packet) -> bool {
        if packet.is_pause() {
            return true;
        }
        if self.listener.is_none() {
            self.listener = self.recent.listener().map(|(listener, _)| listener);
        }
        let mut heard = Vec::new();
        let Some(listener) = &mut self.listener else { return false };
        listener.hear(packet, &mut heard);
        !listen::is_audible(&heard)
    }

    fn stretch_on(&mut self, packet: Packet, lost: u64) {
        self.listener = None;
        if let Some(stretch) = &mut self.stretch {
            stretch.push(packet, lost);
        }
        self.take_stretched();
    }

    fn close_stretch(&mut self) {
        if let Some(stretch) = &mut self.stretch {
            stretch.close();
        }
        self.take_stretched();
        self.stretch = None;
    }

    fn take_stretched(&mut self) {
        while let Some(stretch::Rewritten { error, data }) = self.stretch.as_mut().and_then(Stretch::poll) {
            self.lay_anew(data, error);
        }
        if let Some(rest) = self.stretch.as_mut().and_then(Stretch::rest) {
            self.stretch = None;
            rest.into_iter().for_each(|packet| self.lay_as_it_is(packet));
        }
    }

    fn lay_as_it_is(&mut self, packet: Packet) {
        let error = self.error(&packet);
        if packet.is_pause() {
            self.lay_pause(packet.samples, error);
        } else {
            self.emit(packet, error);
        }
    }

    /// A packet that says nothing is written as packets that say so: a decoder given an empty frame makes up noise.
    fn lay_pause(&mut self, samples: u64, error: i64) {
        for _ in 0..samples / STEP {
            self.lay_silence(error);
        }
    }

    fn lay_silence(&mut self, error: i64) {
        self.emit(Packet::silence(self.end), error);
    }

    fn lay_anew(&mut self, data: Vec<u8>, error: i64) {
        if let Some(packet) = Packet::new(self.end, data) {
            self.emit(packet, error);
        }
    }

    fn emit(&mut self, packet: Packet, error: i64) {
        self.out.push_back(VoicePacket { time: self.end, error, data: packet.data.clone() });
        self.end += packet.samples;
        self.recent.push(packet);
    }
}

/// A time in ticks of a voice.
pub(crate) fn ticks(time: std::time::Duration) -> u64 {
    (time.as_micros() * u128::from(RATE) / 1_000_000) as u64
}

#[cfg(test)]
pub(crate) mod tests;
