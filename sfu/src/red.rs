//! Voice sent more than once (RED, RFC 2198): a packet repeats the ones before it, so that one that is lost costs nothing.
//!
//! ```text
//! F=1 PT offset len │ F=1 PT offset len │ F=0 PT │ two packets ago │ one packet ago │ this packet
//! ```
//!
//! Blocks stand oldest first and the packet's own, the primary, last, as section 3 has it, libwebrtc's encoder writes them
//! and its jitter buffer numbers them. That buffer also ignores blocks without bytes, so none are written.

use crate::limits::{MAX_RED_BLOCKS, MAX_REDUNDANCY};

/// Bytes of the header of a repeated block.
const HEADER_LEN: usize = 4;
/// Bytes of the header of the primary.
const LAST_HEADER_LEN: usize = 1;
/// Greatest timestamp offset that can be told: 14 bits, 341 ms at 48 kHz.
const MAX_OFFSET: u32 = (1 << 14) - 1;
/// Greatest length of a repeated block that can be told: 10 bits.
const MAX_BLOCK_LEN: usize = (1 << 10) - 1;

/// Why bytes are not a RED payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedError {
    /// It ends within the headers.
    #[error("RED headers are truncated")]
    Truncated,
    /// The blocks are longer than what there is.
    #[error("RED blocks are longer than their packet")]
    Overrun,
    /// More blocks than `limits::MAX_RED_BLOCKS`.
    #[error("too many RED blocks")]
    TooManyBlocks,
}

/// An encoded stretch of voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice<'p> {
    /// RTP timestamp of its packet.
    pub timestamp: u32,
    /// Payload of its packet, without padding.
    pub payload: &'p [u8],
}

/// Writes a RED payload of `primary` and those of `earlier`, newest first, that can be told and for which there is room:
/// never more than `out` holds, nor than `limits::MAX_REDUNDANCY` of them. Returns its length.
///
/// `None` where `primary` is empty or does not fit even alone: it is to be sent as it is, under its own payload type.
/// Left out are empty blocks, those of 1,024 bytes and more, and those 16,384 ticks and more back: after a silence the
/// packets before it are too old to be told, and of no use.
pub fn write(out: &mut [u8], payload_type: u8, primary: &Voice<'_>, earlier: &[Voice<'_>]) -> Option<usize> {
    if primary.payload.is_empty() {
        return None;
    }
    let mut room = out.len().checked_sub(LAST_HEADER_LEN + primary.payload.len())?;
    let mut chosen = [(0, &[][..]); MAX_REDUNDANCY];
    let (mut count, mut youngest) = (0, 0);
    for voice in earlier {
        let offset = primary.timestamp.wrapping_sub(voice.timestamp);
        let len = voice.payload.len();
        let tells = offset > youngest && offset <= MAX_OFFSET && (1..=MAX_BLOCK_LEN).contains(&len);
        if count == MAX_REDUNDANCY || !tells || HEADER_LEN + len > room {
            continue;
        }
        chosen[count] = (offset, voice.payload);
        room -= HEADER_LEN + len;
        (count, youngest) = (count + 1, offset);
    }
    let (headers, mut body) = out.split_at_mut(count * HEADER_LEN + LAST_HEADER_LEN);
    let mut total = headers.len();
    let (repeated, last) = headers.split_at_mut(count * HEADER_LEN);
    for (header, &(offset, payload)) in repeated.chunks_exact_mut(HEADER_LEN).zip(chosen[..count].iter().rev()) {
        let field = (offset << 10) | payload.len() as u32;
        header.copy_from_slice(&field.to_be_bytes());
        header[0] = 0x80 | (payload_type & 0x7f);
        let (block, rest) = std::mem::take(&mut body).split_at_mut(payload.len());
        block.copy_from_slice(payload);
        (body, total) = (rest, total + payload.len());
    }
    last[0] = payload_type & 0x7f;
    body[..primary.payload.len()].copy_from_slice(primary.payload);
    Some(total + primary.payload.len())
}

/// A block of a RED payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'p> {
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Ticks by which it is older than the packet; 0 for the primary.
    pub offset: u16,
    /// Blocks that follow it; 0 for the primary. Where the sender repeats every packet it sends, as libwebrtc does, this is
    /// by how much its own packet's sequence number is the lower. Its timestamp, between those of that packet's neighbours,
    /// shows whether it is so.
    pub back: u8,
    /// Its bytes. They may be none.
    pub payload: &'p [u8],
}

