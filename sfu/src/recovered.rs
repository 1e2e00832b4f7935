//! Voices of a publisher that were lost, and came with a later packet that repeats them (RFC 2198).

use crate::{
    limits::{MAX_RED_BLOCKS, MAX_RTP_PACKET},
    rtp::{FIXED_HEADER_LEN, RtpHeader, write_fixed_header},
};

/// One of them, as if it had come by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recovered<'r> {
    /// Extended sequence number.
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    /// The packet, header and all.
    pub(crate) packet: &'r [u8],
}

/// Those that came with one packet. Used again for the next, so that none costs an allocation.
#[derive(Debug, Default)]
pub(crate) struct RecoveredVoices {
    bytes: Vec<u8>,
    /// Index, timestamp, and where its packet ends.
    packets: Vec<(u64, u32, usize)>,
}

impl RecoveredVoices {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
    }

    /// Keeps one. There are no more than one packet can repeat.
    pub(crate) fn push(&mut self, payload_type: u8, ssrc: u32, (index, timestamp): (u64, u32), payload: &[u8]) {
        if self.packets.len() >= MAX_RED_BLOCKS || payload.len() > MAX_RTP_PACKET {
            return;
        }
        let mut header = [0; FIXED_HEADER_LEN];
        write_fixed_header(&mut header, &RtpHeader::fixed(payload_type, index as u16, timestamp, ssrc));
        self.bytes.extend_from_slice(&header);
        self.bytes.extend_from_slice(payload);
        self.packets.push((index, timestamp, self.bytes.len()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Recovered<'_>> {
        let mut start = 0;
        self.packets.iter().map(move |&(index, timestamp, end)| {
            let packet = &self.bytes[std::mem::replace(&mut start, end)..end];
            Recovered { index, timestamp, packet }
        })
    }
}
