//! One receiving m-line: packets of whichever source feeds it, renumbered into one continuous stream.
//!
//! ```text
//! source A   …100 101 102           (timestamps of A)
//! source B              7   8   9…  (timestamps of B, entered at a key frame)
//! line       …500 501 502 503 504 505…  sequence numbers run on; the timestamp advances by the time that passed
//! ```

use std::time::{Duration, Instant};

use crate::{
    clock::ticks_in,
    codec::Codec,
    limits::{KEYFRAME_BACKOFF_RESET, KEYFRAME_REQUEST_INTERVAL, MAX_KEYFRAME_BACKOFF, MAX_SPANS},
    payload::{Entry, vp8::Renumber},
    ring::Kept,
    rtp::{FIXED_HEADER_LEN, RtpHeader, write_fixed_header},
    sdp::{SubscribeLine, SubscribePayload},
    sequence::nearest,
    track::TrackRef,
};

/// A stretch of the outgoing stream that came from one source.
#[derive(Debug, Clone, Copy)]
struct Span {
    track: TrackRef,
    payload: SubscribePayload,
    /// First extended sequence number of the source that belongs to it.
    first_index: u64,
    /// First outgoing sequence number that belongs to it: its first packet's, or that of the parameter sets before it.
    first_out: u64,
    /// Outgoing minus source sequence number, modulo 2^64.
    index_offset: u64,
    /// Outgoing minus source timestamp, modulo 2^32.
    timestamp_offset: u32,
    renumber: Renumber,
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
    wanted: Option<TrackRef>,
    next_index: u64,
    last_timestamp: u32,
    last_sent: Option<Instant>,
    next_rtx: u64,
    /// Fraction lost of the last report on it, of 256.
    pub(crate) fraction_lost: Option<u8>,
    key_frame_asked: Option<Instant>,
    key_frame_backoff: Duration,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

impl Line {
    pub(crate) fn new(spec: SubscribeLine) -> Self {
        Self {
            next_index: u64::from(spec.first_sequence),
            last_timestamp: spec.first_timestamp,
            spec,
            current: None,
            past: Vec::with_capacity(MAX_SPANS),
            wanted: None,
            last_sent: None,
            next_rtx: 0,
            fraction_lost: None,
            key_frame_asked: None,
            key_frame_backoff: KEYFRAME_REQUEST_INTERVAL,
            packets: 0,
            octets: 0,
        }
    }

    /// The track that feeds it.
    pub(crate) fn current(&self) -> Option<TrackRef> {
        self.current.map(|span| span.track)
    }

