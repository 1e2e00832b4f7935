//! The journal of live lessons, as tests read it: what people look at is the ledger.

use protocol::LessonId;

use super::Db;

impl Db {
    /// The journal of a lesson: what happened, and whom it was about.
    pub async fn journal(&self, lesson: &LessonId) -> anyhow::Result<Vec<(String, Option<String>)>> {
        let sql = "SELECT what, person FROM lesson_events WHERE lesson = $1 ORDER BY number";
        let rows = sqlx::query_as(sql).bind(lesson.as_str());
        Ok(rows.fetch_all(self.read()).await?)
    }
}

mod tests {
    use lesson::{Happening, JournalEntry};
    use protocol::{ParticipantId, UtcMs};

    use super::*;
    use crate::{
        db::Note,
        testing::{TempDir, seeded},
    };

    #[tokio::test]
    async fn a_journal_keeps_its_order_over_several_writes() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let now = UtcMs(1_795_320_000_000);
        let lesson = seeded(&db, 1, now).await.lesson;
        let entry = |who: Option<&str>, what| JournalEntry {
            at: now,
            who: who.map(|who| ParticipantId::parse(who).unwrap()),
            what,
        };
        let first = [entry(None, Happening::WentLive), entry(Some("point-1"), Happening::Joined)];
        let notes = |entries: &[JournalEntry]| -> Vec<(LessonId, Note)> {
            entries.iter().map(|entry| (lesson.clone(), Note::Journal(entry.clone()))).collect()
        };
        db.write_notes(&notes(&first)).await.unwrap();
        db.write_notes(&notes(&[entry(None, Happening::EndedByLead)])).await.unwrap();
        let journal = db.journal(&lesson).await.unwrap();
        let rows: Vec<_> = journal.iter().map(|(what, who)| (what.as_str(), who.as_deref())).collect();
        assert_eq!(rows, [("went_live", None), ("joined", Some("point-1")), ("ended_by_lead", None)]);
    }
}
