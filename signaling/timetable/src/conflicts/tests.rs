//! Each kind of conflict, what is none, and that what is told free is free.

use jiff::{ToSpan, civil::date};
use protocol::timetable::{CoursePoint, Edit, ExtraLesson, LessonEdit, Record, WeekSet};

use super::*;
use crate::small_county::{
    BEFORE_TERM, MONDAY_5, SATURDAY_5, about, apart, at, bells, county, course, edit, extra, follows, lesson, off,
    person, put, room, room_id, row,
};

const MUSIC: &str = "music-w05d1p3";
const ART: &str = "art-w05d1p3";

/// The county with a second course, whose lessons are at the same time as those of `music`.
fn beside(art: Course) -> Timetable {
    let mut county = county();
    put(&mut county, [Record::Course(art), row("art", 1, 3, WeekSet::range(1, 20))]);
    county
}

fn kinds(timetable: &Timetable, date: Date) -> Vec<(ConflictKind, String)> {
    timetable.conflicts_on(date).into_iter().map(|conflict| (conflict.kind, conflict.whom)).collect()
}

fn point(room: &str, class_group: &str) -> CoursePoint {
    CoursePoint { room: room_id(room), class_group: class_group.into() }
}

#[test]
fn lessons_that_share_nobody_and_no_room_have_no_conflict() {
    assert_eq!(beside(apart("art")).conflicts_on(MONDAY_5), []);
}

#[test]
fn nobody_and_no_room_is_in_two_lessons_at_once() {
    let synchronous = |course| Course { kind: SessionKind::SynchronousLesson, ..course };
    let rows = [
        (Course { master_teacher: person("wang"), ..apart("art") }, ConflictKind::TeacherBusy, "wang老师"),
        (
            Course { master_room: Some(room_id("town-room")), ..apart("art") },
            ConflictKind::MasterRoomBusy,
            "城关小学 二楼教室",
        ),
        (
            Course { points: vec![point("pass-room", "")], ..apart("art") },
            ConflictKind::ReceiveRoomBusy,
            "关口教学点 二楼教室",
        ),
        // Taught from where the other is received, and received where the other is taught from.
        (
            Course { master_room: Some(room_id("pass-room")), ..apart("art") },
            ConflictKind::MasterRoomBusy,
            "关口教学点 二楼教室",
        ),
        (
            Course { points: vec![point("town-room", "")], ..apart("art") },
            ConflictKind::MasterRoomBusy,
            "城关小学 二楼教室",
        ),
        (
            synchronous(Course { hub_school: crate::small_county::school("town"), ..apart("art") }),
            ConflictKind::ClassGroupBusy,
            "城关小学 三（1）班",
        ),
    ];
    for (art, kind, whom) in rows {
        let mut county = beside(art);
        put(&mut county, [Record::Course(synchronous(course("music")))]);
        let expected =
            Conflict { kind, lesson: lesson(ART), other: Some(lesson(MUSIC)), whom: whom.into(), at: at(MONDAY_5, 3) };
        let both = [county.conflicts_of(&lesson(ART)), county.conflicts_of(&lesson(MUSIC))];
        assert_eq!(county.conflicts_on(MONDAY_5), [expected]);
        assert_eq!(both, [county.conflicts_on(MONDAY_5), county.conflicts_on(MONDAY_5)]);
    }
}

#[test]
fn a_class_group_of_a_point_is_in_one_lesson_at_a_time() {
    let mut county = beside(apart("art"));
    let art = Course { points: vec![point("pass-room-2", "四年级")], ..apart("art") };
    put(&mut county, [room("pass-room-2", "pass"), Record::Course(art)]);
    assert_eq!(county.conflicts_on(MONDAY_5), []);
    put(&mut county, [Record::Course(Course { points: vec![point("pass-room", "四年级")], ..course("music") })]);
    assert_eq!(kinds(&county, MONDAY_5), [(ConflictKind::ClassGroupBusy, "关口教学点 四年级".into())]);
    // A class of the same name in another school is another.
    put(&mut county, [Record::Course(Course { points: vec![point("creek-room", "四年级")], ..course("music") })]);
    assert_eq!(county.conflicts_on(MONDAY_5), []);
}

#[test]
fn the_class_of_the_hub_school_is_busy_only_where_it_sits_there_too() {
    let town = Course { hub_school: crate::small_county::school("town"), ..apart("art") };
    assert_eq!(beside(town).conflicts_on(MONDAY_5), []);
}

