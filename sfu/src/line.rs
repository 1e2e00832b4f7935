//! One receiving m-line: packets of whichever source feeds it, renumbered into one continuous stream.
//!
//! ```text
//! source A   …100 101 102           (timestamps of A)
//! source B              7   8   9…  (timestamps of B, entered at a key frame)
//! line       …500 501 502 503 504 505…  sequence numbers run on; the timestamp advances by the time that passed
//! ```

mod thin;

use std::time::{Duration, Instant};

use thin::{Going, Thin};

use crate::{
    allocation::{Pace, Part},
    clock::{Mapping, ticks_in},
    codec::Codec,
    command::{ParticipantKey, Shown},
    fanout::FanoutRef,
    limits::{
        KEYFRAME_BACKOFF_RESET, KEYFRAME_REQUEST_INTERVAL, MAX_KEYFRAME_BACKOFF, MAX_REDUNDANCY, MAX_SPANS,
        MAX_UDP_PAYLOAD,
    },
    outgoing::{ORIGINAL_NUMBER_LEN, Outgoing, Repeats, Written},
    payload::{Entry, vp8::Renumber},
    playout_delay::PlayoutDelay,
    red::Voice,
    ring::{Kept, PacketRing},
    rtcp::ReportBlock,
    rtp::{Elements, NUMBERED_HEADER_LEN, RtpHeader},
    sdp::{SubscribeLine, SubscribePayload},
    seats::Source,
    sent_voices::{SentVoice, SentVoices},
    sequence::nearest,
    srtp::{MAX_OVERHEAD, ReplayWindow},
    temporal::ALL,
};

/// Streams a line is attached to at most: what feeds it, and what shall.
const MAX_ATTACHED: usize = 2;
/// Bytes by which a playout delay makes a header longer.
const DELAYED_EXTRA: usize = 4;
/// Longer than this no picture waits to be sent: who says so has a clock that leapt.
const MOST_WAITED: Duration = Duration::from_secs(3);
/// Pictures with which a playout delay is told: it holds from the first that arrives.
const DELAY_TOLD_WITH: u8 = 40;
/// Length of a voice's packets as browsers and encoders make them.
const VOICE_LENGTH: Duration = Duration::from_millis(20);
/// Ticks of a voice in a second (RFC 7587 section 4.1).
const VOICE_RATE: u32 = 48_000;
/// An Opus packet with one frame of no bytes (RFC 6716 section 3.1: 20 ms, one channel): its decoder lets what it has fade away.
const SILENCE: [u8; 1] = [0xf8];

/// A stretch of the outgoing stream that came from one source.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: FanoutRef,
    /// Whose media it is.
    participant: Option<ParticipantKey>,
    payload: SubscribePayload,
    /// First extended sequence number of the source that belongs to it.
    first_index: u64,
    /// First outgoing sequence number that belongs to it: its first packet's, or that of the parameter sets before it.
    first_out: u64,
    /// Outgoing minus source sequence number, modulo 2^64.
    index_offset: u64,
    /// Outgoing minus source timestamp, modulo 2^32.
    timestamp_offset: u32,
    /// Whether that shows when its pictures were captured: not where they were captured before what went out last.
    is_on_time: bool,
    /// Source timestamp up to which pictures come late.
    live_from: Option<u32>,
    renumber: Renumber,
    /// Source timestamp of the newest packet of it that went out.
    newest_timestamp: u32,
    /// Whether packets of it may be left out.
    is_thinned: bool,
}

/// Pictures that come late are shown in so many times less time than they took: whoever shows them as they come is not late
/// for the rest of the lesson.
const CATCH_UP: u32 = 64;

/// The time at which a picture of `timestamp` is shown.
fn caught_up(timestamp: u32, live_from: Option<u32>) -> u32 {
    let Some(live_from) = live_from else { return timestamp };
    let behind = live_from.wrapping_sub(timestamp);
    if behind < 1 << 31 { live_from.wrapping_sub(behind / CATCH_UP) } else { timestamp }
}

impl Span {
    fn timestamp(&self, kept: &Kept<'_>) -> u32 {
        caught_up(kept.timestamp, self.live_from).wrapping_add(self.timestamp_offset)
    }

    /// The first packet of a voice starts a talk spurt (RFC 3551 section 4.1).
    fn marker(&self, audio: bool, kept: &Kept<'_>) -> bool {
        kept.marker || (audio && kept.index == self.first_index)
    }
}

