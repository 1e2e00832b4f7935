//! VP9 from RTP (RFC 9628). All layer frames of a picture become one sample: a superframe when there are several. Lower layers may be
//! left out of a picture whose higher ones do without.

use std::collections::VecDeque;

use super::{
    Continuity, Depacketized, Format, Frame, Step,
    vp9_header::{Descriptor, FrameHead, LayerSizes, Vp9Format},
    vp9_hidden::{hidden, may_take_motion},
};
use crate::{Error, limits::FRAME_BYTES, rtp::RtpPacket};

/// A superframe holds at most this many frames (VP9 specification annex B).
const FRAMES_IN_SUPERFRAME: usize = 8;

/// Puts pictures together.
#[derive(Debug, Default)]
pub struct Vp9Depacketizer {
    continuity: Continuity,
    /// Timestamp of the picture in hand.
    timestamp: Option<u32>,
    data: Vec<u8>,
    /// Where each layer frame of it ends, and of which spatial layer it is.
    layer_ends: Vec<(usize, u8)>,
    /// A layer frame has begun and not ended.
    in_layer: bool,
    predicted: bool,
    /// Sizes of the layers, as the last key frame told.
    sizes: Option<LayerSizes>,
    /// The highest spatial layer that came of it.
    highest: u8,
    broken: bool,
    out: VecDeque<Depacketized>,
}

impl Vp9Depacketizer {
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
            self.end_picture();
            self.timestamp = Some(packet.timestamp);
        }
        if self.take_payload(packet.payload).is_err() {
            self.broken = true;
            self.data.clear();
        }
        if packet.marker {
            self.end_picture();
        }
    }

    /// The next result.
    pub fn poll(&mut self) -> Option<Depacketized> {
        self.out.pop_front()
    }

    fn gap(&mut self) {
        match self.timestamp {
            Some(_) => self.broken = true,
            None => self.out.push_back(Depacketized::Lost),
        }
    }

    /// B and E make a lost first or last packet visible, so unlike with H.264 a gap needs no memory.
    fn take_payload(&mut self, payload: &[u8]) -> Result<(), Error> {
        let descriptor = Descriptor::parse(payload)?;
        let body = payload.get(descriptor.len..).ok_or(Error::MalformedVp9)?;
        let first_of_picture = self.data.is_empty() && self.layer_ends.is_empty();
        // What refers to the layer below does not come first.
        let stands_alone = descriptor.spatial_layer == 0 || !descriptor.inter_layer;
        let in_place = descriptor.begins != self.in_layer && (!first_of_picture || stands_alone);
        let fits = self.data.len() + body.len() <= FRAME_BYTES && self.layer_ends.len() < FRAMES_IN_SUPERFRAME;
        if !in_place || !fits || body.is_empty() {
            return Err(Error::MalformedVp9);
        }
        if first_of_picture {
            self.predicted = descriptor.predicted;
            self.highest = 0;
            self.sizes = self.sizes.filter(|_| self.predicted);
        }
        self.sizes = descriptor.sizes.or(self.sizes);
        self.highest = self.highest.max(descriptor.spatial_layer);
        self.data.extend_from_slice(body);
        self.in_layer = !descriptor.ends;
        if descriptor.ends {
            self.layer_ends.push((self.data.len(), descriptor.spatial_layer));
        }
        Ok(())
    }

    fn end_picture(&mut self) {
        let Some(timestamp) = self.timestamp.take() else { return };
        let broken = std::mem::take(&mut self.broken) | std::mem::take(&mut self.in_layer);
        let data = std::mem::take(&mut self.data);
        let layer_ends = std::mem::take(&mut self.layer_ends);
        let head = FrameHead::parse(&data);
        let (Ok(head), false) = (head, broken) else {
            self.out.push_back(Depacketized::Lost);
            return;
        };
        let format = match head {
            FrameHead::Key(format) if !self.predicted => Some(Format::Vp9(self.with_highest(format))),
            _ => None,
        };
        let data = superframe(data, &layer_ends, self.sizes.unwrap_or_default());
        self.out.push_back(Depacketized::Frame(Frame { timestamp, keyframe: format.is_some(), format, data }));
    }

    /// The frame's head tells the size of the lowest layer, the scalability structure that of all: also of those that go elsewhere.
    fn with_highest(&self, format: Vp9Format) -> Vp9Format {
        match self.sizes.and_then(|sizes| sizes.get(usize::from(self.highest)).copied()) {
            Some((width, height)) if width >= format.width && height >= format.height => {
                Vp9Format { width, height, ..format }
            }
            _ => format,
        }
    }
}

