//! A line that is too slow for every picture of a camera gets those of its base temporal layer, and all of them again where a
//! picture allows it: numbers run on without a gap, and nobody else notices.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use peer::{LESSON, Packet, Peer, School};
use sfu::{
    command::{Command, Event, Given, ParticipantKey, Shown},
    payload::vp8,
    seats::{Stage, View},
};

const MASTER: ParticipantKey = ParticipantKey(0);
/// Carries the base layer and no more, and all.
const SLOW_BPS: u32 = 420_000;
const FAST_BPS: u32 = 3_000_000;
/// Bytes before what tells the picture: the longest VP8 descriptor and the frame's first byte.
const TOLD_AT: usize = 8;

/// How a camera tells its layers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// VP8, three layers, each of whose first pictures refers to the base layer alone.
    Vp8,
    /// VP8, two layers, without a way up.
    Vp8WithoutSync,
    /// H.264, two layers, by dependency descriptors.
    Described,
    /// H.264, one layer as far as anybody can tell.
    Plain,
}

struct Lesson {
    school: School,
    master: Peer,
    viewers: Vec<Peer>,
    way: Way,
    sequence: u16,
    frame: u32,
    tl0: u8,
    /// Pictures withheld until they are sent late.
    withheld: Vec<u32>,
    late: Vec<(u16, u32)>,
}

fn lesson(way: Way) -> Lesson {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    school.command(Command::SetStage { lesson: LESSON, stage });
    let (camera, picture) = match way {
        Way::Vp8 | Way::Vp8WithoutSync => ("vp8", "vp8-remb"),
        Way::Described => ("described", "remb"),
        Way::Plain => ("video", "remb"),
    };
    let master = school.publisher(MASTER, &["audio", camera]);
    let viewers = (1..=2).map(|n| school.subscriber(ParticipantKey(n), View::Class, &["audio", picture])).collect();
    let (withheld, late) = (Vec::new(), Vec::new());
    // Numbers of packets and pictures wrap on the way.
    let mut lesson = Lesson { school, master, viewers, way, sequence: 65_300, frame: 0, tl0: 250, withheld, late };
    lesson.run(500);
    lesson
}

