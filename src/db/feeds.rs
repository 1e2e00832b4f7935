//! Secret addresses of calendar feeds.

use protocol::ParticipantId;

use super::Db;

impl Db {
    /// Gives the feed of a person or room an address; an earlier one stops working.
    pub async fn put_feed(&self, subject: &ParticipantId, hash: &str) -> anyhow::Result<()> {
        let sql = "INSERT INTO feeds (subject, hash) VALUES ($1, $2)
                   ON CONFLICT (subject) DO UPDATE SET hash = excluded.hash";
        sqlx::query(sql).bind(subject.as_str()).bind(hash).execute(&self.write).await?;
        Ok(())
    }

    /// Whose feed is at this address.
    pub async fn subject_of_feed(&self, hash: &str) -> anyhow::Result<Option<ParticipantId>> {
        let sql = "SELECT subject FROM feeds WHERE hash = $1";
        let row: Option<(String,)> = sqlx::query_as(sql).bind(hash).fetch_optional(self.read()).await?;
        Ok(row.map(|(subject,)| ParticipantId::parse(subject)).transpose()?)
    }
}
