//! What unit tests of the shell share.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use jiff::tz::TimeZone;
use protocol::{LessonId, UtcMs, api::DemoPerson};
use timetable::Lesson;

use crate::{
    county::County,
    db::{Db, Note},
    demo,
};

/// The timetable in a database, of a county in China.
pub async fn county(db: &Db) -> County {
    County::open(db.clone(), TimeZone::get("Asia/Shanghai").unwrap()).await.unwrap()
}

/// The demo's county, whose current lesson is written down as one whose time has come.
pub struct Seeded {
    pub lesson: LessonId,
    pub people: Vec<DemoPerson>,
}

/// Makes the demo's county.
pub async fn seeded(db: &Db, points: u8, now: UtcMs) -> Seeded {
    let county = county(db).await;
    let demo = demo::seed(db, &county, points, now).await.unwrap();
    let id = demo.lesson.unwrap();
    let lesson = county.state().lesson(&id).unwrap();
    let kept = Note::Kept(Box::new(Lesson::clone(&lesson)));
    db.write_notes(&[(id.clone(), kept)]).await.unwrap();
    Seeded { lesson: id, people: demo.people }
}

/// A directory that goes when it is dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    pub fn below(parent: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tongke-test-{}-{number}", std::process::id());
        let path = parent.join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
