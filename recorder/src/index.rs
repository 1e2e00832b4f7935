//! The index of an epoch's file (`t/<track>/<epoch>.idx`): where each part lies and when it plays. Rebuildable from the
//! journal; kept beside the file so that a playlist is made from one small read.

/// One part of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// First byte in the file.
    pub offset: u64,
    /// Length in bytes.
    pub len: u32,
    /// Start in ticks on the lesson clock.
    pub start: u64,
    /// Length in ticks.
    pub duration: u64,
    /// Whether playing can begin here.
    pub independent: bool,
}

impl Part {
    /// Where the next part may begin, in ticks.
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.duration)
    }
}

/// Bytes of one entry: offset, start and duration as 64 bits, length as 32, flags as 32, all little-endian.
pub const ENTRY_BYTES: usize = 32;

/// Appends the entry of `part` to `out`.
pub fn encode(part: &Part, out: &mut Vec<u8>) {
    out.extend_from_slice(&part.offset.to_le_bytes());
    out.extend_from_slice(&part.start.to_le_bytes());
    out.extend_from_slice(&part.duration.to_le_bytes());
    out.extend_from_slice(&part.len.to_le_bytes());
    out.extend_from_slice(&u32::from(part.independent).to_le_bytes());
}

/// Every whole entry; a torn last one is left out.
pub fn decode(bytes: &[u8]) -> Vec<Part> {
    bytes.chunks_exact(ENTRY_BYTES).filter_map(entry).collect()
}

fn entry(bytes: &[u8]) -> Option<Part> {
    let u64_at = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some(Part {
        offset: u64_at(0)?,
        start: u64_at(8)?,
        duration: u64_at(16)?,
        len: u32_at(24)?,
        independent: u32_at(28)? & 1 != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_and_a_torn_one_is_left_out() {
        let part = Part { offset: 700, len: 9, start: 1 << 40, duration: 36_000, independent: true };
        let parts = [part, Part { offset: 709, independent: false, ..part }];
        let mut bytes = Vec::new();
        parts.iter().for_each(|part| encode(part, &mut bytes));
        assert_eq!(bytes.len(), 2 * ENTRY_BYTES);
        assert_eq!(decode(&bytes), parts);
        assert_eq!(decode(&bytes[..ENTRY_BYTES + 5]), parts[..1]);
    }
}
