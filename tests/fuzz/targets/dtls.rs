//! A DTLS handshake whose datagrams are cut, changed, swapped for others or sent twice on their way to the shard.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfu::command::{Command, ParticipantKey};
use tongke_fuzz::{chunks, peer::School};

fuzz_target!(|input: &[u8]| {
    let mut school = School::new();
    let mut master = school.publisher(ParticipantKey(0), &["audio", "video"]);
    let mut changes: Vec<(u8, Vec<u8>)> = chunks(input).map(|(kind, bytes)| (kind, bytes.to_vec())).collect();
    changes.reverse();
    // Checks pass as they are: without one nothing of DTLS is looked at.
    school.tamper = Some(Box::new(move |datagram| {
        if matches!(datagram.first(), Some(20..=63)) {
            change(datagram, changes.pop());
        }
    }));
    school.run(300, &mut [&mut master]);
    school.tamper = None;
    let id = master.id;
    school.run(2_000, &mut [&mut master]);
    school.command(Command::Close { peer: id });
    school.run(50, &mut [&mut master]);
});

fn change(datagram: &mut Vec<u8>, change: Option<(u8, Vec<u8>)>) {
    let Some((kind, bytes)) = change else { return };
    let at = bytes.first().map_or(0, |&at| usize::from(at) % datagram.len());
    let rest = bytes.get(1..).unwrap_or_default();
    match kind % 6 {
        0 => {}
        1 => datagram.truncate(at.max(1)),
        2 => datagram.iter_mut().skip(at).zip(rest).for_each(|(byte, mask)| *byte ^= mask),
        3 => datagram.iter_mut().skip(at).zip(rest).for_each(|(byte, new)| *byte = *new),
        4 => drop(datagram.splice(at..at, rest.iter().copied())),
        _ => *datagram = [&[22], rest].concat(),
    }
}
