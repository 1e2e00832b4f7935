//! Rooms whose reports, lines and clocks go by chance.

use ledger::{
    Acknowledged, Event, PageEvidence, RoomReception, RtcpEvidence, Spans, Stream, What,
    limits::{LONGEST_INTERVAL_MS, SETTLE_AFTER_MS},
};
use protocol::{RoomId, UtcMs};

use crate::dice::Dice;

fn room() -> RoomReception {
    RoomReception::new(RoomId::parse("point-1").unwrap())
}

fn drain(reception: &mut RoomReception, into: &mut Vec<Event>) {
    while let Some(event) = reception.poll_event() {
        into.push(event);
    }
}

/// Nonsense from the page, chance from the line: no more is received than passed, live, between reports of both sources
/// that follow each other closely enough.
pub fn received_is_within_what_both_reported(dice: &mut Dice) {
    let mut reception = room();
    let mut events = Vec::new();
    let (mut now, mut latest) = (UtcMs(dice.within(0..1 << 40)), UtcMs(0));
    let start = now.plus_ms(dice.within(0..30_000));
    let end = start.plus_ms(dice.within(0..300_000));
    let (mut rtcp, mut page) = (RtcpEvidence::default(), PageEvidence::default());
    let (mut told, mut reported) = (Vec::new(), Vec::new());
    let nonsense = dice.chance(50);
    reception.handle_started(start);
    while latest < end {
        now = now.plus_ms(dice.pick(&[-3_000, 0, 100, 900, 2_000, 5_000, 5_000, 5_000, 9_000, 16_000]));
        latest = latest.max(now);
        reception.handle_time(now);
        if dice.chance(70) {
            for counter in [&mut rtcp.pictures, &mut rtcp.voices] {
                let sent = dice.below(600) as u64;
                let arrived = if dice.chance(80) { sent } else { 0 };
                *counter = Acknowledged { sent: counter.sent + sent, arrived: counter.arrived + arrived };
            }
            if dice.chance(3) {
                rtcp = RtcpEvidence::default();
            }
            reception.handle_rtcp(now, rtcp);
            told.push(latest);
        }
        if dice.chance(70) {
            let any = |dice: &mut Dice| dice.any() >> dice.below(64);
            page = if nonsense && dice.chance(30) {
                PageEvidence { frames_decoded: any(dice), sound_ms: any(dice), concealed_ms: any(dice) }
            } else {
                PageEvidence {
                    frames_decoded: page.frames_decoded.saturating_add(dice.below(400) as u64),
                    sound_ms: page.sound_ms.saturating_add(dice.below(9_000) as u64),
                    concealed_ms: page.concealed_ms.saturating_add(dice.below(900) as u64),
                }
            };
            reception.handle_page(now, page);
            reported.push(latest);
        }
        if dice.chance(5) {
            reception.handle_source(now, dice.pick(&[Stream::Picture, Stream::Sound]), dice.chance(50));
        }
        drain(&mut reception, &mut events);
    }
    reception.finish(end);
    drain(&mut reception, &mut events);
    let spoken_for = |times: &[UtcMs]| {
        let close = |pair: &&[UtcMs]| pair[1].since_ms(pair[0]) <= LONGEST_INTERVAL_MS;
        Spans::of(times.windows(2).filter(close).map(|pair| (pair[0], pair[1])))
    };
    let both = spoken_for(&told).and(&spoken_for(&reported)).and(&Spans::one(start, end));
    for event in &events {
        match event.what {
            What::Received { from, to, picture_ms, sound_ms, doubt_ms, .. } => {
                let most_ms = both.length_within_ms(from, to);
                assert!(i64::from(picture_ms.max(sound_ms)) <= most_ms, "{event:?} with evidence for {most_ms} ms");
                assert!(i64::from(doubt_ms) <= to.since_ms(from), "{event:?}");
                assert!(start <= from && from < to && to <= end, "{event:?} outside {start:?} to {end:?}");
            }
            What::Outage { from, to, .. } => assert!(start <= from && to <= end, "{event:?}"),
            _ => panic!("{event:?}"),
        }
    }
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at), "events are in order of time");
}

/// Reports out of step at times by chance on a line that works or not from interval to interval: the count is that of a
/// naive count of single milliseconds.
pub fn intersection_is_exact(dice: &mut Dice) {
    let length_ms = dice.within(20_000..120_000);
    let mut times = |from: i64| -> Vec<i64> {
        let mut times = vec![from];
        while times[times.len() - 1] < length_ms + 20_000 {
            times.push(times[times.len() - 1] + dice.within(1_000..LONGEST_INTERVAL_MS + 2_000));
        }
        times
    };
    let (told, reported) = (times(-9_000), times(-8_000));
    // Acknowledged at once, so that each interval has an answer of its own, which only the sound differs in.
    let page_yes: Vec<bool> = reported.iter().map(|_| dice.chance(70)).collect();
    let mut steps: Vec<(i64, bool, usize)> = told.iter().enumerate().map(|(i, ms)| (*ms, true, i)).collect();
    steps.extend(reported.iter().enumerate().map(|(i, ms)| (*ms, false, i)));
    steps.sort_unstable();
    let mut reception = room();
    reception.handle_started(UtcMs(0));
    let (mut events, mut page) = (Vec::new(), PageEvidence::default());
    for (ms, is_rtcp, index) in steps {
        if is_rtcp {
            let all = Acknowledged { sent: index as u64 * 9, arrived: index as u64 * 9 };
            reception.handle_rtcp(UtcMs(ms), RtcpEvidence { pictures: all, voices: all });
        } else {
            page.frames_decoded += 300;
            page.sound_ms += if page_yes[index] { 15_000 } else { 0 };
            reception.handle_page(UtcMs(ms), page);
        }
        drain(&mut reception, &mut events);
    }
    reception.finish(UtcMs(length_ms));
    drain(&mut reception, &mut events);
    let covers = |times: &[i64], at: i64| {
        let next = times.partition_point(|ms| *ms <= at);
        let close = next > 0 && next < times.len() && times[next] - times[next - 1] <= LONGEST_INTERVAL_MS;
        close.then_some(next)
    };
    let (mut picture, mut sound) = (0, 0);
    for ms in 0..length_ms {
        if covers(&told, ms).is_some()
            && let Some(index) = covers(&reported, ms)
        {
            picture += 1;
            sound += i64::from(page_yes[index]);
        }
    }
    let sums = events.iter().fold((0, 0), |sums, event| match event.what {
        What::Received { picture_ms, sound_ms, .. } => (sums.0 + i64::from(picture_ms), sums.1 + i64::from(sound_ms)),
        _ => sums,
    });
    assert_eq!(sums, (picture, sound), "of {length_ms} ms, settled after {SETTLE_AFTER_MS} ms");
}
