//! What a viewer tells the server of what it receives, and the nonsense that a misbehaving one tells.

use std::time::{Duration, Instant};

use sfu::rtcp::{ArrivalLog, MAX_FEEDBACK_LEN, Writer};

use crate::stream::Stream;

/// Time between two receiver reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two transport-wide feedbacks.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two requests for a packet that came.
const NACK_INTERVAL: Duration = Duration::from_secs(5);
/// How far behind the newest the packet asked for is.
const NACK_BEHIND: u64 = 5;
/// SSRC it all is told with.
const REPORTER: u32 = 1;
/// Longest compound.
const ROOM: usize = 1200;

/// The feedback of one viewer.
pub struct Feedback {
    arrivals: ArrivalLog,
    next_report: Instant,
    next_feedback: Instant,
    next_nack: Instant,
}

impl Feedback {
    /// A viewer that connects now; `phase` from 0 to 1 spreads the viewers over time.
    pub fn new(now: Instant, phase: f64) -> Self {
        Self {
            arrivals: ArrivalLog::new(now),
            next_report: now + REPORT_INTERVAL.mul_f64(phase),
            next_feedback: now + FEEDBACK_INTERVAL.mul_f64(phase),
            next_nack: now + NACK_INTERVAL.mul_f64(phase),
        }
    }

    /// Notes a packet with a transport-wide number.
    pub fn arrived(&mut self, twcc: u16, at: Instant) {
        self.arrivals.arrived(twcc, at);
    }

    /// Writes what is due; each compound goes to `send`.
    pub fn handle_timeout(&mut self, now: Instant, streams: &mut [Stream], mut send: impl FnMut(&[u8])) {
        if now >= self.next_report {
            self.next_report = now + REPORT_INTERVAL;
            let blocks: Vec<_> =
                streams.iter_mut().filter(|stream| !stream.is_rtx).filter_map(Stream::report).collect();
            write(&mut send, |writer| writer.receiver_report(REPORTER, &blocks));
        }
        if now >= self.next_feedback {
            self.next_feedback = now + FEEDBACK_INTERVAL;
            let mut body = [0; MAX_FEEDBACK_LEN];
            while let Some(len) = self.arrivals.feedback(&mut body) {
                write(&mut send, |writer| writer.transport_wide(REPORTER, 0, &body[..len]));
            }
        }
        if now >= self.next_nack {
            self.next_nack = now + NACK_INTERVAL;
            let video = streams.iter().find(|stream| !stream.is_audio && !stream.is_rtx);
            if let Some((stream, (_, highest))) = video.and_then(|stream| Some((stream, stream.tally.ends()?))) {
                let wanted = std::iter::once(highest.saturating_sub(NACK_BEHIND) as u16);
                write(&mut send, |writer| writer.nack(REPORTER, stream.ssrc, wanted));
            }
        }
    }
}

/// Asks for the 100 newest packets of every stream again.
pub fn ask_for_everything(streams: &[Stream], mut send: impl FnMut(&[u8])) {
    for stream in streams.iter().filter(|stream| !stream.is_rtx) {
        let Some((_, highest)) = stream.tally.ends() else { continue };
        write(&mut send, |writer| {
            writer.nack(REPORTER, stream.ssrc, (highest.saturating_sub(99)..=highest).map(|number| number as u16));
        });
    }
}

/// RTCP that no receiver would send: random bytes, transport-wide feedback that counts more packets than it tells of, a
/// rate estimate of zero, and reports on streams that are not there. `random` gives the bytes.
pub fn tell_nonsense(mut random: impl FnMut() -> u8, mut send: impl FnMut(&[u8])) {
    let mut noise: Vec<u8> = (0..64).map(|_| random()).collect();
    (noise[0], noise[1]) = (0x80 | noise[0] & 0x1f, 200 + noise[1] % 8);
    send(&noise);
    // Base 0, 65,535 packets in runs of 8,191 large deltas, and no delta.
    let mut body = vec![0, 0, 0xff, 0xff, 0x7f, 0xff, 0xff, random()];
    body.extend([0x5f, 0xff].repeat(8));
    write(&mut send, |writer| writer.transport_wide(u32::from(random()), 0, &body));
    // draft-alvestrand-rmcat-remb: one stream, no bits a second.
    send(&[0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1, 0, 0, 0, 0, 0, 0, random()]);
    write(&mut send, |writer| writer.picture_loss(REPORTER, u32::from(random())));
}

