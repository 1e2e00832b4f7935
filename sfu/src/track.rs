//! One stream of a publisher, an m-line or one of its simulcast layers: what arrives on it, and what is missing of that.

use std::time::Instant;

use crate::{
    clock::Mapping,
    codec::Codec,
    dependency::Structure,
    layers::Layers,
    limits::{MAX_LAYERS, SSRC_CHANGE_SILENCE},
    nack::MissingPackets,
    payload::{TemporalLayer, layering, vp9},
    reception::Reception,
    rtp::RtpHeader,
    sdp::PublishTrack,
    sequence::Unwrapper,
    spatial::{Piece, Spatial},
};

/// The stream now arriving on a track.
struct Stream {
    ssrc: u32,
    unwrapper: Unwrapper,
    missing: MissingPackets,
    reception: Reception,
    /// Last sender report: publisher's NTP time, RTP timestamp, when it arrived.
    report: Option<(u64, u32, Instant)>,
    last_arrival: Instant,
}

/// One stream of a publisher: an m-line, or one of its simulcast layers.
pub(crate) struct Track {
    pub(crate) spec: PublishTrack,
    /// Where its packets go on from: one place, or one for each of its spatial layers.
    layers: Layers,
    /// Parts them, once it has several.
    spatial: Option<Box<Spatial>>,
    stream: Option<Stream>,
    /// What its dependency descriptors refer to, where it may send any.
    structure: Option<Box<Structure>>,
    /// A key frame is wanted and has not been asked for yet.
    key_frame_wanted: bool,
    key_frame_asked: Option<Instant>,
}

/// A packet that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Extended sequence number.
    pub(crate) index: u64,
    /// The first of its stream.
    pub(crate) first: bool,
}

impl Track {
    pub(crate) fn new(spec: PublishTrack, fanout: usize, is_described: bool) -> Self {
        // The payloads of the others tell what it would.
        let structure = (is_described && matches!(spec.codec, Codec::H264(_))).then(|| Box::new(Structure::new()));
        let mut layers = Layers::default();
        layers.insert(spec.layer, fanout);
        Self { spec, layers, spatial: None, stream: None, structure, key_frame_wanted: false, key_frame_asked: None }
    }

    /// Places of the fanouts its packets go on from.
    pub(crate) fn fanouts(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        self.layers.iter()
    }

    /// The place of the fanout of one of its layers.
    pub(crate) fn fanout(&self, layer: u8) -> Option<usize> {
        self.layers.get(layer)
    }

    /// Gives one of its spatial layers a fanout of its own.
    pub(crate) fn add_fanout(&mut self, layer: u8, at: usize) {
        self.layers.insert(layer, at);
    }

    /// What packet `index` is in each of its layers, if it has several; and whether it may have: of simulcast streams only the first
    /// has room for them. A packet that cannot be read is one of the lowest: it must not have a number of the whole stream there.
    pub(crate) fn part(&mut self, index: u64, marker: bool, payload: &[u8]) -> Option<[Option<Piece>; MAX_LAYERS]> {
        if self.spec.codec != Codec::Vp9 || self.spec.layer > 0 {
            return None;
        }
        let descriptor = vp9::descriptor(payload).unwrap_or_default();
        if self.spatial.is_none() && descriptor.structure.is_some_and(|structure| structure.layers > 1) {
            let before = self.stream.as_ref().and_then(|stream| stream.unwrapper.highest());
            self.spatial = Some(Box::new(Spatial::after(before.filter(|&before| before > index))));
        }
        self.spatial.as_mut().map(|spatial| spatial.part(index, marker, &descriptor))
    }

    pub(crate) fn codec(&self) -> Codec {
        self.spec.codec
    }

    /// SSRC now arriving.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// Takes in an original packet.
    pub(crate) fn take(&mut self, header: &RtpHeader, origin: Instant, now: Instant) -> Option<Taken> {
        let first = self.stream.as_ref().is_none_or(|stream| stream.ssrc != header.ssrc);
        if first {
            // Two streams at once on one m-line would take it from each other packet by packet.
            let last = self.stream.as_ref().map(|stream| stream.last_arrival);
            if last.is_some_and(|at| now.saturating_duration_since(at) < SSRC_CHANGE_SILENCE) {
                return None;
            }
            self.begin(header, now);
        }
        let rate = self.codec().clock_rate();
        let stream = self.stream.as_mut()?;
        stream.last_arrival = now;
        let index = stream.unwrapper.unwrap(header.sequence);
        stream.reception.arrived(index, header.timestamp, origin, now, rate);
        stream.missing.arrived(index, now);
        Some(Taken { index, first })
    }

