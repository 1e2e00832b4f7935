//! The writer thread: takes what the media thread taps, hands it to the lesson it belongs to, and appends.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::Instant,
};

use anyhow::anyhow;
use protocol::{LessonId, message::RecordingState};
use recorder::{Disk, Manifest, limits::TICK};
use sfu::{
    command::LessonKey,
    seats::Source,
    tap::{TapBatch, TapEntry, Tapped},
};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Order, RecordingEvent,
    disk::DiskGauge,
    limits::{LAST_PACKETS, RETRY, TURN},
    orders::Orders,
    recovery,
    running::Running,
    session::{Session, Wanted},
    sync::Job,
};

/// Who the writer speaks to.
pub struct Ears {
    /// Told how recordings stand.
    pub events: mpsc::Sender<RecordingEvent>,
    /// Told of every turn.
    pub turn: watch::Sender<()>,
    /// Asks a source for a keyframe.
    pub ask: Box<dyn FnMut(LessonKey, Source) + Send>,
}

/// What the thread works on.
pub struct Writer {
    directory: PathBuf,
    gauge: Arc<DiskGauge>,
    disk: Disk,
    sync: SyncSender<Job>,
    ears: Ears,
    lessons: HashMap<LessonKey, Session>,
    /// The lesson being worked on: whose fault a panic is.
    at_work: Option<LessonKey>,
    has_recovered: bool,
    next_tick: Instant,
    media_is_gone: bool,
    finishing: Option<oneshot::Sender<()>>,
}

impl Writer {
    /// Works on `directory`.
    pub fn new(directory: PathBuf, gauge: Arc<DiskGauge>, sync: SyncSender<Job>, ears: Ears) -> Self {
        Self {
            directory,
            gauge,
            disk: Disk::Plenty,
            sync,
            ears,
            lessons: HashMap::new(),
            at_work: None,
            has_recovered: false,
            next_tick: Instant::now(),
            media_is_gone: false,
            finishing: None,
        }
    }

    /// Runs until told to finish, or the media thread is gone. A panic costs the lesson it came from an interruption.
    pub fn run(mut self, tap: &Receiver<TapBatch>, orders: &Orders) {
        while catch_unwind(AssertUnwindSafe(|| self.work(tap, orders))).is_err() {
            tracing::error!(lesson = self.at_work.map(|key| key.0), "the recorder stumbled and goes on: report this");
            self.interrupt();
        }
        if let Some(done) = self.finishing {
            let _ = self.sync.send(Job::End(done));
        }
    }

    fn work(&mut self, tap: &Receiver<TapBatch>, orders: &Orders) {
        if !std::mem::replace(&mut self.has_recovered, true) {
            for event in recovery::close_all(&self.directory) {
                self.tell(event);
            }
        }
        loop {
            let batch = tap.recv_timeout(TURN);
            for order in orders.take() {
                self.take_order(order);
            }
            match batch {
                Ok(batch) => batch.entries.iter().for_each(|entry| self.take(entry, &batch)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.media_is_gone = true;
                    self.end_all(Instant::now());
                }
            }
            let now = Instant::now();
            if now >= self.next_tick {
                self.next_tick = now + TICK;
                self.tick(now);
                self.ears.turn.send_replace(());
            }
            if self.lessons.is_empty() && (self.finishing.is_some() || self.media_is_gone) {
                break;
            }
        }
    }

    /// After a panic: the lesson that was being worked on may be in any state and is taken up anew from its journal.
    fn interrupt(&mut self) {
        let Some(key) = self.at_work.take() else { return };
        let Some(session) = self.lessons.get_mut(&key) else { return };
        if let Some(event) = session.stand_still(Instant::now()) {
            self.tell(event);
        }
    }

