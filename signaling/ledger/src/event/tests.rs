//! The stored form of every event: what is written today must be read as it is in ten years.

use jiff::civil::date;
use protocol::{CourseId, LessonId, SchoolId, TermId, county, timetable::SessionKind};

use super::*;
use crate::{PointPlan, Side};

fn room() -> RoomId {
    RoomId::parse("point-1").unwrap()
}

fn person(id: &str) -> ParticipantId {
    ParticipantId::parse(id).unwrap()
}

fn plan() -> Plan {
    Plan {
        lesson: LessonId::parse("music-3a-2026-10-10-p3").unwrap(),
        term: Some(TermId::parse("2026-autumn").unwrap()),
        course: Some(CourseId::parse("music-3a").unwrap()),
        title: "《茉莉花》".into(),
        subject: "音乐".into(),
        grade: "三年级".into(),
        kind: SessionKind::SynchronousLesson,
        ad_hoc: false,
        date: date(2026, 10, 10),
        week_no: Some(6),
        period: 3,
        starts_at: UtcMs(1000),
        ends_at: UtcMs(2_401_000),
        master: Side {
            school: SchoolId::parse("hub").unwrap(),
            school_name: "中心小学".into(),
            area: "城关镇".into(),
            room: Some(RoomId::parse("hub-1").unwrap()),
            teacher: person("master"),
            teacher_name: "李老师".into(),
            class_group: "三年级1班".into(),
        },
        points: vec![PointPlan {
            room: room(),
            school: SchoolId::parse("east").unwrap(),
            school_name: "东坪教学点".into(),
            area: "东坪乡".into(),
            class_group: "三年级".into(),
        }],
    }
}

const PLAN: &str = r#"{"at":7,"what":"planned","lesson":"music-3a-2026-10-10-p3","term":"2026-autumn","course":"music-3a","title":"《茉莉花》","subject":"音乐","grade":"三年级","kind":"synchronous_lesson","ad_hoc":false,"date":"2026-10-10","week_no":6,"period":3,"starts_at":1000,"ends_at":2401000,"master":{"school":"hub","school_name":"中心小学","area":"城关镇","room":"hub-1","teacher":"master","teacher_name":"李老师","class_group":"三年级1班"},"points":[{"room":"point-1","school":"east","school_name":"东坪教学点","area":"东坪乡","class_group":"三年级"}]}"#;

