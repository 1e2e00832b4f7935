//! The view of transport-wide feedback against our own writer, against `rtc-rtcp`'s reader, and against liars.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc_rtcp::{
    packet::unmarshal,
    transport_feedbacks::transport_layer_cc::{PacketStatusChunk, SymbolTypeTcc, TransportLayerCc},
};

use super::*;

/// A packet with this much of a feedback after the SSRCs.
fn packet(body: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0; 2000];
    let mut writer = Writer::new(&mut buffer);
    writer.transport_wide(1, 2, body);
    let len = writer.len();
    buffer.truncate(len);
    buffer
}

fn view(packet: &[u8]) -> TransportWide<'_> {
    let mut found = None;
    read(packet, |feedback| {
        if let Feedback::TransportWide(wide) = feedback {
            found = Some(wide);
        }
    });
    found.unwrap()
}

/// Base, count, reference 1, feedback count 7, and what follows, padded to the word.
fn told(base: u16, count: u16, rest: &[u8]) -> Vec<u8> {
    let mut body = [base.to_be_bytes(), count.to_be_bytes(), [0, 0], [1, 7]].concat();
    body.extend_from_slice(rest);
    body.resize(body.len().next_multiple_of(4), 0);
    packet(&body)
}

/// What the oracle reads: each number with its arrival in ticks since the reference time.
fn by_the_oracle(packet: &[u8]) -> Option<Vec<(u16, Option<i64>)>> {
    let packets = unmarshal(&mut Bytes::copy_from_slice(packet)).ok()?;
    let feedback = packets[0].as_any().downcast_ref::<TransportLayerCc>()?;
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
    let mut ticks = 0;
    let statuses = symbols.iter().enumerate().map(|(i, symbol)| {
        let arrival = if *symbol == SymbolTypeTcc::PacketNotReceived {
            None
        } else {
            ticks += deltas.next()?.delta / 250;
            Some(ticks)
        };
        Some((feedback.base_sequence_number.wrapping_add(i as u16), arrival))
    });
    statuses.collect()
}

/// A row of numbers that look random: the same ones for the same seed.
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
fn what_our_log_writes_is_read_back_and_read_alike_by_the_oracle() {
    let origin = Instant::now();
    for seed in 1..=40 {
        let mut random = numbers(seed);
        let mut log = ArrivalLog::new(origin);
        let (mut number, mut at_us) = (random() as u16, random() % 100_000_000);
        let mut arrived = Vec::new();
        for _ in 0..700 {
            number = number.wrapping_add(if random().is_multiple_of(8) { 1 + (random() % 30) as u16 } else { 1 });
            at_us += random() % 12_000 + if random().is_multiple_of(40) { 90_000 } else { 0 };
            log.arrived(number, origin + Duration::from_micros(at_us));
            arrived.push((number, at_us as i64));
        }
        let mut body = [0; MAX_FEEDBACK_LEN];
        let mut read_back = Vec::new();
        while let Some(len) = log.feedback(&mut body) {
            let packet = packet(&body[..len]);
            let wide = view(&packet);
            let statuses: Vec<_> = wide.statuses(usize::MAX).collect();
            assert_eq!(statuses.len(), usize::from(wide.claimed), "seed {seed}");
            assert_eq!(by_the_oracle(&packet), Some(statuses.clone()), "seed {seed}");
            let reference = i64::from(wide.reference) * TICKS_PER_REFERENCE;
            read_back.extend(statuses.iter().filter_map(|&(number, ticks)| Some((number, reference + ticks?))));
        }
        assert_eq!(read_back.len(), arrived.len(), "seed {seed}");
        for (&(number, ticks), &(expected, at_us)) in read_back.iter().zip(&arrived) {
            assert_eq!(number, expected, "seed {seed}");
            assert!((ticks * 250 - at_us).abs() <= 250, "seed {seed}: {ticks} ticks for {at_us} µs");
        }
    }
}

