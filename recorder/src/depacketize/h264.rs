//! H.264 from RTP (RFC 6184), packetization-mode 0 and 1: single NAL units, STAP-A and FU-A.

use std::collections::{BTreeMap, VecDeque};

use super::{Continuity, Depacketized, Format, Frame, Step};
use crate::{
    bits::Bits,
    limits::{FRAME_BYTES, PARAMETER_SET_BYTES, PICTURE_PARAMETER_SETS},
    rtp::RtpPacket,
};

const SLICE: u8 = 1;
const IDR_SLICE: u8 = 5;
const SEI: u8 = 6;
const SPS: u8 = 7;
const PPS: u8 = 8;
const ACCESS_UNIT_DELIMITER: u8 = 9;
const END_OF_STREAM: u8 = 11;
const FILLER: u8 = 12;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// The parameter sets a stream has sent, in the order avcC lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterSets {
    /// The sequence parameter set as a NAL unit, header included.
    pub sps: Vec<u8>,
    /// Picture parameter sets by their id.
    pub pps: BTreeMap<u32, Vec<u8>>,
}

/// Puts access units together. Samples carry neither parameter sets (they go to avcC) nor delimiters nor filler.
#[derive(Debug, Default)]
pub struct H264Depacketizer {
    continuity: Continuity,
    /// Timestamp of the access unit in hand.
    timestamp: Option<u32>,
    /// Its NAL units so far, each behind its length.
    nals: Vec<u8>,
    /// Where the NAL unit begins that FU-A packets are filling.
    fragment_at: Option<usize>,
    idr: bool,
    broken: bool,
    /// Packets were lost before the next access unit: its own first ones may be among them.
    after_gap: bool,
    sets: ParameterSets,
    out: VecDeque<Depacketized>,
}

impl H264Depacketizer {
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
            // Section 5.1: all packets of an access unit share its timestamp; a lost marker bit shows here.
            self.end_access_unit();
            self.timestamp = Some(packet.timestamp);
            self.broken = std::mem::take(&mut self.after_gap) && !begins_access_unit(packet.payload);
        }
        if self.take_payload(packet.payload).is_none() || self.nals.len() > FRAME_BYTES {
            self.broken = true;
            self.nals.clear();
            self.fragment_at = None;
        }
        if packet.marker {
            self.end_access_unit();
        }
    }

    /// The next result.
    pub fn poll(&mut self) -> Option<Depacketized> {
        self.out.pop_front()
    }

    fn gap(&mut self) {
        self.after_gap = true;
        match self.timestamp {
            Some(_) => self.broken = true,
            None => self.out.push_back(Depacketized::Lost),
        }
    }

    /// `None` for a payload that RFC 6184 does not allow in these modes.
    fn take_payload(&mut self, payload: &[u8]) -> Option<()> {
        let kind = payload.first()? & 0x1f;
        if kind != FU_A && self.fragment_at.is_some() {
            return None;
        }
        match kind {
            1..=23 => self.take_nal(payload),
            STAP_A => self.take_aggregate(payload.get(1..)?),
            FU_A => self.take_fragment(payload),
            // Section 5.4: the interleaved kinds belong to mode 2, 0 and the rest are reserved.
            _ => None,
        }
    }

    /// Section 5.7.1: 16 bits of length before each NAL unit.
    fn take_aggregate(&mut self, mut rest: &[u8]) -> Option<()> {
        while !rest.is_empty() {
            let (length, tail) = rest.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            let nal = tail.get(..length)?;
            if !matches!(nal.first()? & 0x1f, 1..=23) {
                return None;
            }
            self.take_nal(nal)?;
            rest = tail.get(length..)?;
        }
        Some(())
    }

    /// Section 5.8: FU indicator, FU header (S E R type), a piece of the NAL unit's body.
    fn take_fragment(&mut self, payload: &[u8]) -> Option<()> {
        let (&[indicator, header], body) = payload.split_first_chunk::<2>()?;
        let (start, end) = (header & 0x80 != 0, header & 0x40 != 0);
        if start {
            if self.fragment_at.is_some() {
                return None;
            }
            self.fragment_at = Some(self.nals.len());
            self.nals.extend_from_slice(&[0; 4]);
            self.nals.push(indicator & 0xe0 | header & 0x1f);
        }
        let at = self.fragment_at?;
        self.nals.extend_from_slice(body);
        if end {
            self.fragment_at = None;
            let nal = self.nals.split_off(at);
            self.take_nal(nal.get(4..)?)?;
        }
        Some(())
    }

    fn take_nal(&mut self, nal: &[u8]) -> Option<()> {
        match nal.first()? & 0x1f {
            SPS => self.take_sps(nal),
            PPS => self.take_pps(nal),
            ACCESS_UNIT_DELIMITER..=END_OF_STREAM | FILLER => {}
            kind => {
                self.idr |= kind == IDR_SLICE;
                self.nals.extend_from_slice(&u32::try_from(nal.len()).ok()?.to_be_bytes());
                self.nals.extend_from_slice(nal);
            }
        }
        Some(())
    }

    fn take_sps(&mut self, nal: &[u8]) {
        if nal.len() <= PARAMETER_SET_BYTES && self.sets.sps != nal {
            self.sets.sps = nal.to_vec();
            // Picture parameter sets refer to a sequence parameter set; those of the old one mean nothing now.
            self.sets.pps.clear();
        }
    }

    fn take_pps(&mut self, nal: &[u8]) {
        let Some(id) = nal.get(1..).and_then(|body| Bits::new(body).ue()) else { return };
        let known = self.sets.pps.contains_key(&id);
        if nal.len() <= PARAMETER_SET_BYTES && (known || self.sets.pps.len() < PICTURE_PARAMETER_SETS) {
            self.sets.pps.insert(id, nal.to_vec());
        }
    }

    fn end_access_unit(&mut self) {
        let Some(timestamp) = self.timestamp.take() else { return };
        let broken = std::mem::take(&mut self.broken) | self.fragment_at.take().is_some();
        let keyframe = std::mem::take(&mut self.idr);
        let data = std::mem::take(&mut self.nals);
        if broken {
            self.out.push_back(Depacketized::Lost);
        } else if !data.is_empty() {
            let told = keyframe && !self.sets.sps.is_empty() && !self.sets.pps.is_empty();
            let format = told.then(|| Format::H264(self.sets.clone()));
            self.out.push_back(Depacketized::Frame(Frame { timestamp, keyframe, format, data }));
        }
    }
}

