//! Sessions over TCP connections, and over both, on one shard in virtual time.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop where it finds something impossible")]

mod peer;

use peer::{Peer, School};
use sfu::{
    Urgency,
    command::{CloseReason, Command, Event, ParticipantKey},
    ice::{ConnectionId, Path},
    limits::{CONSENT_EXPIRY, MAX_ADDRESSES_PER_PEER},
    seats::{Stage, View},
};

const MASTER: ParticipantKey = ParticipantKey(0);
const POINT: ParticipantKey = ParticipantKey(1);
const OTHER: ParticipantKey = ParticipantKey(2);
/// An H.264 key frame's first packet (STAP-A of SPS, PPS and IDR) and a delta.
const KEY: &[u8] = &[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3];
const DELTA: &[u8] = &[0x41, 9, 9];

/// A master over UDP and two viewers who are not connected yet.
struct Lesson {
    school: School,
    master: Peer,
    viewers: [Peer; 2],
    next: u16,
}

fn lesson() -> Lesson {
    let mut school = School::new();
    let stage = Stage { lead: Some(MASTER), ..Stage::default() };
    school.command(Command::SetStage { lesson: peer::LESSON, stage });
    let master = school.publisher(MASTER, &["audio", "video"]);
    let viewers = [POINT, OTHER].map(|point| school.subscriber(point, View::Class, &["audio", "video"]));
    Lesson { school, master, viewers, next: 0 }
}

/// One whose first viewer is reached over connection 7 only, with all connected.
fn lesson_over_tcp() -> Lesson {
    let mut lesson = lesson();
    lesson.viewers[0].udp_blocked = true;
    lesson.viewers[0].connect(7);
    lesson.run(500);
    assert!(lesson.viewers.iter().all(Peer::connected), "{:?}", lesson.school.events);
    lesson
}

impl Lesson {
    fn run(&mut self, ms: u64) {
        let Self { school, master, viewers: [a, b], .. } = self;
        school.run(ms, &mut [master, a, b]);
    }

    /// The master says and shows one thing; returns over which connections the first viewer got it.
    fn say(&mut self) -> Vec<Option<u64>> {
        let (i, before) = (self.next, self.viewers[0].received.len());
        self.next += 1;
        self.master.publish(0, i, 960 * u32::from(i), &[0xfc, i as u8]);
        self.master.publish(1, i, 3000 * u32::from(i), if i == 0 { KEY } else { DELTA });
        self.run(20);
        self.viewers[0].received[before..].iter().map(|packet| packet.over.map(|id| id.0)).collect()
    }
}

#[test]
fn a_viewer_over_tcp_is_connected_and_gets_voice_and_picture() {
    let mut lesson = lesson_over_tcp();
    assert_eq!(lesson.say(), [Some(7); 2]);
    for _ in 0..30 {
        lesson.say();
    }
    for viewer in &lesson.viewers {
        assert_eq!(viewer.received.len(), 62);
    }
    assert!(lesson.viewers[1].received.iter().all(|packet| packet.over.is_none()));
}

#[test]
fn a_publisher_over_tcp_is_seen_and_heard() {
    let mut lesson = lesson();
    lesson.master.udp_blocked = true;
    lesson.master.connect(1);
    lesson.run(500);
    assert_eq!(lesson.say(), [None; 2]);
}

#[test]
fn what_is_nominated_last_carries_the_media_whichever_protocol_it_is() {
    let mut lesson = lesson_over_tcp();
    assert_eq!(lesson.say(), [Some(7); 2]);
    let viewer = &mut lesson.viewers[0];
    (viewer.udp_blocked, viewer.over) = (false, None);
    viewer.check_soon();
    lesson.run(20);
    assert_eq!(lesson.say(), [None; 2]);
    lesson.viewers[0].over = Some(ConnectionId(7));
    lesson.viewers[0].check_soon();
    lesson.run(20);
    assert_eq!(lesson.say(), [Some(7); 2]);
    assert!(lesson.school.shard.sends_over(ConnectionId(7)));
    lesson.viewers[0].connect(8);
    lesson.run(20);
    assert_eq!(lesson.say(), [Some(8); 2], "a new connection, as after a change of the line");
    assert!(lesson.school.shard.knows_connection(ConnectionId(7)) && !lesson.school.shard.sends_over(ConnectionId(7)));
}

#[test]
fn two_viewers_with_one_address_by_udp_and_tcp_get_each_their_own() {
    let mut lesson = lesson();
    let address = lesson.viewers[1].address;
    lesson.viewers[0].address = address;
    lesson.viewers[0].udp_blocked = true;
    lesson.viewers[0].connect(3);
    lesson.run(500);
    assert!(lesson.viewers.iter().all(Peer::connected));
    assert_eq!(lesson.say(), [Some(3); 2]);
    assert_eq!(lesson.viewers[1].received.len(), 2);
    assert_eq!(
        lesson.viewers.each_ref().map(|viewer| viewer.refused),
        [0, 0],
        "nobody got what was sealed for another"
    );
}

