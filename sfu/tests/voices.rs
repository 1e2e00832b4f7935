//! Voices over lines that lose packets: repeated, asked for again, recovered.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use peer::{LESSON, Packet, Peer, School, estimate, rtp};
use sfu::{
    command::{Command, ParticipantKey},
    ice::Path,
    red::{self, Voice},
    rtcp::{Feedback, ReportBlock, Writer, read},
    seats::{Stage, View},
    tap::Tapped,
};

const MASTER: ParticipantKey = ParticipantKey(0);
const OPUS: u8 = 111;
const RED: u8 = 63;

struct Lesson {
    school: School,
    master: Peer,
    viewer: Peer,
}

fn lesson() -> Lesson {
    let mut school = School::new();
    school.command(Command::SetStage { lesson: LESSON, stage: Stage { lead: Some(MASTER), ..Stage::default() } });
    let master = school.publisher(MASTER, &["voice"]);
    let viewer = school.subscriber(ParticipantKey(1), View::Class, &["voice", "remb"]);
    let mut lesson = Lesson { school, master, viewer };
    lesson.run(1500);
    lesson
}

impl Lesson {
    fn run(&mut self, ms: u64) {
        self.school.run(ms, &mut [&mut self.viewer, &mut self.master]);
    }

    /// The master says packet `n`.
    fn say(&mut self, n: u16) {
        self.master.send_rtp(rtp(OPUS, n, 960 * u32::from(n), 100, &said(n), None));
        self.run(20);
    }

    fn heard(&self) -> Vec<&Packet> {
        self.viewer.received.iter().filter(|packet| packet.ssrc == self.viewer.lines[0]).collect()
    }
}

fn said(n: u16) -> Vec<u8> {
    vec![0x78, n as u8, 1, 2, 3, 4]
}

/// What a packet says, and then what it repeats, newest first.
fn says(packet: &Packet) -> Vec<Vec<u8>> {
    if packet.payload_type != RED {
        return vec![packet.payload.clone()];
    }
    let mut blocks: Vec<Vec<u8>> = red::read(&packet.payload).unwrap().map(|block| block.payload.to_vec()).collect();
    blocks.reverse();
    blocks
}

/// A report of the viewer's on its voice.
fn report(viewer: &mut Peer, fraction_lost: u8) {
    let block = ReportBlock { ssrc: viewer.lines[0], fraction_lost, ..ReportBlock::default() };
    let mut buffer = [0; 64];
    let mut writer = Writer::new(&mut buffer);
    writer.receiver_report(1, &[(block, 0)]);
    let len = writer.len();
    viewer.send_rtcp(&buffer[..len]);
}

#[test]
fn a_voice_repeats_the_last_packet_and_where_much_is_lost_the_two_last() {
    let mut lesson = lesson();
    (0..10).for_each(|n| lesson.say(n));
    assert_eq!(says(lesson.heard()[0]), [said(0)], "nothing was before");
    assert_eq!(says(lesson.heard()[9]), [said(9), said(8)]);
    report(&mut lesson.viewer, 26);
    lesson.run(1500);
    (10..14).for_each(|n| lesson.say(n));
    assert_eq!(says(lesson.heard()[13]), [said(13), said(12), said(11)]);
}

#[test]
fn a_voice_that_is_asked_for_again_comes_as_the_very_same_bytes() {
    let mut lesson = lesson();
    (0..5).for_each(|n| lesson.say(n));
    let path = Path::udp(None, lesson.master.address);
    lesson.master.send_rtp(rtp(OPUS, 5, 960 * 5, 100, &said(5), None));
    for mut datagram in lesson.master.take_outgoing() {
        lesson.school.shard.handle_datagram(lesson.school.now, path, &mut datagram);
    }
    while lesson.school.shard.fan_out(lesson.school.now) {}
    let lost: Vec<u8> = lesson.school.shard.outbox().datagrams().map(|(_, bytes)| bytes.to_vec()).next().unwrap();
    lesson.school.shard.outbox().clear();
    (6..9).for_each(|n| lesson.say(n));
    let ssrc = lesson.viewer.lines[0];
    let missing = lesson.heard().last().unwrap().sequence.wrapping_sub(3);
    lesson.viewer.nack(ssrc, missing);
    let path = Path::udp(None, lesson.viewer.address);
    for mut datagram in lesson.viewer.take_outgoing() {
        lesson.school.shard.handle_datagram(lesson.school.now, path, &mut datagram);
    }
    let again: Vec<Vec<u8>> = lesson.school.shard.outbox().datagrams().map(|(_, bytes)| bytes.to_vec()).collect();
    assert_eq!(again, [lost], "a nonce is never used for two texts");
    lesson.run(20);
    assert_eq!(lesson.viewer.refused, 0);
    assert_eq!(says(lesson.heard().last().unwrap()), [said(5), said(4)]);
}

