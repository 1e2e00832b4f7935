//! What a crash or a failing disk left: the journal is cut behind its last whole record, media behind its last whole part,
//! and indexes and manifest are written anew. The lesson can be replayed up to its last part on the disk, and its recording
//! can go on in new files.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::mpsc::SyncSender,
    time::Duration,
};

use anyhow::Context;
use protocol::{LessonId, message::RecordingState};
use recorder::{
    Effect, File, LessonRecording, Manifest, TrackName, index,
    recover::{Recovered, recover},
};

use super::{
    RecordingEvent,
    files::{self, Files},
    sync::Job,
};
use crate::{clock::utc_now, db::Recording};

/// Closes every open recording under `directory`. Returns how those now stand.
pub fn close_all(directory: &Path) -> Vec<RecordingEvent> {
    let mut repaired = Vec::new();
    let mut events = Vec::new();
    for lesson in open_recordings(directory) {
        let path = directory.join(lesson.as_str());
        match repair(&path).and_then(|recovered| complete(&path, recovered)) {
            Ok(manifest) => repaired.push((lesson, manifest)),
            Err(error) => {
                tracing::error!(%lesson, error = format!("{error:#}"), "a recording left open cannot be read: look at it");
                events.push(failed(lesson));
            }
        }
    }
    // Two syncs for all: the files the manifests speak of, then the manifests. An fsync a file would take as many seconds
    // as there are lessons.
    sync(directory);
    events.extend(repaired.into_iter().map(|(lesson, manifest)| closed(directory, lesson, &manifest)));
    if !events.is_empty() {
        sync(directory);
    }
    events
}

/// Closes one recording that could not be gone on with. Returns how it stands once its manifest is on the disk, which goes by
/// `sync`: an older one may still wait there.
pub fn close(directory: &Path, lesson: LessonId, sync: &SyncSender<Job>) -> RecordingEvent {
    let directory = directory.join(lesson.as_str());
    let completed = repair(&directory).and_then(|recovered| complete(&directory, recovered));
    match completed.and_then(|manifest| Ok((manifest.to_json()?, manifest))) {
        Ok((bytes, manifest)) => {
            let path = directory.join(File::Manifest.path());
            let _ = sync.send(Job::Replace { lesson: lesson.clone(), path, bytes });
            standing(lesson, &manifest)
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(%lesson, error, "the recording cannot be closed: check the disk and restart tongke");
            failed(lesson)
        }
    }
}

/// A recording that could not even be begun.
pub fn failed(lesson: LessonId) -> RecordingEvent {
    let recording = Recording { state: RecordingState::Failed, started_at: utc_now(), duration_ms: None };
    RecordingEvent { lesson, recording }
}

/// Makes the recording in `directory` agree with its journal, all but the manifest. Fails with a [`recorder::Error`] or
/// [`io::ErrorKind::NotFound`] if there is none that can be read, and otherwise because of the disk.
pub fn repair(directory: &Path) -> anyhow::Result<Recovered> {
    let path = |file: File| directory.join(file.path());
    let journal = fs::read(path(File::Journal)).context("the journal")?;
    let media_len = |file: &File| fs::metadata(directory.join(file.path())).map_or(0, |metadata| metadata.len());
    let recovered = recover(&journal, media_len)?;
    for file in &recovered.files {
        let mut bytes = Vec::with_capacity(file.parts.len() * index::ENTRY_BYTES);
        file.parts.iter().for_each(|part| index::encode(part, &mut bytes));
        files::put(&path(File::Index { track: file.track.clone(), epoch: file.epoch }), &bytes)?;
    }
    for track in &recovered.manifest.tracks {
        for (number, epoch) in (0u32..).zip(&track.epochs) {
            let media = File::Media { track: track.name.clone(), epoch: number, container: epoch.container };
            cut(&path(media), epoch.bytes)?;
        }
    }
    cut(&path(File::Journal), recovered.journal_len as u64)?;
    Ok(recovered)
}

