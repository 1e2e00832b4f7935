//! Packets into the shard, and which source feeds which line.

use std::time::Instant;

use super::{Place, Shard};
use crate::{
    allocation::Part,
    command::LessonKey,
    fanout::{FanoutRef, LineRef},
    limits::MAX_SSRCS_PER_PEER,
    payload::{TemporalLayer, entry},
    publisher::Refused,
    recorded::Recorded,
    relay::Relayed,
    ring::Kept,
    rtp::FIXED_HEADER_LEN,
    seats::{Feed, Source, Stage},
    subscriber::Asked,
    tap::Tapped,
};

/// Which part of the lesson a line shows now. The class that was called on is no tile like others.
fn part_of(stage: &Stage, feed: Feed, source: Option<Source>) -> Part {
    let is_on_floor = source.is_some_and(|source| stage.floor.contains(&Some(source.participant)));
    match feed {
        Feed::LeadScreen => Part::Courseware,
        Feed::Programme if stage.courseware => Part::Courseware,
        Feed::FloorCamera(_) => Part::Floor,
        Feed::Wall(_) if !is_on_floor => Part::Tile,
        _ => Part::Camera,
    }
}

impl Shard {
    /// One RTP packet: decrypt, keep, copy to the recorder, and let it leave for every line it feeds.
    pub(super) fn handle_rtp(&mut self, now: Instant, at: usize, datagram: &mut [u8]) {
        let publisher = &mut self.publishers[at];
        self.counters.received_bytes += datagram.len() as u64;
        let received = match publisher.receive(now, datagram) {
            Ok(received) => received,
            Err(Refused::NotAuthentic) => {
                self.counters.dropped.not_authentic += 1;
                return;
            }
            Err(Refused::Unusable) => {
                self.counters.dropped.unusable += 1;
                return;
            }
        };
        self.counters.received += 1;
        let (taken, header) = (received.taken, received.header);
        let (lesson, peer) = (publisher.lesson, publisher.peer);
        let track = &publisher.tracks[received.track];
        let (fanout, codec) = (track.fanout, track.codec());
        let change = publisher.transport.heard(now);
        if taken.first {
            let run = self.next_run();
            self.fanouts[fanout].begin(run);
            self.reseat(now, lesson);
        }
        let recovered = std::mem::take(&mut self.publishers[at].recovered);
        for voice in recovered.iter() {
            let payload = &voice.packet[FIXED_HEADER_LEN..];
            let (index, timestamp) = (voice.index, voice.timestamp);
            let (entry, layer) = (entry(codec, payload), TemporalLayer::default());
            let kept = Kept { index, marker: false, padding: false, timestamp, entry, layer, payload };
            self.pass_in(now, (at, received.track), &kept, false, voice.packet);
        }
        self.publishers[at].recovered = recovered;
        let payload = &received.packet[header.len..];
        let (marker, padding, timestamp) = (header.marker, header.padding, header.timestamp);
        let layer = self.publishers[at].layer(received.track, &header, received.packet, payload);
        let entry = entry(codec, payload);
        let kept = Kept { index: taken.index, marker, padding, timestamp, entry, layer, payload };
        self.pass_in(now, (at, received.track), &kept, taken.first, received.packet);
        // What is missing is asked for at once: each moment counts for a voice.
        if self.publishers[at].tracks[received.track].misses_anew() {
            self.counters.key_frames_asked += self.publishers[at].send_feedback(now, &mut self.outbox);
        }
        self.changed(now, peer, Place::Publisher(at), change);
    }

    /// Keeps a packet of a publisher's track, copies it to the recorder and lets it leave; `first` is whether its stream has
    /// just begun.
    fn pass_in(&mut self, now: Instant, (at, track): (usize, usize), kept: &Kept<'_>, first: bool, packet: &[u8]) {
        let publisher = &mut self.publishers[at];
        let (lesson, source) = (publisher.lesson, publisher.source(track));
        let (fanout, codec) = (publisher.tracks[track].fanout, publisher.tracks[track].codec());
        let recorded = publisher.recorded.takes(source.slot, fanout, first, kept.entry);
        if recorded == Recorded::First {
            let ssrc = publisher.tracks[track].ssrc().unwrap_or(0);
            self.tap_entry(now, lesson, source, Tapped::Started { codec, ssrc });
        }
        if self.fanouts[fanout].keep(now, kept) {
            if recorded != Recorded::Nothing {
                self.tap_packet(now, lesson, source, packet);
            }
            self.relay_packet(now, fanout, kept);
            self.gather(now, fanout, kept.index, kept.marker);
        }
    }

    fn tap_packet(&mut self, now: Instant, lesson: LessonKey, source: Source, packet: &[u8]) {
        let start = self.tap.bytes.len() as u32;
        self.tap.bytes.extend_from_slice(packet);
        self.tap_entry(now, lesson, source, Tapped::Packet { start, len: packet.len() as u16 });
    }

