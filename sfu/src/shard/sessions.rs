//! Sessions coming, staying alive and going.

use std::{collections::VecDeque, time::Instant};

use super::{Place, Shard};
use crate::{
    command::{CloseReason, Event, LessonKey, ParticipantKey, PeerId},
    ice::Credentials,
    limits::{MAX_REMEMBERED, PUBLISHER_SILENCE, RECEIVER_SILENCE},
    publisher::Publisher,
    sdp::{PublishPlan, SubscribePlan},
    seats::{Source, Stage},
    subscriber::Subscriber,
    tap::Tapped,
    transport::Transport,
};

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
        let transport = Transport::new(&self.identity, plan.transport.clone(), PUBLISHER_SILENCE, now);
        let ufrag = transport.ice().local_ufrag().to_owned();
        self.next_run += 1;
        let publisher = Publisher::new(ids, transport, plan, self.next_run << 32, now);
        let sources: Vec<(usize, Source)> = publisher.sources().collect();
        let at = self.publishers.insert(publisher);
        self.by_peer.insert(ids.0, Place::Publisher(at));
        self.by_ufrag.insert(ufrag, Place::Publisher(at));
        let room = self.rooms.entry(ids.1).or_default();
        // The newest publisher of a source is the source: a reload or a second computer takes the seat over.
        room.sources.extend(sources.into_iter().map(|(track, source)| (source, (at, track))));
        self.reseat(ids.1);
    }

    pub(super) fn add_subscriber(
        &mut self,
        now: Instant,
        ids: (PeerId, LessonKey, ParticipantKey),
        plan: SubscribePlan,
    ) {
        let transport = Transport::new(&self.identity, plan.transport.clone(), RECEIVER_SILENCE, now);
        let ufrag = transport.ice().local_ufrag().to_owned();
        let at = self.subscribers.insert(Subscriber::new(ids, transport, plan, now));
        self.by_peer.insert(ids.0, Place::Subscriber(at));
        self.by_ufrag.insert(ufrag, Place::Subscriber(at));
        self.rooms.entry(ids.1).or_default().subscribers.push(at);
        self.reseat(ids.1);
    }

    pub(super) fn restart_ice(&mut self, peer: PeerId, credentials: Credentials) {
        let Some(&place) = self.by_peer.get(&peer) else { return };
        self.by_ufrag.retain(|_, known| *known != place);
        self.by_ufrag.insert(credentials.local.ufrag.clone(), place);
        match place {
            Place::Publisher(at) => self.publishers[at].transport.restart(credentials),
            Place::Subscriber(at) => self.subscribers[at].transport.restart(credentials),
        }
    }

    pub(super) fn close_peer(&mut self, now: Instant, peer: PeerId) {
        match self.by_peer.get(&peer) {
            Some(&place) => self.remove(now, place, CloseReason::Asked),
            None => remember(&mut self.closed_early, peer),
        }
    }

    pub(super) fn set_stage(&mut self, lesson: LessonKey, stage: Stage) {
        self.rooms.entry(lesson).or_default().stage = stage;
        self.reseat(lesson);
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
        self.rooms.remove(&lesson);
        remember(&mut self.ended, lesson);
    }

    /// Ends a session; what it fed or was fed by is worked out anew.
    pub(super) fn remove(&mut self, now: Instant, place: Place, reason: CloseReason) {
        if let Some(lesson) = self.forget(now, place, reason) {
            self.reseat(lesson);
        }
    }

    /// Forgets a session and everything that points to it, but for the lines it fed. Returns its lesson.
    fn forget(&mut self, now: Instant, place: Place, reason: CloseReason) -> Option<LessonKey> {
        let (peer, lesson) = match place {
            Place::Publisher(at) => {
                let publisher = self.publishers.try_remove(at)?;
                for (track, source) in publisher.sources() {
                    if let Some(room) = self.rooms.get_mut(&publisher.lesson)
                        && room.sources.get(&source) == Some(&(at, track))
                    {
                        room.sources.remove(&source);
                    }
                    if publisher.tracks[track].ssrc().is_some() {
                        self.tap_entry(now, publisher.lesson, source, Tapped::Ended);
                    }
                }
                (publisher.peer, publisher.lesson)
            }
            Place::Subscriber(at) => {
                let subscriber = self.subscribers.try_remove(at)?;
                if let Some(room) = self.rooms.get_mut(&subscriber.lesson) {
                    room.subscribers.retain(|&known| known != at);
                }
                (subscriber.peer, subscriber.lesson)
            }
        };
        self.by_peer.remove(&peer);
        self.by_ufrag.retain(|_, known| *known != place);
        self.by_address.retain(|_, known| *known != place);
        self.event(Event::Closed { peer, reason });
        Some(lesson)
    }

    pub(super) fn tick_sessions(&mut self, now: Instant) {
        let publishers: Vec<usize> = self.publishers.iter().map(|(at, _)| at).collect();
        for at in publishers {
            let publisher = &mut self.publishers[at];
            let (peer, before) = (publisher.peer, publisher.fraction_lost);
            publisher.handle_timeout(now, &mut self.outbox);
            let after = publisher.fraction_lost;
            let change = publisher.transport.handle_timeout(now, &mut self.outbox);
            self.told_loss(peer, before, after);
            self.changed(now, peer, Place::Publisher(at), change);
        }
        let subscribers: Vec<usize> = self.subscribers.iter().map(|(at, _)| at).collect();
        for at in subscribers {
            let subscriber = &mut self.subscribers[at];
            let peer = subscriber.peer;
            let change = subscriber.transport.handle_timeout(now, &mut self.outbox);
            if subscriber.report_due(now) {
                let (before, after) = (subscriber.told_loss, subscriber.fraction_lost());
                subscriber.told_loss = after;
                self.send_reports(now, at);
                self.told_loss(peer, before, after);
            }
            self.changed(now, peer, Place::Subscriber(at), change);
        }
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