/// What became of a packet offered to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    /// Not for this line now.
    Skipped,
    /// To be sent, as the current source's next packet.
    Forward,
    /// To be sent, as the first of a new source.
    Enter,
}

/// A receiving m-line.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) spec: SubscribeLine,
    current: Option<Span>,
    past: Vec<Span>,
    thin: Thin,
    wanted: Option<FanoutRef>,
    /// The streams that have it among their lines. What it lets go of by itself stays among them until it is fed anew.
    pub(crate) attached: Vec<FanoutRef>,
    /// Whose picture or voice it shows.
    pub(crate) source: Option<Source>,
    /// Which part of the lesson that is.
    pub(crate) part: Part,
    /// Which of the source's layers was chosen last, and how it is sent.
    chosen: Option<(u8, Pace)>,
    /// A stream of which it is given the newest key frame with what followed, and the timestamp of the newest of these.
    pub(crate) replayed: Option<(FanoutRef, u32)>,
    /// The last still it was given, where it carries no more than stills.
    pub(crate) last_still: Option<(FanoutRef, u64)>,
    /// How large its picture is shown, once told.
    pub(crate) shown: Option<Shown>,
    next_index: u64,
    last_timestamp: u32,
    last_sent: Option<Instant>,
    /// Which of its timestamps was at which time of the server's clock, by the last sender report on media of this participant.
    reported: Option<(ParticipantKey, Mapping)>,
    next_rtx: u64,
    /// How its last packets went, where they are sent again in place.
    sent_voices: Option<Box<SentVoices>>,
    /// Which earlier packets a voice repeats: bit 0 is the last, bit 1 the one before.
    pub(crate) redundancy: u8,
    /// How long its pictures may be kept, and with how many more of them that is told.
    delay: Option<PlayoutDelay>,
    delay_told_with: u8,
    /// Which packets were sealed: a nonce must never be used for two texts, whatever leads to the second.
    sealed: ReplayWindow,
    /// Fraction lost of the last report on it, of 256.
    pub(crate) fraction_lost: Option<u8>,
    /// Highest sequence number of the last report on it.
    highest_reported: Option<u32>,
    /// Packets that arrived, by its reports.
    pub(crate) arrived: u64,
    /// Whether its receiver asked for a key frame when none could leave.
    pub(crate) has_missed: bool,
    key_frame_asked: Option<Instant>,
    key_frame_backoff: Duration,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

impl Line {
    pub(crate) fn new(spec: SubscribeLine) -> Self {
        let in_place = spec.audio && spec.payloads.iter().any(SubscribePayload::is_sent_again_in_place);
        let sent_voices = in_place.then(|| Box::new(SentVoices::new()));
        Self {
            next_index: u64::from(spec.first_sequence),
            last_timestamp: spec.first_timestamp,
            spec,
            current: None,
            past: Vec::with_capacity(MAX_SPANS),
            thin: Thin::default(),
            wanted: None,
            attached: Vec::with_capacity(MAX_ATTACHED),
            source: None,
            part: Part::Camera,
            chosen: None,
            replayed: None,
            last_still: None,
            shown: None,
            last_sent: None,
            reported: None,
            next_rtx: 0,
            sent_voices,
            redundancy: 0,
            delay: None,
            delay_told_with: 0,
            sealed: ReplayWindow::default(),
            fraction_lost: None,
            highest_reported: None,
            arrived: 0,
            has_missed: false,
            key_frame_asked: None,
            key_frame_backoff: KEYFRAME_REQUEST_INTERVAL,
            packets: 0,
            octets: 0,
        }
    }

    /// Takes in a receiver report on it. A report that claims more than was sent counts for what was sent.
    pub(crate) fn reported(&mut self, block: &ReportBlock) {
        self.fraction_lost = Some(block.fraction_lost);
        let before = self.highest_reported.replace(block.highest_sequence);
        let first = u32::from(self.spec.first_sequence).wrapping_sub(1);
        let advance = block.highest_sequence.wrapping_sub(before.unwrap_or(first));
        // Reordered reports go back.
        let advance = if advance < 1 << 31 { u64::from(advance) } else { 0 };
        let arrived = advance * (256 - u64::from(block.fraction_lost)) / 256;
        self.arrived = (self.arrived + arrived).min(u64::from(self.packets));
    }

