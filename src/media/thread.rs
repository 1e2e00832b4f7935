//! The loop of a media thread: wait, take datagrams and commands, send what the shard wants sent.

use std::{
    collections::HashMap,
    os::fd::{AsFd, BorrowedFd},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use nix::{
    poll::{PollFd, PollFlags, ppoll},
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::{
        eventfd::{EfdFlags, EventFd},
        time::TimeSpec,
    },
    unistd::Pid,
};
use sfu::{
    Identity, NtpClock, Shard,
    command::{Command, Event, LessonKey, PeerId},
    limits::MAX_DATAGRAM,
    tap::{TapBatch, TapEntry, Tapped},
};
use tokio::sync::mpsc;

use super::socket::{MediaSocket, Received};

/// Datagrams taken before what they caused is sent: keeps the first of a burst from waiting for the last.
const DATAGRAMS_PER_TURN: usize = 64;
/// Datagrams that are sent before more are taken: bounds what a turn of a large lesson holds in memory.
const DATAGRAMS_PER_SEND: usize = 1024;
/// Beginnings and ends of tracks kept for a recorder that lags; further ones are lost.
const LANDMARKS: usize = 1024;
/// Longest wait when nothing is due.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Wakes the media thread from its wait.
pub(super) struct Wake(EventFd);

impl Wake {
    pub(super) fn new() -> anyhow::Result<Self> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(Self(EventFd::from_flags(flags).context("eventfd")?))
    }

    pub(super) fn wake(&self) {
        // It fails only when 2^64 wakes are pending, and then the thread wakes anyway.
        let _ = self.0.write(1);
    }
}

/// The ends of the queues between the thread and the rest.
pub(super) struct Mailbox {
    pub(super) commands: Receiver<Command>,
    pub(super) wake: Arc<Wake>,
    pub(super) events: mpsc::Sender<(LessonKey, Event)>,
    pub(super) tap: SyncSender<TapBatch>,
}

/// Starts the thread.
pub(super) fn spawn(identity: Identity, socket: MediaSocket, mailbox: Mailbox) -> anyhow::Result<()> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let shard = Shard::new(identity, NtpClock::new(Instant::now(), since_epoch));
    let mut turns = Turns {
        shard,
        socket,
        mailbox,
        lessons: HashMap::new(),
        landmarks: Vec::new(),
        batches_dropped: Losses::default(),
        dropped: Losses::default(),
    };
    let body = move || {
        let _end = EndWithThread;
        pin();
        while turns.turn() {}
    };
    std::thread::Builder::new().name("media-0".into()).spawn(body).context("media thread")?;
    Ok(())
}

/// Keeps the thread on the last of the processors it may use: the first ones take interrupts.
fn pin() {
    let this = Pid::from_raw(0);
    let Ok(allowed) = sched_getaffinity(this) else { return };
    let last = (0..CpuSet::count()).rev().find(|&cpu| allowed.is_set(cpu).unwrap_or(false));
    let mut one = CpuSet::new();
    if let Some(cpu) = last
        && one.set(cpu).is_ok()
    {
        let _ = sched_setaffinity(this, &one);
    }
}

struct Turns {
    shard: Shard,
    socket: MediaSocket,
    mailbox: Mailbox,
    /// Which lesson a session belongs to, for routing its events.
    lessons: HashMap<PeerId, LessonKey>,
    /// Beginnings and ends of tracks from batches the recorder had no place for.
    landmarks: Vec<TapEntry>,
    batches_dropped: Losses,
    dropped: Losses,
}

