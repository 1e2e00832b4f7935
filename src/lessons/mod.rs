//! The running lessons. Each is a task ([`actor`]) behind one bounded queue; this is the registry that finds them.

mod actor;
pub mod limits;
mod lines;
mod progress;
mod reconcile;
mod record;
mod scribe;
mod settle;
#[cfg(test)]
mod tests;
mod translate;

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering},
};

use access::Person;
use axum::extract::ws::Utf8Bytes;
use dashmap::{DashMap, Entry};
use lesson::{ConnectionId, EntryError};
use protocol::{
    ClientMessage, LessonId, ParticipantId, UtcMs,
    county::Alarm,
    message::{Presence, VideoCodec},
};
use sfu::{
    command::{Event, LessonKey, ParticipantKey, PeerId},
    seats::View,
};
use timetable::{Due, Lesson};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use self::{
    actor::{Actor, Input, Shown, Surroundings},
    progress::Progress,
    scribe::Scribe,
};
use crate::{
    clock::{self, utc_now},
    county::County,
    db::{Db, Note, Recording},
    media::MediaHandle,
    recording::Recorder,
};

pub use actor::{Attendance, Standing};
pub use reconcile::LAST_RUNNING;
pub use settle::CorrectionError;
pub use translate::ledger_plan;

/// What an admitted session is, in the media plane's terms.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The lesson.
    pub lesson_key: LessonKey,
    /// Whose session it is.
    pub participant_key: ParticipantKey,
    /// The video codec to negotiate. For a publisher `None` means voice only; for a viewer, not fixed yet.
    pub video_codec: Option<VideoCodec>,
    /// How a viewer's m-lines are given out.
    pub view: View,
    /// Whether what arrives there counts as reception of a teaching point.
    pub counted: bool,
}

/// Why someone may not come in.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// There is no such lesson.
    #[error("there is no such lesson")]
    UnknownLesson,
    /// The lesson says no.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The server cannot tell just now.
    #[error("the lesson could not be reached")]
    Unavailable(#[from] anyhow::Error),
}

/// An open connection of a client to a lesson.
#[derive(Debug)]
pub struct Connection {
    id: ConnectionId,
    inputs: mpsc::Sender<Input>,
}

impl Connection {
    /// The client says something. False when the lesson is gone.
    pub async fn say(&self, message: ClientMessage) -> bool {
        let from = self.id;
        self.put(Input::Message { from, message }).await
    }

    /// The client says something unreadable.
    pub async fn say_unreadable(&self, detail: String) -> bool {
        let from = self.id;
        self.put(Input::Unreadable { from, detail }).await
    }

    async fn put(&self, input: Input) -> bool {
        self.inputs.send(input).await.is_ok()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let gone = Input::Disconnect { from: self.id };
        if let Err(mpsc::error::TrySendError::Full(gone)) = self.inputs.try_send(gone) {
            let inputs = self.inputs.clone();
            tokio::spawn(async move { inputs.send(gone).await });
        }
    }
}

#[derive(Debug, Clone)]
struct Running {
    key: LessonKey,
    inputs: mpsc::Sender<Input>,
    shown: Shown,
    /// The plan it was last given.
    plan: Arc<Lesson>,
}

/// All running lessons. Cheap to clone.
#[derive(Clone)]
pub struct Lessons(Arc<Inner>);

struct Inner {
    db: Db,
    county: County,
    progress: Progress,
    media: MediaHandle,
    recorder: Recorder,
    scribe: Scribe,
    writing: Mutex<Option<JoinHandle<()>>>,
    running: DashMap<LessonId, Running>,
    by_key: DashMap<LessonKey, LessonId>,
    next_key: AtomicU32,
    next_participant: Arc<AtomicU32>,
    next_connection: AtomicU64,
    /// The program ends: no lesson begins to run.
    stopping: AtomicBool,
    /// The clock is trusted: lessons start and end by it.
    trusted: AtomicBool,
    /// When the program last ran before it was started.
    last_running: OnceLock<UtcMs>,
    began_at: UtcMs,
    /// Since when lessons are watched without a break, in UTC milliseconds.
    watching_since: AtomicI64,
    criteria: ledger::Criteria,
}

