//! AV1 from RTP (RTP payload format for AV1, version 1.0.0, Alliance for Open Media). A temporal unit becomes one sample:
//! its OBUs with size fields, without temporal delimiters (AV1 in ISO base media files, section 2.4).

use std::collections::VecDeque;

use super::{
    Continuity, Depacketized, Format, Frame, Step,
    av1_header::{Av1Format, ObuHeader, SequenceHeader, obu_type, read_leb128, write_leb128},
};
use crate::{
    Error,
    limits::{FRAME_BYTES, PARAMETER_SET_BYTES},
    rtp::RtpPacket,
};

/// Puts temporal units together.
#[derive(Debug, Default)]
pub struct Av1Depacketizer {
    continuity: Continuity,
    /// Timestamp of the temporal unit in hand.
    timestamp: Option<u32>,
    unit: TemporalUnit,
    broken: bool,
    /// Packets were lost before the next temporal unit: its own first ones may be among them.
    after_gap: bool,
    out: VecDeque<Depacketized>,
}

/// What has come of a temporal unit.
#[derive(Debug, Default)]
struct TemporalUnit {
    /// Its whole OBUs, as a sample has them.
    data: Vec<u8>,
    /// The OBU whose rest the next packet brings.
    fragment: Option<Vec<u8>>,
    sequence: Option<Av1Format>,
    /// Whether its first frame is a shown key frame; `None` before a frame.
    keyframe: Option<bool>,
}

impl Av1Depacketizer {
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
            self.end_unit();
            self.timestamp = Some(packet.timestamp);
            self.broken = std::mem::take(&mut self.after_gap) && !begins_sequence(packet.payload);
        }
        if !self.broken && self.unit.take_payload(packet.payload).is_err() {
            self.broken = true;
        }
        if packet.marker {
            self.end_unit();
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

    fn end_unit(&mut self) {
        let Some(timestamp) = self.timestamp.take() else { return };
        let TemporalUnit { data, fragment, sequence, keyframe } = std::mem::take(&mut self.unit);
        if std::mem::take(&mut self.broken) || fragment.is_some() {
            self.out.push_back(Depacketized::Lost);
        } else if !data.is_empty() {
            let format = sequence.filter(|_| keyframe == Some(true)).map(Format::Av1);
            self.out.push_back(Depacketized::Frame(Frame { timestamp, keyframe: format.is_some(), format, data }));
        }
    }
}

/// Whether a payload can only be the first of its temporal unit. Nothing in it says so but N (section 4.4): first of a
/// coded video sequence. After a loss nothing else is of use.
fn begins_sequence(payload: &[u8]) -> bool {
    payload.first().is_some_and(|aggregation| aggregation & 0x88 == 0x08)
}

impl TemporalUnit {
    /// Section 4.4: Z Y W W N and OBU elements, each behind its length; with W the last of W elements goes without.
    fn take_payload(&mut self, payload: &[u8]) -> Result<(), Error> {
        let (&aggregation, mut rest) = payload.split_first().ok_or(Error::MalformedAv1)?;
        let (continues, continued) = (aggregation & 0x80 != 0, aggregation & 0x40 != 0);
        let count = aggregation >> 4 & 3;
        if continues != self.fragment.is_some() || rest.is_empty() {
            return Err(Error::MalformedAv1);
        }
        let mut taken = 0u8;
        while !rest.is_empty() {
            taken = taken.saturating_add(1);
            let element = if taken == count { std::mem::take(&mut rest) } else { next_element(&mut rest)? };
            let last = rest.is_empty();
            if last && count > taken {
                return Err(Error::MalformedAv1);
            }
            self.take_element(element, last && continued)?;
        }
        Ok(())
    }

    /// An OBU or a piece of one; `continued` in the next packet.
    fn take_element(&mut self, element: &[u8], continued: bool) -> Result<(), Error> {
        let mut obu = self.fragment.take().unwrap_or_default();
        if self.data.len() + obu.len() + element.len() > FRAME_BYTES {
            return Err(Error::MalformedAv1);
        }
        if !continued && obu.is_empty() {
            return self.take_obu(element);
        }
        obu.extend_from_slice(element);
        if continued {
            self.fragment = Some(obu);
            return Ok(());
        }
        self.take_obu(&obu)
    }

    fn take_obu(&mut self, obu: &[u8]) -> Result<(), Error> {
        let header = ObuHeader::parse(obu).ok_or(Error::MalformedAv1)?;
        let payload = payload(&header, obu).ok_or(Error::MalformedAv1)?;
        match header.kind {
            obu_type::TEMPORAL_DELIMITER | obu_type::TILE_LIST | obu_type::PADDING => return Ok(()),
            obu_type::SEQUENCE_HEADER => self.take_sequence_header(&header, payload)?,
            obu_type::FRAME_HEADER | obu_type::FRAME if self.keyframe.is_none() => {
                let sequence = self.sequence.as_ref().map(|format| format.sequence);
                self.keyframe = Some(sequence.is_some_and(|sequence| sequence.shows_key_frame(payload)));
            }
            _ => {}
        }
        append_obu(&header, payload, &mut self.data);
        Ok(())
    }

