//! A county for tests: two hub schools, two teaching points, one course with one row a week.
//!
//! Week 1 begins on Monday 2026-08-31 and school on the Tuesday after; the last day is Friday 2027-01-15, in week 20.
//! Eight periods of 40 minutes begin at 08:00, ten minutes apart. `music` is held on Mondays in period 3, from the hub
//! in the town to both points.

use jiff::{
    civil::{Date, date},
    tz::{self, TimeZone},
};
use protocol::{
    CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId, UtcMs,
    timetable::{
        BellPeriod, Bells, Change, Course, CoursePoint, DatePeriod, DayRule, Edit, Entry, ExtraLesson, LessonEdit,
        Record, Room, RoomKind, School, SchoolKind, SessionKind, SpecialDay, Teacher, Term, WeekSet, Weekday,
    },
};

use crate::{EditError, Timetable, origin_of};

/// Monday of week 5.
pub const MONDAY_5: Date = date(2026, 9, 28);
pub const SATURDAY_5: Date = date(2026, 10, 3);
/// Where nothing is over yet.
pub const BEFORE_TERM: Date = date(2026, 8, 1);

pub fn county() -> Timetable {
    let schools = [("town", "城关小学"), ("hill", "山上小学"), ("creek", "下河教学点"), ("pass", "关口教学点")];
    let mut put = vec![Record::Term(term())];
    for (id, name) in schools {
        put.push(Record::School(School {
            id: school(id),
            name: name.into(),
            area: "城关镇".into(),
            kind: SchoolKind::HubSchool,
        }));
        put.push(room(&format!("{id}-room"), id));
    }
    put.extend([teacher("wang", "town"), teacher("li", "hill")]);
    put.push(Record::Bells(bells(None, date(2026, 8, 1), 480, 8)));
    put.push(Record::Course(course("music")));
    put.push(row("music", 1, 3, WeekSet::range(1, 20)));
    let mut timetable = Timetable::default();
    timetable.apply(&Change { put, remove: Vec::new() }).unwrap();
    timetable
}

pub fn term() -> Term {
    Term {
        id: TermId::parse("autumn").unwrap(),
        name: "2026–2027 学年第一学期".into(),
        week_1: date(2026, 8, 31),
        first_day: date(2026, 9, 1),
        last_day: date(2027, 1, 15),
    }
}

/// Taught by `wang` from the town to both points.
pub fn course(id: &str) -> Course {
    let points =
        ["creek-room", "pass-room"].map(|room| CoursePoint { room: room_id(room), class_group: String::new() });
    Course {
        id: CourseId::parse(id).unwrap(),
        term: term().id,
        name: format!("课程 {id}"),
        subject: "音乐".into(),
        grade: "三年级".into(),
        kind: SessionKind::DedicatedLesson,
        hub_school: school("town"),
        class_group: "三（1）班".into(),
        master_teacher: person("wang"),
        master_room: Some(room_id("town-room")),
        points: points.into(),
    }
}

/// Taught by `li` from the hill to nobody, so that it meets `music` only where a test has it.
pub fn apart(id: &str) -> Course {
    Course {
        hub_school: school("hill"),
        master_teacher: person("li"),
        master_room: Some(room_id("hill-room")),
        points: Vec::new(),
        ..course(id)
    }
}

pub fn school(id: &str) -> SchoolId {
    SchoolId::parse(id).unwrap()
}

pub fn person(id: &str) -> ParticipantId {
    ParticipantId::parse(id).unwrap()
}

pub fn room_id(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

pub fn lesson(id: &str) -> LessonId {
    LessonId::parse(id).unwrap()
}

pub fn room(id: &str, of: &str) -> Record {
    Record::Room(Room { id: room_id(id), school: school(of), name: "二楼教室".into(), kind: RoomKind::ReceiveRoom })
}

pub fn teacher(id: &str, of: &str) -> Record {
    Record::Teacher(Teacher { id: person(id), school: school(of), name: format!("{id}老师") })
}

/// `count` periods of 40 minutes, ten minutes apart.
pub fn bells(of: Option<&str>, from: Date, first_min: u16, count: u8) -> Bells {
    let period = |number: u8| {
        let starts_min = first_min + 50 * u16::from(number - 1);
        BellPeriod { number, starts_min, ends_min: starts_min + 40 }
    };
    Bells { school: of.map(school), from, periods: (1..=count).map(period).collect() }
}

pub fn row(course: &str, weekday: u8, period: u8, weeks: WeekSet) -> Record {
    let (course, weekday) = (CourseId::parse(course).unwrap(), Weekday::from_iso(weekday).unwrap());
    Record::Entry(Entry { course, weekday, period, weeks })
}

pub fn off(of: Option<&str>, date: Date) -> Record {
    Record::SpecialDay(SpecialDay { school: of.map(school), date, name: "放假".into(), rule: DayRule::Off })
}

/// A day that follows a weekday of a week.
pub fn follows(of: Option<&str>, date: Date, week_no: u8, weekday: u8) -> Record {
    let rule = DayRule::Follows { week_no, weekday: Weekday::from_iso(weekday).unwrap() };
    Record::SpecialDay(SpecialDay { school: of.map(school), date, name: "补班".into(), rule })
}

pub fn at(date: Date, period: u8) -> DatePeriod {
    DatePeriod { date, period }
}

/// Nothing yet about the lesson with this id.
pub fn about(id: &str) -> LessonEdit {
    let origin = origin_of(&lesson(id)).unwrap();
    LessonEdit { origin, moved_to: None, substitute: None, master_room: None, cancelled: None, title: None }
}

/// An hour from 10:00 on that keeps no bell.
pub fn extra(id: &str, course: &str, date: Date) -> ExtraLesson {
    let (id, course) = (lesson(id), CourseId::parse(course).unwrap());
    ExtraLesson { id, course, title: String::new(), date, period: 0, starts_min: 600, ends_min: 660, cancelled: None }
}

/// Puts what must be sound.
pub fn put<const N: usize>(timetable: &mut Timetable, records: [Record; N]) -> Change {
    timetable.apply(&Change { put: records.into(), remove: Vec::new() }).unwrap()
}

/// The ids of what is on, in order.
pub fn on(timetable: &Timetable, date: Date) -> Vec<String> {
    timetable.on(date).iter().map(|held| held.id.to_string()).collect()
}

pub fn zone() -> TimeZone {
    TimeZone::fixed(tz::offset(8))
}

/// A minute of a date.
pub fn time(date: Date, minute: i64) -> UtcMs {
    UtcMs(date.to_zoned(zone()).unwrap().timestamp().as_millisecond()).plus_ms(60_000 * minute)
}

/// Makes `edit` at the beginning of a date; what takes it back comes back. A lesson that is added is `added`.
pub fn edit(timetable: &mut Timetable, edit: &Edit, today: Date) -> Result<Change, EditError> {
    let change = timetable.change_of(edit, lesson("added"), time(today, 0), &zone())?;
    Ok(timetable.apply(&change)?)
}
