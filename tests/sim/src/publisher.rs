//! A browser that publishes (WHIP): a voice, a camera in one or more encodings, courseware.
//!
//! ```text
//! encoders ── frames ready ── queue ── a burst every 5 ms ─┐
//! voice, every 20 ms ──────────────────────────────────────┼── numbered, sealed ── line
//! asked for again ─────────────────────────────────────────┘
//! ```
//!
//! Its encoders keep their rates: it does not adapt to its own line, as a browser would.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use sfu::{
    NtpClock,
    rtcp::{Feedback, Writer, read},
};

use crate::{
    answer::{Answer, AnsweredLine},
    chance::Chance,
    encoder::{Encoder, Encoding, Frame},
    offer::{MediaLine, OPUS, Repair},
    payload::{VoiceTag, voice},
    red,
    session::{Incoming, Session},
    stream::Stream,
};

/// Time between two bursts of the pacer.
const BURST_INTERVAL: Duration = Duration::from_millis(5);
/// Rate of the pacer, in percent of the target rate of all pictures.
const PACE_PERCENT: u64 = 250;
/// One voice packet.
const VOICE_INTERVAL: Duration = Duration::from_millis(20);
const VOICE_TICKS: u32 = 960;
/// Time between two sender reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Loss reported, of 256, from which on Opus sends in-band FEC.
const FEC_FROM: u8 = 5;
/// Packets that wait for the pacer; beyond it a frame is left out.
const MAX_QUEUE: usize = 1000;

/// When Opus' in-band FEC is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fec {
    /// Never.
    Never,
    /// While the server reports loss, as libopus has it.
    #[default]
    WhenLossIsReported,
    /// Always.
    Always,
}

/// A voice to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceOptions {
    /// Payload bit/s.
    pub bps: u64,
    /// In-band FEC.
    pub fec: Fec,
    /// What is offered besides.
    pub repair: Repair,
    /// Packets that ride along with each redundant one, where that is answered.
    pub redundancy: usize,
}

impl Default for VoiceOptions {
    fn default() -> Self {
        Self { bps: 32_000, fec: Fec::default(), repair: Repair { red: true, nack: false }, redundancy: 1 }
    }
}

/// What is published.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Publishes {
    /// The voice, if any.
    pub voice: Option<VoiceOptions>,
    /// Encodings of the camera: none, one, or several by name.
    pub camera: Vec<Encoding>,
    /// Courseware.
    pub screen: Option<Encoding>,
}

impl Publishes {
    /// A voice and a camera.
    pub fn camera(encodings: &[Encoding]) -> Self {
        Self { voice: Some(VoiceOptions::default()), camera: encodings.to_vec(), screen: None }
    }
}

struct VoiceSender {
    options: VoiceOptions,
    stream: Stream,
    red: Option<u8>,
    next: Instant,
    has_fec: bool,
    earlier: VecDeque<Vec<u8>>,
}

/// A stream of a picture: one encoding, or several as its spatial layers.
struct PictureSender {
    encoders: Vec<Encoder>,
    stream: Stream,
}

impl PictureSender {
    fn next_capture(&self) -> Option<Instant> {
        self.encoders.iter().map(Encoder::next_capture).min()
    }

    /// The frame that is captured now, if one is: of all its layers, in their order.
    fn capture(&mut self, now: Instant) -> Option<Frame> {
        let mut frames = self.encoders.iter_mut().filter_map(|encoder| encoder.capture(now));
        let first = frames.next()?;
        Some(frames.fold(first, |mut whole, layer| {
            whole.ready = whole.ready.max(layer.ready);
            whole.payloads.extend(layer.payloads);
            whole
        }))
    }
}

