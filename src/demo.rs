//! `tongke demo`: a made-up county with one hub school, its teaching points and their people, and a timetable whose
//! current period holds a live music lesson.

use anyhow::Context;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use protocol::{
    CourseId, LessonId, ParticipantId, RoomId, SchoolId, TermId, UtcMs,
    api::DemoPerson,
    county::ChangeKind,
    message::{Phase, Role},
    timetable::{
        Bells, Change, Course, CoursePoint, Entry, ExtraLesson, Record, Requirement, Room, RoomKind, School,
        SchoolKind, SessionKind, Teacher, Term, WeekSet, Weekday,
    },
};
use timetable::{BellSchedule, Lesson};

use crate::{
    county::{Author, County},
    db::Db,
    http::{fresh_token, hash},
};

const COURSE: &str = "music-3";
const HUB_SCHOOL: &str = "qingxi-shiyan";
/// Minutes of a primary-school period.
const PERIOD_MIN: u16 = 40;
/// Weeks of a term.
const TERM_WEEKS: i32 = 20;
/// The week of the term in which the demo is first begun.
const FIRST_WEEK: i32 = 9;
/// The bell rang at least this many minutes ago.
const BELL_BEFORE_MIN: u16 = 3;
/// A lesson with less time left than this is not offered at the start of the demo; a new one is.
const LEAST_LEFT_MS: i64 = 15 * 60_000;

/// Titles of the lessons, taken in turn.
const TITLES: [&str; 6] = [
    "《茉莉花》欣赏与演唱",
    "《小星星》节奏与合唱",
    "《让我们荡起双桨》学唱",
    "《二泉映月》欣赏",
    "竖笛：吹奏《欢乐颂》",
    "打击乐：认识锣、鼓、镲",
];

/// Names of the teaching points, in their order; further ones are numbered.
const POINTS: [&str; 8] = [
    "石门教学点",
    "云岭教学点",
    "柳河教学点",
    "白杨坪教学点",
    "青岗教学点",
    "竹溪教学点",
    "杏花村教学点",
    "南坡教学点",
];

/// What is ready once the demo is seeded.
pub struct Demo {
    /// The current lesson, unless the timetable is to be imported.
    pub lesson: Option<LessonId>,
    /// Whom one can be, with fresh tokens.
    pub people: Vec<DemoPerson>,
}

fn point_name(number: u8) -> String {
    POINTS.get(usize::from(number) - 1).map_or_else(|| format!("清溪第{number}教学点"), |name| (*name).to_owned())
}

/// Makes the county, or brings it up to date: its schools, rooms and people, without any lesson. Tokens of an earlier run end.
pub async fn seed_people(db: &Db, county: &County, points: u8, now: UtcMs) -> anyhow::Result<Demo> {
    db.forget_tokens().await?;
    change(county, Change { put: places(points)?, remove: Vec::new() }, now).await?;
    Ok(Demo { lesson: None, people: people(db, points).await? })
}

/// Makes the county, or brings it up to date, and sees to it that a lesson is on now.
pub async fn seed(db: &Db, county: &County, points: u8, now: UtcMs) -> anyhow::Result<Demo> {
    let Demo { people, .. } = seed_people(db, county, points, now).await?;
    let put = lessons(county, points, now)?;
    change(county, Change { put, remove: Vec::new() }, now).await?;
    let ids: Vec<ParticipantId> =
        (1..=points).map(|number| ParticipantId::parse(format!("point-{number}"))).collect::<Result<_, _>>()?;
    let lesson = match current(db, county, &ids, now).await? {
        Some(lesson) => lesson,
        None => make_current(db, county, now).await?,
    };
    Ok(Demo { lesson: Some(lesson), people })
}

/// The people and devices one can be, each with a fresh token.
async fn people(db: &Db, points: u8) -> anyhow::Result<Vec<DemoPerson>> {
    let person = |key: &str, name: &str, organisation: &str, role| DemoPerson {
        key: key.to_owned(),
        name: name.to_owned(),
        organisation: organisation.to_owned(),
        role,
        token: String::new(),
    };
    let mut people = vec![person("master", "陈静", "清溪县实验小学", Role::MasterTeacher)];
    for number in 1..=points {
        let name = point_name(number);
        people.push(person(&format!("point-{number}"), &name, &name, Role::ClassroomDevice));
    }
    people.push(person("observer", "周敏", "清溪县教研室", Role::Researcher));
    people.push(person("student", "李小满", POINTS[0], Role::Student));
    people.push(person("admin", "王建国", "清溪县教育局", Role::Admin));
    for person in &mut people {
        let id = ParticipantId::parse(person.key.clone())?;
        let school = match person.role {
            Role::Researcher => "qingxi-research",
            Role::Student => "point-1",
            Role::Admin => "qingxi-bureau",
            // They come with the timetable.
            Role::MasterTeacher | Role::ClassroomDevice => "",
        };
        if !school.is_empty() {
            db.put_person(&id, &person.name, person.role, school).await?;
        }
        person.token = fresh_token()?;
        db.put_token(&hash(&person.token), &id, UtcMs(i64::MAX)).await?;
    }
    Ok(people)
}

