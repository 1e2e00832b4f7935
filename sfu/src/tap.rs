//! What a shard hands to the recorder: every published packet once, in plain text, in batches.
//!
//! The recorder lagging or dying never touches the lesson: the shell sends batches over a bounded queue and drops a batch
//! that does not fit.

use std::time::Instant;

use crate::{codec::Codec, command::LessonKey, seats::Source};

/// Packets of one or more lessons, in arrival order.
#[derive(Debug, Default)]
pub struct TapBatch {
    /// What happened, in order.
    pub entries: Vec<TapEntry>,
    /// Bytes of the packets, back to back.
    pub bytes: Vec<u8>,
}

/// One entry of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct TapEntry {
    /// Which lesson.
    pub lesson: LessonKey,
    /// Which stream of it.
    pub source: Source,
    /// When it arrived.
    pub arrival: Instant,
    /// What.
    pub what: Tapped,
}

/// What happened on a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Tapped {
    /// The source began, or began again with another SSRC or codec.
    Started {
        /// Its codec; carries clock rate and channels.
        codec: Codec,
        /// Its synchronisation source.
        ssrc: u32,
    },
    /// One RTP packet, decrypted, retransmissions already unwrapped; `bytes[start..start + len]` of the batch.
    Packet {
        /// Offset in the batch's bytes.
        start: u32,
        /// Length in bytes.
        len: u16,
    },
    /// A sender report (RFC 3550 section 6.4.1).
    SenderReport {
        /// NTP time, 32.32 fixed point seconds since 1900.
        ntp: u64,
        /// RTP timestamp of the same instant.
        rtp: u32,
    },
    /// The source is gone.
    Ended,
}

impl TapBatch {
    /// The bytes of a packet entry.
    pub fn packet(&self, start: u32, len: u16) -> &[u8] {
        let start = start as usize;
        self.bytes.get(start..start + usize::from(len)).unwrap_or(&[])
    }
}
