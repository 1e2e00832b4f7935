//! A shard: all sessions of the lessons that one thread carries.
//!
//! `handle_*` takes what happened; what is to be done waits in [`Shard::outbox`], [`Shard::poll_event`] and
//! [`Shard::poll_tap`] until the shell fetches it.

mod allotting;
mod feeding;
mod leaving;
mod origins;
mod relaying;
mod sessions;
mod streams;

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use is::stun::StunMessage;
use slab::Slab;

pub use self::relaying::KeyFrameWish;
use self::{leaving::Leaving, origins::Origins, relaying::Relays};
use crate::{
    allocation::Demand,
    clock::NtpClock,
    command::{CloseReason, Command, Event, LessonKey, PeerId},
    counters::Counters,
    demux::{Kind, kind},
    dtls::Identity,
    fanout::{Fanout, FanoutRef, LineRef},
    ice::{Path, addressed_ufrag},
    layers::Layers,
    limits::{MAX_EVENTS, MAX_HANDSHAKES, TAP_BATCH_BYTES, TAP_INTERVAL, TICK},
    line_figures::LineFigures,
    outbox::Outbox,
    publisher::Publisher,
    relay::ShardId,
    seats::{Source, Stage},
    subscriber::Subscriber,
    tap::{TapBatch, TapEntry, Tapped},
    transport::{Change, Transport},
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
    /// Sources on offer: places of their fanouts.
    sources: HashMap<Source, Layers>,
    subscribers: Vec<usize>,
    /// Shards that get every packet of it.
    followers: Vec<ShardId>,
}

impl Room {
    /// Forgets a source's layer, if that fanout carried it.
    fn forget(&mut self, source: Source, layer: u8, at: usize) {
        if let Some(layers) = self.sources.get_mut(&source) {
            layers.remove(layer, at);
            if layers.is_empty() {
                self.sources.remove(&source);
            }
        }
    }
}

/// All sessions of one thread.
pub struct Shard {
    identity: Identity,
    clock: NtpClock,
    publishers: Slab<Publisher>,
    subscribers: Slab<Subscriber>,
    fanouts: Slab<Fanout>,
    leaving: Leaving,
    /// DTLS datagrams that wait for their turn: a handshake costs as much as a thousand packets.
    handshakes: VecDeque<(Path, Vec<u8>)>,
    rooms: HashMap<LessonKey, Room>,
    relays: Relays,
    by_peer: HashMap<PeerId, Place>,
    by_ufrag: HashMap<String, Place>,
    origins: Origins,
    outbox: Outbox,
    events: VecDeque<Event>,
    tap: TapBatch,
    tap_since: Option<Instant>,
    next_tick: Option<Instant>,
    /// Whose turn it is among the connected subscribers, and when the next have theirs.
    turn: usize,
    next_turn: Option<Instant>,
    /// Subscribers that are not connected yet.
    connecting: Vec<usize>,
    counters: Counters,
    /// Lines that entered a new source during one slice, and what they left. Empty between slices.
    left: Vec<(LineRef, FanoutRef)>,
    /// What one subscriber could be given. Empty between allotments.
    demands: Vec<Demand>,
    /// Sessions closed before they were known: a takeover can overtake the answer it takes over from.
    closed_early: VecDeque<PeerId>,
    /// Lessons that have ended: an answer under way may still bring a session for one.
    ended: VecDeque<LessonKey>,
    /// Numbers streams, so that a place used again is not taken for its former holder.
    next_run: u64,
}

impl Shard {
    /// A shard without sessions.
    pub fn new(id: ShardId, identity: Identity, clock: NtpClock) -> Self {
        Self {
            identity,
            clock,
            publishers: Slab::new(),
            subscribers: Slab::new(),
            fanouts: Slab::new(),
            leaving: Leaving::default(),
            handshakes: VecDeque::new(),
            rooms: HashMap::new(),
            relays: Relays::new(id),
            by_peer: HashMap::new(),
            by_ufrag: HashMap::new(),
            origins: Origins::default(),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            tap: TapBatch::default(),
            tap_since: None,
            next_tick: None,
            turn: 0,
            next_turn: None,
            connecting: Vec::new(),
            counters: Counters::default(),
            left: Vec::new(),
            demands: Vec::new(),
            closed_early: VecDeque::new(),
            ended: VecDeque::new(),
            // No two shards may give a stream the same number.
            next_run: u64::from(id.0) << 56,
        }
    }

