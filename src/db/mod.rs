//! The database: all SQL is in this folder, one file for each family of tables. Functions take and return domain types;
//! connections and transactions never leave it.

mod feeds;
#[cfg(test)]
mod journal;
mod ledger;
mod lessons;
mod lines;
mod notes;
mod people;
mod recordings;
mod timetable;
mod tokens;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    Connection, SqlSafeStr, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::fault::Fault;

pub use ledger::Judged;
pub use notes::{Note, NotesError};
pub use recordings::Recording;
pub use timetable::LoggedChange;

/// The file inside the data directory.
pub const FILE_NAME: &str = "tongke.sqlite";

/// Connections that read at the same time; further readers wait.
const READERS: u32 = 4;
/// How long a writer of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Every change of the schema by its number, oldest first. One that is out is never edited: databases remember its checksum.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "initial", include_str!("migrations/0001_initial.sql")),
    (2, "timetable", include_str!("migrations/0002_timetable.sql")),
    (3, "lines", include_str!("migrations/0003_lines.sql")),
];

/// The one store of everything that outlives a lesson: many readers, one writer.
#[derive(Debug, Clone)]
pub struct Db {
    read: SqlitePool,
    write: SqlitePool,
    reads: Arc<AtomicU64>,
}

impl Db {
    /// Opens the database of a data directory, makes it if there is none, and brings its schema up to date.
    pub async fn open(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(FILE_NAME);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let write = SqlitePoolOptions::new().max_connections(1);
        let write = write.connect_with(options.clone()).await.map_err(|e| {
            let path = path.display();
            Fault::new(format_args!("不能打开数据库 {path}：{e}"), format_args!("cannot open the database {path}"))
        })?;
        migrate(&write).await?;
        let read = SqlitePoolOptions::new().max_connections(READERS);
        let read = read.connect_with(options).await?;
        Ok(Self { read, write, reads: Arc::default() })
    }

    /// The connections to read with; every query is counted.
    fn read(&self) -> &SqlitePool {
        self.reads.fetch_add(1, Ordering::Relaxed);
        &self.read
    }

    /// Queries asked so far.
    pub fn queries(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Keeps everyone else from writing until what is returned is committed.
    #[cfg(test)]
    pub async fn lock_for_test(self) -> sqlx::Transaction<'static, sqlx::Sqlite> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("DELETE FROM remembered").execute(&mut *transaction).await.unwrap();
        transaction
    }

    /// Whether it answers.
    pub async fn ping(&self) -> anyhow::Result<()> {
        sqlx::query("SELECT 1").execute(self.read()).await?;
        Ok(())
    }

    /// Waits for what is under way, then closes the files.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Writes a consistent copy of the database in `data` to `target`, which must not exist, while others read and write. The
/// schema stays as it is.
pub async fn copy(data: &Path, target: &Path) -> anyhow::Result<()> {
    let target = target.to_str().context("the path is not UTF-8")?;
    let options = SqliteConnectOptions::new().filename(data.join(FILE_NAME)).busy_timeout(BUSY_TIMEOUT);
    let mut source = SqliteConnection::connect_with(&options).await?;
    sqlx::query("VACUUM INTO $1").bind(target).execute(&mut source).await?;
    source.close().await?;
    Ok(())
}

async fn migrate(pool: &SqlitePool) -> anyhow::Result<()> {
    let migrations = MIGRATIONS.map(|(number, name, sql)| {
        Migration::new(number, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    match Migrator::with_migrations(migrations.into()).run(pool).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version)) => Err(Fault::new(
            format_args!("数据库由更新版本的同课写成（结构版本 {version}），请用新版本打开"),
            format_args!("the database has schema {version}, of a newer Tongke: use that one"),
        )
        .into()),
        Err(other) => Err(other).context("bringing the database up to date"),
    }
}

/// The wire name of an enum value, as it is stored.
fn name_of(value: impl Serialize) -> anyhow::Result<String> {
    match serde_json::to_value(value)? {
        serde_json::Value::String(name) => Ok(name),
        other => anyhow::bail!("{other} is no name"),
    }
}

/// The enum value of a stored name.
fn from_name<T: DeserializeOwned>(name: String) -> anyhow::Result<T> {
    Ok(serde_json::from_value(serde_json::Value::String(name))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    #[tokio::test]
    async fn a_database_can_be_opened_again() {
        let dir = TempDir::new();
        for _ in 0..2 {
            Db::open(dir.path()).await.unwrap().close().await;
        }
    }

    #[test]
    fn every_file_of_a_change_is_named() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/db/migrations")).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, MIGRATIONS.map(|(number, name, _)| format!("{number:04}_{name}.sql")));
    }

    #[tokio::test]
    async fn a_newer_schema_is_refused_with_one_sentence() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (9999, 'later', 1, x'00', 0)";
        sqlx::query(newer).execute(&db.write).await.unwrap();
        db.close().await;
        let refused = Db::open(dir.path()).await.unwrap_err();
        let fault = refused.downcast::<Fault>().unwrap().to_string();
        assert!(fault.contains("9999"), "{fault}");
    }

    #[tokio::test]
    async fn a_copy_is_made_while_the_database_is_open_and_never_over_another_file() {
        let (dir, made) = (TempDir::new(), TempDir::new());
        let _open = Db::open(dir.path()).await.unwrap();
        let target = made.path().join(FILE_NAME);
        copy(dir.path(), &target).await.unwrap();
        assert!(Db::open(made.path()).await.is_ok());
        assert!(copy(dir.path(), &target).await.is_err());
    }
}