impl Block<'_> {
    /// Whether it is what the packet is for.
    pub fn is_primary(&self) -> bool {
        self.back == 0
    }

    /// Timestamp of the packet it repeats, given that of the packet it came in.
    pub fn timestamp(&self, packet: u32) -> u32 {
        packet.wrapping_sub(u32::from(self.offset))
    }
}

/// Iterator over the blocks of a RED payload, oldest first, the primary last. There is always a primary.
#[derive(Debug, Clone)]
pub struct Blocks<'p> {
    headers: &'p [u8],
    body: &'p [u8],
}

/// The blocks of `payload`, which is without padding.
pub fn read(payload: &[u8]) -> Result<Blocks<'_>, RedError> {
    let (mut at, mut total) = (0, 0);
    for _ in 0..MAX_RED_BLOCKS {
        let &first = payload.get(at).ok_or(RedError::Truncated)?;
        if first & 0x80 == 0 {
            let (headers, body) = payload.split_at(at + LAST_HEADER_LEN);
            return if total > body.len() { Err(RedError::Overrun) } else { Ok(Blocks { headers, body }) };
        }
        let header = payload.get(at..).and_then(|rest| rest.first_chunk()).ok_or(RedError::Truncated)?;
        total += block_len(u32::from_be_bytes(*header));
        at += HEADER_LEN;
    }
    Err(RedError::TooManyBlocks)
}

fn block_len(header: u32) -> usize {
    header as usize & MAX_BLOCK_LEN
}

impl<'p> Iterator for Blocks<'p> {
    type Item = Block<'p>;

