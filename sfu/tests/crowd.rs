//! A lesson that many receive: packets leave in groups, each receiver gets each packet once, and one that behaves badly costs
//! nobody else anything.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use std::time::Duration;

use peer::{LESSON, Packet, Peer, School};
use sfu::{
    command::{Command, ParticipantKey},
    ice::Path,
    limits::{HOLD, MAX_WAITING, SLICE},
    rtcp::Writer,
    seats::{Stage, View},
};

const MASTER: ParticipantKey = ParticipantKey(0);
const KEY: &[u8] = &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3];
/// Enough that holding packets pays.
const CROWD: u32 = 60;

/// A master and `viewers` that have entered its voice and camera.
struct Lesson {
    school: School,
    master: Peer,
    viewers: Vec<Peer>,
}

fn lesson(viewers: u32) -> Lesson {
    lesson_with(viewers, "video")
}

/// One whose viewers have pictures of such a kind: `remb` tells an estimate of its own instead of what arrived.
fn lesson_with(viewers: u32, kind: &str) -> Lesson {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    school.command(Command::SetStage { lesson: LESSON, stage });
    let master = school.publisher(MASTER, &["audio", "video"]);
    let viewers = (1..=viewers).map(|n| school.subscriber(ParticipantKey(n), View::Class, &["audio", kind]));
    let viewers = viewers.collect();
    let mut lesson = Lesson { school, master, viewers };
    lesson.run(500);
    lesson.master.publish(0, 0, 0, &[0xfc, 0]);
    lesson.master.publish_frame(1, 0, 0, &[KEY.to_vec()]);
    lesson.run(100);
    lesson.viewers.iter_mut().for_each(|viewer| viewer.received.clear());
    lesson
}

/// Payloads of a delta frame, of these lengths.
fn delta(lens: &[usize]) -> Vec<Vec<u8>> {
    lens.iter().enumerate().map(|(i, &len)| [&[0x41, i as u8][..], &vec![7; len - 2]].concat()).collect()
}

impl Lesson {
    fn run(&mut self, ms: u64) {
        let mut everyone: Vec<&mut Peer> = self.viewers.iter_mut().chain([&mut self.master]).collect();
        self.school.run(ms, &mut everyone);
    }

    /// Brings what the master sends to the shard, and nothing else.
    fn deliver(&mut self) {
        let path = Path::udp(None, self.master.address);
        for mut datagram in self.master.take_outgoing() {
            self.school.shard.handle_datagram(self.school.now, path, &mut datagram);
        }
    }

    fn picture(&self, viewer: usize) -> Vec<&Packet> {
        let ssrc = self.viewers[viewer].lines[1];
        self.viewers[viewer].received.iter().filter(|packet| packet.ssrc == ssrc).collect()
    }
}

#[test]
fn a_frame_that_comes_in_bursts_leaves_for_each_of_many_in_one_send() {
    let mut lesson = lesson(CROWD);
    let frame = delta(&[1000, 1000, 1000, 700]);
    lesson.master.publish_frame(1, 1, 3000, &frame);
    let mut datagrams = lesson.master.take_outgoing();
    let path = Path::udp(None, lesson.master.address);
    let shard = &mut lesson.school.shard;
    for datagram in &mut datagrams[..2] {
        shard.handle_datagram(lesson.school.now, path, datagram);
    }
    assert!(!shard.fan_out(lesson.school.now) && shard.outbox().is_empty(), "the rest of the frame is waited for");
    lesson.school.now += Duration::from_millis(5);
    for datagram in &mut datagrams[2..] {
        shard.handle_datagram(lesson.school.now, path, datagram);
    }
    while shard.fan_out(lesson.school.now) {}
    let messages = shard.outbox().messages();
    assert_eq!(messages.len(), CROWD as usize, "the marker lets it leave");
    assert!(messages.iter().all(|message| message.datagrams == 4), "{messages:?}");
    lesson.run(5);
    for viewer in 0..CROWD as usize {
        let payloads: Vec<_> = lesson.picture(viewer).iter().map(|packet| packet.payload.clone()).collect();
        assert_eq!(payloads, frame);
    }
}

