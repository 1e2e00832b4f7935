//! The tokens that are valid, in memory: nobody who comes at the bell asks the database who they are.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use access::Person;
use protocol::UtcMs;

use crate::db::Db;

/// Tokens kept; beyond it all are read anew.
const KEPT: usize = 200_000;

/// Hashes of tokens, whose they are and until when. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tokens(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    people: HashMap<String, (Person, UtcMs)>,
    /// What the database said of foreign writes when they were read.
    version: Option<i64>,
}

impl Tokens {
    /// Whose token this is. One that is not known is looked for in the database.
    pub async fn person(&self, db: &Db, hash: &str, now: UtcMs) -> anyhow::Result<Option<Person>> {
        if let Some((person, expires_at)) = self.read(hash) {
            return Ok(Some(person).filter(|_| now < expires_at));
        }
        db.person_of_token(hash, now).await
    }

    /// Reads all tokens anew if another process has written to the database since the last time.
    pub async fn refresh(&self, db: &Db, now: UtcMs) -> anyhow::Result<()> {
        let version = db.foreign_writes().await?;
        if self.0.read().unwrap_or_else(PoisonError::into_inner).version == Some(version) {
            return Ok(());
        }
        let tokens = db.tokens(now).await?;
        let people = tokens.into_iter().take(KEPT).map(|(hash, person, expires_at)| (hash, (person, expires_at)));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            Known { people: people.collect(), version: Some(version) };
        Ok(())
    }

    fn read(&self, hash: &str) -> Option<(Person, UtcMs)> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).people.get(hash).cloned()
    }
}
