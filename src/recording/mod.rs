//! The recorder, seen from the rest of the program: what is published goes to files, and finished files are replayed.
//!
//! ```text
//! media thread --tap--> writer thread --appends--> t/<track>/<epoch>.cmaf or .webm, .idx, journal.wal
//!                        (one LessonRecording a lesson)
//!                            '--replacements--> sync thread --tmp, fsync, rename--> manifest.json, lesson.json
//!                                               (one syncfs a second for all lessons)
//! ```
//! Nothing here holds a lesson up: the tap's queue drops what does not fit. A recording stands still when its disk fails, when
//! the thread panics and when the program dies; each time it goes on by itself, in new files behind the old ones, from what
//! its journal says ([`recovery`]).

mod disk;
mod files;
mod film;
mod lesson_clock;
mod limits;
mod manifests;
mod open_files;
mod orders;
mod recovery;
mod replay;
mod running;
mod session;
mod sync;
mod ticket;
mod writer;

use std::{
    path::Path,
    sync::{Arc, mpsc::Receiver},
};

use anyhow::Context;
use protocol::{LessonId, ParticipantId};
use recorder::{LessonEvent, Manifest, Stage};
use sfu::{
    command::{LessonKey, ParticipantKey},
    seats::Source,
    tap::TapBatch,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::db::Recording;

pub use disk::DiskGauge;
pub use files::replace as replace_file;
pub use film::{Film, Piece, asked_range};
pub use manifests::Age;
pub use replay::{DOWNLOAD, Replays, Served, tracks as playback_tracks};
pub use ticket::Tickets;

/// How a lesson's recording stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingEvent {
    /// Which lesson.
    pub lesson: LessonId,
    /// Its recording.
    pub recording: Recording,
}

/// What the writer thread is told.
#[derive(Debug)]
enum Order {
    /// This is who publishes under that key.
    Introduce { key: LessonKey, participant_key: ParticipantKey, participant: ParticipantId },
    /// Record what is published into this lesson from now on, going on with what is recorded of it.
    Begin { key: LessonKey, lesson: LessonId, lead: Option<ParticipantId> },
    /// What the lesson shows has changed.
    Stage { key: LessonKey, stage: Stage },
    /// Something happened in the lesson that is worth finding again.
    Note { key: LessonKey, event: LessonEvent },
    /// Tell what is recorded of it so far; nothing if it is not being recorded.
    Look { lesson: LessonId, seen: oneshot::Sender<Option<Manifest>> },
    /// The lesson is over.
    End { key: LessonKey },
    /// The program ends: close everything, then answer.
    Finish { done: oneshot::Sender<()> },
}

impl Order {
    /// The lesson it is about, if it is about a live one.
    fn key(&self) -> Option<LessonKey> {
        match self {
            Self::Introduce { key, .. } | Self::Begin { key, .. } | Self::Stage { key, .. } => Some(*key),
            Self::Note { key, .. } | Self::End { key } => Some(*key),
            Self::Look { .. } | Self::Finish { .. } => None,
        }
    }
}

/// How to talk to the recorder. The default one records nothing.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    orders: Option<Arc<orders::Orders>>,
    /// Changes with every turn of the writer, when it has written what came.
    turns: Option<watch::Receiver<()>>,
}

/// Begins to record into `directory`, one directory a lesson. What a crash left open there is closed first. `gauge` says
/// how much of the disk to keep free. `ask` asks a source for a keyframe.
pub fn start(
    directory: &Path,
    gauge: Arc<DiskGauge>,
    tap: Receiver<TapBatch>,
    ask: impl FnMut(LessonKey, Source) + Send + 'static,
) -> anyhow::Result<(Recorder, mpsc::Receiver<RecordingEvent>)> {
    std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let orders = Arc::new(orders::Orders::default());
    let waiting = orders.clone();
    let (events, told) = mpsc::channel(limits::EVENTS);
    let sync = sync::start(directory, gauge.clone(), events.clone())?;
    let (turn, turns) = watch::channel(());
    let writer =
        writer::Writer::new(directory.to_owned(), gauge, sync, writer::Ears { events, turn, ask: Box::new(ask) });
    let body = move || {
        writer.run(&tap, &waiting);
        waiting.close();
    };
    std::thread::Builder::new().name("recorder".into()).spawn(body).context("recorder thread")?;
    Ok((Recorder { orders: Some(orders), turns: Some(turns) }, told))
}

impl Recorder {
    /// Says who publishes under a key of this lesson. Before the first packet, or the track is called after the key.
    pub fn introduce(&self, key: LessonKey, participant_key: ParticipantKey, participant: ParticipantId) {
        self.order(Order::Introduce { key, participant_key, participant });
    }

    /// Writes down what is published into this lesson from now on; one that was recorded before a restart goes on. The replay opens on `lead`'s camera and voice.
    pub fn begin(&self, key: LessonKey, lesson: LessonId, lead: Option<ParticipantId>) {
        self.order(Order::Begin { key, lesson, lead });
    }

    /// What the lesson shows has changed: the program follows.
    pub fn stage(&self, key: LessonKey, stage: Stage) {
        self.order(Order::Stage { key, stage });
    }

    /// Something happened in the lesson that is worth finding again.
    pub fn note(&self, key: LessonKey, event: LessonEvent) {
        self.order(Order::Note { key, event });
    }

    /// What is recorded so far of a lesson that is being recorded now.
    pub async fn look(&self, lesson: LessonId) -> Option<Manifest> {
        let (seen, shown) = oneshot::channel();
        self.order(Order::Look { lesson, seen });
        shown.await.ok().flatten()
    }

    /// Waits until the writer has written what came in its present turn, every `recorder::limits::TICK`. Comes back at once
    /// when nothing is recorded any more.
    pub async fn turn(&self) {
        if let Some(turns) = &self.turns {
            let mut turns = turns.clone();
            turns.mark_unchanged();
            // An error says that the writer has ended.
            let _ = turns.changed().await;
        }
    }

    /// The lesson is over: closes its files, if it was recorded, and forgets it.
    pub fn end(&self, key: LessonKey) {
        self.order(Order::End { key });
    }

    /// Closes every recording. Nothing is recorded after. Returns when all is on the disk.
    pub async fn finish(&self) {
        let (done, closed) = oneshot::channel();
        self.order(Order::Finish { done });
        let _ = closed.await;
    }

    fn order(&self, order: Order) {
        let Some(orders) = &self.orders else { return };
        if !orders.give(order) {
            tracing::error!("the recorder does not keep up or has ended: check the disk and restart tongke");
        }
    }
}

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
