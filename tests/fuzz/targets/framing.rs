//! Any bytes as a stream of frames, cut anywhere: what comes out is what RFC 4571 says, whatever the cuts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::{
    framing::{Deframer, HEAD_BYTES, head},
    ice::asked_ufrag,
    limits::MAX_DATAGRAM,
};
use tongke_fuzz::chunks;

fuzz_target!(|input: &[u8]| {
    // Each chunk is what one read brings; together they are the stream.
    let pieces: Vec<&[u8]> = chunks(input).map(|(_, bytes)| bytes).collect();
    let stream = pieces.concat();
    let taken = taken(&pieces);
    assert_eq!(taken, expected(&stream));
    for frame in &taken.0 {
        asked_ufrag(frame);
        assert!(head(frame.len()).is_some());
    }
});

/// The frames, and whether the stream ended in an error.
fn taken(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
    let (mut deframer, mut out) = (Deframer::default(), Vec::new());
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let room = deframer.room();
            assert!(!room.is_empty(), "there is always room for more");
            let (now, later) = rest.split_at(rest.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            deframer.filled(now.len());
            rest = later;
            loop {
                match deframer.next_frame() {
                    Ok(Some(frame)) => out.push(frame.to_vec()),
                    Ok(None) => break,
                    Err(_) => return (out, true),
                }
            }
        }
    }
    (out, false)
}

/// The same of the whole stream at once, by the letter of the RFC.
fn expected(mut stream: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut out = Vec::new();
    while let Some((told, rest)) = stream.split_first_chunk::<HEAD_BYTES>() {
        let len = usize::from(u16::from_be_bytes(*told));
        if len > MAX_DATAGRAM {
            return (out, true);
        }
        let Some((frame, rest)) = rest.split_at_checked(len) else { break };
        if !frame.is_empty() {
            out.push(frame.to_vec());
        }
        stream = rest;
    }
    (out, false)
}
