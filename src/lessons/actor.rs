//! One running lesson: a task that takes inputs one by one, asks the `lesson` crate, and carries out what it wants.
//! It decides nothing.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use access::Person;
use axum::extract::ws::Utf8Bytes;
use lesson::{ConnectionId, Effect, EntryError, JournalEntry, Lesson, MediaEvent};
use protocol::{
    ClientMessage, LessonId, ParticipantId, ServerMessage, UtcMs,
    line::ParticipantLine,
    message::{Phase, PictureShown, Presence, RecordingState, VideoCodec},
};
use sfu::command::{Command, Event, LessonKey, ParticipantKey, PeerId};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use super::{
    Admission,
    limits::{LINGER, LONGEST_SLEEP},
    progress::Progress,
    record::Record,
    scribe::Scribe,
    translate,
};
use crate::{clock::utc_now, db::Note, media::MediaHandle, recording::Recorder};

/// Everything that can happen to a running lesson.
pub enum Input {
    /// Someone opens a connection.
    Connect {
        connection: ConnectionId,
        person: Person,
        outbox: mpsc::Sender<Utf8Bytes>,
        reply: oneshot::Sender<Result<(), EntryError>>,
    },
    /// A client says something.
    Message { from: ConnectionId, message: ClientMessage },
    /// A client says something unreadable.
    Unreadable { from: ConnectionId, detail: String },
    /// A connection is gone.
    Disconnect { from: ConnectionId },
    /// Someone wants to publish.
    AdmitPublisher {
        person: Person,
        peer: PeerId,
        offered: Vec<VideoCodec>,
        reply: oneshot::Sender<Result<Admission, EntryError>>,
    },
    /// Someone wants to watch.
    AdmitViewer {
        person: Person,
        peer: PeerId,
        video_lines: usize,
        /// The id of the page behind it, if it told one.
        page: Option<String>,
        reply: oneshot::Sender<Result<Admission, EntryError>>,
    },
    /// The media plane tells something.
    Media(Event),
    /// The recorder tells how it is.
    Recording(RecordingState),
    /// The timetable has another plan for it.
    Replan(Arc<timetable::Lesson>),
    /// The timetable has it cancelled, or no more.
    Cancelled,
    /// Someone wants to know how its lines do.
    Lines { reply: oneshot::Sender<Vec<ParticipantLine>> },
    /// Whether the clock is trusted has changed.
    Clock { trusted: bool },
    /// The program ends.
    Stop,
}

/// What others may know of a running lesson without asking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub phase: Phase,
    /// How its recording stands.
    pub recording: RecordingState,
    /// When it went live.
    pub live_since: Option<UtcMs>,
}

/// Who of a running lesson's parties is here.
pub type Attendance = HashMap<ParticipantId, Presence>;

/// What others see of a running lesson.
#[derive(Debug, Clone)]
pub struct Shown {
    pub standing: watch::Receiver<Standing>,
    pub attendance: watch::Receiver<Arc<Attendance>>,
}

/// What a running lesson acts on.
pub struct Surroundings {
    pub media: MediaHandle,
    pub scribe: Scribe,
    pub recorder: Recorder,
    pub progress: Progress,
    /// When the program last ran before it was started.
    pub last_running: Option<UtcMs>,
    pub next_participant: Arc<AtomicU32>,
}

pub struct Actor {
    id: LessonId,
    key: LessonKey,
    lesson: Lesson,
    around: Surroundings,
    outboxes: HashMap<ConnectionId, mpsc::Sender<Utf8Bytes>>,
    keys: HashMap<ParticipantId, ParticipantKey>,
    standing: watch::Sender<Standing>,
    attendance: watch::Sender<Arc<Attendance>>,
    /// When to go, once the lesson is over.
    leave_at: Option<Instant>,
    /// The timetable has it cancelled. That may be taken back, so it is not written down as over.
    cancelled: bool,
    record: Record,
    begun_at: UtcMs,
}

impl Actor {
    pub fn new(
        key: LessonKey,
        dated: &timetable::Lesson,
        around: Surroundings,
        clock_is_trusted: bool,
    ) -> (Self, Shown) {
        let id = dated.id.clone();
        let last_running = around.last_running;
        // Who stands at the door by the other clock is let in: for them the doors are open.
        let now = if clock_is_trusted { utc_now() } else { utc_now().max(dated.doors_open_at()) };
        let mut lesson = Lesson::new(translate::plan(dated), now);
        lesson.handle_clock(clock_is_trusted, now);
        let (standing, told) = watch::channel(standing_of(&lesson));
        let (attendance, attending) = watch::channel(Arc::new(attendance_of(&lesson)));
        let shown = Shown { standing: told, attendance: attending };
        let actor = Self {
            id,
            key,
            lesson,
            around,
            outboxes: HashMap::new(),
            keys: HashMap::new(),
            standing,
            attendance,
            leave_at: None,
            cancelled: false,
            record: Record::new(dated, last_running, utc_now()),
            begun_at: utc_now(),
        };
        (actor, shown)
    }