#[test]
fn packets_whose_frame_goes_on_leave_after_the_hold_and_a_voice_at_once() {
    let mut lesson = lesson(CROWD);
    lesson.master.publish(1, 1, 3000, &[0x41, 1]);
    lesson.deliver();
    lesson.school.now += Duration::from_millis(1);
    lesson.master.publish(0, 1, 960, &[0xfc, 1]);
    lesson.deliver();
    let shard = &mut lesson.school.shard;
    while shard.fan_out(lesson.school.now) {}
    assert_eq!(shard.outbox().len(), CROWD as usize, "the voice alone");
    shard.outbox().clear();
    let due = shard.next_timeout().unwrap();
    assert!(due <= lesson.school.now + HOLD - Duration::from_millis(1));
    while shard.fan_out(lesson.school.now + HOLD) {}
    assert_eq!(shard.outbox().len(), CROWD as usize, "the picture");
}

#[test]
fn packets_that_differ_by_a_byte_are_made_even_and_arrive_as_they_were() {
    let mut lesson = lesson(CROWD);
    let frame = delta(&[999, 999, 1000, 1000]);
    lesson.master.publish_frame(1, 1, 3000, &frame);
    lesson.deliver();
    let shard = &mut lesson.school.shard;
    while shard.fan_out(lesson.school.now) {}
    assert_eq!(shard.outbox().messages().len(), CROWD as usize, "one send each");
    lesson.run(5);
    assert!(lesson.picture(7).iter().map(|packet| &packet.payload).eq(&frame));
}

#[test]
fn a_few_receivers_wait_for_nothing_and_get_packets_unchanged() {
    let mut lesson = lesson(3);
    lesson.master.publish(1, 1, 3000, &delta(&[999])[0]);
    lesson.master.publish(1, 2, 3000, &delta(&[1000])[0]);
    lesson.deliver();
    assert!(!lesson.school.shard.fan_out(lesson.school.now));
    let lens: Vec<usize> = lesson.school.shard.outbox().datagrams().map(|(_, bytes)| bytes.len()).collect();
    assert_eq!(lens.len(), 6);
    assert_eq!(lens.iter().filter(|&&len| len == lens[0]).count(), 3, "{lens:?}");
}

#[test]
fn transport_wide_numbers_run_on_over_voice_picture_and_retransmissions() {
    let mut lesson = lesson(1);
    for i in 1..20u16 {
        lesson.master.publish(0, i, 960 * u32::from(i), &[0xfc, i as u8]);
        lesson.master.publish(1, i, 3000 * u32::from(i), &[0x41, i as u8]);
        lesson.run(20);
        if i == 10 {
            let (ssrc, sequence) = (lesson.viewers[0].lines[1], lesson.picture(0)[5].sequence);
            lesson.viewers[0].nack(ssrc, sequence);
        }
    }
    let numbers: Vec<u16> = lesson.viewers[0].received.iter().map(|packet| packet.number.unwrap()).collect();
    assert_eq!(numbers.len(), 2 * 19 + 1);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
}

#[test]
fn a_packet_too_long_for_a_number_goes_without_one() {
    let mut lesson = lesson(1);
    lesson.master.publish(1, 1, 3000, &delta(&[1190])[0]);
    lesson.master.publish(1, 2, 6000, &delta(&[1191])[0]);
    lesson.run(20);
    let numbers: Vec<Option<u16>> = lesson.picture(0).iter().map(|packet| packet.number).collect();
    assert!(matches!(numbers[..], [Some(_), None]), "{numbers:?}");
}

