//! Reports of a small county, counted by hand.

use std::sync::Arc;

use jiff::civil::{Date, date};
use protocol::{SchoolId, county, timetable::SessionKind};

use super::*;
use crate::LedgerError;

fn fact(lesson: &str, school: &str, on: Date, standing: Standing) -> Fact {
    let text = |text: &str| Arc::<str>::from(text);
    Fact {
        lesson: text(lesson),
        title: text("《茉莉花》"),
        room: Some(text("room")),
        school: text(school),
        school_name: text(&format!("{school}小学")),
        area: text(if school == "north" { "" } else { "东坪乡" }),
        class_group: text("三年级"),
        subject: text("音乐"),
        grade: text("三年级"),
        teacher: text("master"),
        teacher_name: text("李老师"),
        term: Some(text("2026-autumn")),
        week_no: Some(6),
        date: on,
        period: 3,
        kind: SessionKind::DedicatedLesson,
        ad_hoc: false,
        standing,
    }
}

/// Ten facts of the receive rooms of two schools, and one of a master room.
fn county() -> Vec<Fact> {
    use Reception::*;
    let of = |lesson, school, day, reception| fact(lesson, school, date(2026, 10, day), Standing::Receive(reception));
    let mut facts = vec![
        of("a", "east", 8, ValidReception),
        of("b", "east", 9, ValidReception),
        of("c", "east", 9, InvalidReception),
        of("d", "east", 12, Excused),
        of("e", "east", 30, NotDue),
        of("f", "north", 8, NotDelivered),
        of("g", "north", 8, Unjudged),
        of("h", "north", 8, ValidReception),
        of("i", "north", 8, ValidReception),
        of("j", "north", 8, ValidReception),
        fact("a", "hub", date(2026, 10, 8), Standing::Master(Verdict::ValidDelivery)),
    ];
    facts[8].ad_hoc = true;
    facts[9].kind = SessionKind::ResearchMeeting;
    facts
}

fn by(dimension: Dimension, filter: &Filter) -> Report {
    Report::by(dimension, &county(), RoomSide::ReceiveRoom, filter)
}

#[test]
fn every_planned_lesson_is_in_one_count_and_the_rate_is_of_what_was_due() {
    let report = by(Dimension::School, &Filter::default());
    let east = Tally { valid: 2, invalid: 1, excused: 1, not_due: 1, ..Tally::default() };
    let north = Tally { valid: 1, undelivered: 1, unjudged: 1, ad_hoc: 1, ad_hoc_valid: 1, ..Tally::default() };
    let rows: Vec<_> = report.rows.iter().map(|row| (row.key.as_str(), row.label.as_str(), row.tally)).collect();
    assert_eq!(rows, [("east", "east小学", east), ("north", "north小学", north)]);
    assert_eq!((east.planned_count(), east.due_count(), east.delivered_count()), (5, 3, 2));
    assert_eq!(east.delivery_rate(), Some(2.0 / 3.0));
    assert_eq!((north.planned_count(), north.due_count(), north.delivered_count()), (3, 3, 1));
    assert_eq!(report.total.tally.planned_count(), 8);
    assert_eq!(Tally::default().delivery_rate(), None);
}

#[test]
fn master_rooms_and_receive_rooms_are_counted_apart() {
    let report = Report::by(Dimension::School, &county(), RoomSide::MasterRoom, &Filter::default());
    assert_eq!(report.rows.len(), 1);
    assert_eq!(report.total.tally, Tally { valid: 1, ..Tally::default() });
}

#[test]
fn each_row_can_be_drilled_into_down_to_its_lessons() {
    let school = by(Dimension::School, &Filter::default());
    let east = Filter::default().narrowed(Dimension::School, &school.rows[0].key).unwrap();
    let dates = by(Dimension::Date, &east);
    let keys: Vec<_> = dates.rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["2026-10-08", "2026-10-09", "2026-10-12", "2026-10-30"]);
    let on_9 = east.narrowed(Dimension::Date, keys[1]).unwrap();
    let facts = county();
    let lessons = drilled_to_lessons(&facts, RoomSide::ReceiveRoom, &on_9);
    assert_eq!(lessons.iter().map(|fact| &*fact.lesson).collect::<Vec<_>>(), ["b", "c"]);
    let table = lesson_table(&lessons);
    assert!(table.rows.iter().all(|row| row.len() == table.header.len()));
    assert_eq!(table.rows[1][11], Cell::Text("无效听课".into()));
    let other = on_9.narrowed(Dimension::School, "north").unwrap();
    assert!(drilled_to_lessons(&facts, RoomSide::ReceiveRoom, &other).is_empty());
}

