//! A shard: all sessions of the lessons that one thread carries.
//!
//! `handle_*` takes what happened; what is to be done waits in [`Shard::outbox`], [`Shard::poll_event`] and
//! [`Shard::poll_tap`] until the shell fetches it.

mod feeding;
mod sessions;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::Instant,
};

use is::stun::StunMessage;
use slab::Slab;

use crate::{
    clock::NtpClock,
    command::{CloseReason, Command, Event, LessonKey, PeerId},
    demux::{Kind, kind},
    dtls::Identity,
    ice::{Path, addressed_ufrag},
    limits::{MAX_EVENTS, TAP_BATCH_BYTES, TAP_INTERVAL, TICK},
    outbox::Outbox,
    publisher::Publisher,
    seats::{Source, Stage},
    subscriber::Subscriber,
    tap::{TapBatch, TapEntry, Tapped},
    track::{LineRef, TrackRef},
    transport::Change,
};

/// Where a session lives in the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Publisher(usize),
    Subscriber(usize),
}

/// One lesson's stage, sources and receivers.
#[derive(Default)]
struct Room {
    stage: Stage,
    /// Sources on offer: publisher's place and track.
    sources: HashMap<Source, (usize, usize)>,
    subscribers: Vec<usize>,
}

/// Counters of a shard, for telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// RTP packets taken in from publishers.
    pub received: u64,
    /// RTP packets sent to subscribers, retransmissions not counted.
    pub forwarded: u64,
    /// Packets sent again.
    pub retransmitted: u64,
    /// Datagrams dropped: no protocol, no session, or not authentic.
    pub dropped: u64,
    /// Events that found the queue full.
    pub events_lost: u64,
}

/// All sessions of one thread.
pub struct Shard {
    identity: Identity,
    clock: NtpClock,
    publishers: Slab<Publisher>,
    subscribers: Slab<Subscriber>,
    rooms: HashMap<LessonKey, Room>,
    by_peer: HashMap<PeerId, Place>,
    by_ufrag: HashMap<String, Place>,
    by_address: HashMap<SocketAddr, Place>,
    outbox: Outbox,
    events: VecDeque<Event>,
    tap: TapBatch,
    tap_since: Option<Instant>,
    next_tick: Option<Instant>,
    counters: Counters,
    /// Lines that entered a new source during one packet, and what they left. Empty between packets.
    left: Vec<(LineRef, TrackRef)>,
    /// Sessions closed before they were known: a takeover can overtake the answer it takes over from.
    closed_early: VecDeque<PeerId>,
    /// Lessons that have ended: an answer under way may still bring a session for one.
    ended: VecDeque<LessonKey>,
    /// Numbers publishers, so that a place used again is not taken for its former holder.
    next_run: u64,
}

impl Shard {
    /// A shard without sessions.
    pub fn new(identity: Identity, clock: NtpClock) -> Self {
        Self {
            identity,
            clock,
            publishers: Slab::new(),
            subscribers: Slab::new(),
            rooms: HashMap::new(),
            by_peer: HashMap::new(),
            by_ufrag: HashMap::new(),
            by_address: HashMap::new(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            tap: TapBatch::default(),
            tap_since: None,
            next_tick: None,
            counters: Counters::default(),
            left: Vec::new(),
            closed_early: VecDeque::new(),
            ended: VecDeque::new(),
            next_run: 0,
        }
    }

    /// Handles one datagram that arrived on `path`. It is changed in place.
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        let kind = kind(datagram);
        if kind == Kind::Stun {
            return self.handle_stun(now, path, datagram);
        }
        // Only an address that passed a check may speak anything else: a forged ClientHello finds no session.
        let Some(&place) = self.by_address.get(&path.remote) else {
            self.counters.dropped += 1;
            return;
        };
        match (kind, place) {
            (Kind::Rtp, Place::Publisher(at)) => self.handle_rtp(now, at, datagram),
            (Kind::Rtcp, Place::Publisher(at)) => self.handle_publisher_rtcp(now, at, datagram),
            (Kind::Rtcp, Place::Subscriber(at)) => self.handle_subscriber_rtcp(now, at, datagram),
            (Kind::Dtls, _) => self.handle_dtls(now, place, datagram),
            _ => self.counters.dropped += 1,
        }
    }