#[test]
fn every_kind_of_chunk_is_read() {
    // A run of two missing; a one-bit vector with its first and last set; a two-bit vector: small, large, missing.
    let rest = [0x00, 0x02, 0xa0, 0x01, 0xd8, 0x00, 4, 8, 12, 0xff, 0xf0];
    let packet = told(65_535, 19, &rest);
    let wide = view(&packet);
    assert_eq!((wide.base, wide.claimed, wide.reference, wide.feedback_count), (65_535, 19, 1, 7));
    let statuses: Vec<_> = wide.statuses(100).collect();
    assert_eq!(statuses.len(), 19);
    assert_eq!(statuses[..3], [(65_535, None), (0, None), (1, Some(4))]);
    assert_eq!(statuses[15..], [(14, Some(12)), (15, Some(24)), (16, Some(8)), (17, None)]);
    assert!(statuses[3..15].iter().all(|(_, arrival)| arrival.is_none()));
}

#[test]
fn the_reference_time_is_signed() {
    for (bytes, expected) in [([0x7f, 0xff, 0xff], 0x7f_ffff), ([0x80, 0, 0], -0x80_0000), ([0xff; 3], -1)] {
        let body = [&[0, 1, 0, 1], &bytes[..], &[0, 0x20, 1, 9, 0]].concat();
        assert_eq!(view(&packet(&body)).reference, expected);
    }
}

#[test]
fn a_lying_count_costs_no_more_than_the_limit() {
    // Nine runs of 8,191 missing packets describe 73,719 statuses in 38 bytes.
    let runs = [0x1f, 0xff].repeat(9);
    let packet = told(100, 65_535, &runs);
    assert_eq!(packet.len(), 40);
    let wide = view(&packet);
    assert_eq!(wide.statuses(50).count(), 50);
    assert_eq!(wide.statuses(0).count(), 0);
    assert_eq!(wide.statuses(usize::MAX).count(), 65_535, "never more than are claimed");
    let few = told(100, 65_535, &[0x00, 0x05]);
    assert_eq!(view(&few).statuses(usize::MAX).count(), 5, "never more than the chunks describe");
    assert_eq!(view(&told(100, 3, &runs)).statuses(usize::MAX).count(), 3);
}

#[test]
fn a_walk_ends_where_deltas_or_meaning_end() {
    // Three received packets, one delta (and padding, which is read as deltas of zero).
    let short = told(1, 9, &[0x20, 0x09, 4, 4]);
    assert_eq!(view(&short).statuses(100).collect::<Vec<_>>(), [(1, Some(4)), (2, Some(8))]);
    let reserved = told(1, 3, &[0x60, 0x03, 4, 4]);
    assert_eq!(view(&reserved).statuses(100).count(), 0);
}

#[test]
fn truncated_feedback_is_none_or_tells_what_is_whole() {
    let whole = told(1, 6, &[0x20, 0x06, 1, 2, 3, 4, 5, 6]);
    for len in (4..=whole.len()).step_by(4) {
        let mut cut = whole[..len].to_vec();
        cut[3] = (len / 4 - 1) as u8;
        let mut seen = 0;
        read(&cut, |feedback| {
            let Feedback::TransportWide(wide) = feedback else { panic!("{feedback:?}") };
            seen += wide.statuses(100).count();
        });
        assert_eq!(seen, [0, 0, 0, 0, 0, 2, 6][len / 4 - 1], "{len} bytes");
    }
}

#[test]
fn any_bytes_are_walked_within_bounds_and_as_the_oracle_walks_them() {
    let mut random = numbers(3);
    let mut agreed = 0;
    for _ in 0..20_000 {
        let len = 8 + (random() % 40) as usize;
        let mut body: Vec<u8> = (0..len.next_multiple_of(4)).map(|_| random() as u8).collect();
        body[2..4].copy_from_slice(&((random() % 64) as u16).to_be_bytes());
        let packet = packet(&body);
        let wide = view(&packet);
        let limit = (random() % 100) as usize;
        let statuses: Vec<_> = wide.statuses(limit).collect();
        assert!(statuses.len() <= limit.min(usize::from(wide.claimed)));
        assert!(statuses.iter().zip(0..).all(|((number, _), i)| *number == wide.base.wrapping_add(i)));
        // The oracle reads deltas for reserved symbols too: those feedbacks end earlier with us.
        if let Some(theirs) = by_the_oracle(&packet)
            && wide.statuses(usize::MAX).count() == theirs.len()
        {
            assert_eq!(wide.statuses(usize::MAX).collect::<Vec<_>>(), theirs);
            agreed += 1;
        }
    }
    assert!(agreed > 1000, "{agreed} compared");
}