    /// Takes in a retransmission whose original sequence number was `sequence` (RFC 4588 section 4).
    pub(crate) fn take_again(&mut self, sequence: u16, now: Instant) -> Option<Taken> {
        let stream = self.stream.as_mut()?;
        // What was not sent cannot be sent again.
        let index = Some(stream.unwrapper.peek(sequence)).filter(|&index| Some(index) <= stream.unwrapper.highest())?;
        stream.missing.arrived(index, now);
        Some(Taken { index, first: false })
    }

    /// Takes in a packet that came with a later one. Whether it was missing.
    pub(crate) fn take_recovered(&mut self, index: u64) -> bool {
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.missing.misses(index)) else { return false };
        stream.missing.recovered(index);
        true
    }

    fn begin(&mut self, header: &RtpHeader, now: Instant) {
        let mut unwrapper = Unwrapper::default();
        let first = unwrapper.unwrap(header.sequence);
        let stream = Stream {
            ssrc: header.ssrc,
            unwrapper,
            missing: MissingPackets::new(!self.codec().is_video()),
            reception: Reception::new(first),
            report: None,
            last_arrival: now,
        };
        self.stream = Some(stream);
        self.spatial = None;
        if let Some(structure) = &mut self.structure {
            **structure = Structure::new();
        }
    }

    /// The temporal layer of a packet that was taken in: what its dependency descriptor tells, or else its payload.
    pub(crate) fn layer(&mut self, descriptor: Option<&[u8]>, payload: &[u8]) -> TemporalLayer {
        let structure = self.structure.as_mut().zip(descriptor);
        match structure.and_then(|(structure, descriptor)| structure.read(descriptor).ok()) {
            Some(frame) => frame.layering().into(),
            None => layering(self.spec.codec, payload).into(),
        }
    }

    /// Notes a sender report.
    pub(crate) fn reported(&mut self, ntp: u64, rtp: u32, now: Instant) {
        if let Some(stream) = &mut self.stream {
            stream.report = Some((ntp, rtp, now));
        }
    }

    /// The source's clock on the server's, given how far the publisher's clock is behind (in NTP units).
    pub(crate) fn mapping(&self, clock_offset: u64) -> Option<Mapping> {
        let (ntp, rtp, _) = self.stream.as_ref()?.report?;
        Some(Mapping { ntp: ntp.wrapping_add(clock_offset), rtp })
    }

    /// A receiver needs a key frame; it is asked for at the next chance, at most once per interval for all of them.
    pub(crate) fn want_key_frame(&mut self) {
        self.key_frame_wanted = self.codec().is_video();
    }

    /// Whether a key frame is wanted of a stream that there is.
    pub(crate) fn wants_key_frame(&self) -> bool {
        self.key_frame_wanted && self.stream.is_some()
    }

    /// When one was last asked for.
    pub(crate) fn key_frame_asked(&self) -> Option<Instant> {
        self.key_frame_asked
    }

    /// One is asked for now.
    pub(crate) fn key_frame_is_asked(&mut self, now: Instant) {
        self.key_frame_wanted = false;
        self.key_frame_asked = Some(now);
    }

    /// Whether packets are to be asked for.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.spec.nack && self.stream.as_ref().is_some_and(|stream| stream.missing.is_due(now))
    }

    /// Calls `ask` for each packet to be asked for again now.
    pub(crate) fn due(&mut self, now: Instant, ask: impl FnMut(u16)) {
        let nack = self.spec.nack;
        let Some(stream) = &mut self.stream else { return };
        if nack && !stream.missing.is_quiet() {
            stream.missing.due(now, ask);
        }
        if stream.missing.take_lost() {
            self.want_key_frame();
        }
    }

    /// The report block for now.
    pub(crate) fn report(&mut self, now: Instant) -> Option<(crate::rtcp::ReportBlock, u32)> {
        let stream = self.stream.as_mut()?;
        let (mut block, lost) = stream.reception.report(stream.ssrc);
        if let Some((ntp, _, at)) = stream.report {
            let delay = now.saturating_duration_since(at);
            block.last_report = (ntp >> 16) as u32;
            block.delay_since = (delay.as_micros() * 65_536 / 1_000_000) as u32;
        }
        Some((block, lost))
    }
}
