//! A view of an RTP packet (RFC 3550 section 5.1) and its header extensions (RFC 8285). Reads, never copies.

/// Length of the fixed header in bytes.
pub const FIXED_HEADER_LEN: usize = 12;
/// Length in bytes of the fixed header and an extension block with a transport-wide number.
pub const NUMBERED_HEADER_LEN: usize = 20;

/// Length in bytes of what stands before the elements of an extension block.
const EXTENSION_HEAD_LEN: usize = 4;
/// Longest value of an element of one-byte form (RFC 8285 section 4.2).
const MAX_ELEMENT: usize = 16;

/// Why bytes are not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// Shorter than its header says.
    #[error("RTP packet is truncated")]
    Truncated,
    /// Version other than 2.
    #[error("RTP version is not 2")]
    Version,
}

/// The header of an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpHeader {
    /// Marker bit.
    pub marker: bool,
    /// Padding bit: the last byte of the payload counts the padding.
    pub padding: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Length of the whole header: fixed part, CSRCs and extension. The payload starts here.
    pub len: usize,
    /// Profile of the header extension block and where its body starts and ends.
    extension: Option<(u16, usize, usize)>,
}

impl RtpHeader {
    /// Reads the header of `packet`.
    pub fn parse(packet: &[u8]) -> Result<Self, RtpError> {
        let fixed = packet.first_chunk::<FIXED_HEADER_LEN>().ok_or(RtpError::Truncated)?;
        if fixed[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let mut len = FIXED_HEADER_LEN + 4 * usize::from(fixed[0] & 0x0f);
        let mut extension = None;
        if fixed[0] & 0x10 != 0 {
            let head = packet.get(len..len + 4).ok_or(RtpError::Truncated)?;
            let profile = u16::from_be_bytes([head[0], head[1]]);
            let body = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
            extension = Some((profile, len + 4, len + 4 + body));
            len += 4 + body;
        }
        if packet.len() < len {
            return Err(RtpError::Truncated);
        }
        Ok(Self {
            marker: fixed[1] & 0x80 != 0,
            padding: fixed[0] & 0x20 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            len,
            extension,
        })
    }

    /// Header extensions as `(id, data)`; ends at the first malformed element.
    pub fn extensions<'p>(&self, packet: &'p [u8]) -> Extensions<'p> {
        let (form, rest) = match self.extension {
            Some((0xbede, from, to)) => (Form::OneByte, packet.get(from..to).unwrap_or(&[])),
            // The low four bits are application bits (RFC 8285 section 4.3).
            Some((profile, from, to)) if profile & 0xfff0 == 0x1000 => {
                (Form::TwoByte, packet.get(from..to).unwrap_or(&[]))
            }
            _ => (Form::OneByte, &[][..]),
        };
        Extensions { form, rest }
    }

    /// Bytes of padding at the end of the plain `packet` this is the header of. `None` when the padding bit is set and the
    /// last octet counts none, or more than there are (RFC 3550 appendix A.1).
    pub fn padding_len(&self, packet: &[u8]) -> Option<usize> {
        if !self.padding {
            return Some(0);
        }
        let payload = packet.get(self.len..)?;
        let count = usize::from(*payload.last()?);
        (1..=payload.len()).contains(&count).then_some(count)
    }

    /// The data of extension `id`, if the packet carries it.
    pub fn extension<'p>(&self, packet: &'p [u8], id: u8) -> Option<&'p [u8]> {
        self.extensions(packet).find(|(found, _)| *found == id).map(|(_, data)| data)
    }
}

#[derive(Debug, Clone, Copy)]
enum Form {
    OneByte,
    TwoByte,
}

/// Iterator over header extensions.
#[derive(Debug, Clone)]
pub struct Extensions<'p> {
    form: Form,
    rest: &'p [u8],
}

impl<'p> Iterator for Extensions<'p> {
    type Item = (u8, &'p [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let &first = self.rest.first()?;
            if first == 0 {
                // Padding (RFC 8285 section 4.1).
                self.rest = &self.rest[1..];
                continue;
            }
            let (id, len, head) = match self.form {
                // Id 15 stops processing (RFC 8285 section 4.2).
                Form::OneByte if first >> 4 == 15 => return None,
                Form::OneByte => (first >> 4, usize::from(first & 0x0f) + 1, 1),
                Form::TwoByte => (first, usize::from(*self.rest.get(1)?), 2),
            };
            let data = self.rest.get(head..head + len)?;
            self.rest = &self.rest[head + len..];
            return Some((id, data));
        }
    }
}

