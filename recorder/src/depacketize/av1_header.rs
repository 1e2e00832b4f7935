//! What recording needs of an AV1 bitstream (AV1 specification, version 1.0.0 with errata 1): the headers of OBUs, the
//! sequence header, and the first bits of a frame header.

use crate::{Error, bits::Bits};

/// What av1C and the sample entry tell of an AV1 stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Av1Format {
    /// What it says.
    pub sequence: SequenceHeader,
    /// The whole OBU, with its size field.
    pub obu: Vec<u8>,
}

/// The header of a coded video sequence (section 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceHeader {
    /// seq_profile: 0 main, 1 high, 2 professional.
    pub profile: u8,
    /// seq_level_idx of the first operating point.
    pub level: u8,
    /// seq_tier of it: high instead of main.
    pub high_tier: bool,
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// No chroma at all.
    pub monochrome: bool,
    /// Chroma has half the columns.
    pub subsampling_x: bool,
    /// Chroma has half the rows.
    pub subsampling_y: bool,
    /// chroma_sample_position: 0 unknown, 1 vertical, 2 colocated.
    pub chroma_sample_position: u8,
    /// Largest width in pixels.
    pub width: u16,
    /// Largest height in pixels.
    pub height: u16,
    /// reduced_still_picture_header: one picture, whose frame header lacks what it does not need.
    pub reduced: bool,
}

/// obu_type (section 6.2.2).
pub mod obu_type {
    /// Begins a coded video sequence.
    pub const SEQUENCE_HEADER: u8 = 1;
    /// Begins a temporal unit; packets and samples go without.
    pub const TEMPORAL_DELIMITER: u8 = 2;
    /// A frame's header alone.
    pub const FRAME_HEADER: u8 = 3;
    /// A frame's header and its tiles.
    pub const FRAME: u8 = 6;
    /// For large-scale tile decoding; not allowed in RTP.
    pub const TILE_LIST: u8 = 8;
    /// Filler.
    pub const PADDING: u8 = 15;
}

/// The header of an OBU (section 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObuHeader {
    /// One of [`obu_type`] or another.
    pub kind: u8,
    /// The header's octets, the size flag cleared.
    pub octets: [u8; 2],
    /// How many of them there are: 2 with an extension.
    pub len: usize,
    /// Whether a size field follows.
    pub has_size: bool,
}

impl ObuHeader {
    /// Reads the header at the start of an OBU.
    pub fn parse(obu: &[u8]) -> Option<Self> {
        const FORBIDDEN: u8 = 0x80;
        const EXTENSION: u8 = 0x04;
        const HAS_SIZE: u8 = 0x02;
        let &first = obu.first()?;
        let extended = first & EXTENSION != 0;
        let extension = if extended { *obu.get(1)? } else { 0 };
        (first & FORBIDDEN == 0).then_some(Self {
            kind: first >> 3,
            octets: [first & !HAS_SIZE, extension],
            len: if extended { 2 } else { 1 },
            has_size: first & HAS_SIZE != 0,
        })
    }
}

/// Reads leb128() (section 4.10.5); returns the value and what follows. Beyond 32 bits it is refused.
pub fn read_leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (position, &octet) in bytes.iter().take(8).enumerate() {
        value |= u64::from(octet & 0x7f) << (7 * position);
        if octet & 0x80 == 0 {
            return Some((u32::try_from(value).ok()? as usize, bytes.get(position + 1..)?));
        }
    }
    None
}

/// Appends `value` as leb128(), in as few octets as it needs.
pub fn write_leb128(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

impl SequenceHeader {
    /// Reads the payload of a sequence header OBU.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        sequence_header(&mut Bits::new(payload)).ok_or(Error::MalformedAv1)
    }

    /// Whether the frame whose header begins `payload` is a shown key frame: decoding can begin there (section 5.9.2).
    pub fn shows_key_frame(&self, payload: &[u8]) -> bool {
        // show_existing_frame 0, frame_type KEY_FRAME (0), show_frame 1.
        self.reduced || Bits::new(payload).bits(4) == Some(0b0001)
    }
}

