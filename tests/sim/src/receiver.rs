//! A browser that receives (WHEP): voices and pictures, and what it tells the server of them.

use std::time::{Duration, Instant};

use sfu::{
    playout_delay::PlayoutDelay,
    rtcp::{ArrivalLog, Feedback, MAX_FEEDBACK_LEN, Writer, read},
    rtp::RtpHeader,
    sequence::Unwrapper,
};

use crate::{
    answer::{Answer, AnsweredLine},
    missing::Missing,
    offer::{MediaLine, Repair},
    payload::voice_tag,
    picture::Picture,
    reception::Reception,
    red,
    session::{Incoming, Session},
    voice::{Came, Voice},
};

/// Time between two receiver reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two transport-wide feedbacks while packets come.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
/// SSRC it all is told with.
const REPORTER: u32 = 1;
/// Longest compound.
const ROOM: usize = 1200;
/// Time that one entry of the received bytes is for.
const BUCKET: Duration = Duration::from_millis(100);

/// What is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receives {
    /// Audio m-lines.
    pub voices: usize,
    /// Video m-lines.
    pub pictures: usize,
    /// What is offered against the loss of voice packets.
    pub repair: Repair,
    /// How long the page lets packets wait at least: long where one only listens.
    pub patience: Duration,
}

/// What the pages of those who only listen ask for.
pub const LISTENING: Duration = Duration::from_millis(200);

impl Receives {
    /// A plain player: the lead's voice and the programme.
    pub const VIEWER: Self =
        Self { voices: 1, pictures: 1, repair: Repair { red: true, nack: false }, patience: Duration::ZERO };
    /// A point: lead and floor, camera, courseware and floor.
    pub const POINT: Self =
        Self { voices: 2, pictures: 3, repair: Repair { red: true, nack: true }, patience: LISTENING };
}

/// What a datagram of media was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Voice,
    Picture,
    Again,
    Padding,
}

/// Bytes received, RTP headers included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Of voices.
    pub voice: u64,
    /// Of pictures.
    pub picture: u64,
    /// Sent again.
    pub again: u64,
    /// Padding alone.
    pub padding: u64,
    /// Payloads of voices.
    pub speech: u64,
}

impl Bytes {
    fn add(&mut self, kind: Kind, bytes: usize) {
        *match kind {
            Kind::Voice => &mut self.voice,
            Kind::Picture => &mut self.picture,
            Kind::Again => &mut self.again,
            Kind::Padding => &mut self.padding,
        } += bytes as u64;
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.voice + self.picture + self.again + self.padding
    }
}

enum Played {
    Voice { voice: Box<Voice>, red: Option<u8> },
    Picture(Box<Picture>),
}

struct Line {
    ssrc: u32,
    rtx_ssrc: Option<u32>,
    asks_again: bool,
    /// Id of the playout delay extension.
    delay: Option<u8>,
    unwrapper: Unwrapper,
    highest: u64,
    reception: Reception,
    missing: Missing,
    played: Played,
}

/// A receiving browser.
pub struct Receiver {
    /// Its ICE, DTLS and SRTP.
    pub session: Session,
    options: Receives,
    origin: Instant,
    lines: Vec<Line>,
    number: Option<u8>,
    arrivals: ArrivalLog,
    next_feedback: Option<Instant>,
    next_report: Option<Instant>,
    buckets: Vec<Bytes>,
    /// When it began to join: the POST of its offer.
    pub asked_at: Instant,
}

impl Receiver {
    /// One that is about to offer.
    pub fn new(session: Session, options: Receives, origin: Instant, now: Instant) -> Self {
        Self {
            session,
            options,
            origin,
            lines: Vec::new(),
            number: None,
            arrivals: ArrivalLog::new(origin),
            next_feedback: None,
            next_report: None,
            buckets: Vec::new(),
            asked_at: now,
        }
    }

    /// The m-lines it offers.
    pub fn offer(&self) -> Vec<MediaLine> {
        let voice = MediaLine::ReceiveVoice { repair: self.options.repair };
        let voices = std::iter::repeat_n(voice, self.options.voices);
        voices.chain(std::iter::repeat_n(MediaLine::ReceivePicture, self.options.pictures)).collect()
    }

