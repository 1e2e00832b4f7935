//! A voice over a line that loses packets, on the way down or on the way up.

use super::{Figure, Lesson, Measured};
use crate::{Burst, Change, Conditions, LISTENING, Publishes, Receives, Repair, VoiceOptions, Way};

/// Packets lost in a row, on average, where they are lost in bursts.
const BURST_LENGTH: f64 = 4.0;
/// When loss begins, and what is measured.
const WORSENS_AT: f64 = 3.0;
const FROM: f64 = 5.0;
const TO: f64 = 65.0;

/// How packets are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Each by itself, with this chance.
    Random(f64),
    /// In bursts, this share of all.
    Bursty(f64),
}

/// Every loss that is asked about, with the share that may be concealed.
pub const ASKED: [(Loss, f64); 5] = [
    (Loss::Random(0.1), 0.005),
    (Loss::Random(0.2), 0.02),
    (Loss::Random(0.3), 0.05),
    (Loss::Bursty(0.1), 0.02),
    (Loss::Bursty(0.2), 0.05),
];

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Concealment {
    /// Its seed.
    pub seed: u64,
    /// The loss.
    pub loss: Loss,
    /// Share that may be concealed.
    pub asked: f64,
    /// Share of the voice that was concealed.
    pub concealed: f64,
    /// Longest gap, in ms.
    pub gap_ms: f64,
    /// From capture to playing on average, in ms.
    pub delay_ms: f64,
}

/// A voice over a line with a round trip of 40 ms that loses packets on the way `way`.
pub fn concealment(seed: u64, (loss, asked): (Loss, f64), way: Way) -> Concealment {
    let (weak, good) = (Conditions::delayed(20), Conditions::delayed(5));
    let (masters, points) = if way == Way::Up { (weak, good) } else { (good, weak) };
    let repair = Repair { red: true, nack: true };
    let voice = Some(VoiceOptions { repair, ..VoiceOptions::default() });
    let publishes = Publishes { voice, ..Publishes::default() };
    let mut lesson = Lesson::with_master_at(seed, publishes, masters);
    let point = lesson.join(points, Receives { voices: 1, pictures: 0, repair, patience: LISTENING });
    let weak_site = if way == Way::Up { lesson.master_site } else { point.site };
    let world = &mut lesson.world;
    let at = world.at(WORSENS_AT);
    let change = match loss {
        Loss::Random(share) => Change::Loss(share),
        Loss::Bursty(share) => Change::Burst(Some(Burst::of(share, BURST_LENGTH))),
    };
    world.link(weak_site, way).plan(at, change);
    let (from, to) = (world.at(FROM), world.at(TO));
    world.run_until(to);
    let heard = world.receiver(point.receiving).voice(0).heard(from, to);
    Concealment {
        seed,
        loss,
        asked,
        concealed: heard.concealment(),
        gap_ms: heard.longest_gap_ms,
        delay_ms: heard.mean_delay_ms,
    }
}

impl Measured for Concealment {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_most("of the voice concealed", self.asked * 100.0, "%", self.concealed * 100.0),
            Figure::told("longest gap", "ms", self.gap_ms),
            Figure::told("from mouth to ear, on average", "ms", self.delay_ms),
        ]
    }
}
