//! The packet path takes no memory: counted, not believed.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

#[path = "peer/mod.rs"]
mod peer;

use std::time::{Duration, Instant};

use peer::{LESSON, Peer, School};
use sfu::{
    bandwidth::Estimator,
    command::{Command, ParticipantKey},
    ice::Path,
    payload::{Layering, Rise},
    rtcp::{ArrivalLog, Feedback, MAX_FEEDBACK_LEN, Writer, read},
    seats::{Stage, View},
    temporal::{Fate, Thinning},
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

#[test]
fn an_estimator_allocates_at_its_first_packet_and_never_again() {
    let origin = Instant::now();
    let mut estimator = Estimator::new(origin);
    let mut log = ArrivalLog::new(origin);
    let first = allocation_counter::measure(|| estimator.sent(origin, 0, 1000, None));
    assert_eq!(first.count_total, 1, "{first:?}");
    let (mut body, mut buffer) = ([0; MAX_FEEDBACK_LEN], [0; 1200]);
    let mut heard = 0;
    for turn in 0..100u16 {
        let now = origin + Duration::from_millis(100 * u64::from(turn));
        let sent = allocation_counter::measure(|| {
            (1..=50).for_each(|i| estimator.sent(now, 50 * turn + i, 1000, None));
        });
        (1..=50).for_each(|i| log.arrived(50 * turn + i, now + Duration::from_millis(30)));
        let mut writer = Writer::new(&mut buffer);
        let told = log.feedback(&mut body).unwrap();
        writer.transport_wide(1, 2, &body[..told]);
        let len = writer.len();
        let told = allocation_counter::measure(|| {
            read(&buffer[..len], |feedback| {
                let Feedback::TransportWide(wide) = feedback else { return };
                estimator.handle_feedback(now + Duration::from_millis(60), &wide);
                heard += 1;
            });
            estimator.handle_timeout(now + Duration::from_millis(60));
        });
        assert_eq!((sent.count_total, told.count_total), (0, 0));
    }
    assert_eq!((heard, estimator.in_flight()), (100, 0), "all is told of");
}

#[test]
fn thinning_a_stream_takes_no_memory_however_long_it_runs() {
    let pattern = [(0, Rise::After), (2, Rise::No), (1, Rise::No), (2, Rise::No)].map(|(temporal, rise)| Layering {
        temporal,
        rise,
        ..Layering::default()
    });
    let mut thinning = Thinning::new();
    let (mut sent, mut left_out) = (0, 0);
    let taken = allocation_counter::measure(|| {
        for at in 0..100_000_u32 {
            // Every frame is of four packets; some come in another order, twice or never.
            let index = u64::from(if at % 7 < 2 { at ^ 1 } else { at });
            let frame = (index / 4) as u32;
            thinning.aim((at / 1_000 % 3) as u8);
            match thinning.pass(index, frame.wrapping_mul(3_000), &pattern[frame as usize % 4]) {
                Fate::LeaveOut => left_out += 1,
                Fate::Send { .. } | Fate::Fill { .. } => sent += 1,
            }
        }
    });
    assert_eq!(taken.count_total, 0);
    assert!(sent > 10_000 && left_out > 10_000, "{sent} sent, {left_out} left out");
}

#[test]
fn a_viewer_whose_line_carries_nothing_keeps_less_than_a_megabyte() {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    school.command(Command::SetStage { lesson: LESSON, stage });
    let mut master = school.publisher(MASTER, &["audio", "video"]);
    school.run(500, &mut [&mut master]);
    let kept = allocation_counter::measure(|| {
        let mut viewer = school.subscriber(ParticipantKey(1), View::Class, &["audio", "video"]);
        school.run(500, &mut [&mut master, &mut viewer]);
        viewer.cut = true;
        for sequence in 0..1000u16 {
            let payload = if sequence.is_multiple_of(50) { KEY } else { &[0x41; 1000] };
            master.publish(1, sequence, 3000 * u32::from(sequence), payload);
            school.run(20, &mut [&mut master, &mut viewer]);
        }
        // What was recorded and told belongs to no viewer.
        school.taps.clear();
        school.events.clear();
        std::mem::forget(viewer);
    });
    assert!(kept.bytes_current < 1 << 20, "{kept:?}");
}