/// Every event with its stored form.
fn golden() -> Vec<(What, &'static str)> {
    let (from, to) = (UtcMs(1), UtcMs(2));
    let corrected = |correction| What::Corrected { by: person("bureau"), reason: "停电".into(), correction };
    vec![
        (What::Planned(Box::new(plan())), PLAN),
        (What::Watched { from, to }, r#"{"at":7,"what":"watched","from":1,"to":2}"#),
        (What::Started, r#"{"at":7,"what":"started"}"#),
        (What::Ended { cause: EndCause::EmergencyStop }, r#"{"at":7,"what":"ended","cause":"emergency_stop"}"#),
        (
            What::Unsent { stream: Stream::Sound, from, to },
            r#"{"at":7,"what":"unsent","stream":"sound","from":1,"to":2}"#,
        ),
        (
            What::Received { room: room(), from, to, picture_ms: 3, sound_ms: 4, doubt_ms: 0 },
            r#"{"at":7,"what":"received","room":"point-1","from":1,"to":2,"picture_ms":3,"sound_ms":4}"#,
        ),
        (
            What::Received { room: room(), from, to, picture_ms: 3, sound_ms: 4, doubt_ms: 5 },
            r#"{"at":7,"what":"received","room":"point-1","from":1,"to":2,"picture_ms":3,"sound_ms":4,"doubt_ms":5}"#,
        ),
        (
            What::Outage { room: None, from, to, reason: OutageReason::LineLost },
            r#"{"at":7,"what":"outage","room":null,"from":1,"to":2,"reason":"line_lost"}"#,
        ),
        (What::CalledOn { room: room() }, r#"{"at":7,"what":"called_on","room":"point-1"}"#),
        (What::Released { room: room() }, r#"{"at":7,"what":"released","room":"point-1"}"#),
        (
            What::Headcount { room: room(), count: 12, by: Some(person("aunt-wang")) },
            r#"{"at":7,"what":"headcount","room":"point-1","count":12,"by":"aunt-wang"}"#,
        ),
        (
            What::Excused { reason: "教师生病".into(), by: None },
            r#"{"at":7,"what":"excused","reason":"教师生病","by":null}"#,
        ),
        (What::Reinstated, r#"{"at":7,"what":"reinstated"}"#),
        (
            corrected(Correction::Master { verdict: Some(Verdict::ValidDelivery) }),
            r#"{"at":7,"what":"corrected","by":"bureau","reason":"停电","correction":{"of":"master","verdict":"valid_delivery"}}"#,
        ),
        (
            corrected(Correction::Room { room: room(), reception: None }),
            r#"{"at":7,"what":"corrected","by":"bureau","reason":"停电","correction":{"of":"room","room":"point-1","reception":null}}"#,
        ),
        (
            corrected(Correction::Headcount { room: room(), count: Some(11) }),
            r#"{"at":7,"what":"corrected","by":"bureau","reason":"停电","correction":{"of":"headcount","room":"point-1","count":11}}"#,
        ),
    ]
}

#[test]
fn every_event_is_stored_as_it_always_was_and_read_back() {
    for (what, json) in golden() {
        let event = Event { at: UtcMs(7), what };
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
        assert_eq!(serde_json::from_str::<Event>(json).unwrap(), event);
        assert!(json.contains(&format!(r#""what":"{}""#, event.what.name())), "{json}");
    }
}

#[test]
fn what_a_later_version_added_does_not_hide_the_rest() {
    let rows = [
        (r#"{"what":"started","at":7,"weather":{"rain":true}}"#, What::Started),
        (r#"{"at":7,"what":"hand_raised","room":"point-1"}"#, What::Unknown),
        (r#"{"at":7,"what":"ended","cause":"power_cut"}"#, What::Ended { cause: EndCause::Other }),
        (
            r#"{"at":7,"what":"outage","from":1,"to":2,"reason":"solar_flare"}"#,
            What::Outage { room: None, from: UtcMs(1), to: UtcMs(2), reason: OutageReason::Other },
        ),
    ];
    for (json, what) in rows {
        assert_eq!(serde_json::from_str::<Event>(json).unwrap(), Event { at: UtcMs(7), what });
    }
}

#[test]
fn a_plan_without_the_fields_that_may_be_missing_is_read() {
    let json = r#"{"at":7,"what":"planned","lesson":"a","title":"a","subject":"音乐","kind":"ad_hoc_lesson","date":"2026-10-10","period":0,"starts_at":1,"ends_at":2,"master":{"school":"hub","school_name":"中心小学","teacher":"master","teacher_name":"李老师"}}"#;
    let What::Planned(plan) = serde_json::from_str::<Event>(json).unwrap().what else { panic!("no plan") };
    assert_eq!((plan.term, plan.week_no, plan.points.len(), plan.ad_hoc), (None, None, 0, false));
}

#[test]
fn a_correction_is_refused_without_reason_on_the_wrong_side_or_before_its_time() {
    let order = |room: Option<RoomId>, verdict, reason: &str| {
        let order = CorrectionOrder { room, verdict, reason: reason.into() };
        What::corrected(person("bureau"), order)
    };
    let long = "长".repeat(LONGEST_REASON + 1);
    let rows = [
        (None, Some(county::Verdict::ValidDelivery), "  ", LedgerError::BadReason),
        (None, Some(county::Verdict::ValidDelivery), long.as_str(), LedgerError::BadReason),
        (None, Some(county::Verdict::ValidReception), "停电", LedgerError::WrongSide),
        (Some(room()), Some(county::Verdict::InvalidDelivery), "停电", LedgerError::WrongSide),
        (Some(room()), Some(county::Verdict::NotDue), "停电", LedgerError::NotADecision),
    ];
    for (room, verdict, reason, error) in rows {
        assert_eq!(order(room, verdict, reason), Err(error));
    }
    let correction = Correction::Room { room: room(), reception: Some(Reception::NotDelivered) };
    let expected = What::Corrected { by: person("bureau"), reason: "停电".into(), correction };
    assert_eq!(order(Some(room()), Some(county::Verdict::UnexcusedAbsence), " 停电 "), Ok(expected));
    assert!(order(None, None, "撤回").is_ok());
}
