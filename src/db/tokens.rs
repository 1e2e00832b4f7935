//! Bearer tokens. The database holds only their hashes.

use access::Person;
use protocol::{ParticipantId, UtcMs};

use super::{
    Db,
    people::{PersonRow, person},
};

impl Db {
    /// Adds a token of `person`.
    pub async fn put_token(&self, hash: &str, person: &ParticipantId, expires_at: UtcMs) -> anyhow::Result<()> {
        let sql = "INSERT INTO tokens (hash, person, expires_at) VALUES ($1, $2, $3)";
        let put = sqlx::query(sql).bind(hash).bind(person.as_str());
        put.bind(expires_at.0).execute(&self.write).await?;
        Ok(())
    }

    /// Whose token this is, if it is one and still valid.
    pub async fn person_of_token(&self, hash: &str, now: UtcMs) -> anyhow::Result<Option<Person>> {
        let sql = "SELECT people.id, people.name, people.role, schools.name
                   FROM tokens
                   JOIN people ON people.id = tokens.person
                   JOIN schools ON schools.id = people.school
                   WHERE tokens.hash = $1 AND tokens.expires_at > $2";
        let found: Option<PersonRow> = sqlx::query_as(sql).bind(hash).bind(now.0).fetch_optional(self.read()).await?;
        found.map(person).transpose()
    }

    /// Every token that is still valid: its hash, whose it is, and until when.
    pub async fn tokens(&self, now: UtcMs) -> anyhow::Result<Vec<(String, Person, UtcMs)>> {
        let sql = "SELECT tokens.hash, tokens.expires_at, people.id, people.name, people.role, schools.name
                   FROM tokens
                   JOIN people ON people.id = tokens.person
                   JOIN schools ON schools.id = people.school
                   WHERE tokens.expires_at > $1";
        let rows: Vec<(String, i64, String, String, String, String)> =
            sqlx::query_as(sql).bind(now.0).fetch_all(self.read()).await?;
        let token = |(hash, expires_at, id, name, role, school)| {
            Ok((hash, person((id, name, role, school))?, UtcMs(expires_at)))
        };
        rows.into_iter().map(token).collect()
    }

    /// Changes whenever another process has written to the database, `tongke token` say.
    pub async fn foreign_writes(&self) -> anyhow::Result<i64> {
        let (version,): (i64,) = sqlx::query_as("PRAGMA data_version").fetch_one(&self.write).await?;
        Ok(version)
    }

    /// Forgets the tokens of everyone.
    pub async fn forget_tokens(&self) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM tokens").execute(&self.write).await?;
        Ok(())
    }
}
