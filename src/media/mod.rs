//! The media threads, seen from the rest of the program: commands go in, events and recorder batches come out.
//!
//! A shard is one pinned OS thread with one UDP port (`base + i`), one for each processor. `sfu::placement` says which
//! sessions go where; shards hand each other packets over one bounded queue each. The same port over TCP, and the port of
//! the pages, let in those whom no UDP reaches (`tcp.rs`).

mod announce;
mod report;
mod secret;
mod socket;
#[cfg(not(test))]
mod tcp;
#[cfg(test)]
pub mod tcp;
mod thread;

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr, TcpListener},
    num::NonZero,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::available_parallelism,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use sfu::{
    Identity, NtpClock, Shard,
    command::{Command, Event, LessonKey, PeerId},
    ice::Half,
    placement::Placement,
    relay::ShardId,
    sdp::{Candidate, Local},
    tap::TapBatch,
};
use tokio::sync::mpsc;

pub use report::{Reports, ShardReport};
pub use secret::{random_number, random_token};
use socket::MediaSocket;
pub use tcp::Door;
use tcp::{Gate, NEWCOMERS, Newcomer};
use thread::{Crossing, Mailbox, Neighbour, Wake};

/// Events waiting to be routed to their lessons; one that does not fit is counted and dropped.
const EVENTS: usize = 4096;
/// Commands waiting for the media thread; a sender waits for room, which is there within one turn of the loop.
const COMMANDS: usize = 1024;
/// What other shards have for one shard; a batch of packets that does not fit is dropped and counted.
const CROSSINGS: usize = 256;
/// Shards there can be: ports from `base` on that the firewall must let through. No more than there are letters for them in a
/// user fragment.
const MAX_SHARDS: usize = 64;
/// Free UDP ports tried until one is free over TCP too.
const PORT_TRIES: usize = 32;
/// Batches waiting for the recorder; one that does not fit is dropped: the recorder never holds up the lesson.
const TAP_BATCHES: usize = 256;

/// Where media listens.
#[derive(Debug, Clone)]
pub struct MediaAddress {
    /// Address to bind; a wildcard binds all.
    pub bind: IpAddr,
    /// First port, shard i has the i-th from it; 0 picks free ones.
    pub port: u16,
    /// Shards; 0: as many as there are processors to run on.
    pub shards: usize,
    /// Addresses told to browsers; empty: those of this machine that match `bind`.
    pub announce: Vec<IpAddr>,
    /// Whether media is also taken in over TCP, at the same ports and at that of the pages.
    pub tcp: bool,
    /// Where the pages listen, if connections of media that come there are brought to [`MediaHandle::door`].
    pub web: Option<SocketAddr>,
}

/// How to talk to the media threads.
#[derive(Clone)]
pub struct MediaHandle {
    next_peer: Arc<AtomicU64>,
    shards: Arc<[ShardEnd]>,
    placement: Arc<Mutex<Placement>>,
    fingerprint: Arc<str>,
    reports: Reports,
    door: Option<Door>,
}

/// One shard, from outside.
struct ShardEnd {
    commands: SyncSender<Command>,
    wake: Arc<Wake>,
    /// Where it is reached.
    candidates: Vec<Candidate>,
}

/// The running media plane.
pub struct Media {
    /// How to talk to it.
    pub handle: MediaHandle,
    /// What it tells, with the lesson it is about.
    pub events: mpsc::Receiver<(LessonKey, Event)>,
    /// Every published packet, for the recorder.
    pub tap: Receiver<TapBatch>,
}

