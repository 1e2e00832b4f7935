//! Elements: an id, the length of what it holds, and that (RFC 8794).

/// Ids as they stand in a file, marker bits included (RFC 8794 section 11.3, RFC 9559 section 5.1).
pub mod id {
    pub const EBML: u32 = 0x1a45_dfa3;
    pub const EBML_VERSION: u32 = 0x4286;
    pub const EBML_READ_VERSION: u32 = 0x42f7;
    pub const EBML_MAX_ID_LENGTH: u32 = 0x42f2;
    pub const EBML_MAX_SIZE_LENGTH: u32 = 0x42f3;
    pub const DOC_TYPE: u32 = 0x4282;
    pub const DOC_TYPE_VERSION: u32 = 0x4287;
    pub const DOC_TYPE_READ_VERSION: u32 = 0x4285;
    pub const SEGMENT: u32 = 0x1853_8067;
    pub const INFO: u32 = 0x1549_a966;
    pub const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
    pub const MUXING_APP: u32 = 0x4d80;
    pub const WRITING_APP: u32 = 0x5741;
    pub const TRACKS: u32 = 0x1654_ae6b;
    pub const TRACK_ENTRY: u32 = 0xae;
    pub const TRACK_NUMBER: u32 = 0xd7;
    pub const TRACK_UID: u32 = 0x73c5;
    pub const TRACK_TYPE: u32 = 0x83;
    pub const FLAG_LACING: u32 = 0x9c;
    pub const CODEC_ID: u32 = 0x86;
    pub const VIDEO: u32 = 0xe0;
    pub const PIXEL_WIDTH: u32 = 0xb0;
    pub const PIXEL_HEIGHT: u32 = 0xba;
    pub const CLUSTER: u32 = 0x1f43_b675;
    pub const TIMESTAMP: u32 = 0xe7;
    pub const SIMPLE_BLOCK: u32 = 0xa3;
    pub const BLOCK_GROUP: u32 = 0xa0;
    pub const BLOCK: u32 = 0xa1;
    pub const BLOCK_DURATION: u32 = 0x9b;
    pub const REFERENCE_BLOCK: u32 = 0xfb;
}

/// Octets of an unknown length (RFC 8794 section 6.2): the element goes on to the end of the file.
const UNKNOWN_LENGTH: u64 = 0x01ff_ffff_ffff_ffff;

/// Elements one behind the other.
#[derive(Debug, Default)]
pub struct Elements(Vec<u8>);

impl Elements {
    /// An element that holds `body`.
    pub fn bytes(mut self, id: u32, body: &[u8]) -> Self {
        self.id(id);
        self.length(body.len() as u64);
        self.0.extend_from_slice(body);
        self
    }

    /// An element that holds elements.
    pub fn master(self, id: u32, children: Self) -> Self {
        self.bytes(id, &children.0)
    }

    /// The start of an element that all that follows belongs to.
    pub fn unbounded(mut self, id: u32) -> Self {
        self.id(id);
        self.0.extend_from_slice(&UNKNOWN_LENGTH.to_be_bytes());
        self
    }

    /// An unsigned number, in as few octets as it needs.
    pub fn uint(self, id: u32, value: u64) -> Self {
        let octets = value.to_be_bytes();
        let zeros = (value.leading_zeros() as usize / 8).min(7);
        self.bytes(id, &octets[zeros..])
    }

    /// A number below zero, or zero.
    pub fn negative(self, id: u32, magnitude: u64) -> Self {
        let value = 0i64.saturating_sub_unsigned(magnitude);
        // Of the leading bits that are all alike one has to stay: the sign.
        let alike = value.leading_ones().max(value.leading_zeros()) as usize;
        self.bytes(id, &value.to_be_bytes()[(alike - 1) / 8..])
    }

    /// Text.
    pub fn text(self, id: u32, text: &str) -> Self {
        self.bytes(id, text.as_bytes())
    }

