//! A whole lesson in virtual time: a server, sites with a line each, browsers at the sites.
//!
//! ```text
//! browser ── up link of its site ──▶ server        every arrival and every timer is an event;
//! browser ◀─ down link of its site ─ server        time leaps from one to the next
//! ```
//!
//! The same seed gives the same lesson, but for keys and certificates, which change nothing that is measured.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    net::SocketAddr,
    time::{Duration, Instant},
};

use sfu::{
    LineFigures,
    command::{Command, Event, ParticipantKey, PeerId},
    counters::Counters,
    ice::Path,
    seats::{Stage, View},
};

use crate::{
    answer,
    chance::Chance,
    network::{Change, Conditions, Link},
    offer,
    publisher::{Publisher, Publishes},
    receiver::{Receiver, Receives},
    server::{Role, Server},
    session::{Certificate, Session},
};

/// Time the server takes for an offer.
const SERVER_TIME: Duration = Duration::from_millis(5);
/// Events at one instant; more is a loop.
const MAX_AT_ONCE: usize = 100_000;

/// Some instant to start from: virtual time only ever adds to it.
#[expect(clippy::disallowed_methods, reason = "an instant can be had in no other way")]
pub fn some_instant() -> Instant {
    Instant::now()
}

/// A place with one line to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site(usize);

/// A publishing browser of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publishing(usize);

/// A receiving browser of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiving(usize);

/// A direction of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the server.
    Up,
    /// From the server.
    Down,
}

struct Line {
    up: Link,
    down: Link,
}

enum Browser {
    Publisher(Box<Publisher>),
    Receiver(Box<Receiver>),
}

struct Host {
    site: usize,
    participant: ParticipantKey,
    role: Role,
    address: SocketAddr,
    browser: Browser,
    /// When it is woken next.
    wake: Option<Instant>,
    has_left: bool,
}

/// What is on its way.
enum Delivery {
    ToServer { from: SocketAddr, datagram: Vec<u8> },
    ToHost { host: usize, datagram: Vec<u8> },
    Offer { host: usize },
    Answer { host: usize, sdp: String },
}

/// A lesson.
pub struct World {
    /// What all chance comes from.
    pub seed: u64,
    origin: Instant,
    now: Instant,
    server: Server,
    certificate: Certificate,
    lines: Vec<Line>,
    hosts: Vec<Host>,
    by_address: BTreeMap<SocketAddr, usize>,
    deliveries: BTreeMap<(Instant, u64), Delivery>,
    next_delivery: u64,
    wakes: BinaryHeap<Reverse<(Instant, usize)>>,
    addresses: u32,
    at_once: usize,
}

impl World {
    /// An empty lesson.
    pub fn new(seed: u64) -> Self {
        let origin = some_instant();
        Self {
            seed,
            origin,
            now: origin,
            server: Server::new(origin, Chance::part(seed, 1)),
            certificate: Certificate::generate(),
            lines: Vec::new(),
            hosts: Vec::new(),
            by_address: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            next_delivery: 0,
            wakes: BinaryHeap::new(),
            addresses: 0,
            at_once: 0,
        }
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The instant so many seconds after the beginning.
    pub fn at(&self, seconds: f64) -> Instant {
        self.origin + Duration::from_secs_f64(seconds)
    }

    /// Seconds from the beginning to an instant.
    pub fn seconds(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.origin).as_secs_f64()
    }

    /// A place with a line.
    pub fn site(&mut self, up: Conditions, down: Conditions) -> Site {
        let at = self.lines.len();
        let chance = |way| Chance::part(self.seed, 1000 + 2 * at as u64 + way);
        self.lines.push(Line { up: Link::new(up, chance(0)), down: Link::new(down, chance(1)) });
        Site(at)
    }

    /// One direction of a site's line, to be steered and read.
    pub fn link(&mut self, site: Site, way: Way) -> &mut Link {
        let line = &mut self.lines[site.0];
        match way {
            Way::Up => &mut line.up,
            Way::Down => &mut line.down,
        }
    }

    /// Lets both directions of a line change at `at`.
    pub fn plan_both(&mut self, site: Site, at: Instant, change: Change) {
        for way in [Way::Up, Way::Down] {
            self.link(site, way).plan(at, change);
        }
    }

    /// Sets who holds which seat.
    pub fn set_stage(&mut self, stage: Stage) {
        self.server.set_stage(self.now, stage);
    }

    /// A browser begins to publish: its offer is on its way.
    pub fn publish(&mut self, site: Site, participant: ParticipantKey, options: Publishes) -> Publishing {
        let session = self.session();
        let chance = Chance::part(self.seed, 2_000_000 + self.hosts.len() as u64);
        let publisher = Publisher::new(session, options, self.origin, self.now, chance);
        Publishing(self.join(site, participant, Role::Publisher, Browser::Publisher(Box::new(publisher))))
    }

