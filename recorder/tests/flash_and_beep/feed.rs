//! The way from the devices to the recorder: clocks that drift, packets that are late, lost and repaired, a publisher that
//! reconnects, courseware that is put on and taken off.

use std::collections::VecDeque;

use protocol::ids::ParticipantId;
use recorder::{Codec, SenderReport, Slot, TrackName};
use rtp::{codecs::h264::H264Payloader, packetizer::Payloader};

use crate::school::{self, FPS, GOP_S, PACKET};

/// Drift of the microphone, the camera and the teacher's wall clock against the server's, in millionths.
const MICROPHONE_PPM: f64 = 100.0;
const CAMERA_PPM: f64 = -100.0;
const WALL_PPM: f64 = 100.0;
/// Share of packets lost on the way, and of those the share that a retransmission repairs.
const LOSS: f64 = 0.05;
const REPAIRED: f64 = 0.9;
/// Seconds a reconnecting publisher is gone.
const GONE_S: f64 = 6.0;
/// Times courseware is put on.
const COURSEWARE: usize = 20;
/// Publisher's NTP time, in seconds since 1900, at the start of the lesson.
const NTP_AT_START_S: f64 = 3.97e9;
/// What the encoder and the way take at least, in seconds; a picture takes longer than a voice.
const PICTURE_WAY_S: f64 = 0.060;
const VOICE_WAY_S: f64 = 0.025;
const JITTER_S: f64 = 0.020;

/// One thing that reaches the recorder.
pub struct Arrival {
    pub name: TrackName,
    pub what: What,
}

/// What it is.
pub enum What {
    Started { codec: Codec, ssrc: u32 },
    Packet(Vec<u8>),
    Report(SenderReport),
    Ended,
}

/// A whole lesson, in the order in which the recorder gets it, in seconds since it began.
pub struct Lesson {
    pub length_s: f64,
    pub arrivals: VecDeque<(f64, Arrival)>,
    /// When courseware was on.
    pub courseware: Vec<(f64, f64)>,
    /// When the publisher was gone.
    pub gone: (f64, f64),
}

/// Chance that is the same in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// One stream of one m-line between two reconnects.
struct Sender<'l> {
    name: TrackName,
    ssrc: u32,
    sequence: u16,
    /// RTP timestamp at the start of the lesson.
    base: u32,
    /// Ticks a second, as the device counts them.
    rate: f64,
    way_s: f64,
    lesson: &'l mut Vec<(f64, Arrival)>,
    dice: &'l mut Dice,
}

impl Sender<'_> {
    fn timestamp(&self, t: f64) -> u32 {
        self.base.wrapping_add((t * self.rate).round() as u64 as u32)
    }

    /// Sends the packets of what was captured at `t` and is ready at `ready`.
    fn send(&mut self, t: f64, ready: f64, payloads: &[Vec<u8>]) {
        let timestamp = self.timestamp(t);
        let arrival = ready + self.way_s + self.dice.throw() * JITTER_S;
        for (i, payload) in payloads.iter().enumerate() {
            self.sequence = self.sequence.wrapping_add(1);
            let marker = if i + 1 == payloads.len() { 0x80 } else { 0 };
            let mut bytes = vec![0x80, marker | 96];
            bytes.extend(self.sequence.to_be_bytes());
            bytes.extend(timestamp.to_be_bytes());
            bytes.extend(self.ssrc.to_be_bytes());
            bytes.extend(payload);
            let mut arrival = arrival + i as f64 * 2e-4;
            if self.dice.throw() < LOSS {
                if self.dice.throw() >= REPAIRED {
                    continue;
                }
                arrival += 0.08 + self.dice.throw() * 0.12;
            }
            self.lesson.push((arrival, Arrival { name: self.name.clone(), what: What::Packet(bytes) }));
        }
    }

    fn report(&mut self, t: f64) {
        let ntp_s = NTP_AT_START_S + t * (1.0 + WALL_PPM / 1e6);
        let report = SenderReport { ntp: (ntp_s * 4_294_967_296.0) as u64, rtp: self.timestamp(t) };
        let arrival = t + VOICE_WAY_S + self.dice.throw() * JITTER_S;
        self.lesson.push((arrival, Arrival { name: self.name.clone(), what: What::Report(report) }));
    }
}

fn name(slot: Slot) -> TrackName {
    TrackName { participant: ParticipantId::parse("master").unwrap(), slot }
}

