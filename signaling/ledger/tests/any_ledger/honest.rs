//! Honest rooms on lines of every kind: browsers acknowledge when they like, reports are late, and lines break.

use ledger::{Acknowledged, Event, OutageReason, PageEvidence, RoomReception, RtcpEvidence, What};
use protocol::{RoomId, UtcMs};

use crate::dice::Dice;

const STEP_MS: i64 = 100;
const LESSON_MS: i64 = 600_000;
/// How long the SFU hears nothing before it says so.
const SILENCE_MS: i64 = 8_000;

/// One stream of packets and what receiver reports told of it so far.
#[derive(Default)]
struct Packets {
    every_ms: i64,
    reports_ms: i64,
    counted: Acknowledged,
    arrived: u64,
    next_report_ms: i64,
}

impl Packets {
    /// `reports_ms` is the mean time between receiver reports, which is randomised by half.
    fn step(&mut self, ms: i64, up: bool, loss_percent: usize, dice: &mut Dice) {
        if ms % self.every_ms == 0 {
            self.counted.sent += 1;
            self.arrived += u64::from(up && !dice.chance(loss_percent));
        }
        if up && ms >= self.next_report_ms {
            self.counted.arrived = self.arrived;
            self.next_report_ms = ms + dice.within(self.reports_ms / 2..self.reports_ms * 3 / 2);
        }
    }
}

/// Plays ten minutes on a line that is cut from `cut.0` to `cut.1` ms after the start. Pictures and sound are played
/// only while it is up; a page that is cut off plays silence, as browsers do, and its reports come when the line is
/// back.
fn play(dice: &mut Dice, cut: (i64, i64)) -> Vec<Event> {
    let mut reception = RoomReception::new(RoomId::parse("point-1").unwrap());
    // Courseware at 2 fps to camera; DTX in silence to a steady voice.
    let frame_ms = dice.pick(&[500, 200, 100]);
    let mut picture = Packets { every_ms: 100, reports_ms: 1_000, next_report_ms: -20_000, ..Packets::default() };
    let mut voice =
        Packets { every_ms: dice.pick(&[400, 100]), reports_ms: 5_000, next_report_ms: -20_000, ..Packets::default() };
    let (loss_percent, latest_ms) = (dice.below(11), dice.within(0..2_000));
    let (tell_at, report_at) = (dice.within(0..50) * STEP_MS, dice.within(0..50) * STEP_MS);
    let mut page = PageEvidence::default();
    let mut held: Vec<(i64, PageEvidence)> = Vec::new();
    let mut events = Vec::new();
    reception.handle_started(UtcMs(0));
    for ms in (-20_000..LESSON_MS + 20_000).step_by(STEP_MS as usize) {
        let (now, up) = (UtcMs(ms), ms < cut.0 || ms >= cut.1);
        picture.step(ms, up, loss_percent, dice);
        voice.step(ms, up, loss_percent, dice);
        page.frames_decoded += u64::from(up && ms % frame_ms == 0);
        page.sound_ms += STEP_MS as u64;
        page.concealed_ms += if up { dice.below(loss_percent + 1) as u64 } else { 0 };
        if (ms - tell_at).rem_euclid(5_000) == 0 {
            reception.handle_rtcp(now, RtcpEvidence { pictures: picture.counted, voices: voice.counted });
        }
        if (ms - report_at).rem_euclid(5_000) == 0 {
            held.push((ms + dice.within(0..latest_ms + 1), page));
        }
        while up && held.first().is_some_and(|(due_ms, _)| *due_ms <= ms) {
            reception.handle_page(now, held.remove(0).1);
        }
        match ms {
            _ if ms == cut.0.saturating_add(SILENCE_MS) && ms < cut.1 => reception.handle_line_lost(now, UtcMs(cut.0)),
            _ if ms == cut.1 => reception.handle_line_back(now),
            _ => {}
        }
        while let Some(event) = reception.poll_event() {
            events.push(event);
        }
    }
    reception.finish(UtcMs(LESSON_MS));
    while let Some(event) = reception.poll_event() {
        events.push(event);
    }
    events
}

fn received_ms(events: &[Event]) -> (i64, i64) {
    events.iter().fold((0, 0), |(picture, sound), event| match event.what {
        What::Received { picture_ms, sound_ms, .. } => (picture + i64::from(picture_ms), sound + i64::from(sound_ms)),
        _ => (picture, sound),
    })
}

pub fn nothing_is_missed_on_a_line_that_works(dice: &mut Dice) {
    let events = play(dice, (i64::MAX, i64::MAX));
    assert_eq!(received_ms(&events), (LESSON_MS, LESSON_MS));
    assert!(!events.iter().any(|event| matches!(event.what, What::Outage { .. })), "{events:?}");
}

/// A cut is noted from its beginning to its end, give or take the intervals that reach into it, and not a second of it
/// is counted.
pub fn a_cut_is_noted_and_not_counted(dice: &mut Dice) {
    let from = dice.within(1_000..4_000) * STEP_MS;
    let to = from + dice.within(81..900) * STEP_MS;
    let events = play(dice, (from, to));
    let outages: Vec<_> = events
        .iter()
        .filter_map(|event| match event.what {
            What::Outage { from, to, reason, .. } => Some((from.0, to.0, reason)),
            _ => None,
        })
        .collect();
    let [(noted_from, noted_to, reason)] = outages[..] else { panic!("{outages:?} for {from} to {to}") };
    assert_eq!(reason, OutageReason::LineLost);
    assert!((from - 15_000..=from).contains(&noted_from), "noted from {noted_from} instead of {from}");
    assert!((to..=to + 15_000).contains(&noted_to), "noted to {noted_to} instead of {to}");
    let (picture, sound) = received_ms(&events);
    let most = LESSON_MS - (to - from);
    assert!(
        (most - 30_000..=most).contains(&picture.min(sound)) && picture.max(sound) <= most,
        "{picture} {sound} {most}"
    );
}
