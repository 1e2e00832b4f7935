//! A master that sends its camera in three sizes: each receiver is given the one that its line carries and its screen shows, the
//! recorder the best there is.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use peer::{LESSON, Peer, School};
use sfu::{
    command::{Command, Event, Given, ParticipantKey, Shown},
    seats::{Stage, View},
    tap::Tapped,
};

const MASTER: ParticipantKey = ParticipantKey(0);
/// Parameter sets for 320 x 180, 640 x 360 and 1280 x 720, and an IDR picture behind each.
const SETS: [&[u8]; 3] = [
    &[0x67, 0x42, 0xc0, 0x0d, 0x8c, 0x68, 0x14, 0x19, 0x79, 0x00],
    &[0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03],
    &[0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x68, 0x05, 0x00, 0x5b, 0xa1, 0x00, 0x00, 0x03],
];
/// Bytes of a picture of each layer; 25 of them a second.
const PICTURE: [usize; 3] = [500, 1000, 1200];
/// Pictures a layer sends for one of the lowest: 100, 400 and 1,400 kbit/s.
const PACKETS: [u16; 3] = [1, 2, 6];

struct Lesson {
    school: School,
    master: Peer,
    viewers: Vec<Peer>,
    sequence: [u16; 3],
    frame: u32,
    /// Layers that are sent.
    sent: [bool; 3],
    named: bool,
}

fn lesson(viewers: u32) -> Lesson {
    lesson_with(viewers, "video")
}

/// One whose viewers have pictures of such a kind: `remb` tells an estimate of its own instead of what arrived.
fn lesson_with(viewers: u32, kind: &str) -> Lesson {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    school.command(Command::SetStage { lesson: LESSON, stage });
    let master = school.publisher(MASTER, &["audio", "simulcast"]);
    let viewers = (1..=viewers).map(|n| school.subscriber(ParticipantKey(n), View::Class, &["audio", kind, kind]));
    let viewers = viewers.collect();
    let mut lesson =
        Lesson { school, master, viewers, sequence: [100, 200, 300], frame: 0, sent: [true; 3], named: true };
    lesson.run(500);
    lesson
}

fn key(layer: usize) -> Vec<u8> {
    let set = SETS[layer];
    [&[0x78, 0, set.len() as u8], set, &[0, 2, 0x68, layer as u8, 0, 2, 0x65, layer as u8]].concat()
}

impl Lesson {
    fn run(&mut self, ms: u64) {
        let mut everyone: Vec<&mut Peer> = self.viewers.iter_mut().chain([&mut self.master]).collect();
        self.school.run(ms, &mut everyone);
    }

    /// Lets the master teach for so many frames. Each layer has key frames once a second.
    fn teach(&mut self, frames: u32) {
        for _ in 0..frames {
            for layer in (0..3).filter(|&layer| self.sent[layer]) {
                for packet in 0..PACKETS[layer] {
                    let mut payload = vec![0x41; PICTURE[layer]];
                    payload[1] = layer as u8;
                    if packet == 0 && self.frame.is_multiple_of(25) {
                        payload = key(layer);
                    }
                    let (sequence, timestamp) = (self.sequence[layer], 3600 * self.frame + layer as u32);
                    self.master.publish_layer(layer, sequence, timestamp, &payload, self.named);
                    self.sequence[layer] += 1;
                }
            }
            self.frame += 1;
            self.run(40);
        }
    }

    /// The layers of the pictures that a viewer got since the last call, in order, each once in a row.
    fn layers(&mut self, viewer: usize) -> Vec<u8> {
        let viewer = &mut self.viewers[viewer];
        let ssrc = viewer.lines[1];
        let packets = viewer.received.drain(..).filter(|packet| packet.ssrc == ssrc);
        let mut layers: Vec<u8> = packets
            .map(|packet| if packet.payload[0] == 0x41 { packet.payload[1] } else { *packet.payload.last().unwrap() })
            .collect();
        layers.dedup();
        layers
    }

    fn show(&mut self, viewer: usize, width: u16, height: u16) {
        let peer = self.viewers[viewer].id;
        self.school.command(Command::Show { peer, pictures: vec![Shown { width, height }] });
    }

    /// What was told of a viewer's pictures since the last call, the last of it.
    fn given(&mut self, viewer: usize) -> Option<Vec<Given>> {
        let peer = self.viewers[viewer].id;
        let mut told = std::mem::take(&mut self.school.events).into_iter().filter_map(|event| match event {
            Event::Given { peer: of, pictures } if of == peer => Some(pictures),
            _ => None,
        });
        told.next_back()
    }
}

#[test]
fn a_viewer_on_a_good_line_gets_the_best_layer_and_its_names_are_needed_no_longer_than_a_report() {
    let mut lesson = lesson(1);
    lesson.teach(60);
    assert_eq!(lesson.layers(0).last(), Some(&2));
    lesson.named = false;
    lesson.teach(30);
    assert_eq!(lesson.layers(0), [2]);
}

