//! The H.264 sequence parameter set (ITU-T H.264 section 7.3.2.1.1) as far as a file needs it.

use crate::{Error, bits::Bits};

/// Size and profile of a coded video sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sps {
    /// profile_idc.
    pub profile: u8,
    /// The constraint_set flags, first flag highest.
    pub constraints: u8,
    /// level_idc: ten times the level.
    pub level: u8,
    /// chroma_format_idc; 1 is 4:2:0.
    pub chroma_format: u8,
    /// Bits a luma sample.
    pub luma_bits: u8,
    /// Bits a chroma sample.
    pub chroma_bits: u8,
    /// Width in pixels, cropped.
    pub width: u16,
    /// Height in pixels, cropped.
    pub height: u16,
}

impl Sps {
    /// Reads a NAL unit of type 7, its header octet included.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        parse(nal).ok_or(Error::MalformedSps)
    }

    /// Whether avcC must tell chroma format and bit depths (ISO/IEC 14496-15 section 5.3.3.1.2).
    pub fn has_chroma_info(&self) -> bool {
        has_chroma_info(self.profile)
    }
}

fn has_chroma_info(profile: u8) -> bool {
    matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135)
}

fn parse(nal: &[u8]) -> Option<Sps> {
    let (header, body) = nal.split_first()?;
    if header & 0x1f != 7 {
        return None;
    }
    let rbsp = without_emulation_prevention(body);
    let mut bits = Bits::new(&rbsp);
    let profile = bits.bits(8)? as u8;
    let constraints = bits.bits(8)? as u8;
    let level = bits.bits(8)? as u8;
    bits.ue()?; // seq_parameter_set_id
    let chroma = if has_chroma_info(profile) { chroma_info(&mut bits)? } else { Chroma::DEFAULT };
    bits.ue()?; // log2_max_frame_num_minus4
    skip_picture_order(&mut bits)?;
    bits.ue()?; // max_num_ref_frames
    bits.bit()?; // gaps_in_frame_num_value_allowed_flag
    let width_mbs = bits.ue()?.checked_add(1)?;
    let height_units = bits.ue()?.checked_add(1)?;
    let frame_mbs_only = bits.bit()?;
    if !frame_mbs_only {
        bits.bit()?; // mb_adaptive_frame_field_flag
    }
    bits.bit()?; // direct_8x8_inference_flag
    let crop = if bits.bit()? { [bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?] } else { [0; 4] };
    // Section 7.4.2.1.1, equations 7-19 to 7-22: crop units depend on chroma subsampling and field coding.
    let fields = if frame_mbs_only { 1 } else { 2 };
    let unit_x = if matches!(chroma.format, 1 | 2) { 2 } else { 1 };
    let unit_y = if chroma.format == 1 { 2 * fields } else { fields };
    let size = |mbs: u32, unit: u32, before: u32, after: u32| {
        let cropped = before.checked_add(after)?.checked_mul(unit)?;
        let size = u16::try_from(mbs.checked_mul(16)?.checked_sub(cropped)?).ok()?;
        (size > 0).then_some(size)
    };
    Some(Sps {
        profile,
        constraints,
        level,
        chroma_format: chroma.format,
        luma_bits: chroma.luma_bits,
        chroma_bits: chroma.chroma_bits,
        width: size(width_mbs, unit_x, crop[0], crop[1])?,
        height: size(height_units.checked_mul(fields)?, unit_y, crop[2], crop[3])?,
    })
}

struct Chroma {
    format: u8,
    luma_bits: u8,
    chroma_bits: u8,
}

impl Chroma {
    const DEFAULT: Self = Self { format: 1, luma_bits: 8, chroma_bits: 8 };
}

fn chroma_info(bits: &mut Bits<'_>) -> Option<Chroma> {
    let format = u8::try_from(bits.ue()?).ok().filter(|&format| format <= 3)?;
    if format == 3 {
        bits.bit()?; // separate_colour_plane_flag
    }
    let mut depth = || u8::try_from(bits.ue()?).ok().filter(|&depth| depth <= 6).map(|depth| depth + 8);
    let (luma_bits, chroma_bits) = (depth()?, depth()?);
    bits.bit()?; // qpprime_y_zero_transform_bypass_flag
    if bits.bit()? {
        for list in 0..if format == 3 { 12 } else { 8 } {
            if bits.bit()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(Chroma { format, luma_bits, chroma_bits })
}

/// Section 7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut Bits<'_>, len: u32) -> Option<()> {
    let (mut last, mut next) = (8i32, 8i32);
    for _ in 0..len {
        if next != 0 {
            next = last.wrapping_add(bits.se()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

fn skip_picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.ue()? {
        0 => {
            bits.ue()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.bit()?; // delta_pic_order_always_zero_flag
            bits.se()?; // offset_for_non_ref_pic
            bits.se()?; // offset_for_top_to_bottom_field
            let cycle = bits.ue()?;
            if cycle > 255 {
                return None;
            }
            for _ in 0..cycle {
                bits.se()?;
            }
        }
        2 => {}
        _ => return None,
    }
    Some(())
}

/// Section 7.4.1: 00 00 03 stands for 00 00.
fn without_emulation_prevention(body: &[u8]) -> Vec<u8> {
    let mut rbsp = Vec::with_capacity(body.len());
    let mut zeros = 0;
    for &octet in body {
        if zeros >= 2 && octet == 3 {
            zeros = 0;
            continue;
        }
        zeros = if octet == 0 { zeros + 1 } else { 0 };
        rbsp.push(octet);
    }
    rbsp
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    #[test]
    fn sizes_and_profiles_of_real_encoders_are_read() {
        for (nal, expected, who) in [
            ("6742c01fd9005005bb0110000003001000000301e0f1832480", (66, 31, 1_280, 720), "x264 baseline"),
            ("6742c01ed900a02ff970110000030001000003001e0f162e48", (66, 30, 640, 360), "x264 baseline, cropped"),
            ("67640028acd940780227e5c044000003000400000300783c60c658", (100, 40, 1_920, 1_080), "x264 high"),
            ("674d4028eca03c0227ef0110000003001000000301e1f162d960", (77, 40, 1_920, 1_080), "x264 main, interlaced"),
            ("67f40015919b28363fcfe0220000030002000003003c1e2c5b2c", (244, 21, 426, 240), "x264 4:4:4"),
            ("676e001ea6cd940a03db0110000003001000000301e0f162d960", (110, 30, 640, 480), "x264 high 10"),
        ] {
            let sps = Sps::parse(&hex(nal)).unwrap();
            assert_eq!((sps.profile, sps.level, sps.width, sps.height), expected, "{who}");
        }
    }

    #[test]
    fn a_cut_or_foreign_unit_is_refused() {
        let whole = hex("6742c01fd9005005bb0110000003001000000301e0f1832480");
        for len in 0..9 {
            assert_eq!(Sps::parse(&whole[..len]), Err(Error::MalformedSps), "{len} octets");
        }
        assert_eq!(Sps::parse(&hex("68ce3c80")), Err(Error::MalformedSps));
        assert_eq!(Sps::parse(&[&[0x67][..], &[0; 64]].concat()), Err(Error::MalformedSps));
        assert!(Sps::parse(&[0xff; 64]).is_err());
    }
}
