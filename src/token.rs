//! `tongke token`: a bearer token for someone the database knows, until there is single sign-on.

use std::path::Path;

use protocol::ParticipantId;

use crate::{
    clock::utc_now,
    db::{self, Db},
    fault::Fault,
    http::{fresh_token, hash},
};

const DAY_MS: i64 = 86_400_000;

/// Writes a fresh token of each of `people` into the database and returns them, a line each. None where one is unknown.
pub async fn issue(data: &Path, people: &[impl AsRef<str>], days: u16) -> anyhow::Result<String> {
    let shown = data.display();
    if !data.join(db::FILE_NAME).exists() {
        return Err(Fault::new(
            format_args!("{shown} 不是同课的数据目录"),
            format_args!("{shown} is no data directory of Tongke"),
        )
        .into());
    }
    let db = Db::open(data).await?;
    let mut ids = Vec::with_capacity(people.len());
    for person in people.iter().map(AsRef::as_ref) {
        let unknown = || Fault::new(format_args!("没有人员 {person}"), format_args!("there is no person {person}"));
        let id = ParticipantId::parse(person).map_err(|_| unknown())?;
        if !db.has_person(&id).await? {
            return Err(unknown().into());
        }
        ids.push(id);
    }
    let mut tokens = String::new();
    for id in ids {
        let token = fresh_token()?;
        db.put_token(&hash(&token), &id, utc_now().plus_ms(i64::from(days) * DAY_MS)).await?;
        tokens = tokens + &token + "\n";
    }
    db.close().await;
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TempDir, seeded};

    #[tokio::test]
    async fn a_token_is_valid_for_its_days_and_only_people_get_one() {
        let dir = TempDir::new();
        let db = Db::open(dir.path()).await.unwrap();
        seeded(&db, 1, utc_now()).await;
        let token = issue(dir.path(), &["master"], 2).await.unwrap();
        let of = async |days: i64| {
            let then = utc_now().plus_ms(days * DAY_MS);
            db.person_of_token(&hash(token.trim_end()), then).await.unwrap().map(|p| p.id.to_string())
        };
        assert_eq!(of(1).await.as_deref(), Some("master"));
        assert_eq!(of(2).await, None);
        for nobody in ["point-9", "../x"] {
            assert!(issue(dir.path(), &[nobody], 2).await.is_err(), "{nobody}");
        }
        assert!(issue(&dir.path().join("none"), &["master"], 2).await.is_err());
    }
}
