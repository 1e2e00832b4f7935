//! What waits to be written to one byte stream, framed: voices and checks before pictures, and nothing for longer than it is
//! worth hearing.
//!
//! A stream that is slower than what is sent on it must cost its own receiver pictures and nobody else anything. So what
//! does not fit, or has waited too long, is dropped whole; what was begun is finished, or the frames would be lost.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    framing::{HEAD_BYTES, head},
    limits::{
        MAX_DATAGRAM, STREAM_PICTURE_AGE, STREAM_PICTURE_BYTES, STREAM_URGENT_AGE, STREAM_URGENT_BYTES,
        STREAM_WRITE_BYTES,
    },
};

/// How soon a datagram must leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Checks, handshakes, reports and voices.
    Urgent,
    /// Pictures.
    Picture,
}

/// What waits for one stream. It takes no memory while the stream takes everything at once.
#[derive(Debug, Default)]
pub struct SendQueue {
    /// Frames of which some bytes may have been written, and how many were.
    begun: Vec<u8>,
    written: usize,
    urgent: Waiting,
    pictures: Waiting,
    dropped: u64,
}

/// Frames in order.
#[derive(Debug, Default)]
struct Waiting {
    bytes: VecDeque<u8>,
    frames: VecDeque<Frame>,
}

#[derive(Debug)]
struct Frame {
    since: Instant,
    /// With its head.
    len: usize,
}

impl Waiting {
    fn push(&mut self, now: Instant, head: [u8; HEAD_BYTES], datagram: &[u8]) {
        self.bytes.extend(head);
        self.bytes.extend(datagram);
        self.frames.push_back(Frame { since: now, len: HEAD_BYTES + datagram.len() });
    }

    /// Drops what has waited longer than `age`, and returns how many frames that were.
    fn forget_old(&mut self, now: Instant, age: Duration) -> u64 {
        let mut forgotten = 0;
        while let Some(frame) = self.frames.front()
            && now.saturating_duration_since(frame.since) > age
        {
            self.bytes.drain(..frame.len);
            self.frames.pop_front();
            forgotten += 1;
        }
        forgotten
    }

    /// Moves frames to the end of `begun` as long as that stays within `limits::STREAM_WRITE_BYTES`.
    fn begin(&mut self, begun: &mut Vec<u8>) {
        while let Some(frame) = self.frames.front()
            && begun.len() + frame.len <= STREAM_WRITE_BYTES
        {
            begun.extend(self.bytes.drain(..frame.len));
            self.frames.pop_front();
        }
    }
}

impl SendQueue {
    /// Puts a datagram at the end of those that are as urgent, or drops it where there is no room.
    pub fn push(&mut self, now: Instant, urgency: Urgency, datagram: &[u8]) {
        let (waiting, bound, age) = match urgency {
            Urgency::Urgent => (&mut self.urgent, STREAM_URGENT_BYTES, STREAM_URGENT_AGE),
            Urgency::Picture => (&mut self.pictures, STREAM_PICTURE_BYTES, STREAM_PICTURE_AGE),
        };
        self.dropped += waiting.forget_old(now, age);
        match head(datagram.len()) {
            Some(head) if waiting.bytes.len() + HEAD_BYTES + datagram.len() <= bound => {
                waiting.push(now, head, datagram);
            }
            _ => self.dropped += 1,
        }
    }

    /// Bytes to be written next; none when nothing waits. [`Self::wrote`] tells how many were taken.
    pub fn next(&mut self, now: Instant) -> Option<&[u8]> {
        if self.written == self.begun.len() {
            self.begun.clear();
            self.written = 0;
            self.dropped += self.urgent.forget_old(now, STREAM_URGENT_AGE);
            self.dropped += self.pictures.forget_old(now, STREAM_PICTURE_AGE);
            self.urgent.begin(&mut self.begun);
            self.pictures.begin(&mut self.begun);
        }
        Some(&self.begun[self.written..]).filter(|bytes| !bytes.is_empty())
    }

    /// Notes that the stream took the first `len` bytes of [`Self::next`].
    pub fn wrote(&mut self, len: usize) {
        self.written = (self.written + len).min(self.begun.len());
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.written == self.begun.len() && self.urgent.frames.is_empty() && self.pictures.frames.is_empty()
    }

    /// Datagrams dropped since the start, for want of room or because they had waited too long.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

// The longest frame must fit what is written at once, or it would wait for ever.
const _: () = assert!(HEAD_BYTES + MAX_DATAGRAM <= STREAM_WRITE_BYTES);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::Deframer;

