//! Voices laid out packet by packet.

use opus::{Application, Channels, Encoder};

use super::*;
use crate::depacketize::opus::SILENCE;

/// A packet of sound, as far as its framing tells.
const SOUND: &[u8] = &[0xf8, 1, 2, 3];

fn laid(voice: &mut ContinuousVoice) -> Vec<VoicePacket> {
    std::iter::from_fn(|| voice.poll()).collect()
}

/// `.` for silence and `#` for sound. Panics at a hole or an overlap.
pub(crate) fn picture(start: u64, packets: &[VoicePacket]) -> String {
    let mut end = start;
    packets
        .iter()
        .map(|packet| {
            assert_eq!(packet.time, end);
            end += Packet::new(0, packet.data.clone()).unwrap().samples;
            if packet.data == SILENCE { '.' } else { '#' }
        })
        .collect()
}

fn written(start: u64, placed: &[(u64, &[u8])]) -> String {
    let mut voice = ContinuousVoice::new(start);
    for (time, data) in placed {
        voice.push(*time, data.to_vec());
    }
    picture(start, &laid(&mut voice))
}

#[test]
fn packets_holes_and_overlaps_are_laid_end_to_end() {
    for (why, placed, expected) in [
        ("one after another", &[(960, SOUND), (1_920, SOUND)][..], "##"),
        ("a little early or late", &[(960, SOUND), (1_920 + 400, SOUND), (2_880 - 400, SOUND)], "###"),
        ("five packets' pause", &[(960, SOUND), (960 * 7, SOUND)], "#.....#"),
        ("a second packet of the same time", &[(960, SOUND), (1_000, SOUND), (1_920, SOUND)], "##"),
        ("a time long past", &[(960 * 4, SOUND), (0, SOUND)], "...#"),
        ("a time nobody believes", &[(960, SOUND), (960 + 61 * RATE, SOUND)], "#"),
        ("the mark of a pause", &[(960, SOUND), (1_920, &[0xf8]), (2_880, SOUND)], "#.#"),
        ("a pause of 60 ms", &[(960, &[0x18]), (960 * 4, SOUND)], "...#"),
    ] {
        assert_eq!(written(960, placed), expected, "{why}");
    }
}

#[test]
fn time_alone_fills_a_voice_with_silence_a_minute_a_call() {
    let mut voice = ContinuousVoice::new(0);
    voice.push(0, SOUND.to_vec());
    assert!(voice.fill(960 * 4 + 900));
    assert_eq!(picture(0, &laid(&mut voice)), "#...");
    assert!(!voice.fill(150 * RATE));
    assert_eq!(laid(&mut voice).len(), VOICE_FILL_PACKETS);
    assert!(!voice.fill(150 * RATE) && voice.fill(150 * RATE));
    assert_eq!(laid(&mut voice).last().unwrap().time + 960, 150 * RATE);
}

#[test]
fn drift_is_corrected_in_a_pause_by_one_packet() {
    for ppm in [-100.0, 100.0] {
        let mut voice = ContinuousVoice::new(0);
        let (mut worst, mut end) = (0, 0);
        // 45 minutes of a sentence of 4 s, a pause of 0.5 s.
        for n in 0..135_000u64 {
            let placed = (n as f64 * 960.0 * (1.0 + ppm / 1e6)) as u64;
            voice.push(placed, if n % 225 < 200 { SOUND } else { SILENCE }.to_vec());
            for packet in laid(&mut voice) {
                assert_eq!(packet.time, end);
                end += 960;
                worst = worst.max(packet.error.abs());
            }
        }
        assert!(worst <= 500 && worst > 300, "{ppm} ppm: {worst} ticks");
    }
}

/// How a browser might code: music, or speech with forward error correction.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Music,
    Speech,
}

