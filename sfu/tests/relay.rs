//! A lesson on two shards in virtual time: its master at home, viewers on both.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use std::time::{Duration, Instant};

use peer::{LESSON, Packet, Peer, School};
use sfu::{
    KeyFrameWish,
    command::{Command, ParticipantKey},
    relay::ShardId,
    rtcp::{Feedback, read},
    seats::{Stage, View},
};

const MASTER: ParticipantKey = ParticipantKey(0);
const KEY: &[u8] = &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3];
const DELTA: &[u8] = &[0x41, 9, 9];

/// Home and follower, a master and one viewer each.
struct Lesson {
    home: School,
    away: School,
    master: Peer,
    near: Peer,
    far: Peer,
    /// Drops what goes between the shards.
    cut: bool,
    /// Layers of which the follower wished for key frames.
    wished: Vec<u8>,
}

fn lesson() -> Lesson {
    lesson_with("video")
}

/// One whose master has a camera of such a kind.
fn lesson_with(camera: &str) -> Lesson {
    let now = Instant::now();
    let (mut home, mut away) = (School::on(ShardId(0), now), School::on(ShardId(1), now));
    for school in [&mut home, &mut away] {
        let stage = Stage { lead: Some(MASTER), ..Stage::default() };
        school.command(Command::SetStage { lesson: LESSON, stage });
    }
    let master = home.publisher(MASTER, &["audio", camera]);
    let near = home.subscriber(ParticipantKey(1), View::Class, &["audio", "video"]);
    let far = away.subscriber(ParticipantKey(2), View::Class, &["audio", "video"]);
    home.command(Command::Follow { lesson: LESSON, shard: ShardId(1) });
    let mut lesson = Lesson { home, away, master, near, far, cut: false, wished: Vec::new() };
    lesson.run(500);
    lesson
}

impl Lesson {
    fn run(&mut self, ms: u64) {
        for _ in 0..ms / 5 {
            self.home.run(5, &mut [&mut self.master, &mut self.near]);
            let batches: Vec<_> = std::iter::from_fn(|| self.home.shard.poll_relay()).collect();
            for (to, batch) in batches {
                assert_eq!(to, ShardId(1));
                if self.cut {
                    self.home.shard.return_relay(to, &batch);
                } else {
                    self.away.shard.handle_relayed(self.away.now, &batch);
                }
            }
            self.away.run(5, &mut [&mut self.far]);
            while let Some(KeyFrameWish { home: to, lesson, source, layer }) = self.away.shard.poll_key_frame_wish() {
                assert_eq!(to, ShardId(0));
                self.wished.push(layer);
                self.home.command(Command::RequestKeyFrame { lesson, source, layer: Some(layer) });
            }
        }
    }

    fn picture(&self) -> Vec<&Packet> {
        self.far.received.iter().filter(|packet| packet.ssrc == self.far.lines[1]).collect()
    }

    /// Key frames the master was asked for since the last call.
    fn asked(&mut self) -> usize {
        let mut asked = 0;
        for compound in std::mem::take(&mut self.master.rtcp) {
            read(&compound, |feedback| asked += usize::from(matches!(feedback, Feedback::KeyFrame { .. })));
        }
        asked
    }

    fn publish(&mut self, sequence: u16, payload: &[u8]) {
        self.master.publish(0, sequence, 960 * u32::from(sequence), &[0xfc, sequence as u8]);
        self.master.publish(1, sequence, 3000 * u32::from(sequence), payload);
        self.run(20);
    }
}

#[test]
fn a_viewer_on_another_shard_gets_what_one_at_home_gets() {
    let mut lesson = lesson();
    (0..30).for_each(|i| lesson.publish(i, if i == 0 { KEY } else { DELTA }));
    let payloads = |peer: &Peer| peer.received.iter().map(|packet| packet.payload.clone()).collect::<Vec<_>>();
    assert_eq!(payloads(&lesson.far).len(), 60);
    assert_eq!(payloads(&lesson.far), payloads(&lesson.near));
    assert_eq!(lesson.far.refused, 0);
}

#[test]
fn a_viewer_on_another_shard_asks_the_master_for_a_key_frame_and_enters_there() {
    let mut lesson = lesson();
    (0..5).for_each(|i| lesson.publish(i, DELTA));
    assert_eq!(lesson.picture().len(), 0);
    assert!(lesson.asked() > 0, "the request went home");
    lesson.publish(5, KEY);
    lesson.publish(6, DELTA);
    assert_eq!(lesson.picture().len(), 2);
}

#[test]
fn lost_packets_are_sent_again_from_the_ring_on_the_viewers_own_shard() {
    let mut lesson = lesson();
    (0..10).for_each(|i| lesson.publish(i, if i == 0 { KEY } else { DELTA }));
    let (ssrc, sequence) = (lesson.far.lines[1], lesson.picture()[4].sequence);
    lesson.far.nack(ssrc, sequence);
    lesson.run(20);
    let again = lesson.far.received.last().unwrap();
    assert_eq!(again.ssrc, lesson.far.rtx[1]);
    assert_eq!(again.payload[..2], sequence.to_be_bytes());
}

