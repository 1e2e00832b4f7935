//! Packets through the shard, and which source feeds which line.

use std::time::Instant;

use super::{Place, Shard};
use crate::{
    clock::Mapping,
    command::LessonKey,
    payload::Entry,
    seats::Source,
    subscriber::{Asked, Passing},
    tap::Tapped,
    track::{LineRef, TrackRef},
};

impl Shard {
    /// One RTP packet: decrypt, keep, copy to the recorder, and on to every line it feeds.
    pub(super) fn handle_rtp(&mut self, now: Instant, at: usize, datagram: &mut [u8]) {
        let publisher = &mut self.publishers[at];
        let Some(received) = publisher.receive(now, datagram) else {
            self.counters.dropped += 1;
            return;
        };
        self.counters.received += 1;
        let (track, taken) = (received.track, received.taken);
        let (lesson, peer) = (publisher.lesson, publisher.peer);
        let source = Source { participant: publisher.participant, slot: publisher.tracks[track].spec.slot };
        let change = publisher.transport.heard(now);
        if taken.first {
            let (codec, ssrc) = (publisher.tracks[track].codec(), publisher.tracks[track].ssrc().unwrap_or(0));
            self.tap_entry(now, lesson, source, Tapped::Started { codec, ssrc });
            self.reseat(lesson);
        }
        let start = self.tap.bytes.len() as u32;
        self.tap.bytes.extend_from_slice(received.packet);
        let len = received.packet.len() as u16;
        self.tap_entry(now, lesson, source, Tapped::Packet { start, len });
        self.forward(now, at, track, taken.index, taken.entry);
        self.changed(now, peer, Place::Publisher(at), change);
    }

    fn mapping(&self, track: TrackRef) -> Option<Mapping> {
        let publisher = self.publishers.get(track.publisher)?;
        let source = publisher.tracks.get(track.track).filter(|source| source.run == track.run)?;
        source.mapping(publisher.clock_offset?)
    }

    /// Sends a packet just kept to every line its track feeds.
    fn forward(&mut self, now: Instant, at: usize, track_at: usize, index: u64, entry: Entry) {
        let Some(publisher) = self.publishers.get_mut(at) else { return };
        let mapping = publisher.clock_offset.and_then(|offset| publisher.tracks[track_at].mapping(offset));
        let track = &publisher.tracks[track_at];
        let Some(kept) = track.ring.find(index) else { return };
        let this = TrackRef { publisher: at, track: track_at, run: track.run };
        let (codec, parameter_sets) = (track.codec(), &track.parameter_sets);
        let passing = Passing { track: this, codec, kept, entry, parameter_sets, mapping };
        let before = self.outbox.datagrams().len();
        for &line in &track.lines {
            let subscriber = &mut self.subscribers[line.subscriber];
            if let Some(old) = subscriber.forward(now, &self.clock, line.line, &passing, &mut self.outbox) {
                self.left.push((line, old));
            }
        }
        self.counters.forwarded += (self.outbox.datagrams().len() - before) as u64;
        while let Some((line, old)) = self.left.pop() {
            self.detach(line, old);
        }
    }

    fn detach(&mut self, line: LineRef, track: TrackRef) {
        if let Some(publisher) = self.publishers.get_mut(track.publisher)
            && let Some(track) = publisher.tracks.get_mut(track.track)
        {
            track.lines.retain(|&known| known != line);
        }
    }

    /// Works out anew what feeds each line of a lesson, and asks new sources for key frames.
    pub(super) fn reseat(&mut self, lesson: LessonKey) {
        let Some(room) = self.rooms.get(&lesson) else { return };
        let of_lesson = self.publishers.iter_mut().filter(|(_, publisher)| publisher.lesson == lesson);
        of_lesson.flat_map(|(_, publisher)| &mut publisher.tracks).for_each(|track| track.lines.clear());
        for &at in &room.subscribers {
            let subscriber = &mut self.subscribers[at];
            for line_at in 0..subscriber.lines.len() {
                let feed = subscriber.lines[line_at].spec.feed;
                let source = room.stage.source_of(feed, subscriber.participant);
                let found = source.and_then(|source| room.sources.get(&source)).copied();
                let takes = |&(p, t): &(usize, usize)| {
                    self.publishers.get(p).is_some_and(|p| subscriber.takes(line_at, p.tracks[t].codec()))
                };
                let wanted = found.filter(takes).map(|(publisher, track)| {
                    let run = self.publishers[publisher].tracks[track].run;
                    TrackRef { publisher, track, run }
                });
                let line = &mut subscriber.lines[line_at];
                line.want(wanted);
                let current = line.current();
                let here = LineRef { subscriber: at, line: line_at };
                for track in [wanted, current.filter(|_| current != wanted)].into_iter().flatten() {
                    if let Some(publisher) = self.publishers.get_mut(track.publisher)
                        && let Some(fed) = publisher.tracks.get_mut(track.track)
                        && fed.run == track.run
                    {
                        fed.lines.push(here);
                        if Some(track) == wanted && current != wanted {
                            fed.want_key_frame();
                        }
                    }
                }
            }
        }
    }

