//! Reading RTCP compounds.

use super::{TransportWide, format, kind};

/// Compounds longer than this many packets are read no further.
const MAX_PACKETS: usize = 64;

/// One thing a peer told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feedback<'p> {
    /// Sender report: NTP time and RTP timestamp of one instant (RFC 3550 section 6.4.1).
    SenderReport {
        /// Whose.
        ssrc: u32,
        /// 32.32 fixed point seconds since 1900.
        ntp: u64,
        /// RTP timestamp.
        rtp: u32,
    },
    /// How a stream of ours is received.
    Report(ReportBlock),
    /// Packets asked for again (RFC 4585 section 6.2.1).
    Nack {
        /// Of which stream.
        ssrc: u32,
        /// Which packets.
        packets: Nacks<'p>,
    },
    /// A key frame is asked for: PLI (RFC 4585 section 6.3.1) or FIR (RFC 5104 section 4.3.1).
    KeyFrame {
        /// Of which stream.
        ssrc: u32,
    },
    /// What the peer's line carries, as its own estimator tells (REMB, draft-alvestrand-rmcat-remb-03 section 2.2).
    Estimate {
        /// Bit/s, `u64::MAX` for more than fits.
        bps: u64,
    },
    /// When each packet of ours arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
    TransportWide(TransportWide<'p>),
    /// The peer stops sending this stream (RFC 3550 section 6.6).
    Goodbye {
        /// Which.
        ssrc: u32,
    },
}

/// A report block (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The stream reported on.
    pub ssrc: u32,
    /// Fraction lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Extended highest sequence number received.
    pub highest_sequence: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report received; zero before any.
    pub last_report: u32,
    /// Delay since then, in 1/65536 s.
    pub delay_since: u32,
}

/// The packets a NACK names; each entry is a packet and a mask of the 16 after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nacks<'p>(&'p [u8]);

impl Nacks<'_> {
    /// The sequence numbers.
    pub fn sequences(&self) -> impl Iterator<Item = u16> {
        self.0.chunks_exact(4).flat_map(|entry| {
            let first = u16::from_be_bytes([entry[0], entry[1]]);
            let mask = u16::from_be_bytes([entry[2], entry[3]]);
            let rest = (0..16).filter(move |bit| mask & (1 << bit) != 0).map(move |bit| first.wrapping_add(bit + 1));
            std::iter::once(first).chain(rest)
        })
    }
}

/// Calls `handle` for each thing told in `compound`; stops at the first packet that is not well-formed.
pub fn read<'p>(compound: &'p [u8], mut handle: impl FnMut(Feedback<'p>)) {
    let mut rest = compound;
    for _ in 0..MAX_PACKETS {
        let Some(head) = rest.first_chunk::<4>() else { return };
        let len = 4 * (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1);
        if head[0] >> 6 != 2 || rest.len() < len {
            return;
        }
        let (packet, next) = rest.split_at(len);
        packet_told(head[0] & 0x1f, head[1], packet, &mut handle);
        rest = next;
    }
}

fn word(packet: &[u8], at: usize) -> Option<u32> {
    packet.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes)
}

fn packet_told<'p>(count: u8, kind: u8, packet: &'p [u8], handle: &mut impl FnMut(Feedback<'p>)) {
    match (kind, count) {
        (kind::SENDER_REPORT, _) => {
            let (Some(ssrc), Some(high), Some(low), Some(rtp)) =
                (word(packet, 4), word(packet, 8), word(packet, 12), word(packet, 16))
            else {
                return;
            };
            handle(Feedback::SenderReport { ssrc, ntp: (u64::from(high) << 32) | u64::from(low), rtp });
            report_blocks(packet.get(28..).unwrap_or(&[]), count, handle);
        }
        (kind::RECEIVER_REPORT, _) => report_blocks(packet.get(8..).unwrap_or(&[]), count, handle),
        (kind::GOODBYE, _) => {
            let ssrcs = packet[4..].chunks_exact(4).take(usize::from(count));
            ssrcs.filter_map(|ssrc| word(ssrc, 0)).for_each(|ssrc| handle(Feedback::Goodbye { ssrc }));
        }
        (kind::TRANSPORT_FEEDBACK, format::NACK) => {
            if let (Some(ssrc), Some(entries)) = (word(packet, 8), packet.get(12..)) {
                handle(Feedback::Nack { ssrc, packets: Nacks(entries) });
            }
        }
        (kind::TRANSPORT_FEEDBACK, format::TRANSPORT_WIDE) => {
            TransportWide::view(packet).into_iter().for_each(|wide| handle(Feedback::TransportWide(wide)));
        }
        (kind::PAYLOAD_FEEDBACK, format::PICTURE_LOSS) => {
            if let Some(ssrc) = word(packet, 8) {
                handle(Feedback::KeyFrame { ssrc });
            }
        }
        (kind::PAYLOAD_FEEDBACK, format::APPLICATION) => {
            if packet.get(12..16) == Some(b"REMB")
                && let Some(rate) = word(packet, 16)
            {
                // Six bits of exponent and eighteen of mantissa, behind the number of SSRCs.
                let (exponent, mantissa) = ((rate >> 18) & 0x3f, u64::from(rate & 0x3_ffff));
                let bps = mantissa.saturating_mul(1 << exponent);
                handle(Feedback::Estimate { bps });
            }
        }
        (kind::PAYLOAD_FEEDBACK, format::FULL_INTRA) => {
            // The media SSRC field is unused; each entry names its target.
            let entries = packet.get(12..).unwrap_or(&[]).chunks_exact(8);
            entries.filter_map(|entry| word(entry, 0)).for_each(|ssrc| handle(Feedback::KeyFrame { ssrc }));
        }
        _ => {}
    }
}

fn report_blocks<'p>(blocks: &'p [u8], count: u8, handle: &mut impl FnMut(Feedback<'p>)) {
    for block in blocks.chunks_exact(24).take(usize::from(count)) {
        let at = |i| word(block, i).unwrap_or(0);
        handle(Feedback::Report(ReportBlock {
            ssrc: at(0),
            fraction_lost: block[4],
            highest_sequence: at(8),
            jitter: at(12),
            last_report: at(16),
            delay_since: at(20),
        }));
    }
}
