//! Writes down what happens in lessons, in its own task: a slow or locked database never holds a lesson up, and what it
//! does not take is kept and written later.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use protocol::{LessonId, UtcMs, county::Alarm};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
};

use super::limits::{NOTES, NOTES_AT_ONCE};
use crate::{
    clock::utc_now,
    db::{Db, Note, NotesError},
};

/// How long the database is left alone after it took nothing.
const WAIT: Duration = Duration::from_secs(1);

/// How often that is tried once the program is ending.
const LAST_TRIES: u32 = 10;

/// Where notes go.
#[derive(Debug, Clone)]
pub struct Scribe {
    notes: mpsc::Sender<Option<(LessonId, Note)>>,
    trouble: Arc<Trouble>,
}

/// What is wrong with writing, for whoever looks.
#[derive(Debug, Default)]
struct Trouble {
    /// Since when nothing is taken; 0 while all is well.
    behind_since: AtomicI64,
    lost: AtomicU32,
}

impl Scribe {
    /// Begins to write. The task ends after [`Scribe::finish`], when everything handed in before is written.
    pub fn start(db: Db) -> (Self, JoinHandle<()>) {
        let (notes, waiting) = mpsc::channel(NOTES);
        let trouble = Arc::new(Trouble::default());
        let writing = tokio::spawn(write_all(db, waiting, trouble.clone()));
        (Self { notes, trouble }, writing)
    }

    /// Hands a note in. Never waits.
    pub fn note(&self, lesson: &LessonId, note: Note) {
        let note = Some((lesson.clone(), note));
        if let Err(TrySendError::Full(Some((lesson, _)))) = self.notes.try_send(note) {
            self.trouble.lost.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%lesson, "too much waits for the database, a note is lost: check the disk");
        }
    }

    /// Says that no more will come.
    pub async fn finish(&self) {
        let _ = self.notes.send(None).await;
    }

    /// Whether more waits than is written at once.
    pub fn is_behind(&self) -> bool {
        self.trouble.behind_since.load(Ordering::Relaxed) != 0 || NOTES - self.notes.capacity() > NOTES_AT_ONCE
    }

    /// What an administrator has to know of.
    pub fn alarms(&self) -> Vec<Alarm> {
        let since = self.trouble.behind_since.load(Ordering::Relaxed);
        let lost = self.trouble.lost.load(Ordering::Relaxed);
        let waiting = u32::try_from(NOTES - self.notes.capacity()).unwrap_or(u32::MAX);
        let behind = (since != 0).then_some(Alarm::DatabaseBehind { waiting, since: UtcMs(since) });
        behind.into_iter().chain((lost != 0).then_some(Alarm::NotesLost { count: lost })).collect()
    }
}

async fn write_all(db: Db, mut waiting: mpsc::Receiver<Option<(LessonId, Note)>>, trouble: Arc<Trouble>) {
    let mut handed_in = Vec::with_capacity(NOTES_AT_ONCE);
    let mut finished = false;
    while !finished && waiting.recv_many(&mut handed_in, NOTES_AT_ONCE).await > 0 {
        finished = handed_in.iter().any(Option::is_none);
        let notes: Vec<(LessonId, Note)> = handed_in.drain(..).flatten().collect();
        let mut tries = 0;
        while let Err(error) = db.write_notes(&notes).await {
            tries += 1;
            match error {
                NotesError::Never(error) => {
                    tracing::error!(error = format!("{error:#}"), "notes do not fit the database, written one by one");
                    write_singly(&db, &notes).await;
                    break;
                }
                NotesError::Later(error) => {
                    if tries == 1 {
                        trouble.behind_since.store(utc_now().0, Ordering::Relaxed);
                        tracing::warn!(%error, "what happens in lessons waits for the database: check disk and locks");
                    }
                    if finished && tries > LAST_TRIES {
                        tracing::error!(lost = notes.len(), "the database took nothing to the end");
                        break;
                    }
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
        if trouble.behind_since.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!("the database takes notes again");
        }
    }
}

/// One note that can never be written must not take the others with it.
async fn write_singly(db: &Db, notes: &[(LessonId, Note)]) {
    for note in notes {
        if let Err(error) = db.write_notes(std::slice::from_ref(note)).await {
            tracing::error!(lesson = %note.0, %error, "a note about the lesson is lost: report this");
        }
    }
}
