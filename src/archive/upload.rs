//! One recording to the store.

use std::{
    fs,
    io::{self, SeekFrom},
    num::NonZeroU64,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use object_store::{
    ObjectStoreExt,
    multipart::{MultipartStore, PartId},
    path::Path as Key,
};
use protocol::LessonId;
use recorder::File;
use tokio::{
    fs::File as Open,
    io::{AsyncReadExt, AsyncSeekExt},
};

use super::{
    Objects, Store, Target,
    progress::{self, Copied, UnderWay, Version},
};

/// A longer file is sent in parts. S3 takes none below 5 MiB but the last, and no more than so many a file.
pub const PART_BYTES: u64 = 8 << 20;
const MOST_PARTS: u64 = 10_000;
/// After so many tries in vain, some hours, a file is sent anew: not every store says that it has forgotten the first parts.
pub const MOST_IN_VAIN: u32 = 12;

/// A recording on its way.
struct Sending<'a> {
    store: &'a Store,
    lesson: &'a LessonId,
    directory: PathBuf,
    copied: Copied,
}

/// Copies what the store does not have of a recording that has ended, the manifest last: who finds it finds the rest. A file
/// that was broken off goes first, before something new takes its place in [`Copied::under_way`].
pub async fn copy(store: &Store, recordings: &Path, lesson: &LessonId) -> anyhow::Result<()> {
    let directory = recordings.join(lesson.as_str());
    let place = store.place.clone();
    let Some((found, copied)) = on_disk(&directory, move |directory| progress::begin(directory, &place)).await? else {
        return Ok(());
    };
    let mut sending = Sending { store, lesson, directory, copied };
    if sending.copied.under_way.as_ref().is_some_and(|begun| found.get(&begun.file) != Some(&begun.version)) {
        sending.give_up().await;
    }
    let broken_off = sending.copied.under_way.as_ref().map(|begun| begun.file.clone());
    let manifest = File::Manifest.path();
    let mut files: Vec<_> = found.into_iter().filter(|(name, _)| !sending.copied.files.contains_key(name)).collect();
    files.sort_by_key(|(name, _)| (*name == manifest, Some(name) != broken_off.as_ref()));
    for (name, version) in files {
        // A teacher who came back after a restart goes on with a recording that had ended.
        if name == manifest && !on_disk(&sending.directory, progress::has_ended).await? {
            return Ok(());
        }
        sending.send(&name, version).await.with_context(|| name.clone())?;
    }
    on_disk(&sending.directory, progress::finish).await?;
    tracing::info!(%lesson, "the recording was copied to the store");
    Ok(())
}

/// Does what waits for the disk where it holds nobody up.
async fn on_disk<T: Send + 'static>(
    directory: &Path,
    work: impl FnOnce(&Path) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let directory = directory.to_owned();
    tokio::task::spawn_blocking(move || work(&directory)).await?
}

impl Objects {
    fn key(&self, lesson: &LessonId, name: &str) -> Key {
        let key = self.prefix.clone().join(lesson.as_str());
        name.split('/').fold(key, |key, part| key.join(part))
    }
}