impl Lessons {
    /// A registry in which nothing runs yet.
    pub fn new(db: Db, county: County, media: MediaHandle, recorder: Recorder, criteria: ledger::Criteria) -> Self {
        let (scribe, writing) = Scribe::start(db.clone());
        Self(Arc::new(Inner {
            db,
            county,
            progress: Progress::default(),
            media,
            recorder,
            scribe,
            writing: Mutex::new(Some(writing)),
            running: DashMap::new(),
            by_key: DashMap::new(),
            next_key: AtomicU32::new(1),
            next_participant: Arc::new(AtomicU32::new(1)),
            next_connection: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
            trusted: AtomicBool::new(true),
            last_running: OnceLock::new(),
            began_at: utc_now(),
            watching_since: AtomicI64::new(utc_now().0),
            criteria,
        }))
    }

    /// Decides whether this person may publish into the lesson, and on which video codec. `offered` in the publisher's
    /// order.
    pub async fn admit_publisher(
        &self,
        lesson: &LessonId,
        person: &Person,
        peer: PeerId,
        offered: &[VideoCodec],
    ) -> Result<Admission, AdmissionError> {
        let (reply, answer) = oneshot::channel();
        let input = Input::AdmitPublisher { person: person.clone(), peer, offered: offered.to_vec(), reply };
        self.ask(lesson, input, answer).await
    }

    /// Decides whether this person may watch the lesson, on so many video m-lines, from the page of this id.
    pub async fn admit_viewer(
        &self,
        lesson: &LessonId,
        person: &Person,
        peer: PeerId,
        video_lines: usize,
        page: Option<String>,
    ) -> Result<Admission, AdmissionError> {
        let (reply, answer) = oneshot::channel();
        let input = Input::AdmitViewer { person: person.clone(), peer, video_lines, page, reply };
        self.ask(lesson, input, answer).await
    }

    /// Opens a connection: what the lesson tells comes out of the receiver; it closes when the connection must.
    pub async fn connect(
        &self,
        lesson: &LessonId,
        person: Person,
    ) -> Result<(Connection, mpsc::Receiver<Utf8Bytes>), AdmissionError> {
        let running = self.find(lesson).await?;
        let id = ConnectionId(self.0.next_connection.fetch_add(1, Ordering::Relaxed));
        let (outbox, told) = mpsc::channel(limits::OUTBOX);
        let (reply, answer) = oneshot::channel();
        let input = Input::Connect { connection: id, person, outbox, reply };
        put(&running, input, answer).await?;
        let inputs = running.inputs;
        Ok((Connection { id, inputs }, told))
    }

    /// The media plane tells something about a session of this lesson.
    pub async fn peer_event(&self, lesson: LessonKey, event: Event) {
        let id = self.0.by_key.get(&lesson).map(|id| id.clone());
        if let Some(running) = id.and_then(|id| self.running(&id)) {
            let _ = running.inputs.send(Input::Media(event)).await;
        }
    }

    /// The recorder tells how a recording stands, also of a lesson that no longer runs.
    pub async fn recording_event(&self, lesson: &LessonId, recording: Recording) {
        let state = recording.state;
        self.0.scribe.note(lesson, Note::Recording(recording));
        if let Some(running) = self.running(lesson) {
            let _ = running.inputs.send(Input::Recording(state)).await;
        }
    }

    /// How a lesson stands that runs.
    pub fn standing(&self, lesson: &LessonId) -> Option<Standing> {
        self.running(lesson).map(|r| *r.shown.standing.borrow())
    }

    /// Who of a running lesson's parties is here.
    pub fn attendance(&self, lesson: &LessonId) -> Option<Arc<Attendance>> {
        self.running(lesson).map(|r| r.shown.attendance.borrow().clone())
    }

    /// Whether this party is here in any running lesson.
    pub fn is_elsewhere(&self, who: &ParticipantId) -> bool {
        let here = |attendance: &Attendance| attendance.get(who) == Some(&Presence::Present);
        self.0.running.iter().any(|running| here(&running.shown.attendance.borrow()))
    }

    /// How many run.
    pub fn running_lessons(&self) -> usize {
        self.0.running.len()
    }

    /// The lesson with this id, with how far it has come. Asks the database only for lessons the timetable no longer has.
    pub async fn dated(&self, id: &LessonId) -> anyhow::Result<Option<Lesson>> {
        match self.0.county.state().lesson(id) {
            Some(planned) => Ok(Some(self.0.progress.of(&planned))),
            None => self.0.db.lesson(id).await,
        }
    }

    /// A lesson of the timetable with how far it has come.
    pub fn with_progress(&self, planned: &Lesson) -> Lesson {
        self.0.progress.of(planned)
    }

    /// What an administrator has to know of.
    pub fn alarms(&self) -> Vec<Alarm> {
        let departed = clock::departed_ms().map(|ahead_ms| Alarm::ClockDeparted { ahead_ms });
        departed.into_iter().chain(self.0.scribe.alarms()).collect()
    }