/// A descriptor of libwebrtc's L1T2: the key frame's brings the structure, templates (0, 0), (0, 0) and (0, 1).
fn descriptor(frame: u32, level: u8, key: bool, (begins, ends): (bool, bool)) -> Vec<u8> {
    let template = if key { 0 } else { 1 + level };
    let mut bits = format!("{}{}{template:06b}{:016b}", u8::from(begins), u8::from(ends), frame as u16);
    if key && begins {
        // Attached structure, no other option; ids from 0, two targets; layers; indications SS, SS and -D; differences none, 2
        // and 1; no chains, no sizes.
        bits += "10000 000000 00001 000111 1010 1010 0001 0 100010 100000 0 0";
    }
    let mut bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
    bits.resize(bits.len().next_multiple_of(8), 0);
    bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

impl Lesson {
    fn run(&mut self, ms: u64) {
        let mut everyone: Vec<&mut Peer> = self.viewers.iter_mut().chain([&mut self.master]).collect();
        self.school.run(ms, &mut everyone);
    }

    /// Packets of a picture: 25 pictures a second need 530 to 640 kbit/s, those of the base layer 320.
    fn packets(&self, level: u8) -> u8 {
        match (self.way, level) {
            (Way::Vp8, 0) => 6,
            (_, 0) => 3,
            _ => 2,
        }
    }

    fn level(&self, frame: u32) -> u8 {
        match self.way {
            Way::Vp8 => [0, 2, 1, 2][frame as usize % 4],
            _ => (frame % 2) as u8,
        }
    }

    /// One packet of a picture as the camera makes it.
    fn payload(&self, frame: u32, packet: u8, key: bool) -> Vec<u8> {
        let level = self.level(frame);
        let begins = packet == 0;
        let mut payload = match self.way {
            Way::Vp8 | Way::Vp8WithoutSync => {
                let id = (32_700 + frame as u16) & 0x7fff | 0x8000;
                let syncs = self.way == Way::Vp8 && level > 0 && frame % 4 != 3;
                let first = if begins { 0x90 } else { 0x80 };
                let layer = level << 6 | u8::from(syncs) << 5;
                vec![first, 0xe0, (id >> 8) as u8, id as u8, self.tl0, layer, u8::from(!key)]
            }
            _ if key && begins => vec![0x78, 0, 2, 0x67, 0x42, 0, 2],
            _ if key => vec![0x65],
            _ => vec![0x41],
        };
        payload.resize(TOLD_AT, if key && begins { 0x68 } else { 0 });
        payload.extend([packet, level]);
        payload.extend(frame.to_be_bytes());
        payload.resize(1000, 0x55);
        payload
    }

    /// Lets the master teach for so many frames, of which the first may be a key frame.
    fn teach_from(&mut self, mut key: bool, frames: u32) {
        for _ in 0..frames {
            let frame = self.frame;
            let level = self.level(frame);
            if level == 0 {
                self.tl0 = self.tl0.wrapping_add(1);
            }
            let count = self.packets(level);
            for packet in 0..count {
                let sequence = self.sequence;
                self.sequence = sequence.wrapping_add(1);
                if self.withheld.contains(&frame) {
                    self.late.push((sequence, frame));
                    continue;
                }
                let payload = self.payload(frame, packet, key);
                self.publish((sequence, 3600 * frame), (packet, packet + 1 == count), key, &payload);
            }
            (self.frame, key) = (frame + 1, false);
            self.run(40);
        }
    }

    fn publish(&mut self, (sequence, timestamp): (u16, u32), (packet, last): (u8, bool), key: bool, payload: &[u8]) {
        let frame = timestamp / 3600;
        if self.way == Way::Described {
            let descriptor = descriptor(frame, self.level(frame), key, (packet == 0, last));
            self.master.publish_described(1, (sequence, timestamp), last, &descriptor, payload);
        } else {
            self.master.publish_frame(1, sequence, timestamp, &[payload.to_vec()]);
        }
    }

    fn teach(&mut self, frames: u32) {
        self.teach_from(false, frames);
    }

    /// Sends a picture of the second layer in so many packets, all at once.
    fn teach_large(&mut self, packets: u8) {
        self.teach(u32::from(self.level(self.frame) == 0));
        let frame = self.frame;
        assert_eq!(self.level(frame), 1);
        for packet in 0..packets {
            let payload = self.payload(frame, packet, false);
            self.publish((self.sequence, 3600 * frame), (packet, packet + 1 == packets), false, &payload);
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.frame += 1;
    }

    /// Sends what was withheld.
    fn send_late(&mut self) {
        for (sequence, frame) in std::mem::take(&mut self.late) {
            let payload = self.payload(frame, 0, false);
            self.publish((sequence, 3600 * frame), (0, false), false, &payload);
        }
        self.run(40);
    }

    fn tell(&mut self, viewer: usize, bps: u32) {
        self.viewers[viewer].send_rtcp(&peer::estimate(bps));
    }

    /// What a viewer has of the camera so far, in the order of its numbers, each once.
    fn pictures(&self, viewer: usize) -> Vec<Packet> {
        let viewer = &self.viewers[viewer];
        let mut packets: Vec<Packet> = viewer.received.iter().filter(|p| p.ssrc == viewer.lines[1]).cloned().collect();
        let first = packets[0].sequence;
        packets.sort_by_key(|packet| packet.sequence.wrapping_sub(first));
        packets
    }

    /// The frames a viewer has had from frame `from` on, with their layers.
    fn frames(&self, viewer: usize, from: u32) -> Vec<(u32, u8)> {
        let mut frames: Vec<(u32, u8)> = self.pictures(viewer).iter().filter_map(told).collect();
        frames.dedup();
        frames.retain(|(frame, _)| *frame >= from);
        frames
    }

    fn levels(&self, viewer: usize, from: u32) -> Vec<u8> {
        self.frames(viewer, from).into_iter().map(|(_, level)| level).collect()
    }

    /// What was told last of a viewer's pictures.
    fn given(&self, viewer: usize) -> Option<Given> {
        let peer = self.viewers[viewer].id;
        self.school.events.iter().rev().find_map(|event| match event {
            Event::Given { peer: of, pictures } if *of == peer => Some(pictures[0]),
            _ => None,
        })
    }

    /// Brings viewer 0 down to the base layer. Returns the first frame after which it had nothing else.
    fn slow_down(&mut self) -> u32 {
        self.teach_from(true, 100);
        self.tell(0, SLOW_BPS);
        self.teach(50);
        self.frame
    }

    fn has_no_gap(&self, viewer: usize) {
        let numbers: Vec<u16> = self.pictures(viewer).iter().map(|packet| packet.sequence).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    }
}

/// Which frame a packet is of, and which layer.
fn told(packet: &Packet) -> Option<(u32, u8)> {
    let told = packet.payload.get(TOLD_AT..TOLD_AT + 6)?;
    Some((u32::from_be_bytes(told[2..].try_into().unwrap()), told[1]))
}

fn every(frames: std::ops::Range<u32>, lesson: &Lesson, level: u8) -> Vec<(u32, u8)> {
    frames.map(|frame| (frame, lesson.level(frame))).filter(|(_, found)| *found <= level).collect()
}

#[test]
fn a_slow_line_gets_the_base_layer_whole_and_nobody_else_does() {
    for way in [Way::Vp8, Way::Described] {
        let mut lesson = lesson(way);
        let from = lesson.slow_down();
        assert_eq!(lesson.given(0), Some(Given::Slower));
        lesson.teach(48);
        assert_eq!(lesson.frames(0, from + 1), every(from + 1..from + 48, &lesson, 0));
        assert_eq!(lesson.frames(1, 1), every(1..from + 48, &lesson, 2));
        (0..2).for_each(|viewer| lesson.has_no_gap(viewer));
        assert_eq!(lesson.master.key_frames_asked(), 1, "it needs no key frame");
    }
}

#[test]
fn all_layers_come_back_where_a_picture_allows_it() {
    for (way, first) in [(Way::Vp8, &[0, 1, 0, 2, 1, 2, 0][..]), (Way::Described, &[0, 1, 0, 1, 0, 1])] {
        let mut lesson = lesson(way);
        let from = lesson.slow_down();
        // Aimed higher behind a base layer frame: VP8 rises a layer at a time.
        lesson.teach(1 + (4 - from % 4) % 4);
        let asked = lesson.master.key_frames_asked();
        lesson.tell(0, FAST_BPS);
        lesson.teach(80);
        assert_eq!(lesson.given(0), Some(Given::Whole));
        let levels = lesson.levels(0, from + 1);
        let rises = levels.windows(first.len()).position(|window| window == first);
        assert!(rises.is_some_and(|at| levels[..at].iter().all(|level| *level == 0)), "{levels:?}");
        let last = lesson.frame;
        assert_eq!(lesson.frames(0, last - 40), every(last - 40..last, &lesson, 2));
        lesson.has_no_gap(0);
        assert_eq!(lesson.master.key_frames_asked(), asked, "no key frame was needed");
    }
}

#[test]
fn what_is_left_out_is_no_burden_to_the_line() {
    let mut lesson = lesson(Way::Described);
    let from = lesson.slow_down();
    let asked = lesson.master.key_frames_asked();
    // More than a second of the line: what has to wait for longer is shed, up to the next key frame.
    lesson.teach_large(80);
    lesson.teach(20);
    assert_eq!(lesson.frames(0, from + 1), every(from + 1..lesson.frame, &lesson, 0));
    assert_eq!(lesson.master.key_frames_asked(), asked);
    lesson.has_no_gap(0);
}

#[test]
fn a_picture_that_has_begun_to_go_out_goes_whole_and_what_waits_behind_it_is_thinned() {
    let mut lesson = lesson(Way::Described);
    // Once it has been slow, a line is taken to carry what it tells and no more: here all, paced.
    lesson.slow_down();
    lesson.tell(0, 700_000);
    // It looks away and comes back: nothing has been left out of what it is given then.
    for (width, height) in [(0, 0), (1280, 720)] {
        let peer = lesson.viewers[0].id;
        lesson.school.command(Command::Show { peer, pictures: vec![Shown { width, height }] });
        lesson.teach(10);
    }
    lesson.teach_from(true, 51);
    assert_eq!(lesson.given(0), Some(Given::Whole));
    // Half a second of the line each.
    lesson.teach_large(40);
    let begun = lesson.frame - 1;
    lesson.run(40);
    lesson.teach(1);
    lesson.teach_large(40);
    let gone = |lesson: &Lesson| lesson.pictures(0).iter().filter(|packet| told(packet) == Some((begun, 1))).count();
    assert!((1..35).contains(&gone(&lesson)), "it has begun to go out: {}", gone(&lesson));
    lesson.tell(0, 450_000);
    lesson.run(40);
    let (asked, waiting) = (lesson.master.key_frames_asked(), lesson.frame - 1);
    // Until what waited has gone.
    lesson.teach(100);
    assert_eq!(lesson.given(0), Some(Given::Slower));
    assert_eq!(gone(&lesson), 40);
    assert_eq!(lesson.frames(0, begun + 1), every(begun + 1..lesson.frame, &lesson, 0));
    assert!(waiting > begun + 1);
    assert_eq!(lesson.master.key_frames_asked(), asked, "nothing was shed");
    lesson.has_no_gap(0);
}

#[test]
fn pictures_of_vp8_are_counted_on_without_those_left_out() {
    let mut lesson = lesson(Way::Vp8);
    lesson.slow_down();
    lesson.tell(0, FAST_BPS);
    lesson.teach(80);
    let mut pictures: Vec<(u16, u8, u32)> = Vec::new();
    for packet in lesson.pictures(0) {
        let numbers = vp8::numbers(&packet.payload).unwrap();
        let (frame, _) = told(&packet).unwrap();
        pictures.push((numbers.picture_id.unwrap().value, numbers.tl0.unwrap().0, frame));
    }
    pictures.dedup();
    assert!(pictures.len() < lesson.frame as usize);
    for pair in pictures.windows(2) {
        assert_eq!(pair[1].0, (pair[0].0 + 1) & 0x7fff, "{pair:?}");
        let bases = (pair[0].2 + 1..=pair[1].2).filter(|&frame| lesson.level(frame) == 0).count();
        assert_eq!(pair[1].1, pair[0].1.wrapping_add(bases as u8), "base layer pictures are never left out: {pair:?}");
    }
}

#[test]
fn a_lost_packet_of_a_thinned_stream_comes_again_as_it_was() {
    for way in [Way::Vp8, Way::Described] {
        let mut lesson = lesson(way);
        let from = lesson.slow_down();
        lesson.teach(20);
        let ssrc = lesson.viewers[0].lines[1];
        let lost: Vec<Packet> = lesson
            .pictures(0)
            .into_iter()
            .filter(|packet| told(packet).is_some_and(|(frame, _)| frame > from))
            .collect();
        assert!(lost.len() > 12);
        // No more than the least that may be sent again at once, however slow the line.
        for packet in &lost[..4] {
            lesson.viewers[0].nack(ssrc, packet.sequence);
        }
        lesson.run(20);
        let viewer = &lesson.viewers[0];
        let again: Vec<&Packet> = viewer.received.iter().filter(|p| p.ssrc == viewer.rtx[1]).collect();
        assert_eq!(again.len(), 4);
        for (again, lost) in again.iter().zip(&lost) {
            assert_eq!((again.payload_type, again.timestamp, again.marker), (103, lost.timestamp, lost.marker));
            assert_eq!(again.payload, [&lost.sequence.to_be_bytes(), &lost.payload[..]].concat());
        }
    }
}

#[test]
fn a_number_kept_for_a_packet_that_is_left_out_too_late_is_filled() {
    let mut lesson = lesson(Way::Described);
    let from = lesson.slow_down();
    // Two pictures of the base layer go before the packets of the one between them come.
    let missed = from + 5 - u32::from(lesson.level(from + 4) == 1);
    assert_eq!(lesson.level(missed), 1);
    lesson.withheld.push(missed);
    lesson.teach(10);
    let numbers = |lesson: &Lesson| lesson.pictures(0).iter().map(|packet| packet.sequence).collect::<Vec<_>>();
    let before = numbers(&lesson);
    assert!(before.windows(2).any(|pair| pair[1] == pair[0].wrapping_add(3)), "room for two: {before:?}");
    lesson.send_late();
    lesson.has_no_gap(0);
    let fillings: Vec<Packet> = lesson.pictures(0).into_iter().filter(|packet| packet.payload.is_empty()).collect();
    assert_eq!(fillings.len(), 2);
    assert!(fillings.iter().all(|packet| !packet.marker && packet.payload_type == 102));
    assert!(lesson.frames(1, missed).contains(&(missed, 1)), "the others get it late");
    // Lost too, one comes again as empty as it was.
    let (ssrc, sequence) = (lesson.viewers[0].lines[1], fillings[0].sequence);
    lesson.viewers[0].nack(ssrc, sequence);
    lesson.run(20);
    let viewer = &lesson.viewers[0];
    let again = viewer.received.iter().find(|packet| packet.ssrc == viewer.rtx[1]).unwrap();
    assert_eq!(again.payload, sequence.to_be_bytes());
}

#[test]
fn without_a_way_up_a_key_frame_is_asked_for_and_brings_all_layers_back() {
    let mut lesson = lesson(Way::Vp8WithoutSync);
    lesson.slow_down();
    let asked = lesson.master.key_frames_asked();
    lesson.tell(0, FAST_BPS);
    lesson.teach(40);
    assert_eq!(lesson.master.key_frames_asked(), asked, "not at once");
    let from = lesson.frame;
    lesson.teach(61);
    assert!(
        (1..=3).contains(&(lesson.master.key_frames_asked() - asked)),
        "asked {} times",
        lesson.master.key_frames_asked() - asked
    );
    assert!(lesson.levels(0, from).iter().all(|level| *level == 0));
    let from = lesson.frame + lesson.frame % 2;
    lesson.teach(from - lesson.frame);
    lesson.teach_from(true, 40);
    assert_eq!(lesson.frames(0, from), every(from..from + 40, &lesson, 1));
    lesson.has_no_gap(0);
}

#[test]
fn a_stream_of_one_layer_is_given_whole_or_not_at_all() {
    let mut lesson = lesson(Way::Plain);
    lesson.slow_down();
    assert_eq!(lesson.given(0), Some(Given::Withheld));
    let from = lesson.frame;
    lesson.teach(20);
    assert_eq!(lesson.frames(0, from + 1), []);
    assert_eq!(lesson.frames(1, 1), every(1..from + 20, &lesson, 1));
}
