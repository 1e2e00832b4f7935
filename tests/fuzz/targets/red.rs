//! Any bytes as a RED payload; and what they hold, written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::{
    limits::MAX_REDUNDANCY,
    red::{Voice, read, write},
};

fuzz_target!(|input: &[u8]| {
    let Some((&budget, input)) = input.split_first() else { return };
    let Ok(blocks) = read(input) else { return };
    let blocks: Vec<_> = blocks.collect();
    let (primary, repeated) = blocks.split_last().expect("there is always a primary");
    assert!(primary.is_primary() && repeated.iter().all(|block| !block.is_primary()));
    assert!(blocks.iter().map(|block| block.payload.len()).sum::<usize>() < input.len());
    let timestamp = 1_000;
    let voices: Vec<_> =
        blocks.iter().rev().map(|b| Voice { timestamp: b.timestamp(timestamp), payload: b.payload }).collect();
    let mut out = vec![0; 8 * usize::from(budget)];
    let Some(len) = write(&mut out, primary.payload_type, &voices[0], &voices[1..]) else {
        assert!(primary.payload.is_empty() || primary.payload.len() + 1 > out.len());
        return;
    };
    let again: Vec<_> = read(&out[..len]).expect("what was written is read").collect();
    let (last, earlier) = again.split_last().expect("there is always a primary");
    assert_eq!((last.payload, last.payload_type), (primary.payload, primary.payload_type));
    assert!(earlier.len() <= MAX_REDUNDANCY && earlier.windows(2).all(|pair| pair[0].offset > pair[1].offset));
    for block in earlier {
        let voice = Voice { timestamp: block.timestamp(timestamp), payload: block.payload };
        assert!(voices[1..].contains(&voice) && !voice.payload.is_empty());
    }
});
