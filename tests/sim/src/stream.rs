//! What a browser sends under one SSRC: its numbers, its header extensions, and what it keeps to send again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use sfu::rtcp::{SenderInfo, Writer};

use crate::{
    answer::{AnsweredLine, Extensions},
    chance::Chance,
};

/// Packets kept to be sent again; the oldest is forgotten.
const KEPT: usize = 600;
/// A packet is sent again at most once in this time.
const AGAIN_INTERVAL: Duration = Duration::from_millis(40);

#[derive(Debug, Clone)]
struct Kept {
    sequence: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
    again_at: Option<Instant>,
}

/// One sent stream, with its retransmissions.
#[derive(Debug)]
pub struct Stream {
    /// Of media.
    pub ssrc: u32,
    rtx_ssrc: u32,
    number: u8,
    rtx_number: Option<u8>,
    clock: u32,
    mid: String,
    rid: Option<String>,
    extensions: Extensions,
    next_sequence: u16,
    next_rtx: u16,
    first_timestamp: u32,
    kept: VecDeque<Kept>,
    keeps: bool,
    /// The server has reported on media, on retransmissions: mid and rid go no more there (as Chromium does, to save their
    /// bytes).
    known: (bool, bool),
    packets: u32,
    octets: u32,
    last: Option<(Instant, u32)>,
    /// Packets asked for again.
    pub asked_again: u64,
}

impl Stream {
    /// A stream as it was answered, under `ssrcs` of media and of retransmissions. `clock` in Hz.
    pub fn new(line: &AnsweredLine, number: u8, ssrcs: (u32, u32), clock: u32, chance: &mut Chance) -> Self {
        Self {
            ssrc: ssrcs.0,
            rtx_ssrc: ssrcs.1,
            number,
            rtx_number: line.number_of("rtx"),
            clock,
            mid: line.mid.clone(),
            rid: None,
            extensions: line.extensions,
            // RFC 3711 section 3.3.1: a start in the lower half keeps the first packets from being guessed a rollover late.
            next_sequence: (chance.next_u32() & 0x7fff) as u16,
            next_rtx: (chance.next_u32() & 0x7fff) as u16,
            first_timestamp: chance.next_u32(),
            kept: VecDeque::new(),
            keeps: line.has_feedback("nack"),
            known: (false, false),
            packets: 0,
            octets: 0,
            last: None,
            asked_again: 0,
        }
    }

    /// The same, as one encoding of several.
    pub fn named(mut self, rid: &str) -> Self {
        self.rid = Some(rid.into());
        self
    }

    /// The server has told that it receives `ssrc`, which may be of this stream.
    pub fn known(&mut self, ssrc: u32) {
        self.known.0 |= self.ssrc == ssrc;
        self.known.1 |= self.rtx_ssrc == ssrc;
    }

    /// The timestamp of an instant.
    pub fn timestamp(&self, since_origin: Duration) -> u32 {
        let ticks = since_origin.as_nanos() * u128::from(self.clock) / 1_000_000_000;
        self.first_timestamp.wrapping_add(ticks as u32)
    }

    /// The packet of a payload; `transport` is its transport-wide number.
    pub fn packet(&mut self, now: Instant, timestamp: u32, marker: bool, payload: Vec<u8>, transport: u16) -> Vec<u8> {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        self.packets += 1;
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        self.last = Some((now, timestamp));
        let kept = Kept { sequence, timestamp, marker, payload, again_at: None };
        let packet = self.write(&kept, false, transport);
        if self.keeps {
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(kept);
        }
        packet
    }

    /// The packet `sequence` once more; none if it is not kept any more, or was sent again just now.
    pub fn packet_again(&mut self, now: Instant, sequence: u16, transport: u16) -> Option<Vec<u8>> {
        self.asked_again += 1;
        let lately = |at: Option<Instant>| at.is_some_and(|at| now.saturating_duration_since(at) < AGAIN_INTERVAL);
        let at = self.kept.iter().position(|kept| kept.sequence == sequence)?;
        let kept = self.kept.get_mut(at).filter(|kept| !lately(kept.again_at))?;
        kept.again_at = Some(now);
        let kept = kept.clone();
        let packet = self.write(&kept, true, transport);
        self.next_rtx = self.next_rtx.wrapping_add(u16::from(self.rtx_number.is_some()));
        Some(packet)
    }

