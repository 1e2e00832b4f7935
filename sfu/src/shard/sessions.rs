//! Sessions coming, staying alive and going.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use super::{Place, Shard};
use crate::{
    command::{CloseReason, Event, LessonKey, ParticipantKey, PeerId, Shown},
    fanout::Fanout,
    ice::Credentials,
    layers::Layers,
    limits::{MAX_REMEMBERED, PUBLISHER_SILENCE, RECEIVER_SILENCE, REPORT_INTERVAL, TURN},
    publisher::Publisher,
    relay::{Relayed, Stream},
    sdp::{PublishPlan, SubscribePlan},
    seats::{Source, Stage},
    subscriber::Subscriber,
    tap::Tapped,
    transport::Transport,
};

/// Turns after which every subscriber had one.
const TURNS_PER_REPORT: usize = (REPORT_INTERVAL.as_millis() / TURN.as_millis()) as usize;

/// Loss classes told to the shell: below 2 %, below 10 %, above.
fn loss_class(fraction: u8) -> u8 {
    match fraction {
        0..=4 => 0,
        5..=24 => 1,
        _ => 2,
    }
}

/// Remembers the last `limits::MAX_REMEMBERED` of a kind.
fn remember<T>(list: &mut VecDeque<T>, one: T) {
    if list.len() == MAX_REMEMBERED {
        list.pop_front();
    }
    list.push_back(one);
}

impl Shard {
    pub(super) fn add_publisher(&mut self, now: Instant, ids: (PeerId, LessonKey, ParticipantKey), plan: PublishPlan) {
        let (_, lesson, participant) = ids;
        let transport = Transport::new(&self.identity, plan.transport.clone(), PUBLISHER_SILENCE, now);
        let ufrag = transport.ice().local_ufrag().to_owned();
        let mut fanouts = Vec::with_capacity(plan.tracks.len());
        let mut sources: HashMap<Source, Layers> = HashMap::new();
        for track in &plan.tracks {
            let source = Source { participant, slot: track.slot };
            let stream = Stream { lesson, source, layer: track.layer, codec: track.codec, run: self.next_run() };
            let at = self.fanouts.insert(Fanout::new(stream, None));
            sources.entry(source).or_default().insert(track.layer, at);
            fanouts.push(at);
        }
        // The newest publisher of a source is the source: a reload or a second computer takes the seat over. It may have fewer layers.
        let room = self.rooms.entry(lesson).or_default();
        let taken_over = |source| room.sources.get(source).into_iter().flat_map(Layers::iter);
        for at in sources.keys().flat_map(taken_over).collect::<Vec<_>>() {
            self.relay(at, Relayed::Ended);
        }
        self.rooms.entry(lesson).or_default().sources.extend(sources);
        let at = self.publishers.insert(Publisher::new(ids, transport, plan, &fanouts, now));
        self.by_peer.insert(ids.0, Place::Publisher(at));
        self.by_ufrag.insert(ufrag, Place::Publisher(at));
        self.reseat(now, lesson);
    }

    /// The fanout of one of a track's spatial layers. One that there was not before takes its place among the source's layers, if the
    /// publisher still fills the seat, and receivers are given what suits them anew.
    pub(super) fn layer_fanout(&mut self, now: Instant, (at, track): (usize, usize), layer: u8) -> usize {
        let publisher = &self.publishers[at];
        let (lesson, source, of) = (publisher.lesson, publisher.source(track), &publisher.tracks[track]);
        if let Some(fanout) = of.fanout(layer) {
            return fanout;
        }
        let (codec, base) = (of.codec(), of.fanout(of.spec.layer));
        self.next_run += 1;
        let mut fanout = Fanout::new(Stream { lesson, source, layer, codec, run: self.next_run }, None);
        fanout.mapping = base.and_then(|base| self.fanouts.get(base)?.mapping);
        let fanout = self.fanouts.insert(fanout);
        self.publishers[at].tracks[track].add_fanout(layer, fanout);
        let layers = self.rooms.get_mut(&lesson).and_then(|room| room.sources.get_mut(&source));
        if let Some(layers) = layers.filter(|layers| base.is_some_and(|base| layers.contains(base))) {
            layers.insert(layer, fanout);
            self.reseat(now, lesson);
        }
        fanout
    }

    pub(super) fn add_subscriber(
        &mut self,
        now: Instant,
        ids: (PeerId, LessonKey, ParticipantKey),
        plan: SubscribePlan,
        counted: bool,
    ) {
        let transport = Transport::new(&self.identity, plan.transport.clone(), RECEIVER_SILENCE, now);
        let ufrag = transport.ice().local_ufrag().to_owned();
        let mut subscriber = Subscriber::new(ids, transport, plan, now);
        if counted {
            subscriber.count(now);
        }
        let at = self.subscribers.insert(subscriber);
        self.connecting.push(at);
        self.by_peer.insert(ids.0, Place::Subscriber(at));
        self.by_ufrag.insert(ufrag, Place::Subscriber(at));
        self.rooms.entry(ids.1).or_default().subscribers.push(at);
        self.seat(now, at);
    }

