//! Which lessons a date holds, through whole terms of holidays, makeup days and seasons.

use jiff::{ToSpan, civil::date};
use protocol::timetable::{Change, Key, WeekSet};

use super::*;
use crate::small_county::{MONDAY_5, SATURDAY_5, bells, county, follows, off, on, put, row, school, term};

#[test]
fn weeks_are_counted_from_the_monday_of_week_1() {
    let rows = [
        (date(2026, 8, 31), 1),
        (date(2026, 9, 6), 1),
        (date(2026, 9, 7), 2),
        (MONDAY_5, 5),
        (date(2027, 1, 15), 20),
        (date(2026, 8, 30), 1),
        (date(2026, 8, 1), 1),
        (date(2099, 1, 1), 255),
    ];
    for (date, week_no) in rows {
        assert_eq!(week_of(&term(), date), week_no, "{date}");
    }
    let monday = Slot { week_no: 5, weekday: Weekday::from_iso(1).unwrap() };
    assert_eq!(date_of(&term(), monday), MONDAY_5);
}

#[test]
fn dates_go_from_the_first_to_the_last() {
    assert_eq!(dates(MONDAY_5, MONDAY_5).count(), 1);
    assert_eq!(dates(MONDAY_5, SATURDAY_5).last(), Some(SATURDAY_5));
    assert_eq!(dates(SATURDAY_5, MONDAY_5).count(), 0);
    assert_eq!(dates(Date::MAX, Date::MAX).count(), 1);
    assert_eq!(days_after(Date::MAX, 1), Date::MAX);
}

#[test]
fn nothing_is_held_outside_the_term() {
    let mut county = county();
    put(&mut county, [row("music", 2, 1, WeekSet::range(1, 30)), row("music", 5, 1, WeekSet::range(1, 30))]);
    // School begins on the Tuesday of week 1 and ends on the Friday of week 20.
    assert!(on(&county, date(2026, 8, 31)).is_empty());
    assert_eq!(on(&county, date(2026, 9, 1)), ["music-w01d2p1"]);
    assert_eq!(on(&county, date(2027, 1, 15)), ["music-w20d5p1"]);
    assert!(dates(date(2027, 1, 16), date(2027, 2, 28)).all(|date| on(&county, date).is_empty()));
    assert_eq!(county.find(&crate::small_county::lesson("music-w01d1p3")), None);
    assert_eq!(county.find(&crate::small_county::lesson("music-w21d5p1")), None);
}

#[test]
fn a_makeup_day_outside_the_term_makes_up_for_nothing() {
    let mut county = county();
    put(&mut county, [off(None, MONDAY_5), follows(None, date(2027, 1, 16), 5, 1)]);
    assert!(on(&county, date(2027, 1, 16)).is_empty());
    assert_eq!(county.find(&crate::small_county::lesson("music-w05d1p3")), None);
}

#[test]
fn terms_are_told_earliest_first_and_each_date_lies_in_its_own() {
    let mut county = county();
    let spring = Term {
        id: protocol::TermId::parse("a-spring").unwrap(),
        week_1: date(2027, 2, 22),
        first_day: date(2027, 2, 22),
        last_day: date(2027, 7, 2),
        ..term()
    };
    put(&mut county, [protocol::timetable::Record::Term(spring.clone())]);
    assert_eq!(county.terms(), [&term(), &spring]);
    let on = |date| county.term_on(date).map(|term| term.id.as_str());
    assert_eq!(on(date(2027, 1, 15)), Some("autumn"));
    assert_eq!(on(date(2027, 2, 1)), None);
    assert_eq!(on(date(2027, 2, 22)), Some("a-spring"));
    // The Monday rows are of a course of the autumn.
    assert!(crate::small_county::on(&county, date(2027, 3, 1)).is_empty());
}

#[test]
fn a_school_s_own_day_goes_before_the_county_s() {
    let mut county = county();
    put(&mut county, [off(None, MONDAY_5), follows(Some("hill"), MONDAY_5, 5, 2)]);
    put(&mut county, [follows(None, SATURDAY_5, 5, 1), off(Some("hill"), SATURDAY_5)]);
    let slot = |of, date| county.slot(&school(of), date).map(|slot| (slot.week_no, slot.weekday.iso()));
    assert_eq!(slot("town", MONDAY_5), None);
    assert_eq!(slot("hill", MONDAY_5), Some((5, 2)));
    assert_eq!(slot("town", SATURDAY_5), Some((5, 1)));
    assert_eq!(slot("hill", SATURDAY_5), None);
    assert_eq!(slot("town", MONDAY_5 + 1.day()), Some((5, 2)));
    assert_eq!(county.special_day(&school("hill"), SATURDAY_5).map(|day| &day.rule), Some(&DayRule::Off));
    assert_eq!(county.special_day(&school("hill"), MONDAY_5 + 1.day()), None);
}

#[test]
fn the_lessons_of_a_monday_off_are_held_on_the_saturday_under_their_ids() {
    let mut county = county();
    put(&mut county, [row("music", 1, 5, WeekSet::range(1, 20)), row("music", 6, 1, WeekSet::range(1, 20))]);
    put(&mut county, [off(None, MONDAY_5), follows(None, SATURDAY_5, 5, 1)]);
    assert!(on(&county, MONDAY_5).is_empty());
    // And those of the Saturday itself are not held at all.
    assert_eq!(on(&county, SATURDAY_5), ["music-w05d1p3", "music-w05d1p5"]);
    assert_eq!(county.find(&crate::small_county::lesson("music-w05d1p3")).map(|held| held.date), Some(SATURDAY_5));
    assert_eq!(county.find(&crate::small_county::lesson("music-w05d6p1")), None);
}

