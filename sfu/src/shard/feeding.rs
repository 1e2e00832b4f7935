//! Packets into the shard, and which source feeds which line.

use std::time::Instant;

use super::{Place, Shard};
use crate::{
    allocation::Part,
    command::LessonKey,
    fanout::{FanoutRef, LineRef},
    limits::MAX_SSRCS_PER_PEER,
    payload::{Entry, TemporalLayer, entry},
    publisher::Refused,
    recorded::Recorded,
    recovered::Recovered,
    relay::Relayed,
    ring::Kept,
    rtp::{FIXED_HEADER_LEN, RtpHeader, write_fixed_header},
    seats::{Feed, Source, Stage},
    spatial::Piece,
    subscriber::Asked,
    tap::Tapped,
};

/// A packet of nothing but padding: one octet, which counts itself (RFC 3550 section 5.1).
const FILLING: u8 = 1;

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
        let (taken, header, track) = (received.taken, received.header, received.track);
        let (lesson, peer) = (publisher.lesson, publisher.peer);
        let codec = publisher.tracks[track].codec();
        let change = publisher.transport.heard(now);
        if taken.first {
            for fanout in self.publishers[at].tracks[track].fanouts() {
                self.next_run += 1;
                self.fanouts[fanout].begin(self.next_run);
            }
            self.reseat(now, lesson);
        }
        let recovered = std::mem::take(&mut self.publishers[at].recovered);
        for voice in recovered.iter() {
            let Recovered { index, timestamp, payload } = voice;
            let (entry, layer) = (entry(codec, payload), TemporalLayer::default());
            let kept = Kept { index, marker: false, padding: false, timestamp, entry, layer, payload };
            self.pass_in(now, (at, track), &kept);
        }
        self.publishers[at].recovered = recovered;
        let payload = &received.packet[header.len..];
        let (marker, padding, timestamp) = (header.marker, header.padding, header.timestamp);
        let layer = self.publishers[at].layer(track, &header, received.packet, payload);
        let entry = entry(codec, payload);
        let kept = Kept { index: taken.index, marker, padding, timestamp, entry, layer, payload };
        self.pass_in(now, (at, track), &kept);
        // What is missing is asked for at once: each moment counts for a voice.
        if self.publishers[at].tracks[track].is_due(now) {
            self.counters.key_frames_asked += self.publishers[at].send_feedback(now, &mut self.outbox);
        }
        self.changed(now, peer, Place::Publisher(at), change);
    }

    /// Lets a packet of a publisher's track go on, in each of its spatial layers where it has several.
    fn pass_in(&mut self, now: Instant, (at, track): (usize, usize), kept: &Kept<'_>) {
        let of = &mut self.publishers[at].tracks[track];
        let Some(pieces) = of.part(kept.index, kept.marker, kept.payload) else {
            let Some(fanout) = of.fanout(of.spec.layer) else { return };
            return self.pass_in_layer(now, (at, track), fanout, kept);
        };
        for (layer, piece) in (0..).zip(pieces) {
            let Some(Piece { index, marker, is_filling, may_enter }) = piece else { continue };
            let fanout = self.layer_fanout(now, (at, track), layer);
            let filling = Kept { timestamp: kept.timestamp, padding: true, payload: &[FILLING], ..Kept::NONE };
            let whole = if is_filling { &filling } else { kept };
            let entry = if may_enter { whole.entry } else { Entry::No };
            self.pass_in_layer(now, (at, track), fanout, &Kept { index, marker, entry, ..*whole });
        }
    }

    /// Keeps a packet of one stream of a publisher, copies it to the recorder and lets it leave.
    fn pass_in_layer(&mut self, now: Instant, (at, track): (usize, usize), fanout: usize, kept: &Kept<'_>) {
        let publisher = &mut self.publishers[at];
        let (lesson, source) = (publisher.lesson, publisher.source(track));
        let first = self.fanouts[fanout].last_arrival.is_none();
        let recorded = publisher.recorded.takes(source.slot, fanout, first, kept.entry);
        let of = &publisher.tracks[track];
        let (codec, payload_type, ssrc) = (of.codec(), of.spec.payload_type, of.ssrc().unwrap_or(0));
        if recorded == Recorded::First {
            self.tap_entry(now, lesson, source, Tapped::Started { codec, ssrc });
        }
        if self.fanouts[fanout].keep(now, kept) {
            if recorded != Recorded::Nothing {
                self.tap_packet(now, (lesson, source), (payload_type, ssrc), kept);
            }
            self.relay_packet(now, fanout, kept);
            self.gather(now, fanout, kept.index, kept.marker);
        }
    }

    fn tap_packet(&mut self, now: Instant, of: (LessonKey, Source), (kind, ssrc): (u8, u32), kept: &Kept<'_>) {
        let mut header = RtpHeader::fixed(kind, kept.index as u16, kept.timestamp, ssrc);
        (header.marker, header.padding) = (kept.marker, kept.padding);
        let mut fixed = [0; FIXED_HEADER_LEN];
        write_fixed_header(&mut fixed, &header);
        let start = self.tap.bytes.len() as u32;
        self.tap.bytes.extend_from_slice(&fixed);
        self.tap.bytes.extend_from_slice(kept.payload);
        let len = (FIXED_HEADER_LEN + kept.payload.len()) as u16;
        self.tap_entry(now, of.0, of.1, Tapped::Packet { start, len });
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

    /// Asks for the key frames that a subscriber needs which missed something, or asked for them, once they can leave. One that misses
    /// something again and again is heard ever more rarely, as one that asks itself: a key frame costs everyone.
    fn mend(&mut self, now: Instant, at: usize) {
        let subscriber = &mut self.subscribers[at];
        if subscriber.is_congested {
            return;
        }
        let all = std::mem::take(&mut subscriber.has_missed);
        for line in subscriber.lines.iter_mut().filter(|line| !line.spec.audio) {
            if !(std::mem::take(&mut line.has_missed) | all) {
                continue;
            }
            let stream = line.wanted().filter(|_| line.may_ask_key_frame(now));
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

    /// Asks for the key frames with which the pictures that a subscriber waits for begin once they can.
    fn ask_ahead(&mut self, at: usize) {
        let waiting = self.subscribers[at].lines.iter().filter(|line| !line.sends_stills());
        for stream in waiting.filter_map(|line| line.wanted().filter(|&wanted| line.current() != Some(wanted))) {
            if let Some(fanout) = self.fanouts.get_mut(stream.at).filter(|fanout| fanout.run == stream.run) {
                fanout.want_key_frame();
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
                let mapping = track.mapping(offset);
                for fanout in track.fanouts() {
                    self.fanouts[fanout].mapping = mapping;
                    self.relay(fanout, Relayed::Clock(mapping));
                }
            }
        }
        for (track, ntp, rtp) in reports.into_iter().flatten() {
            let publisher = &self.publishers[at];
            let source = publisher.source(track);
            if !publisher.tracks[track].fanouts().any(|fanout| publisher.recorded.is(source.slot, fanout)) {
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
        } else if self.subscribers[at].has_relief_soon() {
            self.ask_ahead(at);
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
                let line = &mut subscriber.lines[line];
                if subscriber.is_congested {
                    line.has_missed = true;
                    return;
                }
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