/// Writes a fixed header without CSRCs or extensions.
pub fn write_fixed_header(out: &mut [u8; FIXED_HEADER_LEN], header: &RtpHeader) {
    out[0] = 0x80 | (u8::from(header.padding) << 5);
    out[1] = (u8::from(header.marker) << 7) | (header.payload_type & 0x7f);
    out[2..4].copy_from_slice(&header.sequence.to_be_bytes());
    out[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
    out[8..12].copy_from_slice(&header.ssrc.to_be_bytes());
}

/// Writes a header extension block of one element, a transport-wide sequence number (RFC 8285 section 4.2, id 1 to 14), and
/// says in the fixed header before it that it is there.
pub fn write_transport_number(out: &mut [u8; NUMBERED_HEADER_LEN], id: u8, number: u16) {
    out[0] |= 0x10;
    out[12..16].copy_from_slice(&[0xbe, 0xde, 0, 1]);
    // Length field: the number of octets less one.
    out[16] = (id << 4) | 1;
    out[17..19].copy_from_slice(&number.to_be_bytes());
    out[19] = 0;
}

/// The header extensions a packet goes out with, each by its id, 1 to 14, and its value, in one-byte form (RFC 8285 section
/// 4.2). One value for a packet's length and its bytes, so that the two cannot differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Elements<'v> {
    /// Transport-wide sequence number.
    pub transport_number: Option<(u8, u16)>,
    /// Playout delay, as [`crate::playout_delay::PlayoutDelay::write`] gives it.
    pub playout_delay: Option<(u8, [u8; crate::playout_delay::LEN])>,
    /// `a=mid` of the m-line (RFC 9143 section 15). One of no bytes or more than 16 is left out.
    pub mid: Option<(u8, &'v [u8])>,
}

impl<'v> Elements<'v> {
    fn told_mid(&self) -> Option<(u8, &'v [u8])> {
        self.mid.filter(|(_, mid)| (1..=MAX_ELEMENT).contains(&mid.len()))
    }

    /// Length in bytes of the fixed header and these: 12 without any, 20 with the transport number alone.
    pub fn header_len(&self) -> usize {
        if self.playout_delay.is_none() && self.mid.is_none() {
            return if self.transport_number.is_some() { NUMBERED_HEADER_LEN } else { FIXED_HEADER_LEN };
        }
        let number = self.transport_number.map_or(0, |_| 1 + size_of::<u16>());
        let delay = self.playout_delay.map_or(0, |(_, value)| 1 + value.len());
        let mid = self.told_mid().map_or(0, |(_, mid)| 1 + mid.len());
        match number + delay + mid {
            0 => FIXED_HEADER_LEN,
            body => FIXED_HEADER_LEN + EXTENSION_HEAD_LEN + body.next_multiple_of(4),
        }
    }

    /// Writes them behind the fixed header at the start of `out`, and says there that they are there. Returns
    /// [`Self::header_len`]; `None`, and nothing written, where `out` is shorter.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let len = self.header_len();
        let out = out.get_mut(..len)?;
        if len == FIXED_HEADER_LEN {
            return Some(len);
        }
        // What nearly every packet has is written at once, without a loop.
        if let (Some((id, number)), None, None) = (self.transport_number, self.playout_delay, self.mid) {
            write_transport_number(out.first_chunk_mut()?, id, number);
            return Some(len);
        }
        out[0] |= 0x10;
        let (head, body) = out[FIXED_HEADER_LEN..].split_at_mut(EXTENSION_HEAD_LEN);
        let words = (body.len() / 4) as u8;
        head.copy_from_slice(&[0xbe, 0xde, 0, words]);
        let mut rest = body;
        if let Some((id, number)) = self.transport_number {
            rest = write_element(rest, id, &number.to_be_bytes());
        }
        if let Some((id, value)) = &self.playout_delay {
            rest = write_element(rest, *id, value);
        }
        if let Some((id, mid)) = self.told_mid() {
            rest = write_element(rest, id, mid);
        }
        rest.fill(0);
        Some(len)
    }
}