    fn take_order(&mut self, order: Order) {
        self.at_work = order.key();
        match order {
            Order::Introduce { key, participant_key, participant } => {
                self.lessons.entry(key).or_default().names.insert(participant_key, participant);
            }
            Order::Begin { key, lesson, lead } => {
                let wanted = Wanted { lesson, lead, clock: None, retry_at: None };
                self.lessons.entry(key).or_default().wanted = Some(wanted);
                self.begin_if_live(key, Instant::now());
            }
            Order::Stage { key, stage } => {
                let session = self.lessons.entry(key).or_default();
                session.stage = stage.clone();
                if let Some(running) = &mut session.running {
                    running.handle_stage(stage, Instant::now());
                    self.carry_out(key);
                }
            }
            Order::Note { key, event } => {
                if let Some(running) = self.lessons.get_mut(&key).and_then(|session| session.running.as_mut()) {
                    running.note(event, Instant::now());
                    self.carry_out(key);
                }
            }
            Order::Look { lesson, seen } => {
                // Who asked may be gone.
                let _ = seen.send(self.look(&lesson));
            }
            Order::End { key } => {
                if let Some(session) = self.lessons.get_mut(&key) {
                    session.ends_at.get_or_insert(Instant::now() + LAST_PACKETS);
                }
            }
            Order::Finish { done } => {
                self.end_all(Instant::now() + LAST_PACKETS);
                self.finishing = Some(done);
            }
        }
    }

    fn look(&mut self, lesson: &LessonId) -> Option<Manifest> {
        let of_it = |session: &Session| session.running.as_ref().is_some_and(|running| running.is_of(lesson));
        let key = self.lessons.iter().find(|(_, session)| of_it(session)).map(|(key, _)| *key)?;
        let running = self.lessons.get_mut(&key)?.running.as_mut()?;
        let manifest = running.look();
        self.carry_out(key);
        Some(manifest)
    }

    fn end_all(&mut self, at: Instant) {
        for session in self.lessons.values_mut() {
            session.ends_at = Some(session.ends_at.map_or(at, |sooner| sooner.min(at)));
        }
    }

    fn take(&mut self, entry: &TapEntry, batch: &TapBatch) {
        let (key, source, at) = (entry.lesson, entry.source, entry.arrival);
        self.at_work = Some(key);
        match entry.what {
            Tapped::Started { codec, ssrc } => {
                self.lessons.entry(key).or_default().live.insert(source, (codec, ssrc));
                if self.lessons.get(&key).is_some_and(|session| session.running.is_none()) {
                    self.begin_if_live(key, at);
                } else if let Some(session) = self.lessons.get_mut(&key) {
                    session.start_track(source, codec, ssrc, at);
                }
            }
            Tapped::Packet { start, len } => self.handle(entry, batch.packet(start, len)),
            Tapped::SenderReport { .. } => self.handle(entry, &[]),
            Tapped::Ended => {
                self.handle(entry, &[]);
                if let Some(session) = self.lessons.get_mut(&key) {
                    session.live.remove(&source);
                    if session.is_of_no_lesson() {
                        self.lessons.remove(&key);
                    }
                }
            }
        }
        self.carry_out(key);
    }

    fn handle(&mut self, entry: &TapEntry, packet: &[u8]) {
        if let Some(running) = self.lessons.get_mut(&entry.lesson).and_then(|session| session.running.as_mut()) {
            running.handle(entry.source, &entry.what, packet, entry.arrival);
        }
    }

