//! The packets a source keeps: one plaintext copy, shared by all its subscribers, which is also the retransmission store.

use crate::{limits::MAX_RTP_PACKET, rtp::RtpHeader};

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
    /// Payload, padding included.
    pub payload: &'r [u8],
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    index: u64,
    timestamp: u32,
    len: u16,
    marker: bool,
    padding: bool,
}

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
            slots: vec![Slot::default(); capacity].into_boxed_slice(),
            bytes: vec![0; capacity * MAX_RTP_PACKET].into_boxed_slice(),
        }
    }

    fn position(&self, index: u64) -> usize {
        (index as usize) & (self.slots.len() - 1)
    }

    /// Keeps a packet. Returns false, and keeps nothing, when it is a duplicate, too old for its slot or too long.
    pub fn keep(&mut self, index: u64, header: &RtpHeader, payload: &[u8]) -> bool {
        let position = self.position(index);
        let known = self.slots[position];
        if payload.len() > MAX_RTP_PACKET || (known.len > 0 && known.index >= index) {
            return false;
        }
        let start = position * MAX_RTP_PACKET;
        self.bytes[start..start + payload.len()].copy_from_slice(payload);
        self.slots[position] = Slot {
            index,
            timestamp: header.timestamp,
            len: payload.len() as u16,
            marker: header.marker,
            padding: header.padding,
        };
        true
    }

    /// Forgets every packet.
    pub fn clear(&mut self) {
        self.slots.fill(Slot::default());
    }

    /// The packet with extended sequence number `index`, if it is still here.
    pub fn find(&self, index: u64) -> Option<Kept<'_>> {
        let position = self.position(index);
        let slot = self.slots[position];
        if slot.len == 0 || slot.index != index {
            return None;
        }
        let start = position * MAX_RTP_PACKET;
        Some(Kept {
            index,
            marker: slot.marker,
            padding: slot.padding,
            timestamp: slot.timestamp,
            payload: &self.bytes[start..start + usize::from(slot.len)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_packet_of_a_slot_stays() {
        let mut ring = PacketRing::new(4);
        let header = RtpHeader::fixed(96, 0, 7, 1);
        assert!(ring.keep(10, &header, b"ten"));
        assert!(!ring.keep(10, &header, b"again"), "a duplicate is not kept");
        assert_eq!(ring.find(10).unwrap().payload, b"ten");
        assert!(ring.keep(14, &header, b"fourteen"));
        assert!(ring.find(10).is_none());
        assert!(!ring.keep(10, &header, b"late"), "an older packet does not overwrite a newer");
        assert_eq!(ring.find(14).unwrap().payload, b"fourteen");
        assert!(!ring.keep(15, &header, &[0; MAX_RTP_PACKET + 1]));
        assert!(ring.find(15).is_none());
    }
}
