//! VP8 from RTP (RFC 7741). All partitions of a frame become one sample.

use std::collections::VecDeque;

use super::{Continuity, Depacketized, Format, Frame, Step};
use crate::{Error, limits::FRAME_BYTES, rtp::RtpPacket};

/// What a player must be told of a VP8 stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp8Format {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
}

/// Puts frames together.
#[derive(Debug, Default)]
pub struct Vp8Depacketizer {
    continuity: Continuity,
    /// Timestamp of the frame in hand.
    timestamp: Option<u32>,
    data: Vec<u8>,
    broken: bool,
    out: VecDeque<Depacketized>,
}

impl Vp8Depacketizer {
    /// Takes the next packet.
    pub fn push(&mut self, sequence: i64, packet: &RtpPacket<'_>) {
        match self.continuity.step(sequence) {
            Step::Old => return,
            Step::Gap => self.gap(),
            Step::Next => {}
        }
        if packet.payload.is_empty() {
            return;
        }
        if self.timestamp != Some(packet.timestamp) {
            self.end_frame();
            self.timestamp = Some(packet.timestamp);
        }
        if self.take_payload(packet.payload).is_err() {
            self.broken = true;
            self.data.clear();
        }
        if packet.marker {
            self.end_frame();
        }
    }

    /// The next result.
    pub fn poll(&mut self) -> Option<Depacketized> {
        self.out.pop_front()
    }

    /// The first packet of a frame is known by its S and PID, so a gap between frames needs no memory.
    fn gap(&mut self) {
        match self.timestamp {
            Some(_) => self.broken = true,
            None => self.out.push_back(Depacketized::Lost),
        }
    }

    fn take_payload(&mut self, payload: &[u8]) -> Result<(), Error> {
        let descriptor = Descriptor::parse(payload)?;
        let body = payload.get(descriptor.len..).filter(|body| !body.is_empty()).ok_or(Error::MalformedVp8)?;
        let in_place = descriptor.begins_frame == self.data.is_empty();
        if !in_place || self.data.len() + body.len() > FRAME_BYTES {
            return Err(Error::MalformedVp8);
        }
        self.data.extend_from_slice(body);
        Ok(())
    }

    fn end_frame(&mut self) {
        let Some(timestamp) = self.timestamp.take() else { return };
        let broken = std::mem::take(&mut self.broken);
        let data = std::mem::take(&mut self.data);
        let (Ok(head), false) = (FrameHead::parse(&data), broken) else {
            self.out.push_back(Depacketized::Lost);
            return;
        };
        let format = match head {
            FrameHead::Key(format) => Some(Format::Vp8(format)),
            FrameHead::Inter => None,
        };
        self.out.push_back(Depacketized::Frame(Frame { timestamp, keyframe: format.is_some(), format, data }));
    }
}

/// The payload descriptor of one packet (section 4.2), as far as putting frames together needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Descriptor {
    /// S with PID 0: the first packet of a frame.
    begins_frame: bool,
    /// Octets of the descriptor.
    len: usize,
}

impl Descriptor {
    fn parse(payload: &[u8]) -> Result<Self, Error> {
        descriptor(payload).ok_or(Error::MalformedVp8)
    }
}

