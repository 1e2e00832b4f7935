//! Lessons as tables: what was written down, and what it counts as. Times are in minutes after the first bell.

use jiff::civil::date;
use protocol::{LessonId, ParticipantId, SchoolId, timetable::SessionKind};

use super::*;
use crate::{Correction, EndCause, OutageReason, PointPlan, Side, Stream, What};

const MINUTE: i64 = 60_000;
const BELL: UtcMs = UtcMs(1_760_000_000_000);

fn at(minute: i64) -> UtcMs {
    BELL.plus_ms(minute * MINUTE)
}

fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

fn plan(planned_min: i64) -> Plan {
    let point = |id: &str| PointPlan {
        room: room(id),
        school: SchoolId::parse("east").unwrap(),
        school_name: "东坪教学点".into(),
        area: "东坪乡".into(),
        class_group: String::new(),
    };
    Plan {
        lesson: LessonId::parse("a").unwrap(),
        term: None,
        course: None,
        title: "《茉莉花》".into(),
        subject: "音乐".into(),
        grade: "三年级".into(),
        kind: SessionKind::DedicatedLesson,
        ad_hoc: false,
        date: date(2026, 10, 10),
        week_no: Some(6),
        period: 3,
        starts_at: BELL,
        ends_at: at(planned_min),
        master: Side {
            school: SchoolId::parse("hub").unwrap(),
            school_name: "中心小学".into(),
            area: "城关镇".into(),
            room: None,
            teacher: ParticipantId::parse("master").unwrap(),
            teacher_name: "李老师".into(),
            class_group: String::new(),
        },
        points: vec![point("point-1"), point("point-2")],
    }
}

fn event(minute: i64, what: What) -> Event {
    Event { at: at(minute), what }
}

fn planned(planned_min: i64) -> Event {
    event(-10, What::Planned(Box::new(plan(planned_min))))
}

fn watched(from: i64, to: i64) -> Event {
    event(to, What::Watched { from: at(from), to: at(to) })
}

fn started(minute: i64) -> Event {
    event(minute, What::Started)
}

fn ended(minute: i64) -> Event {
    event(minute, What::Ended { cause: EndCause::Lead })
}

fn master_out(from: i64, to: i64) -> Event {
    event(to, What::Outage { room: None, from: at(from), to: at(to), reason: OutageReason::LineLost })
}

fn excused(minute: i64) -> Event {
    event(minute, What::Excused { reason: "教师生病".into(), by: None })
}

fn corrected(minute: i64, correction: Correction) -> Event {
    let by = ParticipantId::parse("bureau").unwrap();
    event(minute, What::Corrected { by, reason: "停电".into(), correction })
}

fn master_is(verdict: Option<Verdict>) -> Correction {
    Correction::Master { verdict }
}

/// Batches of a minute each, with so many seconds of picture, sound and doubt.
fn received(id: &str, minutes: std::ops::Range<i64>, (picture_s, sound_s, doubt_s): (u32, u32, u32)) -> Vec<Event> {
    let batch = |minute| {
        let (picture_ms, sound_ms, doubt_ms) = (picture_s * 1000, sound_s * 1000, doubt_s * 1000);
        let (from, to) = (at(minute), at(minute + 1));
        event(minute + 2, What::Received { room: room(id), from, to, picture_ms, sound_ms, doubt_ms })
    };
    minutes.map(batch).collect()
}

fn verdict(events: &[Event], now_min: i64) -> Verdict {
    judge(events, at(now_min), &Criteria::default()).unwrap().master
}

#[test]
fn a_delivery_is_judged_by_what_was_taught_and_seen() {
    use Verdict::*;
    let rows: Vec<(&str, i64, Vec<Event>, i64, Verdict)> = vec![
        ("still to come", 40, vec![], -5, NotDue),
        ("its time is not over", 40, vec![watched(-10, 39)], 39, NotDue),
        ("nobody came", 40, vec![watched(-10, 40)], 40, UnexcusedAbsence),
        ("nobody came and it was ended", 40, vec![watched(-10, 40), ended(40)], 41, UnexcusedAbsence),
        ("nobody came and two thirds were watched", 39, vec![watched(0, 26)], 39, UnexcusedAbsence),
        ("nobody came and less was watched", 39, vec![watched(0, 25)], 39, Unjudged),
        ("nobody looked", 40, vec![], 500, Unjudged),
        ("live", 40, vec![watched(-10, 30), started(0)], 41, NotDue),
        ("held", 40, vec![watched(-10, 40), started(0), ended(40)], 40, ValidDelivery),
        ("held for just long enough", 40, vec![watched(-10, 40), started(5), ended(35)], 40, ValidDelivery),
        ("ended early", 40, vec![watched(-10, 40), started(5), ended(34)], 34, InvalidDelivery),
        (
            "waiting for the bell is no teaching",
            40,
            vec![watched(-10, 40), started(-9), ended(29)],
            40,
            InvalidDelivery,
        ),
        ("late with overrun", 40, vec![watched(-10, 60), started(20), ended(50)], 60, ValidDelivery),
        ("a micro lesson", 25, vec![watched(-10, 40), started(0), ended(19)], 40, ValidDelivery),
        ("a micro lesson cut short", 25, vec![watched(-10, 40), started(0), ended(18)], 40, InvalidDelivery),
        (
            "the master was out",
            40,
            vec![watched(-10, 40), started(0), master_out(5, 16), master_out(10, 16), ended(40)],
            40,
            InvalidDelivery,
        ),
        ("the server was away", 40, vec![watched(-10, 8), watched(20, 40), started(0), ended(40)], 40, Unjudged),
        (
            "the server was away and it is clear all the same",
            40,
            vec![watched(-10, 8), watched(20, 25), started(0), ended(25)],
            40,
            InvalidDelivery,
        ),
        ("no end was recorded, and it was long enough", 40, vec![watched(-10, 33), started(0)], 70, ValidDelivery),
        ("no end was recorded", 40, vec![watched(-10, 12), started(0)], 70, Unjudged),
        ("no end was recorded, and it began too late", 40, vec![watched(-10, 16), started(15)], 70, InvalidDelivery),
        ("cancelled", 40, vec![excused(-600)], -300, ExcusedCancellation),
        ("cancelled while they waited", 40, vec![watched(-10, 40), excused(10)], 40, ExcusedCancellation),
        ("cancelled when it was over", 40, vec![watched(-10, 40), excused(40)], 41, UnexcusedAbsence),
        (
            "cancelled and reinstated",
            40,
            vec![watched(-10, 40), excused(-60), event(-50, What::Reinstated)],
            40,
            UnexcusedAbsence,
        ),
        ("cancelled and held", 40, vec![watched(-10, 40), excused(-60), started(0), ended(40)], 40, ValidDelivery),
        (
            "cancelled soon after it began",
            40,
            vec![watched(-10, 40), excused(6), started(0), ended(6)],
            7,
            ExcusedCancellation,
        ),
        ("ended before it began", 40, vec![watched(-10, 40), started(20), ended(10)], 40, InvalidDelivery),
    ];
    for (name, planned_min, mut events, now_min, expected) in rows {
        events.insert(0, planned(planned_min));
        assert_eq!(verdict(&events, now_min), expected, "{name}");
    }
}

