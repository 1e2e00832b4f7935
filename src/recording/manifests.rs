//! Manifests as replays need them. A class that plays a lesson asks for hundreds of byte ranges a minute: that of a finished
//! recording is read once, and the writer is asked for that of a running one no more often than it writes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime},
};

use protocol::LessonId;
use recorder::{File, Manifest};
use tokio::time::timeout;

use super::{
    Recorder,
    limits::{FINISHED_FRESH, LONGEST_LOOK, MANIFESTS, RUNNING_FRESH},
    open_files,
};

/// How new a manifest has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// As it stands now.
    Newest,
    /// It may be any that was seen: what a playlist names was in the manifest the playlist was made of.
    Any,
}

/// The manifests of all recordings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Manifests {
    directory: PathBuf,
    recorder: Recorder,
    /// Those seen lately, the last one last.
    kept: Arc<Mutex<Vec<(LessonId, Slot)>>>,
}

/// Locked while it is looked at anew, so that all who wait for it look once.
type Slot = Arc<tokio::sync::Mutex<Option<Kept>>>;

#[derive(Debug)]
struct Kept {
    manifest: Arc<Manifest>,
    seen: Instant,
    /// Of the file it was read from.
    stamp: Option<Stamp>,
}

/// Another file has another one.
type Stamp = (SystemTime, u64);

impl Kept {
    fn serves(&self, age: Age) -> bool {
        let fresh = if self.manifest.ended { FINISHED_FRESH } else { RUNNING_FRESH };
        self.seen.elapsed() < fresh || age == Age::Any && !self.manifest.ended
    }
}

impl Manifests {
    /// Of the recordings below `directory`, where `recorder` writes.
    pub fn new(directory: &Path, recorder: Recorder) -> Self {
        Self { directory: directory.to_owned(), recorder, kept: Arc::default() }
    }

    /// What a recording holds, also while it is being written; `None` if there is none.
    pub async fn get(&self, lesson: &LessonId, age: Age) -> Option<Arc<Manifest>> {
        let slot = self.slot(lesson);
        let mut kept = slot.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.serves(age)) {
            return Some(kept.manifest.clone());
        }
        let (path, stamp) = (self.directory.join(lesson.as_str()), kept.as_ref().and_then(|kept| kept.stamp));
        let read = move || read_unless(&path.join(File::Manifest.path()), stamp);
        let (manifest, stamp) = match tokio::task::spawn_blocking(read).await.ok()? {
            Found::Same => (kept.as_ref()?.manifest.clone(), stamp),
            Found::Other(written, stamp) if written.ended => (Arc::new(written), Some(stamp)),
            Found::Other(written, _) => (self.running(lesson, Some(written), kept.as_ref()).await?, None),
            Found::None => (self.running(lesson, None, None).await?, None),
        };
        *kept = Some(Kept { manifest: manifest.clone(), seen: Instant::now(), stamp });
        Some(manifest)
    }

    /// Of one that has not ended. Where nobody writes it just now, what was seen of it may be newer than what is on the disk.
    async fn running(
        &self,
        lesson: &LessonId,
        written: Option<Manifest>,
        kept: Option<&Kept>,
    ) -> Option<Arc<Manifest>> {
        // The writer may be waiting for the disk.
        if let Ok(Some(running)) = timeout(LONGEST_LOOK, self.recorder.look(lesson.clone())).await {
            return Some(Arc::new(running));
        }
        let written = written?;
        let newer = |kept: &&Kept| {
            let same = kept.manifest.lesson == written.lesson;
            same && !kept.manifest.ended && kept.manifest.duration_ms > written.duration_ms
        };
        Some(kept.filter(newer).map_or_else(|| Arc::new(written.clone()), |kept| kept.manifest.clone()))
    }

    fn slot(&self, lesson: &LessonId) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(known, _)| known == lesson).map(|position| kept.remove(position));
        let (lesson, slot) = known.unwrap_or_else(|| (lesson.clone(), Slot::default()));
        if kept.len() >= MANIFESTS {
            kept.remove(0);
        }
        kept.push((lesson, slot.clone()));
        slot
    }
}

/// What is in a manifest's file.
enum Found {
    /// No manifest.
    None,
    /// What was read before.
    Same,
    /// Another one.
    Other(Manifest, Stamp),
}

fn read_unless(path: &Path, known: Option<Stamp>) -> Found {
    let stamp = fs::metadata(path).and_then(|about| Ok((about.modified()?, about.len()))).ok();
    match stamp {
        Some(stamp) if Some(stamp) == known => Found::Same,
        Some(stamp) => read(path).map_or(Found::None, |manifest| Found::Other(manifest, stamp)),
        None => Found::None,
    }
}

/// Reads a manifest's file.
pub fn read(path: &Path) -> Option<Manifest> {
    Manifest::from_json(&open_files::whole(path).ok()?).ok()
}
