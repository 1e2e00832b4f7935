//! Voices laid out packet by packet.

use super::*;

/// A packet of sound, as far as its framing tells.
const SOUND: &[u8] = &[0xf8, 1, 2, 3];

fn laid(voice: &mut ContinuousVoice) -> Vec<VoicePacket> {
    std::iter::from_fn(|| voice.poll()).collect()
}

/// `.` for silence and `#` for sound. Panics at a hole or an overlap.
fn picture(start: u64, packets: &[VoicePacket]) -> String {
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
