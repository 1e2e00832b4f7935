//! Parties that speak in turn and at once, and what a class hears of it.

use std::ops::Range;

use opus::{Application, Encoder};

use super::*;
use crate::{
    depacketize::opus::SILENCE,
    voice::{
        RATE,
        tests::{heard, loudest, picture},
    },
};

/// What a party says: a tone in these milliseconds, 20 ms in and out; pauses elsewhere.
struct Speech {
    hertz: f64,
    level: f32,
    spans_ms: Vec<(u64, u64)>,
    /// Its packets begin so many ticks after those of others.
    begins: u64,
}

impl Speech {
    fn new(hertz: f64, level: f32, begins: u64, spans_ms: &[(u64, u64)]) -> Self {
        Self { hertz, level, spans_ms: spans_ms.to_vec(), begins }
    }

    fn sample(&self, time: u64) -> f32 {
        let ms = time as f32 / 48.0;
        let distance = |(start, end): &(u64, u64)| (ms - *start as f32).min(*end as f32 - ms);
        let inside = self.spans_ms.iter().map(distance).fold(0.0, f32::max);
        let tone = (time as f64 * self.hertz * std::f64::consts::TAU / RATE as f64).sin();
        tone as f32 * self.level * (inside / 20.0).min(1.0)
    }

    fn packets(&self, application: Application, seconds: u64) -> Vec<VoicePacket> {
        let mut encoder = Encoder::new(48_000, Channels::Mono, application).unwrap();
        encoder.set_bitrate(opus::Bitrate::Bits(48_000)).unwrap();
        if application == Application::Voip {
            // SILK alone, as browsers code speech on a narrow way.
            encoder.set_bandwidth(opus::Bandwidth::Wideband).unwrap();
            encoder.set_bitrate(opus::Bitrate::Bits(24_000)).unwrap();
        }
        let packet = |n: u64| {
            let time = n * STEP + self.begins;
            let pcm: Vec<f32> = (time..time + STEP).map(|time| self.sample(time)).collect();
            let coded = encoder.encode_vec_float(&pcm, 1_500).unwrap();
            // A pause lasts from one packet behind the sound, which is still within the encoder.
            let silent = time >= STEP && (time - STEP..time + STEP).all(|time| self.sample(time) == 0.0);
            VoicePacket { time, error: 0, data: if silent { SILENCE.to_vec() } else { coded } }
        };
        (0..seconds * 50).map(packet).collect()
    }
}

/// Mixes parties, the first of them the lead, as their packets come.
fn mixed(parties: &[Vec<VoicePacket>]) -> Vec<VoicePacket> {
    let (mut mix, mut out) = (Mix::default(), Vec::new());
    let longest = parties.iter().map(Vec::len).max().unwrap();
    for n in 0..longest {
        for (track, party) in parties.iter().enumerate() {
            let Some(packet) = party.get(n) else { continue };
            mix.push(track as u16, track == 0, packet.clone());
        }
        mix.advance(n as u64 * STEP, None);
        out.extend(std::iter::from_fn(|| mix.poll()));
    }
    mix.finish();
    out.extend(std::iter::from_fn(|| mix.poll()));
    out
}

/// Of each 20 ms, the letter of the party whose packet it is, `.` for silence and `m` for a mix; runs counted.
fn turns(out: &[VoicePacket], parties: &[Vec<VoicePacket>]) -> Vec<(char, usize)> {
    let mut turns: Vec<(char, usize)> = Vec::new();
    for packet in out {
        let whose = parties.iter().position(|party| party.iter().any(|own| own.data == packet.data));
        let letter = match whose {
            _ if packet.data == SILENCE => '.',
            Some(party) => char::from(b'A' + party as u8),
            None => 'm',
        };
        match turns.last_mut() {
            Some((last, count)) if *last == letter => *count += 1,
            _ => turns.push((letter, 1)),
        }
    }
    turns
}

/// The level of a tone in a stretch of samples.
fn level(samples: &[f32], hertz: f64) -> f32 {
    let turn = |n: usize| n as f64 * hertz * std::f64::consts::TAU / RATE as f64;
    let sum = |of: fn(f64) -> f64| samples.iter().enumerate().map(|(n, s)| f64::from(*s) * of(turn(n))).sum::<f64>();
    (sum(f64::sin).hypot(sum(f64::cos)) * 2.0 / samples.len() as f64) as f32
}

/// The sharpest bend anywhere: what a click would be.
fn sharpest(samples: &[f32]) -> f32 {
    loudest(&samples.windows(3).map(|three| (three[2] - 2.0 * three[1] + three[0]).abs()).collect::<Vec<_>>())
}

#[test]
fn who_speaks_alone_passes_unchanged() {
    let lead = Speech::new(440.0, 0.3, 0, &[(0, 2_000), (2_500, 4_000)]).packets(Application::Audio, 4);
    let pupil = Speech::new(300.0, 0.3, 0, &[]).packets(Application::Audio, 4);
    let parties = [lead.clone(), pupil];
    let out = mixed(&parties);
    assert!(out.iter().map(|packet| &packet.data).eq(lead.iter().map(|packet| &packet.data)));
    assert!(out.iter().all(|packet| packet.error == 0));
}

