//! What the delivery ledger is told of one running lesson: what happened in it, and what each receive room received.

use std::collections::HashMap;

use ledger::{Acknowledged, EndCause, Event, OutageReason, PageEvidence, RoomReception, RtcpEvidence, Stream, What};
use lesson::{Decoded, Happening, JournalEntry};
use protocol::{ParticipantId, RoomId, UtcMs};
use sfu::{command::PeerId, limits::RECEIVER_SILENCE};

/// How often stretches of time are written down.
const BATCH_MS: i64 = 60_000;

/// The bookkeeper of one lesson.
pub struct Record {
    rooms: HashMap<ParticipantId, RoomReception>,
    /// Which receiving session is whose.
    viewers: HashMap<PeerId, ParticipantId>,
    lead: ParticipantId,
    live: bool,
    /// Since when the lead is away, and why.
    away: Option<(UtcMs, OutageReason)>,
    watched_since: UtcMs,
    events: Vec<Event>,
}

impl Record {
    /// Of a lesson whose doors open now, or that goes on. `last_running` is when the program last ran before it was started,
    /// if it was live then.
    pub fn new(dated: &timetable::Lesson, last_running: Option<UtcMs>, now: UtcMs) -> Self {
        let mut record = Self {
            rooms: HashMap::new(),
            viewers: HashMap::new(),
            lead: dated.master.id.clone(),
            live: false,
            away: None,
            watched_since: now,
            events: Vec::new(),
        };
        record.replan(dated);
        if let Some(live_since) = dated.live_since {
            record.start(now);
            record.away = Some(match last_running {
                Some(at) => (at.max(live_since), OutageReason::ServerRestarted),
                None => (now, OutageReason::Left),
            });
        }
        record
    }

    /// Takes the rooms of another plan.
    pub fn replan(&mut self, dated: &timetable::Lesson) {
        self.lead = dated.master.id.clone();
        for point in &dated.points {
            if let (Ok(room), false) = (RoomId::parse(point.id.as_str()), self.rooms.contains_key(&point.id)) {
                self.rooms.insert(point.id.clone(), RoomReception::new(room));
            }
        }
        self.rooms.retain(|id, _| dated.points.iter().any(|point| point.id == *id));
    }

    /// A room receives through this session.
    pub fn receives(&mut self, who: &ParticipantId, through: PeerId) {
        if self.rooms.contains_key(who) {
            self.viewers.retain(|_, other| other != who);
            self.viewers.insert(through, who.clone());
        }
    }

    /// What the media plane knows of a session.
    pub fn handle_event(&mut self, event: &sfu::command::Event, now: UtcMs) {
        let who = self.viewers.get(&event.peer());
        let Some(room) = who.and_then(|who| self.rooms.get_mut(who)) else { return };
        let acknowledged = |of: &sfu::command::Acknowledged| Acknowledged { sent: of.sent, arrived: of.arrived };
        match event {
            sfu::command::Event::Received { pictures, voices, .. } => {
                room.handle_rtcp(now, RtcpEvidence { pictures: acknowledged(pictures), voices: acknowledged(voices) });
            }
            sfu::command::Event::Lost { .. } => {
                let silence_ms = i64::try_from(RECEIVER_SILENCE.as_millis()).unwrap_or_default();
                room.handle_line_lost(now, now.plus_ms(-silence_ms));
            }
            // A page that comes back opens a new session instead of mending the old one.
            sfu::command::Event::Connected { .. } | sfu::command::Event::Recovered { .. } => room.handle_line_back(now),
            _ => {}
        }
    }

    /// What a page says.
    pub fn handle_page(&mut self, who: &ParticipantId, decoded: Decoded, now: UtcMs) {
        if let Some(room) = self.rooms.get_mut(who) {
            let evidence = PageEvidence {
                frames_decoded: decoded.frames.into(),
                sound_ms: decoded.sound_ms.into(),
                concealed_ms: decoded.concealed_ms.into(),
            };
            room.handle_page(now, evidence);
        }
    }

    /// Something happened in the lesson.
    pub fn handle_journal(&mut self, entry: &JournalEntry) {
        let at = entry.at;
        let of_lead = entry.who.as_ref() == Some(&self.lead);
        let room = entry.who.as_ref().and_then(|who| RoomId::parse(who.as_str()).ok());
        match (entry.what, room) {
            (Happening::WentLive, _) => {
                self.start(at);
                self.write(at, What::Started);
            }
            (Happening::EndedByLead, _) => self.end(at, EndCause::Lead),
            (Happening::EndedByClock, _) => {
                let cause = if self.away.is_some() { EndCause::Absence } else { EndCause::Clock };
                self.end(at, cause);
            }
            (Happening::Cancelled, _) => self.end(at, EndCause::Cancellation),
            (Happening::Lost, _) if of_lead => self.lead_away(at, OutageReason::LineLost),
            (Happening::Left, _) if of_lead => self.lead_away(at, OutageReason::Left),
            (Happening::Returned | Happening::Joined, _) if of_lead => self.lead_back(at),
            (Happening::FloorGranted, Some(room)) => self.write(at, What::CalledOn { room }),
            (Happening::FloorReleased, Some(room)) => self.write(at, What::Released { room }),
            (Happening::Headcount(count), Some(room)) => {
                self.write(at, What::Headcount { room, count: count.into(), by: None });
            }
            _ => {}
        }
    }

    /// Lets time pass; call it about once a second. Returns what is to be written down.
    pub fn handle_time(&mut self, now: UtcMs) -> Vec<Event> {
        if now.since_ms(self.watched_since) >= BATCH_MS {
            self.watched(now);
            for room in self.rooms.values_mut() {
                room.handle_time(now);
            }
        }
        for room in self.rooms.values_mut() {
            self.events.extend(std::iter::from_fn(|| room.poll_event()));
        }
        std::mem::take(&mut self.events)
    }

    /// The task ends: the lesson is over, or the program stops.
    pub fn close(&mut self, now: UtcMs) -> Vec<Event> {
        self.watched(now);
        for room in self.rooms.values_mut() {
            room.finish(now);
        }
        self.handle_time(now)
    }

    fn start(&mut self, at: UtcMs) {
        self.live = true;
        for room in self.rooms.values_mut() {
            room.handle_started(at);
        }
    }

    fn end(&mut self, at: UtcMs, cause: EndCause) {
        self.lead_back(at);
        for room in self.rooms.values_mut() {
            room.finish(at);
        }
        self.write(at, What::Ended { cause });
    }

    fn lead_away(&mut self, at: UtcMs, reason: OutageReason) {
        if self.live && self.away.is_none() {
            self.away = Some((at, reason));
            self.source(at, false);
        }
    }

    fn lead_back(&mut self, at: UtcMs) {
        if let Some((from, reason)) = self.away.take() {
            self.write(at, What::Outage { room: None, from, to: at, reason });
            self.source(at, true);
        }
    }

    fn source(&mut self, at: UtcMs, sends: bool) {
        for room in self.rooms.values_mut() {
            room.handle_source(at, Stream::Picture, sends);
            room.handle_source(at, Stream::Sound, sends);
        }
    }

    fn watched(&mut self, now: UtcMs) {
        let from = std::mem::replace(&mut self.watched_since, now);
        if from < now {
            self.write(now, What::Watched { from, to: now });
        }
    }

    fn write(&mut self, at: UtcMs, what: What) {
        self.events.push(Event { at, what });
    }
}