    /// A number that no stream of this shard had before.
    pub(super) fn next_run(&mut self) -> u64 {
        self.next_run += 1;
        self.next_run
    }

    /// Works out anew what feeds each line of a lesson, and asks new sources for key frames.
    pub(super) fn reseat(&mut self, now: Instant, lesson: LessonKey) {
        let Some(room) = self.rooms.get_mut(&lesson) else { return };
        let subscribers = std::mem::take(&mut room.subscribers);
        subscribers.iter().for_each(|&at| self.seat(now, at));
        if let Some(room) = self.rooms.get_mut(&lesson) {
            room.subscribers = subscribers;
        }
    }

    /// Works out what feeds each line of a subscriber.
    pub(super) fn seat(&mut self, now: Instant, at: usize) {
        let subscriber = &mut self.subscribers[at];
        let Some(room) = self.rooms.get(&subscriber.lesson) else { return };
        for line in &mut subscriber.lines {
            line.source = room.stage.source_of(line.spec.feed, subscriber.participant);
            line.part = part_of(&room.stage, line.spec.feed, line.source);
        }
        self.allot(now, at);
    }

    /// Takes a line off a stream that is to feed it no longer.
    pub(super) fn detach(&mut self, line: LineRef, stream: FanoutRef) {
        if let Some(subscriber) = self.subscribers.get_mut(line.subscriber) {
            subscriber.lines[line.line].attached.retain(|attached| *attached != stream);
        }
        if let Some(fanout) = self.fanouts.get_mut(stream.at).filter(|fanout| fanout.run == stream.run) {
            fanout.detach(line);
        }
    }

    /// Takes a subscriber's lines off everything that feeds them.
    pub(super) fn unseat(&mut self, at: usize) {
        for line in 0..self.subscribers.get(at).map_or(0, |subscriber| subscriber.lines.len()) {
            while let Some(&stream) = self.subscribers[at].lines[line].attached.first() {
                self.detach(LineRef { subscriber: at, line }, stream);
            }
        }
    }

    /// A session can send or receive now, or again: pictures begin with key frames.
    pub(super) fn connected(&mut self, now: Instant, place: Place) {
        let Place::Subscriber(at) = place else { return };
        for line in 0..self.subscribers[at].lines.len() {
            if let Some(stream) = self.subscribers[at].lines[line].wanted() {
                self.begin_picture(now, LineRef { subscriber: at, line }, stream);
            }
        }
    }

    /// A session has another path and may have missed what it was sent: pictures that had begun go on with key frames.
    pub(super) fn moved(&mut self, now: Instant, place: Place) {
        let Place::Subscriber(at) = place else { return };
        self.subscribers[at].has_missed = true;
        self.mend(now, at);
    }

    /// Asks for the key frames that a subscriber needs which missed something, once they can leave. One that misses something again
    /// and again is heard ever more rarely, as one that asks itself: a key frame costs everyone.
    fn mend(&mut self, now: Instant, at: usize) {
        let subscriber = &mut self.subscribers[at];
        if !subscriber.has_missed || subscriber.is_congested {
            return;
        }
        subscriber.has_missed = false;
        for line in subscriber.lines.iter_mut().filter(|line| !line.spec.audio) {
            let stream = line.current().filter(|_| line.may_ask_key_frame(now));
            if let Some(fanout) = stream.and_then(|stream| self.fanouts.get_mut(stream.at)) {
                fanout.want_key_frame();
            }
        }
    }

    /// Begins what a subscriber waits for.
    fn begin_pictures(&mut self, now: Instant, at: usize) {
        for line in 0..self.subscribers[at].lines.len() {
            let line_of = &self.subscribers[at].lines[line];
            if let Some(stream) = line_of.wanted().filter(|&wanted| line_of.current() != Some(wanted)) {
                self.begin_picture(now, LineRef { subscriber: at, line }, stream);
            }
        }
    }

    /// Asks for a key frame of one layer of a source, or of the one that is recorded.
    pub(super) fn request_key_frame(&mut self, lesson: LessonKey, source: Source, layer: Option<u8>) {
        let Some(layers) = self.rooms.get(&lesson).and_then(|room| room.sources.get(&source)) else { return };
        let recorded = || {
            let mut publishers = self.publishers.iter().map(|(_, publisher)| publisher);
            publishers.find_map(|publisher| publisher.recorded.of(source.slot).filter(|&at| layers.contains(at)))
        };
        let found = match layer {
            Some(layer) => layers.get(layer),
            None => recorded().or_else(|| layers.iter().last()),
        };
        if let Some(fanout) = found.and_then(|at| self.fanouts.get_mut(at)) {
            fanout.want_key_frame();
        }
    }