impl Turns {
    /// One turn; `false` when nobody is left to command.
    fn turn(&mut self) -> bool {
        self.wait();
        let mut buffer = [0; MAX_DATAGRAM];
        for _ in 0..DATAGRAMS_PER_TURN {
            match self.socket.receive(&mut buffer) {
                Received::Datagram(path, len, waited) => {
                    let now = Instant::now();
                    let arrival = now.checked_sub(waited).unwrap_or(now);
                    self.shard.handle_datagram(arrival, path, &mut buffer[..len]);
                    if self.shard.outbox().datagrams().len() >= DATAGRAMS_PER_SEND {
                        self.send();
                    }
                }
                Received::Empty => break,
            }
        }
        let alive = self.take_commands();
        self.shard.handle_timeout(Instant::now());
        self.send();
        self.tell();
        alive
    }

    fn wait(&self) {
        let now = Instant::now();
        let due = self.shard.next_timeout().map_or(LONGEST_WAIT, |at| at.saturating_duration_since(now));
        let wake: BorrowedFd<'_> = self.mailbox.wake.0.as_fd();
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN), PollFd::new(wake, PollFlags::POLLIN)];
        // Interrupted or not, the turn that follows finds out what there is.
        let _ = ppoll(&mut fds, Some(TimeSpec::from_duration(due.min(LONGEST_WAIT))), None);
    }

    fn take_commands(&mut self) -> bool {
        let _ = self.mailbox.wake.0.read();
        loop {
            match self.mailbox.commands.try_recv() {
                Ok(command) => {
                    if let Command::Publish { peer, lesson, .. } | Command::Subscribe { peer, lesson, .. } = &command {
                        self.lessons.insert(*peer, *lesson);
                    }
                    self.shard.handle_command(Instant::now(), command);
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn send(&mut self) {
        let outbox = self.shard.outbox();
        let sent =
            outbox.datagrams().iter().filter(|datagram| self.socket.send(datagram.path, outbox.bytes_of(datagram)));
        let dropped = outbox.datagrams().len() - sent.count();
        outbox.clear();
        if dropped > 0 {
            self.dropped.count(dropped as u64, "media datagrams did not fit the line: it is too thin for this lesson");
        }
    }

    fn tell(&mut self) {
        // What finds no place stays in the shard until there is one: a session's end must not be missed.
        while let Ok(place) = self.mailbox.events.try_reserve() {
            let Some(event) = self.shard.poll_event() else { break };
            let peer = event.peer();
            let Some(&lesson) = self.lessons.get(&peer) else { continue };
            if let Event::Closed { .. } = event {
                self.lessons.remove(&peer);
            }
            place.send((lesson, event));
        }
        if let Some(mut batch) = self.shard.poll_tap(Instant::now()) {
            if !self.landmarks.is_empty() {
                self.landmarks.append(&mut batch.entries);
                std::mem::swap(&mut self.landmarks, &mut batch.entries);
            }
            if let Err(TrySendError::Full(batch)) = self.mailbox.tap.try_send(batch) {
                self.keep_landmarks(batch);
            }
        }
    }

    /// A batch was lost, but not what begins and ends in it: without that the recorder would miss a whole track.
    fn keep_landmarks(&mut self, batch: TapBatch) {
        let is_landmark = |entry: &TapEntry| matches!(entry.what, Tapped::Started { .. } | Tapped::Ended);
        self.landmarks = batch.entries.into_iter().filter(is_landmark).take(LANDMARKS).collect();
        self.batches_dropped.count(1, "the recorder lags and misses packets: check the disk");
    }
}

/// Ends the program when the media thread panics: a server that admits people to silent lessons is worse than one that its
/// supervisor starts again.
struct EndWithThread;

impl Drop for EndWithThread {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the media thread failed; ending so that the service is started again");
            std::process::abort();
        }
    }
}

/// Counts losses and warns of the first, second, fourth, eighth… only.
#[derive(Default)]
struct Losses(u64);

impl Losses {
    fn count(&mut self, more: u64, what: &'static str) {
        let before = self.0;
        self.0 += more;
        if before.checked_ilog2() != self.0.checked_ilog2() {
            tracing::warn!(total = self.0, "{what}");
        }
    }
}