    /// A browser begins to receive: its offer is on its way.
    pub fn receive(&mut self, site: Site, participant: ParticipantKey, view: View, options: Receives) -> Receiving {
        let session = self.session();
        let receiver = Receiver::new(session, options, self.origin, self.now);
        Receiving(self.join(site, participant, Role::Receiver(view), Browser::Receiver(Box::new(receiver))))
    }

    /// A receiver leaves (DELETE): it is sent nothing any more and says nothing any more.
    pub fn leave(&mut self, receiving: Receiving) {
        let peer = self.peer_of(receiving);
        self.server.command(self.now, Command::Close { peer });
        let host = &mut self.hosts[receiving.0];
        host.has_left = true;
        host.wake = None;
        self.by_address.remove(&host.address);
    }

    fn session(&self) -> Session {
        Session::new(self.hosts.len() as u64, self.certificate.clone())
    }

    fn join(&mut self, site: Site, participant: ParticipantKey, role: Role, browser: Browser) -> usize {
        let host = self.hosts.len();
        let address = self.next_address();
        self.hosts.push(Host { site: site.0, participant, role, address, browser, wake: None, has_left: false });
        self.by_address.insert(address, host);
        // The connection is warm: the offer takes one way, the answer the other.
        let way = self.lines[site.0].up.conditions(self.now).delay;
        self.deliver(self.now + way + SERVER_TIME, Delivery::Offer { host });
        host
    }

    fn next_address(&mut self) -> SocketAddr {
        self.addresses += 1;
        let [_, a, b, c] = self.addresses.to_be_bytes();
        SocketAddr::from(([10, a, b, c], 5000))
    }

    /// The router gives a browser another address, and it does not notice.
    pub fn rebind_receiver(&mut self, receiving: Receiving) {
        self.rebind(receiving.0);
    }

    /// The same of a publisher.
    pub fn rebind_publisher(&mut self, publishing: Publishing) {
        self.rebind(publishing.0);
    }

    /// A browser goes over to another network and checks from there at once.
    pub fn move_receiver(&mut self, receiving: Receiving, site: Site) {
        self.move_host(receiving.0, site);
    }

    /// The same of a publisher.
    pub fn move_publisher(&mut self, publishing: Publishing, site: Site) {
        self.move_host(publishing.0, site);
    }

    fn rebind(&mut self, host: usize) {
        let fresh = self.next_address();
        let old = std::mem::replace(&mut self.hosts[host].address, fresh);
        self.by_address.remove(&old);
        self.by_address.insert(fresh, host);
    }

    fn move_host(&mut self, host: usize, site: Site) {
        self.rebind(host);
        self.hosts[host].site = site.0;
        let now = self.now;
        self.hosts[host].session_mut().address_changed(now);
        self.plan_wake(host);
    }

    /// A publisher.
    pub fn publisher(&self, publishing: Publishing) -> &Publisher {
        match &self.hosts[publishing.0].browser {
            Browser::Publisher(publisher) => publisher,
            Browser::Receiver(_) => unreachable!("its id says what it is"),
        }
    }

    /// A receiver, its voices played until now.
    pub fn receiver(&mut self, receiving: Receiving) -> &Receiver {
        let now = self.now;
        match &mut self.hosts[receiving.0].browser {
            Browser::Receiver(receiver) => {
                receiver.play_until(now);
                receiver
            }
            Browser::Publisher(_) => unreachable!("its id says what it is"),
        }
    }

    /// What the server counted.
    pub fn counters(&self) -> Counters {
        self.server.shard.counters()
    }

    /// What the server knows of a receiver's line.
    pub fn line_of(&self, receiving: Receiving) -> Option<LineFigures> {
        self.server.shard.line_of(self.now, self.peer_of(receiving))
    }

    /// Sessions the server knows: publishing and receiving.
    pub fn sessions(&self) -> (usize, usize) {
        self.server.shard.sessions()
    }

    /// What the server told, and when.
    pub fn events(&self) -> &[(Instant, Event)] {
        &self.server.events
    }

    /// The session of a receiver, as the server's events name it.
    pub fn peer_of(&self, receiving: Receiving) -> PeerId {
        PeerId(receiving.0 as u64)
    }

    /// Carries out a command on the server.
    pub fn command(&mut self, command: Command) {
        self.server.command(self.now, command);
    }

    /// Lets so much time pass.
    pub fn run(&mut self, seconds: f64) {
        self.run_until(self.now + Duration::from_secs_f64(seconds));
    }

    /// Lets time pass until `end`.
    pub fn run_until(&mut self, end: Instant) {
        while let Some(at) = self.next_event().filter(|&at| at <= end) {
            self.at_once = if at > self.now { 0 } else { self.at_once + 1 };
            assert!(self.at_once < MAX_AT_ONCE, "time stands still: seed {}", self.seed);
            self.now = self.now.max(at);
            self.step();
        }
        self.now = end;
    }

    fn next_event(&self) -> Option<Instant> {
        let delivery = self.deliveries.first_key_value().map(|(&(at, _), _)| at);
        let wake = self.wakes.peek().map(|&Reverse((at, _))| at);
        [delivery, wake, self.server.due].into_iter().flatten().min()
    }

