//! Schools, and the people and devices that belong to them.

use access::Person;
use protocol::{ParticipantId, message::Role};

use super::{Db, from_name, name_of};

/// What a school or office is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchoolKind {
    /// 主校.
    HubSchool,
    /// 教学点.
    TeachingPoint,
    /// 教育局.
    Bureau,
}

impl SchoolKind {
    fn name(self) -> &'static str {
        match self {
            SchoolKind::HubSchool => "hub_school",
            SchoolKind::TeachingPoint => "teaching_point",
            SchoolKind::Bureau => "bureau",
        }
    }
}

/// A person as stored: id, name, role, school's name.
pub(super) type PersonRow = (String, String, String, String);

pub(super) fn person((id, name, role, organisation): PersonRow) -> anyhow::Result<Person> {
    Ok(Person { id: ParticipantId::parse(id)?, name, organisation, role: from_name(role)? })
}

impl Db {
    /// Adds a school, or renames the one with this id.
    pub async fn put_school(&self, id: &str, name: &str, kind: SchoolKind) -> anyhow::Result<()> {
        let sql = "INSERT INTO schools (id, name, kind) VALUES ($1, $2, $3)
                   ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind";
        let put = sqlx::query(sql).bind(id).bind(name).bind(kind.name());
        put.execute(&self.write).await?;
        Ok(())
    }

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
        let found: Option<(String,)> = sqlx::query_as(sql).bind(id.as_str()).fetch_optional(&self.read).await?;
        Ok(found.is_some())
    }
}
