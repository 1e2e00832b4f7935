//! Opus from RTP (RFC 7587): a payload is a packet. Lengths come from the packet itself (RFC 6716 section 3.1).

use std::collections::VecDeque;

use super::{Continuity, Depacketized, Format, Frame, Step};
use crate::{limits::FRAME_BYTES, rtp::RtpPacket};

/// 20 ms of silence: a CELT fullband packet of one empty frame. Any decoder plays it without knowing what came before.
pub const SILENCE: &[u8] = &[0xf8, 0xff, 0xfe];

/// Length of [`SILENCE`] in samples at 48 kHz.
pub const SILENCE_SAMPLES: u32 = 960;

/// RFC 6716 section 3.2.5: a packet holds at most 120 ms.
const LONGEST_SAMPLES: u32 = 5_760;

/// Hands packets on and tells of missing ones.
#[derive(Debug, Default)]
pub struct OpusDepacketizer {
    continuity: Continuity,
    out: VecDeque<Depacketized>,
}

impl OpusDepacketizer {
    /// Takes the next packet. One that is not Opus counts as lost.
    pub fn push(&mut self, sequence: i64, packet: &RtpPacket<'_>) {
        match self.continuity.step(sequence) {
            Step::Old => return,
            Step::Gap => self.out.push_back(Depacketized::Lost),
            Step::Next => {}
        }
        if packet.payload.is_empty() {
            return;
        }
        if samples(packet.payload).is_none() || packet.payload.len() > FRAME_BYTES {
            self.out.push_back(Depacketized::Lost);
            return;
        }
        self.out.push_back(Depacketized::Frame(Frame {
            timestamp: packet.timestamp,
            keyframe: true,
            format: Some(Format::Opus),
            data: packet.payload.to_vec(),
        }));
    }

    /// The next result.
    pub fn poll(&mut self) -> Option<Depacketized> {
        self.out.pop_front()
    }
}

/// Length of an Opus packet in samples at 48 kHz, from its TOC octet (RFC 6716 section 3.1). `None` if it has none.
pub fn samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let config = toc >> 3;
    // Table 2, in samples: SILK 10/20/40/60 ms, hybrid 10/20 ms, CELT 2.5/5/10/20 ms.
    let frame = match config {
        0..12 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        12..16 => [480, 960][usize::from(config % 2)],
        _ => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        // Section 3.2.5: the low six bits of the next octet count the frames.
        _ => u32::from(*packet.get(1)? & 0x3f),
    };
    let total = frame * count;
    (1..=LONGEST_SAMPLES).contains(&total).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{lengths, run},
        *,
    };
    use crate::codec::Codec;

    #[test]
    fn the_toc_octet_tells_the_length() {
        for (packet, expected) in [
            (&[0xf8u8, 0xff, 0xfe][..], Some(960)),
            (&[0x00], Some(480)),
            (&[0x18], Some(2_880)),
            (&[0x60], Some(480)),
            (&[0x68], Some(960)),
            (&[0x80], Some(120)),
            (&[0xfc, 0], Some(960)),
            (&[0xf9], Some(1_920)),
            (&[0xfb, 0x03], Some(2_880)),
            (&[0xfb, 0x86], Some(5_760)),
            (&[0xfb, 0x07], None),
            (&[0xfb, 0x00], None),
            (&[0xfb], None),
            (&[], None),
        ] {
            assert_eq!(samples(packet), expected, "{packet:02x?}");
        }
        assert_eq!(samples(SILENCE), Some(SILENCE_SAMPLES));
    }

    #[test]
    fn a_payload_is_a_packet_and_a_jump_is_a_loss() {
        let packets: [(i64, u32, bool, &[u8]); 5] = [
            (1, 0, false, SILENCE),
            (2, 960, false, SILENCE),
            (4, 2_880, false, SILENCE),
            (5, 0, false, &[]),
            (6, 0, false, &[0xfb]),
        ];
        assert_eq!(lengths(&run(Codec::Opus, &packets)), [Some(3), Some(3), None, Some(3), None]);
    }

    #[test]
    fn what_another_stack_packetised_comes_back_whole() {
        use rtp::packetizer::Payloader;
        let payloads = rtp::codecs::opus::OpusPayloader.payload(1_200, &SILENCE.to_vec().into()).unwrap();
        let out = run(Codec::Opus, &[(1, 0, true, payloads[0].as_ref())]);
        let Depacketized::Frame(frame) = &out[0] else { panic!("{out:?}") };
        assert_eq!(frame.data, SILENCE);
    }

    /// A tone as libopus encodes it, in stereo frames of `ms` milliseconds.
    fn tone(application: opus::Application, ms: usize, frames: usize) -> Vec<Vec<u8>> {
        let mut encoder = opus::Encoder::new(48_000, opus::Channels::Stereo, application).unwrap();
        let step = std::f32::consts::TAU * 440.0 / 48_000.0;
        let sample = |i: usize| ((i / 2) as f32 * step).sin() * 0.5;
        (0..frames)
            .map(|frame| {
                let len = 2 * 48 * ms;
                let pcm: Vec<f32> = (frame * len..(frame + 1) * len).map(sample).collect();
                encoder.encode_vec_float(&pcm, 1_500).unwrap()
            })
            .collect()
    }

    #[test]
    fn lengths_agree_with_libopus() {
        for application in [opus::Application::Voip, opus::Application::Audio] {
            for ms in [5, 10, 20, 40, 60] {
                for packet in tone(application, ms, 5) {
                    let theirs = opus::packet::get_nb_samples(&packet, 48_000).unwrap();
                    assert_eq!(samples(&packet), u32::try_from(theirs).ok(), "{application:?} {ms} ms");
                }
            }
        }
    }

    #[test]
    fn silence_put_after_a_tone_decodes_to_silence() {
        let mut decoder = opus::Decoder::new(48_000, opus::Channels::Stereo).unwrap();
        let mut pcm = [0f32; 2 * 960];
        let loudest = |pcm: &[f32]| pcm.iter().fold(0f32, |loudest, sample| loudest.max(sample.abs()));
        for packet in tone(opus::Application::Audio, 20, 10) {
            assert_eq!(decoder.decode_float(&packet, &mut pcm, false).unwrap(), 960);
        }
        assert!(loudest(&pcm) > 0.3, "the tone is there");
        for _ in 0..5 {
            assert_eq!(decoder.decode_float(SILENCE, &mut pcm, false).unwrap(), SILENCE_SAMPLES as usize);
        }
        assert!(loudest(&pcm) < 0.001, "and gone: {}", loudest(&pcm));
    }
}
