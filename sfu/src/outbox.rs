//! Datagrams to be sent, back to back in one buffer that is used again each turn.

use crate::{ice::Path, limits::MAX_DATAGRAM};

/// One datagram of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram {
    /// Where to, and from which of our addresses.
    pub path: Path,
    start: usize,
    len: usize,
}

/// What a shard wants sent. Grows to the largest turn and stays there, so that a packet costs no allocation.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    used: usize,
    datagrams: Vec<Datagram>,
}

impl Outbox {
    /// Room for one datagram; [`Self::commit`] sends what was written at its start.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let end = self.used + MAX_DATAGRAM;
        if self.bytes.len() < end {
            self.bytes.resize(end.next_power_of_two(), 0);
        }
        &mut self.bytes[self.used..end]
    }

    /// Sends the first `len` bytes of the room last given.
    pub(crate) fn commit(&mut self, path: Path, len: usize) {
        self.datagrams.push(Datagram { path, start: self.used, len });
        self.used += len;
    }

    /// What is to be sent, in order.
    pub fn datagrams(&self) -> &[Datagram] {
        &self.datagrams
    }

    /// The bytes of one of [`Self::datagrams`].
    pub fn bytes_of(&self, datagram: &Datagram) -> &[u8] {
        &self.bytes[datagram.start..datagram.start + datagram.len]
    }

    /// Forgets what was sent.
    pub fn clear(&mut self) {
        self.used = 0;
        self.datagrams.clear();
    }
}

impl Datagram {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