    /// Handles one datagram that arrived on `path`, over TCP without its frame. It is changed in place.
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        let kind = kind(datagram);
        if kind == Kind::Stun {
            return self.handle_stun(now, path, datagram);
        }
        // Only an address that passed a check may speak anything else: a forged ClientHello finds no session.
        let Some(place) = self.origins.find(&path) else {
            self.counters.dropped.unknown += 1;
            return;
        };
        match (kind, place) {
            (Kind::Rtp, Place::Publisher(at)) => self.handle_rtp(now, at, datagram),
            (Kind::Rtcp, Place::Publisher(at)) => self.handle_publisher_rtcp(now, at, datagram),
            (Kind::Rtcp, Place::Subscriber(at)) => self.handle_subscriber_rtcp(now, at, datagram),
            (Kind::Dtls, _) => self.queue_handshake(place, path, datagram),
            _ => self.counters.dropped.unreadable += 1,
        }
    }

    /// DTLS waits for its turn, no more of one session than a flight has: nobody's handshake waits behind somebody's flood.
    fn queue_handshake(&mut self, place: Place, path: Path, datagram: &[u8]) {
        let is_full = self.handshakes.len() >= MAX_HANDSHAKES;
        let Some((_, transport, _)) = self.transport_mut(place) else { return };
        if is_full || !transport.may_queue_handshake() {
            self.counters.dropped.handshakes += 1;
            return;
        }
        self.handshakes.push_back((path, datagram.to_vec()));
    }

    /// Handles one DTLS datagram that waits. `false` when none did. The shell bounds how long it goes on with these before
    /// it looks after media again: one takes up to half a millisecond.
    pub fn handle_handshake(&mut self, now: Instant) -> bool {
        let Some((path, datagram)) = self.handshakes.pop_front() else { return false };
        // The session may have ended, or moved, since the datagram came.
        if let Some(place) = self.origins.find(&path) {
            self.handle_dtls(now, place, &datagram);
        }
        true
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
            Command::Subscribe { peer, lesson, participant, plan, counted } => {
                self.add_subscriber(now, (peer, lesson, participant), plan, counted);
            }
            Command::RestartIce { peer, credentials } => self.restart_ice(peer, credentials),
            Command::Close { peer } => self.close_peer(now, peer),
            Command::SetStage { lesson, .. } if self.ended.contains(&lesson) => {}
            Command::SetStage { lesson, stage } => self.set_stage(now, lesson, stage),
            Command::RequestKeyFrame { lesson, source, layer } => self.request_key_frame(lesson, source, layer),
            Command::Show { peer, pictures } => self.show(now, peer, &pictures),
            Command::Follow { lesson, .. } if self.ended.contains(&lesson) => {}
            Command::Follow { lesson, shard } => self.add_follower(lesson, shard),
            Command::EndLesson { lesson } => self.end_lesson(now, lesson),
        }
        let soon = now + TICK;
        self.next_tick = Some(self.next_tick.map_or(soon, |at| at.min(soon)));
    }

    /// Looks after timers. Call at or after [`Self::next_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.next_tick.is_none_or(|at| now < at) {
            return;
        }
        self.tick_sessions(now);
        let urgent = !(self.publishers.is_empty() && self.fanouts.is_empty() && self.connecting.is_empty());
        self.next_tick =
            if urgent { Some(now + TICK) } else { self.next_turn.filter(|_| !self.subscribers.is_empty()) };
    }

    /// When [`Self::handle_timeout`], [`Self::fan_out`] or [`Self::poll_tap`] wants to be called next.
    pub fn next_timeout(&self) -> Option<Instant> {
        let tap = self.tap_since.map(|since| since + TAP_INTERVAL);
        [self.next_tick, tap, self.leaving.next_due()].into_iter().flatten().min()
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

    /// What is known of a receiving session's line; none where there is no such session here.
    pub fn line_of(&self, now: Instant, peer: PeerId) -> Option<LineFigures> {
        match self.by_peer.get(&peer)? {
            Place::Subscriber(at) => self.subscribers.get(*at).map(|subscriber| subscriber.line_figures(now)),
            Place::Publisher(_) => None,
        }
    }

    /// Whether a session is over before it begins.
    fn comes_too_late(&self, peer: PeerId, lesson: LessonKey) -> bool {
        self.closed_early.contains(&peer) || self.ended.contains(&lesson)
    }

    fn event(&mut self, event: Event) {
        // A session's end is told whatever happens: there are no more of these than there were sessions.
        if self.events.len() >= MAX_EVENTS && !matches!(event, Event::Closed { .. }) {
            self.counters.events_lost += 1;
            return;
        }
        self.events.push_back(event);
    }

    fn handle_stun(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        let Ok(message) = StunMessage::parse(datagram) else {
            self.counters.dropped.unreadable += 1;
            return;
        };
        // No reply to an unknown ufrag: the port stays silent to scanners.
        let Some(place) = addressed_ufrag(&message).and_then(|ufrag| self.by_ufrag.get(ufrag).copied()) else {
            self.counters.dropped.unknown += 1;
            return;
        };
        // An address that another session is heard from belongs to that session, whoever else claims it.
        let claimed = self.origins.find(&path).filter(|holder| *holder != place);
        if claimed.is_some_and(|holder| self.transport(holder).is_some_and(|transport| transport.is_heard(now))) {
            self.counters.dropped.unknown += 1;
            return;
        }
        let Some((peer, transport, outbox)) = self.transport_mut(place) else { return };
        let checked = transport.handle_check(now, path, &message, outbox);
        match checked.accepted {
            true => self.origins.insert(&path, place),
            false => self.counters.dropped.not_authentic += 1,
        }
        if let Some(path) = checked.forgotten {
            self.origins.forget(place, &path);
        }
        self.changed(now, peer, place, checked.change);
    }

    /// The transport of a session, with what it needs to answer.
    fn transport_mut(&mut self, place: Place) -> Option<(PeerId, &mut Transport, &mut Outbox)> {
        let (peer, transport) = match place {
            Place::Publisher(at) => {
                self.publishers.get_mut(at).map(|publisher| (publisher.peer, &mut publisher.transport))?
            }
            Place::Subscriber(at) => {
                self.subscribers.get_mut(at).map(|subscriber| (subscriber.peer, &mut subscriber.transport))?
            }
        };
        Some((peer, transport, &mut self.outbox))
    }

    fn transport(&self, place: Place) -> Option<&Transport> {
        match place {
            Place::Publisher(at) => self.publishers.get(at).map(|publisher| &publisher.transport),
            Place::Subscriber(at) => self.subscribers.get(at).map(|subscriber| &subscriber.transport),
        }
    }

    fn handle_dtls(&mut self, now: Instant, place: Place, datagram: &[u8]) {
        let Some((peer, transport, outbox)) = self.transport_mut(place) else { return };
        let change = transport.handle_dtls(now, datagram, outbox);
        self.changed(now, peer, place, change);
    }

    fn changed(&mut self, now: Instant, peer: PeerId, place: Place, change: Change) {
        match change {
            Change::None => {}
            Change::Connected(path) => {
                self.event(Event::Connected { peer, remote: path.remote });
                self.connected(now, place);
            }
            Change::Moved => self.moved(now, place),
            Change::Lost => self.event(Event::Lost { peer }),
            Change::Recovered => {
                self.event(Event::Recovered { peer });
                self.connected(now, place);
            }
            Change::Closed(reason) => self.remove(now, place, reason),
        }
    }

    fn tap_entry(&mut self, now: Instant, lesson: LessonKey, source: Source, what: Tapped) {
        self.tap_since.get_or_insert(now);
        self.tap.entries.push(TapEntry { lesson, source, arrival: now, what });
    }
}