    /// Carries out one command.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Publish { peer, lesson, .. } | Command::Subscribe { peer, lesson, .. }
                if self.comes_too_late(peer, lesson) =>
            {
                self.event(Event::Closed { peer, reason: CloseReason::Asked });
            }
            Command::Publish { peer, lesson, participant, plan } => {
                self.add_publisher(now, (peer, lesson, participant), plan);
            }
            Command::Subscribe { peer, lesson, participant, plan } => {
                self.add_subscriber(now, (peer, lesson, participant), plan);
            }
            Command::RestartIce { peer, credentials } => self.restart_ice(peer, credentials),
            Command::Close { peer } => self.close_peer(now, peer),
            Command::SetStage { lesson, .. } if self.ended.contains(&lesson) => {}
            Command::SetStage { lesson, stage } => self.set_stage(lesson, stage),
            Command::RequestKeyFrame { lesson, source } => self.request_key_frame(lesson, source),
            Command::EndLesson { lesson } => self.end_lesson(now, lesson),
        }
        self.next_tick.get_or_insert(now + TICK);
    }

    /// Looks after timers. Call at or after [`Self::next_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.next_tick.is_none_or(|at| now < at) {
            return;
        }
        self.tick_sessions(now);
        let idle = self.publishers.is_empty() && self.subscribers.is_empty();
        self.next_tick = (!idle).then_some(now + TICK);
    }

    /// When [`Self::handle_timeout`] or [`Self::poll_tap`] wants to be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        let tap = self.tap_since.map(|since| since + TAP_INTERVAL);
        [self.next_tick, tap].into_iter().flatten().min()
    }

    /// What is to be sent now; the shell clears it.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// A batch for the recorder, when one is full or old enough.
    pub fn poll_tap(&mut self, now: Instant) -> Option<TapBatch> {
        let since = self.tap_since?;
        let due = self.tap.bytes.len() >= TAP_BATCH_BYTES || now.saturating_duration_since(since) >= TAP_INTERVAL;
        if !due {
            return None;
        }
        self.tap_since = None;
        let fresh = TapBatch {
            entries: Vec::with_capacity(self.tap.entries.len()),
            bytes: Vec::with_capacity(self.tap.bytes.len()),
        };
        Some(std::mem::replace(&mut self.tap, fresh))
    }

    /// Counters since the start.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Sessions now known: publishing and receiving.
    pub fn sessions(&self) -> (usize, usize) {
        (self.publishers.len(), self.subscribers.len())
    }

    /// Whether a session is over before it begins.
    fn comes_too_late(&self, peer: PeerId, lesson: LessonKey) -> bool {
        self.closed_early.contains(&peer) || self.ended.contains(&lesson)
    }

    fn event(&mut self, event: Event) {
        if self.events.len() == MAX_EVENTS {
            self.counters.events_lost += 1;
            return;
        }
        self.events.push_back(event);
    }

    fn handle_stun(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        let Ok(message) = StunMessage::parse(datagram) else {
            self.counters.dropped += 1;
            return;
        };
        // No reply to an unknown ufrag: the port stays silent to scanners.
        let Some(place) = addressed_ufrag(&message).and_then(|ufrag| self.by_ufrag.get(ufrag).copied()) else {
            self.counters.dropped += 1;
            return;
        };
        // An address that another session is heard from belongs to that session, whoever else claims it.
        let claimed = self.by_address.get(&path.remote).filter(|holder| **holder != place);
        if claimed.is_some_and(|holder| self.is_heard(now, *holder)) {
            self.counters.dropped += 1;
            return;
        }
        let (peer, (authentic, change)) = match place {
            Place::Publisher(at) => {
                let publisher = &mut self.publishers[at];
                (publisher.peer, publisher.transport.handle_check(now, path, &message, &mut self.outbox))
            }
            Place::Subscriber(at) => {
                let subscriber = &mut self.subscribers[at];
                (subscriber.peer, subscriber.transport.handle_check(now, path, &message, &mut self.outbox))
            }
        };
        if authentic && self.by_address.insert(path.remote, place) != Some(place) {
            self.forget_old_addresses(place);
        }
        self.changed(now, peer, place, change);
    }

    /// A session has the addresses its responder still knows, `limits::MAX_ADDRESSES_PER_PEER` at most.
    fn forget_old_addresses(&mut self, place: Place) {
        let ice = match place {
            Place::Publisher(at) => self.publishers[at].transport.ice(),
            Place::Subscriber(at) => self.subscribers[at].transport.ice(),
        };
        self.by_address.retain(|&address, holder| *holder != place || ice.is_checked(address));
    }

    fn is_heard(&self, now: Instant, place: Place) -> bool {
        let transport = match place {
            Place::Publisher(at) => self.publishers.get(at).map(|publisher| &publisher.transport),
            Place::Subscriber(at) => self.subscribers.get(at).map(|subscriber| &subscriber.transport),
        };
        transport.is_some_and(|transport| transport.is_heard(now))
    }

    fn handle_dtls(&mut self, now: Instant, place: Place, datagram: &[u8]) {
        let (peer, change) = match place {
            Place::Publisher(at) => {
                let publisher = &mut self.publishers[at];
                (publisher.peer, publisher.transport.handle_dtls(now, datagram, &mut self.outbox))
            }
            Place::Subscriber(at) => {
                let subscriber = &mut self.subscribers[at];
                (subscriber.peer, subscriber.transport.handle_dtls(now, datagram, &mut self.outbox))
            }
        };
        self.changed(now, peer, place, change);
    }

    fn changed(&mut self, now: Instant, peer: PeerId, place: Place, change: Change) {
        match change {
            Change::None => {}
            Change::Connected(path) => {
                self.event(Event::Connected { peer, remote: path.remote });
                self.connected(place);
            }
            Change::Lost => self.event(Event::Lost { peer }),
            Change::Recovered => {
                self.event(Event::Recovered { peer });
                self.connected(place);
            }
            Change::Closed(reason) => self.remove(now, place, reason),
        }
    }

    fn tap_entry(&mut self, now: Instant, lesson: LessonKey, source: Source, what: Tapped) {
        self.tap_since.get_or_insert(now);
        self.tap.entries.push(TapEntry { lesson, source, arrival: now, what });
    }
}
