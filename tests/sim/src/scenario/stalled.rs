//! A viewer whose line carries nothing any more for ten minutes, and what the others notice of it: nothing.

use super::{Figure, Lesson, Measured};
use crate::{Change, Conditions, Encoding, Publishes, Receives, Way, figures::most};

const OTHERS: usize = 3;
const STALLS_AT: f64 = 10.0;
const ENDS_AT: f64 = 610.0;

/// What one of the others had.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Had {
    loss: f64,
    voice_ms: f64,
    picture_ms: f64,
    bytes: u64,
}

/// What the others noticed.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Its seed.
    pub seed: u64,
    /// Loss that was added for the one who had most, as a share.
    pub added_loss: Option<f64>,
    /// Delay that was added to voices, in ms.
    pub added_voice_ms: Option<f64>,
    /// And to pictures.
    pub added_picture_ms: Option<f64>,
    /// Share of the bytes that the worst of them missed.
    pub missed: Option<f64>,
    /// Packets that were sent to the one who stalled and did not get there.
    pub in_vain: u64,
}

/// The same lesson with and without one who stalls.
pub fn beside(seed: u64, camera: &[Encoding]) -> Beside {
    let ((with, in_vain), (without, _)) = (lesson(seed, camera, true), lesson(seed, camera, false));
    let pairs = || with.iter().zip(&without);
    Beside {
        seed,
        added_loss: most(pairs().map(|(with, without)| with.loss - without.loss)),
        added_voice_ms: most(pairs().map(|(with, without)| with.voice_ms - without.voice_ms)),
        added_picture_ms: most(pairs().map(|(with, without)| with.picture_ms - without.picture_ms)),
        missed: most(pairs().map(|(with, without)| 1.0 - with.bytes as f64 / without.bytes.max(1) as f64)),
        in_vain,
    }
}

/// What the others had, and what was sent in vain to the one who stalled.
fn lesson(seed: u64, camera: &[Encoding], stalls: bool) -> (Vec<Had>, u64) {
    let mut lesson = Lesson::new(seed, Publishes::camera(camera));
    let line = Conditions { rate_bps: Some(4_000_000), ..Conditions::delayed(20) };
    let others: Vec<_> = (0..OTHERS).map(|_| lesson.join(line, Receives::POINT)).collect();
    let stalled = stalls.then(|| lesson.join(line, Receives::POINT));
    let world = &mut lesson.world;
    let (from, to) = (world.at(STALLS_AT), world.at(ENDS_AT));
    if let Some(stalled) = stalled {
        world.link(stalled.site, Way::Down).plan(from, Change::Rate(Some(0)));
    }
    world.run_until(to);
    let had = others.iter().map(|point| {
        let loss = world.link(point.site, Way::Down).tally().loss_since(&crate::network::Tally::default());
        let receiver = world.receiver(point.receiving);
        Had {
            loss,
            voice_ms: receiver.voice(0).heard(from, to).delay_p95_ms,
            picture_ms: receiver.picture(0).seen(from, to).mean_delay_ms,
            bytes: receiver.bytes(from, to).total(),
        }
    });
    let had = had.collect();
    (had, stalled.map_or(0, |stalled| world.link(stalled.site, Way::Down).tally().dropped))
}

impl Measured for Beside {
    fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::at_most("loss added for the others", 0.1, "%", self.added_loss.map(|share| share * 100.0)),
            Figure::at_most("delay added to their voices, 95 of 100", 1.0, "ms", self.added_voice_ms),
            Figure::at_most("delay added to their pictures, on average", 5.0, "ms", self.added_picture_ms),
            Figure::at_most("of their bytes missed", 0.5, "%", self.missed.map(|share| share * 100.0)),
            Figure::told("packets sent to the stalled one in vain", "", self.in_vain as f64),
        ]
    }
}
