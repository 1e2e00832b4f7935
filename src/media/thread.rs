//! The loop of a media thread: wait, take datagrams and commands, send what the shard wants sent.

use std::{
    collections::HashMap,
    os::fd::{AsFd, BorrowedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError},
    },
    time::{Duration, Instant},
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
    KeyFrameWish, Shard,
    command::{Command, Event, LessonKey, PeerId},
    relay::{RelayBatch, ShardId},
    seats::Source,
    tap::{TapBatch, TapEntry, Tapped},
};
use tokio::sync::mpsc;

use super::{
    report::{Reporter, ShardReport, thread_cpu},
    socket::{Inbox, MediaSocket, Sent, set_nice},
    tcp::{Looked, Newcomer, Streams},
};

/// Receives before what they caused is sent: keeps the first of a burst from waiting for the last.
const RECEIVES_PER_TURN: usize = 2;
/// Commands carried out before media is looked after again.
const COMMANDS_PER_TURN: usize = 32;
/// Batches from other shards taken before media leaves again.
const CROSSINGS_PER_TURN: usize = 32;
/// TCP connections taken over before media is looked after again.
const NEWCOMERS_PER_TURN: usize = 16;
/// Time a turn may spend on DTLS handshakes, so that a storm of joins never stalls media.
const HANDSHAKES_PER_TURN: Duration = Duration::from_millis(2);
/// Beginnings and ends of tracks kept for a recorder that lags; further ones are lost.
const LANDMARKS: usize = 1024;
/// Pause after a turn that brought datagrams. A frame comes as several, and a crowd's reports come one by one: taken together
/// they cost one wake-up, which is worth as much as ten packets.
const NAP: Duration = Duration::from_micros(500);
/// Nice value of media threads: a voice does not wait for the recorder or for pages. They sleep most of the time, so others
/// get theirs.
const NICE: i32 = -10;
/// Longest wait when nothing is due.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Wakes the media thread from its wait.
pub(super) struct Wake {
    event: EventFd,
    /// Whether it was written to and not read since: saves both sides the system call.
    rung: AtomicBool,
}

impl Wake {
    pub(super) fn new() -> anyhow::Result<Self> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(Self { event: EventFd::from_flags(flags).context("eventfd")?, rung: AtomicBool::new(false) })
    }

    /// Call after what it is about has been put in its queue.
    pub(super) fn wake(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // It fails only when 2^64 wakes are pending, and then the thread wakes anyway.
            let _ = self.event.write(1);
        }
    }

    /// Call before the queues are looked at: what is put there from now on wakes the thread again.
    fn answer(&self) {
        if self.rung.load(Ordering::Acquire) {
            // In this order: a wake in between finds the bell rung, and its message is seen in the queue.
            let _ = self.event.read();
            self.rung.swap(false, Ordering::AcqRel);
        }
    }
}

/// What one shard has for another.
pub(super) enum Crossing {
    /// Packets of a lesson that it follows.
    Packets(RelayBatch),
    /// A receiver over there needs a key frame of a publisher here.
    KeyFrame { lesson: LessonKey, source: Source, layer: u8 },
}

/// Another shard.
#[derive(Clone)]
pub(super) struct Neighbour {
    pub(super) crossings: SyncSender<Crossing>,
    pub(super) wake: Arc<Wake>,
}

/// The ends of the queues between the thread and the rest.
pub(super) struct Mailbox {
    pub(super) commands: Receiver<Command>,
    pub(super) newcomers: Receiver<Newcomer>,
    pub(super) crossings: Receiver<Crossing>,
    /// All shards, by their number.
    pub(super) neighbours: Vec<Neighbour>,
    pub(super) wake: Arc<Wake>,
    pub(super) events: mpsc::Sender<(LessonKey, Event)>,
    pub(super) tap: SyncSender<TapBatch>,
    pub(super) reporter: Reporter,
}

