//! A view of an RTP packet (RFC 3550 section 5.1). Borrows; never panics.

use crate::Error;

/// The header fields recording needs, and the payload without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// Payload type.
    pub payload_type: u8,
    /// Marker bit: for video the last packet of a frame.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// What follows CSRCs and header extension, padding removed. Empty for a packet of padding alone.
    pub payload: &'a [u8],
}

const FIXED_HEADER: usize = 12;

impl<'a> RtpPacket<'a> {
    /// Reads `bytes` as one RTP packet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        parse(bytes).ok_or(Error::MalformedRtp)
    }
}

fn parse(bytes: &[u8]) -> Option<RtpPacket<'_>> {
    let (fixed, rest) = bytes.split_first_chunk::<FIXED_HEADER>()?;
    let [flags, kind, seq0, seq1, t0, t1, t2, t3, s0, s1, s2, s3] = *fixed;
    if flags >> 6 != 2 {
        return None;
    }
    let csrc_len = usize::from(flags & 0x0f) * 4;
    let mut payload = rest.get(csrc_len..)?;
    if flags & 0x10 != 0 {
        // Section 5.3.1: 16 bits of profile, 16 bits of length in 32-bit words.
        let words = u16::from_be_bytes([*payload.get(2)?, *payload.get(3)?]);
        payload = payload.get(4 + usize::from(words) * 4..)?;
    }
    if flags & 0x20 != 0 {
        // The last octet counts the padding, itself included.
        let padding = usize::from(*payload.last()?);
        if padding == 0 {
            return None;
        }
        payload = payload.get(..payload.len().checked_sub(padding)?)?;
    }
    Some(RtpPacket {
        payload_type: kind & 0x7f,
        marker: kind & 0x80 != 0,
        sequence: u16::from_be_bytes([seq0, seq1]),
        timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
        ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
        payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = &[0x80, 0xe0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5, 0xaa, 0xbb];

    #[test]
    fn a_plain_packet_is_read() {
        let packet = RtpPacket::parse(PLAIN).unwrap();
        assert_eq!((packet.payload_type, packet.marker, packet.sequence), (0x60, true, 7));
        assert_eq!((packet.timestamp, packet.ssrc, packet.payload), (9, 5, &[0xaa, 0xbb][..]));
    }

    #[test]
    fn csrcs_extension_and_padding_are_no_payload() {
        let header = [0xb1, 0x60, 0, 7, 0, 0, 0, 9, 0, 0, 0, 5];
        let csrc = [1, 2, 3, 4];
        let extension = [0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0];
        let bytes = [&header[..], &csrc, &extension, &[0xaa, 0xbb, 0, 0, 3]].concat();
        assert_eq!(RtpPacket::parse(&bytes).unwrap().payload, [0xaa, 0xbb]);
    }

    #[test]
    fn a_packet_of_padding_alone_has_an_empty_payload() {
        let bytes = [&[0xa0][..], &PLAIN[1..12], &[0, 0, 3]].concat();
        assert!(RtpPacket::parse(&bytes).unwrap().payload.is_empty());
    }

    #[test]
    fn what_is_no_rtp_is_refused() {
        let with_first = |flags: u8, tail: &[u8]| [&[flags][..], &PLAIN[1..12], tail].concat();
        for (bytes, why) in [
            (Vec::new(), "empty"),
            (PLAIN[..11].to_vec(), "short header"),
            (with_first(0x40, &[]), "version 1"),
            (with_first(0x83, &[0; 11]), "CSRCs beyond the end"),
            (with_first(0x90, &[0, 0, 0]), "extension header beyond the end"),
            (with_first(0x90, &[0, 0, 0, 2, 0, 0, 0, 0]), "extension beyond the end"),
            (with_first(0xa0, &[]), "padding without a count"),
            (with_first(0xa0, &[1, 2, 4]), "more padding than payload"),
            (with_first(0xa0, &[1, 2, 0]), "padding of nothing"),
        ] {
            assert_eq!(RtpPacket::parse(&bytes), Err(Error::MalformedRtp), "{why}");
        }
    }
}
