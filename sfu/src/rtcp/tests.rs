//! Our RTCP against `rtc-rtcp`'s.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc_rtcp::{
    packet::unmarshal,
    payload_feedbacks::picture_loss_indication::PictureLossIndication,
    receiver_report::ReceiverReport,
    sender_report::SenderReport,
    source_description::SourceDescription,
    transport_feedbacks::{
        transport_layer_cc::{PacketStatusChunk, SymbolTypeTcc, TransportLayerCc},
        transport_layer_nack::TransportLayerNack,
    },
};

use super::*;

fn theirs(bytes: &[u8]) -> Vec<Box<dyn rtc_rtcp::Packet>> {
    unmarshal(&mut Bytes::copy_from_slice(bytes)).unwrap()
}

fn ours(bytes: &[u8]) -> Vec<Feedback<'_>> {
    let mut told = Vec::new();
    read(bytes, |feedback| told.push(feedback));
    told
}

#[test]
fn a_compound_of_ours_is_read_by_the_oracle_and_by_us() {
    let mut buffer = [0; 400];
    let mut writer = Writer::new(&mut buffer);
    let info = SenderInfo { ntp: 0x0123_4567_89ab_cdef, rtp: 77, packets: 3, octets: 900 };
    writer.sender_report(1, &info);
    writer.cname(1, "tongke-7");
    let block = ReportBlock {
        ssrc: 9,
        fraction_lost: 25,
        highest_sequence: 0x0001_fffe,
        jitter: 4,
        last_report: 5,
        delay_since: 6,
    };
    writer.receiver_report(1, &[(block, 70)]);
    writer.nack(1, 9, [10u16, 11, 26, 27, 65_535, 2].into_iter());
    writer.picture_loss(1, 9);
    let len = writer.len();
    let bytes = &buffer[..len];

    let packets = theirs(bytes);
    let report = packets[0].as_any().downcast_ref::<SenderReport>().unwrap();
    assert_eq!((report.ntp_time, report.rtp_time, report.packet_count, report.octet_count), (info.ntp, 77, 3, 900));
    let description = packets[1].as_any().downcast_ref::<SourceDescription>().unwrap();
    assert_eq!(description.chunks[0].items[0].text, "tongke-7");
    let report = packets[2].as_any().downcast_ref::<ReceiverReport>().unwrap();
    assert_eq!((report.reports[0].fraction_lost, report.reports[0].total_lost), (25, 70));
    let nack = packets[3].as_any().downcast_ref::<TransportLayerNack>().unwrap();
    let named: Vec<u16> = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
    assert_eq!(named, [10, 11, 26, 27, 65_535, 2]);
    assert!(packets[4].as_any().is::<PictureLossIndication>());

    let told = ours(bytes);
    assert_eq!(told[0], Feedback::SenderReport { ssrc: 1, ntp: info.ntp, rtp: 77 });
    assert_eq!(told[1], Feedback::Report(block));
    let Feedback::Nack { ssrc: 9, packets } = &told[2] else { panic!("{told:?}") };
    assert_eq!(packets.sequences().collect::<Vec<_>>(), [10, 11, 26, 27, 65_535, 2]);
    assert_eq!(told[3..], [Feedback::KeyFrame { ssrc: 9 }]);
}

#[test]
fn full_intra_requests_name_their_target_in_the_entry() {
    let bytes = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 42, 7, 0, 0, 0];
    assert_eq!(ours(&bytes), [Feedback::KeyFrame { ssrc: 42 }]);
}

#[test]
fn a_goodbye_names_every_stream_that_ends() {
    let bytes = [0x82, 203, 0, 2, 0, 0, 0, 7, 0, 0, 0, 8];
    assert_eq!(ours(&bytes), [Feedback::Goodbye { ssrc: 7 }, Feedback::Goodbye { ssrc: 8 }]);
}

#[test]
fn truncated_compounds_tell_what_is_whole() {
    let mut buffer = [0; 100];
    let mut writer = Writer::new(&mut buffer);
    writer.picture_loss(1, 9);
    writer.picture_loss(1, 10);
    let len = writer.len();
    for cut in 0..len {
        assert_eq!(ours(&buffer[..cut]).len(), usize::from(cut >= 12));
    }
}

