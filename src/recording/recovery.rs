//! What a crash left open is closed when the program starts: the journal is cut behind its last whole record, indexes and
//! manifest are written anew from it. The lesson can be replayed up to its last part on the disk.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
};

use anyhow::Context;
use protocol::{LessonId, message::RecordingState};
use recorder::{File, Manifest, index, recover::recover};

use super::{RecordingEvent, files};
use crate::{clock::utc_now, db::Recording};

/// Closes every open recording under `directory`. Returns how those now stand.
pub fn close_all(directory: &Path) -> Vec<RecordingEvent> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let lessons = entries.flatten().filter_map(|entry| LessonId::parse(entry.file_name().into_string().ok()?).ok());
    lessons.filter_map(|lesson| close_if_open(directory, lesson)).collect()
}

/// A recording that could not even be begun.
pub fn failed(lesson: LessonId) -> RecordingEvent {
    let recording = Recording { state: RecordingState::Failed, started_at: utc_now(), duration_ms: None };
    RecordingEvent { lesson, recording }
}

fn close_if_open(directory: &Path, lesson: LessonId) -> Option<RecordingEvent> {
    let directory = directory.join(lesson.as_str());
    let manifest = fs::read(directory.join(File::Manifest.path())).ok();
    let manifest = manifest.and_then(|json| Manifest::from_json(&json).ok());
    if manifest.is_some_and(|manifest| manifest.ended) {
        return None;
    }
    match close(&directory) {
        Ok(manifest) => {
            tracing::warn!(%lesson, duration_ms = manifest.duration_ms, "a recording left open was closed");
            Some(closed(lesson, &manifest))
        }
        Err(error) => {
            tracing::error!(%lesson, error = format!("{error:#}"), "a recording left open cannot be read: look at it");
            Some(failed(lesson))
        }
    }
}

fn closed(lesson: LessonId, manifest: &Manifest) -> RecordingEvent {
    let duration_ms = u32::try_from(manifest.duration_ms).unwrap_or(u32::MAX);
    let state = if duration_ms > 0 { RecordingState::Finished } else { RecordingState::Failed };
    let recording = Recording { state, started_at: manifest.lesson.began_at, duration_ms: Some(duration_ms) };
    RecordingEvent { lesson, recording }
}

fn close(directory: &Path) -> anyhow::Result<Manifest> {
    let journal_path = directory.join(File::Journal.path());
    let journal = fs::read(&journal_path).context("the journal")?;
    let path = |file: File| -> PathBuf { directory.join(file.path()) };
    let media_len = |file: &File| fs::metadata(directory.join(file.path())).map_or(0, |metadata| metadata.len());
    let recovered = recover(&journal, media_len)?;
    for file in &recovered.files {
        let mut bytes = Vec::with_capacity(file.parts.len() * index::ENTRY_BYTES);
        file.parts.iter().for_each(|part| index::encode(part, &mut bytes));
        files::replace(&path(File::Index { track: file.track.clone(), epoch: file.epoch }), &bytes)?;
    }
    OpenOptions::new().write(true).open(&journal_path)?.set_len(recovered.journal_len as u64)?;
    files::replace(&path(File::Manifest), &recovered.manifest.to_json()?)?;
    Ok(recovered.manifest)
}
