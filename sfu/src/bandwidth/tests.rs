//! What the estimator makes of lines as they are: RFC 8867's cases, and the ones weak rural lines make.

use super::{simulation::*, *};

/// Each story is told with these; a failure names its own.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;
const LAYERS: [f64; 3] = [150e3, 500e3, 1500e3];
/// What a receiver of the best layer and a voice has use for, in bit/s, with room to change to it.
const ALL: f64 = 1.7e6;

fn one(seed: u64, path: Path, media: Media, want: f64) -> Net {
    Net::new(seed, path, vec![(media, want)])
}

fn layers() -> Media {
    Media::Layers(LAYERS.to_vec())
}

/// Times the pictures changed for the worse from one second to another.
fn setbacks(flow: &Flow, from_s: f64, to_s: f64) -> usize {
    let samples: Vec<f64> = flow.between(from_s, to_s).map(|sample| sample.pictures).collect();
    samples.windows(2).filter(|pair| pair[1] < pair[0]).count()
}

#[test]
fn a_line_whose_capacity_changes_is_used_and_not_overfilled() {
    // RFC 8867 section 5.1, with its delay, jitter and queue.
    let phases = [(0.0, 40.0, 1e6), (40.0, 60.0, 2.5e6), (60.0, 80.0, 0.6e6), (80.0, 100.0, 1e6)];
    for seed in SEEDS {
        let rates = phases.iter().map(|&(from, _, bps)| (from, bps)).collect();
        let path = Path { rates, jitter_ms: 10.0, ..Path::new(1e6, 50) };
        let mut net = one(seed, path, Media::Adaptive { most: 4e6 }, 4e6);
        net.run(100.0);
        let flow = &net.flows[0];
        for (from, to, bps) in phases {
            let mean = flow.mean(from + 10.0, to);
            assert!(mean >= 0.75 * bps, "seed {seed}: {mean} of {bps} from {from} s");
            assert!(mean <= 1.05 * bps, "seed {seed}: {mean} of {bps} from {from} s");
        }
        let wait_ms = net.wait_ms(95, 0.0, 100.0);
        assert!(wait_ms <= 200, "seed {seed}: {wait_ms} ms");
        let dropped = flow.dropped as f64 / flow.sent as f64;
        assert!(dropped <= 0.02, "seed {seed}: {dropped} dropped");
    }
}

#[test]
fn two_receivers_behind_one_line_share_it() {
    // RFC 8867 section 5.2.
    let phases = [(0.0, 25.0, 4e6), (25.0, 50.0, 2e6), (50.0, 75.0, 3.5e6), (75.0, 100.0, 1e6), (100.0, 125.0, 2e6)];
    for seed in SEEDS {
        let rates = phases.iter().map(|&(from, _, bps)| (from, bps)).collect();
        let path = Path { rates, jitter_ms: 10.0, ..Path::new(4e6, 50) };
        let media = Media::Adaptive { most: 4e6 };
        let mut net = Net::new(seed, path, vec![(media.clone(), 4e6), (media, 4e6)]);
        net.run(125.0);
        for (from, to, bps) in phases {
            let [one, other] = [0, 1].map(|flow| net.flows[flow].mean(from + 10.0, to));
            assert!(one + other >= 0.75 * bps, "seed {seed}: {one} and {other} of {bps} from {from} s");
            assert!(one <= 3.0 * other && other <= 3.0 * one, "seed {seed}: {one} and {other} from {from} s");
        }
    }
}

#[test]
fn a_line_that_breaks_down_and_comes_back_gets_its_pictures_back_in_seconds() {
    for seed in SEEDS {
        let rates = vec![(0.0, 2e6), (30.0, 0.25e6), (60.0, 2e6)];
        // The queue is deep, so that what is too much waits and is not lost.
        let path = Path { rates, queue_ms: 1000.0, jitter_ms: 5.0, ..Path::new(2e6, 30) };
        let mut net = one(seed, path, layers(), ALL);
        net.run(90.0);
        let flow = &net.flows[0];
        assert!(flow.first(0.0, |s| s.pictures == LAYERS[2]).is_some_and(|at| at < 5.0), "seed {seed}");
        let fits = flow.first(30.0, |s| s.estimate <= 0.25e6 && s.pictures <= LAYERS[0]).unwrap();
        assert!(fits <= 32.0, "seed {seed}: fits from {fits} s on");
        let wait_ms = net.wait_ms(95, 33.0, 60.0);
        assert!(wait_ms < 400, "seed {seed}: {wait_ms} ms");
        let middle = flow.first(60.0, |s| s.pictures >= LAYERS[1]).unwrap();
        assert!(middle <= 65.0, "seed {seed}: middle layer at {middle} s");
        let top = flow.first(60.0, |s| s.pictures >= LAYERS[2]).unwrap();
        assert!(top <= 75.0, "seed {seed}: top layer at {top} s");
        let flaps = setbacks(flow, 0.0, 30.0) + setbacks(flow, 32.0, 90.0);
        assert!(flaps <= 1, "seed {seed}: {flaps} flaps");
        // The least layer stays affordable, so that a small picture goes on.
        assert!(flow.least(33.0, 60.0) >= VOICE_BPS + LAYERS[0], "seed {seed}");
    }
}