struct Waiting {
    stream: usize,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

/// A publishing browser.
pub struct Publisher {
    /// Its ICE, DTLS and SRTP.
    pub session: Session,
    options: Publishes,
    origin: Instant,
    clock: NtpClock,
    chance: Chance,
    /// SSRCs it offered, by line.
    offered: Vec<(u32, u32)>,
    voice: Option<VoiceSender>,
    pictures: Vec<PictureSender>,
    ready: VecDeque<(usize, Frame)>,
    queue: VecDeque<Waiting>,
    next_burst: Instant,
    next_report: Instant,
    next_number: u16,
    lines: Vec<AnsweredLine>,
    is_sending: bool,
    /// Key frames that it was asked for.
    pub key_frames_asked: u64,
    /// When each of them was.
    pub key_frames_asked_at: Vec<Instant>,
}

impl Publisher {
    /// One that is about to offer.
    pub fn new(session: Session, options: Publishes, origin: Instant, now: Instant, mut chance: Chance) -> Self {
        let lines = usize::from(options.voice.is_some()) + 1 + 1;
        Self {
            session,
            options,
            origin,
            clock: NtpClock::new(origin, Duration::from_secs(1_700_000_000)),
            offered: (0..lines).map(|_| (chance.next_u32(), chance.next_u32())).collect(),
            chance,
            voice: None,
            pictures: Vec::new(),
            ready: VecDeque::new(),
            queue: VecDeque::new(),
            next_burst: now,
            next_report: now,
            next_number: 0,
            lines: Vec::new(),
            is_sending: false,
            key_frames_asked: 0,
            key_frames_asked_at: Vec::new(),
        }
    }

    /// The m-lines it offers.
    pub fn offer(&self) -> Vec<MediaLine> {
        let mut ssrcs = self.offered.iter().copied();
        let mut next = || ssrcs.next().unwrap_or_default();
        let mut lines = Vec::new();
        if let Some(voice) = &self.options.voice {
            lines.push(MediaLine::SendVoice { ssrc: next().0, repair: voice.repair });
        }
        match &self.options.camera[..] {
            [] => {}
            [_] => {
                let (ssrc, rtx_ssrc) = next();
                lines.push(MediaLine::SendPicture { ssrc, rtx_ssrc });
            }
            [first, ..] if first.layer.is_some() => {
                let (ssrc, rtx_ssrc) = next();
                lines.push(MediaLine::SendLayers { ssrc, rtx_ssrc });
            }
            several => {
                let _ = next();
                lines.push(MediaLine::SendEncodings { rids: several.iter().map(|one| one.rid.into()).collect() });
            }
        }
        if self.options.screen.is_some() {
            let (ssrc, rtx_ssrc) = next();
            lines.push(MediaLine::SendPicture { ssrc, rtx_ssrc });
        }
        lines
    }

    /// The answer is there.
    pub fn answered(&mut self, now: Instant, answer: Answer) {
        if let Some(theirs) = answer.ice {
            self.session.answered(now, theirs);
        }
        self.lines = answer.lines;
    }

    /// Makes its streams, as the answer has them, and begins to send.
    fn begin(&mut self, now: Instant) {
        self.is_sending = true;
        self.next_report = now + REPORT_INTERVAL;
        let lines = std::mem::take(&mut self.lines);
        let mut offered = lines.iter().zip(self.offered.clone());
        if let Some(mut options) = self.options.voice
            && let Some((line, ssrcs)) = offered.next()
            && !line.is_rejected
        {
            // RFC 7587 section 6.1.
            options.bps = line.most_average_bps.map_or(options.bps, |most| most.min(options.bps));
            let stream = Stream::new(line, OPUS, ssrcs, 48_000, &mut self.chance);
            let red = line.number_of("red").filter(|_| options.redundancy > 0);
            let has_fec = options.fec == Fec::Always;
            self.voice = Some(VoiceSender { options, stream, red, next: now, has_fec, earlier: VecDeque::new() });
        }
        let camera = self.options.camera.clone();
        if !camera.is_empty()
            && let Some((line, ssrcs)) = offered.next()
        {
            self.begin_camera(now, &camera, line, ssrcs);
        }
        if let Some(screen) = self.options.screen
            && let Some((line, ssrcs)) = offered.next()
        {
            self.begin_picture(now, &[screen], line, ssrcs, false);
        }
    }

