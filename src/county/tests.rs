//! The timetable in memory and in the database are one.

use protocol::timetable::{DatePeriod, Key, Record};

use super::*;
use crate::{
    db::Note,
    testing::{TempDir, county, seeded},
};

/// 2026-11-22 12:00 in Shanghai, a Sunday.
const NOW: UtcMs = UtcMs(1_795_320_000_000);

fn admin() -> Author {
    Author { person: Some(ParticipantId::parse("admin").unwrap()), name: "王建国".into() }
}

fn fresh(id: &str) -> LessonId {
    LessonId::parse(id).unwrap()
}

async fn demo_county() -> (TempDir, Db, County) {
    let dir = TempDir::new();
    let db = Db::open(dir.path()).await.unwrap();
    seeded(&db, 2, NOW).await;
    let county = county(&db).await;
    (dir, db, county)
}

/// A lesson of the weekly timetable that is still to come.
fn coming(county: &County) -> LessonId {
    let state = county.state();
    let today = county.date(NOW);
    let mut days = timetable::dates(today.tomorrow().unwrap(), today.saturating_add(jiff::Span::new().days(7)));
    days.find_map(|date| state.day(date).first().map(|lesson| lesson.id.clone())).unwrap()
}

#[tokio::test]
async fn an_edit_counts_at_once_outlives_a_restart_and_is_taken_back_whole() {
    let (_dir, db, county) = demo_county().await;
    let before = county.state();
    let lesson = coming(&county);
    let edit = Edit::Cancel { lesson: lesson.clone(), reason: "教师外出".into() };
    let done = county.edit(&edit, fresh("x"), &admin(), NOW).await.unwrap();
    assert_eq!(county.state().lesson(&lesson).unwrap().cancelled.as_deref(), Some("教师外出"));
    let reopened = crate::testing::county(&db).await;
    assert_eq!(reopened.state().timetable(), county.state().timetable());
    assert_eq!(reopened.state().version(), done.version);

    county.undo(done.number, &admin(), NOW).await.unwrap();
    assert_eq!(county.state().timetable(), before.timetable());
    let log = county.changes().await.unwrap();
    assert_eq!(log[0].what, ChangeKind::Undone { number: done.number });
    assert_eq!(log[1].undone_by, Some(log[0].number));
    assert!(log[0].can_undo && !log[1].can_undo);
    assert!(matches!(county.undo(done.number, &admin(), NOW).await, Err(ChangeError::UnknownChange)));
    let reopened = crate::testing::county(&db).await;
    assert_eq!(reopened.state().timetable(), before.timetable());
}

#[tokio::test]
async fn what_was_changed_since_is_not_taken_back_over_it() {
    let (_dir, _db, county) = demo_county().await;
    let lesson = coming(&county);
    let cancel = Edit::Cancel { lesson: lesson.clone(), reason: "停电".into() };
    let first = county.edit(&cancel, fresh("x"), &admin(), NOW).await.unwrap();
    let retitle = Edit::Retitle { lesson, title: "复习".into() };
    let second = county.edit(&retitle, fresh("x"), &admin(), NOW).await.unwrap();
    assert!(matches!(county.undo(first.number, &admin(), NOW).await, Err(ChangeError::ChangedSince)));
    county.undo(second.number, &admin(), NOW).await.unwrap();
    county.undo(first.number, &admin(), NOW).await.unwrap();
}

#[tokio::test]
async fn an_edit_that_does_not_fit_leaves_no_trace() {
    let (_dir, db, county) = demo_county().await;
    let (before, version) = (county.state(), db.last_change().await.unwrap());
    let school = before.timetable().records().iter().find_map(|record| match record {
        Record::School(school) if school.id.as_str() == "point-1" => Some(school.id.clone()),
        _ => None,
    });
    let change = Change { put: Vec::new(), remove: vec![Key::School(school.unwrap())] };
    let refused = county.edit(&Edit::Records { change }, fresh("x"), &admin(), NOW).await;
    assert!(matches!(refused, Err(ChangeError::Edit(EditError::Invalid(_)))));
    assert_eq!(county.state().timetable(), before.timetable());
    assert_eq!(db.last_change().await.unwrap(), version);
}

#[tokio::test]
async fn checking_an_edit_shows_its_conflicts_and_changes_nothing() {
    let (_dir, _db, county) = demo_county().await;
    let state = county.state();
    let lessons: Vec<_> = timetable::dates(
        county.date(NOW).tomorrow().unwrap(),
        county.date(NOW).saturating_add(jiff::Span::new().days(8)),
    )
    .flat_map(|date| state.day(date).to_vec())
    .collect();
    let (one, other) = (&lessons[0], &lessons[1]);
    let to = DatePeriod { date: other.date, period: other.period };
    let done = county.check(&Edit::Reschedule { lesson: one.id.clone(), to }, fresh("x"), NOW).unwrap();
    assert!(!done.conflicts.is_empty(), "one teacher cannot teach two lessons at once");
    assert!(!done.free.is_empty());
    assert_eq!(county.state().version(), state.version());
}

#[tokio::test]
async fn a_change_worked_out_from_an_older_timetable_is_refused() {
    let (_dir, _db, county) = demo_county().await;
    let version = county.state().version();
    let lesson = coming(&county);
    county.edit(&Edit::Retitle { lesson, title: "复习".into() }, fresh("x"), &admin(), NOW).await.unwrap();
    let what = ChangeKind::Records { put: Vec::new(), removed: Vec::new() };
    let refused = county.change(Change::default(), version, what, &admin(), NOW).await;
    assert!(matches!(refused, Err(ChangeError::ChangedSince)));
}

#[tokio::test]
async fn notes_that_fit_are_written_when_one_among_them_never_can_be() {
    let (_dir, db, county) = demo_county().await;
    let lesson = coming(&county);
    let kept = Note::Kept(Box::new(timetable::Lesson::clone(&county.state().lesson(&lesson).unwrap())));
    let unknown = (
        fresh("unknown"),
        Note::Journal(lesson::JournalEntry { at: NOW, who: None, what: lesson::Happening::WentLive }),
    );
    let refused = db.write_notes(&[(lesson.clone(), kept.clone()), unknown]).await;
    assert!(matches!(refused, Err(crate::db::NotesError::Never(_))), "{refused:?}");
    assert!(db.lesson(&lesson).await.unwrap().is_none(), "all or none");
    db.write_notes(&[(lesson.clone(), kept)]).await.unwrap();
    assert!(db.lesson(&lesson).await.unwrap().is_some());
}
