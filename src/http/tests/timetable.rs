//! Timetable, imports, feeds and the report as a client meets them.

use protocol::{
    LessonId,
    county::{ChangeList, EditDone, EditOrder, Feed, FeedOrder, RecordList, Report, Today, WeekView},
    import::ImportPreview,
    timetable::Edit,
};

use super::*;

fn edit(edit: Edit) -> EditOrder {
    EditOrder { edit }
}

#[tokio::test]
async fn a_file_that_would_hurt_is_answered_with_a_sentence_and_imports_nothing() {
    let county = County::new().await;
    let before: RecordList = county.get("/api/timetable/records?kinds=course,entry", "admin").await.json();
    let many_columns = vec!["列"; 10_000].join(",");
    for (name, bytes) in [
        ("空.xlsx", Vec::new()),
        ("坏.xlsx", b"PK\x03\x04 and no more".to_vec()),
        ("旧.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec()),
        ("宽.csv", many_columns.into_bytes()),
        ("图.png", b"\x89PNG\r\n\x1a\n".to_vec()),
    ] {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let answer = county.post(&format!("/api/imports?name={name}"), "admin", bytes).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        let preview: ImportPreview = answer.json();
        assert!(!preview.problems.is_empty(), "{name}");
        let applied = county.post(&format!("/api/imports/{}/apply", preview.id), "admin", "").await;
        assert_eq!(applied.problem().field.as_deref(), Some("nothing-changes"), "{name}");
    }
    let long = vec![b'x'; 10 * 1024 * 1024 + 1];
    let answer = county.post("/api/imports?name=long.csv", "admin", long).await;
    assert_eq!(answer.problem().kind, "/problems/body-too-large");
    let after: RecordList = county.get("/api/timetable/records?kinds=course,entry", "admin").await.json();
    assert_eq!(after.records, before.records);
}

#[tokio::test]
async fn what_was_exported_changes_nothing_when_it_is_imported() {
    let county = County::new().await;
    let exported = county.get("/api/timetable/export.xlsx", "admin").await;
    assert_eq!(exported.status, StatusCode::OK);
    let preview: ImportPreview = county.post("/api/imports?name=a.xlsx", "admin", exported.body).await.json();
    assert_eq!(preview.problems, []);
    assert!(preview.added.is_empty() && preview.changed.is_empty() && preview.removed.is_empty(), "{preview:?}");
}

#[tokio::test]
async fn an_edit_is_made_logged_and_taken_back_and_a_bad_one_says_why() {
    let county = County::new().await;
    let lesson = county.demo.lesson.clone();
    let retitle = edit(Edit::Retitle { lesson: lesson.clone(), title: "合唱".into() });
    let done: EditDone = county.post_json("/api/timetable/edits", "admin", &retitle).await.json();
    let week: WeekView = county.get("/api/timetable/week", "master").await.json();
    assert!(week.lessons.iter().any(|it| it.id == lesson && it.title == "合唱"));
    let again = county.post_json("/api/timetable/edits", "admin", &retitle).await;
    assert_eq!(again.problem().field.as_deref(), Some("nothing-changes"));
    let log: ChangeList = county.get("/api/timetable/changes", "admin").await.json();
    assert_eq!((log.changes[0].number, log.changes[0].can_undo), (done.number, true));
    let undo = format!("/api/timetable/changes/{}/undo", done.number);
    assert_eq!(county.post(&undo, "admin", "").await.status, StatusCode::OK);
    assert_eq!(county.post(&undo, "admin", "").await.status, StatusCode::NOT_FOUND);
    let unknown = edit(Edit::Restore { lesson: LessonId::parse("none").unwrap() });
    let refused = county.post_json("/api/timetable/edits", "admin", &unknown).await;
    assert_eq!(refused.problem().kind, "/problems/unknown-lesson");
    let nonsense = county.post("/api/timetable/edits", "admin", "{\"edit\":{\"edit\":\"paint\"}}").await;
    assert_eq!(nonsense.problem().kind, "/problems/malformed-body");
}

#[tokio::test]
async fn a_feed_is_read_by_whoever_knows_its_address_until_it_gets_another() {
    let county = County::new().await;
    let order = FeedOrder { room: None };
    let feed: Feed = county.post_json("/api/feeds", "master", &order).await.json();
    let read = county.ask(Method::GET, &feed.path, None).await;
    let text = String::from_utf8(read.body).unwrap();
    assert!(text.contains(&format!("{}@tongke", county.demo.lesson)), "{text}");
    let other: Feed = county.post_json("/api/feeds", "master", &order).await.json();
    assert_ne!(feed.path, other.path);
    assert_eq!(county.ask(Method::GET, &feed.path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(county.ask(Method::GET, &other.path, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_report_of_a_county_without_history_counts_what_is_planned() {
    let county = County::new().await;
    for by in ["area", "school", "subject", "teacher", "week", "month"] {
        let report: Report = county.get(&format!("/api/report?side=receive&by={by}"), "observer").await.json();
        let sum: u32 = report.rows.iter().map(|row| row.planned).sum();
        assert_eq!(sum, report.total.planned, "{by}");
        assert!(report.total.planned > 0 && report.total.due == 0, "{by}: {:?}", report.total);
    }
    let xlsx = county.get("/api/report.xlsx?side=master&by=school", "admin").await;
    assert!(xlsx.body.starts_with(b"PK"));
    let wrong = county.get("/api/report?week=never", "admin").await;
    assert_eq!(wrong.problem().kind, "/problems/malformed-parameter");
    let today: Today = county.get("/api/today", "point-1").await.json();
    assert_eq!(today.lessons.len(), 1);
}
