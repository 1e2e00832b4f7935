//! What the store is known to have of a recording: `uploading.json` in its directory while it is on its way, which becomes
//! `stored.json` once the store has acknowledged every file.

use std::{
    collections::BTreeMap,
    fs, io,
    num::NonZeroU64,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::Context;
use protocol::LessonId;
use recorder::{File, Manifest};
use serde::{Deserialize, Serialize};

use crate::recording::replace_file;

/// The acknowledgement.
pub const STORED: &str = "stored.json";
/// What is known until then.
pub const UPLOADING: &str = "uploading.json";

/// A file as it was copied. One that is made anew is another, be it as long as the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its length.
    pub bytes: u64,
    /// When it was last written to, in nanoseconds since 1970.
    pub modified_ns: u64,
}

/// The files of a recording by their paths in its directory.
pub type Files = BTreeMap<String, Version>;

/// What is in both files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Which store: what another one has says nothing of this one.
    pub store: String,
    /// What it has acknowledged.
    pub files: Files,
    /// A large file of which it has some parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way: Option<UnderWay>,
}

/// A large file on its way, part by part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Its path in the recording's directory.
    pub file: String,
    /// The file whose parts those are.
    pub version: Version,
    /// Where it goes.
    pub key: String,
    /// What the store calls the upload.
    pub upload: String,
    /// Length of every part but the last.
    pub part_bytes: NonZeroU64,
    /// What the store answered to each part, from the first on.
    pub parts: Vec<String>,
    /// How often in a row it was gone on with and the store took not one more part.
    pub in_vain: u32,
}

impl Version {
    /// That of a file on the disk.
    pub fn of(metadata: &fs::Metadata) -> io::Result<Self> {
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { bytes: metadata.len(), modified_ns: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX) })
    }
}

impl UnderWay {
    /// How much of the file the store has.
    pub fn sent_bytes(&self) -> u64 {
        (self.parts.len() as u64).saturating_mul(self.part_bytes.get()).min(self.version.bytes)
    }
}

impl Copied {
    /// Puts it on the disk, beside the recording.
    pub fn save(&self, directory: &Path) -> anyhow::Result<()> {
        replace_file(&directory.join(UPLOADING), &serde_json::to_vec_pretty(self)?).context(UPLOADING)
    }

    /// What the file of this name says of this store. One of an older form says nothing.
    fn read(directory: &Path, name: &str, store: &str) -> Option<Self> {
        let copied: Self = serde_json::from_slice(&fs::read(directory.join(name)).ok()?).ok()?;
        Some(copied).filter(|copied| copied.store == store)
    }
}

/// Finished recordings of which the store has not everything.
pub fn not_stored(recordings: &Path, store: &str) -> Vec<LessonId> {
    let Ok(entries) = fs::read_dir(recordings) else { return Vec::new() };
    let lessons = entries.flatten().filter_map(|entry| LessonId::parse(entry.file_name().into_string().ok()?).ok());
    let is_due = |lesson: &LessonId| {
        let directory = recordings.join(lesson.as_str());
        let stored = Copied::read(&directory, STORED, store).map(|copied| copied.files);
        has_ended(&directory).unwrap_or(false) && files(&directory).ok() != stored
    };
    lessons.filter(is_due).collect()
}

/// Begins to copy a recording or goes on with it: what is in its directory, and what of that the store is known to have.
/// Nothing if it has not ended, or if the store has all of it.
pub fn begin(directory: &Path, store: &str) -> anyhow::Result<Option<(Files, Copied)>> {
    if !has_ended(directory)? {
        return Ok(None);
    }
    let found = files(directory).context("the recording's directory")?;
    let stored = Copied::read(directory, STORED, store);
    if stored.as_ref().is_some_and(|stored| stored.files == found) {
        return Ok(None);
    }
    let fresh = || Copied { store: store.to_owned(), files: Files::new(), under_way: None };
    let mut copied = Copied::read(directory, UPLOADING, store).or(stored).unwrap_or_else(fresh);
    copied.files.retain(|name, version| found.get(name) == Some(version));
    // In this order: what is known of the store is never only in memory.
    copied.save(directory)?;
    match fs::remove_file(directory.join(STORED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).context(STORED),
        _ => Ok(Some((found, copied))),
    }
}

/// Everything was acknowledged, and [`Copied::save`] has said so.
pub fn finish(directory: &Path) -> anyhow::Result<()> {
    fs::rename(directory.join(UPLOADING), directory.join(STORED)).context(STORED)
}

/// Whether the recording is over and complete. An error if its manifest cannot be read.
pub fn has_ended(directory: &Path) -> anyhow::Result<bool> {
    match fs::read(directory.join(File::Manifest.path())) {
        Ok(json) => Ok(Manifest::from_json(&json).context("the manifest")?.ended),
        // It has not come that far, or was taken away.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).context("the manifest"),
    }
}

/// Every file of a recording; what is being made is left out, and so is what is told here.
fn files(directory: &Path) -> io::Result<Files> {
    let mut found = Files::new();
    let mut open: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let name = path.strip_prefix(directory).ok().and_then(Path::to_str).unwrap_or_default().to_owned();
            if name.is_empty() || name.ends_with(".tmp") || name == STORED || name == UPLOADING {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                found.insert(name, Version::of(&entry.metadata()?)?);
            }
        }
    }
    Ok(found)
}
