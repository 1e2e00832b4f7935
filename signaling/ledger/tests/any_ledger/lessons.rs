//! Lessons with events by chance.

use jiff::civil::date;
use ledger::{
    Correction, Criteria, EndCause, Event, Judgement, OutageReason, Plan, PointPlan, Reception, Side, Stream, Verdict,
    What, judge,
};
use protocol::{LessonId, ParticipantId, RoomId, SchoolId, UtcMs, timetable::SessionKind};

use crate::dice::Dice;

const MINUTE: i64 = 60_000;

fn room(dice: &mut Dice) -> RoomId {
    RoomId::parse(dice.pick(&["point-1", "point-2", "elsewhere"])).unwrap()
}

fn plan(dice: &mut Dice) -> Event {
    let school = SchoolId::parse("hub").unwrap();
    let point = |id: &str| PointPlan {
        room: RoomId::parse(id).unwrap(),
        school: school.clone(),
        school_name: "东坪教学点".into(),
        area: "东坪乡".into(),
        class_group: String::new(),
    };
    let plan = Plan {
        lesson: LessonId::parse("a").unwrap(),
        term: None,
        course: None,
        title: "a".into(),
        subject: "音乐".into(),
        grade: String::new(),
        kind: SessionKind::DedicatedLesson,
        ad_hoc: false,
        date: date(2026, 10, 10),
        week_no: None,
        period: 1,
        starts_at: UtcMs(0),
        ends_at: UtcMs(dice.pick(&[25, 40, 45]) * MINUTE),
        master: Side {
            school: school.clone(),
            school_name: "中心小学".into(),
            area: String::new(),
            room: None,
            teacher: ParticipantId::parse("master").unwrap(),
            teacher_name: "李老师".into(),
            class_group: String::new(),
        },
        points: vec![point("point-1"), point("point-2")],
    };
    Event { at: UtcMs(-10 * MINUTE), what: What::Planned(Box::new(plan)) }
}

/// What counts alike in any order.
fn evidence(dice: &mut Dice) -> What {
    let from = UtcMs(dice.within(-15..70) * MINUTE);
    let to = from.plus_ms(dice.within(-1..25) * MINUTE);
    match dice.below(12) {
        0 | 1 => What::Watched { from, to },
        2 => What::Started,
        3 => What::Ended { cause: EndCause::Clock },
        4 => What::Unsent { stream: dice.pick(&[Stream::Picture, Stream::Sound]), from, to },
        5 => What::Outage { room: None, from, to, reason: OutageReason::Left },
        6 => What::Outage { room: Some(room(dice)), from, to, reason: OutageReason::NoSound },
        7 => What::CalledOn { room: room(dice) },
        _ => received(dice),
    }
}

fn received(dice: &mut Dice) -> What {
    let from = UtcMs(dice.within(-5..60) * MINUTE);
    let ms = |dice: &mut Dice| dice.within(0..12 * MINUTE) as u32;
    let (picture_ms, sound_ms, doubt_ms) = (ms(dice), ms(dice), ms(dice));
    What::Received { room: room(dice), from, to: from.plus_ms(10 * MINUTE), picture_ms, sound_ms, doubt_ms }
}

fn at_some_time(dice: &mut Dice, what: What) -> Event {
    Event { at: UtcMs(dice.within(-20..80) * MINUTE), what }
}

fn some_evidence(dice: &mut Dice) -> Vec<Event> {
    (0..dice.below(30))
        .map(|_| {
            let what = evidence(dice);
            at_some_time(dice, what)
        })
        .collect()
}

fn corrected(dice: &mut Dice, correction: Correction) -> Event {
    let by = ParticipantId::parse("bureau").unwrap();
    at_some_time(dice, What::Corrected { by, reason: "停电".into(), correction })
}

