//! Rooms in simulated time: honest ones, ones with bad lines, and pages that lie.

use super::*;
use crate::{OutageReason, What};

const START: UtcMs = UtcMs(1_000_000);

fn at(ms: i64) -> UtcMs {
    START.plus_ms(ms)
}

/// A room with a device that works, its page reporting 2 s after the SFU, both every 5 s.
struct Room {
    reception: RoomReception,
    rtcp: RtcpEvidence,
    page: PageEvidence,
    now_ms: i64,
    picture_ms: i64,
    sound_ms: i64,
    doubt_ms: i64,
    batches: usize,
    outages: Vec<(i64, i64, OutageReason)>,
}

/// What happens in a stretch of the story.
#[derive(Clone, Copy, PartialEq)]
struct Line {
    /// The SFU tells its counters.
    rtcp: bool,
    /// The page reports.
    page: bool,
    /// Packets sent in 5 s, pictures and voices.
    sent: (u64, u64),
    /// Percent of them that arrive.
    arrives: u64,
    /// What the page decodes in 5 s: pictures, sound, concealed.
    decodes: (u64, u64, u64),
}

const GOOD: Line = Line { rtcp: true, page: true, sent: (500, 250), arrives: 100, decodes: (125, 5_000, 10) };
const DEAD: Line = Line { page: false, arrives: 0, ..GOOD };

impl Room {
    /// Its doors open 10 s before the start.
    fn new() -> Self {
        let reception = RoomReception::new(RoomId::parse("point-1").unwrap());
        let (rtcp, page) = (RtcpEvidence::default(), PageEvidence::default());
        let mut room = Self {
            reception,
            rtcp,
            page,
            now_ms: -10_000,
            picture_ms: 0,
            sound_ms: 0,
            doubt_ms: 0,
            batches: 0,
            outages: Vec::new(),
        };
        room.live(0, GOOD);
        room.reception.handle_started(START);
        room
    }

    /// Lets time pass until `until_ms` after the start, a multiple of 5 s.
    fn live(&mut self, until_ms: i64, line: Line) {
        while self.now_ms < until_ms {
            self.reception.handle_time(at(self.now_ms));
            if line.rtcp {
                self.reception.handle_rtcp(at(self.now_ms), self.rtcp);
            }
            if line.page {
                self.reception.handle_page(at(self.now_ms + 2_000), self.page);
            }
            self.rtcp.pictures.sent += line.sent.0;
            self.rtcp.voices.sent += line.sent.1;
            self.rtcp.pictures.arrived += line.sent.0 * line.arrives / 100;
            self.rtcp.voices.arrived += line.sent.1 * line.arrives / 100;
            self.page.frames_decoded += line.decodes.0;
            self.page.sound_ms += line.decodes.1;
            self.page.concealed_ms += line.decodes.2;
            self.now_ms += 5_000;
            self.drain();
        }
    }

    /// The lesson ends now, and its last reports come in.
    fn end(mut self) -> Self {
        let end_ms = self.now_ms;
        self.live(end_ms + 10_000, GOOD);
        self.reception.finish(at(end_ms));
        self.drain();
        self
    }

