//! What the timetable of a large county costs: `cargo bench -p timetable`.
//!
//! 333 schools, 1,200 rooms and 500 courses with four rows each: 40,000 dated lessons a term. For choosing between ways
//! of doing one thing on one machine; what the whole server does is in docs/benchmarks.md.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop where it finds something impossible")]

use std::{collections::BTreeSet, hint::black_box};

use criterion::{BatchSize, Criterion};
use jiff::{
    ToSpan,
    civil::{Date, date},
    tz::{self, TimeZone},
};
use protocol::{
    CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId, UtcMs,
    timetable::{
        BellPeriod, Bells, Change, Course, CoursePoint, DatePeriod, DayRule, Edit, Entry, Key, Record, Room, RoomKind,
        School, SchoolKind, SessionKind, SpecialDay, Teacher, Term, WeekSet, Weekday,
    },
};
use timetable::{Timetable, dates};

const SCHOOLS: usize = 333;
/// The first schools teach, the others receive.
const HUBS: usize = 83;
const ROOMS: usize = 1_200;
const COURSES: usize = 500;
const ROWS_OF_COURSE: usize = 4;
const FIRST_DAY: Date = date(2026, 8, 31);
const LAST_DAY: Date = date(2027, 1, 15);
/// A Wednesday.
const TODAY: Date = date(2026, 11, 18);
/// Follows a day that is held too, so that every lesson on it is held again.
const MAKEUP: Date = date(2026, 10, 10);

fn school(number: usize) -> SchoolId {
    SchoolId::parse(format!("school-{number}")).unwrap()
}

/// Every school has three or four.
fn room(number: usize) -> RoomId {
    RoomId::parse(format!("room-{number}")).unwrap()
}

fn course_id(number: usize) -> CourseId {
    CourseId::parse(format!("course-{number}")).unwrap()
}

fn term() -> TermId {
    TermId::parse("autumn").unwrap()
}

fn teacher(number: usize) -> ParticipantId {
    ParticipantId::parse(format!("teacher-{number}")).unwrap()
}

/// One master school to three points.
fn course(number: usize) -> Course {
    let hub = number % HUBS;
    let point = |i: usize| {
        let school = HUBS + (3 * number + i) % (SCHOOLS - HUBS);
        CoursePoint { room: room(school + SCHOOLS * (number % 3)), class_group: String::new() }
    };
    Course {
        id: course_id(number),
        term: term(),
        name: format!("三年级音乐 {number}"),
        subject: "音乐".into(),
        grade: "三年级".into(),
        kind: SessionKind::DedicatedLesson,
        hub_school: school(hub),
        class_group: "三（1）班".into(),
        master_teacher: teacher(number),
        master_room: Some(room(hub + SCHOOLS * (number / HUBS % 3))),
        points: (0..3).map(point).collect(),
    }
}

fn row(course: usize, number: usize) -> Entry {
    let weekday = Weekday::from_iso(((course + number) % 5 + 1) as u8).unwrap();
    let period = ((course / HUBS + course / 5 + 2 * number) % 7 + 1) as u8;
    Entry { course: course_id(course), weekday, period, weeks: WeekSet::range(1, 20) }
}

fn bells(of: Option<SchoolId>, from: Date, first_min: u16) -> Record {
    let period = |number: u8| {
        let starts_min = first_min + 50 * u16::from(number - 1);
        BellPeriod { number, starts_min, ends_min: starts_min + 40 }
    };
    Record::Bells(Bells { school: of, from, periods: (1..=7).map(period).collect() })
}

/// The holiday in October with its makeup days, and days of single schools.
fn special_days() -> Vec<Record> {
    let off = |date| (None, date, DayRule::Off);
    let follows = |weekday| DayRule::Follows { week_no: 6, weekday: Weekday::from_iso(weekday).unwrap() };
    let mut days: Vec<(Option<SchoolId>, Date, DayRule)> =
        dates(date(2026, 10, 1), date(2026, 10, 7)).map(off).collect();
    days.extend([(None, date(2026, 9, 27), follows(1)), (None, MAKEUP, follows(5))]);
    days.extend((0..60).map(|i| (Some(school(5 * i)), FIRST_DAY + (2 * i as i64).days(), DayRule::Off)));
    let record = |(school, date, rule)| SpecialDay { school, date, name: "调休".into(), rule };
    days.into_iter().map(|day| Record::SpecialDay(record(day))).collect()
}