#[test]
fn a_packet_that_does_not_fit_is_left_out_whole() {
    let mut buffer = [0; 20];
    let mut writer = Writer::new(&mut buffer);
    writer.picture_loss(1, 9);
    writer.picture_loss(1, 10);
    assert_eq!(writer.len(), 12);
    writer.nack(1, 2, (0..100).map(|n| n * 20));
    assert_eq!(writer.len(), 12);
}

/// Statuses and deltas (µs) of one feedback as the oracle reads it.
fn decoded(body: &[u8]) -> (u16, Vec<Option<i64>>) {
    let mut buffer = [0; 1200];
    let mut writer = Writer::new(&mut buffer);
    writer.transport_wide(1, 2, body);
    let len = writer.len();
    let packets = theirs(&buffer[..len]);
    let feedback = packets[0].as_any().downcast_ref::<TransportLayerCc>().unwrap();
    let mut symbols = Vec::new();
    for chunk in &feedback.packet_chunks {
        match chunk {
            PacketStatusChunk::RunLengthChunk(run) => {
                symbols.extend((0..run.run_length).map(|_| run.packet_status_symbol));
            }
            PacketStatusChunk::StatusVectorChunk(vector) => symbols.extend(vector.symbol_list.iter().copied()),
        }
    }
    symbols.truncate(usize::from(feedback.packet_status_count));
    let mut deltas = feedback.recv_deltas.iter();
    let mut at = i64::from(feedback.reference_time) * 64_000;
    let arrivals = symbols.iter().map(|symbol| {
        (*symbol != SymbolTypeTcc::PacketNotReceived).then(|| {
            at += deltas.next().unwrap().delta;
            at
        })
    });
    (feedback.base_sequence_number, arrivals.collect())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
fn transport_wide_feedback_tells_every_arrival_and_every_gap() {
    let origin = Instant::now();
    let mut log = ArrivalLog::new(origin);
    // (sequence, milliseconds); 65_534 and 3 never arrive, 1 arrives before 0, 5 after a long silence.
    let rows = [(65_533u16, 10u64), (65_535, 12), (1, 20), (0, 21), (2, 22), (4, 25), (5, 225)];
    for (sequence, at_ms) in rows {
        log.arrived(sequence, origin + Duration::from_millis(at_ms));
    }
    let mut body = [0; MAX_FEEDBACK_LEN];
    let len = log.feedback(&mut body).unwrap();
    assert_eq!(len % 4, 0);
    let (base, arrivals) = decoded(&body[..len]);
    assert_eq!(base, 65_533);
    let expected = [Some(10), None, Some(12), Some(21), Some(20), Some(22), None, Some(25), Some(225)];
    let found: Vec<Option<i64>> = arrivals.iter().map(|at| at.map(|us| us / 1000)).collect();
    assert_eq!(found, expected);
    assert_eq!(log.feedback(&mut body), None);

    log.arrived(3, origin + Duration::from_millis(230));
    assert_eq!(log.feedback(&mut body), None, "what was told as missing is not told again");
    log.arrived(7, origin + Duration::from_millis(231));
    let len = log.feedback(&mut body).unwrap();
    assert_eq!(decoded(&body[..len]), (6, vec![None, Some(231_000)]));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
fn a_full_log_takes_reordered_packets_in_their_order() {
    let origin = Instant::now();
    let mut log = ArrivalLog::new(origin);
    for i in (0..4000u16).filter(|i| i % 2 == 0).chain((0..4000).filter(|i| i % 2 == 1)) {
        log.arrived(i, origin + Duration::from_micros(u64::from(i)));
    }
    let mut body = [0; MAX_FEEDBACK_LEN];
    let mut told = 0;
    while let Some(len) = log.feedback(&mut body) {
        told += decoded(&body[..len]).1.iter().flatten().count();
    }
    assert_eq!(told, crate::limits::MAX_TWCC_ARRIVALS);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
fn a_long_log_is_told_in_several_feedbacks_that_fit() {
    let origin = Instant::now();
    let mut log = ArrivalLog::new(origin);
    for i in 0..1000u64 {
        if i % 3 != 0 {
            // Alternating large deltas and no runs: the worst case for size.
            log.arrived(i as u16, origin + Duration::from_millis(i * 70 + (i % 2)));
        }
    }
    let mut told = 0;
    let mut body = [0; MAX_FEEDBACK_LEN];
    while let Some(len) = log.feedback(&mut body) {
        told += decoded(&body[..len]).1.iter().flatten().count();
    }
    assert_eq!(told, (0..1000).filter(|i| i % 3 != 0).count());
}
