//! `tongke demo`: a made-up county with one hub school, its teaching points and their people, and a timetable whose
//! current period holds a live music lesson.

use anyhow::Context;
use jiff::{Timestamp, tz::TimeZone};
use protocol::{
    LessonId, ParticipantId, UtcMs,
    api::DemoPerson,
    message::{Phase, Role},
};
use timetable::{BellSchedule, Day, Entry, Weekday, plan_day};

use crate::{
    db::{Bells, Course, Db, SchoolKind},
    http::{fresh_token, hash},
};

const TIME_ZONE: &str = "Asia/Shanghai";
const COURSE: &str = "music-3";
const BELLS: &str = "qingxi-shiyan";
const HUB_SCHOOL: &str = "qingxi-shiyan";
/// Minutes of a primary-school period.
const PERIOD_MIN: u16 = 40;
/// The bell rang at least this many minutes ago.
const BELL_BEFORE_MIN: u16 = 3;
/// A lesson with less time left than this is not offered at the start of the demo; a new one is.
const LEAST_LEFT_MS: i64 = 15 * 60_000;
/// How far back a lesson is looked for that may still be on.
const LOOK_BACK_MS: i64 = 2 * 3_600_000;

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
    /// The current lesson.
    pub lesson: LessonId,
    /// Whom one can be, with fresh tokens.
    pub people: Vec<DemoPerson>,
}

struct Seed {
    key: String,
    name: String,
    role: Role,
    school: (String, String, SchoolKind),
}

fn seeds(points: u8) -> Vec<Seed> {
    let seed = |key: &str, name: &str, role, school: (&str, &str, SchoolKind)| Seed {
        key: key.to_owned(),
        name: name.to_owned(),
        role,
        school: (school.0.to_owned(), school.1.to_owned(), school.2),
    };
    let hub = (HUB_SCHOOL, "清溪县实验小学", SchoolKind::HubSchool);
    let research = ("qingxi-research", "清溪县教研室", SchoolKind::Bureau);
    let bureau = ("qingxi-bureau", "清溪县教育局", SchoolKind::Bureau);
    let first_point = ("point-1", POINTS[0], SchoolKind::TeachingPoint);
    let mut seeds = vec![seed("master", "陈静", Role::MasterTeacher, hub)];
    for number in 1..=points {
        let key = format!("point-{number}");
        let numbered = format!("清溪第{number}教学点");
        let name = POINTS.get(usize::from(number) - 1).copied();
        let name = name.unwrap_or(&numbered);
        let school = (key.as_str(), name, SchoolKind::TeachingPoint);
        seeds.push(seed(&key, name, Role::ClassroomDevice, school));
    }
    seeds.push(seed("observer", "周敏", Role::Researcher, research));
    seeds.push(seed("student", "李小满", Role::Student, first_point));
    seeds.push(seed("admin", "王建国", Role::Admin, bureau));
    seeds
}

/// Makes the county, or brings it up to date, and sees to it that a lesson is on now. Tokens of an earlier run end.
pub async fn seed(db: &Db, points: u8, now: UtcMs) -> anyhow::Result<Demo> {
    db.forget_tokens().await?;
    let mut people = Vec::new();
    for seed in seeds(points) {
        let (school, organisation, kind) = &seed.school;
        db.put_school(school, organisation, *kind).await?;
        let id = ParticipantId::parse(seed.key.clone())?;
        db.put_person(&id, &seed.name, seed.role, school).await?;
        let token = fresh_token()?;
        db.put_token(&hash(&token), &id, UtcMs(i64::MAX)).await?;
        people.push(DemoPerson {
            key: seed.key,
            name: seed.name,
            organisation: organisation.clone(),
            role: seed.role,
            token,
        });
    }
    if db.bells(BELLS).await?.is_none() {
        put_bells(db, BellSchedule::around(0, PERIOD_MIN)).await?;
    }
    let points: Vec<ParticipantId> =
        (1..=points).map(|number| ParticipantId::parse(format!("point-{number}"))).collect::<Result<_, _>>()?;
    db.put_course(&Course {
        id: COURSE.into(),
        subject: "音乐".into(),
        class_group: "三年级".into(),
        hub_school: HUB_SCHOOL.into(),
        master_teacher: ParticipantId::parse("master")?,
        bell_schedule: BELLS.into(),
        points: points.clone(),
    })
    .await?;
    let lesson = match current(db, &points, now).await? {
        Some(lesson) => lesson,
        None => make_current(db, now).await?,
    };
    Ok(Demo { lesson, people })
}