    /// The stream that feeds it.
    pub(crate) fn current(&self) -> Option<FanoutRef> {
        self.current.map(|span| span.from)
    }

    /// The stream that shall feed it.
    pub(crate) fn wanted(&self) -> Option<FanoutRef> {
        self.wanted
    }

    /// Which of the source's layers was chosen last, and how it is sent.
    pub(crate) fn chosen(&self) -> Option<(u8, Pace)> {
        self.chosen
    }

    /// The streams it is to be attached to: what feeds it, and what shall.
    pub(crate) fn streams(&self) -> [Option<FanoutRef>; 2] {
        let current = self.current();
        [current, self.wanted.filter(|_| self.wanted != current)]
    }

    /// The payload types under which it takes `codec`, if it does.
    pub(crate) fn payload_for(&self, codec: Codec) -> Option<SubscribePayload> {
        self.spec.payloads.iter().copied().find(|payload| payload.codec == codec).or_else(|| {
            // A constrained baseline stream is also a baseline one, and plays wherever a higher profile does.
            let Codec::H264(profile) = codec else { return None };
            let higher = |p: &&SubscribePayload| matches!(p.codec, Codec::H264(offered) if offered >= profile);
            self.spec.payloads.iter().find(higher).copied()
        })
    }

    /// Sets which stream shall feed it: a new one enters at its next key frame. The one that feeds it goes on until then if
    /// `holds`, else it falls silent at once.
    pub(crate) fn want(&mut self, wanted: Option<FanoutRef>, holds: bool) {
        self.wanted = wanted;
        if wanted.is_none() || (!holds && self.current() != wanted) {
            self.leave();
        }
    }

    /// Whether a key frame it asks for is to be passed on. One that waits to enter always may; one that has the picture
    /// and keeps asking costs everyone else theirs, so it may ever more rarely.
    pub(crate) fn may_ask_key_frame(&mut self, now: Instant) -> bool {
        if self.current() != self.wanted {
            return true;
        }
        let since = self.key_frame_asked.map(|at| now.saturating_duration_since(at));
        if since.is_some_and(|since| since < self.key_frame_backoff) {
            return false;
        }
        let calm = since.is_none_or(|since| since > KEYFRAME_BACKOFF_RESET);
        let doubled = (self.key_frame_backoff * 2).min(MAX_KEYFRAME_BACKOFF);
        self.key_frame_backoff = if calm { KEYFRAME_REQUEST_INTERVAL } else { doubled };
        self.key_frame_asked = Some(now);
        true
    }

    /// Lets go of what feeds it; what is wanted enters at its next key frame.
    pub(crate) fn leave(&mut self) {
        if let Some(span) = self.current.take() {
            if self.past.len() == MAX_SPANS {
                self.past.remove(0);
            }
            self.past.push(span);
        }
    }

    /// Whether and how a packet of `from` goes out on this line.
    pub(crate) fn offer(&self, from: FanoutRef, index: u64, entry: Entry) -> Offered {
        if let Some(span) = self.current
            && span.from == from
        {
            // Late packets from before the entry belong to nobody here.
            return if index >= span.first_index { Offered::Forward } else { Offered::Skipped };
        }
        match entry {
            _ if self.wanted != Some(from) => Offered::Skipped,
            Entry::Here | Entry::AfterParameterSets => Offered::Enter,
            Entry::No => Offered::Skipped,
        }
    }

    /// Makes `from` the current source from the packet `kept` on; `mapping` is its clock. `ahead` packets of ours go before it.
    pub(crate) fn enter(
        &mut self,
        now: Instant,
        (from, mapping): (FanoutRef, Option<Mapping>),
        codec: Codec,
        kept: &Kept<'_>,
        ahead: u64,
    ) -> Option<FanoutRef> {
        let payload = self.payload_for(codec)?;
        let previous = self.current();
        let mut renumber = self
            .current
            .map_or_else(|| self.past.last().map(|span| span.renumber).unwrap_or_default(), |span| span.renumber);
        if codec == Codec::Vp8 {
            renumber.switch(kept.payload);
        }
        self.leave();
        let live_from = self.replayed.take().filter(|(stream, _)| *stream == from).map(|(_, live_from)| live_from);
        let participant = self.source.map(|source| source.participant);
        let first = caught_up(kept.timestamp, live_from);
        let (timestamp_offset, is_on_time) =
            self.timestamp_offset(now, first, participant.zip(mapping), codec.clock_rate());
        self.current = Some(Span {
            from,
            participant,
            payload,
            first_index: kept.index,
            first_out: self.next_index,
            index_offset: (self.next_index + ahead).wrapping_sub(kept.index),
            timestamp_offset,
            is_on_time,
            live_from,
            renumber,
            newest_timestamp: kept.timestamp,
            is_thinned: self.thin.begin(),
        });
        previous
    }

