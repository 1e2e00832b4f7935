//! The journal of live lessons: append-only.

use lesson::JournalEntry;
use protocol::LessonId;

use super::Db;

impl Db {
    /// Appends `entries` to the journal of a lesson, in order, all or none.
    pub async fn append_to_journal(&self, lesson: &LessonId, entries: &[JournalEntry]) -> anyhow::Result<()> {
        let sql = "INSERT INTO lesson_events (lesson, number, at, what, person)
                   SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4
                   FROM lesson_events WHERE lesson = $1";
        let mut transaction = self.write.begin().await?;
        for entry in entries {
            let append = sqlx::query(sql).bind(lesson.as_str()).bind(entry.at.0);
            let append = append.bind(entry.what.name());
            let append = append.bind(entry.who.as_ref().map(|who| who.as_str().to_owned()));
            append.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The journal of a lesson: what happened, and whom it was about.
    pub async fn journal(&self, lesson: &LessonId) -> anyhow::Result<Vec<(String, Option<String>)>> {
        let sql = "SELECT what, person FROM lesson_events WHERE lesson = $1 ORDER BY number";
        let rows = sqlx::query_as(sql).bind(lesson.as_str());
        Ok(rows.fetch_all(&self.read).await?)
    }
}
