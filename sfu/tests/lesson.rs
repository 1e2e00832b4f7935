//! A lesson on one shard in virtual time: model peers with real ICE, DTLS and SRTP on a network that is a function call.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use std::net::SocketAddr;

use peer::{Packet, Peer, School, rtp};
use sfu::{
    command::{CloseReason, Command, Event, ParticipantKey, PeerId},
    ice::Path,
    limits::MAX_REPLAY_AGE,
    rtcp::{Feedback, Writer, read},
    seats::{Slot, Stage, View},
    tap::Tapped,
};

const MASTER: ParticipantKey = ParticipantKey(0);
const POINT_1: ParticipantKey = ParticipantKey(1);
const POINT_2: ParticipantKey = ParticipantKey(2);

fn stage(floor: Option<ParticipantKey>) -> Stage {
    Stage { lead: Some(MASTER), floor: [floor], courseware: false, wall: vec![POINT_1, POINT_2] }
}

/// A master and two points, all connected.
struct Lesson {
    school: School,
    master: Peer,
    points: [Peer; 2],
    viewers: [Peer; 2],
}

fn lesson() -> Lesson {
    let mut school = School::new();
    school.command(Command::SetStage { lesson: peer::LESSON, stage: stage(None) });
    let master = school.publisher(MASTER, &["audio", "video", "video"]);
    let points = [POINT_1, POINT_2].map(|point| school.publisher(point, &["audio", "video"]));
    let audio_video = ["audio", "audio", "video", "video", "video"];
    let viewers = [POINT_1, POINT_2].map(|point| school.subscriber(point, View::Class, &audio_video));
    let mut lesson = Lesson { school, master, points, viewers };
    lesson.run(500);
    lesson
}

impl Lesson {
    /// Lets the network run for `ms` milliseconds.
    fn run(&mut self, ms: u64) {
        let Self { school, master, points: [a, b], viewers: [c, d] } = self;
        school.run(ms, &mut [master, a, b, c, d]);
    }

    fn received(&self, viewer: usize, line: usize) -> Vec<&Packet> {
        let ssrc = self.viewers[viewer].lines[line];
        self.viewers[viewer].received.iter().filter(|packet| packet.ssrc == ssrc).collect()
    }
}

/// An H.264 key frame's first packet (STAP-A of SPS, PPS and IDR) and a delta.
const KEY: &[u8] = &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3];
const DELTA: &[u8] = &[0x41, 9, 9];

