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
    #[cfg(test)]
    pub async fn journal(&self, lesson: &LessonId) -> anyhow::Result<Vec<(String, Option<String>)>> {
        let sql = "SELECT what, person FROM lesson_events WHERE lesson = $1 ORDER BY number";
        let rows = sqlx::query_as(sql).bind(lesson.as_str());
        Ok(rows.fetch_all(&self.read).await?)
    }
}

#[cfg(test)]
mod tests {
    use lesson::Happening;
    use protocol::{ParticipantId, UtcMs};

    use super::*;
    use crate::{demo, testing::TempDir};

    #[tokio::test]
    async fn a_journal_keeps_its_order_over_several_writes() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let now = UtcMs(1_795_320_000_000);
        let lesson = demo::seed(&db, 1, now).await.unwrap().lesson;
        let entry = |who: Option<&str>, what| JournalEntry {
            at: now,
            who: who.map(|who| ParticipantId::parse(who).unwrap()),
            what,
        };
        let first = [entry(None, Happening::WentLive), entry(Some("point-1"), Happening::Joined)];
        db.append_to_journal(&lesson, &first).await.unwrap();
        db.append_to_journal(&lesson, &[entry(None, Happening::EndedByLead)]).await.unwrap();
        let journal = db.journal(&lesson).await.unwrap();
        let rows: Vec<_> = journal.iter().map(|(what, who)| (what.as_str(), who.as_deref())).collect();
        assert_eq!(rows, [("went_live", None), ("joined", Some("point-1")), ("ended_by_lead", None)]);
    }
}
