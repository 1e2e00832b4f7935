//! A master whose camera is one stream of three spatial layers: it is as if it sent three, and what a receiver gets is whole.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use peer::{LESSON, Packet, Peer, School};
use sfu::{
    command::{Command, ParticipantKey, Shown},
    payload::vp9,
    rtp::RtpHeader,
    seats::{Stage, View},
    tap::Tapped,
};

const MASTER: ParticipantKey = ParticipantKey(0);
/// The sizes of the layers, and in how many packets of 1,000 bytes a picture of each goes: 25 times a second 0.2, 0.6 and 1.2 Mbit/s.
const SIZES: [(u16, u16); 3] = [(320, 180), (640, 360), (1280, 720)];
const PACKETS: [u8; 3] = [1, 3, 6];
/// Bytes of a packet before what the tests tell by it.
const TOLD_AT: usize = 30;

/// A packet that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    frame: u32,
    layer: u8,
    /// Which of the packets of its layer.
    packet: u8,
    marker: bool,
    sequence: u16,
}

struct Lesson {
    school: School,
    master: Peer,
    viewers: Vec<Peer>,
    sequence: u16,
    ssrc: u32,
    frame: u32,
    /// Layers that are sent.
    count: u8,
    /// Packets on their way to the server: left out, to be sent later.
    withheld: Vec<(u32, u8, u8)>,
    late: Vec<Vec<u8>>,
}

fn lesson(viewers: u32, kind: &str) -> Lesson {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    school.command(Command::SetStage { lesson: LESSON, stage });
    let master = school.publisher(MASTER, &["audio", "vp9"]);
    let viewers = (1..=viewers).map(|n| school.subscriber(ParticipantKey(n), View::Class, &["audio", kind]));
    let viewers = viewers.collect();
    let (withheld, late) = (Vec::new(), Vec::new());
    let mut lesson =
        Lesson { school, master, viewers, sequence: 65_000, ssrc: 110, frame: 0, count: 3, withheld, late };
    lesson.run(500);
    lesson
}

/// The descriptor of a packet: non-flexible mode, picture number and layer, and the structure with the first of a key frame.
fn descriptor(frame: u32, layer: u8, key: bool, (begins, ends): (bool, bool), count: u8) -> Vec<u8> {
    let has_structure = key && begins && layer == 0;
    // Only layers of a key frame refer to those below (L3T1_KEY).
    let not_for_upper = !key || layer + 1 == count;
    let flags = [(0x80, true), (0x40, !key), (0x20, true), (0x08, begins), (0x04, ends), (0x02, has_structure)];
    let flags: u8 = flags.iter().filter(|(_, is_set)| *is_set).map(|(bit, _)| bit).sum();
    let id = frame as u16 & 0x7fff | 0x8000;
    let inter_layer = key && layer > 0;
    let mut bytes = vec![flags | u8::from(not_for_upper), (id >> 8) as u8, id as u8];
    bytes.extend([0x10 | layer << 1 | u8::from(inter_layer), frame as u8]);
    if has_structure {
        bytes.push((count - 1) << 5 | 0x10);
        let sizes = SIZES.iter().take(usize::from(count));
        bytes.extend(sizes.flat_map(|&(width, height)| [width.to_be_bytes(), height.to_be_bytes()]).flatten());
    }
    bytes
}

impl Lesson {
    fn run(&mut self, ms: u64) {
        let mut everyone: Vec<&mut Peer> = self.viewers.iter_mut().chain([&mut self.master]).collect();
        self.school.run(ms, &mut everyone);
    }

    /// Sends a picture, all its layers one after the other; only the last packet of all has the marker.
    fn picture(&mut self, key: bool) {
        for layer in 0..self.count {
            for packet in 0..PACKETS[usize::from(layer)] {
                let (begins, ends) = (packet == 0, packet + 1 == PACKETS[usize::from(layer)]);
                let mut payload = descriptor(self.frame, layer, key, (begins, ends), self.count);
                payload.resize(TOLD_AT, 0);
                payload.extend(self.frame.to_be_bytes());
                payload.extend([layer, packet]);
                payload.resize(1000, 0x55);
                let marker = if ends && layer + 1 == self.count { 0x80 } else { 0 };
                let rtp = peer::rtp(marker | 102, self.sequence, 3600 * self.frame, self.ssrc, &payload, None);
                self.sequence = self.sequence.wrapping_add(1);
                if self.withheld.contains(&(self.frame, layer, packet)) {
                    self.late.push(rtp);
                } else {
                    self.master.send_rtp(rtp);
                }
            }
        }
        self.frame += 1;
        self.run(40);
    }

    /// Lets the master teach for so many pictures; each 25th is a key frame.
    fn teach(&mut self, pictures: u32) {
        (0..pictures).for_each(|_| self.picture(self.frame.is_multiple_of(25)));
    }

