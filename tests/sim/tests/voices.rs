//! Voices over lines that lose packets.

use sim::{
    Way,
    scenario::{
        Measured,
        voice::{Loss, concealment},
    },
};

const SEEDS: [u64; 3] = [1, 2, 3];

/// What is kept today, with packets that are sent again and nothing else.
const KEPT: [(Loss, f64); 3] = [(Loss::Random(0.2), 0.02), (Loss::Random(0.3), 0.05), (Loss::Bursty(0.2), 0.05)];

#[test]
fn heavy_loss_on_the_way_down_is_hardly_heard() {
    for asked in KEPT {
        for seed in SEEDS {
            let heard = concealment(seed, asked, Way::Down);
            assert_eq!(heard.broken(), [], "{heard:?}");
        }
    }
}

#[test]
fn heavy_loss_on_the_way_up_is_hardly_heard() {
    for asked in KEPT {
        for seed in SEEDS {
            let heard = concealment(seed, asked, Way::Up);
            assert_eq!(heard.broken(), [], "{heard:?}");
        }
    }
}

#[test]
fn without_loss_nothing_is_concealed() {
    let heard = concealment(1, (Loss::Random(0.0), 0.0), Way::Down);
    assert!(heard.concealed == 0.0 && heard.delay_ms < 260.0, "{heard:?}");
}