    /// Writes what waits, `piece` bytes at once and `most` in all, and takes the frames out again.
    fn drained(
        queue: &mut SendQueue,
        deframer: &mut Deframer,
        now: Instant,
        piece: usize,
        most: usize,
    ) -> Vec<Vec<u8>> {
        let (mut out, mut left) = (Vec::new(), most);
        while let Some(bytes) = queue.next(now)
            && left > 0
        {
            let room = deframer.room();
            let len = bytes.len().min(piece).min(room.len()).min(left);
            room[..len].copy_from_slice(&bytes[..len]);
            queue.wrote(len);
            deframer.filled(len);
            left -= len;
            while let Some(frame) = deframer.next_frame().unwrap() {
                out.push(frame.to_vec());
            }
        }
        out
    }

    fn all(queue: &mut SendQueue, now: Instant) -> Vec<Vec<u8>> {
        drained(queue, &mut Deframer::default(), now, 100, usize::MAX)
    }

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant to start from")]
        Instant::now()
    }

    #[test]
    fn a_voice_overtakes_the_pictures_that_wait_but_not_what_was_begun() {
        let (mut queue, now) = (SendQueue::default(), start());
        (0..10).for_each(|number| queue.push(now, Urgency::Picture, &[number; 1200]));
        let mut deframer = Deframer::default();
        assert_eq!(drained(&mut queue, &mut deframer, now, 100, 700).len(), 0, "the first is begun");
        queue.push(now, Urgency::Urgent, b"voice");
        let out = drained(&mut queue, &mut deframer, now, 100, usize::MAX);
        let voice = out.iter().position(|frame| frame == b"voice").unwrap();
        assert_eq!(voice, STREAM_WRITE_BYTES / 1202, "behind what was begun");
        let pictures: Vec<u8> = out.iter().filter(|frame| frame.len() == 1200).map(|frame| frame[0]).collect();
        assert_eq!(pictures, (0..10).collect::<Vec<u8>>());
        assert!(queue.is_empty() && queue.dropped() == 0);
    }

    #[test]
    fn what_has_no_room_is_dropped_whole_and_takes_no_memory() {
        let (mut queue, now) = (SendQueue::default(), start());
        (0..100_000).for_each(|_| queue.push(now, Urgency::Picture, &[7; 1200]));
        let fit = STREAM_PICTURE_BYTES / 1202;
        assert_eq!(queue.dropped(), 100_000 - fit as u64);
        // A voice still has its place.
        queue.push(now, Urgency::Urgent, &[8; 200]);
        (0..1000).for_each(|_| queue.push(now, Urgency::Urgent, &[9; 1000]));
        assert!(queue.pictures.bytes.capacity() <= 2 * STREAM_PICTURE_BYTES);
        assert!(queue.urgent.bytes.capacity() <= 2 * STREAM_URGENT_BYTES);
        let out = all(&mut queue, now);
        assert_eq!(out[0], [8; 200]);
        assert_eq!(out.iter().filter(|frame| frame[..] == [7; 1200]).count(), fit);
    }

    #[test]
    fn what_has_waited_too_long_is_dropped_and_what_was_begun_is_finished() {
        let (mut queue, begin) = (SendQueue::default(), start());
        let mut deframer = Deframer::default();
        (0..20).for_each(|number| queue.push(begin, Urgency::Picture, &[number; 1000]));
        drained(&mut queue, &mut deframer, begin, 100, 500);
        queue.push(begin, Urgency::Urgent, &[50; 40]);
        let later = begin + STREAM_PICTURE_AGE + Duration::from_millis(1);
        queue.push(later, Urgency::Picture, &[99; 1000]);
        let out = drained(&mut queue, &mut deframer, later, 100, usize::MAX);
        let numbers: Vec<u8> = out.iter().map(|frame| frame[0]).collect();
        let begun = (STREAM_WRITE_BYTES / 1002) as u8;
        assert_eq!(numbers, (0..begun).chain([50, 99]).collect::<Vec<u8>>());
        assert_eq!(queue.dropped(), u64::from(20 - begun));
        queue.push(later, Urgency::Urgent, &[1; 10]);
        assert!(queue.next(later + 2 * STREAM_URGENT_AGE).is_none(), "nor is a voice heard that late");
    }

    #[test]
    fn a_datagram_too_long_for_a_frame_is_dropped() {
        let (mut queue, now) = (SendQueue::default(), start());
        queue.push(now, Urgency::Urgent, &[0; MAX_DATAGRAM + 1]);
        queue.push(now, Urgency::Urgent, &[0; MAX_DATAGRAM]);
        assert_eq!((all(&mut queue, now).len(), queue.dropped()), (1, 1));
    }
}
