//! Datagrams that came in one call, handed out one by one. The kernel may have joined those of one sender to fewer, longer
//! messages (UDP generic receive offload, udp(7) `UDP_GRO`).

use std::{
    ops::Range,
    os::fd::BorrowedFd,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sfu::{ice::Path, limits::MAX_DATAGRAM};

use super::syscall::Batch;

/// Messages taken in one call.
const MESSAGES: usize = 32;
/// Room for one message: the 64 KiB it may have when joined, and some more so that the beginnings of messages, most of which
/// are short, do not all fall on the same lines of the cache.
const ROOM: usize = (64 << 10) + 1536;
/// Longest stay in the receive buffer that is believed.
const LONGEST_STAY: Duration = Duration::from_millis(200);

/// One datagram.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::media) struct Arrival<'a> {
    /// From whom, and to which address of ours.
    pub(in crate::media) path: Path,
    /// When the kernel got it, or the first it is joined with.
    pub(in crate::media) at: Instant,
    /// What it says, at most [`MAX_DATAGRAM`] bytes.
    pub(in crate::media) bytes: &'a mut [u8],
}

/// What came, until it is handed out.
pub(in crate::media) struct Inbox {
    batch: Batch,
    bytes: Box<[u8]>,
    /// Messages not handed out yet.
    messages: Range<usize>,
    open: Option<Open>,
    received: Received,
    /// The time after the last receive, and the same since the Unix epoch, as the kernel stamps messages.
    clocks: (Instant, Duration),
}

/// What came since the start.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Datagrams handed out.
    pub datagrams: u64,
    /// Messages they were joined in.
    pub messages: u64,
    /// System calls that brought them.
    pub calls: u64,
    /// Datagrams and messages that were too long, and dropped.
    pub too_long: u64,
}

/// The message being handed out.
#[derive(Debug, Clone)]
struct Open {
    path: Path,
    at: Instant,
    segment: usize,
    /// Where what is left of it lies.
    rest: Range<usize>,
}

impl Inbox {
    /// An empty one. Its memory is only taken from the system where something arrives.
    pub(in crate::media) fn new() -> Self {
        Self {
            batch: Batch::new(MESSAGES),
            bytes: vec![0; MESSAGES * ROOM].into(),
            messages: 0..0,
            open: None,
            received: Received::default(),
            clocks: (Instant::now(), Duration::ZERO),
        }
    }

    /// What came since the start.
    pub(in crate::media) fn received(&self) -> Received {
        self.received
    }

    /// Takes what waits in `socket`, in the place of what was not handed out yet. Whether there may be more.
    pub(super) fn fill(&mut self, socket: BorrowedFd<'_>) -> bool {
        // An error of the socket is that of one peer, told late; the call has taken it off.
        let came = self.batch.receive(socket, &mut self.bytes, ROOM).unwrap_or(0);
        self.open = None;
        self.messages = 0..came;
        self.received.calls += 1;
        self.received.messages += came as u64;
        // The wall's clock second: between the two the thread may be held up, and an arrival must not seem later than it was.
        self.clocks = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        came == MESSAGES
    }

    /// The next datagram.
    pub(in crate::media) fn next(&mut self) -> Option<Arrival<'_>> {
        loop {
            let Some(open) = self.open.as_mut().filter(|open| !open.rest.is_empty()) else {
                let message = self.messages.next()?;
                self.open = self.open(message);
                continue;
            };
            let end = open.rest.end.min(open.rest.start + open.segment);
            let place = open.rest.start..end;
            open.rest.start = end;
            if place.len() > MAX_DATAGRAM {
                self.received.too_long += 1;
                continue;
            }
            self.received.datagrams += 1;
            let (path, at) = (open.path, open.at);
            return Some(Arrival { path, at, bytes: &mut self.bytes[place] });
        }
    }

    fn open(&mut self, message: usize) -> Option<Open> {
        let (envelope, len, is_whole) = self.batch.received(message);
        // Without all control messages it is not known where its datagrams begin.
        if !is_whole {
            self.received.too_long += 1;
            return None;
        }
        let notes = envelope.notes();
        let path = Path::udp(notes.local, envelope.remote()?);
        let start = message * ROOM;
        let at = notes.stamp.map_or(self.clocks.0, |stamp| self.instant_of(stamp));
        Some(Open { path, at, segment: notes.segment.unwrap_or(len), rest: start..start + len })
    }

    /// When the kernel stamped a message. Both clocks are the wall's; a step between them must not look like a delay.
    fn instant_of(&self, stamp: Duration) -> Instant {
        let (now, since_epoch) = self.clocks;
        let waited = since_epoch.saturating_sub(stamp).min(LONGEST_STAY);
        now.checked_sub(waited).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_tells_how_long_a_datagram_waited_unless_the_clock_was_set() {
        let mut inbox = Inbox::new();
        let (now, since_epoch) = (Instant::now(), Duration::from_secs(1_000_000));
        inbox.clocks = (now, since_epoch);
        let waited = |stamp: Duration| now - inbox.instant_of(stamp);
        assert_eq!(waited(since_epoch - Duration::from_millis(7)), Duration::from_millis(7));
        assert_eq!(waited(since_epoch + Duration::from_millis(7)), Duration::ZERO);
        assert_eq!(waited(Duration::ZERO), LONGEST_STAY);
    }
}