    fn show(&mut self, viewer: usize, (width, height): (u16, u16)) {
        let peer = self.viewers[viewer].id;
        self.school.command(Command::Show { peer, pictures: vec![Shown { width, height }] });
    }

    /// What a viewer has of the pictures from `frame` on, in the order of its numbers.
    fn pictures(&self, viewer: usize, frame: u32) -> Vec<Told> {
        let viewer = &self.viewers[viewer];
        let mut told: Vec<Told> =
            viewer.received.iter().filter(|p| p.ssrc == viewer.lines[1]).filter_map(told).collect();
        let first = told[0].sequence;
        told.sort_by_key(|told| told.sequence.wrapping_sub(first));
        told.retain(|told| told.frame >= frame);
        told
    }
}

fn told(packet: &Packet) -> Option<Told> {
    told_by(&packet.payload, packet.marker, packet.sequence)
}

fn told_by(payload: &[u8], marker: bool, sequence: u16) -> Option<Told> {
    let told = payload.get(TOLD_AT..TOLD_AT + 6)?;
    let frame = u32::from_be_bytes(told[..4].try_into().unwrap());
    Some(Told { frame, layer: told[4], packet: told[5], marker, sequence })
}

/// The packets of pictures whose top layer is `layer`, as one has to have them: all layers of a key frame, and of others that layer
/// alone.
fn expected(frames: std::ops::Range<u32>, layer: u8) -> Vec<(u32, u8, u8, bool)> {
    let layers = |frame: u32| if frame.is_multiple_of(25) { 0..=layer } else { layer..=layer };
    let packets = |frame: u32, at: u8| (0..PACKETS[usize::from(at)]).map(move |packet| (frame, at, packet));
    let all = frames.flat_map(|frame| layers(frame).flat_map(move |at| packets(frame, at)));
    all.map(|(frame, at, packet)| (frame, at, packet, at == layer && packet + 1 == PACKETS[usize::from(at)])).collect()
}

fn is_whole(found: &[Told], frames: std::ops::Range<u32>, layer: u8) {
    let packets: Vec<_> = found.iter().map(|told| (told.frame, told.layer, told.packet, told.marker)).collect();
    assert_eq!(packets, expected(frames, layer), "layer {layer}");
    assert!(found.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)), "numbers run on");
}

#[test]
fn each_viewer_gets_the_layer_its_screen_shows_whole_and_no_more() {
    let mut lesson = lesson(3, "vp9");
    lesson.teach(1);
    (0..3).for_each(|viewer| lesson.show(viewer, SIZES[viewer]));
    lesson.teach(100);
    let before = lesson.master.key_frames_asked();
    lesson.teach(24);
    assert_eq!(lesson.master.key_frames_asked(), before, "nobody waits for anything");
    for viewer in 0..3 {
        is_whole(&lesson.pictures(viewer, 50), 50..125, viewer as u8);
    }
}

#[test]
fn a_slower_line_gets_a_lower_layer_and_the_higher_one_again_each_from_a_key_frame_on() {
    let mut lesson = lesson(2, "vp9-remb");
    lesson.teach(100);
    is_whole(&lesson.pictures(0, 75), 75..100, 2);
    for (bps, layer) in [(850_000, 1), (300_000, 0), (5_000_000, 2)] {
        lesson.viewers[0].send_rtcp(&peer::estimate(bps));
        lesson.teach(150);
        let last = lesson.frame;
        is_whole(&lesson.pictures(0, last - 50), last - 50..last, layer);
    }
    let all = lesson.pictures(0, 0);
    let elsewhere = all.windows(2).find(|pair| pair[0].layer != pair[1].layer && !pair[1].frame.is_multiple_of(25));
    assert_eq!(elsewhere, None, "layers change in key frames alone");
    is_whole(&lesson.pictures(1, 75), 75..lesson.frame, 2);
}

#[test]
fn a_layer_that_is_sent_no_longer_gives_way_and_comes_back() {
    let mut lesson = lesson(1, "vp9");
    lesson.teach(100);
    lesson.count = 1;
    lesson.teach(150);
    let last = lesson.frame;
    is_whole(&lesson.pictures(0, last - 25), last - 25..last, 0);
    lesson.count = 3;
    lesson.teach(200);
    let last = lesson.frame;
    is_whole(&lesson.pictures(0, last - 25), last - 25..last, 2);
}

#[test]
fn another_stream_of_the_same_seat_begins_in_all_its_layers() {
    let mut lesson = lesson(2, "vp9");
    lesson.teach(1);
    lesson.show(1, SIZES[1]);
    lesson.teach(99);
    lesson.run(3000);
    (lesson.ssrc, lesson.sequence) = (4242, 7);
    lesson.teach(100);
    let last = lesson.frame;
    is_whole(&lesson.pictures(0, last - 50), last - 50..last, 2);
    is_whole(&lesson.pictures(1, last - 50), last - 50..last, 1);
}