fn records() -> Vec<Record> {
    let term =
        Term { id: term(), name: "第一学期".into(), week_1: FIRST_DAY, first_day: FIRST_DAY, last_day: LAST_DAY };
    let mut all = vec![Record::Term(term)];
    all.extend((0..SCHOOLS).map(|number| {
        let kind = if number < HUBS { SchoolKind::HubSchool } else { SchoolKind::TeachingPoint };
        Record::School(School {
            id: school(number), name: format!("第{number}小学"), area: "城关镇".into(), kind
        })
    }));
    all.extend((0..ROOMS).map(|number| {
        let (id, school) = (room(number), school(number % SCHOOLS));
        Record::Room(Room { id, school, name: format!("教室{number}"), kind: RoomKind::ReceiveRoom })
    }));
    all.extend((0..COURSES).map(|number| {
        Record::Teacher(Teacher { id: teacher(number), school: school(number % HUBS), name: format!("教师{number}") })
    }));
    all.extend([bells(None, FIRST_DAY, 480), bells(None, date(2026, 10, 8), 500)]);
    all.extend((0..SCHOOLS).step_by(5).map(|number| bells(Some(school(number)), FIRST_DAY, 490)));
    all.extend(special_days());
    all.extend((0..COURSES).map(|number| Record::Course(course(number))));
    all.extend((0..COURSES).flat_map(|course| (0..ROWS_OF_COURSE).map(move |i| Record::Entry(row(course, i)))));
    all
}

fn county() -> Timetable {
    let mut timetable = Timetable::default();
    timetable.apply(&Change { put: records(), remove: Vec::new() }).unwrap();
    timetable
}

#[expect(clippy::print_stdout, reason = "what is counted once is no timing")]
fn size() {
    let mut timetable = Timetable::default();
    let counted = allocation_counter::measure(|| timetable = county());
    let held: usize = dates(FIRST_DAY, LAST_DAY).map(|date| timetable.on(date).len()).sum();
    let conflicts = timetable.conflicts(FIRST_DAY, LAST_DAY).len();
    println!("{held} dated lessons, {conflicts} conflicts, {} bytes in records and indexes", counted.bytes_current);
}

fn look(c: &mut Criterion, county: &Timetable) {
    let zone = TimeZone::fixed(tz::offset(8));
    c.bench_function("a day of the county", |b| b.iter(|| county.on(black_box(TODAY))));
    c.bench_function("a day that follows another", |b| b.iter(|| county.on(black_box(MAKEUP))));
    let (of, rooms) = (school(HUBS + 1), (0..ROOMS).filter(|n| n % SCHOOLS == HUBS + 1).map(room));
    let rooms: BTreeSet<RoomId> = rooms.collect();
    let wanted =
        |course: &Course| course.hub_school == of || course.points.iter().any(|point| rooms.contains(&point.room));
    let monday = TODAY - 2.days();
    let week = || dates(monday, monday + 6.days());
    c.bench_function("a week of a school", |b| {
        b.iter(|| week().map(|date| county.on_for(date, wanted).len()).sum::<usize>());
    });
    c.bench_function("a week of the county as shown", |b| {
        b.iter(|| week().map(|date| county.day(date, &zone).len()).sum::<usize>());
    });
    let id = LessonId::parse("course-250-w12d1p1").unwrap();
    let id = county.on(TODAY).get(100).map_or(id, |held| held.id.clone());
    c.bench_function("one lesson by its id", |b| b.iter(|| county.find(black_box(&id)).is_some()));
    c.bench_function("free periods of a lesson", |b| b.iter(|| county.free_periods(black_box(&id)).len()));
}

fn conflicts(c: &mut Criterion, county: &Timetable) {
    c.bench_function("conflicts of a day", |b| b.iter(|| county.conflicts_on(black_box(TODAY)).len()));
    let mut group = c.benchmark_group("whole term");
    group.sample_size(10);
    group.bench_function("conflicts", |b| b.iter(|| county.conflicts(FIRST_DAY, LAST_DAY).len()));
    group.finish();
}

/// The change of one edit, and the conflicts it leaves behind.
fn edits(c: &mut Criterion, county: &Timetable) {
    let zone = TimeZone::fixed(tz::offset(8));
    let lesson = county.on(TODAY)[100].id.clone();
    let edit = Edit::Reschedule { lesson: lesson.clone(), to: DatePeriod { date: TODAY + 1.day(), period: 2 } };
    let fresh = LessonId::parse("extra-1").unwrap();
    // The timetable is copied and thrown away outside of what is timed.
    let copied = || county.clone();
    c.bench_function("a lesson moved", |b| {
        b.iter_batched_ref(
            copied,
            |county| {
                let change = county.change_of(&edit, fresh.clone(), UtcMs(0), &zone).unwrap();
                county.apply(&change).unwrap();
                county.conflicts_of(&lesson).len()
            },
            BatchSize::LargeInput,
        );
    });
    let (old, new) = (row(250, 0), row(251, 0));
    let new = Entry { course: old.course.clone(), ..new };
    let change =
        Change { put: vec![Record::Entry(new)], remove: vec![Key::Entry(old.course.clone(), old.weekday, old.period)] };
    c.bench_function("a row moved, its twenty dates", |b| {
        b.iter_batched_ref(
            copied,
            |county| {
                county.apply(&change).unwrap();
                county.conflicts_of_change(&change).len()
            },
            BatchSize::LargeInput,
        );
    });
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    size();
    let county = county();
    look(&mut c, &county);
    conflicts(&mut c, &county);
    edits(&mut c, &county);
    c.final_summary();
}