#[test]
fn what_is_lost_on_the_way_in_comes_with_the_packets_that_repeat_it() {
    let mut lesson = lesson();
    for n in 0..20u16 {
        // Every second packet is lost, and each repeats the one before.
        if n % 2 == 0 && n > 0 {
            continue;
        }
        let before = said(n.wrapping_sub(1));
        let earlier = [Voice { timestamp: 960 * u32::from(n.wrapping_sub(1)), payload: &before }];
        let own = said(n);
        let primary = Voice { timestamp: 960 * u32::from(n), payload: &own };
        let mut payload = [0; 100];
        let len = red::write(&mut payload, OPUS, &primary, if n > 0 { &earlier } else { &[] }).unwrap();
        lesson.master.send_rtp(rtp(RED, n, 960 * u32::from(n), 100, &payload[..len], None));
        lesson.run(20);
    }
    lesson.run(100);
    let mut heard: Vec<(u32, Vec<u8>)> =
        lesson.heard().iter().map(|packet| (packet.timestamp, says(packet).remove(0))).collect();
    let first = heard[0].0;
    heard.sort_by_key(|(timestamp, _)| timestamp.wrapping_sub(first));
    let expected: Vec<(u32, Vec<u8>)> = (0..20u16).map(|n| (first.wrapping_add(960 * u32::from(n)), said(n))).collect();
    assert_eq!(heard, expected);
    let mut nacks = 0;
    lesson
        .master
        .rtcp
        .iter()
        .for_each(|rtcp| read(rtcp, |told| nacks += usize::from(matches!(told, Feedback::Nack { .. }))));
    assert_eq!(nacks, 0, "nothing had to be asked for");
    let mut recorded: Vec<u16> = Vec::new();
    for batch in &lesson.school.taps {
        for entry in &batch.entries {
            if let Tapped::Packet { start, len } = entry.what {
                let packet = batch.packet(start, len);
                assert_eq!(packet[1] & 0x7f, OPUS);
                recorded.push(u16::from_be_bytes([packet[2], packet[3]]));
            }
        }
    }
    recorded.sort_unstable();
    assert_eq!(recorded, (0..20).collect::<Vec<u16>>(), "and the recorder has each once");
}

#[test]
fn what_is_missing_is_asked_for_as_soon_as_the_gap_is_seen() {
    let mut lesson = lesson();
    lesson.say(0);
    lesson.master.rtcp.clear();
    let path = Path::udp(None, lesson.master.address);
    lesson.master.send_rtp(rtp(OPUS, 2, 960 * 2, 100, &said(2), None));
    for mut datagram in lesson.master.take_outgoing() {
        lesson.school.shard.handle_datagram(lesson.school.now, path, &mut datagram);
    }
    let asked = lesson.school.shard.outbox().datagrams().filter(|(to, _)| to.remote == lesson.master.address).count();
    assert_eq!(asked, 1);
}

#[test]
fn repeats_that_lie_are_of_no_use() {
    let mut lesson = lesson();
    lesson.say(0);
    let before = lesson.school.shard.counters().dropped.unusable;
    // A block longer than the packet, a header cut short, one of another payload type, and nothing at all.
    for (n, payload) in [&[0xef, 0, 0x0b, 0xff, OPUS, 1][..], &[0xef, 0], &[9, 1, 2, 3], &[]].iter().enumerate() {
        lesson.master.send_rtp(rtp(RED, 1 + n as u16, 960, 100, payload, None));
    }
    lesson.run(20);
    assert_eq!(lesson.school.shard.counters().dropped.unusable - before, 4);
    assert_eq!(lesson.heard().len(), 1);
}