/// Lets the highest layer alone be shown, and appends the index that lets a decoder find the frames again (VP9 specification annex B).
/// The packets do not carry it.
fn superframe(data: Vec<u8>, layer_ends: &[(usize, u8)], sizes: LayerSizes) -> Vec<u8> {
    let Some((_, lower)) = layer_ends.split_last().filter(|(_, lower)| !lower.is_empty()) else { return data };
    const SIZE_OCTETS: usize = 4;
    let marker = 0xc0 | (SIZE_OCTETS as u8 - 1) << 3 | (layer_ends.len() as u8 - 1);
    let (mut whole, mut index, mut start) = (Vec::with_capacity(data.len() + 64), vec![marker], 0);
    for (at, &(end, layer)) in layer_ends.iter().enumerate() {
        let frame = data.get(start..end).unwrap_or_default();
        let size_of = |layer: u8| sizes.get(usize::from(layer)).copied().filter(|size| size.0 > 0);
        let width = size_of(layer).map(|size| size.0);
        let is_as_large = layer_ends.get(at + 1).is_some_and(|&(_, above)| size_of(layer) == size_of(above));
        let next = data.get(end..).unwrap_or_default();
        let hides = at < lower.len() && !(is_as_large && width.is_some() && may_take_motion(next));
        let unseen = if hides { hidden(frame, width) } else { None };
        let before = whole.len();
        whole.extend_from_slice(unseen.as_deref().unwrap_or(frame));
        index.extend_from_slice(&((whole.len() - before) as u32).to_le_bytes());
        start = end;
    }
    index.push(marker);
    whole.extend(index);
    whole
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{lengths, run},
        *,
    };
    use crate::codec::Codec;

    /// A keyframe of 640x360, as long as its head.
    const KEY: [u8; 9] = [0x82, 0x49, 0x83, 0x42, 0x40, 0x27, 0xf0, 0x16, 0x70];
    const INTER: [u8; 3] = [0x86, 1, 2];

    fn payload(descriptor: &[u8], body: &[u8]) -> Vec<u8> {
        [descriptor, body].concat()
    }

    fn frame(out: &Depacketized) -> &Frame {
        let Depacketized::Frame(frame) = out else { panic!("{out:?}") };
        frame
    }

    #[test]
    fn packets_from_b_to_e_are_one_frame() {
        let first = payload(&[0x88, 1], &KEY[..5]);
        let last = payload(&[0x84, 1], &KEY[5..]);
        let inter = payload(&[0xcc, 2], &INTER);
        let out = run(Codec::Vp9, &[(1, 0, false, &first), (2, 0, true, &last), (3, 3_000, true, &inter)]);
        assert_eq!(frame(&out[0]).data, KEY);
        let format = Vp9Format { profile: 0, width: 640, height: 360 };
        assert_eq!(frame(&out[0]).format, Some(Format::Vp9(format)));
        assert!(!frame(&out[1]).keyframe);
    }

    #[test]
    fn spatial_layers_become_a_superframe_of_the_largest_size() {
        let low = payload(&[0xae, 1, 0x00, 0, 0x30, 2, 0x80, 1, 0x68, 5, 0, 2, 0xd0], &KEY);
        let high = payload(&[0xac, 1, 0x03, 0], &INTER);
        let out = run(Codec::Vp9, &[(1, 0, false, &low), (2, 0, true, &high)]);
        let index = [0xd9, 9, 0, 0, 0, 3, 0, 0, 0, 0xd9];
        // Of the lower one nothing is shown.
        let hidden = [&[0x80], &KEY[1..]].concat();
        assert_eq!(frame(&out[0]).data, [&hidden[..], &INTER, &index].concat());
        let format = Vp9Format { profile: 0, width: 1_280, height: 720 };
        assert_eq!(frame(&out[0]).format, Some(Format::Vp9(format)));
        // The structure tells of layers that do not come.
        let out = run(Codec::Vp9, &[(1, 0, true, &low)]);
        let format = Vp9Format { profile: 0, width: 640, height: 360 };
        assert_eq!(frame(&out[0]).format, Some(Format::Vp9(format)));
    }

    #[test]
    fn a_layer_that_the_next_may_take_motion_from_stays_shown() {
        let low = payload(&[0xae, 1, 0x00, 0, 0x30, 2, 0x80, 1, 0x68, 2, 0x80, 1, 0x68], &KEY);
        for (next, shown) in [(0x86, true), (0x87, false)] {
            let high = payload(&[0xac, 1, 0x03, 0], &[next, 1, 2]);
            let out = run(Codec::Vp9, &[(1, 0, false, &low), (2, 0, true, &high)]);
            assert_eq!(frame(&out[0]).data[0] == KEY[0], shown, "{next:#x}");
        }
    }

    #[test]
    fn a_higher_layer_that_refers_to_none_below_is_a_picture() {
        let higher = payload(&[0xec, 2, 0x02, 0], &INTER);
        let out = run(Codec::Vp9, &[(1, 0, true, &higher), (2, 9, true, &higher)]);
        assert_eq!(lengths(&out), [Some(3), Some(3)]);
    }

    #[test]
    fn a_lost_packet_costs_its_frame_alone() {
        let whole = payload(&[0xcc, 2], &INTER);
        let first = payload(&[0xc8, 2], &INTER);
        let last = payload(&[0xc4, 2], &INTER);
        let upper = payload(&[0xec, 2, 0x03, 0], &INTER);
        type Packets<'a> = &'a [(i64, u32, bool, &'a [u8])];
        let cases: [(Packets, &[Option<usize>], &str); 6] = [
            (&[(1, 0, true, &whole), (3, 9, true, &whole)], &[Some(3), None, Some(3)], "a frame between"),
            (&[(1, 0, false, &first), (3, 9, true, &whole)], &[None, Some(3)], "a last packet"),
            (&[(1, 0, true, &whole), (3, 9, true, &last)], &[Some(3), None, None], "a first packet"),
            (&[(1, 0, false, &first), (3, 0, true, &last)], &[None], "a middle packet"),
            (&[(1, 0, true, &whole), (3, 9, true, &upper)], &[Some(3), None, None], "the lower layer"),
            (&[(1, 0, false, &whole), (2, 9, true, &whole)], &[Some(3), Some(3)], "only the marker bit"),
        ];
        for (packets, expected, why) in cases {
            assert_eq!(lengths(&run(Codec::Vp9, packets)), expected, "{why}");
        }
    }

    #[test]
    fn malformed_payloads_cost_their_frame_and_nothing_else() {
        let whole = payload(&[0xcc, 2], &INTER);
        for bad in [&[0x80][..], &[0x88, 1], &[0x8c, 1, 0x00, 0x00], &[0x02, 0xff]] {
            let out = run(Codec::Vp9, &[(1, 0, true, bad), (2, 9, true, &whole)]);
            assert_eq!(lengths(&out), [None, Some(3)], "{bad:02x?}");
        }
    }

    #[test]
    fn what_another_stack_packetised_comes_back_whole() {
        use rtp::packetizer::Payloader;
        let mut payloader = rtp::codecs::vp9::Vp9Payloader::default();
        payloader.initial_picture_id_fn = Some(std::sync::Arc::new(|| 5));
        let big = [&KEY[..], &[0x5a; 4_000]].concat();
        let payloads = payloader.payload(1_200, &big.clone().into()).unwrap();
        let last = payloads.len() - 1;
        let packets: Vec<(i64, u32, bool, &[u8])> =
            payloads.iter().enumerate().map(|(i, p)| (i as i64, 0, i == last, p.as_ref())).collect();
        let out = run(Codec::Vp9, &packets);
        assert_eq!(frame(&out[0]).data, big);
    }
}