    /// The answer is there.
    pub fn answered(&mut self, now: Instant, answer: Answer) {
        self.number = answer.lines.iter().find_map(|line| line.extensions.number);
        self.lines = answer.lines.iter().map(|line| Line::new(line, self.origin, self.options.patience)).collect();
        self.next_report = Some(now + REPORT_INTERVAL);
        if let Some(theirs) = answer.ice {
            self.session.answered(now, theirs);
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let lines = self.lines.iter().flat_map(|line| {
            let picture = match &line.played {
                Played::Picture(picture) => picture.next_due(),
                Played::Voice { .. } => None,
            };
            [picture, line.missing.next_due()]
        });
        let others = [self.session.next_timeout(), self.next_feedback, self.next_report];
        lines.chain(others).flatten().min()
    }

    /// Tells what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
        if !self.session.is_connected() {
            self.next_report = self.next_report.map(|at| at.max(now + REPORT_INTERVAL));
            return;
        }
        let rtt = self.session.rtt();
        let mut buffer = [0; ROOM];
        let mut writer = Writer::new(&mut buffer);
        if self.next_report.is_some_and(|at| now >= at) {
            self.next_report = Some(now + REPORT_INTERVAL);
            let blocks: Vec<_> = self.lines.iter_mut().filter_map(|line| line.reception.block(now)).collect();
            if !blocks.is_empty() {
                writer.receiver_report(REPORTER, &blocks);
            }
        }
        for line in &mut self.lines {
            let asked = line.missing.ask(now, rtt);
            if !asked.is_empty() {
                writer.nack(REPORTER, line.ssrc, asked.into_iter());
            }
            if let Played::Picture(picture) = &mut line.played
                && picture.take_key_frame_request(now)
            {
                writer.picture_loss(REPORTER, line.ssrc);
            }
        }
        let len = writer.len();
        if len > 0 {
            self.session.send_rtcp(&buffer[..len]);
        }
        if self.next_feedback.is_some_and(|at| now >= at) {
            self.next_feedback = None;
            self.send_feedback();
        }
    }

    fn send_feedback(&mut self) {
        let mut body = [0; MAX_FEEDBACK_LEN];
        while let Some(len) = self.arrivals.feedback(&mut body) {
            let mut buffer = [0; ROOM];
            let mut writer = Writer::new(&mut buffer);
            writer.transport_wide(REPORTER, self.lines.first().map_or(0, |line| line.ssrc), &body[..len]);
            let len = writer.len();
            self.session.send_rtcp(&buffer[..len]);
        }
    }

    /// Takes in a datagram.
    pub fn receive(&mut self, now: Instant, mut datagram: Vec<u8>) {
        match self.session.receive(now, &mut datagram) {
            Incoming::Rtp(header) => self.receive_rtp(now, &header, &datagram),
            Incoming::Rtcp => {
                let lines = &mut self.lines;
                read(&datagram, |told| {
                    if let Feedback::SenderReport { ssrc, ntp, .. } = told
                        && let Some(line) = lines.iter_mut().find(|line| line.ssrc == ssrc)
                    {
                        line.reception.reported(ntp, now);
                    }
                });
            }
            Incoming::Control => {}
        }
    }

    fn receive_rtp(&mut self, now: Instant, header: &RtpHeader, packet: &[u8]) {
        let number = self.number.and_then(|id| header.extension(packet, id)).and_then(|data| data.first_chunk());
        if let Some(number) = number {
            self.arrivals.arrived(u16::from_be_bytes(*number), now);
            self.next_feedback.get_or_insert(now + FEEDBACK_INTERVAL);
        }
        if let Some(line) = self.lines.iter_mut().find(|line| line.ssrc == header.ssrc)
            && let Played::Picture(picture) = &mut line.played
            && let Some(delay) = line.delay.and_then(|id| PlayoutDelay::read(header.extension(packet, id)?))
        {
            picture.wait_at_least(delay.min());
        }
        let payload = packet.get(header.len..).unwrap_or_default();
        let kind = self.take(now, header, payload);
        let bucket = ((now - self.origin).as_millis() / BUCKET.as_millis()) as usize;
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, Bytes::default());
        }
        self.buckets[bucket].add(kind, packet.len());
        if kind == Kind::Voice {
            self.buckets[bucket].speech += payload.len() as u64;
        }
    }

    fn take(&mut self, now: Instant, header: &RtpHeader, payload: &[u8]) -> Kind {
        if let Some(line) = self.lines.iter_mut().find(|line| line.ssrc == header.ssrc) {
            return line.receive(now, header, payload);
        }
        let Some(line) = self.lines.iter_mut().find(|line| line.rtx_ssrc == Some(header.ssrc)) else {
            return Kind::Padding;
        };
        // RFC 4588 section 4. Without an original it only probes the line.
        let Some((original, payload)) = payload.split_first_chunk().filter(|(_, rest)| !rest.is_empty()) else {
            return Kind::Padding;
        };
        line.receive_again(now, u16::from_be_bytes(*original), header, payload, self.session.rtt());
        Kind::Again
    }

    /// Lets the voices play until `now`: before figures are read.
    pub fn play_until(&mut self, now: Instant) {
        for line in &mut self.lines {
            if let Played::Voice { voice, .. } = &mut line.played {
                voice.play_until(now);
            }
        }
    }

    /// Its voice lines, in order.
    pub fn voices(&self) -> impl Iterator<Item = &Voice> {
        self.lines.iter().filter_map(|line| match &line.played {
            Played::Voice { voice, .. } => Some(&**voice),
            Played::Picture(_) => None,
        })
    }

    /// Its picture lines, in order.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.lines.iter().filter_map(|line| match &line.played {
            Played::Picture(picture) => Some(&**picture),
            Played::Voice { .. } => None,
        })
    }

    /// Its voice line `at`.
    #[expect(clippy::expect_used, reason = "a scenario knows what it offered")]
    pub fn voice(&self, at: usize) -> &Voice {
        self.voices().nth(at).expect("a voice line that was answered")
    }

    /// Its picture line `at`.
    #[expect(clippy::expect_used, reason = "a scenario knows what it offered")]
    pub fn picture(&self, at: usize) -> &Picture {
        self.pictures().nth(at).expect("a picture line that was answered")
    }

    /// Bytes received from `from` to `to`, to a tenth of a second.
    pub fn bytes(&self, from: Instant, to: Instant) -> Bytes {
        let place = |at: Instant| ((at - self.origin).as_millis() / BUCKET.as_millis()) as usize;
        let end = place(to).min(self.buckets.len());
        let mut sum = Bytes::default();
        for bucket in &self.buckets[place(from).min(end)..end] {
            sum.voice += bucket.voice;
            sum.picture += bucket.picture;
            sum.again += bucket.again;
            sum.padding += bucket.padding;
            sum.speech += bucket.speech;
        }
        sum
    }

    /// Key frames it asked for, and packets asked for again.
    pub fn requests(&self) -> (u64, u64) {
        let key_frames = self.pictures().map(|picture| picture.key_frames_asked).sum();
        (key_frames, self.lines.iter().map(|line| line.missing.asked).sum())
    }
}