/// Whether a payload can only be the first of its access unit (H.264 section 7.4.1.2.3): it holds what stands before the
/// first slice, or the slice with the first macroblock.
fn begins_access_unit(payload: &[u8]) -> bool {
    let nal_begins = |kind: u8, body: Option<&u8>| match kind {
        SEI..=ACCESS_UNIT_DELIMITER => true,
        // first_mb_in_slice is the first ue(v) of the slice header; 0 is coded as a single 1 bit.
        SLICE..=IDR_SLICE => body.is_some_and(|octet| octet & 0x80 != 0),
        _ => false,
    };
    let Some(first) = payload.first() else { return false };
    match first & 0x1f {
        STAP_A => payload.get(3).is_some_and(|header| nal_begins(header & 0x1f, payload.get(4))),
        FU_A => payload.get(1).is_some_and(|fu| fu & 0x80 != 0 && nal_begins(fu & 0x1f, payload.get(2))),
        kind => nal_begins(kind, payload.get(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{lengths, run},
        *,
    };
    use crate::codec::Codec;

    const IDR: &[u8] = &[0x65, 0x88, 1, 2, 3];
    const P: &[u8] = &[0x41, 0x9a, 4, 5];
    const SPS_NAL: &[u8] = &[0x67, 0x42, 0xc0, 0x1f, 0xda];
    const PPS_NAL: &[u8] = &[0x68, 0xce, 0x3c, 0x80];

    fn stap_a(nals: &[&[u8]]) -> Vec<u8> {
        let mut payload = vec![0x78];
        for nal in nals {
            payload.extend_from_slice(&(nal.len() as u16).to_be_bytes());
            payload.extend_from_slice(nal);
        }
        payload
    }

    #[test]
    fn single_nal_units_of_one_timestamp_are_one_frame() {
        let out = run(Codec::H264, &[(1, 0, false, IDR), (2, 0, true, IDR), (3, 3_000, true, P)]);
        assert_eq!(lengths(&out), [Some(18), Some(8)]);
        let Depacketized::Frame(frame) = &out[0] else { panic!("{out:?}") };
        assert_eq!(frame.data[..9], [0, 0, 0, 5, 0x65, 0x88, 1, 2, 3]);
        assert!(frame.keyframe && frame.format.is_none());
    }

    #[test]
    fn parameter_sets_go_to_the_format_and_not_to_the_sample() {
        let sets = stap_a(&[&[0x09, 0xf0], SPS_NAL, PPS_NAL]);
        let out = run(Codec::H264, &[(1, 0, false, &sets), (2, 0, true, IDR)]);
        let Depacketized::Frame(frame) = &out[0] else { panic!("{out:?}") };
        assert_eq!(frame.data.len(), 9);
        let Some(Format::H264(sets)) = &frame.format else { panic!("{frame:?}") };
        assert_eq!((sets.sps.as_slice(), sets.pps[&0].as_slice()), (SPS_NAL, PPS_NAL));
    }

    #[test]
    fn a_new_sps_forgets_the_pps_of_the_old() {
        let other = [0x67, 0x42, 0xc0, 0x28, 0xda];
        let packets: [(i64, u32, bool, &[u8]); 5] = [
            (1, 0, false, SPS_NAL),
            (2, 0, false, PPS_NAL),
            (3, 0, true, IDR),
            (4, 3_000, false, &other),
            (5, 3_000, true, IDR),
        ];
        let out = run(Codec::H264, &packets);
        let told = |item: &Depacketized| matches!(item, Depacketized::Frame(frame) if frame.format.is_some());
        assert_eq!(out.iter().map(told).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn fragments_become_the_nal_unit_they_were() {
        let packets: [(i64, u32, bool, &[u8]); 3] =
            [(1, 0, false, &[0x7c, 0x85, 0x88]), (2, 0, false, &[0x7c, 0x05, 1]), (3, 0, true, &[0x7c, 0x45, 2, 3])];
        let out = run(Codec::H264, &packets);
        let Depacketized::Frame(frame) = &out[0] else { panic!("{out:?}") };
        assert_eq!(frame.data, [0, 0, 0, 5, 0x65, 0x88, 1, 2, 3]);
    }

    #[test]
    fn a_lost_packet_costs_exactly_the_frames_it_may_belong_to() {
        let start: &[u8] = &[0x7c, 0x85, 0x88];
        let middle: &[u8] = &[0x7c, 0x05, 1];
        let end: &[u8] = &[0x7c, 0x45, 2];
        let later_slice: &[u8] = &[0x41, 0x4a, 4];
        type Packets<'a> = &'a [(i64, u32, bool, &'a [u8])];
        let cases: [(Packets, &[Option<usize>], &str); 7] = [
            (&[(1, 0, false, start), (3, 0, true, end), (4, 9, true, P)], &[None, Some(8)], "a middle fragment"),
            (&[(1, 0, false, start), (3, 9, true, P)], &[None, Some(8)], "the last fragment"),
            (&[(1, 0, true, P), (3, 9, false, middle), (4, 9, true, end)], &[Some(8), None, None], "a first fragment"),
            (&[(1, 0, true, P), (3, 9, true, P)], &[Some(8), None, Some(8)], "a whole frame between"),
            (&[(1, 0, true, P), (3, 9, true, later_slice)], &[Some(8), None, None], "the first slice"),
            (&[(1, 0, false, P), (2, 9, true, P)], &[Some(8), Some(8)], "only the marker bit"),
            (&[(1, 0, true, P), (2, 0, true, &[]), (3, 9, true, P)], &[Some(8), Some(8)], "nothing: padding"),
        ];
        for (packets, expected, why) in cases {
            assert_eq!(lengths(&run(Codec::H264, packets)), expected, "{why}");
        }
    }

    #[test]
    fn malformed_payloads_cost_their_frame_and_nothing_else() {
        let bad: [(&[u8], &str); 9] = [
            (&[0x78, 0, 0, 0x67], "STAP-A with an empty NAL unit"),
            (&[0x78, 0, 9, 0x67], "STAP-A beyond the end"),
            (&[0x78, 0], "STAP-A with half a length"),
            (&[0x78, 0, 2, 0x78, 0], "STAP-A in a STAP-A"),
            (&[0x79, 0, 1, 0x67], "STAP-B"),
            (&[0x7d, 0x85, 0, 0, 1], "FU-B"),
            (&[0x7c], "FU-A without its header"),
            (&[0x7c, 0x45, 1], "FU-A that never began"),
            (&[0x00, 1], "type 0"),
        ];
        for (payload, why) in bad {
            let out = run(Codec::H264, &[(1, 0, true, payload), (2, 9, true, P)]);
            assert_eq!(lengths(&out), [None, Some(8)], "{why}");
        }
    }

    #[test]
    fn a_frame_beyond_the_limit_is_lost() {
        let piece = [&[0x7c, 0x05][..], &[1; 60_000]].concat();
        let start = [&[0x7c, 0x85][..], &[0x88; 60_000]].concat();
        let mut packets: Vec<(i64, u32, bool, &[u8])> = vec![(0, 0, false, &start)];
        packets.extend((1..80).map(|n| (n, 0, false, piece.as_slice())));
        packets.push((80, 9, true, P));
        assert_eq!(lengths(&run(Codec::H264, &packets)), [None, Some(8)]);
    }

    #[test]
    fn what_another_stack_packetised_comes_back_whole() {
        use rtp::packetizer::Payloader;
        let mut payloader = rtp::codecs::h264::H264Payloader::default();
        let big = [&[0x65, 0x88][..], &vec![0x5a; 5_000]].concat();
        let mut packets = Vec::new();
        for (n, nals) in [vec![SPS_NAL, PPS_NAL, &big], vec![P], vec![&big[..1_500]]].iter().enumerate() {
            let mut annex_b = Vec::new();
            for nal in nals {
                annex_b.extend_from_slice(&[0, 0, 0, 1]);
                annex_b.extend_from_slice(nal);
            }
            let payloads = payloader.payload(1_200, &annex_b.into()).unwrap();
            let last = payloads.len() - 1;
            packets.extend(payloads.into_iter().enumerate().map(|(i, p)| (n as u32 * 3_000, i == last, p)));
        }
        let packets: Vec<(i64, u32, bool, &[u8])> =
            packets.iter().enumerate().map(|(seq, (t, marker, p))| (seq as i64, *t, *marker, p.as_ref())).collect();
        let out = run(Codec::H264, &packets);
        assert_eq!(lengths(&out), [Some(4 + big.len()), Some(8), Some(1_504)]);
        let Depacketized::Frame(frame) = &out[0] else { panic!("{out:?}") };
        assert_eq!(frame.data[4..], big);
        assert!(matches!(&frame.format, Some(Format::H264(sets)) if sets.sps == SPS_NAL));
    }
}