    pub(super) fn restart_ice(&mut self, peer: PeerId, credentials: Credentials) {
        let Some(&place) = self.by_peer.get(&peer) else { return };
        let Some((_, transport, _)) = self.transport_mut(place) else { return };
        let old = transport.ice().local_ufrag().to_owned();
        let new = credentials.local.ufrag.clone();
        transport.restart(credentials);
        self.by_ufrag.remove(&old);
        self.by_ufrag.insert(new, place);
    }

    pub(super) fn close_peer(&mut self, now: Instant, peer: PeerId) {
        match self.by_peer.get(&peer) {
            Some(&place) => self.remove(now, place, CloseReason::Asked),
            None => remember(&mut self.closed_early, peer),
        }
    }

    pub(super) fn show(&mut self, now: Instant, peer: PeerId, pictures: &[Shown]) {
        if let Some(&Place::Subscriber(at)) = self.by_peer.get(&peer) {
            self.subscribers[at].show(pictures);
            self.allot(now, at);
        }
    }

    pub(super) fn set_stage(&mut self, now: Instant, lesson: LessonKey, stage: Stage) {
        self.rooms.entry(lesson).or_default().stage = stage;
        self.reseat(now, lesson);
    }

    pub(super) fn end_lesson(&mut self, now: Instant, lesson: LessonKey) {
        let of_lesson = |found: LessonKey| found == lesson;
        let publishers: Vec<usize> =
            self.publishers.iter().filter(|(_, p)| of_lesson(p.lesson)).map(|(at, _)| at).collect();
        let subscribers: Vec<usize> =
            self.subscribers.iter().filter(|(_, s)| of_lesson(s.lesson)).map(|(at, _)| at).collect();
        let publishers = publishers.into_iter().map(Place::Publisher);
        for place in publishers.chain(subscribers.into_iter().map(Place::Subscriber)).collect::<Vec<_>>() {
            self.forget(now, place, CloseReason::Asked);
        }
        self.forget_relayed(now, |fanout| fanout.lesson == lesson);
        self.rooms.remove(&lesson);
        remember(&mut self.ended, lesson);
    }

    /// Ends a session; what it fed is worked out anew.
    pub(super) fn remove(&mut self, now: Instant, place: Place, reason: CloseReason) {
        let lesson = self.forget(now, place, reason);
        if let (Some(lesson), Place::Publisher(_)) = (lesson, place) {
            self.reseat(now, lesson);
        }
    }

    /// Forgets a session and everything that points to it, but for the lines it fed. Returns its lesson.
    fn forget(&mut self, now: Instant, place: Place, reason: CloseReason) -> Option<LessonKey> {
        let (peer, lesson) = match place {
            Place::Publisher(at) => {
                let publisher = self.publishers.try_remove(at)?;
                self.forget_paths(place, &publisher.transport);
                for (track_at, track) in publisher.tracks.iter().enumerate() {
                    let source = publisher.source(track_at);
                    for fanout in track.fanouts() {
                        self.relay(fanout, Relayed::Ended);
                        let layer = self.fanouts.try_remove(fanout).map_or(0, |fanout| fanout.layer);
                        if let Some(room) = self.rooms.get_mut(&publisher.lesson) {
                            room.forget(source, layer, fanout);
                        }
                        if publisher.recorded.is(track.spec.slot, fanout) {
                            self.tap_entry(now, publisher.lesson, source, Tapped::Ended);
                        }
                    }
                }
                (publisher.peer, publisher.lesson)
            }
            Place::Subscriber(at) => {
                self.unseat(at);
                let subscriber = self.subscribers.try_remove(at)?;
                self.forget_paths(place, &subscriber.transport);
                self.connecting.retain(|&known| known != at);
                self.leaving.forget(at);
                if let Some(room) = self.rooms.get_mut(&subscriber.lesson) {
                    room.subscribers.retain(|&known| known != at);
                }
                (subscriber.peer, subscriber.lesson)
            }
        };
        self.by_peer.remove(&peer);
        self.event(Event::Closed { peer, reason });
        Some(lesson)
    }

    fn forget_paths(&mut self, place: Place, transport: &Transport) {
        self.by_ufrag.remove(transport.ice().local_ufrag());
        transport.ice().paths().for_each(|path| self.origins.forget(place, path));
    }