impl Line {
    fn new(line: &AnsweredLine, origin: Instant, patience: Duration) -> Self {
        let ssrc = line.ssrcs.first().copied().unwrap_or_default();
        let (clock, played) = if line.is_voice {
            (48_000, Played::Voice { voice: Box::new(Voice::new(origin, patience)), red: line.number_of("red") })
        } else {
            (90_000, Played::Picture(Box::new(Picture::new(origin))))
        };
        Self {
            ssrc,
            rtx_ssrc: line.ssrcs.get(1).copied(),
            asks_again: line.has_feedback("nack"),
            delay: line.extensions.delay,
            unwrapper: Unwrapper::default(),
            highest: 0,
            reception: Reception::new(ssrc, clock),
            missing: Missing::default(),
            played,
        }
    }

    fn receive(&mut self, now: Instant, header: &RtpHeader, payload: &[u8]) -> Kind {
        let index = self.unwrapper.unwrap(header.sequence);
        let came = if index > self.highest { Came::InOrder } else { Came::Late };
        self.highest = self.highest.max(index);
        self.reception.arrived(index, header.timestamp, now);
        if self.asks_again {
            self.missing.arrived(index, now);
        }
        self.play(now, (index, came), header, payload);
        match &self.played {
            _ if payload.is_empty() => Kind::Padding,
            // Without a stream for them, retransmissions come under their own number.
            _ if came == Came::Late => Kind::Again,
            Played::Voice { .. } => Kind::Voice,
            Played::Picture(_) => Kind::Picture,
        }
    }

    fn receive_again(&mut self, now: Instant, original: u16, header: &RtpHeader, payload: &[u8], rtt: Duration) {
        let index = self.unwrapper.peek(original);
        // A server may also probe the line with packets that were never missed.
        let was_missed = self.missing.arrived(index, now);
        if let Played::Picture(picture) = &mut self.played
            && was_missed
        {
            picture.repaired(now, rtt);
        }
        self.play(now, (index, Came::Late), header, payload);
    }

    fn play(&mut self, now: Instant, (index, came): (u64, Came), header: &RtpHeader, payload: &[u8]) {
        match &mut self.played {
            Played::Picture(picture) => {
                if let Some(next) = picture.insert(now, index, header.timestamp, header.marker, payload) {
                    self.missing.forget_before(next);
                }
            }
            Played::Voice { voice, red } if *red == Some(header.payload_type) => {
                for block in red::blocks(payload).into_iter().rev() {
                    let Some(tag) = voice_tag(block.payload) else { continue };
                    let came = if block.offset == 0 { came } else { Came::Inside };
                    voice.insert(now, header.timestamp.wrapping_sub(block.offset), tag, came);
                }
            }
            Played::Voice { voice, .. } => {
                if let Some(tag) = voice_tag(payload) {
                    voice.insert(now, header.timestamp, tag, came);
                }
            }
        }
    }
}
