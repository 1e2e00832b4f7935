//! Writes down what happens in lessons, in its own task: a slow disk never holds a lesson up.

use std::collections::BTreeMap;

use lesson::JournalEntry;
use protocol::{LessonId, UtcMs};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
};

use super::limits::{NOTES, NOTES_AT_ONCE};
use crate::db::{Db, Recording};

/// Something to be written down about a lesson.
#[derive(Debug, Clone)]
pub enum Note {
    /// A line of its journal.
    Journal(JournalEntry),
    /// It went live.
    WentLive(UtcMs),
    /// It is over.
    Ended(UtcMs),
    /// Its recording stands like this.
    Recording(Recording),
}

/// Where notes go.
#[derive(Debug, Clone)]
pub struct Scribe {
    notes: mpsc::Sender<Option<(LessonId, Note)>>,
}

impl Scribe {
    /// Begins to write. The task ends after [`Scribe::finish`], when everything handed in before is written.
    pub fn start(db: Db) -> (Self, JoinHandle<()>) {
        let (notes, waiting) = mpsc::channel(NOTES);
        (Self { notes }, tokio::spawn(write_all(db, waiting)))
    }

    /// Hands a note in. Never waits.
    pub fn note(&self, lesson: &LessonId, note: Note) {
        let note = Some((lesson.clone(), note));
        if let Err(TrySendError::Full(Some((lesson, _)))) = self.notes.try_send(note) {
            tracing::warn!(%lesson, "the database is too slow, a note is lost: check the disk");
        }
    }

    /// Says that no more will come.
    pub async fn finish(&self) {
        let _ = self.notes.send(None).await;
    }
}

async fn write_all(db: Db, mut waiting: mpsc::Receiver<Option<(LessonId, Note)>>) {
    let mut notes = Vec::with_capacity(NOTES_AT_ONCE);
    let mut finished = false;
    while !finished && waiting.recv_many(&mut notes, NOTES_AT_ONCE).await > 0 {
        finished = notes.iter().any(Option::is_none);
        let mut journals: BTreeMap<LessonId, Vec<JournalEntry>> = BTreeMap::new();
        for (lesson, note) in notes.drain(..).flatten() {
            let written = match note {
                Note::Journal(entry) => {
                    journals.entry(lesson.clone()).or_default().push(entry);
                    Ok(())
                }
                Note::WentLive(at) => db.lesson_went_live(&lesson, at).await,
                Note::Ended(at) => db.lesson_ended(&lesson, at).await,
                Note::Recording(recording) => db.put_recording(&lesson, &recording).await,
            };
            warn_if_lost(&lesson, written);
        }
        for (lesson, entries) in journals {
            warn_if_lost(&lesson, db.append_to_journal(&lesson, &entries).await);
        }
    }
}

fn warn_if_lost(lesson: &LessonId, written: anyhow::Result<()>) {
    if let Err(error) = written {
        tracing::warn!(%lesson, %error, "a note about the lesson could not be written: check the database");
    }
}