#[test]
fn a_closed_connection_gives_way_to_udp_and_without_any_path_media_waits() {
    let mut lesson = lesson_over_tcp();
    lesson.viewers[0].udp_blocked = false;
    lesson.viewers[0].over = None;
    lesson.viewers[0].check_soon();
    lesson.run(20);
    lesson.viewers[0].connect(8);
    lesson.run(20);
    assert_eq!(lesson.say(), [Some(8); 2]);
    let close = |lesson: &mut Lesson, number| {
        lesson.school.shard.handle_connection_closed(ConnectionId(number));
        lesson.viewers[0].connections.retain(|id| id.0 != number);
        assert!(!lesson.school.shard.knows_connection(ConnectionId(number)));
    };
    close(&mut lesson, 7);
    assert_eq!(lesson.say(), [Some(8); 2], "the other one is not concerned");
    lesson.viewers[0].over = None;
    close(&mut lesson, 8);
    assert_eq!(lesson.say(), [None; 2]);

    let mut lesson = lesson_over_tcp();
    lesson.say();
    close(&mut lesson, 7);
    lesson.viewers[0].over = None;
    assert_eq!(lesson.say(), []);
    lesson.viewers[0].connect(9);
    lesson.run(20);
    assert_eq!(lesson.say(), [Some(9); 2]);
}

#[test]
fn nobody_speaks_over_a_connection_without_a_check_of_their_own() {
    let mut lesson = lesson_over_tcp();
    let before = lesson.school.shard.counters().dropped.unknown;
    let (now, remote) = (lesson.school.now, lesson.viewers[0].address);
    for connection in [6, 8] {
        let path = Path::tcp(ConnectionId(connection), remote);
        lesson.school.shard.handle_datagram(now, path, &mut [0x80; 40]);
        assert!(!lesson.school.shard.knows_connection(ConnectionId(connection)));
    }
    lesson.school.shard.handle_datagram(now, Path::udp(None, remote), &mut [22; 40]);
    assert_eq!(lesson.school.shard.counters().dropped.unknown, before + 3);
    lesson.school.shard.handle_connection_closed(ConnectionId(6));
    assert_eq!(lesson.say(), [Some(7); 2]);
}

#[test]
fn ice_restarts_over_tcp_and_media_goes_on_meanwhile() {
    let mut lesson = lesson_over_tcp();
    let credentials = lesson.viewers[0].restart();
    let old = lesson.viewers[0].over.take();
    lesson.school.command(Command::RestartIce { peer: lesson.viewers[0].id, credentials });
    // The browser connects anew; until its check has come, media keeps its path.
    assert_eq!(lesson.say(), [old.map(|id| id.0); 2]);
    lesson.viewers[0].connect(8);
    lesson.run(20);
    assert_eq!(lesson.say(), [Some(8); 2]);
}

#[test]
fn without_a_check_for_thirty_seconds_nothing_more_is_sent_over_tcp() {
    let mut lesson = lesson_over_tcp();
    lesson.viewers[0].cut = true;
    let mut sent = Vec::new();
    for second in 0..CONSENT_EXPIRY.as_secs() + 5 {
        let (i, now) = (second as u16, lesson.school.now);
        lesson.master.publish(0, i, 48_000 * u32::from(i), &[0xfc, 1]);
        for mut datagram in lesson.master.take_outgoing() {
            lesson.school.shard.handle_datagram(now, lesson.master.path(), &mut datagram);
        }
        while lesson.school.shard.fan_out(now) {}
        let over = |(path, _): &(Path, &[u8])| path.connection == Some(ConnectionId(7));
        sent.push(lesson.school.shard.outgoing().datagrams().filter(over).count());
        lesson.school.shard.outbox().clear();
        lesson.run(1000);
    }
    let last = sent.iter().rposition(|&count| count > 0).expect("something was sent");
    assert!((28..=31).contains(&last), "{sent:?}");
    let closed = Event::Closed { peer: lesson.viewers[0].id, reason: CloseReason::ConsentExpired };
    assert!(lesson.school.events.contains(&closed));
    assert!(!lesson.school.shard.knows_connection(ConnectionId(7)), "so that the shell closes it");
}

#[test]
fn a_session_that_ends_or_has_too_many_connections_lets_them_go() {
    let mut lesson = lesson_over_tcp();
    let known = |lesson: &Lesson| (7..40).filter(|&id| lesson.school.shard.knows_connection(ConnectionId(id))).count();
    for number in 8..30 {
        lesson.viewers[0].connect(number);
        lesson.run(10);
    }
    assert_eq!(known(&lesson), MAX_ADDRESSES_PER_PEER);
    assert_eq!(lesson.say(), [Some(29); 2]);
    let peer = lesson.viewers[0].id;
    lesson.school.command(Command::Close { peer });
    assert_eq!(known(&lesson), 0);
}

#[test]
fn voices_and_what_is_no_media_are_urgent_and_pictures_are_not() {
    let mut lesson = lesson_over_tcp();
    let viewer = &lesson.viewers[0];
    let (voice, picture, rtx) = (viewer.lines[0], viewer.lines[1], viewer.rtx[1]);
    let rtp = |ssrc: u32| [&[0x80, 100, 0, 1, 0, 0, 0, 1][..], &ssrc.to_be_bytes(), &[0; 20]].concat();
    let rows = [
        (rtp(voice), Urgency::Urgent),
        (rtp(picture), Urgency::Picture),
        (rtp(rtx), Urgency::Picture),
        (vec![0x80, 200, 0, 1, 0, 0, 0, 0], Urgency::Urgent),
        (vec![22; 40], Urgency::Urgent),
        (vec![0; 40], Urgency::Urgent),
    ];
    for (datagram, expected) in rows {
        assert_eq!(lesson.school.shard.urgency(ConnectionId(7), &datagram), expected, "{datagram:?}");
    }
    assert_eq!(lesson.school.shard.urgency(ConnectionId(6), &rtp(picture)), Urgency::Urgent);
    assert_eq!(lesson.say(), [Some(7); 2]);
}