/// Sees to it that when the period of the last lesson is over, another one begins.
pub async fn keep_current(db: &Db, now: UtcMs) -> anyhow::Result<()> {
    let recent = db.lessons_between(now.plus_ms(-LOOK_BACK_MS), now.plus_ms(1)).await?;
    let is_on = |l: &timetable::Lesson| now < l.ends_at || l.phase(now) == Phase::Live;
    if !recent.iter().any(is_on) {
        make_current(db, now).await?;
    }
    Ok(())
}

/// The lesson that is on, has these points and time left. One that was recorded before is over: its recording is in the
/// library and is not to be begun again.
async fn current(db: &Db, points: &[ParticipantId], now: UtcMs) -> anyhow::Result<Option<LessonId>> {
    let recent = db.lessons_between(now.plus_ms(-LOOK_BACK_MS), now.plus_ms(1)).await?;
    let is_on = |l: &timetable::Lesson| matches!(l.phase(now), Phase::DoorsOpen | Phase::Live);
    let mut usable = None;
    for lesson in recent.into_iter().filter(is_on) {
        let has_points = lesson.points.iter().map(|point| &point.id).eq(points);
        if db.recording(&lesson.id).await?.is_some() {
            db.lesson_ended(&lesson.id, now).await?;
        } else if has_points && lesson.ends_at.since_ms(now) >= LEAST_LEFT_MS {
            usable = Some(lesson.id);
        }
    }
    Ok(usable)
}

async fn put_bells(db: &Db, schedule: BellSchedule) -> anyhow::Result<()> {
    db.put_bells(&Bells { id: BELLS.into(), school: HUB_SCHOOL.into(), time_zone: TIME_ZONE.into(), schedule }).await
}

/// Lays the bells of today so that a period began a few minutes ago, puts music into it, and plans the day.
async fn make_current(db: &Db, now: UtcMs) -> anyhow::Result<LessonId> {
    let zone = TimeZone::get(TIME_ZONE).context("the time zone data is missing")?;
    let local = Timestamp::from_millisecond(now.0)?.to_zoned(zone);
    let minute = u16::try_from(i16::from(local.hour()) * 60 + i16::from(local.minute()))?;
    let bell = minute.saturating_sub(BELL_BEFORE_MIN) / 5 * 5;
    let schedule = BellSchedule::around(bell, PERIOD_MIN);
    let period = schedule.period_at(bell).context("no period now")?.number;
    put_bells(db, schedule).await?;
    let weekday =
        Weekday::from_iso(local.weekday().to_monday_one_offset().unsigned_abs()).context("no such weekday")?;
    let course = COURSE.to_owned();
    let entry = Entry { course, weekday, period };
    db.put_entry(&entry).await?;
    let bells = db.bells(BELLS).await?.context("the bells are missing")?;
    let day = Day { weekday, midnight: UtcMs(local.start_of_day()?.timestamp().as_millisecond()) };
    let planned = plan_day(&db.entries(COURSE).await?, &bells.schedule, day);
    let planned = planned.into_iter().find(|lesson| lesson.period == period);
    let planned = planned.context("the timetable has no lesson now")?;
    let taught = db.lesson_count(COURSE).await?;
    let title = TITLES[taught % TITLES.len()];
    let date = local.strftime("%Y%m%d").to_string();
    for repeat in 1.. {
        let repeated = match repeat {
            1 => String::new(),
            n => format!("-{n}"),
        };
        let id = LessonId::parse(format!("{COURSE}-{date}-p{period}{repeated}"))?;
        if db.add_lesson(&id, title, &planned).await? {
            return Ok(id);
        }
    }
    anyhow::bail!("no id is left for a lesson")
}