    /// Closes every lesson, their recordings too. None may be opened after.
    pub async fn stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
        let running: Vec<Running> = self.0.running.iter().map(|r| r.value().clone()).collect();
        for running in &running {
            let _ = running.inputs.send(Input::Stop).await;
        }
        let closed = async {
            for running in running {
                running.inputs.closed().await;
            }
        };
        if tokio::time::timeout(limits::SHUTDOWN, closed).await.is_err() {
            tracing::warn!("a lesson did not close in time: its last seconds may be missing");
        }
    }

    /// Waits until everything told to be written down is. Call it last: nothing is written after.
    pub async fn written(&self) {
        let writing = self.0.writing.lock();
        let writing = writing.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writing) = writing {
            self.0.scribe.finish().await;
            let _ = writing.await;
        }
    }

    async fn ask<T>(
        &self,
        lesson: &LessonId,
        input: Input,
        answer: oneshot::Receiver<Result<T, EntryError>>,
    ) -> Result<T, AdmissionError> {
        let running = self.find(lesson).await?;
        put(&running, input, answer).await
    }

    fn running(&self, lesson: &LessonId) -> Option<Running> {
        self.0.running.get(lesson).map(|r| r.value().clone())
    }

    /// The running lesson, or why there is none.
    async fn find(&self, lesson: &LessonId) -> Result<Running, AdmissionError> {
        if let Some(running) = self.running(lesson) {
            return Ok(running);
        }
        let dated = self.dated(lesson).await?;
        let dated = dated.ok_or(AdmissionError::UnknownLesson)?;
        // While the clock is not trusted nothing starts by itself, but nobody who stands at the door by either clock is
        // turned away.
        let wall = clock::departed_ms().map(|ahead_ms| utc_now().plus_ms(ahead_ms));
        let clocks = std::iter::once(utc_now()).chain(wall);
        let due: Vec<Option<Due>> = clocks.map(|now| timetable::due(&dated, now)).collect();
        if due.contains(&Some(Due::Run)) {
            self.run(Arc::new(dated)).ok_or_else(gone)
        } else if dated.ended_at.is_some() || dated.cancelled.is_some() || due[0].is_some() {
            Err(EntryError::Ended.into())
        } else {
            let doors_open_at = dated.doors_open_at();
            Err(EntryError::NotOpenYet { doors_open_at }.into())
        }
    }

    /// Starts the lesson's task, unless it runs. `None` when the program ends.
    fn run(&self, dated: Arc<Lesson>) -> Option<Running> {
        let slot = match self.0.running.entry(dated.id.clone()) {
            Entry::Occupied(running) => return Some(running.get().clone()),
            Entry::Vacant(slot) => slot,
        };
        // Under the lock of the slot: `stop` looks through all slots after it has set this.
        if self.0.stopping.load(Ordering::SeqCst) {
            return None;
        }
        let key = LessonKey(self.0.next_key.fetch_add(1, Ordering::Relaxed));
        let around = Surroundings {
            media: self.0.media.clone(),
            scribe: self.0.scribe.clone(),
            recorder: self.0.recorder.clone(),
            progress: self.0.progress.clone(),
            last_running: self.0.last_running.get().copied().filter(|_| dated.live_since < Some(self.0.began_at)),
            next_participant: self.0.next_participant.clone(),
        };
        self.keep(&dated);
        let trusted = self.0.trusted.load(Ordering::SeqCst);
        let (actor, shown) = Actor::new(key, &dated, around, trusted);
        let (inputs, waiting) = mpsc::channel(limits::INPUTS);
        let running = Running { key, inputs, shown, plan: dated.clone() };
        slot.insert(running.clone());
        self.0.by_key.insert(key, dated.id.clone());
        let (inner, id) = (self.0.clone(), dated.id.clone());
        tokio::spawn(async move {
            actor.run(waiting).await;
            // Its plan may have been another by the time it ended: it must not begin again.
            inner.by_key.remove(&key);
            inner.running.remove_if(&id, |_, running| running.key == key);
        });
        Some(running)
    }
}

/// Puts a question to a lesson and waits for its answer.
async fn put<T>(
    running: &Running,
    input: Input,
    answer: oneshot::Receiver<Result<T, EntryError>>,
) -> Result<T, AdmissionError> {
    running.inputs.send(input).await.map_err(|_| gone())?;
    Ok(answer.await.map_err(|_| gone())??)
}

fn gone() -> AdmissionError {
    AdmissionError::Unavailable(anyhow::anyhow!("the lesson has just closed"))
}
