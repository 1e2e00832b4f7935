//! What is told of the packets that arrive at a receiver, on one shard in virtual time.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use peer::{Peer, School};
use sfu::{
    command::{Acknowledged, Command, Event, ParticipantKey},
    rtcp::{ReportBlock, Writer},
    seats::{Stage, View},
};

const MASTER: ParticipantKey = ParticipantKey(0);
const POINT: ParticipantKey = ParticipantKey(1);

/// What the viewer says of one line: the highest sequence number that came, and how much was lost of 256.
fn reports(viewer: &mut Peer, line: usize, highest_sequence: u32, fraction_lost: u8) {
    let block = ReportBlock {
        ssrc: viewer.lines[line],
        fraction_lost,
        highest_sequence,
        jitter: 0,
        last_report: 0,
        delay_since: 0,
    };
    let mut buffer = [0; 64];
    let mut writer = Writer::new(&mut buffer);
    writer.receiver_report(1, &[(block, 0)]);
    let len = writer.len();
    viewer.send_rtcp(&buffer[..len]);
}

fn last_count(school: &mut School) -> (Acknowledged, Acknowledged) {
    let count = |event| match event {
        Event::Received { pictures, voices, .. } => Some((pictures, voices)),
        _ => None,
    };
    school.events.drain(..).filter_map(count).next_back().expect("a count every five seconds")
}

#[test]
fn packets_count_as_arrived_when_receiver_reports_say_so_and_never_more_than_were_sent() {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), floor: [None], courseware: false, wall: Vec::new() };
    school.command(Command::SetStage { lesson: peer::LESSON, stage });
    let mut master = school.publisher(MASTER, &["audio", "video"]);
    let mut viewer = school.subscriber(POINT, View::Class, &["audio", "video"]);
    school.run(500, &mut [&mut master, &mut viewer]);
    for i in 0..100u16 {
        master.publish(0, i, 960 * u32::from(i), &[0xfc, 1]);
        school.run(20, &mut [&mut master, &mut viewer]);
    }
    let first = u32::from(viewer.received[0].sequence);
    reports(&mut viewer, 0, first + 49, 128);
    school.run(5_500, &mut [&mut master, &mut viewer]);
    let (pictures, voices) = last_count(&mut school);
    assert_eq!(voices, Acknowledged { sent: 100, arrived: 25 });
    assert_eq!(pictures, Acknowledged::default());

    reports(&mut viewer, 0, first + 99, 0);
    school.run(5_500, &mut [&mut master, &mut viewer]);
    assert_eq!(last_count(&mut school).1.arrived, 75);
    reports(&mut viewer, 0, first + 1_000_000, 0);
    reports(&mut viewer, 0, first + 10, 0);
    school.run(5_500, &mut [&mut master, &mut viewer]);
    assert_eq!(last_count(&mut school).1, Acknowledged { sent: 100, arrived: 100 });
}