/// Starts the thread of one shard.
pub(super) fn spawn(id: ShardId, shard: Shard, socket: MediaSocket, mailbox: Mailbox) -> anyhow::Result<()> {
    let mut turns = Turns {
        shard,
        socket,
        streams: Streams::new()?,
        inbox: Inbox::new(),
        mailbox,
        pause: Pause::Wait,
        busy: false,
        turns: 0,
        sent: Sent::default(),
        relayed_out: 0,
        relayed_in: 0,
        lessons: HashMap::new(),
        landmarks: Vec::new(),
        batches_dropped: Losses::default(),
        dropped: Losses::default(),
        too_long: Losses::default(),
        relay_lost: Losses::default(),
    };
    let body = move || {
        let _end = EndWithThread;
        pin(id);
        if set_nice(NICE).is_err() {
            tracing::debug!("the media threads have no priority: allow it with CAP_SYS_NICE or LimitNICE");
        }
        while turns.turn() {}
    };
    std::thread::Builder::new().name(format!("media-{}", id.0)).spawn(body).context("media thread")?;
    Ok(())
}

/// Keeps the thread on a processor of its own, the last that it may use for the first shard: the first ones take interrupts.
fn pin(id: ShardId) {
    let this = Pid::from_raw(0);
    let Ok(allowed) = sched_getaffinity(this) else { return };
    let usable: Vec<usize> = (0..CpuSet::count()).filter(|&cpu| allowed.is_set(cpu).unwrap_or(false)).collect();
    let mut one = CpuSet::new();
    if let Some(&cpu) = usable.iter().rev().cycle().nth(usize::from(id.0))
        && one.set(cpu).is_ok()
    {
        let _ = sched_setaffinity(this, &one);
    }
}

/// What comes before a turn.
enum Pause {
    /// More is to be done at once.
    None,
    /// A short sleep, whatever arrives meanwhile.
    Nap,
    /// Until something arrives or is due.
    Wait,
}

struct Turns {
    shard: Shard,
    socket: MediaSocket,
    streams: Streams,
    inbox: Inbox,
    mailbox: Mailbox,
    pause: Pause,
    /// More is to be done at once.
    busy: bool,
    turns: u64,
    sent: Sent,
    relayed_out: u64,
    relayed_in: u64,
    /// Which lesson a session belongs to, for routing its events.
    lessons: HashMap<PeerId, LessonKey>,
    /// Beginnings and ends of tracks from batches the recorder had no place for.
    landmarks: Vec<TapEntry>,
    batches_dropped: Losses,
    dropped: Losses,
    too_long: Losses,
    relay_lost: Losses,
}

impl Turns {
    /// One turn; `false` when nobody is left to command.
    fn turn(&mut self) -> bool {
        match self.pause {
            Pause::None => {}
            Pause::Nap => self.nap(),
            Pause::Wait => self.wait(),
        }
        self.busy = self.receive();
        let alive = self.take_commands();
        // After commands: a connection finds the session that was announced before it came.
        self.take_newcomers();
        self.take_crossings();
        let now = Instant::now();
        self.shard.handle_timeout(now);
        self.pass_on();
        let media_is_due = self.shard.fan_out(now);
        self.send();
        self.busy |= self.shake_hands(media_is_due) | media_is_due;
        self.tell();
        self.turns += 1;
        if self.mailbox.reporter.due(now) {
            self.streams.sweep(now, &mut self.shard);
            self.report();
        }
        if self.busy {
            self.pause = Pause::None;
        }
        alive
    }

    /// Takes what has arrived. `true` when there may be more.
    fn receive(&mut self) -> bool {
        // What came once comes again soon: it is looked for after a nap, and waited for when that brought nothing.
        self.pause = Pause::Wait;
        let looked = match self.streams.readiness() {
            Some(_) => self.streams.look(&mut self.shard),
            None => Looked::default(),
        };
        if looked.heard {
            self.pause = Pause::Nap;
        }
        for _ in 0..RECEIVES_PER_TURN {
            let more = self.socket.receive(&mut self.inbox);
            while let Some(arrival) = self.inbox.next() {
                self.shard.handle_datagram(arrival.at, arrival.path, arrival.bytes);
                self.pause = Pause::Nap;
            }
            if !more {
                return looked.more;
            }
        }
        true
    }

    /// Goes on with DTLS handshakes for a moment; with one step only while media is due. `true` when more wait.
    fn shake_hands(&mut self, media_is_due: bool) -> bool {
        let began = Instant::now();
        let mut now = began;
        while self.shard.handle_handshake(now) {
            now = Instant::now();
            if media_is_due || now.saturating_duration_since(began) >= HANDSHAKES_PER_TURN {
                self.send();
                return true;
            }
        }
        self.send();
        false
    }