#[cfg(test)]
mod tests {
    use protocol::message::RecordingState;

    use super::*;
    use crate::{db::Recording, testing::TempDir};

    const MINUTE_MS: i64 = 60_000;

    #[tokio::test]
    async fn at_any_time_of_the_day_the_current_period_holds_a_music_lesson() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        // 2026-11-22 00:00 in Shanghai.
        let midnight = UtcMs(1_795_276_800_000);
        for minute in [0, 1, 4, 42, 479, 720, 1383, 1425, 1439] {
            let now = midnight.plus_ms(minute * MINUTE_MS + 59_999);
            let demo = seed(&db, 3, now).await.unwrap();
            let lesson = db.lesson(&demo.lesson).await.unwrap().unwrap();
            assert!(lesson.starts_at <= now, "{minute}");
            assert!(lesson.ends_at.since_ms(now) >= LEAST_LEFT_MS, "{minute}");
            assert_eq!(lesson.phase(now), Phase::DoorsOpen);
            assert_eq!(lesson.points.len(), 3);
            assert_eq!(lesson.subject, "音乐");
        }
    }

    #[tokio::test]
    async fn a_second_start_goes_on_with_the_lesson_and_after_its_end_makes_a_new_one() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let now = UtcMs(1_795_320_000_000);
        let first = seed(&db, 3, now).await.unwrap();
        let again = seed(&db, 3, now.plus_ms(MINUTE_MS)).await.unwrap();
        assert_eq!(first.lesson, again.lesson);
        let other_points = seed(&db, 5, now).await.unwrap();
        assert_ne!(other_points.lesson, first.lesson);
        db.lesson_ended(&other_points.lesson, now).await.unwrap();
        let after = seed(&db, 5, now).await.unwrap();
        assert_ne!(after.lesson, other_points.lesson);
        assert!(db.lesson(&first.lesson).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_lesson_that_was_recorded_before_the_restart_stays_in_the_library_and_another_is_on() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let now = UtcMs(1_795_320_000_000);
        let first = seed(&db, 3, now).await.unwrap().lesson;
        db.lesson_went_live(&first, now).await.unwrap();
        let recording = Recording { state: RecordingState::Finished, started_at: now, duration_ms: Some(60_000) };
        db.put_recording(&first, &recording).await.unwrap();
        let later = now.plus_ms(MINUTE_MS);
        let second = seed(&db, 3, later).await.unwrap().lesson;
        assert_ne!(second, first);
        let library = db.recorded_lessons(10).await.unwrap();
        assert_eq!(library.iter().map(|l| &l.id).collect::<Vec<_>>(), [&first]);
        assert_eq!(library[0].phase(later), Phase::Ended);
        assert_eq!(db.recording(&first).await.unwrap(), Some(recording));
    }

    #[tokio::test]
    async fn when_the_period_is_over_another_lesson_begins_but_not_before() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let now = UtcMs(1_795_320_000_000);
        let first = seed(&db, 1, now).await.unwrap();
        db.lesson_ended(&first.lesson, now).await.unwrap();
        keep_current(&db, now.plus_ms(MINUTE_MS)).await.unwrap();
        assert_eq!(db.lesson_count(COURSE).await.unwrap(), 1);
        keep_current(&db, now.plus_ms(41 * MINUTE_MS)).await.unwrap();
        assert_eq!(db.lesson_count(COURSE).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn only_the_tokens_of_the_last_start_are_valid() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let now = UtcMs(1_795_320_000_000);
        let first = seed(&db, 2, now).await.unwrap();
        let second = seed(&db, 2, now).await.unwrap();
        let keys: Vec<&str> = second.people.iter().map(|p| p.key.as_str()).collect();
        assert_eq!(keys, ["master", "point-1", "point-2", "observer", "student", "admin"]);
        for (old, new) in first.people.iter().zip(&second.people) {
            let of = async |token: &str| db.person_of_token(&hash(token), now).await.unwrap();
            assert_eq!(of(&old.token).await, None);
            assert_eq!(of(&new.token).await.map(|p| p.role), Some(new.role));
        }
    }
}
