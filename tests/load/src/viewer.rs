//! One viewer: its session, and what came to it.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde::Serialize;
use sfu::{
    rtcp::{self, read},
    rtp::RtpHeader,
};

use crate::{
    answer::Answer,
    feedback::{self, Feedback},
    latency::Latencies,
    payload,
    stream::{Outcome, Stream},
    transport::{Incoming, Transport},
};

/// What a viewer does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Reads the clear header and counts.
    Count,
    /// Opens every packet, for the time it took.
    Sample,
    /// Opens every packet, and tells the server what it was offered to be told.
    Full,
    /// Misbehaves.
    Bad(Fault),
}

/// How a viewer misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Reads nothing and says nothing once it is connected.
    Reader,
    /// Asks for every packet again.
    Nack,
    /// Tells nonsense.
    Rtcp,
}

/// Time between two misdeeds.
const FAULT_INTERVAL: Duration = Duration::from_millis(20);

/// Packets that were not what the publisher sent, by how that showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The keys did not open it.
    pub sealed: u64,
    /// It held what no publisher of ours sends.
    pub strange: u64,
    /// It held what belongs under an earlier sequence number.
    pub shifted: u64,
    /// RTCP that the keys did not open.
    pub control: u64,
}

/// What all viewers of one kind note together.
#[derive(Debug, Default)]
pub struct Notes {
    /// Packets of media, duplicates too.
    pub media: u64,
    /// Packets sent again.
    pub rtx: u64,
    /// RTCP compounds.
    pub rtcp: u64,
    /// Packets that were not what the publisher sent.
    pub broken: Broken,
    /// How long voices took.
    pub voice: Latencies,
    /// How long pictures took.
    pub video: Latencies,
}

/// When a datagram came.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// To the kernel: `CLOCK_MONOTONIC`, in nanoseconds.
    pub at_ns: u64,
    /// The same.
    pub at: Instant,
    /// Whether its latency belongs to the measurement.
    pub is_measured: bool,
}

/// One viewer.
pub struct Viewer {
    /// Its own address on its socket.
    pub address: Ipv4Addr,
    /// What it does with what comes.
    pub manner: Manner,
    /// Its session.
    pub transport: Transport,
    answer: Answer,
    streams: Vec<Stream>,
    feedback: Option<Box<Feedback>>,
    phase: f64,
    next_fault: Instant,
    random: u32,
}

impl Viewer {
    /// One that was just answered. `phase` from 0 to 1 spreads what it says over time.
    pub fn new(address: Ipv4Addr, manner: Manner, transport: Transport, answer: Answer, phase: f64) -> Self {
        Self {
            address,
            manner,
            transport,
            answer,
            streams: Vec::new(),
            feedback: None,
            phase,
            next_fault: Instant::now(),
            random: u32::from(address) | 1,
        }
    }

    /// Whether media can flow.
    pub fn is_connected(&self) -> bool {
        self.transport.keys.is_some()
    }

    /// Takes in a datagram. Whether it has just connected.
    pub fn handle_datagram(&mut self, arrived: Arrived, datagram: &mut [u8], notes: &mut Notes) -> Result<bool> {
        match self.transport.handle_datagram(arrived.at, datagram)? {
            Incoming::Rtp => self.handle_rtp(arrived, datagram, notes),
            Incoming::Rtcp => self.handle_rtcp(datagram, notes),
            Incoming::Connected => {
                if self.manner == Manner::Full {
                    self.feedback = Some(Box::new(Feedback::new(arrived.at, self.phase)));
                }
                return Ok(true);
            }
            Incoming::Control => {}
        }
        Ok(false)
    }

    fn handle_rtp(&mut self, arrived: Arrived, packet: &mut [u8], notes: &mut Notes) {
        let Some(&[_, kind, high, low, _, _, _, _, a, b, c, d]) = packet.first_chunk::<12>() else { return };
        let (sequence, ssrc) = (u16::from_be_bytes([high, low]), u32::from_be_bytes([a, b, c, d]));
        let known = self.streams.iter().position(|stream| stream.ssrc == ssrc);
        let Some(at) = known.or_else(|| self.begin(kind & 0x7f, ssrc)) else { return };
        let stream = &mut self.streams[at];
        let number = stream.tally.arrived(sequence);
        let is_new = !stream.is_rtx && stream.is_new();
        if stream.is_rtx {
            notes.rtx += 1;
        } else {
            notes.media += 1;
        }
        if is_new || self.manner != Manner::Count {
            self.open(at, number, arrived, packet, notes);
        }
    }