#[test]
fn a_change_of_layers_keeps_the_time_between_captures_however_long_each_was_on_its_way() {
    // The lowest layer comes 120 ms after the others.
    const LATE: u32 = 3;
    let mut lesson = lesson(1);
    lesson.show(0, 200, 120);
    let clock = |frame: u32, layer: usize| 3600 * frame + 1_000_000 * layer as u32;
    for frame in 0..200u32 {
        if frame == 100 {
            lesson.show(0, 1280, 720);
        }
        for (layer, captured) in [(0, frame.saturating_sub(LATE)), (1, frame), (2, frame)] {
            if frame % 10 == 0 {
                let ntp = (1000 << 32) + (u64::from(frame) << 32) / 25;
                lesson.master.sender_report_as(Peer::layer_ssrc(layer), ntp, clock(frame, layer));
            }
            let mut payload = [&[0x41, layer as u8][..], &captured.to_be_bytes(), &[0; 300]].concat();
            if captured.is_multiple_of(25) {
                payload = [&key(layer)[..], &captured.to_be_bytes()].concat();
            }
            lesson.master.publish_layer(layer, frame as u16, clock(captured, layer), &payload, true);
        }
        lesson.run(40);
    }
    let ssrc = lesson.viewers[0].lines[1];
    let packets = lesson.viewers[0].received.iter().filter(|packet| packet.ssrc == ssrc);
    let told: Vec<(u8, u32, u32)> = packets
        .filter_map(|packet| {
            let (layer, number) = match packet.payload[0] {
                0x41 => (packet.payload[1], packet.payload.get(2..6)?),
                _ => (*packet.payload.iter().rev().nth(4)?, packet.payload.last_chunk::<4>()?.as_slice()),
            };
            Some((layer, u32::from_be_bytes(number.try_into().ok()?), packet.timestamp))
        })
        .collect();
    let change = told.windows(2).position(|pair| (pair[0].0, pair[1].0) == (0, 2)).expect("a change of layers");
    let [(_, before, ended), (_, after, began)] = [told[change], told[change + 1]];
    assert!(after - before > 1, "what came late comes no more: {before} {after}");
    assert_eq!(began.wrapping_sub(ended) / 3600, after - before, "{ended} {began}");
}

#[test]
fn each_screen_gets_what_it_shows_and_nothing_that_is_hidden() {
    let mut lesson = lesson(3);
    lesson.show(0, 200, 120);
    lesson.show(1, 700, 390);
    lesson.show(2, 0, 0);
    lesson.teach(60);
    (0..3).for_each(|viewer| drop(lesson.layers(viewer)));
    lesson.teach(30);
    assert_eq!([0, 1, 2].map(|viewer| lesson.layers(viewer)), [vec![0], vec![1], vec![]]);
    lesson.show(0, 1920, 1080);
    lesson.show(2, 320, 180);
    lesson.teach(30);
    assert_eq!(lesson.layers(0), [0, 2], "it goes on until the larger one's key frame");
    assert_eq!(lesson.layers(2), [0]);
}

#[test]
fn a_thin_line_gets_a_small_layer_and_nobody_else_does() {
    let mut lesson = lesson_with(2, "remb");
    lesson.teach(60);
    lesson.viewers[0].send_rtcp(&peer::estimate(600_000));
    lesson.teach(75);
    assert_eq!(lesson.given(0), Some(vec![Given::Smaller, Given::Whole]));
    drop((lesson.layers(0), lesson.layers(1)));
    lesson.teach(30);
    assert_eq!([0, 1].map(|viewer| lesson.layers(viewer)), [vec![1], vec![2]]);
    lesson.viewers[0].send_rtcp(&peer::estimate(50_000));
    lesson.teach(50);
    assert_eq!(lesson.given(0), Some(vec![Given::Withheld, Given::Whole]));
    drop(lesson.layers(0));
    lesson.teach(30);
    assert_eq!([0, 1].map(|viewer| lesson.layers(viewer)), [vec![], vec![2]]);
}

#[test]
fn numbers_run_on_without_a_gap_from_layer_to_layer() {
    let mut lesson = lesson(1);
    lesson.teach(60);
    for (width, height) in [(200, 120), (1280, 720), (640, 360)] {
        lesson.show(0, width, height);
        lesson.teach(40);
    }
    let ssrc = lesson.viewers[0].lines[1];
    let mut numbers: Vec<u16> =
        lesson.viewers[0].received.iter().filter(|p| p.ssrc == ssrc).map(|packet| packet.sequence).collect();
    let first = numbers[0];
    numbers.sort_by_key(|number| number.wrapping_sub(first));
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
}

#[test]
fn a_layer_that_stops_gives_way_to_the_next() {
    let mut lesson = lesson(1);
    lesson.teach(60);
    lesson.sent[2] = false;
    lesson.teach(100);
    assert_eq!(lesson.layers(0).last(), Some(&1));
    lesson.sent[2] = true;
    lesson.teach(60);
    assert_eq!(lesson.layers(0).last(), Some(&2));
}

