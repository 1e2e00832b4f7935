//! `tongke backup` and `tongke restore`: a directory with a consistent copy of the database, the recordings and the
//! configuration file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{cli::BackupSource, config, data_dir::RECORDINGS, db, fault::Fault};

const CONFIG_NAME: &str = "tongke.toml";

/// Copies a data directory to `out` while it may be in use. The database is copied as of one instant; a recording that
/// is being written is copied up to what is on disk.
pub async fn backup(source: &BackupSource, out: &Path) -> anyhow::Result<()> {
    let (data, config) = match source {
        BackupSource::Data(data) => (data.clone(), None),
        BackupSource::Config(path) => (config::load(path)?.data, Some(path)),
    };
    if !data.join(db::FILE_NAME).exists() {
        let data = data.display();
        return Err(Fault::new(
            format_args!("{data} 不是同课的数据目录"),
            format_args!("{data} is no data directory of Tongke"),
        )
        .into());
    }
    make_empty(out)?;
    db::copy(&data, &out.join(db::FILE_NAME)).await.context("copying the database")?;
    copy_tree(&data.join(RECORDINGS), &out.join(RECORDINGS)).context("copying the recordings")?;
    if let Some(config) = config {
        fs::copy(config, out.join(CONFIG_NAME)).context("copying the configuration")?;
    }
    Ok(())
}

/// Lays a backup out as a data directory, which must be empty. The configuration file stays where it is in the backup:
/// it says itself where its data directory is.
pub fn restore(from: &Path, data: &Path) -> anyhow::Result<()> {
    let database = from.join(db::FILE_NAME);
    if !database.exists() {
        let from = from.display();
        return Err(
            Fault::new(format_args!("{from} 不是同课的备份"), format_args!("{from} is no backup of Tongke")).into()
        );
    }
    make_empty(data)?;
    copy_tree(&from.join(RECORDINGS), &data.join(RECORDINGS)).context("copying the recordings")?;
    // Last, so that a restore that broke off is no data directory.
    fs::copy(&database, data.join(db::FILE_NAME)).context("copying the database")?;
    Ok(())
}

/// Makes a directory, or takes an empty one.
fn make_empty(path: &Path) -> Result<(), Fault> {
    let shown = path.display();
    let unwritable =
        |e: io::Error| Fault::new(format_args!("不能写目录 {shown}：{e}"), format_args!("cannot write to {shown}"));
    fs::create_dir_all(path).map_err(unwritable)?;
    if fs::read_dir(path).map_err(unwritable)?.next().is_some() {
        return Err(Fault::new(
            format_args!("目录 {shown} 不是空的，什么也没有写"),
            format_args!("the directory {shown} is not empty, nothing was written"),
        ));
    }
    Ok(())
}

/// Copies the files of a directory and of those below it. A missing one is an empty one.
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let mut left: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = left.pop() {
        let entries = match fs::read_dir(&from) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        fs::create_dir_all(&to)?;
        for entry in entries {
            let entry = entry?;
            let target = to.join(entry.file_name());
            match entry.file_type()? {
                kind if kind.is_dir() => left.push((entry.path(), target)),
                kind if kind.is_file() => drop(fs::copy(entry.path(), target)?),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use protocol::UtcMs;

    use super::*;
    use crate::{
        db::Db,
        testing::{TempDir, seeded},
    };

    #[tokio::test]
    async fn what_was_backed_up_while_in_use_is_restored() {
        let (data, parent) = (TempDir::new(), TempDir::new());
        let (copy, restored) = (parent.path().join("copy"), parent.path().join("restored"));
        let db = Db::open(data.path()).await.unwrap();
        let demo = seeded(&db, 2, UtcMs(1_795_320_000_000)).await;
        let track = Path::new(RECORDINGS).join("lesson/t/master-camera");
        fs::create_dir_all(data.path().join(&track)).unwrap();
        fs::write(data.path().join(&track).join("0.cmaf"), "moof").unwrap();

        let source = BackupSource::Data(data.path().to_owned());
        backup(&source, &copy).await.unwrap();
        restore(&copy, &restored).unwrap();
        let again = Db::open(&restored).await.unwrap();
        assert_eq!(again.lesson(&demo.lesson).await.unwrap(), db.lesson(&demo.lesson).await.unwrap());
        let bytes = fs::read(restored.join(&track).join("0.cmaf")).unwrap();
        assert_eq!(bytes, b"moof");

        let over = restore(&copy, &restored).unwrap_err().to_string();
        assert!(over.contains("not empty"), "{over}");
        let over = backup(&source, &copy).await.unwrap_err().to_string();
        assert!(over.contains("not empty"), "{over}");
    }

    #[tokio::test]
    async fn a_directory_of_something_else_is_refused() {
        let (other, parent) = (TempDir::new(), TempDir::new());
        let source = BackupSource::Data(other.path().to_owned());
        let refused = backup(&source, &parent.path().join("a")).await.unwrap_err().to_string();
        assert!(refused.contains("no data directory"), "{refused}");
        let refused = restore(other.path(), &parent.path().join("b")).unwrap_err().to_string();
        assert!(refused.contains("no backup"), "{refused}");
        assert!(!parent.path().join("a").exists());
    }
}