fn some_correction(dice: &mut Dice) -> Correction {
    let verdict = dice.pick(&[None, Some(Verdict::ValidDelivery), Some(Verdict::Unjudged), Some(Verdict::NotDue)]);
    let reception = dice.pick(&[None, Some(Reception::Excused), Some(Reception::ValidReception)]);
    match dice.below(3) {
        0 => Correction::Master { verdict },
        1 => Correction::Room { room: room(dice), reception },
        _ => Correction::Headcount { room: room(dice), count: dice.pick(&[None, Some(3), Some(4)]) },
    }
}

fn judged(events: &[Event], minute: i64) -> Judgement<'_> {
    let judgement = judge(events, UtcMs(minute * MINUTE), &Criteria::default()).unwrap();
    assert!(judgement.taught_ms >= 0);
    for point in &judgement.points {
        let longest = point.picture_ms.max(point.sound_ms);
        assert!((0..=judgement.taught_ms).contains(&longest), "{point:?} of {} ms", judgement.taught_ms);
    }
    judgement
}

pub fn evidence_has_no_order(dice: &mut Dice) {
    let mut events = some_evidence(dice);
    events.insert(0, plan(dice));
    let mut shuffled = events.clone();
    dice.shuffle(&mut shuffled);
    let minute = dice.within(-20..120);
    assert_eq!(judged(&events, minute), judged(&shuffled, minute));
}

pub fn the_last_correction_counts(dice: &mut Dice) {
    let mut events = vec![plan(dice)];
    events.extend(some_evidence(dice));
    let machine = events.clone();
    for _ in 0..dice.below(6) {
        let correction = some_correction(dice);
        let event = corrected(dice, correction);
        // Evidence may come in after a correction and does not undo it.
        events.push(event);
        events.insert(dice.below(events.len()), Event { at: UtcMs(0), what: What::Unknown });
    }
    let point = RoomId::parse("point-1").unwrap();
    let last = [
        Correction::Master { verdict: Some(Verdict::InvalidDelivery) },
        Correction::Room { room: point.clone(), reception: Some(Reception::InvalidReception) },
        Correction::Headcount { room: point, count: Some(77) },
    ];
    events.extend(last.map(|correction| corrected(dice, correction)));
    let judgement = judged(&events, 200);
    assert_eq!((judgement.master, judgement.corrected), (Verdict::InvalidDelivery, true));
    assert_eq!(judgement.points[0].reception, Reception::InvalidReception);
    assert_eq!(judgement.points[0].headcount, Some(77));
    for id in ["point-1", "point-2"] {
        let room = RoomId::parse(id).unwrap();
        events.push(corrected(dice, Correction::Room { room: room.clone(), reception: None }));
        events.push(corrected(dice, Correction::Headcount { room, count: None }));
    }
    events.push(corrected(dice, Correction::Master { verdict: None }));
    assert_eq!(judged(&events, 200), judged(&machine, 200));
}

pub fn receiving_more_is_never_worse(dice: &mut Dice) {
    let worth = |reception| match reception {
        Reception::InvalidReception => 0,
        Reception::Unjudged => 1,
        Reception::ValidReception => 2,
        other => panic!("{other:?} of a lesson that was held"),
    };
    let event = |minute, what| Event { at: UtcMs(minute * MINUTE), what };
    let watched = What::Watched { from: UtcMs(0), to: UtcMs(40 * MINUTE) };
    let mut events =
        vec![plan(dice), event(40, watched), event(0, What::Started), event(40, What::Ended { cause: EndCause::Lead })];
    let mut before = judged(&events, 100).points.iter().map(|point| worth(point.reception)).collect::<Vec<_>>();
    for _ in 0..12 {
        let what = received(dice);
        events.push(event(50, what));
        let after = judged(&events, 100).points.iter().map(|point| worth(point.reception)).collect::<Vec<_>>();
        assert!(after.iter().zip(&before).all(|(after, before)| after >= before), "{before:?} to {after:?}");
        before = after;
    }
}

pub fn events_survive_storage(dice: &mut Dice) {
    let mut events = some_evidence(dice);
    events.push(plan(dice));
    let correction = some_correction(dice);
    events.push(corrected(dice, correction));
    for event in events {
        let stored = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&stored).unwrap(), event, "{stored}");
    }
}