    /// What a new source's timestamps are shifted by, the first of which is `first`, and whether that shows when its pictures were
    /// captured: they go on from the last by the time that passed. For pictures of one publisher that is the time between their
    /// captures, where its clock is known: how long each waited to be sent must not count, or receivers keep what follows for longer
    /// or shorter than they were told to.
    fn timestamp_offset(
        &self,
        now: Instant,
        first: u32,
        clock: Option<(ParticipantKey, Mapping)>,
        rate: u32,
    ) -> (u32, bool) {
        let Some(at) = self.last_sent else { return (self.last_timestamp.wrapping_sub(first), true) };
        // A new picture must not look like part of the last, and a new voice not overlap it.
        let least = if self.spec.audio { ticks_in(VOICE_LENGTH, rate) } else { 1 };
        let elapsed = ticks_in(now.saturating_duration_since(at), rate).max(least);
        let after = |ticks: u32| self.last_timestamp.wrapping_add(ticks).wrapping_sub(first);
        let clocks = clock.zip(self.reported).filter(|((theirs, _), (ours, _))| theirs == ours && !self.spec.audio);
        let Some(((_, theirs), (_, ours))) = clocks else { return (after(elapsed), true) };
        let by_capture = ours.rtp.wrapping_sub(theirs.rtp_at(ours.ntp, rate));
        let passed = first.wrapping_add(by_capture).wrapping_sub(self.last_timestamp) as i32;
        let most = ticks_in(MOST_WAITED, rate) as i32;
        match passed {
            _ if passed > most.saturating_add(elapsed as i32) || passed < -most => (after(elapsed), true),
            1.. => (by_capture, true),
            _ => (after(1), false),
        }
    }

