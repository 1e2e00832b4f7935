//! The lesson's one voice: of all voices, what a class would have heard, as one voice without holes.
//!
//! ```text
//! who speaks      A A A A . . A A A A A A . . . B B B B
//!                                 B B B
//! packets of      A A A A A A A A m m m m A A A B B B B       m mixed: decoded, added, encoded
//! ```
//! While one party is heard its packets pass through unchanged, and nothing at all is decoded while only one has sent
//! anything but pauses lately. With more, all of these are decoded to see who is really heard. Going over from one who is
//! still heard to another always leads through the mix, where the other's packets are also brought to their places by fading
//! over to them, so that no sample jumps.
//!
//! Input is what [`crate::voice`] wrote for each track: there it has no holes any more, ends at most
//! `limits::VOICE_LAG` before now, and its losses are concealed. So waiting for everybody is bounded, and no voice is missing
//! because one of its packets was repaired late.

mod party;
mod program;

use std::collections::VecDeque;

use opus::{Channels, SoftClip};

use crate::{
    limits::{MIX_AT_LEAST, MIX_BITRATE, MIX_WAIT, VOICE_ERROR, VOICE_ERROR_MAX},
    voice::{
        Packet, STEP, VoicePacket,
        listen::{Coding, PAIR},
        rewrite::Rewriter,
        ticks,
    },
};
use party::Party;
pub(crate) use program::ProgramVoice;

/// A step looks this far ahead, in ticks: a packet, the encoder's lookahead, and packets out of their place.
const AHEAD: u64 = 4 * STEP;
/// Before going over to a party the encoder is primed with this much of the one before, in ticks.
const PAST: u64 = 2 * STEP;

/// Mixes the voices of one lesson. Drain [`Mix::poll`] after each call.
#[derive(Debug, Default)]
pub struct Mix {
    parties: Vec<Party>,
    lead: Option<u16>,
    /// Where what was handed on ends.
    end: Option<u64>,
    /// Position of the party whose packets pass.
    passing: usize,
    mixer: Option<Mixer>,
    out: VecDeque<VoicePacket>,
}

/// At work while several are heard.
#[derive(Debug)]
struct Mixer {
    rewriter: Rewriter,
    limiter: SoftClip,
    /// Up to where the rewriter was fed.
    fed: u64,
    since: u64,
}

/// Who is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nobody,
    One(usize),
    Several,
}

impl Mix {
    /// Takes the next packet of a party. The first of all begins the mix.
    pub fn push(&mut self, track: u16, is_lead: bool, packet: VoicePacket) {
        if is_lead {
            self.lead = Some(track);
        }
        self.end.get_or_insert(packet.time);
        let known = self.parties.iter().position(|party| party.track == track);
        let position = known.unwrap_or_else(|| {
            self.parties.push(Party::new(track));
            self.parties.len() - 1
        });
        if let Some(party) = self.parties.get_mut(position) {
            party.push(packet);
        }
    }

    /// Begins at `start` ticks and not with the first packet: there was a mix up to there.
    pub fn begin(&mut self, start: u64) {
        self.end.get_or_insert(start);
    }

    /// Mixes what everybody has said at `now` ticks: who is later than `limits::MIX_WAIT` is silent. `held` is from when on
    /// there are voices that have no place yet.
    pub fn advance(&mut self, now: u64, held: Option<u64>) {
        let said = self.parties.iter().map(|party| party.end).min().unwrap_or(0);
        let until = said.max(now.saturating_sub(ticks(MIX_WAIT))).min(held.unwrap_or(u64::MAX));
        self.mix_to(until.saturating_sub(AHEAD));
    }

    /// Mixes all there is: nothing more is said.
    pub fn finish(&mut self) {
        let said = self.parties.iter().map(|party| party.end).max().unwrap_or(0);
        self.mix_to(said);
    }

    /// The next packet of the one voice.
    pub fn poll(&mut self) -> Option<VoicePacket> {
        self.out.pop_front()
    }

    fn mix_to(&mut self, until: u64) {
        while let Some(end) = self.end.filter(|end| end + STEP <= until) {
            self.step(end);
        }
    }

    /// Hands on the packets at `end`; or none, and is then called again in another state.
    fn step(&mut self, end: u64) {
        let passing = self.passing;
        for (position, party) in self.parties.iter_mut().enumerate() {
            if position != passing || self.mixer.is_some() {
                party.forget(end.saturating_sub(PAST));
            }
        }
        let heard = self.who_is_heard(end);
        if let Some(mixer) = &self.mixer {
            let long_enough = end - mixer.since >= ticks(MIX_AT_LEAST);
            return match heard {
                Heard::One(party) if long_enough => self.mix(end, Some(party)),
                Heard::Nobody if long_enough => self.mix(end, Some(self.passing)),
                _ => self.mix(end, None),
            };
        }
        match heard {
            Heard::Several => self.start_mixing(end),
            Heard::One(party) if party == self.passing || !self.speaks(self.passing, end) => self.pass(party, end),
            Heard::One(_) => self.start_mixing(end),
            Heard::Nobody => self.pass(self.quiet_one(end), end),
        }
    }