fn write(send: &mut impl FnMut(&[u8]), compose: impl FnOnce(&mut Writer<'_>)) {
    let mut room = [0; ROOM];
    let mut writer = Writer::new(&mut room);
    compose(&mut writer);
    let len = writer.len();
    if len > 0 {
        send(&room[..len]);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rtc_rtcp::{
        receiver_report::ReceiverReport,
        transport_feedbacks::{
            transport_layer_cc::{PacketStatusChunk, TransportLayerCc},
            transport_layer_nack::TransportLayerNack,
        },
    };

    use super::*;

    fn told(from: Instant, ms: u64, feedback: &mut Feedback, streams: &mut [Stream]) -> Vec<Vec<u8>> {
        let mut told = Vec::new();
        feedback.handle_timeout(from + Duration::from_millis(ms), streams, |compound| told.push(compound.to_vec()));
        told
    }

    #[test]
    fn an_independent_reader_finds_what_arrived() {
        let start = Instant::now();
        let mut feedback = Feedback::new(start, 0.0);
        let mut stream = Stream::new(77, false, false);
        for (number, ms) in [(10u16, 1), (11, 2), (13, 9)] {
            stream.tally.arrived(number);
            feedback.arrived(number, start + Duration::from_millis(ms));
        }
        let told = told(start, 10, &mut feedback, &mut [stream]);
        let compounds: Vec<_> = told
            .iter()
            .map(|compound| rtc_rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(compound)).unwrap())
            .collect();
        let report = compounds[0][0].as_any().downcast_ref::<ReceiverReport>().unwrap();
        assert_eq!((report.reports[0].ssrc, report.reports[0].total_lost), (77, 1));
        let arrivals = compounds[1][0].as_any().downcast_ref::<TransportLayerCc>().unwrap();
        assert_eq!((arrivals.base_sequence_number, arrivals.packet_status_count), (10, 4));
        assert_eq!(arrivals.recv_deltas.len(), 3);
        assert!(arrivals.packet_chunks.iter().all(|chunk| matches!(chunk, PacketStatusChunk::StatusVectorChunk(_))
            || matches!(chunk, PacketStatusChunk::RunLengthChunk(_))));
        let nack = compounds[2][0].as_any().downcast_ref::<TransportLayerNack>().unwrap();
        assert_eq!((nack.media_ssrc, nack.nacks[0].packet_id), (77, 8));
    }

    #[test]
    fn each_kind_of_feedback_keeps_its_own_time() {
        let start = Instant::now();
        let mut feedback = Feedback::new(start, 0.0);
        let mut stream = [Stream::new(77, false, false)];
        stream[0].tally.arrived(1);
        let counts: Vec<usize> =
            [0, 50, 100, 1000, 5000].map(|ms| told(start, ms, &mut feedback, &mut stream).len()).into();
        // Nothing has a transport-wide number here.
        assert_eq!(counts, [2, 0, 0, 1, 2]);
    }

    #[test]
    fn nonsense_has_the_form_of_rtcp_and_everything_means_every_stream() {
        let mut next = 0u8;
        let mut random = || {
            next = next.wrapping_mul(31).wrapping_add(7);
            next
        };
        let mut told = Vec::new();
        tell_nonsense(&mut random, |compound| told.push(compound.to_vec()));
        assert_eq!(told.len(), 4);
        assert!(told.iter().all(|compound| compound[0] >> 6 == 2 && (200..=207).contains(&compound[1])));
        let mut streams = [Stream::new(1, true, false), Stream::new(2, false, false), Stream::new(3, false, true)];
        for stream in &mut streams {
            stream.tally.arrived(500);
        }
        let mut asked = 0;
        ask_for_everything(&streams, |_| asked += 1);
        assert_eq!(asked, 2);
    }
}
