//! The lessons of a day, and how long each may overrun.

use protocol::timetable::{Course, CoursePoint, ExtraLesson, LessonEdit, Record, WeekSet};

use crate::{
    OVERRUN_LIMIT_MS,
    small_county::{MONDAY_5, about, apart, county, extra, person, put, room_id, row, time, zone},
};

/// How many minutes after its bell the Monday lesson of `music` may go on, which ends at 620, with another at 640.
fn overrun_beside(other: Course, cancelled: Option<&str>) -> i64 {
    let mut county = county();
    let at_640 = ExtraLesson { starts_min: 640, ends_min: 680, ..extra("open-day", "other", MONDAY_5) };
    let at_640 = ExtraLesson { cancelled: cancelled.map(str::to_owned), ..at_640 };
    put(&mut county, [Record::Course(other), Record::ExtraLesson(at_640)]);
    let day = county.day(MONDAY_5, &zone());
    assert_eq!(day.iter().map(|lesson| lesson.id.as_str()).collect::<Vec<_>>(), ["music-w05d1p3", "open-day"]);
    assert_eq!(day[1].latest_end, time(MONDAY_5, 680).plus_ms(OVERRUN_LIMIT_MS), "nothing follows it");
    (day[0].latest_end.0 - day[0].ends_at.0) / 60_000
}

#[test]
fn a_lesson_overruns_until_the_next_bell_of_its_teacher_or_of_one_of_its_rooms() {
    let point = CoursePoint { room: room_id("pass-room"), class_group: String::new() };
    let rows = [
        (apart("other"), None, 30),
        (Course { master_teacher: person("wang"), ..apart("other") }, None, 20),
        (Course { master_room: Some(room_id("town-room")), ..apart("other") }, None, 20),
        (Course { points: vec![point.clone()], ..apart("other") }, None, 20),
        (Course { points: vec![point], ..apart("other") }, Some("停电"), 30),
    ];
    for (other, cancelled, minutes) in rows {
        assert_eq!(overrun_beside(other.clone(), cancelled), minutes, "{other:?}");
    }
}

#[test]
fn a_lesson_that_cannot_be_held_is_left_out_and_a_cancelled_one_is_not() {
    let mut county = county();
    put(&mut county, [row("music", 1, 20, WeekSet::range(1, 20))]);
    put(&mut county, [Record::LessonEdit(LessonEdit { cancelled: Some("停电".into()), ..about("music-w05d1p3") })]);
    let day = county.day(MONDAY_5, &zone());
    assert_eq!(day.len(), 1);
    assert_eq!(day[0].cancelled.as_deref(), Some("停电"));
}
