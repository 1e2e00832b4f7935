//! Brings what was written to the disk: one syncfs a second for all recordings, instead of an fsync a file. Files that are
//! replaced whole pass through here too, so that nobody but this thread ever waits for the disk.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::Instant,
};

use anyhow::Context;
use protocol::LessonId;
use tokio::sync::{mpsc, oneshot};

use super::{
    RecordingEvent, files,
    limits::{SYNC_EVERY, SYNC_JOBS},
};

/// What the sync thread is told.
pub enum Job {
    /// Put this in place of a file. Of several for one file within a second the last counts.
    Replace { lesson: LessonId, path: PathBuf, bytes: Vec<u8> },
    /// Tell this once everything before is on the disk.
    Tell(RecordingEvent),
    /// End once everything before is on the disk.
    End(oneshot::Sender<()>),
}

/// Starts the thread.
pub fn start(directory: &Path, events: mpsc::Sender<RecordingEvent>) -> anyhow::Result<SyncSender<Job>> {
    let directory = fs::File::open(directory).with_context(|| format!("cannot open {}", directory.display()))?;
    let (jobs, waiting) = sync_channel(SYNC_JOBS);
    let mut syncer = Syncer { directory, events, replace: HashMap::new(), tell: Vec::new() };
    let body = move || syncer.run(&waiting);
    std::thread::Builder::new().name("recorder-sync".into()).spawn(body).context("sync thread")?;
    Ok(jobs)
}

struct Syncer {
    /// Any file of the file system to be synced.
    directory: fs::File,
    events: mpsc::Sender<RecordingEvent>,
    replace: HashMap<PathBuf, (LessonId, Vec<u8>)>,
    tell: Vec<RecordingEvent>,
}

impl Syncer {
    fn run(&mut self, jobs: &Receiver<Job>) {
        let mut due = Instant::now() + SYNC_EVERY;
        loop {
            let wait = due.saturating_duration_since(Instant::now());
            let end = match jobs.recv_timeout(wait) {
                Ok(Job::Replace { lesson, path, bytes }) => {
                    self.replace.insert(path, (lesson, bytes));
                    None
                }
                Ok(Job::Tell(event)) => {
                    self.tell.push(event);
                    // Somebody waits to replay the lesson; and the second is nearly over on average.
                    due = due.min(Instant::now() + SYNC_EVERY / 10);
                    None
                }
                Ok(Job::End(done)) => Some(Some(done)),
                Err(RecvTimeoutError::Disconnected) => Some(None),
                Err(RecvTimeoutError::Timeout) => None,
            };
            if end.is_some() || Instant::now() >= due {
                self.sync();
                due = Instant::now() + SYNC_EVERY;
            }
            if let Some(done) = end {
                if let Some(done) = done {
                    let _ = done.send(());
                }
                return;
            }
        }
    }

    fn sync(&mut self) {
        // Media before the manifest that speaks of it.
        if let Err(error) = nix::unistd::syncfs(&self.directory) {
            tracing::error!(%error, "recordings cannot be brought to the disk: check it");
        }
        for (path, (lesson, bytes)) in self.replace.drain() {
            if let Err(error) = files::replace(&path, &bytes) {
                let path = path.display();
                tracing::error!(%lesson, %path, %error, "a file of the recording cannot be written: check the disk");
            }
        }
        for event in self.tell.drain(..) {
            if self.events.try_send(event).is_err() {
                tracing::warn!("an event of a recording is lost: its lesson does not keep up");
            }
        }
    }
}
