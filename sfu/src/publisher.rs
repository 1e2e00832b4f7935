//! One WHIP session: takes packets in, asks for what is missing, tells the browser how fast it may send.

use std::time::{Duration, Instant};

use slab::Slab;

use crate::{
    clock::NtpClock,
    command::{LessonKey, ParticipantKey, PeerId},
    fanout::Fanout,
    limits::{
        KEYFRAME_REQUEST_INTERVAL, MAX_DATAGRAM, MAX_RTP_PACKET, MAX_SSRCS_PER_PEER, REPORT_INTERVAL, TWCC_INTERVAL,
    },
    outbox::Outbox,
    payload::TemporalLayer,
    recorded::RecordedStreams,
    recovered::RecoveredVoices,
    red,
    rtcp::{ArrivalLog, Feedback, MAX_FEEDBACK_LEN, Writer, read},
    rtp::RtpHeader,
    sdp::PublishPlan,
    seats::{Slot, Source},
    srtp::MAX_OVERHEAD,
    track::{Taken, Track},
    transport::Transport,
};

/// Clock steps of a publisher beyond this start a new mapping of its sender reports.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// A publishing session.
pub(crate) struct Publisher {
    pub(crate) peer: PeerId,
    pub(crate) lesson: LessonKey,
    pub(crate) participant: ParticipantKey,
    pub(crate) transport: Transport,
    pub(crate) tracks: Vec<Track>,
    pub(crate) recorded: RecordedStreams,
    /// What came with the last packet beside itself.
    pub(crate) recovered: RecoveredVoices,
    mid_extension: Option<u8>,
    twcc_extension: Option<u8>,
    rid_extension: Option<u8>,
    repaired_rid_extension: Option<u8>,
    dependency_extension: Option<u8>,
    reporter_ssrc: u32,
    origin: Instant,
    arrivals: ArrivalLog,
    twcc_media_ssrc: u32,
    next_twcc: Instant,
    next_report: Instant,
    /// Server NTP minus publisher NTP, fixed at the first sender report: one offset for all tracks keeps them in sync.
    pub(crate) clock_offset: Option<u64>,
    /// Worst fraction lost of the last reports, of 256; none before the first.
    pub(crate) fraction_lost: Option<u8>,
}

/// A packet of a publisher, as the shard forwards it.
pub(crate) struct Received<'p> {
    pub(crate) track: usize,
    pub(crate) taken: Taken,
    /// The plain packet; for a retransmission it starts with the rebuilt header.
    pub(crate) packet: &'p [u8],
    /// Its header; of a retransmission, as far as the original's is the same: marker, padding, timestamp, length.
    pub(crate) header: RtpHeader,
}

/// Why a packet is not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not sealed with the session's keys, or seen before.
    NotAuthentic,
    /// Padding that probes the line or lies about its length, too long, or of no stream that was negotiated.
    Unusable,
}

enum Belongs {
    Media(usize),
    Retransmission(usize),
}

impl Publisher {
    pub(crate) fn new(
        ids: (PeerId, LessonKey, ParticipantKey),
        transport: Transport,
        plan: PublishPlan,
        fanouts: &[usize],
        now: Instant,
    ) -> Self {
        let is_described = plan.dependency_extension.is_some();
        Self {
            peer: ids.0,
            lesson: ids.1,
            participant: ids.2,
            transport,
            tracks: plan
                .tracks
                .into_iter()
                .zip(fanouts)
                .map(|(spec, &at)| Track::new(spec, at, is_described))
                .collect(),
            recorded: RecordedStreams::default(),
            recovered: RecoveredVoices::default(),
            mid_extension: plan.mid_extension,
            twcc_extension: plan.twcc_extension,
            rid_extension: plan.rid_extension,
            repaired_rid_extension: plan.repaired_rid_extension,
            dependency_extension: plan.dependency_extension,
            reporter_ssrc: plan.reporter_ssrc,
            origin: now,
            arrivals: ArrivalLog::new(now),
            twcc_media_ssrc: 0,
            next_twcc: now,
            next_report: now + REPORT_INTERVAL,
            clock_offset: None,
            fraction_lost: None,
        }
    }

