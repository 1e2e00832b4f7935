//! Writing RTCP into a fixed buffer.

use super::{ReportBlock, format, kind};

/// What a sender report says of its sender (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// NTP time, 32.32 fixed point.
    pub ntp: u64,
    /// RTP timestamp of the same instant.
    pub rtp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
}

/// Length in bytes of a sender report without report blocks.
const SENDER_REPORT_LEN: usize = 28;

/// SSRC, item type, length, text, then at least one null, to the word.
fn cname_body_len(cname: &str) -> usize {
    (4 + 2 + cname.len().min(255) + 1).next_multiple_of(4)
}

/// Appends RTCP packets to a buffer. A packet that does not fit is left out whole.
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    /// Writes into `buffer` from its start.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Bytes written.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Opens a packet with a body of `body` bytes (a multiple of 4) and returns it with its header written.
    fn packet(&mut self, count: u8, kind: u8, body: usize) -> Option<&mut [u8]> {
        let packet = self.buffer.get_mut(self.len..self.len + 4 + body)?;
        packet[0] = 0x80 | (count & 0x1f);
        packet[1] = kind;
        packet[2..4].copy_from_slice(&((body / 4) as u16).to_be_bytes());
        self.len += 4 + body;
        Some(&mut packet[4..])
    }

    /// A sender report without report blocks.
    pub fn sender_report(&mut self, ssrc: u32, info: &SenderInfo) {
        if let Some(body) = self.packet(0, kind::SENDER_REPORT, 24) {
            body[0..4].copy_from_slice(&ssrc.to_be_bytes());
            body[4..12].copy_from_slice(&info.ntp.to_be_bytes());
            body[12..16].copy_from_slice(&info.rtp.to_be_bytes());
            body[16..20].copy_from_slice(&info.packets.to_be_bytes());
            body[20..24].copy_from_slice(&info.octets.to_be_bytes());
        }
    }

    /// A source description with nothing but the CNAME (RFC 3550 section 6.5.1).
    pub fn cname(&mut self, ssrc: u32, cname: &str) {
        let name = &cname.as_bytes()[..cname.len().min(255)];
        if let Some(body) = self.packet(1, kind::SOURCE_DESCRIPTION, cname_body_len(cname)) {
            body.fill(0);
            body[0..4].copy_from_slice(&ssrc.to_be_bytes());
            body[4] = 1;
            body[5] = name.len() as u8;
            body[6..6 + name.len()].copy_from_slice(name);
        }
    }

    /// Whether a sender report and a source description with this CNAME still fit.
    pub fn fits_report(&self, cname: &str) -> bool {
        self.len + SENDER_REPORT_LEN + 4 + cname_body_len(cname) <= self.buffer.len()
    }

    /// A receiver report with up to 31 blocks; `lost` is the cumulative count of each.
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[(ReportBlock, u32)]) {
        let blocks = &blocks[..blocks.len().min(31)];
        let Some(body) = self.packet(blocks.len() as u8, kind::RECEIVER_REPORT, 4 + 24 * blocks.len()) else { return };
        body[0..4].copy_from_slice(&ssrc.to_be_bytes());
        for (out, (block, lost)) in body[4..].chunks_exact_mut(24).zip(blocks) {
            out[0..4].copy_from_slice(&block.ssrc.to_be_bytes());
            out[4..8].copy_from_slice(&(lost & 0x007f_ffff).to_be_bytes());
            out[4] = block.fraction_lost;
            out[8..12].copy_from_slice(&block.highest_sequence.to_be_bytes());
            out[12..16].copy_from_slice(&block.jitter.to_be_bytes());
            out[16..20].copy_from_slice(&block.last_report.to_be_bytes());
            out[20..24].copy_from_slice(&block.delay_since.to_be_bytes());
        }
    }

    /// Asks for `sequences` (ascending) again. Further ones are left out when the buffer is full.
    pub fn nack(&mut self, sender: u32, media: u32, sequences: impl Iterator<Item = u16>) {
        let start = self.len;
        let Some(body) = self.packet(format::NACK, kind::TRANSPORT_FEEDBACK, 8) else { return };
        body[0..4].copy_from_slice(&sender.to_be_bytes());
        body[4..8].copy_from_slice(&media.to_be_bytes());
        let mut entry: Option<(u16, u16)> = None;
        for sequence in sequences {
            entry = Some(match entry {
                Some((first, mask)) if (1..=16).contains(&sequence.wrapping_sub(first)) => {
                    (first, mask | 1 << (sequence.wrapping_sub(first) - 1))
                }
                Some(full) => {
                    self.nack_entry(full);
                    (sequence, 0)
                }
                None => (sequence, 0),
            });
        }
        if let Some(last) = entry {
            self.nack_entry(last);
        }
        let words = (self.len - start) / 4 - 1;
        self.buffer[start + 2..start + 4].copy_from_slice(&(words as u16).to_be_bytes());
    }

    fn nack_entry(&mut self, (first, mask): (u16, u16)) {
        if let Some(out) = self.buffer.get_mut(self.len..self.len + 4) {
            out[0..2].copy_from_slice(&first.to_be_bytes());
            out[2..4].copy_from_slice(&mask.to_be_bytes());
            self.len += 4;
        }
    }

    /// Asks for a key frame (PLI).
    pub fn picture_loss(&mut self, sender: u32, media: u32) {
        if let Some(body) = self.packet(format::PICTURE_LOSS, kind::PAYLOAD_FEEDBACK, 8) {
            body[0..4].copy_from_slice(&sender.to_be_bytes());
            body[4..8].copy_from_slice(&media.to_be_bytes());
        }
    }

    /// Transport-wide feedback whose body after the two SSRCs is `payload` (padded to the word by the caller).
    pub fn transport_wide(&mut self, sender: u32, media: u32, payload: &[u8]) {
        if let Some(body) = self.packet(format::TRANSPORT_WIDE, kind::TRANSPORT_FEEDBACK, 8 + payload.len()) {
            body[0..4].copy_from_slice(&sender.to_be_bytes());
            body[4..8].copy_from_slice(&media.to_be_bytes());
            body[8..].copy_from_slice(payload);
        }
    }
}