/// X R N S R PID, then with X: I L T K and the fields these announce.
fn descriptor(payload: &[u8]) -> Option<Descriptor> {
    let &first = payload.first()?;
    let mut len = 1;
    if first & 0x80 != 0 {
        let &announced = payload.get(1)?;
        len += 1;
        if announced & 0x80 != 0 {
            // M: the picture id has 15 bits.
            len += if payload.get(len)? & 0x80 != 0 { 2 } else { 1 };
        }
        len += usize::from(announced & 0x40 != 0); // TL0PICIDX
        len += usize::from(announced & 0x30 != 0); // TID, Y and KEYIDX share an octet
    }
    Some(Descriptor { begins_frame: first & 0x17 == 0x10, len })
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameHead {
    /// Decoding can begin here.
    Key(Vp8Format),
    /// It cannot.
    Inter,
}

impl FrameHead {
    /// Reads the uncompressed data chunk at the start of a frame (RFC 6386 section 9.1).
    fn parse(frame: &[u8]) -> Result<Self, Error> {
        frame_head(frame).ok_or(Error::MalformedVp8)
    }
}

fn frame_head(frame: &[u8]) -> Option<FrameHead> {
    let (&[t0, t1, t2], rest) = frame.split_first_chunk::<3>()?;
    let tag = u32::from_le_bytes([t0, t1, t2, 0]);
    let (inter, first_partition) = (tag & 1 != 0, (tag >> 5) as usize);
    let (head, rest) = if inter { (FrameHead::Inter, rest) } else { key_head(rest)? };
    // A decoder refuses a frame that ends within its first partition.
    (first_partition <= rest.len()).then_some(head)
}

fn key_head(rest: &[u8]) -> Option<(FrameHead, &[u8])> {
    let (&[s0, s1, s2, w0, w1, h0, h1], rest) = rest.split_first_chunk::<7>()?;
    if [s0, s1, s2] != [0x9d, 0x01, 0x2a] {
        return None;
    }
    // The upper two bits are a scale that is a hint only.
    let size = |low, high| Some(u16::from_le_bytes([low, high]) & 0x3fff).filter(|&size| size > 0);
    Some((FrameHead::Key(Vp8Format { width: size(w0, w1)?, height: size(h0, h1)? }), rest))
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{lengths, run},
        *,
    };
    use crate::codec::Codec;

    /// A keyframe of 640x360 with a first partition of two octets.
    const KEY: [u8; 12] = [0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01, 7, 7];
    /// A frame predicted from it.
    const INTER: [u8; 5] = [0x51, 0, 0, 7, 7];

    fn payload(descriptor: &[u8], body: &[u8]) -> Vec<u8> {
        [descriptor, body].concat()
    }

    fn frame(out: &Depacketized) -> &Frame {
        let Depacketized::Frame(frame) = out else { panic!("{out:?}") };
        frame
    }

    #[test]
    fn packets_up_to_the_marker_are_one_frame() {
        let first = payload(&[0x10], &KEY[..4]);
        let second_partition = payload(&[0x11], &KEY[4..6]);
        let last = payload(&[0x01], &KEY[6..]);
        let inter = payload(&[0x90, 0xf0, 0x81, 2, 3, 4], &INTER);
        let packets: [(i64, u32, bool, &[u8]); 4] =
            [(1, 0, false, &first), (2, 0, false, &second_partition), (3, 0, true, &last), (4, 3_000, true, &inter)];
        let out = run(Codec::Vp8, &packets);
        assert_eq!(frame(&out[0]).data, KEY);
        assert_eq!(frame(&out[0]).format, Some(Format::Vp8(Vp8Format { width: 640, height: 360 })));
        assert_eq!((frame(&out[1]).data.as_slice(), frame(&out[1]).keyframe), (&INTER[..], false));
    }

    #[test]
    fn descriptors_of_every_shape_are_read() {
        for (payload, len, begins_frame, why) in [
            (&[0x10u8, 0xaa][..], 1, true, "nothing but S"),
            (&[0x00, 0xaa], 1, false, "no start"),
            (&[0x11, 0xaa], 1, false, "the start of a later partition"),
            (&[0x30, 0xaa], 1, true, "a frame nothing refers to"),
            (&[0x90, 0x80, 0x11, 0xaa], 3, true, "7-bit picture id"),
            (&[0x90, 0x80, 0x91, 0x22, 0xaa], 4, true, "15-bit picture id"),
            (&[0x90, 0x40, 0x11, 0xaa], 3, true, "TL0PICIDX"),
            (&[0x90, 0x20, 0x11, 0xaa], 3, true, "TID"),
            (&[0x90, 0x10, 0x11, 0xaa], 3, true, "KEYIDX"),
            (&[0x80, 0xf0, 0x91, 0x22, 3, 4, 0xaa], 6, false, "everything"),
        ] {
            assert_eq!(Descriptor::parse(payload), Ok(Descriptor { begins_frame, len }), "{why}");
        }
        for payload in [&[][..], &[0x90], &[0x90, 0x80]] {
            assert_eq!(Descriptor::parse(payload), Err(Error::MalformedVp8), "{payload:02x?}");
        }
    }

    #[test]
    fn the_head_of_a_frame_tells_keyframes_and_their_size() {
        assert_eq!(FrameHead::parse(&KEY), Ok(FrameHead::Key(Vp8Format { width: 640, height: 360 })));
        assert_eq!(FrameHead::parse(&INTER), Ok(FrameHead::Inter));
        let scaled = [&KEY[..7], &[0x42, 0x68, 0x41, 7, 7]].concat();
        assert_eq!(FrameHead::parse(&scaled), Ok(FrameHead::Key(Vp8Format { width: 640, height: 360 })));
        let mut no_start_code = KEY;
        no_start_code[3] = 0x9e;
        let mut no_width = KEY;
        (no_width[6], no_width[7]) = (0, 0xc0);
        for bad in [&[][..], &KEY[..2], &KEY[..9], &KEY[..11], &INTER[..4], &no_start_code, &no_width] {
            assert_eq!(FrameHead::parse(bad), Err(Error::MalformedVp8), "{bad:02x?}");
        }
    }

    #[test]
    fn a_lost_packet_costs_its_frame_alone() {
        let whole = payload(&[0x10], &INTER);
        let first = payload(&[0x10], &INTER[..4]);
        let middle = payload(&[0x00], &[8]);
        let last = payload(&[0x00], &INTER[4..]);
        type Packets<'a> = &'a [(i64, u32, bool, &'a [u8])];
        let cases: [(Packets, &[Option<usize>], &str); 7] = [
            (&[(1, 0, true, &whole), (3, 9, true, &whole)], &[Some(5), None, Some(5)], "a frame between"),
            (&[(1, 0, false, &first), (3, 9, true, &whole)], &[None, Some(5)], "a last packet"),
            (&[(1, 0, true, &whole), (3, 9, true, &last)], &[Some(5), None, None], "a first packet"),
            (&[(1, 0, false, &first), (3, 0, true, &last)], &[None], "a middle packet"),
            (&[(1, 0, false, &whole), (2, 9, true, &whole)], &[Some(5), Some(5)], "only the marker bit"),
            (&[(1, 0, false, &whole), (2, 0, true, &whole), (3, 9, true, &whole)], &[None, Some(5)], "a second start"),
            (&[(1, 0, false, &first), (2, 0, false, &middle), (3, 0, true, &last)], &[Some(6)], "nothing"),
        ];
        for (packets, expected, why) in cases {
            assert_eq!(lengths(&run(Codec::Vp8, packets)), expected, "{why}");
        }
    }

    #[test]
    fn malformed_payloads_cost_their_frame_and_nothing_else() {
        let whole = payload(&[0x10], &INTER);
        for bad in [&[0x90][..], &[0x10], &[0x10, 0x51, 0], &[0x10, 0x50, 0, 0, 1, 2, 3], &[0x90, 0x80, 0x11]] {
            let out = run(Codec::Vp8, &[(1, 0, true, bad), (2, 9, true, &whole)]);
            assert_eq!(lengths(&out), [None, Some(5)], "{bad:02x?}");
        }
    }

    #[test]
    fn a_frame_beyond_the_limit_is_lost() {
        let first = payload(&[0x10], &[&INTER[..], &[7; 60_000]].concat());
        let piece = payload(&[0x00], &[7; 60_000]);
        let whole = payload(&[0x10], &INTER);
        let mut packets: Vec<(i64, u32, bool, &[u8])> = vec![(0, 0, false, &first)];
        packets.extend((1..80).map(|n| (n, 0, false, piece.as_slice())));
        packets.push((80, 9, true, &whole));
        assert_eq!(lengths(&run(Codec::Vp8, &packets)), [None, Some(5)]);
    }

    #[test]
    fn what_another_stack_packetised_comes_back_whole() {
        use rtp::packetizer::Payloader;
        let big = [&KEY[..], &[0x5a; 4_000]].concat();
        for enable_picture_id in [false, true] {
            let mut payloader = rtp::codecs::vp8::Vp8Payloader::default();
            payloader.enable_picture_id = enable_picture_id;
            let frames = [&big[..], &INTER, &big];
            let payloads = frames.map(|frame| payloader.payload(1_200, &frame.to_vec().into()).unwrap());
            let mut packets: Vec<(i64, u32, bool, &[u8])> = Vec::new();
            for (n, payloads) in payloads.iter().enumerate() {
                let last = payloads.len() - 1;
                for (i, payload) in payloads.iter().enumerate() {
                    packets.push((packets.len() as i64, n as u32 * 3_000, i == last, payload));
                }
            }
            let out = run(Codec::Vp8, &packets);
            assert_eq!(out.iter().map(|item| frame(item).data.as_slice()).collect::<Vec<_>>(), frames);
        }
    }
}
