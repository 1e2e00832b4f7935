//! The viewers' thread: sweeps their sockets a thousand times a second.
//!
//! It sleeps between sweeps instead of being woken for each packet: waking a receiver on the same machine happens inside
//! the server's send call and would be charged to the server, and real receivers are other machines. Arrival times are the
//! kernel's, so that a packet is not late because it was swept up late.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver as Queue, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};

use crate::{
    answer::Answer,
    clock,
    handshake::Identity,
    socket::{Batch, ViewerSocket},
    stream::Outcome,
    stun::Credentials,
    transport::Transport,
    viewer::{Arrived, Fault, Manner, Notes, Viewer},
};

/// Time from one sweep to the next.
const SWEEP: Duration = Duration::from_millis(1);
/// Sockets of those who behave; a further one is for those who do not.
const SOCKETS: usize = 16;
/// Batches taken from one socket before the others have their turn.
const TURN: usize = 4;
/// A viewer's timers are looked after in every so many sweeps.
const TIMER_SWEEPS: usize = 8;

/// What all may know of the running receiver.
#[derive(Debug, Default)]
pub struct Counts {
    /// Viewers that have connected, also those that left.
    pub connected: AtomicU64,
    /// Media packets that came to those who behave, duplicates too.
    pub media: AtomicU64,
    /// Packets that were sent again to them.
    pub rtx: AtomicU64,
    /// Everything else that came to all.
    pub others: AtomicU64,
    /// Datagrams that the kernel had no room for.
    pub overflow: AtomicU32,
    /// Whether latencies are noted.
    pub is_measuring: AtomicBool,
}

/// One who was answered.
pub struct Joining {
    /// Number of the viewer, from 0 on, never twice.
    pub number: usize,
    /// What it does with what comes.
    pub manner: Manner,
    /// Its half of the ICE credentials.
    pub ice: Credentials,
    /// What it was answered.
    pub answer: Answer,
}

/// What the thread is told.
pub enum Order {
    /// A viewer comes.
    Join(Box<Joining>),
    /// A viewer has left.
    Leave(usize),
    /// Tell how it went, and end. With how many voices and packets of pictures were sent.
    End(Option<(u64, u64)>),
}

/// How it went.
#[derive(Default)]
pub struct Summary {
    /// To those who behave and did not leave: voices and pictures of each.
    pub outcomes: Vec<(Outcome, Outcome)>,
    /// To those who left: what is missing in between.
    pub left: Vec<(Outcome, Outcome)>,
    /// What those who behave noted.
    pub notes: Notes,
    /// RTP packets that came to those who do not.
    pub to_bad: u64,
}

/// A running receiver.
pub struct Receiver {
    /// How it stands.
    pub counts: Arc<Counts>,
    orders: Sender<Order>,
    thread: Option<JoinHandle<Result<Summary>>>,
}

impl Receiver {
    /// Starts the thread.
    pub fn start(identity: Identity) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let (orders, told) = channel();
        let sockets: Result<Vec<_>> = (0..=SOCKETS).map(|_| ViewerSocket::bind()).collect();
        let (sockets, shown) = (sockets?, counts.clone());
        let sweep = move || Sweeping::new(sockets, identity, told, shown).run();
        let thread = std::thread::Builder::new().name("receiver".into()).spawn(sweep)?;
        Ok(Self { counts, orders, thread: Some(thread) })
    }

    /// Tells it something; an error if it has ended.
    pub fn tell(&self, order: Order) -> Result<()> {
        self.orders.send(order).map_err(|_| anyhow!("the receiver has ended"))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends it and returns how it went, given how much was sent.
    pub fn end(&mut self, sent: Option<(u64, u64)>) -> Result<Summary> {
        let _ = self.orders.send(Order::End(sent));
        let thread = self.thread.take().context("the receiver was ended before")?;
        thread.join().map_err(|_| anyhow!("the receiver broke down"))?
    }
}

/// Where viewer `number` is: its socket and its address on it.
fn place(number: usize, manner: Manner) -> (usize, Ipv4Addr) {
    let socket = if matches!(manner, Manner::Bad(_)) { SOCKETS } else { number % SOCKETS };
    let host = (number / SOCKETS + 1) as u32;
    let host = if socket == SOCKETS { number as u32 + 1 } else { host };
    (socket, Ipv4Addr::from(0x7f01_0000 | (host & 0xffff)))
}

struct Sweeping {
    sockets: Vec<ViewerSocket>,
    /// By socket and address.
    viewers: Vec<HashMap<Ipv4Addr, Viewer>>,
    places: HashMap<usize, (usize, Ipv4Addr)>,
    identity: Identity,
    orders: Queue<Order>,
    counts: Arc<Counts>,
    batch: Batch,
    notes: Notes,
    bad_notes: Notes,
    left: Vec<(Outcome, Outcome)>,
    stamps_ahead_ns: u64,
    sweeps: usize,
}

impl Sweeping {
    fn new(sockets: Vec<ViewerSocket>, identity: Identity, orders: Queue<Order>, counts: Arc<Counts>) -> Self {
        Self {
            viewers: sockets.iter().map(|_| HashMap::new()).collect(),
            sockets,
            places: HashMap::new(),
            identity,
            orders,
            counts,
            batch: Batch::new(),
            notes: Notes::default(),
            bad_notes: Notes::default(),
            left: Vec::new(),
            stamps_ahead_ns: clock::stamps_ahead_ns(),
            sweeps: 0,
        }
    }