    fn next(&mut self) -> Option<Self::Item> {
        let &first = self.headers.first()?;
        let payload_type = first & 0x7f;
        let Some((header, headers)) = self.headers.split_first_chunk::<HEADER_LEN>().filter(|_| first & 0x80 != 0)
        else {
            self.headers = &[];
            return Some(Block { payload_type, offset: 0, back: 0, payload: std::mem::take(&mut self.body) });
        };
        let header = u32::from_be_bytes(*header);
        let (payload, body) = self.body.split_at_checked(block_len(header))?;
        (self.headers, self.body) = (headers, body);
        let offset = (header >> 10 & MAX_OFFSET) as u16;
        let back = headers.len().div_ceil(HEADER_LEN) as u8;
        Some(Block { payload_type, offset, back, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPUS: u8 = 111;

    fn voice(timestamp: u32, payload: &[u8]) -> Voice<'_> {
        Voice { timestamp, payload }
    }

    fn written(primary: Voice<'_>, earlier: &[Voice<'_>], budget: usize) -> Option<Vec<u8>> {
        let mut out = vec![0xee; budget];
        let len = write(&mut out, OPUS, &primary, earlier)?;
        out.truncate(len);
        Some(out)
    }

    /// `(offset, back, payload)` of every block.
    fn blocks(payload: &[u8]) -> Vec<(u16, u8, Vec<u8>)> {
        let blocks = read(payload).unwrap();
        blocks
            .inspect(|block| assert_eq!(block.payload_type, OPUS))
            .map(|b| (b.offset, b.back, b.payload.to_vec()))
            .collect()
    }

    #[test]
    fn a_payload_is_laid_out_as_rfc_2198_section_3_shows() {
        let out = written(voice(2_880, b"new"), &[voice(1_920, b"back"), voice(960, b"older")], 100).unwrap();
        let headers = [0xef, 0x1e, 0x00, 0x05, 0xef, 0x0f, 0x00, 0x04, 0x6f];
        assert_eq!(out[..9], headers);
        assert_eq!(out[9..], *b"olderbacknew");
        let expected = [(1_920, 2, b"older".to_vec()), (960, 1, b"back".to_vec()), (0, 0, b"new".to_vec())];
        assert_eq!(blocks(&out), expected);
        assert_eq!(read(&out).unwrap().map(|b| b.timestamp(2_880)).collect::<Vec<_>>(), [960, 1_920, 2_880]);
    }

    #[test]
    fn the_clock_may_wrap_between_the_blocks() {
        let out = written(voice(100, b"b"), &[voice(u32::MAX - 859, b"a")], 100).unwrap();
        assert_eq!(blocks(&out), [(960, 1, b"a".to_vec()), (0, 0, b"b".to_vec())]);
        assert_eq!(read(&out).unwrap().next().unwrap().timestamp(100), u32::MAX - 859);
    }

    #[test]
    fn what_cannot_be_told_is_left_out_and_the_rest_is_not() {
        let (long, longest) = ([1; 1_024], [2; 1_023]);
        let base = 1_000_000_u32;
        // (earlier as (ticks back, payload), blocks' offsets)
        type Row<'p> = (&'p [(u32, &'p [u8])], &'p [u16]);
        let rows: &[Row<'_>] = &[
            (&[], &[0]),
            (&[(960, b"")], &[0]),
            (&[(960, b"x")], &[960, 0]),
            (&[(16_383, b"x")], &[16_383, 0]),
            (&[(16_384, b"x")], &[0]),
            (&[(960, &longest)], &[960, 0]),
            (&[(960, &long), (1_920, b"x")], &[1_920, 0]),
            (&[(0, b"x")], &[0]),
            (&[(0u32.wrapping_sub(960), b"x")], &[0]),
            (&[(1_920, b"x"), (960, b"y")], &[1_920, 0]),
            (&[(960, b"x"), (1_920, b"y"), (2_880, b"z")], &[1_920, 960, 0]),
        ];
        for (earlier, expected) in rows {
            let earlier: Vec<_> =
                earlier.iter().map(|(back, payload)| voice(base.wrapping_sub(*back), payload)).collect();
            let out = written(voice(base, b"primary"), &earlier, 1_200).unwrap();
            assert_eq!(blocks(&out).iter().map(|block| block.0).collect::<Vec<_>>(), *expected, "{earlier:?}");
        }
    }

    #[test]
    fn a_silence_that_is_coded_in_one_byte_is_repeated_and_an_empty_packet_is_not_wrapped() {
        let out = written(voice(19_200, &[0xf8]), &[voice(18_240, &[0xf8])], 100).unwrap();
        assert_eq!(blocks(&out), [(960, 1, vec![0xf8]), (0, 0, vec![0xf8])]);
        assert_eq!(written(voice(19_200, b""), &[voice(18_240, &[0xf8])], 100), None);
    }

    #[test]
    fn the_budget_is_kept_to_the_byte() {
        let (primary, earlier) = (voice(1_920, &[7; 50]), [voice(960, &[8; 40]), voice(0, &[9; 30])]);
        let rows = [(50, None), (51, Some(51)), (84, Some(51)), (85, Some(85)), (94, Some(85)), (95, Some(95))];
        for (budget, expected) in rows {
            let out = written(primary, &earlier, budget);
            assert_eq!(out.as_ref().map(Vec::len), expected, "{budget}");
            assert!(out.is_none_or(|out| blocks(&out).last().unwrap().2 == [7; 50]));
        }
        assert_eq!(written(primary, &earlier, 128).unwrap().len(), 95);
        assert_eq!(written(primary, &earlier, 129).unwrap().len(), 129);
    }

    #[test]
    fn every_truncation_is_refused_or_shortens_the_primary_alone() {
        let out = written(voice(1_920, b"primary"), &[voice(960, b"one"), voice(0, b"two")], 100).unwrap();
        let whole = blocks(&out);
        for len in 0..out.len() {
            match read(&out[..len]) {
                Err(error) => {
                    let expected = if len < 9 { RedError::Truncated } else { RedError::Overrun };
                    assert_eq!(error, expected, "{len}");
                    assert!(len < 15);
                }
                Ok(_) => {
                    let cut = blocks(&out[..len]);
                    assert_eq!((&cut[..2], cut.len()), (&whole[..2], 3), "{len}");
                    assert!(whole[2].2.starts_with(&cut[2].2));
                }
            }
        }
    }

    #[test]
    fn a_row_of_headers_without_end_is_refused() {
        assert_eq!(read(&[0xef, 0, 0, 0].repeat(MAX_RED_BLOCKS)).err(), Some(RedError::TooManyBlocks));
        let mut most = [0xef, 0, 0, 0].repeat(MAX_RED_BLOCKS - 1);
        assert_eq!(read(&most).err(), Some(RedError::Truncated));
        most.push(OPUS);
        assert_eq!(blocks(&most).len(), MAX_RED_BLOCKS);
        assert_eq!(read(&[]).err(), Some(RedError::Truncated));
        assert_eq!(blocks(&[OPUS]), [(0, 0, vec![])]);
    }
}
