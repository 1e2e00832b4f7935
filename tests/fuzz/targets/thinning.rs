//! A stream of frames with any layers, thinned to any layers while packets of it are lost, late and doubled: what goes has
//! one number each, without gaps but for what was missed.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use sfu::{
    payload::{Layering, Rise},
    temporal::{Fate, Thinning},
};

/// One packet as the source made it: timestamp and layers.
type Packet = (u32, Layering);

fn source(bytes: &[u8]) -> Vec<Packet> {
    let mut timestamp = u32::MAX - 50 * 3_000;
    let frame = |&byte: &u8| {
        timestamp = timestamp.wrapping_add(3_000);
        let rise = [Rise::No, Rise::Here, Rise::After, Rise::No][usize::from(byte >> 3 & 3)];
        let key = byte & 0xe0 == 0xe0;
        let layering = Layering { temporal: if key { 0 } else { byte & 3 }, rise, key, ..Layering::default() };
        vec![(timestamp, layering); 1 + usize::from(byte >> 5 & 1)]
    };
    bytes.iter().flat_map(frame).collect()
}

fuzz_target!(|input: &[u8]| {
    let Some((&frames, rest)) = input.split_first() else { return };
    let (frames, order) = rest.split_at(usize::from(frames).min(rest.len()));
    let packets = source(frames);
    let (mut thinning, mut next) = (Thinning::new(), 0_usize);
    // What became of each packet, of each frame, and of each number.
    let (mut fates, mut sent, mut numbers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let first = 65_530_u64;
    for &step in order {
        let at = match step & 0xc0 {
            // The next packet; one of the last that came or did not; the next is lost.
            0x00 | 0x40 => next,
            0x80 => match next.checked_sub(1 + usize::from(step & 0x3f)) {
                Some(at) => at,
                None => continue,
            },
            _ => {
                thinning.aim(step & 7);
                next += usize::from(step >> 3 & 1);
                continue;
            }
        };
        let Some((timestamp, layering)) = packets.get(at) else { return };
        next = next.max(at + 1);
        let index = first + at as u64;
        let fate = thinning.pass(index, *timestamp, layering);
        if let Fate::Send { index: out, .. } | Fate::Fill { index: out } = fate {
            assert_eq!(*numbers.entry(out).or_insert(index), index, "one number for two packets");
            assert!(out <= index);
            if let Some(origin) = thinning.origin(out) {
                assert_eq!(origin, index);
            }
            assert_eq!(thinning.again(index, *timestamp), fate);
        }
        if let Some(&before) = fates.get(&at) {
            assert!(before == fate || fate == Fate::LeaveOut, "{before:?}, and later {fate:?}");
        } else {
            fates.insert(at, fate);
        }
        if let Fate::Send { left_out, .. } = fate {
            assert_eq!(*sent.entry(*timestamp).or_insert(left_out), left_out, "one frame under two numbers");
        }
    }
    // A number that nothing has is that of a packet that was missed.
    let (Some((&low, _)), Some((&high, _))) = (numbers.first_key_value(), numbers.last_key_value()) else { return };
    for out in (low..high).filter(|out| !numbers.contains_key(out)) {
        if let Some(origin) = thinning.origin(out) {
            assert!(!fates.contains_key(&((origin - first) as usize)), "{out} is a gap");
        }
    }
});