/// Begins to carry sound and picture. Call within a runtime.
pub fn start(address: &MediaAddress) -> anyhow::Result<Media> {
    let count = match address.shards {
        // Counts the processors of the affinity mask, and no more than the control group's quota is worth.
        0 => available_parallelism().map_or(1, NonZero::get),
        given => given,
    };
    let ids: Vec<ShardId> = (0..count.min(MAX_SHARDS)).map(|i| ShardId(i as u8)).collect();
    let identity = Identity::generate()?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // One clock for all: a lesson's shards must tell the same times.
    let clock = NtpClock::new(Instant::now(), since_epoch);
    let (told, events) = mpsc::channel(EVENTS);
    let (tapped, tap) = sync_channel(TAP_BATCHES);
    let queues: Vec<_> = ids.iter().map(|_| sync_channel::<Crossing>(CROSSINGS)).collect();
    let wakes = ids.iter().map(|_| Wake::new().map(Arc::new)).collect::<anyhow::Result<Vec<_>>>()?;
    let neighbour = |((crossings, _), wake): (&(SyncSender<Crossing>, _), &Arc<Wake>)| Neighbour {
        crossings: crossings.clone(),
        wake: wake.clone(),
    };
    let neighbours: Vec<Neighbour> = queues.iter().zip(&wakes).map(neighbour).collect();
    let (reports, reporters) = Reports::new(ids.len());
    let (mut ends, mut gates, mut listeners) = (Vec::new(), Vec::new(), Vec::new());
    for (((&id, wake), (_, crossings)), reporter) in ids.iter().zip(wakes).zip(queues).zip(reporters) {
        let (socket, listener) = sockets(address, id)?;
        let (commands, waiting) = sync_channel(COMMANDS);
        let (arriving, newcomers) = sync_channel::<Newcomer>(NEWCOMERS);
        let candidates = announce::candidates(address, socket.port(), listener.is_some());
        ends.push(ShardEnd { commands, wake: wake.clone(), candidates });
        gates.push(Gate { newcomers: arriving, wake: wake.clone() });
        listeners.extend(listener);
        let (events, tap, neighbours) = (told.clone(), tapped.clone(), neighbours.clone());
        let mailbox = Mailbox { commands: waiting, newcomers, crossings, wake, events, tap, neighbours, reporter };
        thread::spawn(id, Shard::new(id, identity.clone(), clock), socket, mailbox)?;
    }
    let door = address.tcp.then(|| Door::new(gates));
    for (listener, door) in listeners.into_iter().zip(door.iter().cycle()) {
        door.keep(listener).context("media over TCP")?;
    }
    let handle = MediaHandle {
        next_peer: Arc::new(AtomicU64::new(1)),
        placement: Arc::new(Mutex::new(Placement::new(ends.len()))),
        shards: ends.into(),
        fingerprint: identity.fingerprint().into(),
        reports,
        door,
    };
    Ok(Media { handle, events, tap })
}

/// The sockets of one shard, both with the same number.
fn sockets(address: &MediaAddress, id: ShardId) -> anyhow::Result<(MediaSocket, Option<TcpListener>)> {
    let MediaAddress { bind, port: base, tcp, .. } = *address;
    if base == 0 {
        return free_sockets(bind, tcp);
    }
    let port = base.checked_add(u16::from(id.0)).context("media.port is too high for so many shards")?;
    let socket = MediaSocket::bind(bind, port)?;
    // Where pages have that port already, their listener brings media to the door.
    let is_shared = address.web.is_some_and(|web| web.port() == port && overlap(web.ip(), bind));
    let listener = if tcp && !is_shared { Some(tcp::listener(bind, port)?) } else { None };
    Ok((socket, listener))
}

