//! One recording to the store.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use object_store::{ObjectStoreExt, WriteMultipart, path::Path as Key};
use protocol::LessonId;
use recorder::{File, Manifest};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use super::Store;
use crate::recording::replace_file;

/// The acknowledgement, in the recording's directory.
pub const STORED: &str = "stored.json";
/// What is sent at once of a large file. S3 takes no less than 5 MiB, and no more than 10,000 of them a file.
const CHUNK_BYTES: usize = 8 << 20;
/// Chunks under way at once.
const CHUNKS: usize = 2;

/// What the store has, as `stored.json` says it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    /// Length of each file.
    files: BTreeMap<String, u64>,
}

/// Finished recordings of which the store has not everything.
pub fn not_stored(recordings: &Path) -> Vec<LessonId> {
    let Ok(entries) = fs::read_dir(recordings) else { return Vec::new() };
    let lessons = entries.flatten().filter_map(|entry| LessonId::parse(entry.file_name().into_string().ok()?).ok());
    let is_due = |lesson: &LessonId| {
        let directory = recordings.join(lesson.as_str());
        is_finished(&directory) && files(&directory).ok() != stored(&directory).map(|stored| stored.files)
    };
    lessons.filter(is_due).collect()
}

fn is_finished(directory: &Path) -> bool {
    let manifest = fs::read(directory.join(File::Manifest.path())).ok();
    manifest.and_then(|json| Manifest::from_json(&json).ok()).is_some_and(|manifest| manifest.ended)
}

fn stored(directory: &Path) -> Option<Stored> {
    serde_json::from_slice(&fs::read(directory.join(STORED)).ok()?).ok()
}

/// Every file of a recording with its length; what is being made is left out.
fn files(directory: &Path) -> io::Result<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let name = path.strip_prefix(directory).ok().and_then(Path::to_str).unwrap_or_default().to_owned();
            if name.is_empty() || name.ends_with(".tmp") || name == STORED {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                found.insert(name, entry.metadata()?.len());
            }
        }
    }
    Ok(found)
}

/// Copies what the store does not have of a recording, the manifest last: who finds it finds the rest.
pub async fn copy(store: &Store, recordings: &Path, lesson: &LessonId) -> anyhow::Result<()> {
    let directory = recordings.join(lesson.as_str());
    let files = files(&directory).context("the recording's directory")?;
    let manifest = File::Manifest.path();
    let (last, first): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| **name == manifest);
    for (name, len) in first.into_iter().chain(last) {
        let key = store.prefix.clone().join(lesson.as_str());
        let key = name.split('/').fold(key, |key, part| key.join(part));
        copy_file(store, &directory.join(name), &key, *len).await.with_context(|| name.clone())?;
    }
    let json = serde_json::to_vec_pretty(&Stored { files })?;
    replace_file(&directory.join(STORED), &json).context(STORED)?;
    tracing::info!(%lesson, "the recording was copied to the store");
    Ok(())
}

async fn copy_file(store: &Store, path: &Path, key: &Key, len: u64) -> anyhow::Result<()> {
    match store.objects.head(key).await {
        Ok(there) if there.size == len => return Ok(()),
        Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let mut file = tokio::fs::File::open(path).await?;
    if len <= CHUNK_BYTES as u64 {
        let mut bytes = Vec::with_capacity(len as usize);
        file.read_to_end(&mut bytes).await?;
        store.objects.put(key, bytes.into()).await?;
        return Ok(());
    }
    let mut upload = WriteMultipart::new_with_chunk_size(store.objects.put_multipart(key).await?, CHUNK_BYTES);
    let mut chunk = vec![0; 1 << 20];
    loop {
        upload.wait_for_capacity(CHUNKS).await?;
        match file.read(&mut chunk).await {
            Ok(0) => break,
            Ok(read) => upload.write(&chunk[..read]),
            Err(error) => {
                upload.abort().await?;
                return Err(error.into());
            }
        }
    }
    upload.finish().await?;
    Ok(())
}