#[test]
fn the_masters_clock_is_told_on_both_shards_alike() {
    let mut lesson = lesson();
    lesson.publish(0, KEY);
    lesson.master.sender_report(0, 7 << 32, 0);
    lesson.master.sender_report(1, 7 << 32, 0);
    lesson.run(1500);
    let told = |peer: &Peer| {
        let mut reports = Vec::new();
        for compound in &peer.rtcp {
            read(compound, |feedback| {
                if let Feedback::SenderReport { ssrc, ntp, rtp } = feedback {
                    // Timestamps of a line begin at random: compare what they say about its first packet.
                    let line = peer.lines.iter().position(|line| *line == ssrc).unwrap();
                    let first = peer.received.iter().find(|packet| packet.ssrc == ssrc).unwrap().timestamp;
                    let rate = if line == 0 { 48_000 } else { 90_000 };
                    reports.push((line, ntp as i128 - (i128::from(rtp.wrapping_sub(first)) << 32) / rate));
                }
            });
        }
        reports.last().copied().unwrap()
    };
    let ((line, near), (same_line, far)) = (told(&lesson.near), told(&lesson.far));
    assert_eq!(line, same_line);
    // A tick of 90 kHz is 47,722 of 2^32 s.
    assert!((near - far).abs() < 100_000, "{}", near - far);
}

#[test]
fn a_publisher_that_comes_back_is_seen_on_the_other_shard_again() {
    let mut lesson = lesson();
    (0..3).for_each(|i| lesson.publish(i, if i == 0 { KEY } else { DELTA }));
    let peer = lesson.master.id;
    lesson.home.command(Command::Close { peer });
    lesson.run(100);
    lesson.master = lesson.home.publisher(MASTER, &["audio", "video"]);
    lesson.run(300);
    (0..3).for_each(|i| lesson.publish(100 + i, if i == 0 { KEY } else { DELTA }));
    let sequences: Vec<u16> = lesson.picture().iter().map(|packet| packet.sequence).collect();
    assert_eq!(sequences.len(), 6);
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{sequences:?}");
}

#[test]
fn a_publisher_of_fewer_layers_that_takes_the_seat_over_leaves_none_of_the_old_behind() {
    let mut lesson = lesson_with("simulcast");
    for i in 0..50 {
        (0..3).for_each(|layer| lesson.master.publish_layer(layer, i, 3600 * u32::from(i), KEY, true));
        lesson.run(40);
    }
    let old = std::mem::replace(&mut lesson.master, lesson.home.publisher(MASTER, &["audio", "video"]));
    lesson.run(300);
    lesson.wished.clear();
    lesson.far = lesson.away.subscriber(ParticipantKey(2), View::Class, &["audio", "video"]);
    lesson.run(5000);
    assert_eq!(lesson.wished, [], "there is nothing that could have a key frame");
    // Before anything is known of its line a picture of unknown rate waits.
    (100..110).for_each(|i| lesson.publish(i, KEY));
    assert!(lesson.picture().last().is_some_and(|packet| packet.payload == KEY));
    drop(old);
}

#[test]
fn what_is_lost_between_shards_is_lost_for_the_follower_alone_and_a_key_frame_mends_it() {
    let mut lesson = lesson();
    (0..3).for_each(|i| lesson.publish(i, if i == 0 { KEY } else { DELTA }));
    lesson.cut = true;
    let peer = lesson.master.id;
    lesson.home.command(Command::Close { peer });
    lesson.master = lesson.home.publisher(MASTER, &["audio", "video"]);
    lesson.run(300);
    (10..13).for_each(|i| lesson.publish(i, if i == 10 { KEY } else { DELTA }));
    // At home also the silence after the first voice: a shard that is told nothing does not know that it ended.
    assert_eq!((lesson.picture().len(), lesson.near.received.len()), (3, 13));
    lesson.cut = false;
    lesson.publish(13, DELTA);
    lesson.run(1000);
    assert!(lesson.asked() > 0, "the follower found another stream and asked for a key frame");
    lesson.publish(14, KEY);
    assert_eq!(lesson.picture().len(), 4);
}

#[test]
fn that_a_stream_has_ended_is_told_even_if_the_batch_that_said_so_was_lost() {
    let mut lesson = lesson();
    (0..3).for_each(|i| lesson.publish(i, if i == 0 { KEY } else { DELTA }));
    lesson.cut = true;
    let peer = lesson.master.id;
    lesson.home.command(Command::Close { peer });
    lesson.run(100);
    lesson.cut = false;
    lesson.run(100);
    lesson.asked();
    // A viewer of a stream that still seemed to be there would wish for key frames for ever.
    let place = lesson.away.shard.poll_key_frame_wish();
    assert_eq!(place, None);
    lesson.away.run(5, &mut [&mut lesson.far]);
    assert!(lesson.away.shard.next_timeout().is_none_or(|at| at > lesson.away.now + Duration::from_millis(20)));
}

#[test]
fn an_ended_lesson_is_forgotten_on_both_shards_whatever_still_arrives() {
    let mut lesson = lesson();
    (0..3).for_each(|i| lesson.publish(i, if i == 0 { KEY } else { DELTA }));
    lesson.master.publish(1, 3, 9000, DELTA);
    lesson.home.run(5, &mut [&mut lesson.master, &mut lesson.near]);
    let (_, late) = lesson.home.shard.poll_relay().unwrap();
    for school in [&mut lesson.home, &mut lesson.away] {
        school.command(Command::EndLesson { lesson: LESSON });
    }
    lesson.away.shard.handle_relayed(lesson.away.now, &late);
    lesson.run(100);
    assert_eq!((lesson.home.shard.sessions(), lesson.away.shard.sessions()), ((0, 0), (0, 0)));
    assert_eq!(lesson.away.shard.next_timeout().filter(|at| *at < lesson.away.now + Duration::from_millis(1)), None);
}