#[test]
fn everyone_gets_a_packet_once_however_the_crowd_changes_while_it_leaves() {
    let count = SLICE as u32 + 44;
    let mut lesson = lesson(count);
    for i in 1..5u16 {
        lesson.master.publish_frame(1, i, 3000 * u32::from(i), &delta(&[800]));
        lesson.deliver();
        assert!(lesson.school.shard.fan_out(lesson.school.now), "it takes more than a slice");
        // One that has been served goes, one that has not, and another stage seats everyone anew.
        for gone in [usize::from(i), count as usize - usize::from(i)] {
            let peer = lesson.viewers[gone].id;
            lesson.school.command(Command::Close { peer });
        }
        let stage = Stage { lead: Some(MASTER), courseware: false, wall: vec![ParticipantKey(9)], ..Stage::default() };
        lesson.school.command(Command::SetStage { lesson: LESSON, stage });
        lesson.run(10);
    }
    for viewer in 10..count as usize - 10 {
        assert_eq!(lesson.picture(viewer).len(), 4, "viewer {viewer}");
        assert_eq!(lesson.viewers[viewer].refused, 0, "viewer {viewer} got something twice");
    }
}

#[test]
fn a_line_that_waits_for_another_source_gets_nothing_twice_when_the_crowd_changes() {
    let mut school = School::new();
    let stage = |courseware| Stage { lead: Some(MASTER), courseware, ..Stage::default() };
    school.command(Command::SetStage { lesson: LESSON, stage: stage(false) });
    let master = school.publisher(MASTER, &["audio", "video", "video"]);
    // One video line: the programme, camera or courseware.
    let viewer = |n| school.subscriber(ParticipantKey(n), View::Class, &["audio", "video"]);
    let viewers = (1..=CROWD).map(viewer).collect();
    let mut lesson = Lesson { school, master, viewers };
    lesson.run(500);
    lesson.master.publish_frame(1, 0, 0, &[KEY.to_vec()]);
    lesson.run(100);
    lesson.school.command(Command::SetStage { lesson: LESSON, stage: stage(true) });
    for i in 0..8u16 {
        // Both are due at once, and neither leaves in one slice; nobody may enter the courseware here.
        lesson.master.publish_frame(1, 1 + 4 * i, 3000 * u32::from(i), &delta(&[900; 4]));
        lesson.master.publish_frame(2, 1 + 4 * i, 3000 * u32::from(i), &delta(&[900; 4]));
        lesson.deliver();
        assert!(lesson.school.shard.fan_out(lesson.school.now));
        let peer = lesson.viewers[usize::from(i)].id;
        lesson.school.command(Command::Close { peer });
        lesson.run(20);
    }
    for viewer in 8..CROWD as usize {
        assert_eq!(lesson.picture(viewer).len(), 1 + 4 * 8, "viewer {viewer}");
        assert_eq!(lesson.viewers[viewer].refused, 0, "viewer {viewer} got something twice");
    }
}

#[test]
fn a_shard_that_is_behind_loses_the_newest_and_counts_it() {
    let mut lesson = lesson(2);
    for i in 1..=MAX_WAITING as u16 + 5 {
        lesson.master.publish(1, i, 3000, &[0x41, 1]);
    }
    lesson.deliver();
    assert_eq!(lesson.school.shard.counters().dropped.behind, 5);
    lesson.run(5);
    assert_eq!(lesson.picture(0).len(), MAX_WAITING);
}

/// REMB (draft-alvestrand-rmcat-remb-03 section 2.2) of one stream.
fn estimate(bps: u32) -> Vec<u8> {
    let mut packet = vec![0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0];
    packet.extend_from_slice(b"REMB");
    let exponent = 32 - (bps >> 18).leading_zeros();
    packet.extend_from_slice(&(1 << 24 | exponent << 18 | bps >> exponent).to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 9]);
    packet
}

