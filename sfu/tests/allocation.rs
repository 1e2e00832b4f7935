//! The packet path takes no memory: counted, not believed.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

#[path = "peer/mod.rs"]
mod peer;

use peer::{LESSON, Peer, School};
use sfu::{
    command::{Command, ParticipantKey},
    ice::Path,
    seats::{Stage, View},
};

const MASTER: ParticipantKey = ParticipantKey(0);
const VIEWERS: u32 = 20;
const KEY: &[u8] = &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3];

/// Seals packets `from..from + count` of the master's voice and camera, a thousand bytes each.
fn sealed(master: &mut Peer, from: u16, count: u16) -> Vec<Vec<u8>> {
    let mut delta = vec![0x41; 1000];
    for sequence in from..from + count {
        delta[1] = sequence as u8;
        master.publish(0, sequence, 960 * u32::from(sequence), &[0xfc; 120]);
        master.publish(1, sequence, 3000 * u32::from(sequence), if sequence == 0 { KEY } else { &delta });
    }
    master.take_outgoing()
}

fn deliver(school: &mut School, master: &Peer, datagrams: &mut [Vec<u8>]) -> usize {
    let path = Path::udp(None, master.address);
    let mut sent = 0;
    for datagram in datagrams {
        school.shard.handle_datagram(school.now, path, datagram);
        while school.shard.fan_out(school.now) {}
        sent += school.shard.outbox().len();
        school.shard.outbox().clear();
    }
    sent
}

#[test]
fn forwarding_a_packet_to_every_viewer_allocates_nothing() {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    school.command(Command::SetStage { lesson: LESSON, stage });
    let mut master = school.publisher(MASTER, &["audio", "video"]);
    let mut viewers: Vec<Peer> =
        (1..=VIEWERS).map(|n| school.subscriber(ParticipantKey(n), View::Class, &["audio", "video"])).collect();
    let mut everyone: Vec<&mut Peer> = viewers.iter_mut().chain([&mut master]).collect();
    school.run(1000, &mut everyone);
    // The first packets grow the outbox and the recorder's batch to their size.
    let mut warm_up = sealed(&mut master, 0, 100);
    deliver(&mut school, &master, &mut warm_up);
    let mut datagrams = sealed(&mut master, 100, 50);
    let later = school.now + sfu::limits::TAP_INTERVAL;
    assert!(school.shard.poll_tap(later).is_some());
    let mut sent = 0;
    let counted = allocation_counter::measure(|| sent = deliver(&mut school, &master, &mut datagrams));
    assert_eq!(sent, 2 * 50 * VIEWERS as usize, "all of it was forwarded");
    assert_eq!(counted.count_total, 0, "{counted:?}");
}