    /// Hands other shards what they follow, before this one fans out: they do so at the same time.
    fn pass_on(&mut self) {
        let mut lost = Vec::new();
        while let Some((to, batch)) = self.shard.poll_relay() {
            let packets = batch.packets() as u64;
            match self.cross(to, Crossing::Packets(batch)) {
                Some(Crossing::Packets(batch)) => {
                    self.relay_lost.count(packets, "packets were lost between media threads: the machine is too slow");
                    lost.push((to, batch));
                }
                _ => self.relayed_out += packets,
            }
        }
        lost.iter().for_each(|(to, batch)| self.shard.return_relay(*to, batch));
        while let Some(KeyFrameWish { home, lesson, source, layer }) = self.shard.poll_key_frame_wish() {
            // One that finds no place is wished for again within a second.
            self.cross(home, Crossing::KeyFrame { lesson, source, layer });
        }
    }

    /// Hands something to another shard, and returns it if there was no place for it.
    fn cross(&self, to: ShardId, crossing: Crossing) -> Option<Crossing> {
        let neighbour = self.mailbox.neighbours.get(usize::from(to.0))?;
        let returned = match neighbour.crossings.try_send(crossing) {
            Ok(()) => None,
            Err(TrySendError::Full(crossing) | TrySendError::Disconnected(crossing)) => Some(crossing),
        };
        neighbour.wake.wake();
        returned
    }

    fn take_crossings(&mut self) {
        for _ in 0..CROSSINGS_PER_TURN {
            match self.mailbox.crossings.try_recv() {
                Ok(Crossing::Packets(batch)) => {
                    self.relayed_in += batch.packets() as u64;
                    self.shard.handle_relayed(Instant::now(), &batch);
                }
                Ok(Crossing::KeyFrame { lesson, source, layer }) => {
                    self.shard.handle_command(
                        Instant::now(),
                        Command::RequestKeyFrame { lesson, source, layer: Some(layer) },
                    );
                }
                Err(_) => return,
            }
        }
        self.busy = true;
    }

    /// Time until something is due.
    fn leisure(&self) -> Duration {
        let now = Instant::now();
        self.shard.next_timeout().map_or(LONGEST_WAIT, |at| at.saturating_duration_since(now))
    }

    fn nap(&self) {
        std::thread::sleep(self.leisure().min(NAP));
    }

    fn wait(&self) {
        let due = self.leisure();
        let wake: BorrowedFd<'_> = self.mailbox.wake.event.as_fd();
        let streams = self.streams.readiness();
        let mut fds = [self.socket.as_fd(), wake, streams.unwrap_or(wake)].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let waited_for = if streams.is_some() { 3 } else { 2 };
        // Interrupted or not, the turn that follows finds out what there is.
        let _ = ppoll(&mut fds[..waited_for], Some(TimeSpec::from_duration(due.min(LONGEST_WAIT))), None);
    }

    fn take_commands(&mut self) -> bool {
        self.mailbox.wake.answer();
        for _ in 0..COMMANDS_PER_TURN {
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
        self.busy = true;
        true
    }

    fn take_newcomers(&mut self) {
        for _ in 0..NEWCOMERS_PER_TURN {
            let Ok(newcomer) = self.mailbox.newcomers.try_recv() else { return };
            self.streams.adopt(Instant::now(), &mut self.shard, newcomer);
        }
        self.busy = true;
    }

    fn send(&mut self) {
        if self.shard.outgoing().is_empty() {
            return;
        }
        let sent = self.socket.send_all(self.shard.outgoing());
        self.streams.send(&mut self.shard);
        self.shard.outbox().clear();
        self.sent += sent;
        if sent.dropped > 0 {
            self.dropped.count(sent.dropped, "media datagrams did not fit the line: it is too thin for this lesson");
        }
        let too_long = self.inbox.received().too_long - self.too_long.0;
        if too_long > 0 {
            self.too_long.count(too_long, "datagrams longer than media may be were dropped");
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

    fn report(&self) {
        let (publishers, subscribers) = self.shard.sessions();
        self.mailbox.reporter.tell(ShardReport {
            counters: self.shard.counters(),
            publishers,
            subscribers,
            sent: self.sent,
            received: self.inbox.received(),
            streams: self.streams.report(),
            cpu: thread_cpu(),
            turns: self.turns,
            recorder_batches_dropped: self.batches_dropped.0,
            relayed_out: self.relayed_out,
            relayed_in: self.relayed_in,
            relay_lost: self.relay_lost.0,
        });
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
