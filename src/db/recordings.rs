//! Which lessons have a recording, and how it stands. The recordings themselves are files.

use protocol::{LessonId, UtcMs, message::RecordingState};

use super::{Db, from_name};

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
    /// The recording of a lesson.
    pub async fn recording(&self, lesson: &LessonId) -> anyhow::Result<Option<Recording>> {
        let sql = "SELECT state, started_at, duration_ms FROM recordings WHERE lesson = $1";
        let row: Option<(String, i64, Option<i64>)> =
            sqlx::query_as(sql).bind(lesson.as_str()).fetch_optional(self.read()).await?;
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
