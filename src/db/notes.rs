//! What is written down about lessons: many notes in one transaction, all or none.

use ledger::Event;
use lesson::JournalEntry;
use protocol::{LessonId, UtcMs, line::ParticipantLine};
use sqlx::{Sqlite, Transaction};
use timetable::Lesson;

use super::{Db, Recording, name_of, timetable::json};

/// Something to be written down about a lesson.
#[derive(Debug, Clone)]
pub enum Note {
    /// Its time has come: this is how the timetable has it.
    Kept(Box<Lesson>),
    /// It went live.
    WentLive(UtcMs),
    /// It is over.
    Ended(UtcMs),
    /// A line of its journal.
    Journal(JournalEntry),
    /// An event of its delivery ledger.
    Ledger(Event),
    /// Its recording stands like this.
    Recording(Recording),
    /// How the line of one of its parties did.
    Line {
        /// Since when that was written down.
        begun_at: UtcMs,
        /// The line.
        line: Box<ParticipantLine>,
    },
}

/// Why notes were not written.
#[derive(Debug, thiserror::Error)]
pub enum NotesError {
    /// The database is locked, full or out of reach: the same notes can be written later.
    #[error("the database takes nothing just now: {0}")]
    Later(sqlx::Error),
    /// These notes can never be written.
    #[error("the notes do not fit the database: {0}")]
    Never(anyhow::Error),
}

impl From<anyhow::Error> for NotesError {
    fn from(error: anyhow::Error) -> Self {
        Self::Never(error)
    }
}

impl From<sqlx::Error> for NotesError {
    fn from(error: sqlx::Error) -> Self {
        if is_passing(&error) { Self::Later(error) } else { Self::Never(error.into()) }
    }
}

/// Whether the same statement may succeed later. SQLite's primary result codes: busy 5, locked 6, read-only 8, I/O 10,
/// full 13, cannot open 14.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse::<i32>().ok());
            code.is_some_and(|code| [5, 6, 8, 10, 13, 14].contains(&(code & 0xff)))
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
        _ => false,
    }
}

impl Db {
    /// Writes notes in their order, all or none.
    pub async fn write_notes(&self, notes: &[(LessonId, Note)]) -> Result<(), NotesError> {
        let mut transaction = self.write.begin().await?;
        for (lesson, note) in notes {
            write(&mut transaction, lesson, note).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn write(transaction: &mut Transaction<'_, Sqlite>, id: &LessonId, note: &Note) -> Result<(), NotesError> {
    let query = match note {
        Note::Kept(lesson) => {
            let sql = "INSERT INTO held_lessons (id, starts_at, ends_at, lesson) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (id) DO UPDATE
                       SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, lesson = excluded.lesson,
                           settled_at = NULL
                       WHERE held_lessons.settled_at IS NULL OR excluded.starts_at > held_lessons.ends_at";
            let plan = Lesson { live_since: None, ended_at: None, ..Lesson::clone(lesson) };
            sqlx::query(sql).bind(id.as_str()).bind(lesson.starts_at.0).bind(lesson.ends_at.0).bind(json(&plan)?)
        }
        Note::WentLive(at) => {
            let sql = "UPDATE held_lessons SET live_since = $2, settled_at = NULL
                       WHERE id = $1 AND (live_since IS NULL OR live_since < ended_at)";
            sqlx::query(sql).bind(id.as_str()).bind(at.0)
        }
        Note::Ended(at) => {
            let sql = "UPDATE held_lessons SET ended_at = $2
                       WHERE id = $1 AND (ended_at IS NULL OR ended_at < live_since)";
            sqlx::query(sql).bind(id.as_str()).bind(at.0)
        }
        Note::Journal(entry) => {
            let sql = "INSERT INTO lesson_events (lesson, number, at, what, person)
                       SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4
                       FROM lesson_events WHERE lesson = $1";
            let append = sqlx::query(sql).bind(id.as_str()).bind(entry.at.0).bind(entry.what.name());
            append.bind(entry.who.as_ref().map(|who| who.as_str().to_owned()))
        }
        Note::Ledger(event) => {
            let sql = "INSERT INTO ledger_events (lesson, number, event)
                       SELECT $1, COALESCE(MAX(number), 0) + 1, $2
                       FROM ledger_events WHERE lesson = $1";
            sqlx::query(sql).bind(id.as_str()).bind(json(event)?)
        }
        Note::Line { begun_at, line } => {
            let sql = "INSERT INTO lesson_lines (lesson, participant, begun_at, line) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (lesson, participant, begun_at) DO UPDATE SET line = excluded.line";
            let put = sqlx::query(sql).bind(id.as_str()).bind(line.participant.as_str());
            put.bind(begun_at.0).bind(json(line)?)
        }
        Note::Recording(recording) => {
            let sql = "INSERT INTO recordings (lesson, state, started_at, duration_ms) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (lesson) DO UPDATE
                       SET state = excluded.state, duration_ms = excluded.duration_ms";
            let put = sqlx::query(sql).bind(id.as_str()).bind(name_of(recording.state)?);
            put.bind(recording.started_at.0).bind(recording.duration_ms.map(i64::from))
        }
    };
    query.execute(&mut **transaction).await?;
    Ok(())
}
