//! The TCP connections of one shard, on its thread: read as they come, written as they take it, dropped from when they do not.

use std::{
    collections::HashMap,
    io::{ErrorKind, Read},
    net::TcpStream,
    ops::AddAssign,
    os::fd::{AsFd, BorrowedFd},
    time::Instant,
};

use anyhow::Context;
use nix::{
    libc,
    sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
};
use sfu::{
    SendQueue, Shard,
    framing::Deframer,
    ice::{ConnectionId, Path},
};

use super::{
    Newcomer,
    door::{ADMISSION_LIMIT, Pass},
};

/// Connections of one shard. For a further one the oldest that carries no media is closed; if all do, the further one is.
const MAX_STREAMS: usize = 1024;
/// Connections looked at in one turn; others have their turn next.
const READY_PER_TURN: usize = 64;
/// `MSG_EOR`: the kernel adds nothing to what was written before. Otherwise it does so without asking how much it has unsent
/// (`TCP_NOTSENT_LOWAT`), up to 64 KiB (measured: 65 kB unsent instead of 4.5), and a voice would be behind seconds of
/// pictures on a thin line.
const WRITE_FLAGS: i32 = libc::MSG_EOR | libc::MSG_NOSIGNAL;
/// Reads from one connection in one turn.
const READS_PER_TURN: usize = 2;

/// What is counted of one shard's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamsReport {
    /// Open now.
    pub open: usize,
    /// Connections taken over since the start.
    pub opened: u64,
    /// Bytes written, with frames.
    pub sent_bytes: u64,
    /// Bytes read, with frames.
    pub received_bytes: u64,
    /// Datagrams received.
    pub received: u64,
    /// Datagrams that a connection was too slow for.
    pub dropped: u64,
}

struct Stream {
    socket: TcpStream,
    path: Path,
    deframer: Deframer,
    queue: SendQueue,
    since: Instant,
    /// Until a check has passed.
    pass: Option<Pass>,
    /// Whether it takes no more, and tells when it does.
    is_full: bool,
    /// Whether it is among those to be written to.
    is_touched: bool,
    dropped_told: u64,
}

/// The connections of one shard.
pub(in crate::media) struct Streams {
    epoll: Epoll,
    open: HashMap<ConnectionId, Stream>,
    next: u64,
    /// Reused: those with something new to be written, and those that broke while it was.
    touched: Vec<ConnectionId>,
    broken: Vec<ConnectionId>,
    report: StreamsReport,
}

/// What a look at the connections brought.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::media) struct Looked {
    /// Datagrams came.
    pub(in crate::media) heard: bool,
    /// There may be more.
    pub(in crate::media) more: bool,
}

impl AddAssign for Looked {
    fn add_assign(&mut self, other: Self) {
        self.heard |= other.heard;
        self.more |= other.more;
    }
}

/// Its connection cannot go on.
struct Broken;

