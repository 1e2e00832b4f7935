//! Running lessons as the rest of the shell meets them.

use std::net::{IpAddr, Ipv4Addr};

use protocol::{
    ParticipantId, ServerMessage,
    line::LineReport,
    message::{Capabilities, Phase, Role},
    timetable::Edit,
};

use super::*;
use crate::{
    county::Author,
    media::{self, Media, MediaAddress},
    testing::{TempDir, county, seeded},
};

struct School {
    lessons: Lessons,
    db: Db,
    county: County,
    lesson: LessonId,
    _media: Media,
    dir: TempDir,
}

impl School {
    async fn new() -> Self {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let lesson = seeded(&db, 2, utc_now()).await.lesson;
        let county = county(&db).await;
        let bind = IpAddr::from(Ipv4Addr::LOCALHOST);
        let media =
            media::start(&MediaAddress { bind, port: 0, shards: 2, announce: Vec::new(), tcp: false, web: None })
                .unwrap();
        let lessons = Lessons::new(
            db.clone(),
            county.clone(),
            media.handle.clone(),
            Recorder::default(),
            ledger::Criteria::default(),
        );
        Self { lessons, db, county, lesson, _media: media, dir }
    }

    async fn reconcile(&self) {
        let now = utc_now();
        self.lessons.reconcile(self.county.date(now), now, true).await;
    }

    async fn connect(&self, who: &str, role: Role) -> Result<(Connection, mpsc::Receiver<Utf8Bytes>), AdmissionError> {
        self.lessons.connect(&self.lesson, person(who, role)).await
    }
}

fn person(who: &str, role: Role) -> Person {
    Person { id: ParticipantId::parse(who).unwrap(), name: who.into(), organisation: "学校".into(), role }
}

fn hello() -> ClientMessage {
    ClientMessage::Hello { capabilities: Capabilities { decodes: vec![VideoCodec::H264] }, page: None }
}

async fn heard(told: &mut mpsc::Receiver<Utf8Bytes>) -> ServerMessage {
    serde_json::from_str(&told.recv().await.unwrap()).unwrap()
}

#[tokio::test]
async fn why_one_may_not_come_in_is_told_apart() {
    let school = School::new().await;
    let id = |id: &str| LessonId::parse(id).unwrap();
    let now = utc_now();
    let lesson = school.county.state().lesson(&school.lesson).unwrap();
    let put = [("later", 3_600_000, false), ("missed", -7_200_000, false), ("over", -7_200_000, true)];
    for (name, starts_in_ms, is_over) in put {
        let starts_at = now.plus_ms(starts_in_ms);
        let ends_at = starts_at.plus_ms(2_400_000);
        let latest_end = ends_at.plus_ms(1_800_000);
        let kept =
            timetable::Lesson { id: id(name), starts_at, ends_at, latest_end, ..timetable::Lesson::clone(&lesson) };
        let ended = is_over.then_some((id(name), Note::Ended(now)));
        let notes: Vec<_> = [(id(name), Note::Kept(Box::new(kept)))].into_iter().chain(ended).collect();
        school.db.write_notes(&notes).await.unwrap();
    }
    let master = person("master", Role::MasterTeacher);
    let why = async |lesson: &str| {
        let peer = PeerId(1);
        school.lessons.admit_viewer(&id(lesson), &master, peer, 1, None).await.unwrap_err()
    };
    assert!(matches!(why("none").await, AdmissionError::UnknownLesson));
    assert!(matches!(why("later").await, AdmissionError::Entry(EntryError::NotOpenYet { .. })));
    assert!(matches!(why("missed").await, AdmissionError::Entry(EntryError::Ended)));
    assert!(matches!(why("over").await, AdmissionError::Entry(EntryError::Ended)));
}

