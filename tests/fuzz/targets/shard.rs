//! A whole shard with a connected publisher and two viewers, one of whom tells how slow its line is: any datagrams from
//! strangers and from checked addresses, any RTP and RTCP sealed with the keys that were negotiated, over UDP and over
//! connections that come and go.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use sfu::{
    command::ParticipantKey,
    ice::{ConnectionId, Path},
    rtp::RtpHeader,
    seats::{Stage, View},
};
use tongke_fuzz::{
    chunks,
    peer::{LESSON, Peer, School, estimate},
};

/// After this many inputs the lesson begins anew, so that a find can be reached again from few inputs.
const INPUTS_PER_LESSON: u32 = 200;

/// Parameter sets and an IDR picture.
const KEY: &[u8] = &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3];
/// What follows the mandatory fields in the descriptor of a key frame: the structure of libwebrtc's L1T2.
const STRUCTURE: [u8; 7] = [0x80, 0x01, 0x1e, 0xa8, 0x51, 0x40, 0x00];

/// A dependency descriptor of a frame in one packet.
fn descriptor(frame: u16, level: u16, key: bool) -> Vec<u8> {
    let template = if key { 0 } else { 1 + level as u8 };
    let [high, low] = frame.to_be_bytes();
    let mut descriptor = vec![0xc0 | template, high, low];
    descriptor.extend(STRUCTURE.iter().filter(|_| key));
    descriptor
}

struct Lesson {
    school: School,
    master: Peer,
    viewer: Peer,
    slow: Peer,
    inputs: u32,
}

thread_local! {
    static LESSON_NOW: RefCell<Option<Lesson>> = const { RefCell::new(None) };
}

fuzz_target!(|input: &[u8]| {
    LESSON_NOW.with_borrow_mut(|slot| {
        let lesson = match slot {
            Some(lesson) if lesson.inputs < INPUTS_PER_LESSON => lesson,
            _ => slot.insert(Lesson::new()),
        };
        lesson.inputs += 1;
        for (kind, bytes) in chunks(input) {
            lesson.step(kind, bytes);
        }
        lesson.run(5);
    });
});

impl Lesson {
    fn new() -> Self {
        let mut school = School::new();
        let (lead, point, other) = (ParticipantKey(0), ParticipantKey(1), ParticipantKey(2));
        let stage = Stage { lead: Some(lead), floor: [Some(point)], courseware: false, wall: vec![point] };
        school.command(sfu::command::Command::SetStage { lesson: LESSON, stage });
        let master = school.publisher(lead, &["audio", "described", "video"]);
        let viewer = school.subscriber(point, View::Class, &["audio", "audio", "video", "video", "video"]);
        let slow = school.subscriber(other, View::Class, &["audio", "audio", "remb", "remb", "remb"]);
        let mut lesson = Self { school, master, viewer, slow, inputs: 0 };
        lesson.run(500);
        assert!(lesson.master.connected() && lesson.viewer.connected() && lesson.slow.connected());
        lesson
    }

    fn run(&mut self, ms: u64) {
        self.school.run(ms, &mut [&mut self.master, &mut self.viewer, &mut self.slow]);
        // What is not looked at must not pile up.
        for peer in [&mut self.master, &mut self.viewer, &mut self.slow] {
            peer.received.clear();
            peer.rtcp.clear();
        }
        self.school.taps.clear();
        self.school.events.clear();
    }

    fn step(&mut self, kind: u8, bytes: &[u8]) {
        let from = |remote| Path::udp(None, remote);
        let mut datagram = bytes.to_vec();
        let now = self.school.now;
        match kind % 10 {
            0 => self.school.shard.handle_datagram(now, from(([198, 51, 100, 7], 9).into()), &mut datagram),
            1 => self.school.shard.handle_datagram(now, from(self.master.address), &mut datagram),
            2 => self.school.shard.handle_datagram(now, from(self.viewer.address), &mut datagram),
            3 => self.master.send_rtcp(&at_least(bytes, 8)),
            4 => self.viewer.send_rtcp(&at_least(bytes, 8)),
            5 if RtpHeader::parse(bytes).is_ok() => self.master.send_rtp(datagram),
            8 => self.change_ways(bytes),
            9 => self.school.shard.handle_datagram(now, Path::tcp(ConnectionId(3), self.viewer.address), &mut datagram),
            6 => self.run(u64::from(bytes.first().copied().unwrap_or(1))),
            _ if kind >= 0x80 => self.pictures(bytes),
            _ => self.media(bytes),
        }
    }

    /// The viewer opens a connection, goes back to UDP, or loses a connection.
    fn change_ways(&mut self, bytes: &[u8]) {
        let Some((&what, _)) = bytes.split_first() else { return };
        let connection = ConnectionId(u64::from(what >> 2 & 3));
        match what & 3 {
            0 => self.viewer.over = None,
            1 => {
                self.school.shard.handle_connection_closed(connection);
                self.viewer.connections.retain(|known| *known != connection);
                self.viewer.over = None;
            }
            _ => self.viewer.connect(connection.0),
        }
    }

    /// A second of the camera in two temporal layers, by its descriptors, for a line that carries so many kbit/s.
    fn pictures(&mut self, bytes: &[u8]) {
        let Some((&[high, low, kbps, order], rest)) = bytes.split_first_chunk::<4>() else { return };
        self.slow.send_rtcp(&estimate(u32::from(kbps) * 4_000));
        let first = u16::from_be_bytes([high, low]);
        for at in 0..25_u16 {
            // Some come late, or never.
            let at = at ^ u16::from(order >> (at & 7) & 1);
            let payload = if at == 0 && order & 1 == 0 { KEY.to_vec() } else { [&[0x41], rest, &[0; 600]].concat() };
            let key = payload.first() != Some(&0x41);
            let (number, timestamp) = (first.wrapping_add(at), (u32::from(first) + u32::from(at)) * 3600);
            self.master.publish_described(1, (number, timestamp), true, &descriptor(number, at % 2, key), &payload);
            self.run(40);
        }
    }

    /// A packet of the publisher's voice, camera or screen with this payload.
    fn media(&mut self, bytes: &[u8]) {
        let Some((&[line, high, low, time], payload)) = bytes.split_first_chunk::<4>() else { return };
        let sequence = u16::from_be_bytes([high, low]);
        self.master.publish(usize::from(line % 3), sequence, u32::from(time) << 10, payload);
    }
}

/// SRTCP is sealed behind a header of eight bytes.
fn at_least(bytes: &[u8], len: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.resize(bytes.len().max(len), 0);
    out
}
