//! Packets that wait for their clock, on the disk. What a source sends waits for its first sender report, up to
//! `limits::SENDER_REPORT_WAIT`, since nothing else tells how voice and picture lie to each other. Whoever kills the program
//! meanwhile must not take that along: the packets are kept beside the track as they came, and forgotten once they are in
//! its file. After a crash they are placed by arrival.
//!
//! ```text
//! t/<track>/waiting.rtp:  | arrival ms u32 | length u16 | packet | arrival ms u32 | length u16 | packet | ...
//! ```

use std::time::Duration;

use crate::{
    TrackName,
    effect::{Effect, File, Outbox},
    limits::AWAITING_CLOCK_BYTES,
};

/// What is kept of one track.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Not yet among the effects: a write a packet would be too many.
    bytes: Vec<u8>,
    /// On the disk.
    written: usize,
}

impl Waiting {
    /// Keeps a packet that came at `arrival`.
    pub fn keep(&mut self, arrival: Duration, packet: &[u8]) {
        // A picture that never sends a keyframe never gets a clock.
        if self.written + self.bytes.len() > AWAITING_CLOCK_BYTES {
            return;
        }
        // Longer than a packet can be, or after the longest lesson: neither comes this far.
        let (Ok(ms), Ok(len)) = (u32::try_from(arrival.as_millis()), u16::try_from(packet.len())) else { return };
        self.bytes.extend_from_slice(&ms.to_be_bytes());
        self.bytes.extend_from_slice(&len.to_be_bytes());
        self.bytes.extend_from_slice(packet);
    }

    /// Brings what was kept to the disk.
    pub fn write(&mut self, track: &TrackName, outbox: &mut Outbox) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            self.written += bytes.len();
            outbox.append(File::Waiting { track: track.clone() }, bytes);
        }
    }

    /// Nothing waits any more.
    pub fn forget(&mut self, track: &TrackName, outbox: &mut Outbox) {
        self.bytes.clear();
        if std::mem::take(&mut self.written) > 0 {
            outbox.push(Effect::Remove { file: File::Waiting { track: track.clone() } });
        }
    }
}

/// The packets in such a file and when they came, up to where it is torn.
pub(crate) fn packets(mut bytes: &[u8]) -> impl Iterator<Item = (Duration, &[u8])> {
    std::iter::from_fn(move || {
        let (ms, rest) = bytes.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (packet, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        bytes = rest;
        Some((Duration::from_millis(u32::from_be_bytes(*ms).into()), packet))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_up_to_the_tear() {
        let mut waiting = Waiting::default();
        let kept =
            [(Duration::from_millis(20), &b"voice"[..]), (Duration::from_millis(70_000), b""), (Duration::ZERO, b"x")];
        kept.iter().for_each(|(arrival, packet)| waiting.keep(*arrival, packet));
        assert!(packets(&waiting.bytes).eq(kept));
        for cut in 0..waiting.bytes.len() {
            let read = packets(&waiting.bytes[..cut]).count();
            assert!(packets(&waiting.bytes[..cut]).eq(kept[..read].iter().copied()) && read < 3);
        }
    }
}