/// A tone of `hertz` in packets of `ms`, half of full scale.
fn tone(kind: Kind, hertz: f32, ms: usize, packets: usize) -> Vec<Vec<u8>> {
    let (channels, application) = match kind {
        Kind::Music => (Channels::Stereo, Application::Audio),
        Kind::Speech => (Channels::Mono, Application::Voip),
    };
    let mut encoder = Encoder::new(48_000, channels, application).unwrap();
    encoder.set_bitrate(opus::Bitrate::Bits(if kind == Kind::Music { 96_000 } else { 24_000 })).unwrap();
    if kind == Kind::Speech {
        encoder.set_bandwidth(opus::Bandwidth::Wideband).unwrap();
        encoder.set_inband_fec(true).unwrap();
        encoder.set_packet_loss_perc(20).unwrap();
    }
    let pairs = channels as usize;
    let turn = f64::from(hertz) * std::f64::consts::TAU / 48_000.0;
    let sample = |index: usize| ((index / pairs) as f64 * turn).sin() as f32 * 0.5;
    let len = pairs * 48 * ms;
    let pcm = |packet: usize| -> Vec<f32> { (packet * len..(packet + 1) * len).map(sample).collect() };
    (0..packets).map(|packet| encoder.encode_vec_float(&pcm(packet), 1_500).unwrap()).collect()
}

/// The left channel, as a player hears it.
pub(crate) fn heard(packets: &[VoicePacket]) -> Vec<f32> {
    let (mut listener, mut out) = (Listener::new().unwrap(), Vec::new());
    packets.iter().for_each(|packet| listener.hear(&Packet::new(0, packet.data.clone()).unwrap(), &mut out));
    out.chunks_exact(2).map(|pair| pair[0]).collect()
}

/// The largest deviation from a tone of `hertz` in each 20 ms: every sample of a tone follows from the two before it.
pub(crate) fn roughness(samples: &[f32], hertz: f32) -> Vec<f32> {
    let turn = 2.0 * (hertz * std::f32::consts::TAU / 48_000.0).cos();
    let off: Vec<f32> = samples.windows(3).map(|three| (three[2] - turn * three[1] + three[0]).abs()).collect();
    off.chunks(960).map(|chunk| chunk.iter().copied().fold(0.0, f32::max)).collect()
}