#[test]
fn what_the_master_publishes_reaches_every_point_unchanged_and_in_order() {
    let mut lesson = lesson();
    for i in 0..50u16 {
        let payload = if i == 0 { KEY } else { DELTA };
        lesson.master.publish(0, 65_500u16.wrapping_add(i), 960 * u32::from(i), &[0xfc, i as u8]);
        lesson.master.publish(1, 10 + i, 3000 * u32::from(i), payload);
        lesson.run(20);
    }
    for viewer in 0..2 {
        let voice = lesson.received(viewer, 0);
        assert_eq!(voice.iter().map(|p| p.payload[1]).collect::<Vec<_>>(), (0..50).collect::<Vec<u8>>());
        assert!(voice[0].marker && !voice[1].marker, "a voice starts with the marker");
        let camera = lesson.received(viewer, 2);
        assert_eq!(camera.len(), 50);
        assert!(camera.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
        assert!(camera.windows(2).all(|pair| pair[1].timestamp == pair[0].timestamp.wrapping_add(3000)));
        assert_eq!(lesson.received(viewer, 1).len(), 0, "nobody is called on");
    }
}

#[test]
fn padding_that_lies_is_not_passed_on() {
    let mut lesson = lesson();
    for (sequence, last) in [(1, 1), (2, 3), (3, 4), (4, 0), (5, 2)] {
        let mut packet = rtp(111, sequence, 960 * u32::from(sequence), 100, &[0xfc, 0xff, last], None);
        packet[0] |= 0x20;
        lesson.master.send_rtp(packet);
    }
    lesson.run(20);
    let lens = |packets: Vec<&Packet>| packets.iter().map(|packet| packet.payload.len()).collect::<Vec<_>>();
    assert_eq!(lens(lesson.received(0, 0)), [2, 0, 1]);
    assert_eq!(lesson.school.shard.counters().dropped.unusable, 2);
}

#[test]
fn calling_on_a_point_switches_at_its_key_frame_without_a_gap_and_releases_at_once() {
    let mut lesson = lesson();
    let feed = |lesson: &mut Lesson, from: u16, keys: bool| {
        for i in from..from + 10 {
            let payload = if keys && i == from + 3 { KEY } else { DELTA };
            lesson.points[0].publish(0, i, 960 * u32::from(i), &[0xfc, 1]);
            lesson.points[0].publish(1, i, 3000 * u32::from(i), payload);
            lesson.points[1].publish(1, 1000 + i, 7 + 3000 * u32::from(i), payload);
            lesson.run(33);
        }
    };
    feed(&mut lesson, 0, false);
    lesson.school.command(Command::SetStage { lesson: peer::LESSON, stage: stage(Some(POINT_1)) });
    feed(&mut lesson, 10, true);
    let seen = lesson.received(1, 4);
    assert_eq!(seen.len(), 7, "from the key frame on");
    assert_eq!(seen[0].payload, KEY);
    assert_eq!(lesson.received(1, 1).len(), 10, "voice switches at the next packet");
    assert_eq!(lesson.received(0, 1).len(), 0, "nobody hears themselves");

    lesson.school.command(Command::SetStage { lesson: peer::LESSON, stage: stage(Some(POINT_2)) });
    feed(&mut lesson, 20, true);
    let seen = lesson.received(0, 4);
    assert_eq!(seen.len(), 7 + 10, "one that shows nothing begins with the key frame that has been");
    let (first, last) = (lesson.received(0, 4)[0].clone(), lesson.received(0, 4)[16].clone());
    assert_eq!(first.payload, KEY);
    assert_eq!(last.sequence.wrapping_sub(first.sequence), 16);

    lesson.school.command(Command::SetStage { lesson: peer::LESSON, stage: stage(None) });
    feed(&mut lesson, 30, true);
    assert_eq!(lesson.received(0, 4).len(), 17, "released");
}

#[test]
fn a_second_source_on_a_line_continues_its_numbers_and_its_time() {
    let mut lesson = lesson();
    lesson.school.command(Command::SetStage { lesson: peer::LESSON, stage: stage(Some(POINT_2)) });
    lesson.points[1].publish(1, 500, 90_000, KEY);
    lesson.run(100);
    let takeover = lesson.school.publisher(POINT_2, &["audio", "video"]);
    let old = std::mem::replace(&mut lesson.points[1], takeover);
    lesson.run(400);
    lesson.points[1].publish(1, 7, 5, KEY);
    lesson.run(10);
    let seen = lesson.received(0, 4);
    assert_eq!(seen.len(), 2, "the newest publisher of a seat feeds it");
    assert_eq!(seen[1].sequence, seen[0].sequence.wrapping_add(1));
    let elapsed = seen[1].timestamp.wrapping_sub(seen[0].timestamp);
    assert!((44_000..48_000).contains(&elapsed), "about half a second passed: {elapsed}");
    drop(old);
}

#[test]
fn a_lost_packet_is_sent_again_when_asked_for() {
    let mut lesson = lesson();
    for i in 0..5u16 {
        lesson.master.publish(1, i, 3000 * u32::from(i), if i == 0 { KEY } else { DELTA });
    }
    lesson.run(10);
    let third = lesson.received(0, 2)[2].clone();
    lesson.viewers[0].nack(third.ssrc, third.sequence);
    lesson.run(10);
    let again = lesson.viewers[0].received.last().unwrap().clone();
    assert_eq!(again.ssrc, lesson.viewers[0].rtx[2]);
    assert_eq!(again.payload[..2], third.sequence.to_be_bytes());
    assert_eq!(again.payload[2..], third.payload);
    assert_eq!(again.timestamp, third.timestamp);
}

#[test]
fn a_viewer_that_asks_for_everything_gets_its_share_and_no_more() {
    let mut lesson = lesson();
    let big = [0x41; 1000];
    for i in 0..100u16 {
        lesson.master.publish(1, i, 3000 * u32::from(i), if i == 0 { KEY } else { &big });
        lesson.run(5);
    }
    let sequences: Vec<u16> = lesson.received(0, 2).iter().map(|packet| packet.sequence).collect();
    let (ssrc, rtx) = (lesson.viewers[0].lines[2], lesson.viewers[0].rtx[2]);
    for _ in 0..20 {
        sequences.iter().for_each(|&sequence| lesson.viewers[0].nack(ssrc, sequence));
        lesson.run(5);
    }
    let again = lesson.viewers[0].received.iter().filter(|packet| packet.ssrc == rtx).count();
    assert!((20..=120).contains(&again), "{again} of 2000 asked");
    assert_eq!(lesson.received(1, 2).len(), 100, "the other point misses nothing");
}

#[test]
fn a_packet_lost_on_the_way_in_is_asked_for_and_healed() {
    let mut lesson = lesson();
    for i in [0u16, 1, 3, 4] {
        lesson.master.publish(1, i, 3000 * u32::from(i), if i == 0 { KEY } else { DELTA });
    }
    lesson.run(30);
    let mut asked = Vec::new();
    for compound in &lesson.master.rtcp {
        read(compound, |feedback| {
            if let Feedback::Nack { packets, .. } = feedback {
                asked.extend(packets.sequences());
            }
        });
    }
    assert_eq!(asked, [2]);
    assert_eq!(lesson.received(0, 2).len(), 4);
    lesson.master.publish_again(1, 2, 6000, DELTA);
    lesson.run(10);
    let mut seen: Vec<u16> = lesson.received(0, 2).iter().map(|packet| packet.sequence).collect();
    seen.sort_unstable();
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0] + 1) && seen.len() == 5, "{seen:?}");
}