fn sequence_header(bits: &mut Bits<'_>) -> Option<SequenceHeader> {
    let profile = u8::try_from(bits.bits(3)?).ok().filter(|&profile| profile <= 2)?;
    bits.bit()?; // still_picture
    let reduced = bits.bit()?;
    let (level, high_tier) = if reduced { (bits.bits(5)? as u8, false) } else { operating_points(bits)? };
    let (width_bits, height_bits) = (bits.bits(4)? + 1, bits.bits(4)? + 1);
    let width = u16::try_from(bits.bits(width_bits)? + 1).ok()?;
    let height = u16::try_from(bits.bits(height_bits)? + 1).ok()?;
    skip_tools(bits, reduced)?;
    let colour = colour(bits, profile)?;
    Some(SequenceHeader {
        profile,
        level,
        high_tier,
        bit_depth: colour.bit_depth,
        monochrome: colour.monochrome,
        subsampling_x: colour.subsampling.0,
        subsampling_y: colour.subsampling.1,
        chroma_sample_position: colour.position,
        width,
        height,
        reduced,
    })
}

/// Timing and decoder models, of which only the first operating point's level and tier matter here.
fn operating_points(bits: &mut Bits<'_>) -> Option<(u8, bool)> {
    let mut delay_bits = None;
    if bits.bit()? {
        bits.bits(32)?; // num_units_in_display_tick
        bits.bits(32)?; // time_scale
        if bits.bit()? {
            bits.ue()?; // num_ticks_per_picture_minus_1, coded like H.264's ue(v)
        }
        if bits.bit()? {
            delay_bits = Some(bits.bits(5)? + 1);
            bits.bits(32)?; // num_units_in_decoding_tick
            bits.bits(10)?; // lengths of two further fields
        }
    }
    let display_delays = bits.bit()?;
    let mut first = None;
    for _ in 0..=bits.bits(5)? {
        bits.bits(12)?; // operating_point_idc
        let level = bits.bits(5)? as u8;
        // Only levels from 4.0 up have tiers.
        let high_tier = level > 7 && bits.bit()?;
        if let Some(delay_bits) = delay_bits
            && bits.bit()?
        {
            bits.bits(delay_bits)?; // decoder_buffer_delay
            bits.bits(delay_bits)?; // encoder_buffer_delay
            bits.bit()?; // low_delay_mode_flag
        }
        if display_delays && bits.bit()? {
            bits.bits(4)?; // initial_display_delay_minus_1
        }
        first = first.or(Some((level, high_tier)));
    }
    first
}

/// From frame ids to enable_restoration.
fn skip_tools(bits: &mut Bits<'_>, reduced: bool) -> Option<()> {
    if !reduced && bits.bit()? {
        bits.bits(7)?; // lengths of frame ids
    }
    bits.bits(3)?; // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    if !reduced {
        bits.bits(4)?; // interintra and masked compound, warped motion, dual filter
        let order_hint = bits.bit()?;
        if order_hint {
            bits.bits(2)?; // enable_jnt_comp, enable_ref_frame_mvs
        }
        let choose_screen_content_tools = bits.bit()?;
        if (choose_screen_content_tools || bits.bit()?) && !bits.bit()? {
            bits.bit()?; // seq_force_integer_mv
        }
        if order_hint {
            bits.bits(3)?; // order_hint_bits_minus_1
        }
    }
    bits.bits(3)?; // enable_superres, enable_cdef, enable_restoration
    Some(())
}

struct Colour {
    bit_depth: u8,
    monochrome: bool,
    subsampling: (bool, bool),
    position: u8,
}

