//! How the lines of the parties of lessons did.

use protocol::{LessonId, line::ParticipantLine};

use super::{Db, timetable::from_json};

impl Db {
    /// What was written down about the lines of a lesson, the oldest first; the same party comes once for each time the lesson
    /// ran.
    pub async fn lines(&self, lesson: &LessonId) -> anyhow::Result<Vec<ParticipantLine>> {
        let sql = "SELECT line FROM lesson_lines WHERE lesson = $1 ORDER BY begun_at, participant";
        let rows: Vec<(String,)> = sqlx::query_as(sql).bind(lesson.as_str()).fetch_all(self.read()).await?;
        rows.iter().map(|(line,)| from_json(line)).collect()
    }
}