    /// The source of one of its tracks.
    pub(crate) fn source(&self, track: usize) -> Source {
        Source { participant: self.participant, slot: self.tracks[track].spec.slot }
    }

    /// The temporal layer of a packet just received on one of its tracks.
    pub(crate) fn layer(&mut self, track: usize, header: &RtpHeader, packet: &[u8], payload: &[u8]) -> TemporalLayer {
        let descriptor = self.dependency_extension.and_then(|id| header.extension(packet, id));
        self.tracks.get_mut(track).map(|track| track.layer(descriptor, payload)).unwrap_or_default()
    }

    /// Takes in one SRTP packet.
    pub(crate) fn receive<'p>(&mut self, now: Instant, packet: &'p mut [u8]) -> Result<Received<'p>, Refused> {
        self.recovered.clear();
        let header = RtpHeader::parse(packet).map_err(|_| Refused::NotAuthentic)?;
        let inbound = self.transport.inbound().ok_or(Refused::NotAuthentic)?;
        let opened = inbound.open_rtp(packet, header.len, header.ssrc, header.sequence);
        let (len, _) = opened.map_err(|_| Refused::NotAuthentic)?;
        self.take(now, &header, packet, len).ok_or(Refused::Unusable)
    }

    /// Takes in what has been opened: the first `len` bytes of `packet`.
    fn take<'p>(&mut self, now: Instant, header: &RtpHeader, packet: &'p mut [u8], len: usize) -> Option<Received<'p>> {
        if len > MAX_RTP_PACKET {
            return None;
        }
        let sequence = self.twcc_extension.and_then(|id| header.extension(packet, id)).and_then(|d| d.first_chunk());
        if let Some(sequence) = sequence {
            self.arrivals.arrived(u16::from_be_bytes(*sequence), now);
            self.twcc_media_ssrc = header.ssrc;
        }
        let packet = &mut packet[..len];
        // What lies about its padding is not passed on: some receiver might believe it.
        let padding = header.padding_len(packet)?;
        match self.belongs(header, packet)? {
            Belongs::Media(track) if self.tracks[track].spec.red_payload_type == Some(header.payload_type) => {
                self.receive_repeating(now, track, (header, padding), packet)
            }
            Belongs::Media(track) => {
                let taken = self.tracks[track].take(header, self.origin, now)?;
                Some(Received { track, taken, packet, header: *header })
            }
            Belongs::Retransmission(track) => self.receive_again(now, track, (header, padding), packet),
        }
    }

    /// RFC 2198: what is repeated and was missing is recovered; the packet is rebuilt in place around what it is for.
    fn receive_repeating<'p>(
        &mut self,
        now: Instant,
        track: usize,
        (header, padding): (&RtpHeader, usize),
        packet: &'p mut [u8],
    ) -> Option<Received<'p>> {
        let end = packet.len() - padding;
        let payload = packet.get(header.len..end)?;
        let own_type = self.tracks[track].spec.payload_type;
        let mut blocks = red::read(payload).ok()?.filter(|block| block.payload_type == own_type);
        let primary = blocks.clone().find(|block| block.is_primary())?.payload.len();
        let taken = self.tracks[track].take(header, self.origin, now)?;
        // Before the first packet of a stream nothing is missed.
        for block in blocks.by_ref().filter(|block| !block.is_primary() && !block.payload.is_empty()) {
            let index = taken.index.saturating_sub(u64::from(block.back));
            if self.tracks[track].take_recovered(index) {
                self.recovered.push(index, block.timestamp(header.timestamp), block.payload);
            }
        }
        packet.copy_within(end - primary..end, header.len);
        let packet = &mut packet[..header.len + primary];
        packet[0] &= !0x20;
        packet[1] = (packet[1] & 0x80) | own_type;
        let header = header.without_padding();
        Some(Received { track, taken, packet, header })
    }

    /// RFC 4588 section 4: the payload starts with the original sequence number. The header is rebuilt in place, so that
    /// everyone after here sees the original packet.
    fn receive_again<'p>(
        &mut self,
        now: Instant,
        track: usize,
        (header, padding): (&RtpHeader, usize),
        packet: &'p mut [u8],
    ) -> Option<Received<'p>> {
        let body = packet.len() - header.len;
        // Padding alone is a bandwidth probe, not a packet.
        if body < 2 + padding + 1 {
            return None;
        }
        let original = u16::from_be_bytes([packet[header.len], packet[header.len + 1]]);
        // Move the header up over the two bytes of the original sequence number.
        packet.copy_within(..header.len, 2);
        let packet = &mut packet[2..];
        let track_ = &mut self.tracks[track];
        packet[1] = (packet[1] & 0x80) | track_.spec.payload_type;
        packet[2..4].copy_from_slice(&original.to_be_bytes());
        packet[8..12].copy_from_slice(&track_.ssrc()?.to_be_bytes());
        let taken = track_.take_again(original, now)?;
        Some(Received { track, taken, packet, header: *header })
    }

    /// Which track a packet belongs to: by SSRC once known, else by MID and RID, else by payload type (RFC 9143 section 9.2,
    /// RFC 8852). Both may be left out once a report has come back: the SSRC is known by then.
    fn belongs(&mut self, header: &RtpHeader, packet: &[u8]) -> Option<Belongs> {
        let ssrc = header.ssrc;
        for (i, track) in self.tracks.iter().enumerate() {
            let spec = &track.spec;
            if track.ssrc() == Some(ssrc) || (spec.ssrc == Some(ssrc) && spec.carries(header.payload_type)) {
                return spec.carries(header.payload_type).then_some(Belongs::Media(i));
            }
            if spec.rtx_ssrc == Some(ssrc) {
                return Some(Belongs::Retransmission(i));
            }
        }
        let mid = self.mid_extension.and_then(|id| header.extension(packet, id));
        let rid = self.rid_extension.and_then(|id| header.extension(packet, id));
        let repaired = self.repaired_rid_extension.and_then(|id| header.extension(packet, id));
        let by_mid = |track: &Track| mid.is_none_or(|mid| track.spec.mid.as_bytes() == mid);
        // A track that is not one of several needs no name, whatever its packets say.
        let is_named =
            |track: &Track, rid: Option<&[u8]>| track.spec.rid.as_ref().is_none_or(|own| Some(own.as_bytes()) == rid);
        let fits = |track: &Track| by_mid(track) && is_named(track, rid) && track.spec.carries(header.payload_type);
        let fits_rtx = |track: &Track| {
            by_mid(track)
                && is_named(track, repaired.or(rid))
                && track.spec.rtx_payload_type == Some(header.payload_type)
        };
        if let Some(i) = self.tracks.iter().position(fits_rtx) {
            self.tracks[i].spec.rtx_ssrc = Some(ssrc);
            return Some(Belongs::Retransmission(i));
        }
        self.tracks.iter().position(fits).map(Belongs::Media)
    }

    /// Takes in one SRTCP packet; calls `report` with each track that had a sender report.
    pub(crate) fn receive_rtcp(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        packet: &mut [u8],
        mut report: impl FnMut(usize, u64, u32),
    ) -> bool {
        let Some(inbound) = self.transport.inbound() else { return false };
        let Ok(len) = inbound.open_rtcp(packet) else { return false };
        let (tracks, clock_offset) = (&mut self.tracks, &mut self.clock_offset);
        read(&packet[..len], |feedback| {
            let Feedback::SenderReport { ssrc, ntp, rtp } = feedback else { return };
            let Some(at) = tracks.iter().position(|track| track.ssrc() == Some(ssrc)) else { return };
            tracks[at].reported(ntp, rtp, now);
            let offset = clock.ntp(now).wrapping_sub(ntp);
            let step = clock_offset.map(|known| (offset.wrapping_sub(known) as i64).unsigned_abs() >> 32);
            if step.is_none_or(|seconds| seconds >= CLOCK_STEP.as_secs()) {
                *clock_offset = Some(offset);
            }
            report(at, ntp, rtp);
        });
        true
    }

    /// Lets the recorder have the best layer of each seat that flows.
    pub(crate) fn choose_recorded(&mut self, now: Instant, fanouts: &mut Slab<Fanout>) {
        let streams = self.tracks.iter().flat_map(Track::fanouts);
        self.recorded.choose(now, fanouts, streams);
    }

    /// Sends whatever RTCP is due. Returns how many key frames it asked for.
    pub(crate) fn handle_timeout(&mut self, now: Instant, outbox: &mut Outbox) -> u64 {
        let key_frames = self.send_feedback(now, outbox);
        if now >= self.next_twcc {
            self.next_twcc = now + TWCC_INTERVAL;
            self.send_transport_feedback(outbox);
        }
        key_frames
    }

    /// Sends reports that are due, and asks for what is missing. Returns how many key frames it asked for.
    pub(crate) fn send_feedback(&mut self, now: Instant, outbox: &mut Outbox) -> u64 {
        let mut plain = [0; MAX_DATAGRAM - MAX_OVERHEAD];
        let mut writer = Writer::new(&mut plain);
        if now >= self.next_report {
            self.next_report = now + REPORT_INTERVAL;
            self.write_report(now, &mut writer);
        }
        let reporter = self.reporter_ssrc;
        for track in &mut self.tracks {
            let Some(ssrc) = track.ssrc() else { continue };
            // One buffer of sequence numbers for all: the list is bounded by limits::MAX_MISSING.
            let mut asked = [0u16; crate::limits::MAX_MISSING];
            let mut count = 0;
            track.due(now, |sequence| {
                asked[count] = sequence;
                count += 1;
            });
            if count > 0 {
                writer.nack(reporter, ssrc, asked[..count].iter().copied());
            }
        }
        let key_frames = self.ask_key_frames(now, &mut writer);
        let len = writer.len();
        self.send_rtcp(&plain[..len], outbox);
        key_frames
    }

    /// Asks for the key frames that are wanted, of each seat one at a time: all its layers together take no more than a picture
    /// without layers would. Returns how many.
    fn ask_key_frames(&mut self, now: Instant, writer: &mut Writer<'_>) -> u64 {
        let mut asked = 0;
        for slot in [Slot::Camera, Slot::Screen] {
            let last =
                self.tracks.iter().filter(|track| track.spec.slot == slot).filter_map(Track::key_frame_asked).max();
            if last.is_some_and(|at| now.saturating_duration_since(at) < KEYFRAME_REQUEST_INTERVAL) {
                continue;
            }
            // Whoever has waited longest has its turn.
            let waiting = self.tracks.iter_mut().filter(|track| track.spec.slot == slot && track.wants_key_frame());
            let Some(track) = waiting.min_by_key(|track| track.key_frame_asked()) else { continue };
            track.key_frame_is_asked(now);
            writer.picture_loss(self.reporter_ssrc, track.ssrc().unwrap_or_default());
            asked += 1;
        }
        asked
    }

    /// Receiver report first, as RFC 3550 section 6.1 wants of a compound.
    fn write_report(&mut self, now: Instant, writer: &mut Writer<'_>) {
        let mut blocks = [(crate::rtcp::ReportBlock::default(), 0); MAX_SSRCS_PER_PEER];
        let mut count = 0;
        for report in self.tracks.iter_mut().filter_map(|track| track.report(now)).take(blocks.len()) {
            blocks[count] = report;
            count += 1;
        }
        if count > 0 {
            self.fraction_lost = blocks[..count].iter().map(|(block, _)| block.fraction_lost).max();
            writer.receiver_report(self.reporter_ssrc, &blocks[..count]);
        }
    }

    fn send_transport_feedback(&mut self, outbox: &mut Outbox) {
        let mut body = [0; MAX_FEEDBACK_LEN];
        while let Some(len) = self.arrivals.feedback(&mut body) {
            let mut plain = [0; MAX_FEEDBACK_LEN + 16];
            let mut writer = Writer::new(&mut plain);
            writer.transport_wide(self.reporter_ssrc, self.twcc_media_ssrc, &body[..len]);
            let len = writer.len();
            self.send_rtcp(&plain[..len], outbox);
        }
    }

    fn send_rtcp(&mut self, plain: &[u8], outbox: &mut Outbox) {
        if plain.is_empty() {
            return;
        }
        let Some((path, outbound)) = self.transport.outbound() else { return };
        let room = outbox.room();
        room[..plain.len()].copy_from_slice(plain);
        if let Ok(len) = outbound.seal_rtcp(room, plain.len()) {
            outbox.commit(path, len);
        }
    }
}