    /// Runs until the lesson is over and everyone has been told, or the program ends.
    pub async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        self.carry_out();
        loop {
            let input = tokio::select! {
                input = inputs.recv() => input,
                () = tokio::time::sleep(self.until_next()) => {
                    self.lesson.handle_timeout(utc_now());
                    self.carry_out();
                    match self.leave_at {
                        Some(at) if Instant::now() >= at => break,
                        _ => continue,
                    }
                }
            };
            match input {
                None | Some(Input::Stop) => break,
                Some(input) => self.take(input),
            }
            self.carry_out();
        }
        self.close();
    }

    /// Time until something is due by itself.
    fn until_next(&self) -> Duration {
        let due_ms = self.lesson.poll_timeout().map(|at| at.since_ms(utc_now()));
        let due = due_ms.map(|ms| Duration::from_millis(ms.max(1) as u64));
        let leave = self.leave_at.map(|at| at.saturating_duration_since(Instant::now()));
        let next = due.into_iter().chain(leave).min();
        next.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }

    fn take(&mut self, input: Input) {
        let now = utc_now();
        match input {
            Input::Connect { connection, person, outbox, reply } => {
                let admitted = self.lesson.handle_connected(connection, &person, now);
                if admitted.is_ok() {
                    self.outboxes.insert(connection, outbox);
                }
                let _ = reply.send(admitted);
            }
            Input::Message { from, message } => self.lesson.handle_message(from, message, now),
            Input::Unreadable { from, detail } => self.lesson.handle_unreadable(from, detail, now),
            Input::Disconnect { from } => {
                self.outboxes.remove(&from);
                self.lesson.handle_disconnected(from, now);
            }
            Input::AdmitPublisher { person, peer, offered, reply } => {
                let peer_id = translate::peer_out(peer);
                let admitted = self.lesson.admit_publisher(&person, peer_id, &offered, now);
                self.answer(peer_id, admitted, reply);
            }
            Input::AdmitViewer { person, peer, video_lines, page, reply } => {
                let peer_id = translate::peer_out(peer);
                let admitted = self.lesson.admit_viewer(&person, peer_id, video_lines, page, now);
                if let Some(admission) = admitted.as_ref().ok().filter(|it| translate::is_counted(it)) {
                    self.record.receives(&admission.participant, peer);
                }
                self.answer(peer_id, admitted, reply);
            }
            Input::Media(event) => {
                self.record.handle_event(&event, now);
                if let Some((peer, meaning)) = translate::media_event(&event) {
                    self.lesson.handle_media(peer, meaning, now);
                }
            }
            Input::Replan(dated) => {
                self.record.replan(&dated);
                self.lesson.handle_plan(translate::plan(&dated), now);
            }
            Input::Cancelled => {
                self.cancelled = true;
                self.lesson.handle_cancelled(now);
            }
            Input::Lines { reply } => {
                let _ = reply.send(self.lesson.lines());
            }
            Input::Clock { trusted } => self.lesson.handle_clock(trusted, now),
            Input::Recording(state) => self.lesson.handle_recording(state, now),
            Input::Stop => {}
        }
    }

    /// Answers an admission. One whose asker has gone meanwhile is taken back, or its place would stay taken.
    fn answer(
        &mut self,
        peer: lesson::PeerId,
        admitted: Result<lesson::Admission, EntryError>,
        reply: oneshot::Sender<Result<Admission, EntryError>>,
    ) {
        let was_admitted = admitted.is_ok();
        let answered = reply.send(admitted.map(|admission| self.admission(admission)));
        if answered.is_err() && was_admitted {
            self.lesson.handle_media(peer, MediaEvent::Over { vanished: false }, utc_now());
        }
    }

    fn admission(&mut self, admission: lesson::Admission) -> Admission {
        // One without a seat neither publishes nor comes again: remembered, each would stay until the lesson ends.
        let participant_key = if admission.unseen { self.fresh_key() } else { self.key_of(&admission.participant) };
        Admission {
            lesson_key: self.key,
            participant_key,
            video_codec: admission.video_codec,
            view: translate::view(admission.view),
            counted: translate::is_counted(&admission),
        }
    }

    fn fresh_key(&self) -> ParticipantKey {
        ParticipantKey(self.around.next_participant.fetch_add(1, Ordering::Relaxed))
    }

    fn key_of(&mut self, participant: &ParticipantId) -> ParticipantKey {
        if let Some(&known) = self.keys.get(participant) {
            return known;
        }
        let fresh = self.fresh_key();
        self.around.recorder.introduce(self.key, fresh, participant.clone());
        self.keys.insert(participant.clone(), fresh);
        fresh
    }

    /// Does what the lesson wants done.
    fn carry_out(&mut self) {
        while let Some(effect) = self.lesson.poll_effect() {
            match effect {
                Effect::Tell { to, message } => self.tell(&to, &message),
                Effect::CloseConnection(connection) => self.hang_up(connection),
                Effect::ClosePeer(peer) => self.close_peer(peer),
                Effect::SetStage(stage) => self.set_stage(&stage),
                Effect::BeginRecording => self.begin_recording(),
                Effect::PhaseReached { phase, at } => self.phase_reached(phase, at),
                Effect::Journal(entry) => self.journal(entry),
                Effect::Show { peer, pictures } => self.show(peer, &pictures),
                Effect::Received { who, decoded } => self.record.handle_page(&who, decoded, utc_now()),
            }
        }
        for event in self.record.handle_time(utc_now()) {
            self.note(Note::Ledger(event));
        }
        let standing = standing_of(&self.lesson);
        self.standing.send_if_modified(|old| std::mem::replace(old, standing) != standing);
        let attendance = attendance_of(&self.lesson);
        self.attendance.send_if_modified(|old| {
            let is_other = **old != attendance;
            if is_other {
                *old = Arc::new(attendance);
            }
            is_other
        });
    }

    fn tell(&mut self, to: &[ConnectionId], message: &ServerMessage) {
        let text = match serde_json::to_string(message) {
            Ok(text) => Utf8Bytes::from(text),
            Err(error) => {
                tracing::error!(lesson = %self.id, %error, "a message cannot be written as JSON: report this");
                return;
            }
        };
        for connection in to {
            let taken = match self.outboxes.get(connection) {
                Some(outbox) => outbox.try_send(text.clone()).is_ok(),
                None => true,
            };
            if !taken {
                tracing::debug!(lesson = %self.id, connection = connection.0, "too slow, disconnected");
                self.hang_up(*connection);
                self.lesson.handle_disconnected(*connection, utc_now());
            }
        }
    }

    /// Dropping its outbox lets the connection send what waits and close.
    fn hang_up(&mut self, connection: ConnectionId) {
        self.outboxes.remove(&connection);
    }

    fn close_peer(&mut self, peer: lesson::PeerId) {
        let peer = translate::peer_in(peer);
        self.around.media.send(Command::Close { peer });
    }

    fn show(&mut self, peer: lesson::PeerId, pictures: &[PictureShown]) {
        let peer = translate::peer_in(peer);
        self.around.media.send(Command::Show { peer, pictures: translate::shown(pictures) });
    }

    fn set_stage(&mut self, stage: &lesson::Stage) {
        self.around.recorder.stage(self.key, translate::recorded_stage(stage));
        let stage = translate::stage(stage, |id| self.key_of(id));
        self.around.media.send(Command::SetStage { lesson: self.key, stage });
    }

    fn begin_recording(&mut self) {
        let lead = self.lesson.snapshot().participants.first().map(|lead| lead.id.clone());
        self.around.recorder.begin(self.key, self.id.clone(), lead);
    }

    fn end_recording(&self) {
        self.around.recorder.end(self.key);
    }

    fn phase_reached(&mut self, phase: Phase, at: UtcMs) {
        tracing::info!(lesson = %self.id, ?phase, "the lesson moved on");
        match phase {
            Phase::Scheduled | Phase::DoorsOpen => {}
            Phase::Live => {
                self.around.progress.went_live(&self.id, at);
                self.note(Note::WentLive(at));
            }
            Phase::Ended => {
                if !self.cancelled {
                    self.around.progress.ended(&self.id, at);
                    self.note(Note::Ended(at));
                }
                self.end_recording();
                self.around.media.send(Command::EndLesson { lesson: self.key });
                let linger = if self.cancelled { Duration::ZERO } else { LINGER };
                self.leave_at = Some(Instant::now() + linger);
            }
        }
    }

    fn journal(&mut self, entry: JournalEntry) {
        if let Some(event) = translate::lesson_event(&entry, self.lesson.snapshot().participants.first()) {
            self.around.recorder.note(self.key, event);
        }
        self.record.handle_journal(&entry);
        self.note(Note::Journal(entry));
    }

    fn note(&self, note: Note) {
        self.around.scribe.note(&self.id, note);
    }

    fn close(mut self) {
        for event in self.record.close(utc_now()) {
            self.note(Note::Ledger(event));
        }
        for line in self.lesson.lines() {
            self.note(Note::Line { begun_at: self.begun_at, line: Box::new(line) });
        }
        self.end_recording();
        self.around.media.send(Command::EndLesson { lesson: self.key });
        self.outboxes.clear();
    }
}

fn attendance_of(lesson: &Lesson) -> Attendance {
    lesson.attendance().collect()
}

fn standing_of(lesson: &Lesson) -> Standing {
    let snapshot = lesson.snapshot();
    Standing { phase: snapshot.phase, recording: snapshot.recording, live_since: snapshot.live_since }
}