/// color_config (section 5.5.2).
fn colour(bits: &mut Bits<'_>, profile: u8) -> Option<Colour> {
    /// BT.709 primaries, sRGB transfer, identity matrix: RGB, which has no range flag and no subsampling.
    const SRGB: (u32, u32, u32) = (1, 13, 0);
    const UNSPECIFIED: (u32, u32, u32) = (2, 2, 2);
    let high = bits.bit()?;
    let twelve = profile == 2 && high && bits.bit()?;
    let bit_depth = if twelve { 12 } else { 8 + 2 * u8::from(high) };
    let monochrome = profile != 1 && bits.bit()?;
    let description = if bits.bit()? { (bits.bits(8)?, bits.bits(8)?, bits.bits(8)?) } else { UNSPECIFIED };
    if monochrome || description != SRGB {
        bits.bit()?; // color_range
    }
    let subsampling = match profile {
        _ if monochrome => (true, true),
        _ if description == SRGB => (false, false),
        0 => (true, true),
        1 => (false, false),
        _ if twelve => {
            let x = bits.bit()?;
            (x, x && bits.bit()?)
        }
        _ => (true, false),
    };
    let has_position = !monochrome && subsampling == (true, true);
    let position = if has_position { bits.bits(2)? as u8 } else { 0 };
    Some(Colour { bit_depth, monochrome, subsampling, position })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Payload of the sequence header libaom writes for 640x360 in real time.
    pub const LIBAOM: [u8; 11] = [0x00, 0x00, 0x00, 0x0c, 0xc4, 0xff, 0x67, 0x36, 0xbe, 0x40, 0x10];

    /// Values, and in how many bits each is written.
    type Fields<'a> = &'a [(u64, u32)];

    fn pack(fields: Fields) -> Vec<u8> {
        let bits: Vec<u8> =
            fields.iter().flat_map(|&(value, len)| (0..len).rev().map(move |bit| (value >> bit & 1) as u8)).collect();
        bits.chunks(8).map(|octet| octet.iter().enumerate().fold(0, |all, (at, bit)| all | bit << (7 - at))).collect()
    }

    /// A header of 1920x1080 with these fields before the frame size, and these about colour.
    fn header(profile: u64, before_size: Fields, colour: Fields) -> Vec<u8> {
        let size = [(10, 4), (10, 4), (1_919, 11), (1_079, 11)];
        let tools = [(0, 1), (0, 3), (0, 4), (0, 1), (1, 1), (1, 1), (0, 3)];
        pack(&[&[(profile, 3), (0, 2)], before_size, &size, &tools, colour, &[(0, 1)]].concat())
    }

    #[test]
    fn sequence_headers_of_encoders_are_read() {
        let main = SequenceHeader {
            profile: 0,
            level: 1,
            high_tier: false,
            bit_depth: 8,
            monochrome: false,
            subsampling_x: true,
            subsampling_y: true,
            chroma_sample_position: 0,
            width: 640,
            height: 360,
            reduced: false,
        };
        let svt = [0x00, 0x00, 0x00, 0x0c, 0xc4, 0xff, 0x67, 0x3e, 0xfe, 0x40, 0x10];
        assert_eq!(SequenceHeader::parse(&LIBAOM), Ok(main));
        assert_eq!(SequenceHeader::parse(&svt), Ok(main));
    }

    #[test]
    fn levels_and_tiers_are_those_of_the_first_operating_point() {
        let plain = [(0, 1), (0, 1), (0, 5), (0, 12)];
        let cases: [(Fields, u8, bool, &str); 5] = [
            (&[&plain[..], &[(5, 5)]].concat(), 5, false, "level 3.1 has no tier"),
            (&[&plain[..], &[(8, 5), (0, 1)]].concat(), 8, false, "level 4.0, main"),
            (&[&plain[..], &[(9, 5), (1, 1)]].concat(), 9, true, "level 4.1, high"),
            (&[(0, 1), (0, 1), (1, 5), (3, 12), (9, 5), (1, 1), (1, 12), (2, 5)], 9, true, "two operating points"),
            (
                // Equal picture interval, a decoder model of 8-bit delays, and a display delay.
                &[
                    &[(1, 1), (1, 32), (30, 32), (1, 1), (1, 1), (1, 1), (7, 5), (1, 32), (0, 10)][..],
                    &[(1, 1), (0, 5), (0, 12), (13, 5), (0, 1), (1, 1), (9, 8), (9, 8), (0, 1), (1, 1), (3, 4)],
                ]
                .concat(),
                13,
                false,
                "all timing there can be",
            ),
        ];
        for (before_size, level, high_tier, why) in cases {
            let colour = [(0, 1), (0, 1), (0, 1), (0, 1), (0, 2), (0, 1)];
            let read = SequenceHeader::parse(&header(0, before_size, &colour)).unwrap();
            assert_eq!((read.level, read.high_tier), (level, high_tier), "{why}");
            assert_eq!((read.width, read.height), (1_920, 1_080), "{why}");
        }
    }

    #[test]
    fn depth_and_subsampling_follow_the_profile() {
        let point = [(0, 1), (0, 1), (0, 5), (0, 12), (5, 5)];
        type Case<'a> = (u64, Fields<'a>, u8, bool, (bool, bool), u8, &'a str);
        let cases: [Case; 7] = [
            (0, &[(0, 1), (0, 1), (0, 1), (0, 1), (2, 2), (0, 1)], 8, false, (true, true), 2, "main, colocated"),
            (0, &[(1, 1), (0, 1), (0, 1), (0, 1), (0, 2), (0, 1)], 10, false, (true, true), 0, "main, 10 bits"),
            (0, &[(0, 1), (1, 1), (0, 1), (0, 1)], 8, true, (true, true), 0, "monochrome"),
            (1, &[(0, 1), (1, 1), (1, 8), (13, 8), (0, 8), (0, 1)], 8, false, (false, false), 0, "RGB"),
            (1, &[(0, 1), (0, 1), (0, 1), (0, 1)], 8, false, (false, false), 0, "4:4:4"),
            (2, &[(1, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)], 10, false, (true, false), 0, "4:2:2"),
            (2, &[(1, 1), (1, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)], 12, false, (false, false), 0, "12 bits"),
        ];
        for (profile, colour, bit_depth, monochrome, subsampling, position, why) in cases {
            let read = SequenceHeader::parse(&header(profile, &point, colour)).unwrap();
            assert_eq!(
                (u64::from(read.profile), read.bit_depth, read.monochrome),
                (profile, bit_depth, monochrome),
                "{why}"
            );
            assert_eq!((read.subsampling_x, read.subsampling_y), subsampling, "{why}");
            assert_eq!(read.chroma_sample_position, position, "{why}");
        }
    }

    #[test]
    fn a_still_picture_has_a_short_header_and_is_a_key_frame() {
        let size = [(9, 4), (9, 4), (639, 10), (359, 10)];
        let fields =
            [&[(0, 3), (1, 1), (1, 1), (4, 5)], &size[..], &[(0, 3), (0, 3), (0, 1), (0, 1), (0, 1), (0, 1), (0, 2)]];
        let read = SequenceHeader::parse(&pack(&fields.concat())).unwrap();
        assert_eq!((read.level, read.width, read.height), (4, 640, 360));
        assert!(read.shows_key_frame(&[]));
    }

    #[test]
    fn the_first_bits_of_a_frame_tell_shown_key_frames() {
        let sequence = SequenceHeader::parse(&LIBAOM).unwrap();
        for (first, shown, why) in [
            (&[0x10][..], true, "a shown key frame"),
            (&[0x00], false, "a hidden one"),
            (&[0x30], false, "an inter frame"),
            (&[0x50], false, "an intra-only frame"),
            (&[0x90], false, "an existing frame"),
            (&[], false, "nothing"),
        ] {
            assert_eq!(sequence.shows_key_frame(first), shown, "{why}");
        }
    }

    #[test]
    fn headers_cut_short_are_refused() {
        for len in 0..10 {
            assert_eq!(SequenceHeader::parse(&LIBAOM[..len]), Err(Error::MalformedAv1), "{len} octets");
        }
        assert_eq!(SequenceHeader::parse(&[0x60; 11]), Err(Error::MalformedAv1), "a profile of tomorrow");
        assert_eq!(
            (ObuHeader::parse(&[]), ObuHeader::parse(&[0x36]), ObuHeader::parse(&[0x8a, 0])),
            (None, None, None)
        );
    }

    #[test]
    fn sizes_of_every_length_read_back() {
        for (value, octets) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u32::MAX as usize, 5)] {
            let mut bytes = Vec::new();
            write_leb128(value, &mut bytes);
            assert_eq!(bytes.len(), octets);
            assert_eq!(read_leb128(&[&bytes[..], &[9]].concat()), Some((value, &[9][..])));
        }
        assert_eq!(read_leb128(&[0x81, 0x80, 0x00]), Some((1, &[][..])), "longer than need be");
        for bad in [&[][..], &[0x80], &[0xff, 0xff, 0xff, 0xff, 0x7f], &[0x80; 9]] {
            assert_eq!(read_leb128(bad), None, "{bad:02x?}");
        }
    }
}