    /// The header extensions of a packet with `payload` bytes: one that they would make too long for some line goes without.
    fn elements(&self, payload: usize, number: u16, delayed: bool) -> Elements<'static> {
        let fits = NUMBERED_HEADER_LEN + ORIGINAL_NUMBER_LEN + payload + MAX_OVERHEAD <= MAX_UDP_PAYLOAD;
        let fits_delay = fits && payload + DELAYED_EXTRA < MAX_UDP_PAYLOAD - MAX_OVERHEAD - NUMBERED_HEADER_LEN;
        let delay = self.delay.filter(|_| delayed && fits_delay);
        Elements {
            transport_number: self.spec.twcc_extension.filter(|_| fits).map(|id| (id, number)),
            playout_delay: self.spec.delay_extension.zip(delay).map(|(id, delay)| (id, delay.write())),
            mid: None,
        }
    }

    /// What a voice repeats of the packets before it that are still there.
    fn repeats<'r>(&self, kept: &Kept<'_>, ring: &'r PacketRing, which: u8) -> (Option<Repeats<'r>>, u8) {
        let Some(span) = self.current.as_ref() else { return (None, 0) };
        let Some(red_number) = span.payload.red.filter(|_| which > 0 && !kept.padding) else { return (None, 0) };
        let mut repeats = Repeats { red_number, earlier: [None; MAX_REDUNDANCY] };
        let mut repeated = 0;
        for (back, slot) in repeats.earlier.iter_mut().enumerate().filter(|(back, _)| which & 1 << back != 0) {
            let index = kept.index.checked_sub(back as u64 + 1).filter(|&index| index >= span.first_index);
            let earlier = index.and_then(|index| ring.find(index)).filter(|earlier| !earlier.padding);
            *slot = earlier.map(|earlier| Voice { timestamp: span.timestamp(&earlier), payload: earlier.payload });
            repeated |= u8::from(slot.is_some()) << back;
        }
        (Some(repeats), repeated)
    }

    /// Writes the packet `kept` of the current source, as it goes out, into `room`, with `padding` more bytes of padding.
    /// `number` is the next of the transport, for a line that carries one; `ring` has the packets before it.
    pub(crate) fn write(
        &mut self,
        now: Instant,
        (kept, ring): (&Kept<'_>, &PacketRing),
        number: u16,
        padding: usize,
        room: &mut [u8],
    ) -> Option<Written> {
        let which = if self.spec.audio { self.redundancy } else { 0 };
        let (repeats, repeated) = self.repeats(kept, ring, which);
        let is_told = kept.marker && self.delay_told_with > 0;
        let elements = self.elements(kept.payload.len(), number, is_told);
        let Going { index, left_out, is_filling } = self.thin.decide(self.current.as_ref()?, kept)?;
        if is_filling {
            return self.write_filling(now, kept, index, number, room);
        }
        self.delay_told_with -= u8::from(is_told);
        let span = self.current.as_mut()?;
        let timestamp = span.timestamp(kept);
        let mut header = RtpHeader::fixed(span.payload.number, index as u16, timestamp, self.spec.ssrc);
        header.marker = span.marker(self.spec.audio, kept);
        header.padding = kept.padding;
        // What is sent again in place must be the same to the last bit: a nonce is never used for two texts.
        let in_place = span.payload.is_sent_again_in_place();
        let padding = if in_place { 0 } else { padding };
        let has_repeats = repeats.is_some();
        let packet = Outgoing { header, elements, original: None, payload: kept.payload, repeats, padding };
        let written = packet.write(index, room).filter(|_| self.sealed.first(index))?;
        if span.payload.codec == Codec::Vp8 {
            span.renumber.apply_thinned(&mut room[written.header_len..written.len], left_out);
        }
        if let Some(sent) = self.sent_voices.as_mut().filter(|_| in_place) {
            let number = written.is_numbered.then_some(number);
            sent.sent(index, number, has_repeats.then_some(repeated));
        }
        if index >= self.next_index {
            span.newest_timestamp = kept.timestamp;
        }
        self.advance(now, index, timestamp);
        self.count(kept.payload.len());
        Some(written)
    }

    fn advance(&mut self, now: Instant, index: u64, timestamp: u32) {
        if index >= self.next_index {
            self.next_index = index + 1;
            self.last_timestamp = timestamp;
            self.last_sent = Some(now);
        }
    }

    /// Writes a packet of our own (parameter sets) that precedes the entry packet `kept`.
    pub(crate) fn write_ahead(
        &mut self,
        kept: &Kept<'_>,
        payload: &[u8],
        number: u16,
        room: &mut [u8],
    ) -> Option<Written> {
        let elements = self.elements(payload.len(), number, false);
        let span = self.current.as_ref()?;
        let index = kept.index.wrapping_add(span.index_offset) - 1;
        let timestamp = span.timestamp(kept);
        let header = RtpHeader::fixed(span.payload.number, index as u16, timestamp, self.spec.ssrc);
        let packet = Outgoing { header, elements, original: None, payload, repeats: None, padding: 0 };
        let written = packet.write(index, room).filter(|_| self.sealed.first(index))?;
        self.count(payload.len());
        Some(written)
    }

    /// Writes a packet of silence behind the last one of a voice that has ended. A receiver for which a voice just stops makes up
    /// how it might have gone on; after this one it stays quiet (the start of a DTX pause, RFC 7587 section 3.1.3).
    pub(crate) fn write_silence(&mut self, now: Instant, number: u16, room: &mut [u8]) -> Option<Written> {
        let span = self.past.last().filter(|span| self.current.is_none() && span.payload.codec == Codec::Opus)?;
        // Where the voice had stopped before, it must not look like one that was long on its way.
        let last = self.last_sent?;
        let at = now.max(last + VOICE_LENGTH);
        let (index, ticks) = (self.next_index, ticks_in(at.saturating_duration_since(last), VOICE_RATE));
        let timestamp = self.last_timestamp.wrapping_add(ticks);
        let header = RtpHeader::fixed(span.payload.number, index as u16, timestamp, self.spec.ssrc);
        let elements = self.elements(SILENCE.len(), number, false);
        let packet = Outgoing { header, elements, original: None, payload: &SILENCE, repeats: None, padding: 0 };
        let written = packet.write(index, room).filter(|_| self.sealed.first(index))?;
        self.advance(at, index, timestamp);
        self.count(SILENCE.len());
        Some(written)
    }

    fn count(&mut self, payload: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload as u32);
    }

    /// Which packet of which stream went out as `sequence`, if the line still knows.
    pub(crate) fn origin_of(&self, sequence: u16) -> Option<(FanoutRef, u64)> {
        let index = nearest(self.next_index.checked_sub(1)?, sequence);
        let span = self.span_of(index)?;
        Some((span.from, self.thin.origin(span, self.is_current(span), index)?))
    }

    fn is_current(&self, span: &Span) -> bool {
        self.current.as_ref().is_some_and(|current| current.first_out == span.first_out)
    }

    /// Whether a packet went out before its picture last began anew, or is about to: a key frame makes it useless.
    pub(crate) fn is_outdated(&self, sequence: u16) -> bool {
        let first = self.current.as_ref().map_or(self.next_index, |span| span.first_out);
        !self.spec.audio && nearest(self.next_index, sequence) < first
    }

    fn span_of(&self, index: u64) -> Option<&Span> {
        let spans = self.current.iter().chain(self.past.iter().rev());
        // The youngest span that began at or before `index`.
        spans.into_iter().find(|span| index >= span.first_out && index < self.next_index)
    }

    /// Writes the packet `kept` again: on the retransmission stream (RFC 4588) if there is one, else as it was.
    pub(crate) fn write_again(
        &mut self,
        sequence: u16,
        (kept, ring): (&Kept<'_>, &PacketRing),
        number: u16,
        room: &mut [u8],
    ) -> Option<Written> {
        let index = nearest(self.next_index.checked_sub(1)?, sequence);
        let mut span = *self.span_of(index)?;
        let going = self.thin.again(&span, self.is_current(&span), kept).filter(|going| going.index == index)?;
        let Some(rtx) = span.payload.rtx else { return self.write_in_place(&going, &span, (kept, ring), room) };
        self.next_rtx += 1;
        let mut header = RtpHeader::fixed(rtx, self.next_rtx as u16, span.timestamp(kept), self.spec.rtx_ssrc);
        header.marker = span.marker(self.spec.audio, kept);
        header.padding = kept.padding && !going.is_filling;
        header.marker &= !going.is_filling;
        let (payload, padding) = if going.is_filling { (&[][..], thin::FILLING) } else { (kept.payload, 0) };
        let elements = self.elements(payload.len(), number, false);
        let original = Some(index as u16);
        let packet = Outgoing { header, elements, original, payload, repeats: None, padding };
        let written = packet.write(self.next_rtx, room)?;
        if span.payload.codec == Codec::Vp8 && !going.is_filling {
            let payload = &mut room[written.header_len + ORIGINAL_NUMBER_LEN..written.len];
            span.renumber.apply_thinned(payload, going.left_out);
        }
        Some(written)
    }

    /// Writes a packet of nothing but padding, `len` bytes of it (1 to 255), on the retransmission stream: it probes the line.
    pub(crate) fn write_padding(&mut self, len: usize, number: u16, room: &mut [u8]) -> Option<Written> {
        let rtx = self.spec.payloads.iter().find_map(|payload| payload.rtx)?;
        self.spec.twcc_extension?;
        self.next_rtx += 1;
        let header = RtpHeader::fixed(rtx, self.next_rtx as u16, self.last_timestamp, self.spec.rtx_ssrc);
        let (elements, padding) = (self.elements(0, number, false), len.clamp(1, 255));
        let packet = Outgoing { header, elements, original: None, payload: &[], repeats: None, padding };
        packet.write(self.next_rtx, room)
    }

    /// A packet of the stream that feeds it, `back` before the newest: its number there, and the one it went out with.
    pub(crate) fn newest(&self, back: u64) -> Option<(FanoutRef, u64, u16)> {
        let span = self.current.as_ref().filter(|span| span.payload.rtx.is_some())?;
        self.spec.twcc_extension?;
        let index = self.next_index.checked_sub(1 + back).filter(|&index| index >= span.first_out)?;
        Some((span.from, self.thin.origin(span, true, index)?, index as u16))
    }

    /// The very bytes that went before. Their transport-wide number, if they had one, is an old one.
    fn write_in_place(
        &self,
        going: &Going,
        span: &Span,
        (kept, ring): (&Kept<'_>, &PacketRing),
        room: &mut [u8],
    ) -> Option<Written> {
        if !span.payload.is_sent_again_in_place() {
            return None;
        }
        // Where a filling goes now, something else may have gone before, and what has not gone yet may go otherwise: a nonce
        // is never used for two texts.
        if span.is_thinned && (going.is_filling || !self.sealed.has(going.index)) {
            return None;
        }
        let index = going.index;
        // Pictures of such a line neither have a number nor repeat anything.
        let (number, repeats) = match &self.sent_voices {
            Some(sent) => self.repeated_as(sent.find(index)?, span, (kept, ring))?,
            None => (None, None),
        };
        let mut header = RtpHeader::fixed(span.payload.number, index as u16, span.timestamp(kept), self.spec.ssrc);
        header.marker = span.marker(self.spec.audio, kept);
        header.padding = kept.padding;
        let elements = Elements { transport_number: self.spec.twcc_extension.zip(number), ..Elements::default() };
        let packet = Outgoing { header, elements, original: None, payload: kept.payload, repeats, padding: 0 };
        let mut written = packet.write(index, room)?;
        written.is_numbered = false;
        if span.payload.codec == Codec::Vp8 {
            let mut renumber = span.renumber;
            renumber.apply_thinned(&mut room[written.header_len..written.len], going.left_out);
        }
        Some(written)
    }

    /// The number that a voice went with and what it repeated; none where that is not all there any more.
    fn repeated_as<'r>(
        &self,
        sent: SentVoice,
        span: &Span,
        (kept, ring): (&Kept<'_>, &'r PacketRing),
    ) -> Option<(Option<u16>, Option<Repeats<'r>>)> {
        self.is_current(span).then_some(())?;
        let Some(which) = sent.repeated else { return Some((sent.number, None)) };
        let (repeats, repeated) = self.repeats(kept, ring, which);
        // One that repeated nothing for want of anything still went as such.
        let none = || span.payload.red.map(|red_number| Repeats { red_number, earlier: [None; MAX_REDUNDANCY] });
        (repeated == which).then(|| (sent.number, repeats.or_else(none)))
    }

    /// Sets which layer it is given and how. Between stills and moving pictures nothing runs on.
    pub(crate) fn choose(&mut self, chosen: Option<(u8, Pace)>) {
        let before = self.sends_stills();
        self.chosen = chosen;
        if before != self.sends_stills() {
            self.leave();
            self.last_still = None;
        }
        self.aim(if matches!(chosen, Some((_, Pace::Slower))) { 0 } else { ALL });
    }

    /// Whether it is given stills.
    pub(crate) fn sends_stills(&self) -> bool {
        matches!(self.chosen, Some((_, Pace::Stills)))
    }

    /// A still goes next: the first packet of it, and the rest behind.
    pub(crate) fn begin_still(&mut self, still: (FanoutRef, u64)) {
        self.leave();
        self.last_still = Some(still);
    }

    /// Whether its voice goes out with the packets before it.
    pub(crate) fn repeats_itself(&self) -> bool {
        self.spec.payloads.iter().any(|payload| payload.red.is_some())
    }

    /// How long its pictures are kept at least, as it was last told.
    pub(crate) fn least_delay(&self) -> Duration {
        self.delay.map_or(Duration::ZERO, PlayoutDelay::min)
    }

    /// Sets how long its pictures may be kept before they are shown; told to the receiver for a while.
    pub(crate) fn set_delay(&mut self, delay: PlayoutDelay) {
        if self.spec.delay_extension.is_some() && self.delay != Some(delay) {
            self.delay = Some(delay);
            self.delay_told_with = DELAY_TOLD_WITH;
        }
    }

    /// The timestamp to report for the time `ntp`, by its current source's clock.
    pub(crate) fn report(&mut self, ntp: u64, clock: Mapping) -> Option<u32> {
        let rate = if self.spec.audio { VOICE_RATE } else { 90_000 };
        let Span { timestamp_offset, participant, is_on_time, .. } = *self.current.as_ref()?;
        let rtp = clock.rtp_at(ntp, rate).wrapping_add(timestamp_offset);
        if let Some(participant) = participant.filter(|_| is_on_time) {
            self.reported = Some((participant, Mapping { ntp, rtp }));
        }
        Some(rtp)
    }
}
