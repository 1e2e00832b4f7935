//! The demo's county at any time of the day.

use protocol::message::RecordingState;

use super::*;
use crate::{
    db::{Note, Recording},
    testing::{TempDir, county, seeded},
};

const MINUTE_MS: i64 = 60_000;

#[tokio::test]
async fn at_any_time_of_the_day_the_current_period_holds_a_music_lesson() {
    let dir = TempDir::new();
    let db = Db::open(dir.path()).await.unwrap();
    // 2026-11-22 00:00 in Shanghai.
    let midnight = UtcMs(1_795_276_800_000);
    for minute in [0, 1, 4, 42, 479, 720, 1383, 1425, 1439] {
        let now = midnight.plus_ms(minute * MINUTE_MS + 59_999);
        let demo = seeded(&db, 3, now).await;
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
    let first = seeded(&db, 3, now).await;
    let again = seeded(&db, 3, now.plus_ms(MINUTE_MS)).await;
    assert_eq!(first.lesson, again.lesson);
    let other_points = seeded(&db, 5, now).await;
    assert_ne!(other_points.lesson, first.lesson);
    db.lesson_ended(&other_points.lesson, now).await.unwrap();
    let after = seeded(&db, 5, now).await;
    assert_ne!(after.lesson, other_points.lesson);
    assert!(db.lesson(&first.lesson).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lesson_that_was_recorded_before_the_restart_stays_in_the_library_and_another_is_on() {
    let dir = TempDir::new();
    let db = Db::open(dir.path()).await.unwrap();
    let now = UtcMs(1_795_320_000_000);
    let first = seeded(&db, 3, now).await.lesson;
    let recording = Recording { state: RecordingState::Finished, started_at: now, duration_ms: Some(60_000) };
    let notes = [Note::WentLive(now), Note::Recording(recording.clone())];
    db.write_notes(&notes.map(|note| (first.clone(), note))).await.unwrap();
    let later = now.plus_ms(MINUTE_MS);
    let second = seeded(&db, 3, later).await.lesson;
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
    let first = seeded(&db, 1, now).await;
    db.lesson_ended(&first.lesson, now).await.unwrap();
    let county = county(&db).await;
    let lessons = || county.state().timetable().extra_lessons();
    keep_current(&db, &county, now.plus_ms(MINUTE_MS)).await.unwrap();
    assert_eq!(lessons(), 1);
    keep_current(&db, &county, now.plus_ms(41 * MINUTE_MS)).await.unwrap();
    assert_eq!(lessons(), 2);
}

#[tokio::test]
async fn only_the_tokens_of_the_last_start_are_valid() {
    let dir = TempDir::new();
    let db = Db::open(dir.path()).await.unwrap();
    let now = UtcMs(1_795_320_000_000);
    let first = seeded(&db, 2, now).await;
    let second = seeded(&db, 2, now).await;
    let keys: Vec<&str> = second.people.iter().map(|p| p.key.as_str()).collect();
    assert_eq!(keys, ["master", "point-1", "point-2", "observer", "student", "admin"]);
    for (old, new) in first.people.iter().zip(&second.people) {
        let of = async |token: &str| db.person_of_token(&hash(token), now).await.unwrap();
        assert_eq!(of(&old.token).await, None);
        assert_eq!(of(&new.token).await.map(|p| p.role), Some(new.role));
    }
}