#[test]
fn a_radio_that_loses_a_tenth_carries_as_much_as_ever() {
    for seed in SEEDS {
        let path = Path { loss: Loss::Even(0.10), ..Path::new(2e6, 20) };
        let mut net = one(seed, path.clone(), Media::Adaptive { most: 2.2e6 }, 2.2e6);
        net.run(60.0);
        let least = net.flows[0].least(20.0, 60.0);
        assert!(least >= 1.2e6, "seed {seed}: {least}");
        let loss = net.flows[0].estimator.loss();
        assert!((0.05..0.16).contains(&loss), "seed {seed}: {loss}");

        let path = Path { rates: vec![(0.0, 1.5e6)], ..path };
        let mut net = one(seed, path, Media::Adaptive { most: 1e6 }, 1e6);
        net.run(60.0);
        let least = net.flows[0].least(20.0, 60.0);
        assert!(least >= 1e6, "seed {seed}: {least} where 1 Mbit/s is sent");
    }
}

#[test]
fn bursts_of_loss_take_no_picture_away() {
    for seed in SEEDS {
        let loss = Loss::Bursts { enter: 0.01, leave: 0.2, within: 0.8 };
        let path = Path { loss, jitter_ms: 10.0, ..Path::new(2e6, 40) };
        let mut net = one(seed, path, layers(), ALL);
        net.run(60.0);
        let flow = &net.flows[0];
        assert!(flow.first(0.0, |s| s.pictures == LAYERS[2]).is_some_and(|at| at < 10.0), "seed {seed}");
        let setbacks = setbacks(flow, 10.0, 60.0);
        assert!(setbacks <= 1, "seed {seed}: {setbacks} setbacks");
    }
}

#[test]
fn a_line_of_64_kbits_carries_its_voice_without_a_queue() {
    for seed in SEEDS {
        let path = Path { jitter_ms: 10.0, queue_ms: 2000.0, ..Path::new(64e3, 40) };
        for want in [50e3, ALL] {
            let mut net = one(seed, path.clone(), Media::Fixed { voice: 50e3, pictures: 0.0 }, want);
            net.run(60.0);
            let wait_ms = net.wait_ms(95, 0.0, 60.0);
            assert!(wait_ms <= 200, "seed {seed}: {wait_ms} ms");
            let least = net.flows[0].least(0.0, 60.0);
            assert!(least >= 45e3, "seed {seed}: {least}");
        }
        // With a use for pictures, it learns what the line is.
        let mut net = one(seed, path, layers(), ALL);
        net.run(60.0);
        let flow = &net.flows[0];
        let (least, mean) = (flow.least(10.0, 60.0), flow.mean(10.0, 60.0));
        assert!(least >= 40e3 && mean <= 70e3, "seed {seed}: {least} at least, {mean} on the average");
        let wait_ms = net.wait_ms(95, 10.0, 60.0);
        assert!(wait_ms <= 100, "seed {seed}: {wait_ms} ms");
    }
}

#[test]
fn jitter_is_not_taken_for_a_queue() {
    for seed in SEEDS {
        let path = Path { jitter_ms: 60.0, ..Path::new(300e3, 40) };
        let mut net = one(seed, path, Media::Adaptive { most: 1e6 }, 1e6);
        net.run(60.0);
        let least = net.flows[0].least(15.0, 60.0);
        assert!(least >= 200e3, "seed {seed}: {least}");
    }
}

#[test]
fn a_thin_stream_learns_by_probes_what_the_line_carries_and_probes_no_further_than_is_wanted() {
    for seed in SEEDS {
        let thin = Media::Fixed { voice: 50e3, pictures: 150e3 };
        let path = Path { jitter_ms: 5.0, ..Path::new(4e6, 40) };
        let mut net = one(seed, path.clone(), thin.clone(), 2.2e6);
        net.run(30.0);
        let reached = net.flows[0].first(0.0, |sample| sample.estimate >= 2e6).unwrap();
        assert!(reached <= 10.0, "seed {seed}: {reached} s");
        assert!(net.flows[0].least(10.0, 30.0) >= 2e6, "seed {seed}");
        let probes = net.flows[0].probes();
        assert!((1..=8).contains(&probes), "seed {seed}: {probes} probes");
        for want in [200e3, 0.0] {
            let mut net = one(seed, path.clone(), thin.clone(), want);
            net.run(30.0);
            assert_eq!(net.flows[0].probes(), 0, "seed {seed}");
        }
    }
}

#[test]
fn probing_a_full_line_costs_little() {
    for seed in SEEDS {
        let path = Path { jitter_ms: 5.0, ..Path::new(0.6e6, 40) };
        let mut net = one(seed, path, layers(), ALL);
        net.run(60.0);
        let flow = &net.flows[0];
        let probed = flow.probed_bytes as f64 * 8.0 / 60.0;
        assert!(probed < 0.06 * 0.6e6, "seed {seed}: {probed} bit/s");
        assert!(flow.probes() >= 15, "seed {seed}: it goes on looking for more");
        assert!(setbacks(flow, 5.0, 60.0) <= 1, "seed {seed}");
    }
}