    fn drain(&mut self) {
        while let Some(event) = self.reception.poll_event() {
            match event.what {
                What::Received { from, to, picture_ms, sound_ms, doubt_ms, .. } => {
                    let length_ms = to.since_ms(from);
                    assert!(length_ms <= crate::limits::BATCH_MS, "a batch of {length_ms} ms");
                    assert!(picture_ms.max(sound_ms).max(doubt_ms) as i64 <= length_ms);
                    self.picture_ms += i64::from(picture_ms);
                    self.sound_ms += i64::from(sound_ms);
                    self.doubt_ms += i64::from(doubt_ms);
                    self.batches += 1;
                }
                What::Outage { from, to, reason, .. } => {
                    self.outages.push((from.since_ms(START), to.since_ms(START), reason));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn received_ms(&self) -> (i64, i64) {
        (self.picture_ms, self.sound_ms)
    }
}

#[test]
fn a_room_on_a_good_line_receives_the_whole_lesson_in_a_batch_a_minute() {
    let mut room = Room::new();
    room.live(2_400_000, GOOD);
    let room = room.end();
    assert_eq!(room.received_ms(), (2_400_000, 2_400_000));
    assert_eq!((room.outages.len(), room.doubt_ms), (0, 0));
    assert!((40..=50).contains(&room.batches), "{}", room.batches);
}

#[test]
fn both_sources_must_cover_a_stretch_and_are_cut_to_the_millisecond() {
    // The page stops reporting after 62 s (its report of 60 s comes 2 s late) and is heard again at 92 s.
    let mut room = Room::new();
    room.live(65_000, GOOD);
    room.live(90_000, Line { page: false, ..GOOD });
    room.live(120_000, GOOD);
    let room = room.end();
    assert_eq!(room.received_ms(), (90_000, 90_000));
    assert_eq!(room.outages, [(62_000, 92_000, OutageReason::NothingReceived)]);
    assert_eq!(room.doubt_ms, 30_000);
}

#[test]
fn what_a_line_or_a_page_lacks_is_not_received() {
    let none = (0, 0, 0);
    let rows = [
        ("dead line", DEAD, (false, false), Some(OutageReason::NothingReceived)),
        ("frozen page", Line { decodes: none, ..GOOD }, (false, false), Some(OutageReason::NothingReceived)),
        (
            "page frozen in pictures",
            Line { decodes: (0, 5_000, 0), ..GOOD },
            (false, true),
            Some(OutageReason::NoPicture),
        ),
        ("sound switched off", Line { decodes: (125, 0, 0), ..GOOD }, (true, false), Some(OutageReason::NoSound)),
        (
            "sound torn by loss",
            Line { decodes: (125, 5_000, 3_000), ..GOOD },
            (true, false),
            Some(OutageReason::NoSound),
        ),
        ("picture kept back", Line { sent: (0, 250), ..GOOD }, (false, true), Some(OutageReason::NoPicture)),
        ("page lies on a dead line", Line { arrives: 0, ..GOOD }, (false, false), Some(OutageReason::NothingReceived)),
        ("device off", Line { rtcp: false, page: false, ..GOOD }, (false, false), Some(OutageReason::NoEvidence)),
        ("silence with DTX", Line { sent: (500, 12), ..GOOD }, (true, true), None),
        ("courseware at 2 fps", Line { sent: (20, 250), decodes: (10, 5_000, 0), ..GOOD }, (true, true), None),
        ("10 % loss", Line { arrives: 90, decodes: (110, 5_000, 400), ..GOOD }, (true, true), None),
    ];
    for (name, line, (picture, sound), reason) in rows {
        let mut room = Room::new();
        room.live(300_000, line);
        let room = room.end();
        // Evidence of a good line around it may reach in by one interval at each end.
        let near = |ms: i64, whole: bool| if whole { ms == 300_000 } else { ms <= 10_000 };
        assert!(near(room.picture_ms, picture) && near(room.sound_ms, sound), "{name}: {:?}", room.received_ms());
        assert_eq!(room.outages.iter().map(|outage| outage.2).next(), reason, "{name}");
        assert!(room.outages.len() <= 1, "{name}: {:?}", room.outages);
    }
}

#[test]
fn with_one_source_missing_altogether_all_is_doubt() {
    for line in [Line { page: false, ..GOOD }, Line { rtcp: false, ..GOOD }] {
        let mut room = Room::new();
        room.reception = RoomReception::new(RoomId::parse("point-1").unwrap());
        room.reception.handle_started(START);
        room.live(300_000, line);
        room.reception.finish(at(300_000));
        room.drain();
        assert_eq!(room.received_ms(), (0, 0));
        assert!((285_000..=300_000).contains(&room.doubt_ms), "{}", room.doubt_ms);
    }
}

#[test]
fn what_the_master_does_not_send_is_neither_received_nor_an_outage() {
    let mut room = Room::new();
    room.live(60_000, GOOD);
    room.reception.handle_source(at(60_000), Stream::Sound, false);
    room.live(120_000, Line { sent: (500, 0), decodes: (125, 5_000, 0), ..GOOD });
    room.reception.handle_source(at(120_000), Stream::Sound, true);
    room.live(180_000, GOOD);
    let room = room.end();
    assert_eq!(room.picture_ms, 180_000);
    assert!((110_000..=120_000).contains(&room.sound_ms), "{}", room.sound_ms);
    assert_eq!(room.outages, []);
}

#[test]
fn what_the_master_sends_is_cut_to_the_millisecond() {
    let mut room = Room::new();
    room.live(60_000, GOOD);
    room.reception.handle_source(at(61_234), Stream::Sound, false);
    room.live(120_000, GOOD);
    room.reception.handle_source(at(123_456), Stream::Sound, true);
    room.live(180_000, GOOD);
    assert_eq!(room.end().received_ms(), (180_000, 180_000 - (123_456 - 61_234)));
}

#[test]
fn the_last_seconds_without_a_report_are_no_outage() {
    let mut room = Room::new();
    room.live(60_000, GOOD);
    room.reception.finish(at(60_000));
    room.drain();
    assert_eq!((room.received_ms(), room.outages), ((55_000, 55_000), Vec::new()));
}

#[test]
fn a_page_that_is_loaded_again_loses_the_time_between_two_reports() {
    let mut room = Room::new();
    room.live(60_000, GOOD);
    room.page = PageEvidence::default();
    room.live(120_000, GOOD);
    let room = room.end();
    assert_eq!(room.received_ms(), (115_000, 115_000));
    assert_eq!(room.outages, [(57_000, 62_000, OutageReason::NothingReceived)]);
}

#[test]
fn no_page_can_claim_more_than_its_line_bears_out() {
    let most = PageEvidence { frames_decoded: u64::MAX, sound_ms: u64::MAX, concealed_ms: 0 };
    let reports: [&dyn Fn(i64) -> PageEvidence; 5] = [
        &|_| most,
        &|ms| if ms % 10_000 == 0 { most } else { PageEvidence::default() },
        &|ms| PageEvidence {
            frames_decoded: u64::MAX - ms as u64,
            sound_ms: u64::MAX - ms as u64,
            concealed_ms: ms as u64,
        },
        &|ms| PageEvidence { frames_decoded: ms as u64 * 9, sound_ms: ms as u64 * 99, concealed_ms: 0 },
        &|ms| PageEvidence { frames_decoded: 7, sound_ms: 7, concealed_ms: ms as u64 },
    ];
    for (index, report) in reports.iter().enumerate() {
        let mut room = Room::new();
        while room.now_ms < 120_000 {
            // Ten reports a second, some of them with a clock that goes back.
            for tenth in 0..50 {
                let ms = room.now_ms + tenth * 100;
                room.reception.handle_page(at(ms - (tenth % 3) * 400), report(ms));
            }
            let next_ms = room.now_ms + 5_000;
            room.live(next_ms, Line { page: false, ..GOOD });
        }
        room.reception.finish(at(120_000));
        room.drain();
        assert_eq!(room.received_ms(), (0, 0), "report {index}");
    }
}

#[test]
fn reports_that_were_held_up_and_come_in_a_burst_lose_nothing() {
    let mut reception = RoomReception::new(RoomId::parse("point-1").unwrap());
    let arrivals = [(0, 0), (5, 5_000), (10, 14_900), (15, 15_000), (20, 20_000), (25, 26_500), (30, 30_000)];
    let mut reports: Vec<(i64, Option<u64>, u64)> = arrivals.iter().map(|(s, ms)| (*ms, None, *s)).collect();
    reports.extend((0..=12).map(|k| (k * 5_000, Some(k as u64 * 5), 0)));
    reports.sort_unstable();
    reception.handle_started(START);
    for (ms, rtcp, page_s) in reports {
        match rtcp {
            Some(s) => {
                let acknowledged = Acknowledged { sent: s * 50, arrived: s * 50 };
                reception.handle_rtcp(at(ms), RtcpEvidence { pictures: acknowledged, voices: acknowledged });
            }
            None => {
                let (frames_decoded, sound_ms) = (page_s * 25, page_s * 1_000);
                reception.handle_page(at(ms), PageEvidence { frames_decoded, sound_ms, concealed_ms: 0 });
            }
        }
    }
    reception.finish(at(30_000));
    let event = reception.poll_event().unwrap();
    assert!(matches!(event.what, What::Received { picture_ms: 30_000, sound_ms: 30_000, .. }), "{event:?}");
}

#[test]
fn nothing_counts_before_the_start_or_after_the_end() {
    let mut room = Room::new();
    room.live(30_000, GOOD);
    room.reception.finish(at(12_345));
    room.live(120_000, GOOD);
    room.reception.finish(at(120_000));
    room.reception.handle_started(at(60_000));
    room.drain();
    assert_eq!(room.received_ms(), (12_345, 12_345));
    let mut never = RoomReception::new(RoomId::parse("point-2").unwrap());
    never.handle_page(START, PageEvidence::default());
    never.finish(at(5_000));
    assert_eq!(never.poll_event(), None);
}

#[test]
fn a_room_whose_events_nobody_takes_stays_bounded_and_loses_no_received_time() {
    let mut room = Room::new();
    let mut received_ms = 0;
    for minute in 0..400 {
        let line = if minute % 2 == 0 { GOOD } else { DEAD };
        while room.now_ms < (minute + 1) * 60_000 {
            // As `live`, without taking the events.
            let ms = room.now_ms;
            if line.page {
                room.page.frames_decoded += 125;
                room.page.sound_ms += 5_000;
                room.reception.handle_page(at(ms), room.page);
                room.rtcp.pictures =
                    Acknowledged { sent: room.rtcp.pictures.sent + 9, arrived: room.rtcp.pictures.sent + 9 };
                room.rtcp.voices = room.rtcp.pictures;
            }
            room.reception.handle_rtcp(at(ms), room.rtcp);
            room.now_ms += 5_000;
        }
    }
    room.reception.finish(at(room.now_ms));
    let mut events = 0;
    while let Some(event) = room.reception.poll_event() {
        events += 1;
        if let What::Received { picture_ms, .. } = event.what {
            received_ms += i64::from(picture_ms);
        }
    }
    assert!(events <= crate::limits::EVENTS_WAITING + 1, "{events}");
    assert!((200 * 50_000..=200 * 60_000).contains(&received_ms), "{received_ms}");
}
