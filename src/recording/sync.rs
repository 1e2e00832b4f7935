//! Brings what was written to the disk: one syncfs a second for all recordings, instead of an fsync a file. Files that are
//! replaced whole pass through here too, so that nobody but this thread ever waits for the disk.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Instant,
};

use anyhow::Context;
use protocol::{LessonId, message::RecordingState};
use tokio::sync::{mpsc, oneshot};

use super::{
    RecordingEvent,
    disk::DiskGauge,
    files,
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
pub fn start(
    directory: &Path,
    gauge: Arc<DiskGauge>,
    events: mpsc::Sender<RecordingEvent>,
) -> anyhow::Result<SyncSender<Job>> {
    let directory = fs::File::open(directory).with_context(|| format!("cannot open {}", directory.display()))?;
    let (jobs, waiting) = sync_channel(SYNC_JOBS);
    let mut syncer = Syncer { directory, gauge, events, replace: HashMap::new(), tell: Vec::new(), failing: false };
    syncer.measure();
    let body = move || syncer.run(&waiting);
    std::thread::Builder::new().name("recorder-sync".into()).spawn(body).context("sync thread")?;
    Ok(jobs)
}

struct Syncer {
    /// Any file of the file system to be synced.
    directory: fs::File,
    gauge: Arc<DiskGauge>,
    events: mpsc::Sender<RecordingEvent>,
    replace: HashMap<PathBuf, (LessonId, Vec<u8>)>,
    tell: Vec<RecordingEvent>,
    /// The last attempt failed, which was said.
    failing: bool,
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
                self.tell_unwritten();
                if let Some(done) = done {
                    let _ = done.send(());
                }
                return;
            }
        }
    }

    fn sync(&mut self) {
        self.measure();
        // Media before the manifest that speaks of it. What cannot be written stays and is tried again a second later: the
        // media is there, and until its manifest is, a recording is not called finished.
        let synced = nix::unistd::syncfs(&self.directory).map_err(io::Error::from);
        let mut failed = synced.err().map(|error| (PathBuf::new(), error));
        self.replace.retain(|path, (_, bytes)| match files::replace(path, bytes) {
            Ok(()) => false,
            Err(error) => {
                self.gauge.write_failed();
                failed = Some((path.clone(), error));
                true
            }
        });
        if let Some((path, error)) = &failed
            && !self.failing
        {
            let path = path.display();
            tracing::error!(%path, %error, "recordings cannot be brought to the disk, which is tried again: check it");
        }
        self.failing = failed.is_some();
        let unwritten = unwritten(&self.replace);
        for event in self.tell.extract_if(.., |event| !unwritten.contains(&event.lesson)) {
            tell(&self.events, event);
        }
    }

    /// The program ends: what is still not on the disk is told failed. It is closed when the program starts again.
    fn tell_unwritten(&mut self) {
        for mut event in self.tell.drain(..) {
            event.recording.state = RecordingState::Failed;
            tell(&self.events, event);
        }
    }

    fn measure(&self) {
        match nix::sys::statvfs::fstatvfs(&self.directory) {
            Ok(disk) => self.gauge.measured(disk.blocks_available().saturating_mul(disk.fragment_size())),
            Err(error) => tracing::debug!(%error, "the disk does not tell how full it is"),
        }
    }
}

/// Lessons of which a file waits.
fn unwritten(replace: &HashMap<PathBuf, (LessonId, Vec<u8>)>) -> HashSet<LessonId> {
    replace.values().map(|(lesson, _)| lesson.clone()).collect()
}

fn tell(events: &mpsc::Sender<RecordingEvent>, event: RecordingEvent) {
    if events.try_send(event).is_err() {
        tracing::warn!("an event of a recording is lost: its lesson does not keep up");
    }
}