    /// Everything that is due now.
    fn step(&mut self) {
        let mut for_server = self.server.due.is_some_and(|at| at <= self.now);
        while self.deliveries.first_key_value().is_some_and(|((at, _), _)| *at <= self.now)
            && let Some((_, delivery)) = self.deliveries.pop_first()
        {
            for_server |= self.take(delivery);
        }
        while let Some(&Reverse((at, host))) = self.wakes.peek()
            && at <= self.now
        {
            self.wakes.pop();
            if self.hosts[host].wake == Some(at) {
                self.hosts[host].wake = None;
                self.wake(host);
            }
        }
        if for_server {
            self.server.settle(self.now);
            self.send_from_server();
        }
    }

    /// Whether it was for the server.
    fn take(&mut self, delivery: Delivery) -> bool {
        match delivery {
            Delivery::ToServer { from, mut datagram } => {
                let path = Path::udp(None, from);
                self.server.shard.handle_datagram(self.now, path, &mut datagram);
                return true;
            }
            Delivery::ToHost { host, .. } if self.hosts[host].has_left => {}
            Delivery::ToHost { host, datagram } => {
                match &mut self.hosts[host].browser {
                    Browser::Publisher(publisher) => publisher.receive(self.now, datagram),
                    Browser::Receiver(receiver) => receiver.receive(self.now, datagram),
                }
                // What it answers at once, as a handshake.
                self.wake(host);
            }
            Delivery::Offer { host } => {
                self.answer(host);
                return true;
            }
            Delivery::Answer { host, sdp } => {
                let answer = answer::read(&sdp);
                match &mut self.hosts[host].browser {
                    Browser::Publisher(publisher) => publisher.answered(self.now, answer),
                    Browser::Receiver(receiver) => receiver.answered(self.now, answer),
                }
                self.wake(host);
            }
        }
        false
    }

    fn answer(&mut self, at: usize) {
        let host = &self.hosts[at];
        let lines = match &host.browser {
            Browser::Publisher(publisher) => publisher.offer(),
            Browser::Receiver(receiver) => receiver.offer(),
        };
        let text = offer::write(&host.session().ours, &self.certificate.fingerprint(), &lines);
        let (participant, role, site) = (host.participant, host.role, host.site);
        let sdp = self.server.answer(self.now, PeerId(at as u64), participant, role, &text);
        let way = self.lines[site].down.conditions(self.now).delay;
        self.deliver(self.now + way, Delivery::Answer { host: at, sdp });
    }

    fn wake(&mut self, at: usize) {
        let host = &mut self.hosts[at];
        match &mut host.browser {
            Browser::Publisher(publisher) => publisher.handle_timeout(self.now),
            Browser::Receiver(receiver) => receiver.handle_timeout(self.now),
        }
        let (site, from) = (host.site, host.address);
        for datagram in std::mem::take(&mut host.session_mut().outgoing) {
            let arrivals = self.lines[site].up.push(self.now, Session::counted_len(&datagram));
            for at in arrivals.into_iter().flatten() {
                self.deliver(at, Delivery::ToServer { from, datagram: datagram.clone() });
            }
        }
        self.plan_wake(at);
    }

    fn plan_wake(&mut self, at: usize) {
        let host = &mut self.hosts[at];
        let due = match &host.browser {
            Browser::Publisher(publisher) => publisher.next_timeout(),
            Browser::Receiver(receiver) => receiver.next_timeout(),
        };
        let due = due.map(|due| due.max(self.now));
        if host.wake != due {
            host.wake = due;
            self.wakes.extend(due.map(|due| Reverse((due, at))));
        }
    }

    fn send_from_server(&mut self) {
        let outbox = self.server.shard.outbox();
        if outbox.is_empty() {
            return;
        }
        for (path, bytes) in outbox.datagrams() {
            // To an address that nobody has any more it goes nowhere.
            let Some(&host) = self.by_address.get(&path.remote) else { continue };
            let link = &mut self.lines[self.hosts[host].site].down;
            for at in link.push(self.now, Session::counted_len(bytes)).into_iter().flatten() {
                self.next_delivery += 1;
                let datagram = bytes.to_vec();
                self.deliveries.insert((at, self.next_delivery), Delivery::ToHost { host, datagram });
            }
        }
        self.server.shard.outbox().clear();
    }

    fn deliver(&mut self, at: Instant, delivery: Delivery) {
        self.next_delivery += 1;
        self.deliveries.insert((at, self.next_delivery), delivery);
    }
}

impl Host {
    fn session(&self) -> &Session {
        match &self.browser {
            Browser::Publisher(publisher) => &publisher.session,
            Browser::Receiver(receiver) => &receiver.session,
        }
    }

    fn session_mut(&mut self) -> &mut Session {
        match &mut self.browser {
            Browser::Publisher(publisher) => &mut publisher.session,
            Browser::Receiver(receiver) => &mut receiver.session,
        }
    }
}
