//! Datagrams to be sent, back to back in one buffer that is used again each turn.
//!
//! What leaves for one path in a row is joined into one message, which the kernel cuts up again (UDP generic segmentation
//! offload, udp(7) `UDP_SEGMENT`): all datagrams of a message have the same length, only its last may be shorter. Messages
//! over TCP look the same; the shell frames their datagrams.

use crate::{
    ice::Path,
    limits::{MAX_DATAGRAM, MAX_JOINED, MAX_MESSAGE},
};

/// One send: one or more datagrams to one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Where to, and from which of our addresses.
    pub path: Path,
    /// Length in bytes of every datagram but the last, which has that or less.
    pub segment: usize,
    /// Datagrams in it.
    pub datagrams: usize,
    start: usize,
    len: usize,
}

impl Message {
    /// Whether a datagram of `len` bytes may follow in the same message.
    fn takes(&self, path: Path, len: usize) -> bool {
        // After a shorter one the kernel could not tell where the next begins.
        let is_even = self.len == self.segment * self.datagrams;
        is_even
            && len <= self.segment
            && self.datagrams < MAX_JOINED
            && self.len + len <= MAX_MESSAGE
            && self.path == path
    }
}

/// What a shard wants sent. Grows to the largest turn and stays there, so that a packet costs no allocation.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    used: usize,
    messages: Vec<Message>,
    datagrams: usize,
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
        match self.messages.last_mut() {
            Some(last) if last.takes(path, len) => {
                last.len += len;
                last.datagrams += 1;
            }
            _ => self.messages.push(Message { path, segment: len, datagrams: 1, start: self.used, len }),
        }
        self.used += len;
        self.datagrams += 1;
    }

    /// What is to be sent, in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The bytes of one of [`Self::messages`], its datagrams back to back.
    pub fn bytes_of(&self, message: &Message) -> &[u8] {
        &self.bytes[message.start..message.start + message.len]
    }

    /// Datagrams in all messages.
    pub fn len(&self) -> usize {
        self.datagrams
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Every datagram by itself, as the network will see them.
    pub fn datagrams(&self) -> impl Iterator<Item = (Path, &[u8])> {
        self.messages
            .iter()
            .flat_map(|message| self.bytes_of(message).chunks(message.segment).map(|bytes| (message.path, bytes)))
    }

    /// Forgets what was sent.
    pub fn clear(&mut self) {
        self.used = 0;
        self.datagrams = 0;
        self.messages.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn path(port: u16) -> Path {
        Path::udp(None, SocketAddr::from(([192, 0, 2, 1], port)))
    }

    fn put(outbox: &mut Outbox, to: u16, len: usize) {
        outbox.room()[..len].fill(len as u8);
        outbox.commit(path(to), len);
    }

    fn shape(outbox: &Outbox) -> Vec<(u16, usize, usize)> {
        let told = |message: &Message| (message.path.remote.port(), message.segment, message.datagrams);
        outbox.messages().iter().map(told).collect()
    }

    #[test]
    fn what_leaves_for_one_path_in_a_row_is_one_message_until_the_length_changes() {
        let mut outbox = Outbox::default();
        for (to, len) in [(1, 100), (1, 100), (1, 40), (1, 40), (1, 41), (2, 41), (1, 41)] {
            put(&mut outbox, to, len);
        }
        assert_eq!(shape(&outbox), [(1, 100, 3), (1, 40, 1), (1, 41, 1), (2, 41, 1), (1, 41, 1)]);
        let lens: Vec<usize> = outbox.datagrams().map(|(_, bytes)| bytes.len()).collect();
        assert_eq!(lens, [100, 100, 40, 40, 41, 41, 41]);
        assert!(outbox.datagrams().all(|(_, bytes)| bytes.iter().all(|&byte| usize::from(byte) == bytes.len())));
    }

    #[test]
    fn a_message_keeps_to_what_the_kernel_takes() {
        let mut outbox = Outbox::default();
        (0..MAX_JOINED + 1).for_each(|_| put(&mut outbox, 1, 10));
        assert_eq!(shape(&outbox), [(1, 10, MAX_JOINED), (1, 10, 1)]);
        outbox.clear();
        (0..60).for_each(|_| put(&mut outbox, 1, 1400));
        assert!(outbox.messages().iter().all(|message| outbox.bytes_of(message).len() <= MAX_MESSAGE));
        assert_eq!(outbox.len(), 60);
    }
}