#[test]
fn rows_of_what_is_not_told_come_last_and_can_be_drilled_into() {
    let report = by(Dimension::Area, &Filter::default());
    let labels: Vec<_> = report.rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(labels, ["东坪乡", "（未填）"]);
    let without = Filter::default().narrowed(Dimension::Area, &report.rows[1].key).unwrap();
    assert_eq!(by(Dimension::School, &without).total.tally, report.rows[1].tally);
}

#[test]
fn weeks_and_months_are_named_and_in_order() {
    let mut facts = county();
    facts[0].week_no = Some(10);
    facts[1].week_no = None;
    (facts[2].date, facts[3].date) = (date(2027, 1, 4), date(2026, 9, 1));
    let labels = |dimension| {
        let report = Report::by(dimension, &facts, RoomSide::ReceiveRoom, &Filter::default());
        report.rows.into_iter().map(|row| (row.key, row.label)).collect::<Vec<_>>()
    };
    let named =
        |rows: &[(&str, &str)]| -> Vec<_> { rows.iter().map(|(k, l)| (k.to_string(), l.to_string())).collect() };
    assert_eq!(labels(Dimension::Week), named(&[("6", "第6周"), ("10", "第10周"), ("", "（未填）")]));
    let months = [("2026-09", "2026年9月"), ("2026-10", "2026年10月"), ("2027-01", "2027年1月")];
    assert_eq!(labels(Dimension::Month), named(&months));
}

#[test]
fn a_school_goes_by_its_latest_name_whatever_the_order_of_its_lessons() {
    let mut facts = county();
    facts[2].school_name = "东坪学校".into();
    facts[4].school_name = "东坪九年制学校".into();
    for _ in 0..facts.len() {
        facts.rotate_left(1);
        let report = Report::by(Dimension::School, &facts, RoomSide::ReceiveRoom, &Filter::default());
        assert!(report.rows.iter().any(|row| row.label == "东坪九年制学校"));
    }
}

#[test]
fn a_table_has_a_header_for_every_cell_and_no_rate_where_none_is_due() {
    let table = by(Dimension::Month, &Filter::dated(Some(date(2026, 10, 12)), None)).table();
    assert_eq!(
        table.header,
        [
            "月份",
            "计划",
            "应开",
            "实开",
            "开课率",
            "有效听课",
            "无效听课",
            "因故停课",
            "主讲未开课",
            "未判定",
            "未到期",
            "自主开课",
            "自主开课有效"
        ]
    );
    assert!(table.rows.iter().all(|row| row.len() == table.header.len()));
    assert_eq!(
        table.rows[1][..5],
        [Cell::Text("合计".into()), Cell::Count(2), Cell::Count(0), Cell::Count(0), Cell::Empty]
    );
}

#[test]
fn what_the_interface_asks_for_is_what_is_counted() {
    let asked = county::ReportFilter {
        from: Some(date(2026, 10, 1)),
        school: Some(SchoolId::parse("east").unwrap()),
        week: Some(6),
        month: Some("2026-10".into()),
        ..county::ReportFilter::default()
    };
    let report = by(county::ReportBy::Teacher.into(), &Filter::try_from(&asked).unwrap());
    let row = county::ReportRow::from(&report.total);
    assert_eq!((row.planned, row.due, row.delivered, row.excused, row.ratio), (5, 3, 2, 1, Some(2.0 / 3.0)));
    for month in ["2026-13", "October", "2026-10-01"] {
        let bad = county::ReportFilter { month: Some(month.into()), ..county::ReportFilter::default() };
        assert_eq!(Filter::try_from(&bad), Err(LedgerError::BadKey), "{month}");
    }
    assert_eq!(Filter::default().narrowed(Dimension::Week, "300"), Err(LedgerError::BadKey));
}