    pub(super) fn handle_publisher_rtcp(&mut self, now: Instant, at: usize, datagram: &mut [u8]) {
        let publisher = &mut self.publishers[at];
        let (lesson, peer) = (publisher.lesson, publisher.peer);
        let mut reports = [None; MAX_SSRCS_PER_PEER];
        let mut count = 0;
        let authentic = publisher.receive_rtcp(now, &self.clock, datagram, |track, ntp, rtp| {
            if let Some(report) = reports.get_mut(count) {
                *report = Some((track, ntp, rtp));
                count += 1;
            }
        });
        if !authentic {
            self.counters.dropped.not_authentic += 1;
            return;
        }
        let change = publisher.transport.heard(now);
        let (offset, tracks) = (publisher.clock_offset, publisher.tracks.len());
        if let Some(offset) = offset {
            for track_at in 0..tracks {
                let track = &self.publishers[at].tracks[track_at];
                let (fanout, mapping) = (track.fanout, track.mapping(offset));
                self.fanouts[fanout].mapping = mapping;
                self.relay(fanout, Relayed::Clock(mapping));
            }
        }
        for (track, ntp, rtp) in reports.into_iter().flatten() {
            let publisher = &self.publishers[at];
            let source = publisher.source(track);
            if !publisher.recorded.is(source.slot, publisher.tracks[track].fanout) {
                continue;
            }
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
        let authentic = subscriber.receive_rtcp(now, datagram, |request| {
            if let Some(slot) = asked.get_mut(count) {
                *slot = Some(request);
                count += 1;
            }
        });
        if !authentic {
            self.counters.dropped.not_authentic += 1;
            return;
        }
        self.counters.feedback += 1;
        let change = subscriber.transport.heard(now);
        asked[..count].iter().flatten().for_each(|&request| self.answer(now, at, request));
        self.estimated(now, at);
        self.changed(now, peer, Place::Subscriber(at), change);
    }

    /// Works out anew what a subscriber is given where its line carries more now, or less.
    pub(super) fn estimated(&mut self, now: Instant, at: usize) {
        let has_relief = self.subscribers[at].has_relief();
        if self.subscribers[at].has_moved(now) {
            self.allot(now, at);
        }
        if has_relief {
            self.begin_pictures(now, at);
        }
        self.mend(now, at);
        if let Some(due) = self.subscribers[at].newly_paced() {
            self.leaving.note_paced(at, due);
        }
    }

    fn answer(&mut self, now: Instant, at: usize, asked: Asked) {
        match asked {
            Asked::KeyFrame { line } => {
                let subscriber = &mut self.subscribers[at];
                if subscriber.is_congested {
                    return;
                }
                let line = &mut subscriber.lines[line];
                let stream = line.wanted().filter(|_| line.may_ask_key_frame(now));
                if let Some(fanout) = stream.and_then(|stream| self.fanouts.get_mut(stream.at)) {
                    fanout.want_key_frame();
                }
            }
            Asked::Packet { line, sequence } => {
                let subscriber = &mut self.subscribers[at];
                if subscriber.lines[line].is_outdated(sequence) {
                    return;
                }
                let Some((stream, index)) = subscriber.lines[line].origin_of(sequence) else { return };
                let fanout = self.fanouts.get(stream.at).filter(|fanout| fanout.run == stream.run);
                let Some(ring) = fanout.map(|fanout| &fanout.ring) else { return };
                let Some(kept) = ring.find(index) else { return };
                for _ in 0..subscriber.times_again(now, line) {
                    let sent = subscriber.send_again(now, line, sequence, (&kept, ring), &mut self.outbox);
                    self.counters.retransmitted += u64::from(sent);
                }
            }
        }
    }

    /// Sends a subscriber its sender reports.
    pub(super) fn send_reports(&mut self, now: Instant, at: usize) {
        let subscriber = &mut self.subscribers[at];
        // A request may be lost on its way to the publisher: whoever still waits asks again.
        let is_congested = subscriber.is_congested;
        for line in subscriber.lines.iter_mut().filter(|_| !is_congested) {
            let waits = line.wanted() != line.current() && !line.sends_stills();
            let wanted = line.wanted().filter(|_| waits || line.needs_key_frame_to_rise(now));
            if let Some(fanout) = wanted.and_then(|stream| self.fanouts.get_mut(stream.at)) {
                fanout.want_key_frame();
            }
        }
        let fanouts = &self.fanouts;
        let mapping = |stream: FanoutRef| fanouts.get(stream.at).filter(|fanout| fanout.run == stream.run)?.mapping;
        subscriber.send_reports(now, &self.clock, 0..subscriber.lines.len(), mapping, &mut self.outbox);
    }
}