#[test]
fn of_corrections_the_last_one_appended_counts_and_can_be_taken_back() {
    let says = |minute, verdict| corrected(minute, master_is(verdict));
    let mut events = vec![planned(40), watched(-10, 40), says(-5, Some(Verdict::ValidDelivery))];
    let judged = |events: &[Event], minute| {
        let judgement = judge(events, at(minute), &Criteria::default()).unwrap();
        (judgement.master, judgement.corrected)
    };
    assert_eq!(judged(&events, 20), (Verdict::NotDue, false), "nobody can say so yet");
    assert_eq!(judged(&events, 41), (Verdict::ValidDelivery, true));
    // Appended later although its clock was behind.
    events.push(says(-6, Some(Verdict::InvalidDelivery)));
    assert_eq!(judged(&events, 41), (Verdict::InvalidDelivery, true));
    events.push(says(60, Some(Verdict::NotDue)));
    assert_eq!(judged(&events, 61), (Verdict::UnexcusedAbsence, false), "that decides nothing");
    events.push(says(62, None));
    assert_eq!(judged(&events, 63), (Verdict::UnexcusedAbsence, false));
}

#[test]
fn what_has_begun_cannot_be_planned_away() {
    let moved = |minute| {
        let mut later = plan(40);
        (later.starts_at, later.ends_at) = (at(1_440), at(1_480));
        event(minute, What::Planned(Box::new(later)))
    };
    let absent = vec![planned(40), watched(-10, 40)];
    let with = |extra: Vec<Event>| [absent.clone(), extra].concat();
    assert_eq!(verdict(&with(vec![moved(-1)]), 50), Verdict::NotDue);
    assert_eq!(verdict(&with(vec![moved(0)]), 50), Verdict::UnexcusedAbsence);
    assert_eq!(verdict(&with(vec![started(-5), ended(-1), moved(-4)]), 50), Verdict::InvalidDelivery);
    // A server that was down writes the plan down afterwards.
    assert_eq!(verdict(&[event(300, What::Planned(Box::new(plan(40))))], 301), Verdict::Unjudged);
    assert_eq!(judge(&[started(0)], at(1), &Criteria::default()), Err(LedgerError::Unplanned));
}

#[test]
fn the_least_time_is_half_an_hour_or_three_quarters_of_a_shorter_lesson() {
    let criteria = Criteria::default();
    let rows =
        [(45, 30 * MINUTE), (40, 30 * MINUTE), (30, 22 * MINUTE + 30_000), (10, 7 * MINUTE + 30_000), (0, 30 * MINUTE)];
    for (planned_min, least_ms) in rows {
        assert_eq!(criteria.least_taught_ms(planned_min * MINUTE), least_ms, "{planned_min}");
    }
}

#[test]
fn a_lesson_planned_for_no_time_is_no_absence() {
    assert_eq!(verdict(&[planned(0), watched(-10, 0)], 50), Verdict::Unjudged);
}

#[test]
fn a_plan_that_makes_no_sense_is_judged_without_a_panic() {
    for (starts_at, ends_at) in
        [(at(40), at(0)), (UtcMs(i64::MIN), UtcMs(i64::MAX)), (UtcMs(i64::MAX), UtcMs(i64::MIN))]
    {
        let mut odd = plan(40);
        (odd.starts_at, odd.ends_at) = (starts_at, ends_at);
        let mut events = vec![event(-10, What::Planned(Box::new(odd))), started(0), ended(40), master_out(30, 5)];
        events.extend([watched(0, i64::MAX / MINUTE / 2), watched(9, 3)]);
        events.extend(received("point-1", 0..9, (u32::MAX / 1000, 60, 60)));
        for minute in [-100, 0, 20, 100] {
            assert!(judge(&events, at(minute), &Criteria::default()).is_ok());
        }
    }
}

mod rooms;