#[test]
fn a_voice_that_ends_is_followed_by_one_packet_of_silence_and_goes_on_in_time() {
    let mut lesson = lesson();
    (0..5).for_each(|n| lesson.say(n));
    lesson.school.command(Command::SetStage { lesson: LESSON, stage: Stage::default() });
    lesson.run(20);
    (5..10).for_each(|n| lesson.say(n));
    let (sequence, timestamp) = (lesson.heard()[4].sequence, lesson.heard()[4].timestamp);
    assert_eq!(lesson.heard().len(), 6, "nothing but the silence comes after the voice");
    let silence = lesson.heard()[5].clone();
    assert_eq!((silence.payload_type, says(&silence)), (OPUS, vec![vec![0xf8]]));
    assert_eq!((silence.sequence, silence.timestamp), (sequence.wrapping_add(1), timestamp.wrapping_add(960)));
    lesson.viewer.nack(lesson.viewer.lines[0], silence.sequence);
    lesson.run(20);
    assert_eq!(lesson.heard().len(), 6, "what the master says now is not sent in its place");

    lesson
        .school
        .command(Command::SetStage { lesson: LESSON, stage: Stage { lead: Some(MASTER), ..Stage::default() } });
    (10..12).for_each(|n| lesson.say(n));
    let next = lesson.heard()[6].clone();
    assert_eq!((next.sequence, says(&next)), (silence.sequence.wrapping_add(1), vec![said(10)]));
    // It comes 160 ms after the last of the voice, and the silence came 20 ms behind that.
    assert_eq!(next.timestamp.wrapping_sub(silence.timestamp), 48 * 140);
}

/// A lesson whose master sends a voice of 96 kbit/s and a second of 24, to a viewer whose line is thin.
struct Music {
    lesson: Lesson,
    n: u16,
}

impl Music {
    /// Plays for so many packets of 20 ms of the voices of `sent`, and returns which of them each heard packet was of.
    fn play(&mut self, packets: u16, sent: [bool; 2]) -> Vec<u8> {
        let Self { lesson, n } = self;
        lesson.viewer.received.clear();
        for _ in 0..packets {
            for (voice, ssrc, len) in [(0, 100, 240), (1, 120, 60)] {
                if sent[voice] {
                    let said = vec![voice as u8; len];
                    lesson.master.send_rtp(rtp(OPUS, *n, 960 * u32::from(*n), ssrc, &said, None));
                }
            }
            *n += 1;
            if n.is_multiple_of(25) {
                lesson.viewer.send_rtcp(&estimate(50_000));
            }
            lesson.run(20);
        }
        lesson.heard().iter().map(|packet| packet.payload[0]).collect()
    }
}

fn music() -> Music {
    let mut school = School::new();
    school.command(Command::SetStage { lesson: LESSON, stage: Stage { lead: Some(MASTER), ..Stage::default() } });
    let master = school.publisher(MASTER, &["audio", "video", "audio"]);
    let viewer = school.subscriber(ParticipantKey(1), View::Class, &["audio", "remb"]);
    let mut music = Music { lesson: Lesson { school, master, viewer }, n: 0 };
    music.lesson.run(1500);
    music.play(250, [true, true]);
    music
}

#[test]
fn a_thin_line_is_given_the_second_voice_and_soon_the_first_when_that_ends() {
    let mut music = music();
    assert_eq!(music.play(50, [true, true]), [1; 50]);
    let heard = music.play(50, [true, false]);
    assert!(heard.iter().all(|&voice| voice == 0) && heard.len() >= 34, "{} of 50 were heard", heard.len());
}

#[test]
fn a_line_up_that_stalls_for_a_moment_leaves_a_thin_line_its_voice() {
    let mut music = music();
    assert_eq!(music.play(50, [false, false]), []);
    assert_eq!(music.play(50, [true, true]), [1; 50]);
}

#[test]
fn the_silence_after_a_voice_that_stalled_before_it_ended_is_not_a_late_packet() {
    let mut lesson = lesson();
    (0..5).for_each(|n| lesson.say(n));
    let last = lesson.heard()[4].timestamp;
    lesson.run(300);
    lesson.school.command(Command::SetStage { lesson: LESSON, stage: Stage::default() });
    lesson.run(20);
    let silence = lesson.heard()[5];
    assert_eq!((says(silence), silence.timestamp.wrapping_sub(last)), (vec![vec![0xf8]], 48 * 315));
}

#[test]
fn a_voice_whose_sender_is_gone_falls_silent_while_another_is_waited_for() {
    let mut lesson = lesson();
    (0..5).for_each(|n| lesson.say(n));
    let stage = Stage { lead: Some(ParticipantKey(2)), ..Stage::default() };
    lesson.school.command(Command::SetStage { lesson: LESSON, stage });
    let mut next = lesson.school.publisher(ParticipantKey(2), &["voice"]);
    lesson.school.run(500, &mut [&mut lesson.viewer, &mut next]);
    let peer = lesson.master.id;
    lesson.school.command(Command::Close { peer });
    lesson.school.run(20, &mut [&mut lesson.viewer, &mut next]);
    assert_eq!(says(lesson.heard().last().unwrap()), [vec![0xf8]]);
}