    /// The track that shall feed it.
    pub(crate) fn wanted(&self) -> Option<TrackRef> {
        self.wanted
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

    /// Sets which track shall feed it. Without one it falls silent at once; a new one enters at its next key frame.
    pub(crate) fn want(&mut self, wanted: Option<TrackRef>) {
        self.wanted = wanted;
        if wanted.is_none() {
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

    fn leave(&mut self) {
        if let Some(span) = self.current.take() {
            if self.past.len() == MAX_SPANS {
                self.past.remove(0);
            }
            self.past.push(span);
        }
    }

    /// Whether and how a packet of `track` goes out on this line.
    pub(crate) fn offer(&self, track: TrackRef, index: u64, entry: Entry) -> Offered {
        if let Some(span) = self.current
            && span.track == track
        {
            // Late packets from before the entry belong to nobody here.
            return if index >= span.first_index { Offered::Forward } else { Offered::Skipped };
        }
        match entry {
            _ if self.wanted != Some(track) => Offered::Skipped,
            Entry::Here | Entry::AfterParameterSets => Offered::Enter,
            Entry::No => Offered::Skipped,
        }
    }

    /// Makes `track` the current source from packet `index` on. `ahead` packets of ours go before it.
    pub(crate) fn enter(
        &mut self,
        now: Instant,
        track: TrackRef,
        codec: Codec,
        kept: &Kept<'_>,
        ahead: u64,
    ) -> Option<TrackRef> {
        let payload = self.payload_for(codec)?;
        let previous = self.current();
        let mut renumber = self
            .current
            .map_or_else(|| self.past.last().map(|span| span.renumber).unwrap_or_default(), |span| span.renumber);
        if codec == Codec::Vp8 {
            renumber.switch(kept.payload);
        }
        self.leave();
        let timestamp = match self.last_sent {
            // At least one tick: a new picture must not look like part of the last.
            Some(at) => {
                let elapsed = ticks_in(now.saturating_duration_since(at), codec.clock_rate());
                self.last_timestamp.wrapping_add(elapsed.max(1))
            }
            None => self.last_timestamp,
        };
        self.current = Some(Span {
            track,
            payload,
            first_index: kept.index,
            first_out: self.next_index,
            index_offset: (self.next_index + ahead).wrapping_sub(kept.index),
            timestamp_offset: timestamp.wrapping_sub(kept.timestamp),
            renumber,
        });
        previous
    }

    /// Writes the packet `kept` of the current source, as it goes out, into `room`. Returns its length and index.
    pub(crate) fn write(
        &mut self,
        now: Instant,
        kept: &Kept<'_>,
        entering: bool,
        room: &mut [u8],
    ) -> Option<(usize, u64)> {
        let span = self.current.as_mut()?;
        let index = kept.index.wrapping_add(span.index_offset);
        let timestamp = kept.timestamp.wrapping_add(span.timestamp_offset);
        let mut header = RtpHeader::fixed(span.payload.number, index as u16, timestamp, self.spec.ssrc);
        // The first packet of a voice starts a talk spurt (RFC 3551 section 4.1).
        header.marker = kept.marker || (entering && self.spec.audio);
        header.padding = kept.padding;
        let len = write_packet(room, &header, &[], kept.payload)?;
        if span.payload.codec == Codec::Vp8 {
            span.renumber.apply(&mut room[FIXED_HEADER_LEN..len]);
        }
        if index >= self.next_index {
            self.next_index = index + 1;
            self.last_timestamp = timestamp;
            self.last_sent = Some(now);
        }
        self.count(kept.payload.len());
        Some((len, index))
    }

    /// Writes a packet of our own (parameter sets) that precedes the entry packet `kept`.
    pub(crate) fn write_ahead(&mut self, kept: &Kept<'_>, payload: &[u8], room: &mut [u8]) -> Option<(usize, u64)> {
        let span = self.current.as_ref()?;
        let index = kept.index.wrapping_add(span.index_offset) - 1;
        let timestamp = kept.timestamp.wrapping_add(span.timestamp_offset);
        let header = RtpHeader::fixed(span.payload.number, index as u16, timestamp, self.spec.ssrc);
        let len = write_packet(room, &header, &[], payload)?;
        self.count(payload.len());
        Some((len, index))
    }

    fn count(&mut self, payload: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload as u32);
    }

    /// Which packet of which track went out as `sequence`, if the line still knows.
    pub(crate) fn origin_of(&self, sequence: u16) -> Option<(TrackRef, u64)> {
        let index = nearest(self.next_index.checked_sub(1)?, sequence);
        let span = self.span_of(index)?;
        let origin = index.wrapping_sub(span.index_offset);
        // Parameter sets of ours came from no packet of the source.
        (origin >= span.first_index).then_some((span.track, origin))
    }

    fn span_of(&self, index: u64) -> Option<&Span> {
        let spans = self.current.iter().chain(self.past.iter().rev());
        // The youngest span that began at or before `index`.
        spans.into_iter().find(|span| index >= span.first_out && index < self.next_index)
    }

    /// Writes the packet `kept` again: on the retransmission stream (RFC 4588) if negotiated, else as it was. Returns its
    /// length, SSRC and index.
    pub(crate) fn write_again(&mut self, sequence: u16, kept: &Kept<'_>, room: &mut [u8]) -> Option<(usize, u32, u64)> {
        let index = nearest(self.next_index.checked_sub(1)?, sequence);
        let mut span = *self.span_of(index)?;
        let timestamp = kept.timestamp.wrapping_add(span.timestamp_offset);
        let (number, ssrc, out_index, original) = match span.payload.rtx {
            Some(rtx) => {
                self.next_rtx += 1;
                (rtx, self.spec.rtx_ssrc, self.next_rtx, Some((index as u16).to_be_bytes()))
            }
            None => (span.payload.number, self.spec.ssrc, index, None),
        };
        let mut header = RtpHeader::fixed(number, out_index as u16, timestamp, ssrc);
        header.marker = kept.marker;
        header.padding = kept.padding;
        let original = original.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        let len = write_packet(room, &header, original, kept.payload)?;
        if span.payload.codec == Codec::Vp8 {
            span.renumber.apply(&mut room[FIXED_HEADER_LEN + original.len()..len]);
        }
        Some((len, ssrc, out_index))
    }

    /// The outgoing timestamp that corresponds to the current source's `timestamp`.
    pub(crate) fn outgoing_timestamp(&self, timestamp: u32) -> Option<u32> {
        self.current.map(|span| timestamp.wrapping_add(span.timestamp_offset))
    }
}

fn write_packet(room: &mut [u8], header: &RtpHeader, prefix: &[u8], payload: &[u8]) -> Option<usize> {
    let len = FIXED_HEADER_LEN + prefix.len() + payload.len();
    let out = room.get_mut(..len)?;
    let (head, body) = out.split_first_chunk_mut::<FIXED_HEADER_LEN>()?;
    write_fixed_header(head, header);
    body[..prefix.len()].copy_from_slice(prefix);
    body[prefix.len()..].copy_from_slice(payload);
    Some(len)
}