/// Schools, rooms and the teacher.
fn places(points: u8) -> anyhow::Result<Vec<Record>> {
    let school = |id: &str, name: &str, area: &str, kind| -> anyhow::Result<Record> {
        Ok(Record::School(School { id: SchoolId::parse(id)?, name: name.into(), area: area.into(), kind }))
    };
    let mut put = vec![
        school(HUB_SCHOOL, "清溪县实验小学", "城关镇", SchoolKind::HubSchool)?,
        school("qingxi-research", "清溪县教研室", "城关镇", SchoolKind::Bureau)?,
        school("qingxi-bureau", "清溪县教育局", "城关镇", SchoolKind::Bureau)?,
    ];
    let hub = SchoolId::parse(HUB_SCHOOL)?;
    let room = |id: &str, school: &SchoolId, name: &str, kind| -> anyhow::Result<Record> {
        Ok(Record::Room(Room { id: RoomId::parse(id)?, school: school.clone(), name: name.into(), kind }))
    };
    put.push(room("qingxi-shiyan-1", &hub, "主讲教室1", RoomKind::MasterRoom)?);
    for number in 1..=points {
        let key = format!("point-{number}");
        let area = if number % 2 == 1 { "石门乡" } else { "云岭乡" };
        put.push(school(&key, &point_name(number), area, SchoolKind::TeachingPoint)?);
        put.push(room(&key, &SchoolId::parse(key.clone())?, "同步课堂教室", RoomKind::ReceiveRoom)?);
    }
    put.push(Record::Teacher(Teacher { id: ParticipantId::parse("master")?, school: hub, name: "陈静".into() }));
    Ok(put)
}

/// The term, the course, the curriculum plan, and lessons of the coming days.
fn lessons(county: &County, points: u8, now: UtcMs) -> anyhow::Result<Vec<Record>> {
    let state = county.state();
    let today = county.date(now);
    let (hub, teacher) = (SchoolId::parse(HUB_SCHOOL)?, ParticipantId::parse("master")?);
    let seat = |number| -> anyhow::Result<CoursePoint> {
        Ok(CoursePoint { room: RoomId::parse(format!("point-{number}"))?, class_group: "三年级".into() })
    };
    let seats: Vec<CoursePoint> = (1..=points).map(seat).collect::<Result<_, _>>()?;
    let mut put = Vec::new();
    let term = match state.timetable().term_on(today) {
        Some(term) => term.clone(),
        None => term(today)?,
    };
    put.push(Record::Term(term.clone()));
    let course = CourseId::parse(COURSE)?;
    put.push(Record::Course(Course {
        id: course.clone(),
        term: term.id,
        name: "音乐".into(),
        subject: "音乐".into(),
        grade: "三年级".into(),
        kind: SessionKind::DedicatedLesson,
        hub_school: hub.clone(),
        class_group: "三年级".into(),
        master_teacher: teacher,
        master_room: Some(RoomId::parse("qingxi-shiyan-1")?),
        points: seats,
    }));
    for (subject, periods) in [("音乐", 2), ("美术", 2), ("英语", 3)] {
        put.push(Record::Requirement(Requirement { grade: "三年级".into(), subject: subject.into(), periods }));
    }
    if state.timetable().bells_on(&hub, today).is_none() {
        put.push(Record::Bells(BellSchedule::around(8 * 60, PERIOD_MIN).to_record(None, term.first_day)));
    }
    put.extend(weekly(&course, today));
    Ok(put)
}

/// Music on two other days of the week, so that the coming days have lessons too. Not tomorrow: what is near is the lesson
/// that is on.
fn weekly(course: &CourseId, today: Date) -> Vec<Record> {
    let today = Weekday::of(today).iso();
    let days =
        [(today + 1) % 7 + 1, (today + 3) % 7 + 1].into_iter().filter(|day| *day <= 5).filter_map(Weekday::from_iso);
    let entry = |weekday| Entry { course: course.clone(), weekday, period: 2, weeks: WeekSet::range(1, 20) };
    days.map(|weekday| Record::Entry(entry(weekday))).collect()
}

/// A term that has been on for some weeks.
fn term(today: Date) -> anyhow::Result<Term> {
    let monday = today.checked_sub(i32::from(today.weekday().to_monday_zero_offset()).days())?;
    let week_1 = monday.checked_sub((7 * (FIRST_WEEK - 1)).days())?;
    Ok(Term {
        id: TermId::parse(format!("term-{}", week_1.strftime("%Y%m%d")))?,
        name: format!("{}年示范学期", week_1.year()),
        week_1,
        first_day: week_1,
        last_day: week_1.checked_add((7 * TERM_WEEKS - 1).days())?,
    })
}