#[test]
fn what_comes_late_fills_its_place_in_the_layers_it_is_of_and_is_a_number_in_others() {
    let mut lesson = lesson(3, "vp9");
    lesson.teach(1);
    (0..3).for_each(|viewer| lesson.show(viewer, SIZES[viewer]));
    lesson.teach(99);
    lesson.withheld = vec![(110, 1, 1)];
    lesson.teach(15);
    for packet in std::mem::take(&mut lesson.late) {
        lesson.master.send_rtp(packet);
    }
    lesson.teach(10);
    let own = lesson.pictures(1, 100);
    is_whole(&own, 100..125, 1);
    for viewer in [0, 2] {
        let packets: Vec<_> = lesson.pictures(viewer, 100).iter().map(|told| (told.frame, told.layer)).collect();
        let wanted: Vec<_> = expected(100..125, viewer as u8).iter().map(|found| (found.0, found.1)).collect();
        assert_eq!(packets, wanted);
        let viewer = &lesson.viewers[viewer];
        let numbers = viewer.received.iter().filter(|packet| packet.ssrc == viewer.lines[1]);
        let mut numbers: Vec<u16> = numbers.map(|packet| packet.sequence).collect();
        let first = numbers[0];
        numbers.sort_by_key(|number| number.wrapping_sub(first));
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "no number is missing");
    }
}

#[test]
fn a_packet_that_cannot_be_read_is_one_of_the_lowest_layer_and_takes_no_number_that_is_not_its_own() {
    let mut lesson = lesson(3, "vp9");
    lesson.teach(1);
    (0..3).for_each(|viewer| lesson.show(viewer, SIZES[viewer]));
    // Many packets of the stream are none of the lowest layer.
    lesson.teach(200);
    // Nothing, and the beginning of a structure.
    for payload in [&[][..], &[0x02]] {
        lesson.master.send_rtp(peer::rtp(102, lesson.sequence, 3600 * lesson.frame, lesson.ssrc, payload, None));
        lesson.sequence = lesson.sequence.wrapping_add(1);
    }
    // Nor does one that is said to be sent again, and was never sent.
    lesson.master.publish_again(1, lesson.sequence.wrapping_add(20_000), 3600 * lesson.frame, &[0x02, 0, 0]);
    lesson.teach(49);
    for viewer in 0..3 {
        let found = lesson.pictures(viewer, 200);
        let packets: Vec<_> = found.iter().map(|told| (told.frame, told.layer, told.packet, told.marker)).collect();
        let own: Vec<_> = expected(200..250, viewer as u8);
        assert_eq!(packets, own[own.len() - packets.len()..], "layer {viewer}");
        assert!(packets.len() > 45, "{} of layer {viewer}", packets.len());
        let (first, last) = (found[0].sequence, found[found.len() - 1].sequence);
        assert!(last.wrapping_sub(first) < found.len() as u16 + 2, "{first} to {last}");
    }
}

#[test]
fn a_viewer_that_lost_a_packet_gets_it_again_of_its_own_layer() {
    let mut lesson = lesson(1, "vp9");
    lesson.teach(1);
    lesson.show(0, SIZES[1]);
    lesson.teach(99);
    let lost = *lesson.pictures(0, 90).iter().find(|told| (told.frame, told.packet) == (95, 1)).unwrap();
    let ssrc = lesson.viewers[0].lines[1];
    lesson.viewers[0].received.clear();
    lesson.viewers[0].nack(ssrc, lost.sequence);
    lesson.run(40);
    let again = lesson.viewers[0].received.iter().find(|packet| packet.ssrc != ssrc).unwrap();
    assert_eq!(again.payload[..2], lost.sequence.to_be_bytes());
    let found = told_by(&again.payload[2..], again.marker, lost.sequence);
    assert_eq!(found, Some(lost));
}

#[test]
fn the_recorder_gets_the_highest_layer_alone() {
    let mut lesson = lesson(1, "vp9");
    lesson.teach(1);
    lesson.show(0, SIZES[0]);
    lesson.teach(149);
    lesson.school.taps.clear();
    lesson.teach(50);
    let mut recorded = Vec::new();
    for batch in std::mem::take(&mut lesson.school.taps) {
        for entry in &batch.entries {
            let Tapped::Packet { start, len } = entry.what else { continue };
            let packet = batch.packet(start, len);
            let header = RtpHeader::parse(packet).unwrap();
            let payload = &packet[header.len..];
            assert!(vp9::descriptor(payload).is_some());
            recorded.extend(told_by(payload, header.marker, header.sequence));
        }
    }
    is_whole(&recorded, 150..200, 2);
}