#[test]
fn a_key_frame_is_asked_for_again_until_the_picture_has_been_entered() {
    let mut lesson = lesson();
    lesson.master.publish(1, 0, 0, DELTA);
    lesson.run(3000);
    let mut requests = 0;
    for compound in &lesson.master.rtcp {
        read(compound, |feedback| requests += u32::from(matches!(feedback, Feedback::KeyFrame { .. })));
    }
    assert!(requests >= 3, "{requests}: any of them may be lost");
    lesson.master.publish(1, 1, 3000, KEY);
    lesson.run(1000);
    lesson.master.rtcp.clear();
    lesson.run(3000);
    for compound in &lesson.master.rtcp {
        read(compound, |feedback| assert!(!matches!(feedback, Feedback::KeyFrame { .. })));
    }
}

#[test]
fn a_viewer_that_keeps_asking_for_key_frames_is_heard_ever_more_rarely() {
    let mut lesson = lesson();
    lesson.master.publish(1, 0, 0, KEY);
    lesson.run(1500);
    lesson.master.rtcp.clear();
    for _ in 0..200 {
        let viewer = &mut lesson.viewers[0];
        let mut buffer = [0; 64];
        let mut writer = Writer::new(&mut buffer);
        writer.picture_loss(1, viewer.lines[2]);
        let len = writer.len();
        viewer.send_rtcp(&buffer[..len]);
        lesson.run(100);
    }
    let mut requests = 0;
    for compound in &lesson.master.rtcp {
        read(compound, |feedback| requests += u32::from(matches!(feedback, Feedback::KeyFrame { .. })));
    }
    assert!((5..=9).contains(&requests), "{requests} in twenty seconds");
}