#[test]
fn a_microphone_that_only_hums_mixes_nothing() {
    let lead = Speech::new(440.0, 0.3, 0, &[(0, 3_000)]).packets(Application::Audio, 3);
    let hum = Speech::new(300.0, 0.001, 300, &[(0, 3_000)]).packets(Application::Audio, 3);
    let out = mixed(&[lead.clone(), hum]);
    assert!(out.iter().zip(&lead).all(|(out, lead)| out.data == lead.data));
}

#[test]
fn who_speak_at_once_are_mixed_and_no_seam_clicks() {
    for (application, begins) in
        [(Application::Audio, 0), (Application::Audio, 450), (Application::Voip, 700), (Application::Voip, 0)]
    {
        let lead = Speech::new(440.0, 0.25, 0, &[(0, 3_000), (4_500, 7_000)]);
        let pupil = Speech::new(600.0, 0.25, begins, &[(2_000, 6_000)]);
        let parties = [lead.packets(application, 7), pupil.packets(application, 7)];
        let out = mixed(&parties);
        picture(0, &out);
        let letters: String = turns(&out, &parties).iter().map(|(letter, _)| *letter).collect();
        let why = format!("{application:?} {begins}: {:?}", turns(&out, &parties));
        assert_eq!(letters, "AmBmA", "{why}");
        assert!(out.iter().all(|packet| packet.error.abs() <= 480), "{why}");
        let heard = heard(&out);
        let at = |ms: Range<usize>, hertz| level(&heard[ms.start * 48..ms.end * 48], hertz);
        for (ms, lead, pupil) in [(500..1_500, 0.25, 0.0), (2_100..2_900, 0.25, 0.25), (3_600..4_400, 0.0, 0.25)] {
            let levels = (at(ms.clone(), 440.0), at(ms.clone(), 600.0));
            assert!((levels.0 - lead).abs() < 0.03 && (levels.1 - pupil).abs() < 0.03, "{why}: {ms:?} {levels:?}");
        }
        assert!(sharpest(&heard[960..]) < 0.012, "{why}: {}", sharpest(&heard[960..]));
    }
}

#[test]
fn who_shout_together_are_limited() {
    let lead = Speech::new(440.0, 0.9, 0, &[(0, 2_000)]).packets(Application::Audio, 2);
    let pupil = Speech::new(600.0, 0.9, 0, &[(500, 2_000)]).packets(Application::Audio, 2);
    let heard = heard(&mixed(&[lead, pupil]));
    // The limiter ends at full scale; coding moves it a little.
    assert!(loudest(&heard) <= 1.1, "{}", loudest(&heard));
    assert!(level(&heard[48_000..72_000], 600.0) > 0.4);
}

#[test]
fn a_party_that_stops_coming_holds_nobody_up_for_long() {
    let lead = Speech::new(440.0, 0.25, 0, &[(0, 8_000)]).packets(Application::Audio, 8);
    let gone = Speech::new(600.0, 0.25, 0, &[(0, 1_000)]).packets(Application::Audio, 1);
    let mut mix = Mix::default();
    for (n, packet) in lead.into_iter().enumerate() {
        mix.push(0, true, packet);
        gone.get(n).into_iter().for_each(|packet| mix.push(1, false, packet.clone()));
        mix.advance((n as u64 + 1) * STEP, None);
    }
    let out: Vec<_> = std::iter::from_fn(|| mix.poll()).collect();
    let behind = 8 * RATE - out.last().unwrap().time;
    assert!(behind <= ticks(MIX_WAIT) + AHEAD + STEP, "{behind} ticks behind");
    picture(0, &out);
}

#[test]
fn a_voice_drifting_against_the_mix_is_brought_back() {
    // 20 ms of error come and go, as if the party's own file had been corrected meanwhile.
    let party = Speech::new(440.0, 0.25, 0, &[(0, 6_000)]).packets(Application::Audio, 6);
    let drifting = party.iter().enumerate().map(|(n, packet)| VoicePacket { error: n as i64 * 4, ..packet.clone() });
    let out = mixed(&[drifting.collect()]);
    assert!(out.iter().all(|packet| packet.error.abs() <= 724), "{:?}", out.iter().map(|p| p.error).max());
    assert!(sharpest(&heard(&out)[960..]) < 0.012);
    assert!((1..=10).contains(&turns(&out, &[party]).iter().filter(|turn| turn.0 == 'm').count()));
}

#[test]
fn a_voice_that_waits_for_its_clock_is_waited_for() {
    let lead = Speech::new(440.0, 0.25, 0, &[(0, 6_000)]).packets(Application::Audio, 6);
    let pupil = Speech::new(600.0, 0.25, 0, &[(1_000, 6_000)]).packets(Application::Audio, 6);
    let mut mix = Mix::default();
    for (n, packet) in lead.into_iter().enumerate() {
        mix.push(0, true, packet);
        mix.advance(n as u64 * STEP, Some(RATE));
    }
    for packet in pupil {
        mix.push(1, false, packet);
    }
    mix.finish();
    let out: Vec<_> = std::iter::from_fn(|| mix.poll()).collect();
    assert!(level(&heard(&out)[60_000..280_000], 600.0) > 0.2);
}