/// Writes what waited for its clock into the recording that was repaired. Returns its manifest, which is written by others.
fn complete(directory: &Path, recovered: Recovered) -> anyhow::Result<Manifest> {
    if !recovered.manifest.tracks.iter().any(|track| waiting(directory, &track.name).exists()) {
        return Ok(recovered.manifest);
    }
    let end = Duration::from_millis(recovered.manifest.duration_ms);
    let mut recording = LessonRecording::resume(recovered, end)?;
    let last = take_waiting(directory, &mut recording).max(end);
    recording.handle_end(last)?;
    let mut files = Files::open(directory);
    while let Some(effect) = recording.poll_effect() {
        match effect {
            Effect::Append { file, bytes } => files.append(&file, &bytes).context("what waited")?,
            Effect::Remove { file } => files.remove(&file)?,
            Effect::ReadBack { file, offset, len } => {
                recording.handle_read_back(files.read(&file, offset, len).ok().as_deref())?;
            }
            Effect::Replace { .. } | Effect::RequestKeyframe { .. } | Effect::NotRecordable { .. } => {}
        }
    }
    Ok(recording.manifest().clone())
}

/// Gives a recording that goes on what waited for its clock when it was interrupted. Returns when the last of it came.
pub fn take_waiting(directory: &Path, recording: &mut LessonRecording) -> Duration {
    let tracks: Vec<TrackName> = recording.manifest().tracks.iter().map(|track| track.name.clone()).collect();
    let mut last = Duration::ZERO;
    for track in tracks {
        let Ok(bytes) = fs::read(waiting(directory, &track)) else { continue };
        match recording.handle_waiting(&track, &bytes) {
            Ok(came) => last = last.max(came),
            Err(error) => {
                tracing::warn!(%track, %error, "what waited for its clock cannot be read and is lost: some seconds at most");
            }
        }
    }
    last
}

fn waiting(directory: &Path, track: &TrackName) -> PathBuf {
    directory.join(File::Waiting { track: track.clone() }.path())
}

/// Cuts a file that is longer, and leaves one alone that is not there.
fn cut(path: &Path, len: u64) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > len => OpenOptions::new().write(true).open(path)?.set_len(len),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn open_recordings(directory: &Path) -> Vec<LessonId> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let lessons = entries.flatten().filter_map(|entry| LessonId::parse(entry.file_name().into_string().ok()?).ok());
    let is_open = |lesson: &LessonId| {
        let manifest = fs::read(directory.join(lesson.as_str()).join(File::Manifest.path())).ok();
        !manifest.and_then(|json| Manifest::from_json(&json).ok()).is_some_and(|manifest| manifest.ended)
    };
    lessons.filter(is_open).collect()
}

fn closed(directory: &Path, lesson: LessonId, manifest: &Manifest) -> RecordingEvent {
    let path = directory.join(lesson.as_str()).join(File::Manifest.path());
    let written = manifest.to_json().map_err(anyhow::Error::from).and_then(|json| Ok(files::put(&path, &json)?));
    if let Err(error) = written {
        tracing::error!(%lesson, error = format!("{error:#}"), "a manifest cannot be written: check the disk and restart tongke");
        return failed(lesson);
    }
    tracing::warn!(%lesson, duration_ms = manifest.duration_ms, "a recording left open was closed");
    standing(lesson, manifest)
}

/// How a closed recording stands.
fn standing(lesson: LessonId, manifest: &Manifest) -> RecordingEvent {
    let duration_ms = u32::try_from(manifest.duration_ms).unwrap_or(u32::MAX);
    let state = if duration_ms > 0 { RecordingState::Finished } else { RecordingState::Failed };
    let recording = Recording { state, started_at: manifest.lesson.began_at, duration_ms: Some(duration_ms) };
    RecordingEvent { lesson, recording }
}

fn sync(directory: &Path) {
    let synced = fs::File::open(directory).and_then(|directory| Ok(nix::unistd::syncfs(&directory)?));
    if let Err(error) = synced {
        tracing::error!(%error, "recordings cannot be brought to the disk: check it");
    }
}
