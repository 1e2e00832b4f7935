//! Reports of counties made by chance.

use std::sync::Arc;

use jiff::civil::date;
use ledger::{
    Dimension, Fact, Filter, Names, Reception, Report, RoomSide, Standing, Tally, Verdict, drilled_to_lessons,
};
use protocol::timetable::SessionKind;

use crate::dice::Dice;

const SIDES: [RoomSide; 2] = [RoomSide::MasterRoom, RoomSide::ReceiveRoom];

fn standing(dice: &mut Dice) -> Standing {
    use {Reception as R, Verdict as V};
    let master =
        [V::ValidDelivery, V::InvalidDelivery, V::ExcusedCancellation, V::UnexcusedAbsence, V::Unjudged, V::NotDue];
    let receive = [R::ValidReception, R::InvalidReception, R::Excused, R::NotDelivered, R::Unjudged, R::NotDue];
    if dice.chance(30) { Standing::Master(dice.pick(&master)) } else { Standing::Receive(dice.pick(&receive)) }
}

fn county(dice: &mut Dice) -> Vec<Fact> {
    let mut names = Names::default();
    let some = |dice: &mut Dice, names: &mut Names, what: &str, of: usize| -> Arc<str> {
        let number = dice.below(of);
        names.share(&if number == 0 { String::new() } else { format!("{what}{number}") })
    };
    let count = dice.below(120);
    (0..count)
        .map(|number| Fact {
            lesson: number.to_string().into(),
            title: some(dice, &mut names, "课", 5),
            room: None,
            school: some(dice, &mut names, "school-", 8),
            school_name: some(dice, &mut names, "学校", 4),
            area: some(dice, &mut names, "乡", 4),
            class_group: some(dice, &mut names, "班", 3),
            subject: some(dice, &mut names, "科", 4),
            grade: some(dice, &mut names, "年级", 4),
            teacher: some(dice, &mut names, "teacher-", 9),
            teacher_name: some(dice, &mut names, "老师", 5),
            term: dice.chance(80).then(|| some(dice, &mut names, "term-", 3)),
            week_no: dice.chance(80).then(|| dice.within(1..22) as u8),
            date: date(2026 + dice.below(2) as i16, dice.within(1..13) as i8, dice.within(1..29) as i8),
            period: dice.below(9) as u8,
            kind: dice.pick(&[
                SessionKind::DedicatedLesson,
                SessionKind::SynchronousLesson,
                SessionKind::ResearchMeeting,
                SessionKind::AdHocLesson,
            ]),
            ad_hoc: dice.chance(15),
            standing: standing(dice),
        })
        .collect()
}

fn filter(dice: &mut Dice) -> Filter {
    let day = date(2026, dice.within(1..13) as i8, 1);
    let mut filter = Filter::dated(dice.chance(20).then_some(day), None);
    filter.kind = dice.chance(10).then_some(SessionKind::ResearchMeeting);
    filter.ad_hoc = if dice.chance(20) { Some(dice.chance(50)) } else { None };
    filter
}

/// Drills by chance until only lessons are left, and checks every level on the way.
pub fn rows_add_up(dice: &mut Dice) {
    let facts = county(dice);
    let side = dice.pick(&SIDES);
    let mut filter = filter(dice);
    for _ in 0..4 {
        let mut totals = Vec::new();
        for dimension in Dimension::ALL {
            let report = Report::by(dimension, &facts, side, &filter);
            let mut sum = Tally::default();
            for row in &report.rows {
                sum += row.tally;
                let behind = filter.narrowed(dimension, &row.key).unwrap();
                assert_eq!(Report::by(dimension, &facts, side, &behind).total.tally, row.tally, "behind {row:?}");
            }
            assert_eq!(sum, report.total.tally, "{dimension:?}");
            assert_eq!(report.table().rows.len(), report.rows.len() + 1);
            totals.push(sum);
        }
        let total = totals[0];
        assert!(totals.iter().all(|other| *other == total));
        let listed = drilled_to_lessons(&facts, side, &filter).len();
        assert_eq!(listed, (total.planned_count() + total.ad_hoc) as usize);
        assert!(total.delivered_count() <= total.due_count() && total.due_count() <= total.planned_count());
        assert!(total.delivery_rate().is_none_or(|rate| (0.0..=1.0).contains(&rate)));
        let dimension = dice.pick(&Dimension::ALL);
        let report = Report::by(dimension, &facts, side, &filter);
        if report.rows.is_empty() {
            return;
        }
        filter = filter.narrowed(dimension, &dice.pick(&report.rows).key).unwrap();
    }
}

pub fn order_is_of_no_matter(dice: &mut Dice) {
    let facts = county(dice);
    let filter = filter(dice);
    let mut shuffled = facts.clone();
    dice.shuffle(&mut shuffled);
    for side in SIDES {
        for dimension in Dimension::ALL {
            let report = Report::by(dimension, &facts, side, &filter);
            assert_eq!(report, Report::by(dimension, &shuffled, side, &filter), "{dimension:?}");
        }
        let (one, other) = (drilled_to_lessons(&facts, side, &filter), drilled_to_lessons(&shuffled, side, &filter));
        assert_eq!(one, other);
    }
}