#[test]
fn a_line_that_is_cut_counts_for_nothing_and_recovers_in_seconds() {
    for seed in SEEDS {
        let rates = vec![(0.0, 2e6), (20.0, 0.0), (30.0, 2e6)];
        let path = Path { rates, jitter_ms: 5.0, ..Path::new(2e6, 40) };
        let mut net = one(seed, path, layers(), ALL);
        net.run(50.0);
        let flow = &net.flows[0];
        let at_once = flow.first(20.0, |s| s.pictures < LAYERS[2]).unwrap();
        assert!(at_once <= 21.5, "seed {seed}: heard at {at_once} s");
        assert_eq!(flow.least(29.0, 30.0), MIN_BPS as f64, "seed {seed}");
        let middle = flow.first(30.0, |s| s.pictures >= LAYERS[1]).unwrap();
        let top = flow.first(30.0, |s| s.pictures >= LAYERS[2]).unwrap();
        assert!(middle <= 35.0 && top <= 36.0, "seed {seed}: middle at {middle} s, top at {top} s");
        assert_eq!(setbacks(flow, 31.0, 50.0), 0, "seed {seed}");
    }
}

#[test]
fn a_policer_that_lets_probes_pass_does_not_make_pictures_come_and_go() {
    for seed in SEEDS {
        let path = Path { queue_ms: 40.0, jitter_ms: 5.0, ..Path::new(1.2e6, 40) };
        let mut net = one(seed, path, layers(), ALL);
        net.run(120.0);
        let flow = &net.flows[0];
        let setbacks = setbacks(flow, 10.0, 120.0);
        assert!(setbacks <= 4, "seed {seed}: {setbacks} setbacks");
        assert!(flow.between(10.0, 120.0).all(|sample| sample.pictures >= LAYERS[1]), "seed {seed}");
    }
}

#[test]
fn voices_alone_and_bursts_of_frames_are_no_overuse() {
    for seed in SEEDS {
        let path = Path { jitter_ms: 20.0, ..Path::new(6e6, 40) };
        for (voice, pictures) in [(32e3, 0.0), (32e3, 1.5e6), (32e3, 4e6)] {
            let want = voice + pictures + 0.4e6;
            let mut net = one(seed, path.clone(), Media::Fixed { voice, pictures }, want);
            net.run(60.0);
            let flow = &net.flows[0];
            let least = flow.least(10.0, 60.0);
            assert!(least >= voice + pictures, "seed {seed}: {least} for {pictures}");
            let over = flow.between(10.0, 60.0).filter(|sample| sample.usage == Usage::Over).count();
            assert!(over <= 5, "seed {seed}: {over} of 500 times over with {pictures}");
        }
    }
}

#[test]
fn a_radio_that_takes_turns_or_stalls_is_no_line_that_is_full() {
    for seed in SEEDS {
        let path = Path { turn_ms: 20, jitter_ms: 5.0, ..Path::new(1e6, 40) };
        let mut net = one(seed, path, Media::Adaptive { most: 4e6 }, 4e6);
        net.run(60.0);
        let mean = net.flows[0].mean(10.0, 60.0);
        assert!((0.75e6..=1.1e6).contains(&mean), "seed {seed}: {mean}");

        // Once in three seconds it is deaf for 200 ms.
        let rates = (0..20).flat_map(|i| [(f64::from(i) * 3.0, 2e6), (f64::from(i) * 3.0 + 2.8, 0.0)]).collect();
        let path = Path { rates, jitter_ms: 5.0, ..Path::new(2e6, 40) };
        let mut net = one(seed, path, layers(), ALL);
        net.run(60.0);
        let flow = &net.flows[0];
        assert!(flow.between(5.0, 60.0).all(|sample| sample.pictures >= LAYERS[1]), "seed {seed}");
        let setbacks = setbacks(flow, 5.0, 60.0);
        assert!(setbacks <= 3, "seed {seed}: {setbacks} setbacks");
    }
}

#[test]
fn two_percent_fewer_reports_or_reports_twice_as_often_change_little() {
    for seed in SEEDS {
        for report_ms in [50, 250] {
            let path = Path { report_ms, loss: Loss::Even(0.02), jitter_ms: 5.0, ..Path::new(1e6, 100) };
            let mut net = one(seed, path, Media::Adaptive { most: 4e6 }, 4e6);
            net.run(60.0);
            let mean = net.flows[0].mean(15.0, 60.0);
            assert!((0.75e6..=1.05e6).contains(&mean), "seed {seed}: {mean} with reports each {report_ms} ms");
            let wait_ms = net.wait_ms(95, 15.0, 60.0);
            assert!(wait_ms <= 250, "seed {seed}: {wait_ms} ms");
        }
    }
}