    /// Of several encodings those are sent that were answered; without an answer to them, the first.
    fn begin_camera(&mut self, now: Instant, camera: &[Encoding], line: &AnsweredLine, ssrcs: (u32, u32)) {
        if camera.len() > 1 && !line.encodings.is_empty() {
            for encoding in camera.iter().filter(|encoding| line.encodings.iter().any(|rid| rid == encoding.rid)) {
                let ssrcs = (self.chance.next_u32(), self.chance.next_u32());
                self.begin_picture(now, &[*encoding], line, ssrcs, true);
            }
        } else {
            let layers = camera.iter().take_while(|encoding| encoding.layer.is_some()).count().max(1);
            self.begin_picture(now, &camera[..layers], line, ssrcs, false);
        }
    }

    fn begin_picture(
        &mut self,
        now: Instant,
        encodings: &[Encoding],
        line: &AnsweredLine,
        ssrcs: (u32, u32),
        is_named: bool,
    ) {
        let Some(first) = encodings.first() else { return };
        let codec = if first.layer.is_some() { "vp9" } else { "h264" };
        let Some(number) = line.number_of(codec).filter(|_| !line.is_rejected) else { return };
        let stream = Stream::new(line, number, ssrcs, 90_000, &mut self.chance);
        let stream = if is_named { stream.named(first.rid) } else { stream };
        let before = self.pictures.iter().map(|picture| picture.encoders.len()).sum::<usize>();
        let encoder = |(tag, encoding): (usize, &Encoding)| {
            let chance = Chance::new(self.chance.next_u64());
            Encoder::new(*encoding, tag as u8, self.origin, now, chance)
        };
        let encoders = (before..).zip(encodings).map(encoder).collect();
        self.pictures.push(PictureSender { encoders, stream });
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let captures = self.pictures.iter().filter_map(PictureSender::next_capture);
        let voice = self.voice.as_ref().map(|voice| voice.next);
        let ready = self.ready.iter().map(|(_, frame)| frame.ready).min();
        let burst = (!self.queue.is_empty()).then_some(self.next_burst);
        let report = self.is_sending.then_some(self.next_report);
        [self.session.next_timeout(), voice, ready, burst, report].into_iter().flatten().chain(captures).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
        if !self.is_sending {
            if self.session.is_connected() {
                self.begin(now);
            }
            return;
        }
        self.send_voice(now);
        for (at, picture) in self.pictures.iter_mut().enumerate() {
            self.ready.extend(picture.capture(now).map(|frame| (at, frame)));
        }
        while let Some(at) = self.ready.iter().position(|(_, frame)| frame.ready <= now) {
            if let Some((stream, frame)) = self.ready.remove(at) {
                self.enqueue(now, stream, frame);
            }
        }
        self.send_burst(now);
        if now >= self.next_report {
            self.next_report += REPORT_INTERVAL;
            self.send_reports(now);
        }
    }

    fn enqueue(&mut self, now: Instant, stream: usize, frame: Frame) {
        let Some(PictureSender { stream: sender, .. }) = self.pictures.get(stream) else { return };
        if self.queue.len() + frame.payloads.len() > MAX_QUEUE {
            return;
        }
        if self.queue.is_empty() {
            self.next_burst = self.next_burst.max(now);
        }
        let timestamp = sender.timestamp(frame.captured - self.origin);
        let last = frame.payloads.len() - 1;
        let waiting = frame.payloads.into_iter().enumerate();
        self.queue.extend(waiting.map(|(i, payload)| Waiting { stream, timestamp, marker: i == last, payload }));
    }