/// Sockets with a number that is free for both.
fn free_sockets(bind: IpAddr, tcp: bool) -> anyhow::Result<(MediaSocket, Option<TcpListener>)> {
    let mut tries = 0;
    loop {
        let socket = MediaSocket::bind(bind, 0)?;
        if !tcp {
            return Ok((socket, None));
        }
        match tcp::listener(bind, socket.port()) {
            Ok(listener) => return Ok((socket, Some(listener))),
            Err(error) if error.kind() == ErrorKind::AddrInUse && tries < PORT_TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether two addresses cannot both have a listener on one port.
fn overlap(one: IpAddr, other: IpAddr) -> bool {
    one == other || one.is_unspecified() || other.is_unspecified()
}

impl MediaHandle {
    fn placement(&self) -> MutexGuard<'_, Placement> {
        self.placement.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses the shard of a publisher to be answered. [`Self::closed`] takes it back.
    pub fn place_publisher(&self, lesson: LessonKey, peer: PeerId) -> ShardId {
        self.placement().publisher(lesson, peer)
    }

    /// Chooses the shard of a viewer to be answered. [`Self::closed`] takes it back.
    pub fn place_viewer(&self, lesson: LessonKey, peer: PeerId) -> ShardId {
        let placed = self.placement().viewer(lesson, peer);
        if placed.is_new_follower {
            self.send(Command::Follow { lesson, shard: placed.shard });
        }
        placed.shard
    }

    /// A session is over, or was never opened.
    pub fn closed(&self, peer: PeerId) {
        self.placement().closed(peer);
    }

    /// The shard of a session that was placed.
    pub fn shard_of(&self, peer: PeerId) -> ShardId {
        self.placement().shard_of(peer).unwrap_or(ShardId(0))
    }

    /// Hands a command to the shards it is for.
    pub fn send(&self, command: Command) {
        match command {
            Command::Publish { peer, .. }
            | Command::Subscribe { peer, .. }
            | Command::RestartIce { peer, .. }
            | Command::Show { peer, .. } => {
                self.send_to(self.shard_of(peer), command);
            }
            Command::Close { peer } => {
                let known = self.placement().shard_of(peer);
                // One that is not placed yet may come to any of them.
                let shards = known.map_or(0..self.shards.len(), |shard| usize::from(shard.0)..usize::from(shard.0) + 1);
                shards.for_each(|at| self.send_to(ShardId(at as u8), Command::Close { peer }));
            }
            Command::RequestKeyFrame { lesson, .. } | Command::Follow { lesson, .. } => {
                let home = self.placement().home_of(lesson);
                if let Some(home) = home {
                    self.send_to(home, command);
                }
            }
            Command::SetStage { lesson, stage } => {
                self.send_to_all(|| Command::SetStage { lesson, stage: stage.clone() });
            }
            Command::EndLesson { lesson } => {
                self.placement().ended(lesson);
                self.send_to_all(|| Command::EndLesson { lesson });
            }
        }
    }

    fn send_to_all(&self, command: impl Fn() -> Command) {
        (0..self.shards.len()).for_each(|at| self.send_to(ShardId(at as u8), command()));
    }

    fn send_to(&self, shard: ShardId, command: Command) {
        let Some(end) = self.shards.get(usize::from(shard.0)) else { return };
        if end.commands.send(command).is_err() {
            tracing::error!("a media thread is gone; restart tongke");
        }
        end.wake.wake();
    }

    /// The way in for media over TCP, where that is taken in.
    pub fn door(&self) -> Option<&Door> {
        self.door.as_ref()
    }

    /// What the media threads told last.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// An id no session had before.
    pub fn next_peer(&self) -> PeerId {
        PeerId(self.next_peer.fetch_add(1, Ordering::Relaxed))
    }

    /// Fresh ICE credentials of ours for a session on `shard` (RFC 8445 section 5.3: at least 24 and 128 bits of randomness).
    pub fn credentials(&self, shard: ShardId) -> Half {
        Half { ufrag: secret::ufrag_on(shard), password: random_token(18) }
    }

    /// Runs `answer` with our side of a session on `shard`.
    pub fn with_local<T>(&self, shard: ShardId, ice: Half, answer: impl FnOnce(&mut Local<'_>) -> T) -> T {
        let candidates = self.shards.get(usize::from(shard.0)).map_or(&[][..], |end| &end.candidates);
        let mut random = random_number;
        answer(&mut Local {
            ice,
            fingerprint: &self.fingerprint,
            candidates,
            session: u64::from(random_number()),
            random: &mut random,
        })
    }
}