impl Sending<'_> {
    async fn send(&mut self, name: &str, version: Version) -> anyhow::Result<()> {
        let path = self.directory.join(name);
        let mut file = Open::open(&path).await?;
        ensure!(Version::of(&file.metadata().await?)? == version, "it was changed meanwhile");
        match &self.store.target {
            Target::Directory(directory) => {
                let to = directory.join(self.lesson.as_str()).join(name);
                on_disk(&path, move |path| Ok(copy_into(path, &to)?)).await?;
            }
            Target::Objects(objects) if version.bytes <= PART_BYTES => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).await?;
                objects.whole.put(&objects.key(self.lesson, name), bytes.into()).await?;
            }
            Target::Objects(objects) => self.send_parts(objects, &mut file, name, version).await?,
        }
        self.copied.files.insert(name.to_owned(), version);
        self.copied.under_way = None;
        self.save().await
    }

    async fn save(&self) -> anyhow::Result<()> {
        let copied = self.copied.clone();
        on_disk(&self.directory, move |directory| copied.save(directory)).await
    }

    /// Goes on with the file that was broken off, or begins with it if it is another or the store has forgotten it.
    async fn send_parts(
        &mut self,
        objects: &Objects,
        file: &mut Open,
        name: &str,
        version: Version,
    ) -> anyhow::Result<()> {
        let lesson = self.lesson;
        if let Some(begun) = self.copied.under_way.as_mut().filter(|begun| begun.file == name) {
            let part = begun.parts.len() + 1;
            begun.in_vain += 1;
            let is_hopeless = begun.in_vain > MOST_IN_VAIN;
            tracing::info!(%lesson, file = name, part, "a file that was broken off goes on to the store");
            self.save().await?;
            match self.send_rest(&*objects.parts, file).await {
                Err(error) if is_hopeless || is_forgotten(&error) => {
                    tracing::info!(%lesson, file = name, "the store no longer has its first parts: it is sent anew");
                }
                sent => return sent,
            }
        }
        self.begin(objects, name, version).await?;
        self.send_rest(&*objects.parts, file).await
    }

    async fn begin(&mut self, objects: &Objects, name: &str, version: Version) -> anyhow::Result<()> {
        let key = objects.key(self.lesson, name);
        let part_bytes = NonZeroU64::new(PART_BYTES.max(version.bytes.div_ceil(MOST_PARTS))).context("no parts")?;
        // Only now is it certain that the store can be reached.
        let upload = objects.parts.create_multipart(&key).await?;
        self.give_up().await;
        let (file, key) = (name.to_owned(), key.to_string());
        let begun = UnderWay { file, version, key, upload, part_bytes, parts: Vec::new(), in_vain: 0 };
        self.copied.under_way = Some(begun);
        self.save().await
    }

    /// Sends the parts that the store does not have, one after the other, each remembered before the next, and has it put
    /// them together.
    async fn send_rest(&mut self, parts: &dyn MultipartStore, file: &mut Open) -> anyhow::Result<()> {
        let mut begun = self.copied.under_way.clone().context("nothing is under way")?;
        let key = Key::parse(&begun.key)?;
        file.seek(SeekFrom::Start(begun.sent_bytes())).await?;
        loop {
            let len = begun.part_bytes.get().min(begun.version.bytes - begun.sent_bytes());
            if len == 0 {
                break;
            }
            let mut bytes = vec![0; usize::try_from(len)?];
            file.read_exact(&mut bytes).await?;
            let part = parts.put_part(&key, &begun.upload, begun.parts.len(), bytes.into()).await?;
            begun.parts.push(part.content_id);
            begun.in_vain = 0;
            self.copied.under_way = Some(begun.clone());
            self.save().await?;
        }
        let ids = begun.parts.into_iter().map(|content_id| PartId { content_id }).collect();
        parts.complete_multipart(&key, &begun.upload, ids).await?;
        Ok(())
    }

    /// Has the store drop the parts of a file that is not gone on with, so that nobody pays for them.
    async fn give_up(&mut self) {
        let Some(begun) = self.copied.under_way.take() else { return };
        let Target::Objects(objects) = &self.store.target else { return };
        let Ok(key) = Key::parse(&begun.key) else { return };
        if let Err(error) = objects.parts.abort_multipart(&key, &begun.upload).await {
            let lesson = self.lesson;
            tracing::debug!(%lesson, file = begun.file, %error, "the store may still have parts that nobody needs");
        }
    }
}

/// Whether the store no longer knows the upload or a part of it: it has expired, or someone has tidied up there. S3 says so
/// with 404, or with 400 and the name of the fault when it is to put the parts together.
fn is_forgotten(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(object_store::Error::NotFound { .. }) => true,
        Some(error) => {
            let told = format!("{error:?}");
            ["NoSuchUpload", "InvalidPart"].iter().any(|fault| told.contains(fault))
        }
        None => false,
    }
}

/// Copies a file into a directory so that it is there whole, on the disk, or not at all.
fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    let parent = to.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(parent)?;
    let mut half = to.as_os_str().to_owned();
    half.push(".tmp");
    let half = PathBuf::from(half);
    let copied = fs::copy(from, &half).and_then(|_| fs::File::open(&half)?.sync_all());
    let placed = copied.and_then(|()| fs::rename(&half, to));
    if placed.is_err() {
        let _ = fs::remove_file(&half);
    }
    placed.and_then(|()| fs::File::open(parent)?.sync_all())
}