#[test]
fn a_second_stream_on_an_m_line_waits_until_the_first_is_silent() {
    let mut lesson = lesson();
    for i in 0..20u16 {
        lesson.master.publish(1, i, 3000 * u32::from(i), KEY);
        lesson.master.publish_as(777, i, 3000 * u32::from(i), KEY);
        lesson.run(20);
    }
    assert_eq!(lesson.received(0, 2).len(), 20);
    lesson.run(600);
    for i in 20..25u16 {
        lesson.master.publish_as(777, i, 3000 * u32::from(i), if i == 20 { KEY } else { DELTA });
        lesson.run(20);
    }
    assert_eq!(lesson.received(0, 2).len(), 25, "an encoder that began anew is taken, and goes on");
}

#[test]
fn nobody_takes_an_address_from_a_session_that_is_heard_from_it() {
    let mut lesson = lesson();
    let own = lesson.viewers[1].address;
    lesson.viewers[1].address = lesson.master.address;
    lesson.run(2600);
    lesson.master.publish(0, 0, 0, &[0xfc, 0]);
    lesson.run(20);
    assert_eq!(lesson.received(0, 0).len(), 1, "the master is still heard");
    lesson.viewers[1].address = own;
}

#[test]
fn a_join_storm_costs_the_publisher_two_key_frame_requests_a_second() {
    let mut lesson = lesson();
    lesson.master.publish(1, 0, 0, DELTA);
    lesson.run(10);
    lesson.master.rtcp.clear();
    for _ in 0..100 {
        for viewer in &mut lesson.viewers {
            let mut buffer = [0; 64];
            let mut writer = Writer::new(&mut buffer);
            writer.picture_loss(1, viewer.lines[2]);
            let len = writer.len();
            viewer.send_rtcp(&buffer[..len]);
        }
        lesson.run(20);
    }
    let mut requests = 0;
    for compound in &lesson.master.rtcp {
        read(compound, |feedback| requests += u32::from(matches!(feedback, Feedback::KeyFrame { .. })));
    }
    assert!((3..=5).contains(&requests), "{requests} in two seconds");
}

#[test]
fn sender_reports_tell_every_viewer_the_same_time_for_voice_and_picture() {
    let mut lesson = lesson();
    for i in 0..20u16 {
        lesson.master.publish(0, i, 960 * u32::from(i), &[0xfc, 1]);
        lesson.master.publish(1, i, 1800 * u32::from(i), if i == 0 { KEY } else { DELTA });
        if i == 1 {
            // Both timestamps of one instant of the master's clock.
            lesson.master.sender_report(0, 5 << 32, 1000);
            lesson.master.sender_report(1, 5 << 32, 2000);
        }
        lesson.run(20);
    }
    lesson.run(1200);
    let reports = |line: usize| {
        let ssrc = lesson.viewers[0].lines[line];
        let mut found = Vec::new();
        for compound in &lesson.viewers[0].rtcp {
            read(compound, |feedback| match feedback {
                Feedback::SenderReport { ssrc: of, ntp, rtp } if of == ssrc => found.push((ntp, rtp)),
                _ => {}
            });
        }
        *found.last().expect("a sender report")
    };
    let (voice, camera) = (reports(0), reports(2));
    let first = |line: usize, offset: u32| lesson.received(0, line)[0].timestamp.wrapping_add(offset);
    // Where the reports put timestamps 1000 and 2000 of the sources must be the same instant.
    let at = |(ntp, rtp): (u64, u32), timestamp: u32, rate: u32| {
        let behind = i128::from(rtp.wrapping_sub(timestamp) as i32) << 32;
        i128::from(ntp) - behind / i128::from(rate)
    };
    let apart = at(voice, first(0, 1000), 48_000) - at(camera, first(2, 2000), 90_000);
    assert!(apart.abs() < 1 << 22, "{apart} of 2^32 s apart");
}

