//! The packets a source keeps: one plaintext copy, shared by all its subscribers, which is also the retransmission store.

use crate::{
    limits::MAX_RTP_PACKET,
    payload::{Entry, Rise, TemporalLayer},
};

/// One kept packet.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'r> {
    /// Extended sequence number.
    pub index: u64,
    /// Marker bit.
    pub marker: bool,
    /// Padding bit.
    pub padding: bool,
    /// Timestamp.
    pub timestamp: u32,
    /// Whether a receiver may enter the stream here.
    pub entry: Entry,
    /// Its temporal layer.
    pub layer: TemporalLayer,
    /// Payload, padding included.
    pub payload: &'r [u8],
}

impl Kept<'_> {
    /// No packet: fills places that are not used.
    pub(crate) const NONE: Self = Self {
        index: EMPTY,
        marker: false,
        padding: false,
        timestamp: 0,
        entry: Entry::No,
        layer: ONE_LAYER,
        payload: &[],
    };
}

const ONE_LAYER: TemporalLayer = TemporalLayer { level: 0, rise: Rise::No, key: false };

/// Index of a slot that has no packet.
const EMPTY: u64 = u64::MAX;

#[derive(Debug, Clone, Copy)]
struct Slot {
    index: u64,
    timestamp: u32,
    len: u16,
    marker: bool,
    padding: bool,
    entry: Entry,
    layer: TemporalLayer,
}

// One for each of a thousand packets of every source.
const _: () = assert!(size_of::<Slot>() == 24);

const EMPTY_SLOT: Slot =
    Slot { index: EMPTY, timestamp: 0, len: 0, marker: false, padding: false, entry: Entry::No, layer: ONE_LAYER };

/// A ring of fixed slots, addressed by extended sequence number; the newest packet of a slot overwrites the oldest.
#[derive(Debug)]
pub struct PacketRing {
    slots: Box<[Slot]>,
    bytes: Box<[u8]>,
}

impl PacketRing {
    /// A ring of `capacity` packets, a power of two.
    pub fn new(capacity: usize) -> Self {
        debug_assert!(capacity.is_power_of_two());
        Self {
            slots: vec![EMPTY_SLOT; capacity].into_boxed_slice(),
            bytes: vec![0; capacity * MAX_RTP_PACKET].into_boxed_slice(),
        }
    }

    fn position(&self, index: u64) -> usize {
        (index as usize) & (self.slots.len() - 1)
    }

    /// Keeps a packet. Returns false, and keeps nothing, when it is a duplicate, too old for its slot or too long.
    pub fn keep(&mut self, packet: &Kept<'_>) -> bool {
        let (index, payload) = (packet.index, packet.payload);
        let position = self.position(index);
        let known = self.slots[position].index;
        if payload.len() > MAX_RTP_PACKET || index == EMPTY || (known != EMPTY && known >= index) {
            return false;
        }
        let start = position * MAX_RTP_PACKET;
        self.bytes[start..start + payload.len()].copy_from_slice(payload);
        let Kept { marker, padding, timestamp, entry, layer, .. } = *packet;
        self.slots[position] = Slot { index, timestamp, len: payload.len() as u16, marker, padding, entry, layer };
        true
    }

    /// Forgets every packet.
    pub fn clear(&mut self) {
        self.slots.fill(EMPTY_SLOT);
    }

    /// The packet with extended sequence number `index`, if it is still here.
    pub fn find(&self, index: u64) -> Option<Kept<'_>> {
        let position = self.position(index);
        let slot = self.slots[position];
        if slot.index != index || index == EMPTY {
            return None;
        }
        let start = position * MAX_RTP_PACKET;
        let Slot { marker, padding, timestamp, entry, layer, .. } = slot;
        let payload = &self.bytes[start..start + usize::from(slot.len)];
        Some(Kept { index, marker, padding, timestamp, entry, layer, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(index: u64, payload: &[u8]) -> Kept<'_> {
        Kept { index, payload, ..Kept::NONE }
    }

    #[test]
    fn the_newest_packet_of_a_slot_stays() {
        let mut ring = PacketRing::new(4);
        assert!(ring.keep(&packet(10, b"ten")));
        assert!(!ring.keep(&packet(10, b"again")), "a duplicate is not kept");
        assert_eq!(ring.find(10).unwrap().payload, b"ten");
        assert!(ring.keep(&packet(14, b"fourteen")));
        assert!(ring.find(10).is_none());
        assert!(!ring.keep(&packet(10, b"late")), "an older packet does not overwrite a newer");
        assert_eq!(ring.find(14).unwrap().payload, b"fourteen");
        assert!(!ring.keep(&packet(15, &[0; MAX_RTP_PACKET + 1])));
        assert!(ring.find(15).is_none());
    }

    #[test]
    fn a_packet_without_a_payload_is_one_too() {
        let mut ring = PacketRing::new(4);
        assert!(ring.keep(&packet(0, b"")));
        assert_eq!(ring.find(0).unwrap().payload, b"");
        assert!(!ring.keep(&packet(0, b"")));
        ring.clear();
        assert!(ring.find(0).is_none());
    }
}
