//! Voices of a publisher that were lost, and came with a later packet that repeats them (RFC 2198).

use crate::limits::{MAX_RED_BLOCKS, MAX_RTP_PACKET};

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recovered<'r> {
    /// Extended sequence number.
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    pub(crate) payload: &'r [u8],
}

/// Those that came with one packet. Used again for the next, so that none costs an allocation.
#[derive(Debug, Default)]
pub(crate) struct RecoveredVoices {
    bytes: Vec<u8>,
    /// Index, timestamp, and where its payload ends.
    voices: Vec<(u64, u32, usize)>,
}

impl RecoveredVoices {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.voices.clear();
    }

    /// Keeps one. There are no more than one packet can repeat.
    pub(crate) fn push(&mut self, index: u64, timestamp: u32, payload: &[u8]) {
        if self.voices.len() >= MAX_RED_BLOCKS || payload.len() > MAX_RTP_PACKET {
            return;
        }
        self.bytes.extend_from_slice(payload);
        self.voices.push((index, timestamp, self.bytes.len()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Recovered<'_>> {
        let mut start = 0;
        self.voices.iter().map(move |&(index, timestamp, end)| {
            let payload = &self.bytes[std::mem::replace(&mut start, end)..end];
            Recovered { index, timestamp, payload }
        })
    }
}