/// Writes one element at the start of `out`, which has room for it; returns what follows.
fn write_element<'o>(out: &'o mut [u8], id: u8, value: &[u8]) -> &'o mut [u8] {
    let (element, rest) = out.split_at_mut(1 + value.len());
    // Length field: the number of octets less one.
    element[0] = (id << 4) | (value.len() - 1) as u8;
    element[1..].copy_from_slice(value);
    rest
}

impl RtpHeader {
    /// The same of a packet whose padding has been taken off.
    pub fn without_padding(&self) -> Self {
        Self { padding: false, ..*self }
    }

    /// A header of [`FIXED_HEADER_LEN`] bytes to be written.
    pub fn fixed(payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32) -> Self {
        Self {
            marker: false,
            padding: false,
            payload_type,
            sequence,
            timestamp,
            ssrc,
            len: FIXED_HEADER_LEN,
            extension: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
        let mut packet = vec![first, 0x80 | 96, 0x12, 0x34, 0, 0, 0, 7, 0xde, 0xad, 0xbe, 0xef];
        packet.extend_from_slice(rest);
        packet
    }

    #[test]
    fn padding_is_counted_by_its_last_octet_which_must_not_lie() {
        let rows: &[(u8, &[u8], Option<usize>)] = &[
            (0x80, &[1, 2, 9], Some(0)),
            (0xa0, &[1, 0, 2], Some(2)),
            (0xa0, &[0, 0, 3], Some(3)),
            (0xa0, &[1, 2, 4], None),
            (0xa0, &[1, 2, 0], None),
            (0xa0, &[], None),
        ];
        for &(first, payload, expected) in rows {
            let bytes = packet(first, payload);
            assert_eq!(RtpHeader::parse(&bytes).unwrap().padding_len(&bytes), expected, "{first:x} {payload:?}");
        }
    }

    #[test]
    fn a_plain_header_is_read() {
        let bytes = packet(0x80, &[1, 2, 3]);
        let header = RtpHeader::parse(&bytes).unwrap();
        assert!(header.marker);
        assert_eq!((header.payload_type, header.sequence, header.timestamp), (96, 0x1234, 7));
        assert_eq!((header.ssrc, header.len), (0xdead_beef, 12));
    }

    #[test]
    fn one_byte_extensions_of_rfc_8285_section_4_2_are_found_past_padding() {
        // id 1 length 1, padding, id 3 length 4, padding to the word.
        let bytes = packet(0x90, &[0xbe, 0xde, 0, 2, 0x10, 0xaa, 0, 0x33, 1, 2, 3, 4, 0x99]);
        let header = RtpHeader::parse(&bytes).unwrap();
        assert_eq!(header.len, 24);
        assert_eq!(header.extension(&bytes, 1), Some(&[0xaa][..]));
        assert_eq!(header.extension(&bytes, 3), Some(&[1, 2, 3, 4][..]));
        assert_eq!(header.extension(&bytes, 9), None);
    }

    #[test]
    fn two_byte_extensions_of_rfc_8285_section_4_3_may_be_empty() {
        let bytes = packet(0x90, &[0x10, 0x00, 0, 2, 5, 0, 0, 7, 3, 1, 2, 3]);
        let header = RtpHeader::parse(&bytes).unwrap();
        assert_eq!(header.extension(&bytes, 5), Some(&[][..]));
        assert_eq!(header.extension(&bytes, 7), Some(&[1, 2, 3][..]));
    }

    #[test]
    fn id_15_ends_the_one_byte_list() {
        let bytes = packet(0x90, &[0xbe, 0xde, 0, 1, 0xf0, 1, 0x10, 2]);
        let header = RtpHeader::parse(&bytes).unwrap();
        assert_eq!(header.extensions(&bytes).count(), 0);
    }

    #[test]
    fn truncated_packets_are_refused() {
        assert_eq!(RtpHeader::parse(&[0x80; 11]), Err(RtpError::Truncated));
        assert_eq!(RtpHeader::parse(&packet(0x8f, &[0; 20])), Err(RtpError::Truncated));
        assert_eq!(RtpHeader::parse(&packet(0x90, &[0xbe, 0xde, 0, 9])), Err(RtpError::Truncated));
        assert_eq!(RtpHeader::parse(&packet(0x40, &[])), Err(RtpError::Version));
    }

    #[test]
    fn an_element_longer_than_its_block_ends_the_list() {
        let bytes = packet(0x90, &[0xbe, 0xde, 0, 1, 0x1f, 1, 2, 3]);
        assert_eq!(RtpHeader::parse(&bytes).unwrap().extensions(&bytes).count(), 0);
    }

    #[test]
    fn a_written_header_reads_back() {
        let mut header = RtpHeader::fixed(111, 65535, u32::MAX, 42);
        header.marker = true;
        let mut out = [0; FIXED_HEADER_LEN];
        write_fixed_header(&mut out, &header);
        assert_eq!(RtpHeader::parse(&out), Ok(header));
    }

    #[test]
    fn a_written_transport_number_is_found_again() {
        let mut out = [0; NUMBERED_HEADER_LEN];
        if let Some(head) = out.first_chunk_mut() {
            write_fixed_header(head, &RtpHeader::fixed(96, 1, 2, 3));
        }
        write_transport_number(&mut out, 14, 0xabcd);
        let header = RtpHeader::parse(&out).unwrap();
        assert_eq!((header.len, header.extension(&out, 14)), (NUMBERED_HEADER_LEN, Some(&[0xab, 0xcd][..])));
    }

    #[test]
    fn written_elements_are_found_again_whichever_they_are() {
        let delay = [0x02, 0x80, 0xc8];
        let (long, longest) = ([b'm'; 17], [b'm'; 16]);
        type Row<'v> = (Option<u16>, bool, Option<&'v [u8]>, usize);
        let rows: &[Row<'_>] = &[
            (None, false, None, 12),
            (Some(0xabcd), false, None, 20),
            (None, true, None, 20),
            (None, false, Some(b"0"), 20),
            (Some(0xabcd), true, None, 24),
            (Some(0xabcd), false, Some(b"12"), 24),
            (Some(0xabcd), true, Some(b"0"), 28),
            (Some(0xabcd), true, Some(&longest), 40),
            (Some(0xabcd), false, Some(&long), 20),
            (None, false, Some(b""), 12),
        ];
        for &(number, delayed, mid, len) in rows {
            let elements = Elements {
                transport_number: number.map(|number| (14, number)),
                playout_delay: delayed.then_some((1, delay)),
                mid: mid.map(|mid| (7, mid)),
            };
            let mut out = [0xee; 64];
            write_fixed_header(out.first_chunk_mut().unwrap(), &RtpHeader::fixed(96, 1, 2, 3));
            assert_eq!(elements.write(&mut out), Some(len), "{elements:?}");
            assert_eq!(elements.header_len(), len);
            assert!(out[len..].iter().all(|&byte| byte == 0xee));
            let header = RtpHeader::parse(&out).unwrap();
            assert_eq!(header.len, len);
            assert_eq!(header.extension(&out, 14), number.map(u16::to_be_bytes).as_ref().map(|bytes| &bytes[..]));
            assert_eq!(header.extension(&out, 1), delayed.then_some(&delay[..]));
            assert_eq!(header.extension(&out, 7), mid.filter(|mid| (1..=16).contains(&mid.len())));
            assert_eq!(header.extensions(&out).count(), elements_told(&elements));
            let told: usize = header.extensions(&out).map(|(_, value)| 1 + value.len()).sum();
            assert!(out[..len].iter().skip(16 + told).all(|&byte| byte == 0), "filled up with padding");
            for room in 0..len {
                assert_eq!(elements.write(&mut out[..room]), None, "{room}");
            }
        }
    }

    fn elements_told(elements: &Elements<'_>) -> usize {
        let told =
            [elements.transport_number.is_some(), elements.playout_delay.is_some(), elements.told_mid().is_some()];
        told.into_iter().filter(|told| *told).count()
    }

    #[test]
    fn the_transport_number_alone_is_written_as_ever() {
        let fixed = RtpHeader::fixed(96, 1, 2, 3);
        let (mut ever, mut now) = ([0; NUMBERED_HEADER_LEN], [0; NUMBERED_HEADER_LEN]);
        for out in [&mut ever, &mut now] {
            write_fixed_header(out.first_chunk_mut().unwrap(), &fixed);
        }
        write_transport_number(&mut ever, 3, 0x1234);
        Elements { transport_number: Some((3, 0x1234)), ..Elements::default() }.write(&mut now);
        assert_eq!(ever, now);
    }
}
