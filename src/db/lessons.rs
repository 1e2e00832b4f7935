//! Lessons whose time has come, as the timetable had them then.

use protocol::{LessonId, UtcMs};
use timetable::Lesson;

use super::{Db, timetable::from_json};

/// lesson, live_since, ended_at
type LessonRow = (String, Option<i64>, Option<i64>);

impl Db {
    /// The lesson is over.
    pub async fn lesson_ended(&self, id: &LessonId, at: UtcMs) -> anyhow::Result<()> {
        let sql = "UPDATE held_lessons SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        sqlx::query(sql).bind(id.as_str()).bind(at.0).execute(&self.write).await?;
        Ok(())
    }

    /// The kept lesson with this id.
    pub async fn lesson(&self, id: &LessonId) -> anyhow::Result<Option<Lesson>> {
        let sql = "SELECT lesson, live_since, ended_at FROM held_lessons WHERE id = $1";
        let row: Option<LessonRow> = sqlx::query_as(sql).bind(id.as_str()).fetch_optional(self.read()).await?;
        row.map(lesson).transpose()
    }

    /// The kept lessons that start within `[from, to)`, first bell first.
    pub async fn lessons_between(&self, from: UtcMs, to: UtcMs) -> anyhow::Result<Vec<Lesson>> {
        let sql = "SELECT lesson, live_since, ended_at FROM held_lessons
                   WHERE starts_at >= $1 AND starts_at < $2 ORDER BY starts_at, id";
        let rows: Vec<LessonRow> = sqlx::query_as(sql).bind(from.0).bind(to.0).fetch_all(self.read()).await?;
        rows.into_iter().map(lesson).collect()
    }

    /// The kept lessons that are not judged yet, at most `limit`, first bell first.
    pub async fn unsettled_lessons(&self, ended_before: UtcMs, limit: u32) -> anyhow::Result<Vec<Lesson>> {
        let sql = "SELECT lesson, live_since, ended_at FROM held_lessons
                   WHERE settled_at IS NULL AND ends_at < $1 ORDER BY ends_at, id LIMIT $2";
        let rows: Vec<LessonRow> = sqlx::query_as(sql).bind(ended_before.0).bind(limit).fetch_all(self.read()).await?;
        rows.into_iter().map(lesson).collect()
    }

    /// The lessons that have a recording, newest first, at most `limit`.
    pub async fn recorded_lessons(&self, limit: u32) -> anyhow::Result<Vec<Lesson>> {
        let sql = "SELECT held_lessons.lesson, live_since, ended_at FROM held_lessons
                   JOIN recordings ON recordings.lesson = held_lessons.id
                   ORDER BY starts_at DESC, id DESC LIMIT $1";
        let rows: Vec<LessonRow> = sqlx::query_as(sql).bind(limit).fetch_all(self.read()).await?;
        rows.into_iter().map(lesson).collect()
    }

    /// Remembers a single value.
    pub async fn remember(&self, name: &str, value: i64) -> anyhow::Result<()> {
        let sql = "INSERT INTO remembered (name, value) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(sql).bind(name).bind(value).execute(&self.write).await?;
        Ok(())
    }

    /// A value remembered before.
    pub async fn remembered(&self, name: &str) -> anyhow::Result<Option<i64>> {
        let sql = "SELECT value FROM remembered WHERE name = $1";
        let row: Option<(i64,)> = sqlx::query_as(sql).bind(name).fetch_optional(self.read()).await?;
        Ok(row.map(|(value,)| value))
    }
}

fn lesson((plan, live_since, ended_at): LessonRow) -> anyhow::Result<Lesson> {
    let plan: Lesson = from_json(&plan)?;
    Ok(Lesson { live_since: live_since.map(UtcMs), ended_at: ended_at.map(UtcMs), ..plan })
}
