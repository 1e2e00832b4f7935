//! A packet as it goes out on a receiving line: header, header extensions, and a payload that may repeat what went before.

use crate::{
    limits::{MAX_REDUNDANCY, MAX_UDP_PAYLOAD},
    red::{self, Voice},
    rtp::{Elements, RtpHeader, write_fixed_header},
    srtp::MAX_OVERHEAD,
};

/// Bytes of the original sequence number in a retransmission (RFC 4588 section 4).
pub(crate) const ORIGINAL_NUMBER_LEN: usize = 2;

/// A packet in its room, ready to be sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) len: usize,
    pub(crate) header_len: usize,
    pub(crate) ssrc: u32,
    /// Extended sequence number.
    pub(crate) index: u64,
    /// Whether it carries a transport-wide number.
    pub(crate) is_numbered: bool,
}

/// Voices that a packet repeats: its own payload type, and the earlier ones, newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeats<'p> {
    pub(crate) red_number: u8,
    pub(crate) earlier: [Option<Voice<'p>>; MAX_REDUNDANCY],
}

/// A packet as it goes out.
pub(crate) struct Outgoing<'p> {
    pub(crate) header: RtpHeader,
    pub(crate) elements: Elements<'p>,
    /// Original sequence number of a retransmission (RFC 4588 section 4).
    pub(crate) original: Option<u16>,
    pub(crate) payload: &'p [u8],
    /// What it repeats (RFC 2198).
    pub(crate) repeats: Option<Repeats<'p>>,
    /// Bytes of padding behind the payload.
    pub(crate) padding: usize,
}

impl Outgoing<'_> {
    /// Writes it at the start of `room`. `None` where it does not fit.
    pub(crate) fn write(&self, index: u64, room: &mut [u8]) -> Option<Written> {
        let header_len = self.elements.header_len();
        let mut header = self.header;
        header.padding |= self.padding > 0;
        let body_len = match &self.repeats {
            Some(repeats) => {
                let (number, len) =
                    self.write_repeating(repeats, room.get_mut(header_len..MAX_UDP_PAYLOAD - MAX_OVERHEAD)?)?;
                header.payload_type = number;
                len
            }
            None => self.write_body(room.get_mut(header_len..)?)?,
        };
        write_fixed_header(room.first_chunk_mut()?, &header);
        self.elements.write(&mut room[..header_len])?;
        let is_numbered = self.elements.transport_number.is_some();
        Some(Written { len: header_len + body_len, header_len, ssrc: header.ssrc, index, is_numbered })
    }

    fn write_body(&self, room: &mut [u8]) -> Option<usize> {
        let prefix = self.original.map_or(0, |_| ORIGINAL_NUMBER_LEN);
        let len = prefix + self.payload.len() + self.padding;
        let body = room.get_mut(..len)?;
        if let Some(original) = self.original {
            body[..prefix].copy_from_slice(&original.to_be_bytes());
        }
        let (payload, padding) = body[prefix..].split_at_mut(self.payload.len());
        payload.copy_from_slice(self.payload);
        if let Some((count, zeros)) = padding.split_last_mut() {
            zeros.fill(0);
            *count = self.padding as u8;
        }
        Some(len)
    }

    /// Its payload type and length; as it is where it cannot repeat anything.
    fn write_repeating(&self, repeats: &Repeats<'_>, room: &mut [u8]) -> Option<(u8, usize)> {
        let primary = Voice { timestamp: self.header.timestamp, payload: self.payload };
        let mut earlier = [primary; MAX_REDUNDANCY];
        let mut count = 0;
        for voice in repeats.earlier.into_iter().flatten() {
            earlier[count] = voice;
            count += 1;
        }
        match red::write(room, self.header.payload_type, &primary, &earlier[..count]) {
            Some(len) => Some((repeats.red_number, len)),
            None => Some((self.header.payload_type, self.write_body(room)?)),
        }
    }
}