impl Lesson {
    pub fn of_minutes(minutes: f64) -> Self {
        let length_s = (minutes * 60.0).round();
        let cut = (length_s * 0.4 / GOP_S).floor() * GOP_S;
        let spans = [(0.0, cut), (cut + GONE_S, length_s)];
        let camera = school::pictures(length_s, "160x90", "black");
        let screen = school::pictures(length_s, "320x180", "navy");
        let voice = school::voice(length_s, MICROPHONE_PPM);
        let mut arrivals = Vec::new();
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let shown_s = length_s / COURSEWARE as f64 / 2.0;
        let courseware: Vec<(f64, f64)> =
            (0..COURSEWARE).map(|n| (2 * n + 1) as f64 * shown_s).map(|from| (from, from + shown_s)).collect();
        let on = |t: f64| courseware.iter().any(|(from, to)| (*from..*to).contains(&t));
        for (life, span) in spans.into_iter().enumerate() {
            let life = life as u32;
            send_pictures(&mut arrivals, &mut dice, (Slot::Camera, life), &camera, span, |_| true);
            send_pictures(&mut arrivals, &mut dice, (Slot::Screen, life), &screen, span, on);
            send_voice(&mut arrivals, &mut dice, life, &voice, span);
        }
        arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
        arrivals.retain(|(at, _)| *at <= length_s);
        Self { length_s, arrivals: arrivals.into(), courseware, gone: (cut, cut + GONE_S) }
    }

    /// Whether the publisher was there at `t`, and had been for long enough to have sent a whole beep and a keyframe.
    pub fn is_there(&self, t: f64) -> bool {
        t > 1.0 && !(self.gone.0..self.gone.1 + GOP_S).contains(&t)
    }

    /// Whether courseware was on at `t`.
    pub fn is_courseware_on(&self, t: f64) -> bool {
        self.courseware.iter().any(|(from, to)| (*from..*to).contains(&t))
    }

    /// Whether courseware was on at `t`, and had been for long enough to have sent a keyframe.
    pub fn has_courseware(&self, t: f64) -> bool {
        self.is_there(t) && self.courseware.iter().any(|(from, to)| (from + GOP_S..*to).contains(&t))
    }

    /// Beeps there were, but for those nobody sent.
    pub fn beeps(&self) -> usize {
        ((self.length_s - GONE_S) / school::EVERY_S) as usize
    }
}

fn begin<'l>(
    lesson: &'l mut Vec<(f64, Arrival)>,
    dice: &'l mut Dice,
    (slot, life): (Slot, u32),
    span: (f64, f64),
) -> Sender<'l> {
    let name = name(slot);
    let ssrc = 0x1000 * (life + 1) + slot as u32;
    let (codec, nominal, ppm, way_s) = match slot {
        Slot::Voice => (Codec::Opus, 48_000.0, MICROPHONE_PPM, VOICE_WAY_S),
        _ => (Codec::H264, 90_000.0, CAMERA_PPM, PICTURE_WAY_S),
    };
    let mut happens = |at: f64, what| lesson.push((at, Arrival { name: name.clone(), what }));
    happens(span.0 + way_s, What::Started { codec, ssrc });
    happens(span.1 + way_s + 2.0 * JITTER_S, What::Ended);
    let base = (dice.throw() * f64::from(u32::MAX)) as u32;
    // Half a minute before the wrap.
    let base = if life == 0 { 0u32.wrapping_sub((30.0 * nominal) as u32) } else { base };
    let rate = nominal * (1.0 + ppm / 1e6);
    Sender { name, ssrc, sequence: 65_000, base, rate, way_s, lesson, dice }
}

fn send_pictures(
    lesson: &mut Vec<(f64, Arrival)>,
    dice: &mut Dice,
    (slot, life): (Slot, u32),
    pictures: &[school::Picture],
    span: (f64, f64),
    is_on: impl Fn(f64) -> bool,
) {
    let mut sender = begin(lesson, dice, (slot, life), span);
    let mut payloader = H264Payloader::default();
    let (mut showing, mut next_report) = (false, span.0);
    for (i, picture) in pictures.iter().enumerate() {
        let t = i as f64 / FPS;
        if t < span.0 || t >= span.1 {
            continue;
        }
        // What is put on begins with a keyframe.
        if i % (FPS * GOP_S) as usize == 0 || !is_on(t) {
            showing = is_on(t);
        }
        if !showing {
            continue;
        }
        if t >= next_report {
            next_report = t + 1.0;
            sender.report(t);
        }
        let mut payloads = Vec::new();
        for nal in picture {
            payloads.extend(payloader.payload(1_100, &nal.clone().into()).unwrap().into_iter().map(|p| p.to_vec()));
        }
        sender.send(t, t, &payloads);
    }
}

fn send_voice(lesson: &mut Vec<(f64, Arrival)>, dice: &mut Dice, life: u32, voice: &[Vec<u8>], span: (f64, f64)) {
    let mut sender = begin(lesson, dice, (Slot::Voice, life), span);
    let mut next_report = span.0 + 0.5;
    for (i, packet) in voice.iter().enumerate() {
        // The device's own clock says when a packet is full.
        let t = (i * PACKET) as f64 / sender.rate;
        let full = ((i + 1) * PACKET) as f64 / sender.rate;
        if t < span.0 || full >= span.1 {
            continue;
        }
        if t >= next_report {
            next_report = t + 5.0;
            sender.report(t);
        }
        sender.send(t, full, std::slice::from_ref(packet));
    }
}