#[tokio::test]
async fn a_lesson_runs_once_however_many_come_at_the_same_time() {
    let school = School::new().await;
    let keys = (1..=20).map(|peer| {
        let (lessons, lesson) = (school.lessons.clone(), school.lesson.clone());
        tokio::spawn(async move {
            let observer = person("observer", Role::Researcher);
            lessons.admit_viewer(&lesson, &observer, PeerId(peer), 1, None).await.unwrap()
        })
    });
    let mut admissions = Vec::new();
    for joining in keys.collect::<Vec<_>>() {
        admissions.push(joining.await.unwrap());
    }
    assert!(admissions.iter().all(|a| a.lesson_key == admissions[0].lesson_key));
    let participants: std::collections::BTreeSet<_> = admissions.iter().map(|a| a.participant_key).collect();
    assert_eq!(participants.len(), 20, "every observer is a participant of its own");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_the_others_are_not() {
    let school = School::new().await;
    let (master, mut told) = school.connect("master", Role::MasterTeacher).await.unwrap();
    let (slow, mut unread) = school.connect("point-1", Role::ClassroomDevice).await.unwrap();
    assert!(master.say(hello()).await && slow.say(hello()).await);
    assert!(matches!(heard(&mut told).await, ServerMessage::Welcome { .. }));
    let peer = PeerId(1);
    let point = person("point-2", Role::ClassroomDevice);
    let key = school.lessons.admit_viewer(&school.lesson, &point, peer, 1, None).await.unwrap().lesson_key;
    // The line of another point goes up and down, and everyone is told each time.
    for fraction_lost in [0, 255].repeat(limits::OUTBOX) {
        school.lessons.peer_event(key, Event::Loss { peer, fraction_lost }).await;
        while told.try_recv().is_ok() {}
    }
    // Asking anything makes sure that all of it was handled.
    school.lessons.admit_viewer(&school.lesson, &point, peer, 1, None).await.unwrap();
    let mut waiting = 0;
    while unread.recv().await.is_some() {
        waiting += 1;
    }
    assert_eq!(waiting, limits::OUTBOX, "what fitted is still delivered, then it is closed");
    assert!(master.say(ClientMessage::StartCourseware).await);
    while !matches!(heard(&mut told).await, ServerMessage::CoursewareChanged { courseware: true }) {}
}

#[tokio::test]
async fn what_happened_is_written_down_when_the_lesson_ends() {
    let school = School::new().await;
    let (master, mut told) = school.connect("master", Role::MasterTeacher).await.unwrap();
    assert!(master.say(hello()).await && master.say(ClientMessage::EndLesson).await);
    loop {
        if let ServerMessage::PhaseChanged { phase: Phase::Ended, .. } = heard(&mut told).await {
            break;
        }
    }
    assert_eq!(school.lessons.standing(&school.lesson).map(|s| s.phase), Some(Phase::Ended));
    school.lessons.stop().await;
    school.lessons.written().await;
    let stored = school.db.lesson(&school.lesson).await.unwrap().unwrap();
    assert!(stored.ended_at.is_some());
    let journal = school.db.journal(&school.lesson).await.unwrap();
    let what: Vec<&str> = journal.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(what, ["doors_opened", "ended_by_lead"]);
}

#[tokio::test]
async fn once_the_program_ends_no_lesson_begins_again() {
    let school = School::new().await;
    school.reconcile().await;
    assert!(school.lessons.standing(&school.lesson).is_some());
    school.lessons.stop().await;
    school.reconcile().await;
    let late = school.connect("master", Role::MasterTeacher).await;
    assert!(matches!(late, Err(AdmissionError::Unavailable(_))));
}

impl School {
    fn author() -> Author {
        Author { person: None, name: "管理员".into() }
    }

    async fn edits(&self, edit: Edit) {
        let fresh = LessonId::parse("fresh").unwrap();
        self.county.edit(&edit, fresh, &Self::author(), utc_now()).await.unwrap();
        self.reconcile().await;
    }
}

/// What the client hears next, leaving out the rest.
async fn until_heard<T>(told: &mut mpsc::Receiver<Utf8Bytes>, wanted: impl Fn(ServerMessage) -> Option<T>) -> T {
    loop {
        if let Some(found) = wanted(heard(told).await) {
            return found;
        }
    }
}

#[tokio::test]
async fn an_edit_reaches_those_who_are_in_the_lesson() {
    let school = School::new().await;
    let (point, mut told) = school.connect("point-1", Role::ClassroomDevice).await.unwrap();
    assert!(point.say(hello()).await);
    school.edits(Edit::Retitle { lesson: school.lesson.clone(), title: "合唱".into() }).await;
    let title = until_heard(&mut told, |message| match message {
        ServerMessage::PlanChanged { lesson } => Some(lesson.title),
        _ => None,
    });
    assert_eq!(title.await, "合唱");
}

#[tokio::test]
async fn a_cancelled_lesson_ends_and_opens_again_when_that_is_taken_back() {
    let school = School::new().await;
    let (point, mut told) = school.connect("point-1", Role::ClassroomDevice).await.unwrap();
    assert!(point.say(hello()).await);
    school.edits(Edit::Cancel { lesson: school.lesson.clone(), reason: "停电".into() }).await;
    until_heard(&mut told, |message| match message {
        ServerMessage::PhaseChanged { phase: Phase::Ended, .. } => Some(()),
        _ => None,
    })
    .await;
    while told.recv().await.is_some() {}
    assert!(matches!(
        school.connect("point-1", Role::ClassroomDevice).await,
        Err(AdmissionError::Entry(EntryError::Ended) | AdmissionError::Unavailable(_))
    ));
    school.edits(Edit::Restore { lesson: school.lesson.clone() }).await;
    while school.lessons.standing(&school.lesson).is_none_or(|standing| standing.phase == Phase::Ended) {
        school.reconcile().await;
        tokio::task::yield_now().await;
    }
    assert!(school.connect("point-1", Role::ClassroomDevice).await.is_ok());
    school.lessons.stop().await;
    school.lessons.written().await;
    let ledger = school.db.ledger(&school.lesson).await.unwrap();
    let names: Vec<&str> = ledger.iter().map(|event| event.what.name()).collect();
    assert!(names.contains(&"excused") && names.contains(&"reinstated"), "{names:?}");
}

#[tokio::test]
async fn while_the_clock_is_not_trusted_no_lesson_begins_by_itself_and_its_people_still_come_in() {
    let school = School::new().await;
    let now = utc_now();
    school.lessons.reconcile(school.county.date(now), now, false).await;
    assert_eq!(school.lessons.standing(&school.lesson), None);
    assert!(school.connect("master", Role::MasterTeacher).await.is_ok());
    school.reconcile().await;
    assert!(school.lessons.standing(&school.lesson).is_some());
}

#[tokio::test]
async fn nobody_who_joins_asks_the_database() {
    let school = School::new().await;
    school.reconcile().await;
    let before = school.db.queries();
    let mut connections = Vec::new();
    for who in ["master", "point-1", "point-2"] {
        let role = if who == "master" { Role::MasterTeacher } else { Role::ClassroomDevice };
        connections.push(school.connect(who, role).await.unwrap());
    }
    school
        .lessons
        .admit_viewer(&school.lesson, &person("point-1", Role::ClassroomDevice), PeerId(1), 1, None)
        .await
        .unwrap();
    assert_eq!(school.db.queries(), before);
}

#[tokio::test]
async fn what_happens_while_the_database_is_locked_is_written_down_later() {
    let school = School::new().await;
    let lock = Db::open(school.dir.path()).await.unwrap().lock_for_test().await;
    let (master, mut told) = school.connect("master", Role::MasterTeacher).await.unwrap();
    assert!(master.say(hello()).await && master.say(ClientMessage::EndLesson).await);
    until_heard(&mut told, |message| match message {
        ServerMessage::PhaseChanged { phase: Phase::Ended, .. } => Some(()),
        _ => None,
    })
    .await;
    while !school.lessons.alarms().iter().any(|alarm| matches!(alarm, Alarm::DatabaseBehind { .. })) {
        tokio::task::yield_now().await;
    }
    lock.commit().await.unwrap();
    school.lessons.stop().await;
    school.lessons.written().await;
    assert!(school.lessons.alarms().is_empty());
    let ledger = school.db.ledger(&school.lesson).await.unwrap();
    let names: Vec<&str> = ledger.iter().map(|event| event.what.name()).collect();
    assert!(names.starts_with(&["planned"]) && names.contains(&"ended"), "{names:?}");
}

impl School {
    /// The program was ended and is started again.
    async fn restarted(self) -> Self {
        let School { lessons, db, lesson, dir, .. } = self;
        lessons.stop().await;
        lessons.written().await;
        let county = county(&db).await;
        let bind = IpAddr::from(Ipv4Addr::LOCALHOST);
        let media =
            media::start(&MediaAddress { bind, port: 0, shards: 2, announce: Vec::new(), tcp: false, web: None })
                .unwrap();
        let criteria = ledger::Criteria::default();
        let lessons = Lessons::new(db.clone(), county.clone(), media.handle.clone(), Recorder::default(), criteria);
        let first = lessons.take_up(utc_now()).await.unwrap();
        lessons.reconcile(first, utc_now(), true).await;
        Self { lessons, db, county, lesson, _media: media, dir }
    }
}

#[tokio::test]
async fn after_a_restart_a_live_lesson_is_live_and_an_ended_one_stays_ended() {
    let school = School::new().await;
    school.reconcile().await;
    let live_since = utc_now();
    school.db.write_notes(&[(school.lesson.clone(), Note::WentLive(live_since))]).await.unwrap();
    let school = school.restarted().await;
    let standing = school.lessons.standing(&school.lesson).unwrap();
    assert_eq!((standing.phase, standing.live_since), (Phase::Live, Some(live_since)));

    let (master, mut told) = school.connect("master", Role::MasterTeacher).await.unwrap();
    assert!(master.say(hello()).await && master.say(ClientMessage::EndLesson).await);
    until_heard(&mut told, |message| match message {
        ServerMessage::PhaseChanged { phase: Phase::Ended, .. } => Some(()),
        _ => None,
    })
    .await;
    let school = school.restarted().await;
    assert_eq!(school.lessons.standing(&school.lesson), None);
    assert!(matches!(
        school.connect("master", Role::MasterTeacher).await,
        Err(AdmissionError::Entry(EntryError::Ended))
    ));
}

#[tokio::test]
async fn lessons_whose_time_passed_while_the_program_did_not_run_are_written_down_and_not_judged_absent() {
    let school = School::new().await;
    let now = utc_now();
    let week_ago = school.county.date(now.plus_ms(-7 * 86_400_000));
    school.lessons.reconcile(week_ago, now, true).await;
    school.lessons.stop().await;
    school.lessons.written().await;
    school.lessons.settle(now).await.unwrap();
    let yesterday = school.county.date(now.plus_ms(-86_400_000));
    let judged = school.db.judged(week_ago, yesterday).await.unwrap();
    assert!(!judged.is_empty(), "the demo has lessons on other days of the week");
    assert!(judged.iter().all(|it| it.master == ledger::Verdict::Unjudged), "{judged:?}");
}

impl School {
    /// The next lesson of the weekly timetable.
    fn coming(&self) -> Arc<Lesson> {
        let state = self.county.state();
        let today = self.county.date(utc_now());
        let week = today.tomorrow().unwrap()..=today.saturating_add(jiff::Span::new().days(7));
        timetable::dates(*week.start(), *week.end()).find_map(|date| state.day(date).first().cloned()).unwrap()
    }

    /// Compares with the timetable as if it were `now`.
    async fn at(&self, now: UtcMs) {
        self.lessons.reconcile(self.county.date(now), now, true).await;
    }
}

#[tokio::test]
async fn a_lesson_that_was_cancelled_beforehand_counts_as_excused() {
    let school = School::new().await;
    let lesson = school.coming();
    school.edits(Edit::Cancel { lesson: lesson.id.clone(), reason: "教师外出".into() }).await;
    school.at(lesson.doors_open_at()).await;
    school.at(lesson.ends_at.plus_ms(1)).await;
    school.lessons.stop().await;
    school.lessons.written().await;
    school.lessons.settle(lesson.ends_at.plus_ms(60_000)).await.unwrap();
    let judged = school.db.judged(lesson.date, lesson.date).await.unwrap();
    assert_eq!(judged.iter().map(|it| it.master).collect::<Vec<_>>(), [ledger::Verdict::ExcusedCancellation]);
}

#[tokio::test]
async fn a_lesson_put_off_for_days_while_its_doors_are_open_closes_and_is_not_over() {
    let school = School::new().await;
    school.reconcile().await;
    let (point, mut told) = school.connect("point-1", Role::ClassroomDevice).await.unwrap();
    assert!(point.say(hello()).await);
    let later = school.coming();
    let to = protocol::timetable::DatePeriod { date: later.date, period: 3 };
    school.edits(Edit::Reschedule { lesson: school.lesson.clone(), to }).await;
    while told.recv().await.is_some() {}
    let moved = school.county.state().lesson(&school.lesson).unwrap();
    assert_eq!(moved.date, later.date);
    let now = school.lessons.with_progress(&moved);
    assert_eq!((now.ended_at, now.phase(utc_now())), (None, Phase::Scheduled));
    assert!(matches!(
        school.connect("point-1", Role::ClassroomDevice).await,
        Err(AdmissionError::Entry(EntryError::NotOpenYet { .. }) | AdmissionError::Unavailable(_))
    ));
}

#[tokio::test]
async fn a_row_that_is_put_into_the_timetable_after_its_time_is_no_absence() {
    let school = School::new().await;
    let lesson = school.coming();
    school.at(lesson.ends_at.plus_ms(60_000)).await;
    school.lessons.stop().await;
    school.lessons.written().await;
    assert!(school.db.ledger(&lesson.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn how_the_lines_did_is_told_while_the_lesson_runs_and_kept_when_it_is_over() {
    let school = School::new().await;
    let unknown = LessonId::parse("none").unwrap();
    assert_eq!(school.lessons.lines(&unknown).await.unwrap(), None);
    assert_eq!(school.lessons.lines(&school.lesson).await.unwrap(), Some(vec![]));
    let (point, mut told) = school.connect("point-1", Role::ClassroomDevice).await.unwrap();
    let report = LineReport { rtt_ms: Some(80), ..LineReport::default() };
    assert!(point.say(hello()).await && point.say(ClientMessage::Line { report }).await);
    assert!(matches!(heard(&mut told).await, ServerMessage::Welcome { .. }));
    let running = school.lessons.lines(&school.lesson).await.unwrap().unwrap();
    assert_eq!(
        running.iter().map(|line| (line.participant.as_str(), line.latest)).collect::<Vec<_>>(),
        [("point-1", report)]
    );
    school.lessons.stop().await;
    school.lessons.written().await;
    assert_eq!(school.db.lines(&school.lesson).await.unwrap(), running);
    assert_eq!(school.lessons.lines(&school.lesson).await.unwrap(), Some(running));
}