#[test]
fn pictures_to_a_slow_line_are_spread_and_nobody_elses_are() {
    let mut lesson = lesson_with(2, "remb");
    lesson.viewers[0].send_rtcp(&estimate(1_750_000));
    // Long enough for the shard to see what it sends.
    for i in 1..60u16 {
        lesson.master.publish_frame(1, i * 8, 3000 * u32::from(i), &delta(&[1000; 8]));
        lesson.run(40);
    }
    lesson.viewers.iter_mut().for_each(|viewer| viewer.received.clear());
    lesson.master.publish_frame(1, 480, 3000 * 60, &delta(&[1000; 8]));
    lesson.master.publish(0, 1, 960, &[0xfc, 1]);
    let mut seen = Vec::new();
    for _ in 0..9 {
        lesson.run(5);
        seen.push((lesson.picture(0).len(), lesson.picture(1).len()));
    }
    let (slow, fast): (Vec<usize>, Vec<usize>) = seen.into_iter().unzip();
    assert_eq!(fast, [8; 9]);
    assert!(slow[0] <= 4 && slow.is_sorted() && slow[1..].iter().any(|&count| count < 8) && slow[8] == 8, "{slow:?}");
    assert!(lesson.viewers[0].received.iter().any(|packet| packet.payload == [0xfc, 1]), "a voice does not wait");
}

/// What the well-behaved got of the last 50 pictures while one viewer did as `bad` says, every 20 ms.
fn beside(bad: impl Fn(&mut Peer, u16)) -> (usize, usize) {
    let mut lesson = lesson(3);
    let before = lesson.school.shard.counters().retransmitted;
    for i in 1..=50u16 {
        lesson.master.publish_frame(1, i, 3000 * u32::from(i), &delta(&[1000]));
        bad(&mut lesson.viewers[0], i);
        lesson.run(20);
    }
    for viewer in [1, 2] {
        assert_eq!(lesson.picture(viewer).len(), 50);
        assert_eq!(lesson.viewers[viewer].refused, 0);
    }
    let again = (lesson.school.shard.counters().retransmitted - before) as usize;
    (lesson.picture(0).len(), again)
}

#[test]
fn one_who_asks_for_every_packet_again_costs_its_own_share_at_most() {
    let (_, again) = beside(|viewer, _| {
        let ssrc = viewer.lines[1];
        let last = viewer.received.iter().rev().find(|packet| packet.ssrc == ssrc).map_or(0, |packet| packet.sequence);
        (0..100).for_each(|back| viewer.nack(ssrc, last.wrapping_sub(back)));
    });
    // 15 % of what its line is taken to carry.
    assert!((10..200).contains(&again), "{again}");
}

#[test]
fn absurd_feedback_harms_nobody() {
    // What it does to itself is its own affair; `beside` looks after the others.
    beside(|viewer, i| {
        let mut buffer = [0; 200];
        let mut writer = Writer::new(&mut buffer);
        // A transport-wide feedback that claims 65,535 packets in one run, a rate of nothing, and random words.
        writer.transport_wide(1, 2, &[0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, i as u8, 0x3f, 0xff, 0xff, 0xff]);
        let len = writer.len();
        viewer.send_rtcp(&buffer[..len]);
        viewer.send_rtcp(&estimate(0));
        // More than any line carries: 2^18 - 1 times 2^63.
        let mut most = estimate(0);
        most[17..20].fill(0xff);
        viewer.send_rtcp(&most);
        viewer.send_rtcp(&estimate(0));
        let noise = u32::from(i).wrapping_mul(0x9e37_79b9).to_be_bytes();
        viewer.send_rtcp(&[&[0x8f, 206, 0, 3][..], &noise, &noise, &noise].concat());
        viewer.send_rtcp(&[0x81, 205, 0xff, 0xff, 1, 2, 3, 4]);
    });
}

#[test]
fn one_who_never_reads_costs_nobody_else_anything() {
    let mut lesson = lesson(3);
    lesson.viewers[0].cut = true;
    for i in 1..=50u16 {
        lesson.master.publish_frame(1, i, 3000 * u32::from(i), &delta(&[1000]));
        lesson.run(20);
    }
    assert_eq!((lesson.picture(1).len(), lesson.picture(2).len()), (50, 50));
    lesson.run(30_000);
    assert_eq!(lesson.school.shard.sessions(), (1, 2), "and is forgotten");
}