/// Sees to it that when the period of the last lesson is over, another one begins.
pub async fn keep_current(db: &Db, county: &County, now: UtcMs) -> anyhow::Result<()> {
    let is_on = |l: &Lesson| now < l.ends_at || l.phase(now) == Phase::Live;
    if !recent(db, county, now).await?.iter().any(is_on) {
        make_current(db, county, now).await?;
    }
    Ok(())
}

/// The lessons of today and yesterday that have begun, as far as they came.
async fn recent(db: &Db, county: &County, now: UtcMs) -> anyhow::Result<Vec<Lesson>> {
    let state = county.state();
    let today = county.date(now);
    let days = [today.yesterday().unwrap_or(today), today];
    let mut lessons = Vec::new();
    for planned in days.iter().flat_map(|date| state.day(*date).to_vec()).filter(|l| l.starts_at <= now) {
        let kept = db.lesson(&planned.id).await?;
        lessons.push(kept.unwrap_or_else(|| Lesson::clone(&planned)));
    }
    Ok(lessons)
}

/// The lesson that is on, has these points and time left. One that was recorded before is over: its recording is in the
/// library and is not to be begun again.
async fn current(db: &Db, county: &County, points: &[ParticipantId], now: UtcMs) -> anyhow::Result<Option<LessonId>> {
    let is_on = |l: &Lesson| matches!(l.phase(now), Phase::DoorsOpen | Phase::Live);
    let mut usable = None;
    for lesson in recent(db, county, now).await?.into_iter().filter(is_on) {
        let has_points = lesson.points.iter().map(|point| &point.id).eq(points);
        if db.recording(&lesson.id).await?.is_some() {
            db.lesson_ended(&lesson.id, now).await?;
        } else if has_points && lesson.ends_at.since_ms(now) >= LEAST_LEFT_MS {
            usable = Some(lesson.id);
        }
    }
    Ok(usable)
}

/// Puts a music lesson into a period that began a few minutes ago.
async fn make_current(db: &Db, county: &County, now: UtcMs) -> anyhow::Result<LessonId> {
    let local = local(county.zone(), now)?;
    let minute = u16::try_from(i16::from(local.hour()) * 60 + i16::from(local.minute()))?;
    let bell = minute.saturating_sub(BELL_BEFORE_MIN) / 5 * 5;
    let schedule = BellSchedule::around(bell, PERIOD_MIN);
    let period = *schedule.period_at(bell).context("no period now")?;
    let date = local.date();
    let (id, title) = fresh_lesson(db, county, date, period.number).await?;
    let lesson = ExtraLesson {
        id: id.clone(),
        course: CourseId::parse(COURSE)?,
        title: title.into(),
        date,
        period: period.number,
        starts_min: period.starts_min,
        ends_min: period.ends_min,
        cancelled: None,
    };
    let bells = Bells { school: Some(SchoolId::parse(HUB_SCHOOL)?), from: date, periods: schedule.periods().to_vec() };
    let put = vec![Record::Bells(bells), Record::ExtraLesson(lesson)];
    change(county, Change { put, remove: Vec::new() }, now).await?;
    Ok(id)
}

/// An id that no lesson has, and the next title in turn.
async fn fresh_lesson(db: &Db, county: &County, date: Date, period: u8) -> anyhow::Result<(LessonId, &'static str)> {
    let state = county.state();
    let date = date.strftime("%Y%m%d").to_string();
    for repeat in 1.. {
        let repeated = match repeat {
            1 => String::new(),
            n => format!("-{n}"),
        };
        let id = LessonId::parse(format!("{COURSE}-{date}-p{period}{repeated}"))?;
        if state.timetable().find(&id).is_none() && db.lesson(&id).await?.is_none() {
            let taught = state.timetable().extra_lessons();
            return Ok((id, TITLES[taught % TITLES.len()]));
        }
    }
    anyhow::bail!("no id is left for a lesson")
}

fn local(zone: &TimeZone, now: UtcMs) -> anyhow::Result<jiff::Zoned> {
    Ok(Timestamp::from_millisecond(now.0)?.to_zoned(zone.clone()))
}

/// Makes a change, if it would change anything.
async fn change(county: &County, change: Change, now: UtcMs) -> anyhow::Result<()> {
    let state = county.state();
    let change = state.timetable().effective(change);
    if change.is_empty() {
        return Ok(());
    }
    let by = Author { person: None, name: "演示".into() };
    let what = ChangeKind::Records { put: Vec::new(), removed: Vec::new() };
    county.change(change, state.version(), what, &by, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