    /// A stream that was not heard of, by its payload type.
    fn begin(&mut self, payload_type: u8, ssrc: u32) -> Option<usize> {
        let (line, is_rtx) = self.answer.line_of(payload_type)?;
        self.streams.push(Stream::new(ssrc, line.is_audio, is_rtx));
        Some(self.streams.len() - 1)
    }

    fn open(&mut self, at: usize, number: u64, arrived: Arrived, packet: &mut [u8], notes: &mut Notes) {
        let stream = &mut self.streams[at];
        let (Some((inbound, _)), Ok(header)) = (&mut self.transport.keys, RtpHeader::parse(packet)) else { return };
        if let (Some(feedback), Some(id)) = (&mut self.feedback, self.answer.lines.iter().find_map(|line| line.twcc))
            && let Some(&[high, low]) = header.extension(packet, id)
        {
            feedback.arrived(u16::from_be_bytes([high, low]), arrived.at);
        }
        let Ok((len, _)) = inbound.open_rtp(packet, header.len, header.ssrc, header.sequence) else {
            // One that came twice is counted already.
            notes.broken.sealed += u64::from(stream.tally.duplicates() == 0);
            return;
        };
        let mut whole = &packet[header.len..len];
        if header.padding {
            let padding = whole.last().map_or(0, |count| usize::from(*count));
            whole = &whole[..whole.len().saturating_sub(padding)];
        }
        // RFC 4588 section 4: the original sequence number goes first.
        let whole = if stream.is_rtx { whole.get(2..).unwrap_or(&[]) } else { whole };
        // A packet of padding only is a probe.
        if whole.is_empty() {
            return;
        }
        let Some(stamp) = payload::read(whole) else {
            notes.broken.strange += u64::from(!payload::is_parameter_sets(whole));
            return;
        };
        if stream.is_rtx {
            return;
        }
        notes.broken.shifted += u64::from(!stream.follow(number, stamp.number));
        if arrived.is_measured && self.manner != Manner::Count {
            let latencies = if stream.is_audio { &mut notes.voice } else { &mut notes.video };
            latencies.note(arrived.at_ns.saturating_sub(stamp.sent_ns));
        }
    }

    fn handle_rtcp(&mut self, packet: &mut [u8], notes: &mut Notes) {
        notes.rtcp += 1;
        let (Manner::Full, Some((inbound, _))) = (self.manner, &mut self.transport.keys) else { return };
        let Ok(len) = inbound.open_rtcp(packet) else {
            notes.broken.control += 1;
            return;
        };
        let streams = &mut self.streams;
        read(&packet[..len], |told| {
            if let rtcp::Feedback::SenderReport { ssrc, ntp, .. } = told
                && let Some(stream) = streams.iter_mut().find(|stream| stream.ssrc == ssrc)
            {
                stream.last_report = (ntp >> 16) as u32;
            }
        });
    }

    /// Says what is due.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<()> {
        if self.is_connected() && self.manner == Manner::Bad(Fault::Reader) {
            return Ok(());
        }
        self.transport.handle_timeout(now)?;
        let transport = &mut self.transport;
        if let Some(feedback) = &mut self.feedback {
            feedback.handle_timeout(now, &mut self.streams, |compound| transport.send_rtcp(compound));
        }
        if transport.keys.is_some() && now >= self.next_fault {
            self.next_fault = now + FAULT_INTERVAL;
            let random = &mut self.random;
            match self.manner {
                Manner::Bad(Fault::Nack) => {
                    feedback::ask_for_everything(&self.streams, |compound| transport.send_rtcp(compound));
                }
                Manner::Bad(Fault::Rtcp) => feedback::tell_nonsense(
                    || {
                        *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (*random >> 24) as u8
                    },
                    |compound| transport.send_rtcp(compound),
                ),
                _ => {}
            }
        }
        Ok(())
    }

    /// What became of its voices and of its pictures, if so many were sent.
    pub fn outcome(&self, voice_sent: Option<u64>, video_sent: Option<u64>) -> (Outcome, Outcome) {
        let of = |is_audio, sent| {
            let streams = self.streams.iter().filter(move |stream| stream.is_audio == is_audio && !stream.is_rtx);
            streams.map(|stream| stream.outcome(sent)).fold(Outcome::default(), Outcome::and)
        };
        (of(true, voice_sent), of(false, video_sent))
    }
}
