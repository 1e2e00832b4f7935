//! Any bytes as compound RTCP.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::rtcp::{Feedback, read};

/// What a receiver of the estimator's could have outstanding.
const OUTSTANDING: usize = 2048;

fuzz_target!(|input: &[u8]| {
    read(input, |feedback| match feedback {
        // Four bytes name at most 17 packets.
        Feedback::Nack { packets, .. } => assert!(packets.sequences().count() <= input.len() * 17 / 4),
        Feedback::TransportWide(wide) => {
            let claimed = usize::from(wide.claimed);
            assert!(wide.statuses(OUTSTANDING).count() <= OUTSTANDING.min(claimed));
            // Two bytes describe at most 8,191 packets, and each arrival takes a byte.
            let (mut told, mut arrived) = (0, 0);
            for (number, ticks) in wide.statuses(usize::MAX) {
                assert_eq!(number, wide.base.wrapping_add(told as u16));
                told += 1;
                arrived += usize::from(ticks.is_some());
            }
            assert!(told <= claimed && told <= input.len() / 2 * 8191 && arrived <= input.len());
        }
        _ => {}
    });
});