    /// As they stand in a file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn id(&mut self, id: u32) {
        let zeros = id.leading_zeros() as usize / 8;
        self.0.extend_from_slice(&id.to_be_bytes()[zeros.min(3)..]);
    }

    /// A variable-size integer (RFC 8794 section 4): as many zero bits as octets follow the first, a one, the value. All
    /// ones would mean unknown.
    fn length(&mut self, value: u64) {
        let octets = (1..8u32).find(|octets| value < (1 << (7 * octets)) - 1).unwrap_or(8);
        let marked = value | 1 << (7 * octets);
        self.0.extend_from_slice(&marked.to_be_bytes()[8 - octets as usize..]);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The elements of `bytes`, their ids and what they hold; one of unknown length holds all the rest.
    pub fn read(mut bytes: &[u8]) -> Vec<(u32, &[u8])> {
        let mut elements = Vec::new();
        while !bytes.is_empty() {
            let id_len = bytes[0].leading_zeros() as usize + 1;
            let id = bytes[..id_len].iter().fold(0, |id, octet| id << 8 | u32::from(*octet));
            bytes = &bytes[id_len..];
            let len_len = bytes[0].leading_zeros() as usize + 1;
            let marked = bytes[..len_len].iter().fold(0u64, |len, octet| len << 8 | u64::from(*octet));
            bytes = &bytes[len_len..];
            let len = if marked == UNKNOWN_LENGTH { bytes.len() } else { (marked ^ 1 << (7 * len_len)) as usize };
            elements.push((id, &bytes[..len]));
            bytes = &bytes[len..];
        }
        elements
    }

    /// The element `id` among those of `bytes`.
    pub fn find(bytes: &[u8], id: u32) -> Option<&[u8]> {
        read(bytes).into_iter().find(|element| element.0 == id).map(|element| element.1)
    }

    /// The number that the element `id` among those of `bytes` holds.
    pub fn uint(bytes: &[u8], id: u32) -> Option<u64> {
        Some(find(bytes, id)?.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
    }

    #[test]
    fn lengths_take_as_few_octets_as_they_need() {
        for (len, octets) in [
            (0usize, &[0x80u8][..]),
            (126, &[0xfe]),
            (127, &[0x40, 0x7f]),
            (16_382, &[0x7f, 0xfe]),
            (16_383, &[0x20, 0x3f, 0xff]),
            (3_000_000, &[0x10, 0x2d, 0xc6, 0xc0]),
        ] {
            let bytes = Elements::default().bytes(id::BLOCK, &vec![0; len]).into_bytes();
            assert_eq!(bytes[1..=octets.len()], *octets, "{len}");
            assert_eq!(bytes.len(), 1 + octets.len() + len);
        }
    }

    #[test]
    fn numbers_take_as_few_octets_as_they_need() {
        let body = |elements: Elements| elements.into_bytes()[2..].to_vec();
        for (value, octets) in [(0u64, &[0u8][..]), (255, &[255]), (256, &[1, 0]), (86_400_000, &[5, 0x26, 0x5c, 0])] {
            assert_eq!(body(Elements::default().uint(id::TIMESTAMP, value)), octets, "{value}");
        }
        for (value, octets) in [(0u64, &[0u8][..]), (1, &[0xff]), (128, &[0x80]), (129, &[0xff, 0x7f]), (40, &[0xd8])] {
            assert_eq!(body(Elements::default().negative(id::REFERENCE_BLOCK, value)), octets, "-{value}");
        }
    }

    #[test]
    fn ids_stand_as_they_are() {
        let bytes = Elements::default().unbounded(id::SEGMENT).uint(id::TIMESTAMP_SCALE, 1).into_bytes();
        let segment = [0x18, 0x53, 0x80, 0x67, 1, 255, 255, 255, 255, 255, 255, 255];
        assert_eq!(bytes, [&segment[..], &[0x2a, 0xd7, 0xb1, 0x81, 1]].concat());
    }
}