#[test]
fn a_lesson_is_in_no_conflict_with_itself() {
    let mut county = county();
    put(&mut county, [room("pass-room-2", "pass")]);
    let points = vec![point("pass-room", "四年级"), point("pass-room", "四年级"), point("pass-room-2", "四年级")];
    put(&mut county, [Record::Course(Course { points: points.clone(), ..course("music") })]);
    assert_eq!(county.conflicts_on(MONDAY_5), []);
    // And what is wrong with a school is told once, however many of its rooms take part.
    put(&mut county, [off(Some("pass"), MONDAY_5)]);
    assert_eq!(kinds(&county, MONDAY_5), [(ConflictKind::PointDayOff, "关口教学点".into())]);
}

#[test]
fn a_broadcast_keeps_no_receive_room_busy() {
    let broadcast = Course { kind: SessionKind::BroadcastLesson, ..course("art") };
    let art = Course { points: broadcast.points.clone(), kind: broadcast.kind, ..apart("art") };
    assert_eq!(beside(art).conflicts_on(MONDAY_5), []);
    // Its teacher and its master room are busy all the same.
    let kinds: Vec<ConflictKind> = kinds(&beside(broadcast), MONDAY_5).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [ConflictKind::TeacherBusy, ConflictKind::MasterRoomBusy]);
}

#[test]
fn three_lessons_at_once_are_three_pairs() {
    let mut county = beside(Course { master_teacher: person("wang"), ..apart("art") });
    let third = Course { master_teacher: person("wang"), master_room: None, ..apart("sports") };
    put(&mut county, [Record::Course(third), row("sports", 1, 3, WeekSet::range(5, 5))]);
    let pairs: Vec<(String, String)> = county
        .conflicts_on(MONDAY_5)
        .into_iter()
        .map(|it| (it.lesson.to_string(), it.other.unwrap().to_string()))
        .collect();
    let sports = "sports-w05d1p3";
    let expected = [(ART, MUSIC), (ART, sports), (MUSIC, sports)].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(pairs, expected);
    assert_eq!(county.conflicts_of(&lesson(MUSIC)).len(), 2);
    assert_eq!(county.conflicts(MONDAY_5, MONDAY_5 + 7.days()).len(), 4);
}

#[test]
fn lessons_that_follow_on_each_other_have_no_conflict_and_a_minute_more_makes_one() {
    let mut county = county();
    for (starts_min, count) in [(570, 2), (619, 2), (620, 0), (520, 0)] {
        let ends_min = starts_min + 60;
        let other = ExtraLesson { starts_min, ends_min, ..extra("open-day", "research", MONDAY_5) };
        let research = Course { points: Vec::new(), ..course("research") };
        put(&mut county, [Record::Course(research), Record::ExtraLesson(other)]);
        assert_eq!(county.conflicts_on(MONDAY_5).len(), count, "{starts_min}");
    }
}

#[test]
fn a_cancelled_lesson_has_no_conflict() {
    let mut county = beside(course("art"));
    assert_eq!(county.conflicts_of(&lesson(ART)).len(), 4);
    put(&mut county, [Record::LessonEdit(LessonEdit { cancelled: Some("停电".into()), ..about(MUSIC) })]);
    for found in [county.conflicts_on(MONDAY_5), county.conflicts_of(&lesson(ART)), county.conflicts_of(&lesson(MUSIC))]
    {
        assert_eq!(found, []);
    }
    put(&mut county, [off(Some("town"), MONDAY_5), off(None, MONDAY_5)]);
    assert_eq!(county.conflicts_on(MONDAY_5), []);
}

#[test]
fn a_lesson_outside_its_term_or_on_a_day_off_is_a_conflict() {
    let mut county = county();
    let moved = |date| Record::LessonEdit(LessonEdit { moved_to: Some(at(date, 3)), ..about(MUSIC) });
    let later = date(2027, 2, 1);
    put(&mut county, [moved(later)]);
    assert_eq!(kinds(&county, later), [(ConflictKind::OutsideTerm, String::new())]);
    put(&mut county, [moved(SATURDAY_5), off(Some("town"), SATURDAY_5), off(Some("pass"), SATURDAY_5)]);
    let expected = [(ConflictKind::DayOff, "城关小学".into()), (ConflictKind::PointDayOff, "关口教学点".into())];
    assert_eq!(kinds(&county, SATURDAY_5), expected);
    // An extra lesson may be held while the hub school is off.
    let open_day = ExtraLesson { starts_min: 900, ends_min: 940, ..extra("open-day", "music", SATURDAY_5) };
    put(&mut county, [Record::ExtraLesson(open_day)]);
    let of_extra: Vec<ConflictKind> = county.conflicts_of(&lesson("open-day")).iter().map(|it| it.kind).collect();
    assert_eq!(of_extra, [ConflictKind::PointDayOff]);
}

