//! Music that drifted: about five seconds of it are made one packet longer or shorter. Packets are decoded, read slightly
//! slower or faster (0.4 %, 7 cents) and written anew; then packets pass through again.
//!
//! ```text
//! heard    |--0--|--1--|--2--| ... |-239-|-240-|-241-|
//! written  |---0---|---1---|---  ...      |-240-|-241-|      241 packets in place of 240, then as they came
//! ```
//! A whole packet, because packets of 20 ms fill the time before and after. Packets of other lengths are heard just as well;
//! the end is the first place where one begins at a whole number of 20 ms.

use super::{
    Packet, RATE, STEP,
    listen::{Listener, PAIR, Recent},
    rewrite::Rewriter,
    sinc,
};

/// How much is heard while it lasts, in ticks: a whole number of packets of every length Opus has.
const HEARD: i64 = 240 * STEP as i64;
/// Packets that begin nowhere near a whole number of 20 ms are cut off this long after the end, in ticks.
const GIVE_UP: i64 = RATE as i64;
/// Samples kept before the one being read, in pairs.
const KEPT: usize = 2 * sinc::REACH;

/// A stretch under way. Drain [`Stretch::poll`] after each call, then ask for [`Stretch::rest`].
#[derive(Debug)]
pub struct Stretch {
    listener: Listener,
    rewriter: Rewriter,
    /// Samples heard, from `from` on. Positions are pairs heard since the stretch began.
    heard: Vec<f32>,
    from: i64,
    /// How much is to be written for `HEARD`.
    target: i64,
    /// Pairs read and fed to the rewriter.
    read: i64,
    /// Ticks written.
    written: i64,
    /// Where writing ends whatever is there.
    cut: Option<i64>,
    /// Packets that may pass through again, and where they begin.
    behind: Vec<(i64, Packet)>,
    error: i64,
}

/// A packet written anew.
#[derive(Debug)]
pub struct Rewritten {
    /// Its error in ticks.
    pub error: i64,
    /// The packet, of 20 ms.
    pub data: Vec<u8>,
}

impl Stretch {
    /// Begins behind `recent`, where the next packet has this error. `None` if libopus refuses.
    pub fn new(recent: &Recent, error: i64) -> Option<Self> {
        let (listener, past) = recent.listener()?;
        let rewriter = Rewriter::after(&past, recent.coding())?;
        let heard = past[past.len().saturating_sub(KEPT * PAIR)..].to_vec();
        let from = -((heard.len() / PAIR) as i64);
        let target = HEARD + STEP as i64 * error.signum();
        Some(Self {
            listener,
            rewriter,
            heard,
            from,
            target,
            read: 0,
            written: 0,
            cut: None,
            behind: Vec::new(),
            error,
        })
    }

    /// Takes the next packet, before which `lost` ticks are missing.
    pub fn push(&mut self, packet: Packet, lost: u64) {
        self.listener.guess(lost, &mut self.heard);
        let begins = self.heard_to();
        self.listener.hear(&packet, &mut self.heard);
        if begins >= HEARD {
            self.behind.push((begins, packet));
        }
        self.read_on();
    }

    /// Nothing more comes: what was heard is written.
    pub fn close(&mut self) {
        self.cut = Some(self.read);
        let packet_and_lookahead = STEP + self.rewriter.lookahead();
        self.rewriter.feed(&vec![0.0; packet_and_lookahead as usize * PAIR]);
    }

    /// The next packet written anew.
    pub fn poll(&mut self) -> Option<Rewritten> {
        if self.is_over() {
            return None;
        }
        let data = self.rewriter.poll()?;
        let error = self.error + self.position(self.written) as i64 - self.written;
        self.written += STEP as i64;
        Some(Rewritten { error, data })
    }

    /// Once it is over, the packets that pass through again.
    pub fn rest(&mut self) -> Option<Vec<Packet>> {
        if !self.is_over() {
            return None;
        }
        let from = self.position(self.written) as i64;
        let behind = std::mem::take(&mut self.behind).into_iter();
        Some(behind.filter(|(begins, _)| *begins >= from).map(|(_, packet)| packet).collect())
    }

    fn is_over(&self) -> bool {
        if let Some(cut) = self.cut {
            return self.written >= cut;
        }
        let past_target = self.written - self.target;
        let meets = |(begins, _): &(i64, Packet)| *begins == HEARD + past_target;
        past_target >= 0 && (past_target > GIVE_UP || self.behind.iter().any(meets))
    }

    fn heard_to(&self) -> i64 {
        self.from + (self.heard.len() / PAIR) as i64
    }

    /// What of the heard stands at `written` of the written.
    fn position(&self, written: i64) -> f64 {
        if written >= self.target {
            return (HEARD + written - self.target) as f64;
        }
        written as f64 * HEARD as f64 / self.target as f64
    }

    fn read_on(&mut self) {
        let last = (self.heard_to() - sinc::REACH as i64) as f64;
        let mut pairs = Vec::new();
        while self.position(self.read) < last {
            pairs.extend(sinc::at(&self.heard, self.position(self.read) - self.from as f64));
            self.read += 1;
        }
        self.rewriter.feed(&pairs);
        let done = self.position(self.read) as i64 - self.from - KEPT as i64;
        if let Ok(done) = usize::try_from(done) {
            self.heard.drain(..(done * PAIR).min(self.heard.len()));
            self.from += done as i64;
        }
    }
}