    fn take_sequence_header(&mut self, header: &ObuHeader, payload: &[u8]) -> Result<(), Error> {
        if payload.len() > PARAMETER_SET_BYTES {
            return Err(Error::MalformedAv1);
        }
        let sequence = SequenceHeader::parse(payload)?;
        let mut obu = Vec::with_capacity(payload.len() + 4);
        append_obu(header, payload, &mut obu);
        self.sequence = Some(Av1Format { sequence, obu });
        Ok(())
    }
}

/// Cuts an element off the front of `rest`.
fn next_element<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let (len, tail) = read_leb128(rest).ok_or(Error::MalformedAv1)?;
    let (element, tail) = tail.split_at_checked(len).ok_or(Error::MalformedAv1)?;
    *rest = tail;
    Ok(element)
}

/// What follows an OBU's header. Packets should leave the size field out, and some do not (section 4.5).
fn payload<'a>(header: &ObuHeader, obu: &'a [u8]) -> Option<&'a [u8]> {
    let rest = obu.get(header.len..)?;
    if !header.has_size {
        return Some(rest);
    }
    let (len, rest) = read_leb128(rest)?;
    rest.get(..len)
}

fn append_obu(header: &ObuHeader, payload: &[u8], out: &mut Vec<u8>) {
    const HAS_SIZE: u8 = 0x02;
    out.push(header.octets[0] | HAS_SIZE);
    out.extend_from_slice(&header.octets[1..header.len]);
    write_leb128(payload.len(), out);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            av1_header::tests::LIBAOM,
            testing::{lengths, run},
        },
        *,
    };
    use crate::codec::Codec;

    /// OBUs as packets carry them, without sizes.
    const KEY: [u8; 4] = [0x30, 0x10, 7, 7];
    const INTER: [u8; 4] = [0x30, 0x30, 7, 7];

    fn sequence() -> Vec<u8> {
        [&[0x08][..], &LIBAOM].concat()
    }

    /// Both OBUs of a key frame in one payload.
    fn key_unit() -> Vec<u8> {
        [&[0x28, 12][..], &sequence(), &KEY].concat()
    }

    fn payload(aggregation: u8, elements: &[u8]) -> Vec<u8> {
        [&[aggregation], elements].concat()
    }

    fn frame(out: &Depacketized) -> &Frame {
        let Depacketized::Frame(frame) = out else { panic!("{out:?}") };
        frame
    }

    #[test]
    fn obus_get_their_sizes_back() {
        let key = key_unit();
        let inter = payload(0x10, &INTER);
        let out = run(Codec::Av1, &[(1, 0, true, &key), (2, 3_000, true, &inter)]);
        let sample = [&[0x0a, 11][..], &LIBAOM, &[0x32, 3], &KEY[1..]].concat();
        assert_eq!(frame(&out[0]).data, sample);
        let Some(Format::Av1(format)) = &frame(&out[0]).format else { panic!("{out:?}") };
        assert_eq!((format.sequence.width, format.sequence.height), (640, 360));
        assert_eq!(format.obu, sample[..13]);
        assert_eq!((frame(&out[1]).keyframe, frame(&out[1]).data.as_slice()), (false, &[0x32, 3, 0x30, 7, 7][..]));
    }

    #[test]
    fn every_way_to_aggregate_gives_the_same_sample() {
        let expected = run(Codec::Av1, &[(1, 0, true, &key_unit())]);
        let all_lengths = payload(0x08, &[&[12][..], &sequence(), &[4], &KEY].concat());
        let delimited = payload(0x38, &[&[1, 0x10, 12][..], &sequence(), &KEY].concat());
        let padded = payload(0x38, &[&[12][..], &sequence(), &[2, 0x78, 0], &KEY].concat());
        let sized = payload(0x28, &[&[13, 0x0a, 11][..], &LIBAOM, &[0x32, 3], &KEY[1..]].concat());
        let first = payload(0x68, &[&[12][..], &sequence(), &KEY[..1]].concat());
        let middle = payload(0xd0, &KEY[1..3]);
        let last = payload(0x90, &KEY[3..]);
        type Packets<'a> = &'a [(i64, u32, bool, &'a [u8])];
        let cases: [(Packets, &str); 5] = [
            (&[(1, 0, true, &all_lengths)], "a length before each element"),
            (&[(1, 0, true, &delimited)], "a temporal delimiter"),
            (&[(1, 0, true, &padded)], "padding"),
            (&[(1, 0, true, &sized)], "size fields nobody asked for"),
            (&[(1, 0, false, &first), (2, 0, false, &middle), (3, 0, true, &last)], "fragments"),
        ];
        for (packets, why) in cases {
            assert_eq!(run(Codec::Av1, packets), expected, "{why}");
        }
    }

    #[test]
    fn the_extension_of_an_obu_stays() {
        let out = run(Codec::Av1, &[(1, 0, true, &[0x10, 0x34, 0x28, 0x30, 9])]);
        assert_eq!(frame(&out[0]).data, [0x36, 0x28, 2, 0x30, 9]);
    }

    #[test]
    fn decoding_begins_only_at_a_shown_key_frame_behind_its_sequence_header() {
        let hidden = payload(0x28, &[&[12][..], &sequence(), &[0x30, 0x00, 7]].concat());
        let repeated = payload(0x20, &[&[12][..], &sequence(), &INTER].concat());
        for (payload, keyframe, why) in [
            (key_unit(), true, "a key frame"),
            (payload(0x10, &KEY), false, "no sequence header"),
            (hidden, false, "a hidden key frame"),
            (repeated, false, "an inter frame"),
        ] {
            let out = run(Codec::Av1, &[(1, 0, true, &payload)]);
            assert_eq!((frame(&out[0]).keyframe, frame(&out[0]).format.is_some()), (keyframe, keyframe), "{why}");
        }
    }

    #[test]
    fn a_lost_packet_costs_its_unit_and_what_follows_until_a_sequence_begins() {
        let key = key_unit();
        let whole = payload(0x10, &INTER);
        let first = payload(0x50, &INTER[..2]);
        let last = payload(0x90, &INTER[2..]);
        type Packets<'a> = &'a [(i64, u32, bool, &'a [u8])];
        let cases: [(Packets, &[Option<usize>], &str); 8] = [
            (&[(1, 0, true, &whole), (3, 9, true, &whole)], &[Some(5), None, None], "an unknown number of packets"),
            (&[(1, 0, true, &whole), (3, 9, true, &key)], &[Some(5), None, Some(18)], "a unit before a key frame"),
            (&[(1, 0, false, &first), (3, 9, true, &key)], &[None, Some(18)], "a last packet"),
            (&[(1, 0, true, &whole), (3, 9, true, &last)], &[Some(5), None, None], "a first packet"),
            (&[(1, 0, false, &first), (3, 0, true, &last)], &[None], "a middle packet"),
            (&[(1, 0, false, &first), (2, 0, true, &whole)], &[None], "the rest of an OBU"),
            (&[(1, 0, true, &first), (2, 9, true, &whole)], &[None, Some(5)], "the end of an OBU"),
            (&[(1, 0, false, &whole), (2, 9, true, &whole)], &[Some(5), Some(5)], "only the marker bit"),
        ];
        for (packets, expected, why) in cases {
            assert_eq!(lengths(&run(Codec::Av1, packets)), expected, "{why}");
        }
    }

    #[test]
    fn malformed_payloads_cost_their_unit_and_nothing_else() {
        let whole = payload(0x10, &INTER);
        for bad in [
            &[0x10][..],
            &[0x10, 0x56],
            &[0x10, 0xb0, 0],
            &[0x10, 0x34],
            &[0x00, 5, 0x30, 0],
            &[0x00, 0x80],
            &[0x00, 0],
            &[0x20, 2, 0x30, 0],
            &[0x30, 1, 0x30, 0],
            &[0x90, 0x30, 0],
            &[0x10, 0x32, 9, 0],
            &[0x18, 0x08, 0, 0],
        ] {
            let out = run(Codec::Av1, &[(1, 0, true, bad), (2, 9, true, &whole)]);
            assert_eq!(lengths(&out), [None, Some(5)], "{bad:02x?}");
        }
    }

    #[test]
    fn a_unit_beyond_the_limit_is_lost() {
        let first = payload(0x50, &[0x30; 60_000]);
        let piece = payload(0xd0, &[7; 60_000]);
        let whole = payload(0x10, &INTER);
        let mut packets: Vec<(i64, u32, bool, &[u8])> = vec![(0, 0, false, &first)];
        packets.extend((1..80).map(|n| (n, 0, false, piece.as_slice())));
        packets.push((80, 9, true, &whole));
        assert_eq!(lengths(&run(Codec::Av1, &packets)), [None, Some(5)]);
    }

    #[test]
    fn what_another_stack_packetised_comes_back_whole() {
        use rtp::packetizer::Payloader;
        let big_key = [&[0x32, 0xa1, 0x1f, 0x10][..], &[0x5a; 4_000]].concat();
        let key = [&[0x0a, 11][..], &LIBAOM, &big_key].concat();
        let inter = [&[0x32, 0xa1, 0x1f, 0x30][..], &[0x5a; 4_000]].concat();
        let units = [&key, &inter, &key];
        let mut payloader = rtp::codecs::av1::Av1Payloader {};
        let payloads = units.map(|unit| {
            let delimited = [&[0x12, 0x00][..], unit].concat();
            payloader.payload(1_200, &delimited.into()).unwrap()
        });
        let mut packets: Vec<(i64, u32, bool, &[u8])> = Vec::new();
        for (n, payloads) in payloads.iter().enumerate() {
            let last = payloads.len() - 1;
            for (i, payload) in payloads.iter().enumerate() {
                packets.push((packets.len() as i64, n as u32 * 3_000, i == last, payload));
            }
        }
        let out = run(Codec::Av1, &packets);
        assert_eq!(out.iter().map(|item| &frame(item).data).collect::<Vec<_>>(), units);
        assert_eq!(out.iter().map(|item| frame(item).keyframe).collect::<Vec<_>>(), [true, false, true]);
    }
}