#[test]
fn the_recorder_gets_one_layer_the_best_that_flows() {
    let mut lesson = lesson(1);
    let recorded = |lesson: &mut Lesson| {
        let mut layers = Vec::new();
        let mut started = 0;
        for batch in std::mem::take(&mut lesson.school.taps) {
            for entry in &batch.entries {
                match entry.what {
                    Tapped::Started { .. } => started += 1,
                    Tapped::Packet { start, len } => {
                        let packet = batch.packet(start, len);
                        layers.push(u32::from_be_bytes(packet[8..12].try_into().unwrap()));
                    }
                    _ => {}
                }
            }
        }
        layers.dedup();
        (layers, started)
    };
    lesson.teach(150);
    let ssrc = Peer::layer_ssrc;
    assert_eq!(recorded(&mut lesson), (vec![ssrc(0), ssrc(2)], 2));
    lesson.sent[2] = false;
    lesson.teach(100);
    assert_eq!(recorded(&mut lesson), (vec![ssrc(1)], 1));
    lesson.sent[2] = true;
    lesson.teach(50);
    assert_eq!(recorded(&mut lesson), (vec![ssrc(1)], 0), "one that has just come back may go again");
    lesson.teach(100);
    assert_eq!(recorded(&mut lesson), (vec![ssrc(1), ssrc(2)], 1));
}

#[test]
fn an_unknown_name_and_somebody_elses_ssrc_are_of_no_use() {
    let mut lesson = lesson(1);
    lesson.teach(30);
    let before = lesson.school.shard.counters().dropped.unusable;
    let mut packet = peer::rtp(102, 1, 1, 4242, &[], None);
    packet[0] |= 0x10;
    packet.extend([0xbe, 0xde, 0, 1, 5 << 4, b'x', 0, 0, 0x41, 9]);
    lesson.master.send_rtp(packet);
    // Without a name it belongs to no layer.
    lesson.master.publish_as(4243, 1, 1, &[0x41, 9]);
    lesson.run(20);
    assert_eq!(lesson.school.shard.counters().dropped.unusable - before, 2);
    lesson.teach(30);
    assert!(!lesson.layers(0).contains(&9));
}

#[test]
fn somebody_elses_names_and_numbers_are_ones_own_in_another_session() {
    let mut lesson = lesson(2);
    lesson.teach(60);
    // A class sends under the very names and numbers of the master.
    let mut point = lesson.school.publisher(ParticipantKey(1), &["audio", "simulcast"]);
    lesson.school.run(500, &mut [&mut point, &mut lesson.master]);
    drop((lesson.layers(0), lesson.layers(1)));
    for sequence in 0..50 {
        for layer in 0..3 {
            point.publish_layer(layer, 5000 + sequence, 3600 * u32::from(sequence), &[0x41, 9], true);
        }
        let mut everyone: Vec<&mut Peer> = lesson.viewers.iter_mut().chain([&mut point]).collect();
        lesson.school.run(20, &mut everyone);
        lesson.teach(1);
    }
    assert_eq!([0, 1].map(|viewer| lesson.layers(viewer)), [vec![2], vec![2]]);
}

#[test]
fn whatever_a_line_carries_and_shows_each_stream_feeds_it_once() {
    let mut lesson = lesson_with(0, "remb");
    lesson.master = lesson.school.publisher(MASTER, &["audio", "simulcast", "video"]);
    lesson.viewers = vec![
        lesson.school.subscriber(ParticipantKey(1), View::Class, &["audio", "remb"]),
        lesson.school.subscriber(ParticipantKey(2), View::Class, &["audio", "remb", "remb"]),
    ];
    lesson.run(500);
    let mut seed = 1u32;
    let mut any = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    let (mut frames, mut packets) = (0, 0);
    for _ in 0..600 {
        let viewer = any(2) as usize;
        match any(3) {
            0 => {
                let bps = [20_000, 60_000, 150_000, 300_000, 700_000, 3_000_000][any(6) as usize];
                lesson.viewers[viewer].send_rtcp(&peer::estimate(bps));
            }
            1 => {
                let width = [0, 200, 640, 1280][any(4) as usize];
                lesson.show(viewer, width, width / 16 * 9);
            }
            _ => {
                let stage = Stage { lead: Some(MASTER), courseware: any(2) == 0, ..Stage::default() };
                lesson.school.command(Command::SetStage { lesson: LESSON, stage });
            }
        }
        for _ in 0..any(12) {
            let is_key = any(50) == 0;
            for packet in 0..1 + any(4) {
                let slide = if is_key && packet == 0 { key(1) } else { vec![0x41; 1000] };
                lesson.master.publish(2, packets, 3600 * frames, &slide);
                packets += 1;
            }
            frames += 1;
            lesson.teach(1);
        }
    }
    for viewer in 0..2 {
        lesson.viewers[viewer].send_rtcp(&peer::estimate(3_000_000));
        lesson.show(viewer, 1280, 720);
    }
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    lesson.school.command(Command::SetStage { lesson: LESSON, stage });
    lesson.teach(100);
    assert_eq!([0, 1].map(|viewer| lesson.layers(viewer).last().copied()), [Some(2); 2]);
    for viewer in &lesson.viewers {
        assert_eq!(viewer.refused, 0, "nothing came twice");
    }
}
