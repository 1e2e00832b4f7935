//! One lesson over several shards: its publishers are on one, its home; others that have viewers of it follow.
//!
//! The home copies each packet it opens, once for each follower; a follower keeps a ring and fans out of its own, and lines,
//! retransmissions and reports there work as at home. What is lost between shards is lost to the viewers of that follower,
//! who ask for it as for any loss. Every entry tells all that a follower needs, so a lost batch costs nothing but its packets.

use std::time::Instant;

use crate::{
    clock::Mapping,
    codec::Codec,
    command::LessonKey,
    payload::{Entry, TemporalLayer},
    ring::Kept,
    seats::Source,
};

/// A shard, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub u8);

/// What publishers of a home sent in one turn, for one follower.
#[derive(Debug)]
pub struct RelayBatch {
    /// Whose it is.
    pub home: ShardId,
    pub(crate) entries: Vec<RelayEntry>,
    bytes: Vec<u8>,
}

/// One entry of a batch: what happened to a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RelayEntry {
    pub(crate) stream: Stream,
    pub(crate) what: Relayed,
}

/// A stream of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) lesson: LessonKey,
    pub(crate) source: Source,
    /// Which of the source's simulcast layers.
    pub(crate) layer: u8,
    pub(crate) codec: Codec,
    /// Tells it from earlier streams of the source; no two shards use the same.
    pub(crate) run: u64,
}

/// What is told of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Relayed {
    /// One packet.
    Packet(RelayedPacket),
    /// Its clock on the server's: known, or known anew.
    Clock(Option<Mapping>),
    /// It is over.
    Ended,
}

/// A packet; its payload is in the batch's bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RelayedPacket {
    pub(crate) arrival: Instant,
    index: u64,
    timestamp: u32,
    marker: bool,
    padding: bool,
    /// Only the home knows whether what comes before it went on.
    entry: Entry,
    /// Told by a header extension where not by the payload: only the home has read it.
    layer: TemporalLayer,
    start: u32,
    len: u16,
}

impl RelayBatch {
    pub(crate) fn new(home: ShardId) -> Self {
        Self { home, entries: Vec::new(), bytes: Vec::new() }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Packets in it.
    pub fn packets(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.what, Relayed::Packet(_))).count()
    }

    pub(crate) fn push(&mut self, stream: Stream, what: Relayed) {
        self.entries.push(RelayEntry { stream, what });
    }

    pub(crate) fn push_packet(&mut self, stream: Stream, arrival: Instant, kept: &Kept<'_>) {
        let Kept { index, timestamp, marker, padding, entry, layer, payload } = *kept;
        let (start, len) = (self.bytes.len() as u32, payload.len() as u16);
        self.bytes.extend_from_slice(payload);
        let packet = RelayedPacket { arrival, index, timestamp, marker, padding, entry, layer, start, len };
        self.push(stream, Relayed::Packet(packet));
    }

    /// The packet of one of the entries.
    pub(crate) fn kept(&self, packet: &RelayedPacket) -> Kept<'_> {
        let RelayedPacket { index, timestamp, marker, padding, entry, layer, start, len, .. } = *packet;
        let start = start as usize;
        let payload = self.bytes.get(start..start + usize::from(len)).unwrap_or(&[]);
        Kept { index, marker, padding, timestamp, entry, layer, payload }
    }

    /// Takes what is in it, leaving an empty one with as much room.
    pub(crate) fn take(&mut self) -> Self {
        let fresh = Self {
            home: self.home,
            entries: Vec::with_capacity(self.entries.len()),
            bytes: Vec::with_capacity(self.bytes.len()),
        };
        std::mem::replace(self, fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codec::H264Profile, command::ParticipantKey, payload::Rise, seats::Slot};

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
    fn a_follower_learns_what_only_the_home_can_know() {
        let codec = Codec::H264(H264Profile::ConstrainedBaseline);
        let source = Source { participant: ParticipantKey(1), slot: Slot::Camera };
        let stream = Stream { lesson: LessonKey(1), source, layer: 0, codec, run: 1 };
        let layer = TemporalLayer { level: 1, rise: Rise::After, key: false };
        let (entry, payload) = (Entry::AfterParameterSets, &[0x41, 1][..]);
        let kept = Kept { index: 7, timestamp: 9, entry, layer, payload, ..Kept::NONE };
        let mut batch = RelayBatch::new(ShardId(0));
        batch.push_packet(stream, Instant::now(), &kept);
        let Relayed::Packet(packet) = batch.entries[0].what else { panic!("a packet was put in") };
        let found = batch.kept(&packet);
        assert_eq!((found.index, found.layer, found.entry, found.payload), (7, layer, entry, payload));
    }
}