    fn speaks(&self, position: usize, end: u64) -> bool {
        self.parties.get(position).is_some_and(|party| party.speaks(end))
    }

    /// Whose pauses pass while nobody is heard: the lead's.
    fn quiet_one(&self, end: u64) -> usize {
        if self.speaks(self.passing, end) {
            return self.passing;
        }
        self.parties.iter().position(|party| Some(party.track) == self.lead).unwrap_or(self.passing)
    }

    fn who_is_heard(&mut self, end: u64) -> Heard {
        let speaking: Vec<usize> = (0..self.parties.len()).filter(|position| self.speaks(*position, end)).collect();
        let several = speaking.len() > 1;
        let (passing, mixing) = (self.passing, self.mixer.is_some());
        for (position, party) in self.parties.iter_mut().enumerate() {
            if (several || mixing) && speaking.contains(&position) || mixing && position == passing {
                party.listen(end, (position == passing && !mixing).then_some(end));
            } else {
                party.stop_listening();
            }
        }
        let audible = |position: &&usize| !several || self.parties[**position].is_audible(end);
        let mut audible = speaking.iter().filter(audible);
        match (audible.next(), audible.next()) {
            (None, _) => Heard::Nobody,
            (Some(one), None) => Heard::One(*one),
            _ => Heard::Several,
        }
    }

    fn pass(&mut self, position: usize, end: u64) {
        let went_over = std::mem::replace(&mut self.passing, position) != position;
        let Some(party) = self.parties.get_mut(position) else { return self.emit(Packet::silence(end)) };
        let (most, half) = (ticks(VOICE_ERROR_MAX) as i64, ticks(VOICE_ERROR) as i64);
        let early_enough = if went_over { -half } else { -2 * most };
        while party.error(end).is_some_and(|error| error < early_enough) {
            party.take();
        }
        let error = party.error(end).unwrap_or(i64::MAX);
        if error > 2 * most || party.is_pausing() && error > half {
            return self.emit(Packet::silence(end));
        }
        if party.is_pausing() && error < -half {
            party.take();
            return;
        }
        if error.abs() > most {
            return self.start_mixing(end);
        }
        if let Some(packet) = party.take() {
            self.emit(packet);
        }
    }

    fn start_mixing(&mut self, end: u64) {
        let passing = self.passing;
        let Some(party) = self.parties.get_mut(passing) else { return };
        party.listen(end, Some(end));
        let past = party.heard(end.saturating_sub(PAST), PAST as usize);
        match Rewriter::after(&past, Coding { stereo: true, bitrate: MIX_BITRATE }) {
            Some(rewriter) => {
                let limiter = SoftClip::new(Channels::Stereo);
                self.mixer = Some(Mixer { rewriter, limiter, fed: end, since: end });
                self.mix(end, None);
            }
            // No memory: one voice is better than none.
            None => {
                let packet = self.parties.get_mut(passing).and_then(Party::take);
                self.emit(packet.unwrap_or_else(|| Packet::silence(end)));
            }
        }
    }

    /// Adds up all who are listened to; in the end fades over to `then`, whose packets pass from there on.
    fn mix(&mut self, end: u64, then: Option<usize>) {
        let Some(mixer) = &mut self.mixer else { return };
        let until = end + STEP + mixer.rewriter.lookahead();
        let pairs = until.saturating_sub(mixer.fed) as usize;
        let mut sum = vec![0.0; pairs * PAIR];
        for party in &mut self.parties {
            party.hear(until + AHEAD / 2);
            for (sum, sample) in sum.iter_mut().zip(party.heard(mixer.fed, pairs)) {
                *sum += sample;
            }
        }
        let alone = then.and_then(|position| {
            let party = self.parties.get_mut(position)?;
            party.move_to(end + STEP).then(|| party.heard(mixer.fed, pairs))
        });
        if let Some(alone) = &alone {
            let fade = (end + STEP).saturating_sub(mixer.fed).max(1) as f32;
            for (pair, (sum, alone)) in sum.chunks_exact_mut(PAIR).zip(alone.chunks_exact(PAIR)).enumerate() {
                let share = (pair as f32 / fade).min(1.0);
                sum.iter_mut().zip(alone).for_each(|(sum, alone)| *sum += (alone - *sum) * share);
            }
        }
        mixer.limiter.apply(&mut sum);
        mixer.rewriter.feed(&sum);
        mixer.fed = until;
        let mixed = mixer.rewriter.poll().and_then(|data| Packet::new(end, data));
        if let (Some(position), Some(_)) = (then, alone) {
            self.mixer = None;
            self.passing = position;
        }
        self.emit(mixed.unwrap_or_else(|| Packet::silence(end)));
    }

    fn emit(&mut self, packet: Packet) {
        let Some(end) = &mut self.end else { return };
        self.out.push_back(VoicePacket { time: *end, error: packet.placed as i64 - *end as i64, data: packet.data });
        *end += packet.samples;
    }
}

#[cfg(test)]
mod tests;