impl Streams {
    /// None yet.
    pub(in crate::media) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("epoll")?,
            open: HashMap::new(),
            next: 0,
            touched: Vec::new(),
            broken: Vec::new(),
            report: StreamsReport::default(),
        })
    }

    /// What to wait for beside the shard's UDP socket; nothing where there are no connections.
    pub(in crate::media) fn readiness(&self) -> Option<BorrowedFd<'_>> {
        (!self.open.is_empty()).then(|| self.epoll.0.as_fd())
    }

    /// What is counted.
    pub(in crate::media) fn report(&self) -> StreamsReport {
        StreamsReport { open: self.open.len(), ..self.report }
    }

    /// Takes a connection over, and hands the shard what has come over it.
    pub(in crate::media) fn adopt(&mut self, now: Instant, shard: &mut Shard, newcomer: Newcomer) {
        if self.open.len() >= MAX_STREAMS && !self.make_room(shard) {
            return;
        }
        let Newcomer { socket, remote, since, mut first, deframer, pass } = newcomer;
        let id = ConnectionId(self.next);
        self.next += 1;
        if self.epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, id.0)).is_err() {
            return;
        }
        let path = Path::tcp(id, remote);
        let mut stream = Stream {
            socket,
            path,
            deframer,
            queue: SendQueue::default(),
            since,
            pass: Some(pass),
            is_full: false,
            is_touched: false,
            dropped_told: 0,
        };
        self.report.opened += 1;
        self.report.received += 1;
        shard.handle_datagram(now, path, &mut first);
        let taken = stream.take_frames(now, shard, &mut self.report);
        self.open.insert(id, stream);
        if taken.is_err() {
            self.close(shard, id);
        }
    }

    /// Closes the oldest that carries no media. Whether there was one.
    fn make_room(&mut self, shard: &mut Shard) -> bool {
        let spare = self.open.iter().filter(|(id, _)| !shard.sends_over(**id)).min_by_key(|(_, stream)| stream.since);
        let Some((&id, _)) = spare else { return false };
        self.close(shard, id);
        true
    }

    fn close(&mut self, shard: &mut Shard, id: ConnectionId) {
        if let Some(mut stream) = self.open.remove(&id) {
            stream.count_dropped(&mut self.report);
            // Closed descriptors leave the set by themselves, but another process may have a copy.
            let _ = self.epoll.delete(&stream.socket);
            shard.handle_connection_closed(id);
        }
    }

    /// Reads what has come, and writes what there is room for now.
    pub(in crate::media) fn look(&mut self, shard: &mut Shard) -> Looked {
        let mut ready = [EpollEvent::empty(); READY_PER_TURN];
        let count = self.epoll.wait(&mut ready, EpollTimeout::ZERO).unwrap_or(0);
        let now = Instant::now();
        let mut looked = Looked { heard: false, more: count == ready.len() };
        for event in &ready[..count] {
            let id = ConnectionId(event.data());
            let Some(stream) = self.open.get_mut(&id) else { continue };
            let mut done = Ok(Looked::default());
            if event.events().intersects(EpollFlags::EPOLLOUT) {
                done = stream.write(now, &self.epoll, &mut self.report).map(|()| Looked::default());
            }
            if event.events().intersects(!EpollFlags::EPOLLOUT) {
                done = done.and_then(|_| stream.read(now, shard, &mut self.report));
            }
            match done {
                Ok(read) => looked += read,
                Err(Broken) => self.close(shard, id),
            }
        }
        looked
    }

    /// Writes those messages of the shard's outbox that leave over connections, as far as these take them.
    pub(in crate::media) fn send(&mut self, shard: &mut Shard) {
        if self.open.is_empty() {
            return;
        }
        let now = Instant::now();
        let outbox = shard.outgoing();
        for message in outbox.messages() {
            let Some(id) = message.path.connection else { continue };
            let Some(stream) = self.open.get_mut(&id) else { continue };
            for datagram in outbox.bytes_of(message).chunks(message.segment.max(1)) {
                stream.queue.push(now, shard.urgency(id, datagram), datagram);
            }
            if !std::mem::replace(&mut stream.is_touched, true) {
                self.touched.push(id);
            }
        }
        for id in self.touched.drain(..) {
            let Some(stream) = self.open.get_mut(&id) else { continue };
            stream.is_touched = false;
            // One that is full tells when it is not: it costs no call until then.
            if !stream.is_full && stream.write(now, &self.epoll, &mut self.report).is_err() {
                self.broken.push(id);
            }
            stream.count_dropped(&mut self.report);
        }
        self.bury(shard);
    }

    /// Closes what cannot go on.
    fn bury(&mut self, shard: &mut Shard) {
        while let Some(id) = self.broken.pop() {
            self.close(shard, id);
        }
    }

    /// Closes connections whose session has ended, and those that have passed no check in time. Call about once a second.
    pub(in crate::media) fn sweep(&mut self, now: Instant, shard: &mut Shard) {
        for (&id, stream) in &mut self.open {
            if shard.knows_connection(id) {
                stream.pass = None;
            } else if stream.pass.is_none() || now.saturating_duration_since(stream.since) > ADMISSION_LIMIT {
                self.broken.push(id);
            }
        }
        self.bury(shard);
    }
}

impl Stream {
    /// Reads some of what has come.
    fn read(&mut self, now: Instant, shard: &mut Shard, report: &mut StreamsReport) -> Result<Looked, Broken> {
        let mut heard = false;
        for _ in 0..READS_PER_TURN {
            let room = self.deframer.room();
            let wanted = room.len();
            match self.socket.read(room) {
                Ok(0) => return Err(Broken),
                Ok(len) => {
                    report.received_bytes += len as u64;
                    self.deframer.filled(len);
                    heard |= self.take_frames(now, shard, report)?;
                    if len < wanted {
                        return Ok(Looked { heard, more: false });
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Looked { heard, more: false }),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Broken),
            }
        }
        Ok(Looked { heard, more: true })
    }

    /// Hands the shard the datagrams that are whole. Whether there were any.
    fn take_frames(&mut self, now: Instant, shard: &mut Shard, report: &mut StreamsReport) -> Result<bool, Broken> {
        let mut heard = false;
        while let Some(datagram) = self.deframer.next_frame().map_err(|_| Broken)? {
            report.received += 1;
            shard.handle_datagram(now, self.path, datagram);
            heard = true;
        }
        Ok(heard)
    }

    fn count_dropped(&mut self, report: &mut StreamsReport) {
        report.dropped += self.queue.dropped() - self.dropped_told;
        self.dropped_told = self.queue.dropped();
    }

    /// Writes what waits, until nothing does or the connection takes no more.
    fn write(&mut self, now: Instant, epoll: &Epoll, report: &mut StreamsReport) -> Result<(), Broken> {
        let socket = socket2::SockRef::from(&self.socket);
        let mut is_full = false;
        while let Some(bytes) = self.queue.next(now)
            && !is_full
        {
            match socket.send_with_flags(bytes, WRITE_FLAGS) {
                Ok(len) => {
                    report.sent_bytes += len as u64;
                    self.queue.wrote(len);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => is_full = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Broken),
            }
        }
        if is_full != self.is_full {
            self.is_full = is_full;
            let room = if is_full { EpollFlags::EPOLLOUT } else { EpollFlags::empty() };
            let Some(ConnectionId(number)) = self.path.connection else { return Ok(()) };
            let mut event = EpollEvent::new(EpollFlags::EPOLLIN | room, number);
            epoll.modify(&self.socket, &mut event).map_err(|_| Broken)?;
        }
        Ok(())
    }
}