    fn write(&self, kept: &Kept, again: bool, transport: u16) -> Vec<u8> {
        let rtx = self.rtx_number.filter(|_| again);
        let mut out = Vec::with_capacity(kept.payload.len() + 64);
        out.extend_from_slice(&[0x80, (u8::from(kept.marker) << 7) | rtx.unwrap_or(self.number)]);
        out.extend_from_slice(&if rtx.is_some() { self.next_rtx } else { kept.sequence }.to_be_bytes());
        out.extend_from_slice(&kept.timestamp.to_be_bytes());
        out.extend_from_slice(&if rtx.is_some() { self.rtx_ssrc } else { self.ssrc }.to_be_bytes());
        self.write_extensions(&mut out, rtx.is_some(), transport);
        if rtx.is_some() {
            // RFC 4588 section 4.
            out.extend_from_slice(&kept.sequence.to_be_bytes());
        }
        out.extend_from_slice(&kept.payload);
        out
    }

    /// RFC 8285 section 4.2.
    fn write_extensions(&self, out: &mut Vec<u8>, is_rtx: bool, transport: u16) {
        let mut block = Vec::with_capacity(32);
        let mut element = |id: Option<u8>, data: &[u8]| {
            if let (Some(id), Some(len)) = (id, data.len().checked_sub(1)) {
                block.push(id << 4 | len as u8);
                block.extend_from_slice(data);
            }
        };
        element(self.extensions.number, &transport.to_be_bytes());
        if !(if is_rtx { self.known.1 } else { self.known.0 }) {
            element(self.extensions.mid, self.mid.as_bytes());
            let rid = self.rid.as_deref().unwrap_or_default().as_bytes();
            element(if is_rtx { self.extensions.repaired_rid } else { self.extensions.rid }, rid);
        }
        if block.is_empty() {
            return;
        }
        block.resize(block.len().next_multiple_of(4), 0);
        out[0] |= 0x10;
        out.extend_from_slice(&[0xbe, 0xde]);
        out.extend_from_slice(&((block.len() / 4) as u16).to_be_bytes());
        out.extend_from_slice(&block);
    }

    /// Writes its sender report; nothing before its first packet.
    pub fn report(&self, writer: &mut Writer<'_>, ntp: u64, since_origin: Duration) {
        if self.last.is_some() {
            let rtp = self.timestamp(since_origin);
            let info = SenderInfo { ntp, rtp, packets: self.packets, octets: self.octets };
            writer.sender_report(self.ssrc, &info);
            writer.cname(self.ssrc, "sim");
        }
    }
}

#[cfg(test)]
mod tests {
    use sfu::rtp::RtpHeader;

    use super::*;
    use crate::world::some_instant;

    fn stream() -> Stream {
        let line = AnsweredLine {
            mid: "1".into(),
            formats: vec![(108, "h264".into()), (109, "rtx".into())],
            feedback: vec!["nack".into()],
            extensions: Extensions {
                number: Some(3),
                mid: Some(4),
                rid: Some(10),
                repaired_rid: Some(11),
                delay: None,
            },
            ..AnsweredLine::default()
        };
        Stream::new(&line, 108, (7, 8), 90_000, &mut Chance::new(1)).named("q")
    }

    #[test]
    fn a_stream_is_named_until_the_server_has_told_that_it_knows_it() {
        let (mut stream, now) = (stream(), some_instant());
        let first = stream.packet(now, 1, true, vec![1, 2], 500);
        let header = RtpHeader::parse(&first).unwrap();
        assert_eq!((header.ssrc, header.marker, header.payload_type), (7, true, 108));
        assert_eq!(header.extension(&first, 3), Some(&500u16.to_be_bytes()[..]));
        assert_eq!((header.extension(&first, 4), header.extension(&first, 10)), (Some(&b"1"[..]), Some(&b"q"[..])));
        assert_eq!(first[header.len..], [1, 2]);
        stream.known(7);
        let second = stream.packet(now, 1, true, vec![1, 2], 501);
        let header = RtpHeader::parse(&second).unwrap();
        assert_eq!((header.extension(&second, 4), header.extension(&second, 10)), (None, None));
    }

    #[test]
    fn a_packet_goes_again_on_the_retransmission_stream_but_not_twice_at_once() {
        let (mut stream, now) = (stream(), some_instant());
        let first = stream.packet(now, 1, true, vec![1, 2], 500);
        let sequence = RtpHeader::parse(&first).unwrap().sequence;
        let again = stream.packet_again(now, sequence, 501).unwrap();
        let header = RtpHeader::parse(&again).unwrap();
        assert_eq!((header.ssrc, header.payload_type, header.timestamp), (8, 109, 1));
        assert_eq!(again[header.len..], [&sequence.to_be_bytes()[..], &[1, 2]].concat());
        assert_eq!(header.extension(&again, 11), Some(&b"q"[..]));
        assert_eq!(stream.packet_again(now, sequence, 502), None);
        assert_eq!(stream.packet_again(now, sequence.wrapping_add(1), 502), None);
    }
}
