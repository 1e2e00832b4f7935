//! One party in the mix: its packets that wait, and the ear that listens to it while several speak.

use std::collections::VecDeque;

use crate::{
    limits::{MIX_HANGOVER, MIX_QUEUE},
    voice::{
        Packet, STEP, VoicePacket,
        listen::{self, Listener, PAIR, Recent},
        ticks,
    },
};

/// Samples kept before the ones in use, in pairs: for priming an encoder and for moving a voice.
const KEPT: u64 = 4 * STEP;

/// A packet that waits.
#[derive(Debug)]
struct Waiting {
    /// Where it begins in its own file.
    time: u64,
    /// When it was said.
    packet: Packet,
}

/// One voice of the lesson. Times are ticks of the mix unless they are called file times.
#[derive(Debug)]
pub struct Party {
    pub track: u16,
    /// End of the last packet, as file time.
    pub end: u64,
    waiting: VecDeque<Waiting>,
    recent: Recent,
    /// End of the last packet taken that was no pause, as file time.
    spoke: Option<u64>,
    ear: Option<Ear>,
}

/// Decodes one party.
#[derive(Debug)]
struct Ear {
    listener: Listener,
    /// Samples, from file time `from` on.
    heard: Vec<f32>,
    from: u64,
    /// File time less the mix's.
    offset: i64,
    audible_until: u64,
}

impl Party {
    /// A party that has said nothing.
    pub fn new(track: u16) -> Self {
        let (waiting, recent) = (VecDeque::new(), Recent::default());
        Self { track, end: 0, waiting, recent, spoke: None, ear: None }
    }

    /// Takes the next packet of its file. When `limits::MIX_QUEUE` wait the oldest is forgotten.
    pub fn push(&mut self, VoicePacket { time, error, data }: VoicePacket) {
        let said = u64::try_from(time as i64 + error).unwrap_or(0);
        let Some(packet) = Packet::new(said, data) else { return };
        self.end = time + packet.samples;
        self.waiting.push_back(Waiting { time, packet });
        if self.waiting.len() > MIX_QUEUE {
            self.take();
        }
    }

    /// Whether it sends anything but pauses at `end`, or did lately.
    pub fn speaks(&self, end: u64) -> bool {
        let lately = self.spoke.is_some_and(|spoke| spoke + ticks(MIX_HANGOVER) > end);
        let mut now = self.waiting.iter().take_while(|waiting| waiting.time < end + STEP);
        lately || now.any(|waiting| !waiting.packet.is_pause())
    }

    /// How much later than `end` the next packet was said, in ticks. `None` if there is none.
    pub fn error(&self, end: u64) -> Option<i64> {
        self.waiting.front().map(|next| next.packet.placed as i64 - end as i64)
    }

    /// Whether the next packet is a pause.
    pub fn is_pausing(&self) -> bool {
        self.waiting.front().is_some_and(|next| next.packet.is_pause())
    }

    /// The next packet.
    pub fn take(&mut self) -> Option<Packet> {
        let Waiting { time, packet } = self.waiting.pop_front()?;
        if !packet.is_pause() {
            self.spoke = Some(time + packet.samples);
        }
        self.recent.push(packet.clone());
        Some(packet)
    }

    /// Lets go of what ended before `end`.
    pub fn forget(&mut self, end: u64) {
        while self.waiting.front().is_some_and(|next| next.time + next.packet.samples <= end) {
            self.take();
        }
    }

    /// Listens to the packet at `end`. `passes_at` is where its next packet goes, if its packets are the ones that pass;
    /// others go where they were said.
    pub fn listen(&mut self, end: u64, passes_at: Option<u64>) {
        if self.ear.is_none() {
            let Some((listener, heard)) = self.recent.listener() else { return };
            let next = self.waiting.front().map_or(self.end, |next| next.time);
            let from = next.saturating_sub((heard.len() / PAIR) as u64);
            let error = self.waiting.front().map_or(0, |next| next.packet.placed as i64 - next.time as i64);
            self.ear = Some(Ear { listener, heard, from, offset: -error, audible_until: 0 });
        }
        if let (Some(ear), Some(at), Some(next)) = (&mut self.ear, passes_at, self.waiting.front()) {
            ear.offset = next.time as i64 - at as i64;
        }
        self.hear(end + 2 * STEP);
        let audible = listen::is_audible(&self.heard(end, STEP as usize));
        if let Some(ear) = self.ear.as_mut().filter(|_| audible) {
            ear.audible_until = end + STEP + ticks(MIX_HANGOVER);
        }
    }

    /// Nobody else speaks: its packets need not be decoded.
    pub fn stop_listening(&mut self) {
        self.ear = None;
    }

    /// Whether it was loud enough to be heard at `end` or lately.
    pub fn is_audible(&self, end: u64) -> bool {
        self.ear.as_ref().is_some_and(|ear| ear.audible_until > end)
    }

    /// Decodes up to `until`, if it is listened to.
    pub fn hear(&mut self, until: u64) {
        let Some(ear) = &mut self.ear else { return };
        for Waiting { time, packet } in &self.waiting {
            let heard_to = ear.heard_to();
            if *time >= heard_to && heard_to as i64 - ear.offset < until as i64 {
                let gap = (*time - heard_to).min(KEPT) as usize;
                ear.heard.resize(ear.heard.len() + gap * PAIR, 0.0);
                ear.from = *time - (ear.heard.len() / PAIR) as u64;
                ear.listener.hear(packet, &mut ear.heard);
            }
        }
        let kept = (until as i64 + ear.offset - 2 * KEPT as i64 - ear.from as i64).max(0) as usize;
        let kept = kept.min(ear.heard.len() / PAIR);
        ear.heard.drain(..kept * PAIR);
        ear.from += kept as u64;
    }

    /// What is heard from `from` on; silence where it is not listened to.
    pub fn heard(&self, from: u64, pairs: usize) -> Vec<f32> {
        let mut out = vec![0.0; pairs * PAIR];
        let Some(ear) = &self.ear else { return out };
        let first = from as i64 + ear.offset - ear.from as i64;
        let (skipped, first) = ((-first).max(0) as usize, first.max(0) as usize);
        let heard = ear.heard.get(first * PAIR..).unwrap_or_default();
        for (out, sample) in out.iter_mut().skip(skipped * PAIR).zip(heard) {
            *out = *sample;
        }
        out
    }

    /// Moves it so that one of its packets begins at `at`, and makes this the next one: the nearest in its file, or, if that
    /// is too far from where it was said, the nearest by that. Whether there is one.
    pub fn move_to(&mut self, at: u64) -> bool {
        let most = ticks(crate::limits::VOICE_ERROR_MAX);
        let off_file = |next: &&Waiting| next.time.abs_diff(at);
        let off_said = |next: &&Waiting| next.packet.placed.abs_diff(at);
        let in_file = self.waiting.iter().min_by_key(off_file).filter(|next| off_said(next) <= most);
        let next = in_file.or_else(|| self.waiting.iter().min_by_key(off_said)).filter(|next| off_said(next) <= most);
        let (Some(time), Some(ear)) = (next.map(|next| next.time), &mut self.ear) else { return false };
        ear.offset = time as i64 - at as i64;
        while self.waiting.front().is_some_and(|next| next.time < time) {
            self.take();
        }
        true
    }
}

impl Ear {
    fn heard_to(&self) -> u64 {
        self.from + (self.heard.len() / PAIR) as u64
    }
}