#[test]
fn a_period_that_the_bells_lack_is_a_conflict() {
    let mut county = county();
    put(&mut county, [Record::Bells(bells(Some("town"), MONDAY_5, 480, 2))]);
    assert_eq!(kinds(&county, MONDAY_5), [(ConflictKind::NoSuchPeriod, "3".into())]);
}

#[test]
fn a_lesson_across_two_periods_of_a_point_is_a_conflict() {
    let mut county = county();
    // The lesson is from 580 to 620; the point's third period ends at 600 and its fourth begins at 610.
    put(&mut county, [Record::Bells(bells(Some("pass"), MONDAY_5, 460, 8))]);
    assert_eq!(kinds(&county, MONDAY_5), [(ConflictKind::BellsDiffer, "关口教学点".into())]);
    // A part of one period, or a break, is none.
    put(&mut county, [Record::Bells(bells(Some("pass"), MONDAY_5, 490, 8))]);
    assert_eq!(county.conflicts_on(MONDAY_5), []);
    put(&mut county, [Record::Bells(bells(Some("pass"), MONDAY_5, 480, 2))]);
    assert_eq!(county.conflicts_on(MONDAY_5), []);
}

#[test]
fn what_is_told_free_is_free_and_nearest_first() {
    let mut county = beside(course("art"));
    put(&mut county, [off(None, MONDAY_5 + 2.days()), row("art", 1, 4, WeekSet::range(1, 20))]);
    let free = county.free_periods(&lesson(MUSIC));
    assert_eq!(
        free,
        [(0, 2), (0, 1), (0, 5), (0, 6), (0, 7), (0, 8)].map(|(day, period)| at(MONDAY_5 + day.days(), period))
    );
    for to in free {
        let mut there = county.clone();
        edit(&mut there, &Edit::Reschedule { lesson: lesson(MUSIC), to }, BEFORE_TERM).unwrap();
        assert_eq!(there.conflicts_of(&lesson(MUSIC)), []);
    }
}

#[test]
fn a_lesson_that_keeps_no_bell_may_go_into_a_period_it_overlaps_now() {
    let mut county = county();
    put(&mut county, [Record::Course(apart("art"))]);
    put(&mut county, [Record::ExtraLesson(ExtraLesson { starts_min: 590, ..extra("open-day", "art", SATURDAY_5) })]);
    assert!(county.free_periods(&lesson("open-day")).contains(&at(SATURDAY_5, 3)));
}

#[test]
fn free_periods_skip_days_off_of_any_school_that_takes_part_and_what_is_taken() {
    let mut county = county();
    let week = MONDAY_5 + 1.day();
    // All but the Saturday and the Sunday is off at one school or another, and the Saturday follows a full Monday.
    put(&mut county, [off(None, MONDAY_5), off(Some("pass"), week), off(Some("town"), MONDAY_5 + 2.days())]);
    put(&mut county, [3, 4].map(|day| off(Some("creek"), MONDAY_5 + day.days())));
    put(&mut county, [follows(None, SATURDAY_5, 5, 1), off(None, SATURDAY_5 + 1.day())]);
    put(&mut county, [Record::Course(course("art"))]);
    put(&mut county, [1, 2, 4, 5, 6].map(|period| row("art", 1, period, WeekSet::range(1, 20))));
    assert_eq!(county.free_periods(&lesson(MUSIC)), [at(SATURDAY_5, 7), at(SATURDAY_5, 8)]);
    // What is cancelled leaves its period free.
    put(&mut county, [Record::LessonEdit(LessonEdit { cancelled: Some("停电".into()), ..about("art-w05d1p4") })]);
    assert_eq!(county.free_periods(&lesson(MUSIC))[0], at(SATURDAY_5, 4));
    assert_eq!(county.free_periods(&lesson("none")), []);
    assert_eq!(county.conflicts_of(&lesson("none")), []);
}