#[test]
fn what_does_not_come_from_a_checked_address_is_dropped_in_silence() {
    let mut lesson = lesson();
    let before = lesson.school.shard.counters().dropped.total();
    let stranger = Path::udp(None, SocketAddr::from(([203, 0, 113, 9], 9)));
    let now = lesson.school.now;
    for len in [0, 1, 12, 13, 19, 20, 100, 1400] {
        for first in [0u8, 1, 20, 22, 63, 64, 128, 191, 255] {
            let mut datagram = vec![first; len];
            lesson.school.shard.handle_datagram(now, stranger, &mut datagram);
        }
    }
    assert!(lesson.school.shard.outbox().is_empty());
    assert_eq!(lesson.school.shard.counters().dropped.total() - before, 72);
    assert_eq!(lesson.school.shard.poll_event(), None);
}

#[test]
fn a_vanished_publisher_is_told_within_five_seconds_and_told_again_when_it_is_back() {
    let mut lesson = lesson();
    lesson.school.events.clear();
    lesson.master.cut = true;
    lesson.run(5000);
    let lost = Event::Lost { peer: lesson.master.id };
    assert!(lesson.school.events.contains(&lost), "{:?}", lesson.school.events);
    lesson.master.cut = false;
    lesson.run(3000);
    assert!(lesson.school.events.contains(&Event::Recovered { peer: lesson.master.id }));
    lesson.master.cut = true;
    lesson.run(31_000);
    let closed = Event::Closed { peer: lesson.master.id, reason: CloseReason::ConsentExpired };
    assert!(lesson.school.events.contains(&closed));
}

#[test]
fn a_session_that_never_connects_is_forgotten() {
    let mut school = School::new();
    let mut peer = school.publisher(MASTER, &["audio"]);
    peer.cut = true;
    school.run(21_000, &mut [&mut peer]);
    assert_eq!(school.shard.sessions(), (0, 0));
    assert!(school.events.contains(&Event::Closed { peer: peer.id, reason: CloseReason::NeverConnected }));
    assert_eq!(school.shard.next_timeout(), None, "an empty shard sleeps");
}

#[test]
fn a_session_closed_before_it_was_opened_never_lives() {
    let mut school = School::new();
    let next = PeerId(1);
    school.command(Command::Close { peer: next });
    let mut peer = school.publisher(MASTER, &["audio"]);
    assert_eq!(peer.id, next);
    school.run(1000, &mut [&mut peer]);
    assert_eq!(school.shard.sessions(), (0, 0));
    assert_eq!(school.events, [Event::Closed { peer: next, reason: CloseReason::Asked }]);
}

#[test]
fn a_peer_with_another_certificate_gets_no_keys() {
    let mut school = School::new();
    let mut peer = school.publisher(MASTER, &["audio"]);
    peer.use_other_certificate();
    school.run(3000, &mut [&mut peer]);
    assert!(school.events.contains(&Event::Closed { peer: peer.id, reason: CloseReason::DtlsFailed }));
}

#[test]
fn a_passive_publisher_is_connected_by_us() {
    let mut school = School::new();
    let mut peer = school.passive_publisher(MASTER, &["audio"]);
    school.run(1000, &mut [&mut peer]);
    assert!(peer.connected(), "{:?}", school.events);
}

#[test]
fn a_new_address_takes_the_media_along() {
    let mut lesson = lesson();
    lesson.master.publish(0, 0, 0, &[0xfc, 0]);
    lesson.run(20);
    lesson.viewers[0].address = SocketAddr::from(([198, 51, 100, 77], 4000));
    lesson.run(3000);
    lesson.master.publish(0, 1, 960, &[0xfc, 1]);
    lesson.run(20);
    assert_eq!(lesson.received(0, 0).len(), 2);
}

