//! Any order of packets, reports, waiting and wishes against one receiver's estimator.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use sfu::{
    bandwidth::{Estimator, MAX_BPS, MIN_BPS},
    limits::MAX_SENT_HISTORY,
    rtcp::{ArrivalLog, Feedback, MAX_FEEDBACK_LEN, Writer, read},
};
use tongke_fuzz::chunks;

/// Steps of one input; what is left of a longer one is not looked at.
const STEPS: usize = 2000;
/// Memory of one estimator in bytes: 8 a packet and what it is itself.
const MEMORY: usize = 8 * MAX_SENT_HISTORY + 1500;

/// Gives a body of transport-wide feedback to the estimator, as far as it is one.
fn hear(estimator: &mut Estimator, now: Instant, body: &[u8]) {
    let mut buffer = [0; 1200];
    let mut writer = Writer::new(&mut buffer);
    let padded = body.len() / 4 * 4;
    writer.transport_wide(1, 2, &body[..padded]);
    let len = writer.len();
    read(&buffer[..len], |feedback| {
        if let Feedback::TransportWide(wide) = feedback {
            estimator.handle_feedback(now, &wide);
        }
    });
}

fuzz_target!(|input: &[u8]| {
    let origin = Instant::now();
    let (mut now, mut number, mut cluster) = (origin, 65_500u16, None);
    let mut estimator = Estimator::new(origin);
    let mut log = ArrivalLog::new(origin);
    for (kind, bytes) in chunks(input).take(STEPS) {
        let amount = bytes.iter().fold(0u64, |amount, byte| amount << 8 | u64::from(*byte));
        match kind % 8 {
            // Packets that arrive, but for some.
            0 | 1 => {
                for (i, byte) in bytes.iter().enumerate() {
                    let marked = cluster.filter(|_| kind % 2 == 1);
                    estimator.sent(now, number, u16::from(*byte) * 5, marked);
                    if byte % 10 != 9 {
                        log.arrived(number, now + Duration::from_millis(i as u64 + u64::from(kind)));
                    }
                    number = number.wrapping_add(1);
                    now += Duration::from_millis(u64::from(byte % 32));
                }
            }
            2 => {
                let mut body = [0; MAX_FEEDBACK_LEN];
                while let Some(len) = log.feedback(&mut body) {
                    hear(&mut estimator, now, &body[..len]);
                }
            }
            // A report of whatever kind, on packets near the newest.
            3 => {
                let base = number.wrapping_sub(amount as u8 as u16).to_be_bytes();
                hear(&mut estimator, now, &[&base[..], bytes].concat());
            }
            4 => hear(&mut estimator, now, bytes),
            5 => {
                now += Duration::from_millis(amount % 20_000);
                estimator.handle_timeout(now);
            }
            6 => estimator.want(amount),
            _ => number = number.wrapping_add(amount as u16),
        }
        if let Some(probe) = estimator.poll_probe(now) {
            assert!(probe.bps > 0 && probe.packets > 0 && probe.bytes <= 20_000);
            cluster = Some(probe.cluster);
        }
        let bps = estimator.estimate_bps();
        assert!((MIN_BPS..=MAX_BPS).contains(&bps));
        assert!((0.0..=1.0).contains(&estimator.loss()));
        assert!(estimator.in_flight() <= MAX_SENT_HISTORY * usize::from(u16::MAX));
        assert!(estimator.memory() <= MEMORY, "{}", estimator.memory());
    }
});
