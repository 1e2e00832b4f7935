//! Whole batches, from sheets to a change.

mod directories;
mod grids;
mod rows;
mod whole_county;

use protocol::timetable::{DayRule, Record, RoomKind, SchoolKind};
use timetable::Timetable;

use crate::test_support::{apply, county, directory_file, import};

#[test]
fn one_workbook_brings_all_that_a_county_has() {
    let first = import(&Timetable::default(), &[directory_file()]);
    assert_eq!(first.preview.problems, []);
    let counts: Vec<(&str, u32)> = first.preview.added.iter().map(|it| (it.kind.as_str(), it.count)).collect();
    let expected =
        [("term", 1), ("school", 5), ("room", 7), ("teacher", 4), ("bells", 1), ("special_day", 8), ("requirement", 2)];
    assert_eq!(counts, expected);
    let records = county().records();
    let kinds = records.iter().filter_map(|record| match record {
        Record::School(school) if school.name == "云岭教学点" => Some((school.kind, None)),
        Record::Room(room) if room.name == "录播教室2" => Some((SchoolKind::HubSchool, Some(room.kind))),
        _ => None,
    });
    let told_by_name = [(SchoolKind::TeachingPoint, None), (SchoolKind::HubSchool, Some(RoomKind::RecordingRoom))];
    assert_eq!(kinds.collect::<Vec<_>>(), told_by_name);
    let makeup = records.iter().find_map(|record| match record {
        Record::SpecialDay(day) if day.date == jiff::civil::date(2026, 10, 10) => Some(day.rule.clone()),
        _ => None,
    });
    let Some(DayRule::Follows { week_no, weekday }) = makeup else { panic!("no makeup day") };
    assert_eq!((week_no, weekday.iso()), (6, 3));
}

#[test]
fn the_same_file_again_changes_nothing() {
    let again = import(&county(), &[directory_file()]);
    assert_eq!(again.preview.problems, []);
    assert!(again.change.is_empty());
    assert_eq!(again.preview.unchanged.iter().map(|it| it.count).sum::<u32>(), 28);
    assert_eq!(apply(&county(), &[directory_file()]), county());
}