#[test]
fn a_day_that_follows_one_that_is_held_too_has_lessons_of_its_own() {
    let mut county = county();
    put(&mut county, [follows(None, SATURDAY_5, 5, 1)]);
    assert_eq!(on(&county, MONDAY_5), ["music-w05d1p3"]);
    assert_eq!(on(&county, SATURDAY_5), ["music-w05d1p3-20261003"]);
    let again = county.find(&crate::small_county::lesson("music-w05d1p3-20261003")).unwrap();
    assert_eq!((again.date, again.origin.unwrap().again_on), (SATURDAY_5, Some(SATURDAY_5)));
    // The own date keeps the id also where the day that follows it comes first.
    put(&mut county, [follows(None, date(2026, 9, 27), 5, 1)]);
    assert_eq!(on(&county, date(2026, 9, 27)), ["music-w05d1p3-20260927"]);
    assert_eq!(on(&county, MONDAY_5), ["music-w05d1p3"]);
}

#[test]
fn of_two_makeup_days_for_one_weekday_the_first_has_the_ids() {
    let mut county = county();
    let (first, second) = (date(2026, 9, 27), date(2026, 10, 10));
    put(&mut county, [off(None, MONDAY_5), follows(None, first, 5, 1), follows(None, second, 5, 1)]);
    assert_eq!(on(&county, first), ["music-w05d1p3"]);
    assert_eq!(on(&county, second), ["music-w05d1p3-20261010"]);
    county.apply(&Change { put: Vec::new(), remove: vec![Key::SpecialDay(None, first)] }).unwrap();
    assert_eq!(on(&county, second), ["music-w05d1p3"]);
}

#[test]
fn a_makeup_day_has_the_lessons_of_the_week_it_is_told() {
    let mut county = county();
    put(
        &mut county,
        [row("music", 2, 1, WeekSet::range(1, 20).odd()), row("music", 2, 2, WeekSet::range(1, 20).even())],
    );
    let (odd, even) = (date(2026, 10, 10), date(2026, 10, 11));
    put(&mut county, [off(None, date(2026, 9, 29)), off(None, date(2026, 10, 6))]);
    put(&mut county, [follows(None, odd, 5, 2), follows(None, even, 6, 2)]);
    assert_eq!(on(&county, odd), ["music-w05d2p1"]);
    assert_eq!(on(&county, even), ["music-w06d2p2"]);
    assert_eq!(on(&county, date(2026, 10, 13)), ["music-w07d2p1"]);
}

#[test]
fn two_days_that_are_swapped_keep_the_ids_of_what_they_hold() {
    let mut county = county();
    put(&mut county, [row("music", 3, 1, WeekSet::range(1, 20))]);
    let wednesday = MONDAY_5 + 2.days();
    put(&mut county, [follows(None, MONDAY_5, 5, 3), follows(None, wednesday, 5, 1)]);
    assert_eq!(on(&county, MONDAY_5), ["music-w05d3p1"]);
    assert_eq!(on(&county, wednesday), ["music-w05d1p3"]);
    // A day that follows itself is simply its weekday.
    put(&mut county, [follows(None, MONDAY_5, 5, 1), follows(None, wednesday, 5, 3)]);
    assert_eq!(on(&county, MONDAY_5), ["music-w05d1p3"]);
    assert_eq!(on(&county, wednesday), ["music-w05d3p1"]);
}

#[test]
fn a_season_of_bells_holds_until_the_next_and_a_school_s_own_go_before_the_county_s() {
    let mut county = county();
    let (winter, own, own_winter) = (date(2026, 10, 8), date(2026, 9, 14), date(2026, 11, 1));
    put(
        &mut county,
        [bells(None, winter, 510, 7), bells(Some("town"), own, 495, 6), bells(Some("town"), own_winter, 525, 6)]
            .map(protocol::timetable::Record::Bells),
    );
    let first = |of, date| county.bells_on(&school(of), date).map(|bells| bells.periods()[0].starts_min);
    let rows = [
        (date(2026, 7, 31), None, None),
        (date(2026, 8, 1), Some(480), Some(480)),
        (date(2026, 9, 13), Some(480), Some(480)),
        (own, Some(495), Some(480)),
        (date(2026, 10, 7), Some(495), Some(480)),
        (winter, Some(495), Some(510)),
        (own_winter, Some(525), Some(510)),
        (date(2030, 1, 1), Some(525), Some(510)),
    ];
    for (date, town, hill) in rows {
        assert_eq!((first("town", date), first("hill", date)), (town, hill), "{date}");
    }
    // And the lessons ring by them.
    let minutes = |date| county.on(date)[0].minutes;
    assert_eq!(minutes(date(2026, 9, 7)), Some((580, 620)));
    assert_eq!(minutes(MONDAY_5), Some((595, 635)));
    assert_eq!(minutes(date(2026, 11, 2)), Some((625, 665)));
}
