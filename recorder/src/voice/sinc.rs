//! Samples between samples: a windowed sinc. The ratios here are within half a percent of one and Opus carries nothing above
//! 20 kHz, so nothing need be filtered out and the transition may be as wide as from there to 28 kHz.

use std::sync::LazyLock;

use super::listen::PAIR;

/// Samples used on either side.
pub const REACH: usize = 16;
/// Positions between two samples for which the weights are kept; in between they are interpolated.
const PHASES: usize = 128;

type Weights = [f32; 2 * REACH];

static WEIGHTS: LazyLock<Vec<Weights>> = LazyLock::new(|| (0..=PHASES).map(weights).collect());

/// Weights of the samples `1 - REACH ..= REACH` around a position `phase / PHASES` behind sample 0.
fn weights(phase: usize) -> Weights {
    let behind = phase as f64 / PHASES as f64;
    std::array::from_fn(|tap| {
        let x = tap as f64 + 1.0 - REACH as f64 - behind;
        let sinc = if x.abs() < 1e-9 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
        (sinc * window(x / REACH as f64)) as f32
    })
}

/// Blackman-Harris, four terms, from -1 to 1.
fn window(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x;
    0.358_75 + 0.488_29 * angle.cos() + 0.141_28 * (2.0 * angle).cos() + 0.011_68 * (3.0 * angle).cos()
}

/// The pair at `position`, counted in pairs from the start of `samples`; silence outside.
pub fn at(samples: &[f32], position: f64) -> [f32; PAIR] {
    let before = position.floor();
    let phase = (position - before) * PHASES as f64;
    let (table, share) = (phase as usize, phase.fract() as f32);
    let (Some(low), Some(high)) = (WEIGHTS.get(table), WEIGHTS.get(table + 1)) else { return [0.0; PAIR] };
    let first = before as i64 + 1 - REACH as i64;
    let mut sum = [0.0; PAIR];
    for (tap, (low, high)) in low.iter().zip(high).enumerate() {
        let index = usize::try_from(first + tap as i64).ok().and_then(|index| index.checked_mul(PAIR));
        let Some(&[left, right]) = index.and_then(|index| samples.get(index..)?.first_chunk::<PAIR>()) else {
            continue;
        };
        let weight = low + (high - low) * share;
        sum[0] += left * weight;
        sum[1] += right * weight;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_read_between_its_samples() {
        for (hertz, bound) in [(100.0, 1e-4), (1_000.0, 1e-4), (8_000.0, 3e-4), (16_000.0, 1e-3), (20_000.0, 1e-2)] {
            let tone = |at: f64| (at * hertz / 48_000.0 * std::f64::consts::TAU).sin();
            let samples: Vec<f32> = (0..2_000).map(|index| tone(f64::from(index / 2)) as f32).collect();
            for step in 0..500 {
                let position = 100.0 + f64::from(step) * 1.004;
                let error = (f64::from(at(&samples, position)[1]) - tone(position)).abs();
                assert!(error < bound, "{hertz} Hz at {position}: {error}");
            }
            assert_eq!(at(&samples, 100.0)[0], samples[200], "a whole position is the sample itself");
        }
        assert_eq!(at(&[], 3.5), [0.0, 0.0]);
    }
}
