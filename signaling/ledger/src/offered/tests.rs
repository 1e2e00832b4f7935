//! Weeks of small teaching points against a curriculum plan.

use jiff::civil::date;

use super::*;
use crate::Verdict;

fn text(text: &str) -> Arc<str> {
    text.into()
}

fn requirement(grade: &str, subject: &str, periods: u8) -> Requirement {
    Requirement { grade: grade.into(), subject: subject.into(), periods }
}

fn lesson(subject: &str, class_group: &str, standing: Standing) -> Fact {
    Fact {
        lesson: text("a"),
        title: text("a"),
        room: None,
        school: text("east"),
        school_name: text("东坪教学点"),
        area: text("东坪乡"),
        class_group: text(class_group),
        subject: text(subject),
        grade: text("三年级"),
        teacher: text("master"),
        teacher_name: text("李老师"),
        term: Some(text("autumn")),
        week_no: Some(6),
        date: date(2026, 10, 10),
        period: 1,
        kind: SessionKind::DedicatedLesson,
        ad_hoc: false,
        standing,
    }
}

fn week() -> Week {
    Week { term: text("autumn"), week_no: 6 }
}

fn figures(point: &OfferedPoint) -> Vec<(&str, u32, u32, u32)> {
    point.subjects.iter().map(|of| (of.subject.as_str(), of.required, of.planned, of.delivered)).collect()
}

#[test]
fn missing_and_short_subjects_are_named_by_plan_and_by_delivery() {
    let requirements =
        [requirement("三年级", "音乐", 2), requirement("三年级", "美术", 2), requirement("三年级", "英语", 1)];
    let received = |subject, reception| lesson(subject, "", Standing::Receive(reception));
    let mut elsewhen = received("英语", Reception::ValidReception);
    elsewhen.week_no = Some(7);
    let mut last_term = received("英语", Reception::ValidReception);
    last_term.term = Some(text("spring"));
    let mut meeting = received("英语", Reception::ValidReception);
    meeting.kind = SessionKind::ResearchMeeting;
    let facts = [
        received("音乐", Reception::ValidReception),
        received("音乐", Reception::InvalidReception),
        received("音乐", Reception::Excused),
        received("美术", Reception::NotDue),
        received("书法", Reception::ValidReception),
        lesson("英语", "", Standing::Master(Verdict::ValidDelivery)),
        elsewhen,
        last_term,
        meeting,
    ];
    let points = offered(&week(), &requirements, &[], &facts);
    assert_eq!(points.len(), 1);
    assert_eq!(figures(&points[0]), [("音乐", 2, 2, 1), ("美术", 2, 1, 0), ("英语", 1, 0, 0)]);
    let short = |subject: &str| Shortfall { subject: subject.into(), missing: 1 };
    assert_eq!(points[0].by_plan, Offer { missing: vec!["英语".into()], short: vec![short("美术")] });
    let lacking = Offer { missing: vec!["美术".into(), "英语".into()], short: vec![short("音乐")] };
    assert_eq!(points[0].by_delivery, lacking);
    assert!(!points[0].by_plan.offered_all() && !points[0].by_plan.offered_enough());
}

#[test]
fn a_point_for_which_nothing_is_planned_is_listed_when_something_is_required() {
    let point = |school: &str, grade: &str| Point {
        school: text(school),
        grade: text(grade),
        class_group: text(""),
        school_name: text(school),
    };
    let requirements = [requirement("三年级", "音乐", 1), requirement("四年级", "音乐", 0)];
    let points = offered(&week(), &requirements, &[point("west", "三年级"), point("west", "四年级")], &[]);
    assert_eq!(points.len(), 1);
    assert_eq!(points[0].by_plan.missing, ["音乐"]);
}

#[test]
fn class_groups_of_one_grade_do_not_share_their_lessons() {
    let requirements = [requirement("三年级", "音乐", 1), requirement("三年级", "音乐", 2)];
    let mut extra = lesson("音乐", "三年级1班", Standing::Receive(Reception::ValidReception));
    extra.ad_hoc = true;
    let facts = [
        lesson("音乐", "三年级1班", Standing::Receive(Reception::ValidReception)),
        extra,
        lesson("音乐", "三年级2班", Standing::Receive(Reception::ValidReception)),
    ];
    let points = offered(&week(), &requirements, &[], &facts);
    let enough: Vec<_> = points
        .iter()
        .map(|of| (&*of.point.class_group, of.by_plan.offered_all(), of.by_plan.offered_enough()))
        .collect();
    assert_eq!(enough, [("三年级1班", true, true), ("三年级2班", true, false)]);
}