    pub(super) fn tick_sessions(&mut self, now: Instant) {
        for at in 0..self.publishers.capacity() {
            self.tick_publisher(now, at);
        }
        self.ask_homes_for_key_frames(now);
        let mut connecting = std::mem::take(&mut self.connecting);
        connecting.retain(|&at| {
            self.tick_connection(now, at);
            self.subscribers.get(at).is_some_and(|subscriber| !subscriber.transport.is_connected())
        });
        self.connecting = connecting;
        if self.next_turn.is_none_or(|at| at <= now) {
            self.next_turn = Some(now + TURN);
            self.reallot_changed(now);
            for at in 0..self.subscribers.capacity() {
                if self
                    .subscribers
                    .get_mut(at)
                    .is_some_and(|one| one.transport.is_connected() && one.estimate_timeout(now))
                {
                    self.allot(now, at);
                }
                if let Some(due) = self.subscribers.get_mut(at).and_then(|subscriber| subscriber.newly_paced()) {
                    self.leaving.note_paced(at, due);
                }
            }
            for at in (self.turn..self.subscribers.capacity()).step_by(TURNS_PER_REPORT) {
                self.tick_subscriber(now, at);
            }
            self.turn = (self.turn + 1) % TURNS_PER_REPORT;
        }
    }

    /// Works out anew what receivers are given of lessons whose streams need more than they did, or less, or have stopped.
    fn reallot_changed(&mut self, now: Instant) {
        let seconds = self.fanouts.iter().filter(|(_, fanout)| fanout.is_second_voice());
        let beside: Vec<(usize, Option<Instant>)> =
            seconds.map(|(at, fanout)| (at, self.first_voice(fanout).and_then(|first| first.last_arrival))).collect();
        for (at, first) in beside {
            self.fanouts[at].beside = first;
        }
        let changed =
            self.fanouts.iter_mut().filter_map(|(_, fanout)| fanout.has_changed(now).then_some(fanout.lesson));
        let mut lessons: Vec<LessonKey> = changed.collect();
        lessons.sort_unstable();
        lessons.dedup();
        lessons.into_iter().for_each(|lesson| self.reseat(now, lesson));
    }

    /// The first voice of the source of a second.
    fn first_voice(&self, second: &Fanout) -> Option<&Fanout> {
        let layers = self.rooms.get(&second.lesson)?.sources.get(&second.source)?;
        self.fanouts.get(layers.get(0)?)
    }

    fn tick_publisher(&mut self, now: Instant, at: usize) {
        let Some(publisher) = self.publishers.get_mut(at) else { return };
        publisher.choose_recorded(now, &mut self.fanouts);
        for track in &mut publisher.tracks {
            for fanout in track.fanouts() {
                if self.fanouts[fanout].take_key_frame_wish(now) {
                    track.want_key_frame();
                }
            }
        }
        let (peer, before) = (publisher.peer, publisher.fraction_lost);
        self.counters.key_frames_asked += publisher.handle_timeout(now, &mut self.outbox);
        let after = publisher.fraction_lost;
        let change = publisher.transport.handle_timeout(now, &mut self.outbox);
        self.told_loss(peer, before, after);
        self.changed(now, peer, Place::Publisher(at), change);
    }

    fn tick_connection(&mut self, now: Instant, at: usize) {
        let Some(subscriber) = self.subscribers.get_mut(at) else { return };
        let peer = subscriber.peer;
        let change = subscriber.transport.handle_timeout(now, &mut self.outbox);
        self.changed(now, peer, Place::Subscriber(at), change);
    }

    fn tick_subscriber(&mut self, now: Instant, at: usize) {
        let Some(subscriber) = self.subscribers.get_mut(at).filter(|one| one.transport.is_connected()) else { return };
        let (peer, before, after) = (subscriber.peer, subscriber.told_loss, subscriber.fraction_lost());
        subscriber.told_loss = after;
        subscriber.measure(now);
        let count = subscriber.take_count(now);
        self.send_reports(now, at);
        self.told_loss(peer, before, after);
        self.renew_stills(now, at);
        if let Some(pictures) = self.subscribers[at].take_given() {
            self.event(Event::Given { peer, pictures });
        }
        if let Some((pictures, voices)) = count {
            self.event(Event::Received { peer, pictures, voices });
        }
        self.tick_connection(now, at);
    }

    /// Tells the shell when a session's loss is first known, or changed its class.
    pub(super) fn told_loss(&mut self, peer: PeerId, before: Option<u8>, after: Option<u8>) {
        if let Some(fraction_lost) = after
            && before.map(loss_class) != Some(loss_class(fraction_lost))
        {
            self.event(Event::Loss { peer, fraction_lost });
        }
    }
}
