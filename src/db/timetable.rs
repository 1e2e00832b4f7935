//! The timetable's records and the log of their changes.

use protocol::{
    ParticipantId, RoomId, UtcMs,
    county::ChangeKind,
    message::Role,
    timetable::{Change, Record, RoomKind},
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Sqlite, Transaction};

use super::{Db, name_of};

/// One change as it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedChange {
    /// Its number, from 1.
    pub number: u64,
    /// When.
    pub at: UtcMs,
    /// Who made it; none for the program itself.
    pub person: Option<ParticipantId>,
    /// Their name.
    pub person_name: String,
    /// What it was.
    pub what: ChangeKind,
    /// The change.
    pub change: Change,
    /// What takes it back.
    pub inverse: Change,
    /// The change that took it back, if one did.
    pub undone_by: Option<u64>,
}

/// number, at, person, name, what, change, inverse, undone_by
type ChangeRow = (i64, i64, Option<String>, String, String, String, String, Option<i64>);

impl Db {
    /// Every record, in no order that means anything.
    pub async fn timetable_records(&self) -> anyhow::Result<Vec<Record>> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT record FROM timetable_records").fetch_all(self.read()).await?;
        rows.iter().map(|(record,)| from_json(record)).collect()
    }

    /// The number of the last change; 0 before the first.
    pub async fn last_change(&self) -> anyhow::Result<u64> {
        let sql = "SELECT COALESCE(MAX(number), 0) FROM timetable_changes";
        let (number,): (i64,) = sqlx::query_as(sql).fetch_one(self.read()).await?;
        Ok(u64::try_from(number)?)
    }

    /// Writes a change with its records, all or nothing; marks the change that it takes back, if it does. `device_name` names
    /// the device of a receive room.
    pub async fn log_change(
        &self,
        logged: &LoggedChange,
        undoes: Option<u64>,
        device_name: impl Fn(&RoomId) -> String,
    ) -> anyhow::Result<()> {
        let mut transaction = self.write.begin().await?;
        let sql = "INSERT INTO timetable_changes (number, at, person, person_name, what, change, inverse)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let put = sqlx::query(sql).bind(i64::try_from(logged.number)?).bind(logged.at.0);
        let put = put.bind(logged.person.as_ref().map(|person| person.as_str().to_owned())).bind(&logged.person_name);
        let put = put.bind(json(&logged.what)?).bind(json(&logged.change)?).bind(json(&logged.inverse)?);
        put.execute(&mut *transaction).await?;
        if let Some(undone) = undoes {
            let mark = sqlx::query("UPDATE timetable_changes SET undone_by = $1 WHERE number = $2");
            mark.bind(i64::try_from(logged.number)?).bind(i64::try_from(undone)?).execute(&mut *transaction).await?;
        }
        for record in &logged.change.put {
            let sql = "INSERT INTO timetable_records (key, record) VALUES ($1, $2)
                       ON CONFLICT (key) DO UPDATE SET record = excluded.record";
            let put = sqlx::query(sql).bind(json(&record.key())?).bind(json(record)?);
            put.execute(&mut *transaction).await?;
            mirror(&mut transaction, record, &device_name).await?;
        }
        for key in &logged.change.remove {
            let remove = sqlx::query("DELETE FROM timetable_records WHERE key = $1").bind(json(key)?);
            remove.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The last changes, newest first.
    pub async fn changes(&self, limit: u32) -> anyhow::Result<Vec<LoggedChange>> {
        let sql = "SELECT number, at, person, person_name, what, change, inverse, undone_by
                   FROM timetable_changes ORDER BY number DESC LIMIT $1";
        let rows: Vec<ChangeRow> = sqlx::query_as(sql).bind(limit).fetch_all(self.read()).await?;
        rows.into_iter().map(logged).collect()
    }

    /// The change with this number.
    pub async fn change(&self, number: u64) -> anyhow::Result<Option<LoggedChange>> {
        let sql = "SELECT number, at, person, person_name, what, change, inverse, undone_by
                   FROM timetable_changes WHERE number = $1";
        let row: Option<ChangeRow> =
            sqlx::query_as(sql).bind(i64::try_from(number)?).fetch_optional(self.read()).await?;
        row.map(logged).transpose()
    }
}

fn logged(
    (number, at, person, person_name, what, change, inverse, undone_by): ChangeRow,
) -> anyhow::Result<LoggedChange> {
    Ok(LoggedChange {
        number: u64::try_from(number)?,
        at: UtcMs(at),
        person: person.map(ParticipantId::parse).transpose()?,
        person_name,
        what: from_json(&what)?,
        change: from_json(&change)?,
        inverse: from_json(&inverse)?,
        undone_by: undone_by.map(u64::try_from).transpose()?,
    })
}

/// Schools, teachers and the devices of receive rooms can hold tokens: the tables of people know them too.
async fn mirror(
    transaction: &mut Transaction<'_, Sqlite>,
    record: &Record,
    device_name: impl Fn(&RoomId) -> String,
) -> anyhow::Result<()> {
    let (id, name, role, school) = match record {
        Record::School(school) => {
            let sql = "INSERT INTO schools (id, name, kind, area) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (id) DO UPDATE
                       SET name = excluded.name, kind = excluded.kind, area = excluded.area";
            let put = sqlx::query(sql).bind(school.id.as_str()).bind(&school.name);
            let put = put.bind(name_of(school.kind)?).bind(&school.area);
            put.execute(&mut **transaction).await?;
            return Ok(());
        }
        Record::Teacher(teacher) => (teacher.id.as_str(), teacher.name.clone(), Role::MasterTeacher, &teacher.school),
        Record::Room(room) if room.kind == RoomKind::ReceiveRoom => {
            (room.id.as_str(), device_name(&room.id), Role::ClassroomDevice, &room.school)
        }
        _ => return Ok(()),
    };
    let sql = "INSERT INTO people (id, name, role, school) VALUES ($1, $2, $3, $4)
               ON CONFLICT (id) DO UPDATE
               SET name = excluded.name, role = excluded.role, school = excluded.school";
    let put = sqlx::query(sql).bind(id).bind(name).bind(name_of(role)?).bind(school.as_str());
    put.execute(&mut **transaction).await?;
    Ok(())
}

pub(super) fn json(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string(value)?)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    Ok(serde_json::from_str(text)?)
}