pub(crate) fn loudest(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

#[test]
fn music_that_drifts_is_stretched_without_a_click() {
    for (kind, ms, ppm) in [(Kind::Music, 20, 100.0_f64), (Kind::Music, 10, -100.0), (Kind::Speech, 60, 100.0)] {
        // In the first second the error comes to where 20 s of drift bring it to 13 ms.
        let begun = |ms: usize| ppm.signum() as i64 * (ms as i64 * 528 / 1_000).min(528);
        let packets = tone(kind, 440.0, ms, 26_400 / ms);
        let mut voice = ContinuousVoice::new(4_800);
        for (n, packet) in packets.iter().enumerate() {
            let placed = 4_800.0 + (n * ms * 48) as f64 * (1.0 + ppm / 1e6);
            voice.push((placed as i64 + begun(n * ms)) as u64, packet.clone());
        }
        let laid = laid(&mut voice);
        let why = format!("{kind:?} {ms} ms {ppm} ppm");
        picture(4_800, &laid);
        let worst = laid.iter().map(|packet| packet.error.abs()).max().unwrap();
        assert!((620..=720).contains(&worst), "{why}: {worst} ticks");
        assert!(laid.last().unwrap().error.abs() < 340, "{why}: {}", laid.last().unwrap().error);
        let as_it_came = |packet: &VoicePacket| packets.contains(&packet.data);
        let anew = laid.iter().filter(|packet| !as_it_came(packet)).count();
        assert!((239..=242).contains(&anew), "{why}: {anew} packets written anew");
        assert!(
            loudest(&roughness(&heard(&laid), 440.0)[50..]) < 0.01,
            "{why}: its coding alone makes 0.007 of speech"
        );
    }
}

#[test]
fn a_lost_packet_is_concealed_and_a_longer_loss_is_silent() {
    for kind in [Kind::Music, Kind::Speech] {
        for (lost, silent) in [(1, 0), (3, 0), (4, 4), (40, 40)] {
            let packets = tone(kind, 440.0, 20, 150);
            let mut voice = ContinuousVoice::new(0);
            for (n, packet) in packets.iter().enumerate().filter(|(n, _)| !(60..60 + lost).contains(n)) {
                voice.push(n as u64 * 960, packet.clone());
            }
            let laid = laid(&mut voice);
            assert_eq!(picture(0, &laid).matches('.').count(), silent, "{kind:?} {lost}");
            let rough = roughness(&heard(&laid), 440.0);
            if silent == 0 {
                assert!(loudest(&rough[58..70]) < 0.01, "{kind:?} {lost}: {:?}", &rough[58..70]);
                let level = loudest(&heard(&laid)[60 * 960..61 * 960]);
                assert!((0.3..0.7).contains(&level), "{kind:?} {lost}: {level}");
            }
        }
    }
}

#[test]
fn of_many_losses_only_some_are_concealed() {
    let packets = tone(Kind::Speech, 440.0, 20, 100);
    let mut voice = ContinuousVoice::new(0);
    for (n, packet) in packets.iter().enumerate().step_by(2) {
        voice.push(n as u64 * 960, packet.clone());
    }
    assert_eq!(picture(0, &laid(&mut voice)).matches('.').count(), 49 - 17);
}

#[test]
fn speech_that_repeats_itself_is_known() {
    let packets = tone(Kind::Speech, 440.0, 20, 50);
    let repeats = |packet: &Vec<u8>| Packet::new(0, packet.clone()).unwrap().repeats_previous();
    assert!(packets.iter().filter(|packet| repeats(packet)).count() > 20);
    assert!(!tone(Kind::Music, 440.0, 20, 50).iter().any(repeats));
}

#[test]
fn a_quiet_place_counts_as_silence() {
    let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap();
    let mut voice = ContinuousVoice::new(0);
    // 20 s of a room nobody speaks in, -60 dB, with an error just beyond what is left alone.
    for n in 0..1_000u64 {
        let hum: Vec<f32> = (0..960).map(|i| ((i as f32) * 0.05).sin() * 0.001).collect();
        voice.push(n * 960 + (n * 50).min(500), encoder.encode_vec_float(&hum, 1_500).unwrap());
    }
    let laid = laid(&mut voice);
    assert_eq!(picture(0, &laid).matches('.').count(), 1);
    assert_eq!(laid.last().unwrap().error, 500 - 960);
}

#[test]
fn packets_of_any_length_and_channels_follow_one_another() {
    for ms in [5, 10, 20, 40, 60] {
        let packets = [tone(Kind::Music, 440.0, ms, 20), tone(Kind::Speech, 440.0, ms.max(10), 20)].concat();
        let (mut voice, mut placed) = (ContinuousVoice::new(0), 0);
        for packet in &packets {
            voice.push(placed, packet.clone());
            placed += Packet::new(0, packet.clone()).unwrap().samples;
        }
        let laid = laid(&mut voice);
        picture(0, &laid);
        assert!(laid.iter().map(|packet| &packet.data).eq(&packets), "{ms} ms");
    }
}

#[test]
fn any_bytes_at_any_time_are_survived() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 16
    };
    let (mut voice, mut placed, mut end) = (ContinuousVoice::new(0), 0u64, 0);
    for _ in 0..4_000 {
        let mut data: Vec<u8> = (0..random() % 40).map(|_| random() as u8).collect();
        // Most have one frame, so that they are accepted and decoded.
        if let Some(toc) = data.first_mut().filter(|_| random() % 8 > 0) {
            *toc &= 0xfc;
        }
        placed = (placed + 700 + random() % 600).saturating_sub((random() % 100 / 99) * 10_000);
        voice.push(placed, data);
        if random() % 64 == 0 {
            voice.fill(placed.saturating_sub(72_000));
        }
        for packet in laid(&mut voice) {
            assert_eq!(packet.time, end);
            end += Packet::new(0, packet.data).unwrap().samples;
        }
    }
}
