//! Datagrams in a byte stream: before each stands its length in two octets (RFC 4571 section 2), as ICE over TCP wants it
//! (RFC 6544 section 3).

use crate::limits::{MAX_DATAGRAM, STREAM_READ_BYTES};

/// Octets of the length before a datagram.
pub const HEAD_BYTES: usize = 2;

/// Why nothing further can be read from a stream. It must be closed: where the next frame begins is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame longer than [`MAX_DATAGRAM`].
    #[error("a frame of {0} bytes is longer than media may be")]
    TooLong(usize),
}

/// What stands before a datagram of `len` bytes; none if it is longer than [`MAX_DATAGRAM`].
pub fn head(len: usize) -> Option<[u8; HEAD_BYTES]> {
    let told = u16::try_from(len).ok().filter(|_| len <= MAX_DATAGRAM)?;
    Some(told.to_be_bytes())
}

/// Takes datagrams out of a byte stream. Its memory is `limits::STREAM_READ_BYTES`, whatever comes.
#[derive(Debug)]
pub struct Deframer {
    buffer: Box<[u8]>,
    /// What has come and was not handed out lies between these.
    start: usize,
    end: usize,
}

impl Default for Deframer {
    fn default() -> Self {
        Self { buffer: vec![0; STREAM_READ_BYTES].into(), start: 0, end: 0 }
    }
}

impl Deframer {
    /// Room to read the stream's next bytes into; [`Self::filled`] tells how many came. It is never empty once
    /// [`Self::next_frame`] has returned nothing: the longest frame fits.
    pub fn room(&mut self) -> &mut [u8] {
        // What is left is the beginning of one frame: short, and moved once for each read.
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        &mut self.buffer[self.end..]
    }

    /// Notes that the first `len` bytes of the room last given have come.
    pub fn filled(&mut self, len: usize) {
        self.end = (self.end + len).min(self.buffer.len());
    }

    /// The next datagram, once all of it is there. Empty frames, which RFC 4571 allows, are passed over.
    ///
    /// # Errors
    ///
    /// [`FrameError`], and from then on nothing else.
    pub fn next_frame(&mut self) -> Result<Option<&mut [u8]>, FrameError> {
        loop {
            let waiting = &self.buffer[self.start..self.end];
            let Some(&told) = waiting.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
            let len = usize::from(u16::from_be_bytes(told));
            if len > MAX_DATAGRAM {
                return Err(FrameError::TooLong(len));
            }
            if waiting.len() < HEAD_BYTES + len {
                return Ok(None);
            }
            let from = self.start + HEAD_BYTES;
            self.start = from + len;
            if len > 0 {
                return Ok(Some(&mut self.buffer[from..from + len]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(datagrams: &[Vec<u8>]) -> Vec<u8> {
        let framed = |datagram: &Vec<u8>| [&head(datagram.len()).unwrap()[..], datagram].concat();
        datagrams.iter().flat_map(framed).collect()
    }

    /// What comes out when `stream` comes in pieces of the lengths that `piece` tells.
    fn taken(mut stream: &[u8], mut piece: impl FnMut() -> usize) -> Result<Vec<Vec<u8>>, FrameError> {
        let mut deframer = Deframer::default();
        let mut out = Vec::new();
        while !stream.is_empty() {
            let room = deframer.room();
            assert!(!room.is_empty(), "there is always room for more");
            let len = piece().clamp(1, room.len().min(stream.len()));
            room[..len].copy_from_slice(&stream[..len]);
            deframer.filled(len);
            stream = &stream[len..];
            while let Some(frame) = deframer.next_frame()? {
                out.push(frame.to_vec());
            }
        }
        Ok(out)
    }

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 31 + len) as u8).collect()
    }

    /// Numbers that look like chance and are the same each time.
    fn numbers(mut seed: u64) -> impl FnMut() -> usize {
        move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 33) as usize
        }
    }

    #[test]
    fn datagrams_come_out_as_they_went_in_however_the_stream_is_cut() {
        for seed in 1..200 {
            let mut next = numbers(seed * 0x9e37_79b9);
            let datagrams: Vec<Vec<u8>> = (0..next() % 40).map(|_| pattern(1 + next() % MAX_DATAGRAM)).collect();
            let longest = [1, 2, 7, 1460, usize::MAX][next() % 5];
            let out = taken(&frames(&datagrams), || next() % longest);
            assert_eq!(out.as_ref(), Ok(&datagrams), "seed {seed}");
        }
    }

    #[test]
    fn the_longest_datagram_fits_and_one_byte_more_ends_the_stream() {
        let longest = vec![pattern(MAX_DATAGRAM); 5];
        assert_eq!(taken(&frames(&longest), || 1), Ok(longest));
        assert_eq!(head(MAX_DATAGRAM + 1), None);
        let told = (MAX_DATAGRAM as u16 + 1).to_be_bytes();
        assert_eq!(taken(&told, || 1), Err(FrameError::TooLong(MAX_DATAGRAM + 1)));
        assert_eq!(taken(b"GET / HTTP/1.1\r\n", || 9), Err(FrameError::TooLong(0x4745)));
    }

    #[test]
    fn empty_frames_are_passed_over() {
        let stream = [vec![0; 3001], vec![1, 9], vec![0; 2]].concat();
        assert_eq!(taken(&stream, || 1000), Ok(vec![vec![9]]));
    }

    #[test]
    fn half_a_frame_is_waited_for() {
        let mut deframer = Deframer::default();
        for byte in [0, 3, 1, 2] {
            deframer.room()[0] = byte;
            deframer.filled(1);
            assert_eq!(deframer.next_frame(), Ok(None));
        }
    }
}
