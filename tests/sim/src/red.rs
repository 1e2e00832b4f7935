//! Redundant audio (RFC 2198): earlier voice packets that ride along with a later one.

/// Bytes of the header of a block that is not the last.
const HEADER: usize = 4;
/// Furthest a block may be behind, in timestamp units: fourteen bits.
const MAX_OFFSET: u32 = (1 << 14) - 1;
/// Longest block: ten bits.
const MAX_BLOCK: usize = (1 << 10) - 1;

/// One voice packet in a redundant one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'p> {
    /// How far it is behind the packet's timestamp.
    pub offset: u32,
    /// Its payload.
    pub payload: &'p [u8],
}

/// The blocks of a payload, the oldest first and the primary last; empty if it is malformed.
pub fn blocks(payload: &[u8]) -> Vec<Block<'_>> {
    let mut heads = Vec::new();
    let mut rest = payload;
    loop {
        match rest {
            [first, ..] if first & 0x80 == 0 => {
                rest = &rest[1..];
                break;
            }
            [_, a, b, c, tail @ ..] => {
                let offset = u32::from(*a) << 6 | u32::from(*b) >> 2;
                heads.push((offset, usize::from(b & 3) << 8 | usize::from(*c)));
                rest = tail;
            }
            _ => return Vec::new(),
        }
    }
    let mut found = Vec::with_capacity(heads.len() + 1);
    for (offset, len) in heads {
        let Some((block, tail)) = rest.split_at_checked(len) else { return Vec::new() };
        found.push(Block { offset, payload: block });
        rest = tail;
    }
    found.push(Block { offset: 0, payload: rest });
    found
}

/// Writes a payload of `primary` with the `earlier` packets, the oldest first; those too long or too old are left out.
pub fn write(number: u8, earlier: &[Block<'_>], primary: &[u8]) -> Vec<u8> {
    let fits = |block: &&Block<'_>| block.offset <= MAX_OFFSET && block.payload.len() <= MAX_BLOCK;
    let earlier: Vec<&Block<'_>> = earlier.iter().filter(fits).collect();
    let bytes: usize = earlier.iter().map(|block| HEADER + block.payload.len()).sum();
    let mut out = Vec::with_capacity(bytes + 1 + primary.len());
    for block in &earlier {
        let word = block.offset << 10 | block.payload.len() as u32;
        out.push(0x80 | number);
        out.extend_from_slice(&word.to_be_bytes()[1..]);
    }
    out.push(number);
    earlier.iter().for_each(|block| out.extend_from_slice(block.payload));
    out.extend_from_slice(primary);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let earlier = [Block { offset: 1920, payload: &[1; 300] }, Block { offset: 960, payload: &[2; 5] }];
        let payload = write(111, &earlier, &[3, 3]);
        let found = blocks(&payload);
        assert_eq!(found, [earlier[0], earlier[1], Block { offset: 0, payload: &[3, 3] }]);
        assert_eq!(payload[..4], [0x80 | 111, 0x1e, 0x01, 0x2c]);
    }

    #[test]
    fn what_lies_about_its_length_holds_nothing() {
        let good = write(111, &[Block { offset: 960, payload: &[1; 9] }], &[]);
        assert_eq!(blocks(&good).len(), 2);
        for len in 0..good.len() {
            assert!(blocks(&good[..len]).is_empty(), "{len}");
        }
    }
}
