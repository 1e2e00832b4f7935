//! People and devices: whoever can hold a token. Teachers and the devices of receive rooms come with the timetable.

use access::Person;
use protocol::{ParticipantId, message::Role};

use super::{Db, from_name, name_of};

/// A person as stored: id, name, role, school's name.
pub(super) type PersonRow = (String, String, String, String);

pub(super) fn person((id, name, role, organisation): PersonRow) -> anyhow::Result<Person> {
    Ok(Person { id: ParticipantId::parse(id)?, name, organisation, role: from_name(role)? })
}

impl Db {
    /// Adds a person or device, or changes the one with this id.
    pub async fn put_person(&self, id: &ParticipantId, name: &str, role: Role, school: &str) -> anyhow::Result<()> {
        let sql = "INSERT INTO people (id, name, role, school) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (id) DO UPDATE
                   SET name = excluded.name, role = excluded.role, school = excluded.school";
        let put = sqlx::query(sql).bind(id.as_str()).bind(name);
        let put = put.bind(name_of(role)?).bind(school);
        put.execute(&self.write).await?;
        Ok(())
    }

    /// Whether there is such a person.
    pub async fn has_person(&self, id: &ParticipantId) -> anyhow::Result<bool> {
        let sql = "SELECT id FROM people WHERE id = $1";
        let found: Option<(String,)> = sqlx::query_as(sql).bind(id.as_str()).fetch_optional(self.read()).await?;
        Ok(found.is_some())
    }
}
