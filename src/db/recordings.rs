//! Which lessons have a recording, and how it stands. The recordings themselves are files.

use protocol::{LessonId, UtcMs, message::RecordingState};

use super::{Db, from_name, name_of};

/// The recording of one lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// How it stands.
    pub state: RecordingState,
    /// When it was begun.
    pub started_at: UtcMs,
    /// Its length, once it is finished.
    pub duration_ms: Option<u32>,
}

impl Db {
    /// Files the recording of a lesson; a second one of the same lesson goes on with the first.
    pub async fn put_recording(&self, lesson: &LessonId, recording: &Recording) -> anyhow::Result<()> {
        let sql = "INSERT INTO recordings (lesson, state, started_at, duration_ms) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (lesson) DO UPDATE
                   SET state = excluded.state, duration_ms = excluded.duration_ms";
        let put = sqlx::query(sql).bind(lesson.as_str());
        let put = put.bind(name_of(recording.state)?);
        let put = put.bind(recording.started_at.0);
        let put = put.bind(recording.duration_ms.map(i64::from));
        put.execute(&self.write).await?;
        Ok(())
    }

    /// The recording of a lesson.
    pub async fn recording(&self, lesson: &LessonId) -> anyhow::Result<Option<Recording>> {
        let sql = "SELECT state, started_at, duration_ms FROM recordings WHERE lesson = $1";
        let row: Option<(String, i64, Option<i64>)> =
            sqlx::query_as(sql).bind(lesson.as_str()).fetch_optional(&self.read).await?;
        row.map(|(state, started_at, duration_ms)| {
            Ok(Recording {
                state: from_name(state)?,
                started_at: UtcMs(started_at),
                duration_ms: duration_ms.map(u32::try_from).transpose()?,
            })
        })
        .transpose()
    }
}