    /// A session can send or receive now, or again: pictures begin with key frames.
    pub(super) fn connected(&mut self, place: Place) {
        let tracks: Vec<TrackRef> = match place {
            Place::Publisher(_) => return,
            Place::Subscriber(at) => self.subscribers[at].lines.iter().filter_map(|line| line.wanted()).collect(),
        };
        tracks.into_iter().for_each(|track| self.want_key_frame(track));
    }

    fn want_key_frame(&mut self, track: TrackRef) {
        if let Some(publisher) = self.publishers.get_mut(track.publisher)
            && let Some(track) = publisher.tracks.get_mut(track.track)
        {
            track.want_key_frame();
        }
    }

    pub(super) fn request_key_frame(&mut self, lesson: LessonKey, source: Source) {
        let found = self.rooms.get(&lesson).and_then(|room| room.sources.get(&source)).copied();
        if let Some((publisher, track)) = found {
            self.publishers[publisher].tracks[track].want_key_frame();
        }
    }

    pub(super) fn handle_publisher_rtcp(&mut self, now: Instant, at: usize, datagram: &mut [u8]) {
        let publisher = &mut self.publishers[at];
        let (lesson, participant, peer) = (publisher.lesson, publisher.participant, publisher.peer);
        let mut reports = [None; 8];
        let mut count = 0;
        let authentic = publisher.receive_rtcp(now, &self.clock, datagram, |slot, ntp, rtp| {
            if let Some(report) = reports.get_mut(count) {
                *report = Some((slot, ntp, rtp));
                count += 1;
            }
        });
        if !authentic {
            self.counters.dropped += 1;
            return;
        }
        let change = publisher.transport.heard(now);
        for (slot, ntp, rtp) in reports.into_iter().flatten() {
            let source = Source { participant, slot };
            self.tap_entry(now, lesson, source, Tapped::SenderReport { ntp, rtp });
        }
        self.changed(now, peer, Place::Publisher(at), change);
    }

    pub(super) fn handle_subscriber_rtcp(&mut self, now: Instant, at: usize, datagram: &mut [u8]) {
        let subscriber = &mut self.subscribers[at];
        let peer = subscriber.peer;
        // Requests are answered after the compound is read; one that names more packets than this gets the first of them.
        let mut asked = [None; 128];
        let mut count = 0;
        let authentic = subscriber.receive_rtcp(datagram, |request| {
            if let Some(slot) = asked.get_mut(count) {
                *slot = Some(request);
                count += 1;
            }
        });
        if !authentic {
            self.counters.dropped += 1;
            return;
        }
        let change = subscriber.transport.heard(now);
        asked[..count].iter().flatten().for_each(|&request| self.answer(now, at, request));
        self.changed(now, peer, Place::Subscriber(at), change);
    }

    fn answer(&mut self, now: Instant, at: usize, asked: Asked) {
        match asked {
            Asked::KeyFrame { line } => {
                let line = &mut self.subscribers[at].lines[line];
                if let Some(track) = line.wanted().filter(|_| line.may_ask_key_frame(now)) {
                    self.want_key_frame(track);
                }
            }
            Asked::Packet { line, sequence } => {
                let subscriber = &mut self.subscribers[at];
                let Some((track, index)) = subscriber.lines[line].origin_of(sequence) else { return };
                let Some(publisher) = self.publishers.get(track.publisher) else { return };
                let Some(source) = publisher.tracks.get(track.track).filter(|t| t.run == track.run) else { return };
                let Some(kept) = source.ring.find(index) else { return };
                let sent = subscriber.send_again(now, line, sequence, &kept, &mut self.outbox);
                self.counters.retransmitted += u64::from(sent);
            }
        }
    }

    pub(super) fn send_reports(&mut self, now: Instant, at: usize) {
        for line in 0..self.subscribers[at].lines.len() {
            let (current, wanted) =
                (self.subscribers[at].lines[line].current(), self.subscribers[at].lines[line].wanted());
            // A request may be lost on its way to the publisher: whoever still waits asks again.
            if let Some(track) = wanted.filter(|_| wanted != current) {
                self.want_key_frame(track);
            }
            let mapping = current.and_then(|track| self.mapping(track));
            self.subscribers[at].send_report(now, &self.clock, line, mapping, &mut self.outbox);
        }
    }
}