#[test]
fn pictures_that_were_missed_while_an_address_changed_go_on_with_a_key_frame() {
    let mut lesson = lesson();
    lesson.master.publish(1, 0, 0, KEY);
    lesson.run(1000);
    lesson.master.rtcp.clear();
    lesson.viewers[0].address = SocketAddr::from(([198, 51, 100, 77], 4000));
    lesson.viewers[0].check_soon();
    for i in 1..20u16 {
        lesson.master.publish(1, i, 3000 * u32::from(i), DELTA);
        lesson.run(40);
    }
    let mut requests = 0;
    for compound in &lesson.master.rtcp {
        read(compound, |feedback| requests += u32::from(matches!(feedback, Feedback::KeyFrame { .. })));
    }
    assert_eq!(requests, 1);
}

#[test]
fn a_session_keeps_only_its_last_addresses() {
    let mut lesson = lesson();
    let first = lesson.master.address;
    for port in 6000..6020 {
        lesson.master.address.set_port(port);
        lesson.run(2600);
    }
    let before = lesson.school.shard.counters().dropped.total();
    let path = Path::udp(None, first);
    let now = lesson.school.now;
    lesson.school.shard.handle_datagram(now, path, &mut [0x80; 40]);
    assert_eq!(lesson.school.shard.counters().dropped.total(), before + 1);
    lesson.master.publish(0, 0, 0, &[0xfc, 0]);
    lesson.run(20);
    assert_eq!(lesson.received(0, 0).len(), 1);
}

#[test]
fn the_recorder_gets_every_published_packet_once() {
    let mut lesson = lesson();
    for i in 0..10u16 {
        lesson.master.publish(0, i, 960 * u32::from(i), &[0xfc, i as u8]);
        lesson.run(20);
    }
    lesson.run(100);
    let source = sfu::seats::Source { participant: MASTER, slot: Slot::Voice };
    let mut payloads = Vec::new();
    let mut started = 0;
    for batch in &lesson.school.taps {
        for entry in batch.entries.iter().filter(|entry| entry.source == source) {
            match entry.what {
                Tapped::Packet { start, len } => payloads.push(*batch.packet(start, len).last().unwrap()),
                Tapped::Started { .. } => started += 1,
                _ => {}
            }
        }
    }
    assert_eq!(payloads, (0..10).collect::<Vec<u8>>());
    assert_eq!(started, 1);
}

#[test]
fn a_bare_idr_is_entered_with_the_cached_parameter_sets_before_it() {
    let mut lesson = lesson();
    lesson.master.publish(1, 0, 0, KEY);
    lesson.run(10);
    // The key frame is too old by then to begin with.
    lesson.run(MAX_REPLAY_AGE.as_millis() as u64);
    let late = lesson.school.subscriber(POINT_2, View::Class, &["audio", "video"]);
    lesson.viewers[1] = late;
    lesson.run(500);
    lesson.master.publish(1, 1, 3000, &[0x65, 7]);
    lesson.run(10);
    let seen = lesson.received(1, 1);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].payload, [0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2]);
    assert_eq!((seen[0].timestamp, seen[0].sequence), (seen[1].timestamp, seen[1].sequence.wrapping_sub(1)));
    assert_eq!(seen[1].payload, [0x65, 7]);
}

#[test]
fn random_datagrams_from_a_connected_peer_harm_nobody() {
    let mut lesson = lesson();
    let path = Path::udp(None, lesson.master.address);
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..20_000 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let len = (seed >> 32) as usize % 300;
        let mut datagram: Vec<u8> = (0..len).map(|i| (seed.rotate_left(i as u32 * 7) as u8) ^ i as u8).collect();
        let now = lesson.school.now;
        lesson.school.shard.handle_datagram(now, path, &mut datagram);
        lesson.school.shard.handle_handshake(now);
        lesson.school.shard.outbox().clear();
    }
    lesson.master.publish(0, 0, 0, &[0xfc, 0]);
    lesson.run(20);
    assert_eq!(lesson.received(0, 0).len(), 1);
}

#[test]
fn an_ended_lesson_closes_every_session() {
    let mut lesson = lesson();
    lesson.school.command(Command::EndLesson { lesson: peer::LESSON });
    lesson.run(20);
    assert_eq!(lesson.school.shard.sessions(), (0, 0));
}