    /// A recording is wanted, and there is something to record.
    fn begin_if_live(&mut self, key: LessonKey, at: Instant) {
        let Some(session) = self.lessons.get_mut(&key) else { return };
        let Some(wanted) = session.wanted.take_if(|wanted| wanted.retry_at.is_none_or(|retry_at| at >= retry_at))
        else {
            return;
        };
        if session.live.is_empty() {
            session.wanted = Some(wanted);
            return;
        }
        let Wanted { lesson, lead, clock, retry_at } = wanted;
        let begun = match self.disk {
            Disk::Full => Err(anyhow!("the disk is full")),
            Disk::Plenty | Disk::Low => Running::begin(&self.directory, &lesson, lead.clone(), clock, at),
        };
        match begun {
            Ok(mut running) => {
                running.handle_disk(self.disk, at);
                running.handle_stage(session.stage.clone(), at);
                let event = running.event(RecordingState::Recording);
                session.running = Some(running);
                for (source, (codec, ssrc)) in session.live.clone() {
                    session.start_track(source, codec, ssrc, at);
                }
                self.tell(event);
                self.carry_out(key);
            }
            Err(error) => {
                session.wanted = Some(Wanted { lesson: lesson.clone(), lead, clock, retry_at: Some(at + RETRY) });
                if retry_at.is_none() {
                    let error = format!("{error:#}");
                    tracing::error!(%lesson, error, "no recording can be made, which is tried again and again: check the disk");
                    self.tell(recovery::failed(lesson));
                }
            }
        }
    }

    fn carry_out(&mut self, key: LessonKey) {
        let Some(running) = self.lessons.get_mut(&key).and_then(|session| session.running.as_mut()) else { return };
        let outcome = running.carry_out(&self.sync);
        let mut event = outcome.state.map(|state| running.event(state));
        if running.has_failed() {
            self.gauge.write_failed();
            event = self.lessons.get_mut(&key).and_then(|session| session.stand_still(Instant::now()));
        }
        for source in outcome.ask {
            (self.ears.ask)(key, source);
        }
        if let Some(event) = event {
            self.tell(event);
        }
    }

    fn tick(&mut self, now: Instant) {
        self.look_at_disk(now);
        let keys: Vec<LessonKey> = self.lessons.keys().copied().collect();
        for key in keys {
            self.at_work = Some(key);
            self.begin_if_live(key, now);
            if let Some(running) = self.lessons.get_mut(&key).and_then(|session| session.running.as_mut()) {
                running.tick(now);
                self.carry_out(key);
            }
        }
        self.at_work = None;
        let finishing = self.finishing.is_some();
        let over = |session: &mut Session| {
            // What comes up while the program ends has nothing to close.
            session.ends_at.is_some_and(|at| now >= at) || (finishing && session.running.is_none())
        };
        for (_, session) in self.lessons.extract_if(|_, session| over(session)) {
            let event = match (session.running, session.wanted) {
                (Some(running), _) => Some(running.end(now, &self.sync)),
                (None, Some(Wanted { lesson, clock: Some(_), .. })) => {
                    Some(recovery::close(&self.directory, lesson, &self.sync))
                }
                _ => None,
            };
            if let Some(event) = event {
                let _ = self.sync.send(Job::Tell(event));
            }
        }
    }

    /// On a low disk the lessons leave out what they can; on a full one their recordings stand still until there is space.
    fn look_at_disk(&mut self, now: Instant) {
        let disk = self.gauge.next(self.disk);
        let before = std::mem::replace(&mut self.disk, disk);
        if self.disk == before {
            return;
        }
        let free_mb = self.gauge.free_bytes().map(|bytes| bytes >> 20);
        match self.disk {
            Disk::Plenty => tracing::info!(free_mb, "the disk has space again: everything is recorded"),
            Disk::Low => {
                tracing::warn!(free_mb, "the disk is low, only lead teachers are recorded: free space or add some")
            }
            Disk::Full => tracing::error!(free_mb, "the disk is full, nothing is recorded: free space or add some"),
        }
        let mut events = Vec::new();
        for session in self.lessons.values_mut() {
            if self.disk == Disk::Full {
                events.extend(session.stand_still(now));
            } else if let Some(running) = &mut session.running {
                running.handle_disk(self.disk, now);
            }
        }
        events.into_iter().for_each(|event| self.tell(event));
    }

    fn tell(&self, event: RecordingEvent) {
        if self.ears.events.try_send(event).is_err() {
            tracing::warn!("an event of a recording is lost: its lesson does not keep up");
        }
    }
}