    fn send_burst(&mut self, now: Instant) {
        if self.queue.is_empty() || now < self.next_burst {
            return;
        }
        self.next_burst = now + BURST_INTERVAL;
        let encoders = self.pictures.iter().flat_map(|picture| &picture.encoders);
        let bps: u64 = encoders.map(|encoder| encoder.encoding.bps).sum();
        let mut left = (bps / 8 * PACE_PERCENT / 100) as f64 * BURST_INTERVAL.as_secs_f64();
        while left > 0.0
            && let Some(waiting) = self.queue.pop_front()
        {
            left -= waiting.payload.len() as f64;
            let number = self.number();
            if let Some(PictureSender { stream, .. }) = self.pictures.get_mut(waiting.stream) {
                let packet = stream.packet(now, waiting.timestamp, waiting.marker, waiting.payload, number);
                self.session.send_rtp(packet);
            }
        }
    }

    fn number(&mut self) -> u16 {
        self.next_number = self.next_number.wrapping_add(1);
        self.next_number
    }

    fn send_voice(&mut self, now: Instant) {
        let number = self.next_number.wrapping_add(1);
        let Some(sender) = self.voice.as_mut().filter(|sender| now >= sender.next) else { return };
        self.next_number = number;
        let captured = sender.next - self.origin;
        sender.next += VOICE_INTERVAL;
        let tag = VoiceTag { captured_ms: captured.as_millis() as u32, has_previous: sender.has_fec };
        let mean = sender.options.bps as f64 / 8.0 * VOICE_INTERVAL.as_secs_f64();
        let opus = voice(&tag, (mean * self.chance.between(0.9, 1.1)) as usize);
        let timestamp = sender.stream.timestamp(captured);
        let payload = match sender.red {
            Some(_) => {
                let count = sender.earlier.len() as u32;
                let block = |(i, payload)| red::Block { offset: (count - i as u32) * VOICE_TICKS, payload };
                let earlier: Vec<_> = sender.earlier.iter().map(Vec::as_slice).enumerate().map(block).collect();
                red::write(OPUS, &earlier, &opus)
            }
            None => opus.clone(),
        };
        if sender.earlier.len() == sender.options.redundancy {
            sender.earlier.pop_front();
        }
        if sender.options.redundancy > 0 {
            sender.earlier.push_back(opus);
        }
        let mut packet = sender.stream.packet(now, timestamp, false, payload, number);
        if let Some(red) = sender.red {
            packet[1] = red;
        }
        self.session.send_rtp(packet);
    }

    fn send_reports(&mut self, now: Instant) {
        let (ntp, since) = (self.clock.ntp(now), now - self.origin);
        let mut buffer = [0; 1000];
        let mut writer = Writer::new(&mut buffer);
        let voice = self.voice.iter().map(|voice| &voice.stream);
        voice
            .chain(self.pictures.iter().map(|picture| &picture.stream))
            .for_each(|stream| stream.report(&mut writer, ntp, since));
        let len = writer.len();
        if len > 0 {
            self.session.send_rtcp(&buffer[..len]);
        }
    }

    /// Takes in a datagram.
    pub fn receive(&mut self, now: Instant, mut datagram: Vec<u8>) {
        if self.session.receive(now, &mut datagram) != Incoming::Rtcp {
            return;
        }
        let mut again = Vec::new();
        read(&datagram, |told| match told {
            Feedback::Nack { ssrc, packets } => again.extend(packets.sequences().map(|sequence| (ssrc, sequence))),
            Feedback::KeyFrame { ssrc } => {
                if let Some(picture) = self.pictures.iter_mut().find(|picture| picture.stream.ssrc == ssrc) {
                    picture.encoders.iter_mut().for_each(Encoder::want_key_frame);
                    self.key_frames_asked += 1;
                    self.key_frames_asked_at.push(now);
                }
            }
            Feedback::Report(block) => {
                if let Some(voice) = self.voice.as_mut().filter(|voice| voice.stream.ssrc == block.ssrc) {
                    voice.stream.known(block.ssrc);
                    if voice.options.fec == Fec::WhenLossIsReported {
                        voice.has_fec = block.fraction_lost >= FEC_FROM;
                    }
                }
                self.pictures.iter_mut().for_each(|picture| picture.stream.known(block.ssrc));
            }
            _ => {}
        });
        for (ssrc, sequence) in again {
            self.send_again(now, ssrc, sequence);
        }
    }