    fn run(&mut self) -> Result<Summary> {
        let mut due = Instant::now();
        loop {
            let now = Instant::now();
            while let Ok(order) = self.orders.try_recv() {
                match order {
                    Order::Join(joining) => self.join(*joining, now),
                    Order::Leave(number) => self.leave(number),
                    Order::End(sent) => return Ok(self.summary(sent)),
                }
            }
            for socket in 0..self.sockets.len() {
                self.sweep(socket)?;
                self.look_after_timers(socket)?;
            }
            self.publish_counts();
            self.sweeps += 1;
            // What was missed is not made up for.
            due = (due + SWEEP).max(Instant::now());
            wait_until(due);
        }
    }

    fn join(&mut self, joining: Joining, now: Instant) {
        let Joining { number, manner, ice, answer } = joining;
        let place = place(number, manner);
        let transport = Transport::new(ice, &answer, self.identity.clone(), now);
        let phase = (number * 619 % 1000) as f64 / 1000.0;
        let mut viewer = Viewer::new(place.1, manner, transport, answer, phase);
        // Its first check goes out at once, not when its turn comes.
        let _ = viewer.handle_timeout(now);
        send_waiting(&self.sockets[place.0], &mut viewer);
        self.places.insert(number, place);
        self.viewers[place.0].insert(place.1, viewer);
    }

    fn leave(&mut self, number: usize) {
        let Some((socket, address)) = self.places.remove(&number) else { return };
        if let Some(viewer) = self.viewers[socket].remove(&address) {
            self.left.push(viewer.outcome(None, None));
        }
    }

    /// A bad reader's socket is not read once everyone on it is connected.
    fn is_abandoned(&self, socket: usize) -> bool {
        let idle = |viewer: &Viewer| viewer.manner == Manner::Bad(Fault::Reader) && viewer.is_connected();
        socket == SOCKETS && !self.viewers[socket].is_empty() && self.viewers[socket].values().all(idle)
    }

    fn sweep(&mut self, socket: usize) -> Result<()> {
        if self.is_abandoned(socket) {
            return Ok(());
        }
        let is_measured = self.counts.is_measuring.load(Relaxed);
        for _ in 0..TURN {
            let more = self.sockets[socket].receive(&mut self.batch);
            let (at, at_ns) = (Instant::now(), clock::monotonic_ns());
            for index in 0..self.batch.arrivals.len() {
                let arrival = self.batch.arrivals[index];
                let Some(viewer) = self.viewers[socket].get_mut(&arrival.to) else { continue };
                let arrived_ns = arrival.stamp_ns.saturating_sub(self.stamps_ahead_ns).min(at_ns);
                let waited = Duration::from_nanos(at_ns - arrived_ns);
                let arrived = Arrived { at_ns: arrived_ns, at: at.checked_sub(waited).unwrap_or(at), is_measured };
                let is_bad = matches!(viewer.manner, Manner::Bad(_));
                let notes = if is_bad { &mut self.bad_notes } else { &mut self.notes };
                if viewer.handle_datagram(arrived, self.batch.datagram(index), notes)? {
                    self.counts.connected.fetch_add(1, Relaxed);
                }
                send_waiting(&self.sockets[socket], viewer);
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn look_after_timers(&mut self, socket: usize) -> Result<()> {
        if !(self.sweeps + socket).is_multiple_of(TIMER_SWEEPS) {
            return Ok(());
        }
        let now = Instant::now();
        for viewer in self.viewers[socket].values_mut() {
            viewer.handle_timeout(now)?;
            send_waiting(&self.sockets[socket], viewer);
        }
        Ok(())
    }

    fn publish_counts(&self) {
        let counts = &self.counts;
        counts.media.store(self.notes.media, Relaxed);
        counts.rtx.store(self.notes.rtx, Relaxed);
        counts.others.store(self.notes.rtcp + self.bad_notes.media + self.bad_notes.rtx, Relaxed);
        // The socket of those who misbehave overflows when they do not read.
        counts.overflow.store(self.sockets[..SOCKETS].iter().map(|socket| socket.overflow).sum(), Relaxed);
    }

    fn summary(&mut self, sent: Option<(u64, u64)>) -> Summary {
        self.publish_counts();
        let (voice, video) = sent.unzip();
        let good = self.viewers[..SOCKETS].iter().flat_map(HashMap::values);
        Summary {
            outcomes: good.map(|viewer| viewer.outcome(voice, video)).collect(),
            left: std::mem::take(&mut self.left),
            notes: std::mem::take(&mut self.notes),
            to_bad: self.bad_notes.media + self.bad_notes.rtx,
        }
    }
}

fn send_waiting(socket: &ViewerSocket, viewer: &mut Viewer) {
    for datagram in std::mem::take(&mut viewer.transport.outgoing) {
        socket.send(viewer.address, viewer.transport.remote(), &datagram);
    }
}

fn wait_until(due: Instant) {
    std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_viewer_has_a_place_of_its_own() {
        let good = (0..20_000).map(|number| place(number, Manner::Count));
        let bad = (20_000..20_050).map(|number| place(number, Manner::Bad(Fault::Nack)));
        let places: HashSet<_> = good.chain(bad).collect();
        assert_eq!(places.len(), 20_050);
        assert!(places.iter().all(|(_, address)| address.is_loopback()));
    }
}