    fn send_again(&mut self, now: Instant, ssrc: u32, sequence: u16) {
        let number = self.number();
        let voice = self.voice.iter_mut().map(|voice| (&mut voice.stream, voice.red));
        let pictures = self.pictures.iter_mut().map(|picture| (&mut picture.stream, None));
        let Some((stream, red)) = voice.chain(pictures).find(|(stream, _)| stream.ssrc == ssrc) else { return };
        if let Some(mut packet) = stream.packet_again(now, sequence, number) {
            if let Some(red) = red {
                packet[1] = red;
            }
            self.session.send_rtp(packet);
        }
    }

    /// Encodings that are sent: their names, and key frames so far.
    pub fn encodings(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let encoders = self.pictures.iter().flat_map(|picture| &picture.encoders);
        encoders.map(|encoder| (encoder.encoding.rid, encoder.key_frames))
    }

    /// Packets that it was asked for again.
    pub fn asked_again(&self) -> u64 {
        let voice = self.voice.iter().map(|voice| voice.stream.asked_again);
        voice.chain(self.pictures.iter().map(|picture| picture.stream.asked_again)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answer::{self, Extensions},
        encoder::SIMULCAST,
        session::Certificate,
        world::some_instant,
    };

    fn begun(answered: &str) -> Publisher {
        let now = some_instant();
        let session = Session::new(1, Certificate::generate());
        let mut publisher = Publisher::new(session, Publishes::camera(&SIMULCAST), now, now, Chance::new(1));
        assert!(matches!(&publisher.offer()[..], [MediaLine::SendVoice { .. }, MediaLine::SendEncodings { .. }]));
        let answer = format!(
            "v=0\r\nm=audio 9 x 111\r\na=rtpmap:111 opus/48000/2\r\na=mid:0\r\nm=video 9 x 108 109\r\na=mid:1\r\n\
             a=rtpmap:108 H264/90000\r\na=rtpmap:109 rtx/90000\r\n\
             a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n{answered}"
        );
        publisher.answered(now, answer::read(&answer));
        publisher.begin(now);
        publisher
    }

    #[test]
    fn the_encodings_that_are_answered_are_sent_and_no_others() {
        let names = |publisher: &Publisher| publisher.encodings().map(|(rid, _)| rid).collect::<Vec<_>>();
        assert_eq!(names(&begun("a=rid:q recv\r\na=simulcast:recv q;h;f\r\n")), ["q", "h", "f"]);
        assert_eq!(names(&begun("a=simulcast:recv q;f\r\n")), ["q", "f"]);
        let plain = begun("");
        assert_eq!(names(&plain), ["q"]);
        assert!(plain.voice.is_some_and(|voice| voice.red.is_none()));
        assert_eq!(plain.pictures.len(), 1);
    }

    #[test]
    fn every_encoding_has_an_ssrc_and_a_name_of_its_own_and_is_paced() {
        let mut publisher = begun("a=simulcast:recv q;h;f\r\n");
        let start = publisher.origin;
        let mut ssrcs: Vec<u32> = publisher.pictures.iter().map(|picture| picture.stream.ssrc).collect();
        ssrcs.dedup();
        assert_eq!(ssrcs.len(), 3);
        let mut lens = Vec::new();
        for ms in 0..200 {
            publisher.handle_timeout(start + Duration::from_millis(ms));
            lens.push(publisher.queue.len());
        }
        // Three key frames are there at 30 ms, and leave in bursts.
        assert!(lens[29] == 0 && lens[30] > 20, "{lens:?}");
        let leaving = lens[30..].windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!(leaving > 5 && lens[199] == 0, "{lens:?}");
        assert_eq!(publisher.lines.first().map(|line| line.extensions), None::<Extensions>);
    }
}
